#include "frames.h"

struct frames open_frames(struct geyser_manager *from, struct geyser_manager *to,
	const struct geyser_texture_desc *texture, uint32_t buffers)
{
	const struct geyser_stream_desc desc = {
		.name = "frames",
		.texture = *texture,
		.buffers = buffers,
	};
	const struct geyser_subscriber_desc subscribing = {
		.name = "frames",
		.delivery = GEYSER_DELIVER_EVERY,
	};
	struct frames frames;

	ok(geyser_publisher_create(from, &desc, &frames.publisher));
	ok(geyser_subscriber_create(to, &subscribing, &frames.subscriber));
	return frames;
}

void close_frames(const struct frames *frames)
{
	geyser_subscriber_destroy(frames->subscriber);
	geyser_publisher_destroy(frames->publisher);
}

struct geyser_frame *begin_frame(struct geyser_publisher *publisher)
{
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	return frame;
}

void submit(struct geyser_publisher *publisher, uint32_t seed)
{
	struct geyser_frame *frame = begin_frame(publisher);

	assert_true(fill_texture(geyser_frame_texture(frame), seed));
	ok(geyser_publisher_submit(publisher, frame));
}

struct geyser_frame *next_frame(struct geyser_subscriber *subscriber, uint64_t sequence)
{
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_int_equal(geyser_frame_get_info(frame)->sequence, sequence);
	return frame;
}
