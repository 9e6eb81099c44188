/*
 * Reads arguments: numbers, sizes, times, formats, handles and ids.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common.h"
#include "complete.h"

/* The largest numerator and denominator of a rate. */

/* Returns the value of a digit, or base if the character isn't a digit of that base. */
static unsigned digit_value(char c, unsigned base)
{
	unsigned value = base;

	if (c >= '0' && c <= '9')
		value = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		value = (unsigned)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		value = (unsigned)(c - 'A') + 10;
	return value < base ? value : base;
}

/* Reads digits and moves *text behind them. Returns false if there is no digit, or if the number is
 * too large. */
static bool take_digits(const char **text, unsigned base, uint64_t *out)
{
	const char *const start = *text;
	uint64_t value = 0;

	for (;; (*text)++) {
		const unsigned digit = digit_value(**text, base);

		if (digit == base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
			__builtin_add_overflow(value, digit, &value))
			return false;
	}
	*out = value;
	return *text != start;
}

bool parse_number(const char *text, uint64_t *out)
{
	unsigned base = 10;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	return take_digits(&text, base, out) && !*text;
}

/* The names of sizes that ffmpeg's -s knows (libavutil/parseutils.c). */
static const struct {
	const char *name;
	uint16_t width, height;
} sizes[] = {
	{"ntsc", 720, 480},
	{"pal", 720, 576},
	{"qntsc", 352, 240},
	{"qpal", 352, 288},
	{"sntsc", 640, 480},
	{"spal", 768, 576},
	{"film", 352, 240},
	{"ntsc-film", 352, 240},
	{"sqcif", 128, 96},
	{"qcif", 176, 144},
	{"cif", 352, 288},
	{"4cif", 704, 576},
	{"16cif", 1408, 1152},
	{"qqvga", 160, 120},
	{"qvga", 320, 240},
	{"vga", 640, 480},
	{"svga", 800, 600},
	{"xga", 1024, 768},
	{"uxga", 1600, 1200},
	{"qxga", 2048, 1536},
	{"sxga", 1280, 1024},
	{"qsxga", 2560, 2048},
	{"hsxga", 5120, 4096},
	{"wvga", 852, 480},
	{"wxga", 1366, 768},
	{"wsxga", 1600, 1024},
	{"wuxga", 1920, 1200},
	{"woxga", 2560, 1600},
	{"wqhd", 2560, 1440},
	{"wqsxga", 3200, 2048},
	{"wquxga", 3840, 2400},
	{"whsxga", 6400, 4096},
	{"whuxga", 7680, 4800},
	{"cga", 320, 200},
	{"ega", 640, 350},
	{"hd480", 852, 480},
	{"hd720", 1280, 720},
	{"hd1080", 1920, 1080},
	{"quadhd", 2560, 1440},
	{"2k", 2048, 1080},
	{"2kdci", 2048, 1080},
	{"2kflat", 1998, 1080},
	{"2kscope", 2048, 858},
	{"4k", 4096, 2160},
	{"4kdci", 4096, 2160},
	{"4kflat", 3996, 2160},
	{"4kscope", 4096, 1716},
	{"nhd", 640, 360},
	{"hqvga", 240, 160},
	{"wqvga", 400, 240},
	{"fwqvga", 432, 240},
	{"hvga", 480, 320},
	{"qhd", 960, 540},
	{"uhd2160", 3840, 2160},
	{"uhd4320", 7680, 4320},
};

#define SIZE_COUNT (sizeof(sizes) / sizeof(sizes[0]))

static bool find_size(const char *text, struct size *out)
{
	for (size_t i = 0; i < SIZE_COUNT; i++) {
		if (strcasecmp(text, sizes[i].name) == 0) {
			*out = (struct size){sizes[i].width, sizes[i].height};
			return true;
		}
	}
	return false;
}

static bool take_times(const char **text)
{
	static const char *const signs[] = {"x", "X", "×"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		const size_t length = strlen(signs[i]);

		if (strncmp(*text, signs[i], length) == 0) {
			*text += length;
			return true;
		}
	}
	return false;
}

static bool read_size(const char *text, struct size *out)
{
	uint64_t w, h;

	if (!take_digits(&text, 10, &w) || !take_times(&text) || !take_digits(&text, 10, &h) ||
		*text)
		return false;
	if (!w || !h || w > GEYSER_MAX_DIMENSION || h > GEYSER_MAX_DIMENSION)
		return false;
	*out = (struct size){(uint32_t)w, (uint32_t)h};
	return true;
}

static const char *size_word(size_t index, void *user)
{
	(void)user;
	return sizes[index].name;
}

void offer_sizes(const struct offers *offers)
{
	char meaning[16];

	for (size_t i = 0; i < SIZE_COUNT; i++) {
		(void)snprintf(meaning, sizeof(meaning), "%ux%u", sizes[i].width, sizes[i].height);
		offer(offers, sizes[i].name, meaning);
	}
}

