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

/* What ffmpeg must do to a format that geyser lacks. Its -pix_fmt is that of the geyser format. */
enum change {
	SAME,    /* nothing: only the name differs */
	CONVERT, /* convert to it */
	ALPHA,   /* convert to it; it has alpha, which the other format lacks */
	FULL,    /* convert to it within the full range, and send says so */
};

/* A format that geyser lacks, and the geyser format that is equal or loses least. */
struct alias {
	const char *name, *format;
	enum change change;
};

/* Names of formats in other programs. Those of ffmpeg stand without "le" and "be". The library
 * knows ffmpeg's names of geyser's own formats. */
static const struct alias aliases[] = {
	{"rgb", "rgba8unorm", ALPHA},
	{"rgb24", "rgba8unorm", ALPHA},
	{"rgb8", "rgba8unorm", ALPHA},
	{"rgb4", "rgba8unorm", ALPHA},
	{"rgb4-byte", "rgba8unorm", ALPHA},
	{"rgb444", "rgba8unorm", ALPHA},
	{"rgb555", "rgba8unorm", ALPHA},
	{"rgb565", "rgba8unorm", ALPHA},
	{"rgb888", "rgba8unorm", ALPHA},
	{"gbrp", "rgba8unorm", ALPHA},
	{"pal8", "rgba8unorm", CONVERT},
	{"0rgb", "rgba8unorm", ALPHA},
	{"0bgr", "rgba8unorm", ALPHA},
	{"ya8", "rgba8unorm", CONVERT},
	{"gbrap", "rgba8unorm", CONVERT},
	{"bgr24", "bgra8unorm", ALPHA},
	{"bgr", "bgra8unorm", ALPHA},
	{"bgr8", "bgra8unorm", ALPHA},
	{"bgr4", "bgra8unorm", ALPHA},
	{"bgr4-byte", "bgra8unorm", ALPHA},
	{"bgr444", "bgra8unorm", ALPHA},
	{"bgr555", "bgra8unorm", ALPHA},
	{"bgr565", "bgra8unorm", ALPHA},
	{"rgb0", "rgba8unorm", ALPHA},
	{"rgbx", "rgba8unorm", SAME},
	{"rgba32", "rgba8unorm", SAME},
	{"rgba8888", "rgba8unorm", SAME},
	{"rgbx8888", "rgba8unorm", SAME},
	{"r8g8b8a8", "rgba8unorm", SAME},
	{"abgr8888", "rgba8unorm", SAME},
	{"bgr0", "bgra8unorm", ALPHA},
	{"bgrx", "bgra8unorm", SAME},
	{"bgra32", "bgra8unorm", SAME},
	{"bgra8888", "bgra8unorm", SAME},
	{"b8g8r8a8", "bgra8unorm", SAME},
	{"argb8888", "bgra8unorm", SAME},
	{"xrgb8888", "bgra8unorm", SAME},
	{"argb", "bgra8unorm", CONVERT},
	{"abgr", "rgba8unorm", CONVERT},
	{"srgb", "rgba8unorm-srgb", SAME},
	{"srgba", "rgba8unorm-srgb", SAME},
	{"srgb8a8", "rgba8unorm-srgb", SAME},
	{"grey", "r8unorm", SAME},
	{"gray8", "r8unorm", SAME},
	{"grey8", "r8unorm", SAME},
	{"y8", "r8unorm", SAME},
	{"l8", "r8unorm", SAME},
	{"luma", "r8unorm", SAME},
	{"mono", "r8unorm", SAME},
	{"monow", "r8unorm", CONVERT},
	{"monob", "r8unorm", CONVERT},
	{"gray9", "r16unorm", CONVERT},
	{"gray10", "r16unorm", CONVERT},
	{"gray12", "r16unorm", CONVERT},
	{"gray14", "r16unorm", CONVERT},
	{"y16", "r16unorm", SAME},
	{"rgb48", "rgba16unorm", ALPHA},
	{"bgr48", "rgba16unorm", ALPHA},
	{"bgra64", "rgba16unorm", CONVERT},
	{"ya16", "rgba16unorm", CONVERT},
	{"xyz12", "rgba16unorm", ALPHA},
	{"gbrpf32", "rgba16unorm", ALPHA},
	{"gbrapf32", "rgba16unorm", CONVERT},
	{"rgbaf16", "rgba16float", SAME},
	{"half", "rgba16float", SAME},
	{"rgbaf32", "rgba32float", SAME},
	{"float", "rgba32float", SAME},
	{"x2rgb10", "rgb10a2unorm", CONVERT},
	{"xbgr2101010", "rgb10a2unorm", SAME},
	{"abgr2101010", "rgb10a2unorm", SAME},
	{"r10g10b10a2", "rgb10a2unorm", SAME},
	{"d32", "depth32float", SAME},
	{"depth", "depth32float", SAME},
	{"d24s8", "depth24plus-stencil8", SAME},
	{"420v", "nv12", SAME},
	{"420f", "nv12", SAME},
	{"nv21", "nv12", CONVERT},
	{"nv61", "nv16", CONVERT},
	{"nv20", "p210", CONVERT},
	{"nv24", "i444", CONVERT},
	{"nv42", "i444", CONVERT},
	{"x420", "p010", SAME},
	{"iyuv", "i420", SAME},
	{"yu12", "i420", SAME},
	{"yv12", "i420", CONVERT},
	{"y42b", "i422", SAME},
	{"y444", "i444", SAME},
	{"yuv420", "i420", SAME},
	{"yuv422", "i422", SAME},
	{"yuv444", "i444", SAME},
	{"yuyv", "yuy2", SAME},
	{"yvyu422", "yuy2", CONVERT},
	{"2vuy", "uyvy", SAME},
	{"uyyvyy411", "i444", CONVERT},
	{"y210", "p210", CONVERT},
	{"y212", "p216", CONVERT},
	{"xv30", "p410", CONVERT},
	{"xv36", "p416", CONVERT},
	{"vuyx", "i444", CONVERT},
	{"p012", "p016", CONVERT},
	{"p212", "p216", CONVERT},
	{"p412", "p416", CONVERT},
};

