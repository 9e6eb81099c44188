/* SPDX-License-Identifier: MIT */
#include "formats.h"

#include <string.h>

/* Both names of each format. The first row of a format with the wanted alpha is the one that is
 * chosen for frames. */
static const struct {
	enum geyser_format format;
	GstVideoFormat video;
	bool opaque; /* the video format has unused bytes in place of alpha */
} formats[] = {
	{GEYSER_FORMAT_NV12, GST_VIDEO_FORMAT_NV12, false},
	{GEYSER_FORMAT_I420, GST_VIDEO_FORMAT_I420, false},
	{GEYSER_FORMAT_P010, GST_VIDEO_FORMAT_P010_10LE, false},
	{GEYSER_FORMAT_P016, GST_VIDEO_FORMAT_P016_LE, false},
	{GEYSER_FORMAT_NV16, GST_VIDEO_FORMAT_NV16, false},
	{GEYSER_FORMAT_YUY2, GST_VIDEO_FORMAT_YUY2, false},
	{GEYSER_FORMAT_UYVY, GST_VIDEO_FORMAT_UYVY, false},
	{GEYSER_FORMAT_I422, GST_VIDEO_FORMAT_Y42B, false},
	{GEYSER_FORMAT_I444, GST_VIDEO_FORMAT_Y444, false},
	{GEYSER_FORMAT_RGBA8_UNORM, GST_VIDEO_FORMAT_RGBA, false},
	{GEYSER_FORMAT_BGRA8_UNORM, GST_VIDEO_FORMAT_BGRA, false},
	{GEYSER_FORMAT_RGBA8_UNORM, GST_VIDEO_FORMAT_RGBx, true},
	{GEYSER_FORMAT_BGRA8_UNORM, GST_VIDEO_FORMAT_BGRx, true},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, GST_VIDEO_FORMAT_RGBA, false},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, GST_VIDEO_FORMAT_BGRA, false},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, GST_VIDEO_FORMAT_RGBx, true},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, GST_VIDEO_FORMAT_BGRx, true},
	{GEYSER_FORMAT_RGB10A2_UNORM, GST_VIDEO_FORMAT_RGB10A2_LE, false},
	{GEYSER_FORMAT_RGBA16_UNORM, GST_VIDEO_FORMAT_RGBA64_LE, false},
	{GEYSER_FORMAT_R8_UNORM, GST_VIDEO_FORMAT_GRAY8, false},
	{GEYSER_FORMAT_R8_UNORM_SRGB, GST_VIDEO_FORMAT_GRAY8, false},
	{GEYSER_FORMAT_R16_UNORM, GST_VIDEO_FORMAT_GRAY16_LE, false},
};

enum geyser_format gst_geyser_format_from_video(GstVideoFormat video, enum geyser_alpha *alpha)
{
	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (formats[i].video != video)
			continue;
		*alpha = formats[i].opaque ? GEYSER_ALPHA_OPAQUE : GEYSER_ALPHA_STRAIGHT;
		return formats[i].format;
	}
	return GEYSER_FORMAT_NONE;
}

GstVideoFormat gst_geyser_format_to_video(enum geyser_format format, enum geyser_alpha alpha)
{
	GstVideoFormat found = GST_VIDEO_FORMAT_UNKNOWN;

	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (formats[i].format != format)
			continue;
		if (formats[i].opaque == (alpha == GEYSER_ALPHA_OPAQUE))
			return formats[i].video;
		if (found == GST_VIDEO_FORMAT_UNKNOWN)
			found = formats[i].video; /* no other has the wanted alpha */
	}
	return found;
}

/* ---- caps ---- */

/* Whether an earlier row has the same format of GStreamer. */
static bool is_listed(size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (formats[i].video == formats[row].video)
			return true;
	return false;
}

static void list_formats(GValue *list)
{
	GValue name = G_VALUE_INIT;

	g_value_init(&name, G_TYPE_STRING);
	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (is_listed(i))
			continue;
		g_value_set_static_string(&name, gst_video_format_to_string(formats[i].video));
		gst_value_list_append_value(list, &name);
	}
	g_value_unset(&name);
}

GstCaps *gst_geyser_caps_template(void)
{
	GstCaps *caps = gst_caps_new_simple("video/x-raw", "width", GST_TYPE_INT_RANGE, 1,
		(int)GEYSER_MAX_DIMENSION, "height", GST_TYPE_INT_RANGE, 1,
		(int)GEYSER_MAX_DIMENSION, "framerate", GST_TYPE_FRACTION_RANGE, 0, 1, G_MAXINT, 1,
		NULL);
	GValue list = G_VALUE_INIT;

	g_value_init(&list, GST_TYPE_LIST);
	list_formats(&list);
	gst_caps_set_value(caps, "format", &list);
	g_value_unset(&list);
	return caps;
}

