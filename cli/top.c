/*
 * geyser top: the streams' rates and latencies, again and again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "options.h"
#include "os.h"
#include "streams.h"
#include "wrap.h"

#define INTERVAL_MIN_NS (NANOSECONDS / 20)

struct look {
	struct geyser_stream_info *streams;
	size_t count;
	uint64_t time_ns;
};

struct top {
	uint64_t interval_ns, count;
	int signals;
	bool screen, keys; /* screen: stdout is a terminal; keys: stdin is a terminal */
	struct termios before;
};

/* ---- a table -------------------------------------------------------------------------------- */

/* Returns the entry of the same publisher in the look before; NULL if there is none. */
static const struct geyser_stream_info *find_before(
	const struct look *before, const struct geyser_stream_info *stream)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct geyser_stream_info *const old = &before->streams[i];

		if (old->pid == stream->pid && strcmp(old->name, stream->name) == 0 &&
			old->frames <= stream->frames)
			return old;
	}
	return NULL;
}

static void cell_time(char cell[CELL_SIZE], uint64_t ns)
{
	if (!ns)
		cell_text(cell, "");
	else if (ns < 10000000)
		cell_print(cell, "%.1f us", (double)ns / 1e3);
	else
		cell_print(cell, "%.1f ms", (double)ns / 1e6);
}

static const struct column columns[] = {
	{"NAME", .rank = 0},
	{"SIZE", .rank = 6},
	{"FORMAT", .rank = 8},
	{"PATH", .rank = 7},
	{"FPS", .right = true, .rank = 1},
	{"P50", .right = true, .rank = 3},
	{"P99", .right = true, .rank = 5},
	{"DROPPED", .right = true, .rank = 2},
	{"SUBSCRIBERS", .right = true, .rank = 9},
	{"FRAMES", .right = true, .rank = 4},
	{"MEMORY", .right = true, .rank = 10},
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void fill_row(
	char (*cell)[CELL_SIZE], const struct look *look, const struct look *before, size_t index)
{
	const struct geyser_stream_info *const stream = &look->streams[index];
	const struct geyser_stream_info *const old = find_before(before, stream);

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		cell_text(cell[i], "");
	cell_text(cell[0], stream->name);
	if (!stream->pid)
		return;
	cell_print(cell[1], "%ux%u", stream->width, stream->height);
	cell_text(cell[2], geyser_format_name(stream->format));
	cell_text(cell[3], path_name(stream->path));
	if (old && look->time_ns > before->time_ns)
		cell_print(cell[4], "%.1f",
			(double)(stream->frames - old->frames) * NANOSECONDS /
				(double)(look->time_ns - before->time_ns));
	cell_time(cell[5], stream->latency_p50_ns);
	cell_time(cell[6], stream->latency_p99_ns);
	cell_print(cell[7], "%" PRIu64, stream->dropped);
	cell_print(cell[8], "%u", stream->subscribers);
	cell_print(cell[9], "%" PRIu64, stream->frames);
	cell_bytes(cell[10], geyser_stream_list_bytes(look->streams, look->count, index));
}

/* Prints one table. Returns false if the command must end with *status. */
static bool print_look(
	const struct top *top, const struct look *look, const struct look *before, int *status)
{
	/* Overwrite the old table and clear the rest of each line: that doesn't flicker. */
	const char *const end = top->screen ? "\033[K\r\n" : "\n";
	struct table table;

	*status = STATUS_FAILURE;
	if (!table_init(&table, columns, COLUMN_COUNT, look->count))
		return false;
	for (; table.rows < look->count; table.rows++)
		fill_row(table.cells[table.rows], look, before, table.rows);
	(void)fputs(top->screen ? "\033[H" : "", answers());
	if (look->count)
		table_print(&table, output_width(), end);
	else
		print_no_streams(end);
	(void)fputs(top->screen ? "\033[J" : "\n", answers());
	table_finish(&table);
	return answers_go_on(status);
}

/* ---- looking -------------------------------------------------------------------------------- */

static bool take_look(struct look *look)
{
	if (geyser_stream_list(&look->streams, &look->count)) {
		(void)library_failure("top");
		return false;
	}
	look->time_ns = now_ns();
	return true;
}

/* Returns whether the user pressed q. */
static bool read_keys(struct top *top)
{
	char keys[16];
	const ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));

	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
		top->keys = false; /* the terminal is gone: only a signal can end the command */
	return count > 0 && (memchr(keys, 'q', (size_t)count) || memchr(keys, 'Q', (size_t)count));
}

