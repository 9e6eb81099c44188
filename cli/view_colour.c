/*
 * From a picture's numbers to those of an sRGB screen.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view_colour.h"

#include <math.h>
#include <string.h>

/* ---- what the numbers mean ------------------------------------------------------------------- */

/* Code points of ITU-T H.273. */
enum {
	PRIMARIES_BT2020 = 9,
	PRIMARIES_P3 = 12,
	TRANSFER_LINEAR = 8,
	TRANSFER_UNSPECIFIED = 2,
	TRANSFER_PQ = 16,
	TRANSFER_HLG = 18,
};

static enum view_transfer transfer_of(const struct geyser_format_info *format, uint8_t transfer)
{
	if (format->type == GEYSER_FORMAT_TYPE_DEPTH)
		return VIEW_NUMBERS;
	if (format->srgb)
		return VIEW_LINEAR;
	if (transfer == TRANSFER_PQ)
		return VIEW_PQ;
	if (transfer == TRANSFER_HLG)
		return VIEW_HLG;
	if (transfer == TRANSFER_LINEAR)
		return VIEW_LINEAR;
	/* floats are light by custom */
	if (transfer == TRANSFER_UNSPECIFIED && (format->type == GEYSER_FORMAT_TYPE_FLOAT ||
							format->type == GEYSER_FORMAT_TYPE_UFLOAT))
		return VIEW_LINEAR;
	return VIEW_ENCODED;
}

static float scale_of(const struct geyser_format_info *format)
{
	const uint32_t bits = 8 * format->bytes_per_texel / format->channels;

	if (format->type == GEYSER_FORMAT_TYPE_UINT)
		return 1 / (ldexpf(1, (int)bits) - 1);
	if (format->type == GEYSER_FORMAT_TYPE_SINT)
		return 1 / (ldexpf(1, (int)bits - 1) - 1);
	return 1;
}

/* Sets the matrix of BT.2020 or P3 to BT.709, whose primaries are sRGB's. */
static void set_primaries(uint8_t primaries, struct view_meaning *out)
{
	static const float bt2020[9] = {1.660491f, -0.587641f, -0.072850f, -0.124550f, 1.132900f,
		-0.008349f, -0.018151f, -0.100579f, 1.118730f};
	static const float p3[9] = {1.224940f, -0.224940f, 0, -0.042057f, 1.042057f, 0, -0.019638f,
		-0.078636f, 1.098274f};
	static const float same[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
	static const float weights_2020[3] = {0.2627f, 0.6780f, 0.0593f};
	static const float weights_709[3] = {0.2126f, 0.7152f, 0.0722f};
	const bool is_2020 = primaries == PRIMARIES_BT2020;

	out->wide = is_2020 || primaries == PRIMARIES_P3;
	(void)memcpy(out->to_srgb, is_2020 ? bt2020 : out->wide ? p3 : same, sizeof(same));
	(void)memcpy(out->weights, is_2020 ? weights_2020 : weights_709, sizeof(weights_709));
}

/* A peer may send any number. */
static bool is_known(float light)
{
	return isfinite(light) && light > 0;
}

static float peak_of(const struct geyser_color *color)
{
	const float light = is_known(color->max_content_light_level)
				    ? color->max_content_light_level
				    : color->mastering_max_luminance;

	/* 1000 cd/m² is HLG's peak, and that of most pictures in PQ. A darker peak than white needs
	 * no curve. */
	return (is_known(light) ? fmaxf(light, VIEW_WHITE) : 1000) / VIEW_WHITE;
}

struct view_meaning view_meaning_of(enum geyser_format format, const struct geyser_frame_info *info)
{
	const struct geyser_format_info *const row = geyser_format_get_info(format);
	struct view_meaning out = {
		.transfer = transfer_of(row, info->color.transfer),
		.scale = scale_of(row),
		.peak = peak_of(&info->color),
		.channels = row->depth ? 1 : row->channels,
		.alpha = row->channels == 4 && info->alpha != GEYSER_ALPHA_OPAQUE,
		.premultiplied = info->alpha == GEYSER_ALPHA_PREMULTIPLIED,
	};

	set_primaries(info->color.primaries, &out);
	if (out.transfer == VIEW_HLG)
		out.peak = 1000 / VIEW_WHITE;
	if (out.transfer == VIEW_NUMBERS)
		out.wide = false;
	return out;
}

void view_luma_weights(uint8_t matrix, double *red, double *blue)
{
	static const struct {
		uint8_t matrix;
		double red, blue;
	} rows[] = {{1, 0.2126, 0.0722}, {4, 0.30, 0.11}, {7, 0.212, 0.087}, {9, 0.2627, 0.0593}};

	*red = 0.299;
	*blue = 0.114;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].matrix == matrix) {
			*red = rows[i].red;
			*blue = rows[i].blue;
		}
	}
}

/* ---- transfer functions ---------------------------------------------------------------------- */

static float srgb_decode(float v)
{
	return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

static float srgb_encode(float v)
{
	return v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1 / 2.4f) - 0.055f;
}

/* SMPTE ST 2084; the light is in units of white. */
static float pq_decode(float v)
{
	const float p = powf(fmaxf(v, 0), 1 / 78.84375f);

	return powf(fmaxf(p - 0.8359375f, 0) / (18.8515625f - 18.6875f * p), 1 / 0.1593017578125f) *
	       (10000 / VIEW_WHITE);
}

