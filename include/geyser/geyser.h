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
 * - Outputs are the last parameters. After a failure they are NULL, 0, or -1 for a file descriptor.
 * - Times are nanoseconds on CLOCK_MONOTONIC. A timeout is relative: 0 means that the call doesn't
 *   wait, UINT64_MAX means that the caller sets no deadline. Sizes, offsets and pitches are bytes.
 * - The caller must release an "owned" result. A "borrowed" result lives as long as the comment
 *   says, a "static" one for ever.
 * - Any thread may call any function at any time, unless the comment says otherwise. During a call
 *   the caller must hold its own reference to the object.
 * - After fork() the child must not use objects that the parent made; their memory stays mapped.
 *   The child may make managers of its own. All file descriptors that geyser opens are
 *   close-on-exec.
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

/* Returns the version of the running library, as "MAJOR.MINOR.PATCH". The result is static. */
GEYSER_API const char *geyser_version(void);

/* ---- results ------------------------------------------------------------------------------- */

enum geyser_result {
	GEYSER_OK = 0,
	/* the call itself is wrong: NULL, zero size, damaged handle */
	GEYSER_ERROR_INVALID_ARGUMENT = -1,
	GEYSER_ERROR_UNSUPPORTED = -2,   /* the backend, the format or the kernel can't do it */
	GEYSER_ERROR_OUT_OF_MEMORY = -3, /* there is no memory or space left */
	GEYSER_ERROR_NOT_FOUND = -4,     /* there is no such handle, id or stream */
	GEYSER_ERROR_STALE = -5,  /* the exporter has gone or restarted, or its device is lost */
	GEYSER_ERROR_EXISTS = -6, /* the name is taken */
	GEYSER_ERROR_PERMISSION = -7,      /* another user owns the object, or it is read-only */
	GEYSER_ERROR_UNSEALED = -8,        /* the owner of the memory can still shrink it */
	GEYSER_ERROR_MISMATCH = -9,        /* the object isn't as expected, or isn't as described */
	GEYSER_ERROR_TIMEOUT = -10,        /* the given time ran out */
	GEYSER_ERROR_DISCONNECTED = -11,   /* the peer process has gone */
	GEYSER_ERROR_BUSY = -12,           /* the object is in use; a later call may work */
	GEYSER_ERROR_LIMIT = -13,          /* a limit of sizes, descriptors or connections */
	GEYSER_ERROR_PROTOCOL = -14,       /* the peer speaks another protocol, or sends nonsense */
	GEYSER_ERROR_DEVICE_LOST = -15,    /* the GPU was reset or removed */
	GEYSER_ERROR_NO_RUNTIME_DIR = -16, /* no place for a registry: geyser_registry_place */
	GEYSER_ERROR_SYSTEM = -17,         /* the system refused; the detail names call and errno */
};

/* Returns the constant's name, such as "GEYSER_ERROR_STALE". Returns "GEYSER_ERROR_UNKNOWN" for any
 * other number. The result is static. */
GEYSER_API const char *geyser_result_string(enum geyser_result result);

/* Returns this thread's last failure in words. A success doesn't clear it. Returns "" before the
 * first failure, and never NULL. The result is borrowed until the next failure on this thread. */
GEYSER_API const char *geyser_error_detail(void);

/* ---- managers ------------------------------------------------------------------------------ */

enum geyser_backend {
	/* The backend that $GEYSER_BACKEND names. If that isn't set, the best available one: the
	 * backend of a GPU, but not Vulkan on a software device. */
	GEYSER_BACKEND_AUTO = 0,
	GEYSER_BACKEND_HOST = 1, /* sealed shared memory, on every machine */
	GEYSER_BACKEND_VULKAN = 2,
	GEYSER_BACKEND_METAL = 3,
};

/* Returns "auto", "host", "vulkan" or "metal", and NULL for any other number. The result is
 * static. */
GEYSER_API const char *geyser_backend_name(enum geyser_backend backend);

/* Tells whether a manager with this backend can be made here. Returns GEYSER_OK if it can, else the
 * reason as an error, with the detail. */
GEYSER_API enum geyser_result geyser_backend_available(enum geyser_backend backend);

struct geyser_manager; /* Opaque. A manager makes all other objects, on one backend. */

struct geyser_manager_desc {
	enum geyser_backend backend;
	/* The name that peers see: at most 63 bytes, copied. NULL: the name of the program. */
	const char *application;
	uint64_t import_timeout_ns; /* how long an import waits for the exporter's answer; 0: 5 s */
};

