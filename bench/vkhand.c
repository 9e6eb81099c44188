/* Images that two processes share, and what is done with them, by hand. */
#include <string.h>

#include "vkhand.h"

#define OPAQUE_FD VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT

const struct geyser_vulkan_access vkhand_write = {
	VK_IMAGE_LAYOUT_GENERAL, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT};
const struct geyser_vulkan_access vkhand_read = {
	VK_IMAGE_LAYOUT_GENERAL, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT};

static const VkImageSubresourceRange whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
static const VkImageSubresourceLayers layers = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
static const VkExtent3D extent = {VKHAND_WIDTH, VKHAND_HEIGHT, 1};

/* ---- images ---------------------------------------------------------------------------------- */

/* Returns the first memory type with these properties; without one, the first type. */
static uint32_t memory_type(const struct vkhand *hand, uint32_t bits, VkMemoryPropertyFlags wanted)
{
	uint32_t first = hand->memory.memoryTypeCount;

	for (uint32_t i = hand->memory.memoryTypeCount; i-- > 0;)
		if (bits >> i & 1)
			first = i;
	for (uint32_t i = first; i < hand->memory.memoryTypeCount; i++)
		if (bits >> i & 1 && (hand->memory.memoryTypes[i].propertyFlags & wanted) == wanted)
			return i;
	return first;
}

static void make_image(const struct vkhand *hand, bool shared, struct vkhand_image *out)
{
	const VkExternalMemoryImageCreateInfo external = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
		.handleTypes = OPAQUE_FD,
	};
	const VkImageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.pNext = shared ? &external : NULL,
		.imageType = VK_IMAGE_TYPE_2D,
		.format = VK_FORMAT_R8G8B8A8_UNORM,
		.extent = extent,
		.mipLevels = 1,
		.arrayLayers = 1,
		.samples = VK_SAMPLE_COUNT_1_BIT,
		.tiling = VK_IMAGE_TILING_OPTIMAL,
		.usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT |
			 VK_IMAGE_USAGE_SAMPLED_BIT,
		.sharingMode = VK_SHARING_MODE_EXCLUSIVE,
	};

	vkhand_require(vkCreateImage(hand->device, &info, NULL, &out->image), "an image");
}

/* Allocates and binds the image's memory. next says whether it is exported, imported or neither. */
static void bind_memory(const struct vkhand *hand, struct vkhand_image *image, const void *next)
{
	const VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
		.pNext = next,
		.image = image->image,
	};
	VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .pNext = &dedicated};
	VkMemoryRequirements needs;

	vkGetImageMemoryRequirements(hand->device, image->image, &needs);
	image->size = needs.size;
	info.allocationSize = needs.size;
	info.memoryTypeIndex =
		memory_type(hand, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
	vkhand_require(vkAllocateMemory(hand->device, &info, NULL, &image->memory), "memory");
	vkhand_require(vkBindImageMemory(hand->device, image->image, image->memory, 0), "binding");
}

static void barrier(VkCommandBuffer commands, const VkImageMemoryBarrier *barrier,
	VkPipelineStageFlags from, VkPipelineStageFlags to)
{
	vkCmdPipelineBarrier(commands, from, to, 0, 0, NULL, 0, NULL, 1, barrier);
}

static void begin_life(VkCommandBuffer commands, VkImage image)
{
	const VkImageMemoryBarrier begin = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
		.newLayout = VK_IMAGE_LAYOUT_GENERAL,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.image = image,
		.subresourceRange = whole,
	};

	barrier(commands, &begin, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
		VK_PIPELINE_STAGE_TRANSFER_BIT);
}

void vkhand_image_create(struct vkhand *hand, struct vkhand_image *out)
{
	const VkExportMemoryAllocateInfo export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
		.handleTypes = OPAQUE_FD,
	};
	VkCommandBuffer commands;

	make_image(hand, true, out);
	bind_memory(hand, out, &export);
	commands = vkhand_begin(hand);
	begin_life(commands, out->image);
	vkhand_clear(commands, out->image, 0);
	vkhand_release(hand, commands, out->image, &vkhand_write);
	vkhand_submit(hand, NULL, NULL);
	vkhand_finish(hand);
}

