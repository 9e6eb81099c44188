/*
 * Where frames go to.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "outfile.h"
#include "png.h"
#include "sink.h"

/* ---- the name ------------------------------------------------------------------------------- */

/* The end of the "%d" or "%0Nd" at text, N from 1 to 9, and N (1 for "%d"); else NULL. */
static const char *conversion_end(const char *text, int *digits)
{
	*digits = 1;
	if (text[1] == '0' && text[2] >= '1' && text[2] <= '9') {
		*digits = text[2] - '0';
		text += 2;
	}
	return text[1] == 'd' ? text + 2 : NULL;
}

static bool is_png_name(const char *path)
{
	const char *const dot = strrchr(path, '.');

	return dot && strcasecmp(dot, ".png") == 0;
}

static int choose_numbered(const char *path, const char *percent)
{
	int digits;
	const char *const end = conversion_end(percent, &digits);

	if (!end || strchr(end, '%'))
		return usage_error("recv: wrong number in a name (%.200s): one %%d or %%0Nd with N "
				   "from 1 to 9, and no other %%, as frame-%%05d.png",
			path);
	if (!is_png_name(path))
		return usage_error("recv: numbered files that are no PNGs (%.200s): a name that "
				   "ends in .png",
			path);
	return STATUS_OK;
}

