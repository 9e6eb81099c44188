/*
 * The numbers of single texels.
 *
 * SPDX-License-Identifier: MIT
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "view_scene.h"

/* ---- one texel ------------------------------------------------------------------------------- */

/* What full intensity of a channel is as an integer. */
static double most_of(const struct geyser_format_info *format, unsigned channel)
{
	if (format->format == GEYSER_FORMAT_RGB10A2_UNORM)
		return channel == 3 ? 3 : 1023;
	if (format->type == GEYSER_FORMAT_TYPE_YUV)
		return format->planes > 1 && format->bytes_per_texel > 1 ? 65535 : 255;
	return ldexp(1, (int)(8 * format->bytes_per_texel / format->channels)) - 1;
}

/* GL has decoded the numbers of an -srgb format to light. */
static double encoded(double light)
{
	return light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055;
}

/* Writes one channel as it lies in memory. */
static void write_number(const struct geyser_format_info *format, unsigned channel, uint32_t bits,
	char *text, size_t size)
{
	float number;
	int32_t integer;

	(void)memcpy(&number, &bits, sizeof(number));
	(void)memcpy(&integer, &bits, sizeof(integer));
	switch (format->type) {
	case GEYSER_FORMAT_TYPE_UINT:
		(void)snprintf(text, size, "%u", bits);
		break;
	case GEYSER_FORMAT_TYPE_SINT:
		(void)snprintf(text, size, "%d", integer);
		break;
	case GEYSER_FORMAT_TYPE_UNORM:
	case GEYSER_FORMAT_TYPE_YUV:
		(void)snprintf(text, size, "%.0f",
			(format->srgb && channel < 3 ? encoded((double)number) : (double)number) *
				most_of(format, channel));
		break;
	default:
		(void)snprintf(text, size, "%.7g", (double)number);
		break;
	}
}

static const char *channel_name(const struct geyser_format_info *format, unsigned channel)
{
	static const char *const colours[] = {"R", "G", "B", "A"};
	static const char *const video[] = {"Y", "U", "V"};

	if (format->depth)
		return "depth";
	return format->type == GEYSER_FORMAT_TYPE_YUV ? video[channel] : colours[channel];
}

void view_pixel_describe(struct view_scene *scene, char *text, size_t size)
{
	const unsigned index = view_scene_aim(scene);
	const struct geyser_format_info *format;
	struct view_picture picture;
	struct view_place place;
	uint32_t texel[2], bits[4];
	int length;

	*text = '\0';
	if (!scene->mouse || !view_scene_picture(scene, index, &picture, &place) ||
		!view_texel_at(&place, scene->mouse_x, scene->mouse_y, texel) ||
		!view_gl_read(&scene->gl, &picture,
			&(struct view_sample){texel[0], texel[1], 1, 1, 1, 1}, bits))
		return;
	format = geyser_format_get_info(picture.desc->format);
	length = snprintf(text, size, "%u, %u:", texel[0], texel[1]);
	for (unsigned i = 0; i < (format->depth ? 1 : format->channels); i++) {
		char number[32];

		write_number(format, i, bits[i], number, sizeof(number));
		length += snprintf(text + length, size - (size_t)length, "  %s %s",
			channel_name(format, i), number);
	}
}

/* ---- the range of a picture ------------------------------------------------------------------ */

static double number_of(const struct geyser_format_info *format, uint32_t bits)
{
	float number;
	int32_t integer;

	(void)memcpy(&number, &bits, sizeof(number));
	(void)memcpy(&integer, &bits, sizeof(integer));
	return format->type == GEYSER_FORMAT_TYPE_UINT   ? bits
	       : format->type == GEYSER_FORMAT_TYPE_SINT ? integer
							 : (double)number;
}

void view_pixel_range(struct view_scene *scene)
{
	static uint32_t bits[VIEW_READ_MAX * VIEW_READ_MAX][4];
	struct view_picture picture;
	struct view_place place;
	struct view_meaning meaning;
	const struct geyser_format_info *format;
	double low = DBL_MAX, high = -DBL_MAX;

	if (!view_scene_picture(scene, view_scene_aim(scene), &picture, &place) ||
		geyser_format_is_video(picture.desc->format) ||
		!view_gl_read(&scene->gl, &picture,
			&(struct view_sample){0, 0, (uint32_t)place.width, (uint32_t)place.height,
				VIEW_READ_MAX, VIEW_READ_MAX},
			bits[0]))
		return;
	format = geyser_format_get_info(picture.desc->format);
	meaning = view_meaning_of(picture.desc->format, picture.info);
	for (unsigned i = 0; i < VIEW_READ_MAX * VIEW_READ_MAX; i++) {
		for (unsigned c = 0; c < meaning.channels && c < 3; c++) {
			const double number = number_of(format, bits[i][c]);

			/* neither is true of a NaN */
			low = number < low ? number : low;
			high = number > high ? number : high;
		}
	}
	if (low >= high) {
		view_scene_note(scene, "all numbers of the picture are the same");
		return;
	}
	scene->look.low = (float)(low * (double)meaning.scale);
	scene->look.high = (float)(high * (double)meaning.scale);
}
