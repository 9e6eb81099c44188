/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <string.h>
#include <unistd.h>

struct _GstGeyserAllocator {
	GstFdAllocator parent;
};

G_DEFINE_TYPE(GstGeyserAllocator, gst_geyser_allocator, GST_TYPE_FD_ALLOCATOR)

/* What belongs to a memory. */
struct holding {
	struct geyser_texture *texture;
	gpointer owner;
	GDestroyNotify free_owner;
};

static GQuark holding_quark(void)
{
	return g_quark_from_static_string("GstGeyserHolding");
}

static struct holding *holding_of(GstMemory *memory)
{
	return gst_mini_object_get_qdata(GST_MINI_OBJECT_CAST(memory), holding_quark());
}

static void release(gpointer data)
{
	struct holding *holding = data;

	if (holding->free_owner)
		holding->free_owner(holding->owner);
	geyser_texture_unref(holding->texture);
	g_free(holding);
}

/* ---- mapping ---- */

/* A part of a memory has the whole memory as its parent, and is mapped through it. */
static gpointer map(GstMemory *memory, gsize maxsize, GstMapFlags flags)
{
	struct holding *holding = holding_of(memory->parent ? memory->parent : memory);
	enum geyser_access access = GEYSER_ACCESS_READ;
	struct geyser_mapping mapping;

	(void)maxsize;
	if (flags & GST_MAP_WRITE)
		access = flags & GST_MAP_READ ? GEYSER_ACCESS_READ_WRITE : GEYSER_ACCESS_WRITE;
	if (geyser_texture_map(holding->texture, access, &mapping) == GEYSER_OK)
		return mapping.data;
	GST_DEBUG("can't map: %s", geyser_error_detail());
	return NULL;
}

static void unmap(GstMemory *memory)
{
	geyser_texture_unmap(holding_of(memory->parent ? memory->parent : memory)->texture);
}

static void gst_geyser_allocator_class_init(GstGeyserAllocatorClass *class)
{
	(void)class;
}

static void gst_geyser_allocator_init(GstGeyserAllocator *self)
{
	GstAllocator *allocator = GST_ALLOCATOR(self);

	allocator->mem_type = "geyser";
	allocator->mem_map = map;
	allocator->mem_unmap = unmap;
}

/* ---- layout ---- */

void gst_geyser_layout_of(struct geyser_texture *texture, struct gst_geyser_layout *out)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	struct geyser_subresource plane;

	memset(out, 0, sizeof(*out));
	out->planes = geyser_format_get_info(desc->format)->planes;
	for (guint i = 0; i < out->planes; i++) {
		(void)geyser_texture_get_subresource(texture, i, 0, 0, &plane);
		out->offset[i] = plane.offset;
		out->stride[i] = (gint)plane.row_pitch;
		out->size = MAX(out->size, plane.offset + plane.size);
	}
}

gboolean gst_geyser_layout_is_default(
	const struct gst_geyser_layout *layout, const GstVideoInfo *info)
{
	for (guint i = 0; i < layout->planes; i++)
		if (layout->offset[i] != GST_VIDEO_INFO_PLANE_OFFSET(info, i) ||
			layout->stride[i] != GST_VIDEO_INFO_PLANE_STRIDE(info, i))
			return FALSE;
	return layout->size >= GST_VIDEO_INFO_SIZE(info);
}

GstBuffer *gst_geyser_buffer_new(GstMemory *memory, const GstVideoInfo *info,
	struct gst_geyser_layout *layout, gboolean meta)
{
	GstBuffer *buffer = gst_buffer_new();

	gst_buffer_append_memory(buffer, memory);
	if (meta)
		gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE,
			GST_VIDEO_INFO_FORMAT(info), (guint)GST_VIDEO_INFO_WIDTH(info),
			(guint)GST_VIDEO_INFO_HEIGHT(info), layout->planes, layout->offset,
			layout->stride);
	return buffer;
}

/* ---- making memory ---- */

/* The memfd of a texture, which is attached to the texture. */
struct descriptor {
	struct geyser_native_texture native;
};

static void close_descriptor(void *data)
{
	struct descriptor *descriptor = data;

	geyser_native_texture_release(&descriptor->native);
	g_free(descriptor);
}

/* Returns the texture's memfd, or NULL if it has none. */
static const struct geyser_native_texture *memfd_of(struct geyser_texture *texture)
{
	static const char key;
	struct descriptor *descriptor = geyser_texture_attached(texture, &key);

	if (descriptor)
		return &descriptor->native;
	descriptor = g_new0(struct descriptor, 1);
	descriptor->native.fd = -1;
	if (geyser_texture_map_path(texture) == GEYSER_PATH_ZERO_COPY &&
		geyser_texture_export_native_as(
			texture, GEYSER_NATIVE_MEMFD, &descriptor->native) == GEYSER_OK &&
		geyser_texture_attach(texture, &key, descriptor, close_descriptor) == GEYSER_OK)
		return &descriptor->native;
	close_descriptor(descriptor);
	/* another thread may have attached one meanwhile */
	descriptor = geyser_texture_attached(texture, &key);
	return descriptor ? &descriptor->native : NULL;
}

