/* One frame of a stream, at its two ends. Every byte of frame n is n. */
#include <string.h>

#include "vkframes.h"

static struct hand_memory *buffer_of(struct frames *frames)
{
	return &frames->buffers[frames->count % FRAMES_BUFFERS];
}

static const struct geyser_vulkan_point *or_none(const struct geyser_vulkan_point *point)
{
	return point->semaphore ? point : NULL;
}

static void begin_time(struct frames *frames)
{
	frames->shared->start = now_ns();
}

/* ---- the writer ------------------------------------------------------------------------------ */

static void draw_ours(struct frames *frames, struct geyser_frame *frame)
{
	struct geyser_texture *texture = geyser_frame_texture(frame);
	struct geyser_vulkan_point wait, signal;
	VkCommandBuffer commands = vkhand_begin(&frames->hand);
	VkImage image;

	require(geyser_vulkan_texture_image(texture, &image), "a frame's image");
	require(geyser_vulkan_cmd_acquire(commands, texture, &vkhand_write), "acquiring an image");
	vkhand_clear(commands, image, (uint8_t)frames->count);
	require(geyser_vulkan_cmd_release(commands, texture, &vkhand_write), "releasing an image");
	require(geyser_vulkan_frame_wait_point(frame, &wait), "what to wait for");
	require(geyser_vulkan_frame_signal_point(frame, &signal), "what to signal");
	begin_time(frames);
	vkhand_submit(&frames->hand, or_none(&wait), &signal);
}

static void fill_ours(struct frames *frames, struct geyser_frame *frame)
{
	struct geyser_texture *texture = geyser_frame_texture(frame);
	struct geyser_mapping mapping;

	require(geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping), "mapping a frame");
	memset(mapping.data, (uint8_t)frames->count, mapping.size);
	geyser_texture_unmap(texture);
	begin_time(frames);
}

static void send_ours(struct frames *frames)
{
	struct geyser_frame *frame;

	require(geyser_publisher_acquire(frames->publisher, VKHAND_TIMEOUT, &frame),
		"acquiring a frame");
	if (frames->writer_gpu)
		draw_ours(frames, frame);
	else
		fill_ours(frames, frame);
	require(geyser_publisher_submit(frames->publisher, frame), "submitting a frame");
}

static void send_by_hand(struct frames *frames)
{
	void *data = buffer_of(frames)->data;

	if (frames->count > FRAMES_BUFFERS)
		hand_wait(&frames->shared->got, frames->count - FRAMES_BUFFERS);
	if (frames->writer_gpu) {
		VkCommandBuffer commands = vkhand_begin(&frames->hand);

		vkhand_clear(commands, frames->image.image, (uint8_t)frames->count);
		vkhand_download(commands, frames->image.image, frames->staging.buffer);
		begin_time(frames);
		vkhand_submit(&frames->hand, NULL, NULL);
		vkhand_finish(&frames->hand);
		memcpy(data, frames->staging.data, VKHAND_SIZE);
	} else {
		memset(data, (uint8_t)frames->count, VKHAND_SIZE);
		begin_time(frames);
	}
	hand_signal(&frames->shared->sent, frames->count);
}

void frame_send(struct frames *frames, const struct frames_turn *turn)
{
	frames->count++;
	if (turn->ours)
		send_ours(frames);
	else
		send_by_hand(frames);
	if (turn->one_by_one)
		hand_wait(&frames->shared->got, frames->count);
}

/* ---- the reader ------------------------------------------------------------------------------ */

static void verify(const struct frames *frames, const uint8_t *data)
{
	const uint8_t value = (uint8_t)frames->count;

	if (data[0] != value || data[VKHAND_SIZE - 1] != value)
		die("frame %u begins with %u and ends with %u", frames->count, data[0],
			data[VKHAND_SIZE - 1]);
}

static void copy_ours(struct frames *frames, struct geyser_frame *frame)
{
	struct geyser_texture *texture = geyser_frame_texture(frame);
	struct geyser_vulkan_point wait, signal;
	VkCommandBuffer commands = vkhand_begin(&frames->hand);
	VkImage image;

	require(geyser_vulkan_texture_image(texture, &image), "a frame's image");
	require(geyser_vulkan_cmd_acquire(commands, texture, &vkhand_read), "acquiring an image");
	vkhand_copy(commands, image, frames->image.image);
	require(geyser_vulkan_cmd_release(commands, texture, &vkhand_read), "releasing an image");
	require(geyser_vulkan_frame_wait_point(frame, &wait), "what to wait for");
	require(geyser_vulkan_frame_signal_point(frame, &signal), "what to signal");
	vkhand_submit(&frames->hand, or_none(&wait), &signal);
}

static void look_ours(const struct frames *frames, struct geyser_frame *frame)
{
	struct geyser_texture *texture = geyser_frame_texture(frame);
	struct geyser_mapping mapping;

	require(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping), "mapping a frame");
	verify(frames, mapping.data);
	geyser_texture_unmap(texture);
}

static void receive_ours(struct frames *frames)
{
	struct geyser_frame *frame;

	require(geyser_subscriber_acquire(frames->subscriber, VKHAND_TIMEOUT, &frame),
		"acquiring a frame");
	if (frames->reader_gpu)
		copy_ours(frames, frame);
	else
		look_ours(frames, frame);
	require(geyser_subscriber_release(frames->subscriber, frame), "releasing a frame");
}

static void receive_by_hand(struct frames *frames, bool one_by_one)
{
	const void *data = buffer_of(frames)->data;

	hand_wait(&frames->shared->sent, frames->count);
	if (!frames->reader_gpu) {
		verify(frames, data);
	} else {
		vkhand_finish(&frames->hand); /* waits for the earlier upload from this buffer */
		memcpy(frames->staging.data, data, VKHAND_SIZE);
		vkhand_upload(
			vkhand_begin(&frames->hand), frames->staging.buffer, frames->image.image);
		vkhand_submit(&frames->hand, NULL, NULL);
	}
	if (!one_by_one)
		hand_signal(&frames->shared->got, frames->count);
}

void frame_receive(struct frames *frames, const struct frames_turn *turn)
{
	frames->count++;
	if (turn->ours)
		receive_ours(frames);
	else
		receive_by_hand(frames, turn->one_by_one);
	if (!turn->one_by_one)
		return;
	if (frames->reader_gpu)
		vkhand_finish(&frames->hand);
	frames->shared->samples[(frames->count - 1) % FRAMES_SAMPLES_MAX] =
		now_ns() - frames->shared->start;
	hand_signal(&frames->shared->got, frames->count);
}
