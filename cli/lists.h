/*
 * Lists of words for messages and help texts: "host, vulkan or metal". Lists of backends and
 * formats are made from what the library says it has, so that nobody needs to keep them up to date.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_LISTS_H
#define GEYSER_CLI_LISTS_H

#include <stddef.h>

#define WORDS_MAX 64u
#define WORD_SIZE 48u
#define LIST_SIZE 512u

struct words {
	char word[WORDS_MAX][WORD_SIZE];
	size_t count; /* must be 0 before the first word is added */
};

__attribute__((format(printf, 2, 3))) void add_word(struct words *words, const char *format, ...);

/* Writes "a, b or c". last is the word between the last two words ("or"); NULL puts a comma there.
 * Returns text. */
const char *join_words(const struct words *words, const char *last, char text[LIST_SIZE]);

enum list {
	LIST_BACKENDS,      /* "auto" and every backend that the library knows */
	LIST_TRUE_BACKENDS, /* every backend, without "auto" */
	LIST_PNG_FORMATS,   /* formats that a PNG holds exactly */
	/* PNG's formats of 8 bits a channel, and what one or two channels are in a PNG. */
	LIST_PNG_8_FORMATS,
	LIST_PNG_16_FORMATS,  /* PNG's formats of more bits, which become 16 in the PNG */
	LIST_PATTERN_FORMATS, /* formats that patterns can be drawn in */
	LIST_COLOUR_WORDS,    /* words of send --color */
};

/* Writes a list and returns text. */
const char *list_text(enum list list, char text[LIST_SIZE]);

/* Copies a help text and replaces the names of lists in braces by the lists: "{backends}",
 * "{true backends}", "{png formats}", "{8-bit png formats}", "{16-bit png formats}", "{pattern
 * formats}", "{colour words}". */
void expand_lists(const char *text, char *out, size_t size);

#endif