void vkhand_image_create_private(struct vkhand *hand, struct vkhand_image *out)
{
	make_image(hand, false, out);
	bind_memory(hand, out, NULL);
	begin_life(vkhand_begin(hand), out->image);
	vkhand_submit(hand, NULL, NULL);
	vkhand_finish(hand);
}

void vkhand_image_import(struct vkhand *hand, int fd, struct vkhand_image *out)
{
	const VkImportMemoryFdInfoKHR import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
		.handleType = OPAQUE_FD,
		.fd = fd,
	};

	make_image(hand, true, out);
	bind_memory(hand, out, &import);
}

int vkhand_image_fd(const struct vkhand *hand, const struct vkhand_image *image)
{
	const VkMemoryGetFdInfoKHR info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
		.memory = image->memory,
		.handleType = OPAQUE_FD,
	};
	int fd;

	vkhand_require(hand->get_memory_fd(hand->device, &info, &fd), "the memory's descriptor");
	return fd;
}

void vkhand_image_destroy(const struct vkhand *hand, struct vkhand_image *image)
{
	vkDestroyImage(hand->device, image->image, NULL);
	vkFreeMemory(hand->device, image->memory, NULL);
}

/* ---- staging --------------------------------------------------------------------------------- */

void vkhand_staging_create(const struct vkhand *hand, struct vkhand_staging *out)
{
	const VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
					     VK_MEMORY_PROPERTY_HOST_COHERENT_BIT |
					     VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = VKHAND_SIZE,
		.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
		.sharingMode = VK_SHARING_MODE_EXCLUSIVE,
	};
	VkMemoryAllocateInfo memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	VkMemoryRequirements needs;

	vkhand_require(vkCreateBuffer(hand->device, &info, NULL, &out->buffer), "a buffer");
	vkGetBufferMemoryRequirements(hand->device, out->buffer, &needs);
	memory.allocationSize = needs.size;
	memory.memoryTypeIndex = memory_type(hand, needs.memoryTypeBits, wanted);
	vkhand_require(vkAllocateMemory(hand->device, &memory, NULL, &out->memory), "memory");
	vkhand_require(vkBindBufferMemory(hand->device, out->buffer, out->memory, 0), "binding");
	vkhand_require(
		vkMapMemory(hand->device, out->memory, 0, VK_WHOLE_SIZE, 0, &out->data), "mapping");
	memset(out->data, 0, VKHAND_SIZE); /* touches the pages, so that no sample includes that */
}

void vkhand_staging_destroy(const struct vkhand *hand, struct vkhand_staging *staging)
{
	vkDestroyBuffer(hand->device, staging->buffer, NULL);
	vkFreeMemory(hand->device, staging->memory, NULL);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void wait_for(const struct vkhand *hand, VkFence fence)
{
	vkhand_require(vkWaitForFences(hand->device, 1, &fence, VK_TRUE, VKHAND_TIMEOUT),
		"waiting for the GPU");
}

VkCommandBuffer vkhand_begin(struct vkhand *hand)
{
	const VkCommandBufferBeginInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
		.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
	};
	size_t slot = ++hand->turn % VKHAND_COMMANDS;

	wait_for(hand, hand->fences[slot]);
	vkhand_require(vkBeginCommandBuffer(hand->commands[slot], &info), "recording");
	return hand->commands[slot];
}

void vkhand_acquire(const struct vkhand *hand, VkCommandBuffer commands, VkImage image,
	const struct geyser_vulkan_access *to)
{
	const VkImageMemoryBarrier acquire = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.dstAccessMask = to->access,
		.oldLayout = VK_IMAGE_LAYOUT_GENERAL,
		.newLayout = to->layout,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL,
		.dstQueueFamilyIndex = hand->queue_family,
		.image = image,
		.subresourceRange = whole,
	};

	barrier(commands, &acquire, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, to->stages);
}

void vkhand_release(const struct vkhand *hand, VkCommandBuffer commands, VkImage image,
	const struct geyser_vulkan_access *from)
{
	const VkImageMemoryBarrier release = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.srcAccessMask = from->access,
		.oldLayout = from->layout,
		.newLayout = VK_IMAGE_LAYOUT_GENERAL,
		.srcQueueFamilyIndex = hand->queue_family,
		.dstQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL,
		.image = image,
		.subresourceRange = whole,
	};

	barrier(commands, &release, from->stages, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT);
}

