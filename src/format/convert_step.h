/* SPDX-License-Identifier: MIT */
/* A step, and what the files of steps have in common. convert_rows.h tells what steps do. */
#ifndef GY_FORMAT_CONVERT_STEP_H
#define GY_FORMAT_CONVERT_STEP_H

#include <stddef.h>
#include <stdint.h>

/* The most texels that go through all steps before the next ones do, so that their lanes stay in
 * the processor's first cache. */
#define GY_CONVERT_CHUNK 256u

/* A step, with what it needs to know. */
struct gy_stage {
	/* Works on at most GY_CONVERT_CHUNK texels. from and to don't overlap. */
	void (*run)(const void *from, void *to, size_t texels, const struct gy_stage *stage);
	unsigned int channels; /* of a texel, where the step is alike for all channels */
	uint32_t one;          /* alpha, where the step adds it */
	const void *table;     /* borrowed */
};

typedef void gy_convert_step(
	const void *from, void *to, size_t texels, const struct gy_stage *stage);

/* Texels need not be aligned, and have any type. */
typedef uint16_t __attribute__((aligned(1), may_alias)) any16;
typedef uint32_t __attribute__((aligned(1), may_alias)) any32;
typedef int16_t __attribute__((aligned(1), may_alias)) any_s16;
typedef int32_t __attribute__((aligned(1), may_alias)) any_s32;
typedef float __attribute__((aligned(1), may_alias)) any_float;

/* Defines a step. */
#define STEP(name) \
	static void name(const void *from, void *to, size_t texels, const struct gy_stage *stage)

#endif
