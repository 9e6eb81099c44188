/*
 * geyser share: a PNG or raw texels become a shared texture, for as long as this process stays.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lists.h"
#include "magic.h"
#include "options.h"
#include "png.h"
#include "raw.h"

struct share_options {
	enum geyser_format format; /* NONE: the picture decides */
	struct size size;          /* of raw texels */
	const char *raw, *picture; /* one of them is set */
	const char *label;
	enum names names;
	enum geyser_backend backend;
	bool host_memory, once;
};

/* ---- the command line ----------------------------------------------------------------------- */

static const struct option_row rows[] = {
	{'f', "format", "F",
		"the texture's format; by default rgba8unorm-srgb, and rgba16unorm for a PNG of 16 "
		"bits a channel. A PNG may become {png formats}: refused if anything would be lost",
		FORMAT(struct share_options, format)},
	{'s', "size", "WxH", "the size of raw texels, 1 to 32768 each way",
		SIZE(struct share_options, size)},
	{'r', "raw", "FILE",
		"raw texels of any format: rows without gaps, top row first, exactly W * H * bytes "
		"a texel",
		TEXT(struct share_options, raw)},
	{'l', "label", "TEXT", "the texture's label; by default the file's name",
		TEXT(struct share_options, label)},
	BACKEND_ROW(struct share_options),
	{'H', "host-memory", NULL,
		"with vulkan: put the texture into host memory, which every backend can import, "
		"even on another device; with host it is always there",
		FLAG(struct share_options, host_memory)},
	{0, "print-handle", NULL, "print only the handle's text",
		CHOICE(struct share_options, names, enum names, NAMES_HANDLE)},
	{0, "print-id", NULL, "print only the id, 0x and 8 digits",
		CHOICE(struct share_options, names, enum names, NAMES_ID)},
	{0, "json", NULL, "print one line: {\"handle\": \"...\",\"id\": \"0x...\"}",
		CHOICE(struct share_options, names, enum names, NAMES_JSON)},
	{'1', "once", NULL, "stay only until one importer has come and gone",
		FLAG(struct share_options, once)},
};

const struct syntax share_syntax = {
	.usage = "usage: geyser share [OPTION]... FILE.png\n"
		 "       geyser share [OPTION]... --size WxH --format F --raw FILE\n"
		 "\n"
		 "Decodes a picture into a shared texture, prints the texture's handle and id at\n"
		 "once, and stays until SIGINT or SIGTERM. FILE - is stdin.\n"
		 "\n",
	.notes = "\n"
		 "examples:\n"
		 "  geyser share photo.png\n"
		 "  ffmpeg -nostdin -i clip.mp4 -frames:v 1 -f rawvideo -pix_fmt rgba - |\n"
		 "      geyser share --size 1920x1080 --format rgba8unorm-srgb --raw - --once\n"
		 "\n"
		 "exit status: 0 ended as asked, 1 it failed (stderr says why), 2 wrong usage\n",
	.column = 22,
	.see = "grab list",
	.words = ANY_WORDS,
	OPTIONS(rows),
};

static int check_options(const struct share_options *options)
{
	if (!options->raw && !options->picture)
		return usage_error(
			"share: nothing to share (no file): expected a PNG file, or --raw FILE");
	if (options->raw && options->picture)
		return usage_error(
			"share: both a picture (%s) and raw texels (%s): expected one of them",
			options->picture, options->raw);
	if (options->raw && (!options->size.width || !options->format))
		return usage_error("share: raw texels (%s) without their %s: expected --size WxH "
				   "and --format F",
			options->raw, options->size.width ? "format" : "size");
	if (options->label && strlen(options->label) > GEYSER_MAX_LABEL)
		return usage_error("share: too long a label (%zu bytes): expected at most %u",
			strlen(options->label), GEYSER_MAX_LABEL);
	if (options->picture && options->size.width)
		return usage_error("share: a size for a picture (%s): only raw texels need --size",
			options->picture);
	return STATUS_OK;
}

static int check_arguments(char **files, struct share_options *out)
{
	if (files[0] && files[1])
		return usage_error("share: too many files (%s): expected one", files[1]);
	out->picture = files[0];
	return check_options(out);
}

/* ---- the texture ---------------------------------------------------------------------------- */

static const char *default_label(const char *path)
{
	const char *const slash = strrchr(path, '/');
	const char *const name = slash ? slash + 1 : path;

	return strcmp(path, "-") == 0 || strlen(name) > GEYSER_MAX_LABEL ? NULL : name;
}

/* Reports a signal that came before there was anything to share. */
static int interrupted(void)
{
	return failure("share: interrupted before the picture was read");
}

