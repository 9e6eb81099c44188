/* SPDX-License-Identifier: MIT */
/* Copies textures into host memory, for subscribers that can't read the device's memory. */
#include "backend/vulkan/vk.h"

enum geyser_result gy_vk_mirror_create(
	void *device, const struct geyser_texture_desc *desc, struct gy_backend_texture **out)
{
	struct vk_texture *texture;
	enum geyser_result result = gy_vk_texture_allocate(device, desc, &texture);

	return result == GEYSER_OK ? gy_vk_texture_finish(texture, gy_vk_host_mirror(texture), out)
				   : result;
}

struct mirroring {
	struct vk_texture *from, *to;
};

static void record_mirroring(struct vk_device *device, VkCommandBuffer commands, void *data)
{
	const struct mirroring *mirroring = data;
	struct vk_texture *from = mirroring->from;
	const struct geyser_vulkan_access read = {
		VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
		VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_ACCESS_TRANSFER_READ_BIT,
	};
	const struct vk_copy copy = {
		.texture = from,
		.image_layout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
		.buffer = mirroring->to->host.buffer,
		.layout = &mirroring->to->base.layout,
	};

	gy_vk_record_acquire(from, commands, &read);
	gy_vk_record_copy(device, commands, &copy);
	gy_vk_record_to_host(device, commands);
	gy_vk_record_release(from, commands, &read);
}

/* Records the commands at the first call only: a mirror belongs to one texture. */
enum geyser_result gy_vk_texture_copy(struct gy_backend_texture *from_base,
	struct gy_backend_texture *to_base, const struct gy_backend_point *wait,
	const struct gy_backend_point *signal)
{
	struct vk_texture *from = (struct vk_texture *)from_base;
	struct vk_texture *to = (struct vk_texture *)to_base;
	struct mirroring mirroring = {from, to};
	struct geyser_vulkan_point before = {.value = wait->value},
				   after = {.value = signal->value};
	enum geyser_result result = gy_vulkan_semaphore(wait->event, &before.semaphore);

	if (result == GEYSER_OK)
		result = gy_vulkan_semaphore(signal->event, &after.semaphore);
	if (result == GEYSER_OK && !to->copy)
		result = gy_vk_allocate_commands(
			from->device, record_mirroring, &mirroring, &to->copy);
	if (result == GEYSER_OK)
		result = gy_vk_submit(from->device, to->copy, &before, &after);
	return result;
}
