/* SPDX-License-Identifier: MIT */
#include "publishing.h"

struct gst_geyser_publishing {
	gatomicrefcount references;
	GMutex lock;                        /* guards all below */
	struct geyser_publisher *publisher; /* NULL: the stream has ended */
	guint buffers;
	GstClockTime patience; /* for how long lending waits for subscribers */
	gboolean interrupted;  /* as the user wants it */
	guint shape;
	guint lending; /* threads that wait for a buffer, without the lock */
	guint round;   /* a wait of an earlier round must end */
	guint leaving; /* the lending threads of earlier rounds */
	GCond left;    /* a lending thread has ended its wait */
	GSList *lent;  /* each of them can be published, or was published */
};

struct gst_geyser_lent {
	struct gst_geyser_publishing *publishing;
	struct geyser_frame *frame; /* NULL: it can't be published any more */
	gboolean submitted;
};

/* The frames that other elements may have at one time. The stream needs two more: the newest frame,
 * and one for frames that are copied. */
static guint most_lent(const struct gst_geyser_publishing *publishing)
{
	return publishing->buffers - 2;
}

enum geyser_result gst_geyser_publishing_new(struct geyser_manager *manager,
	const struct geyser_stream_desc *desc, struct gst_geyser_publishing **out)
{
	struct gst_geyser_publishing *publishing;
	struct geyser_publisher *publisher;
	enum geyser_result result = geyser_publisher_create(manager, desc, &publisher);

	*out = NULL;
	if (result != GEYSER_OK)
		return result;
	publishing = g_new0(struct gst_geyser_publishing, 1);
	g_atomic_ref_count_init(&publishing->references);
	g_mutex_init(&publishing->lock);
	publishing->publisher = publisher;
	publishing->buffers = desc->buffers;
	g_cond_init(&publishing->left);
	*out = publishing;
	return GEYSER_OK;
}

void gst_geyser_publishing_ref(struct gst_geyser_publishing *publishing)
{
	g_atomic_ref_count_inc(&publishing->references);
}

void gst_geyser_publishing_unref(struct gst_geyser_publishing *publishing)
{
	if (!g_atomic_ref_count_dec(&publishing->references))
		return;
	g_cond_clear(&publishing->left);
	g_mutex_clear(&publishing->lock);
	g_free(publishing);
}

struct geyser_publisher *gst_geyser_publishing_publisher(struct gst_geyser_publishing *publishing)
{
	return publishing->publisher;
}

static guint read_number(struct gst_geyser_publishing *publishing, const guint *number)
{
	guint value;

	g_mutex_lock(&publishing->lock);
	value = *number;
	g_mutex_unlock(&publishing->lock);
	return value;
}

guint gst_geyser_publishing_round(struct gst_geyser_publishing *publishing)
{
	return read_number(publishing, &publishing->round);
}

guint gst_geyser_publishing_shape(struct gst_geyser_publishing *publishing)
{
	return read_number(publishing, &publishing->shape);
}

/* Takes all lent frames back from their memories. The memories keep their textures, into which the
 * publisher draws no more: it gets new ones, or ends. */
static void take_all_back(struct gst_geyser_publishing *publishing)
{
	for (GSList *it = publishing->lent; it; it = it->next) {
		struct gst_geyser_lent *lent = it->data;

		(void)geyser_publisher_discard(publishing->publisher, lent->frame);
		lent->frame = NULL;
	}
	g_slist_free(publishing->lent);
	publishing->lent = NULL;
}

void gst_geyser_publishing_set_patience(
	struct gst_geyser_publishing *publishing, GstClockTime patience)
{
	g_mutex_lock(&publishing->lock);
	publishing->patience = patience;
	g_mutex_unlock(&publishing->lock);
}

/* The publisher stays interrupted until all threads that must leave have done so: a thread that
 * sleeps in geyser_publisher_acquire may see the flag later. Needs the lock. */
static void tell_publisher(struct gst_geyser_publishing *publishing)
{
	if (publishing->publisher)
		(void)geyser_publisher_set_interrupted(
			publishing->publisher, publishing->interrupted || publishing->leaving > 0);
}

/* Needs the lock. */
static void cancel(struct gst_geyser_publishing *publishing)
{
	publishing->round++;
	publishing->leaving = publishing->lending;
	tell_publisher(publishing);
}

void gst_geyser_publishing_cancel(struct gst_geyser_publishing *publishing)
{
	g_mutex_lock(&publishing->lock);
	cancel(publishing);
	g_mutex_unlock(&publishing->lock);
}

void gst_geyser_publishing_set_interrupted(
	struct gst_geyser_publishing *publishing, gboolean interrupted)
{
	g_mutex_lock(&publishing->lock);
	publishing->interrupted = interrupted;
	if (interrupted)
		cancel(publishing);
	else
		tell_publisher(publishing);
	g_mutex_unlock(&publishing->lock);
}

void gst_geyser_publishing_settle(struct gst_geyser_publishing *publishing)
{
	g_mutex_lock(&publishing->lock);
	while (publishing->leaving > 0)
		g_cond_wait(&publishing->left, &publishing->lock);
	g_mutex_unlock(&publishing->lock);
}

/* Ends the waits of lending threads, and takes all frames back. No frame of the old shape is lent
 * any more then. Needs the lock. */
