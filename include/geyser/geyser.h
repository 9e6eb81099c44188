/*
 * geyser: share GPU textures, and the events that order access to them, between processes and
 * between graphics APIs, without copying pixels.
 *
 * SPDX-License-Identifier: MIT
 *
 * Conventions
 *
 * - Functions that can fail return enum geyser_result: GEYSER_OK is 0, errors are negative. After a
 *   failure geyser_error_detail() says in words what was wrong and what would be right.
 * - Outputs come last. They are set to NULL, 0 or -1 (file descriptors) after a failure.
 * - Times are nanoseconds on CLOCK_MONOTONIC. A timeout is relative; 0 polls, UINT64_MAX means no
 *   deadline of the caller's own. Sizes, offsets and pitches are bytes.
 * - "Owned" results are the caller's to release; "borrowed" ones live as long as the comment says.
 * - Every function may be called from any thread at any time, unless its comment says otherwise.
 * The caller keeps its own reference while a call with that object runs.
 * - After fork() the child must not use objects that the parent made (their memory stays mapped);
 * it may make managers of its own. File descriptors that geyser opens are all close-on-exec.
 */
#ifndef GEYSER_GEYSER_H
#define GEYSER_GEYSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version ------------------------------------------------------------------------------- */

#define GEYSER_VERSION_MAJOR 0
#define GEYSER_VERSION_MINOR 1
#define GEYSER_VERSION_PATCH 0

/* The version of the library that runs, as "MAJOR.MINOR.PATCH". Static. */
GEYSER_API const char *geyser_version(void);

/* ---- results ------------------------------------------------------------------------------- */

enum geyser_result {
	GEYSER_OK = 0,
	GEYSER_ERROR_INVALID_ARGUMENT =
		-1, /* the call itself is wrong: NULL, zero size, damaged handle */
	GEYSER_ERROR_UNSUPPORTED = -2,   /* correct, but this backend, format or kernel can't */
	GEYSER_ERROR_OUT_OF_MEMORY = -3, /* no memory, or no space where memory is backed */
	GEYSER_ERROR_NOT_FOUND = -4,     /* no such handle, id or stream */
	GEYSER_ERROR_STALE = -5,      /* it was one once: exporter gone or restarted, device lost */
	GEYSER_ERROR_EXISTS = -6,     /* the name is taken */
	GEYSER_ERROR_PERMISSION = -7, /* another user's, or not allowed to write */
	GEYSER_ERROR_UNSEALED = -8,   /* memory that its owner could still shrink under us */
	GEYSER_ERROR_MISMATCH = -9,   /* not what the caller expected, or not what it says it is */
	GEYSER_ERROR_TIMEOUT = -10,   /* the time given ran out */
	GEYSER_ERROR_DISCONNECTED = -11,   /* the peer went away */
	GEYSER_ERROR_BUSY = -12,           /* in use; may work later */
	GEYSER_ERROR_LIMIT = -13,          /* over a limit: size, file descriptors, connections */
	GEYSER_ERROR_PROTOCOL = -14,       /* the peer speaks another protocol, or nonsense */
	GEYSER_ERROR_DEVICE_LOST = -15,    /* the GPU was reset or removed */
	GEYSER_ERROR_NO_RUNTIME_DIR = -16, /* no registry: geyser_registry_place */
	GEYSER_ERROR_SYSTEM = -17,         /* the system refused; the detail names call and errno */
};

/* The constant's name, "GEYSER_ERROR_STALE"; "GEYSER_ERROR_UNKNOWN" for any other number. Static.
 */
GEYSER_API const char *geyser_result_string(enum geyser_result result);

/* This thread's last failure in words; "" before the first, never NULL, not cleared by a success.
 * Borrowed until the next failure on this thread. */
GEYSER_API const char *geyser_error_detail(void);

/* ---- managers ------------------------------------------------------------------------------ */

