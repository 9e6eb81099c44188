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

#define RGBA "with alpha, as ffmpeg's -pix_fmt rgba"
#define BGRA "with alpha, as ffmpeg's -pix_fmt bgra"
#define RGBA_64 "with alpha, as ffmpeg's -pix_fmt rgba64le"
#define AS(name) "as ffmpeg's -pix_fmt " name

/* Names of formats in other programs, and the geyser format that is equal or nearest. The library
 * knows ffmpeg's names of geyser's own formats. */
static const struct {
	const char *name, *format, *remark;
} aliases[] = {
	{"rgb", "rgba8unorm", RGBA},
	{"rgb24", "rgba8unorm", RGBA},
	{"rgb8", "rgba8unorm", RGBA},
	{"rgb888", "rgba8unorm", RGBA},
	{"gbrp", "rgba8unorm", RGBA},
	{"pal8", "rgba8unorm", RGBA},
	{"0rgb", "rgba8unorm", RGBA},
	{"0bgr", "rgba8unorm", RGBA},
	{"ya8", "rgba8unorm", RGBA},
	{"yuva420p", "rgba8unorm", RGBA},
	{"bgr24", "bgra8unorm", BGRA},
	{"bgr", "bgra8unorm", BGRA},
	{"rgb0", "rgba8unorm", RGBA},
	{"rgbx", "rgba8unorm", NULL},
	{"rgba32", "rgba8unorm", NULL},
	{"rgba8888", "rgba8unorm", NULL},
	{"rgbx8888", "rgba8unorm", NULL},
	{"r8g8b8a8", "rgba8unorm", NULL},
	{"abgr8888", "rgba8unorm", NULL},
	{"bgr0", "bgra8unorm", BGRA},
	{"bgrx", "bgra8unorm", NULL},
	{"bgra32", "bgra8unorm", NULL},
	{"bgra8888", "bgra8unorm", NULL},
	{"b8g8r8a8", "bgra8unorm", NULL},
	{"argb8888", "bgra8unorm", NULL},
	{"xrgb8888", "bgra8unorm", NULL},
	{"argb", "bgra8unorm", AS("bgra")},
	{"abgr", "rgba8unorm", AS("rgba")},
	{"srgb", "rgba8unorm-srgb", NULL},
	{"srgba", "rgba8unorm-srgb", NULL},
	{"srgb8a8", "rgba8unorm-srgb", NULL},
	{"grey", "r8unorm", NULL},
	{"gray8", "r8unorm", NULL},
	{"grey8", "r8unorm", NULL},
	{"y8", "r8unorm", NULL},
	{"l8", "r8unorm", NULL},
	{"luma", "r8unorm", NULL},
	{"mono", "r8unorm", NULL},
	{"monow", "r8unorm", AS("gray")},
	{"monob", "r8unorm", AS("gray")},
	{"gray9le", "r16unorm", AS("gray16le")},
	{"gray10le", "r16unorm", AS("gray16le")},
	{"gray12le", "r16unorm", AS("gray16le")},
	{"gray14le", "r16unorm", AS("gray16le")},
	{"gray16be", "r16unorm", AS("gray16le")},
	{"y16", "r16unorm", NULL},
	{"rgb48le", "rgba16unorm", RGBA_64},
	{"bgra64le", "rgba16unorm", AS("rgba64le")},
	{"rgbaf16le", "rgba16float", NULL},
	{"rgbaf16", "rgba16float", NULL},
	{"half", "rgba16float", NULL},
	{"rgbaf32le", "rgba32float", NULL},
	{"rgbaf32", "rgba32float", NULL},
	{"float", "rgba32float", NULL},
	{"x2rgb10le", "rgb10a2unorm", AS("x2bgr10le")},
	{"xbgr2101010", "rgb10a2unorm", NULL},
	{"abgr2101010", "rgb10a2unorm", NULL},
	{"r10g10b10a2", "rgb10a2unorm", NULL},
	{"d32", "depth32float", NULL},
	{"depth", "depth32float", NULL},
	{"d24s8", "depth24plus-stencil8", NULL},
	{"420v", "nv12", NULL},
	{"420f", "nv12", NULL},
	{"nv21", "nv12", AS("nv12")},
	{"nv61", "nv16", AS("nv16")},
	{"nv20le", "p210", AS("p210le")},
	{"nv24", "i444", AS("yuv444p")},
	{"nv42", "i444", AS("yuv444p")},
	{"x420", "p010", NULL},
	{"iyuv", "i420", NULL},
	{"yu12", "i420", NULL},
	{"yv12", "i420", AS("yuv420p")},
	{"yuvj420p", "i420", AS("yuv420p")},
	{"yuvj422p", "i422", AS("yuv422p")},
	{"yuvj444p", "i444", AS("yuv444p")},
	{"y42b", "i422", NULL},
	{"y444", "i444", NULL},
	{"yuyv", "yuy2", NULL},
	{"yvyu422", "yuy2", AS("yuyv422")},
	{"2vuy", "uyvy", NULL},
	{"p012le", "p016", AS("p016le")},
	{"y210le", "p210", AS("p210le")},
};

/* Y'CbCr formats whose names begin so, and the geyser format that loses nothing. The longer names
 * stand first. */
static const struct {
	const char *start, *format, *remark;
} yuv[] = {
	{"yuv420p10", "p010", AS("p010le")},
	{"yuv422p10", "p210", AS("p210le")},
	{"yuv444p10", "p410", AS("p410le")},
	{"yuv420p1", "p016", AS("p016le")},
	{"yuv422p1", "p216", AS("p216le")},
	{"yuv444p1", "p416", AS("p416le")},
	{"yuv420p9", "p016", AS("p016le")},
	{"yuv422p9", "p216", AS("p216le")},
	{"yuv444p9", "p416", AS("p416le")},
	{"yuva", "rgba8unorm", AS("rgba")},
	{"yuv", "i444", AS("yuv444p")},
	{"ayuv", "rgba8unorm", AS("rgba")},
	{"vuya", "rgba8unorm", AS("rgba")},
};

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

/* Finds the Y'CbCr format nearest to one that geyser lacks; NULL if it isn't one. */
static const char *find_yuv(const char *name, const char **remark)
{
	for (size_t i = 0; i < sizeof(yuv) / sizeof(yuv[0]); i++) {
		if (strncmp(name, yuv[i].start, strlen(yuv[i].start)) == 0) {
			*remark = yuv[i].remark;
			return yuv[i].format;
		}
	}
	return NULL;
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
	if (find_yuv(name, remark))
		return find_yuv(name, remark);
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
	near = find_format(name, &remark);
	if (near)
		(void)usage_error("unknown format (%.100s): did you mean %s?%s%s%s", text, near,
			remark ? " (" : "", remark ? remark : "", remark ? ")" : "");
	else
		(void)usage_error("unknown format (%.100s): geyser info --formats lists all", text);
	return GEYSER_FORMAT_NONE;
}
