/*
 * CUDA: textures as arrays and device pointers, events as external semaphores, on streams.
 *
 * SPDX-License-Identifier: MIT
 *
 * The first function of this header that needs CUDA's driver opens libcuda.so.1 at run time. It
 * must be of CUDA 11.4 or later. Nothing of CUDA is needed to build the library or to include this
 * header. The struct tags are CUDA's own. So a CUstream, CUarray or CUcontext needs no cast, and
 * neither does a cudaStream_t, cudaArray_t or cudaMipmappedArray_t.
 *
 * geyser makes memory and events in a *context*. If the call has a stream that isn't 0, that is the
 * stream's context, else the calling thread's current context. If no context is current, it is the
 * primary context, which the runtime API and PyTorch use. The primary context is then that of the
 * device that the texture or event is on, or of CUDA's first device for host memory. No function
 * changes which context is current. A context must be on the GPU that the texture or event is on:
 * the detail of MISMATCH tells which UUID is meant.
 *
 * Stream 0 is the legacy default stream; CU_STREAM_LEGACY and CU_STREAM_PER_THREAD can be used,
 * too. "Asynchronous" functions return when their work is on the stream. geyser.h explains results,
 * times and threads. docs/cuda.md shows whole programs.
 */
#ifndef GEYSER_CUDA_H
#define GEYSER_CUDA_H

#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

struct CUarray_st;          /* CUarray is a pointer to it, and so on */
struct CUctx_st;            /* CUcontext */
struct CUmipmappedArray_st; /* CUmipmappedArray */
struct CUstream_st;         /* CUstream */

/* ---- the driver ---------------------------------------------------------------------------- */

#define GEYSER_CUDA_DEVICES_MAX 32u

struct geyser_cuda_device {
	int device; /* CUdevice */
	char name[96];
	/* The same bytes as device_uuid of struct geyser_vulkan_info and geyser_native_texture. */
	uint8_t uuid[16];
};

struct geyser_cuda_info {
	/* 1000 × major + 10 × minor of the newest CUDA that the driver runs */
	int driver_version;
	uint32_t device_count; /* GEYSER_CUDA_DEVICES_MAX at most */
	struct geyser_cuda_device devices[GEYSER_CUDA_DEVICES_MAX];
};

/* Tells which CUDA driver and devices there are. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (with
 * the reason: no libcuda.so.1, one that is too old, no device). */
GEYSER_API enum geyser_result geyser_cuda_get_info(struct geyser_cuda_info *out);

/* ---- textures ------------------------------------------------------------------------------ */

/* A texture, or one plane of video, as CUDA memory. All members are borrowed as long as the texture
 * lives. */
struct geyser_cuda_texture {
	int device;               /* CUdevice */
	struct CUctx_st *context; /* the context of array, mipmapped_array and pointer */
	/* ZERO_COPY: the members point to the texture's memory itself. COPY: the texture is in host
	 * memory that this device can't read, or was a copy already (geyser_texture_path). */
	enum geyser_path path;
	/* The texture in the driver's own layout; NULL for memory with rows. geyser_format_info's
	 * cuda describes the elements. Normalised channels are integers in an array. A texture
	 * object reads them as 0 to 1 unless it has CU_TRSF_READ_AS_INTEGER, and decodes sRGB if it
	 * has CU_TRSF_SRGB. Channels are in memory order: BGRA has blue in x. */
	struct CUarray_st *array;                    /* mip level 0, with all layers */
	struct CUmipmappedArray_st *mipmapped_array; /* all mip levels */
	/* The texture as memory with rows (GEYSER_USAGE_LINEAR, and all host memory).
	 * geyser_texture_get_subresource tells the layout. A CUdeviceptr; in host memory also the
	 * host's address. 0 for arrays, and if path is COPY because the device can't read the
	 * memory. */
	unsigned long long pointer;
	size_t row_pitch, slice_pitch; /* bytes, of mip level 0, as in struct geyser_mapping */
	size_t size;                   /* bytes from pointer on */
	/* host memory, pinned: the device reads and writes it over the bus */
	bool host;
	bool writable; /* false: read-only, as a subscriber's frame is */
};

/* Gives the texture as CUDA memory. The first call for a texture and context imports it; later
 * calls only look it up. The first call may wait for work on the device, as allocating memory does.
 * So make that call before a stream waits for something that the same thread is to signal.
 *
 * The thread that drops the texture's last reference undoes the import. No work that uses the
 * import may be pending then. A context of the caller's own must still exist then; geyser keeps the
 * primary one. The caller orders the work on the texture, by events or frames.
 *
 * A texture of a Vulkan manager is an array, or a device pointer with GEYSER_USAGE_LINEAR. A
 * texture of a host manager is pinned host memory, and so is one with GEYSER_USAGE_HOST_MEMORY. For
 * a stream's frame in host memory the first call waits until the frame is drawn, as
 * geyser_texture_map does.
 *
 * Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (as geyser_cuda_get_info; a dma-buf; video, as
 * nv12: geyser_cuda_texture_plane; a format or shape that the driver has no array of), MISMATCH
 * (the context is on another GPU, or the texture on none of CUDA's), OUT_OF_MEMORY, LIMIT (no free
 * file descriptor), DEVICE_LOST, SYSTEM, and as geyser_texture_map. */
GEYSER_API enum geyser_result geyser_cuda_texture(
	struct geyser_texture *texture, struct geyser_cuda_texture *out);

