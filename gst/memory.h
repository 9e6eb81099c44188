/* SPDX-License-Identifier: MIT */
/* Textures as GStreamer's memory. */
#ifndef GST_GEYSER_MEMORY_H
#define GST_GEYSER_MEMORY_H

#include <geyser/stream.h>
#include <gst/allocators/gstfdmemory.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

/* An allocator whose memory is the host memory of geyser's textures: a memfd, which
 * gst_fd_memory_get_fd gives. Mapping it is geyser_texture_map. Memory that another process has
 * shared for reading only is GST_MEMORY_FLAG_READONLY. */
#define GST_TYPE_GEYSER_ALLOCATOR (gst_geyser_allocator_get_type())
G_DECLARE_FINAL_TYPE(
	GstGeyserAllocator, gst_geyser_allocator, GST, GEYSER_ALLOCATOR, GstFdAllocator)

/* Where the planes of a texture lie in its memory. */
struct gst_geyser_layout {
	guint planes;
	gsize offset[GST_VIDEO_MAX_PLANES];
	gint stride[GST_VIDEO_MAX_PLANES];
	gsize size; /* bytes from the first plane's offset 0 to the end of the memory */
};

/* Tells where the planes lie. */
void gst_geyser_layout_of(struct geyser_texture *texture, struct gst_geyser_layout *out);

/* Whether a picture without a GstVideoMeta lies like this in its memory. */
gboolean gst_geyser_layout_is_default(
	const struct gst_geyser_layout *layout, const GstVideoInfo *info);

/* Makes a memory of the texture, of which the memory takes a reference. free_owner(owner) is called
 * when the last user of the memory has released it, on that user's thread. Returns NULL if the
 * texture isn't host memory that can be mapped in place. free_owner isn't called then. */
GstMemory *gst_geyser_memory_new(GstAllocator *allocator, struct geyser_texture *texture,
	gpointer owner, GDestroyNotify free_owner);

/* Returns the owner of a whole memory of such an allocator, and NULL for all other memory. */
gpointer gst_geyser_memory_owner(GstMemory *memory);

/* Makes a buffer of a memory with this layout, which the buffer takes over. With `meta` the buffer
 * tells the layout by a GstVideoMeta. The caller owns the buffer. */
GstBuffer *gst_geyser_buffer_new(GstMemory *memory, const GstVideoInfo *info,
	struct gst_geyser_layout *layout, gboolean meta);

/* Tells where the planes lie in a memory that has such an owner. */
void gst_geyser_memory_layout(GstMemory *memory, struct gst_geyser_layout *out);

/* Copies all planes of a frame into a texture, or the other way. Both have the same format. The
 * texture gets the part of the frame that begins at x, y, which are multiples of what the chroma is
 * subsampled by. The caller makes sure that the part lies in the frame. The other way, both have
 * the same size. Returns GEYSER_OK, or the error of geyser_texture_map. */
enum geyser_result gst_geyser_copy_to_texture(
	const GstVideoFrame *from, guint x, guint y, struct geyser_texture *texture);
enum geyser_result gst_geyser_copy_from_texture(
	struct geyser_texture *texture, const GstVideoFrame *to);

G_END_DECLS

#endif
