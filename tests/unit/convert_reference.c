/* SPDX-License-Identifier: MIT */
#include "convert_reference.h"

#include <math.h>
#include <string.h>

/* ---- formats --------------------------------------------------------------------------------- */

struct row {
	enum geyser_format format;
	enum reference_type type;
	unsigned int bits[4], shift[4];
};

/* clang-format off */
static const struct row rows[] = {
	{GEYSER_FORMAT_R8_UNORM, REFERENCE_UNORM, {8}, {0}},
	{GEYSER_FORMAT_RG8_UNORM, REFERENCE_UNORM, {8, 8}, {0, 8}},
	{GEYSER_FORMAT_RGBA8_UNORM, REFERENCE_UNORM, {8, 8, 8, 8}, {0, 8, 16, 24}},
	{GEYSER_FORMAT_BGRA8_UNORM, REFERENCE_UNORM, {8, 8, 8, 8}, {16, 8, 0, 24}},
	{GEYSER_FORMAT_R8_UNORM_SRGB, REFERENCE_SRGB, {8}, {0}},
	{GEYSER_FORMAT_RG8_UNORM_SRGB, REFERENCE_SRGB, {8, 8}, {0, 8}},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, REFERENCE_SRGB, {8, 8, 8, 8}, {0, 8, 16, 24}},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, REFERENCE_SRGB, {8, 8, 8, 8}, {16, 8, 0, 24}},
	{GEYSER_FORMAT_R16_FLOAT, REFERENCE_FLOAT, {16}, {0}},
	{GEYSER_FORMAT_R16_UINT, REFERENCE_UINT, {16}, {0}},
	{GEYSER_FORMAT_R16_SINT, REFERENCE_SINT, {16}, {0}},
	{GEYSER_FORMAT_RG16_FLOAT, REFERENCE_FLOAT, {16, 16}, {0, 16}},
	{GEYSER_FORMAT_RG16_UINT, REFERENCE_UINT, {16, 16}, {0, 16}},
	{GEYSER_FORMAT_RG16_SINT, REFERENCE_SINT, {16, 16}, {0, 16}},
	{GEYSER_FORMAT_RGBA16_FLOAT, REFERENCE_FLOAT, {16, 16, 16, 16}, {0, 16, 32, 48}},
	{GEYSER_FORMAT_RGBA16_UINT, REFERENCE_UINT, {16, 16, 16, 16}, {0, 16, 32, 48}},
	{GEYSER_FORMAT_RGBA16_SINT, REFERENCE_SINT, {16, 16, 16, 16}, {0, 16, 32, 48}},
	{GEYSER_FORMAT_R32_FLOAT, REFERENCE_FLOAT, {32}, {0}},
	{GEYSER_FORMAT_R32_UINT, REFERENCE_UINT, {32}, {0}},
	{GEYSER_FORMAT_R32_SINT, REFERENCE_SINT, {32}, {0}},
	{GEYSER_FORMAT_RG32_FLOAT, REFERENCE_FLOAT, {32, 32}, {0, 32}},
	{GEYSER_FORMAT_RG32_UINT, REFERENCE_UINT, {32, 32}, {0, 32}},
	{GEYSER_FORMAT_RG32_SINT, REFERENCE_SINT, {32, 32}, {0, 32}},
	{GEYSER_FORMAT_RGBA32_FLOAT, REFERENCE_FLOAT, {32, 32, 32, 32}, {0, 32, 64, 96}},
	{GEYSER_FORMAT_RGBA32_UINT, REFERENCE_UINT, {32, 32, 32, 32}, {0, 32, 64, 96}},
	{GEYSER_FORMAT_RGBA32_SINT, REFERENCE_SINT, {32, 32, 32, 32}, {0, 32, 64, 96}},
	{GEYSER_FORMAT_R16_UNORM, REFERENCE_UNORM, {16}, {0}},
	{GEYSER_FORMAT_RG16_UNORM, REFERENCE_UNORM, {16, 16}, {0, 16}},
	{GEYSER_FORMAT_RGBA16_UNORM, REFERENCE_UNORM, {16, 16, 16, 16}, {0, 16, 32, 48}},
	{GEYSER_FORMAT_RGB10A2_UNORM, REFERENCE_UNORM, {10, 10, 10, 2}, {0, 10, 20, 30}},
	{GEYSER_FORMAT_RG11B10_UFLOAT, REFERENCE_UFLOAT, {11, 11, 10}, {0, 11, 22}},
};
/* clang-format on */

