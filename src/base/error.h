/* SPDX-License-Identifier: MIT */
/* Failures: a result for the program, a sentence for the person. */
#ifndef GY_BASE_ERROR_H
#define GY_BASE_ERROR_H

#include <geyser/geyser.h>

/* Stores the sentence as this thread's detail and returns result, so that a check is one line:
 *
 *     return gy_fail(GEYSER_ERROR_LIMIT, "width (%u): at most %u", width, max);
 *
 * The sentence says what was wrong, with the value in parentheses. After a colon it says what
 * would be right. */
__attribute__((format(printf, 2, 3))) enum geyser_result gy_fail(
	enum geyser_result result, const char *format, ...);

/* As gy_fail for a system call that set errno: the result is chosen by errno (no descriptor: LIMIT,
 * no memory or space: OUT_OF_MEMORY, not allowed: PERMISSION, else SYSTEM) and ": strerror" is
 * appended. */
__attribute__((format(printf, 1, 2))) enum geyser_result gy_fail_errno(const char *format, ...);

/* A copy of this thread's error detail. Saved and restored around a callback, it keeps the
 * callback's failures from replacing the detail. */
struct gy_kept_detail {
	char text[512];
};

void gy_detail_keep(struct gy_kept_detail *out);
void gy_detail_restore(const struct gy_kept_detail *kept);

/* The static analyzer sees one source at a time: it must be told that these never return OK. */
#ifdef __clang_analyzer__
#define gy_fail(result, ...) ((void)gy_fail(result, __VA_ARGS__), (result))
#define gy_fail_errno(...) ((void)gy_fail_errno(__VA_ARGS__), GEYSER_ERROR_SYSTEM)
#endif

#endif
