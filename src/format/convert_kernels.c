/* SPDX-License-Identifier: MIT */
/* Which steps this processor can run. */
#include "format/convert_rows.h"

#ifdef GY_HAVE_CONVERT_AVX2
#include <cpuid.h>
#include <stdatomic.h>

/* Whether the system saves the registers of AVX: bits 1 and 2 of XCR0 (Intel's manual, volume 1,
 * 14.3). */
static bool saves_avx(void)
{
	unsigned int low, high;

	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

static bool has_avx2(void)
{
	const unsigned int needed = bit_FMA | bit_OSXSAVE | bit_AVX | bit_F16C;
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & needed) != needed || !saves_avx())
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_AVX2;
}

/* The processor is asked once: in a virtual machine an answer takes 10 µs. */
static bool knows_avx2(void)
{
	enum { UNKNOWN, NO, YES };
	static _Atomic int known = UNKNOWN;
	int has = atomic_load_explicit(&known, memory_order_relaxed);

	if (has == UNKNOWN) {
		has = has_avx2() ? YES : NO;
		atomic_store_explicit(&known, has, memory_order_relaxed);
	}
	return has == YES;
}
#endif

const struct gy_convert_kernels *gy_convert_kernels(void)
{
#ifdef GY_HAVE_CONVERT_AVX2
	if (knows_avx2())
		return &gy_convert_kernels_avx2;
#endif
	return &gy_convert_kernels_base;
}
