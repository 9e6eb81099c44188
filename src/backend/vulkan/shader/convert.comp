#version 450
/* SPDX-License-Identifier: MIT */
/* Converts texels between two colour formats, by the rules of geyser/convert.h. The build compiles
 * this file four times: SOURCE_IMAGE and DESTINATION_IMAGE say that this side is an image, and not
 * a buffer. A pipeline is made for each pair of formats.
 *
 * A texel is unpacked to four lanes of 32 bits, red, green, blue and alpha, and the lanes are
 * packed. Between integer formats the lanes are integers of the destination's sign. Otherwise they
 * are the bits of floats, as in src/format/convert_rows.c.
 *
 * Drivers may calculate with floats in their own ways. convert_proof.c compares each pipeline's
 * results with the CPU's before the pipeline is used. */
#extension GL_EXT_samplerless_texture_functions : require

layout(local_size_x = 32, local_size_y = 4) in;

/* enum gy_encoding of src/format/convert_rows.h */
const uint UNORM8 = 0;
const uint UNORM16 = 1;
const uint SRGB8 = 2;
const uint HALF = 3;
const uint FLOAT = 4;
const uint UINT16 = 5;
const uint SINT16 = 6;
const uint UINT32 = 7;
const uint SINT32 = 8;
const uint RGB10A2 = 9;
const uint RG11B10 = 10;

/* struct constants of convert_pipeline.c */
layout(constant_id = 0) const uint SOURCE = UNORM8;
layout(constant_id = 1) const uint SOURCE_CHANNELS = 4;
layout(constant_id = 2) const bool SOURCE_SWAPPED = false; /* blue comes first in memory */
layout(constant_id = 3) const uint DESTINATION = UNORM8;
layout(constant_id = 4) const uint DESTINATION_CHANNELS = 4;
layout(constant_id = 5) const bool DESTINATION_SWAPPED = false;
layout(constant_id = 6) const bool FUSED = true; /* fma() rounds once */

#ifdef SOURCE_IMAGE
layout(set = 0, binding = 0) uniform texture2DArray source_image;
#else
layout(set = 0, binding = 0, std430) readonly buffer Source
{
	uint source_words[];
};
#endif

#ifdef DESTINATION_IMAGE
layout(set = 1, binding = 0) uniform writeonly image2DArray destination_image;
#else
layout(set = 1, binding = 0, std430) writeonly buffer Destination
{
	uint destination_words[];
};
#endif

/* The tables of src/format/srgb.h. */
layout(set = 2, binding = 0, std430) readonly buffer Tables
{
	uint srgb_linear[256];
	uint srgb_steps[1664];
};

/* struct vk_convert_part. The images are used from the row first_row and the layer first_layer on.
 * A buffer holds only this part; a row of a buffer takes `pitch` texels. */
layout(push_constant) uniform Part
{
	uint width, rows;
	uint first_row, first_layer;
	uint pitch;
};

const uint INFINITE = 0x7F800000u;
const uint QUIET = 0x400000u;
const uint ONE = 0x3F800000u;

bool is_sint(uint encoding)
{
	return encoding == SINT16 || encoding == SINT32;
}

const bool INTEGERS = SOURCE >= UINT16 && SOURCE <= SINT32 && DESTINATION >= UINT16 &&
		      DESTINATION <= SINT32;

bool has_bytes(uint encoding)
{
	return encoding == UNORM8 || encoding == SRGB8;
}

bool has_words(uint encoding)
{
	return encoding == FLOAT || encoding == UINT32 || encoding == SINT32;
}

bool is_packed(uint encoding)
{
	return encoding == RGB10A2 || encoding == RG11B10;
}

/* Bytes of a texel. */
uint size_of(uint encoding, uint channels)
{
	return is_packed(encoding) ? 4 : channels * (has_bytes(encoding) ? 1 : has_words(encoding) ? 4 : 2);
}

uint quiet(uint bits)
{
	return bits | ((bits & 0x7FFFFFFFu) > INFINITE ? QUIET : 0);
}

/* ---- numbers from channels ------------------------------------------------------------------- */

/* The largest value of a unorm channel. */
float max_of(uint encoding, uint channel)
{
	return encoding == UNORM16     ? 65535
	       : encoding != RGB10A2 ? 255
	       : channel == 3        ? 3
				     : 1023;
}

