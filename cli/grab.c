/*
 * geyser grab: writes a shared texture to a file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "converted.h"
#include "options.h"
#include "os.h"
#include "outfile.h"
#include "png.h"
#include "raw.h"

/* Nothing wakes the program when an exporter registers, so it tries again after this time. */
#define RETRY_NS 20000000

/* The least time that an exporter has to answer. */
#define ANSWER_NS UINT64_C(500000000)

enum kind { KIND_BY_NAME, KIND_PNG, KIND_RAW };

struct grab_options {
	struct target target;
	const char *path;
	enum kind kind;
	enum geyser_format format; /* NONE: the texture's own */
	struct size size;          /* 0: the texture's own */
	enum geyser_filter filter;
	uint64_t timeout_ns;
	enum geyser_backend backend;
	bool verbose;
};

/* ---- the command line ----------------------------------------------------------------------- */

static int kind_of(const char *path, enum kind *kind)
{
	const char *const dot = strrchr(path, '.');

	if (!*path)
		return usage_error(
			"grab: an empty file name (\"\"): expected a file, or - for stdout");
	if (*kind != KIND_BY_NAME)
		return STATUS_OK;
	if (strcmp(path, "-") == 0 || (dot && strcasecmp(dot, ".raw") == 0))
		*kind = KIND_RAW;
	else if (dot && strcasecmp(dot, ".png") == 0)
		*kind = KIND_PNG;
	else
		return usage_error("grab: unknown kind of file (%s): expected a name that ends in "
				   ".png or .raw, or --png or --raw",
			path);
	return STATUS_OK;
}

static const struct option_row rows[] = {
	{'p', "png", NULL, "write a PNG, whatever the file is called",
		CHOICE(struct grab_options, kind, enum kind, KIND_PNG)},
	{'r', "raw", NULL, "write raw texels, whatever the file is called",
		CHOICE(struct grab_options, kind, enum kind, KIND_RAW)},
	{'f', "format", "F",
		"convert to this format; by default only PNGs of video are, to rgba8unorm or "
		"rgba16unorm",
		FORMAT(struct grab_options, format)},
	{0, "size", "WxH", "scale to this size", SIZE(struct grab_options, size)},
	{0, "filter", "NAME", "scale by nearest, bilinear or box; by default box",
		FILTER(struct grab_options, filter)},
	{'t', "timeout", "S",
		"keep trying for S seconds while there is no such texture; by default try once",
		SECONDS(struct grab_options, timeout_ns)},
	BACKEND_ROW(struct grab_options),
	{'v', "verbose", NULL, "say on stderr what was written, and how it was reached",
		FLAG(struct grab_options, verbose)},
};

const struct syntax grab_syntax = {
	.usage = "usage: geyser grab [OPTION]... HANDLE|ID OUT.png|OUT.raw|-\n"
		 "\n"
		 "Imports a texture that another process shares and writes it to a file, or with\n"
		 "- raw to stdout. The file appears whole or not at all.\n"
		 "\n"
		 "PNG: {8-bit png formats}, with 8 bits a channel; {16-bit png formats} with 16 "
		 "bits; the "
		 "first mip level. Raw: any format, rows without gaps, top row first; every layer "
		 "in turn, "
		 "each with all its mip levels.\n"
		 "\n",
	.notes = "\n"
		 "examples:\n"
		 "  geyser grab 0x1a2b3c4d copy.png\n"
		 "  geyser grab --timeout 2.5 $(cat handle.txt) - | sha256sum\n"
		 "\n"
		 "exit status: 0 written, 1 it failed (stderr says why), 2 wrong usage\n",
	.column = 21,
	.words = 2,
	.arguments = {offer_textures},
	.see = "share list",
	.wanted = "a handle or id, and the file to write",
	OPTIONS(rows),
};

static int check_arguments(char **words, struct grab_options *out)
{
	int status;

	if (out->filter && !out->size.width)
		return usage_error("grab: a filter without a size scales nothing: add --size WxH");
	out->path = words[1];
	status = kind_of(out->path, &out->kind);
	return status ? status : target_parse(words[0], &out->target);
}

/* ---- import --------------------------------------------------------------------------------- */

static enum geyser_result try_import(
	struct geyser_manager *manager, struct target *target, struct geyser_texture **out)
{
	const enum geyser_result result = target_find(target);

	return result ? result : geyser_texture_import(manager, &target->handle, NULL, out);
}

static int import(
	struct geyser_manager *manager, struct grab_options *options, struct geyser_texture **out)
{
	const uint64_t end = now_ns() + options->timeout_ns;
	enum geyser_result result = try_import(manager, &options->target, out);

