#version 450
/* SPDX-License-Identifier: MIT */
/* Converts between video and colours in images, by the rules of geyser/convert.h: from video, or to
 * video if TO_VIDEO is defined. The build compiles this file twice. A pipeline is made for each
 * format of video. The calculation is that of src/format/yuv_convert.c and yuv_rows.c, in another
 * order. */
#extension GL_EXT_samplerless_texture_functions : require

layout(local_size_x = 32, local_size_y = 4) in;

/* struct video_constants of convert_video.c */
layout(constant_id = 0) const uint PLANES = 2;  /* 1: pairs of texels in RGBA */
layout(constant_id = 1) const uint BITS = 8;    /* of a sample */
layout(constant_id = 2) const int COLUMNS = 2;  /* of luma that share a sample of chroma */
layout(constant_id = 3) const int ROWS = 2;
layout(constant_id = 4) const uint FIRST = 0;   /* the first channel of a pair that has luma */

/* Colours have one plane. The descriptors of planes that a format lacks hold another plane. */
#ifdef TO_VIDEO
layout(set = 0, binding = 0) uniform texture2DArray colours;
layout(set = 1, binding = 0) uniform writeonly image2DArray plane_0;
layout(set = 1, binding = 1) uniform writeonly image2DArray plane_1;
layout(set = 1, binding = 2) uniform writeonly image2DArray plane_2;
#else
layout(set = 0, binding = 0) uniform texture2DArray plane_0;
layout(set = 0, binding = 1) uniform texture2DArray plane_1;
layout(set = 0, binding = 2) uniform texture2DArray plane_2;
layout(set = 1, binding = 0) uniform writeonly image2DArray colours;
#endif

/* struct video_part of convert_video.c */
layout(push_constant) uniform Part
{
	int width, height; /* texels of luma */
	int across, down;  /* struct gy_yuv_meaning */
	/* struct gy_yuv_factors, or the weights and the zero of each component */
	float numbers[12];
};

/* The largest number that a channel of a plane holds, and the largest sample. Samples of 10 bits
 * are the upper bits of 16. */
#define CHANNEL_MAX (BITS == 8 ? 255.0 : 65535.0)
#define SAMPLE_MAX  (BITS == 8 ? 255.0 : BITS == 10 ? 1023.0 : 65535.0)
#define UNIT        (BITS == 10 ? 64.0 : 1.0)

#define BLOCK ivec2(COLUMNS, ROWS)

#ifndef TO_VIDEO

/* ---- from video ------------------------------------------------------------------------------ */

/* The sampler has divided by CHANNEL_MAX. */
float sample_of(float channel)
{
	return floor(roundEven(channel * CHANNEL_MAX) / UNIT);
}

float luma_at(int x, int y)
{
	if (PLANES > 1)
		return sample_of(texelFetch(plane_0, ivec3(x, y, 0), 0).r);
	return sample_of(texelFetch(plane_0, ivec3(x / 2, y, 0), 0)[FIRST + 2 * (x & 1)]);
}

/* Beyond the outer samples, chroma stays the same. */
vec2 chroma_at(int x, int y)
{
	const ivec2 last = (ivec2(width, height) + BLOCK - 1) / BLOCK - 1;
	const ivec3 at = ivec3(clamp(ivec2(x, y), ivec2(0), last), 0);
	vec2 channels;

	if (PLANES == 1) {
		const vec4 pair = texelFetch(plane_0, at, 0);

		channels = vec2(pair[1 - FIRST], pair[3 - FIRST]);
	} else if (PLANES == 2) {
		channels = texelFetch(plane_1, at, 0).rg;
	} else {
		channels = vec2(texelFetch(plane_1, at, 0).r, texelFetch(plane_2, at, 0).r);
	}
	return vec2(sample_of(channels.r), sample_of(channels.g));
}

/* Chroma in a column of samples, between two of their rows. */
vec2 between_rows(int column, int y)
{
	/* the row's place among the samples, in quarters, and one row more */
	const int place = 2 * y - down + 4;
	const float after = float(place & 3) / 4;

	if (ROWS == 1)
		return chroma_at(column, y);
	return chroma_at(column, place / 4 - 1) * (1 - after) + chroma_at(column, place / 4) * after;
}