int sink_choose(const char *path, int signals, struct sink *out)
{
	const char *const percent = path ? strchr(path, '%') : NULL;

	*out = (struct sink){.path = path, .signals = signals, .fd = -1};
	if (!path)
		return STATUS_OK;
	if (percent) {
		out->kind = SINK_NUMBER;
		return choose_numbered(path, percent);
	}
	out->kind = is_png_name(path) ? SINK_PNG : SINK_RAW;
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

/* ---- PNG ------------------------------------------------------------------------------------ */

static bool write_png(const char *name, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping)
{
	struct outfile out;

	if (!outfile_open(name, &out))
		return false;
	if (png_write(out.file, out.name,
		    &(struct png_texels){
			    .format = desc->format,
			    .width = desc->width,
			    .height = desc->height,
			    .data = mapping->data,
			    .row_pitch = mapping->row_pitch,
		    }))
		return outfile_commit(&out);
	outfile_discard(&out);
	return false;
}

static enum sink_result write_picture(const struct sink *sink,
	const struct geyser_texture_desc *desc, const struct geyser_mapping *mapping)
{
	char name[PATH_MAX];

	if (!png_layout(desc->format)) {
		(void)failure("%s: PNG can't hold the frames' format (%s): raw texels can, in a "
			      "file of another name",
			sink->path, geyser_format_name(desc->format));
		return SINK_FAILED;
	}
	if (sink->kind == SINK_NUMBER && !numbered_name(sink, name)) {
		(void)failure("%s: too long a name: a shorter one", sink->path);
		return SINK_FAILED;
	}
	return write_png(sink->kind == SINK_NUMBER ? name : sink->path, desc, mapping)
		       ? SINK_WRITTEN
		       : SINK_FAILED;
}

/* ---- raw texels ----------------------------------------------------------------------------- */

static bool open_raw(struct sink *sink, const struct geyser_texture_desc *desc)
{
	const bool to_stdout = strcmp(sink->path, "-") == 0;
	struct stat status;

	sink->fd = to_stdout ? STDOUT_FILENO
			     : open(sink->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (sink->fd < 0 || fstat(sink->fd, &status) < 0) {
		(void)failure("%s: can't be written (%s): a place that is writable and has room",
			sink->path, strerror(errno));
		return false;
	}
	sink->piped = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(sink->fd) == 1;
	sink->desc = *desc;
	return true;
}

static uint32_t texel_size(const struct geyser_texture_desc *desc)
{
	return geyser_format_get_info(desc->format)->bytes_per_texel;
}

/* Who reads raw frames cuts them by their size. */
static bool check_size(const struct sink *sink, const struct geyser_texture_desc *desc)
{
	const struct geyser_texture_desc *const first = &sink->desc;

	if (desc->width == first->width && desc->height == first->height &&
		texel_size(desc) == texel_size(first))
		return true;
	(void)failure("%s: the stream's frames became others (%ux%u %s): raw frames in one file "
		      "must all be as the first, %ux%u %s; PNGs need not",
		sink->path, desc->width, desc->height, geyser_format_name(desc->format),
		first->width, first->height, geyser_format_name(first->format));
	return false;
}

/* A pipe takes PIPE_BUF bytes without waiting if it takes any. */
static enum sink_result wait_writable(const struct sink *sink)
{
	struct pollfd fds[2] = {
		{.fd = sink->signals, .events = POLLIN},
		{.fd = sink->fd, .events = POLLOUT},
	};

	while (poll(fds, 2, -1) < 0) {
		if (errno == EINTR)
			continue;
		(void)failure("poll failed (%s)", strerror(errno));
		return SINK_FAILED;
	}
	return fds[0].revents ? SINK_INTERRUPTED : SINK_WRITTEN;
}

static enum sink_result write_bytes(const struct sink *sink, const unsigned char *data, size_t size)
{
	while (size) {
		const size_t part = sink->piped && size > PIPE_BUF ? PIPE_BUF : size;
		const enum sink_result result = sink->piped ? wait_writable(sink) : SINK_WRITTEN;
		ssize_t count;

		if (result != SINK_WRITTEN)
			return result;
		count = write(sink->fd, data, part);
		if (count > 0) {
			data += count;
			size -= (size_t)count;
		} else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
			(void)failure("%s: can't be written (%s): an open file or pipe with room",
				strcmp(sink->path, "-") == 0 ? "stdout" : sink->path,
				strerror(count ? errno : ENOSPC));
			return SINK_FAILED;
		}
	}
	return SINK_WRITTEN;
}

/* Rows without gaps between them in memory are one long row. */
static enum sink_result write_raw(const struct sink *sink, const struct geyser_mapping *mapping)
{
	const size_t tight = (size_t)sink->desc.width * texel_size(&sink->desc);
	const bool whole = mapping->row_pitch == tight;
	enum sink_result result = SINK_WRITTEN;

	if (whole)
		return write_bytes(sink, mapping->data, tight * sink->desc.height);
	for (uint32_t y = 0; y < sink->desc.height && result == SINK_WRITTEN; y++)
		result = write_bytes(
			sink, (unsigned char *)mapping->data + y * mapping->row_pitch, tight);
	return result;
}

/* ---- both ----------------------------------------------------------------------------------- */

static enum sink_result write_mapped(struct sink *sink, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping)
{
	if (sink->kind != SINK_RAW)
		return write_picture(sink, desc, mapping);
	if (sink->fd < 0 ? !open_raw(sink, desc) : !check_size(sink, desc))
		return SINK_FAILED;
	return write_raw(sink, mapping);
}

enum sink_result sink_write(struct sink *sink, struct geyser_texture *texture)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	struct geyser_mapping mapping;
	enum sink_result result;

	if (sink->kind == SINK_NONE)
		return SINK_WRITTEN;
	if (desc->depth > 1 || desc->layers > 1 || desc->mip_levels > 1) {
		(void)failure("frames of several layers or mip levels can't be written (%u, %u): "
			      "streams of one each",
			desc->depth > 1 ? desc->depth : desc->layers, desc->mip_levels);
		return SINK_FAILED;
	}
	if (geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping)) {
		(void)library_failure("frame %" PRIu64, sink->frames + 1);
		return SINK_FAILED;
	}
	result = write_mapped(sink, desc, &mapping);
	geyser_texture_unmap(texture);
	if (result == SINK_WRITTEN)
		sink->frames++;
	return result;
}

bool sink_close(struct sink *sink)
{
	const int fd = sink->fd;

	sink->fd = -1;
	if (fd < 0 || fd == STDOUT_FILENO || close(fd) == 0)
		return true;
	(void)failure("%s: can't be written (%s): a place that is writable and has room",
		sink->path, strerror(errno));
	return false;
}
