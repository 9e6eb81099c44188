/* SPDX-License-Identifier: MIT */
/* The caps of a geysersrc, and what it asks the publisher for. */
#include "formats.h"
#include "src.h"

#define GST_CAT_DEFAULT gst_geyser_debug

static gboolean has_same_color(const struct geyser_color *a, const struct geyser_color *b)
{
	return a->primaries == b->primaries && a->transfer == b->transfer &&
	       a->matrix == b->matrix && a->range == b->range &&
	       a->mastering_min_luminance == b->mastering_min_luminance &&
	       a->mastering_max_luminance == b->mastering_max_luminance &&
	       a->max_content_light_level == b->max_content_light_level &&
	       a->max_frame_average_light_level == b->max_frame_average_light_level;
}

/* Whether the pending frame has the caps that were negotiated. */
gboolean gst_geyser_src_is_as_before(GstGeyserSrc *self)
{
	const struct geyser_texture_desc *desc =
		geyser_texture_get_desc(geyser_frame_texture(self->pending));
	const struct geyser_frame_info *info = geyser_frame_get_info(self->pending);

	return self->caps && desc->format == self->desc.format && desc->width == self->desc.width &&
	       desc->height == self->desc.height && info->alpha == self->info.alpha &&
	       info->siting == self->info.siting && has_same_color(&info->color, &self->info.color);
}

static GstCaps *caps_of_pending(GstGeyserSrc *self)
{
	return gst_geyser_caps_of_frame(
		geyser_texture_get_desc(geyser_frame_texture(self->pending)),
		geyser_frame_get_info(self->pending), self->rate_num, self->rate_den);
}

/* Formats of GStreamer for frames of colours and of gray that it has no name for, the best one
 * first. */
static const char *const colors[] = {"RGBA64_LE", "RGBA", "BGRA", "RGBx", "BGRx", NULL};
static const char *const grays[] = {"GRAY16_LE", "GRAY8", "RGBA64_LE", "RGBA", NULL};

/* Narrows the caps, which the call takes, to the first format that they have and that suits the
 * stream's; without one they stay as they are. */
static GstCaps *prefer_format(enum geyser_format format, GstCaps *caps)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);
	const char *const *names = info->channels == 1 ? grays : colors;

	if (geyser_format_is_video(format))
		return caps;
	for (; *names; names++) {
		GstCaps *wanted =
			gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, *names, NULL);
		GstCaps *both = gst_caps_intersect(caps, wanted);

		gst_caps_unref(wanted);
		if (!gst_caps_is_empty(both)) {
			gst_caps_unref(caps);
			return both;
		}
		gst_caps_unref(both);
	}
	return caps;
}

/* Chooses the format and size that the publisher is asked for. Returns FALSE if the next element
 * takes no video that geyser has. */
static gboolean choose_rendition(
	GstGeyserSrc *self, GstCaps *peer, struct geyser_rendition_desc *rendition)
{
	const struct geyser_texture_desc *desc =
		geyser_texture_get_desc(geyser_frame_texture(self->pending));
	GstCaps *template = gst_geyser_caps_template();
	GstCaps *caps = gst_caps_intersect_full(peer, template, GST_CAPS_INTERSECT_FIRST);
	enum geyser_alpha alpha;
	GstStructure *structure;
	GstVideoInfo info;
	gboolean chosen;

	gst_caps_unref(template);
	if (gst_caps_is_empty(caps)) {
		gst_caps_unref(caps);
		return FALSE;
	}
	caps = prefer_format(desc->format, caps);
	caps = gst_caps_truncate(gst_caps_make_writable(caps));
	structure = gst_caps_get_structure(caps, 0);
	(void)gst_structure_fixate_field_nearest_int(structure, "width", (gint)desc->width);
	(void)gst_structure_fixate_field_nearest_int(structure, "height", (gint)desc->height);
	if (self->rate_num && gst_structure_has_field(structure, "framerate"))
		(void)gst_structure_fixate_field_nearest_fraction(
			structure, "framerate", (gint)self->rate_num, (gint)self->rate_den);
	caps = gst_caps_fixate(caps);
	chosen = gst_video_info_from_caps(&info, caps);
	if (chosen) {
		rendition->format =
			gst_geyser_format_from_video(GST_VIDEO_INFO_FORMAT(&info), &alpha);
		rendition->width = (uint32_t)GST_VIDEO_INFO_WIDTH(&info);
		rendition->height = (uint32_t)GST_VIDEO_INFO_HEIGHT(&info);
	}
	gst_caps_unref(caps);
	return chosen;
}

/* The elements that change one side of a picture, and what it is in caps. */
static const struct {
	const char *element, *fields[3];
} changes[] = {
	{"videoconvert", {"format"}},
	{"videoscale", {"width", "height"}},
	{"videorate", {"framerate"}},
};

