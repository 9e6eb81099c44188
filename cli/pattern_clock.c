/*
 * The clock: a frame that is missing, old or late can be read off the picture.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "pattern.h"

#define GLYPH_WIDTH 5u
#define GLYPH_HEIGHT 7u
#define ADVANCE (GLYPH_WIDTH + 1)

/* Each byte is a row of dots. The highest of its five bits is the leftmost dot. */
static const struct glyph {
	char character;
	uint8_t rows[GLYPH_HEIGHT];
} glyphs[] = {
	{'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}},
	{'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
	{'2', {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f}},
	{'3', {0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e}},
	{'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}},
	{'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
	{'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}},
	{'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
	{'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}},
	{'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
	{':', {0x00, 0x04, 0x04, 0x00, 0x04, 0x04, 0x00}},
	{'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c}},
};

static const struct colour paper = {4112, 4112, 6168}, ink = {62000, 62000, 56000},
			   hand = {UINT16_MAX, 30000, 0};

static const struct glyph *find_glyph(char character)
{
	for (size_t i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]); i++) {
		if (glyphs[i].character == character)
			return &glyphs[i];
	}
	return &glyphs[0];
}

static void draw_glyph(const struct canvas *canvas, const struct glyph *glyph, uint32_t x,
	uint32_t y, uint32_t dot)
{
	for (uint32_t row = 0; row < GLYPH_HEIGHT; row++) {
		for (uint32_t column = 0; column < GLYPH_WIDTH; column++) {
			if (glyph->rows[row] >> (GLYPH_WIDTH - 1 - column) & 1)
				canvas_fill(canvas, x + column * dot, y + row * dot, dot, dot, ink);
		}
	}
}

/* Draws a line of text in the centre. Where the canvas is too narrow, the text is cut off on the
 * right. */
static void draw_line(const struct canvas *canvas, const char *text, uint32_t y, uint32_t dot)
{
	const uint32_t width = (uint32_t)(strlen(text) * ADVANCE - 1) * dot;
	uint32_t x = width < canvas->width ? (canvas->width - width) / 2 : 0;

	for (; *text; text++, x += ADVANCE * dot)
		draw_glyph(canvas, find_glyph(*text), x, y, dot);
}

/* Returns the largest dot with which two lines fit into five sixths of the height. */
static uint32_t dot_size(const struct canvas *canvas, size_t characters)
{
	const uint32_t by_width = canvas->width / (uint32_t)((characters + 1) * ADVANCE);
	const uint32_t by_height = canvas->height * 5 / 6 / (2 * GLYPH_HEIGHT + 4);
	const uint32_t size = by_width < by_height ? by_width : by_height;

	return size ? size : 1;
}

/* Draws a block at the bottom that moves from the left to the right once a second. */
static void draw_hand(const struct canvas *canvas, uint64_t time_ns)
{
	const uint32_t height = canvas->height / 8;
	const uint32_t width = canvas->width / 24 + 1;
	const uint64_t way = canvas->width - (width < canvas->width ? width : canvas->width);

	canvas_fill(canvas, (uint32_t)(way * (time_ns % NANOSECONDS) / NANOSECONDS),
		canvas->height - height, width, height, hand);
}

void clock_draw(uint64_t frame, uint64_t time_ns, const struct canvas *canvas)
{
	char number[24], clock[32];
	const uint64_t milliseconds = time_ns / 1000000;
	uint32_t dot, top, gap;

	(void)snprintf(number, sizeof(number), "%06" PRIu64, frame);
	(void)snprintf(clock, sizeof(clock), "%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64,
		milliseconds / 60000, milliseconds / 1000 % 60, milliseconds % 1000);
	dot = dot_size(canvas, strlen(number) > strlen(clock) ? strlen(number) : strlen(clock));
	gap = 2 * dot;
	top = canvas->height * 5 / 6;
	top = top > 2 * GLYPH_HEIGHT * dot + gap ? (top - 2 * GLYPH_HEIGHT * dot - gap) / 2 : 0;
	canvas_fill(canvas, 0, 0, canvas->width, canvas->height, paper);
	draw_line(canvas, number, top, dot);
	draw_line(canvas, clock, top + GLYPH_HEIGHT * dot + gap, dot);
	draw_hand(canvas, time_ns);
}
