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

#include "base/driver.h"
#include "format/layout.h"
#include "sync/timeline.h"

/* What the core reads of a texture. A backend fills it in; its own struct begins with it. */
struct gy_backend_texture {
	uint64_t bytes; /* of backing memory, whole pages */
	bool writable;
	struct gy_layout layout; /* of what map gives */
	enum geyser_path path;   /* to the memory that the exporter uses */
	enum geyser_path map_path;
	bool uploads;        /* the device reads a copy, which texture_upload brings up to date */
	bool describes_anew; /* texture_describe's fd is a new one, and the caller's */
};

/* How a backend must import memory. */
struct gy_import_terms {
	bool from_peer; /* map no more than the layout, and refuse memory that isn't allocated */
	bool read_only; /* never map it for writing */
	bool uploads;   /* before each use texture_upload is called, if the texture asks for it */
	uint64_t most;  /* bytes of it that may be mapped */
};

/* The twin of an event's timeline that a device's queues can wait for and signal. Each backend
 * defines a struct of its own. */
struct gy_backend_event;

struct gy_backend_point {
	struct gy_backend_event *event;
	uint64_t value;
};

/* What a twin is kept equal to. Both live as long as it. */
struct gy_event_source {
	struct gy_timeline *timeline;
	_Atomic uint32_t *dead; /* becomes 1 when the exporter has died; NULL if it is our own */
	/* Another process alone raises the timeline: values of the twin aren't carried up to it. */
	bool follows;
};

struct gy_backend {
	enum geyser_backend kind;
	const char *name;

	/* A device, or NULL where there is none to hold; or why no manager can be made. automatic:
	 * the caller doesn't care which backend: no if another one does as well. */
	enum geyser_result (*open)(bool automatic, void **device);
	void (*close)(void *device);

	/* Of the bits that the format can have, and those of memory, the ones that it has here. */
	uint32_t (*format_usage)(void *device, const struct geyser_format_info *info,
		enum geyser_dimension dimension);

	/* Why it has none. May be NULL. */
	const char *(*format_refusal)(void *device, const struct geyser_format_info *info,
		enum geyser_dimension dimension);

	/* published: others may only read the texture. Its host memory is then sealed such that
	 * this process alone writes it; what can't be sealed stays as it is. */
	enum geyser_result (*texture_create)(void *device, const struct geyser_texture_desc *desc,
		bool published, struct gy_backend_texture **out);
	/* Memory from a peer or a caller, unchecked. On success fd and object are the texture's. */
	enum geyser_result (*texture_import)(void *device, const struct geyser_texture_desc *desc,
		const struct geyser_native_texture *native, const struct gy_import_terms *terms,
		struct gy_backend_texture **out);
	/* Before it is described for the first time: gets what others will open. May be NULL. */
	enum geyser_result (*texture_share)(struct gy_backend_texture *texture);
	/* The fd or object stays the texture's, unless that describes_anew. Called with the ipc's
	 * lock held: asks nobody and waits for nothing. Errors: STALE (the device is lost). */
	enum geyser_result (*texture_describe)(
		struct gy_backend_texture *texture, struct geyser_native_texture *out);
	/* As another type than texture_describe's; the fd is the caller's. May be NULL. */
	enum geyser_result (*texture_convert)(struct gy_backend_texture *texture,
		enum geyser_native_type type, struct geyser_native_texture *out);
	enum geyser_result (*texture_map)(
		struct gy_backend_texture *texture, enum geyser_access access, void **data);
	/* Only of textures that say so (uploads): copies the texels from the memory to where the
	 * device reads them. Nobody writes the memory, nor does the device read, meanwhile. */
	void (*texture_upload)(struct gy_backend_texture *texture);
	/* May be NULL: brings its memory in, so that nothing faults later. */
	void (*texture_prefault)(struct gy_backend_texture *texture);
	void (*texture_unmap)(struct gy_backend_texture *texture);
	void (*texture_destroy)(struct gy_backend_texture *texture);

	/* ---- only of backends whose devices work behind their callers' backs, else all NULL ----
	 */

	/* The device can neither be used nor waited for any more. */
	bool (*lost)(void *device);
	/* Called once when it is, on whatever thread finds out; NULL: not any more. */
	void (*on_lost)(void *device, void (*callback)(void *user), void *user);

