/*
 * geyser list: which streams there are, and as they come and go.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "json.h"
#include "streams.h"
#include "wrap.h"

const char list_help[] =
	"usage: geyser list [--watch] [--json]\n"
	"\n"
	"Lists this user's streams. A stream whose program is stopped has a name, and -\n"
	"for what only that program could tell.\n"
	"\n"
	"  -w, --watch  print a line \"+ NAME ...\" for each stream that is there or\n"
	"               begins, and \"- NAME\" for each that ends, until SIGINT or\n"
	"               SIGTERM\n"
	"      --json   one array of objects; with --watch an object a line, whose\n"
	"               \"change\" is \"added\" or \"removed\"\n"
	"  -h, --help   this text\n"
	"\n"
	"exit status: 0 done, 1 it failed (stderr says why), 2 wrong usage\n";

/* ---- a stream ------------------------------------------------------------------------------- */

static void write_details(struct json *json, const struct geyser_stream_info *stream)
{
	json_string(json, "application", stream->application);
	json_number(json, "pid", (uint64_t)stream->pid);
	json_number(json, "width", stream->width);
	json_number(json, "height", stream->height);
	json_string(json, "format", geyser_format_name(stream->format));
	json_number(json, "frame_rate_num", stream->frame_rate_num);
	json_number(json, "frame_rate_den", stream->frame_rate_den);
	json_string(json, "pacing", stream->pacing == GEYSER_PACING_LOSSLESS ? "lossless" : "free");
	json_string(json, "backend", geyser_backend_name(stream->backend));
	json_string(json, "path", path_name(stream->path));
	json_number(json, "buffers", stream->buffers);
	json_number(json, "subscribers", stream->subscribers);
	json_number(json, "frames", stream->frames);
	json_number(json, "dropped", stream->dropped);
	json_number(json, "latency_p50_ns", stream->latency_p50_ns);
	json_number(json, "latency_p99_ns", stream->latency_p99_ns);
}

/* change is NULL within an array; stream is NULL for one that ended. */
static void write_stream(struct json *json, const char *change, const char *name,
	const struct geyser_stream_info *stream)
{
	json_begin(json, NULL, '{');
	if (change)
		json_string(json, "change", change);
	json_string(json, "name", name);
	if (stream && stream->pid)
		write_details(json, stream);
	else if (stream)
		json_string(json, "application", NULL);
	json_end(json, '}');
}

