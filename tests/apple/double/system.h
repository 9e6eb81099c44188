/* SPDX-License-Identifier: MIT */
/* The version of macOS that the double and the shim stand for: GEYSER_DOUBLE_MACOS, as 10.13. It is
 * the newest one without that variable. */
#ifndef GY_DOUBLE_SYSTEM_H
#define GY_DOUBLE_SYSTEM_H

#include <stdbool.h>

/* Answers __builtin_available. versions are its arguments, as "macOS 10.14, iOS 12.0, *". */
bool double_has(const char *versions);

/* Returns whether the system has this function, method or class. The process ends if it calls what
 * the system lacks. */
bool double_answers(const char *name);
void double_require(const char *name);

#endif
