/* SPDX-License-Identifier: MIT */
#include "pool.h"

/* Memories of the process that the pool keeps for later, at most. */
#define SPARES 32

struct _GstGeyserPool {
	GstBufferPool parent;
	struct gst_geyser_publishing *publishing;
	guint shape;
	GstVideoInfo info;
	struct gst_geyser_layout layout;
	GstAllocator *allocator;
	gboolean has_meta; /* the buffers get a GstVideoMeta */
	GMutex lock;
	GQueue spares; /* of GstMemory; guarded by lock */
};

G_DEFINE_TYPE(GstGeyserPool, gst_geyser_pool, GST_TYPE_BUFFER_POOL)

static const gchar **get_options(GstBufferPool *pool)
{
	static const gchar *options[] = {GST_BUFFER_POOL_OPTION_VIDEO_META, NULL};

	(void)pool;
	return options;
}

/* Refuses buffers that a user without GstVideoMeta would read in another layout. The user then
 * makes its own, which the sink copies. */
static gboolean set_config(GstBufferPool *pool, GstStructure *config)
{
	GstGeyserPool *self = GST_GEYSER_POOL(pool);
	guint size, least, most;
	GstVideoInfo info;
	GstCaps *caps;

	if (!gst_buffer_pool_config_get_params(config, &caps, &size, &least, &most) || !caps ||
		!gst_video_info_from_caps(&info, caps))
		return FALSE;
	self->has_meta =
		gst_buffer_pool_config_has_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
	if (GST_VIDEO_INFO_FORMAT(&info) != GST_VIDEO_INFO_FORMAT(&self->info) ||
		GST_VIDEO_INFO_WIDTH(&info) != GST_VIDEO_INFO_WIDTH(&self->info) ||
		GST_VIDEO_INFO_HEIGHT(&info) != GST_VIDEO_INFO_HEIGHT(&self->info)) {
		GST_WARNING_OBJECT(
			self, "the stream has another shape than %" GST_PTR_FORMAT, (void *)caps);
		return FALSE;
	}
	if (!self->has_meta && !gst_geyser_layout_is_default(&self->layout, &info)) {
		GST_INFO_OBJECT(self, "rows are padded, and the user takes no GstVideoMeta");
		return FALSE;
	}
	/* with an odd height GStreamer's own layouts are larger: a GstVideoMeta tells the truth */
	gst_buffer_pool_config_set_params(config, caps, (guint)self->layout.size, least, most);
	return GST_BUFFER_POOL_CLASS(gst_geyser_pool_parent_class)->set_config(pool, config);
}

/* No buffer is made before it is needed. */
static gboolean start(GstBufferPool *pool)
{
	(void)pool;
	return TRUE;
}

static gboolean stop(GstBufferPool *pool)
{
	GstGeyserPool *self = GST_GEYSER_POOL(pool);

	g_mutex_lock(&self->lock);
	g_queue_clear_full(&self->spares, (GDestroyNotify)gst_memory_unref);
	g_mutex_unlock(&self->lock);
	return TRUE;
}

static GstMemory *get_spare(GstGeyserPool *self)
{
	GstMemory *memory;

	g_mutex_lock(&self->lock);
	memory = g_queue_pop_head(&self->spares);
	g_mutex_unlock(&self->lock);
	if (memory)
		return memory;
	return gst_allocator_alloc(NULL, self->layout.size, NULL);
}

/* The pool is flushing by now. */
static void flush_start(GstBufferPool *pool)
{
	gst_geyser_publishing_cancel(GST_GEYSER_POOL(pool)->publishing);
}

/* Takes the round first: a flush that begins after that lets lending fail at once. */
static GstMemory *lend(GstGeyserPool *self)
{
	const guint round = gst_geyser_publishing_round(self->publishing);

	if (GST_BUFFER_POOL_IS_FLUSHING(GST_BUFFER_POOL_CAST(self)))
		return NULL;
	return gst_geyser_publishing_lend(self->publishing, self->allocator, self->shape, round);
}

