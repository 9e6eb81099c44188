/*
 * Where pictures lie in the window.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_PLACE_H
#define GEYSER_CLI_VIEW_PLACE_H

#include "view.h"

/* A part of the window, in pixels from the top left. */
struct view_tile {
	int x, y, width, height;
};

/* Returns the tile of a stream among count streams, whose pictures have about this shape. */
struct view_tile view_tile_of(unsigned index, unsigned count, int width, int height, double aspect);

/* How near the pictures are: the same for all, to compare them. */
struct view_zoom {
	double scale; /* pixels a texel; 0: each picture fits its tile */
	double x, y;  /* the place in the middle of the tile, 0 to 1 of the picture */
};

/* A picture in its tile: a texel q of the upright picture begins at origin + q * scale. */
struct view_place {
	struct view_tile tile;
	double width, height; /* of the upright picture, in texels */
	double scale, x, y;
};

struct view_place view_place_of(
	const struct view_tile *tile, const struct view_zoom *zoom, double width, double height);

/* Changes the scale so that the texel under this pixel stays there. */
void view_zoom_by(
	struct view_zoom *zoom, const struct view_place *place, double factor, double x, double y);

/* Moves the pictures by pixels. */
void view_zoom_move(struct view_zoom *zoom, const struct view_place *place, double x, double y);

/* Finds the texel of the upright picture under a pixel. Returns false if there is none. */
bool view_texel_at(const struct view_place *place, double x, double y, uint32_t out[2]);

/* An upright picture's texel q is the texture's turn * q + shift, where turn is by columns. */
struct view_turn {
	float turn[4], shift[2];
	float width, height;            /* of the upright picture */
	float left, top, right, bottom; /* of the crop in the texture */
};

struct view_turn view_turn_of(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc);

#endif
