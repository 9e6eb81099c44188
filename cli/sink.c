/*
 * Writes frames to a file, a pipe or PNGs.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "outfile.h"
#include "png.h"
#include "raw.h"
#include "sink.h"
#include "upright.h"

/* ---- the name ------------------------------------------------------------------------------- */

/* If "%d" or "%0Nd" is at text, with N from 1 to 9, returns its end and writes N (1 for "%d"); else
 * returns NULL. */
static const char *conversion_end(const char *text, int *digits)
{
	*digits = 1;
	if (text[1] == '0' && text[2] >= '1' && text[2] <= '9') {
		*digits = text[2] - '0';
		text += 2;
	}
	return text[1] == 'd' ? text + 2 : NULL;
}

static int choose_numbered(const char *path, const char *percent)
{
	int digits;
	const char *const end = conversion_end(percent, &digits);

	if (!end || strchr(end, '%'))
		return usage_error(
			"recv: wrong number in a name (%.200s): expected one %%d or %%0Nd with N "
			"from 1 to 9, and no other %%, such as frame-%%05d.png",
			path);
	if (!ends_in(path, ".png"))
		return usage_error("recv: numbered files that aren't PNGs (%.200s): expected a "
				   "name that ends in .png",
			path);
	return STATUS_OK;
}

/* Whether a name fits raw texels: it has no ending, is a pipe or device, or has an ending that is
 * common for raw texels. */
static bool is_raw_name(const char *path)
{
	static const char *const endings[] = {
		".raw", ".rgba", ".bgra", ".gray", ".rgb", ".bin", ".data", ".dat", ".pix", ".yuv"};
	const char *const slash = strrchr(path, '/');
	const char *const name = slash ? slash + 1 : path;
	const char *const dot = strrchr(name, '.');
	struct stat status;

	if (!dot || dot == name || (stat(path, &status) == 0 && !S_ISREG(status.st_mode)))
		return true;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	}
	return false;
}

/* Refuses a name. Most such names are those of videos, so the message has a command line that makes
 * a video. */
static int refuse_name(const char *stream, const char *path)
{
	char name[GEYSER_STREAM_NAME_MAX + 3], file[PATH_MAX + 2];

	(void)shell_word(stream, name, sizeof(name));
	(void)shell_word(path, file, sizeof(file));
	if (ends_in(path, ".mp4") || ends_in(path, ".mkv") || ends_in(path, ".webm"))
		return usage_error("recv: a film (%.200s): expected a name that ends in .png, .raw "
				   "or .y4m, or geyser record %s %.200s",
			path, name, file);
	return usage_error(
		"recv: unknown kind of file (%.200s): expected a name that ends in .png, .raw or "
		".y4m, or --png, --raw or --y4m; for a film use geyser recv %s --every --output - "
		"| ffmpeg -nostdin -f rawvideo -pix_fmt rgba -s WxH -r FPS -i - %.200s",
		path, name, file);
}

int sink_choose(const char *stream, const char *path, enum sink_kind kind, struct sink *out)
{
	const char *const percent = path ? strchr(path, '%') : NULL;

	*out = (struct sink){.kind = kind, .stream = stream, .path = path, .fd = -1};
	if (!path && kind != SINK_NONE)
		return usage_error(
			"recv: --raw, --y4m or --png without a file: expected --output FILE");
	if (!path)
		return STATUS_OK;
	if (!*path)
		return usage_error(
			"recv: an empty file name (\"\"): expected --output FILE, or - for stdout");
	if (strcmp(path, "-") == 0 && io_is_terminal(STDOUT_FILENO))
		return usage_error("recv: stdout is a terminal, which binary data makes "
				   "unreadable: expected a pipe or a file");
	if (percent && (kind == SINK_RAW || kind == SINK_Y4M))
		return usage_error("recv: %s with a number in the name (%.200s): expected a name "
				   "without %%, or numbered PNGs without that option",
			kind == SINK_RAW ? "--raw" : "--y4m", path);
	if (percent) {
		out->kind = SINK_NUMBER;
		return choose_numbered(path, percent);
	}
	if (kind != SINK_NONE)
		return STATUS_OK;
	out->kind = ends_in(path, ".png") ? SINK_PNG : ends_in(path, ".y4m") ? SINK_Y4M : SINK_RAW;
	if (out->kind == SINK_RAW && strcmp(path, "-") != 0 && !is_raw_name(path))
		return refuse_name(stream, path);
	return STATUS_OK;
}

static bool numbered_name(const struct sink *sink, char name[PATH_MAX])
{
	const char *const percent = strchr(sink->path, '%');
	int digits;
	const char *const end = conversion_end(percent, &digits);

	return snprintf(name, PATH_MAX, "%.*s%0*" PRIu64 "%s", (int)(percent - sink->path),
		       sink->path, digits, sink->frames + 1, end) < PATH_MAX;
}

