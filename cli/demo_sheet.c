/*
 * The demo's last step: one picture that shows what happened to the stream.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "demo.h"
#include "outfile.h"
#include "png.h"
#include "text.h"

#define TEXEL 4u /* bytes */
#define MARGIN 28u
#define BORDER 3u
#define PANEL (DEMO_FRAME_WIDTH + 2 * BORDER)
#define GUTTER 36u
#define WIDTH (2 * MARGIN + 2 * PANEL + GUTTER)

/* The sheet from the top: the title, two panels, three time lines, the figures. */
#define TITLE_TOP 24u
#define PANEL_TOP 100u
#define FRAME_TOP (PANEL_TOP + 58)
#define STRIP_TOP (FRAME_TOP + DEMO_FRAME_HEIGHT + 2 * BORDER + 34)
#define LINES_TOP (STRIP_TOP + DEMO_STRIP_HEIGHT + 60)
#define LINE_HEIGHT 40u
#define FIGURES_TOP (LINES_TOP + 34 + 3 * LINE_HEIGHT + 22)
#define FIGURE_HEIGHT 30u
#define HEIGHT (FIGURES_TOP + 3 * FIGURE_HEIGHT + 20)

/* A time line has a tick for each frame. */
#define TICK 7u
#define TICKS_LEFT (WIDTH - MARGIN - DEMO_FRAMES * TICK)

static const struct colour paper = {4112, 5140, 6682}, ink = {61680, 61680, 61680},
			   faint = {36494, 39064, 42148}, line = {14392, 16448, 19532},
			   green = {16191, 54484, 26985}, amber = {60395, 44461, 13364},
			   red = {63736, 20817, 18761};

struct sheet {
	const struct demo *demo;
	struct canvas canvas;
	unsigned char *shown; /* the pictures that one viewer drew */
};

/* ---- parts ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 6, 7))) static void write_text(const struct sheet *sheet, uint32_t x,
	uint32_t y, uint32_t dot, struct colour colour, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_draw(&sheet->canvas, x, y, dot, colour, text);
}

static void draw_border(const struct sheet *sheet, uint32_t x, uint32_t y, uint32_t width,
	uint32_t height, struct colour colour)
{
	canvas_fill(&sheet->canvas, x, y, width + 2 * BORDER, height + 2 * BORDER, colour);
}

/* Copies a part of a viewer's picture. */
static void paste(const struct sheet *sheet, uint32_t from_x, uint32_t from_y, uint32_t width,
	uint32_t height, uint32_t x, uint32_t y)
{
	const size_t row = (size_t)DEMO_FRAME_WIDTH * TEXEL;

	for (uint32_t i = 0; i < height; i++)
		memcpy(sheet->canvas.data + (size_t)(y + i) * sheet->canvas.row_pitch +
				(size_t)x * TEXEL,
			sheet->shown + (size_t)(from_y + i) * row + (size_t)from_x * TEXEL,
			(size_t)width * TEXEL);
}

static bool load(struct sheet *sheet, const char *path)
{
	struct png_reader reader;
	bool done;

	if (!png_open(path, &reader))
		return false;
	done = reader.width == DEMO_FRAME_WIDTH && reader.height == DEMO_SHOWN_HEIGHT;
	if (!done)
		(void)failure("%s has another size (%ux%u): expected %ux%u", path, reader.width,
			reader.height, DEMO_FRAME_WIDTH, DEMO_SHOWN_HEIGHT);
	done = done && png_read(&reader, &(struct png_texels){
						 .format = DEMO_FRAME_FORMAT,
						 .width = DEMO_FRAME_WIDTH,
						 .height = DEMO_SHOWN_HEIGHT,
						 .data = sheet->shown,
						 .row_pitch = (size_t)DEMO_FRAME_WIDTH * TEXEL,
					 });
	png_close(&reader);
	return done;
}

/* ---- panels --------------------------------------------------------------------------------- */

/* Returns the index of the strip's first frame among the viewer's frames; the number of frames if
 * the viewer got no such frame. */
static uint32_t strip_begin(const struct demo_view *view)
{
	uint32_t i = 0;

	while (i < view->frames && view->frame[i].sequence < DEMO_STRIP_FRAME)
		i++;
	return i;
}

static void draw_strip(const struct sheet *sheet, const struct demo_view *view, uint32_t left,
	struct colour colour)
{
	const uint32_t gap = (PANEL - DEMO_STRIP_COUNT * (DEMO_STRIP_WIDTH + 2 * BORDER)) /
			     (DEMO_STRIP_COUNT - 1);
	const uint32_t begin = strip_begin(view);

