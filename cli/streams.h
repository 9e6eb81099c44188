/*
 * Streams as list and top show them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_STREAMS_H
#define GEYSER_CLI_STREAMS_H

#include <stdio.h>

#include <geyser/stream.h>

/* ---- a stream that can't be received -------------------------------------------------------- */

/* Says why, and returns the exit status. The library's last failure on this thread is the one to
 * get there. */
int stream_absence(const char *name, uint64_t waited_ns);

/* Whether there is a stream of that name whose program doesn't answer. */
bool stream_is_silent(const char *name);

/* ---- tables --------------------------------------------------------------------------------- */

#define CELL_SIZE 96u
#define COLUMNS_MAX 12u

/* A table whose columns are as wide as they need be. */
struct table {
	size_t columns, rows;
	const char *const *titles; /* of the columns; "-" before one that is aligned to the right */
	char (*cells)[COLUMNS_MAX][CELL_SIZE];
};

/* Of no rows yet, with room for as many; false after a message. */
bool table_init(struct table *table, const char *const *titles, size_t columns, size_t rows);
void table_finish(struct table *table);

/* Prints titles and rows, each line followed by end. */
void table_print(const struct table *table, const char *end);

/* text without what a terminal would obey: other programs have written it. */
void cell_text(char cell[CELL_SIZE], const char *text);
__attribute__((format(printf, 2, 3))) void cell_print(
	char cell[CELL_SIZE], const char *format, ...);

/* "29.97", or "-" if it isn't known. */
void cell_rate(char cell[CELL_SIZE], const struct geyser_stream_info *stream);

#endif