/* The texels begin at the start of the memfd, as all textures that geyser makes there. */
GstMemory *gst_geyser_memory_new(GstAllocator *allocator, struct geyser_texture *texture,
	gpointer owner, GDestroyNotify free_owner)
{
	const struct geyser_native_texture *native = memfd_of(texture);
	struct gst_geyser_layout layout;
	struct holding *holding;
	GstMemory *memory;

	if (!native || native->planes[0].offset != 0)
		return NULL;
	gst_geyser_layout_of(texture, &layout);
	memory = gst_fd_allocator_alloc(
		allocator, native->fd, layout.size, GST_FD_MEMORY_FLAG_DONT_CLOSE);
	if (!memory)
		return NULL;
	if (geyser_texture_access(texture) == GEYSER_ACCESS_READ)
		GST_MINI_OBJECT_FLAG_SET(memory, GST_MEMORY_FLAG_READONLY);
	holding = g_new0(struct holding, 1);
	holding->texture = geyser_texture_ref(texture);
	holding->owner = owner;
	holding->free_owner = free_owner;
	gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(memory), holding_quark(), holding, release);
	return memory;
}

gpointer gst_geyser_memory_owner(GstMemory *memory)
{
	if (!GST_IS_GEYSER_ALLOCATOR(memory->allocator) || memory->parent)
		return NULL;
	return holding_of(memory)->owner;
}

void gst_geyser_memory_layout(GstMemory *memory, struct gst_geyser_layout *out)
{
	gst_geyser_layout_of(holding_of(memory)->texture, out);
}

/* ---- copying ---- */

static void copy_plane(const struct geyser_plane_extent *extent, guint8 *to, gsize to_stride,
	const guint8 *from, gsize from_stride)
{
	if (to_stride == from_stride && to_stride - extent->row_bytes < 64) {
		memcpy(to, from, (extent->height - 1) * to_stride + extent->row_bytes);
		return;
	}
	for (uint32_t y = 0; y < extent->height; y++)
		memcpy(to + y * to_stride, from + y * from_stride, extent->row_bytes);
}

/* Returns the bytes from a plane's start to the texel x, y of the picture. */
static gsize offset_of(const GstVideoFrame *frame, guint plane, guint x, guint y)
{
	const GstVideoFormatInfo *format = frame->info.finfo;
	guint component = 0;

	while (GST_VIDEO_FORMAT_INFO_PLANE(format, component) != plane)
		component++;
	return (gsize)(y >> GST_VIDEO_FORMAT_INFO_H_SUB(format, component)) *
		       (gsize)GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane) +
	       (gsize)(x >> GST_VIDEO_FORMAT_INFO_W_SUB(format, component)) *
		       (gsize)GST_VIDEO_FORMAT_INFO_PSTRIDE(format, component);
}

static enum geyser_result copy(const GstVideoFrame *frame, guint x, guint y,
	struct geyser_texture *texture, enum geyser_access access)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	struct geyser_plane_extent extent;
	struct gst_geyser_layout layout;
	struct geyser_mapping mapping;
	enum geyser_result result = geyser_texture_map(texture, access, &mapping);

	if (result != GEYSER_OK)
		return result;
	gst_geyser_layout_of(texture, &layout);
	for (guint i = 0; i < layout.planes; i++) {
		guint8 *here = (guint8 *)mapping.data + layout.offset[i];
		guint8 *there =
			(guint8 *)GST_VIDEO_FRAME_PLANE_DATA(frame, i) + offset_of(frame, i, x, y);
		const gsize pitch = (gsize)layout.stride[i];
		const gsize stride = (gsize)GST_VIDEO_FRAME_PLANE_STRIDE(frame, i);

		(void)geyser_format_get_plane_extent(
			desc->format, i, desc->width, desc->height, &extent);
		if (access == GEYSER_ACCESS_WRITE)
			copy_plane(&extent, here, pitch, there, stride);
		else
			copy_plane(&extent, there, stride, here, pitch);
	}
	geyser_texture_unmap(texture);
	return GEYSER_OK;
}

enum geyser_result gst_geyser_copy_to_texture(
	const GstVideoFrame *from, guint x, guint y, struct geyser_texture *texture)
{
	return copy(from, x, y, texture, GEYSER_ACCESS_WRITE);
}

enum geyser_result gst_geyser_copy_from_texture(
	struct geyser_texture *texture, const GstVideoFrame *to)
{
	return copy(to, 0, 0, texture, GEYSER_ACCESS_READ);
}