	for (uint32_t i = 0; i < DEMO_STRIP_COUNT && begin + i < view->frames; i++) {
		const uint32_t x = left + i * (DEMO_STRIP_WIDTH + 2 * BORDER + gap);

		draw_border(sheet, x, STRIP_TOP, DEMO_STRIP_WIDTH, DEMO_STRIP_HEIGHT, line);
		paste(sheet, i * DEMO_STRIP_WIDTH, DEMO_FRAME_HEIGHT, DEMO_STRIP_WIDTH,
			DEMO_STRIP_HEIGHT, x + BORDER, STRIP_TOP + BORDER);
		write_text(sheet, x, STRIP_TOP + DEMO_STRIP_HEIGHT + 2 * BORDER + 8, 2, colour,
			"frame %" PRIu64, view->frame[begin + i].sequence);
	}
}

static void draw_panel(const struct sheet *sheet, const struct demo_view *view, uint32_t left,
	struct colour colour, const char *title, const char *remark)
{
	write_text(sheet, left, PANEL_TOP, 3, colour, "%s", title);
	write_text(sheet, left, PANEL_TOP + 32, 2, ink, "%s", remark);
	draw_border(sheet, left, FRAME_TOP, DEMO_FRAME_WIDTH, DEMO_FRAME_HEIGHT, colour);
	paste(sheet, 0, 0, DEMO_FRAME_WIDTH, DEMO_FRAME_HEIGHT, left + BORDER, FRAME_TOP + BORDER);
	write_text(sheet, left, STRIP_TOP - 22, 2, faint,
		"above: its last frame, %" PRIu64 "; below: four in a row",
		view->frames ? view->frame[view->frames - 1].sequence : 0);
	draw_strip(sheet, view, left, colour);
}

static bool draw_panels(struct sheet *sheet)
{
	const struct demo *const demo = sheet->demo;
	char remark[96];

	if (!load(sheet, demo->every_shown))
		return false;
	(void)snprintf(remark, sizeof(remark), "%u of %u frames, each equal to what ffmpeg drew",
		demo->every.frames, DEMO_FRAMES);
	draw_panel(sheet, &demo->every, MARGIN, green, "Viewer A gets every frame", remark);
	if (!load(sheet, demo->slow_shown))
		return false;
	(void)snprintf(remark, sizeof(remark), "%u frames, held 0.1 s each, none changed meanwhile",
		demo->slow.frames);
	draw_panel(sheet, &demo->slow, MARGIN + PANEL + GUTTER, amber,
		"Viewer B is slow, gets the newest", remark);
	return true;
}

/* ---- time lines ----------------------------------------------------------------------------- */

static void draw_tick(
	const struct sheet *sheet, uint64_t sequence, uint32_t y, struct colour colour)
{
	canvas_fill(&sheet->canvas, TICKS_LEFT + (uint32_t)(sequence - 1) * TICK, y, TICK - 2, 22,
		colour);
}

static void draw_base(const struct sheet *sheet, uint32_t y)
{
	for (uint32_t i = 1; i <= DEMO_FRAMES; i++)
		draw_tick(sheet, i, y, line);
}

static void draw_view(
	const struct sheet *sheet, const struct demo_view *view, uint32_t y, struct colour colour)
{
	draw_base(sheet, y);
	for (uint32_t i = 0; i < view->frames; i++)
		draw_tick(sheet, view->frame[i].sequence, y, colour);
}

static void draw_killed(const struct sheet *sheet, uint32_t y)
{
	const struct demo *const demo = sheet->demo;

	draw_base(sheet, y);
	for (uint64_t i = demo->held_frame; i <= DEMO_KILL_FRAME; i++)
		draw_tick(sheet, i, y, red);
	canvas_fill(&sheet->canvas, TICKS_LEFT + DEMO_KILL_FRAME * TICK + 6, y - 3, 700, 28, paper);
	write_text(sheet, TICKS_LEFT + DEMO_KILL_FRAME * TICK + 12, y + 4, 2, red,
		"killed; its buffer was back %.2f ms later", (double)demo->back_ns / 1e6);
}

