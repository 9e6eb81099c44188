/* SPDX-License-Identifier: MIT */
/* Textures, for streams: what crosses a socket by other ways than an import. */
#ifndef GY_CORE_TEXTURE_H
#define GY_CORE_TEXTURE_H

#include "core/object.h"

/* The TEXTURE message that makes another process map it. *fd stays the texture's. */
void gy_texture_describe(struct geyser_texture *texture, struct gy_message *answer, int *fd);

/* Checks what a peer has described and makes a texture of it; takes the incoming's descriptor and
 * peer over. expected is resolved, or NULL. Errors: as geyser_texture_import. */
enum geyser_result gy_texture_accept(struct geyser_manager *manager, struct gy_incoming *incoming,
	const struct geyser_texture_desc *expected, struct geyser_texture **out);

/* Brings its pages in, for writing if it may be written: later accesses don't fault. */
void gy_texture_prefault(struct geyser_texture *texture);

#endif
