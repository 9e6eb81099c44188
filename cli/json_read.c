/*
 * A small JSON reader, for lines with one object each.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_read.h"

/* ---- values --------------------------------------------------------------------------------- */

/* The functions below return the text after what they skip, or NULL if it isn't there. */

static const char *skip_space(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

static const char *skip_string(const char *text)
{
	if (*text != '"')
		return NULL;
	for (text++; *text != '"'; text++) {
		if (*text == '\\')
			text++;
		if (!*text)
			return NULL;
	}
	return text + 1;
}

/* Skips an object or array, without a look at what is within but strings and brackets. */
static const char *skip_brackets(const char *text)
{
	unsigned depth = 0;

	do {
		if (*text == '"') {
			text = skip_string(text);
			if (!text)
				return NULL;
			continue;
		}
		if (*text == '{' || *text == '[')
			depth++;
		else if (*text == '}' || *text == ']')
			depth--;
		else if (!*text)
			return NULL;
		text++;
	} while (depth);
	return text;
}

static const char *skip_value(const char *text)
{
	const size_t length = strspn(text, "+-.0123456789abcdefghijklmnopqrstuvwxyzE");

	if (*text == '"')
		return skip_string(text);
	if (*text == '{' || *text == '[')
		return skip_brackets(text);
	return length ? text + length : NULL;
}

/* ---- objects -------------------------------------------------------------------------------- */

/* Walks over the members. Returns the value of the one with that key, or NULL. *whole becomes true
 * if the walk came to the object's end. */
static const char *walk(const char *line, const char *key, bool *whole)
{
	const char *at = skip_space(line), *name;

	*whole = false;
	if (*at++ != '{')
		return NULL;
	at = skip_space(at);
	while (*at != '}') {
		size_t length;

		name = at + 1;
		at = skip_string(at);
		if (!at)
			return NULL;
		length = (size_t)(at - 1 - name);
		at = skip_space(at);
		if (*at++ != ':')
			return NULL;
		at = skip_space(at);
		if (key && strlen(key) == length && memcmp(name, key, length) == 0)
			return at;
		at = skip_value(at);
		if (!at)
			return NULL;
		at = skip_space(at);
		if (*at == ',')
			at = skip_space(at + 1);
		else if (*at != '}')
			return NULL;
	}
	*whole = *skip_space(at + 1) == '\0';
	return NULL;
}

const char *json_member(const char *line, const char *key)
{
	bool whole;

	return walk(line, key, &whole);
}

bool json_is_object(const char *line)
{
	bool whole;

	(void)walk(line, NULL, &whole);
	return whole;
}

/* ---- numbers and strings -------------------------------------------------------------------- */

static bool read_digits(const char **text, uint64_t most, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*out = strtoull(*text, &end, 10);
	*text = end;
	return !errno && *out <= most;
}

static bool ends(const char *text)
{
	return *text == '\0' || strchr(",]} \t\r\n", *text) != NULL;
}

bool json_read_number(const char *value, uint64_t most, uint64_t *out)
{
	return value && read_digits(&value, most, out) && ends(value);
}

/* Goes from one element of an array to the next. Returns NULL at the array's end, or sets *fine to
 * false. */
static const char *next_element(const char *text, bool first, bool *fine)
{
	text = skip_space(text);
	if (*text == ']')
		return NULL;
	if (first)
		return text;
	*fine = *text == ',';
	return *fine ? skip_space(text + 1) : NULL;
}

bool json_read_numbers(
	const char *value, uint64_t most, uint64_t *out, size_t count, size_t *length)
{
	bool fine = value && *value == '[';
	const char *at = fine ? next_element(value + 1, true, &fine) : NULL;

	*length = 0;
	while (at) {
		if (*length == count || !read_digits(&at, most, &out[(*length)++]))
			return false;
		at = next_element(at, false, &fine);
	}
	return fine;
}

/* strtof takes hexadecimal digits and words, too, which JSON has not. */
static bool read_float(const char *text, float *out, char **end)
{
	*out = strtof(text, end);
	return isdigit((unsigned char)text[*text == '-']) && isfinite(*out) &&
	       *end == text + strspn(text, "+-.0123456789eE");
}

bool json_read_floats(const char *value, float *out, size_t count)
{
	bool fine = value && *value == '[';
	const char *at = fine ? next_element(value + 1, true, &fine) : NULL;
	size_t length = 0;
	char *end;

	while (at) {
		if (length == count)
			return false;
		if (strncmp(at, "null", 4) == 0) {
			out[length++] = NAN;
			end = (char *)at + 4;
		} else if (!read_float(at, &out[length++], &end)) {
			return false;
		}
		at = next_element(end, false, &fine);
	}
	return fine && length == count;
}

bool json_read_text(const char *value, char *out, size_t size)
{
	size_t length = 0;

	if (!value || *value != '"')
		return false;
	for (value++; *value != '"'; value++) {
		if (*value == '\\' && *++value == 'u')
			return false;
		if (!*value || length + 1 >= size)
			return false;
		out[length++] = *value;
	}
	out[length] = '\0';
	return true;
}
