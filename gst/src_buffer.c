/* SPDX-License-Identifier: MIT */
/* The buffers of a geysersrc: the stream's own, or copies. */
#include "src.h"

#include <gst/video/gstvideometa.h>
#include <gst/video/gstvideopool.h>

#define GST_CAT_DEFAULT gst_geyser_debug

void gst_geyser_src_set_copies(GstGeyserSrc *self, GstBufferPool *copies)
{
	if (self->copies) {
		(void)gst_buffer_pool_set_active(self->copies, FALSE);
		gst_object_unref(self->copies);
	}
	self->copies = copies;
}

static GstBufferPool *make_copies(GstGeyserSrc *self)
{
	GstBufferPool *pool = gst_video_buffer_pool_new();
	GstStructure *config = gst_buffer_pool_get_config(pool);

	gst_buffer_pool_config_set_params(
		config, self->caps, (guint)GST_VIDEO_INFO_SIZE(&self->video), 0, 0);
	if (self->takes_meta)
		gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
	if (gst_buffer_pool_set_config(pool, config) && gst_buffer_pool_set_active(pool, TRUE))
		return pool;
	gst_object_unref(pool);
	return NULL;
}

/* Copies the pending frame into memory of this process, and releases it. */
static GstFlowReturn copy(GstGeyserSrc *self, GstBuffer **buffer)
{
	enum geyser_result result;
	GstVideoFrame picture;
	GstFlowReturn flow;

	if (!self->copies)
		gst_geyser_src_set_copies(self, make_copies(self));
	if (!self->copies)
		return GST_FLOW_ERROR;
	flow = gst_buffer_pool_acquire_buffer(self->copies, buffer, NULL);
	if (flow != GST_FLOW_OK)
		return flow;
	if (!gst_video_frame_map(&picture, &self->video, *buffer, GST_MAP_WRITE)) {
		gst_clear_buffer(buffer);
		return GST_FLOW_ERROR;
	}
	result = gst_geyser_copy_from_texture(geyser_frame_texture(self->pending), &picture);
	gst_video_frame_unmap(&picture);
	(void)geyser_subscriber_release(
		gst_geyser_receiving_subscriber(self->receiving), self->pending);
	self->pending = NULL;
	gst_geyser_src_count(self, &self->copied, 1);
	if (result == GEYSER_OK)
		return GST_FLOW_OK;
	gst_clear_buffer(buffer);
	return gst_geyser_src_fail(self, result, "can't read a frame of");
}

/* Whether the next buffer must be a copy so that the publisher keeps two buffers to go on with: the
 * newest frame's and one to draw into. */
static gboolean is_short_of_buffers(GstGeyserSrc *self)
{
	if (gst_geyser_receiving_held(self->receiving) + 2 < self->buffers)
		return FALSE;
	if (!self->told)
		gst_geyser_post_info(GST_ELEMENT(self), GST_RESOURCE_ERROR_NO_SPACE_LEFT,
			g_strdup_printf("other elements keep %u of the %u buffers of the stream "
					"\"%s\": more frames are copied. The publisher can have up "
					"to %u buffers",
				gst_geyser_receiving_held(self->receiving), self->buffers,
				self->stream, GEYSER_STREAM_BUFFERS_MAX));
	self->told = TRUE;
	return TRUE;
}

/* Puts the pending frame's own memory into a buffer. Returns NULL if it must be copied. */
static GstBuffer *wrap(GstGeyserSrc *self)
{
	struct gst_geyser_layout layout;
	GstMemory *memory;

	gst_geyser_layout_of(geyser_frame_texture(self->pending), &layout);
	if (!self->takes_meta && !gst_geyser_layout_is_default(&layout, &self->video))
		return NULL;
	if (is_short_of_buffers(self))
		return NULL;
	memory = gst_geyser_receiving_wrap(self->receiving, self->allocator, self->pending);
	if (!memory)
		return NULL;
	self->pending = NULL;
	return gst_geyser_buffer_new(memory, &self->video, &layout, TRUE);
}

static void add_metas(GstBuffer *buffer, const struct geyser_frame_info *info)
{
	if (info->crop.width) {
		GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);

		crop->x = info->crop.x;
		crop->y = info->crop.y;
		crop->width = info->crop.width;
		crop->height = info->crop.height;
	}
	for (uint32_t i = 0; i < info->damage_count; i++)
		(void)gst_buffer_add_video_region_of_interest_meta(buffer, "damage",
			info->damage[i].x, info->damage[i].y, info->damage[i].width,
			info->damage[i].height);
}

