/*
 * The second process of geyser info --self-test.
 *
 * SPDX-License-Identifier: MIT
 *
 * The self-test starts its own binary in a hidden mode, which is no interface and may change:
 *
 *   geyser info --peer texture PARENT BACKEND TEXTURE
 *	checks what the parent wrote, writes the answer, prints "read and written, PATHS"
 *   geyser info --peer event PARENT BACKEND EVENT
 *	exports it again, prints "ready"; SELFTEST_ROUNDS times waits for 2 * round - 1
 *	and signals 2 * round
 *   geyser info --peer stream PARENT BACKEND STREAM
 *	checks each frame until the stream ends; prints "all checked, FIGURES"
 *   geyser info --peer wakes PARENT BACKEND STREAM,EVENT
 *	see selftest_wakes.c; prints "woken MICROSECONDS"
 *   geyser info --peer gpu-order PARENT BACKEND TEXTURE,EVENT
 *   geyser info --peer gpu-stream PARENT BACKEND STREAM
 *	see selftest_gpu.c
 *   geyser info --peer victim PARENT BACKEND TEXTURE
 *	imports it, exports an event, prints "event HANDLE", and waits to be killed
 *
 * PARENT is the process id of the self-test: the peer dies with it. When something is wrong it
 * prints that as a line, and its exit status is not 0.
 */
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <geyser/stream.h>

#include "os.h"
#include "selftest.h"

typedef int peer_role(struct geyser_manager *manager, const char *argument);

/* ---- texture -------------------------------------------------------------------------------- */

static int texture_peer(struct geyser_manager *manager, const char *argument)
{
	struct geyser_texture *texture;
	struct geyser_handle handle;
	bool done;

	if (!selftest_handle(argument, &handle))
		return STATUS_FAILURE;
	if (geyser_texture_import(manager, &handle, NULL, &texture))
		return library_failure("import");
	done = selftest_check(texture, SELFTEST_SEED) && selftest_fill(texture, SELFTEST_ANSWER);
	if (done)
		(void)fprintf(answers(), "read and written, %s, mapped %s\n",
			path_name(geyser_texture_path(texture)),
			path_name(geyser_texture_map_path(texture)));
	geyser_texture_unref(texture);
	return done ? STATUS_OK : STATUS_FAILURE;
}

/* ---- event ---------------------------------------------------------------------------------- */

/* Takes the turns of this process. It exports the imported event again. The first export of a
 * process also removes what a killed process has left in the registry. */
static int take_turns(struct geyser_event *event)
{
	struct geyser_handle handle;

	if (geyser_event_export(event, &handle))
		return library_failure("export");
	(void)fprintf(answers(), "%s\n", "ready");
	if (finish_output())
		return STATUS_FAILURE;
	for (uint64_t round = 1; round <= SELFTEST_ROUNDS; round++) {
		if (geyser_event_wait(event, 2 * round - 1, SELFTEST_WAIT_NS) ||
			geyser_event_signal(event, 2 * round))
			return library_failure("turn %" PRIu64, round);
	}
	return STATUS_OK;
}

static int event_peer(struct geyser_manager *manager, const char *argument)
{
	struct geyser_handle handle;
	struct geyser_event *event;
	int status;

	if (!selftest_handle(argument, &handle))
		return STATUS_FAILURE;
	if (geyser_event_import(manager, &handle, &event))
		return library_failure("import");
	status = take_turns(event);
	geyser_event_unref(event);
	return status;
}

/* ---- stream --------------------------------------------------------------------------------- */

static bool check_frame(struct geyser_frame *frame, uint64_t expected)
{
	const uint64_t sequence = geyser_frame_get_info(frame)->sequence;

	if (sequence != expected)
		return (void)failure(
			       "frame %" PRIu64 " came instead of %" PRIu64, sequence, expected),
		       false;
	return selftest_check(geyser_frame_texture(frame), (uint32_t)sequence);
}