enum geyser_backend {
	/* The backend that $GEYSER_BACKEND names; if it isn't set, the best available one: a
	 * GPU's, but not Vulkan on a software device. */
	GEYSER_BACKEND_AUTO = 0,
	GEYSER_BACKEND_HOST = 1, /* sealed shared memory; everywhere */
	GEYSER_BACKEND_VULKAN = 2,
	GEYSER_BACKEND_METAL = 3,
};

/* "auto", "host", "vulkan", "metal"; NULL for any other number. Static. */
GEYSER_API const char *geyser_backend_name(enum geyser_backend backend);

/* GEYSER_OK if a manager with this backend can be made here, else the reason: result and detail. */
GEYSER_API enum geyser_result geyser_backend_available(enum geyser_backend backend);

struct geyser_manager; /* opaque; a connection to one backend, and the maker of all other objects */

struct geyser_manager_desc {
	enum geyser_backend backend;
	/* The name that peers see: at most 63 bytes, copied. NULL: the name of the program. */
	const char *application;
	uint64_t import_timeout_ns; /* how long an import waits for the exporter's answer; 0: 5 s */
};

/* Makes a manager. desc may be NULL for all defaults.
 * Errors: INVALID_ARGUMENT (out NULL, application too long, unknown backend), UNSUPPORTED (the
 * backend isn't available here, with the reason), LIMIT (no free file descriptor), OUT_OF_MEMORY.
 */
GEYSER_API enum geyser_result geyser_manager_create(
	const struct geyser_manager_desc *desc, struct geyser_manager **out);

/* Gives up the caller's manager; NULL is fine. Its textures and events stay valid and keep what
 * they need alive until they are released themselves. */
GEYSER_API void geyser_manager_destroy(struct geyser_manager *manager);

/* The backend in use; never AUTO. */
GEYSER_API enum geyser_backend geyser_manager_get_backend(const struct geyser_manager *manager);

enum geyser_dimension {
	GEYSER_DIMENSION_2D = 0,       /* one layer, depth 1 */
	GEYSER_DIMENSION_2D_ARRAY = 1, /* layers > 1 */
	GEYSER_DIMENSION_3D = 2,       /* depth > 1 */
};

/* Which of the GEYSER_USAGE bits a texture of this format and dimension can have; 0 bits: none.
 * Errors: INVALID_ARGUMENT (NULL, unknown format or dimension). */
GEYSER_API enum geyser_result geyser_manager_format_usage(struct geyser_manager *manager,
	enum geyser_format format, enum geyser_dimension dimension, uint32_t *out);

/* Bytes of backing memory, whole pages as the kernel counts them. */
struct geyser_memory_usage {
	uint64_t held;     /* allocated by this manager and not yet released */
	uint64_t exported; /* of those held or imported: what others can import now */
	uint64_t imported; /* other processes' memory that this manager has imported */
};

struct geyser_memory_info {
	struct geyser_memory_usage textures;
	struct geyser_memory_usage events;
};

/* What this manager's objects hold now. Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_manager_memory(
	struct geyser_manager *manager, struct geyser_memory_info *out);

/* ---- textures ------------------------------------------------------------------------------ */

/* What a texture may be used for; the values are WebGPU's. */
#define GEYSER_USAGE_COPY_SRC 0x01u
#define GEYSER_USAGE_COPY_DST 0x02u
#define GEYSER_USAGE_TEXTURE_BINDING 0x04u
#define GEYSER_USAGE_STORAGE_BINDING 0x08u
#define GEYSER_USAGE_RENDER_ATTACHMENT 0x10u
/* Where the texture's memory must lie, one of them at most; without these a backend takes what it
 * is fastest with. What a device can't have of a certain size or shape is refused when it is made.
 * HOST_MEMORY: sealed host memory, which every backend can import, also one of another device.
 * DMA_BUF: a dma-buf, for GBM, EGL, Wayland and V4L2.
 * LINEAR: rows one after another in the device's own memory, so that it can be used by its address
 * as well: what CUDA's device pointers and tensors need. 2D, one layer, one mip level on a GPU;
 * drawing and sampling may be slower than in the driver's own layout. Host memory and IOSurfaces
 * are so always.
 * GLOBAL_ID: an IOSurface that any process of any user finds by its IOSurfaceID, as Syphon wants
 * it; see geyser_metal_texture_global_id. */
