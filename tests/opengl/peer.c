/*
 * The other process of the OpenGL tests, with a GL context of its own:
 *
 *	opengl_peer gl|es vulkan|host
 *
 * Its commands use the texture and the streams through GL.
 *
 * SPDX-License-Identifier: MIT
 */
#include "commands.h"
#include "gl.h"

#include <inttypes.h>
#include <stdio.h>

static struct geyser_gl *here;
static struct geyser_gl_texture *imported; /* the import of my.texture */

/* ---- textures and events ---- */

static void create(const char *text)
{
	ok(create_texture(text));
	ok(geyser_gl_texture_import(here, my.texture, &imported));
	say_texture_handle();
}

static void import(const char *text)
{
	ok(import_texture_named(text));
	say_result(geyser_gl_texture_import(here, my.texture, &imported));
}

/* The arguments of a turn: "WAIT SIGNAL SEED". */
struct turn {
	uint64_t wait, signal; /* the event's values before and after the turn */
	uint32_t seed;
};

static struct geyser_gl_texture_info begin_turn(
	const char *text, enum geyser_access access, struct turn *turn)
{
	struct geyser_gl_texture_info info;

	*turn = (struct turn){0};
	(void)sscanf(
		text, "%" SCNu64 " %" SCNu64 " %" SCNu32, &turn->wait, &turn->signal, &turn->seed);
	ok(geyser_gl_event_wait(here, my.event, turn->wait, PATIENCE));
	ok(geyser_gl_texture_acquire(imported, access));
	ok(geyser_gl_texture_get_info(imported, &info));
	return info;
}

static void end_turn(const struct turn *turn, enum geyser_access access)
{
	ok(geyser_gl_texture_release(imported, access));
	ok(geyser_gl_event_signal(here, my.event, turn->signal));
}

static void fill(const char *text)
{
	struct turn turn;
	const struct geyser_gl_texture_info info = begin_turn(text, GEYSER_ACCESS_WRITE, &turn);

	gl_fill(my.texture, &info, turn.seed);
	end_turn(&turn, GEYSER_ACCESS_WRITE);
	say("ok");
}

static void holds(const char *text)
{
	struct turn turn;
	const struct geyser_gl_texture_info info = begin_turn(text, GEYSER_ACCESS_READ, &turn);
	const bool good = gl_holds(my.texture, &info, turn.seed) == 1;

	end_turn(&turn, GEYSER_ACCESS_READ);
	say_good(good);
}

/* ---- streams ---- */

/* "SEED": publishes a texture of this process's own with that pattern. */
static void submit(const char *text)
{
	const GLuint own = own_texture(GL_TEXTURE_2D, GL_RGBA8, (GLsizei)my.published.width,
		(GLsizei)my.published.height, (uint32_t)number(text));
	const enum geyser_result result =
		geyser_gl_publish(here, my.publisher, own, GL_TEXTURE_2D, 0, PATIENCE);

	gl.DeleteTextures(1, &own);
	say_result(result);
}

static void take(const char *text)
{
	uint32_t sequence;
	struct geyser_frame *frame = take_frame(&sequence);
	struct geyser_gl_texture_info info;
	bool good;

	(void)text;
	ok(geyser_gl_frame_begin(here, frame, GEYSER_ACCESS_READ, PATIENCE, &info));
	good = gl_holds(geyser_frame_texture(frame), &info, sequence) == 1;
	ok(geyser_gl_frame_end(here, frame));
	ok(geyser_subscriber_release(my.subscriber, frame));
	say_frame(good, sequence, info.path);
}

static const struct command commands[] = {
	{"create-texture", create},
	{"import-texture", import},
	{"fill", fill},
	{"holds", holds},
	{"submit", submit},
	{"take", take},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	const struct command *const tables[] = {commands, stream_commands, object_commands, NULL};

	die_with_parent();
	if (argc != 3 || !open_quietly(argv[1]))
		return 2;
	open_manager(strcmp(argv[2], "vulkan") == 0 ? GEYSER_BACKEND_VULKAN : GEYSER_BACKEND_HOST);
	here = make_gl();
	say("ok");
	obey_all(tables);
	geyser_gl_texture_destroy(imported);
	release_objects();
	geyser_gl_destroy(here);
	geyser_manager_destroy(my.manager);
	close_gl();
	return 0;
}
