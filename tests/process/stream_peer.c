/*
 * The other process, of streams. It learns what to do from its arguments only, says on stdout what
 * became of it, and then obeys a line at a time from stdin, each answered by a line:
 *
 *	stream_peer publish "NAME BUFFERS PACING"	stream_peer subscribe "NAME DELIVERY"
 *	stream_peer publish-on "NAME BUFFERS PACING"	stream_peer read-on "NAME DELIVERY SEED"
 *	stream_peer first "NAME DELIVERY"
 *
 * with the numbers of the enums. The last three say "starting". The first two of these go on until
 * they are killed; "first" waits for the publisher and for one frame, which it releases.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <geyser/stream.h>

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct geyser_manager *manager;
static struct geyser_publisher *publisher, *more[64];
static struct geyser_subscriber *subscriber;
static struct geyser_frame *held[GEYSER_STREAM_BUFFERS_MAX];
static unsigned held_count;

static void say(const char *text)
{
	(void)puts(text);
	(void)fflush(stdout);
}

static void say_result(enum geyser_result result)
{
	if (result == GEYSER_OK)
		say("ok");
	else
		(void)printf("%s %s\n", geyser_result_string(result), geyser_error_detail());
	(void)fflush(stdout);
}

/* ---- commands: the text is what follows the name ---- */

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static enum geyser_result submit(uint32_t seed, uint64_t timeout_ns)
{
	struct geyser_frame *frame;
	enum geyser_result result = geyser_publisher_acquire(publisher, timeout_ns, &frame);

	if (result != GEYSER_OK)
		return result;
	if (!fill_texture(geyser_frame_texture(frame), seed))
		return GEYSER_ERROR_MISMATCH;
	return geyser_publisher_submit(publisher, frame);
}

static void submit_one(const char *text)
{
	say_result(submit((uint32_t)number(text), PATIENCE));
}

/* The pattern of a frame is its sequence. */
static enum geyser_result take(uint64_t timeout_ns, uint64_t *sequence)
{
	struct geyser_frame *frame;
	enum geyser_result result = geyser_subscriber_acquire(subscriber, timeout_ns, &frame);

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

	if (result == GEYSER_OK) {
		(void)printf("ok %" PRIu64 "\n", sequence);
		(void)fflush(stdout);
	} else {
		say_result(result);
	}
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
	say(good ? "ok" : "bad");
}

static enum geyser_result release_all(void)
{
	enum geyser_result result = GEYSER_OK;

	while (held_count > 0 && result == GEYSER_OK)
		result = geyser_subscriber_release(subscriber, held[--held_count]);
	return result;
}

static void release(const char *text)
{
	(void)text;
	say_result(release_all());
}

static const struct {
	const char *name;
	void (*run)(const char *text);
} commands[] = {
	{"submit", submit_one},
	{"take", take_one},
	{"wait", wait_for_one},
	{"compare", compare},
	{"release", release},
};

static void obey(char *line)
{
	char *rest = line + strcspn(line, " \n");

	rest[strcspn(rest, "\n")] = '\0';
	if (*rest)
		*rest++ = '\0';
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i].name, line) == 0) {
			commands[i].run(rest);
			return;
		}
	say("bad command");
}

/* ---- roles ---- */

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
	return geyser_publisher_create(manager, &desc, &publisher);
}

static enum geyser_result make_subscriber(const char *text, uint64_t timeout_ns)
{
	char name[GEYSER_STREAM_NAME_MAX + 1];
	unsigned delivery;
	struct geyser_subscriber_desc desc = {.name = name, .connect_timeout_ns = timeout_ns};

	if (sscanf(text, "%63s %u", name, &delivery) != 2)
		return GEYSER_ERROR_INVALID_ARGUMENT;
	desc.delivery = (enum geyser_delivery)delivery;
	return geyser_subscriber_create(manager, &desc, &subscriber);
}

static void begin_publishing(const char *text)
{
	say_result(make_publisher(text));
}

/* "NAME COUNT": streams NAME-0 and so on, until the process ends. */
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
		more[i] = publisher;
		publisher = NULL;
	}
	say_result(result);
}

static void begin_subscribing(const char *text)
{
	say_result(make_subscriber(text, PATIENCE));
}

static void publish_on(const char *text)
{
	enum geyser_result result;

	say("starting");
	result = make_publisher(text);
	for (uint32_t i = 1; result == GEYSER_OK; i++)
		result = submit(i, PATIENCE);
	say_result(result);
}

/* Holds up to two frames at a time. */
static void read_on(const char *text)
{
	uint64_t random = number(strrchr(text, ' ')) + 1, sequence;
	enum geyser_result result;

	say("starting");
	result = make_subscriber(text, PATIENCE);
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
	result = make_subscriber(text, PATIENCE);
	if (result == GEYSER_OK)
		result = take(PATIENCE, &sequence);
	if (result == GEYSER_OK)
		result = release_all();
	say_result(result);
}

static const struct {
	const char *name;
	void (*begin)(const char *text);
} roles[] = {
	{"publish", begin_publishing},
	{"subscribe", begin_subscribing},
	{"publish-many", publish_many},
	{"publish-on", publish_on},
	{"read-on", read_on},
	{"first", read_first},
};

int main(int argc, char **argv)
{
	struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_AUTO, .application = "peer"};
	char line[256];

	die_with_parent();
	if (argc != 3 || geyser_manager_create(&desc, &manager) != GEYSER_OK)
		return 2;
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (strcmp(roles[i].name, argv[1]) == 0)
			roles[i].begin(argv[2]);
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	geyser_publisher_destroy(publisher);
	for (size_t i = 0; i < COUNT_OF(more); i++)
		geyser_publisher_destroy(more[i]);
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
	return 0;
}
