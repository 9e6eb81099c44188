/*
 * A small JSON writer.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>

#include "json.h"

/* Returns how many bytes the UTF-8 sequence at text has; 0 if it isn't well-formed (RFC 3629). */
static unsigned sequence_length(const unsigned char *text)
{
	unsigned length, low = 0x80, high = 0xbf;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	/* The range of the second byte also excludes overlong forms, surrogates and numbers above
	 * U+10FFFF. */
	if (text[0] == 0xe0)
		low = 0xa0;
	else if (text[0] == 0xed)
		high = 0x9f;
	else if (text[0] == 0xf0)
		low = 0x90;
	else if (text[0] == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (unsigned i = 2; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

static void write_text(FILE *file, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	(void)fputc('"', file);
	while (*c) {
		const unsigned length = sequence_length(c);

		if (*c == '"' || *c == '\\')
			(void)fprintf(file, "\\%c", *c);
		else if (*c < 0x20 || *c == 0x7f)
			(void)fprintf(file, "\\u%04x", *c);
		else if (!length)
			(void)fputs("\\ufffd", file);
		else
			(void)fwrite(c, 1, length, file);
		c += length ? length : 1;
	}
	(void)fputc('"', file);
}

static void new_line(struct json *json)
{
	if (json->compact)
		return;
	(void)fputc('\n', json->file);
	for (unsigned i = 0; i < json->depth; i++)
		(void)fputs("  ", json->file);
}

static void next_member(struct json *json, const char *key)
{
	if (json->depth) {
		if (json->filled)
			(void)fputc(',', json->file);
		new_line(json);
	}
	json->filled = true;
	if (key) {
		write_text(json->file, key);
		(void)fputs(": ", json->file);
	}
}

void json_begin(struct json *json, const char *key, char bracket)
{
	next_member(json, key);
	(void)fputc(bracket, json->file);
	json->depth++;
	json->filled = false;
}

void json_end(struct json *json, char bracket)
{
	json->depth--;
	if (json->filled)
		new_line(json);
	(void)fputc(bracket, json->file);
	json->filled = true;
	if (!json->depth)
		(void)fputc('\n', json->file);
}

void json_string(struct json *json, const char *key, const char *text)
{
	next_member(json, key);
	if (text)
		write_text(json->file, text);
	else
		(void)fputs("null", json->file);
}

void json_bool(struct json *json, const char *key, bool value)
{
	next_member(json, key);
	(void)fputs(value ? "true" : "false", json->file);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	next_member(json, key);
	(void)fprintf(json->file, "%" PRIu64, value);
}

void json_float(struct json *json, const char *key, float value)
{
	next_member(json, key);
	if (isfinite(value))
		(void)fprintf(json->file, "%.9g", (double)value);
	else
		(void)fputs("null", json->file);
}
