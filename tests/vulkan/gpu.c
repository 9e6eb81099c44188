/* GPU work on textures. */
#include "gpu.h"

const struct geyser_vulkan_access copy_to = {
	.layout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
	.stages = VK_PIPELINE_STAGE_TRANSFER_BIT,
	.access = VK_ACCESS_TRANSFER_WRITE_BIT,
};

const struct geyser_vulkan_access copy_from = {
	.layout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
	.stages = VK_PIPELINE_STAGE_TRANSFER_BIT,
	.access = VK_ACCESS_TRANSFER_READ_BIT,
};

const struct gpu_sync at_once = {{VK_NULL_HANDLE, 0}, {VK_NULL_HANDLE, 0}};

void gpu_open(struct gpu *gpu, struct geyser_manager *manager)
{
	VkCommandPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};

	*gpu = (struct gpu){.manager = manager};
	ok(geyser_vulkan_get_device(manager, &gpu->device));
	gpu->host = make_manager_on(GEYSER_BACKEND_HOST);
	info.queueFamilyIndex = gpu->device.queue_family;
	vk(vkCreateCommandPool(gpu->device.device, &info, NULL, &gpu->pool));
}

void gpu_close(struct gpu *gpu)
{
	vkDestroyCommandPool(gpu->device.device, gpu->pool, NULL);
	geyser_manager_destroy(gpu->host);
}

void with_two_gpus(
	struct geyser_manager *manager, void (*run)(struct gpu *mine, struct gpu *theirs))
{
	struct geyser_manager *other = make_manager();
	struct gpu mine, theirs;

	gpu_open(&mine, manager);
	gpu_open(&theirs, other);
	run(&mine, &theirs);
	gpu_close(&theirs);
	gpu_close(&mine);
	geyser_manager_destroy(other);
}

struct geyser_vulkan_point point_of(struct geyser_event *event, uint64_t value)
{
	struct geyser_vulkan_point point = {.value = value};

	ok(geyser_vulkan_event_semaphore(event, &point.semaphore));
	return point;
}

/* ---- staging: a buffer that has the layout of a texture in host memory ---- */

static uint32_t visible_type(struct gpu *gpu, uint32_t types)
{
	const VkMemoryPropertyFlags wanted =
		VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
	VkPhysicalDeviceMemoryProperties memory;

	vkGetPhysicalDeviceMemoryProperties(gpu->device.physical_device, &memory);
	for (uint32_t i = 0; i < memory.memoryTypeCount; i++)
		if (types & 1u << i && (memory.memoryTypes[i].propertyFlags & wanted) == wanted)
			return i;
	fail_msg("no memory that is visible to the host");
	return 0;
}

static void make_buffer(struct gpu *gpu, struct gpu_work *work, VkDeviceSize size)
{
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = size,
		.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};
	VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	VkDevice device = gpu->device.device;
	VkMemoryRequirements needs;

	vk(vkCreateBuffer(device, &info, NULL, &work->buffer));
	vkGetBufferMemoryRequirements(device, work->buffer, &needs);
	allocate.allocationSize = needs.size;
	allocate.memoryTypeIndex = visible_type(gpu, needs.memoryTypeBits);
	vk(vkAllocateMemory(device, &allocate, NULL, &work->memory));
	vk(vkBindBufferMemory(device, work->buffer, work->memory, 0));
	vk(vkMapMemory(device, work->memory, 0, VK_WHOLE_SIZE, 0, &work->data));
}

static uint32_t planes_of(struct geyser_texture *texture)
{
	return geyser_format_get_info(geyser_texture_get_desc(texture)->format)->planes;
}

/* Between planes the buffer has gaps, since Vulkan copies images from multiples of their texels'
 * size, and planes of odd sizes end elsewhere. */
#define GAP 16u

/* Returns where the buffer has the byte at `offset` of the texture in host memory. */
static size_t place_of(size_t offset, uint32_t plane)
{
	return plane == 0 ? offset : (offset + GAP - 1) / GAP * GAP + (size_t)plane * GAP;
}

static void make_staging(struct gpu *gpu, struct gpu_work *work, struct geyser_texture *texture)
{
	struct geyser_texture_desc desc = *geyser_texture_get_desc(texture);
	struct geyser_mapping mapping;

	desc.usage = 0;
	ok(geyser_texture_create(gpu->host, &desc, &work->shadow));
	ok(geyser_texture_map(work->shadow, GEYSER_ACCESS_READ, &mapping));
	make_buffer(gpu, work, place_of(mapping.size, planes_of(texture)));
	geyser_texture_unmap(work->shadow);
}

