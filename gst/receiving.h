/* SPDX-License-Identifier: MIT */
/* A subscriber whose frames are in the hands of other elements as GStreamer's memory. */
#ifndef GST_GEYSER_RECEIVING_H
#define GST_GEYSER_RECEIVING_H

#include "memory.h"

G_BEGIN_DECLS

/* Reference counted. Any thread may call the functions. The subscriber lives until the last frame
 * of it is released, so that the frames stay as they are. */
struct gst_geyser_receiving;

/* Connects to a stream. Takes over the reference to nothing: the caller keeps the manager, which
 * may be destroyed before. rendition may be NULL. Errors: as geyser_subscriber_create_rendition. */
enum geyser_result gst_geyser_receiving_new(struct geyser_manager *manager,
	const struct geyser_subscriber_desc *desc, const struct geyser_rendition_desc *rendition,
	struct gst_geyser_receiving **out);

void gst_geyser_receiving_unref(struct gst_geyser_receiving *receiving);

struct geyser_subscriber *gst_geyser_receiving_subscriber(struct gst_geyser_receiving *receiving);

/* Returns how many frames are in the hands of other elements. */
guint gst_geyser_receiving_held(struct gst_geyser_receiving *receiving);

/* Makes a memory of an acquired frame, which is released when the memory is. Returns NULL if the
 * frame isn't host memory. The caller has the frame then. */
GstMemory *gst_geyser_receiving_wrap(struct gst_geyser_receiving *receiving,
	GstAllocator *allocator, struct geyser_frame *frame);

G_END_DECLS

#endif
