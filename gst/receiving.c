/* SPDX-License-Identifier: MIT */
#include "receiving.h"

struct gst_geyser_receiving {
	gatomicrefcount references;
	struct geyser_subscriber *subscriber;
	_Atomic guint held;
};

/* A frame in a memory. */
struct held {
	struct gst_geyser_receiving *receiving;
	struct geyser_frame *frame;
};

enum geyser_result gst_geyser_receiving_new(struct geyser_manager *manager,
	const struct geyser_subscriber_desc *desc, const struct geyser_rendition_desc *rendition,
	struct gst_geyser_receiving **out)
{
	struct geyser_subscriber *subscriber;
	enum geyser_result result =
		geyser_subscriber_create_rendition(manager, desc, rendition, &subscriber);

	*out = NULL;
	if (result != GEYSER_OK)
		return result;
	*out = g_new0(struct gst_geyser_receiving, 1);
	g_atomic_ref_count_init(&(*out)->references);
	(*out)->subscriber = subscriber;
	return GEYSER_OK;
}

void gst_geyser_receiving_unref(struct gst_geyser_receiving *receiving)
{
	if (!receiving || !g_atomic_ref_count_dec(&receiving->references))
		return;
	geyser_subscriber_destroy(receiving->subscriber);
	g_free(receiving);
}

struct geyser_subscriber *gst_geyser_receiving_subscriber(struct gst_geyser_receiving *receiving)
{
	return receiving->subscriber;
}

guint gst_geyser_receiving_held(struct gst_geyser_receiving *receiving)
{
	return receiving->held;
}

static void release(gpointer data)
{
	struct held *held = data;

	(void)geyser_subscriber_release(held->receiving->subscriber, held->frame);
	held->receiving->held--;
	gst_geyser_receiving_unref(held->receiving);
	g_free(held);
}

GstMemory *gst_geyser_receiving_wrap(
	struct gst_geyser_receiving *receiving, GstAllocator *allocator, struct geyser_frame *frame)
{
	struct held *held = g_new0(struct held, 1);
	GstMemory *memory =
		gst_geyser_memory_new(allocator, geyser_frame_texture(frame), held, release);

	if (!memory) {
		g_free(held);
		return NULL;
	}
	g_atomic_ref_count_inc(&receiving->references);
	receiving->held++;
	held->receiving = receiving;
	held->frame = frame;
	return memory;
}
