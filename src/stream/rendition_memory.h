/* SPDX-License-Identifier: MIT */
/* How much memory the renditions of a stream may take. */
#ifndef GY_STREAM_RENDITION_MEMORY_H
#define GY_STREAM_RENDITION_MEMORY_H

#include "stream/rendition_state.h"

/* Notes how much memory the buffers of a rendition will take, unless all renditions of the stream
 * together would take too much. Needs renditions.lock. Errors: LIMIT, and if there is no texture
 * like that, as geyser_texture_create. */
enum geyser_result gy_rendition_claim(
	struct gy_rendition *rendition, const struct geyser_texture_desc *desc, uint32_t buffers);

#endif
