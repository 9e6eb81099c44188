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
	FILE *file; /* borrowed; its error flag tells of failed writes */
	/* one line for each value, for programs that read line by line; else indented */
	bool compact;
	unsigned depth; /* how many objects and arrays are open */
	bool filled;    /* the innermost object or array has a member already */
};

/* Begins an object ('{') or an array ('['). The key is NULL at the top and within arrays. The end
 * of the outermost value also ends the line. */
void json_begin(struct json *json, const char *key, char bracket);
void json_end(struct json *json, char bracket);

/* Writes a string, or null if text is NULL. Bytes that aren't UTF-8 become U+FFFD. */
void json_string(struct json *json, const char *key, const char *text);
void json_bool(struct json *json, const char *key, bool value);
void json_number(struct json *json, const char *key, uint64_t value);

/* Writes a number that becomes the same float again when it is read; null if it isn't finite. */
void json_float(struct json *json, const char *key, float value);

#endif
