/*
 * PNG to texels.
 *
 * SPDX-License-Identifier: MIT
 *
 * RGBA of the picture's own depth is decoded straight into the texture. Any other format goes
 * through one row of 16-bit RGBA and is checked texel by texel, so that nothing is lost silently.
 */
#include <errno.h>
#include <spng.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "magic.h"
#include "png.h"

/* The most bytes of metadata in a picture: far above any real one, and far below the size of
 * memory. */
#define CHUNK_LIMIT (64u << 20)

#define SIGNATURE_SIZE 8u

static bool no_png(const struct png_reader *reader)
{
	(void)failure(
		"%s isn't a PNG: expected a PNG file, or raw texels with --raw", reader->name);
	return false;
}

static bool png_failure(const struct png_reader *reader, int result)
{
	if (result == SPNG_ESIGNATURE)
		return no_png(reader);
	if (!reader->interrupted)
		(void)failure("%s: can't be read (%s): expected a whole PNG file", reader->name,
			reader->error           ? strerror(reader->error)
			: result == SPNG_IO_EOF ? "the file ends too early"
						: spng_strerror(result));
	return false;
}

/* Fills the buffer, unless the file has ended. Returns false after a failure. */
static bool fill_buffer(struct png_reader *reader)
{
	const enum io_result result =
		io_read(reader->fd, reader->buffer, sizeof(reader->buffer), &reader->filled);

	reader->taken = 0;
	reader->interrupted = result == IO_INTERRUPTED;
	if (result == IO_FAILED)
		reader->error = errno;
	return result == IO_DONE;
}

static int read_bytes(struct spng_ctx *context, void *user, void *data, size_t size)
{
	struct png_reader *const reader = user;
	unsigned char *out = data;

	(void)context;
	while (size) {
		const size_t left = reader->filled - reader->taken;
		const size_t part = left < size ? left : size;

		if (!left) {
			if (!fill_buffer(reader))
				return SPNG_IO_ERROR;
			if (!reader->filled)
				return SPNG_IO_EOF;
			continue;
		}
		(void)memcpy(out, reader->buffer + reader->taken, part);
		reader->taken += part;
		out += part;
		size -= part;
	}
	return 0;
}

static bool read_header(struct png_reader *reader)
{
	struct spng_ihdr header;
	int result = spng_set_chunk_limits(reader->context, CHUNK_LIMIT, CHUNK_LIMIT);

	if (!result)
		result = spng_set_option(reader->context, SPNG_KEEP_UNKNOWN_CHUNKS, 1);
	if (!result)
		result = spng_set_png_stream(reader->context, read_bytes, reader);
	if (!result)
		result = spng_get_ihdr(reader->context, &header);
	if (result)
		return png_failure(reader, result);
	if (header.width > GEYSER_MAX_DIMENSION || header.height > GEYSER_MAX_DIMENSION) {
		(void)failure("%s: the picture is too large (%ux%u): expected at most %u each way",
			reader->name, header.width, header.height, GEYSER_MAX_DIMENSION);
		return false;
	}
	reader->width = header.width;
	reader->height = header.height;
	reader->deep = header.bit_depth == 16;
	reader->interlaced = header.interlace_method != 0;
	return true;
}

/* Sets the fields. Doesn't clear the buffer, since it is large. */
static void init(struct png_reader *reader, const char *path)
{
	const bool from_stdin = strcmp(path, "-") == 0;

	reader->name = from_stdin ? "stdin" : path;
	reader->fd = from_stdin ? STDIN_FILENO : io_open_to_read(path);
	reader->context = NULL;
	reader->interrupted = false;
	reader->error = 0;
	reader->filled = reader->taken = 0;
}

/* Returns false, after a message, if the first bytes belong to another kind of file. */
static bool check_kind(struct png_reader *reader)
{
	if (io_is_terminal(reader->fd)) {
		(void)failure("%s is a terminal: expected a PNG from a file or pipe", reader->name);
		return false;
	}
	if (!fill_buffer(reader))
		return png_failure(reader, SPNG_IO_ERROR);
	if (magic_refuse_picture(reader->fd == STDIN_FILENO ? "-" : reader->name, reader->buffer,
		    reader->filled))
		return false;
	/* For a text that is shorter than a PNG's header libspng would report a file that ends too
	 * early. */
	if (reader->filled >= SIGNATURE_SIZE && !magic_find(reader->buffer, reader->filled))
		return no_png(reader);
	return true;
}

