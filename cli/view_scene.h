/*
 * What the window of geyser view shows: a tile for each stream, and text.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_SCENE_H
#define GEYSER_CLI_VIEW_SCENE_H

#include "view_feed.h"
#include "view_text.h"

struct view_scene_tile {
	struct geyser_gl_texture_info planes[GEYSER_FORMAT_PLANES_MAX];
	bool begun; /* GL uses the feed's frame */
	bool fresh; /* the frame hasn't been on the screen */
	bool late;  /* the frame wasn't drawn in time, and must be given to GL again */
	char trouble[256];
	char figures[192];
	uint64_t figures_ns; /* when they were written */
	struct view_box box;
};

struct view_scene {
	struct view_gl gl;
	struct view_feeds feeds;
	struct view_look look;
	struct view_zoom zoom;
	struct view_scene_tile tiles[VIEW_STREAMS_MAX];
	struct view_box help_box, pixel_box, note_box;
	char note[256]; /* what a key has done */
	uint64_t note_ns;
	bool bare, help;
	bool mouse; /* the mouse is in the window, at x and y in pixels */
	double mouse_x, mouse_y;
	int width, height; /* pixels of the window */
	unsigned dot;
};

/* Takes the newest frames. While paused only with *step, which a frame makes false. Returns true if
 * the window must be drawn again. */
bool view_scene_take(struct view_scene *scene, bool *step);

/* Draws everything into the back buffer. */
void view_scene_draw(struct view_scene *scene);

/* Counts the frames that are on the screen for the first time, and returns how many. */
unsigned view_scene_shown(struct view_scene *scene);

/* When the window must be drawn again, since its text changes; UINT64_MAX: not by itself. */
uint64_t view_scene_deadline(const struct view_scene *scene);

/* Whether a frame isn't drawn yet, so that view_scene_take must be called again soon. */
bool view_scene_is_late(const struct view_scene *scene);

/* Ends GL's use of all frames. */
void view_scene_release(struct view_scene *scene);

/* Shows a remark for some seconds. */
__attribute__((format(printf, 2, 3))) void view_scene_note(
	struct view_scene *scene, const char *format, ...);

/* The tile of a stream. */
struct view_tile view_scene_area(const struct view_scene *scene, unsigned index);

/* Where a stream's picture is; the picture itself. Returns false if there is none. */
bool view_scene_picture(const struct view_scene *scene, unsigned index,
	struct view_picture *picture, struct view_place *place);

/* The tile of the stream under the mouse; the first one if there is none. */
unsigned view_scene_aim(const struct view_scene *scene);

/* ---- view_pixel.c ---------------------------------------------------------------------------- */

/* Writes the numbers of the texel under the mouse, or "". */
void view_pixel_describe(struct view_scene *scene, char *text, size_t size);

/* Sets the look's range to the smallest and the largest number of 64x64 samples of the picture
 * under the mouse. */
void view_pixel_range(struct view_scene *scene);

/* ---- view_save.c ----------------------------------------------------------------------------- */

/* Writes the picture under the mouse to a PNG in the current directory, and notes its name. */
void view_save_picture(struct view_scene *scene);

/* Draws the window's contents and writes them to a PNG. Prints what is wrong and returns the exit
 * status, or STATUS_OK. */
int view_save_window(struct view_scene *scene, const char *path);

#endif
