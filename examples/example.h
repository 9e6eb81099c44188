/*
 * What the examples share besides Vulkan: messages, numbers, the end by a signal.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <geyser/geyser.h>
#include <stdbool.h>
#include <stdint.h>

#define NANOSECONDS 1000000000ull /* in a second */

/* Both print "PROGRAM: message" and end the program: fail with 1, if the machine or another process
 * refused; fail_usage with 2, for wrong arguments. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails with geyser's error detail unless the call worked. */
void check(enum geyser_result result, const char *what);

/* Returns the number, which must be 1 to max; else calls fail_usage. */
uint32_t parse_number(const char *option, const char *text, uint32_t max);

/* From now on SIGINT and SIGTERM only make interrupted() true. */
void catch_signals(void);
bool interrupted(void);

#endif
