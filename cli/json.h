/*
 * A small JSON writer: one value to a file, keys in the order they are written.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_JSON_H
#define GEYSER_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *file;     /* borrowed; its error flag tells of failed writes */
	bool compact;   /* all on one line, for who reads line by line; else indented */
	unsigned depth; /* open objects and arrays */
	bool filled;    /* the innermost one has a member already */
};

/* bracket is '{' or '['; the key is NULL at the top and within arrays. The end of the outermost
 * value ends the line. */
void json_begin(struct json *json, const char *key, char bracket);
void json_end(struct json *json, char bracket);

/* text NULL writes null. Bytes that are no UTF-8 become U+FFFD. */
void json_string(struct json *json, const char *key, const char *text);
void json_bool(struct json *json, const char *key, bool value);
void json_number(struct json *json, const char *key, uint64_t value);

#endif