static int check_frames(struct geyser_subscriber *subscriber, uint64_t *count)
{
	for (*count = 0;; ++*count) {
		struct geyser_frame *frame;
		const enum geyser_result result =
			geyser_subscriber_acquire(subscriber, SELFTEST_WAIT_NS, &frame);
		bool good;

		if (result == GEYSER_ERROR_DISCONNECTED)
			return STATUS_OK;
		if (result)
			return library_failure("frame %" PRIu64, *count + 1);
		good = check_frame(frame, *count + 1);
		if (geyser_subscriber_release(subscriber, frame))
			return library_failure("frame");
		if (!good)
			return STATUS_FAILURE;
	}
}

static int receive(struct geyser_subscriber *subscriber)
{
	struct geyser_subscriber_stats stats;
	uint64_t count;
	const int status = check_frames(subscriber, &count);

	if (status)
		return status;
	if (geyser_subscriber_get_stats(subscriber, &stats))
		return library_failure("stream");
	if (count != SELFTEST_FRAMES || stats.dropped)
		return failure("wrong number of frames (%" PRIu64 ", %" PRIu64
			       " dropped): expected %u",
			count, stats.dropped, SELFTEST_FRAMES);
	(void)fprintf(answers(),
		"all checked, 0 dropped, latency with queueing %.1f us median, %.1f us p99\n",
		(double)stats.latency_p50_ns / 1e3, (double)stats.latency_p99_ns / 1e3);
	return STATUS_OK;
}

static int stream_peer(struct geyser_manager *manager, const char *argument)
{
	const struct geyser_subscriber_desc desc = {.name = argument,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = SELFTEST_WAIT_NS};
	struct geyser_subscriber *subscriber;
	int status;

	if (geyser_subscriber_create(manager, &desc, &subscriber))
		return library_failure("stream");
	status = receive(subscriber);
	geyser_subscriber_destroy(subscriber);
	return status;
}

/* ---- the one that is killed ------------------------------------------------------------------ */

static int tell_event(struct geyser_event *event)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];
	struct geyser_handle handle;

	if (geyser_event_export(event, &handle) ||
		geyser_handle_to_string(&handle, text, sizeof(text)))
		return library_failure("event");
	(void)fprintf(answers(), "event %s\n", text);
	if (finish_output())
		return STATUS_FAILURE;
	(void)pause();
	return failure("a signal came that doesn't kill: expected SIGKILL");
}

static int victim_peer(struct geyser_manager *manager, const char *argument)
{
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct geyser_event *event;
	int status;

	if (!selftest_handle(argument, &handle))
		return STATUS_FAILURE;
	if (geyser_texture_import(manager, &handle, NULL, &texture))
		return library_failure("import");
	if (geyser_event_create(manager, 0, &event)) {
		status = library_failure("event");
	} else {
		status = tell_event(event);
		geyser_event_unref(event);
	}
	geyser_texture_unref(texture);
	return status;
}

/* ---- all ------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	peer_role *run;
} roles[] = {
	{"texture", texture_peer},
	{"event", event_peer},
	{"stream", stream_peer},
	{"victim", victim_peer},
	{"wakes", selftest_wakes_peer},
	{"gpu-order", selftest_gpu_order_peer},
	{"gpu-stream", selftest_gpu_stream_peer},
};

static peer_role *find_role(const char *name)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].run;
	}
	return NULL;
}

static int run(peer_role *role, enum geyser_backend backend, const char *argument)
{
	struct geyser_manager *manager;
	int status;

	if (geyser_manager_create(&(struct geyser_manager_desc){.backend = backend}, &manager))
		return library_failure("manager");
	status = role(manager, argument);
	geyser_manager_destroy(manager);
	return status;
}

int selftest_peer(int argc, char **argv)
{
	static char text[SELFTEST_NOTE_SIZE];
	peer_role *const role = argc == 5 ? find_role(argv[1]) : NULL;
	enum geyser_backend backend;
	uint64_t parent;
	int status;

	if (!role || !parse_number(argv[2], &parent) || parent > INT_MAX ||
		!os_die_with_parent((pid_t)parent))
		return usage_error("info: --peer is for the self-test: geyser info --help");
	(void)alarm(SELFTEST_STEP_SECONDS);
	failures_capture(text, sizeof(text));
	status = parse_backend(argv[3], &backend);
	if (!status)
		status = run(role, backend, argv[4]);
	failures_capture(NULL, 0);
	if (status)
		(void)fprintf(answers(), "%s\n", text);
	return finish_output() ? STATUS_FAILURE : status;
}