/* Makes a manager. The caller owns *out and destroys it. desc may be NULL for all defaults. Errors:
 * INVALID_ARGUMENT (out NULL, application too long, unknown backend), UNSUPPORTED (the backend
 * isn't available here, with the reason), LIMIT (no free file descriptor), OUT_OF_MEMORY. */
GEYSER_API enum geyser_result geyser_manager_create(
	const struct geyser_manager_desc *desc, struct geyser_manager **out);

/* Destroys the caller's manager; NULL is fine. The manager's textures and events stay valid until
 * the caller releases them, and keep what they need alive. */
GEYSER_API void geyser_manager_destroy(struct geyser_manager *manager);

/* Returns the backend in use, which is never AUTO. */
GEYSER_API enum geyser_backend geyser_manager_get_backend(const struct geyser_manager *manager);

/* The longest time to spin, in ns: 1 s. */
#define GEYSER_SPIN_MAX_NS UINT64_C(1000000000)

/* Sets how many nanoseconds a thread spins before it sleeps, for the events, publishers and
 * subscribers that this manager makes from now on. With 0, the default, it sleeps at once.
 *
 * A thread that spins looks at shared memory again and again. It runs on less than a microsecond
 * after the other process has signalled, submitted or released, while a thread that sleeps needs a
 * wake of some microseconds. The price is the CPU, which other threads can't use meanwhile.
 * Spinning never pays if both sides share one CPU.
 *
 * An object's recent waits decide whether its next wait spins. If two waits in a row have spun in
 * vain, the next wait sleeps at once; after three of them the next 3 waits; then 7, 15, 31, and at
 * last 63. The first wait that ends while it spins lets all waits spin again. So a short time costs
 * a stream of 60 frames a second next to nothing.
 *
 * Each object has a setting of its own: geyser_event_set_spin, geyser_publisher_set_spin,
 * geyser_subscriber_set_spin. A wait that spins ends at its timeout, and for the death of a peer or
 * the loss of a device, as one that sleeps. Callbacks and descriptors never spin. Any thread may
 * call this. Errors: INVALID_ARGUMENT (NULL; above GEYSER_SPIN_MAX_NS). */
GEYSER_API enum geyser_result geyser_manager_set_spin(
	struct geyser_manager *manager, uint64_t spin_ns);

enum geyser_dimension {
	GEYSER_DIMENSION_2D = 0,       /* one layer, depth 1 */
	GEYSER_DIMENSION_2D_ARRAY = 1, /* layers > 1 */
	GEYSER_DIMENSION_3D = 2,       /* depth > 1 */
};

/* Tells which of the GEYSER_USAGE bits a texture of this format and dimension can have. *out is 0
 * if no such texture can be made. Errors: INVALID_ARGUMENT (NULL, unknown format or dimension). */
GEYSER_API enum geyser_result geyser_manager_format_usage(struct geyser_manager *manager,
	enum geyser_format format, enum geyser_dimension dimension, uint32_t *out);

/* Bytes of backing memory, in whole pages, as the kernel counts them. */
struct geyser_memory_usage {
	uint64_t held;     /* allocated by this manager, and not yet released */
	uint64_t exported; /* the part of held and imported that other processes can import now */
	uint64_t imported; /* memory of other processes that this manager has imported */
};

struct geyser_memory_info {
	struct geyser_memory_usage textures;
	struct geyser_memory_usage events;
};

/* Tells how much memory this manager's objects hold now. Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_manager_memory(
	struct geyser_manager *manager, struct geyser_memory_info *out);

/* ---- textures ------------------------------------------------------------------------------ */

/* The possible uses of a texture. The values are WebGPU's. */
#define GEYSER_USAGE_COPY_SRC 0x01u
#define GEYSER_USAGE_COPY_DST 0x02u
#define GEYSER_USAGE_TEXTURE_BINDING 0x04u
#define GEYSER_USAGE_STORAGE_BINDING 0x08u
#define GEYSER_USAGE_RENDER_ATTACHMENT 0x10u
/* Where the texture's memory must lie: at most one of these bits. Without them the backend uses the
 * memory that is fastest for it. Making the texture fails if the device can't have such memory for
 * this size or shape.
 *
 * HOST_MEMORY: sealed host memory, which every backend can import, even on another device.
 *
 * DMA_BUF: a dma-buf, for GBM, EGL, Wayland and V4L2.
 *
 * LINEAR: rows one after another in the device's own memory, so that the memory can also be used
 * through its address. CUDA's device pointers and tensors need this. On a GPU such a texture is 2D,
 * with one layer and one mip level. Drawing and sampling may be slower than with the driver's own
 * layout. Host memory and IOSurfaces always have such rows.
 *
 * GLOBAL_ID: an IOSurface that any process of any user can find by its IOSurfaceID, as Syphon needs
 * it. See geyser_metal_texture_global_id. */