/* 1 / max is first * (1 + second) to twice the precision of a float. Both are short: a value's
 * product with `first` has no more digits than a float. */
float first_of(float max)
{
	return max == 255     ? 257.0 / 65536
	       : max == 65535 ? 1.0 / 65536
	       : max == 1023  ? 1025.0 / 1048576
			      : 21845.0 / 65536;
}

float second_of(float max)
{
	return max == 1023 ? 1048577.0 / 1048576 / 1048576 : 65537.0 / 65536 / 65536;
}

/* Divides by the largest value of a channel. The sum is the only number that is rounded, but for
 * places that don't matter. */
uint from_unorm(uint value, float max)
{
	precise const float large = float(value) * first_of(max);
	precise const float small = large * second_of(max);
	precise const float nearest = large + small;

	/* A number that a float can't hold becomes the neighbour whose last bit is 1, so that a
	 * second rounding, to a shorter fraction, can't take it for a tie. */
	if (max == 65535 && (DESTINATION == HALF || DESTINATION == RG11B10) && value != 0 &&
		value != 65535) {
		precise const float rounded_up = nearest - large;

		return (floatBitsToUint(nearest) - (small < rounded_up ? 1 : 0)) | 1;
	}
	return floatBitsToUint(nearest);
}

uint from_half(uint half_bits)
{
	if ((half_bits & 0x7C00u) == 0x7C00u)
		return quiet((half_bits & 0x8000u) << 16 | INFINITE | (half_bits & 0x3FFu) << 13);
	return floatBitsToUint(unpackHalf2x16(half_bits).x);
}

uint lane_of(uint bits, uint channel)
{
	switch (SOURCE) {
	case UNORM8:
	case UNORM16:
	case RGB10A2:
		return from_unorm(bits, max_of(SOURCE, channel));
	case SRGB8:
		return channel == 3 ? from_unorm(bits, 255) : srgb_linear[bits];
	case HALF:
	case RG11B10:
		return from_half(bits);
	case FLOAT:
		return bits;
	case UINT16:
	case UINT32:
		if (INTEGERS)
			return is_sint(DESTINATION) ? min(bits, 0x7FFFFFFFu) : bits;
		return floatBitsToUint(float(bits));
	default: /* SINT16, SINT32 */
		const int value = SOURCE == SINT16 ? bitfieldExtract(int(bits), 0, 16) : int(bits);

		if (INTEGERS)
			return uint(is_sint(DESTINATION) ? value : max(value, 0));
		return floatBitsToUint(float(value));
	}
}

/* ---- channels from numbers ------------------------------------------------------------------- */

/* A NaN becomes the lower limit. */
float clamped(float value, float low, float high)
{
	value = value > low ? value : low;
	return value < high ? value : high;
}

/* Returns the nearest multiple of 1 / max, in units of that. */
uint to_unorm(uint lane, float max)
{
	const float value = clamped(uintBitsToFloat(lane), 0, 1);

	if (FUSED) {
		/* the sum has no place for a fraction, so it rounds the exact product */
		precise const float sum = fma(value, max, 8388608);

		return floatBitsToUint(sum) & 0xFFFFu;
	}
	/* The product is rounded, so it may lie on the wrong side of the middle. All other numbers
	 * here are exact. */
	precise const float product = value * max;
	precise const float nearest = roundEven(product);
	precise const float more = value * (max + 1) - nearest;

	return uint(nearest) + (more - 0.5 > value ? 1 : 0) - (more + 0.5 < value ? 1 : 0);
}

/* srgb.h's gy_srgb_encode, for all numbers. */
uint to_srgb(uint lane)
{
	const uint bits = floatBitsToUint(clamped(uintBitsToFloat(lane),
		uintBitsToFloat(0x39000000u), uintBitsToFloat(0x3F7FFFFFu)));

	return (srgb_steps[(bits - 0x39000000u) >> 16] + (bits & 0xFFFFu)) >> 16;
}

uint to_half(uint lane)
{
	const uint size = lane & 0x7FFFFFFFu;

	if (size > INFINITE)
		return (lane >> 16 & 0x8000u) | 0x7E00u | (lane >> 13 & 0x3FFu);
	/* beyond the largest number that is rounded to a finite one */
	if (size >= 0x477FF000u)
		return (lane >> 16 & 0x8000u) | 0x7C00u;
	return packHalf2x16(vec2(uintBitsToFloat(lane), 0)) & 0xFFFFu;
}

