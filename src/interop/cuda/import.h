/* SPDX-License-Identifier: MIT */
/* A texture's memory in a context: made once, kept with the texture. */
#ifndef GY_INTEROP_CUDA_IMPORT_H
#define GY_INTEROP_CUDA_IMPORT_H

#include "interop/cuda/context.h"

struct gy_cuda_import {
	struct gy_cuda_import *next;
	struct gy_cuda_home home;
	struct CUextMemory_st *memory;
	bool registered; /* the mapping is pinned, by this one */
	struct geyser_cuda_texture texture;
};

/* A texture's imports, and of one in host memory the mapping that all of them are of. */
struct gy_cuda_imports;

/* Enters the context and finds the texture in it, or imports it. On success the scope is the
 * caller's to leave. *mapped: the host's address of host memory, else NULL. Errors: as
 * geyser_cuda_texture. */
enum geyser_result gy_cuda_import(struct geyser_texture *texture, struct CUstream_st *stream,
	struct gy_cuda_scope *scope, const struct gy_cuda_import **out, void **mapped);

/* Imports the GPU's memory as an array, or as rows. The caller sets texture.writable first: an
 * array for reading only is made without the flag for surfaces. On success CUDA owns the
 * descriptor, and native->fd is -1. On failure the caller undoes what was made. */
enum geyser_result gy_cuda_import_device(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, struct geyser_native_texture *native,
	struct gy_cuda_import *import);

/* Host memory that is mapped at that address. */
void gy_cuda_import_host(const struct gy_cuda *cuda, const struct geyser_mapping *mapping,
	struct gy_cuda_import *import);

/* Undoes both, in the import's context. */
void gy_cuda_import_undo(struct gy_cuda_import *import, void *mapped);

#endif
