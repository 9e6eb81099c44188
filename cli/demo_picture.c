/*
 * The demo's first steps: a real picture goes to another process that knows only its id.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "child.h"
#include "common.h"
#include "demo.h"
#include "os.h"
#include "png.h"

#define MIB (1024.0 * 1024.0)

/* ---- draw ----------------------------------------------------------------------------------- */

bool demo_draw(struct demo *demo)
{
	char picture[64];
	char *const argv[] = {"ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
		"-f", "lavfi", "-i", picture, "-frames:v", "1", "-update", "1", demo->source, NULL};
	struct stat status;
	struct child child;

	(void)snprintf(picture, sizeof(picture), "testsrc2=size=%ux%u:rate=1,format=rgb24",
		demo->width, demo->height);
	if (!child_start(argv, "ffmpeg", demo->signals, false, &child) ||
		!child_finish(&child, DEMO_WORK_NS))
		return false;
	if (stat(demo->source, &status) < 0) {
		(void)failure("ffmpeg left no picture (%s): %s", demo->source, strerror(errno));
		return false;
	}
	(void)snprintf(demo->note, sizeof(demo->note),
		"ffmpeg drew %ux%u pixels, a PNG of %.1f KiB", demo->width, demo->height,
		(double)status.st_size / 1024);
	return true;
}

/* ---- share ---------------------------------------------------------------------------------- */

/* Opens the picture that ffmpeg drew. It must have the size and the depth of the texture. */
static bool open_source(struct demo *demo, struct png_reader *reader)
{
	if (!png_open(demo->source, reader))
		return false;
	if (reader->width == demo->width && reader->height == demo->height && !reader->deep)
		return true;
	(void)failure("ffmpeg drew another picture (%ux%u): expected %ux%u with 8 bits a channel",
		reader->width, reader->height, demo->width, demo->height);
	png_close(reader);
	return false;
}

static bool decode(struct demo *demo, unsigned char *data, size_t row_pitch)
{
	struct png_reader reader;
	bool done;

	if (!open_source(demo, &reader))
		return false;
	done = png_read(&reader, &(struct png_texels){
					 .format = GEYSER_FORMAT_RGBA8_UNORM_SRGB,
					 .width = demo->width,
					 .height = demo->height,
					 .data = data,
					 .row_pitch = row_pitch,
				 });
	png_close(&reader);
	return done;
}

bool demo_share(struct demo *demo)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM_SRGB,
		.width = demo->width,
		.height = demo->height,
		.label = "geyser demo",
	};
	struct geyser_handle handle;

	if (geyser_texture_create(demo->manager, &desc, &demo->texture) ||
		geyser_texture_map(demo->texture, GEYSER_ACCESS_READ_WRITE, &demo->mapping)) {
		(void)library_failure("texture");
		return false;
	}
	if (!decode(demo, demo->mapping.data, demo->mapping.row_pitch))
		return false;
	if (geyser_texture_export(demo->texture, &handle)) {
		(void)library_failure("export");
		return false;
	}
	(void)snprintf(demo->id, sizeof(demo->id), "0x%08" PRIx32, geyser_handle_id(&handle));
	(void)snprintf(demo->note, sizeof(demo->note),
		"decoded into shared memory: %.1f MiB of %s, id %s",
		(double)demo->mapping.size / MIB, geyser_format_name(desc.format), demo->id);
	return true;
}

/* ---- grab ----------------------------------------------------------------------------------- */

/* Runs the command that a user would type. */
static bool run_grab(struct demo *demo, char *path, pid_t *pid)
{
	char *const argv[] = {os_program(), "grab", demo->id, path, NULL};
	struct child child;

	if (!child_start(argv, "geyser grab", demo->signals, false, &child))
		return false;
	*pid = child.pid;
	return child_finish(&child, DEMO_WORK_NS);
}

bool demo_grab(struct demo *demo)
{
	pid_t first, second;

	if (!run_grab(demo, demo->png, &first) || !run_grab(demo, demo->raw, &second))
		return false;
	(void)snprintf(demo->note, sizeof(demo->note),
		"processes %d and %d, told only the id, wrote a PNG and a raw file", first, second);
	return true;
}

/* ---- compare -------------------------------------------------------------------------------- */

/* Compares texels in rows without gaps with the shared texture. */
static bool equals_shared(const struct demo *demo, const unsigned char *texels, const char *what)
{
	const size_t row = (size_t)demo->width * 4;

	for (uint32_t y = 0; y < demo->height; y++) {
		const unsigned char *const shared =
			(const unsigned char *)demo->mapping.data + y * demo->mapping.row_pitch;

		if (memcmp(texels + y * row, shared, row) != 0) {
			(void)failure(
				"%s differs from the shared texels (row %u): expected equal ones",
				what, y);
			return false;
		}
	}
	return true;
}

static bool read_png(const char *path, const struct demo *demo, unsigned char *texels)
{
	struct png_reader reader;
	bool done;

	if (!png_open(path, &reader))
		return false;
	done = reader.width == demo->width && reader.height == demo->height;
	if (!done)
		(void)failure("%s has another size (%ux%u): expected %ux%u", path, reader.width,
			reader.height, demo->width, demo->height);
	else
		done = png_read(&reader, &(struct png_texels){
						 .format = GEYSER_FORMAT_RGBA8_UNORM_SRGB,
						 .width = demo->width,
						 .height = demo->height,
						 .data = texels,
						 .row_pitch = (size_t)demo->width * 4,
					 });
	png_close(&reader);
	return done;
}

static bool read_whole(const char *path, unsigned char *out, size_t size)
{
	FILE *const file = fopen(path, "rbe");
	const size_t length = file ? fread(out, 1, size, file) : 0;
	const bool whole = length == size && fgetc(file) == EOF;

	if (!whole)
		(void)failure("%s isn't %zu bytes long", path, size);
	if (file)
		(void)fclose(file);
	return whole;
}

static bool compare_all(struct demo *demo, unsigned char *texels, size_t size)
{
	return read_whole(demo->raw, texels, size) &&
	       equals_shared(demo, texels, "the grabbed raw file") &&
	       read_png(demo->png, demo, texels) &&
	       equals_shared(demo, texels, "the grabbed PNG") &&
	       read_png(demo->source, demo, texels) &&
	       equals_shared(demo, texels, "ffmpeg's picture");
}

bool demo_compare(struct demo *demo)
{
	const size_t size = (size_t)demo->width * demo->height * 4;
	unsigned char *const texels = malloc(size);
	bool done;

	if (!texels) {
		(void)failure("no memory to compare in (%zu bytes): try a smaller --size", size);
		return false;
	}
	done = compare_all(demo, texels, size);
	free(texels);
	if (done)
		(void)snprintf(demo->note, sizeof(demo->note),
			"%zu bytes equal in all four: drawn, shared, PNG, raw", size);
	return done;
}