/* A channel of RG11B10, with so many bits of fraction. */
uint to_ufloat(uint lane, uint fraction)
{
	const uint shift = 23 - fraction;
	const uint size = lane & 0x7FFFFFFFu;
	const uint infinite = 31u << fraction;
	const uint odd = lane >> shift & 1;
	/* The unit of this float's last place is the smallest denormal number. */
	const uint place = (136 - fraction) << 23;
	precise const float sum = uintBitsToFloat(size) + uintBitsToFloat(place);

	if (size > INFINITE)
		return infinite | 1u << (fraction - 1) | (lane & 0x7FFFFFu) >> shift;
	if (lane != size)
		return 0;
	if (size == INFINITE)
		return infinite;
	if (size < (113u << 23))
		return floatBitsToUint(sum) - place;
	return min(((lane + (1u << (shift - 1)) - 1 + odd) >> shift) - (112u << fraction), infinite - 1);
}

/* Rounds to an integer, with ties to even. */
uint to_uint(uint lane, uint limit)
{
	const float rounded = roundEven(clamped(uintBitsToFloat(lane), 0, 4294967296.0));

	return rounded < float(limit) ? uint(rounded) : limit;
}

uint to_sint(uint lane, float limit, int high)
{
	const float rounded = roundEven(uintBitsToFloat(lane));

	if ((lane & 0x7FFFFFFFu) > INFINITE)
		return 0;
	if (rounded >= limit)
		return uint(high);
	return uint(rounded > -limit ? int(rounded) : -high - 1);
}

uint channel_of(uint lane, uint channel)
{
	switch (DESTINATION) {
	case UNORM8:
	case UNORM16:
	case RGB10A2:
		return to_unorm(lane, max_of(DESTINATION, channel));
	case SRGB8:
		return channel == 3 ? to_unorm(lane, 255) : to_srgb(lane);
	case HALF:
		return to_half(lane);
	case FLOAT:
		return quiet(lane);
	case UINT16:
		return INTEGERS ? min(lane, 0xFFFFu) : to_uint(lane, 0xFFFFu);
	case UINT32:
		return INTEGERS ? lane : to_uint(lane, 0xFFFFFFFFu);
	case SINT16:
		return 0xFFFFu & (INTEGERS ? uint(clamp(int(lane), -0x8000, 0x7FFF))
					   : to_sint(lane, 32768, 0x7FFF));
	case SINT32:
		return INTEGERS ? lane : to_sint(lane, 2147483648.0, 0x7FFFFFFF);
	default: /* RG11B10 */
		return to_ufloat(lane, channel == 2 ? 5 : 6);
	}
}

/* ---- texels ---------------------------------------------------------------------------------- */

uvec4 with_missing(uvec4 lanes)
{
	for (uint i = SOURCE_CHANNELS; i < 4; i++)
		lanes[i] = i < 3 ? 0 : INTEGERS ? 1 : ONE;
	return lanes;
}

#ifdef SOURCE_IMAGE

/* The sampler has made floats of the channels. Of numbers that a float can't hold, it may make a
 * neighbour of the nearest float, so the channel's value is found again. */
uvec4 load(uint x, uint y, uint z)
{
	const ivec3 at = ivec3(min(x, width - 1), first_row + y, first_layer + z);
	const vec4 texel = texelFetch(source_image, at, 0);
	uvec4 lanes = floatBitsToUint(texel);

	for (uint i = 0; i < SOURCE_CHANNELS; i++) {
		if (SOURCE == SRGB8 && i < 3)
			lanes[i] = srgb_linear[to_srgb(lanes[i])];
		else if (SOURCE == UNORM8 || SOURCE == SRGB8 || SOURCE == UNORM16 ||
			SOURCE == RGB10A2)
			lanes[i] = from_unorm(to_unorm(lanes[i], max_of(SOURCE, i)), max_of(SOURCE, i));
		else if (SOURCE != FLOAT)
			lanes[i] = quiet(lanes[i]);
	}
	return with_missing(lanes);
}

#else

