/*
 * geyser list: which streams there are, and as they come and go.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "options.h"
#include "streams.h"
#include "wrap.h"

/* ---- a stream ------------------------------------------------------------------------------- */

static void write_details(
	struct json *json, const struct geyser_stream_info *stream, uint64_t bytes)
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
	json_number(json, "memory_bytes", bytes);
}

/* Writes one stream. change is NULL within an array. stream is NULL if the stream has ended. bytes:
 * as from geyser_stream_list_bytes. */
static void write_stream(struct json *json, const char *change, const char *name,
	const struct geyser_stream_info *stream, uint64_t bytes)
{
	json_begin(json, NULL, '{');
	if (change)
		json_string(json, "change", change);
	json_string(json, "name", name);
	if (stream && stream->pid)
		write_details(json, stream, bytes);
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

	if (!count) {
		print_no_streams("\n");
		return STATUS_OK;
	}
	if (!table_init(&table, columns, COLUMN_COUNT, count))
		return STATUS_FAILURE;
	for (; table.rows < count; table.rows++)
		fill_row(table.cells[table.rows], &streams[table.rows]);
	table_print(&table, output_width(), "\n");
	table_finish(&table);
	return STATUS_OK;
}

static void write_streams(struct json *json, const struct geyser_stream_info *streams, size_t count)
{
	for (size_t i = 0; i < count; i++)
		write_stream(json, NULL, streams[i].name, &streams[i],
			geyser_stream_list_bytes(streams, count, i));
}

static void print_array(const struct geyser_stream_info *streams, size_t count)
{
	struct json json = {.file = answers()};

	json_begin(&json, NULL, '[');
	write_streams(&json, streams, count);
	json_end(&json, ']');
}

static int list_once(bool as_json)
{
	struct geyser_stream_info *streams;
	size_t count;
	int status = STATUS_OK;

	if (geyser_stream_list(&streams, &count))
		return library_failure("list");
	if (as_json)
		print_array(streams, count);
	else
		status = print_table(streams, count);
	geyser_stream_list_free(streams);
	return status ? status : finish_output();
}

/* ---- textures and events -------------------------------------------------------------------- */

static const struct column export_columns[] = {
	{"ID", .rank = 0},
	{"KIND", .rank = 0},
	{"PID", .right = true, .rank = 1},
	{"BACKEND", .rank = 2},
};

#define EXPORT_COLUMN_COUNT (sizeof(export_columns) / sizeof(export_columns[0]))

static const char *kind_name(enum geyser_export_kind kind)
{
	return kind == GEYSER_EXPORT_TEXTURE ? "texture"
	       : kind == GEYSER_EXPORT_EVENT ? "event"
					     : NULL;
}

static void fill_export(char (*cell)[CELL_SIZE], const struct geyser_export_info *export)
{
	const char *const kind = kind_name(export->kind);

	cell_print(cell[0], "0x%08" PRIx32, export->id);
	cell_text(cell[1], kind ? kind : "");
	if (export->pid)
		cell_print(cell[2], "%" PRId32, export->pid);
	else
		cell_text(cell[2], "");
	cell_text(cell[3], kind ? geyser_backend_name(export->backend) : "");
}

static int print_exports(const struct geyser_export_info *exports, size_t count)
{
	char directory[PATH_MAX];
	struct table table;

	(void)fputc('\n', answers());
	if (!count) {
		if (geyser_registry_directory(directory, sizeof(directory)))
			(void)fputs("no textures or events\n", answers());
		else
			(void)fprintf(answers(), "no textures or events in %s\n", directory);
		return STATUS_OK;
	}
	if (!table_init(&table, export_columns, EXPORT_COLUMN_COUNT, count))
		return STATUS_FAILURE;
	for (; table.rows < count; table.rows++)
		fill_export(table.cells[table.rows], &exports[table.rows]);
	table_print(&table, output_width(), "\n");
	table_finish(&table);
	return STATUS_OK;
}

static void write_export(struct json *json, const struct geyser_export_info *export)
{
	const bool known = export->kind != GEYSER_EXPORT_UNKNOWN;
	char text[GEYSER_HANDLE_TEXT_SIZE];

	(void)snprintf(text, sizeof(text), "0x%08" PRIx32, export->id);
	json_begin(json, NULL, '{');
	json_string(json, "id", text);
	json_string(json, "kind", kind_name(export->kind));
	json_number(json, "pid", (uint64_t) export->pid);
	json_string(json, "backend", known ? geyser_backend_name(export->backend) : NULL);
	if (!known || geyser_handle_to_string(&export->handle, text, sizeof(text)))
		json_string(json, "handle", NULL);
	else
		json_string(json, "handle", text);
	json_end(json, '}');
}