	/* Whether other processes can open a twin's descriptor, and which. */
	bool (*event_shared)(void *device, struct gy_driver_id *out);
	/* fd: another process's twin, taken over on success; or -1 for one of our own. */
	enum geyser_result (*event_create)(void *device, const struct gy_event_source *source,
		int fd, struct gy_backend_event **out);
	/* Where event_shared says so: the fd stays the twin's. As texture_describe. */
	enum geyser_result (*event_describe)(struct gy_backend_event *event, int *fd);
	/* For another API in this process; keeps the twin equal to the timeline from now on. The fd
	 * is the caller's. May be NULL. Errors: UNSUPPORTED. */
	enum geyser_result (*event_export)(
		struct gy_backend_event *event, struct geyser_native_event *out);
	/* The CPU raises the timeline: the twin goes first. */
	void (*event_signal)(struct gy_backend_event *event, uint64_t value);
	void (*event_destroy)(struct gy_backend_event *event);

	/* Sealed host memory for copies of such a texture, laid out as host textures are: nothing
	 * but a target of texture_copy. */
	enum geyser_result (*mirror_create)(void *device, const struct geyser_texture_desc *desc,
		struct gy_backend_texture **out);
	/* Copies all texels when one event has reached its value (0: at once), then raises the
	 * other; returns before that. */
	enum geyser_result (*texture_copy)(struct gy_backend_texture *from,
		struct gy_backend_texture *mirror, const struct gy_backend_point *wait,
		const struct gy_backend_point *signal);
};

/* By kind; AUTO is the one that $GEYSER_BACKEND names, or the best that opens. NULL with the reason
 * if there is none. */
const struct gy_backend *gy_backend_open(
	enum geyser_backend kind, void **device, enum geyser_result *result);

/* ---- host_memory.c: for textures in sealed host memory ---- */

/* Compares the description of a peer or a caller with the memory itself. Fills in where the texels
 * lie, how many bytes are to be mapped, and whether they may be mapped for writing. Errors:
 * MISMATCH (also too little of it is allocated), LIMIT (over terms->most), and as
 * gy_memory_check. */
enum geyser_result gy_host_memory_check(const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms,
	struct gy_layout *layout, uint64_t *size, bool *writable);

/* As gy_memory_map; *writable becomes false if the fd is open for reading only. */
enum geyser_result gy_host_memory_map(int fd, size_t size, bool *writable, void **data);

/* Mapped as long as the texture lives. */
struct gy_host_memory {
	int fd;
	void *data;
	size_t size; /* bytes that are mapped */
};

/* Allocates whole pages and maps them for writing. published: nobody else can map them so. Errors:
 * as gy_memory_create. */
enum geyser_result gy_host_memory_allocate(
	uint64_t size, bool published, struct gy_host_memory *out);

/* Whole pages for texture->layout; fills bytes and writable. Errors: as gy_memory_create. */
enum geyser_result gy_host_memory_create(
	struct gy_backend_texture *texture, bool published, struct gy_host_memory *out);
/* Checked; fills layout, too. On success the fd is the memory's. */
enum geyser_result gy_host_memory_import(struct gy_backend_texture *texture,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	const struct gy_import_terms *terms, struct gy_host_memory *out);
/* Allocates the pages of the layout that are missing, where that is possible. Call this before
 * peers import memory that a caller has imported. */
void gy_host_memory_share(int fd, const struct gy_layout *layout);
void gy_host_memory_finish(struct gy_host_memory *memory);

/* For texture_describe: the fd stays the memory's. */
void gy_host_memory_describe(const struct gy_host_memory *memory, const struct gy_layout *layout,
	struct geyser_native_texture *out);

/* For texture_convert. */
enum geyser_result gy_host_memory_convert(int fd, const struct gy_layout *layout,
	enum geyser_native_type type, struct geyser_native_texture *out);

extern const struct gy_backend gy_host_backend;
#ifdef GY_HAVE_METAL
extern const struct gy_backend gy_metal_backend;
#endif
#ifdef GY_HAVE_VULKAN
extern const struct gy_backend gy_vulkan_backend;
#endif

#endif
