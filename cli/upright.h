/*
 * A frame as it is meant to be seen: its crop, upright, with straight alpha.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_UPRIGHT_H
#define GEYSER_CLI_UPRIGHT_H

#include <geyser/stream.h>

#include "png.h"

/* What a reader of a frame's texels must know besides them. */
struct upright_need {
	bool crop, turn;
	bool premultiplied, opaque; /* of a format with alpha */
};

struct upright_need upright_need(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc);

/* Lists what raw texels don't show: "premultiplied, cropped, turned", or "". */
void upright_describe(const struct upright_need *need, char *text, size_t size);

/* Makes *out the frame as it is meant to be seen. The format must have a PNG layout. The picture
 * lies in *owned, which the caller frees, or in the mapping, and *owned is NULL. False after a
 * message. */
bool upright_picture(const struct geyser_frame_info *info, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping, struct png_texels *out, unsigned char **owned);

#endif