static void write_all(const struct geyser_stream_info *streams, size_t stream_count,
	const struct geyser_export_info *exports, size_t export_count)
{
	struct json json = {.file = answers()};

	json_begin(&json, NULL, '{');
	json_begin(&json, "streams", '[');
	write_streams(&json, streams, stream_count);
	json_end(&json, ']');
	json_begin(&json, "exports", '[');
	for (size_t i = 0; i < export_count; i++)
		write_export(&json, &exports[i]);
	json_end(&json, ']');
	json_end(&json, '}');
}

static int list_all(bool as_json)
{
	struct geyser_stream_info *streams;
	struct geyser_export_info *exports;
	size_t stream_count, export_count;
	int status = STATUS_OK;

	if (geyser_stream_list(&streams, &stream_count))
		return library_failure("list");
	if (geyser_export_list(&exports, &export_count)) {
		geyser_stream_list_free(streams);
		return library_failure("list");
	}
	if (as_json)
		write_all(streams, stream_count, exports, export_count);
	else
		status = print_table(streams, stream_count);
	if (!as_json && !status)
		status = print_exports(exports, export_count);
	geyser_stream_list_free(streams);
	geyser_export_list_free(exports);
	return status ? status : finish_output();
}

/* ---- watching ------------------------------------------------------------------------------- */

/* Prints the columns that a line has room for, and always the name. */
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

static void print_change(
	bool as_json, const char *name, const struct geyser_stream_info *stream, uint64_t bytes)
{
	struct json json = {.file = answers(), .compact = true};

	if (as_json)
		write_stream(&json, stream ? "added" : "removed", name, stream, bytes);
	else
		print_line(name, stream);
	(void)answers_flush();
}

/* Prints the stream that was added. If it has ended already, only its name is printed, as if its
 * program were stopped. */
static void print_added(bool as_json, const char *name)
{
	const struct geyser_stream_info nobody = {0}, *found = &nobody;
	struct geyser_stream_info *streams;
	uint64_t bytes = 0;
	size_t count;

	if (geyser_stream_list(&streams, &count)) {
		(void)library_failure("list");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(streams[i].name, name) != 0)
			continue;
		found = &streams[i];
		bytes = geyser_stream_list_bytes(streams, count, i);
	}
	print_change(as_json, name, found, bytes);
	geyser_stream_list_free(streams);
}

static void on_change(enum geyser_stream_change change, const char *name, void *user)
{
	const bool *const as_json = user;

	if (change == GEYSER_STREAM_ADDED)
		print_added(*as_json, name);
	else
		print_change(*as_json, name, NULL, 0);
}

static int watch_all(struct geyser_stream_watch *watch, int signals)
{
	/* The entry of stdout reports only that the reader has gone. */
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
		if (signals_noticed(&fds[0]))
			return STATUS_OK;
	}
}

/* Tells on a terminal that there are no streams: a user who sees nothing may think that something
 * is wrong. */
static void tell_if_empty(void)
{
	struct geyser_stream_info *streams;
	char directory[PATH_MAX];
	size_t count;

	if (!io_is_terminal(STDERR_FILENO) || geyser_stream_list(&streams, &count))
		return;
	geyser_stream_list_free(streams);
	if (!count && geyser_registry_directory(directory, sizeof(directory)) == GEYSER_OK)
		tell("geyser: no streams in %s yet\n", directory);
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
		tell_if_empty();
		status = watch_all(watch, signals);
		geyser_stream_watch_destroy(watch);
	}
	signals_close();
	return status;
}

/* ---- the command ---------------------------------------------------------------------------- */

struct list_options {
	bool watch, all, json;
};

static const struct option_row rows[] = {
	{'w', "watch", NULL,
		"print a line \"+ NAME ...\" for each stream that is there or begins, and "
		"\"- NAME\" for each that ends, until SIGINT or\nSIGTERM",
		FLAG(struct list_options, watch)},
	{'a', "all", NULL,
		"list the streams, and then the textures and events that are exported, by their "
		"ids",
		FLAG(struct list_options, all)},
	{0, "json", NULL,
		"print one array of objects; with --watch an object a line, whose \"change\" is "
		"\"added\" or \"removed\"",
		FLAG(struct list_options, json)},
};

const struct syntax list_syntax = {
	.usage = "usage: geyser list [--watch|--all] [--json]\n"
		 "\n"
		 "Lists this user's streams. A stream whose program is stopped has its name, and\n"
		 "- for each value that only that program knows.\n"
		 "\n",
	.notes = "\n"
		 "exit status: 0 done, 1 it failed (stderr says why), 2 wrong usage\n",
	.column = 15,
	.see = "top share send",
	.words = 0,
	OPTIONS(rows),
};

int list_command(int argc, char **argv)
{
	struct list_options options = {.watch = false};
	int status;

	if (!read_options(&list_syntax, argc, argv, &options, &status))
		return status;
	if (options.watch && options.all)
		return usage_error("list: --watch and --all: expected one of them");
	if (options.watch)
		return watch_streams(options.json);
	return options.all ? list_all(options.json) : list_once(options.json);
}