/* Waits until the time. Returns false if the user ended the command before. */
static bool pause_until(struct top *top, uint64_t time_ns)
{
	for (;;) {
		/* The entry of stdout reports only that the reader has gone. */
		struct pollfd fds[3] = {
			{.fd = top->signals, .events = POLLIN},
			{.fd = top->keys ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = STDOUT_FILENO},
		};
		const uint64_t now = now_ns(), rest = time_ns > now ? time_ns - now : 0;

		if (os_poll(fds, 3, rest) > 0 &&
			(fds[0].revents || fds[2].revents || (fds[1].revents && read_keys(top))))
			return false;
		if (!rest)
			return true;
	}
}

/* Prints a table after each interval. A rate needs two looks, so the first table comes after the
 * second look. */
static int show_looks(struct top *top)
{
	struct look before = {0}, look = {0};
	int status = STATUS_OK;

	if (!take_look(&before))
		return STATUS_FAILURE;
	for (uint64_t i = 0; !top->count || i < top->count; i++) {
		if (top->screen && !i && !print_look(top, &before, &look, &status))
			break;
		if (!pause_until(top, before.time_ns + top->interval_ns))
			break;
		if (!take_look(&look)) {
			status = STATUS_FAILURE;
			break;
		}
		if (!print_look(top, &look, &before, &status))
			break;
		geyser_stream_list_free(before.streams);
		before = look;
		look = (struct look){0};
	}
	geyser_stream_list_free(look.streams);
	geyser_stream_list_free(before.streams);
	return status;
}

/* ---- the terminal --------------------------------------------------------------------------- */

static void enter_screen(struct top *top)
{
	struct termios raw;

	top->screen = isatty(STDOUT_FILENO) == 1;
	top->keys = top->screen && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
		    tcgetattr(STDIN_FILENO, &top->before) == 0;
	/* Use the alternate screen, without a cursor. Lines that are too wide are cut off instead
	 * of wrapped. */
	if (top->screen)
		(void)fputs("\033[?1049h\033[?25l\033[?7l\033[2J", answers());
	if (!top->keys)
		return;
	raw = top->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void leave_screen(const struct top *top)
{
	if (top->before.c_cflag)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &top->before);
	if (top->screen)
		(void)fputs("\033[?7h\033[?25h\033[?1049l", answers());
	(void)answers_flush();
}

/* ---- the command ---------------------------------------------------------------------------- */

static int take_interval(const struct given *given)
{
	struct top *const out = given->options;

	if (parse_seconds(given->text, &out->interval_ns) && out->interval_ns >= INTERVAL_MIN_NS)
		return STATUS_OK;
	return usage_error(
		"top: wrong interval (%.100s): expected seconds, such as 1 or 0.5, at least 0.05",
		given->text);
}

static int take_count(const struct given *given)
{
	struct top *const out = given->options;

	if (parse_number(given->text, &out->count) && out->count)
		return STATUS_OK;
	return usage_error("top: wrong number of tables (%.100s): expected 1 or more", given->text);
}

static const struct option_row rows[] = {
	{'i', "interval", "S", "seconds between two looks, by default 1, at least 0.05",
		.take = take_interval},
	{'n', "count", "N", "end after N tables", .take = take_count},
};

const struct syntax top_syntax = {
	.usage = "usage: geyser top [--interval S] [--count N]\n"
		 "\n"
		 "Shows for each stream how frames reach subscribers (zero-copy, blit, copy,\n"
		 "converted), how many a second were published since the last look, how long they\n"
		 "took to subscribers (median, 99th percentile), how many were dropped by\n"
		 "subscribers that get every frame, how many subscribers there are, how many\n"
		 "frames there were, and how much memory the publisher has for the stream. On a\n"
		 "terminal the table is redrawn and q ends it; else tables follow each other.\n"
		 "\n",
	.notes = "\n"
		 "exit status: 0 ended as asked, 1 it failed (stderr says why), 2 wrong usage\n",
	.column = 20,
	.see = "list send recv",
	.words = 0,
	OPTIONS(rows),
};

int top_command(int argc, char **argv)
{
	struct top top = {.interval_ns = NANOSECONDS};
	int status;

	if (!read_options(&top_syntax, argc, argv, &top, &status))
		return status;
	top.signals = signals_open();
	if (top.signals < 0)
		return STATUS_FAILURE;
	enter_screen(&top);
	status = show_looks(&top);
	leave_screen(&top);
	signals_close();
	return status;
}
