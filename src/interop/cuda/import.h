/* SPDX-License-Identifier: MIT */
/* A texture's memory in a CUDA context. The memory is imported once for each context, and the
 * import stays attached to the texture. */
#ifndef GY_INTEROP_CUDA_IMPORT_H
#define GY_INTEROP_CUDA_IMPORT_H

#include "interop/cuda/context.h"

struct gy_cuda_import {
	struct gy_cuda_import *next;
	struct gy_cuda_home home;
	struct CUextMemory_st *memory;
	unsigned long long buffer; /* the imported memory's rows; all planes lie in it */
	bool registered;           /* this import has pinned the mapping, and unpins it */
	/* one for each plane; all have the same device, context, path, host and writable */
	struct geyser_cuda_texture planes[GEYSER_FORMAT_PLANES_MAX];
};

/* One plane of an import. The texture owns what it points to. */
struct gy_cuda_plane {
	const struct geyser_cuda_texture *texture;
	const void *mapped; /* the CPU's address of a plane in host memory, else NULL */
};

/* The imports attached to one texture. For a texture in host memory, also the mapping that all
 * imports share. */
struct gy_cuda_imports;

/* Refuses video, of which plane 0 is luma alone. call: the function that takes a plane. NULL is
 * fine. */
enum geyser_result gy_cuda_check_colour(const struct geyser_texture *texture, const char *call);

/* Refuses NULL, and a plane that the texture doesn't have. Call this before gy_cuda_import. */
enum geyser_result gy_cuda_check_plane(const struct geyser_texture *texture, uint32_t plane);

/* Enters a context as gy_cuda_enter does, and finds the texture's import there or makes it. After
 * success the caller calls gy_cuda_leave(scope). Errors: as geyser_cuda_texture. */
enum geyser_result gy_cuda_import(struct geyser_texture *texture, uint32_t plane,
	struct CUstream_st *stream, struct gy_cuda_scope *scope, struct gy_cuda_plane *out);

/* Imports GPU memory as an array for each plane, or as rows if its layout is linear. The planes of
 * the import must have the members that are the same for all: an array for reading only is made
 * without the flag for surfaces. After success CUDA owns the descriptor, and native->fd is -1.
 * After a failure call gy_cuda_import_undo. */
enum geyser_result gy_cuda_import_device(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, struct geyser_native_texture *native,
	struct gy_cuda_import *import);

/* Pins the mapping of a texture in host memory, so that the GPU can access it. If CUDA can't pin
 * it, the import has no device pointers and its path is GEYSER_PATH_COPY. */
void gy_cuda_import_host(const struct gy_cuda *cuda, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping, struct gy_cuda_import *import);

/* Undoes gy_cuda_import_device or gy_cuda_import_host. The import's context must be current.
 * mapped: the mapping's address. */
void gy_cuda_import_undo(struct gy_cuda_import *import, void *mapped);

#endif