/* Names of ffmpeg's that begin so. Luma and chroma with alpha become colours of 16 bits, which hold
 * what was rounded. The longer names stand first. */
static const struct alias starts[] = {
	{"gbrap1", "rgba16unorm", CONVERT},
	{"gbrp1", "rgba16unorm", ALPHA},
	{"gbrp9", "rgba16unorm", ALPHA},
	{"yuva", "rgba16unorm", CONVERT},
	{"ayuv", "rgba16unorm", CONVERT},
	{"vuya", "rgba16unorm", CONVERT},
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

/* Finds the format of planar luma and chroma that holds one of ffmpeg's, such as "yuv440p12" or
 * "yuvj420p". Chroma of fewer rows or columns than geyser has is scaled up. */
static bool find_yuv(const char *name, struct alias *out)
{
	/* by sampling, and by depth: 8 bits, 10, or any other up to 16 */
	static const char *const formats[][3] = {
		{"i420", "p010", "p016"}, {"i422", "p210", "p216"}, {"i444", "p410", "p416"}};
	const bool full = strncmp(name, "yuvj", 4) == 0;
	const char *const sampling = name + (full ? 4 : 3);
	const char *const p = strchr(name, 'p');
	size_t row = 2, column = 2;

	if (strncmp(name, "yuv", 3) != 0 || !p || p != sampling + 3)
		return false;
	if (strncmp(sampling, "420", 3) == 0)
		row = 0;
	else if (strncmp(sampling, "422", 3) == 0)
		row = 1;
	if (!p[1])
		column = 0;
	else if (strncmp(p + 1, "10", 2) == 0)
		column = 1;
	*out = (struct alias){name, formats[row][column], full ? FULL : CONVERT};
	return true;
}

/* Finds an alias of exactly that name, or by the name's start. */
static bool find_alias(const char *name, size_t length, struct alias *out)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		*out = aliases[i];
		if (strncmp(name, out->name, length) == 0 && !out->name[length])
			return true;
	}
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		*out = starts[i];
		if (strncmp(name, out->name, strlen(out->name)) == 0)
			return true;
	}
	return find_yuv(name, out);
}

/* Finds the format of ffmpeg's whose words have the other byte order: "p010be". */
static bool find_swapped(const char *name, struct alias *out)
{
	const size_t length = strlen(name);
	char swapped[64];
	enum geyser_format format;

	if (length < 3 || strcmp(name + length - 2, "be") != 0)
		return false;
	(void)snprintf(swapped, sizeof(swapped), "%.*sle", (int)length - 2, name);
	format = geyser_format_from_name(swapped);
	*out = (struct alias){name, geyser_format_name(format), CONVERT};
	return format != GEYSER_FORMAT_NONE;
}

/* Finds the nearest geyser format. An alias is looked up by the whole name, then without ffmpeg's
 * byte order, then by the part before the first dash: "r8g8b8a8" of "r8g8b8a8-unorm". */
static bool find_format(const char *name, struct alias *out)
{
	const size_t length = strcspn(name, "-"), whole = strlen(name);
	const bool ordered = whole > 2 && (strcmp(name + whole - 2, "le") == 0 ||
						  strcmp(name + whole - 2, "be") == 0);

	if (find_swapped(name, out) || find_alias(name, whole, out) ||
		(ordered && find_alias(name, whole - 2, out)))
		return true;
	if (find_alias(name, length, out)) {
		if (strstr(name + length, "srgb") && strstr(out->format, "a8unorm"))
			out->format = out->format[0] == 'b' ? "bgra8unorm-srgb" : "rgba8unorm-srgb";
		return true;
	}
	*out = (struct alias){.format = nearest_word(name, GEYSER_FORMAT_COUNT, format_word, NULL)};
	return out->format != NULL;
}

/* Writes what ffmpeg must do, in brackets. */
static void write_change(const struct alias *alias, char *out, size_t size)
{
	const struct geyser_format_info *const info =
		geyser_format_get_info(geyser_format_from_name(alias->format));

	if (alias->change == SAME || !info->ffmpeg)
		*out = '\0';
	else if (alias->change == FULL && info->bytes_per_texel == 1)
		(void)snprintf(out, size, " (as ffmpeg's -pix_fmt yuvj%s, with --color full)",
			info->ffmpeg + strlen("yuv"));
	else
		(void)snprintf(out, size, " (%sas ffmpeg's -pix_fmt %s)",
			alias->change == ALPHA ? "with alpha, " : "", info->ffmpeg);
}

enum geyser_format parse_format(const char *text)
{
	const enum geyser_format format = geyser_format_from_name(text);
	struct alias near = {0};
	char name[64], change[96];

	if (format)
		return format;
	simplify(text, name, sizeof(name));
	if (find_format(name, &near)) {
		write_change(&near, change, sizeof(change));
		(void)usage_error(
			"unknown format (%.100s): did you mean %s?%s", text, near.format, change);
	} else {
		(void)usage_error("unknown format (%.100s): geyser info --formats lists all", text);
	}
	return GEYSER_FORMAT_NONE;
}