bool png_open(const char *path, struct png_reader *out)
{
	init(out, path);
	if (out->fd < 0) {
		(void)failure(
			"%s: can't be opened (%s): expected a PNG file", path, strerror(errno));
		return false;
	}
	if (!check_kind(out)) {
		png_close(out);
		return false;
	}
	out->context = spng_ctx_new(0);
	if (!out->context)
		(void)failure("%s: no memory to decode it", out->name);
	if (!out->context || !read_header(out)) {
		png_close(out);
		return false;
	}
	return true;
}

void png_close(struct png_reader *reader)
{
	spng_ctx_free(reader->context);
	reader->context = NULL;
	if (reader->fd > STDIN_FILENO)
		(void)close(reader->fd);
	reader->fd = -1;
}

/* ---- one texel ------------------------------------------------------------------------------ */

/* What a texel would lose. lose() writes the message. */
enum loss {
	LOSS_NONE,
	LOSS_COLOUR, /* the format has one channel, but red, green and blue differ */
	LOSS_BLUE,   /* the format has two channels, but blue isn't 0 */
	LOSS_ALPHA,  /* the format has no alpha, but the texel isn't opaque */
	LOSS_BITS,   /* the value lies between two values of the format */
};

/* One texel of the picture: its place in the texture, and its value. */
struct texel {
	uint32_t x, y;
	uint16_t rgba[4];
	unsigned channel; /* for LOSS_BITS */
};

static enum loss dropped(const struct png_layout *layout, const uint16_t rgba[4])
{
	if (layout->channels == 4)
		return LOSS_NONE;
	if (rgba[3] != UINT16_MAX)
		return LOSS_ALPHA;
	if (layout->channels == 2)
		return rgba[2] ? LOSS_BLUE : LOSS_NONE;
	return rgba[0] != rgba[1] || rgba[0] != rgba[2] ? LOSS_COLOUR : LOSS_NONE;
}

/* Finds what the texel would lose. kept is what the format has kept of it. */
static enum loss loss_of(
	const struct png_layout *layout, struct texel *texel, const uint16_t kept[4])
{
	const enum loss loss = dropped(layout, texel->rgba);

	if (loss)
		return loss;
	for (unsigned i = 0; i < layout->channels; i++) {
		if (kept[i] != texel->rgba[i]) {
			texel->channel = i;
			return LOSS_BITS;
		}
	}
	return LOSS_NONE;
}

