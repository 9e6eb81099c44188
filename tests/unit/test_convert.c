/*
 * Every pair of colour formats, by every set of steps, is equal bit for bit to a conversion in
 * double precision (convert_reference.c): for all values of channels with up to 16 bits, and for
 * edges and random values of 32 bits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/convert.h>

#include "convert_reference.h"
#include "format/convert.h"
#include "format/convert_rows.h"
#include "format/srgb.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXELS (1u << 16)

static const struct {
	const char *name;
	const struct gy_convert_kernels *kernels;
} sets[] = {
	{"base", &gy_convert_kernels_base},
#ifdef GY_HAVE_CONVERT_AVX2
	{"avx2", &gy_convert_kernels_avx2},
#endif
};

static bool can_run(size_t set)
{
	return sets[set].kernels == gy_convert_kernels() ||
	       sets[set].kernels == &gy_convert_kernels_base;
}

static bool is_colour(unsigned int format)
{
	const struct geyser_format_info *const info =
		geyser_format_get_info((enum geyser_format)format);

	return !info->depth && info->type != GEYSER_FORMAT_TYPE_YUV;
}

static size_t size_of(enum geyser_format format)
{
	return geyser_format_get_info(format)->bytes_per_texel;
}

/* ---- values ---------------------------------------------------------------------------------- */

static uint32_t random_state = 1;

/* xorshift32 */
static uint32_t random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* 32-bit values at which a rule begins or ends, as floats and as integers. */
static const uint32_t edges[] = {0, 1, 2, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE,
	0xFFFFFFFF, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x10000, 0xFFFF7FFF, 0xFFFF8000, 0xFFFF8001,
	0x7F800000, 0xFF800000, 0x7F800001, 0xFF800001, 0x7FC00000, 0xFFC00000, 0x7FBFFFFF,
	0x7FFFE001, 0x7F801FFF, 0x007FFFFF, 0x00800000, 0x3F800000, 0x3F7FFFFF, 0x3F800001,
	0x3F000000, 0x3EFFFFFF, 0x3F000001, 0xBF000000, 0xBF800000, 0x477FE000, 0x477FEFFF,
	0x477FF000, 0x477FF001, 0x477E0000, 0x477E1000, 0x477EFFFF, 0x477F0000, 0x477C0000,
	0x477DFFFF, 0x38800000, 0x387FFFFF, 0x33000000, 0x33000001, 0x33800000, 0x33C00000,
	0x35000000, 0x35000001, 0x35800000, 0x34FFFFFF, 0x4AFFFFFF, 0x4B000000, 0x4A800001,
	0x4A7FFFFF, 0x4F000000, 0x4EFFFFFF, 0x4F7FFFFF, 0x4F800000, 0xCF000000, 0xCF000001,
	0x46FFFE00, 0x46FFFF00, 0x47000000, 0xC7000000, 0xC7000100, 0x477FFF00, 0x477FFF80,
	0x3FC00000, 0x40200000, 0xBFC00000, 0x39000000, 0x38FFFFFF, 0x00010000, 0x00FFFFFF,
	0x01000001, 0x01000003, 0x80000040, 0x80000080, 0x800000C0};

#define EDGES (sizeof(edges) / sizeof(edges[0]))

/* Returns a float beside the middle between two values of unorm, sRGB or a small float. */
static uint32_t beside_a_tie(void)
{
	static const float max[] = {3, 255, 1023, 65535};
	const uint32_t which = random_bits() % 7;
	float middle;

	if (which < 4) {
		middle = ((float)(random_bits() % (uint32_t)max[which]) + 0.5f) / max[which];
	} else if (which == 4) {
		const double encoded = (random_bits() % 255 + 0.5) / 255;

		middle = (float)(encoded <= 0.04045 ? encoded / 12.92
						    : pow((encoded + 0.055) / 1.055, 2.4));
	} else {
		/* the first bit after those that 6 or 10 bits of fraction keep */
		const uint32_t cut = which == 5 ? 17 : 13;
		const uint32_t exponent = 100 + random_bits() % 45;

		return (exponent << 23 | ((random_bits() & 0x7FFFFF) >> cut << cut) |
			       UINT32_C(1) << (cut - 1)) +
		       random_bits() % 3 - 1;
	}
	return bits_of(middle) + random_bits() % 5 - 2;
}

static uint32_t random_32(void)
{
	switch (random_bits() % 4) {
	case 0:
		return random_bits();
	case 1:
		return bits_of((float)(random_bits() >> 8) * 0x1.4p-24f - 0.125f);
	case 2:
		return beside_a_tie();
	default:
		return bits_of((float)(int32_t)random_bits() * 0x1p-13f);
	}
}

/* Returns the bits of a channel of texel i: all values, one after another, where there are at most
 * 2^16. Each channel begins with another value. */
static uint32_t value_of(const struct reference_channel *channel, uint32_t i, unsigned int index)
{
	const uint32_t step = i + index * 37;

	if (channel->kind.bits < 32)
		return step & ((UINT32_C(1) << channel->kind.bits) - 1);
	return step < EDGES + 4 * 37 ? edges[step % EDGES] : random_32();
}

