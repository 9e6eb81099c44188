/*
 * Reading what was typed: numbers, sizes, times, formats, handles and ids.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* The digit's value, or base if it is none. */
static unsigned digit_value(char c, unsigned base)
{
	unsigned value = base;

	if (c >= '0' && c <= '9')
		value = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		value = (unsigned)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		value = (unsigned)(c - 'A') + 10;
	return value < base ? value : base;
}

/* Reads digits from *text on and moves it behind them; false if there is none or it overflows. */
static bool take_digits(const char **text, unsigned base, uint64_t *out)
{
	const char *const start = *text;
	uint64_t value = 0;

	for (;; (*text)++) {
		const unsigned digit = digit_value(**text, base);

		if (digit == base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
			__builtin_add_overflow(value, digit, &value))
			return false;
	}
	*out = value;
	return *text != start;
}

bool parse_number(const char *text, uint64_t *out)
{
	unsigned base = 10;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	return take_digits(&text, base, out) && !*text;
}

bool parse_size(const char *text, uint32_t *width, uint32_t *height)
{
	uint64_t w, h;

	if (!take_digits(&text, 10, &w) || *text++ != 'x' || !take_digits(&text, 10, &h) || *text)
		return false;
	if (!w || !h || w > GEYSER_MAX_DIMENSION || h > GEYSER_MAX_DIMENSION)
		return false;
	*width = (uint32_t)w;
	*height = (uint32_t)h;
	return true;
}

bool parse_rate(const char *text, uint32_t *num, uint32_t *den)
{
	const uint64_t limit = 1000000;
	uint64_t n, d = 1;

	if (!take_digits(&text, 10, &n))
		return false;
	if (*text == '/') {
		text++;
		if (!take_digits(&text, 10, &d))
			return false;
	}
	if (*text || !n || !d || n > limit || d > limit)
		return false;
	*num = (uint32_t)n;
	*den = (uint32_t)d;
	return true;
}

bool parse_seconds(const char *text, uint64_t *out)
{
	uint64_t seconds = 0, fraction = 0, unit = NANOSECONDS;

	if (*text != '.' && !take_digits(&text, 10, &seconds))
		return false;
	if (*text == '.') {
		text++;
		if (digit_value(*text, 10) == 10)
			return false;
		for (; digit_value(*text, 10) < 10; text++) {
			unit /= 10; /* digits beyond the nanosecond count nothing */
			fraction += digit_value(*text, 10) * unit;
		}
	}
	if (*text || seconds > NANOSECONDS)
		return false;
	*out = seconds * NANOSECONDS + fraction;
	return true;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance; words longer than the row are no candidates. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64];
	const size_t length = strlen(b);

	if (length >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			const size_t replace = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = smaller(replace, 1 + smaller(row[j], row[j - 1]));
		}
	}
	return row[length];
}

const char *nearest_word(
	const char *text, size_t count, const char *(*word)(size_t index, void *user), void *user)
{
	const char *best = NULL;
	const size_t length = strlen(text);
	size_t best_distance = length / 3 + 2; /* "shrae", "grb" */

	if (length > 32)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *const candidate = word(i, user);
		size_t d = candidate ? distance(text, candidate) : SIZE_MAX;

		/* "rgba8": a beginning is as good as one mistake. */
		if (candidate && length > 2 && strncmp(text, candidate, length) == 0)
			d = 1;

		if (d < best_distance) {
			best = candidate;
			best_distance = d;
		}
	}
	return best;
}

static const char *format_word(size_t index, void *user)
{
	(void)user;
	return index ? geyser_format_name((enum geyser_format)index) : NULL;
}

enum geyser_format parse_format(const char *text)
{
	const enum geyser_format format = geyser_format_from_name(text);
	const char *near;

	if (format)
		return format;
	near = nearest_word(text, GEYSER_FORMAT_COUNT, format_word, NULL);
	(void)usage_error("unknown format (%s): %s%s%s", text, near ? "did you mean " : "",
		near ? near : "", near ? "?" : "geyser info --formats lists all");
	return GEYSER_FORMAT_NONE;
}

const char *shell_word(const char *word, char *out, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./+:,@%";

	if (*word && strspn(word, plain) == strlen(word))
		(void)snprintf(out, size, "%s", word);
	else if (!strchr(word, '\''))
		(void)snprintf(out, size, "'%s'", word);
	else
		(void)snprintf(out, size, "...");
	return out;
}

int target_parse(const char *text, struct target *out)
{
	uint64_t id;

	*out = (struct target){.text = text};
	if (strncmp(text, "geyser", 6) == 0) {
		if (geyser_handle_from_string(text, &out->handle))
			return library_failure("%.100s", text);
		return STATUS_OK;
	}
	if (!parse_number(text, &id) || !id || id > UINT32_MAX)
		return usage_error("neither handle nor id (%.100s): the geyser1-... or 0x... that "
				   "geyser share or event create printed",
			text);
	out->by_id = true;
	out->id = (uint32_t)id;
	return STATUS_OK;
}

enum geyser_result target_find(struct target *target)
{
	return target->by_id ? geyser_handle_from_id(target->id, &target->handle) : GEYSER_OK;
}