static void draw_lines(const struct sheet *sheet)
{
	const struct demo *const demo = sheet->demo;
	uint32_t y = LINES_TOP;

	write_text(sheet, MARGIN, y, 2, ink,
		"The stream's %u frames, from left to right, and which of them each viewer got:",
		DEMO_FRAMES);
	y += 34;
	write_text(sheet, MARGIN, y + 4, 2, green, "A: all %u", demo->every.frames);
	draw_view(sheet, &demo->every, y, green);
	y += LINE_HEIGHT;
	write_text(sheet, MARGIN, y + 4, 2, amber, "B: %u, %" PRIu64 " skipped", demo->slow.frames,
		demo->slow.dropped);
	draw_view(sheet, &demo->slow, y, amber);
	y += LINE_HEIGHT;
	write_text(sheet, MARGIN, y + 4, 2, red, "C: holds frame %" PRIu64, demo->held_frame);
	draw_killed(sheet, y);
}

/* ---- figures -------------------------------------------------------------------------------- */

__attribute__((format(printf, 5, 6))) static void write_figure(const struct sheet *sheet,
	uint32_t column, uint32_t row, const char *label, const char *format, ...)
{
	const uint32_t left = MARGIN + column * (PANEL + GUTTER);
	const uint32_t top = FIGURES_TOP + row * FIGURE_HEIGHT;
	char value[64];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	write_text(sheet, left, top, 2, faint, "%s", label);
	write_text(sheet, left + PANEL - text_length(value, 2), top, 2, ink, "%s", value);
}

static void draw_figures(const struct sheet *sheet)
{
	const struct demo *const demo = sheet->demo;
	const double seconds = (double)demo->stream_ns / (double)NANOSECONDS;

	canvas_fill(&sheet->canvas, MARGIN, FIGURES_TOP - 16, WIDTH - 2 * MARGIN, 2, line);
	write_figure(sheet, 0, 0, "the stream's rate", "%.1f frames a second",
		(DEMO_FRAMES - 1) / seconds);
	write_figure(sheet, 0, 1, "from publishing a frame to viewer A", "%.1f us",
		(double)demo->every.latency_p50_ns / 1e3);
	write_figure(sheet, 0, 2, "bytes of texels copied in between", "0");
	write_figure(sheet, 1, 0, "import of a texture, to its first texel", "%.1f us",
		(double)demo->import_ns / 1e3);
	write_figure(sheet, 1, 1, "from a signal to a woken waiter", "%.1f us",
		(double)demo->wake_ns / 1e3);
	write_figure(sheet, 1, 2, "dropped frames of viewer A", "%" PRIu64, demo->every.dropped);
}

/* ---- all ------------------------------------------------------------------------------------ */

static bool draw(struct sheet *sheet)
{
	canvas_fill(&sheet->canvas, 0, 0, WIDTH, HEIGHT, paper);
	write_text(sheet, MARGIN, TITLE_TOP, 4, ink, "geyser demo: one stream, three viewers");
	write_text(sheet, MARGIN, TITLE_TOP + 40, 2, faint,
		"Each is a process of its own, and looks at the publisher's memory: nothing is "
		"copied.");
	if (!draw_panels(sheet))
		return false;
	draw_lines(sheet);
	draw_figures(sheet);
	return true;
}

static bool write_sheet(const struct sheet *sheet, uint64_t *size)
{
	struct outfile out;

	if (!outfile_open(sheet->demo->sheet, &out))
		return false;
	if (!png_write(&out, &(struct png_texels){
				     .format = sheet->canvas.format,
				     .width = WIDTH,
				     .height = HEIGHT,
				     .data = sheet->canvas.data,
				     .row_pitch = sheet->canvas.row_pitch,
			     })) {
		outfile_discard(&out);
		return false;
	}
	*size = out.size;
	return outfile_commit(&out);
}

bool demo_sheet(struct demo *demo)
{
	struct sheet sheet = {
		.demo = demo,
		.canvas = {.format = DEMO_FRAME_FORMAT,
			.width = WIDTH,
			.height = HEIGHT,
			.data = calloc((size_t)WIDTH * HEIGHT, TEXEL),
			.row_pitch = (size_t)WIDTH * TEXEL},
		.shown = calloc((size_t)DEMO_FRAME_WIDTH * DEMO_SHOWN_HEIGHT, TEXEL),
	};
	uint64_t size;
	bool done = false;

	if (!sheet.canvas.data || !sheet.shown)
		(void)failure("no memory for the picture (%ux%u)", WIDTH, HEIGHT);
	else
		done = draw(&sheet) && write_sheet(&sheet, &size);
	free(sheet.shown);
	free(sheet.canvas.data);
	if (done)
		(void)snprintf(demo->note, sizeof(demo->note),
			"a picture of what happened, %ux%u, a PNG of %.1f KiB", WIDTH, HEIGHT,
			(double)size / 1024);
	return done;
}