void vkhand_clear(VkCommandBuffer commands, VkImage image, uint8_t value)
{
	const float part = (float)value / 255.0F;
	const VkClearColorValue color = {.float32 = {part, part, part, part}};

	vkCmdClearColorImage(commands, image, VK_IMAGE_LAYOUT_GENERAL, &color, 1, &whole);
}

/* Records a barrier after earlier copies and clears, of this submit or of one before. */
static void follow_copies(VkCommandBuffer commands, VkAccessFlags to)
{
	const VkMemoryBarrier copied = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = to,
	};

	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &copied, 0, NULL, 0, NULL);
}

void vkhand_copy(VkCommandBuffer commands, VkImage from, VkImage to)
{
	const VkImageCopy region = {
		.srcSubresource = layers, .dstSubresource = layers, .extent = extent};

	follow_copies(commands, VK_ACCESS_TRANSFER_WRITE_BIT);
	vkCmdCopyImage(
		commands, from, VK_IMAGE_LAYOUT_GENERAL, to, VK_IMAGE_LAYOUT_GENERAL, 1, &region);
}

/* Records a copy to a buffer. The host sees the GPU's writes after it has waited for the fence. */
void vkhand_download(VkCommandBuffer commands, VkImage from, VkBuffer to)
{
	const VkBufferImageCopy region = {.imageSubresource = layers, .imageExtent = extent};
	const VkMemoryBarrier written = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_HOST_READ_BIT,
	};

	follow_copies(commands, VK_ACCESS_TRANSFER_READ_BIT);
	vkCmdCopyImageToBuffer(commands, from, VK_IMAGE_LAYOUT_GENERAL, to, 1, &region);
	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT,
		0, 1, &written, 0, NULL, 0, NULL);
}

void vkhand_upload(VkCommandBuffer commands, VkBuffer from, VkImage to)
{
	const VkBufferImageCopy region = {.imageSubresource = layers, .imageExtent = extent};

	follow_copies(commands, VK_ACCESS_TRANSFER_WRITE_BIT);
	vkCmdCopyBufferToImage(commands, from, to, VK_IMAGE_LAYOUT_GENERAL, 1, &region);
}

void vkhand_submit(struct vkhand *hand, const struct geyser_vulkan_point *wait,
	const struct geyser_vulkan_point *signal)
{
	const size_t slot = hand->turn % VKHAND_COMMANDS;
	const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
	const VkTimelineSemaphoreSubmitInfo values = {
		.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		.waitSemaphoreValueCount = wait ? 1 : 0,
		.pWaitSemaphoreValues = wait ? &wait->value : NULL,
		.signalSemaphoreValueCount = signal ? 1 : 0,
		.pSignalSemaphoreValues = signal ? &signal->value : NULL,
	};
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.pNext = &values,
		.waitSemaphoreCount = wait ? 1 : 0,
		.pWaitSemaphores = wait ? &wait->semaphore : NULL,
		.pWaitDstStageMask = &stages,
		.commandBufferCount = 1,
		.pCommandBuffers = &hand->commands[slot],
		.signalSemaphoreCount = signal ? 1 : 0,
		.pSignalSemaphores = signal ? &signal->semaphore : NULL,
	};
	VkResult result;

	vkhand_require(vkEndCommandBuffer(hand->commands[slot]), "recording");
	vkhand_require(vkResetFences(hand->device, 1, &hand->fences[slot]), "a fence");
	geyser_vulkan_queue_lock(hand->manager);
	result = vkQueueSubmit(hand->queue, 1, &info, hand->fences[slot]);
	geyser_vulkan_queue_unlock(hand->manager);
	vkhand_require(result, "submitting");
}

void vkhand_finish(struct vkhand *hand)
{
	wait_for(hand, hand->fences[hand->turn % VKHAND_COMMANDS]);
}

void vkhand_verify(
	struct vkhand *hand, struct vkhand_staging *staging, VkImage image, uint8_t value)
{
	const uint8_t *data = staging->data;
	VkCommandBuffer commands = vkhand_begin(hand);

	vkhand_download(commands, image, staging->buffer);
	vkhand_submit(hand, NULL, NULL);
	vkhand_finish(hand);
	if (data[0] != value || data[VKHAND_SIZE - 1] != value)
		die("the copy's first byte is %u and its last %u: both must be %u", data[0],
			data[VKHAND_SIZE - 1], value);
}
