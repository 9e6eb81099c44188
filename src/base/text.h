/* SPDX-License-Identifier: MIT */
/* UTF-8, as far as names and peers' words need it. */
#ifndef GY_BASE_TEXT_H
#define GY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the sequence that starts here, and its code point; 0 if it is none: of the shortest
 * form, no surrogate. Reads no byte after the text's 0. */
size_t gy_utf8_next(const unsigned char *text, uint32_t *code);

/* Controls, and characters that are not seen or that change the order or the look of others: two
 * texts with and without them look alike, or one looks like another. U+0000 to U+001F and U+007F
 * are not among them: they are one byte each, and handled before. */
bool gy_is_misleading(uint32_t code);

#endif