struct reference_channel reference_channel(enum geyser_format format, unsigned int index)
{
	struct reference_channel out = {.kind.bits = 0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].format != format)
			continue;
		out.kind.type = rows[i].type;
		if (out.kind.type == REFERENCE_SRGB && index == 3)
			out.kind.type = REFERENCE_UNORM;
		out.kind.bits = rows[i].bits[index];
		out.shift = rows[i].shift[index];
	}
	return out;
}

/* Packed texels are one word, whose low bits are in its first byte on a little-endian machine. The
 * test runs on no other. */
static uint32_t mask(unsigned int bits)
{
	return bits == 32 ? UINT32_MAX : (UINT32_C(1) << bits) - 1;
}

uint32_t reference_get(const struct reference_channel *channel, const unsigned char *texel)
{
	const unsigned int shift = channel->shift % 32;
	uint32_t word = 0;

	for (unsigned int i = 0; i * 8 < shift + channel->kind.bits; i++)
		word |= (uint32_t)texel[channel->shift / 32 * 4 + i] << (8 * i);
	return word >> shift & mask(channel->kind.bits);
}

void reference_put(const struct reference_channel *channel, unsigned char *texel, uint32_t bits)
{
	const unsigned int shift = channel->shift % 32;
	const uint32_t clear = mask(channel->kind.bits) << shift;

	for (unsigned int i = 0; i * 8 < shift + channel->kind.bits; i++) {
		unsigned char *const byte = &texel[channel->shift / 32 * 4 + i];

		*byte = (unsigned char)((*byte & ~(clear >> (8 * i))) |
					((bits << shift) >> (8 * i) & 0xFF));
	}
}

/* ---- numbers --------------------------------------------------------------------------------- */

struct number {
	double value;
	bool is_nan, negative;
	uint32_t payload; /* of a NaN, the 23 bits of fraction of a float of 32 bits */
};

/* Each format's exponent and fraction have so many bits. */
static unsigned int exponent_bits(unsigned int bits)
{
	return bits == 32 ? 8 : 5;
}

static unsigned int fraction_bits(struct reference_kind kind)
{
	return kind.bits - exponent_bits(kind.bits) - (kind.type == REFERENCE_FLOAT);
}

static struct number decode_float(struct reference_kind kind, uint32_t bits)
{
	const unsigned int fraction = fraction_bits(kind), size = exponent_bits(kind.bits);
	const uint32_t rest = bits & mask(fraction);
	const int exponent = (int)(bits >> fraction & mask(size)), bias = (1 << (size - 1)) - 1;
	struct number out = {.negative = kind.type == REFERENCE_FLOAT && bits >> (kind.bits - 1)};

	if (exponent == (int)mask(size) && rest != 0) {
		out.is_nan = true;
		out.payload = rest << (23 - fraction);
		return out;
	}
	if (exponent == (int)mask(size))
		out.value = INFINITY;
	else if (exponent == 0)
		out.value = ldexp(rest, 1 - bias - (int)fraction);
	else
		out.value = ldexp(rest + ldexp(1, (int)fraction), exponent - bias - (int)fraction);
	if (out.negative)
		out.value = -out.value;
	return out;
}

