#include "commands.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- publishing ---- */

static void publish(const char *text)
{
	char name[GEYSER_STREAM_NAME_MAX + 1] = "", format[32] = "";
	struct geyser_stream_desc desc = {.name = name};
	int pacing = GEYSER_PACING_FREE;

	(void)sscanf(text, "%63s %31s %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32 " %d", name,
		format, &desc.texture.width, &desc.texture.height, &desc.buffers,
		&desc.texture.usage, &pacing);
	desc.texture.format = geyser_format_from_name(format);
	desc.pacing = (enum geyser_pacing)pacing;
	my.published = desc.texture;
	say_result(geyser_publisher_create(my.manager, &desc, &my.publisher));
}

static void resize(const char *text)
{
	struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_NONE};
	char format[32] = "";

	(void)sscanf(text, "%31s %" SCNu32 " %" SCNu32 " %" SCNu32, format, &desc.width,
		&desc.height, &desc.usage);
	desc.format = geyser_format_from_name(format);
	say_result(geyser_publisher_resize(my.publisher, &desc));
}

enum geyser_result submit_filled(uint32_t seed)
{
	struct geyser_frame *frame;
	enum geyser_result result = geyser_publisher_acquire(my.publisher, PATIENCE, &frame);

	if (result != GEYSER_OK)
		return result;
	if (!fill_texture(geyser_frame_texture(frame), seed))
		return GEYSER_ERROR_MISMATCH;
	return geyser_publisher_submit(my.publisher, frame);
}

static void submit(const char *text)
{
	say_result(submit_filled((uint32_t)number(text)));
}

struct geyser_frame *acquire_frame(void)
{
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(my.publisher, PATIENCE, &frame));
	return frame;
}

static void acquire(const char *text)
{
	(void)text;
	say_result(geyser_publisher_acquire(my.publisher, PATIENCE, &my.frame));
}

static void submit_acquired(const char *text)
{
	(void)text;
	say_result(geyser_publisher_submit(my.publisher, my.frame));
	my.frame = NULL;
}

/* ---- subscribing ---- */

static void subscribe(const char *text)
{
	const struct geyser_subscriber_desc desc = {
		.name = text,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = PATIENCE,
	};

	say_result(geyser_subscriber_create(my.manager, &desc, &my.subscriber));
}

static uint32_t sequence_of(struct geyser_frame *frame)
{
	return (uint32_t)geyser_frame_get_info(frame)->sequence;
}

struct geyser_frame *take_frame(uint32_t *sequence)
{
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(my.subscriber, PATIENCE, &frame));
	*sequence = sequence_of(frame);
	return frame;
}

void say_frame(bool good, uint32_t sequence, enum geyser_path path)
{
	say("%s %" PRIu32 " %d", good ? "ok" : "bad", sequence, (int)path);
}

static void take(const char *text)
{
	struct geyser_frame *frame;
	enum geyser_result result = geyser_subscriber_acquire(my.subscriber, PATIENCE, &frame);
	struct geyser_texture *texture;

	(void)text;
	if (result != GEYSER_OK) {
		say_result(result);
		return;
	}
	texture = geyser_frame_texture(frame);
	say_frame(texture_holds(texture, sequence_of(frame)), sequence_of(frame),
		geyser_texture_path(texture));
	ok(geyser_subscriber_release(my.subscriber, frame));
}

static void wait_for_frame(const char *text)
{
	say("waiting");
	take(text);
}

const struct command stream_commands[] = {
	{"publish", publish},
	{"resize", resize},
	{"submit", submit},
	{"acquire", acquire},
	{"submit-acquired", submit_acquired},
	{"subscribe", subscribe},
	{"take", take},
	{"wait-frame", wait_for_frame},
	{NULL, NULL},
};