vec2 chroma_of(int x, int y)
{
	const vec2 here = between_rows(x / COLUMNS, y);

	if (COLUMNS == 1)
		return here;
	if ((x & 1) == 0)
		return across == 0 ? here
				   : here + (between_rows(x / 2 - 1, y) - here) * (float(across) / 4);
	return here + (between_rows(x / 2 + 1, y) - here) * (float(2 - across) / 4);
}

void convert(int x, int y)
{
	const float luma = numbers[0], black = numbers[1], grey = numbers[2];
	const float red_v = numbers[3], green_u = numbers[4], green_v = numbers[5];
	const float blue_u = numbers[6];
	const float light = (luma_at(x, y) - black) * luma;
	const vec2 chroma = chroma_of(x, y) - grey;

	imageStore(colours, ivec3(x, y, 0),
		vec4(light + chroma.y * red_v, light + chroma.x * green_u + chroma.y * green_v,
			light + chroma.x * blue_u, 1));
}

#else

/* ---- to video -------------------------------------------------------------------------------- */

/* Beyond the outer columns and rows, colours stay the same. A NaN becomes 0. */
vec3 colour_at(int x, int y)
{
	const ivec2 last = ivec2(width, height) - 1;
	vec3 colour = texelFetch(colours, ivec3(clamp(ivec2(x, y), ivec2(0), last), 0), 0).rgb;

	for (uint i = 0; i < 3; i++)
		colour[i] = colour[i] > 0 ? colour[i] : 0;
	return min(colour, vec3(1));
}

/* Returns a component's number in a channel of a plane, 0 to 1. */
float channel_of(uint component, vec3 colour)
{
	const vec3 weights = vec3(numbers[4 * component], numbers[4 * component + 1],
		numbers[4 * component + 2]);
	const float number = dot(colour, weights) + numbers[4 * component + 3];

	return clamp(roundEven(number), 0, SAMPLE_MAX) * UNIT / CHANNEL_MAX;
}

/* The mean colour of a row around the place of a sample of chroma. */
vec3 across_row(int column, int y)
{
	const int x = column * COLUMNS;

	if (COLUMNS == 1)
		return colour_at(x, y);
	if (across != 0)
		return (colour_at(x, y) + colour_at(x + 1, y)) / 2;
	return colour_at(x, y) / 2 + (colour_at(x - 1, y) + colour_at(x + 1, y)) / 4;
}

vec3 around(int column, int row)
{
	const int y = row * ROWS + down / 2;

	if (ROWS == 1)
		return across_row(column, row);
	if (down == 1)
		return (across_row(column, y) + across_row(column, y + 1)) / 2;
	return across_row(column, y) / 2 +
	       (across_row(column, y - 1) + across_row(column, y + 1)) / 4;
}

/* Converts the texels that share a sample of chroma. */
void convert(int column, int row)
{
	const vec3 mean = around(column, row);
	const float cb = channel_of(1, mean), cr = channel_of(2, mean);
	const ivec3 at = ivec3(column, row, 0);

	if (PLANES == 1) {
		/* at an odd width the last texel is repeated */
		const float first = channel_of(0, colour_at(2 * column, row));
		const float second = channel_of(0, colour_at(2 * column + 1, row));

		imageStore(plane_0, at,
			FIRST == 0 ? vec4(first, cb, second, cr) : vec4(cb, first, cr, second));
		return;
	}
	for (int y = row * ROWS; y < min((row + 1) * ROWS, height); y++)
		for (int x = column * COLUMNS; x < min((column + 1) * COLUMNS, width); x++)
			imageStore(plane_0, ivec3(x, y, 0), vec4(channel_of(0, colour_at(x, y))));
	if (PLANES == 2) {
		imageStore(plane_1, at, vec4(cb, cr, 0, 0));
	} else {
		imageStore(plane_1, at, vec4(cb));
		imageStore(plane_2, at, vec4(cr));
	}
}

#endif

void main()
{
	const ivec2 at = ivec2(gl_GlobalInvocationID.xy);
#ifdef TO_VIDEO
	const ivec2 end = (ivec2(width, height) + BLOCK - 1) / BLOCK;
#else
	const ivec2 end = ivec2(width, height);
#endif

	if (at.x < end.x && at.y < end.y)
		convert(at.x, at.y);
}
