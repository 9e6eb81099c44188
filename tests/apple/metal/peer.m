/*
 * The other process. It makes a manager and says "ok". Then it reads commands from stdin, a line
 * each, and answers each with a line:
 *
 *	metal_peer metal|host SOCKET|-
 *
 * What goes wrong where nothing may ends it.
 *
 * SPDX-License-Identifier: MIT
 */
#import "peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct peer_objects my = {.socket = -1};

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
}

void say_result(enum geyser_result result)
{
	if (result == GEYSER_OK)
		say("ok");
	else
		say("%s %s", geyser_result_string(result), geyser_error_detail());
}

static void say_handle(const struct geyser_handle *handle)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];

	ok(geyser_handle_to_string(handle, text, sizeof(text)));
	say("ok %s", text);
}

uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

/* ---- textures ---- */

/* "FORMAT WIDTH HEIGHT USAGE" */
static void create(const char *text)
{
	struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_NONE};
	struct geyser_handle handle;
	char format[32];

	if (sscanf(text, "%31s %" SCNu32 " %" SCNu32 " %" SCNu32, format, &desc.width, &desc.height,
		    &desc.usage) == 4)
		desc.format = geyser_format_from_name(format);
	ok(geyser_texture_create(my.manager, &desc, &my.texture));
	handle = export_texture(my.texture);
	say_handle(&handle);
}

static void import(const char *text)
{
	struct geyser_handle handle;

	ok(geyser_handle_from_string(text, &handle));
	say_result(geyser_texture_import(my.manager, &handle, NULL, &my.texture));
}

static void path(const char *text)
{
	(void)text;
	say("%d", (int)geyser_texture_path(my.texture));
}

static void fill(const char *text)
{
	say("%s", fill_texture(my.texture, (uint32_t)number(text)) ? "ok" : "bad");
}

static void compare(const char *text)
{
	say("%s", texture_holds(my.texture, (uint32_t)number(text)) ? "ok" : "bad");
}

/* ---- events ---- */

static void create_event(const char *text)
{
	struct geyser_handle handle;

	my.event = make_event(my.manager, number(text));
	handle = export_event(my.event);
	say_handle(&handle);
}

static void import_this_event(const char *text)
{
	struct geyser_handle handle;

	ok(geyser_handle_from_string(text, &handle));
	say_result(geyser_event_import(my.manager, &handle, &my.event));
}

static void value(const char *text)
{
	(void)text;
	say("%" PRIu64, value_of(my.event));
}

static void signal_event(const char *text)
{
	say_result(geyser_event_signal(my.event, number(text)));
}

/* Says so before it waits, for a test that does something to it meanwhile. */
static void wait_event(const char *text)
{
	say("waiting");
	say_result(geyser_event_wait(my.event, number(text), PATIENCE));
}

static void called(struct geyser_event *it, uint64_t now, enum geyser_result result, void *latch)
{
	(void)it;
	(void)now;
	say("%s", result == GEYSER_OK ? "ok" : geyser_result_string(result));
	latch_add(latch);
}

static void notify_event(const char *text)
{
	struct latch latch;

	latch_init(&latch);
	say("waiting");
	ok(geyser_event_notify(my.event, number(text), called, &latch));
	assert_true(latch_wait(&latch, 1));
	latch_finish(&latch);
}

static void poll_event(const char *text)
{
	int fd;

	ok(geyser_event_fd(my.event, number(text), &fd));
	say("waiting");
	if (readable(fd, PATIENCE))
		say_result(geyser_event_wait(my.event, number(text), 0));
	else
		say("bad");
	(void)close(fd);
}

/* ---- work of the GPU's on the texture, ordered by the event: values, 0 for none ---- */

static void encode(uint64_t value, bool wait)
{
	if (!value)
		return;
	if (wait)
		ok(geyser_metal_encode_wait(my.commands, my.event, value));
	else
		ok(geyser_metal_encode_signal(my.commands, my.event, value));
}

