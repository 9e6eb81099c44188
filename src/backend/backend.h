/* SPDX-License-Identifier: MIT */
/*
 * What a backend is to the core: a table of functions, and the structs it embeds first in its own.
 *
 * The core has validated every argument before it calls a backend: descriptors are resolved, sizes
 * fit, usage is the format's. Functions that fail leave their reason with gy_fail. A new backend is
 * a folder beside host/, a line in backends.c, a subdir() and a line that runs tests/conformance
 * with it.
 */
#ifndef GY_BACKEND_BACKEND_H
#define GY_BACKEND_BACKEND_H

#include "format/layout.h"

struct gy_backend;

/* Zeroed texture state that the core fills; a backend's own struct begins with it. */
struct gy_backend_texture {
	const struct gy_backend *backend;
	uint64_t bytes; /* of backing memory, whole pages */
	bool writable;
	struct gy_layout layout; /* of what map gives */
};

struct gy_backend {
	enum geyser_backend kind;
	const char *name;

	/* GEYSER_OK, or why no manager can be made. */
	enum geyser_result (*available)(void);

	/* A device, or NULL where there is none to hold. */
	enum geyser_result (*open)(void **device);
	void (*close)(void *device);

	/* Of the bits that the format can have, those that it has here. */
	uint32_t (*format_usage)(void *device, const struct geyser_format_info *info,
		enum geyser_dimension dimension);

	enum geyser_result (*texture_create)(void *device, const struct geyser_texture_desc *desc,
		struct gy_backend_texture **out);
	/* Memory from a peer or a caller, unchecked. On success the fd is the texture's. */
	enum geyser_result (*texture_import)(void *device, const struct geyser_texture_desc *desc,
		const struct geyser_native_texture *native, struct gy_backend_texture **out);
	/* The fd stays the texture's. */
	void (*texture_describe)(
		struct gy_backend_texture *texture, struct geyser_native_texture *out);
	enum geyser_result (*texture_map)(
		struct gy_backend_texture *texture, enum geyser_access access, void **data);
	/* May be NULL: brings its memory in, so that nothing faults later. */
	void (*texture_prefault)(struct gy_backend_texture *texture);
	void (*texture_unmap)(struct gy_backend_texture *texture);
	void (*texture_destroy)(struct gy_backend_texture *texture);
};

/* By kind, AUTO being the best available; NULL with the reason if there is none. */
const struct gy_backend *gy_backend_find(enum geyser_backend kind, enum geyser_result *result);

extern const struct gy_backend gy_host_backend;

#endif