/* What is written of a frame: its own texture, or a converted copy. */
struct shown {
	struct geyser_texture *texture;
	const struct geyser_frame_info *info;
};

/* ---- PNG ------------------------------------------------------------------------------------ */

static enum sink_result write_png(const char *name, const struct png_texels *texels)
{
	struct outfile out;

	if (outfile_open(name, &out)) {
		if (png_write(&out, texels) && outfile_commit(&out))
			return SINK_WRITTEN;
		outfile_discard(&out);
	}
	return out.interrupted ? SINK_INTERRUPTED : SINK_FAILED;
}

static enum sink_result write_picture(const struct sink *sink, const struct shown *shown,
	const struct geyser_texture_desc *desc, const struct geyser_mapping *mapping)
{
	char name[PATH_MAX];
	struct png_texels texels;
	unsigned char *owned;
	enum sink_result result = SINK_FAILED;

	if (!png_layout(desc->format)) {
		(void)failure("%s: PNG can't hold the frames' format (%s): %s", sink->path,
			geyser_format_name(desc->format), png_advice(desc->format));
		return SINK_FAILED;
	}
	if (sink->kind == SINK_NUMBER && !numbered_name(sink, name)) {
		(void)failure("%s: the name is too long: expected a shorter one", sink->path);
		return SINK_FAILED;
	}
	if (upright_picture(shown->info, desc, mapping, &texels, &owned))
		result = write_png(sink->kind == SINK_NUMBER ? name : sink->path, &texels);
	free(owned);
	return result;
}

/* ---- raw texels ----------------------------------------------------------------------------- */

static enum sink_result cannot_write(const struct sink *sink, int error)
{
	(void)failure("%s: can't be written (%s): expected a place that is writable and has room",
		strcmp(sink->path, "-") == 0 ? "stdout" : sink->path, strerror(error));
	return SINK_FAILED;
}

static enum sink_result open_raw(struct sink *sink, const struct geyser_texture_desc *desc)
{
	enum io_result result = IO_DONE;

	sink->desc = *desc;
	if (strcmp(sink->path, "-") == 0)
		sink->fd = STDOUT_FILENO;
	else
		result = io_open_to_write(sink->path, &sink->fd);
	if (result == IO_INTERRUPTED)
		return SINK_INTERRUPTED;
	if (result == IO_DONE && io_is_terminal(sink->fd)) {
		(void)failure("%s is a terminal, which binary data makes unreadable: expected a "
			      "pipe or a file",
			sink->path);
		return SINK_FAILED;
	}
	return result == IO_DONE ? SINK_WRITTEN : cannot_write(sink, errno);
}

/* Whether raw texels of two formats lie in the same places. Each format of video has an order of
 * its own. */
static bool has_same_places(enum geyser_format a, enum geyser_format b)
{
	const struct geyser_format_info *const info = geyser_format_get_info(a);
	const struct geyser_format_info *const other = geyser_format_get_info(b);

	return a == b ||
	       (info->type != GEYSER_FORMAT_TYPE_YUV && other->type != GEYSER_FORMAT_TYPE_YUV &&
		       info->bytes_per_texel == other->bytes_per_texel);
}

/* Checks that all frames have one size, and texels in the same places. A reader of raw frames finds
 * their ends and planes by these. */
static bool check_size(const struct sink *sink, const struct geyser_texture_desc *desc)
{
	const struct geyser_texture_desc *const first = &sink->desc;

	if (desc->width == first->width && desc->height == first->height &&
		(desc->format == first->format ||
			(sink->kind == SINK_RAW && has_same_places(desc->format, first->format))))
		return true;
	(void)failure("%s: the stream's frames have changed (%ux%u %s): all raw frames of one file "
		      "must be %ux%u %s; PNGs may differ",
		sink->path, desc->width, desc->height, geyser_format_name(desc->format),
		first->width, first->height, geyser_format_name(first->format));
	return false;
}

static enum sink_result write_bytes(const struct sink *sink, const void *data, size_t size)
{
	switch (io_write(sink->fd, data, size, IO_STOP)) {
	case IO_DONE:
		return SINK_WRITTEN;
	case IO_INTERRUPTED:
		return SINK_INTERRUPTED;
	case IO_GONE:
		return SINK_GONE;
	case IO_FAILED:
		break;
	}
	return cannot_write(sink, errno);
}

/* Writes the texels. Rows without gaps in memory are written together. */
static enum sink_result write_raw(const struct sink *sink, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping)
{
	struct raw_walk walk;
	unsigned char *data;
	size_t size;
	enum sink_result result = SINK_WRITTEN;

