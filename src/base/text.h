/* SPDX-License-Identifier: MIT */
/* Reads UTF-8, for the checks of names and of messages from peers. Writes FourCCs. */
#ifndef GY_BASE_TEXT_H
#define GY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the UTF-8 sequence at text. Returns its length in bytes, and its code point in *code.
 * Returns 0 if the bytes are no sequence, not the shortest form, or a surrogate. Reads no byte
 * after the text's final 0. */
size_t gy_utf8_next(const unsigned char *text, uint32_t *code);

/* Returns whether a character can make two different texts look alike. Such characters are
 * controls, invisible characters, and characters that change the order or the look of others.
 * Returns false for U+0000 to U+001F and U+007F: callers check those bytes themselves. */
bool gy_is_misleading(uint32_t code);

struct gy_fourcc_text {
	char text[8];
};

/* Returns 'BGRA', in quotes, for 0x42475241. A dot stands for a byte that is no visible ASCII
 * character. */
struct gy_fourcc_text gy_fourcc_text(uint32_t fourcc);

#endif