#define GEYSER_USAGE_HOST_MEMORY 0x20u
#define GEYSER_USAGE_DMA_BUF 0x40u
#define GEYSER_USAGE_GLOBAL_ID 0x80u
#define GEYSER_USAGE_LINEAR 0x100u
/* For a stream's buffers: subscribers may write into them, and their memory is not sealed against
 * writing. Without this bit a subscriber's frames are for reading only. Importers of other textures
 * may write into those with the bit or without it. Every format can have the bit:
 * geyser_manager_format_usage doesn't list it. docs/streams.md says which memory is sealed. */
#define GEYSER_USAGE_WRITERS 0x200u

/* Limits of any backend; a backend's own may be lower. */
#define GEYSER_MAX_DIMENSION 32768u /* width and height, texels */
#define GEYSER_MAX_DEPTH 2048u
#define GEYSER_MAX_LAYERS 2048u
#define GEYSER_MAX_LABEL 255u /* bytes, without the NUL */

struct geyser_texture; /* opaque, reference counted */

struct geyser_texture_desc {
	enum geyser_format format;
	uint32_t width, height;             /* texels, 1 to GEYSER_MAX_DIMENSION */
	uint32_t depth, layers, mip_levels; /* 0 means 1; depth and layers can't both be over 1 */
	uint32_t usage;    /* GEYSER_USAGE bits; 0 means COPY_SRC | COPY_DST | TEXTURE_BINDING */
	const char *label; /* for people; copied; may be NULL; at most GEYSER_MAX_LABEL bytes */
};

/* Makes a texture with one reference. Its texels are zero.
 * Errors: INVALID_ARGUMENT (NULL, zero size, unknown format or usage bit, too many mip levels,
 * label too long), UNSUPPORTED (a usage this format can't have), LIMIT (over a maximum; no free
 * file descriptor), OUT_OF_MEMORY (more than the machine has free). */