	while (result == GEYSER_ERROR_NOT_FOUND && now_ns() < end) {
		os_sleep_until(now_ns() + RETRY_NS);
		result = try_import(manager, &options->target, out);
	}
	return result ? import_failure(&options->target, "texture", result) : STATUS_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

static bool write_raw(
	struct outfile *out, struct geyser_texture *texture, const struct geyser_mapping *mapping)
{
	struct raw_walk walk;
	unsigned char *data;
	size_t size;

	raw_begin(&walk, texture, mapping->data, false);
	while (raw_next(&walk, &data, &size)) {
		if (!outfile_write(out, data, size))
			return false;
	}
	return true;
}

static bool write_png(struct outfile *out, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping)
{
	return png_write(out, &(struct png_texels){
				      .format = desc->format,
				      .width = desc->width,
				      .height = desc->height,
				      .data = mapping->data,
				      .row_pitch = mapping->row_pitch,
			      });
}

/* Refuses a texture that a PNG can't hold in this format, before any file is touched. */
static int check_kind(const struct grab_options *options, const struct geyser_texture_desc *desc,
	enum geyser_format format)
{
	if (options->kind == KIND_RAW)
		return STATUS_OK;
	if (!png_layout(format))
		return failure("%s: PNG can't hold the format (%s): %s", options->path,
			geyser_format_name(format), png_advice(format));
	if (desc->depth > 1 || desc->layers > 1)
		return failure("%s: PNG can't hold several layers (%u): use a .raw file",
			options->path, desc->depth > 1 ? desc->depth : desc->layers);
	return STATUS_OK;
}

static void report(const struct grab_options *options, const struct geyser_texture_desc *desc,
	const struct reach *reach, uint64_t size)
{
	char how[REACH_SIZE];

	tell("geyser: %s %ux%u written to %s, %" PRIu64 " bytes%s\n",
		geyser_format_name(desc->format), desc->width, desc->height, options->path, size,
		reach_text(reach, how));
}

static int write_file(const struct grab_options *options, struct geyser_texture *texture,
	const struct geyser_mapping *mapping, const struct reach *reach)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	struct outfile out;
	bool written;
	uint64_t size;

	if (!outfile_open(options->path, &out))
		return STATUS_FAILURE;
	if (options->kind == KIND_PNG)
		written = write_png(&out, desc, mapping);
	else
		written = write_raw(&out, texture, mapping);
	if (!written) {
		outfile_discard(&out);
		return STATUS_FAILURE;
	}
	size = out.size;
	if (!outfile_commit(&out))
		return STATUS_FAILURE;
	if (options->verbose)
		report(options, desc, reach, size);
	return STATUS_OK;
}

static int write_mapped(const struct grab_options *options, struct geyser_texture *texture,
	const struct reach *reach)
{
	struct geyser_mapping mapping;
	int status;

	if (geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping))
		return library_failure("%s", options->target.text);
	status = write_file(options, texture, &mapping, reach);
	geyser_texture_unmap(texture);
	return status;
}

static int write_texture(const struct grab_options *options, struct geyser_texture *texture,
	const struct reach *reach)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const enum geyser_format format =
		converted_format(desc->format, options->format, options->kind == KIND_PNG);
	struct converted converted = {.size = options->size, .filter = options->filter};
	int status = check_kind(options, desc, format);

	if (status || (format == desc->format && !options->size.width))
		return status ? status : write_mapped(options, texture, reach);
	status = STATUS_FAILURE;
	if (converted_make(texture, format, NULL, options->target.text, &converted))
		status = write_mapped(options, converted.texture, reach);
	converted_finish(&converted);
	return status;
}

/* Returns how long an import may wait for the exporter's answer: the time of --timeout, but at
 * least ANSWER_NS, so that an exporter that is only busy can answer. 0 stands for the library's
 * default. */
static uint64_t answer_timeout(const struct grab_options *options)
{
	if (options->timeout_ns && options->timeout_ns < ANSWER_NS)
		return ANSWER_NS;
	return options->timeout_ns;
}

int grab_command(int argc, char **argv)
{
	struct grab_options options = {.kind = KIND_BY_NAME};
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	int status;
	char **const words = read_options(&grab_syntax, argc, argv, &options, &status);

	if (words)
		status = check_arguments(words, &options);
	if (!words || status)
		return status;
	status = open_manager("grab",
		&(struct geyser_manager_desc){
			.backend = options.backend, .import_timeout_ns = answer_timeout(&options)},
		&manager);
	if (status)
		return status;
	status = import(manager, &options, &texture);
	if (!status) {
		const struct reach reach = reach_of(manager, texture);

		status = write_texture(&options, texture, &reach);
		geyser_texture_unref(texture);
	}
	geyser_manager_destroy(manager);
	return status;
}
