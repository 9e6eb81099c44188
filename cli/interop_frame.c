/*
 * A stream of one frame in host memory, which this process publishes and receives. The library
 * then says by which path an API reaches the frame: a driver may read such memory in place, or only
 * a copy of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "interop.h"

#include <unistd.h>

#include <geyser/stream.h>

#define SIDE 256u
#define WITHIN (2 * NANOSECONDS)

struct stream {
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
};

static bool publish(struct stream *stream, const char *name)
{
	const struct geyser_manager_desc host = {.backend = GEYSER_BACKEND_HOST};
	const struct geyser_stream_desc desc = {
		.name = name,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = SIDE, .height = SIDE},
	};

	return geyser_manager_create(&host, &stream->manager) == GEYSER_OK &&
	       geyser_publisher_create(stream->manager, &desc, &stream->publisher) == GEYSER_OK;
}

static bool subscribe(struct stream *stream, struct geyser_manager *manager, const char *name)
{
	const struct geyser_subscriber_desc desc = {.name = name, .connect_timeout_ns = WITHIN};

	return geyser_subscriber_create(manager ? manager : stream->manager, &desc,
		       &stream->subscriber) == GEYSER_OK;
}

static bool submit(struct stream *stream)
{
	struct geyser_frame *frame;

	return geyser_publisher_acquire(stream->publisher, WITHIN, &frame) == GEYSER_OK &&
	       geyser_publisher_submit(stream->publisher, frame) == GEYSER_OK;
}

static bool ask_frame(struct stream *stream, interop_asker *ask, void *data, enum geyser_path *out)
{
	struct geyser_frame *frame;
	bool known;

	if (geyser_subscriber_acquire(stream->subscriber, WITHIN, &frame))
		return false;
	known = ask(geyser_frame_texture(frame), data, out) == GEYSER_OK;
	return geyser_subscriber_release(stream->subscriber, frame) == GEYSER_OK && known;
}

void interop_ask_frame(const char *api, struct geyser_manager *manager, interop_asker *ask,
	void *data, struct interop_side *out)
{
	struct stream stream = {.manager = NULL};
	char name[GEYSER_STREAM_NAME_MAX + 1];

	(void)snprintf(name, sizeof(name), "geyser-info-%d", (int)getpid());
	out->host_known = publish(&stream, name) && subscribe(&stream, manager, name) &&
			  submit(&stream) && ask_frame(&stream, ask, data, &out->host_path);
	if (!out->host_known)
		(void)library_failure("a frame from host to %s", api);
	geyser_subscriber_destroy(stream.subscriber);
	geyser_publisher_destroy(stream.publisher);
	geyser_manager_destroy(stream.manager);
}

enum geyser_result interop_texture_path(
	struct geyser_texture *frame, void *data, enum geyser_path *out)
{
	(void)data;
	*out = geyser_texture_path(frame);
	return GEYSER_OK;
}
