/*
 * The self-test's formats: whatever the backend says of a format is tried.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "selftest.h"

#define SIZE 5u /* width and height in texels; odd, so that rows are padded */

#define PLACE_USAGES                                                                \
	(GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_GLOBAL_ID | \
		GEYSER_USAGE_LINEAR)
#define COPY_USAGES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)

static struct geyser_texture_desc desc_of(
	enum geyser_format format, enum geyser_dimension dimension, uint32_t usage)
{
	return (struct geyser_texture_desc){
		.format = format,
		.width = SIZE,
		.height = SIZE,
		.depth = dimension == GEYSER_DIMENSION_3D ? 2 : 1,
		.layers = dimension == GEYSER_DIMENSION_2D_ARRAY ? 2 : 1,
		.usage = usage,
	};
}

/* Tries a format that the backend offers: it must work. Depth isn't compared byte by byte, since
 * not every driver keeps depth in the same bytes. */
static bool try_offered(struct selftest *test, enum geyser_format format, size_t d, uint32_t usage)
{
	const struct geyser_texture_desc desc =
		desc_of(format, info_dimensions[d].dimension, usage);
	struct geyser_texture *texture;
	bool done = true;

	if (geyser_texture_create(test->manager, &desc, &texture))
		return (void)library_failure("%s %s with usage 0x%02x is offered, but",
			       geyser_format_name(format), info_dimensions[d].name, usage),
		       false;
	if ((usage & COPY_USAGES) == COPY_USAGES && !geyser_format_get_info(format)->depth)
		done = selftest_fill(texture, format) && selftest_check(texture, format);
	geyser_texture_unref(texture);
	return done;
}

/* Tries a format once for each kind of memory that it can have. */
static bool try_usages(struct selftest *test, enum geyser_format format, size_t d)
{
	static const uint32_t places[] = {0, GEYSER_USAGE_HOST_MEMORY, GEYSER_USAGE_DMA_BUF,
		GEYSER_USAGE_GLOBAL_ID, GEYSER_USAGE_LINEAR};
	const uint32_t usage = test->usage[format][d];
	bool done = true;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const uint32_t wanted = (usage & ~PLACE_USAGES) | places[i];

		if (wanted != places[i] && (usage & places[i]) == places[i])
			done &= try_offered(test, format, d, wanted);
	}
	return done;
}

/* Tries a format that the backend refuses: creating the texture must fail, and say so. */
static bool try_refused(struct selftest *test, enum geyser_format format, size_t d)
{
	const enum geyser_dimension dimension = info_dimensions[d].dimension;
	const struct geyser_texture_desc desc = desc_of(format, dimension, 0);
	const char *const reason = info_metal_refusal(test->manager, format, dimension);
	struct geyser_texture *texture;
	const enum geyser_result result = geyser_texture_create(test->manager, &desc, &texture);

	geyser_texture_unref(texture);
	if (result == GEYSER_ERROR_UNSUPPORTED) {
		(void)snprintf(test->refusal[format][d], sizeof(test->refusal[format][d]), "%s",
			reason ? reason : geyser_error_detail());
		return true;
	}
	(void)failure(
		"%s %s is not offered, but making one says %s: expected GEYSER_ERROR_UNSUPPORTED",
		geyser_format_name(format), info_dimensions[d].name,
		result ? geyser_result_string(result) : "GEYSER_OK");
	return false;
}

/* Video is flat on every backend: a refused array of it tells nothing about the one tried. */
static bool is_possible(enum geyser_format format, enum geyser_dimension dimension)
{
	return dimension == GEYSER_DIMENSION_2D ||
	       geyser_format_get_info(format)->type != GEYSER_FORMAT_TYPE_YUV;
}

static bool try_format(struct selftest *test, enum geyser_format format, size_t d)
{
	if (geyser_manager_format_usage(
		    test->manager, format, info_dimensions[d].dimension, &test->usage[format][d]))
		return (void)library_failure("format %s", geyser_format_name(format)), false;
	if (test->usage[format][d])
		return try_usages(test, format, d);
	if (!is_possible(format, info_dimensions[d].dimension))
		return true;
	return try_refused(test, format, d);
}

enum selftest_result selftest_formats(struct selftest *test)
{
	unsigned offered = 0, refused = 0;
	bool done = true;

	/* Try all formats, so that the report has all of them. It names the first failure. */
	for (unsigned f = 1; f < GEYSER_FORMAT_COUNT; f++) {
		for (size_t d = 0; d < INFO_DIMENSIONS; d++) {
			done &= try_format(test, (enum geyser_format)f, d);
			offered += test->usage[f][d] != 0;
			refused += test->refusal[f][d][0] != '\0';
		}
	}
	test->formats_known = true;
	(void)snprintf(test->note, sizeof(test->note),
		"%u kinds of texture made and their texels written and read, %u refused", offered,
		refused);
	return done ? SELFTEST_OK : SELFTEST_FAILED;
}
