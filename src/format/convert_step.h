/* SPDX-License-Identifier: MIT */
/* What the files of steps have in common. */
#ifndef GY_FORMAT_CONVERT_STEP_H
#define GY_FORMAT_CONVERT_STEP_H

#include <stddef.h>
#include <stdint.h>

/* Texels need not be aligned, and have any type. */
typedef uint16_t __attribute__((aligned(1), may_alias)) any16;
typedef uint32_t __attribute__((aligned(1), may_alias)) any32;
typedef int16_t __attribute__((aligned(1), may_alias)) any_s16;
typedef int32_t __attribute__((aligned(1), may_alias)) any_s32;
typedef float __attribute__((aligned(1), may_alias)) any_float;

/* Defines a step of convert_rows.h. */
#define STEP(name) \
	static void name(const void *from, void *to, size_t texels, const struct gy_stage *stage)

#endif