/* Returns the bits of a channel, which begin at this bit of the buffer's word. */
uint field(uint word, uint first, uint bits)
{
	return bitfieldExtract(source_words[word], int(first), int(bits));
}

uvec4 load(uint x, uint y, uint z)
{
	const uint texel = y * pitch + x;
	const uint size = size_of(SOURCE, SOURCE_CHANNELS);
	const uint first = texel * size; /* byte */
	uvec4 lanes = uvec4(0);

	for (uint i = 0; i < SOURCE_CHANNELS; i++) {
		const uint channel = SOURCE_SWAPPED && i < 3 ? 2 - i : i;
		uint bits;

		if (SOURCE == RGB10A2)
			bits = field(texel, 10 * i, i == 3 ? 2 : 10);
		else if (SOURCE == RG11B10) /* with zeros appended, a channel is a half */
			bits = field(texel, 11 * i, i == 2 ? 10 : 11) << (i == 2 ? 5 : 4);
		else if (has_words(SOURCE))
			bits = source_words[texel * SOURCE_CHANNELS + i];
		else if (has_bytes(SOURCE))
			bits = field((first + channel) >> 2, 8 * ((first + channel) & 3), 8);
		else
			bits = field(first / 4 + i / 2, 8 * (first & 2) + 16 * (i & 1), 16);
		lanes[i] = lane_of(bits, i);
	}
	return with_missing(lanes);
}

#endif

#ifdef DESTINATION_IMAGE

/* Stores numbers that the format can hold, so that the driver has nothing to round. */
void store(uint x, uint y, uint z, uvec4 lanes)
{
	vec4 texel = vec4(0);

	for (uint i = 0; i < DESTINATION_CHANNELS; i++) {
		const uint bits = channel_of(lanes[i], i);

		if (DESTINATION == FLOAT)
			texel[i] = uintBitsToFloat(bits);
		else if (DESTINATION == HALF)
			texel[i] = uintBitsToFloat(from_half(bits));
		else if (DESTINATION == RG11B10)
			texel[i] = uintBitsToFloat(from_half(bits << (i == 2 ? 5 : 4)));
		else
			texel[i] = float(bits) / max_of(DESTINATION, i);
	}
	imageStore(destination_image, ivec3(x, first_row + y, first_layer + z), texel);
}

void convert(uint x, uint y, uint z)
{
	store(x, y, z, load(x, y, z));
}

#else

/* Returns the texel's words. */
uvec4 packed(uvec4 lanes)
{
	uvec4 words = uvec4(0);

	for (uint i = 0; i < DESTINATION_CHANNELS; i++) {
		const uint bits = channel_of(lanes[i], i);
		const uint channel = DESTINATION_SWAPPED && i < 3 ? 2 - i : i;

		if (DESTINATION == RGB10A2)
			words[0] |= bits << 10 * i;
		else if (DESTINATION == RG11B10)
			words[0] |= bits << 11 * i;
		else if (has_words(DESTINATION))
			words[i] = bits;
		else if (has_bytes(DESTINATION))
			words[0] |= bits << 8 * channel;
		else
			words[i / 2] |= bits << 16 * (i & 1);
	}
	return words;
}

/* Converts as many texels as one word holds, at least one. */
void convert(uint x, uint y, uint z)
{
	const uint size = size_of(DESTINATION, DESTINATION_CHANNELS);
	const uint texel = y * pitch + x;

	if (size < 4) {
		uint word = 0;

		for (uint i = 0; i < 4 / size; i++)
			word |= packed(load(x + i, y, z))[0] << 8 * size * i;
		destination_words[texel * size / 4] = word;
	} else {
		const uvec4 words = packed(load(x, y, z));

		for (uint i = 0; i < size / 4; i++)
			destination_words[texel * (size / 4) + i] = words[i];
	}
}

#endif

/* Texels that an invocation converts. */
uint texels_at_once()
{
#ifdef DESTINATION_IMAGE
	return 1;
#else
	return max(4 / size_of(DESTINATION, DESTINATION_CHANNELS), 1);
#endif
}

void main()
{
	const uvec3 at = gl_GlobalInvocationID * uvec3(texels_at_once(), 1, 1);

	if (at.x < width && at.y < rows)
		convert(at.x, at.y, at.z);
}
