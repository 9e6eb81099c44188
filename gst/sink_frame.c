/* SPDX-License-Identifier: MIT */
/* How a geysersink publishes a frame: the buffer itself, or a copy. */
#include "sink.h"

#include <gst/video/gstvideometa.h>
#include <unistd.h>

#define GST_CAT_DEFAULT gst_geyser_debug

static struct geyser_rect clip(
	const struct geyser_texture_desc *desc, guint x, guint y, guint width, guint height)
{
	struct geyser_rect rect = {
		.x = MIN(x, desc->width),
		.y = MIN(y, desc->height),
		.width = width,
		.height = height,
	};

	rect.width = MIN(rect.width, desc->width - rect.x);
	rect.height = MIN(rect.height, desc->height - rect.y);
	return rect;
}

/* Whether the buffer's picture is larger than the caps say, so that a part of it is published. */
static gboolean is_part(const struct geyser_texture_desc *desc, const GstVideoMeta *meta)
{
	return meta && (meta->width != desc->width || meta->height != desc->height);
}

/* Reads the crop, and as damage the regions of interest of the type "damage". If there are more
 * than a frame can have, or an empty one, anything may have changed. If a part of the picture is
 * published, that is the crop, and the regions don't fit it. */
static void read_metas(
	const struct geyser_texture_desc *desc, GstBuffer *buffer, struct geyser_frame_info *frame)
{
	const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);
	const GQuark damage = g_quark_from_static_string("damage");
	gpointer state = NULL;
	GstMeta *meta;

	if (is_part(desc, gst_buffer_get_video_meta(buffer)))
		return;
	if (crop)
		frame->crop = clip(desc, crop->x, crop->y, crop->width, crop->height);
	while ((meta = gst_buffer_iterate_meta_filtered(
			buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
		const GstVideoRegionOfInterestMeta *region = (GstVideoRegionOfInterestMeta *)meta;

		if (region->roi_type != damage)
			continue;
		if (frame->damage_count == GEYSER_FRAME_DAMAGE_MAX) {
			frame->damage_count = 0;
			return;
		}
		frame->damage[frame->damage_count++] =
			clip(desc, region->x, region->y, region->w, region->h);
	}
}

static void fill_info(GstGeyserSink *self, GstBuffer *buffer, struct geyser_frame_info *frame)
{
	GstBaseSink *base = GST_BASE_SINK(self);

	*frame = self->frame;
	frame->orientation = self->orientation;
	read_metas(&self->desc, buffer, frame);
	if (GST_BUFFER_PTS_IS_VALID(buffer) && base->segment.format == GST_FORMAT_TIME) {
		guint64 time = gst_segment_to_running_time(
			&base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));

		frame->presentation_ns = GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
	}
}

/* The buffer's frame, if it can be published as it is. */
static struct gst_geyser_lent *find_lent(GstGeyserSink *self, GstBuffer *buffer)
{
	const GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
	struct gst_geyser_layout layout;
	struct gst_geyser_lent *lent;
	GstMemory *memory;

	if (gst_buffer_n_memory(buffer) != 1 || is_part(&self->desc, meta))
		return NULL;
	memory = gst_buffer_peek_memory(buffer, 0);
	lent = gst_geyser_publishing_find(self->publishing, memory);
	if (!lent || memory->offset != 0)
		return NULL;
	gst_geyser_memory_layout(memory, &layout);
	if (!meta)
		return gst_geyser_layout_is_default(&layout, &self->info) ? lent : NULL;
	for (guint i = 0; i < layout.planes; i++)
		if (meta->n_planes != layout.planes || meta->offset[i] != layout.offset[i] ||
			meta->stride[i] != layout.stride[i])
			return NULL;
	return lent;
}

static void count(GstGeyserSink *self, guint64 *counter)
{
	GST_OBJECT_LOCK(self);
	(*counter)++;
	GST_OBJECT_UNLOCK(self);
}

/* Tells the application and upstream that a frame was dropped. */
static void drop(GstGeyserSink *self, GstBuffer *buffer)
{
	GstMessage *message;
	guint64 frames, dropped;

	GST_OBJECT_LOCK(self);
	self->dropped++;
	frames = self->frames;
	dropped = self->dropped;
	GST_OBJECT_UNLOCK(self);
	message = gst_message_new_qos(GST_OBJECT(self), FALSE, GST_CLOCK_TIME_NONE,
		GST_CLOCK_TIME_NONE, GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
	gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, frames, dropped);
	(void)gst_element_post_message(GST_ELEMENT(self), message);
}

