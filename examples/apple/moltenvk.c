/* SPDX-License-Identifier: MIT */
/*
 * Publishes frames that Vulkan draws through MoltenVK: moltenvk NAME FRAMES. Each is an image on
 * the frame's surface, cleared to a colour that tells its number, and an event that Vulkan signals
 * as a timeline semaphore says when that is done. Plain C; vulkan.c makes the device.
 */
#include "example.h"
#include "vulkan.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include <vulkan/vulkan.h>

static void submit_clear(struct vulkan *vulkan, VkImage image, VkSemaphore drawn, uint64_t number)
{
	const VkClearColorValue color = {
		.float32 = {(float)(number % 256) / 255, 0.2f, 0.6f, 1},
	};
	const VkCommandBuffer commands = vulkan_record_clear(vulkan, image, color);
	const VkTimelineSemaphoreSubmitInfo values = {
		.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		.signalSemaphoreValueCount = 1,
		.pSignalSemaphoreValues = &number,
	};
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.pNext = &values,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
		.signalSemaphoreCount = 1,
		.pSignalSemaphores = &drawn,
	};

	vulkan_check(vkQueueSubmit(vulkan->queue, 1, &info, VK_NULL_HANDLE), "vkQueueSubmit");
}

/* Draws a frame. A program that draws often would keep the images of the stream's few textures. */
static void draw(struct vulkan *vulkan, struct geyser_texture *texture, struct geyser_event *event,
	VkSemaphore drawn, uint64_t number)
{
	struct geyser_moltenvk_image image;

	check(geyser_moltenvk_image_create(&vulkan->device, texture, &image), "image");
	submit_clear(vulkan, image.image, drawn, number);
	check(geyser_event_wait(event, number, 5 * NANOSECONDS), "drawn");
	vulkan_check(vkQueueWaitIdle(vulkan->queue), "vkQueueWaitIdle");
	geyser_moltenvk_image_destroy(&vulkan->device, &image);
}

int main(int argc, char **argv)
{
	const struct geyser_manager_desc backend = {.backend = GEYSER_BACKEND_METAL};
	const struct geyser_stream_desc desc = {
		.name = argc > 1 ? argv[1] : "moltenvk",
		.texture = {.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 640, .height = 480},
	};
	const uint32_t frames = argc > 2 ? parse_number("FRAMES", argv[2], UINT32_MAX) : UINT32_MAX;
	struct vulkan vulkan = {.queue = VK_NULL_HANDLE};
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_event *event;
	VkSemaphore drawn;
	uint32_t number = 0;

	catch_signals();
	vulkan_create(&vulkan);
	check(geyser_manager_create(&backend, &manager), "manager");
	check(geyser_publisher_create(manager, &desc, &publisher), desc.name);
	check(geyser_event_create(manager, 0, &event), "event");
	check(geyser_moltenvk_semaphore_create(&vulkan.device, event, &drawn), "semaphore");
	while (number < frames && !interrupted()) {
		struct geyser_frame *frame;

		check(geyser_publisher_acquire(publisher, 5 * NANOSECONDS, &frame), "frame");
		draw(&vulkan, geyser_frame_texture(frame), event, drawn, ++number);
		check(geyser_publisher_submit(publisher, frame), "submit");
		usleep(1000000 / 60);
	}
	vkDestroySemaphore(vulkan.device.device, drawn, NULL);
	geyser_event_unref(event);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	vulkan_destroy(&vulkan);
	printf("%" PRIu32 " frames\n", number);
	return 0;
}
