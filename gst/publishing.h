/* SPDX-License-Identifier: MIT */
/* A publisher whose frames are in the hands of other elements as GStreamer's memory. */
#ifndef GST_GEYSER_PUBLISHING_H
#define GST_GEYSER_PUBLISHING_H

#include "memory.h"

G_BEGIN_DECLS

/* Reference counted. Any thread may call the functions. */
struct gst_geyser_publishing;

/* A frame of the publisher in a GstMemory. The memory owns it. */
struct gst_geyser_lent;

/* Makes a publisher. Errors: as geyser_publisher_create. */
enum geyser_result gst_geyser_publishing_new(struct geyser_manager *manager,
	const struct geyser_stream_desc *desc, struct gst_geyser_publishing **out);

void gst_geyser_publishing_ref(struct gst_geyser_publishing *publishing);
void gst_geyser_publishing_unref(struct gst_geyser_publishing *publishing);

/* Returns the publisher, which lives until gst_geyser_publishing_end. */
struct geyser_publisher *gst_geyser_publishing_publisher(struct gst_geyser_publishing *publishing);

/* Ends the stream. Frames that are lent stay in memory, and are published no more. */
void gst_geyser_publishing_end(struct gst_geyser_publishing *publishing);

/* Sets for how long the next waits for a buffer to lend last, in ns. 0, the default: they don't
 * wait. */
void gst_geyser_publishing_set_patience(
	struct gst_geyser_publishing *publishing, GstClockTime patience);

/* While this is set no call waits, as with geyser_publisher_set_interrupted. Setting it ends all
 * waits for a buffer to lend, even if it is unset before the waiting threads have seen it. */
void gst_geyser_publishing_set_interrupted(
	struct gst_geyser_publishing *publishing, gboolean interrupted);

/* Ends the waits of threads that lend a buffer. Waits that begin later aren't affected. */
void gst_geyser_publishing_cancel(struct gst_geyser_publishing *publishing);

/* Returns a number that changes with each gst_geyser_publishing_cancel. */
guint gst_geyser_publishing_round(struct gst_geyser_publishing *publishing);

/* Waits until the threads whose waits were ended have noticed, which takes 50 ms at most. The
 * publisher's own waits end early before. */
void gst_geyser_publishing_settle(struct gst_geyser_publishing *publishing);

/* Gives the stream's frames another shape. Frames that are lent stay in memory, and can't be
 * published any more. Errors: as geyser_publisher_resize. */
enum geyser_result gst_geyser_publishing_reshape(
	struct gst_geyser_publishing *publishing, const struct geyser_texture_desc *desc);

/* Returns a number that changes with each new shape. */
guint gst_geyser_publishing_shape(struct gst_geyser_publishing *publishing);

/* Lends a buffer of the stream to be drawn into. Waits while subscribers hold the buffers, for the
 * patience at most. Returns NULL after that, if the shape or the round is another one by now, too
 * many buffers are lent, or the buffers aren't host memory. */
GstMemory *gst_geyser_publishing_lend(struct gst_geyser_publishing *publishing,
	GstAllocator *allocator, guint shape, guint round);

/* Returns the frame in a memory that this publishing has lent and that can be published, else
 * NULL. */
struct gst_geyser_lent *gst_geyser_publishing_find(
	struct gst_geyser_publishing *publishing, GstMemory *memory);

/* Publishes a lent frame. The buffer stays as it is for all users of the memory, and is drawn into
 * again after the last of them has released the memory. Errors: as geyser_publisher_submit_kept. */
enum geyser_result gst_geyser_publishing_submit(struct gst_geyser_publishing *publishing,
	struct gst_geyser_lent *lent, const struct geyser_frame_info *info);

G_END_DECLS

#endif
