/*
 * Streams as list and top show them: tables.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "streams.h"

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
	for (char *c = cell; *c; c++) {
		const unsigned char byte = (unsigned char)c[0], next = (unsigned char)c[1];
		const bool c1 = byte == 0xc2 && next >= 0x80 && next < 0xa0;

		if (c1)
			*c++ = '?';
		if (c1 || byte < 0x20 || byte == 0x7f)
			*c = '?';
	}
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

bool table_init(struct table *table, const char *const *titles, size_t columns, size_t rows)
{
	*table = (struct table){.columns = columns, .titles = titles};
	table->cells = calloc(rows ? rows : 1, sizeof(*table->cells));
	if (!table->cells)
		(void)failure("no memory for a table (%zu rows): fewer streams", rows);
	return table->cells != NULL;
}

void table_finish(struct table *table)
{
	free(table->cells);
	table->cells = NULL;
}

/* In characters: bytes that don't continue one. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static int column_width(const struct table *table, size_t column)
{
	int width = text_width(table->titles[column]) - (table->titles[column][0] == '-');

	for (size_t row = 0; row < table->rows; row++) {
		const int cell = text_width(table->cells[row][column]);

		width = cell > width ? cell : width;
	}
	return width;
}

static void print_cell(const char *text, int width, bool right, bool last)
{
	const int gap = width - text_width(text);

	(void)fprintf(answers(), "%*s%s%*s", right ? gap : 0, "", text,
		last ? 0 : (right ? 0 : gap) + 2, "");
}

void table_print(const struct table *table, const char *end)
{
	int widths[COLUMNS_MAX];

	for (size_t c = 0; c < table->columns; c++)
		widths[c] = column_width(table, c);
	for (size_t row = 0; row <= table->rows; row++) {
		for (size_t c = 0; c < table->columns; c++) {
			const bool right = table->titles[c][0] == '-';

			print_cell(row ? table->cells[row - 1][c] : table->titles[c] + right,
				widths[c], right, c + 1 == table->columns);
		}
		(void)fputs(end, answers());
	}
}
