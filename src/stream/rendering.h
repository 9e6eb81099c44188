/* SPDX-License-Identifier: MIT */
/* What a rendition makes of one frame. */
#ifndef GY_STREAM_RENDERING_H
#define GY_STREAM_RENDERING_H

#include "stream/rendition_state.h"

/* Describes the textures into which frames of the source are converted. info: of the frame, or NULL
 * if there is none yet. */
void gy_rendition_describe(const struct gy_rendition *rendition,
	const struct geyser_texture_desc *source, const struct geyser_frame_info *info,
	struct geyser_texture_desc *out);

/* Converts a frame, and the information that goes with it. Both textures are drawn, and the
 * destination is as gy_rendition_describe says. Errors: as geyser_texture_convert. */
enum geyser_result gy_rendition_convert(const struct gy_rendition *rendition,
	struct geyser_frame *source, struct geyser_frame *destination);

#endif
