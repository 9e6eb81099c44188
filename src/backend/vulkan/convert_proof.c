/* SPDX-License-Identifier: MIT */
/* Compares a pipeline's results with the CPU's. Drivers may flush denormal numbers, lose the
 * payloads of NaNs, round as they like, and do in two roundings what one would do; no query tells
 * what they do. */
#include "backend/vulkan/conversion.h"

#include "base/error.h"
#include "format/convert.h"
#include "format/convert_rows.h"

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

/* ---- the comparison ---- */

struct proof {
	struct vk_pipeline *pipeline;
	struct gy_backend_texture *from, *to;
};

/* Makes a texture that the pipeline can use. */
static enum geyser_result make_texture(struct vk_device *device, enum geyser_format format,
	uint32_t usage, struct gy_backend_texture **out)
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

	return gy_vk_texture_create(device, &desc, false, out);
}

static enum geyser_result fill(const struct proof *proof, struct geyser_pixels *source)
{
	const struct geyser_format_info *info = geyser_format_get_info(source->format);
	unsigned char *texels = source->planes[0].data;
	uint32_t state = 1;
	void *data;
	enum geyser_result result;

	for (uint32_t i = 0; i < TEXELS; i++)
		fill_texel(info, i, &state, texels + (size_t)i * info->bytes_per_texel);
	result = gy_vk_texture_map(proof->from, GEYSER_ACCESS_WRITE, &data);
	if (result != GEYSER_OK)
		return result;
	memcpy(data, texels, (size_t)TEXELS * info->bytes_per_texel);
	gy_vk_texture_unmap(proof->from);
	return GEYSER_OK;
}

static enum geyser_result compare(
	const struct proof *proof, const struct geyser_pixels *source, void *expected)
{
	const size_t size = geyser_format_get_info(proof->pipeline->to)->bytes_per_texel;
	const struct geyser_pixels destination = {
		proof->pipeline->to, EXTENT, EXTENT, {{expected, EXTENT * size}}};
	void *data;
	enum geyser_result result;

	gy_convert(gy_convert_kernels(), source, &destination);
	result = gy_vk_texture_map(proof->to, GEYSER_ACCESS_READ, &data);
	if (result != GEYSER_OK)
		return result;
	proof->pipeline->equal = memcmp(data, expected, TEXELS * size) == 0;
	gy_vk_texture_unmap(proof->to);
	return GEYSER_OK;
}

static enum geyser_result convert_and_compare(struct vk_device *device, const struct proof *proof)
{
	struct vk_conversion conversion = {
		(struct vk_texture *)proof->from, (struct vk_texture *)proof->to, proof->pipeline};
	const size_t size = geyser_format_get_info(proof->pipeline->from)->bytes_per_texel;
	struct geyser_pixels source = {
		proof->pipeline->from, EXTENT, EXTENT, {{malloc(TEXELS * size), EXTENT * size}}};
	void *expected = malloc(
		(size_t)TEXELS * geyser_format_get_info(proof->pipeline->to)->bytes_per_texel);
	enum geyser_result result = GEYSER_OK;

	if (!source.planes[0].data || !expected)
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a picture");
	if (result == GEYSER_OK)
		result = fill(proof, &source);
	if (result == GEYSER_OK)
		result = gy_vk_pipeline_prepare(proof->pipeline, conversion.from, conversion.to);
	if (result == GEYSER_OK)
		result = gy_vk_run(device, gy_vk_record_conversion, &conversion);
	if (result == GEYSER_OK)
		result = compare(proof, &source, expected);
	free(source.planes[0].data);
	free(expected);
	return result;
}

enum geyser_result gy_vk_pipeline_prove(struct vk_device *device, struct vk_pipeline *pipeline)
{
	struct proof proof = {.pipeline = pipeline};
	enum geyser_result result = make_texture(device, pipeline->from,
		pipeline->reads == GY_VK_IMAGE ? GEYSER_USAGE_TEXTURE_BINDING : 0, &proof.from);

	if (result == GEYSER_OK)
		result = make_texture(device, pipeline->to,
			pipeline->writes == GY_VK_IMAGE ? GEYSER_USAGE_STORAGE_BINDING : 0,
			&proof.to);
	if (result == GEYSER_OK)
		result = convert_and_compare(device, &proof);
	if (proof.to)
		gy_vk_texture_destroy(proof.to);
	if (proof.from)
		gy_vk_texture_destroy(proof.from);
	return result;
}
