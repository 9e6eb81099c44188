/*
 * A small JSON reader, for lines with one object each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_JSON_READ_H
#define GEYSER_CLI_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the text of the member's value within the object that the line is, or NULL if there is no
 * such member. Also returns NULL if the line is no object up to there. */
const char *json_member(const char *line, const char *key);

/* Whether the line is one whole object. */
bool json_is_object(const char *line);

/* Reads the value as a number from 0 to most, without a fraction. Returns false if it is none. */
bool json_read_number(const char *value, uint64_t most, uint64_t *out);

/* Reads the value as an array of at most count such numbers. Returns false if it is none. */
bool json_read_numbers(
	const char *value, uint64_t most, uint64_t *out, size_t count, size_t *length);

/* Reads the value as an array of count floating-point numbers; null is NaN. */
bool json_read_floats(const char *value, float *out, size_t count);

/* Reads the value as a string. Returns false if it is none, is too long, or has a \u. */
bool json_read_text(const char *value, char *out, size_t size);

#endif
