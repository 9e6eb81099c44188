/*
 * The other process of the tests of streams. Its arguments are its first command:
 *
 *	stream_peer publish "NAME BUFFERS PACING"	stream_peer subscribe "NAME DELIVERY"
 *	stream_peer publish-on "NAME BUFFERS PACING"	stream_peer read-on "NAME DELIVERY SEED"
 *	stream_peer publish-many "NAME COUNT"		stream_peer first "NAME DELIVERY"
 *
 * with the numbers of the enums. publish-on, read-on and first say "starting" at once. publish-on
 * and read-on go on until the peer is killed. first waits for the publisher and for one frame, and
 * releases that.
 *
 * SPDX-License-Identifier: MIT
 */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>

static struct geyser_publisher *more[64];
static struct geyser_frame *held[GEYSER_STREAM_BUFFERS_MAX];
static unsigned held_count;

/* ---- frames that the subscriber takes and holds ---- */

/* Holds the next frame. Its pattern must be that of its sequence. */
static enum geyser_result take(uint64_t timeout_ns, uint64_t *sequence)
{
	struct geyser_frame *frame;
	enum geyser_result result = geyser_subscriber_acquire(my.subscriber, timeout_ns, &frame);

	if (result != GEYSER_OK)
		return result;
	*sequence = geyser_frame_get_info(frame)->sequence;
	held[held_count++] = frame;
	return texture_holds(geyser_frame_texture(frame), (uint32_t)*sequence)
		       ? GEYSER_OK
		       : GEYSER_ERROR_MISMATCH;
}

static void take_one(const char *text)
{
	uint64_t sequence = 0;
	enum geyser_result result = take(number(text), &sequence);

	if (result == GEYSER_OK)
		say("ok %" PRIu64, sequence);
	else
		say_result(result);
}

static void wait_for_one(const char *text)
{
	say("waiting");
	take_one(text);
}

static void compare(const char *text)
{
	bool good = held_count > 0;

	for (unsigned i = 0; i < held_count; i++)
		good = good && texture_holds(geyser_frame_texture(held[i]),
				       (uint32_t)geyser_frame_get_info(held[i])->sequence);
	(void)text;
	say_good(good);
}

static enum geyser_result release_all(void)
{
	enum geyser_result result = GEYSER_OK;

	while (held_count > 0 && result == GEYSER_OK)
		result = geyser_subscriber_release(my.subscriber, held[--held_count]);
	return result;
}

static void release(const char *text)
{
	(void)text;
	say_result(release_all());
}

/* ---- what a peer begins with ---- */

static enum geyser_result make_publisher(const char *text)
{
	char name[GEYSER_STREAM_NAME_MAX + 1];
	unsigned buffers, pacing;
	struct geyser_stream_desc desc = {
		.name = name,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 64, .height = 48},
	};

	if (sscanf(text, "%63s %u %u", name, &buffers, &pacing) != 3)
		return GEYSER_ERROR_INVALID_ARGUMENT;
	desc.buffers = buffers;
	desc.pacing = (enum geyser_pacing)pacing;
	return geyser_publisher_create(my.manager, &desc, &my.publisher);
}

static enum geyser_result make_subscriber(const char *text)
{
	char name[GEYSER_STREAM_NAME_MAX + 1];
	unsigned delivery;
	struct geyser_subscriber_desc desc = {.name = name, .connect_timeout_ns = PATIENCE};

	if (sscanf(text, "%63s %u", name, &delivery) != 2)
		return GEYSER_ERROR_INVALID_ARGUMENT;
	desc.delivery = (enum geyser_delivery)delivery;
	return geyser_subscriber_create(my.manager, &desc, &my.subscriber);
}

static void begin_publishing(const char *text)
{
	say_result(make_publisher(text));
}

/* "NAME COUNT": publishes streams NAME-0, NAME-1 and so on until the process ends. */
static void publish_many(const char *text)
{
	enum geyser_result result = GEYSER_OK;
	unsigned count = 0;
	char name[32];

	if (sscanf(text, "%31s %u", name, &count) != 2 || count > COUNT_OF(more))
		result = GEYSER_ERROR_INVALID_ARGUMENT;
	for (unsigned i = 0; i < count && result == GEYSER_OK; i++) {
		char one[64];

		(void)snprintf(one, sizeof(one), "%s-%u 2 0", name, i);
		result = make_publisher(one);
		more[i] = my.publisher;
		my.publisher = NULL;
	}
	say_result(result);
}

static void begin_subscribing(const char *text)
{
	say_result(make_subscriber(text));
}

static void publish_on(const char *text)
{
	enum geyser_result result;

	say("starting");
	result = make_publisher(text);
	for (uint32_t i = 1; result == GEYSER_OK; i++)
		result = submit_filled(i);
	say_result(result);
}

/* Holds up to two frames at a time. */
static void read_on(const char *text)
{
	uint64_t random = number(strrchr(text, ' ')) + 1, sequence;
	enum geyser_result result;

	say("starting");
	result = make_subscriber(text);
	while (result == GEYSER_OK || result == GEYSER_ERROR_DISCONNECTED) {
		result = take(PATIENCE, &sequence);
		if (held_count == 2 || next_random(&random) % 2 == 0)
			check(release_all() == GEYSER_OK);
	}
	say_result(result);
}

static void read_first(const char *text)
{
	enum geyser_result result;
	uint64_t sequence;

	say("starting");
	result = make_subscriber(text);
	if (result == GEYSER_OK)
		result = take(PATIENCE, &sequence);
	if (result == GEYSER_OK)
		result = release_all();
	say_result(result);
}

static const struct command commands[] = {
	{"publish", begin_publishing},
	{"subscribe", begin_subscribing},
	{"publish-many", publish_many},
	{"publish-on", publish_on},
	{"read-on", read_on},
	{"first", read_first},
	{"take", take_one},
	{"wait", wait_for_one},
	{"compare", compare},
	{"release", release},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	const struct command *const tables[] = {commands, stream_commands, NULL};

	if (argc != 3)
		return 2;
	open_manager(GEYSER_BACKEND_AUTO);
	(void)run_command(tables, argv[1], argv[2]);
	obey_all(tables);
	release_objects();
	for (size_t i = 0; i < COUNT_OF(more); i++)
		geyser_publisher_destroy(more[i]);
	geyser_manager_destroy(my.manager);
	return 0;
}
