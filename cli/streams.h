/*
 * The tables that list and top print, and messages about missing streams.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_STREAMS_H
#define GEYSER_CLI_STREAMS_H

#include <stdio.h>

#include <geyser/stream.h>

/* ---- a stream that can't be received -------------------------------------------------------- */

/* Prints why the stream can't be received, and returns the exit status. Call this after the library
 * failed to connect on this thread: it uses that error's detail. */
int stream_absence(const char *name, uint64_t waited_ns);

/* Whether there is a stream of that name whose program doesn't answer. */
bool stream_is_silent(const char *name);

/* Writes the rate that the stream's program named; 0 if it named none, or doesn't answer. */
void stream_rate(const char *name, uint32_t *num, uint32_t *den);

/* ---- tables --------------------------------------------------------------------------------- */

#define CELL_SIZE 96u
#define COLUMNS_MAX 12u

struct column {
	const char *title;
	bool right; /* the cells are aligned to the right */
	/* if there isn't room for all columns, the highest rank goes first; 0: the column stays */
	uint8_t rank;
};

/* A table. Each column is as wide as its widest cell. */
struct table {
	const struct column *columns;
	size_t count, rows;
	char (*cells)[COLUMNS_MAX][CELL_SIZE];
};

/* Makes a table without rows, with room for this many. Returns false after a message. */
bool table_init(struct table *table, const struct column *columns, size_t count, size_t rows);
void table_finish(struct table *table);

/* Prints titles and rows, each line followed by end, in width columns of a terminal. The last line
 * names the table's columns that had no room. */
void table_print(const struct table *table, unsigned width, const char *end);

/* Prints the line of an empty list: "no streams in DIRECTORY". */
void print_no_streams(const char *end);

/* Writes a text without control characters: other programs have written it. */
void cell_text(char cell[CELL_SIZE], const char *text);
__attribute__((format(printf, 2, 3))) void cell_print(
	char cell[CELL_SIZE], const char *format, ...);

/* Writes a number of bytes, "31.6 MiB", or "-" for 0. */
void cell_bytes(char cell[CELL_SIZE], uint64_t bytes);

/* Writes a stream's rate, "29.97", or "-" if it isn't known. */
void cell_rate(char cell[CELL_SIZE], const struct geyser_stream_info *stream);

#endif