	raw_begin(&walk, texture, mapping->data, false);
	while (result == SINK_WRITTEN && raw_next(&walk, &data, &size))
		result = write_bytes(sink, data, size);
	return result;
}

/* Tells the reader of raw frames what the texels alone don't show: a PNG would show the picture as
 * it is meant. */
static void tell_of_meaning(struct sink *sink, const struct shown *shown)
{
	const struct upright_need need = upright_need(shown->info, &sink->desc);
	char what[64];

	upright_describe(&need, what, sizeof(what));
	if (!*what || sink->told)
		return;
	sink->told = true;
	tell("geyser: %s: raw frames are written as they lie in memory, but are meant to be shown "
	     "otherwise (%s): PNGs show them right%s\n",
		sink->stream, what,
		need.crop || need.turn ? ", and --upright has them cropped and turned" : "");
}

/* ---- y4m ------------------------------------------------------------------------------------ */

/* Whether a conversion to video keeps the picture. An integer of 1 would be full intensity, and a
 * single channel is red. */
static bool converts_to_video(const struct geyser_format_info *info)
{
	return info->channels > 1 &&
	       (info->type == GEYSER_FORMAT_TYPE_UNORM || info->type == GEYSER_FORMAT_TYPE_FLOAT);
}

/* Says that y4m can't hold the format, and which option or line works. */
static enum sink_result refuse_y4m(const struct sink *sink, const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *const info = geyser_format_get_info(desc->format);
	char name[GEYSER_STREAM_NAME_MAX + 3], file[PATH_MAX + 2];
	char pixels[Y4M_PIXELS_MAX], rate[32] = "";

	if (sink->y4m.rate_num)
		(void)snprintf(
			rate, sizeof(rate), "-r %u/%u ", sink->y4m.rate_num, sink->y4m.rate_den);
	y4m_write_pixels(desc->format, pixels);
	if (converts_to_video(info))
		(void)failure("%s: y4m can't hold the frames' format (%s): use --format %s, or "
			      "--format %s for a quarter of the chroma",
			sink->path, info->name, geyser_format_name(y4m_nearest(desc->format, 1)),
			geyser_format_name(y4m_nearest(desc->format, 2)));
	else if (info->ffmpeg)
		(void)failure("%s: y4m can't hold the frames' format (%s): use geyser recv %s "
			      "--every --output - | ffmpeg -nostdin -v error -f rawvideo -pix_fmt "
			      "%s -s %ux%u %s-i - -f yuv4mpegpipe %s -y %s",
			sink->path, info->name, shell_word(sink->stream, name, sizeof(name)),
			info->ffmpeg, desc->width, desc->height, rate, pixels,
			shell_word(sink->path, file, sizeof(file)));
	else
		(void)failure("%s: y4m can't hold the frames' format (%s): raw texels can, in a "
			      "file of another name",
			sink->path, info->name);
	return SINK_FAILED;
}

/* Checks that the first line is true of this frame, too: its range, and the siting if the line has
 * a word for it. */
static bool check_colours(const struct sink *sink, const struct geyser_frame_info *info)
{
	struct y4m y4m = sink->y4m;
	char words[Y4M_WORDS_MAX], first[Y4M_WORDS_MAX];

	y4m.range = info->color.range;
	y4m.siting = info->siting;
	y4m_write_words(&y4m, words);
	y4m_write_words(&sink->y4m, first);
	if (strcmp(words, first) == 0)
		return true;
	(void)failure("%s: the stream's frames have changed (%s): all frames of one y4m must be %s",
		sink->path, words, first);
	return false;
}

/* Writes the first line, as the first frame is. */
static enum sink_result begin_y4m(
	struct sink *sink, const struct shown *shown, const struct geyser_texture_desc *desc)
{
	const struct geyser_color *const color = &shown->info->color;
	struct y4m y4m;
	char line[Y4M_LINE_MAX];
	enum sink_result result;

	if (!y4m_of_format(desc->format, &y4m))
		return refuse_y4m(sink, desc);
	y4m.width = desc->width;
	y4m.height = desc->height;
	y4m.rate_num = sink->y4m.rate_num;
	y4m.rate_den = sink->y4m.rate_den;
	y4m.range = color->range;
	y4m.siting = shown->info->siting;
	sink->y4m = y4m;
	result = open_raw(sink, desc);
	if (result != SINK_WRITTEN)
		return result;
	y4m_write_line(&y4m, line);
	return write_bytes(sink, line, strlen(line));
}

