/* SPDX-License-Identifier: MIT */
#include "base/text.h"

size_t gy_utf8_next(const unsigned char *text, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = text[0] < 0x80       ? 1
			: text[0] >> 5 == 6  ? 2
			: text[0] >> 4 == 14 ? 3
			: text[0] >> 3 == 30 ? 4
					     : 0;

	*code = length == 1 ? text[0] : text[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (length > 1 &&
		(*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff)))
		return 0;
	return length;
}

/* The table holds the characters of Unicode 15 that are default-ignorable
 * (DerivedCoreProperties.txt) or of general category Cf, Zl or Zp, and characters that show
 * nothing. It leaves out the joiners and variation selectors that scripts and emoji need: U+200C,
 * U+200D, U+FE00 to U+FE0F. */
bool gy_is_misleading(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x80, 0x9f},       /* controls */
		{0xad, 0xad},       /* soft hyphen */
		{0x34f, 0x34f},     /* combining grapheme joiner */
		{0x61c, 0x61c},     /* Arabic letter mark */
		{0x115f, 0x1160},   /* Hangul fillers */
		{0x17b4, 0x17b5},   /* Khmer inherent vowels */
		{0x180b, 0x180f},   /* Mongolian selectors */
		{0x200b, 0x200b},   /* zero width space */
		{0x200e, 0x200f},   /* direction marks */
		{0x2028, 0x202e},   /* line and paragraph separators, embeddings, overrides */
		{0x2060, 0x206f},   /* word joiner, invisible operators, isolates */
		{0x2800, 0x2800},   /* blank of Braille */
		{0x3164, 0x3164},   /* Hangul filler */
		{0xfeff, 0xfeff},   /* byte order mark */
		{0xffa0, 0xffa0},   /* Hangul filler */
		{0xfff0, 0xfffb},   /* interlinear annotations */
		{0x1bca0, 0x1bca3}, /* shorthand format controls */
		{0x1d173, 0x1d17a}, /* musical format controls */
		{0xe0000, 0xe0fff}, /* tags, selectors */
	};

	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

struct gy_fourcc_text gy_fourcc_text(uint32_t fourcc)
{
	struct gy_fourcc_text out = {"'....'"};

	for (int i = 0; i < 4; i++) {
		const uint32_t character = fourcc >> (24 - 8 * i) & 0xff;

		if (character >= ' ' && character <= '~')
			out.text[1 + i] = (char)character;
	}
	return out;
}