static double srgb_decode(double value)
{
	return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double srgb_encode(double value)
{
	return value <= 0.0031308 ? value * 12.92 : 1.055 * pow(value, 1 / 2.4) - 0.055;
}

static struct number decode(struct reference_kind kind, uint32_t bits)
{
	switch (kind.type) {
	case REFERENCE_UNORM:
		return (struct number){.value = (double)bits / mask(kind.bits)};
	case REFERENCE_SRGB:
		return (struct number){.value = srgb_decode((double)bits / mask(kind.bits))};
	case REFERENCE_UINT:
		return (struct number){.value = bits};
	case REFERENCE_SINT:
		return (struct number){
			.value = (double)bits -
				 (bits >> (kind.bits - 1) ? ldexp(1, (int)kind.bits) : 0)};
	default:
		return decode_float(kind, bits);
	}
}

static uint32_t encode_nan(struct reference_kind kind, const struct number *number)
{
	const unsigned int fraction = fraction_bits(kind);
	const uint32_t infinite = mask(exponent_bits(kind.bits)) << fraction;
	const uint32_t sign = kind.type == REFERENCE_FLOAT && number->negative
				      ? UINT32_C(1) << (kind.bits - 1)
				      : 0;

	return sign | infinite | UINT32_C(1) << (fraction - 1) | number->payload >> (23 - fraction);
}

/* Rounds the size of a number to a float's place: its last bit there is a multiple of 2^place. */
static uint32_t encode_size(struct reference_kind kind, double size)
{
	const int fraction = (int)fraction_bits(kind);
	const int bias = (1 << (exponent_bits(kind.bits) - 1)) - 1;
	const double largest = ldexp(2 - ldexp(1, -fraction), bias);
	int exponent;
	double rounded;

	if (size == 0)
		return 0;
	if (isinf(size))
		return mask(exponent_bits(kind.bits)) << fraction;
	exponent = ilogb(size) < 1 - bias ? 1 - bias : ilogb(size);
	rounded = ldexp(nearbyint(ldexp(size, fraction - exponent)), exponent - fraction);
	if (rounded > largest) {
		if (kind.type == REFERENCE_FLOAT)
			return mask(exponent_bits(kind.bits)) << fraction;
		rounded = largest;
	}
	if (rounded < ldexp(1, 1 - bias))
		return (uint32_t)ldexp(rounded, fraction - (1 - bias));
	exponent = ilogb(rounded);
	return (uint32_t)(exponent + bias) << fraction |
	       ((uint32_t)ldexp(rounded, fraction - exponent) & mask((unsigned int)fraction));
}

static uint32_t encode_float(struct reference_kind kind, const struct number *number)
{
	const bool negative = signbit(number->value);

	if (number->is_nan)
		return encode_nan(kind, number);
	if (kind.type == REFERENCE_UFLOAT)
		return negative ? 0 : encode_size(kind, number->value);
	return encode_size(kind, fabs(number->value)) |
	       (negative ? UINT32_C(1) << (kind.bits - 1) : 0);
}

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

static uint32_t encode(struct reference_kind kind, const struct number *number)
{
	const double half = ldexp(1, (int)kind.bits - 1);
	double value = number->is_nan ? 0 : number->value;

	switch (kind.type) {
	case REFERENCE_UNORM:
		return (uint32_t)floor(clamp(value, 0, 1) * mask(kind.bits) + 0.5);
	case REFERENCE_SRGB:
		return (uint32_t)floor(srgb_encode(clamp(value, 0, 1)) * mask(kind.bits) + 0.5);
	case REFERENCE_UINT:
		return (uint32_t)nearbyint(clamp(value, 0, mask(kind.bits)));
	case REFERENCE_SINT:
		value = nearbyint(clamp(value, -half, half - 1));
		return (uint32_t)(int32_t)value & mask(kind.bits);
	default:
		return encode_float(kind, number);
	}
}

uint32_t reference_of_number(struct reference_kind to, double number)
{
	return encode(to, &(struct number){.value = number});
}

uint32_t reference_convert(struct reference_kind from, struct reference_kind to, uint32_t bits)
{
	const struct number number = decode(from, bits);

	return encode(to, &number);
}