/* Copies the planes between the buffer and the texture in host memory, which fill_texture and
 * texture_holds know. */
static void copy_shadow(struct gpu_work *work, bool to_buffer)
{
	const uint32_t planes = planes_of(work->shadow);
	struct geyser_mapping mapping;

	ok(geyser_texture_map(work->shadow, GEYSER_ACCESS_READ_WRITE, &mapping));
	for (uint32_t plane = 0; plane < planes; plane++) {
		struct geyser_subresource sub;
		char *ours, *theirs;
		size_t size;

		ok(geyser_texture_get_subresource(work->shadow, plane, 0, 0, &sub));
		ours = (char *)work->data + place_of(sub.offset, plane);
		theirs = (char *)mapping.data + sub.offset;
		size = planes > 1 ? sub.size : mapping.size;
		memcpy(to_buffer ? ours : theirs, to_buffer ? theirs : ours, size);
	}
	geyser_texture_unmap(work->shadow);
}

static VkBufferImageCopy region_of(const struct gpu_work *work, uint32_t plane,
	VkImageAspectFlags aspects, uint32_t level, uint32_t layer)
{
	const enum geyser_format format = geyser_texture_get_desc(work->shadow)->format;
	struct geyser_subresource sub;

	ok(geyser_texture_get_subresource(work->shadow, plane, level, layer, &sub));
	return (VkBufferImageCopy){
		.bufferOffset = place_of(sub.offset, plane),
		.bufferRowLength = (uint32_t)(sub.row_pitch / plane_texel_bytes(format, plane)),
		.bufferImageHeight = (uint32_t)(sub.slice_pitch / sub.row_pitch),
		.imageSubresource = {aspects, level, layer, 1},
		.imageExtent = {sub.width, sub.height, sub.depth},
	};
}

static void record_plane(
	struct gpu_work *work, struct geyser_texture *texture, uint32_t plane, bool to_image)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	struct geyser_vulkan_image_info image;
	VkBufferImageCopy region;

	ok(geyser_vulkan_texture_get_plane_info(texture, plane, &image));
	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t level = 0; level < desc->mip_levels; level++) {
			region = region_of(work, plane, image.aspects, level, layer);
			if (to_image)
				vkCmdCopyBufferToImage(work->commands, work->buffer, image.image,
					copy_to.layout, 1, &region);
			else
				vkCmdCopyImageToBuffer(work->commands, image.image,
					copy_from.layout, work->buffer, 1, &region);
		}
}

static void record_copies(struct gpu_work *work, struct geyser_texture *texture, bool to_image)
{
	for (uint32_t plane = 0; plane < planes_of(texture); plane++)
		record_plane(work, texture, plane, to_image);
}

/* ---- submitting ---- */

struct gpu_work gpu_begin(struct gpu *gpu)
{
	const VkCommandBufferAllocateInfo allocate = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandPool = gpu->pool,
		.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
		.commandBufferCount = 1,
	};
	const VkCommandBufferBeginInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
		.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
	};
	struct gpu_work work = {0};

	vk(vkAllocateCommandBuffers(gpu->device.device, &allocate, &work.commands));
	vk(vkBeginCommandBuffer(work.commands, &info));
	return work;
}

void gpu_submit(struct gpu *gpu, struct gpu_work *work, struct gpu_sync sync)
{
	const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
	const VkTimelineSemaphoreSubmitInfo values = {
		.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		.waitSemaphoreValueCount = sync.wait.semaphore ? 1 : 0,
		.pWaitSemaphoreValues = &sync.wait.value,
		.signalSemaphoreValueCount = sync.signal.semaphore ? 1 : 0,
		.pSignalSemaphoreValues = &sync.signal.value,
	};
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.pNext = &values,
		.waitSemaphoreCount = values.waitSemaphoreValueCount,
		.pWaitSemaphores = &sync.wait.semaphore,
		.pWaitDstStageMask = &stages,
		.commandBufferCount = 1,
		.pCommandBuffers = &work->commands,
		.signalSemaphoreCount = values.signalSemaphoreValueCount,
		.pSignalSemaphores = &sync.signal.semaphore,
	};
	const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
	VkResult result;

	vk(vkEndCommandBuffer(work->commands));
	vk(vkCreateFence(gpu->device.device, &fence, NULL, &work->fence));
	geyser_vulkan_queue_lock(gpu->manager);
	result = vkQueueSubmit(gpu->device.queue, 1, &info, work->fence);
	geyser_vulkan_queue_unlock(gpu->manager);
	vk(result);
}