int parse_size(const char *command, const char *text, struct size *out)
{
	const char *near;

	if (find_size(text, out) || read_size(text, out))
		return STATUS_OK;
	near = *text >= '0' && *text <= '9' && strchr(text, 'x')
		       ? NULL
		       : nearest_word(text, SIZE_COUNT, size_word, NULL);
	return usage_error("%s: wrong size (%.100s): expected WxH, each 1 to %u, or a name such as "
			   "hd720, hd1080 or 4k%s%s%s",
		command, text, GEYSER_MAX_DIMENSION, near ? "; did you mean " : "",
		near ? near : "", near ? "?" : "");
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		const uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Users write NTSC's rates as decimals, but no decimal is exact: 23.976 means 24000/1001. Returns
 * whether the decimal num / den is such a rate, and writes the exact one. */
static bool is_ntsc(uint64_t num, uint64_t den, uint32_t *out_num, uint32_t *out_den)
{
	const uint64_t whole = (num + den - 1) / den; /* 30 for 29.97 */
	const double exact = (double)whole * 1000 / 1001;
	const double given = (double)num / (double)den;
	/* The user may have rounded the number, or cut it off, at its last digit. */
	const double above = (given - exact) * (double)den;

	if (den < 100 || above > 0.5 || above <= -1)
		return false;
	*out_num = (uint32_t)(whole * 1000);
	*out_den = 1001;
	return true;
}

static bool take_decimals(const char **text, uint64_t *num, uint64_t *den)
{
	if (digit_value(**text, 10) == 10)
		return false;
	for (; digit_value(**text, 10) < 10; (*text)++) {
		*num = *num * 10 + digit_value(**text, 10);
		*den *= 10;
		if (*den > RATE_MAX)
			return false;
	}
	return true;
}

static bool read_rate(const char *text, uint64_t *num, uint64_t *den)
{
	*den = 1;
	if (!take_digits(&text, 10, num) || *num > RATE_MAX)
		return false;
	if (*text == '/') {
		text++;
		return take_digits(&text, 10, den) && !*text;
	}
	if (*text == '.') {
		text++;
		return take_decimals(&text, num, den) && !*text;
	}
	return !*text;
}

bool parse_rate(const char *text, uint32_t *num, uint32_t *den)
{
	const bool decimal = strchr(text, '.') != NULL;
	uint64_t n, d, divisor;

	if (!read_rate(text, &n, &d) || !n || !d)
		return false;
	if (decimal && is_ntsc(n, d, num, den))
		return true;
	divisor = decimal ? common_divisor(n, d) : 1;
	if (n / divisor > RATE_MAX || d / divisor > RATE_MAX)
		return false;
	*num = (uint32_t)(n / divisor);
	*den = (uint32_t)(d / divisor);
	return true;
}

bool parse_seconds(const char *text, uint64_t *out)
{
	uint64_t seconds = 0, fraction = 0, unit = NANOSECONDS;

	if (*text != '.' && !take_digits(&text, 10, &seconds))
		return false;
	if (*text == '.') {
		text++;
		if (digit_value(*text, 10) == 10)
			return false;
		for (; digit_value(*text, 10) < 10; text++) {
			unit /= 10; /* becomes 0 after nine digits: the others are ignored */
			fraction += digit_value(*text, 10) * unit;
		}
	}
	if (*text || seconds > NANOSECONDS)
		return false;
	*out = seconds * NANOSECONDS + fraction;
	return true;
}

int parse_timeout(const char *command, const char *name, const char *text, bool zero, uint64_t *out)
{
	if (parse_seconds(text, out) && (*out || zero))
		return STATUS_OK;
	return usage_error(
		"%s: wrong %s (%.100s): expected seconds%s, such as 2 or 0.5, up to 10^9", command,
		name, text, zero ? "" : " over 0");
}

bool ends_in(const char *path, const char *ending)
{
	const char *const dot = strrchr(path, '.');

	return dot && strcasecmp(dot, ending) == 0;
}

const char *shell_word(const char *word, char *out, size_t size)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+:,@%";

	if (*word && strspn(word, plain) == strlen(word))
		(void)snprintf(out, size, "%s", word);
	else if (!strchr(word, '\''))
		(void)snprintf(out, size, "'%s'", word);
	else
		(void)snprintf(out, size, "...");
	return out;
}

int target_parse(const char *text, struct target *out)
{
	uint64_t id;

	*out = (struct target){.text = text};
	if (strncmp(text, "geyser1-", 8) == 0) {
		if (geyser_handle_from_string(text, &out->handle))
			return usage_error("%.100s: %s", text, geyser_error_detail());
		return STATUS_OK;
	}
	if (!parse_number(text, &id) || !id || id > UINT32_MAX)
		return usage_error("neither handle nor id (%.100s): expected the geyser1-... or "
				   "0x... that geyser share or event create printed",
			text);
	out->by_id = true;
	out->id = (uint32_t)id;
	return STATUS_OK;
}

enum geyser_result target_find(struct target *target)
{
	return target->by_id ? geyser_handle_from_id(target->id, &target->handle) : GEYSER_OK;
}

int import_failure(const struct target *target, const char *kind, enum geyser_result result)
{
	if (target->by_id && result == GEYSER_ERROR_NOT_FOUND)
		return failure("no %s has the id (%.100s): geyser list --all shows what is shared",
			kind, target->text);
	return library_failure("import of %.100s", target->text);
}
