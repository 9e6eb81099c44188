#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct peer_objects my;

void open_manager(enum geyser_backend backend)
{
	const struct geyser_manager_desc desc = {.backend = backend, .application = "peer"};

	die_with_parent();
	ok(geyser_manager_create(&desc, &my.manager));
}

void release_objects(void)
{
	geyser_publisher_destroy(my.publisher);
	geyser_subscriber_destroy(my.subscriber);
	geyser_texture_unref(my.texture);
	geyser_event_unref(my.event);
}

/* ---- handles ---- */

static void say_handle(enum geyser_result result, const struct geyser_handle *handle)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];

	if (result == GEYSER_OK)
		result = geyser_handle_to_string(handle, text, sizeof(text));
	if (result == GEYSER_OK)
		say("ok %s %" PRIu32, text, geyser_handle_id(handle));
	else
		say_result(result);
}

void say_texture_handle(void)
{
	struct geyser_handle handle;

	say_handle(geyser_texture_export(my.texture, &handle), &handle);
}

void say_event_handle(void)
{
	struct geyser_handle handle;

	say_handle(geyser_event_export(my.event, &handle), &handle);
}

static enum geyser_result find(const char *text, struct geyser_handle *out)
{
	if (strncmp(text, "geyser", 6) == 0)
		return geyser_handle_from_string(text, out);
	return geyser_handle_from_id((uint32_t)number(text), out);
}

/* ---- textures ---- */

enum geyser_result create_texture(const char *text)
{
	struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_NONE};
	char format[32] = "";

	(void)sscanf(text, "%31s %" SCNu32 " %" SCNu32 " %" SCNu32, format, &desc.width,
		&desc.height, &desc.usage);
	desc.format = geyser_format_from_name(format);
	return geyser_texture_create(my.manager, &desc, &my.texture);
}

static void create(const char *text)
{
	enum geyser_result result = create_texture(text);

	if (result == GEYSER_OK)
		say_texture_handle();
	else
		say_result(result);
}

enum geyser_result import_texture_named(const char *text)
{
	struct geyser_handle handle;
	enum geyser_result result = find(text, &handle);

	if (result == GEYSER_OK)
		result = geyser_texture_import(my.manager, &handle, NULL, &my.texture);
	return result;
}

static void import(const char *text)
{
	say_result(import_texture_named(text));
}

static void path(const char *text)
{
	(void)text;
	say("%d", (int)geyser_texture_path(my.texture));
}

static void fill(const char *text)
{
	say_good(fill_texture(my.texture, (uint32_t)number(text)));
}

static void compare(const char *text)
{
	say_good(texture_holds(my.texture, (uint32_t)number(text)));
}

static void map(const char *text)
{
	struct geyser_mapping mapping;
	enum geyser_result result = geyser_texture_map(my.texture, GEYSER_ACCESS_READ, &mapping);

	(void)text;
	say_result(result);
	if (result == GEYSER_OK)
		geyser_texture_unmap(my.texture);
}

/* ---- events ---- */

static void create_event(const char *text)
{
	enum geyser_result result = geyser_event_create(my.manager, number(text), &my.event);

	if (result == GEYSER_OK)
		say_event_handle();
	else
		say_result(result);
}

static void import_named_event(const char *text)
{
	struct geyser_handle handle;
	enum geyser_result result = find(text, &handle);

	if (result == GEYSER_OK)
		result = geyser_event_import(my.manager, &handle, &my.event);
	say_result(result);
}

static void value(const char *text)
{
	uint64_t now;
	enum geyser_result result = geyser_event_value(my.event, &now);

	(void)text;
	if (result == GEYSER_OK)
		say("%" PRIu64, now);
	else
		say_result(result);
}

static void signal_event(const char *text)
{
	say_result(geyser_event_signal(my.event, number(text)));
}

static void wait_event(const char *text)
{
	char *timeout;
	uint64_t wanted = strtoull(text, &timeout, 10);

	say("waiting");
	say_result(geyser_event_wait(my.event, wanted, *timeout ? number(timeout) : PATIENCE));
}

struct call {
	struct latch latch;
	enum geyser_result result;
};

static void called(struct geyser_event *it, uint64_t now, enum geyser_result result, void *data)
{
	struct call *call = data;

	(void)it;
	(void)now;
	call->result = result;
	latch_add(&call->latch);
}

static void notify_event(const char *text)
{
	struct call call;

	latch_init(&call.latch);
	ok(geyser_event_notify(my.event, number(text), called, &call));
	say("waiting");
	assert_true(latch_wait(&call.latch, 1));
	say("%s", call.result == GEYSER_OK ? "ok" : geyser_result_string(call.result));
	latch_finish(&call.latch);
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

static void drop(const char *text)
{
	(void)text;
	geyser_texture_unref(my.texture);
	geyser_event_unref(my.event);
	my.texture = NULL;
	my.event = NULL;
	say("ok");
}

const struct command object_commands[] = {
	{"create-texture", create},
	{"import-texture", import},
	{"path", path},
	{"fill", fill},
	{"compare", compare},
	{"map", map},
	{"create-event", create_event},
	{"import-event", import_named_event},
	{"value", value},
	{"signal", signal_event},
	{"wait", wait_event},
	{"notify", notify_event},
	{"poll", poll_event},
	{"drop", drop},
	{NULL, NULL},
};
