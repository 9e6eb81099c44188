/* SPDX-License-Identifier: MIT */
/* The connection of a geysersrc. */
#include "formats.h"
#include "src.h"

#define GST_CAT_DEFAULT gst_geyser_debug

/* How long one wait lasts before the element looks whether it must end. */
#define SLICE_NS (50 * GST_MSECOND)

/* When a wait that begins now must end. */
static GstClockTime deadline_of(GstGeyserSrc *self)
{
	GstClockTime timeout, time = gst_geyser_now();

	GST_OBJECT_LOCK(self);
	timeout = self->timeout;
	GST_OBJECT_UNLOCK(self);
	return timeout >= GST_CLOCK_TIME_NONE - time ? GST_CLOCK_TIME_NONE : time + timeout;
}

static GstClockTime slice_until(GstClockTime deadline)
{
	const GstClockTime time = gst_geyser_now();

	return deadline <= time ? 0 : MIN(SLICE_NS, deadline - time);
}

static void announce(GstGeyserSrc *self, GstProgressType type, const char *text)
{
	gchar *message = g_strdup_printf("%s \"%s\"", text, self->stream);

	(void)gst_element_post_message(GST_ELEMENT(self),
		gst_message_new_progress(GST_OBJECT(self), type, "connect", message));
	g_free(message);
}

/* Looks up what the stream says of itself. A publisher may send any numbers. Another rate than
 * before needs new caps. */
static void read_stream(GstGeyserSrc *self)
{
	struct geyser_stream_info found = {.buffers = 0};
	const uint32_t num = self->rate_num, den = self->rate_den;

	(void)geyser_stream_find(self->stream, &found);
	GST_OBJECT_LOCK(self);
	self->buffers = found.buffers;
	self->rate_num = self->rate_den = 0;
	if (gst_geyser_rate_is_known(found.frame_rate_num, found.frame_rate_den)) {
		self->rate_num = found.frame_rate_num;
		self->rate_den = found.frame_rate_den;
	}
	self->connections++;
	GST_OBJECT_UNLOCK(self);
	if (self->rate_num != num || self->rate_den != den)
		gst_clear_caps(&self->caps);
	/* the latency follows from it */
	(void)gst_element_post_message(
		GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

static gboolean is_temporary(enum geyser_result result)
{
	return result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_NOT_FOUND;
}

/* Fails because the property timeout has passed. */
static GstFlowReturn fail_late(GstGeyserSrc *self, const char *what)
{
	GstClockTime timeout;
	gchar *reason;

	GST_OBJECT_LOCK(self);
	timeout = self->timeout;
	GST_OBJECT_UNLOCK(self);
	reason = g_strdup_printf("none came within %.3f s: expected a publisher that goes on, or a "
				 "larger timeout",
		(double)timeout / GST_SECOND);
	gst_geyser_post_reason(GST_ELEMENT(self), GEYSER_ERROR_TIMEOUT, what, self->stream, reason);
	g_free(reason);
	return GST_FLOW_ERROR;
}

/* Waits until the stream is there. */
GstFlowReturn gst_geyser_src_connect(
	GstGeyserSrc *self, const struct geyser_rendition_desc *rendition)
{
	struct geyser_subscriber_desc desc = {
		.name = self->stream,
		.delivery = self->every ? GEYSER_DELIVER_EVERY : GEYSER_DELIVER_LATEST,
	};
	const GstClockTime deadline = deadline_of(self);
	enum geyser_result result;

	for (;;) {
		desc.connect_timeout_ns = slice_until(deadline);
		result =
			gst_geyser_receiving_new(self->manager, &desc, rendition, &self->receiving);
		if (result == GEYSER_OK)
			break;
		if (self->unlocked)
			return GST_FLOW_FLUSHING;
		if (!is_temporary(result))
			return gst_geyser_src_fail(self, result, "can't subscribe to");
		if (gst_geyser_now() >= deadline)
			return fail_late(self, "no stream");
		if (!self->announced)
			announce(self, GST_PROGRESS_TYPE_START, "waiting for the stream");
		self->announced = TRUE;
	}
	if (self->announced)
		announce(self, GST_PROGRESS_TYPE_COMPLETE, "connected to the stream");
	self->announced = FALSE;
	self->sequence = 0;
	self->converted = rendition != NULL;
	read_stream(self);
	return GST_FLOW_OK;
}

/* The publisher has gone. */
static GstFlowReturn end(GstGeyserSrc *self, enum geyser_result result)
{
	enum geyser_end end = GEYSER_END_NONE;
	gchar *reason;

	(void)geyser_subscriber_get_end(gst_geyser_receiving_subscriber(self->receiving), &end);
	if (self->reconnect) {
		GST_INFO_OBJECT(self, "%s", geyser_error_detail());
		announce(self, GST_PROGRESS_TYPE_START, "waiting for the stream");
		self->announced = TRUE;
		return GST_FLOW_OK;
	}
	if (end == GEYSER_END_CLOSED)
		return GST_FLOW_EOS;
	reason = g_strdup_printf(
		"%s; with reconnect=true the element waits for the next publisher of that name",
		geyser_error_detail());
	gst_geyser_post_reason(GST_ELEMENT(self), result, "lost the stream", self->stream, reason);
	g_free(reason);
	return GST_FLOW_ERROR;
}

/* Gets the next frame into `pending`. A publisher that has come back may publish in another shape
 * and with other buffers: with `reconnect` the frame tells. */
GstFlowReturn gst_geyser_src_fetch(GstGeyserSrc *self)
{
	struct geyser_subscriber *subscriber = gst_geyser_receiving_subscriber(self->receiving);
	GstClockTime deadline = deadline_of(self);

	while (!self->pending) {
		enum geyser_result result = geyser_subscriber_acquire(
			subscriber, slice_until(deadline), &self->pending);
		GstFlowReturn flow = GST_FLOW_OK;

		if (result == GEYSER_OK)
			break;
		if (self->unlocked)
			return GST_FLOW_FLUSHING;
		if (result == GEYSER_ERROR_DISCONNECTED || result == GEYSER_ERROR_DEVICE_LOST) {
			flow = end(self, result);
			deadline = deadline_of(self); /* for the next publisher */
		} else if (result == GEYSER_ERROR_BUSY)
			g_usleep(1000); /* other elements hold all buffers */
		else if (result != GEYSER_ERROR_TIMEOUT)
			flow = gst_geyser_src_fail(self, result, "no frame from");
		else if (gst_geyser_now() >= deadline)
			flow = fail_late(self, "no frame from");
		if (flow != GST_FLOW_OK)
			return flow;
	}
	if (self->announced) {
		announce(self, GST_PROGRESS_TYPE_COMPLETE, "connected to the stream");
		self->announced = FALSE;
		self->sequence = 0;
		read_stream(self);
	}
	return GST_FLOW_OK;
}

void gst_geyser_src_disconnect(GstGeyserSrc *self)
{
	if (self->pending)
		(void)geyser_subscriber_release(
			gst_geyser_receiving_subscriber(self->receiving), self->pending);
	self->pending = NULL;
	gst_geyser_receiving_unref(self->receiving);
	self->receiving = NULL;
}
