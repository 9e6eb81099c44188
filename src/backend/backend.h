/* SPDX-License-Identifier: MIT */
/*
 * Defines what the core knows of a backend: a table of functions, and the part of a texture that
 * both share.
 *
 * The core checks every argument before it calls a backend: descriptors are resolved, sizes are
 * within the limits, and the format allows the usage. A function that fails leaves its reason with
 * gy_fail.
 *
 * A new backend needs a folder beside host/, a line in backends.c, a subdir(), and a line that runs
 * tests/conformance with it.
 *
 * A *native object* of an event is a Vulkan timeline semaphore or an MTLSharedEvent. The backend
 * keeps its value equal to the event's timeline, so that a device's queues can wait for the event
 * and signal it.
 */
#ifndef GY_BACKEND_BACKEND_H
#define GY_BACKEND_BACKEND_H

#include "base/driver.h"
#include "format/layout.h"
#include "sync/timeline.h"

#include <geyser/memory.h>

#include <stdatomic.h>

/* Counts memory of one kind. */
struct gy_memory_count {
	_Atomic uint64_t bytes, count;
};

/* change: 1 or -1 */
static inline void gy_memory_count(struct gy_memory_count *count, uint64_t bytes, int change)
{
	atomic_fetch_add_explicit(&count->bytes, change < 0 ? -bytes : bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&count->count, change < 0 ? UINT64_MAX : 1, memory_order_relaxed);
}

/* The part of a texture that the core reads. A backend's own struct begins with it, and the backend
 * fills it in. */
struct gy_backend_texture {
	uint64_t bytes;               /* size of the backing memory, in whole pages */
	enum geyser_memory_kind kind; /* where it lies: HOST, DEVICE or IOSURFACE */
	bool writable;
	struct gy_layout layout; /* of the memory that texture_map gives */
	enum geyser_path path;   /* to the memory that the exporter uses */
	enum geyser_path map_path;
	bool uploads;        /* the device reads a copy: texture_upload brings it up to date */
	bool describes_anew; /* texture_describe makes a new fd, which its caller owns */
	/* The core sets the members below. recyclable: texture_create made it; published is what
	 * texture_create was called with. left: another process, API or object outside of the
	 * library may have the memory, and may keep it for ever. */
	bool recyclable, published;
	_Atomic bool left;
};

/* Tells a backend how to import memory. */
struct gy_import_terms {
	/* map no more than the layout needs, and refuse memory that isn't allocated */
	bool from_peer;
	bool read_only; /* never map the memory for writing */
	/* the caller calls texture_upload before each use, if the texture asks for it */
	bool uploads;
	uint64_t mapped; /* bytes of the same peer's memory that are mapped already */
};

/* The native object of an event. Each backend defines a struct of its own. */
struct gy_backend_event;

struct gy_backend_point {
	struct gy_backend_event *event;
	uint64_t value;
};

/* The timeline that a native object is kept equal to. timeline and dead live as long as the native
 * object does. */
struct gy_event_source {
	struct gy_timeline *timeline;
	/* becomes 1 when the exporter has died; NULL if this process exports */
	_Atomic uint32_t *dead;
	/* Only another process raises the timeline: values of the native object aren't carried up
	 * to it. */
	bool follows;
};

struct gy_yuv_meaning; /* format/yuv.h */

struct gy_backend {
	enum geyser_backend kind;
	const char *name;

	/* Opens a device. *device is NULL if the backend holds no device. automatic means that the
	 * caller accepts any backend; open then fails if another backend would do as well. A
	 * failure leaves the reason why no manager can be made. */
	enum geyser_result (*open)(bool automatic, void **device);
	void (*close)(void *device);

	/* Returns the usage bits that the format can have on this device, including those that say
	 * where the memory lies. */
	uint32_t (*format_usage)(void *device, const struct geyser_format_info *info,
		enum geyser_dimension dimension);

	/* Returns the reason why a format has no usage bits on this device. Returns NULL if it has
	 * some, or if only the driver knows the reason. The function itself may be NULL. */
	const char *(*format_refusal)(void *device, const struct geyser_format_info *info,
		enum geyser_dimension dimension);

	/* published: other processes may only read the texture. The backend then seals its host
	 * memory, so that this process alone can write it. Memory of other kinds stays as it is. */
	enum geyser_result (*texture_create)(void *device, const struct geyser_texture_desc *desc,
		bool published, struct gy_backend_texture **out);
	/* The memory comes from a peer or the caller, and is unchecked. On success the texture
	 * takes over fd and object. */
	enum geyser_result (*texture_import)(void *device, const struct geyser_texture_desc *desc,
		const struct geyser_native_texture *native, const struct gy_import_terms *terms,
		struct gy_backend_texture **out);
	/* Prepares the memory that other processes will open. The core calls this before the first
	 * texture_describe. May be NULL. */
	enum geyser_result (*texture_share)(struct gy_backend_texture *texture);
	/* The texture keeps the fd or object, unless describes_anew is set. The caller holds the
	 * lock of ipc, so this must neither block nor make a request of a peer. Errors: STALE (the
	 * device is lost). */
	enum geyser_result (*texture_describe)(
		struct gy_backend_texture *texture, struct geyser_native_texture *out);
	/* Describes the memory as another type than texture_describe does. The caller owns the new
	 * fd. May be NULL. */
	enum geyser_result (*texture_convert)(struct gy_backend_texture *texture,
		enum geyser_native_type type, struct geyser_native_texture *out);
	enum geyser_result (*texture_map)(
		struct gy_backend_texture *texture, enum geyser_access access, void **data);
	/* Copies the texels from the memory to the place where the device reads them. Called only
	 * for textures that set uploads. No process writes the memory during the call, and the
	 * device doesn't read. */
	void (*texture_upload)(struct gy_backend_texture *texture);
	/* Brings the texture's memory in, so that later accesses don't fault. May be NULL. */
	void (*texture_prefault)(struct gy_backend_texture *texture);
	void (*texture_unmap)(struct gy_backend_texture *texture);
	void (*texture_destroy)(struct gy_backend_texture *texture);