GstFlowReturn gst_geyser_sink_go_on(GstGeyserSink *self)
{
	GstBaseSink *base = GST_BASE_SINK(self);
	GstFlowReturn flow = GST_FLOW_OK;

	while (flow == GST_FLOW_OK &&
		(self->unlocked || GST_STATE_TARGET(self) != GST_STATE_PLAYING))
		flow = gst_base_sink_wait_preroll(base);
	return flow;
}

/* Waits for a free buffer of the stream. *frame is NULL with OK if there is none in time, so that
 * the frame is to be dropped. */
static GstFlowReturn acquire(GstGeyserSink *self, struct geyser_frame **frame)
{
	struct geyser_publisher *publisher = gst_geyser_publishing_publisher(self->publishing);

	for (;;) {
		/* with lossless a wait of 0 would leave no subscriber out, and never end */
		const GstClockTime timeout =
			MAX(gst_geyser_sink_timeout(self), self->lossless ? 1u : 0u);
		enum geyser_result result;
		GstClockTime begin;
		GstFlowReturn flow;

		gst_geyser_publishing_settle(self->publishing);
		begin = gst_geyser_now();
		result = geyser_publisher_acquire(publisher, timeout, frame);
		if (result == GEYSER_OK)
			return GST_FLOW_OK;
		if (result != GEYSER_ERROR_TIMEOUT && result != GEYSER_ERROR_BUSY) {
			gst_geyser_post_error(
				GST_ELEMENT(self), result, "can't publish", self->stream);
			return GST_FLOW_ERROR;
		}
		if (gst_geyser_now() - begin >= timeout || result == GEYSER_ERROR_BUSY) {
			GST_WARNING_OBJECT(self, "%s", geyser_error_detail());
			/* with lossless the stream goes on without the slow subscriber */
			if (result == GEYSER_ERROR_BUSY || !self->lossless)
				return GST_FLOW_OK;
		}
		flow = gst_geyser_sink_go_on(self);
		if (flow != GST_FLOW_OK)
			return flow;
	}
}

static GstFlowReturn submitted(GstGeyserSink *self, enum geyser_result result)
{
	if (result == GEYSER_OK) {
		count(self, &self->frames);
		return GST_FLOW_OK;
	}
	gst_geyser_post_error(GST_ELEMENT(self), result, "can't publish", self->stream);
	return GST_FLOW_ERROR;
}

/* Whether the picture of the caps lies in the buffer, from x, y on. Posts an error if not. */
static gboolean check_size(GstGeyserSink *self, GstBuffer *buffer, guint x, guint y)
{
	const GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
	const struct geyser_texture_desc *desc = &self->desc;
	const char *format = GST_VIDEO_INFO_NAME(&self->info);
	const gsize size = gst_buffer_get_size(buffer);

	if (!meta && size < GST_VIDEO_INFO_SIZE(&self->info)) {
		GST_ELEMENT_ERROR(self, STREAM, FORMAT,
			("a buffer has %zu bytes, and a picture of %u x %u in %s has %zu", size,
				desc->width, desc->height, format,
				GST_VIDEO_INFO_SIZE(&self->info)),
			(NULL));
		return FALSE;
	}
	if (!meta || (meta->format == GST_VIDEO_INFO_FORMAT(&self->info) &&
			     meta->width >= desc->width && meta->height >= desc->height &&
			     x <= meta->width - desc->width && y <= meta->height - desc->height))
		return TRUE;
	GST_ELEMENT_ERROR(self, STREAM, FORMAT,
		("a buffer has a picture of %u x %u in %s, to be shown from %u, %u on, and the "
		 "caps say %u x %u in %s",
			meta->width, meta->height, gst_video_format_to_string(meta->format), x, y,
			desc->width, desc->height, format),
		(NULL));
	return FALSE;
}

/* Finds where the picture of the caps begins in the buffer's picture, which a GstVideoMeta may
 * describe as a larger one: at its crop. */
