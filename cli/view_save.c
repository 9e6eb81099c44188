/*
 * PNGs of what geyser view shows.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "png.h"
#include "sink.h"
#include "view_scene.h"

#define NAME_SIZE (GEYSER_STREAM_NAME_MAX + 40u)

/* ---- pixels of OpenGL ------------------------------------------------------------------------ */

/* Reads the target, top row first. The caller frees the result; NULL: no memory. */
static unsigned char *read_target(struct view_gl *gl)
{
	const size_t row = (size_t)gl->width * 4, rows = (size_t)gl->height;
	unsigned char *const data = malloc(row * (rows + 1));

	if (!data)
		return NULL;
	gl->PixelStorei(GL_PACK_ALIGNMENT, 4);
	gl->ReadPixels(0, 0, gl->width, gl->height, GL_RGBA, GL_UNSIGNED_BYTE, data);
	for (size_t y = 0; y < rows / 2; y++) {
		unsigned char *const upper = data + y * row, *const lower =
								     data + (rows - 1 - y) * row;

		(void)memcpy(data + rows * row, upper, row);
		(void)memcpy(upper, lower, row);
		(void)memcpy(lower, data + rows * row, row);
	}
	for (size_t i = 3; i < row * rows; i += 4)
		data[i] = UINT8_MAX;
	return data;
}

/* Writes the target to a PNG. Returns false after a message. */
static bool write_target(struct view_gl *gl, const char *path)
{
	struct png_texels texels = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = (uint32_t)gl->width,
		.height = (uint32_t)gl->height,
		.data = read_target(gl),
		.row_pitch = (size_t)gl->width * 4,
	};
	struct outfile out;
	bool done = false;

	if (!texels.data) {
		(void)failure("no memory for a picture (%dx%d): expected %zu free bytes", gl->width,
			gl->height, texels.row_pitch * (size_t)gl->height);
		return false;
	}
	if (outfile_open(path, &out)) {
		done = png_write(&out, &texels) && outfile_commit(&out);
		if (!done)
			outfile_discard(&out);
	}
	free(texels.data);
	return done;
}

int view_save_window(struct view_scene *scene, const char *path)
{
	view_scene_draw(scene);
	return write_target(&scene->gl, path) ? STATUS_OK : STATUS_FAILURE;
}

/* ---- one picture ----------------------------------------------------------------------------- */

/* Writes the frame itself, exactly. Returns false after a message. */
static bool write_frame(struct view_feed *feed, const char *path)
{
	struct sink sink;
	bool done;

	if (sink_choose(feed->name, path, SINK_PNG, &sink))
		return false;
	done = sink_write(&sink, feed->frame) == SINK_WRITTEN;
	return sink_close(&sink) && done;
}

/* Draws the picture in its own size, and writes that. Returns false after a message. */
static bool write_drawn(
	struct view_scene *scene, const struct view_picture *picture, const char *path)
{
	struct view_gl *const gl = &scene->gl;
	const struct view_turn turn = view_turn_of(picture->info, picture->desc);
	const int width = (int)turn.width, height = (int)turn.height;
	const struct view_place place = {
		.tile = {.width = width, .height = height},
		.width = width,
		.height = height,
		.scale = 1,
	};
	GLuint texture, frame;
	char trouble[256] = "";
	bool complete, done;

	gl->GenTextures(1, &texture);
	gl->ActiveTexture(GL_TEXTURE0);
	gl->BindTexture(GL_TEXTURE_2D, texture);
	gl->TexImage2D(
		GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	gl->GenFramebuffers(1, &frame);
	view_gl_begin(gl, frame, width, height);
	gl->FramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	complete = gl->CheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
	done = complete &&
	       view_gl_draw(gl, picture, &scene->look, &place, trouble, sizeof(trouble));
	if (done)
		done = write_target(gl, path);
	else if (complete)
		(void)failure("OpenGL can't compile a shader (%s)", trouble);
	else
		(void)failure("OpenGL can't draw a picture of this size (%dx%d)", width, height);
	gl->BindFramebuffer(GL_FRAMEBUFFER, 0);
	gl->DeleteFramebuffers(1, &frame);
	gl->DeleteTextures(1, &texture);
	return done;
}

/* Writes the file's name: that of the stream, and the frame's number. */
static void name_file(const struct view_feed *feed, char name[NAME_SIZE])
{
	(void)snprintf(name, NAME_SIZE, "./%s-%06" PRIu64 ".png", feed->name,
		geyser_frame_get_info(feed->frame)->sequence);
	for (char *at = name + 2; (at = strpbrk(at, "/%"));)
		*at = '_';
}

void view_save_picture(struct view_scene *scene)
{
	const unsigned index = view_scene_aim(scene);
	struct view_feed *const feed = &scene->feeds.feed[index];
	struct view_picture picture;
	struct view_place place;
	char name[NAME_SIZE], message[256] = "";
	bool exact, done;

	if (!view_scene_picture(scene, index, &picture, &place)) {
		view_scene_note(scene, "there is no picture yet");
		return;
	}
	exact = png_layout(picture.desc->format) || geyser_format_is_video(picture.desc->format);
	name_file(feed, name);
	failures_capture(message, sizeof(message));
	done = exact ? write_frame(feed, name) : write_drawn(scene, &picture, name);
	failures_capture(NULL, 0);
	if (done)
		view_scene_note(scene, "saved %s%s", name + 2, exact ? "" : ", as it is shown");
	else
		view_scene_note(scene, "not saved: %.200s", message);
}
