/* SPDX-License-Identifier: MIT */
/* Compares a pipeline's results with the CPU's. Drivers may flush denormal numbers, lose the
 * payloads of NaNs, round as they like, and do in two roundings what one would do; no query tells
 * what they do. */
#include "backend/vulkan/conversion.h"

#include "base/error.h"
#include "format/convert.h"
#include "format/convert_pixels.h"
#include "format/yuv.h"

#include <stdlib.h>
#include <string.h>

/* The picture has a texel for each number of 16 bits. */
#define EXTENT 256u
#define TEXELS (EXTENT * EXTENT)

/* ---- values ---- */

/* xorshift32 */
static uint32_t random_bits(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* Returns a float near the middle between two values of unorm. */
static uint32_t beside_unorm(uint32_t *state)
{
	static const uint32_t max[] = {3, 255, 1023, 65535};
	const uint32_t most = max[random_bits(state) % 4];
	const float middle = ((float)(random_bits(state) % most) + 0.5f) / (float)most;

	return bits_of(middle) + random_bits(state) % 5 - 2;
}

/* Returns a float near the middle between two numbers with 5, 6 or 10 bits of fraction. */
static uint32_t beside_small_float(uint32_t *state)
{
	static const uint32_t cuts[] = {13, 17, 18};
	const uint32_t cut = cuts[random_bits(state) % 3];
	const uint32_t fraction = (random_bits(state) & 0x7FFFFF) >> cut << cut;
	const uint32_t exponent = 100 + random_bits(state) % 45;

	return (exponent << 23 | fraction | UINT32_C(1) << (cut - 1)) + random_bits(state) % 3 - 1;
}

/* Returns a number as bits of a float or of an integer: first all exponents with both signs and the
 * first and last fractions, which are zeros, denormal numbers, infinities and NaNs, too. */
static uint32_t value_of_32_bits(uint32_t i, uint32_t *state)
{
	static const uint32_t fractions[] = {
		0, 1, 0x1FFF, 0x2000, 0x3FFFFF, 0x400000, 0x7FE000, 0x7FFFFF};

	if (i < 8 * 512)
		return fractions[i % 8] | i / 8 << 23;
	switch (random_bits(state) % 5) {
	case 0:
		return random_bits(state) >> random_bits(state) % 32;
	case 1: /* from -1/8 to 9/8 */
		return bits_of((float)(random_bits(state) >> 8) * 0x1.4p-24f - 0.125f);
	case 2:
		return beside_unorm(state);
	case 3:
		return beside_small_float(state);
	default: /* numbers with a fraction, up to 2^18 */
		return bits_of((float)(int32_t)random_bits(state) * 0x1p-13f);
	}
}

/* Fills a texel with the numbers from i on, one for each channel. */
static void fill_texel(
	const struct geyser_format_info *info, uint32_t i, uint32_t *state, unsigned char *texel)
{
	const uint32_t bits = info->bytes_per_texel * 8 / info->channels;

	if (info->format == GEYSER_FORMAT_RGB10A2_UNORM ||
		info->format == GEYSER_FORMAT_RG11B10_UFLOAT) {
		/* all values of each field: 11 bits are the most */
		const uint32_t word = (i & 0x7FF) * 0x00200401u ^ i / 2048 << 7;

		memcpy(texel, &word, sizeof(word));
		return;
	}
	for (uint32_t channel = 0; channel < info->channels; channel++) {
		const uint32_t value = bits < 32 ? i + 37 * channel : value_of_32_bits(i, state);

		/* little endian, as all that geyser runs on */
		memcpy(texel + channel * bits / 8, &value, bits / 8);
	}
}

/* ---- pictures ---- */

/* A texture, and texels in memory with its layout. */
struct picture {
	struct gy_backend_texture *texture;
	struct geyser_pixels pixels;
	unsigned char *data;
};

static enum geyser_result make_picture(
	struct vk_device *device, enum geyser_format format, uint32_t usage, struct picture *out)
{
	const struct geyser_texture_desc desc = {
		.format = format,
		.width = EXTENT,
		.height = EXTENT,
		.depth = 1,
		.layers = 1,
		.mip_levels = 1,
		.usage = usage,
	};
	struct geyser_subresource at;
	enum geyser_result result = gy_vk_texture_create(device, &desc, false, &out->texture);

	if (result != GEYSER_OK)
		return result;
	out->data = calloc(1, (size_t)out->texture->layout.size);
	if (!out->data)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a picture");
	out->pixels = (struct geyser_pixels){.format = format, .width = EXTENT, .height = EXTENT};
	for (uint32_t i = 0; i < geyser_format_get_info(format)->planes; i++) {
		gy_layout_subresource(&desc, &out->texture->layout, i, 0, 0, &at);
		out->pixels.planes[i].data = out->data + at.offset;
		out->pixels.planes[i].row_pitch = (size_t)at.row_pitch;
	}
	return GEYSER_OK;
}

static void destroy_picture(struct picture *picture)
{
	if (picture->texture)
		gy_vk_texture_destroy(picture->texture);
	free(picture->data);
}

/* Fills the memory, and the texture from there. */
static enum geyser_result fill(struct picture *picture)
{
	const struct geyser_format_info *info = geyser_format_get_info(picture->pixels.format);
	const size_t size = (size_t)picture->texture->layout.size;
	uint32_t state = 1;
	void *data;
	enum geyser_result result;

	if (geyser_format_is_video(info->format))
		for (size_t i = 0; i < size; i++)
			picture->data[i] = (unsigned char)(random_bits(&state) >> 24);
	else
		for (uint32_t i = 0; i < TEXELS; i++)
			fill_texel(
				info, i, &state, picture->data + (size_t)i * info->bytes_per_texel);
	result = gy_vk_texture_map(picture->texture, GEYSER_ACCESS_WRITE, &data);
	if (result != GEYSER_OK)
		return result;
	memcpy(data, picture->data, size);
	gy_vk_texture_unmap(picture->texture);
	return GEYSER_OK;
}

/* ---- the comparison ---- */

/* Whether all samples of video differ by 1 at most. */
static bool samples_are_near(enum geyser_format format, const unsigned char *left,
	const unsigned char *right, size_t size)
{
	const struct gy_yuv_layout layout = gy_yuv_layout_of(format);
	const size_t bytes = layout.bits > 8 ? 2 : 1;

	for (size_t i = 0; i < size; i += bytes) {
		const int a =
			bytes == 1 ? left[i] : (left[i] | left[i + 1] << 8) >> (16 - layout.bits);
		const int b = bytes == 1 ? right[i]
					 : (right[i] | right[i + 1] << 8) >> (16 - layout.bits);

		if (abs(a - b) > 1)
			return false;
	}
	return true;
}

/* Returns the distance from a number to the next one of a format of colours. */
static float distance_at(enum geyser_format format, float value)
{
	const float size = value < 0 ? -value : value;

	switch (gy_form_of(format).encoding) {
	case GY_ENCODING_UNORM8:
		return 1.0f / 255;
	case GY_ENCODING_UNORM16:
		return 1.0f / 65535;
	case GY_ENCODING_RGB10A2:
		return 1.0f / 1023;
	case GY_ENCODING_HALF:
		return 0x1p-10f * (size > 1 ? size : 1);
	default: /* FLOAT: the calculations have some roundings in another order */
		return 0x1p-20f * (size > 1 ? size : 1);
	}
}

/* Whether all channels of a row of colours differ by the distance at most. */
static bool row_is_near(enum geyser_format format, const void *left, const void *right)
{
	float lanes[2][EXTENT * 4] = {{0}};
	const void *const rows[] = {left, right};

	for (size_t i = 0; i < 2; i++) {
		const size_t size = geyser_format_get_info(format)->bytes_per_texel;
		const struct geyser_pixels from = {
			format, EXTENT, 1, {{(void *)(uintptr_t)rows[i], EXTENT * size}}};
		const struct geyser_pixels to = {
			GEYSER_FORMAT_RGBA32_FLOAT, EXTENT, 1, {{lanes[i], sizeof(lanes[i])}}};

		gy_convert(gy_convert_kernels(), &from, &to);
	}
	for (size_t i = 0; i < EXTENT * 4; i++) {
		const float most = 1.01f * distance_at(format, lanes[1][i]);
		const float difference = lanes[0][i] - lanes[1][i];

		if (!(difference <= most && -difference <= most))
			return false;
	}
	return true;
}

static bool is_right(const struct vk_pipeline *pipeline, const struct picture *expected,
	const unsigned char *data)
{
	const size_t size = (size_t)expected->texture->layout.size;
	bool right = true;

	if (geyser_format_is_video(pipeline->to))
		return samples_are_near(pipeline->to, data, expected->data, size);
	if (!geyser_format_is_video(pipeline->from))
		return memcmp(data, expected->data, size) == 0;
	for (size_t y = 0; y < EXTENT && right; y++)
		right = row_is_near(pipeline->to, data + y * (size / EXTENT),
			expected->data + y * (size / EXTENT));
	return right;
}

/* The meaning of video's samples for which pipelines are compared. */
static const struct gy_yuv_meaning meaning = {
	.red = 0.2126, .blue = 0.0722, .limited = true, .down = 1};

static enum geyser_result convert_and_compare(struct vk_device *device,
	struct vk_pipeline *pipeline, struct picture *from, struct picture *to)
{
	struct vk_conversion conversion = {(struct vk_texture *)from->texture,
		(struct vk_texture *)to->texture, &meaning, pipeline};
	void *data;
	enum geyser_result result = fill(from);

	if (result == GEYSER_OK)
		result = gy_vk_pipeline_prepare(pipeline, conversion.from, conversion.to);
	if (result == GEYSER_OK)
		result = gy_vk_run(device, gy_vk_record_conversion, &conversion);
	if (result == GEYSER_OK)
		result = gy_vk_texture_map(to->texture, GEYSER_ACCESS_READ, &data);
	if (result != GEYSER_OK)
		return result;
	gy_convert_pixels(gy_convert_kernels(), &from->pixels, &to->pixels, &meaning);
	pipeline->equal = is_right(pipeline, to, data);
	pipeline->proven = true;
	gy_vk_texture_unmap(to->texture);
	return GEYSER_OK;
}

enum geyser_result gy_vk_pipeline_prove(struct vk_device *device, struct vk_pipeline *pipeline)
{
	const uint32_t sampled = pipeline->reads == GY_VK_IMAGE ? GEYSER_USAGE_TEXTURE_BINDING : 0;
	const uint32_t stored = pipeline->writes == GY_VK_IMAGE ? GEYSER_USAGE_STORAGE_BINDING : 0;
	struct picture from = {.texture = NULL}, to = {.texture = NULL};
	enum geyser_result result = make_picture(device, pipeline->from, sampled, &from);

	if (result == GEYSER_OK)
		result = make_picture(device, pipeline->to, stored, &to);
	if (result == GEYSER_OK)
		result = convert_and_compare(device, pipeline, &from, &to);
	destroy_picture(&to);
	destroy_picture(&from);
	return result;
}