/* ---- colour ---- */

static const struct {
	enum geyser_siting siting;
	GstVideoChromaSite site;
} sitings[] = {
	{GEYSER_SITING_LEFT, GST_VIDEO_CHROMA_SITE_H_COSITED},
	{GEYSER_SITING_CENTER, GST_VIDEO_CHROMA_SITE_NONE},
	{GEYSER_SITING_TOP_LEFT, GST_VIDEO_CHROMA_SITE_COSITED},
	{GEYSER_SITING_TOP, GST_VIDEO_CHROMA_SITE_V_COSITED},
};

static enum geyser_siting siting_of(const GstVideoInfo *info)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sitings); i++)
		if (sitings[i].site == info->chroma_site)
			return sitings[i].siting;
	return GEYSER_SITING_UNSPECIFIED;
}

void gst_geyser_color_from_caps(
	const GstCaps *caps, const GstVideoInfo *info, struct geyser_frame_info *frame)
{
	const GstVideoColorimetry *from = &info->colorimetry;
	struct geyser_color *color = &frame->color;
	GstVideoMasteringDisplayInfo mastering;
	GstVideoContentLightLevel light;

	(void)gst_geyser_format_from_video(GST_VIDEO_INFO_FORMAT(info), &frame->alpha);
	if (frame->alpha == GEYSER_ALPHA_STRAIGHT &&
		GST_VIDEO_INFO_FLAG_IS_SET(info, GST_VIDEO_FLAG_PREMULTIPLIED_ALPHA))
		frame->alpha = GEYSER_ALPHA_PREMULTIPLIED;
	/* 0 is reserved in H.273 but for the matrix, and stands for what GStreamer doesn't know */
	color->primaries = (uint8_t)gst_video_color_primaries_to_iso(from->primaries);
	color->transfer = (uint8_t)gst_video_transfer_function_to_iso(from->transfer);
	color->matrix = from->matrix == GST_VIDEO_COLOR_MATRIX_UNKNOWN
				? 2
				: (uint8_t)gst_video_color_matrix_to_iso(from->matrix);
	color->primaries = color->primaries ? color->primaries : 2;
	color->transfer = color->transfer ? color->transfer : 2;
	color->range = from->range == GST_VIDEO_COLOR_RANGE_16_235 ? GEYSER_COLOR_RANGE_LIMITED
								   : GEYSER_COLOR_RANGE_FULL;
	frame->siting = siting_of(info);
	/* the units are 0.0001 cd/m² */
	if (gst_video_mastering_display_info_from_caps(&mastering, caps)) {
		color->mastering_min_luminance =
			(float)mastering.min_display_mastering_luminance / 10000;
		color->mastering_max_luminance =
			(float)mastering.max_display_mastering_luminance / 10000;
	}
	if (gst_video_content_light_level_from_caps(&light, caps)) {
		color->max_content_light_level = light.max_content_light_level;
		color->max_frame_average_light_level = light.max_frame_average_light_level;
	}
}

/* Whether the publisher has said nothing of its colour: this is the colour of a new frame. */
static bool is_unspecified(const struct geyser_color *color)
{
	return color->primaries == 2 && color->transfer == 2 && color->matrix == 2 &&
	       color->range == GEYSER_COLOR_RANGE_FULL;
}

/* If a frame says nothing, or not the matrix, that stays as GStreamer assumes it for the format and
 * size. */
static void set_colorimetry(GstVideoInfo *info, const struct geyser_frame_info *frame)
{
	const struct geyser_color *color = &frame->color;
	GstVideoColorimetry *to = &info->colorimetry;

	for (size_t i = 0; i < G_N_ELEMENTS(sitings); i++)
		if (sitings[i].siting == frame->siting)
			info->chroma_site = sitings[i].site;
	if (is_unspecified(color))
		return;
	to->primaries = gst_video_color_primaries_from_iso(color->primaries);
	to->transfer = gst_video_transfer_function_from_iso(color->transfer);
	if (color->matrix != 2 && GST_VIDEO_INFO_IS_YUV(info))
		to->matrix = gst_video_color_matrix_from_iso(color->matrix);
	to->range = color->range == GEYSER_COLOR_RANGE_LIMITED ? GST_VIDEO_COLOR_RANGE_16_235
							       : GST_VIDEO_COLOR_RANGE_0_255;
}

/* A coordinate of CIE 1931 in GStreamer's units of 0.00002, with four digits as displays have it:
 * GStreamer's own table has more digits of D65. */
static guint16 chromaticity(double value)
{
	return (guint16)(5 * (guint)(value * 10000 + 0.5));
}

/* geyser keeps the luminance of the mastering display. Its primaries are taken to be those of the
 * picture, as for most of what is mastered. */