#define GEYSER_USAGE_HOST_MEMORY 0x20u
#define GEYSER_USAGE_DMA_BUF 0x40u
#define GEYSER_USAGE_GLOBAL_ID 0x80u
#define GEYSER_USAGE_LINEAR 0x100u
/* For a stream's buffers: subscribers may write into them, and the memory of the buffers is not
 * sealed against writing. Without this bit a subscriber may only read its frames. Importers of a
 * texture that is no stream's buffer may write into it with or without the bit. Every format can
 * have the bit, so geyser_manager_format_usage doesn't list it. docs/streams.md says which memory
 * is sealed. */
#define GEYSER_USAGE_WRITERS 0x200u

/* A part of `usage`, beside the bits above: each row of each plane begins at a multiple of so many
 * bytes, a power of two from 1 to GEYSER_ROW_ALIGNMENT_MAX. GStreamer aligns rows to 4 bytes, and
 * drivers import host memory without a copy if its rows are aligned as theirs: NVIDIA's to 128
 * bytes. Without it rows have no more padding than the memory needs.
 *
 * The alignment holds for host memory and IOSurfaces, and for what geyser_texture_map gives. Where
 * a driver lays out the rows (GEYSER_USAGE_LINEAR, and dma-bufs with rows), a texture whose rows
 * the driver aligns to less is UNSUPPORTED. A texture with an alignment has one mip level. The
 * alignment doesn't travel to other processes, which get the rows' pitch. Importing takes any
 * pitch, and leaves the alignment out of the texture's descriptor. A number that doesn't fit in 16
 * bits becomes 65535, which no call accepts. */
#define GEYSER_ROW_ALIGNMENT(bytes) \
	((uint64_t)(bytes) > 0xFFFFu ? 0xFFFF0000u : (uint32_t)(bytes) << 16)
#define GEYSER_ROW_ALIGNMENT_MAX 4096u

/* The limits that hold for every backend. A backend's own limits may be lower. */
#define GEYSER_MAX_DIMENSION 32768u /* width and height, in texels */
#define GEYSER_MAX_DEPTH 2048u
#define GEYSER_MAX_LAYERS 2048u
#define GEYSER_MAX_LABEL 255u /* bytes, without the NUL */

struct geyser_texture; /* opaque, reference counted */

struct geyser_texture_desc {
	enum geyser_format format;
	uint32_t width, height;             /* texels, 1 to GEYSER_MAX_DIMENSION */
	uint32_t depth, layers, mip_levels; /* 0 means 1; depth and layers can't both be over 1 */
	/* GEYSER_USAGE bits, and GEYSER_ROW_ALIGNMENT; without any use of the texture it means
	 * COPY_SRC | COPY_DST | TEXTURE_BINDING */
	uint32_t usage;
	/* a name for people, copied; may be NULL; at most GEYSER_MAX_LABEL bytes */
	const char *label;
};

/* Makes a texture with one reference, which the caller owns. The texels are zero. Errors:
 * INVALID_ARGUMENT (NULL, zero size, unknown format or usage bit, a row alignment that is no power
 * of two or too large, too many mip levels, label too long), UNSUPPORTED (a usage that this format
 * can't have; a format of video with more than one layer, mip level or depth slice; a row alignment
 * that the driver doesn't have, or with several mip levels; a format that the backend lacks), LIMIT
 * (over a maximum; no free file descriptor), OUT_OF_MEMORY (more than the machine has free). */
