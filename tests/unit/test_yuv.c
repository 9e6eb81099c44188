/*
 * Conversion of YUV planes, compared with a conversion in double precision: each layout, matrix,
 * range and siting, with sizes that are odd and wider than a chunk.
 *
 * SPDX-License-Identifier: MIT
 */
#include "format/convert_rows.h"
#include "format/yuv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum name { NV12, NV16, P010, I420, YUY2, UYVY, NAMES };

static const struct gy_yuv_layout *const layouts[NAMES] = {
	&gy_yuv_nv12, &gy_yuv_nv16, &gy_yuv_p010, &gy_yuv_i420, &gy_yuv_yuy2, &gy_yuv_uyvy};

/* The planes of a picture. Each has memory of its own, of exactly its size. */
struct picture {
	enum name name;
	uint32_t width, height;
	struct gy_yuv yuv;
	void *memory[3];
};

static uint32_t half(uint32_t size)
{
	return (size + 1) / 2;
}

/* Returns the bytes of a row of a plane; 0 if there is no such plane. */
static size_t row_size(const struct picture *picture, unsigned int plane)
{
	switch (picture->name) {
	case NV12:
	case NV16:
		return plane == 0 ? picture->width : plane == 1 ? 2 * half(picture->width) : 0;
	case P010:
		return plane == 0 ? 2 * picture->width : plane == 1 ? 4 * half(picture->width) : 0;
	case I420:
		return plane == 0 ? picture->width : half(picture->width);
	default:
		return plane == 0 ? 4 * half(picture->width) : 0;
	}
}

static bool has_half_rows(enum name name)
{
	return name == NV12 || name == P010 || name == I420;
}

static void picture_init(
	struct picture *picture, enum name name, uint32_t width, uint32_t height, uint32_t seed)
{
	*picture = (struct picture){.name = name, .width = width, .height = height};
	picture->yuv.layout = layouts[name];
	for (unsigned int plane = 0; plane < 3; plane++) {
		const uint32_t rows = plane > 0 && has_half_rows(name) ? half(height) : height;
		const size_t pitch = row_size(picture, plane) + (rows > 1 ? 3 : 0);
		const size_t size = row_size(picture, plane)
					    ? pitch * (rows - 1) + row_size(picture, plane)
					    : 0;
		unsigned char *const bytes = malloc(size + 1);

		assert_non_null(bytes);
		for (size_t i = 0; i < size; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (unsigned char)(seed >> 24);
		}
		picture->memory[plane] = bytes;
		picture->yuv.planes[plane].data = bytes;
		picture->yuv.planes[plane].row_pitch = pitch;
	}
}

static void picture_finish(struct picture *picture)
{
	for (unsigned int plane = 0; plane < 3; plane++)
		free(picture->memory[plane]);
}

/* ---- the reference --------------------------------------------------------------------------- */

static double byte_at(const struct picture *picture, unsigned int plane, uint32_t row, size_t at)
{
	return ((const uint8_t *)
			picture->memory[plane])[row * picture->yuv.planes[plane].row_pitch + at];
}

/* Returns a sample of a component: 0 Y, 1 U, 2 V. */
static double sample(const struct picture *picture, unsigned int component, uint32_t x, uint32_t y)
{
	switch (picture->name) {
	case NV12:
	case NV16:
		return component == 0 ? byte_at(picture, 0, y, x)
				      : byte_at(picture, 1, y, 2 * x + component - 1);
	case I420:
		return byte_at(picture, component, y, x);
	case P010: {
		const size_t at = component == 0 ? 2 * x : 4 * x + 2 * (component - 1);
		const unsigned int plane = component > 0;

		return floor((byte_at(picture, plane, y, at) +
				     256 * byte_at(picture, plane, y, at + 1)) /
			     64);
	}
	case YUY2:
		return byte_at(picture, 0, y, component == 0 ? 2 * x : 4 * x + 2 * component - 1);
	default:
		return byte_at(
			picture, 0, y, component == 0 ? 2 * x + 1 : 4 * x + 2 * component - 2);
	}
}

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* Returns the chroma at a place, by the four samples around it. */
static double chroma(const struct picture *picture, unsigned int component, uint32_t x, uint32_t y)
{
	const bool rows = has_half_rows(picture->name);
	const double last_x = half(picture->width) - 1;
	const double last_y = rows ? half(picture->height) - 1 : picture->height - 1;
	const double across = (x - (picture->yuv.across == GY_SITING_CENTER ? 0.5 : 0)) / 2;
	const double down = rows ? (y - (picture->yuv.down == GY_SITING_CENTER ? 0.5 : 0)) / 2 : y;
	double sum = 0;

	for (int corner = 0; corner < 4; corner++) {
		const int right = corner % 2, below = corner / 2;
		const double at_x = floor(across) + right, at_y = floor(down) + below;
		const double weight = (1 - fabs(across - at_x)) * (1 - fabs(down - at_y));

		if (weight > 0)
			sum += weight * sample(picture, component, (uint32_t)clamp(at_x, 0, last_x),
						(uint32_t)clamp(at_y, 0, last_y));
	}
	return sum;
}

/* ITU-R BT.601, BT.709 and BT.2020 say: U = (B - Y) / (2 (1 - Kb)), V = (R - Y) / (2 (1 - Kr)), and
 * Y is the weighted sum. */