static void set_mastering(GstCaps *caps, const GstVideoInfo *info, const struct geyser_color *color)
{
	const GstVideoColorPrimariesInfo *primaries =
		gst_video_color_primaries_get_info(info->colorimetry.primaries);
	const GstVideoContentLightLevel light = {
		.max_content_light_level = (guint16)CLAMP(color->max_content_light_level, 0, 65535),
		.max_frame_average_light_level =
			(guint16)CLAMP(color->max_frame_average_light_level, 0, 65535),
	};
	GstVideoMasteringDisplayInfo mastering;

	if (light.max_content_light_level || light.max_frame_average_light_level)
		(void)gst_video_content_light_level_add_to_caps(&light, caps);
	if (!(color->mastering_max_luminance > 0) || !primaries)
		return;
	memset(&mastering, 0, sizeof(mastering));
	mastering.display_primaries[0].x = chromaticity(primaries->Rx);
	mastering.display_primaries[0].y = chromaticity(primaries->Ry);
	mastering.display_primaries[1].x = chromaticity(primaries->Gx);
	mastering.display_primaries[1].y = chromaticity(primaries->Gy);
	mastering.display_primaries[2].x = chromaticity(primaries->Bx);
	mastering.display_primaries[2].y = chromaticity(primaries->By);
	mastering.white_point.x = chromaticity(primaries->Wx);
	mastering.white_point.y = chromaticity(primaries->Wy);
	mastering.max_display_mastering_luminance =
		(guint32)(CLAMP(color->mastering_max_luminance, 0, 100000) * 10000);
	mastering.min_display_mastering_luminance =
		(guint32)(CLAMP(color->mastering_min_luminance, 0, 100000) * 10000);
	(void)gst_video_mastering_display_info_add_to_caps(&mastering, caps);
}

gboolean gst_geyser_rate_is_known(uint32_t rate_num, uint32_t rate_den)
{
	return rate_num > 0 && rate_num <= G_MAXINT && rate_den > 0 && rate_den <= G_MAXINT;
}

GstCaps *gst_geyser_caps_of_frame(const struct geyser_texture_desc *desc,
	const struct geyser_frame_info *frame, uint32_t rate_num, uint32_t rate_den)
{
	const GstVideoFormat video = gst_geyser_format_to_video(desc->format, frame->alpha);
	const gboolean has_rate = gst_geyser_rate_is_known(rate_num, rate_den);
	GstVideoInfo info;
	GstCaps *caps;

	if (video == GST_VIDEO_FORMAT_UNKNOWN || desc->depth > 1 || desc->layers > 1 ||
		!gst_video_info_set_format(&info, video, desc->width, desc->height))
		return NULL;
	GST_VIDEO_INFO_FPS_N(&info) = has_rate ? (int)rate_num : 0;
	GST_VIDEO_INFO_FPS_D(&info) = has_rate ? (int)rate_den : 1;
	if (frame->alpha == GEYSER_ALPHA_PREMULTIPLIED && GST_VIDEO_INFO_HAS_ALPHA(&info))
		GST_VIDEO_INFO_FLAG_SET(&info, GST_VIDEO_FLAG_PREMULTIPLIED_ALPHA);
	set_colorimetry(&info, frame);
	caps = gst_video_info_to_caps(&info);
	if (caps)
		set_mastering(caps, &info, &frame->color);
	return caps;
}

/* ---- orientation ---- */

/* A tag's turn is clockwise, and geyser's is counter-clockwise. */
static const struct {
	const char *tag;
	enum geyser_orientation orientation;
} orientations[] = {
	{"rotate-0", GEYSER_ORIENTATION_NORMAL},
	{"rotate-90", GEYSER_ORIENTATION_270},
	{"rotate-180", GEYSER_ORIENTATION_180},
	{"rotate-270", GEYSER_ORIENTATION_90},
	{"flip-rotate-0", GEYSER_ORIENTATION_FLIPPED},
	{"flip-rotate-90", GEYSER_ORIENTATION_FLIPPED_270},
	{"flip-rotate-180", GEYSER_ORIENTATION_FLIPPED_180},
	{"flip-rotate-270", GEYSER_ORIENTATION_FLIPPED_90},
};

gboolean gst_geyser_orientation_from_tag(const char *text, enum geyser_orientation *out)
{
	for (size_t i = 0; i < G_N_ELEMENTS(orientations); i++) {
		if (!g_str_equal(text, orientations[i].tag))
			continue;
		*out = orientations[i].orientation;
		return TRUE;
	}
	return FALSE;
}

const char *gst_geyser_orientation_to_tag(enum geyser_orientation orientation)
{
	for (size_t i = 0; i < G_N_ELEMENTS(orientations); i++)
		if (orientations[i].orientation == orientation)
			return orientations[i].tag;
	return orientations[0].tag;
}