static enum sink_result write_y4m(struct sink *sink, const struct shown *shown,
	const struct geyser_texture_desc *desc, const struct geyser_mapping *mapping)
{
	static const char line[] = "FRAME\n";
	const struct geyser_texture *const texture = shown->texture;
	enum sink_result result = SINK_WRITTEN;

	if (sink->fd < 0)
		result = begin_y4m(sink, shown, desc);
	else if (!check_size(sink, desc) || !check_colours(sink, shown->info))
		result = SINK_FAILED;
	if (result == SINK_WRITTEN)
		tell_of_meaning(sink, shown);
	if (result == SINK_WRITTEN)
		result = write_bytes(sink, line, sizeof(line) - 1);
	if (result != SINK_WRITTEN)
		return result;
	if (y4m_is_same(&sink->y4m, desc->format))
		return write_raw(sink, texture, mapping);
	if (!sink->planes)
		sink->planes = malloc((size_t)y4m_size(&sink->y4m));
	if (!sink->planes)
		return (void)failure(
			       "no memory for a frame (%" PRIu64 " bytes)", y4m_size(&sink->y4m)),
		       SINK_FAILED;
	y4m_copy(&sink->y4m, sink->planes, texture, mapping->data, false);
	return write_bytes(sink, sink->planes, (size_t)y4m_size(&sink->y4m));
}

/* ---- both ----------------------------------------------------------------------------------- */

static enum sink_result write_mapped(struct sink *sink, const struct shown *shown,
	const struct geyser_texture_desc *desc, const struct geyser_mapping *mapping)
{
	enum sink_result result = SINK_WRITTEN;

	if (sink->kind == SINK_Y4M)
		return write_y4m(sink, shown, desc, mapping);
	if (sink->kind != SINK_RAW)
		return write_picture(sink, shown, desc, mapping);
	if (sink->fd < 0)
		result = open_raw(sink, desc);
	else if (!check_size(sink, desc))
		result = SINK_FAILED;
	if (result != SINK_WRITTEN)
		return result;
	tell_of_meaning(sink, shown);
	return write_raw(sink, shown->texture, mapping);
}

static enum sink_result write_shown(struct sink *sink, const struct shown *shown)
{
	struct geyser_mapping mapping;
	enum sink_result result;

	if (geyser_texture_map(shown->texture, GEYSER_ACCESS_READ, &mapping)) {
		(void)library_failure("frame %" PRIu64, sink->frames + 1);
		return SINK_FAILED;
	}
	result = write_mapped(sink, shown, geyser_texture_get_desc(shown->texture), &mapping);
	geyser_texture_unmap(shown->texture);
	return result;
}

/* Writes a copy of the frame in another format. */
static enum sink_result write_converted(
	struct sink *sink, struct geyser_frame *frame, enum geyser_format format)
{
	struct geyser_texture *const texture = geyser_frame_texture(frame);
	struct geyser_frame_info info = *geyser_frame_get_info(frame);
	char name[32];

	(void)snprintf(name, sizeof(name), "frame %" PRIu64, sink->frames + 1);
	if (!converted_make(texture, format, &info, name, &sink->converted))
		return SINK_FAILED;
	return write_shown(sink, &(struct shown){sink->converted.texture, &info});
}

enum sink_result sink_write(struct sink *sink, struct geyser_frame *frame)
{
	struct geyser_texture *const texture = geyser_frame_texture(frame);
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const bool is_png = sink->kind == SINK_PNG || sink->kind == SINK_NUMBER;
	const enum geyser_format format = converted_format(desc->format, sink->format, is_png);
	enum sink_result result;

	if (sink->kind == SINK_NONE)
		return SINK_WRITTEN;
	if (desc->depth > 1 || desc->layers > 1 || desc->mip_levels > 1) {
		(void)failure("frames of several layers or mip levels can't be written (%u, %u): "
			      "expected streams of one each",
			desc->depth > 1 ? desc->depth : desc->layers, desc->mip_levels);
		return SINK_FAILED;
	}
	if (format != desc->format)
		result = write_converted(sink, frame, format);
	else
		result = write_shown(sink, &(struct shown){texture, geyser_frame_get_info(frame)});
	if (result == SINK_WRITTEN)
		sink->frames++;
	return result;
}

bool sink_is_gone(const struct sink *sink)
{
	const bool whole = sink->kind == SINK_RAW || sink->kind == SINK_Y4M;
	const bool to_stdout = whole && strcmp(sink->path, "-") == 0;
	const int fd = to_stdout ? STDOUT_FILENO : sink->fd;

	return fd >= 0 && io_reader_gone(fd);
}

bool sink_close(struct sink *sink)
{
	const int fd = sink->fd;

	converted_finish(&sink->converted);
	free(sink->planes);
	sink->planes = NULL;
	sink->fd = -1;
	if (fd < 0 || fd == STDOUT_FILENO || close(fd) == 0)
		return true;
	(void)cannot_write(sink, errno);
	return false;
}
