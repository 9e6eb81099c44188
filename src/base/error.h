/* SPDX-License-Identifier: MIT */
/* Failures have two parts: a result, which the program handles, and a sentence, which a person
 * reads. */
#ifndef GY_BASE_ERROR_H
#define GY_BASE_ERROR_H

#include <geyser/geyser.h>

/* Stores the sentence as this thread's error detail and returns result, so that a check is one
 * line:
 *
 *     return gy_fail(GEYSER_ERROR_LIMIT, "width (%u): at most %u", width, max);
 *
 * The sentence says what was wrong, with the value in parentheses. After a colon it says what would
 * be right. */
__attribute__((format(printf, 2, 3))) enum geyser_result gy_fail(
	enum geyser_result result, const char *format, ...);

/* Works like gy_fail, after a system call that has set errno. It appends ": " and the text of errno
 * to the sentence. errno decides the result: LIMIT (no free descriptor), OUT_OF_MEMORY (no memory
 * or space), PERMISSION (not allowed), or SYSTEM (any other error). */
__attribute__((format(printf, 1, 2))) enum geyser_result gy_fail_errno(const char *format, ...);

/* Holds a copy of this thread's error detail. The library keeps the detail before it runs a
 * callback and restores the detail afterwards, so that the callback's failures don't replace it. */
struct gy_kept_detail {
	char text[512];
};

void gy_detail_keep(struct gy_kept_detail *out);
void gy_detail_restore(const struct gy_kept_detail *kept);

/* The static analyzer sees one source file at a time, so it must be told that these functions never
 * return GEYSER_OK. */
#ifdef __clang_analyzer__
#define gy_fail(result, ...) ((void)gy_fail(result, __VA_ARGS__), (result))
#define gy_fail_errno(...) ((void)gy_fail_errno(__VA_ARGS__), GEYSER_ERROR_SYSTEM)
#endif

#endif
