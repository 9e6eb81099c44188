/* SPDX-License-Identifier: MIT */
/* Functions on textures for src/stream and src/api. A stream's textures travel in messages of their
 * own rather than by export and import. */
#ifndef GY_CORE_TEXTURE_H
#define GY_CORE_TEXTURE_H

#include "core/object.h"

/* Fills in the TEXTURE message with which another process imports the texture. The caller borrows
 * *fd until it calls gy_texture_end_description. Call gy_texture_share once before. Errors: STALE
 * (the texture's device is lost), LIMIT (no free descriptor). */
enum geyser_result gy_texture_describe(
	struct geyser_texture *texture, struct gy_message *answer, int *fd);
void gy_texture_end_description(const struct geyser_texture *texture, int fd);

/* Makes the descriptor that other processes will open, if there is none yet. Call this before the
 * first gy_texture_describe. Errors: as the backend's texture_share. */
enum geyser_result gy_texture_share(struct geyser_texture *texture);

/* Errors: UNSUPPORTED if the backend lacks the format, or the usage for this format and dimension.
 * desc must be resolved. */
enum geyser_result gy_texture_check_support(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc);

/* Sets *out to NULL. Errors: INVALID_ARGUMENT (manager or out is NULL). */
enum geyser_result gy_texture_check_create(
	const struct geyser_manager *manager, struct geyser_texture **out);

/* Makes a texture whose backend part comes from make(manager, desc, data, out); otherwise as
 * geyser_texture_create. make gets a resolved descriptor, and itself checks whether the backend
 * supports it. */
typedef enum geyser_result gy_texture_maker(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, void *data, struct gy_backend_texture **out);
enum geyser_result gy_texture_make(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, gy_texture_maker *make, void *data,
	struct geyser_texture **out);

/* Makes a buffer of a stream, as geyser_texture_create does, but other processes may only read it.
 * GEYSER_USAGE_WRITERS lets other processes write, too. GEYSER_USAGE_DMA_BUF makes only the library
 * refuse their writes, not the kernel. */
enum geyser_result gy_texture_create_published(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Errors: PERMISSION if this process may only read the texture. `what` names the argument that
 * requests write access, for the message. */
enum geyser_result gy_texture_check_write(const struct geyser_texture *texture, const char *what);

/* Lets later geyser_texture_map calls wait until the event has reached the value. event NULL: no
 * wait. The texture takes a reference to the event. The caller must hold the only reference in use
 * to the texture. */
void gy_texture_set_ready(
	struct geyser_texture *texture, struct geyser_event *event, uint64_t value);

/* Marks the texture as a copy of the exporter's texture: geyser_texture_path then returns
 * GEYSER_PATH_COPY. */
void gy_texture_set_mirrored(struct geyser_texture *texture);

/* Marks the texture as a buffer of a rendition: geyser_texture_path then returns
 * GEYSER_PATH_CONVERTED. */
void gy_texture_set_rendered(struct geyser_texture *texture);

/* Marks the texture as a frame of a stream, so that error messages say what its publisher could
 * do. */
void gy_texture_set_of_subscriber(struct geyser_texture *texture);

/* Whether the texture's device reads a copy of the memory. If so, gy_texture_upload updates the
 * copy. */
bool gy_texture_uploads(const struct geyser_texture *texture);
void gy_texture_upload(struct geyser_texture *texture);

/* Notes that memory of the texture is outside of the library from now on, so that no other texture
 * ever gets it. */
void gy_texture_set_left(struct geyser_texture *texture);

/* Whether nobody but the caller can have a use for the texture: the caller has the only reference,
 * the texture was never exported, and no data is attached to it. The caller holds the lock of
 * struct gy_ipc. */
bool gy_texture_is_bare(const struct geyser_texture *texture);

/* Ends a bare texture and frees its memory. The caller holds the lock of struct gy_ipc, and
 * references to the manager and to the event of gy_texture_set_ready. */
void gy_texture_end_bare(struct geyser_texture *texture);

/* The texture owns both results. */
struct gy_backend_texture *gy_texture_backing(struct geyser_texture *texture);
struct geyser_manager *gy_texture_manager(struct geyser_texture *texture);

/* Checks the texture that a peer has described and makes a texture of it. Takes ownership of the
 * incoming's descriptor and peer, also after a failure. expected: a resolved descriptor, or NULL.
 * Errors: as geyser_texture_import. */
enum geyser_result gy_texture_accept(struct geyser_manager *manager, struct gy_incoming *incoming,
	const struct geyser_texture_desc *expected, const struct gy_import_terms *terms,
	struct geyser_texture **out);

/* Makes a texture of imported memory. After success the texture owns native's descriptor or
 * surface. incoming: the peer's answer that described the memory, or NULL if the program imports it
 * by itself. Errors: as texture_import of the backend, OUT_OF_MEMORY. */
enum geyser_result gy_texture_adopt(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	const struct gy_import_terms *terms, const struct gy_incoming *incoming,
	struct geyser_texture **out);

/* Checks that this process may access the texels in this way, and waits until a frame is drawn.
 * Errors: as geyser_texture_map. */
enum geyser_result gy_texture_begin_access(
	struct geyser_texture *texture, enum geyser_access access);

struct geyser_convert_options;
struct gy_yuv_meaning;
struct gy_geometry;

/* texture_convert.c: checks the arguments of geyser_texture_convert, and resolves the options.
 * Errors: INVALID_ARGUMENT, MISMATCH, UNSUPPORTED. */
enum geyser_result gy_texture_check_convert(const struct geyser_texture *source,
	const struct geyser_texture *destination, const struct geyser_convert_options *options,
	struct gy_yuv_meaning *meaning, struct gy_geometry *geometry);

/* Loads the texture's pages into memory, for writing if this process may write, so that later
 * accesses don't fault. */
void gy_texture_prefault(struct geyser_texture *texture);

#endif
