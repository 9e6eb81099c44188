/* SPDX-License-Identifier: MIT */
/* The members of a geysersink, for the files that implement it. */
#ifndef GST_GEYSER_SINK_H
#define GST_GEYSER_SINK_H

#include "elements.h"
#include "publishing.h"

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

/* How long one wait lasts before the sink looks whether it must end. */
#define GST_GEYSER_SINK_SLICE_NS (50 * GST_MSECOND)

#define GST_GEYSER_SINK(object) \
	G_TYPE_CHECK_INSTANCE_CAST(object, gst_geyser_sink_get_type(), struct gst_geyser_sink)

struct gst_geyser_sink {
	GstBaseSink parent;

	/* properties; guarded by the object's lock, under which only timeout changes once it is
	 * started */
	gchar *stream;
	gboolean lossless;
	guint buffers;
	enum geyser_backend backend;
	GstClockTime timeout;
	guint wait_subscribers;
	gboolean started;
	gboolean playing; /* only then do elements before the sink wait for a buffer */

	struct geyser_manager *manager;
	/* of the streaming thread; unlock uses it with the object's lock */
	struct gst_geyser_publishing *publishing;
	GstVideoInfo info;
	struct geyser_texture_desc desc;
	struct geyser_frame_info frame; /* what all frames of these caps have in common */
	enum geyser_orientation orientation;
	gboolean waited; /* the subscribers of wait-subscribers have come */
	_Atomic gboolean unlocked;
	/* guarded by the object's lock */
	guint64 frames, copied, dropped;
};

typedef struct gst_geyser_sink GstGeyserSink;

/* Returns the property `timeout`. */
GstClockTime gst_geyser_sink_timeout(GstGeyserSink *self);

/* Waits for as long as the pipeline pauses. If it goes on and pauses again before this thread
 * wakes, the base class wakes the thread all the same. Needs the preroll lock. Returns FLUSHING if
 * the pipeline stops. */
GstFlowReturn gst_geyser_sink_go_on(GstGeyserSink *self);

/* GstBaseSinkClass.render: publishes a frame. */
GstFlowReturn gst_geyser_sink_render(GstBaseSink *base, GstBuffer *buffer);

G_END_DECLS

#endif
