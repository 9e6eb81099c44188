/*
 * A frame as it is meant to be seen: its crop, upright, with straight alpha.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_UPRIGHT_H
#define GEYSER_CLI_UPRIGHT_H

#include <geyser/stream.h>

#include "png.h"

/* What a frame says of itself that its texels alone don't show. */
struct upright_need {
	bool crop, turn;
	bool premultiplied, opaque; /* of a format with alpha */
};

struct upright_need upright_need(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc);

/* "premultiplied, cropped, turned": what raw texels don't say; "" if they say all. */
void upright_describe(const struct upright_need *need, char *text, size_t size);

/* Makes *out the frame as it is meant to be seen. The format has a PNG layout. *owned is the memory
 * that holds it, to be freed, or NULL where that is the mapping. False after a message. */
bool upright_picture(const struct geyser_frame_info *info, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping, struct png_texels *out, unsigned char **owned);

#endif
