/*
 * Recognizes kinds of files by their first bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "magic.h"
#include "y4m.h"

/* ---- kinds ---------------------------------------------------------------------------------- */

/* Bytes that a kind of file has at one offset. */
struct mark {
	size_t at, size;
	const char *bytes;
};

#define MARK(at, text)                     \
	{                                  \
		at, sizeof(text) - 1, text \
	}
#define ANYTHING         \
	{                \
		0, 0, "" \
	}

/* Each kind has a mark of at least four bytes, with which raw texels hardly ever begin. A mark of
 * two bytes, such as "BM", would match texels by chance. */
static const struct {
	struct mark first, second;
	struct magic kind;
} kinds[] = {
	{MARK(0, "\x89PNG\r\n\x1a\n"), ANYTHING, {"a PNG picture", MAGIC_PNG, NULL}},
	{MARK(0, "\xff\xd8\xff"), MARK(6, "JFIF"), {"a JPEG picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "\xff\xd8\xff"), MARK(6, "Exif"), {"a JPEG picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "\xff\xd8\xff\xdb\0"), ANYTHING, {"a JPEG picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "\xff\xd8\xff\xe2"), MARK(6, "ICC_"), {"a JPEG picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "\xff\xd8\xff\xfe\0"), ANYTHING, {"a JPEG picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "\xff\xd8\xff\xee\0\x0e"
		 "Adobe"),
		ANYTHING, {"a JPEG picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "GIF87a"), ANYTHING, {"a GIF picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "GIF89a"), ANYTHING, {"a GIF picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "BM"), MARK(14, "\x28\0\0\0"), {"a BMP picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "BM"), MARK(14, "\x6c\0\0\0"), {"a BMP picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "BM"), MARK(14, "\x7c\0\0\0"), {"a BMP picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "II*\0"), ANYTHING, {"a TIFF picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "MM\0*"), ANYTHING, {"a TIFF picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "RIFF"), MARK(8, "WEBP"), {"a WebP picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "\x76\x2f\x31\x01"), ANYTHING, {"an OpenEXR picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "#?RADIANCE"), ANYTHING, {"a Radiance picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "qoif"), ANYTHING, {"a QOI picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "8BPS\0\x01"), ANYTHING, {"a Photoshop picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "\0\0\0\x0cJXL "), ANYTHING, {"a JPEG XL picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "\0\0\0\x0cjP  "), ANYTHING, {"a JPEG 2000 picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "P7\nWIDTH "), ANYTHING, {"a PAM picture", MAGIC_PICTURE, NULL}},
	{MARK(0, "DDS |\0\0\0"), ANYTHING, {"a DDS picture", MAGIC_PICTURE, NULL}},
	{MARK(4, "ftypavif"), ANYTHING, {"an AVIF picture", MAGIC_PICTURE, NULL}},
	{MARK(4, "ftyphei"), ANYTHING, {"a HEIF picture", MAGIC_PICTURE, NULL}},
	{MARK(4, "ftypmif1"), ANYTHING, {"a HEIF picture", MAGIC_PICTURE, NULL}},
	{MARK(4, "ftypqt  "), ANYTHING, {"a QuickTime film", MAGIC_VIDEO, NULL}},
	{MARK(4, "ftyp"), ANYTHING, {"an MP4 film", MAGIC_VIDEO, NULL}},
	{MARK(4, "moov"), MARK(12, "mvhd"), {"a QuickTime film", MAGIC_VIDEO, NULL}},
	{MARK(4, "wide"), MARK(12, "mdat"), {"a QuickTime film", MAGIC_VIDEO, NULL}},
	{MARK(4, "styp"), ANYTHING, {"a part of an MP4 film", MAGIC_VIDEO, NULL}},
	{MARK(0, "\x1a\x45\xdf\xa3"), ANYTHING, {"a Matroska or WebM film", MAGIC_VIDEO, NULL}},
	{MARK(0, "YUV4MPEG2 "), ANYTHING, {"a Y4M film", MAGIC_VIDEO, NULL}},
	{MARK(0, "RIFF"), MARK(8, "AVI "), {"an AVI film", MAGIC_VIDEO, NULL}},
	{MARK(0, "RIFF"), MARK(8, "WAVE"), {"a WAV sound", MAGIC_OTHER, NULL}},
	{MARK(0, "OggS\0"), ANYTHING, {"an Ogg film or sound", MAGIC_VIDEO, NULL}},
	{MARK(0, "FLV\x01"), ANYTHING, {"an FLV film", MAGIC_VIDEO, NULL}},
	{MARK(0, "DKIF\0\0\x20\0"), ANYTHING, {"an IVF film", MAGIC_VIDEO, NULL}},
	{MARK(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"), ANYTHING, {"a WMV film", MAGIC_VIDEO, NULL}},
	{MARK(0, "\x47\x40\x00\x10"), ANYTHING, {"an MPEG transport stream", MAGIC_VIDEO, NULL}},
	{MARK(0, "\x47\x40\x11\x10"), ANYTHING, {"an MPEG transport stream", MAGIC_VIDEO, NULL}},
	{MARK(0, "\0\0\x01\xba\x44"), ANYTHING, {"an MPEG film", MAGIC_VIDEO, NULL}},
	{MARK(0, "\0\0\x01\xba\x21"), ANYTHING, {"an MPEG film", MAGIC_VIDEO, NULL}},
	{MARK(0, "\0\0\0\x01\x67"), ANYTHING, {"an H.264 film", MAGIC_VIDEO, NULL}},
	{MARK(0, "\0\0\0\x01\x09\x10"), ANYTHING, {"an H.264 film", MAGIC_VIDEO, NULL}},
	{MARK(0, "\0\0\0\x01\x40\x01"), ANYTHING, {"an H.265 film", MAGIC_VIDEO, NULL}},
	{MARK(0, "\x06\x0e\x2b\x34\x02\x05"), ANYTHING, {"an MXF film", MAGIC_VIDEO, NULL}},
	{MARK(0, "NUT/multimedia"), ANYTHING, {"a NUT film", MAGIC_VIDEO, NULL}},
	{MARK(0, "ID3\x03\0"), ANYTHING, {"an MP3 sound", MAGIC_OTHER, NULL}},
	{MARK(0, "ID3\x04\0"), ANYTHING, {"an MP3 sound", MAGIC_OTHER, NULL}},
	{MARK(0, "fLaC"), ANYTHING, {"a FLAC sound", MAGIC_OTHER, NULL}},
	{MARK(0, "\x1f\x8b\x08"), MARK(8, "\0"), {"packed by gzip", MAGIC_PACKED, "gzip -dc"}},
	{MARK(0, "\x1f\x8b\x08"), MARK(8, "\x02"), {"packed by gzip", MAGIC_PACKED, "gzip -dc"}},
	{MARK(0, "\x1f\x8b\x08"), MARK(8, "\x04"), {"packed by gzip", MAGIC_PACKED, "gzip -dc"}},
	{MARK(0, "\x28\xb5\x2f\xfd"), ANYTHING, {"packed by zstd", MAGIC_PACKED, "zstd -dc"}},
	{MARK(0, "\xfd"
		 "7zXZ\0"),
		ANYTHING, {"packed by xz", MAGIC_PACKED, "xz -dc"}},
	{MARK(0, "BZh"), MARK(4, "1AY&SY"), {"packed by bzip2", MAGIC_PACKED, "bzip2 -dc"}},
	{MARK(0, "\x04\x22\x4d\x18"), ANYTHING, {"packed by lz4", MAGIC_PACKED, "lz4 -dc"}},
	{MARK(0, "PK\x03\x04"), ANYTHING, {"a ZIP archive", MAGIC_OTHER, NULL}},
	{MARK(0, "\x93NUMPY"), ANYTHING, {"a NumPy array with its header", MAGIC_OTHER, NULL}},
	{MARK(0, "\x89HDF\r\n\x1a\n"), ANYTHING, {"an HDF5 file", MAGIC_OTHER, NULL}},
	{MARK(0, "%PDF-"), ANYTHING, {"a PDF document", MAGIC_OTHER, NULL}},
	{MARK(0, "<?xml "), ANYTHING, {"an XML text", MAGIC_OTHER, NULL}},
	{MARK(0, "<svg "), ANYTHING, {"an SVG picture", MAGIC_OTHER, NULL}},
	{MARK(0, "\x7f"
		 "ELF"),
		ANYTHING, {"a program", MAGIC_OTHER, NULL}},
};

static bool has_mark(const struct mark *mark, const unsigned char *data, size_t size)
{
	return size >= mark->at + mark->size &&
	       memcmp(data + mark->at, mark->bytes, mark->size) == 0;
}

/* Recognizes "P6\n640 480\n255\n": a letter, a digit, then a number. */
static bool is_netpbm(const unsigned char *data, size_t size)
{
	if (size < 4 || data[0] != 'P' || data[1] < '1' || data[1] > '6' || data[2] != '\n')
		return false;
	for (size_t i = 3; i < size && i < 16; i++) {
		if (data[i] == '\n' || data[i] == ' ')
			return i > 3;
		if ((data[i] < '0' || data[i] > '9') && data[i] != '#')
			return false;
	}
	return false;
}

const struct magic *magic_find(const unsigned char *data, size_t size)
{
	static const struct magic netpbm = {"a Netpbm picture", MAGIC_PICTURE, NULL};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (has_mark(&kinds[i].first, data, size) && has_mark(&kinds[i].second, data, size))
			return &kinds[i].kind;
	}
	return is_netpbm(data, size) ? &netpbm : NULL;
}

/* ---- what works ----------------------------------------------------------------------------- */

/* Writes the second part of a command line. The first part writes texels to stdout. */
static void write_rest(
	const struct magic_use *use, enum geyser_format format, char *out, size_t size)
{
	if (use->width)
		(void)snprintf(out, size, "%s --size %ux%u --format %s", use->command, use->width,
			use->height, geyser_format_name(format));
	else
		(void)snprintf(out, size, "%s", use->command);
}

/* Writes the command line for an input whose size isn't known. y4m carries the size, and the stream
 * has the format that was asked for, if y4m can fill it. A picture keeps all of its chroma. */
static void write_y4m_line(
	const struct magic_use *use, const struct magic *kind, char *out, size_t size)
{
	const enum geyser_format kept = use->format                  ? use->format
					: kind->class == MAGIC_VIDEO ? GEYSER_FORMAT_I420
								     : GEYSER_FORMAT_I444;
	char file[PATH_MAX + 2], pixels[Y4M_PIXELS_MAX];
	struct y4m y4m;

	y4m_write_pixels(kept, pixels);
	(void)snprintf(out, size, "ffmpeg -nostdin -v error -i %s %s-f yuv4mpegpipe %s - | %s%s%s",
		shell_word(use->input, file, sizeof(file)), use->single ? "-frames:v 1 " : "",
		pixels, use->command, y4m_of_format(use->format, &y4m) ? " --format " : "",
		y4m_of_format(use->format, &y4m) ? geyser_format_name(use->format) : "");
}

/* Writes the whole command line. The converting program gets a file by its name, and reads stdin
 * itself. */
static void write_line(
	const struct magic_use *use, const struct magic *kind, char *out, size_t size)
{
	const struct geyser_format_info *const info = geyser_format_get_info(use->format);
	const char *const pixels = info ? info->ffmpeg : NULL;
	char file[PATH_MAX + 2], rest[512];

	if (!use->width && kind->class != MAGIC_PACKED) {
		write_y4m_line(use, kind, out, size);
		return;
	}
	write_rest(use, pixels ? use->format : GEYSER_FORMAT_RGBA8_UNORM, rest, sizeof(rest));
	(void)shell_word(use->input, file, sizeof(file));
	if (kind->class == MAGIC_PACKED)
		(void)snprintf(out, size, "%s %s | %s", kind->unpack,
			strcmp(use->input, "-") == 0 ? "" : file, rest);
	else
		(void)snprintf(out, size,
			"ffmpeg -nostdin -v error -i %s %s-f rawvideo -pix_fmt %s -s %ux%u - | %s",
			file, use->single ? "-frames:v 1 " : "", pixels ? pixels : "rgba",
			use->width, use->height, rest);
}

static const char *input_name(const char *input)
{
	return strcmp(input, "-") == 0 ? "stdin" : input;
}

bool magic_refuse(const struct magic_use *use, const unsigned char *data, size_t size)
{
	const struct magic *const kind = magic_find(data, size);
	char line[PATH_MAX + 1024];

	if (!kind)
		return false;
	if (kind->class == MAGIC_OTHER) {
		(void)failure("%s is %s, not raw texels: expected %s%s", input_name(use->input),
			kind->name, use->format ? "rows of " : "y4m, or raw texels with their size",
			use->format ? geyser_format_name(use->format) : "");
		return true;
	}
	write_line(use, kind, line, sizeof(line));
	(void)failure("%s is %s, not %s: use %s", input_name(use->input), kind->name,
		use->expected ? use->expected : "raw texels", line);
	return true;
}

bool magic_refuse_picture(const char *input, const unsigned char *data, size_t size)
{
	const struct magic *const kind = magic_find(data, size);
	char file[PATH_MAX + 2];

	if (!kind || kind->class == MAGIC_PNG)
		return false;
	(void)shell_word(input, file, sizeof(file));
	if (kind->class == MAGIC_PACKED)
		(void)failure("%s is %s, not a PNG: use %s %s | geyser share -", input_name(input),
			kind->name, kind->unpack, strcmp(input, "-") == 0 ? "" : file);
	else if (kind->class == MAGIC_OTHER)
		(void)failure(
			"%s is %s, not a PNG: expected a PNG file", input_name(input), kind->name);
	else
		(void)failure("%s is %s, not a PNG: use ffmpeg -nostdin -v error -i %s -frames:v 1 "
			      "-c:v png -f image2pipe - | geyser share -",
			input_name(input), kind->name, file);
	return true;
}
