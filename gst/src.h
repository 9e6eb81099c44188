/* SPDX-License-Identifier: MIT */
/* The members of a geysersrc, for the files that implement it. The streaming thread alone calls the
 * functions here. */
#ifndef GST_GEYSER_SRC_H
#define GST_GEYSER_SRC_H

#include "elements.h"
#include "receiving.h"

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_GEYSER_SRC(object) \
	G_TYPE_CHECK_INSTANCE_CAST(object, gst_geyser_src_get_type(), struct gst_geyser_src)

struct gst_geyser_src {
	GstPushSrc parent;

	/* properties; guarded by the object's lock, under which only timeout changes once it is
	 * started */
	gchar *stream;
	gboolean every, reconnect, convert;
	enum geyser_backend backend;
	GstClockTime timeout;
	gboolean started;

	/* all below belongs to the streaming thread, but for what says otherwise */
	struct geyser_manager *manager;
	GstAllocator *allocator;
	struct gst_geyser_receiving *receiving; /* NULL: not connected yet */
	gboolean converted;                     /* the frames are a rendition */
	struct geyser_frame *pending;           /* acquired, and not pushed yet; or NULL */
	/* of the stream; the latency is told with the object's lock, and so they are changed with
	 * it */
	guint buffers;
	uint32_t rate_num, rate_den; /* both 0: not known */
	gboolean announced;          /* the application was told that the stream isn't there yet */

	/* what the frames have in common */
	struct geyser_texture_desc desc;
	struct geyser_frame_info info;
	GstCaps *caps;
	GstVideoInfo video;
	GstFlowReturn refused; /* why the last negotiation has failed */
	gboolean takes_meta;   /* the next element understands GstVideoMeta */
	GstBufferPool *copies;
	gboolean told; /* of copies because the buffers are used up */

	/* timestamps */
	guint64 sequence; /* of the frame before; 0: none */
	/* not live: the times of the publisher's time line; its first frame's time, and where that
	 * is put */
	gboolean has_presentation;
	guint64 stamp_ns, before_ns, first_ns, start_ns;
	GstClockTime last; /* of the buffer before; or NONE */
	enum geyser_orientation orientation;

	_Atomic gboolean unlocked;
	/* guarded by the object's lock */
	guint64 frames, copied, dropped, connections;
};

typedef struct gst_geyser_src GstGeyserSrc;

/* Posts geyser's error. Returns GST_FLOW_ERROR. */
GstFlowReturn gst_geyser_src_fail(GstGeyserSrc *self, enum geyser_result result, const char *what);

/* Adds to one of the counters of the property `stats`. */
void gst_geyser_src_count(GstGeyserSrc *self, guint64 *counter, guint64 more);

/* ---- src_stream.c ---- */

/* Waits until the stream is there, and subscribes to it. rendition may be NULL. Returns FLUSHING if
 * the wait was ended, and ERROR after it has posted an error. */
GstFlowReturn gst_geyser_src_connect(
	GstGeyserSrc *self, const struct geyser_rendition_desc *rendition);

/* Gives the pending frame back, and ends the subscription. */
void gst_geyser_src_disconnect(GstGeyserSrc *self);

/* Gets the next frame into `pending`, unless there is one. A publisher that has come back may
 * publish in another shape and with other buffers: with `reconnect` the frame tells. */
GstFlowReturn gst_geyser_src_fetch(GstGeyserSrc *self);

/* ---- src_caps.c ---- */

/* Whether the pending frame has the caps that were negotiated. */
gboolean gst_geyser_src_is_as_before(GstGeyserSrc *self);

/* GstBaseSrcClass.negotiate. */
gboolean gst_geyser_src_negotiate(GstBaseSrc *base);

/* ---- src_buffer.c ---- */

/* Makes a buffer of the pending frame. */
GstFlowReturn gst_geyser_src_make_buffer(GstGeyserSrc *self, GstBuffer **buffer);

/* Replaces the pool of copies, which may be NULL. */
void gst_geyser_src_set_copies(GstGeyserSrc *self, GstBufferPool *copies);

/* Returns how long a frame is shown, or NONE if the stream has no rate. */
GstClockTime gst_geyser_src_duration(const GstGeyserSrc *self);

/* Sets the buffer's times, and counts frames that never came. */
void gst_geyser_src_set_time(
	GstGeyserSrc *self, const struct geyser_frame_info *info, GstBuffer *buffer);

G_END_DECLS

#endif
