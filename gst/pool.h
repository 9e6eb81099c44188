/* SPDX-License-Identifier: MIT */
/* A pool that gives the buffers of a stream to the elements before a sink. */
#ifndef GST_GEYSER_POOL_H
#define GST_GEYSER_POOL_H

#include "publishing.h"

G_BEGIN_DECLS

/* When the stream has no buffer to lend, the pool gives memory of the process of the same layout;
 * the sink copies such a buffer. So the pool has no maximum. */
#define GST_TYPE_GEYSER_POOL (gst_geyser_pool_get_type())
G_DECLARE_FINAL_TYPE(GstGeyserPool, gst_geyser_pool, GST, GEYSER_POOL, GstBufferPool)

/* Makes a pool for frames of this shape. The caller owns it. */
GstBufferPool *gst_geyser_pool_new(struct gst_geyser_publishing *publishing,
	const GstVideoInfo *info, const struct gst_geyser_layout *layout);

G_END_DECLS

#endif