GEYSER_API enum geyser_result geyser_texture_create(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Adds a reference; returns its argument. */
GEYSER_API struct geyser_texture *geyser_texture_ref(struct geyser_texture *texture);

/* Drops a reference; NULL is fine. The last one ends the export and frees this process's share:
 * whoever has imported the texture keeps it. */
GEYSER_API void geyser_texture_unref(struct geyser_texture *texture);

/* The descriptor with every default filled in. Borrowed, as is its label, until the last unref. */
GEYSER_API const struct geyser_texture_desc *geyser_texture_get_desc(
	const struct geyser_texture *texture);

/* Keeps a pointer of the caller with a texture: to a view, or to an import into another API.
 * geyser_texture_attached finds it again by key, which is an address that the caller owns. The
 * thread that drops the texture's last reference calls destroy(data), while the texture is still
 * whole; a forked child doesn't. destroy may be NULL. It may make any call, also with the texture,
 * which stays alive if destroy takes a reference. Errors: INVALID_ARGUMENT (texture, key or data
 * NULL), EXISTS (something is attached with that key), OUT_OF_MEMORY. */
GEYSER_API enum geyser_result geyser_texture_attach(
	struct geyser_texture *texture, const void *key, void *data, void (*destroy)(void *data));

/* What was attached with that key, or NULL. Borrowed as long as the texture lives. */
GEYSER_API void *geyser_texture_attached(const struct geyser_texture *texture, const void *key);

enum geyser_access {
	GEYSER_ACCESS_READ = 1,
	GEYSER_ACCESS_WRITE = 2,
	GEYSER_ACCESS_READ_WRITE = 3
};

struct geyser_mapping {
	void *data;       /* first texel of mip level 0, layer 0 */
	size_t row_pitch; /* bytes from one row of mip level 0 to the next */
	/* Bytes from one layer (2D) or depth slice of mip level 0 (3D) to the next. */
	size_t slice_pitch;
	size_t size; /* bytes of all layers and mip levels from data on */
};

/* Maps the texels into this process. On the host backend this is the shared memory itself: what is
 * written is at once in every other process, nothing is copied. Each success needs one unmap; maps
 * may nest and overlap. Ordering access between threads and processes is the caller's: use an
 * event. On Metal it is the IOSurface, locked; other GPUs' textures are copied:
 * geyser_texture_map_path tells. A stream's frame is waited for until its publisher's device has
 * drawn it. Errors: INVALID_ARGUMENT (NULL, unknown access), PERMISSION (write access to a
 * read-only share: geyser_texture_access); of a GPU's also OUT_OF_MEMORY, DEVICE_LOST, SYSTEM,
 * UNSUPPORTED (private storage of Metal's), and for a frame TIMEOUT (not drawn within the manager's
 * import timeout) and DISCONNECTED. */
GEYSER_API enum geyser_result geyser_texture_map(
	struct geyser_texture *texture, enum geyser_access access, struct geyser_mapping *out);

/* Ends one map: the data pointer is no way to the texels any more. It stays a pointer to memory
 * until the texture's last reference goes, for languages in which others may still hold it; what is
 * there is undefined. NULL is fine. */
GEYSER_API void geyser_texture_unmap(struct geyser_texture *texture);

/* What lies between a texture's user and the memory that its exporter uses. */
enum geyser_path {
	GEYSER_PATH_ZERO_COPY = 0, /* nothing: the same memory */
	GEYSER_PATH_BLIT = 1,      /* copied once on the same GPU */
	GEYSER_PATH_COPY = 2,      /* copied through host memory */
};

/* Returns what this process may do with the texels: READ_WRITE, or READ if the exporter shares the
 * texture for reading only, as a publisher shares its frames. READ for NULL. */
GEYSER_API enum geyser_access geyser_texture_access(const struct geyser_texture *texture);

/* How this process gets at the texels on its backend: on the GPU for a GPU's. ZERO_COPY for one
 * that it made itself, and for NULL. */
GEYSER_API enum geyser_path geyser_texture_path(const struct geyser_texture *texture);

/* How geyser_texture_map gets at them: ZERO_COPY where a mapping is the shared memory itself, COPY
 * where it is a staging copy, read from the GPU by the first map and written back by each unmap. */
GEYSER_API enum geyser_path geyser_texture_map_path(const struct geyser_texture *texture);

/* Where one plane of one mip level of one layer lies within a mapping. */
struct geyser_subresource {
	size_t offset; /* bytes from geyser_mapping.data */
	size_t row_pitch,
		slice_pitch; /* bytes from row to row, and from depth slice to depth slice */
	size_t size;         /* bytes of all its rows and depth slices */
	uint32_t width, height, depth; /* texels of this level */
};

/* Errors: INVALID_ARGUMENT (NULL; plane, mip level or layer the texture doesn't have). */
GEYSER_API enum geyser_result geyser_texture_get_subresource(const struct geyser_texture *texture,
	uint32_t plane, uint32_t mip_level, uint32_t layer, struct geyser_subresource *out);

/* ---- handles: plain bytes that name an exported texture or event ----------------------------- */

/* A handle is its exporter's address and 128 random bits, with a checksum: a damaged one is
 * refused, one from before a restart never names another object. It grants access only to the same
 * user. */
struct geyser_handle {
	uint8_t bytes[64]; /* plain bytes: send them any way you like */
};

#define GEYSER_HANDLE_TEXT_SIZE 96 /* bytes that hold any handle's text form, with the NUL */

/* The handle's 32-bit id, never 0: unique among this user's exports at any one time, as an
 * IOSurfaceID. 0 if the handle is NULL or damaged. */
GEYSER_API uint32_t geyser_handle_id(const struct geyser_handle *handle);

/* Looks an id up among this user's exports.
 * Errors: INVALID_ARGUMENT (0, NULL), NOT_FOUND (no such id), STALE (its exporter has died),
 * NO_RUNTIME_DIR, PERMISSION (the registry directory isn't ours alone), TIMEOUT (the exporter is
 * stopped). */
GEYSER_API enum geyser_result geyser_handle_from_id(uint32_t id, struct geyser_handle *out);

/* What an id names. */
enum geyser_export_kind {
	GEYSER_EXPORT_UNKNOWN = 0, /* the exporter is stopped or can't be reached */
	GEYSER_EXPORT_TEXTURE = 1,
	GEYSER_EXPORT_EVENT = 2,
};

struct geyser_export_info {
	uint32_t id;
	int32_t pid; /* the exporter's; 0 where it can't be reached */
	enum geyser_export_kind kind;
	enum geyser_backend backend; /* the exporter's; AUTO while the kind is UNKNOWN */
	struct geyser_handle handle; /* zero while the kind is UNKNOWN */
};

/* Lists all textures and events that this user's programs export, sorted by id. The caller owns the
 * array: geyser_export_list_free frees it. *out may be NULL where *count is 0. The call imports
 * nothing and changes no count of importers. It asks each exporter once, and waits about half a
 * second at most for all answers together. Errors: INVALID_ARGUMENT (NULL), NO_RUNTIME_DIR,
 * PERMISSION, OUT_OF_MEMORY, LIMIT. */
GEYSER_API enum geyser_result geyser_export_list(struct geyser_export_info **out, size_t *count);

/* Frees an array of geyser_export_list; NULL is fine. */
GEYSER_API void geyser_export_list_free(struct geyser_export_info *exports);

/* Reads the text form: "geyser1-" and 78 hexadecimal digits, nothing before or after.
 * Errors: INVALID_ARGUMENT, naming the first wrong character or the failed checksum. */
GEYSER_API enum geyser_result geyser_handle_from_string(
	const char *text, struct geyser_handle *out);

/* Writes the text form with its NUL into text. Errors: INVALID_ARGUMENT (NULL, a damaged handle,
 * size too small: GEYSER_HANDLE_TEXT_SIZE always does). text becomes "" after a failure if size is
 * over 0. */
GEYSER_API enum geyser_result geyser_handle_to_string(
	const struct geyser_handle *handle, char *text, size_t size);

/* ---- sharing textures ---------------------------------------------------------------------- */

/* Makes the texture importable by other processes of the same user. Exporting again gives the same
 * handle until unexport. Imported textures can be exported again. The first export of a process
 * starts one thread, "geyser-ipc", that answers importers; it ends with the process's last manager
 * and object. Errors: INVALID_ARGUMENT (NULL), NO_RUNTIME_DIR, PERMISSION (registry directory's
 * owner or mode), LIMIT (no free file descriptor), SYSTEM. */
GEYSER_API enum geyser_result geyser_texture_export(
	struct geyser_texture *texture, struct geyser_handle *out);

/* No new imports; existing ones live on. A texture that isn't exported is left alone: GEYSER_OK. */
GEYSER_API enum geyser_result geyser_texture_unexport(struct geyser_texture *texture);

/* Imports a texture that this or another process exported; it outlives its exporter. With expected,
 * the exporter's descriptor must be equal in every field but the label, defaults filled in on both
 * sides. Errors: INVALID_ARGUMENT (NULL, damaged handle, an event's handle, a wrong expected),
 * NOT_FOUND (the exporter lives but no longer exports it), STALE (the exporter is gone), MISMATCH
 * (names the field; or the exporter's memory isn't allocated), PERMISSION (another user's),
 * UNSEALED (memory that could shrink), TIMEOUT (exporter stopped or stuck), DISCONNECTED (it died
 * while answering), PROTOCOL, LIMIT (no free file descriptor here or there; more memory than one
 * peer may make this process map: docs/streams.md). */
GEYSER_API enum geyser_result geyser_texture_import(struct geyser_manager *manager,
	const struct geyser_handle *handle, const struct geyser_texture_desc *expected,
	struct geyser_texture **out);

/* Who has imported an exported texture. */
struct geyser_importers {
	uint32_t current; /* imports alive now; a process that dies lets go of its own */
	uint64_t total;   /* imports since the export */
};

/* Errors: INVALID_ARGUMENT (NULL). All zero while not exported. */
GEYSER_API enum geyser_result geyser_texture_importers(
	struct geyser_texture *texture, struct geyser_importers *out);

/* A descriptor (an eventfd, on macOS a pipe; owned by the caller) that becomes readable each time
 * an importer comes or goes; read 8 bytes to re-arm it. It follows the present export: get a new
 * one after unexport. Errors: INVALID_ARGUMENT (NULL, not exported), LIMIT (no free file
 * descriptor). */
GEYSER_API enum geyser_result geyser_texture_importers_fd(struct geyser_texture *texture, int *out);

/* ---- events: a 64-bit timeline that only grows ----------------------------------------------- */

struct geyser_event; /* opaque, reference counted */

/* Makes an event with one reference and this value. Errors: as geyser_texture_create. */
GEYSER_API enum geyser_result geyser_event_create(
	struct geyser_manager *manager, uint64_t initial, struct geyser_event **out);
GEYSER_API struct geyser_event *geyser_event_ref(struct geyser_event *event);

/* Drops a reference; NULL is fine. The last one first runs every pending callback with
 * GEYSER_ERROR_STALE, so it may wait for a callback that is running: hold no lock that one needs.
 * Called within a callback of the library it waits for nothing: the event's own thread then runs
 * the pending callbacks, and ends the event afterwards. */
GEYSER_API void geyser_event_unref(struct geyser_event *event);

/* As geyser_texture_attach and geyser_texture_attached. If the last reference is dropped within a
 * callback, the event's thread calls destroy(data), after the event's callbacks. */
GEYSER_API enum geyser_result geyser_event_attach(
	struct geyser_event *event, const void *key, void *data, void (*destroy)(void *data));
GEYSER_API void *geyser_event_attached(const struct geyser_event *event, const void *key);

/* As for textures. All holders, not only the exporter, may signal. The event of a stream's frames
 * reaches subscribers with the stream: exporting it is an error, PERMISSION. */
GEYSER_API enum geyser_result geyser_event_export(
	struct geyser_event *event, struct geyser_handle *out);
GEYSER_API enum geyser_result geyser_event_unexport(struct geyser_event *event);
GEYSER_API enum geyser_result geyser_event_import(struct geyser_manager *manager,
	const struct geyser_handle *handle, struct geyser_event **out);

/* The present value; what one process has seen never gets smaller. Errors: INVALID_ARGUMENT (NULL).
 */
GEYSER_API enum geyser_result geyser_event_value(struct geyser_event *event, uint64_t *out);

/* Raises the value to this one and wakes whoever waits for it or less; a value not above the
 * present one changes nothing: GEYSER_OK. With nobody waiting it makes no system call. What the
 * signaller wrote before is seen by whoever has waited. Errors: INVALID_ARGUMENT (NULL), PERMISSION
 * (the event that a subscriber's frames wait for: only its publisher raises it). */
GEYSER_API enum geyser_result geyser_event_signal(struct geyser_event *event, uint64_t value);

/* Waits until the value is reached. Errors: INVALID_ARGUMENT (NULL), TIMEOUT, DISCONNECTED
 * (imported, the value not reached, and the exporter's process has died: at once, also if it died
 * before the call), DEVICE_LOST (the same of the device that its exporter signals it with). */
GEYSER_API enum geyser_result geyser_event_wait(
	struct geyser_event *event, uint64_t value, uint64_t timeout_ns);

/* Called once for each successful geyser_event_notify, on a thread of that event's
 * ("geyser-event"), with no lock held: GEYSER_OK when the value is reached (value: the present
 * one), GEYSER_ERROR_DISCONNECTED and _DEVICE_LOST as for wait, GEYSER_ERROR_STALE when the event's
 * last reference goes (event is then valid only until the return, unless the callback takes a
 * reference). Within it every call is allowed, also the last geyser_event_unref of this event or
 * another; a callback that takes long delays only those of the same event. */
typedef void geyser_event_callback(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user);

/* Calls callback once: when the value is reached, or when it can't be reached any more. The call
 * costs O(log n) with n callbacks pending, whatever the order of their values. Errors:
 * INVALID_ARGUMENT (NULL event or callback), OUT_OF_MEMORY, SYSTEM (no thread), STALE (called
 * within a callback that got GEYSER_ERROR_STALE: the event ends, and takes no more callbacks). */
GEYSER_API enum geyser_result geyser_event_notify(struct geyser_event *event, uint64_t value,
	void (*callback)(
		struct geyser_event *event, uint64_t value, enum geyser_result result, void *user),
	void *user);

/* A descriptor for poll(), owned by the caller: readable for good once the value is reached, the
 * exporter has died or the event is released; a geyser_event_wait with timeout 0 then says which.
 * It is one end of a socket pair, and poll() may say POLLHUP as well. The library keeps the other
 * end until then; it finds out by itself, within a second, that the caller has closed its own.
 * Errors: as geyser_event_notify, and LIMIT (no free file descriptor; or this event's descriptors
 * for values not reached yet are a quarter of the process's limit, ulimit -n). */
GEYSER_API enum geyser_result geyser_event_fd(struct geyser_event *event, uint64_t value, int *out);

/* ---- native objects, for programs with a transport of their own (Wayland, D-Bus, PipeWire, XPC)
 * -- */

enum geyser_native_type {
	GEYSER_NATIVE_MEMFD = 1,
	GEYSER_NATIVE_OPAQUE_FD,
	GEYSER_NATIVE_DMA_BUF,
	GEYSER_NATIVE_IOSURFACE,
};

struct geyser_native_texture {
	enum geyser_native_type type;
	int fd;        /* export gives one to the caller; import duplicates; -1 if none */
	void *object;  /* IOSurfaceRef; export retains it for the caller, import for the texture */
	uint64_t size; /* bytes of the whole allocation */
	uint32_t plane_count;
	struct {
		uint64_t offset, row_pitch; /* row_pitch 0: the driver's own (opaque) layout */
	} planes[4];
	uint64_t modifier;                        /* DRM format modifier, for dma-buf */
	bool dedicated;                           /* allocated for this one image (opaque fd) */
	uint8_t device_uuid[16], driver_uuid[16]; /* all zero: not checked */
};

/* What the texture is made of; the fd is the caller's to close, the object to CFRelease. Layers and
 * mip levels follow plane 0's first level as geyser_texture_get_subresource says. Errors:
 * INVALID_ARGUMENT (NULL), LIMIT, UNSUPPORTED. */
GEYSER_API enum geyser_result geyser_texture_export_native(
	struct geyser_texture *texture, struct geyser_native_texture *out);

/* As geyser_texture_export_native, with a type that the caller chooses: a host texture can be a
 * memfd, or a dma-buf through /dev/udmabuf. A stream's buffer in host memory is sealed and can't
 * become a dma-buf, unless the stream is made with GEYSER_USAGE_DMA_BUF or GEYSER_USAGE_WRITERS.
 * Errors: as geyser_texture_export_native, and UNSUPPORTED, naming the types that are possible. */
GEYSER_API enum geyser_result geyser_texture_export_native_as(struct geyser_texture *texture,
	enum geyser_native_type type, struct geyser_native_texture *out);

/* Closes the fd and releases the object that an export gave; they are -1 and NULL then. NULL is
 * fine.
 */
GEYSER_API void geyser_native_texture_release(struct geyser_native_texture *native);

/* Makes a texture of memory that came some other way; fd and object stay the caller's. A memfd must
 * be sealed against shrinking, growing and further seals, lie on tmpfs, and hold the layout it
 * claims. Its pages need not be allocated; geyser_texture_export allocates missing ones. Errors:
 * INVALID_ARGUMENT, UNSUPPORTED (type or kind of memory), UNSEALED, MISMATCH (size or pitch, with
 * the numbers), LIMIT. */
GEYSER_API enum geyser_result geyser_texture_import_native(struct geyser_manager *manager,
	const struct geyser_native_texture *native, const struct geyser_texture_desc *desc,
	struct geyser_texture **out);

enum geyser_native_event_type {
	/* The opaque descriptor of a Vulkan timeline semaphore, for the same driver. */
	GEYSER_NATIVE_EVENT_TIMELINE_FD = 1,
};

struct geyser_native_event {
	enum geyser_native_event_type type;
	int fd;
	uint8_t device_uuid[16], driver_uuid[16];
};

/* The event as an object that another API of the same driver imports: CUDA, OpenGL with
 * GL_NV_timeline_semaphore, a Vulkan device of the program's own. Both ways values are the event's.
 * The fd is the caller's to close (most APIs take it over when they import it). Errors:
 * INVALID_ARGUMENT (NULL), UNSUPPORTED (no such objects here: the host backend, drivers without
 * timeline semaphores between processes; imported from a process of another driver), LIMIT,
 * OUT_OF_MEMORY, SYSTEM, DEVICE_LOST. */
GEYSER_API enum geyser_result geyser_event_export_native(
	struct geyser_event *event, struct geyser_native_event *out);

/* ---- the machine --------------------------------------------------------------------------- */

struct geyser_system_info {
	/* Shared memory can have a fixed size, which the host backend needs. Linux: a memfd with
	 * F_SEAL_SHRINK, GROW and SEAL; macOS: shm_open. */
	bool sealing;
	/* Shared memory can be read-only for other processes. Linux 5.1: F_SEAL_FUTURE_WRITE;
	 * macOS: a descriptor for reading. */
	bool future_write;
	/* Linux 5.16. Without futex_waitv, a wait on an imported event checks every 50 ms whether
	 * the peer has died. */
	bool futex_waitv;
	/* Linux 5.3; on macOS a kqueue. Without a pidfd, only the socket tells that a peer has
	 * died. */
	bool pidfd;
};

/* What this kernel offers. Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_system_get_info(struct geyser_system_info *out);

/* Writes the path of the directory in which this process registers its exports: the first place of
 * geyser_registry_place that it can use. The directory need not exist yet, and this call doesn't
 * make it. Errors: INVALID_ARGUMENT (NULL, size too small), NO_RUNTIME_DIR (no place can be used),
 * PERMISSION (the directory exists with a wrong owner or mode). On macOS and iOS also
 * NO_RUNTIME_DIR, if the path is too long for a socket's address: then only this process itself can
 * import its exports. text holds the path also after that error and after PERMISSION; after any
 * other error it is "". */
GEYSER_API enum geyser_result geyser_registry_directory(char *text, size_t size);

/* Writes the path of a place where a registry may lie. Index 0 is the preferred place: "geyser" in
 * $XDG_RUNTIME_DIR, then "geyser" in /run/user/UID, then /tmp/geyser-UID. On macOS and iOS there
 * are two: "geyser" in $XDG_RUNTIME_DIR, then in the user's temporary directory. If
 * $GEYSER_RUNTIME_DIR is set and not empty, "geyser" in that directory is the only place. A process
 * registers in the first place where it can make files. It looks for names, ids and handles in all
 * places, so that programs of one user with and without a session find each other. $XDG_RUNTIME_DIR
 * and /run/user/UID are used only if they belong to this process's effective user. GEYSER_OK means
 * that this process could register there; a registry need not exist there yet. Errors: NOT_FOUND
 * (no place has this index), NO_RUNTIME_DIR (this process can't register there:
 * geyser_error_detail says why; it still looks for names in a directory that it can read but not
 * write), PERMISSION (the entry there belongs to another user, has a wrong mode or is no
 * directory), INVALID_ARGUMENT (NULL, size too small). text holds the place's path if it has one,
 * also after NO_RUNTIME_DIR and PERMISSION, else "". */
GEYSER_API enum geyser_result geyser_registry_place(uint32_t index, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
