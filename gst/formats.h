/* SPDX-License-Identifier: MIT */
/* What GStreamer and geyser call the same formats and colours. */
#ifndef GST_GEYSER_FORMATS_H
#define GST_GEYSER_FORMATS_H

#include <geyser/stream.h>
#include <gst/video/video.h>

/* Returns the caps that both know, in any size and at any rate. The caller owns them. */
GstCaps *gst_geyser_caps_template(void);

/* Returns the format in geyser, or GEYSER_FORMAT_NONE. *alpha: what the format says of alpha. */
enum geyser_format gst_geyser_format_from_video(GstVideoFormat video, enum geyser_alpha *alpha);

/* Returns the format in GStreamer, or GST_VIDEO_FORMAT_UNKNOWN. */
GstVideoFormat gst_geyser_format_to_video(enum geyser_format format, enum geyser_alpha alpha);

/* Reads a frame's colour, siting and alpha from caps and their info. */
void gst_geyser_color_from_caps(
	const GstCaps *caps, const GstVideoInfo *info, struct geyser_frame_info *frame);

/* Returns the caps of a frame, or NULL if GStreamer has no such format or the texture isn't a plain
 * 2D one. A rate that isn't known is a variable one. The caller owns the caps. */
GstCaps *gst_geyser_caps_of_frame(const struct geyser_texture_desc *desc,
	const struct geyser_frame_info *frame, uint32_t rate_num, uint32_t rate_den);

/* Whether both numbers are a frame rate that GStreamer can have, other than 0: variable. */
gboolean gst_geyser_rate_is_known(uint32_t rate_num, uint32_t rate_den);

/* Reads or gives the value of GST_TAG_IMAGE_ORIENTATION. Returns FALSE, and leaves *out, if the
 * text is no such value. */
gboolean gst_geyser_orientation_from_tag(const char *text, enum geyser_orientation *out);
const char *gst_geyser_orientation_to_tag(enum geyser_orientation orientation);

#endif