static const struct column columns[] = {
	{"NAME", .rank = 0},
	{"APPLICATION", .rank = 4},
	{"PID", .right = true, .rank = 5},
	{"SIZE", .rank = 1},
	{"FORMAT", .rank = 2},
	{"RATE", .right = true, .rank = 6},
	{"BACKEND", .rank = 8},
	{"PATH", .rank = 7},
	{"BUFFERS", .right = true, .rank = 10},
	{"SUBSCRIBERS", .right = true, .rank = 9},
	{"FRAMES", .right = true, .rank = 3},
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void fill_row(char (*cell)[CELL_SIZE], const struct geyser_stream_info *stream)
{
	const char *const backend = geyser_backend_name(stream->backend);

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		cell_text(cell[i], "");
	cell_text(cell[0], stream->name);
	if (!stream->pid)
		return;
	cell_text(cell[1], stream->application);
	cell_print(cell[2], "%" PRId32, stream->pid);
	cell_print(cell[3], "%ux%u", stream->width, stream->height);
	cell_text(cell[4], geyser_format_name(stream->format));
	cell_rate(cell[5], stream);
	cell_text(cell[6], backend ? backend : "");
	cell_text(cell[7], path_name(stream->path));
	cell_print(cell[8], "%u", stream->buffers);
	cell_print(cell[9], "%u", stream->subscribers);
	cell_print(cell[10], "%" PRIu64, stream->frames);
}

/* ---- all ------------------------------------------------------------------------------------ */

static int print_table(const struct geyser_stream_info *streams, size_t count)
{
	struct table table;

	if (!count)
		print_no_streams("\n");
	else if (!table_init(&table, columns, COLUMN_COUNT, count))
		return STATUS_FAILURE;
	if (!count)
		return finish_output();
	for (; table.rows < count; table.rows++)
		fill_row(table.cells[table.rows], &streams[table.rows]);
	table_print(&table, output_width(), "\n");
	table_finish(&table);
	return finish_output();
}

static int print_array(const struct geyser_stream_info *streams, size_t count)
{
	struct json json = {.file = answers()};

	json_begin(&json, NULL, '[');
	for (size_t i = 0; i < count; i++)
		write_stream(&json, NULL, streams[i].name, &streams[i]);
	json_end(&json, ']');
	return finish_output();
}

static int list_once(bool as_json)
{
	struct geyser_stream_info *streams;
	size_t count;
	int status;

	if (geyser_stream_list(&streams, &count))
		return library_failure("list");
	status = as_json ? print_array(streams, count) : print_table(streams, count);
	geyser_stream_list_free(streams);
	return status;
}

/* ---- watching ------------------------------------------------------------------------------- */

/* As much as a line has room for, the name always. */
static void print_line(const char *name, const struct geyser_stream_info *stream)
{
	char cell[COLUMN_COUNT][CELL_SIZE];
	const unsigned width = output_width();
	unsigned used;

	cell_text(cell[0], name);
	(void)fprintf(answers(), "%c %s", stream ? '+' : '-', cell[0]);
	used = 2 + text_width(cell[0]);
	if (stream && stream->pid)
		fill_row(cell, stream);
	for (size_t i = 1; i < 8 && stream && stream->pid; i++) {
		used += 1 + text_width(cell[i]);
		if (used > width)
			break;
		(void)fprintf(answers(), " %s", cell[i]);
	}
	(void)fputc('\n', answers());
}

static void print_change(bool as_json, const char *name, const struct geyser_stream_info *stream)
{
	struct json json = {.file = answers(), .compact = true};

	if (as_json)
		write_stream(&json, stream ? "added" : "removed", name, stream);
	else
		print_line(name, stream);
	(void)answers_flush();
}

/* One that has gone again already is told of by its name alone, as if it were stopped. */
static void print_added(bool as_json, const char *name)
{
	const struct geyser_stream_info nobody = {0}, *found = &nobody;
	struct geyser_stream_info *streams;
	size_t count;

	if (geyser_stream_list(&streams, &count)) {
		(void)library_failure("list");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(streams[i].name, name) == 0)
			found = &streams[i];
	}
	print_change(as_json, name, found);
	geyser_stream_list_free(streams);
}

static void on_change(enum geyser_stream_change change, const char *name, void *user)
{
	const bool *const as_json = user;

	if (change == GEYSER_STREAM_ADDED)
		print_added(*as_json, name);
	else
		print_change(*as_json, name, NULL);
}

static int watch_all(struct geyser_stream_watch *watch, int signals)
{
	/* stdout only tells that its reader has gone. */
	struct pollfd fds[3] = {
		{.fd = signals, .events = POLLIN},
		{.fd = geyser_stream_watch_fd(watch), .events = POLLIN},
		{.fd = STDOUT_FILENO},
	};
	int status;

	for (;;) {
		const enum geyser_result result = geyser_stream_watch_dispatch(watch, 0);

		if (result && result != GEYSER_ERROR_TIMEOUT)
			return library_failure("list");
		if (!answers_go_on(&status))
			return status;
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return failure("poll failed (%s)", strerror(errno));
		if (fds[0].revents)
			return STATUS_OK;
	}
}

static int watch_streams(bool as_json)
{
	struct geyser_stream_watch *watch;
	const int signals = signals_open();
	int status;

	if (signals < 0)
		return STATUS_FAILURE;
	if (geyser_stream_watch_create(on_change, &as_json, &watch)) {
		status = library_failure("list");
	} else {
		status = watch_all(watch, signals);
		geyser_stream_watch_destroy(watch);
	}
	signals_close();
	return status;
}

int list_command(int argc, char **argv)
{
	static const struct option options[] = {
		{"watch", no_argument, NULL, 'w'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	bool watch = false, as_json = false;
	int option;

	while ((option = next_option(argc, argv, ":wjh", options)) != -1) {
		if (option == 'h')
			return print_help(list_help);
		if (option != 'w' && option != 'j')
			return option_error(argv, option, "list");
		watch |= option == 'w';
		as_json |= option == 'j';
	}
	if (optind < argc)
		return usage_error(
			"list: unexpected argument (%.100s): expected none", argv[optind]);
	return watch ? watch_streams(as_json) : list_once(as_json);
}
