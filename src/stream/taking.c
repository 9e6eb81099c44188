/* SPDX-License-Identifier: MIT */
/* Takes, hands out and gives back a connection's frames. */
#include "stream/taking.h"
#include "stream/detaching.h"

#include "base/clock.h"
#include "base/error.h"
#include "core/event.h"

/* Chooses the value of the subscriber's event `done` that the work on a frame will signal. */
static enum geyser_result begin_signal(struct geyser_frame *frame, struct geyser_point *out)
{
	struct geyser_subscriber *subscriber =
		((struct gy_stream_connection *)frame->owner)->subscriber;
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&subscriber->lock);
	if (!subscriber->done)
		result = geyser_event_create(subscriber->manager, 0, &subscriber->done);
	if (result == GEYSER_OK)
		*out = (struct geyser_point){subscriber->done, ++subscriber->done_value};
	(void)pthread_mutex_unlock(&subscriber->lock);
	return result;
}

/* Sets the event and value at which the frame is drawn. Devices wait for them, and so do
 * mappings. */
static void set_points(struct gy_stream_connection *connection, struct geyser_frame *frame)
{
	const struct gy_ring_record *record = &frame->record;
	uint64_t value = connection->mirrored ? record->mirror_ready : record->ready;

	if (value < connection->filled[frame->buffer])
		/* the mirror was filled after the frame was published */
		value = connection->filled[frame->buffer];
	if (connection->ready && value) {
		frame->wait = (struct geyser_point){connection->ready, value};
		frame->handed_out = &connection->handed_out;
		gy_texture_set_ready(frame->texture, connection->ready, value);
	} else {
		gy_texture_set_ready(frame->texture, NULL, 0);
	}
	if (connection->manager->backend->event_create)
		frame->begin_signal = begin_signal;
}

/* At most one frame in this time counts for the latencies. Reading the clock takes 20 to 60 ns.
 * That would be a tenth of the time in which one spinning process hands a frame to another. */
#define COUNT_EVERY (10 * GY_MICROSECOND)

static void count_latency(
	struct gy_stream_connection *connection, const struct geyser_frame_info *info)
{
	_Atomic uint32_t *counts = connection->view.lease->latency;
	uint64_t now;
	uint32_t bucket;

	/* a hostile publisher can only spoil the figures of its own stream */
	if (info->timestamp_ns - connection->counted_at < COUNT_EVERY)
		return;
	connection->counted_at = info->timestamp_ns;
	now = gy_now();
	bucket = gy_latency_bucket(now > info->timestamp_ns ? now - info->timestamp_ns : 0);
	/* no atomic addition is needed: the lease page has one writer */
	atomic_store_explicit(&counts[bucket],
		atomic_load_explicit(&counts[bucket], memory_order_relaxed) + 1,
		memory_order_relaxed);
}

/* Fills in the frame of a leased buffer, which has its record. Takes a reference to the
 * connection. */
static struct geyser_frame *give_out(struct gy_stream_connection *connection, uint32_t buffer)
{
	struct geyser_frame *frame = &connection->frames[buffer];

	frame->texture = connection->buffers[buffer];
	frame->buffer = buffer;
	frame->out = true;
	frame->owner = connection;
	frame->wait = frame->signal = (struct geyser_point){0};
	frame->handed_out = NULL;
	set_points(connection, frame);
	gy_frame_info_clamp(&frame->record.info, geyser_texture_get_desc(frame->texture));
	count_latency(connection, &frame->record.info);
	connection->references++;
	return frame;
}

/* If the frame's buffer is new since a resize, the frame becomes pending until its buffer is
 * fetched. A buffer of one generation is fetched only once: if the publisher has sent a later
 * generation, the frame's memory is gone, and the frame is dropped. */
enum geyser_result gy_stream_connection_take(
	struct gy_stream_connection *connection, struct geyser_frame **out)
{
	struct gy_ring_record *record;
	int buffer;

	*out = NULL;
	if (connection->view.held == (UINT64_C(1) << connection->view.buffers) - 1)
		return gy_fail(GEYSER_ERROR_BUSY, "all %u buffers are held: release a frame first",
			connection->view.buffers);
	buffer = gy_ring_take(&connection->view);
	if (buffer < 0)
		return GEYSER_OK;
	record = &connection->frames[buffer].record;
	gy_ring_read(&connection->view, (uint32_t)buffer, record);
	if (connection->buffers[buffer] && connection->generations[buffer] == record->generation) {
		*out = give_out(connection, (uint32_t)buffer);
	} else if (connection->buffers[buffer] &&
		   connection->wanted[buffer] == record->generation) {
		gy_ring_release(&connection->view, (uint32_t)buffer);
	} else {
		connection->pending = true;
		connection->pending_buffer = (uint32_t)buffer;
	}
	return GEYSER_OK;
}

/* Changes to mirrors. Drops all buffers without frames in use, and replaces the buffers' event by
 * the mirrors' event. Keeps the old event, since callers may have borrowed it. */
static void outgrow(struct gy_stream_connection *connection)
{
	struct gy_kept *kept = connection->kept;

	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++) {
		if (connection->frames[i].out || connection->frames[i].returning)
			continue;
		geyser_texture_unref(connection->buffers[i]);
		connection->buffers[i] = NULL;
	}
	if (!connection->successor)
		return;
	kept->event = connection->ready;
	gy_subscriber_keep(connection->subscriber, kept);
	connection->ready = connection->successor->event;
	connection->kept = connection->successor;
	connection->kept->event = NULL;
	connection->successor = NULL;
	connection->outgrown = false;
}

void gy_stream_connection_settle(struct gy_stream_connection *connection,
	struct gy_fetched *fetched, struct geyser_frame **out)
{
	const uint32_t buffer = connection->pending_buffer;
	const struct gy_ring_record *record = &connection->frames[buffer].record;

	*out = NULL;
	connection->pending = false;
	if (connection->outgrown)
		outgrow(connection);
	if (fetched->texture) {
		gy_stream_connection_set_buffer(connection, buffer, fetched);
		connection->wanted[buffer] = record->generation;
	}
	/* If the publisher has left this subscriber out meanwhile, the texture may belong to a
	 * later frame. */
	if (fetched->texture && fetched->generation == record->generation &&
		!gy_ring_is_evicted(&connection->view))
		*out = give_out(connection, buffer);
	else
		gy_ring_release(&connection->view, buffer);
}

void gy_stream_connection_release(
	struct gy_stream_connection *connection, struct geyser_frame *frame)
{
	frame->out = false;
	frame->returning = false;
	gy_ring_release(&connection->view, frame->buffer);
	gy_stream_connection_unref(connection);
}