static void end_shape(struct gst_geyser_publishing *publishing)
{
	publishing->shape++;
	cancel(publishing);
	while (publishing->lending > 0)
		g_cond_wait(&publishing->left, &publishing->lock);
	take_all_back(publishing);
}

void gst_geyser_publishing_end(struct gst_geyser_publishing *publishing)
{
	g_mutex_lock(&publishing->lock);
	end_shape(publishing);
	geyser_publisher_destroy(publishing->publisher);
	publishing->publisher = NULL;
	g_mutex_unlock(&publishing->lock);
}

enum geyser_result gst_geyser_publishing_reshape(
	struct gst_geyser_publishing *publishing, const struct geyser_texture_desc *desc)
{
	enum geyser_result result;

	g_mutex_lock(&publishing->lock);
	end_shape(publishing);
	result = geyser_publisher_resize(publishing->publisher, desc);
	g_mutex_unlock(&publishing->lock);
	return result;
}

/* ---- lending ---- */

static void give_back(gpointer data)
{
	struct gst_geyser_lent *lent = data;
	struct gst_geyser_publishing *publishing = lent->publishing;

	g_mutex_lock(&publishing->lock);
	if (lent->frame) {
		publishing->lent = g_slist_remove(publishing->lent, lent);
		(void)geyser_publisher_discard(publishing->publisher, lent->frame);
	}
	g_mutex_unlock(&publishing->lock);
	g_free(lent);
	gst_geyser_publishing_unref(publishing);
}

/* Wraps an acquired frame. Needs the lock. Returns NULL if its buffer isn't host memory. */
static GstMemory *wrap(struct gst_geyser_publishing *publishing, GstAllocator *allocator,
	struct geyser_frame *frame)
{
	struct gst_geyser_lent *lent = g_new0(struct gst_geyser_lent, 1);
	GstMemory *memory =
		gst_geyser_memory_new(allocator, geyser_frame_texture(frame), lent, give_back);

	if (!memory) {
		g_free(lent);
		return NULL;
	}
	gst_geyser_publishing_ref(publishing);
	lent->publishing = publishing;
	lent->frame = frame;
	publishing->lent = g_slist_prepend(publishing->lent, lent);
	return memory;
}

/* Notes that a thread's wait is over. Needs the lock. */
static void leave(struct gst_geyser_publishing *publishing, guint round)
{
	publishing->lending--;
	if (round != publishing->round && --publishing->leaving == 0)
		tell_publisher(publishing);
	g_cond_broadcast(&publishing->left);
}

/* Gets a frame of this shape. Needs the lock, and releases it while it waits. */
static struct geyser_frame *acquire(
	struct gst_geyser_publishing *publishing, guint shape, guint round)
{
	struct geyser_publisher *publisher = publishing->publisher;
	struct geyser_frame *frame = NULL;
	GstClockTime patience;

	if (!publisher || publishing->shape != shape || publishing->round != round ||
		g_slist_length(publishing->lent) + publishing->lending >= most_lent(publishing))
		return NULL;
	publishing->lending++;
	patience = publishing->patience;
	g_mutex_unlock(&publishing->lock);
	(void)geyser_publisher_acquire(publisher, patience, &frame);
	g_mutex_lock(&publishing->lock);
	if (frame && publishing->shape != shape) {
		(void)geyser_publisher_discard(publisher, frame);
		frame = NULL;
	}
	leave(publishing, round);
	return frame;
}

GstMemory *gst_geyser_publishing_lend(
	struct gst_geyser_publishing *publishing, GstAllocator *allocator, guint shape, guint round)
{
	struct geyser_frame *frame;
	GstMemory *memory = NULL;

	g_mutex_lock(&publishing->lock);
	frame = acquire(publishing, shape, round);
	if (frame)
		memory = wrap(publishing, allocator, frame);
	if (frame && !memory)
		(void)geyser_publisher_discard(publishing->publisher, frame);
	g_mutex_unlock(&publishing->lock);
	return memory;
}

/* The streaming thread alone calls this, submit, reshape and end, so the answer stays true. */
struct gst_geyser_lent *gst_geyser_publishing_find(
	struct gst_geyser_publishing *publishing, GstMemory *memory)
{
	struct gst_geyser_lent *lent = gst_geyser_memory_owner(memory);
	gboolean usable;

	g_mutex_lock(&publishing->lock);
	usable = lent && g_slist_find(publishing->lent, lent) && !lent->submitted;
	g_mutex_unlock(&publishing->lock);
	return usable ? lent : NULL;
}

enum geyser_result gst_geyser_publishing_submit(struct gst_geyser_publishing *publishing,
	struct gst_geyser_lent *lent, const struct geyser_frame_info *info)
{
	enum geyser_result result;

	g_mutex_lock(&publishing->lock);
	*geyser_frame_get_info(lent->frame) = *info;
	lent->submitted = TRUE;
	result = geyser_publisher_submit_kept(publishing->publisher, lent->frame);
	if (result != GEYSER_OK) { /* the publisher has the frame back */
		publishing->lent = g_slist_remove(publishing->lent, lent);
		lent->frame = NULL;
	}
	g_mutex_unlock(&publishing->lock);
	return result;
}