static int create_texture(struct geyser_manager *manager, const struct share_options *options,
	uint32_t width, uint32_t height, struct geyser_texture **out)
{
	const char *const path = options->picture ? options->picture : options->raw;
	struct geyser_texture_desc desc = {
		.format = options->format,
		.width = width,
		.height = height,
		.label = options->label ? options->label : default_label(path),
	};
	const int status =
		choose_usage(manager, desc.format, options->host_memory, path, &desc.usage);

	if (status)
		return status;
	if (geyser_texture_create(manager, &desc, out))
		return library_failure("%s", path);
	return STATUS_OK;
}

static int check_picture_format(const struct share_options *options)
{
	char formats[LIST_SIZE];

	if (png_layout(options->format))
		return STATUS_OK;
	return failure("%s: a PNG can't become %s without loss: expected %s; or raw texels with "
		       "--raw",
		options->picture, geyser_format_name(options->format),
		list_text(LIST_PNG_FORMATS, formats));
}

static int decode(struct png_reader *reader, struct geyser_texture *texture)
{
	struct geyser_mapping mapping;
	bool done;

	if (geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping))
		return library_failure("%s", reader->name);
	done = png_read(reader, &(struct png_texels){
					.format = geyser_texture_get_desc(texture)->format,
					.width = reader->width,
					.height = reader->height,
					.data = mapping.data,
					.row_pitch = mapping.row_pitch,
				});
	geyser_texture_unmap(texture);
	if (done)
		png_tell_dropped(reader);
	if (done)
		return STATUS_OK;
	return reader->interrupted ? interrupted() : STATUS_FAILURE;
}

/* Returns the format that keeps every bit of a picture. Both of 16 bits hold the same bytes, but a
 * conversion takes an integer of 1 for full intensity. */
static enum geyser_format default_format(
	struct geyser_manager *manager, const struct share_options *options, bool deep)
{
	uint32_t usage = 0;

	if (!deep)
		return GEYSER_FORMAT_RGBA8_UNORM_SRGB;
	(void)geyser_manager_format_usage(
		manager, GEYSER_FORMAT_RGBA16_UNORM, GEYSER_DIMENSION_2D, &usage);
	return usage && (!options->host_memory || (usage & GEYSER_USAGE_HOST_MEMORY))
		       ? GEYSER_FORMAT_RGBA16_UNORM
		       : GEYSER_FORMAT_RGBA16_UINT;
}

static int load_picture(
	struct geyser_manager *manager, struct share_options *options, struct geyser_texture **out)
{
	struct png_reader reader;
	int status;

	if (!png_open(options->picture, &reader))
		return reader.interrupted ? interrupted() : STATUS_FAILURE;
	if (!options->format)
		options->format = default_format(manager, options, reader.deep);
	status = check_picture_format(options);
	if (!status)
		status = create_texture(manager, options, reader.width, reader.height, out);
	if (!status)
		status = decode(&reader, *out);
	png_close(&reader);
	return status;
}

/* ---- raw texels ----------------------------------------------------------------------------- */

/* If a pipe has too many bytes, this many of them are counted for the message: the pipe may have no
 * end. */
#define SURPLUS_LIMIT (1u << 20)

static uint64_t raw_length(const struct share_options *options)
{
	return raw_size(options->format, options->size.width, options->size.height);
}

static const char *raw_name(const struct share_options *options)
{
	return strcmp(options->raw, "-") == 0 ? "stdin" : options->raw;
}

static int wrong_length(const struct share_options *options, uint64_t length, bool more)
{
	const uint64_t right = raw_length(options);

	return failure("%s: too %s (%" PRIu64 " byte%s%s): %ux%u %s is exactly %" PRIu64 " bytes",
		raw_name(options), length < right ? "short" : "long", length, plural(length),
		more ? " or more" : "", options->size.width, options->size.height,
		geyser_format_name(options->format), right);
}

static int cannot_read(const struct share_options *options, enum io_result result)
{
	if (result == IO_INTERRUPTED)
		return interrupted();
	return failure("%s: can't be read (%s): expected a file or pipe with raw texels",
		raw_name(options), strerror(errno));
}

/* Counts the bytes that follow the texels. */
static enum io_result count_surplus(int fd, uint64_t *count)
{
	unsigned char bytes[4096];
	enum io_result result;
	size_t length;

	*count = 0;
	do {
		result = io_read(fd, bytes, sizeof(bytes), &length);
		*count += length;
	} while (result == IO_DONE && length && *count < SURPLUS_LIMIT);
	return result;
}

static bool is_refused(const struct share_options *options, const void *head, size_t length)
{
	return magic_refuse(
		&(struct magic_use){
			.input = options->raw,
			.command = "geyser share --raw -",
			.format = options->format,
			.width = options->size.width,
			.height = options->size.height,
			.single = true,
		},
		head, length);
}