/* Gives one plane of a texture as CUDA memory, as geyser_cuda_texture gives a texture of colours.
 * Planes are numbered from 0. geyser_format_info tells how many there are, and the format of each
 * plane's texels, whose `cuda` describes an array's elements: of nv12 luma has one channel of 8
 * bits, and chroma two. geyser_format_get_plane_extent tells a plane's size.
 *
 * One call imports all planes, which have the same device, context, path, host and writable. In
 * memory with rows, `size` is the bytes of the plane alone. Errors: INVALID_ARGUMENT (NULL; no such
 * plane), and as geyser_cuda_texture. */
GEYSER_API enum geyser_result geyser_cuda_texture_plane(
	struct geyser_texture *texture, uint32_t plane, struct geyser_cuda_texture *out);

/* Copies mip level 0 into memory with rows, asynchronously on that stream: all layers or depth
 * slices, one after another. pointer is a CUdeviceptr, or the address of host memory, cast to
 * uintptr_t. The call waits for the copy if the host memory isn't pinned. row_pitch is the number
 * of bytes from row to row in that memory; 0 means rows without padding. Errors: INVALID_ARGUMENT
 * (NULL, a row_pitch under the row's bytes, memory that CUDA doesn't have), UNSUPPORTED (video:
 * geyser_cuda_texture_copy_plane_to), and as geyser_cuda_texture. */
GEYSER_API enum geyser_result geyser_cuda_texture_copy_to(struct geyser_texture *texture,
	unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream);

/* Copies in the other direction, into the texture. Errors: as geyser_cuda_texture_copy_to, and
 * PERMISSION (a texture shared for reading only). */
GEYSER_API enum geyser_result geyser_cuda_texture_copy_from(struct geyser_texture *texture,
	unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream);

/* Copy one plane, to and from memory with rows, in the same way. Planes and their sizes are as for
 * geyser_cuda_texture_plane. Errors: as the functions above, and INVALID_ARGUMENT (no such
 * plane). */
GEYSER_API enum geyser_result geyser_cuda_texture_copy_plane_to(struct geyser_texture *texture,
	uint32_t plane, unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream);
GEYSER_API enum geyser_result geyser_cuda_texture_copy_plane_from(struct geyser_texture *texture,
	uint32_t plane, unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream);

/* ---- events -------------------------------------------------------------------------------- */

/* The longest wait for an event that isn't native. */
#define GEYSER_CUDA_WAIT_TIMEOUT_NS UINT64_C(5000000000)

/* Returns whether the event is a semaphore of the GPU's, so that the GPU itself waits and signals.
 * That needs a Vulkan manager, and a driver that carries timeline semaphores between processes.
 * Returns false for NULL, and if CUDA is missing or isn't on that GPU. */
GEYSER_API bool geyser_cuda_event_is_native(struct geyser_event *event);

/* Makes the stream wait: work put on the stream after this call begins when the value is reached.
 *
 * If the event is native, the call is asynchronous, and a value that is never signalled holds up
 * the stream. The death of an imported event's exporter ends the wait; geyser_event_wait then
 * returns DISCONNECTED. If the event isn't native, the call itself waits, at most for
 * GEYSER_CUDA_WAIT_TIMEOUT_NS. For another timeout, call geyser_event_wait first.
 *
 * Errors: INVALID_ARGUMENT (NULL event), UNSUPPORTED (as geyser_cuda_get_info), MISMATCH (another
 * GPU), OUT_OF_MEMORY, LIMIT, DEVICE_LOST, SYSTEM; if not native also as geyser_event_wait. */
GEYSER_API enum geyser_result geyser_cuda_event_wait(
	struct geyser_event *event, uint64_t value, struct CUstream_st *stream);

/* Makes the stream signal: the event reaches that value when the work put on the stream before this
 * call is done. The call is asynchronous. A native event is signalled by the GPU. Any other event
 * is signalled by a host function on the stream, which keeps a reference to the event until then.
 *
 * The values of a native event are signalled in order, as with any timeline semaphore: each value
 * must be above the one before. No signal may be pending at the last unref. To wait for the event
 * on a CPU, use geyser_event_wait: vkWaitSemaphores sees CUDA's signals late (10 ms on an H100).
 * Errors: as geyser_event_signal, and as geyser_cuda_event_wait except for those of
 * geyser_event_wait. */
GEYSER_API enum geyser_result geyser_cuda_event_signal(
	struct geyser_event *event, uint64_t value, struct CUstream_st *stream);

/* ---- frames of streams --------------------------------------------------------------------- */

/* Makes the stream wait: work put on the stream after this call begins when the frame may be used.
 * For a subscriber that means that the frame is drawn. For a publisher it means that its own
 * earlier work on that buffer is done. With native events the call is asynchronous. Errors:
 * INVALID_ARGUMENT (NULL; not acquired), and as geyser_cuda_event_wait. */
GEYSER_API enum geyser_result geyser_cuda_frame_wait(
	struct geyser_frame *frame, struct CUstream_st *stream);

/* Makes the stream signal: the frame is drawn, or read, when the work put on the stream before this
 * call is done. Call this once for a frame, then submit or release the frame at once. Make these
 * calls in the frames' order, on one stream or on streams that wait for each other. The frames of a
 * manager without a device have no such point: the call then waits until the stream's work is done.
 *
 * If the signal can't be put on the stream, the CPU gives it, so that no peer waits for ever. The
 * call then returns the error. Errors: INVALID_ARGUMENT (NULL; not acquired), BUSY (called already
 * for this frame), and as geyser_cuda_event_signal. */
GEYSER_API enum geyser_result geyser_cuda_frame_signal(
	struct geyser_frame *frame, struct CUstream_st *stream);

#ifdef __cplusplus
}
#endif

#endif