GEYSER_API enum geyser_result geyser_texture_create(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Adds a reference, and returns its argument. */
GEYSER_API struct geyser_texture *geyser_texture_ref(struct geyser_texture *texture);

/* Drops a reference; NULL is fine. The last one ends the export and releases the texture in this
 * process. Processes that have imported the texture keep it. */
GEYSER_API void geyser_texture_unref(struct geyser_texture *texture);

/* Returns the descriptor with every default filled in. The descriptor and its label are borrowed
 * until the last unref. */
GEYSER_API const struct geyser_texture_desc *geyser_texture_get_desc(
	const struct geyser_texture *texture);

/* Attaches a pointer of the caller's to a texture, for example to a view of it or to its import
 * into another API. key is an address that the caller owns; geyser_texture_attached finds the
 * pointer by key.
 *
 * The thread that drops the texture's last reference calls destroy(data), while the texture is
 * still whole. A forked child doesn't call destroy. destroy may be NULL. It may make any call, even
 * with the texture. If destroy takes a reference, the texture stays alive. Errors: INVALID_ARGUMENT
 * (texture, key or data NULL), EXISTS (a pointer is attached with that key), OUT_OF_MEMORY. */
GEYSER_API enum geyser_result geyser_texture_attach(
	struct geyser_texture *texture, const void *key, void *data, void (*destroy)(void *data));

/* Returns the pointer that was attached with that key, or NULL. The result is borrowed as long as
 * the texture lives. */
GEYSER_API void *geyser_texture_attached(const struct geyser_texture *texture, const void *key);

enum geyser_access {
	GEYSER_ACCESS_READ = 1,
	GEYSER_ACCESS_WRITE = 2,
	GEYSER_ACCESS_READ_WRITE = 3
};

struct geyser_mapping {
	void *data;       /* the first texel of plane 0, mip level 0, layer 0 */
	size_t row_pitch; /* bytes from one row of plane 0, mip level 0 to the next */
	/* Bytes from one layer (2D) or depth slice of mip level 0 (3D) to the next. */
	size_t slice_pitch;
	size_t size; /* bytes of all planes, layers and mip levels, from data on */
};

/* Maps the texels into this process. On the host backend the mapping is the shared memory itself:
 * other processes see at once what is written, and nothing is copied. On Metal the mapping is the
 * locked IOSurface. Textures of other GPU backends are copied; geyser_texture_map_path tells which
 * way is used.
 *
 * Each successful map needs one unmap. Maps may nest and overlap. The caller orders access between
 * threads and processes, for example with an event. For a stream's frame, the call waits until the
 * publisher's device has drawn it.
 *
 * Errors: INVALID_ARGUMENT (NULL, unknown access), PERMISSION (write access to a texture that is
 * shared for reading only: geyser_texture_access). For a GPU's texture also OUT_OF_MEMORY,
 * DEVICE_LOST, SYSTEM and UNSUPPORTED (Metal's private storage). For a frame also TIMEOUT (not
 * drawn within the manager's import timeout) and DISCONNECTED. */
GEYSER_API enum geyser_result geyser_texture_map(
	struct geyser_texture *texture, enum geyser_access access, struct geyser_mapping *out);

/* Ends one map; NULL is fine. The data pointer must not be used for the texels any more. It still
 * points to memory, with undefined contents, until the texture's last reference goes. Languages
 * that can't end all uses of a pointer need this. */
GEYSER_API void geyser_texture_unmap(struct geyser_texture *texture);

/* How a user of a texture reaches the memory that its exporter uses. */
enum geyser_path {
	GEYSER_PATH_ZERO_COPY = 0, /* the same memory: nothing is copied */
	GEYSER_PATH_BLIT = 1,      /* copied once, on the same GPU */
	GEYSER_PATH_COPY = 2,      /* copied through host memory */
	/* A stream's frame in the format and size that its subscriber has asked for: the
	 * publisher's process converts it once, for all that ask the same. See
	 * geyser_subscriber_create_rendition. */
	GEYSER_PATH_CONVERTED = 3,
};

/* Returns what this process may do with the texels. That is READ_WRITE, or READ if the exporter
 * shares the texture for reading only, as a publisher shares its frames. Returns READ for NULL. */
GEYSER_API enum geyser_access geyser_texture_access(const struct geyser_texture *texture);

/* Tells how this process's backend reaches the texels. For a GPU backend that is the way of the
 * GPU. Returns ZERO_COPY for a texture that this process made, and for NULL. */
GEYSER_API enum geyser_path geyser_texture_path(const struct geyser_texture *texture);

/* Tells how geyser_texture_map reaches the texels. ZERO_COPY: a mapping is the shared memory
 * itself. COPY: a mapping is a staging copy. The first map reads the copy from the GPU, and each
 * unmap writes it back. */
GEYSER_API enum geyser_path geyser_texture_map_path(const struct geyser_texture *texture);

/* Tells where one plane of one mip level of one layer lies within a mapping. */
struct geyser_subresource {
	size_t offset; /* bytes from geyser_mapping.data */
	/* bytes from row to row, and from depth slice to depth slice */
	size_t row_pitch, slice_pitch;
	size_t size;                   /* bytes of all its rows and depth slices */
	uint32_t width, height, depth; /* texels of this level, in the plane's own format */
};

/* Tells where a subresource lies. Formats of one plane have plane 0 only. geyser_format_get_info
 * tells how many planes a format has, and the format of each plane's texels. Errors:
 * INVALID_ARGUMENT (NULL; a plane, mip level or layer that the texture doesn't have). */
GEYSER_API enum geyser_result geyser_texture_get_subresource(const struct geyser_texture *texture,
	uint32_t plane, uint32_t mip_level, uint32_t layer, struct geyser_subresource *out);

/* ---- handles: plain bytes that name an exported texture or event ----------------------------- */

/* A handle holds its exporter's address, 128 random bits and a checksum. A damaged handle is
 * refused. A handle from before a restart never names another object. A handle gives access only to
 * processes of the same user. */
struct geyser_handle {
	uint8_t bytes[64]; /* plain bytes: send them any way you like */
};

/* Large enough for the text form of any handle, with the NUL. */
#define GEYSER_HANDLE_TEXT_SIZE 96

/* Returns the handle's 32-bit id, which is like an IOSurfaceID. The id is never 0, and at any one
 * time no two exports of this user have the same id. Returns 0 if the handle is NULL or damaged. */
GEYSER_API uint32_t geyser_handle_id(const struct geyser_handle *handle);

/* Finds the export of this user that has that id. Waits 5 s at most for the exporter's answer.
 * Errors: INVALID_ARGUMENT (0, NULL), NOT_FOUND (no such id), STALE (its exporter has died),
 * NO_RUNTIME_DIR, PERMISSION (other users can write the registry directory, or it belongs to
 * another user), TIMEOUT (the exporter is stopped). */
GEYSER_API enum geyser_result geyser_handle_from_id(uint32_t id, struct geyser_handle *out);

/* The kinds of object that an id can name. */
enum geyser_export_kind {
	GEYSER_EXPORT_UNKNOWN = 0, /* the exporter is stopped, or can't be reached */
	GEYSER_EXPORT_TEXTURE = 1,
	GEYSER_EXPORT_EVENT = 2,
};

struct geyser_export_info {
	uint32_t id;
	int32_t pid; /* of the exporter; 0 if it can't be reached */
	enum geyser_export_kind kind;
	enum geyser_backend backend; /* of the exporter; AUTO if the kind is UNKNOWN */
	struct geyser_handle handle; /* zero if the kind is UNKNOWN */
};

/* Lists all textures and events that this user's programs export, sorted by id. The caller owns the
 * array: geyser_export_list_free frees it. *out may be NULL if *count is 0. The call imports
 * nothing, and changes no count of importers. It asks each exporter once, and waits at most about
 * half a second for all answers together. Errors: INVALID_ARGUMENT (NULL), NO_RUNTIME_DIR,
 * PERMISSION, OUT_OF_MEMORY, LIMIT. */
GEYSER_API enum geyser_result geyser_export_list(struct geyser_export_info **out, size_t *count);

/* Frees an array of geyser_export_list; NULL is fine. */
GEYSER_API void geyser_export_list_free(struct geyser_export_info *exports);

/* Reads a handle from its text form: "geyser1-" and 78 hexadecimal digits, with nothing before or
 * after. Errors: INVALID_ARGUMENT, naming the first wrong character or the failed checksum. */
GEYSER_API enum geyser_result geyser_handle_from_string(
	const char *text, struct geyser_handle *out);

/* Writes the text form with its NUL into text. GEYSER_HANDLE_TEXT_SIZE bytes are always enough.
 * Errors: INVALID_ARGUMENT (NULL, a damaged handle, size too small). After a failure text becomes
 * "" if size is over 0. */
GEYSER_API enum geyser_result geyser_handle_to_string(
	const struct geyser_handle *handle, char *text, size_t size);

/* ---- sharing textures ---------------------------------------------------------------------- */

/* Exports the texture: other processes of the same user can now import it. Exporting again gives
 * the same handle until unexport. Imported textures can be exported again. The first export of a
 * process starts one thread, "geyser-ipc", which answers importers. The thread ends with the
 * process's last manager and object. Errors: INVALID_ARGUMENT (NULL), NO_RUNTIME_DIR, PERMISSION
 * (registry directory's owner or mode), LIMIT (no free file descriptor), SYSTEM. */
GEYSER_API enum geyser_result geyser_texture_export(
	struct geyser_texture *texture, struct geyser_handle *out);

/* Ends the export. New imports fail; existing imports live on. Returns GEYSER_OK also for a texture
 * that isn't exported. */
GEYSER_API enum geyser_result geyser_texture_unexport(struct geyser_texture *texture);

/* Imports a texture that this or another process has exported. The caller owns a reference. The
 * call waits for the exporter's answer, for the manager's import timeout at most. The import
 * outlives its exporter. If expected isn't NULL, the exporter's descriptor must be equal to
 * it in every field but the label. Defaults are filled in on both sides before that. Errors:
 * INVALID_ARGUMENT (NULL, damaged handle, an event's handle, a wrong expected), NOT_FOUND (the
 * exporter lives but no longer exports the texture), STALE (the exporter has gone), MISMATCH (names
 * the field; or the exporter's memory isn't allocated), PERMISSION (another user's), UNSEALED
 * (memory that could shrink), TIMEOUT (exporter stopped or stuck), DISCONNECTED (the exporter died
 * while answering), PROTOCOL, LIMIT (no free file descriptor here or there; more memory than one
 * peer may make this process map: docs/streams.md). */
GEYSER_API enum geyser_result geyser_texture_import(struct geyser_manager *manager,
	const struct geyser_handle *handle, const struct geyser_texture_desc *expected,
	struct geyser_texture **out);

/* How many imports an exported texture has. */
struct geyser_importers {
	uint32_t current; /* imports that are alive; a process that dies releases its imports */
	uint64_t total;   /* all imports since the export */
};

/* Tells how many imports the texture has. All counts are 0 while it isn't exported. Errors:
 * INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_texture_importers(
	struct geyser_texture *texture, struct geyser_importers *out);

/* Gives a descriptor that becomes readable each time an importer comes or goes. The caller owns it.
 * It is an eventfd, on macOS a pipe: read 8 bytes to re-arm it. It belongs to the present export:
 * get a new one after unexport. Errors: INVALID_ARGUMENT (NULL, not exported), LIMIT (no free file
 * descriptor). */
GEYSER_API enum geyser_result geyser_texture_importers_fd(struct geyser_texture *texture, int *out);

/* ---- events: a 64-bit timeline that only grows ----------------------------------------------- */

struct geyser_event; /* opaque, reference counted */

/* Makes an event with this value and with one reference, which the caller owns. Errors: as
 * geyser_texture_create. */
GEYSER_API enum geyser_result geyser_event_create(
	struct geyser_manager *manager, uint64_t initial, struct geyser_event **out);
GEYSER_API struct geyser_event *geyser_event_ref(struct geyser_event *event);

/* Drops a reference; NULL is fine. The last one first runs every pending callback with
 * GEYSER_ERROR_STALE. It waits for a callback that is running: hold no lock that a callback needs.
 * Within a callback of the library it waits for nothing. The event's own thread then runs the
 * pending callbacks, and ends the event afterwards. */
GEYSER_API void geyser_event_unref(struct geyser_event *event);

/* Work like geyser_texture_attach and geyser_texture_attached. If the last reference is dropped
 * within a callback, the event's thread calls destroy(data), after the event's callbacks. */
GEYSER_API enum geyser_result geyser_event_attach(
	struct geyser_event *event, const void *key, void *data, void (*destroy)(void *data));
GEYSER_API void *geyser_event_attached(const struct geyser_event *event, const void *key);

/* Work as for textures. All holders may signal the event, not only the exporter. Subscribers get
 * the event of a stream's frames with the stream; exporting that event is an error, PERMISSION. */
GEYSER_API enum geyser_result geyser_event_export(
	struct geyser_event *event, struct geyser_handle *out);
GEYSER_API enum geyser_result geyser_event_unexport(struct geyser_event *event);
GEYSER_API enum geyser_result geyser_event_import(struct geyser_manager *manager,
	const struct geyser_handle *handle, struct geyser_event **out);

/* Gives the present value. The value that one process sees never gets smaller. Errors:
 * INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_event_value(struct geyser_event *event, uint64_t *out);

/* Raises the event to this value, and wakes all threads that wait for this value or a smaller one.
 * A value that isn't above the present one changes nothing: GEYSER_OK. If no thread waits, the call
 * makes no system call. A thread that has waited for the value sees everything that the signaller
 * wrote before. Errors: INVALID_ARGUMENT (NULL), PERMISSION (the event that a subscriber's frames
 * wait for: only the publisher raises it). */
GEYSER_API enum geyser_result geyser_event_signal(struct geyser_event *event, uint64_t value);

/* Waits until the value is reached. Errors: INVALID_ARGUMENT (NULL), TIMEOUT, DISCONNECTED (the
 * event is imported, the value isn't reached, and the exporter's process has died: at once, even if
 * it died before the call), DEVICE_LOST (likewise, when the device with which the exporter signals
 * is lost). */
GEYSER_API enum geyser_result geyser_event_wait(
	struct geyser_event *event, uint64_t value, uint64_t timeout_ns);

/* Sets how many nanoseconds geyser_event_wait spins in this process before it sleeps. The default
 * is the manager's time: geyser_manager_set_spin tells what spinning does. Other processes that
 * hold the event aren't affected. Any thread may call this; waits that have begun keep their time.
 * Errors: INVALID_ARGUMENT (NULL; above GEYSER_SPIN_MAX_NS). */
GEYSER_API enum geyser_result geyser_event_set_spin(struct geyser_event *event, uint64_t spin_ns);

/* The type of geyser_event_notify's callback. Each successful geyser_event_notify calls it once, on
 * the event's own thread ("geyser-event"), with no lock held. result tells why it is called.
 * GEYSER_OK: the value is reached; value is the present one. GEYSER_ERROR_DISCONNECTED and
 * _DEVICE_LOST: as for geyser_event_wait. GEYSER_ERROR_STALE: the event's last reference has gone.
 * event is then valid only until the callback returns, unless the callback takes a reference.
 *
 * The callback may make every call, even the last geyser_event_unref of this event or another one.
 * A callback that takes long delays only the callbacks of the same event. */
typedef void geyser_event_callback(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user);

/* Calls callback once, when the value is reached, or when it can't be reached any more. The cost is
 * O(log n) with n pending callbacks, whatever the order of their values is. Where a thread can't
 * sleep on several words (macOS since 14.4, Linux without futex_waitv), a call for the smallest
 * pending value also waits until the event's thread runs. That takes microseconds, and longer if
 * all CPUs are busy. Errors:
 * INVALID_ARGUMENT (NULL event or callback), OUT_OF_MEMORY, SYSTEM (no thread), STALE (called
 * within a callback that got GEYSER_ERROR_STALE: the event ends, and takes no more callbacks). */
GEYSER_API enum geyser_result geyser_event_notify(struct geyser_event *event, uint64_t value,
	void (*callback)(
		struct geyser_event *event, uint64_t value, enum geyser_result result, void *user),
	void *user);

/* Gives a descriptor for poll(), which the caller owns. It becomes readable for good when the value
 * is reached, the exporter has died, or the event is released. geyser_event_wait with timeout 0
 * then tells which. The descriptor is one end of a socket pair, so poll() may also say POLLHUP.
 *
 * The library keeps the other end open until the descriptor is readable. If the caller closes its
 * end before that, the library notices within a second. Errors: as geyser_event_notify, and LIMIT
 * (no free file descriptor; or the event's descriptors for values not reached yet are a quarter of
 * the process's limit, ulimit -n). */
GEYSER_API enum geyser_result geyser_event_fd(struct geyser_event *event, uint64_t value, int *out);

/* ---- native objects, for Wayland, D-Bus, PipeWire, XPC and other transports ---------------- */

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
	/* Those of the format, or of the modifier. In linear memory plane 0 comes first. */
	struct {
		uint64_t offset, row_pitch; /* row_pitch 0: the driver's own (opaque) layout */
	} planes[4];
	uint64_t modifier; /* DRM format modifier, for a dma-buf */
	/* the memory is allocated for this one image (opaque fd) */
	bool dedicated;
	uint8_t device_uuid[16], driver_uuid[16]; /* all zero: not checked */
};

