/* geyser: a stream with a subscriber that takes every frame. */
#include <geyser/stream.h>

#include "rival.h"

#define STREAM "rival"

static void receive(struct rival *rival, struct geyser_subscriber *subscriber)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;

	require(geyser_subscriber_acquire(subscriber, UINT64_MAX, &frame), "acquiring");
	require(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping),
		"mapping a frame");
	rival_got(rival, mapping.data);
	geyser_texture_unmap(geyser_frame_texture(frame));
	require(geyser_subscriber_release(subscriber, frame), "releasing");
}

static void read_frames(const struct peer_pipes *pipes, void *data)
{
	const struct geyser_subscriber_desc desc = {
		.name = STREAM,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = CONNECT_TIMEOUT,
	};
	struct geyser_subscriber *subscriber;
	struct geyser_manager *manager;
	struct rival *rival = data;
	char byte;

	read_all(pipes->hold, &byte, 1);
	require(geyser_manager_create(NULL, &manager), "making a manager");
	require(geyser_subscriber_create(manager, &desc, &subscriber), "subscribing");
	write_all(pipes->out, "", 1);
	for (uint32_t i = 0; i < rival->frames; i++) {
		receive(rival, subscriber);
		hand_signal(&rival->shared->got, i + 1);
	}
	wait_for_end(pipes);
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
}

static void send(const struct rival *rival, struct geyser_publisher *publisher)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;

	require(geyser_publisher_acquire(publisher, UINT64_MAX, &frame), "acquiring");
	require(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_WRITE, &mapping),
		"mapping a frame");
	geyser_texture_unmap(geyser_frame_texture(frame)); /* the frame keeps the texture mapped */
	frame_stamp(mapping.data, rival->size, now_ns());
	require(geyser_publisher_submit(publisher, frame), "submitting");
}

static struct geyser_publisher *publish(const struct rival *rival, struct geyser_manager *manager)
{
	const struct geyser_stream_desc desc = {
		.name = STREAM,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM,
			.width = rival->width,
			.height = rival->height},
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	struct geyser_publisher *publisher;

	require(geyser_publisher_create(manager, &desc, &publisher), "publishing");
	return publisher;
}

int main(int count, char **arguments)
{
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	struct rival rival;
	struct peer reader;
	char byte;

	rival_init(&rival, count, arguments);
	runtime_directory_make();
	peer_start(&reader, PLACE_NONE, read_frames, &rival);
	require(geyser_manager_create(NULL, &manager), "making a manager");
	publisher = publish(&rival, manager);
	write_all(reader.hold, "", 1);
	read_all(reader.in, &byte, 1);
	for (uint32_t i = 0; i < rival.frames; i++) {
		rival_wait_turn(&rival, i);
		send(&rival, publisher);
	}
	rival_report(&rival, "geyser");
	peer_stop(&reader);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	return 0;
}