static GstFlowReturn acquire_buffer(
	GstBufferPool *pool, GstBuffer **buffer, GstBufferPoolAcquireParams *params)
{
	GstGeyserPool *self = GST_GEYSER_POOL(pool);
	GstMemory *memory = lend(self);

	(void)params;
	if (GST_BUFFER_POOL_IS_FLUSHING(pool)) {
		if (memory)
			gst_memory_unref(memory);
		return GST_FLOW_FLUSHING;
	}
	if (!memory) {
		GST_LOG_OBJECT(self, "no buffer of the stream is free: this one will be copied");
		memory = get_spare(self);
	}
	if (!memory)
		return GST_FLOW_ERROR;
	*buffer = gst_geyser_buffer_new(memory, &self->info, &self->layout, self->has_meta);
	return GST_FLOW_OK;
}

/* Whether the buffer's memory is one of get_spare that no other user has. */
static gboolean is_spare(const GstGeyserPool *self, GstBuffer *buffer)
{
	GstMemory *memory;

	if (gst_buffer_n_memory(buffer) != 1)
		return FALSE;
	memory = gst_buffer_peek_memory(buffer, 0);
	return !GST_IS_GEYSER_ALLOCATOR(memory->allocator) && !memory->parent &&
	       memory->offset == 0 && memory->size == self->layout.size &&
	       gst_memory_is_type(memory, GST_ALLOCATOR_SYSMEM) &&
	       GST_MINI_OBJECT_REFCOUNT_VALUE(memory) == 1;
}

static void release_buffer(GstBufferPool *pool, GstBuffer *buffer)
{
	GstGeyserPool *self = GST_GEYSER_POOL(pool);

	if (is_spare(self, buffer)) {
		g_mutex_lock(&self->lock);
		if (self->spares.length < SPARES && gst_buffer_pool_is_active(pool))
			g_queue_push_head(&self->spares, gst_buffer_get_memory(buffer, 0));
		g_mutex_unlock(&self->lock);
	}
	gst_buffer_unref(buffer);
}

static void finalize(GObject *object)
{
	GstGeyserPool *self = GST_GEYSER_POOL(object);

	g_queue_clear_full(&self->spares, (GDestroyNotify)gst_memory_unref);
	g_mutex_clear(&self->lock);
	gst_object_unref(self->allocator);
	gst_geyser_publishing_unref(self->publishing);
	G_OBJECT_CLASS(gst_geyser_pool_parent_class)->finalize(object);
}

static void gst_geyser_pool_class_init(GstGeyserPoolClass *class)
{
	GstBufferPoolClass *pool = GST_BUFFER_POOL_CLASS(class);

	G_OBJECT_CLASS(class)->finalize = finalize;
	pool->get_options = get_options;
	pool->set_config = set_config;
	pool->start = start;
	pool->stop = stop;
	pool->flush_start = flush_start;
	pool->acquire_buffer = acquire_buffer;
	pool->release_buffer = release_buffer;
}

static void gst_geyser_pool_init(GstGeyserPool *self)
{
	g_mutex_init(&self->lock);
	g_queue_init(&self->spares);
	self->allocator = g_object_new(GST_TYPE_GEYSER_ALLOCATOR, NULL);
	gst_object_ref_sink(self->allocator);
}

GstBufferPool *gst_geyser_pool_new(struct gst_geyser_publishing *publishing,
	const GstVideoInfo *info, const struct gst_geyser_layout *layout)
{
	GstGeyserPool *self = g_object_new(GST_TYPE_GEYSER_POOL, NULL);

	gst_object_ref_sink(self);
	gst_geyser_publishing_ref(publishing);
	self->publishing = publishing;
	self->shape = gst_geyser_publishing_shape(publishing);
	self->info = *info;
	self->layout = *layout;
	return GST_BUFFER_POOL_CAST(self);
}