/* "WAIT SIGNAL SEED" */
static void gpu_fill_command(const char *text)
{
	uint64_t wait = 0, signal = 0;
	uint32_t seed = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu32, &wait, &signal, &seed);
	my.commands = gpu_begin(&my.gpu);
	encode(wait, true);
	gpu_draw(my.commands, my.texture, seed);
	encode(signal, false);
	[my.commands commit];
	say("ok");
}

/* "WAIT SIGNAL" */
static void gpu_read_command(const char *text)
{
	uint64_t wait = 0, signal = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64, &wait, &signal);
	my.commands = gpu_begin(&my.gpu);
	encode(wait, true);
	my.buffer = gpu_read(my.commands, my.texture);
	encode(signal, false);
	[my.commands commit];
	say("ok");
}

/* "WAIT SIGNAL" */
static void gpu_order(const char *text)
{
	uint64_t wait = 0, signal = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64, &wait, &signal);
	my.commands = gpu_begin(&my.gpu);
	encode(wait, true);
	encode(signal, false);
	[my.commands commit];
	say("ok");
}

/* Says so before it waits. */
static void finish(const char *text)
{
	bool good;

	(void)text;
	say("waiting");
	good = gpu_ends(my.commands);
	my.commands = nil;
	say("%s", good ? "ok" : "bad");
}

static void finish_holds(const char *text)
{
	gpu_finish(my.commands);
	my.commands = nil;
	say("%s", gpu_holds(my.buffer, (uint32_t)number(text)) ? "ok" : "bad");
	my.buffer = nil;
}

static void drop(const char *text)
{
	(void)text;
	geyser_texture_unref(my.texture);
	geyser_event_unref(my.event);
	my.texture = NULL;
	my.event = NULL;
	say("ok");
}

/* ---- */

static const struct command commands[] = {
	{"create-texture", create},
	{"import-texture", import},
	{"path", path},
	{"fill", fill},
	{"compare", compare},
	{"create-event", create_event},
	{"import-event", import_this_event},
	{"value", value},
	{"signal", signal_event},
	{"wait", wait_event},
	{"notify", notify_event},
	{"poll", poll_event},
	{"gpu-fill", gpu_fill_command},
	{"gpu-read", gpu_read_command},
	{"gpu-order", gpu_order},
	{"finish", finish},
	{"finish-holds", finish_holds},
	{"drop", drop},
};

static bool obey(const struct command *table, size_t count, const char *name, const char *rest)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0) {
			table[i].run(rest);
			return true;
		}
	return false;
}

static void obey_line(char *line)
{
	char *rest = line + strcspn(line, " \n");

	rest[strcspn(rest, "\n")] = '\0';
	if (*rest)
		*rest++ = '\0';
	if (!obey(commands, COUNT_OF(commands), line, rest) &&
		!obey(stream_commands, stream_command_count, line, rest) &&
		!obey(surface_commands, surface_command_count, line, rest))
		say("bad command (%s)", line);
}

static void release_all(void)
{
	geyser_publisher_destroy(my.publisher);
	geyser_subscriber_destroy(my.subscriber);
	geyser_texture_unref(my.texture);
	geyser_event_unref(my.event);
	[my.buffer release];
	[my.commands release];
	gpu_close(&my.gpu);
	geyser_manager_destroy(my.manager);
	if (my.socket >= 0)
		(void)close(my.socket);
}

int main(int argc, char **argv)
{
	char line[256];

	die_with_parent();
	if (argc != 3)
		return 2;
	if (strcmp(argv[2], "-") != 0)
		my.socket = (int)number(argv[2]);
	if (strcmp(argv[1], "metal") == 0) {
		my.manager = make_manager_on(GEYSER_BACKEND_METAL);
		gpu_open(&my.gpu, my.manager);
	} else {
		my.manager = make_manager_on(GEYSER_BACKEND_HOST);
	}
	say("ok");
	while (fgets(line, sizeof(line), stdin)) {
		@autoreleasepool {
			obey_line(line);
		}
	}
	release_all();
	return 0;
}