GstFlowReturn gst_geyser_src_make_buffer(GstGeyserSrc *self, GstBuffer **buffer)
{
	const struct geyser_frame_info info = *geyser_frame_get_info(self->pending);
	GstFlowReturn flow = GST_FLOW_OK;

	*buffer = wrap(self);
	if (!*buffer)
		flow = copy(self, buffer);
	if (flow == GST_FLOW_OK)
		add_metas(*buffer, &info);
	return flow;
}

/* ---- time ---- */

/* The running time at which the frame was submitted. If the running time is less than that of the
 * frame before, a flush or the application has set it back. */
static GstClockTime live_time(GstGeyserSrc *self, const struct geyser_frame_info *info)
{
	GstClock *clock = gst_element_get_clock(GST_ELEMENT(self));
	GstClockTime time, age, base;

	if (!clock)
		return GST_CLOCK_TIME_NONE;
	time = gst_clock_get_time(clock);
	gst_object_unref(clock);
	age = gst_geyser_now();
	age = age > info->timestamp_ns ? age - info->timestamp_ns : 0;
	base = gst_element_get_base_time(GST_ELEMENT(self));
	time = time > base ? time - base : 0;
	if (GST_CLOCK_TIME_IS_VALID(self->last) && time < self->last)
		self->last = GST_CLOCK_TIME_NONE;
	return time > age ? time - age : 0;
}

/* The frame's time on the publisher's time line. The line may begin at 0, which is also what a
 * frame without a time has: only a later frame shows which of both it is. */
static guint64 publishers_time(GstGeyserSrc *self, const struct geyser_frame_info *info)
{
	if (!self->sequence) {
		self->has_presentation = FALSE;
		self->stamp_ns = info->timestamp_ns;
	}
	if (info->presentation_ns)
		self->has_presentation = TRUE;
	if (self->has_presentation)
		return info->presentation_ns;
	return info->timestamp_ns > self->stamp_ns ? info->timestamp_ns - self->stamp_ns : 0;
}

/* The publisher's own time line, from the first frame on. After a reconnection, and if the
 * publisher goes back in time as after a seek, it goes on where it was. */
static GstClockTime media_time(
	GstGeyserSrc *self, const struct geyser_frame_info *info, GstBuffer *buffer)
{
	const GstClockTime duration = GST_BUFFER_DURATION(buffer);
	const guint64 time = publishers_time(self, info);

	if (!self->sequence || time < self->before_ns) {
		self->first_ns = time;
		self->start_ns = 0;
		if (GST_CLOCK_TIME_IS_VALID(self->last))
			self->start_ns =
				self->last + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
		GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
	}
	self->before_ns = time;
	return self->start_ns + time - self->first_ns;
}

GstClockTime gst_geyser_src_duration(const GstGeyserSrc *self)
{
	if (!self->rate_num)
		return GST_CLOCK_TIME_NONE;
	return gst_util_uint64_scale(GST_SECOND, self->rate_den, self->rate_num);
}

void gst_geyser_src_set_time(
	GstGeyserSrc *self, const struct geyser_frame_info *info, GstBuffer *buffer)
{
	GstClockTime time;

	GST_BUFFER_DURATION(buffer) = gst_geyser_src_duration(self);
	time = gst_base_src_is_live(GST_BASE_SRC(self)) ? live_time(self, info)
							: media_time(self, info, buffer);
	if (GST_CLOCK_TIME_IS_VALID(self->last) && GST_CLOCK_TIME_IS_VALID(time))
		time = MAX(time, self->last);
	GST_BUFFER_PTS(buffer) = time;
	GST_BUFFER_OFFSET(buffer) = info->sequence - 1;
	GST_BUFFER_OFFSET_END(buffer) = info->sequence;
	if (!self->sequence || info->sequence != self->sequence + 1)
		GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
	if (self->sequence && info->sequence > self->sequence + 1)
		gst_geyser_src_count(self, &self->dropped, info->sequence - self->sequence - 1);
	self->sequence = info->sequence;
	self->last = time;
}