/* Describes the texture's memory. The caller owns the fd and the object:
 * geyser_native_texture_release releases both. geyser_texture_get_subresource tells how layers and
 * mip levels follow plane 0's first level. Errors: INVALID_ARGUMENT (NULL), LIMIT, UNSUPPORTED. */
GEYSER_API enum geyser_result geyser_texture_export_native(
	struct geyser_texture *texture, struct geyser_native_texture *out);

/* Works like geyser_texture_export_native, with a type that the caller chooses. A host texture can
 * be a memfd, or a dma-buf through /dev/udmabuf. A stream's buffer in host memory is sealed, and
 * can't become a dma-buf. A stream made with GEYSER_USAGE_DMA_BUF or GEYSER_USAGE_WRITERS has
 * buffers that can. Errors: as geyser_texture_export_native, and UNSUPPORTED, naming the types that
 * are possible. */
GEYSER_API enum geyser_result geyser_texture_export_native_as(struct geyser_texture *texture,
	enum geyser_native_type type, struct geyser_native_texture *out);

/* Closes the fd and releases the object that an export gave, and sets them to -1 and NULL. NULL is
 * fine. */
GEYSER_API void geyser_native_texture_release(struct geyser_native_texture *native);

/* Makes a texture of memory that the caller got in some other way. The caller keeps fd and object,
 * and owns *out. A memfd must be sealed against shrinking, growing and further seals. It must lie
 * on tmpfs, and hold the layout that native describes. Its pages need not be allocated;
 * geyser_texture_export allocates missing ones. Errors: INVALID_ARGUMENT, UNSUPPORTED (type or kind
 * of memory), UNSEALED, MISMATCH (size or pitch, with the numbers), LIMIT. */
