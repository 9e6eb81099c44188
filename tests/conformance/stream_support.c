#include "streams.h"

#include <unistd.h>

struct geyser_stream_desc stream_desc(const char *name, uint32_t buffers, enum geyser_pacing pacing)
{
	return (struct geyser_stream_desc){
		.name = name,
		.texture.format = GEYSER_FORMAT_RGBA8_UNORM,
		.texture.width = STREAM_WIDTH,
		.texture.height = STREAM_HEIGHT,
		.buffers = buffers,
		.pacing = pacing,
	};
}

static struct geyser_publisher *create(
	void **state, const char *name, uint32_t buffers, enum geyser_pacing pacing)
{
	const struct geyser_stream_desc desc = stream_desc(name, buffers, pacing);
	struct geyser_publisher *publisher;

	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	return publisher;
}

struct geyser_publisher *publish(void **state, const char *name, uint32_t buffers)
{
	return create(state, name, buffers, GEYSER_PACING_FREE);
}

struct geyser_publisher *publish_lossless(void **state, const char *name, uint32_t buffers)
{
	return create(state, name, buffers, GEYSER_PACING_LOSSLESS);
}

struct geyser_subscriber *subscribe(void **state, const char *name, enum geyser_delivery delivery)
{
	const struct geyser_subscriber_desc desc = {.name = name, .delivery = delivery};
	struct geyser_subscriber *subscriber;

	ok(geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	return subscriber;
}

void submit_all(struct geyser_publisher *publisher, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++)
		submit(publisher, i);
}

struct geyser_frame *take(struct geyser_subscriber *subscriber, uint64_t sequence)
{
	struct geyser_frame *frame = next_frame(subscriber, sequence);

	assert_true(texture_holds(geyser_frame_texture(frame), (uint32_t)sequence));
	return frame;
}

void pass(struct geyser_subscriber *subscriber, uint64_t sequence)
{
	ok(geyser_subscriber_release(subscriber, take(subscriber, sequence)));
}

void nothing_to_take(struct geyser_subscriber *subscriber)
{
	struct geyser_frame *frame = JUNK;

	refused(GEYSER_ERROR_TIMEOUT, "", geyser_subscriber_acquire(subscriber, 0, &frame));
	assert_null(frame);
}

void disconnected(struct geyser_subscriber *subscriber)
{
	struct geyser_frame *frame = JUNK;

	refused(GEYSER_ERROR_DISCONNECTED, "ended",
		geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_null(frame);
}

uint64_t sequence_of(struct geyser_frame *frame)
{
	return geyser_frame_get_info(frame)->sequence;
}

struct geyser_publisher_stats publisher_stats(struct geyser_publisher *publisher)
{
	struct geyser_publisher_stats stats;

	ok(geyser_publisher_get_stats(publisher, &stats));
	return stats;
}

struct geyser_subscriber_stats subscriber_stats(struct geyser_subscriber *subscriber)
{
	struct geyser_subscriber_stats stats;

	ok(geyser_subscriber_get_stats(subscriber, &stats));
	return stats;
}

void subscribers_become(struct geyser_publisher *publisher, uint32_t count)
{
	uint64_t changes;
	int fd;

	ok(geyser_publisher_subscribers_fd(publisher, &fd));
	while (publisher_stats(publisher).subscribers != count) {
		assert_true(readable(fd, PATIENCE));
		assert_int_equal(read(fd, &changes, sizeof(changes)), sizeof(changes));
	}
	(void)close(fd);
}
