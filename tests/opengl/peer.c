/*
 * The other process, with a GL context of its own. It makes a manager, says "ok", and then obeys a
 * line at a time from stdin, each answered by a line:
 *
 *	opengl_peer gl|es vulkan|host
 *
 * What goes wrong where nothing may ends it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "gl.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
	struct geyser_manager *manager;
	struct geyser_gl *gl;
	struct geyser_texture *texture;
	struct geyser_gl_texture *imported;
	struct geyser_event *event;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	uint32_t width, height; /* the stream's */
} my;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
}

static void say_result(enum geyser_result result)
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

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

/* ---- textures and events ---- */

/* "FORMAT WIDTH HEIGHT" */
static void create(const char *text)
{
	struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_NONE};
	struct geyser_handle handle;
	char format[32];

	if (sscanf(text, "%31s %" SCNu32 " %" SCNu32, format, &desc.width, &desc.height) == 3)
		desc.format = geyser_format_from_name(format);
	ok(geyser_texture_create(my.manager, &desc, &my.texture));
	ok(geyser_gl_texture_import(my.gl, my.texture, &my.imported));
	handle = export_texture(my.texture);
	say_handle(&handle);
}

static void import(const char *text)
{
	struct geyser_handle handle;

	ok(geyser_handle_from_string(text, &handle));
	ok(geyser_texture_import(my.manager, &handle, NULL, &my.texture));
	say_result(geyser_gl_texture_import(my.gl, my.texture, &my.imported));
}

static void import_this_event(const char *text)
{
	struct geyser_handle handle;

	ok(geyser_handle_from_string(text, &handle));
	say_result(geyser_event_import(my.manager, &handle, &my.event));
}

/* "WAIT SIGNAL SEED": fills the texture when the event has one value, then gives it the other. */
static void fill(const char *text)
{
	uint64_t wait = 0, signal_value = 0;
	struct geyser_gl_texture_info info;
	uint32_t seed = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu32, &wait, &signal_value, &seed);
	ok(geyser_gl_event_wait(my.gl, my.event, wait, PATIENCE));
	ok(geyser_gl_texture_acquire(my.imported, GEYSER_ACCESS_WRITE));
	ok(geyser_gl_texture_get_info(my.imported, &info));
	gl_fill(my.texture, &info, seed);
	ok(geyser_gl_texture_release(my.imported, GEYSER_ACCESS_WRITE));
	say_result(geyser_gl_event_signal(my.gl, my.event, signal_value));
}

/* The same, reading: whether it has the seed's pattern. */
static void holds(const char *text)
{
	uint64_t wait = 0, signal_value = 0;
	struct geyser_gl_texture_info info;
	uint32_t seed = 0;
	bool good;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu32, &wait, &signal_value, &seed);
	ok(geyser_gl_event_wait(my.gl, my.event, wait, PATIENCE));
	ok(geyser_gl_texture_acquire(my.imported, GEYSER_ACCESS_READ));
	ok(geyser_gl_texture_get_info(my.imported, &info));
	good = gl_holds(my.texture, &info, seed) == 1;
	ok(geyser_gl_texture_release(my.imported, GEYSER_ACCESS_READ));
	ok(geyser_gl_event_signal(my.gl, my.event, signal_value));
	say("%s", good ? "ok" : "bad");
}

/* ---- streams ---- */

/* "NAME FORMAT WIDTH HEIGHT" */
static void publish(const char *text)
{
	char name[GEYSER_STREAM_NAME_MAX + 1] = "", format[32] = "";
	struct geyser_stream_desc desc = {.name = name};

	(void)sscanf(text, "%63s %31s %" SCNu32 " %" SCNu32, name, format, &my.width, &my.height);
	desc.texture.format = geyser_format_from_name(format);
	desc.texture.width = my.width;
	desc.texture.height = my.height;
	say_result(geyser_publisher_create(my.manager, &desc, &my.publisher));
}

/* "SEED": a texture of this process's own with that pattern. */
static void submit(const char *text)
{
	const GLuint own = own_texture(GL_TEXTURE_2D, GL_RGBA8, (GLsizei)my.width,
		(GLsizei)my.height, (uint32_t)number(text));
	const enum geyser_result result =
		geyser_gl_publish(my.gl, my.publisher, own, GL_TEXTURE_2D, 0, PATIENCE);

	gl.DeleteTextures(1, &own);
	say_result(result);
}

static void subscribe(const char *text)
{
	const struct geyser_subscriber_desc desc = {
		.name = text,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = PATIENCE,
	};

	say_result(geyser_subscriber_create(my.manager, &desc, &my.subscriber));
}

/* Whose pattern is the sequence's. */
static void take(const char *text)
{
	struct geyser_gl_texture_info info;
	struct geyser_frame *frame;
	uint32_t sequence;
	int found;

	(void)text;
	ok(geyser_subscriber_acquire(my.subscriber, PATIENCE, &frame));
	sequence = (uint32_t)geyser_frame_get_info(frame)->sequence;
	ok(geyser_gl_frame_begin(my.gl, frame, GEYSER_ACCESS_READ, PATIENCE, &info));
	found = gl_holds(geyser_frame_texture(frame), &info, sequence);
	ok(geyser_gl_frame_end(my.gl, frame));
	ok(geyser_subscriber_release(my.subscriber, frame));
	say("%s %" PRIu32 " %d", found == 1 ? "ok" : "bad", sequence, (int)info.path);
}

static const struct {
	const char *name;
	void (*run)(const char *text);
} commands[] = {
	{"create-texture", create},
	{"import-texture", import},
	{"import-event", import_this_event},
	{"fill", fill},
	{"holds", holds},
	{"publish", publish},
	{"submit", submit},
	{"subscribe", subscribe},
	{"take", take},
};

static void obey(char *line)
{
	char *const space = strchr(line, ' ');

	if (space)
		*space = '\0';
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i].name, line) == 0) {
			commands[i].run(space ? space + 1 : "");
			return;
		}
	say("unknown command");
}

static void end(void)
{
	geyser_gl_texture_destroy(my.imported);
	geyser_texture_unref(my.texture);
	geyser_event_unref(my.event);
	geyser_subscriber_destroy(my.subscriber);
	geyser_publisher_destroy(my.publisher);
	geyser_gl_destroy(my.gl);
	geyser_manager_destroy(my.manager);
}

int main(int argc, char **argv)
{
	char line[256];

	(void)signal(SIGPIPE, SIG_IGN);
	die_with_parent();
	if (argc != 3 || !open_quietly(argv[1]))
		return 2;
	my.manager = make_manager_on(
		strcmp(argv[2], "vulkan") == 0 ? GEYSER_BACKEND_VULKAN : GEYSER_BACKEND_HOST);
	my.gl = make_gl();
	say("ok");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	end();
	close_gl();
	return 0;
}