struct gpu_work gpu_fill(
	struct gpu *gpu, struct geyser_texture *texture, uint32_t seed, struct gpu_sync sync)
{
	struct gpu_work work = gpu_begin(gpu);

	make_staging(gpu, &work, texture);
	assert_true(fill_texture(work.shadow, seed));
	copy_shadow(&work, true);
	ok(geyser_vulkan_cmd_acquire(work.commands, texture, &copy_to));
	record_copies(&work, texture, true);
	ok(geyser_vulkan_cmd_release(work.commands, texture, &copy_to));
	gpu_submit(gpu, &work, sync);
	return work;
}

/* What a copy has written into a buffer is seen by the host after the fence. */
static void make_visible(struct gpu_work *work)
{
	const VkMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_HOST_READ_BIT,
	};

	vkCmdPipelineBarrier(work->commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, NULL, 0, NULL);
}

struct gpu_work gpu_read(struct gpu *gpu, struct geyser_texture *texture, struct gpu_sync sync)
{
	struct gpu_work work = gpu_begin(gpu);

	make_staging(gpu, &work, texture);
	ok(geyser_vulkan_cmd_acquire(work.commands, texture, &copy_from));
	record_copies(&work, texture, false);
	ok(geyser_vulkan_cmd_release(work.commands, texture, &copy_from));
	make_visible(&work);
	gpu_submit(gpu, &work, sync);
	return work;
}

struct gpu_work gpu_clear(
	struct gpu *gpu, struct geyser_texture *texture, float value, struct gpu_sync sync)
{
	const VkClearColorValue color = {.float32 = {value, value, value, value}};
	struct gpu_work work = gpu_begin(gpu);
	struct geyser_vulkan_image_info image;
	VkImageSubresourceRange range = {
		.levelCount = VK_REMAINING_MIP_LEVELS,
		.layerCount = VK_REMAINING_ARRAY_LAYERS,
	};

	ok(geyser_vulkan_texture_get_info(texture, &image));
	range.aspectMask = image.aspects;
	ok(geyser_vulkan_cmd_acquire(work.commands, texture, &copy_to));
	vkCmdClearColorImage(work.commands, image.image, copy_to.layout, &color, 1, &range);
	ok(geyser_vulkan_cmd_release(work.commands, texture, &copy_to));
	gpu_submit(gpu, &work, sync);
	return work;
}

struct gpu_work gpu_order(struct gpu *gpu, struct gpu_sync sync)
{
	struct gpu_work work = gpu_begin(gpu);

	gpu_submit(gpu, &work, sync);
	return work;
}

/* ---- the end of work ---- */

static void wait_for(struct gpu *gpu, struct gpu_work *work)
{
	vk(vkWaitForFences(gpu->device.device, 1, &work->fence, VK_TRUE, PATIENCE));
}

static void release(struct gpu *gpu, struct gpu_work *work)
{
	VkDevice device = gpu->device.device;

	vkDestroyFence(device, work->fence, NULL);
	vkFreeCommandBuffers(device, gpu->pool, 1, &work->commands);
	vkDestroyBuffer(device, work->buffer, NULL);
	vkFreeMemory(device, work->memory, NULL);
	geyser_texture_unref(work->shadow);
	*work = (struct gpu_work){0};
}

void gpu_finish(struct gpu *gpu, struct gpu_work *work)
{
	wait_for(gpu, work);
	release(gpu, work);
}

bool gpu_finish_holds(struct gpu *gpu, struct gpu_work *work, uint32_t seed)
{
	bool holds;

	wait_for(gpu, work);
	copy_shadow(work, false);
	holds = texture_holds(work->shadow, seed);
	release(gpu, work);
	return holds;
}

void gpu_fill_now(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed)
{
	struct gpu_work work = gpu_fill(gpu, texture, seed, at_once);

	gpu_finish(gpu, &work);
}

bool gpu_holds_now(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed)
{
	struct gpu_work work = gpu_read(gpu, texture, at_once);

	return gpu_finish_holds(gpu, &work, seed);
}
