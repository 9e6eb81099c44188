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
	bool registered; /* this import has pinned the mapping, and unpins it */
	struct geyser_cuda_texture texture;
};

/* The imports attached to one texture. For a texture in host memory, also the mapping that all
 * imports share. */
struct gy_cuda_imports;

/* Refuses NULL, and video: its planes are several textures, which CUDA can't get yet. Every entry
 * point that takes a texture calls this first. */
enum geyser_result gy_cuda_check_texture(const struct geyser_texture *texture);

/* Enters a context as gy_cuda_enter does, and finds the texture's import there or makes it. After
 * success the caller calls gy_cuda_leave(scope). The texture owns *out. *mapped: the CPU's address
 * of a texture in host memory, else NULL. Errors: as geyser_cuda_texture. */
enum geyser_result gy_cuda_import(struct geyser_texture *texture, struct CUstream_st *stream,
	struct gy_cuda_scope *scope, const struct gy_cuda_import **out, void **mapped);

/* Imports GPU memory as an array, or as rows if its layout is linear. Set import->texture.writable
 * before: an array for reading only is made without the flag for surfaces. After success CUDA owns
 * the descriptor, and native->fd is -1. After a failure call gy_cuda_import_undo. */
enum geyser_result gy_cuda_import_device(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, struct geyser_native_texture *native,
	struct gy_cuda_import *import);

/* Pins the mapping of a texture in host memory, so that the GPU can access it. If CUDA can't pin
 * it, the import has no device pointer and its path is GEYSER_PATH_COPY. */
void gy_cuda_import_host(const struct gy_cuda *cuda, const struct geyser_mapping *mapping,
	struct gy_cuda_import *import);

/* Undoes gy_cuda_import_device or gy_cuda_import_host. The import's context must be current.
 * mapped: the mapping's address. */
void gy_cuda_import_undo(struct gy_cuda_import *import, void *mapped);

#endif
