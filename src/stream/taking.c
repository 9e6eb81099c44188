/* SPDX-License-Identifier: MIT */
/* An attachment's frames: taken, drawn when their events say so, given back. */
#include "stream/taking.h"
#include "stream/detaching.h"

#include "base/clock.h"
#include "base/error.h"
#include "core/event.h"

/* Chooses what a subscriber's work on a frame will signal. */
static enum geyser_result begin_signal(struct geyser_frame *frame, struct geyser_point *out)
{
	struct geyser_subscriber *subscriber = ((struct gy_attachment *)frame->owner)->subscriber;
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&subscriber->lock);
	if (!subscriber->done)
		result = geyser_event_create(subscriber->manager, 0, &subscriber->done);
	if (result == GEYSER_OK)
		*out = (struct geyser_point){subscriber->done, ++subscriber->done_value};
	(void)pthread_mutex_unlock(&subscriber->lock);
	return result;
}

/* Sets the value at which the frame is drawn. A device waits for it, and so does a mapping. */
static void set_points(struct gy_attachment *attachment, struct geyser_frame *frame)
{
	const struct gy_ring_record *record = &frame->record;
	uint64_t value = attachment->mirrored ? record->mirror_ready : record->ready;

	if (value < attachment->filled[frame->buffer])
		value = attachment->filled[frame->buffer]; /* the frame is older than its mirror */
	if (attachment->ready && value) {
		frame->wait = (struct geyser_point){attachment->ready, value};
		frame->handed_out = &attachment->handed_out;
		gy_texture_set_ready(frame->texture, attachment->ready, value);
	} else {
		gy_texture_set_ready(frame->texture, NULL, 0);
	}
	if (attachment->manager->backend->event_create)
		frame->begin_signal = begin_signal;
}

static void count_latency(struct gy_attachment *attachment, const struct geyser_frame_info *info)
{
	uint64_t now = gy_now();
	_Atomic uint32_t *counts = attachment->view.lease->latency;
	uint32_t bucket =
		gy_latency_bucket(now > info->timestamp_ns ? now - info->timestamp_ns : 0);

	/* this page has one writer */
	atomic_store_explicit(&counts[bucket],
		atomic_load_explicit(&counts[bucket], memory_order_relaxed) + 1,
		memory_order_relaxed);
}

/* The frame that was leased. */
static struct geyser_frame *give_out(
	struct gy_attachment *attachment, uint32_t buffer, const struct gy_ring_record *record)
{
	struct geyser_frame *frame = &attachment->frames[buffer];

	*frame = (struct geyser_frame){
		.texture = attachment->buffers[buffer],
		.record = *record,
		.buffer = buffer,
		.out = true,
		.owner = attachment,
	};
	set_points(attachment, frame);
	gy_frame_info_clamp(&frame->record.info, geyser_texture_get_desc(frame->texture));
	count_latency(attachment, &frame->record.info);
	attachment->references++;
	return frame;
}

/* A generation other than ours is asked for once: if the answer was of another one than the record
 * says, the frame is not to be had. */
enum geyser_result gy_attachment_take(struct gy_attachment *attachment, struct geyser_frame **out)
{
	struct gy_ring_record record;
	int buffer;

	*out = NULL;
	if (attachment->view.held == (UINT64_C(1) << attachment->view.buffers) - 1)
		return gy_fail(GEYSER_ERROR_BUSY, "all %u buffers are held: release a frame first",
			attachment->view.buffers);
	buffer = gy_ring_take(&attachment->view, &record);
	if (buffer < 0)
		return GEYSER_OK;
	if (attachment->buffers[buffer] && attachment->generations[buffer] == record.generation) {
		*out = give_out(attachment, (uint32_t)buffer, &record);
	} else if (attachment->buffers[buffer] && attachment->wanted[buffer] == record.generation) {
		gy_ring_release(&attachment->view, (uint32_t)buffer);
	} else {
		attachment->pending = true;
		attachment->pending_buffer = (uint32_t)buffer;
		attachment->pending_record = record;
	}
	return GEYSER_OK;
}

/* Mirrors take the place of all buffers, as far as no frame of them is out, and their event that of
 * the buffers'. Callers may have borrowed the latter. */
static void outgrow(struct gy_attachment *attachment)
{
	struct gy_kept *kept = attachment->kept;

	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++) {
		if (attachment->frames[i].out || attachment->frames[i].returning)
			continue;
		geyser_texture_unref(attachment->buffers[i]);
		attachment->buffers[i] = NULL;
	}
	if (!attachment->successor)
		return;
	kept->event = attachment->ready;
	gy_subscriber_keep(attachment->subscriber, kept);
	attachment->ready = attachment->successor->event;
	attachment->kept = attachment->successor;
	attachment->kept->event = NULL;
	attachment->successor = NULL;
	attachment->outgrown = false;
}

void gy_attachment_settle(
	struct gy_attachment *attachment, struct gy_fetched *fetched, struct geyser_frame **out)
{
	const uint32_t buffer = attachment->pending_buffer;
	const struct gy_ring_record *record = &attachment->pending_record;

	*out = NULL;
	attachment->pending = false;
	if (attachment->outgrown)
		outgrow(attachment);
	if (fetched->texture) {
		gy_attachment_set_buffer(attachment, buffer, fetched);
		attachment->wanted[buffer] = record->generation;
	}
	/* If we were left out meanwhile, the fetched texture may belong to a later frame. */
	if (fetched->texture && fetched->generation == record->generation &&
		!gy_ring_is_evicted(&attachment->view))
		*out = give_out(attachment, buffer, record);
	else
		gy_ring_release(&attachment->view, buffer);
}

void gy_attachment_release(struct gy_attachment *attachment, struct geyser_frame *frame)
{
	frame->out = false;
	frame->returning = false;
	gy_ring_release(&attachment->view, frame->buffer);
	gy_attachment_unref(attachment);
}