	/* For textures that texture_create has made. Both are NULL if the backend can't reuse
	 * textures. texture_rest frees what the texture doesn't need while it is in a pool. Returns
	 * false if the texture can't be reused, or is still mapped. */
	bool (*texture_rest)(struct gy_backend_texture *texture);
	/* Makes the texture as good as new: all texels are zero. desc differs from the texture's
	 * own in the label only. */
	enum geyser_result (*texture_renew)(
		struct gy_backend_texture *texture, const struct geyser_texture_desc *desc);

	/* ---- for backends whose device works asynchronously; all NULL for other backends ---- */

	/* Returns the device's count of copies for maps and uploads. May be NULL. */
	const struct gy_memory_count *(*staging)(void *device);

	/* Returns whether the device is lost: it can be neither used nor waited for any more. May
	 * be NULL. */
	bool (*lost)(void *device);
	/* Sets a callback that is called once when the device is lost, on the thread that finds
	 * out. A NULL callback takes the callback away. May be NULL. */
	void (*on_lost)(void *device, void (*callback)(void *user), void *user);

	/* Returns whether other processes can open a native object's descriptor, and with which
	 * driver. May be NULL if no process ever can. */
	bool (*event_shared)(void *device, struct gy_driver_id *out);
	/* Makes a native object. fd is the descriptor of another process's native object, taken
	 * over on success, or -1 to make a new one. */
	enum geyser_result (*event_create)(void *device, const struct gy_event_source *source,
		int fd, struct gy_backend_event **out);
	/* Gives the native object's descriptor, which the native object keeps. Called only if
	 * event_shared returns true, under the same rules as texture_describe. */
	enum geyser_result (*event_describe)(struct gy_backend_event *event, int *fd);
	/* Gives a descriptor for another API in this process. The native object is kept equal to
	 * the timeline from now on. The caller owns the fd. May be NULL. Errors: UNSUPPORTED. */
	enum geyser_result (*event_export)(
		struct gy_backend_event *event, struct geyser_native_event *out);
	/* Raises the native object. The CPU raises the timeline to the same value afterwards. */
	void (*event_signal)(struct gy_backend_event *event, uint64_t value);
	void (*event_destroy)(struct gy_backend_event *event);

	/* Makes a mirror: sealed host memory for copies of such a texture, in the layout of host
	 * textures. A mirror is only ever the target of texture_copy. Subscribers that can't open
	 * the texture's own memory read its mirror. */
	enum geyser_result (*mirror_create)(void *device, const struct geyser_texture_desc *desc,
		struct gy_backend_texture **out);
	/* Starts a copy of all texels and returns before it is done. The copy waits until wait's
	 * event has reached its value (0: it doesn't wait), and then raises signal's event. */
	enum geyser_result (*texture_copy)(struct gy_backend_texture *from,
		struct gy_backend_texture *mirror, const struct gy_backend_point *wait,
		const struct gy_backend_point *signal);

	/* Converts all texels of a texture of the same device, by the rules of geyser/convert.h,
	 * and blocks until it is done. Both textures have the same shape, and formats that convert.
	 * *done is false, without an error, if the device can't do it; no texel has changed then.
	 * May be NULL. */
	enum geyser_result (*convert_texels)(struct gy_backend_texture *from,
		struct gy_backend_texture *to, const struct gy_yuv_meaning *meaning, bool *done);
};

/* Opens the backend of that kind. AUTO means the backend that $GEYSER_BACKEND names, or the best
 * one that opens. Returns NULL after a failure, with *result and the error detail set. */
const struct gy_backend *gy_backend_open(
	enum geyser_backend kind, void **device, enum geyser_result *result);

/* ---- import_terms.c ---- */

/* Checks whether this process maps so many more bytes of a peer's memory: terms->mapped and size
 * together are at most gy_memory_share. Errors: LIMIT. */
enum geyser_result gy_import_check_size(const struct gy_import_terms *terms, uint64_t size);

/* ---- host_memory.c: for textures in sealed host memory ---- */

/* The memory under a texture. It stays mapped as long as the texture lives. */
struct gy_host_memory {
	int fd;
	void *data;
	size_t size; /* bytes that are mapped */
};

/* Allocates whole pages for texture->layout and maps them for writing. Fills in texture->bytes and
 * texture->writable. published: no process can make another writable mapping. Errors: as
 * gy_memory_create. */
enum geyser_result gy_host_memory_create(
	struct gy_backend_texture *texture, bool published, struct gy_host_memory *out);
/* Checks and maps the described memory. Fills in texture->layout, bytes and writable. On success
 * *out takes over native->fd. Errors: MISMATCH (the description doesn't fit the memory, or the
 * memory isn't allocated), as gy_import_check_size, gy_memory_check and gy_memory_map. */
enum geyser_result gy_host_memory_import(struct gy_backend_texture *texture,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	const struct gy_import_terms *terms, struct gy_host_memory *out);
/* Allocates the missing pages of the layout, if that is possible. Call this before peers import
 * memory that the caller has imported. */
void gy_host_memory_share(int fd, const struct gy_layout *layout);
void gy_host_memory_finish(struct gy_host_memory *memory);

/* Implements texture_describe. The memory keeps the fd. */
void gy_host_memory_describe(const struct gy_host_memory *memory, const struct gy_layout *layout,
	struct geyser_native_texture *out);

/* Implements texture_convert. */
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
