/*
 * The self-test's steps on the GPU, where the backend is Metal's: command buffers of two processes
 * wait for each other.
 *
 * SPDX-License-Identifier: MIT
 */
#include "selftest.h"

#ifdef GEYSER_HAVE_METAL

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <geyser/metal.h>

#include "publish.h"
#include "selftest_metal.h"

#define GPU_FORMAT GEYSER_FORMAT_RGBA8_UNORM
#define GPU_USAGE (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_RENDER_ATTACHMENT)
#define GPU_FRAMES 60u

/* The values that the event reaches, in this order. */
enum { DRAWN = 1, ANSWERED = 2, SEEN = 3 };

/* ---- colours -------------------------------------------------------------------------------- */

struct bytes {
	unsigned char channel[4];
};

/* Returns the texel of a number. Each number has its own, and all are opaque. */
static struct bytes bytes_of(uint64_t number)
{
	return (struct bytes){{(unsigned char)(number * 7 + 51), (unsigned char)(number * 31 + 102),
		(unsigned char)(number + 153), 255}};
}

static bool clear(void *commands, struct geyser_texture *texture, uint64_t number)
{
	const struct bytes bytes = bytes_of(number);
	double colour[4];

	for (size_t i = 0; i < 4; i++)
		colour[i] = bytes.channel[i] / 255.0;
	return metal_clear(commands, texture, colour);
}

static bool is_colour(const struct geyser_mapping *mapping, const struct geyser_texture_desc *desc,
	struct bytes right, const char *what)
{
	for (uint32_t y = 0; y < desc->height; y++) {
		const unsigned char *const row =
			(const unsigned char *)mapping->data + y * mapping->row_pitch;

		for (uint32_t x = 0; x < desc->width; x++) {
			const unsigned char *const texel = row + (size_t)x * 4;

			if (memcmp(texel, right.channel, 4) == 0)
				continue;
			(void)failure(
				"%s: texel (%u, %u) is %02x%02x%02x%02x: expected %02x%02x%02x%02x",
				what, x, y, texel[0], texel[1], texel[2], texel[3],
				right.channel[0], right.channel[1], right.channel[2],
				right.channel[3]);
			return false;
		}
	}
	return true;
}

static bool check(struct geyser_texture *texture, uint64_t number, const char *what)
{
	struct geyser_mapping mapping;
	bool done;

	if (geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping))
		return (void)library_failure("%s", what), false;
	done = is_colour(&mapping, geyser_texture_get_desc(texture), bytes_of(number), what);
	geyser_texture_unmap(texture);
	return done;
}

/* ---- one side of a conversation ------------------------------------------------------------- */

struct side {
	void *queue;
	struct geyser_texture *shared, *copy;
	struct geyser_event *event;
};

static struct geyser_texture_desc desc_of(uint32_t width, uint32_t height)
{
	return (struct geyser_texture_desc){
		.format = GPU_FORMAT, .width = width, .height = height, .usage = GPU_USAGE};
}

/* Makes what a process needs to draw. The textures and the event stay the caller's. */
static bool side_init(
	struct side *side, struct geyser_manager *manager, uint32_t width, uint32_t height)
{
	const struct geyser_texture_desc desc = desc_of(width, height);

	if (geyser_texture_create(manager, &desc, &side->copy))
		return (void)library_failure("texture"), false;
	side->queue = metal_queue_create(manager);
	return side->queue != NULL;
}

static void side_finish(struct side *side)
{
	metal_queue_destroy(side->queue);
	geyser_texture_unref(side->copy);
	geyser_texture_unref(side->shared);
	geyser_event_unref(side->event);
	*side = (struct side){0};
}