static bool lose(const struct png_reader *reader, const struct png_layout *layout,
	const struct texel *texel, enum loss loss)
{
	static const char *const channels[] = {"red", "green", "blue", "alpha"};
	const char *const keeps = reader->deep ? "rgba16unorm" : "rgba8unorm-srgb";
	const char *const name = geyser_format_name(layout->format);
	const unsigned unit = reader->deep ? 1 : 257, max = reader->deep ? 65535 : 255;
	char what[160];

	if (loss == LOSS_COLOUR)
		(void)snprintf(what, sizeof(what),
			"isn't gray (red %u, green %u, blue %u) and %s holds one channel",
			texel->rgba[0] / unit, texel->rgba[1] / unit, texel->rgba[2] / unit, name);
	else if (loss == LOSS_BLUE)
		(void)snprintf(what, sizeof(what), "has blue (%u of %u) and %s has none",
			texel->rgba[2] / unit, max, name);
	else if (loss == LOSS_ALPHA)
		(void)snprintf(what, sizeof(what), "isn't opaque (alpha %u of %u) and %s has none",
			texel->rgba[3] / unit, max, name);
	else
		(void)snprintf(what, sizeof(what), "has a %s (%u of %u) that %s can't hold exactly",
			channels[texel->channel], texel->rgba[texel->channel] / unit, max, name);
	(void)failure("%s: pixel %u,%u %s: --format %s keeps all of it", reader->name, texel->x,
		texel->y, what, keeps);
	return false;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The columns of each of Adam7's passes (PNG specification, 8.2). */
static const struct {
	uint8_t first, step;
} adam7_columns[7] = {{0, 8}, {4, 8}, {0, 4}, {2, 4}, {0, 2}, {1, 2}, {0, 1}};

/* The most bytes of a texel that has a layout. */
#define TEXEL_MAX 8u

/* Room for one decoded row. */
struct row {
	uint16_t (*rgba)[4];   /* as decoded; owned */
	uint16_t (*kept)[4];   /* what the format keeps of it; belongs to rgba's memory */
	unsigned char *texels; /* the row in the format; belongs to rgba's memory */
};

/* Stores one decoded row where it belongs. In an interlaced picture this is a row of one pass. */
static bool put_row(const struct png_reader *reader, const struct spng_row_info *info,
	const struct row *row, const struct png_texels *texels)
{
	const struct png_layout *const layout = png_layout(texels->format);
	const uint32_t size = geyser_format_get_info(texels->format)->bytes_per_texel;
	const uint32_t first = reader->interlaced ? adam7_columns[info->pass].first : 0;
	const uint32_t step = reader->interlaced ? adam7_columns[info->pass].step : 1;
	const uint32_t count =
		first < texels->width ? (texels->width - first + step - 1) / step : 0;
	unsigned char *const out = texels->data + info->row_num * texels->row_pitch;

	png_convert_row(GEYSER_FORMAT_RGBA16_UNORM, row->rgba, layout->numbers, row->texels, count);
	png_convert_row(layout->numbers, row->texels, GEYSER_FORMAT_RGBA16_UNORM, row->kept, count);
	for (uint32_t i = 0; i < count; i++) {
		struct texel texel = {.x = first + i * step, .y = info->row_num};
		enum loss loss;

		memcpy(texel.rgba, row->rgba[i], sizeof(texel.rgba));
		loss = loss_of(layout, &texel, row->kept[i]);
		if (loss)
			return lose(reader, layout, &texel, loss);
		memcpy(out + (size_t)texel.x * size, row->texels + (size_t)i * size, size);
	}
	return true;
}

/* Decodes through one row of 16-bit RGBA, and checks each texel. */
static bool read_checked(struct png_reader *reader, const struct png_texels *texels)
{
	const size_t size = texels->width * sizeof(uint16_t[4]);
	unsigned char *const room = malloc(2 * size + texels->width * (size_t)TEXEL_MAX);
	struct spng_row_info info;
	bool placed = true;
	struct row row;
	int result = 0;

	if (!room) {
		(void)failure("%s: no memory for a row of it (%zu bytes)", reader->name,
			2 * size + texels->width * (size_t)TEXEL_MAX);
		return false;
	}
	row = (struct row){(void *)room, (void *)(room + size), room + 2 * size};
	while (!result && placed) {
		result = spng_get_row_info(reader->context, &info);
		if (!result)
			result = spng_decode_scanline(reader->context, row.rgba, size);
		if (!result || result == SPNG_EOI)
			placed = put_row(reader, &info, &row, texels);
	}
	free(room);
	if (placed && result != SPNG_EOI)
		return png_failure(reader, result);
	return placed;
}

static bool read_straight(struct png_reader *reader, const struct png_texels *texels)
{
	const size_t size = (size_t)texels->width * (reader->deep ? 8 : 4);
	struct spng_row_info info;
	int result = 0;

	while (!result) {
		result = spng_get_row_info(reader->context, &info);
		if (!result)
			result = spng_decode_row(reader->context,
				texels->data + info.row_num * texels->row_pitch, size);
	}
	return result == SPNG_EOI || png_failure(reader, result);
}

static bool is_straight(const struct png_reader *reader, const struct png_layout *layout)
{
	return layout->numbers ==
	       (reader->deep ? GEYSER_FORMAT_RGBA16_UNORM : GEYSER_FORMAT_RGBA8_UNORM);
}

bool png_read(struct png_reader *reader, const struct png_texels *texels)
{
	const bool straight = is_straight(reader, png_layout(texels->format));
	const int format = straight && !reader->deep ? SPNG_FMT_RGBA8 : SPNG_FMT_RGBA16;
	int result;

	result = spng_decode_image(
		reader->context, NULL, 0, format, SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE);
	if (result)
		return png_failure(reader, result);
	if (!(straight ? read_straight : read_checked)(reader, texels))
		return false;
	/* The chunks after the pixels show whether the file is whole or was cut off. */
	result = spng_decode_chunks(reader->context);
	return !result || png_failure(reader, result);
}
