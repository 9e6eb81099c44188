/*
 * Text in lines that a terminal shows whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common.h"
#include "wrap.h"

#define WIDTH_MIN 20u

unsigned output_width(void)
{
	const char *const columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width = 0;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		width = size.ws_col;
	else if (columns && (!parse_number(columns, &width) || width > UINT16_MAX))
		width = 0;
	if (!width)
		return WIDTH_DEFAULT;
	return width < WIDTH_MIN ? WIDTH_MIN : (unsigned)width;
}

/* Returns the character at *text and moves *text behind it. Bytes that are no UTF-8 count as one
 * character each. */
static uint32_t next_character(const unsigned char **text)
{
	const unsigned char first = *(*text)++;
	unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
	uint32_t character = more ? first & (0x3fu >> more) : first;

	for (; more && (**text & 0xc0) == 0x80; more--)
		character = character << 6 | (*(*text)++ & 0x3f);
	return character;
}

/* A range of Unicode, from first to last. The ranges below are enough for names of streams. */
struct range {
	uint32_t first, last;
};

static bool is_in(uint32_t character, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	}
	return false;
}

static unsigned character_width(uint32_t character)
{
	static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
		{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
	static const struct range none[] = {{0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
		{0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

	if (is_in(character, none, sizeof(none) / sizeof(none[0])))
		return 0;
	return is_in(character, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}

/* Whether a character is a control character, sets a text's direction, or begins a line. */
static bool is_control(uint32_t character)
{
	static const struct range ranges[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0x061c, 0x061c},
		{0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};

	return is_in(character, ranges, sizeof(ranges) / sizeof(ranges[0]));
}

void replace_controls(char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		const unsigned char *const begin = at;

		if (is_control(next_character(&at))) {
			*text++ = '?';
			continue;
		}
		for (const unsigned char *byte = begin; byte < at; byte++)
			*text++ = (char)*byte;
	}
	*text = '\0';
}

unsigned text_width(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned width = 0;

	while (*at)
		width += character_width(next_character(&at));
	return width;
}

void print_wrapped(const char *head, const char *text, unsigned width, const char *end)
{
	const unsigned indent = text_width(head);
	unsigned column = indent;
	bool begun = false;
	char word[1024];

	(void)fputs(head, answers());
	while (*text) {
		const size_t length = strcspn(text, " ");
		unsigned needed;

		(void)snprintf(word, sizeof(word), "%.*s", (int)length, text);
		replace_controls(word);
		needed = text_width(word);
		if (begun && column + 1 + needed > width) {
			(void)fprintf(answers(), "%s%*s", end, (int)indent, "");
			column = indent;
			begun = false;
		}
		(void)fprintf(answers(), "%s%s", begun ? " " : "", word);
		column += needed + begun;
		begun = true;
		text += length;
		text += strspn(text, " ");
	}
	(void)fputs(end, answers());
}