static bool encode(void *commands, struct geyser_event *event, uint64_t wait, uint64_t signal)
{
	if ((wait && geyser_metal_encode_wait(commands, event, wait)) ||
		(signal && geyser_metal_encode_signal(commands, event, signal)))
		return (void)library_failure("event"), false;
	return true;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* Encodes the answer: waits for DRAWN, copies the parent's picture, draws over it, signals
 * ANSWERED. */
static void *encode_answer(const struct side *side)
{
	void *const commands = metal_commands_begin(side->queue);

	if (commands && encode(commands, side->event, DRAWN, 0) &&
		metal_copy(commands, side->shared, side->copy) &&
		clear(commands, side->shared, ANSWERED) &&
		encode(commands, side->event, 0, ANSWERED)) {
		metal_commands_commit(commands);
		return commands;
	}
	metal_commands_drop(commands);
	return NULL;
}

static int answer(const struct side *side)
{
	void *const commands = encode_answer(side);

	if (!commands)
		return STATUS_FAILURE;
	/* The parent draws only after this line, so that the command buffer must wait. */
	(void)fprintf(answers(), "%s\n", "waiting");
	(void)answers_flush();
	if (!metal_commands_finish(commands) ||
		!check(side->copy, DRAWN, "what the first process drew"))
		return STATUS_FAILURE;
	/* A line that the child prints before SEEN means that something is wrong. */
	if (geyser_event_wait(side->event, SEEN, SELFTEST_WAIT_NS))
		return library_failure("event");
	(void)fprintf(answers(), "%s\n", "seen");
	return STATUS_OK;
}

int selftest_gpu_order_peer(struct geyser_manager *manager, const char *argument)
{
	char texture[GEYSER_HANDLE_TEXT_SIZE] = "";
	const char *const comma = strchr(argument, ',');
	struct geyser_handle texture_handle, event_handle;
	struct side side = {0};
	int status = STATUS_FAILURE;

	if (!comma || (size_t)(comma - argument) >= sizeof(texture))
		return usage_error("two handles");
	(void)memcpy(texture, argument, (size_t)(comma - argument));
	if (!selftest_handle(texture, &texture_handle) ||
		!selftest_handle(comma + 1, &event_handle))
		return STATUS_FAILURE;
	if (geyser_texture_import(manager, &texture_handle, NULL, &side.shared) ||
		geyser_event_import(manager, &event_handle, &side.event))
		(void)library_failure("import");
	else if (side_init(&side, manager, SELFTEST_WIDTH, SELFTEST_HEIGHT))
		status = answer(&side);
	side_finish(&side);
	return status;
}

static bool draw_first(const struct side *side)
{
	void *const commands = metal_commands_begin(side->queue);

	if (commands && clear(commands, side->shared, DRAWN) &&
		encode(commands, side->event, 0, DRAWN)) {
		metal_commands_commit(commands);
		return metal_commands_finish(commands);
	}
	metal_commands_drop(commands);
	return false;
}

static void *encode_look(const struct side *side)
{
	void *const commands = metal_commands_begin(side->queue);

	if (commands && encode(commands, side->event, ANSWERED, 0) &&
		metal_copy(commands, side->shared, side->copy) &&
		encode(commands, side->event, 0, SEEN)) {
		metal_commands_commit(commands);
		return commands;
	}
	metal_commands_drop(commands);
	return NULL;
}

/* Draws, lets the GPU wait for the answer, and checks the answer. */
static bool ask(const struct side *side, struct child *child)
{
	void *look;
	char rest[64];
	bool seen;

	if (!selftest_hear(child, "waiting", rest, sizeof(rest)) || !draw_first(side))
		return false;
	look = encode_look(side);
	if (!look)
		return false;
	seen = selftest_await(child, side->event, SEEN);
	/* After a failure, too, no command buffer may be left that waits for the event. */
	if (!seen)
		(void)geyser_event_signal(side->event, SEEN);
	return metal_commands_finish(look) && seen &&
	       check(side->copy, ANSWERED, "what the second process drew") &&
	       selftest_hear(child, "seen", rest, sizeof(rest)) &&
	       child_finish(child, SELFTEST_WAIT_NS);
}

static bool export_side(
	struct geyser_manager *manager, struct side *side, char text[2 * GEYSER_HANDLE_TEXT_SIZE])
{
	const struct geyser_texture_desc desc = desc_of(SELFTEST_WIDTH, SELFTEST_HEIGHT);
	char texture_text[GEYSER_HANDLE_TEXT_SIZE], event_text[GEYSER_HANDLE_TEXT_SIZE];
	struct geyser_handle texture, event;

	if (geyser_texture_create(manager, &desc, &side->shared) ||
		geyser_event_create(manager, 0, &side->event) ||
		geyser_texture_export(side->shared, &texture) ||
		geyser_event_export(side->event, &event) ||
		geyser_handle_to_string(&texture, texture_text, sizeof(texture_text)) ||
		geyser_handle_to_string(&event, event_text, sizeof(event_text)))
		return (void)library_failure("export"), false;
	(void)snprintf(text, 2 * GEYSER_HANDLE_TEXT_SIZE, "%s,%s", texture_text, event_text);
	return true;
}

/* Whether the GPU can wait for events here; if not, sets the note. */
static bool has_shared_events(struct selftest *test)
{
	struct geyser_event *event;
	enum geyser_result result;
	void *shared;

	if (geyser_event_create(test->manager, 0, &event))
		return true; /* the step says why */
	result = geyser_metal_event(event, &shared);
	if (result == GEYSER_ERROR_UNSUPPORTED)
		(void)snprintf(test->note, sizeof(test->note), "%s", geyser_error_detail());
	geyser_event_unref(event);
	return result != GEYSER_ERROR_UNSUPPORTED;
}

bool selftest_has_gpu(struct selftest *test)
{
	uint32_t usage;

	if (test->backend != GEYSER_BACKEND_METAL) {
		(void)snprintf(test->note, sizeof(test->note), "for the backend metal");
		return false;
	}
	if (geyser_manager_format_usage(test->manager, GPU_FORMAT, GEYSER_DIMENSION_2D, &usage) ==
			GEYSER_OK &&
		(usage & GPU_USAGE) == GPU_USAGE)
		return has_shared_events(test);
	(void)snprintf(test->note, sizeof(test->note), "%s can't be drawn to here",
		geyser_format_name(GPU_FORMAT));
	return false;
}

enum selftest_result selftest_gpu_order(struct selftest *test)
{
	char text[2 * GEYSER_HANDLE_TEXT_SIZE];
	struct side side = {0};
	struct child child;
	bool done = false;

	if (!selftest_has_gpu(test))
		return SELFTEST_SKIPPED;
	if (export_side(test->manager, &side, text) &&
		side_init(&side, test->manager, SELFTEST_WIDTH, SELFTEST_HEIGHT) &&
		selftest_start(test, "gpu-order", text, &child)) {
		done = ask(&side, &child);
		child_end(&child);
	}
	side_finish(&side);
	(void)snprintf(test->note, sizeof(test->note),
		"each process's GPU drew after it had waited for the other one's, and both saw "
		"what the other drew");
	return done ? SELFTEST_OK : SELFTEST_FAILED;
}

/* ---- a stream ------------------------------------------------------------------------------- */

/* The frame is consumed, whether the function succeeds or fails. */
static bool draw_frame(struct geyser_publisher *publisher, void *queue, struct geyser_frame *frame,
	uint64_t number)
{
	void *const commands = metal_commands_begin(queue);
	enum geyser_result result = GEYSER_ERROR_SYSTEM;

	if (!commands || geyser_metal_encode_frame_wait(commands, frame) ||
		!clear(commands, geyser_frame_texture(frame), number))
		(void)geyser_publisher_discard(publisher, frame);
	else
		result = geyser_metal_publisher_submit(publisher, frame, commands);
	metal_commands_drop(commands);
	if (result)
		(void)library_failure("frame %" PRIu64, number);
	return result == GEYSER_OK;
}

static bool draw_frames(const struct publishing *publishing, void *queue)
{
	for (uint64_t number = 1; number <= GPU_FRAMES; number++) {
		struct geyser_frame *frame;

		if (geyser_publisher_acquire(publishing->publisher, SELFTEST_WAIT_NS, &frame))
			return (void)library_failure("frame %" PRIu64, number), false;
		if (!draw_frame(publishing->publisher, queue, frame, number))
			return false;
	}
	return publish_flush(publishing, SELFTEST_WAIT_NS) == PUBLISH_DONE;
}

static bool publish(struct selftest *test, struct geyser_publisher *publisher, struct child *child)
{
	const struct publishing publishing = {.publisher = publisher,
		.name = "stream",
		.timeout_ns = SELFTEST_WAIT_NS,
		.signals = test->signals};
	void *const queue = metal_queue_create(test->manager);
	const bool done = queue && selftest_await_subscriber(child, publisher) &&
			  draw_frames(&publishing, queue);

	metal_queue_destroy(queue);
	return done;
}

enum selftest_result selftest_gpu_stream(struct selftest *test)
{
	char name[64], rest[64];
	const struct geyser_stream_desc desc = {
		.name = name,
		.texture = desc_of(SELFTEST_FRAME_WIDTH, SELFTEST_FRAME_HEIGHT),
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	struct geyser_publisher *publisher;
	struct child child;
	bool done = false;

	if (!selftest_has_gpu(test))
		return SELFTEST_SKIPPED;
	(void)snprintf(name, sizeof(name), "geyser-self-test-gpu-%d", getpid());
	if (geyser_publisher_create(test->manager, &desc, &publisher))
		return (void)library_failure("stream"), SELFTEST_FAILED;
	if (selftest_start(test, "gpu-stream", name, &child)) {
		done = publish(test, publisher, &child);
		geyser_publisher_destroy(publisher);
		done = done && selftest_hear(&child, "all seen", rest, sizeof(rest)) &&
		       child_finish(&child, SELFTEST_WAIT_NS);
		child_end(&child);
	} else {
		geyser_publisher_destroy(publisher);
	}
	(void)snprintf(test->note, sizeof(test->note),
		"%u frames of %ux%u, drawn by one process's GPU and copied by another's, each "
		"texel checked",
		GPU_FRAMES, SELFTEST_FRAME_WIDTH, SELFTEST_FRAME_HEIGHT);
	return done ? SELFTEST_OK : SELFTEST_FAILED;
}

/* The frame is consumed, whether the function succeeds or fails. */
static bool see_frame(
	struct geyser_subscriber *subscriber, const struct side *side, struct geyser_frame *frame)
{
	const uint64_t number = geyser_frame_get_info(frame)->sequence;
	void *const commands = metal_commands_begin(side->queue);

	if (!commands || geyser_metal_encode_frame_wait(commands, frame) ||
		!metal_copy(commands, geyser_frame_texture(frame), side->copy)) {
		metal_commands_drop(commands);
		(void)geyser_subscriber_release(subscriber, frame);
		return (void)library_failure("frame %" PRIu64, number), false;
	}
	if (geyser_metal_subscriber_release(subscriber, frame, commands)) {
		metal_commands_drop(commands);
		return (void)library_failure("frame %" PRIu64, number), false;
	}
	return metal_commands_finish(commands) && check(side->copy, number, "frame");
}

static int see_frames(struct geyser_subscriber *subscriber, const struct side *side)
{
	for (uint32_t count = 0;; count++) {
		struct geyser_frame *frame;
		const enum geyser_result result =
			geyser_subscriber_acquire(subscriber, SELFTEST_WAIT_NS, &frame);

		if (result == GEYSER_ERROR_DISCONNECTED && count == GPU_FRAMES) {
			(void)fprintf(answers(), "%s\n", "all seen");
			return STATUS_OK;
		}
		if (result)
			return library_failure("after %u frames of %u", count, GPU_FRAMES);
		if (!see_frame(subscriber, side, frame))
			return STATUS_FAILURE;
	}
}

int selftest_gpu_stream_peer(struct geyser_manager *manager, const char *argument)
{
	const struct geyser_subscriber_desc desc = {.name = argument,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = SELFTEST_WAIT_NS};
	struct geyser_subscriber *subscriber;
	struct side side = {0};
	int status = STATUS_FAILURE;

	if (geyser_subscriber_create(manager, &desc, &subscriber))
		return library_failure("stream");
	if (side_init(&side, manager, SELFTEST_FRAME_WIDTH, SELFTEST_FRAME_HEIGHT))
		status = see_frames(subscriber, &side);
	side_finish(&side);
	geyser_subscriber_destroy(subscriber);
	return status;
}

#else

bool selftest_has_gpu(struct selftest *test)
{
	(void)snprintf(test->note, sizeof(test->note), "for the backend metal");
	return false;
}

static enum selftest_result skip(struct selftest *test)
{
	(void)selftest_has_gpu(test);
	return SELFTEST_SKIPPED;
}

enum selftest_result selftest_gpu_order(struct selftest *test)
{
	return skip(test);
}

enum selftest_result selftest_gpu_stream(struct selftest *test)
{
	return skip(test);
}

int selftest_gpu_order_peer(struct geyser_manager *manager, const char *argument)
{
	(void)manager;
	(void)argument;
	return failure("a build without Metal has no such peer");
}

int selftest_gpu_stream_peer(struct geyser_manager *manager, const char *argument)
{
	return selftest_gpu_order_peer(manager, argument);
}

#endif