/* Fills texels with all these values. */
static void fill(enum geyser_format format, unsigned char *texels)
{
	const size_t size = size_of(format);

	random_state = 1;
	memset(texels, 0, TEXELS * size);
	for (unsigned int index = 0; index < 4; index++) {
		const struct reference_channel channel = reference_channel(format, index);

		for (uint32_t i = 0; channel.kind.bits && i < TEXELS; i++)
			reference_put(&channel, texels + i * size, value_of(&channel, i, index));
	}
}

/* ---- every pair ------------------------------------------------------------------------------ */

/* The reference for all values of one kind of channel, so that each is computed once. */
struct memo {
	struct reference_kind from, to;
	uint32_t *converted; /* 2^16 */
};

static struct memo memos[256];
static size_t memo_count;

static const uint32_t *remember(struct reference_kind from, struct reference_kind to)
{
	struct memo *memo = memos;

	for (; memo < memos + memo_count; memo++)
		if (memcmp(&memo->from, &from, sizeof(from)) == 0 &&
			memcmp(&memo->to, &to, sizeof(to)) == 0)
			return memo->converted;
	assert_true(memo_count < sizeof(memos) / sizeof(memos[0]));
	memo_count++;
	*memo = (struct memo){from, to, malloc(TEXELS * sizeof(uint32_t))};
	assert_non_null(memo->converted);
	for (uint32_t bits = 0; bits < UINT32_C(1) << from.bits; bits++)
		memo->converted[bits] = reference_convert(from, to, bits);
	return memo->converted;
}

static void forget(void)
{
	while (memo_count > 0)
		free(memos[--memo_count].converted);
}

/* Writes what the texels have to become. */
static void convert_slowly(enum geyser_format source, const unsigned char *from,
	enum geyser_format destination, unsigned char *to)
{
	memset(to, 0, TEXELS * size_of(destination));
	for (unsigned int index = 0; index < 4; index++) {
		const struct reference_channel in = reference_channel(source, index);
		const struct reference_channel out = reference_channel(destination, index);
		const uint32_t *const memo = in.kind.bits && in.kind.bits < 32 && out.kind.bits
						     ? remember(in.kind, out.kind)
						     : NULL;

		for (uint32_t i = 0; out.kind.bits && i < TEXELS; i++) {
			const uint32_t bits =
				in.kind.bits ? reference_get(&in, from + i * size_of(source)) : 0;

			reference_put(&out, to + i * size_of(destination),
				!in.kind.bits ? reference_of_number(out.kind, index == 3)
				: memo        ? memo[bits]
					      : reference_convert(in.kind, out.kind, bits));
		}
	}
}

static struct geyser_pixels row_of(enum geyser_format format, uint32_t texels, void *data)
{
	return (struct geyser_pixels){
		.format = format,
		.width = texels,
		.height = 1,
		.planes = {{data, texels * size_of(format)}},
	};
}

static void compare(size_t set, enum geyser_format source, const unsigned char *from,
	enum geyser_format destination, const unsigned char *is, const unsigned char *expected)
{
	const size_t in = size_of(source), out = size_of(destination);
	char texts[3][33] = {"", "", ""};

	for (size_t i = 0; i < TEXELS; i++) {
		if (memcmp(is + i * out, expected + i * out, out) == 0)
			continue;
		for (size_t byte = 0; byte < 16; byte++) {
			if (byte < in)
				(void)snprintf(texts[0] + 2 * byte, 3, "%02x", from[i * in + byte]);
			if (byte < out) {
				(void)snprintf(
					texts[1] + 2 * byte, 3, "%02x", expected[i * out + byte]);
				(void)snprintf(texts[2] + 2 * byte, 3, "%02x", is[i * out + byte]);
			}
		}
		fail_msg("%s to %s by %s: texel %zu, %s has to become %s and becomes %s",
			geyser_format_name(source), geyser_format_name(destination), sets[set].name,
			i, texts[0], texts[1], texts[2]);
	}
}

static unsigned char from[TEXELS * 16], expected[TEXELS * 16], is[TEXELS * 16];

static void check_pair(enum geyser_format source, enum geyser_format destination)
{
	const struct geyser_pixels in = row_of(source, TEXELS, from);
	const struct geyser_pixels out = row_of(destination, TEXELS, is);

	if (source == destination)
		memcpy(expected, from, TEXELS * size_of(source));
	else
		convert_slowly(source, from, destination, expected);
	for (size_t set = 0; set < sizeof(sets) / sizeof(sets[0]); set++) {
		if (!can_run(set))
			continue;
		memset(is, 0xA5, sizeof(is));
		gy_convert(sets[set].kernels, &in, &out);
		compare(set, source, from, destination, is, expected);
	}
}

static void every_pair_is_equal_to_double_precision(void **state)
{
	(void)state;
	for (unsigned int source = 1; source < GEYSER_FORMAT_COUNT; source++) {
		if (!is_colour(source))
			continue;
		assert_true(reference_channel((enum geyser_format)source, 0).kind.bits);
		fill((enum geyser_format)source, from);
		for (unsigned int i = 1; i < GEYSER_FORMAT_COUNT; i++)
			if (is_colour(i))
				check_pair((enum geyser_format)source, (enum geyser_format)i);
	}
	forget();
}