/* Reads the rows straight into the mapping. */
static int read_rows(int fd, const struct share_options *options,
	const struct geyser_texture *texture, const struct geyser_mapping *mapping)
{
	uint64_t length = 0, surplus = 0;
	enum io_result result = IO_DONE;
	size_t row, part = 0;
	struct raw_walk walk;
	unsigned char *data;

	raw_begin(&walk, texture, mapping->data, true);
	for (bool first = true; raw_next(&walk, &data, &row); first = false) {
		result = io_read_all(fd, data, row, &part);
		if (result != IO_DONE)
			return cannot_read(options, result);
		if (first && is_refused(options, data, part))
			return STATUS_FAILURE;
		length += part;
		if (part < row)
			break;
	}
	if (length == raw_length(options))
		result = count_surplus(fd, &surplus);
	if (result != IO_DONE)
		return cannot_read(options, result);
	length += surplus;
	if (length == raw_length(options))
		return STATUS_OK;
	return wrong_length(options, length, surplus >= SURPLUS_LIMIT);
}

/* Checks a file's length and kind before anything is allocated for it. */
static int check_file(int fd, const struct share_options *options)
{
	unsigned char head[MAGIC_SIZE];
	struct stat status;
	ssize_t count;

	if (io_is_terminal(fd))
		return failure("%s is a terminal: expected raw texels from a file or pipe",
			raw_name(options));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || fd == STDIN_FILENO)
		return STATUS_OK;
	count = pread(fd, head, sizeof(head), 0);
	if (count > 0 && is_refused(options, head, (size_t)count))
		return STATUS_FAILURE;
	if ((uint64_t)status.st_size == raw_length(options))
		return STATUS_OK;
	return wrong_length(options, (uint64_t)status.st_size, false);
}

static int read_raw(int fd, struct geyser_manager *manager, struct share_options *options,
	struct geyser_texture **out)
{
	struct geyser_mapping mapping;
	int status = check_file(fd, options);

	if (!status)
		status = create_texture(
			manager, options, options->size.width, options->size.height, out);
	if (status)
		return status;
	if (geyser_texture_map(*out, GEYSER_ACCESS_WRITE, &mapping))
		return library_failure("%s", options->raw);
	status = read_rows(fd, options, *out, &mapping);
	geyser_texture_unmap(*out);
	return status;
}

static int load_raw(
	struct geyser_manager *manager, struct share_options *options, struct geyser_texture **out)
{
	const bool from_stdin = strcmp(options->raw, "-") == 0;
	const int fd = from_stdin ? STDIN_FILENO : io_open_to_read(options->raw);
	int status;

	if (fd < 0)
		return failure("%s: can't be opened (%s): expected a file with raw texels",
			options->raw, strerror(errno));
	status = read_raw(fd, manager, options, out);
	if (!from_stdin)
		(void)close(fd);
	return status;
}

/* ---- staying -------------------------------------------------------------------------------- */

/* Stays until a signal comes, or one importer has come and gone. */
static int stay_once(struct geyser_texture *texture, int importers, int signals)
{
	struct pollfd fds[2] = {
		{.fd = signals, .events = POLLIN},
		{.fd = importers, .events = POLLIN},
	};
	struct geyser_importers count;
	uint64_t changes;

	for (;;) {
		if (geyser_texture_importers(texture, &count))
			return library_failure("importers");
		if (count.total && !count.current)
			return STATUS_OK;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return failure("poll failed (%s)", strerror(errno));
		if (signals_noticed(&fds[0]))
			return STATUS_OK;
		if (fds[1].revents && read(importers, &changes, sizeof(changes)) < 0 &&
			errno != EAGAIN && errno != EINTR)
			return failure("importers can't be watched (%s)", strerror(errno));
	}
}

static int serve(struct geyser_texture *texture, const struct share_options *options, int signals)
{
	struct geyser_handle handle;
	int status, importers = -1;

	if (geyser_texture_export(texture, &handle))
		return library_failure("export");
	if (options->once && geyser_texture_importers_fd(texture, &importers))
		return library_failure("importers");
	status = print_names(&handle, options->names);
	if (!status)
		status = options->once ? stay_once(texture, importers, signals)
				       : signals_wait(signals);
	if (importers >= 0)
		(void)close(importers);
	return status;
}

static int run(struct share_options *options, int signals)
{
	struct geyser_manager *manager;
	struct geyser_texture *texture = NULL;
	int status = open_manager(
		"share", &(struct geyser_manager_desc){.backend = options->backend}, &manager);

	if (status)
		return status;
	status = (options->raw ? load_raw : load_picture)(manager, options, &texture);
	if (!status)
		status = serve(texture, options, signals);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
	return status;
}

int share_command(int argc, char **argv)
{
	struct share_options options = {.names = NAMES_BOTH};
	int status, signals;
	char **const files = read_options(&share_syntax, argc, argv, &options, &status);

	if (files)
		status = check_arguments(files, &options);
	if (!files || status)
		return status;
	signals = signals_open();
	if (signals < 0)
		return STATUS_FAILURE;
	status = run(&options, signals);
	signals_close();
	return status;
}