/* Whether the peer refuses our caps because of these fields alone. */
static gboolean differs(const GstCaps *own, const GstCaps *peer, const char *const *fields)
{
	const GstStructure *structure = gst_caps_get_structure(own, 0);
	GstCaps *part = gst_caps_new_empty_simple("video/x-raw");
	gboolean fits;

	for (; *fields; fields++)
		if (gst_structure_has_field(structure, *fields))
			gst_caps_set_value(
				part, *fields, gst_structure_get_value(structure, *fields));
	fits = gst_caps_can_intersect(part, peer);
	gst_caps_unref(part);
	return !fits;
}

/* Returns what to put between the elements, which g_free frees. Caps may differ in a combination
 * only. */
static gchar *advice(const GstCaps *own, const GstCaps *peer)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; own && i < G_N_ELEMENTS(changes); i++)
		if (differs(own, peer, changes[i].fields))
			g_string_append_printf(
				text, "%s%s", text->len ? " ! " : "", changes[i].element);
	if (!text->len)
		g_string_append(text, "videoconvert ! videoscale ! videorate");
	return g_string_free(text, FALSE);
}

static gboolean refuse(GstGeyserSrc *self, GstCaps *own, GstCaps *peer)
{
	gchar *between = advice(own, peer);
	gchar *mine = own ? gst_caps_to_string(own)
			  : g_strdup(geyser_format_name(
				    geyser_texture_get_desc(geyser_frame_texture(self->pending))
					    ->format));
	gchar *theirs = gst_caps_to_string(peer);

	GST_ELEMENT_ERROR(self, STREAM, FORMAT,
		("the stream \"%s\" has %s, and the next element takes %s: put %s between them",
			self->stream, mine, theirs, between),
		(NULL));
	g_free(between);
	g_free(mine);
	g_free(theirs);
	return FALSE;
}

/* Subscribes anew, to frames as they are or to a rendition, and gets one. */
static gboolean subscribe_anew(GstGeyserSrc *self, const struct geyser_rendition_desc *rendition)
{
	GstFlowReturn flow;

	gst_geyser_src_disconnect(self);
	flow = gst_geyser_src_connect(self, rendition);
	if (flow == GST_FLOW_OK)
		flow = gst_geyser_src_fetch(self);
	if (flow != GST_FLOW_OK)
		self->refused = flow;
	return flow == GST_FLOW_OK;
}

/* Subscribes anew, to what the next element takes. */
static gboolean ask_for_rendition(GstGeyserSrc *self, GstCaps *own, GstCaps *peer)
{
	struct geyser_rendition_desc rendition = {.format = GEYSER_FORMAT_NONE};
	const struct geyser_texture_desc *desc =
		geyser_texture_get_desc(geyser_frame_texture(self->pending));
	GstCaps *caps;
	gboolean fits;

	if (!self->convert || !choose_rendition(self, peer, &rendition))
		return refuse(self, own, peer);
	gst_geyser_post_info(GST_ELEMENT(self), GST_RESOURCE_ERROR_SETTINGS,
		g_strdup_printf(
			"the publisher of \"%s\" converts for this element: from %s, %ux%u, "
			"to %s, %ux%u",
			self->stream, geyser_format_name(desc->format), desc->width, desc->height,
			geyser_format_name(rendition.format), rendition.width, rendition.height));
	if (!subscribe_anew(self, &rendition))
		return FALSE;
	caps = caps_of_pending(self);
	fits = caps && gst_caps_can_intersect(caps, peer);
	if (!fits)
		(void)refuse(self, caps, peer);
	gst_clear_caps(&caps);
	return fits;
}

/* Remembers what the pending frame has in common with the next ones. */
static gboolean set_common(GstGeyserSrc *self)
{
	gst_clear_caps(&self->caps);
	self->caps = caps_of_pending(self);
	self->desc = *geyser_texture_get_desc(geyser_frame_texture(self->pending));
	self->desc.label = NULL;
	self->info = *geyser_frame_get_info(self->pending);
	gst_geyser_src_set_copies(self, NULL);
	return self->caps && gst_video_info_from_caps(&self->video, self->caps);
}

/* Without a frame there is nothing to negotiate with: create() does it with the next one. The next
 * element may have other caps by now. */
gboolean gst_geyser_src_negotiate(GstBaseSrc *base)
{
	GstGeyserSrc *self = GST_GEYSER_SRC(base);
	GstCaps *own, *peer;
	gboolean fits;

	self->refused = GST_FLOW_NOT_NEGOTIATED;
	if (!self->pending) {
		gst_clear_caps(&self->caps);
		return TRUE;
	}
	own = caps_of_pending(self);
	peer = gst_pad_peer_query_caps(GST_BASE_SRC_PAD(base), NULL);
	fits = own && gst_caps_can_intersect(own, peer);
	if (!fits && self->converted) {
		/* a rendition of a rendition would keep only what the first one kept */
		gst_clear_caps(&own);
		if (!subscribe_anew(self, NULL)) {
			gst_caps_unref(peer);
			return FALSE;
		}
		own = caps_of_pending(self);
		fits = own && gst_caps_can_intersect(own, peer);
	}
	if (!fits)
		fits = ask_for_rendition(self, own, peer);
	gst_clear_caps(&own);
	gst_caps_unref(peer);
	return fits && set_common(self) && gst_base_src_set_caps(base, self->caps);
}