GEYSER_API enum geyser_result geyser_texture_import_native(struct geyser_manager *manager,
	const struct geyser_native_texture *native, const struct geyser_texture_desc *desc,
	struct geyser_texture **out);

enum geyser_native_event_type {
	/* The opaque descriptor of a Vulkan timeline semaphore, for the same driver. */
	GEYSER_NATIVE_EVENT_TIMELINE_FD = 1,
};

struct geyser_native_event {
	enum geyser_native_event_type type;
	int fd; /* -1 after a failure */
	/* Only this device and driver can import the fd. */
	uint8_t device_uuid[16], driver_uuid[16];
};

/* Gives the event as a native object, for another API of the same driver. Such an API is CUDA,
 * OpenGL with GL_NV_timeline_semaphore, or a Vulkan device of the program's own. The native object
 * and the event have the same value, whichever of them is signalled. The caller owns the fd; most
 * APIs take it over when they import it. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (no such
 * objects here: the host backend, or a driver without timeline semaphores between processes; the
 * event is imported from a process of another driver), LIMIT, OUT_OF_MEMORY, SYSTEM,
 * DEVICE_LOST. */
GEYSER_API enum geyser_result geyser_event_export_native(
	struct geyser_event *event, struct geyser_native_event *out);

/* ---- the machine --------------------------------------------------------------------------- */

