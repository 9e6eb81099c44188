/*
 * CUDA: textures as arrays and device pointers, events as external semaphores, on streams.
 *
 * SPDX-License-Identifier: MIT
 *
 * CUDA's driver (libcuda.so.1, of CUDA 11.4 or later) is opened at run time by the first function
 * of this header that needs it; nothing of CUDA is needed to build the library or to include this
 * header. The struct tags are CUDA's own: a CUstream, CUarray or CUcontext passes without a cast,
 * and so does a cudaStream_t, cudaArray_t or cudaMipmappedArray_t.
 *
 * What memory and events need is made in a *context*: that of the stream, where a call has one
 * that isn't 0, else the calling thread's current one. Where none is current it is the primary
 * context of the device that the texture or event is on (of CUDA's first device, for host memory),
 * the one that the runtime API and PyTorch use. No function changes which context is current.
 * A context must be on the GPU that the texture or event is on: MISMATCH says which UUID is meant.
 *
 * Streams: 0 is the legacy default stream; CU_STREAM_LEGACY and CU_STREAM_PER_THREAD are taken,
 * too. Results, times and threads are as geyser.h says; "asynchronous" functions return when their
 * work is on the stream. docs/cuda.md shows whole programs.
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
	int driver_version;    /* 1000 × major + 10 × minor of the newest CUDA that it runs */
	uint32_t device_count; /* GEYSER_CUDA_DEVICES_MAX at most */
	struct geyser_cuda_device devices[GEYSER_CUDA_DEVICES_MAX];
};

/* What CUDA is there. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (with the reason: no
 * libcuda.so.1, one that is too old, no device). */
GEYSER_API enum geyser_result geyser_cuda_get_info(struct geyser_cuda_info *out);

/* ---- textures ------------------------------------------------------------------------------ */

/* All of it is borrowed as long as the texture lives. */
struct geyser_cuda_texture {
	int device;               /* CUdevice */
	struct CUctx_st *context; /* in which the three below are */
	/* ZERO_COPY: the texture's memory itself. COPY: host memory that this device can't read, or
	 * a copy to begin with (geyser_texture_path). */
	enum geyser_path path;
	/* The driver's own layout; NULL for memory with rows. Elements are as geyser_format_info's
	 * cuda says. What is normalised is integers there: a texture object reads them as 0 to 1
	 * unless it has CU_TRSF_READ_AS_INTEGER, and decodes sRGB if it has CU_TRSF_SRGB. Channels
	 * are in memory order: BGRA has blue in x. */
	struct CUarray_st *array;                    /* mip level 0; with layers: all of them */
	struct CUmipmappedArray_st *mipmapped_array; /* all mip levels */
	/* Memory with rows (GEYSER_USAGE_LINEAR, and all host memory), laid out as
	 * geyser_texture_get_subresource says; 0 for arrays, and where path is COPY because the
	 * device can't read the memory. A CUdeviceptr; in host memory also the host's address. */
	unsigned long long pointer;
	size_t row_pitch, slice_pitch; /* bytes, of mip level 0, as in struct geyser_mapping */
	size_t size;                   /* bytes from pointer on */
	bool host;                     /* host memory, pinned: read and written over the bus */
	bool writable;                 /* false: only to be read, as a subscriber's frame */
};

/* The texture as CUDA memory: imported once for a texture and context, after that a look-up. The
 * first call may wait for what is on the device, as allocating does: make it before a stream waits
 * for what the same thread is to signal. The import is undone with the texture's last reference, on
 * whatever thread drops that: no work that uses it may be pending then, and a context of the
 * caller's own must still be there (the primary one is kept). The order of work on it is the
 * caller's, by events or frames.
 *
 * A Vulkan manager's texture is an array, or with GEYSER_USAGE_LINEAR a device pointer; a host
 * manager's, and one with GEYSER_USAGE_HOST_MEMORY, is pinned host memory. Of a stream's frame in
 * host memory the first call waits until it is drawn, as geyser_texture_map does.
 * Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (as geyser_cuda_get_info; a dma-buf; a format or
 * shape that the driver has no array of), MISMATCH (the context is on another GPU, or the texture
 * on none of CUDA's), OUT_OF_MEMORY, LIMIT (no free file descriptor), DEVICE_LOST, SYSTEM, and as
 * geyser_texture_map. */