static void find_origin(const GstGeyserSink *self, GstBuffer *buffer, guint *x, guint *y)
{
	const GstVideoFormatInfo *format = self->info.finfo;
	const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);

	*x = *y = 0;
	if (!crop || !is_part(&self->desc, gst_buffer_get_video_meta(buffer)))
		return;
	*x = crop->x;
	*y = crop->y;
	for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); i++) {
		*x &= G_MAXUINT << GST_VIDEO_FORMAT_INFO_W_SUB(format, i);
		*y &= G_MAXUINT << GST_VIDEO_FORMAT_INFO_H_SUB(format, i);
	}
}

/* Copies the buffer's picture into a frame's texture. */
static GstFlowReturn copy(GstGeyserSink *self, GstBuffer *buffer, struct geyser_texture *texture)
{
	enum geyser_result result;
	GstVideoFrame picture;
	guint x, y;

	find_origin(self, buffer, &x, &y);
	if (!check_size(self, buffer, x, y))
		return GST_FLOW_ERROR;
	if (!gst_video_frame_map(&picture, &self->info, buffer, GST_MAP_READ)) {
		GST_ELEMENT_ERROR(self, RESOURCE, READ,
			("can't read a buffer of %zu bytes as a picture",
				gst_buffer_get_size(buffer)),
			(NULL));
		return GST_FLOW_ERROR;
	}
	result = gst_geyser_copy_to_texture(&picture, x, y, texture);
	gst_video_frame_unmap(&picture);
	if (result == GEYSER_OK)
		return GST_FLOW_OK;
	gst_geyser_post_error(GST_ELEMENT(self), result, "can't publish", self->stream);
	return GST_FLOW_ERROR;
}

static GstFlowReturn publish_copy(
	GstGeyserSink *self, GstBuffer *buffer, const struct geyser_frame_info *info)
{
	struct geyser_publisher *publisher = gst_geyser_publishing_publisher(self->publishing);
	struct geyser_frame *frame;
	GstFlowReturn flow = acquire(self, &frame);

	if (flow != GST_FLOW_OK)
		return flow;
	if (!frame) {
		drop(self, buffer);
		return GST_FLOW_OK;
	}
	flow = copy(self, buffer, geyser_frame_texture(frame));
	if (flow != GST_FLOW_OK) {
		(void)geyser_publisher_discard(publisher, frame);
		return flow;
	}
	*geyser_frame_get_info(frame) = *info;
	count(self, &self->copied);
	return submitted(self, geyser_publisher_submit(publisher, frame));
}

/* Waits for the subscribers that the program wants before the first frame. */
static GstFlowReturn wait_for_subscribers(GstGeyserSink *self)
{
	struct geyser_publisher *publisher = gst_geyser_publishing_publisher(self->publishing);
	GstFlowReturn flow = GST_FLOW_OK;
	GPollFD change = {.events = G_IO_IN};

	if (self->waited || !self->wait_subscribers)
		return GST_FLOW_OK;
	if (geyser_publisher_subscribers_fd(publisher, &change.fd) != GEYSER_OK)
		return GST_FLOW_OK;
	while (flow == GST_FLOW_OK) {
		struct geyser_publisher_stats stats;
		guint64 changes;

		(void)geyser_publisher_get_stats(publisher, &stats);
		self->waited = stats.subscribers >= self->wait_subscribers;
		if (self->waited)
			break;
		if (g_poll(&change, 1, GST_GEYSER_SINK_SLICE_NS / GST_MSECOND) > 0 &&
			read(change.fd, &changes, sizeof(changes)) < 0)
			GST_DEBUG_OBJECT(self, "the descriptor can't be read");
		flow = gst_geyser_sink_go_on(self);
	}
	(void)close(change.fd);
	return flow;
}

GstFlowReturn gst_geyser_sink_render(GstBaseSink *base, GstBuffer *buffer)
{
	GstGeyserSink *self = GST_GEYSER_SINK(base);
	struct geyser_frame_info info;
	struct gst_geyser_lent *lent;
	GstFlowReturn flow;

	if (!self->publishing)
		return GST_FLOW_NOT_NEGOTIATED;
	flow = wait_for_subscribers(self);
	if (flow != GST_FLOW_OK)
		return flow;
	fill_info(self, buffer, &info);
	lent = find_lent(self, buffer);
	if (lent)
		return submitted(self, gst_geyser_publishing_submit(self->publishing, lent, &info));
	return publish_copy(self, buffer, &info);
}
