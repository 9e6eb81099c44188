/*
 * Reads names of formats. For the name that another program uses, the message names ours.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common.h"

/* Names of formats in other programs, and the geyser format that is equal or nearest. */
static const struct {
	const char *name, *format, *remark;
} aliases[] = {
	{"rgb", "rgba8unorm", "with alpha, as ffmpeg's -pix_fmt rgba"},
	{"rgb24", "rgba8unorm", "with alpha, as ffmpeg's -pix_fmt rgba"},
	{"rgb8", "rgba8unorm", "with alpha, as ffmpeg's -pix_fmt rgba"},
	{"rgb888", "rgba8unorm", "with alpha, as ffmpeg's -pix_fmt rgba"},
	{"bgr24", "bgra8unorm", "with alpha, as ffmpeg's -pix_fmt bgra"},
	{"bgr", "bgra8unorm", "with alpha, as ffmpeg's -pix_fmt bgra"},
	{"rgba", "rgba8unorm", NULL},
	{"rgb0", "rgba8unorm", NULL},
	{"rgbx", "rgba8unorm", NULL},
	{"rgba32", "rgba8unorm", NULL},
	{"rgba8888", "rgba8unorm", NULL},
	{"rgbx8888", "rgba8unorm", NULL},
	{"r8g8b8a8", "rgba8unorm", NULL},
	{"abgr8888", "rgba8unorm", NULL},
	{"bgra", "bgra8unorm", NULL},
	{"bgr0", "bgra8unorm", NULL},
	{"bgrx", "bgra8unorm", NULL},
	{"bgra32", "bgra8unorm", NULL},
	{"bgra8888", "bgra8unorm", NULL},
	{"b8g8r8a8", "bgra8unorm", NULL},
	{"argb8888", "bgra8unorm", NULL},
	{"xrgb8888", "bgra8unorm", NULL},
	{"argb", "bgra8unorm", "as ffmpeg's -pix_fmt bgra"},
	{"abgr", "rgba8unorm", "as ffmpeg's -pix_fmt rgba"},
	{"srgb", "rgba8unorm-srgb", NULL},
	{"srgba", "rgba8unorm-srgb", NULL},
	{"srgb8a8", "rgba8unorm-srgb", NULL},
	{"gray", "r8unorm", NULL},
	{"grey", "r8unorm", NULL},
	{"gray8", "r8unorm", NULL},
	{"grey8", "r8unorm", NULL},
	{"y8", "r8unorm", NULL},
	{"l8", "r8unorm", NULL},
	{"luma", "r8unorm", NULL},
	{"mono", "r8unorm", NULL},
	{"gray16", "r16unorm", NULL},
	{"gray16le", "r16unorm", NULL},
	{"y16", "r16unorm", NULL},
	{"rgba64", "rgba16unorm", NULL},
	{"rgba64le", "rgba16unorm", NULL},
	{"rgb48le", "rgba16unorm", "with alpha, as ffmpeg's -pix_fmt rgba64le"},
	{"rgbaf16le", "rgba16float", NULL},
	{"rgbaf16", "rgba16float", NULL},
	{"half", "rgba16float", NULL},
	{"rgbaf32le", "rgba32float", NULL},
	{"rgbaf32", "rgba32float", NULL},
	{"float", "rgba32float", NULL},
	{"grayf32le", "r32float", NULL},
	{"x2rgb10le", "rgb10a2unorm", "as ffmpeg's -pix_fmt x2bgr10le"},
	{"x2bgr10le", "rgb10a2unorm", NULL},
	{"xbgr2101010", "rgb10a2unorm", NULL},
	{"abgr2101010", "rgb10a2unorm", NULL},
	{"r10g10b10a2", "rgb10a2unorm", NULL},
	{"d32", "depth32float", NULL},
	{"depth", "depth32float", NULL},
	{"d24s8", "depth24plus-stencil8", NULL},
};

/* A name that begins so is a Y'CbCr format. */
static const char *const yuv[] = {"yuv", "yuy", "yvy", "yv12", "uyvy", "nv12", "nv16", "nv2",
	"nv42", "i420", "iyuv", "i42", "i44", "p010", "p012", "p016", "p21", "p41", "y21", "ayuv",
	"vuya", "xv3"};

static bool is_yuv(const char *name)
{
	for (size_t i = 0; i < sizeof(yuv) / sizeof(yuv[0]); i++) {
		if (strncmp(name, yuv[i], strlen(yuv[i])) == 0)
			return true;
	}
	return false;
}

static const char *format_word(size_t index, void *user)
{
	(void)user;
	return index ? geyser_format_name((enum geyser_format)index) : NULL;
}

/* Writes a name in the style of geyser's names: "VK_FORMAT_R8G8B8A8_UNORM" becomes
 * "r8g8b8a8-unorm". */
static void simplify(const char *text, char *out, size_t size)
{
	static const char *const before[] = {"vk_format_", "gl_", "dxgi_format_", "drm_format_",
		"mtlpixelformat", "pix_fmt_", "av_pix_fmt_"};
	size_t length = 0;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		if (strncasecmp(text, before[i], strlen(before[i])) == 0)
			text += strlen(before[i]);
	}
	for (; *text && length + 1 < size; text++)
		out[length++] = *text == '_' ? '-' : (char)tolower((unsigned char)*text);
	out[length] = '\0';
}

/* Finds the nearest geyser format. An alias is looked up by the part before the first dash:
 * "r8g8b8a8" of "r8g8b8a8-unorm", "rgba8" of "rgba8-unorm-srgb". */
static const char *find_format(const char *name, const char **remark)
{
	const size_t length = strcspn(name, "-");

	*remark = NULL;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strncmp(name, aliases[i].name, length) == 0 && !aliases[i].name[length]) {
			*remark = aliases[i].remark;
			if (strstr(name + length, "srgb") && strstr(aliases[i].format, "a8unorm"))
				return aliases[i].format[0] == 'b' ? "bgra8unorm-srgb"
								   : "rgba8unorm-srgb";
			return aliases[i].format;
		}
	}
	return nearest_word(name, GEYSER_FORMAT_COUNT, format_word, NULL);
}

enum geyser_format parse_format(const char *text)
{
	const enum geyser_format format = geyser_format_from_name(text);
	const char *near, *remark = NULL;
	char name[64];

	if (format)
		return format;
	simplify(text, name, sizeof(name));
	if (is_yuv(name)) {
		near = "rgba8unorm";
		remark = "YUV isn't supported: convert it, for example with ffmpeg's -pix_fmt rgba";
	} else {
		near = find_format(name, &remark);
	}
	if (near)
		(void)usage_error("unknown format (%.100s): did you mean %s?%s%s%s", text, near,
			remark ? " (" : "", remark ? remark : "", remark ? ")" : "");
	else
		(void)usage_error("unknown format (%.100s): geyser info --formats lists all", text);
	return GEYSER_FORMAT_NONE;
}