GEYSER_API enum geyser_result geyser_cuda_texture(
	struct geyser_texture *texture, struct geyser_cuda_texture *out);

/* Copies mip level 0 (all of its layers and depth slices, one after another) into memory with
 * rows, asynchronously, on that stream. pointer: a CUdeviceptr, or the address of host memory
 * (cast to uintptr_t), pinned if the call is not to wait for the copy. row_pitch: bytes from row
 * to row there, 0: without padding. Errors: INVALID_ARGUMENT (NULL, a row_pitch under the row's
 * bytes, memory that CUDA doesn't have), and as geyser_cuda_texture. */
GEYSER_API enum geyser_result geyser_cuda_texture_copy_to(struct geyser_texture *texture,
	unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream);

/* The same into the texture. Errors: as geyser_cuda_texture_copy_to, and PERMISSION (a read-only
 * share). */
GEYSER_API enum geyser_result geyser_cuda_texture_copy_from(struct geyser_texture *texture,
	unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream);

/* ---- events -------------------------------------------------------------------------------- */

/* How long a wait for an event that isn't native may last. */
#define GEYSER_CUDA_WAIT_TIMEOUT_NS UINT64_C(5000000000)

/* Whether the event is a semaphore of the GPU's (a Vulkan manager's, where the driver carries
 * timeline semaphores between processes), so that waits and signals are the GPU's own. False for
 * NULL, and where there is no CUDA or not on that GPU. */
GEYSER_API bool geyser_cuda_event_is_native(struct geyser_event *event);

/* Work put on the stream after this begins when the value is reached. Native: asynchronous; a
 * value that nobody ever signals holds up the stream, unless the event was imported and its
 * exporter dies, which ends the wait (geyser_event_wait then says DISCONNECTED). Not native: the
 * call itself waits, for GEYSER_CUDA_WAIT_TIMEOUT_NS at most; who wants to wait otherwise calls
 * geyser_event_wait before. Errors: INVALID_ARGUMENT (NULL event), UNSUPPORTED (as
 * geyser_cuda_get_info), MISMATCH (another GPU), OUT_OF_MEMORY, LIMIT, DEVICE_LOST, SYSTEM; not
 * native: as geyser_event_wait. */
GEYSER_API enum geyser_result geyser_cuda_event_wait(
	struct geyser_event *event, uint64_t value, struct CUstream_st *stream);

/* Raises the event to that value when the work put on the stream before this is done.
 * Asynchronous; native by the GPU, else by a host function on the stream, which keeps a reference
 * to the event until then. Of a native event values are signalled in order, as of any timeline
 * semaphore, each above the one before, and no signal may be pending at the last unref. To wait
 * for it on a CPU, geyser_event_wait: vkWaitSemaphores sees CUDA's signals late (10 ms on an H100).
 * Errors: as geyser_event_signal, and as geyser_cuda_event_wait but for the last. */
GEYSER_API enum geyser_result geyser_cuda_event_signal(
	struct geyser_event *event, uint64_t value, struct CUstream_st *stream);

/* ---- frames of streams --------------------------------------------------------------------- */

/* Work put on the stream after this begins when the frame may be used: to a subscriber, when it is
 * drawn; to a publisher, when its own earlier work on that buffer is done. Native events:
 * asynchronous. Errors: INVALID_ARGUMENT (NULL; not acquired), and as geyser_cuda_event_wait. */
GEYSER_API enum geyser_result geyser_cuda_frame_wait(
	struct geyser_frame *frame, struct CUstream_st *stream);

/* The frame is drawn, or read, when the work put on the stream before this is done: call it once,
 * then submit or release the frame at once. In the order of these calls, on one stream or on
 * streams that wait for each other. A manager without a device has no such point: then this waits
 * until the stream's work is done. If the signal can't be put on the stream, the CPU gives it, so
 * that no peer waits for ever, and the call says what failed. Errors: INVALID_ARGUMENT (NULL; not
 * acquired), BUSY (called already), and as geyser_cuda_event_signal. */
GEYSER_API enum geyser_result geyser_cuda_frame_signal(
	struct geyser_frame *frame, struct CUstream_st *stream);

#ifdef __cplusplus
}
#endif

#endif
