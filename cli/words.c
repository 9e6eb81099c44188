/*
 * Finds known words that are near to an unknown one.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common.h"

/* ---- the nearest word ----------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

#define WORD_MAX 63u

/* Counts the letters that are wrong, missing, too many or swapped with their neighbours (Damerau
 * and Levenshtein, optimal string alignment). Longer words are no candidates. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	const size_t length = strlen(b);

	if (length > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		last[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *const oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			const size_t replace = last[j - 1] + !same(a[i - 1], b[j - 1]);

			row[j] = smaller(replace, 1 + smaller(last[j], row[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[length];
}

const char *nearest_word(
	const char *text, size_t count, const char *(*word)(size_t index, void *user), void *user)
{
	const char *best = NULL;
	const size_t length = strlen(text);
	size_t best_distance = length / 3 + 2; /* "shrae" */

	if (length > 32)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *const candidate = word(i, user);
		size_t d = candidate ? distance(text, candidate) : SIZE_MAX;

		/* "rgba8": a beginning is as good as one mistake. */
		if (candidate && length > 2 && strncasecmp(text, candidate, length) == 0)
			d = 1;

		/* Of a short word two letters are too much of it: "foo" doesn't mean "top". */
		if (d > 1 && candidate && smaller(length, strlen(candidate)) <= 3)
			continue;
		if (d < best_distance) {
			best = candidate;
			best_distance = d;
		}
	}
	return best;
}

/* ---- formats -------------------------------------------------------------------------------- */

/* Names of formats in other programs, and geyser's format that is equal or near. */
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
	{"gray16", "r16uint", NULL},
	{"gray16le", "r16uint", NULL},
	{"y16", "r16uint", NULL},
	{"rgba64", "rgba16uint", NULL},
	{"rgba64le", "rgba16uint", NULL},
	{"rgb48le", "rgba16uint", "with alpha, as ffmpeg's -pix_fmt rgba64le"},
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

/* Names with these beginnings are Y'CbCr formats. */
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

/* Writes a name in the style of our names: "VK_FORMAT_R8G8B8A8_UNORM" becomes "r8g8b8a8-unorm". */
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

/* "r8g8b8a8-unorm", "rgba8-unorm-srgb": the first part by its alias, the rest as it is. */
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
		remark = "YUV isn't supported: convert it, as by ffmpeg's -pix_fmt rgba";
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

/* ---- options -------------------------------------------------------------------------------- */

/* The options of the command that runs. */
static const struct option *known;

static const char *option_word(size_t index, void *user)
{
	(void)user;
	return known[index].name;
}

static size_t option_count(void)
{
	size_t count = 0;

	while (known && known[count].name)
		count++;
	return count;
}

int next_option(int argc, char **argv, const char *brief, const struct option *options)
{
	known = options;
	return getopt_long(argc, argv, brief, options, NULL);
}

/* Prints an error for a long option that is unknown, or the beginning of several. */
static int wrong_long_option(const char *command, const char *word)
{
	char name[64], all[256] = "";
	const char *near;
	unsigned matches = 0;

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (size_t i = 0; i < option_count(); i++) {
		const size_t length = strlen(all);

		if (strncmp(known[i].name, name, strlen(name)) != 0)
			continue;
		(void)snprintf(all + length, sizeof(all) - length, "%s--%s", matches++ ? ", " : "",
			known[i].name);
	}
	if (matches > 1)
		return usage_error(
			"%s: ambiguous option (--%s): expected one of %s", command, name, all);
	near = nearest_word(name, option_count(), option_word, NULL);
	if (near)
		return usage_error(
			"%s: unknown option (--%s): did you mean --%s?", command, name, near);
	return usage_error(
		"%s: unknown option (--%s): geyser %s --help lists all", command, name, command);
}

int option_error(char **argv, int result, const char *command)
{
	const char *const word = argv[optind - 1];

	/* A wrong letter within "-abc" leaves optind at the word itself. */
	if (result == '?' && optopt > 0 && optopt < 128 && strncmp(word, "--", 2) != 0)
		return usage_error("%s: unknown option (-%c): geyser %s --help lists all", command,
			optopt, command);
	if (result == ':')
		return usage_error("%s: option without its value (%s): geyser %s --help says what "
				   "it takes",
			command, word, command);
	if (optopt)
		return usage_error("%s: option with a value (%s): expected none", command, word);
	return wrong_long_option(command, word);
}
