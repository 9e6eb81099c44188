/*
 * CUDA's description of a surface object, through which kernels write into an array. The library
 * itself makes no surface objects.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_CUDA_SURFACE_H
#define TESTS_CUDA_SURFACE_H

struct CUarray_st;

#define CU_RESOURCE_ARRAY 0 /* CU_RESOURCE_TYPE_ARRAY */

/* CUDA_RESOURCE_DESC */
struct cu_resource {
	int type;
	union {
		struct CUarray_st *array;
		int reserved[32];
	} of;
	unsigned int flags;
};

#endif