static float pq_encode(float light)
{
	const float p = powf(fmaxf(light, 0) * (VIEW_WHITE / 10000), 0.1593017578125f);

	return powf((0.8359375f + 18.8515625f * p) / (1 + 18.6875f * p), 78.84375f);
}

/* ITU-R BT.2100; the light of the scene. */
static float hlg_decode(float v)
{
	v = fmaxf(v, 0);
	return v <= 0.5f ? v * v / 3 : (expf((v - 0.55991073f) / 0.17883277f) + 0.28466892f) / 12;
}

static void decode(const struct view_meaning *meaning, float rgb[3])
{
	float luminance = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (meaning->transfer == VIEW_ENCODED)
			rgb[i] = srgb_decode(rgb[i]);
		else if (meaning->transfer == VIEW_PQ)
			rgb[i] = pq_decode(rgb[i]);
		else if (meaning->transfer == VIEW_HLG)
			rgb[i] = hlg_decode(rgb[i]);
		luminance += rgb[i] * meaning->weights[i];
	}
	/* the screen's system gamma of 1.2, at 1000 cd/m² */
	for (unsigned i = 0; i < 3 && meaning->transfer == VIEW_HLG; i++)
		rgb[i] *= powf(luminance, 0.2f) * (1000 / VIEW_WHITE);
}

/* ---- tone mapping ---------------------------------------------------------------------------- */

bool view_maps_tone(const struct view_meaning *meaning, const struct view_look *look)
{
	if (meaning->transfer == VIEW_NUMBERS || look->tone == VIEW_TONE_OFF)
		return false;
	return look->tone == VIEW_TONE_ON || meaning->transfer == VIEW_PQ ||
	       meaning->transfer == VIEW_HLG;
}

/* The curve of ITU-R BT.2390, 5.4.1, from the peak to white, without a lift of black. */
static float roll_off(float light, float peak)
{
	const float top = pq_encode(peak), most = pq_encode(1) / top;
	const float knee = 1.5f * most - 0.5f, v = fminf(pq_encode(light) / top, 1);
	float t, mapped = v;

	if (v > knee) {
		t = (v - knee) / (1 - knee);
		mapped = (2 * t * t * t - 3 * t * t + 1) * knee +
			 (t * t * t - 2 * t * t + t) * (1 - knee) +
			 (3 * t * t - 2 * t * t * t) * most;
	}
	return pq_decode(mapped * top);
}

/* The brightest channel is mapped, and the others keep their relation to it. */
static void map_tone(const struct view_meaning *meaning, float rgb[3])
{
	const float brightest = fmaxf(fmaxf(rgb[0], rgb[1]), rgb[2]);
	const float factor = brightest > 0 ? roll_off(brightest, meaning->peak) / brightest : 1;

	for (unsigned i = 0; i < 3; i++)
		rgb[i] *= factor;
}

/* ---- both ------------------------------------------------------------------------------------ */

static void to_srgb(const struct view_meaning *meaning, float rgb[3])
{
	const float from[3] = {rgb[0], rgb[1], rgb[2]};
	const float *row = meaning->to_srgb;

	for (unsigned i = 0; i < 3; i++, row += 3)
		rgb[i] = row[0] * from[0] + row[1] * from[1] + row[2] * from[2];
}

/* Chooses the channels that are shown as red, green and blue. */
static void choose_channels(const struct view_meaning *meaning, const struct view_look *look,
	const float number[4], float rgb[3])
{
	const bool one = look->channels >= VIEW_RED;
	const unsigned channel = one ? look->channels - VIEW_RED : 0;

	for (unsigned i = 0; i < 3; i++)
		rgb[i] = number[one ? channel : meaning->channels == 1 ? 0 : i] * meaning->scale;
	for (unsigned i = 0; i < 3 && look->low < look->high; i++)
		rgb[i] = (rgb[i] - look->low) / (look->high - look->low);
}

static void shine(const struct view_meaning *meaning, const struct view_look *look, float rgb[3])
{
	const float exposure = exp2f((float)look->half_stops / 2);
	const bool tone = view_maps_tone(meaning, look);

	if (meaning->transfer == VIEW_NUMBERS || look->channels == VIEW_ALPHA) {
		for (unsigned i = 0; i < 3; i++)
			rgb[i] *= exposure;
		return;
	}
	if (meaning->transfer == VIEW_ENCODED && !meaning->wide && !look->half_stops && !tone)
		return;
	decode(meaning, rgb);
	for (unsigned i = 0; i < 3; i++)
		rgb[i] *= exposure;
	if (tone)
		map_tone(meaning, rgb);
	if (meaning->wide && look->channels < VIEW_RED)
		to_srgb(meaning, rgb);
	for (unsigned i = 0; i < 3; i++)
		rgb[i] = srgb_encode(fmaxf(rgb[i], 0));
}

void view_colour_show(const struct view_meaning *meaning, const struct view_look *look,
	const float number[4], uint8_t out[3])
{
	const bool blend = look->channels == VIEW_ALL && meaning->alpha;
	const float alpha = blend ? fminf(fmaxf(number[3] * meaning->scale, 0), 1) : 1;
	float rgb[3];

	choose_channels(meaning, look, number, rgb);
	shine(meaning, look, rgb);
	for (unsigned i = 0; i < 3; i++) {
		const float shown = fminf(fmaxf(rgb[i], 0), 1);
		const float mixed = (meaning->premultiplied && blend ? shown : shown * alpha) +
				    0.5f * (1 - alpha);

		out[i] = (uint8_t)(fminf(mixed, 1) * 255 + 0.5f); /* a NaN is black: fmaxf above */
	}
}