static void convert(const struct picture *picture, uint32_t x, uint32_t y, double rgb[3])
{
	const double kr = picture->yuv.matrix == 1   ? 0.2126
			  : picture->yuv.matrix == 6 ? 0.299
						     : 0.2627;
	const double kb = picture->yuv.matrix == 1   ? 0.0722
			  : picture->yuv.matrix == 6 ? 0.114
						     : 0.0593;
	const double bits = picture->name == P010 ? 10 : 8, unit = exp2(bits - 8);
	const bool limited = picture->yuv.limited;
	const double luma = (sample(picture, 0, x, y) - (limited ? 16 * unit : 0)) /
			    (limited ? 219 * unit : exp2(bits) - 1);
	const double range = limited ? 224 * unit : exp2(bits) - 1;
	const double u = (chroma(picture, 1, x, y) - 128 * unit) / range;
	const double v = (chroma(picture, 2, x, y) - 128 * unit) / range;

	rgb[0] = luma + 2 * (1 - kr) * v;
	rgb[2] = luma + 2 * (1 - kb) * u;
	rgb[1] = (luma - kr * rgb[0] - kb * rgb[2]) / (1 - kr - kb);
}

/* ---- comparisons ----------------------------------------------------------------------------- */

/* Compares three bytes or floats of each texel with the reference. */
static void compare(const struct picture *picture, const struct geyser_pixels *is)
{
	const bool floats = is->format == GEYSER_FORMAT_RGBA32_FLOAT;

	for (uint32_t i = 0; i < picture->width * picture->height; i++) {
		const uint32_t x = i % picture->width, y = i / picture->width;
		const unsigned char *const texel = (const unsigned char *)is->planes[0].data +
						   y * is->planes[0].row_pitch +
						   x * (floats ? 16 : 4);
		double rgb[3];

		convert(picture, x, y, rgb);
		for (size_t channel = 0; channel < 3; channel++) {
			float value = texel[channel];
			double expected = 255 * clamp(rgb[channel], 0, 1);

			if (floats) {
				memcpy(&value, texel + 4 * channel, sizeof(value));
				expected = rgb[channel];
			}
			if (fabs(value - expected) > (floats ? 1e-5 : 0.501))
				fail_msg(
					"layout %d, matrix %u, %u × %u, texel %u, %u, channel %zu: "
					"%f, not %f",
					picture->name, picture->yuv.matrix, picture->width,
					picture->height, x, y, channel, (double)value, expected);
		}
	}
}

static void check(const struct gy_convert_kernels *kernels, const struct picture *picture,
	enum geyser_format format)
{
	const size_t pitch =
		(size_t)picture->width * geyser_format_get_info(format)->bytes_per_texel;
	void *const data = malloc(pitch * picture->height);
	const struct geyser_pixels out = {format, picture->width, picture->height, {{data, pitch}}};

	assert_non_null(data);
	assert_int_equal(gy_yuv_convert(kernels, &picture->yuv, &out), GEYSER_OK);
	compare(picture, &out);
	free(data);
}

static void check_size(enum name name, uint32_t width, uint32_t height)
{
	static const unsigned int matrices[] = {1, 6, 9};
	struct picture picture;

	picture_init(&picture, name, width, height, width * 31 + height);
	for (unsigned int way = 0; way < 24; way++) {
		picture.yuv.matrix = matrices[way % 3];
		picture.yuv.limited = way / 3 % 2;
		picture.yuv.across = way / 6 % 2 ? GY_SITING_CENTER : GY_SITING_FIRST;
		picture.yuv.down = way / 12 ? GY_SITING_CENTER : GY_SITING_FIRST;
		check(gy_convert_kernels(), &picture, GEYSER_FORMAT_RGBA32_FLOAT);
		check(gy_convert_kernels(), &picture, GEYSER_FORMAT_RGBA8_UNORM);
		check(&gy_convert_kernels_base, &picture, GEYSER_FORMAT_RGBA8_UNORM);
	}
	picture_finish(&picture);
}

static void every_layout_is_equal_to_double_precision(void **state)
{
	(void)state;
	for (enum name name = NV12; name < NAMES; name++) {
		check_size(name, 1, 1);
		check_size(name, 3, 3);
		check_size(name, 2, 5);
		check_size(name, 33, 7);
		check_size(name, GY_CONVERT_CHUNK, 2);
		check_size(name, GY_CONVERT_CHUNK + 1, 3);
		check_size(name, 2 * GY_CONVERT_CHUNK + 3, 4);
	}
}

static void what_has_no_result_is_refused(void **state)
{
	struct picture picture;
	unsigned char texels[16];
	struct geyser_pixels out = {GEYSER_FORMAT_RGBA8_UNORM, 2, 2, {{texels, 8}}};

	(void)state;
	picture_init(&picture, NV12, 2, 2, 1);
	picture.yuv.matrix = 8;
	assert_int_equal(gy_yuv_convert(gy_convert_kernels(), &picture.yuv, &out),
		GEYSER_ERROR_INVALID_ARGUMENT);
	assert_non_null(strstr(geyser_error_detail(), "matrix (8)"));
	picture.yuv.matrix = 1;
	out.format = GEYSER_FORMAT_RGBA8_UNORM_SRGB;
	assert_int_equal(
		gy_yuv_convert(gy_convert_kernels(), &picture.yuv, &out), GEYSER_ERROR_UNSUPPORTED);
	picture_finish(&picture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_is_equal_to_double_precision),
		cmocka_unit_test(what_has_no_result_is_refused),
	};

	return cmocka_run_group_tests_name("yuv", tests, NULL, NULL);
}
