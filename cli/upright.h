/*
 * A frame as it is meant to be seen: its crop, upright, with straight alpha.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_UPRIGHT_H
#define GEYSER_CLI_UPRIGHT_H

#include <geyser/stream.h>

#include "png.h"

/* What a reader of a frame must know besides the texels. */
struct upright_need {
	bool crop, turn;
	bool premultiplied, opaque; /* of a format that has alpha */
};

/* Returns the part of a frame of this width and height that is to be shown: its crop, clipped to
 * the frame, or the whole frame. */
struct geyser_rect upright_crop(
	const struct geyser_frame_info *info, uint32_t width, uint32_t height);

struct upright_need upright_need(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc);

/* Writes a list of what raw texels don't show: "premultiplied, cropped, turned", or "". */
void upright_describe(const struct upright_need *need, char *text, size_t size);

/* Makes *out the frame as it is meant to be seen. The format must have a PNG layout. The picture
 * lies in *owned, which the caller frees, or in the mapping; then *owned is NULL. Returns false
 * after a message. */
bool upright_picture(const struct geyser_frame_info *info, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping, struct png_texels *out, unsigned char **owned);

#endif
