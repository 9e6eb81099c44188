/*
 * Reports the metadata of a PNG that a texture can't hold.
 *
 * SPDX-License-Identifier: MIT
 */
#include <spng.h>
#include <stdarg.h>
#include <string.h>

#include "common.h"
#include "png.h"

#define NAMES_SIZE 512u

struct sentence {
	char text[NAMES_SIZE];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(
	struct sentence *names, const char *format, ...)
{
	va_list args;
	int count;

	if (names->length && names->length + 2 < NAMES_SIZE) {
		(void)memcpy(names->text + names->length, ", ", 3);
		names->length += 2;
	}
	va_start(args, format);
	count = vsnprintf(names->text + names->length, NAMES_SIZE - names->length, format, args);
	va_end(args);
	if (count > 0)
		names->length += (size_t)count < NAMES_SIZE - names->length
					 ? (size_t)count
					 : NAMES_SIZE - names->length - 1;
}

/* Whether a cHRM chunk has the values of sRGB (PNG specification, 11.3.3.5). */
static bool is_srgb(const struct spng_chrm_int *c)
{
	static const struct spng_chrm_int srgb = {
		31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000};

	return memcmp(c, &srgb, sizeof(srgb)) == 0;
}

#define SRGB_GAMMA 45455u

static void add_colors(struct spng_ctx *context, struct sentence *names)
{
	struct spng_iccp profile;
	struct spng_chrm_int primaries;
	uint8_t intent;
	uint32_t gamma;

	if (spng_get_iccp(context, &profile) == 0)
		add(names, "its colour profile (%.79s)", profile.profile_name);
	if (spng_get_srgb(context, &intent) == 0)
		return; /* an sRGB chunk overrides gAMA and cHRM */
	if (spng_get_gama_int(context, &gamma) == 0 && gamma != SRGB_GAMMA)
		add(names, "its gamma (%.5g)", gamma / 100000.0);
	if (spng_get_chrm_int(context, &primaries) == 0 && !is_srgb(&primaries))
		add(names, "its primaries");
}

static uint32_t number(const unsigned char *at, size_t size, bool big)
{
	uint32_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | at[big ? i : size - 1 - i];
	return value;
}

/* Returns the orientation, 1 to 8, by tag 0x0112 of the first directory (Exif 2.3, 4.6.2); 1 if the
 * tag is missing. */
static uint32_t exif_orientation(const unsigned char *data, size_t size)
{
	const bool big = size && data[0] == 'M';
	const size_t at = size >= 8 ? number(data + 4, 4, big) : size;
	const uint32_t count = size >= 2 && at <= size - 2 ? number(data + at, 2, big) : 0;

	for (uint32_t i = 0; i < count && at + 2 + 12 * ((size_t)i + 1) <= size; i++) {
		const unsigned char *const entry = data + at + 2 + 12 * (size_t)i;

		if (number(entry, 2, big) == 0x112)
			return number(entry + 8, 2, big);
	}
	return 1;
}

static void add_others(struct spng_ctx *context, struct sentence *names)
{
	struct spng_unknown_chunk chunks[64];
	uint32_t count = 0;
	struct spng_exif exif;

	if (spng_get_exif(context, &exif) == 0) {
		const uint32_t orientation =
			exif_orientation((const unsigned char *)exif.data, exif.length);

		if (orientation > 1 && orientation <= 8)
			add(names, "its orientation (%u)", orientation);
	}
	if (spng_get_unknown_chunks(context, NULL, &count) || count > 64 ||
		spng_get_unknown_chunks(context, chunks, &count))
		return;
	for (uint32_t i = 0; i < count; i++) {
		if (memcmp(chunks[i].type, "cICP", 4) == 0)
			add(names, "its colour space (cICP)");
		else if (memcmp(chunks[i].type, "acTL", 4) == 0)
			add(names, "its animation: all pictures but the first");
	}
}

void png_tell_dropped(struct png_reader *reader)
{
	struct sentence names = {.length = 0};

	add_colors(reader->context, &names);
	add_others(reader->context, &names);
	if (names.length)
		tell("geyser: %s: not passed on with the texels: %s\n", reader->name, names.text);
}
