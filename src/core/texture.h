/* SPDX-License-Identifier: MIT */
/* Textures, for streams: what crosses a socket by other ways than an import. */
#ifndef GY_CORE_TEXTURE_H
#define GY_CORE_TEXTURE_H

#include "core/object.h"

/* Fills in the TEXTURE message with which another process maps the texture. The caller borrows *fd
 * until gy_texture_described. Errors: STALE (the texture's device is lost), LIMIT. */
enum geyser_result gy_texture_describe(
	struct geyser_texture *texture, struct gy_message *answer, int *fd);
void gy_texture_described(const struct geyser_texture *texture, int fd);

/* Before the first of those: gets what others will open. */
enum geyser_result gy_texture_share(struct geyser_texture *texture);

/* Whether the backend offers that format, dimension and usage. Errors: UNSUPPORTED. */
enum geyser_result gy_texture_check_support(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc);

/* As geyser_texture_create, with what makes the backend's part, of a resolved descriptor, and knows
 * itself what the backend has. */
typedef enum geyser_result gy_texture_maker(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, void *data, struct gy_backend_texture **out);
enum geyser_result gy_texture_make(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, gy_texture_maker *make, void *data,
	struct geyser_texture **out);

/* Makes a stream's buffer: as geyser_texture_create, but other processes may only read it, unless
 * the usage has GEYSER_USAGE_WRITERS. With GEYSER_USAGE_DMA_BUF only geyser refuses their writes,
 * not the kernel. */
enum geyser_result gy_texture_create_published(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Errors: PERMISSION if this process may only read the texture. what names the argument that asks
 * for writing. */
enum geyser_result gy_texture_check_write(const struct geyser_texture *texture, const char *what);

/* Maps wait from now on until the event has reached the value; NULL: not any more. Takes a
 * reference. By whoever holds the texture alone. */
void gy_texture_set_ready(
	struct geyser_texture *texture, struct geyser_event *event, uint64_t value);

/* It shows a copy: its path says so. */
void gy_texture_set_mirrored(struct geyser_texture *texture);

/* Marks the texture as a frame of a stream: errors then say what its publisher could do. */
void gy_texture_set_of_subscriber(struct geyser_texture *texture);

/* Whether its device reads a copy of the memory: gy_texture_upload brings it up to date. */
bool gy_texture_uploads(const struct geyser_texture *texture);
void gy_texture_upload(struct geyser_texture *texture);

/* Borrowed. */
struct gy_backend_texture *gy_texture_backing(struct geyser_texture *texture);
struct geyser_manager *gy_texture_manager(struct geyser_texture *texture);

/* Checks what a peer has described and makes a texture of it; takes the incoming's descriptor and
 * peer over. expected is resolved, or NULL. Errors: as geyser_texture_import. */
enum geyser_result gy_texture_accept(struct geyser_manager *manager, struct gy_incoming *incoming,
	const struct geyser_texture_desc *expected, const struct gy_import_terms *terms,
	struct geyser_texture **out);

/* Brings its pages in, for writing if it may be written: later accesses don't fault. */
void gy_texture_prefault(struct geyser_texture *texture);

#endif
