/*
 * Where pictures lie in the window.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view_place.h"
#include "upright.h"

#include <math.h>

#define SCALE_MAX 128.0
#define SCALE_MIN (1 / 64.0)

/* ---- tiles ----------------------------------------------------------------------------------- */

/* Returns how many pixels of width a picture gets if there are this many columns. */
static double shown_width(unsigned columns, unsigned count, int width, int height, double aspect)
{
	const unsigned rows = (count + columns - 1) / columns;
	const double tile_width = (double)width / columns, tile_height = (double)height / rows;

	return fmin(tile_width, tile_height * aspect);
}

struct view_tile view_tile_of(unsigned index, unsigned count, int width, int height, double aspect)
{
	unsigned columns = 1;
	int rows, column, row;

	for (unsigned i = 2; i <= count; i++) {
		if (shown_width(i, count, width, height, aspect) >
			shown_width(columns, count, width, height, aspect))
			columns = i;
	}
	rows = (int)((count + columns - 1) / columns);
	column = (int)(index % columns);
	row = (int)(index / columns);
	return (struct view_tile){
		.x = width * column / (int)columns,
		.y = height * row / rows,
		.width = width * (column + 1) / (int)columns - width * column / (int)columns,
		.height = height * (row + 1) / rows - height * row / rows,
	};
}

/* ---- the zoom -------------------------------------------------------------------------------- */

struct view_place view_place_of(
	const struct view_tile *tile, const struct view_zoom *zoom, double width, double height)
{
	const double fit = fmin(tile->width / width, tile->height / height);
	struct view_place out = {.tile = *tile, .width = width, .height = height};

	out.scale = zoom->scale > 0 ? zoom->scale : fit;
	/* whole pixels: at a scale of 1 each texel is a pixel */
	out.x = floor(tile->x + tile->width / 2.0 -
		      (zoom->scale > 0 ? zoom->x : 0.5) * width * out.scale + 0.5);
	out.y = floor(tile->y + tile->height / 2.0 -
		      (zoom->scale > 0 ? zoom->y : 0.5) * height * out.scale + 0.5);
	return out;
}

/* Sets the place in the middle of the tile from the picture's origin. */
static void centre(struct view_zoom *zoom, const struct view_place *place, double x, double y)
{
	const double middle_x = place->tile.x + place->tile.width / 2.0;
	const double middle_y = place->tile.y + place->tile.height / 2.0;

	zoom->x = fmin(fmax((middle_x - x) / (place->width * zoom->scale), 0), 1);
	zoom->y = fmin(fmax((middle_y - y) / (place->height * zoom->scale), 0), 1);
}

void view_zoom_by(
	struct view_zoom *zoom, const struct view_place *place, double factor, double x, double y)
{
	const double scale = fmin(fmax(place->scale * factor, SCALE_MIN), SCALE_MAX);

	zoom->scale = scale;
	centre(zoom, place, x - (x - place->x) / place->scale * scale,
		y - (y - place->y) / place->scale * scale);
}

void view_zoom_move(struct view_zoom *zoom, const struct view_place *place, double x, double y)
{
	zoom->scale = place->scale;
	centre(zoom, place, place->x + x, place->y + y);
}

bool view_texel_at(const struct view_place *place, double x, double y, uint32_t out[2])
{
	const struct view_tile *const tile = &place->tile;
	const double column = floor((x - place->x) / place->scale);
	const double row = floor((y - place->y) / place->scale);

	if (x < tile->x || y < tile->y || x >= tile->x + tile->width ||
		y >= tile->y + tile->height || column < 0 || row < 0 || column >= place->width ||
		row >= place->height)
		return false;
	out[0] = (uint32_t)column;
	out[1] = (uint32_t)row;
	return true;
}

/* ---- crop and orientation -------------------------------------------------------------------- */

/* Finds the place in the crop that an upright picture shows at x and y. As Wayland numbers the
 * orientations, the crop is mirrored from 4 on, and then turned counter-clockwise. */
static void to_crop(unsigned orientation, float width, float height, float *x, float *y)
{
	for (unsigned turns = orientation & 3; turns; turns--) {
		/* the width before this turn */
		const float before = turns & 1 ? width : height;
		const float column = *x;

		*x = before - *y;
		*y = column;
	}
	if (orientation & 4)
		*x = width - *x;
}

struct view_turn view_turn_of(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc)
{
	const struct geyser_rect crop = upright_crop(info, desc->width, desc->height);
	const float width = (float)crop.width, height = (float)crop.height;
	const bool swap = (unsigned)info->orientation & 1;
	float points[3][2] = {{0, 0}, {1, 0}, {0, 1}};

	for (unsigned i = 0; i < 3; i++)
		to_crop((unsigned)info->orientation, width, height, &points[i][0], &points[i][1]);
	return (struct view_turn){
		.turn = {points[1][0] - points[0][0], points[1][1] - points[0][1],
			points[2][0] - points[0][0], points[2][1] - points[0][1]},
		.shift = {points[0][0] + (float)crop.x, points[0][1] + (float)crop.y},
		.width = swap ? height : width,
		.height = swap ? width : height,
		.left = (float)crop.x,
		.top = (float)crop.y,
		.right = (float)crop.x + width,
		.bottom = (float)crop.y + height,
	};
}
