/*
 * The tables that list and top print.
 *
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "streams.h"
#include "wrap.h"

#define GAP 2u /* spaces between two columns */

/* ---- cells ---------------------------------------------------------------------------------- */

void cell_print(char cell[CELL_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(cell, CELL_SIZE, format, args);
	va_end(args);
}

void cell_text(char cell[CELL_SIZE], const char *text)
{
	cell_print(cell, "%s", *text ? text : "-");
	replace_controls(cell);
}

void cell_bytes(char cell[CELL_SIZE], uint64_t bytes)
{
	if (!bytes)
		cell_text(cell, "");
	else
		cell_print(cell, "%.1f MiB", (double)bytes / 1048576);
}

void cell_rate(char cell[CELL_SIZE], const struct geyser_stream_info *stream)
{
	const uint32_t num = stream->frame_rate_num, den = stream->frame_rate_den;

	if (!num || !den)
		cell_text(cell, "");
	else if (num % den == 0)
		cell_print(cell, "%u", num / den);
	else
		cell_print(cell, "%.2f", (double)num / den);
}

/* ---- tables --------------------------------------------------------------------------------- */

bool table_init(struct table *table, const struct column *columns, size_t count, size_t rows)
{
	*table = (struct table){.columns = columns, .count = count};
	table->cells = calloc(rows ? rows : 1, sizeof(*table->cells));
	if (!table->cells)
		(void)failure("no memory for a table (%zu rows): it needs fewer streams", rows);
	return table->cells != NULL;
}

void table_finish(struct table *table)
{
	free(table->cells);
	table->cells = NULL;
}

/* The width of each column; 0: there is no room for the column. */
struct widths {
	unsigned column[COLUMNS_MAX];
	unsigned dropped;
	unsigned all; /* of the whole table, if no column is left out */
};

static unsigned column_width(const struct table *table, size_t column)
{
	unsigned width = text_width(table->columns[column].title);

	for (size_t row = 0; row < table->rows; row++) {
		const unsigned cell = text_width(table->cells[row][column]);

		width = cell > width ? cell : width;
	}
	return width;
}

static unsigned total_width(const struct table *table, const struct widths *widths)
{
	unsigned total = 0;

	for (size_t c = 0; c < table->count; c++)
		total += widths->column[c] ? widths->column[c] + (total ? GAP : 0) : 0;
	return total;
}

/* Returns the shown column of the highest rank; count if all shown columns must stay. */
static size_t least_wanted(const struct table *table, const struct widths *widths)
{
	size_t least = table->count;
	unsigned rank = 0;

	for (size_t c = 0; c < table->count; c++) {
		if (widths->column[c] && table->columns[c].rank > rank) {
			rank = table->columns[c].rank;
			least = c;
		}
	}
	return least;
}

static struct widths fit(const struct table *table, unsigned width)
{
	struct widths widths = {.dropped = 0};
	size_t least;

	for (size_t c = 0; c < table->count; c++)
		widths.column[c] = column_width(table, c);
	widths.all = total_width(table, &widths);
	while (total_width(table, &widths) > width) {
		least = least_wanted(table, &widths);
		if (least == table->count)
			break;
		widths.column[least] = 0;
		widths.dropped++;
	}
	return widths;
}

static void print_cell(const char *text, unsigned width, bool right, bool first)
{
	const int gap = (int)(width - text_width(text));

	(void)fprintf(answers(), "%*s%*s%s", first ? 0 : (int)GAP, "", right ? gap : 0, "", text);
}

static void print_row(
	const struct table *table, const struct widths *widths, size_t row, const char *end)
{
	unsigned pending = 0; /* spaces that are still missing after a left-aligned cell */
	bool first = true;

	for (size_t c = 0; c < table->count; c++) {
		const struct column *const column = &table->columns[c];
		const char *const text = row ? table->cells[row - 1][c] : column->title;

		if (!widths->column[c])
			continue;
		(void)fprintf(answers(), "%*s", (int)pending, "");
		print_cell(text, widths->column[c], column->right, first);
		pending = column->right ? 0 : widths->column[c] - text_width(text);
		first = false;
	}
	(void)fputs(end, answers());
}

static void print_dropped(
	const struct table *table, const struct widths *widths, unsigned width, const char *end)
{
	char text[512] = "no room for";
	size_t length = strlen(text);
	unsigned left = widths->dropped;

	for (size_t c = 0; c < table->count && length < sizeof(text); c++) {
		if (!widths->column[c])
			length += (size_t)snprintf(text + length, sizeof(text) - length, " %s%s",
				table->columns[c].title, --left ? "," : "");
	}
	if (length < sizeof(text))
		(void)snprintf(text + length, sizeof(text) - length, " in %u columns: all take %u",
			width, widths->all);
	print_wrapped("", text, width, end);
}

void table_print(const struct table *table, unsigned width, const char *end)
{
	const struct widths widths = fit(table, width);

	for (size_t row = 0; row <= table->rows; row++)
		print_row(table, &widths, row, end);
	if (widths.dropped)
		print_dropped(table, &widths, width, end);
}

void print_no_streams(const char *end)
{
	char directory[PATH_MAX];

	if (geyser_registry_directory(directory, sizeof(directory)))
		*directory = '\0';
	replace_controls(directory);
	(void)fprintf(answers(), "no streams%s%s%s", *directory ? " in " : "", directory, end);
}