/* ---- rows, strides and alignment ------------------------------------------------------------- */

#define GUARD 0x5A

/* Converts this part of the texels through memory that is not aligned and has bytes between its
 * rows, and compares with the whole row's result. */
static void check_shape(size_t set, enum geyser_format source, enum geyser_format destination,
	uint32_t width, uint32_t height)
{
	const size_t in = size_of(source), out = size_of(destination);
	const size_t pitch = width * out + 7, skip = width % 3 + 1;
	struct geyser_pixels pixels[] = {
		{source, width, height, {{from + skip, width * in + 5}}},
		{destination, width, height, {{is + skip, pitch}}},
	};

	memset(is, GUARD, skip + height * pitch + 16);
	gy_convert(sets[set].kernels, &pixels[0], &pixels[1]);
	for (uint32_t y = 0; y < height; y++) {
		const struct geyser_pixels row =
			row_of(source, width, from + skip + y * (width * in + 5));
		const struct geyser_pixels expected_row = row_of(destination, width, expected);

		gy_convert(&gy_convert_kernels_base, &row, &expected_row);
		assert_memory_equal(is + skip + y * pitch, expected, width * out);
		for (size_t byte = width * out; byte < pitch; byte++)
			assert_int_equal(is[skip + y * pitch + byte], GUARD);
	}
	assert_int_equal(is[skip - 1], GUARD);
}

static void every_pair_takes_any_width_pitch_and_alignment(void **state)
{
	(void)state;
	random_state = 2;
	for (size_t i = 0; i < 64 * 1024; i++)
		from[i] = (unsigned char)random_bits();
	for (unsigned int pair = 0; pair < GEYSER_FORMAT_COUNT * GEYSER_FORMAT_COUNT; pair++) {
		const unsigned int source = pair / GEYSER_FORMAT_COUNT;
		const unsigned int destination = pair % GEYSER_FORMAT_COUNT;

		if (!source || !destination || !is_colour(source) || !is_colour(destination))
			continue;
		for (size_t set = 0; set < sizeof(sets) / sizeof(sets[0]); set++)
			for (uint32_t width = 1; can_run(set) && width < 20; width++)
				check_shape(set, (enum geyser_format)source,
					(enum geyser_format)destination, width == 19 ? 515 : width,
					3);
	}
}

/* Tables are made for large pictures only; so these have to be equal to small ones. */
static void large_pictures_of_bytes_are_like_small_ones(void **state)
{
	const enum geyser_format source = GEYSER_FORMAT_BGRA8_UNORM_SRGB;
	const enum geyser_format destination = GEYSER_FORMAT_RGBA8_UNORM;
	struct geyser_pixels in = {source, 100, 100, {{from, 400}}};
	struct geyser_pixels out = {destination, 100, 100, {{is, 408}}};

	(void)state;
	fill(source, from);
	assert_int_equal(geyser_convert_pixels(&in, &out, NULL), GEYSER_OK);
	for (uint32_t y = 0; y < 100; y++) {
		const struct geyser_pixels row = row_of(source, 100, from + (size_t)y * 400);
		const struct geyser_pixels expected_row = row_of(destination, 100, expected);

		assert_int_equal(geyser_convert_pixels(&row, &expected_row, NULL), GEYSER_OK);
		assert_memory_equal(is + (size_t)y * 408, expected, 400);
	}
}

/* ---- sRGB ------------------------------------------------------------------------------------ */

static float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void each_step_of_srgb_is_exact(void **state)
{
	const struct reference_kind floats = {REFERENCE_FLOAT, 32}, bytes = {REFERENCE_SRGB, 8};

	(void)state;
	for (uint32_t byte = 0; byte < 256; byte++)
		assert_int_equal(gy_srgb_linear[byte], reference_convert(bytes, floats, byte));
	for (uint32_t step = 0; step < GY_SRGB_STEPS; step++) {
		const uint32_t first = GY_SRGB_FIRST + (step << 16);
		/* where the byte changes, if it does */
		const uint32_t change = 0x10000 - (gy_srgb_steps[step] & 0xFFFF);
		const uint32_t at[] = {0, change - 1, change & 0xFFFF, 0xFFFF};

		for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
			assert_int_equal(gy_srgb_encode(first + at[i]),
				reference_convert(floats, bytes, first + at[i]));
	}
	assert_int_equal(GY_SRGB_FIRST + GY_SRGB_STEPS * 0x10000 - 1, GY_SRGB_LAST);
	assert_true(float_of(GY_SRGB_LAST) < 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_is_equal_to_double_precision),
		cmocka_unit_test(every_pair_takes_any_width_pitch_and_alignment),
		cmocka_unit_test(large_pictures_of_bytes_are_like_small_ones),
		cmocka_unit_test(each_step_of_srgb_is_exact),
	};

	return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