struct geyser_system_info {
	/* Shared memory can have a fixed size, which the host backend needs. Linux: a memfd with
	 * F_SEAL_SHRINK, GROW and SEAL; macOS: shm_open. */
	bool sealing;
	/* Shared memory can be read-only for other processes. Linux 5.1: F_SEAL_FUTURE_WRITE;
	 * macOS: a descriptor that is open for reading only. */
	bool future_write;
	/* Linux 5.16. Without futex_waitv, each thread sleeps on one word, which all that may wake
	 * the thread wake. */
	bool futex_waitv;
	/* Linux 5.3; on macOS a kqueue. Without a pidfd, only the socket tells that a peer has
	 * died. */
	bool pidfd;
};

/* Tells what this kernel offers. Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_system_get_info(struct geyser_system_info *out);

/* Writes the path of the directory in which this process registers its exports. This is the first
 * place of geyser_registry_place that the process can use. The directory need not exist yet, and
 * this call doesn't make it.
 *
 * Errors: INVALID_ARGUMENT (NULL, size too small), NO_RUNTIME_DIR (no place can be used),
 * PERMISSION (the directory exists with a wrong owner or mode). On macOS and iOS also
 * NO_RUNTIME_DIR, if the path is too long for a socket's address: then only this process itself can
 * import its exports. text holds the path also after that error and after PERMISSION. After any
 * other error it is "". */
