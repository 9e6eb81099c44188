/*
 * Lists of words for messages and help texts.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "common.h"
#include "lists.h"
#include "pattern.h"
#include "png.h"

void add_word(struct words *words, const char *format, ...)
{
	va_list args;

	if (words->count == WORDS_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(words->word[words->count++], WORD_SIZE, format, args);
	va_end(args);
}

const char *join_words(const struct words *words, const char *last, char text[LIST_SIZE])
{
	text[0] = '\0';
	for (size_t i = 0; i < words->count; i++) {
		const size_t length = strlen(text);
		const bool spoken = last && i && i + 1 == words->count;

		(void)snprintf(text + length, LIST_SIZE - length, "%s%s%s%s",
			spoken ? " "
			: i    ? ", "
			       : "",
			spoken ? last : "", spoken ? " " : "", words->word[i]);
	}
	return text;
}

/* ---- backends -------------------------------------------------------------------------------- */

static void add_backends(struct words *words, enum geyser_backend first)
{
	for (size_t i = first; i <= backend_count(); i++)
		add_word(words, "%s", geyser_backend_name((enum geyser_backend)i));
}

/* ---- formats --------------------------------------------------------------------------------- */

static bool is_png(enum geyser_format format)
{
	return png_layout(format) != NULL;
}

static bool is_png_8(enum geyser_format format)
{
	return is_png(format) && png_layout(format)->bits == 8;
}

static bool is_png_16(enum geyser_format format)
{
	return is_png(format) && !is_png_8(format);
}

/* Returns the sRGB variant of a format; NONE if there is none. */
static enum geyser_format srgb_of(enum geyser_format format)
{
	char name[WORD_SIZE];

	(void)snprintf(name, sizeof(name), "%s-srgb", geyser_format_name(format));
	return geyser_format_from_name(name);
}

/* Whether the list has this format and its sRGB variant. */
static bool is_pair(bool (*has)(enum geyser_format), enum geyser_format format)
{
	return has(format) && srgb_of(format) && has(srgb_of(format));
}

/* Whether this is the sRGB variant of a format that stands in the list for both. */
static bool is_second(bool (*has)(enum geyser_format), enum geyser_format format)
{
	for (int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		if (srgb_of((enum geyser_format)i) == format)
			return is_pair(has, (enum geyser_format)i);
	}
	return false;
}

/* Returns what the channels of a format with one or two channels are in a PNG. */
static const char *png_remark(enum geyser_format format)
{
	const uint8_t channels = png_layout(format)->channels;

	return channels == 1 ? " (gray)" : channels == 2 ? " (red, green)" : "";
}

/* Writes the formats: first those that the list has also as sRGB, then the others. */
static const char *write_formats(
	bool (*has)(enum geyser_format), bool remarks, const char *last, char text[LIST_SIZE])
{
	struct words words = {.count = 0};
	size_t pairs;

	for (int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const enum geyser_format format = (enum geyser_format)i;

		if (is_pair(has, format))
			add_word(&words, "%s%s", geyser_format_name(format),
				remarks ? png_remark(format) : "");
	}
	if (words.count)
		add_word(&words, "each also -srgb");
	pairs = words.count;
	for (int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const enum geyser_format format = (enum geyser_format)i;

		if (has(format) && !is_pair(has, format) && !is_second(has, format))
			add_word(&words, "%s", geyser_format_name(format));
	}
	return join_words(&words, words.count > pairs ? last : NULL, text);
}

/* ---- all ------------------------------------------------------------------------------------- */

static const char *const names[] = {
	[LIST_BACKENDS] = "{backends}",
	[LIST_TRUE_BACKENDS] = "{true backends}",
	[LIST_PNG_FORMATS] = "{png formats}",
	[LIST_PNG_8_FORMATS] = "{8-bit png formats}",
	[LIST_PNG_16_FORMATS] = "{16-bit png formats}",
	[LIST_PATTERN_FORMATS] = "{pattern formats}",
	[LIST_COLOUR_WORDS] = "{colour words}",
};

#define LIST_COUNT (sizeof(names) / sizeof(names[0]))

const char *list_text(enum list list, char text[LIST_SIZE])
{
	struct words words = {.count = 0};

	switch (list) {
	case LIST_BACKENDS:
		add_backends(&words, GEYSER_BACKEND_AUTO);
		break;
	case LIST_TRUE_BACKENDS:
		add_backends(&words, GEYSER_BACKEND_HOST);
		break;
	case LIST_PNG_FORMATS:
		return write_formats(is_png, false, "or", text);
	case LIST_PNG_8_FORMATS:
		return write_formats(is_png_8, true, "and", text);
	case LIST_PNG_16_FORMATS:
		return write_formats(is_png_16, false, "and", text);
	case LIST_PATTERN_FORMATS:
		return write_formats(pattern_holds, false, "or", text);
	case LIST_COLOUR_WORDS:
		for (size_t i = 0; colour_word(i); i++)
			add_word(&words, "%s", colour_word(i));
		break;
	}
	return join_words(&words, "or", text);
}

/* If text begins with a list's name, writes that list and returns the name's length; else returns
 * 0. */
static size_t match_name(const char *text, enum list *out)
{
	for (size_t i = 0; i < LIST_COUNT; i++) {
		if (strncmp(text, names[i], strlen(names[i])) == 0) {
			*out = (enum list)i;
			return strlen(names[i]);
		}
	}
	return 0;
}

void expand_lists(const char *text, char *out, size_t size)
{
	char list_of[LIST_SIZE];
	enum list list;
	size_t length = 0;

	while (*text && length + 1 < size) {
		const size_t name = match_name(text, &list);

		if (!name) {
			out[length++] = *text++;
			continue;
		}
		(void)snprintf(out + length, size - length, "%s", list_text(list, list_of));
		length += strlen(out + length);
		text += name;
	}
	out[length] = '\0';
}
