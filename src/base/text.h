/* SPDX-License-Identifier: MIT */
/* The UTF-8 functions that names and messages of peers need. */
#ifndef GY_BASE_TEXT_H
#define GY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the UTF-8 sequence at text: returns how many bytes it has, and its code point in *code.
 * Returns 0 if the bytes are no sequence, not the shortest form, or a surrogate. Reads no byte
 * after the text's final 0. */
size_t gy_utf8_next(const unsigned char *text, uint32_t *code);

/* Whether a character can make two different texts look alike: controls, invisible characters, and
 * characters that change the order or the look of others. False for U+0000 to U+001F and U+007F:
 * callers check those bytes themselves. */
bool gy_is_misleading(uint32_t code);

#endif