GEYSER_API enum geyser_result geyser_registry_directory(char *text, size_t size);

/* Writes the path of a place where a registry may lie. Index 0 is the preferred place. On Linux the
 * places are "geyser" in $XDG_RUNTIME_DIR, then "geyser" in /run/user/UID, then /tmp/geyser-UID. On
 * macOS and iOS they are "geyser" in $XDG_RUNTIME_DIR, then "geyser" in the user's temporary
 * directory. If $GEYSER_RUNTIME_DIR is set and not empty, "geyser" in that directory is the only
 * place.
 *
 * A process registers in the first place where it can make files. It looks for names, ids and
 * handles in all places. So programs of one user with and without a session find each other.
 * $XDG_RUNTIME_DIR and /run/user/UID are used only if they belong to this process's effective user.
 *
 * GEYSER_OK means that this process could register there; a registry need not exist there yet.
 * Errors: NOT_FOUND (no place has this index), NO_RUNTIME_DIR (this process can't register there:
 * geyser_error_detail says why; it still looks for names in a directory that it can read but not
 * write), PERMISSION (the entry there belongs to another user, has a wrong mode or is no
 * directory), INVALID_ARGUMENT (NULL, size too small). text holds the place's path if it has one,
 * also after NO_RUNTIME_DIR and PERMISSION, else "". */
GEYSER_API enum geyser_result geyser_registry_place(uint32_t index, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
