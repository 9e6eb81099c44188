/* Measures conversions of 4K textures on a GPU, beside copies of buffers that read and write as
 * many bytes. */
#include <stdio.h>

#include "vkhand.h"

#define TARGET 0.8 /* the speed beside the floor's */
#define PICTURES 4 /* taken in turns: they don't fit in a GPU's cache together */
#define REPEATS 32 /* in one submit, so that its own time doesn't count */
#define WARM_UP 1  /* rounds */

/* A buffer or an image by hand. */
struct storage {
	VkBuffer buffer;
	VkImage image;
	VkDeviceMemory memory;
};

struct convert {
	struct vkhand hand;
	struct geyser_texture *from[PICTURES], *to[PICTURES];
	struct storage source[PICTURES], destination[PICTURES];
	bool images;       /* which of the two are copied by hand */
	VkDeviceSize size; /* bytes that are copied */
	size_t repeats;
};

static const enum geyser_format pairs[][2] = {
	{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_BGRA8_UNORM},
	{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_RGBA16_FLOAT},
	{GEYSER_FORMAT_RGBA16_FLOAT, GEYSER_FORMAT_RGBA8_UNORM},
	{GEYSER_FORMAT_RGBA32_FLOAT, GEYSER_FORMAT_RGBA8_UNORM},
	{GEYSER_FORMAT_RGB10A2_UNORM, GEYSER_FORMAT_RGBA8_UNORM},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, GEYSER_FORMAT_RGBA16_FLOAT},
	{GEYSER_FORMAT_NV12, GEYSER_FORMAT_RGBA8_UNORM},
	{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_NV12},
	{GEYSER_FORMAT_P010, GEYSER_FORMAT_RGBA16_FLOAT},
};

#define PAIRS (sizeof(pairs) / sizeof(pairs[0]))

/* ---- by hand --------------------------------------------------------------------------------- */

static uint32_t device_type(const struct vkhand *hand, uint32_t bits)
{
	const VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;

	for (uint32_t i = 0; i < hand->memory.memoryTypeCount; i++)
		if (bits >> i & 1 && hand->memory.memoryTypes[i].propertyFlags & wanted)
			return i;
	die("the device has no memory of its own for a buffer");
}

static void allocate_for(
	const struct vkhand *hand, const VkMemoryRequirements *needs, struct storage *storage)
{
	const VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.allocationSize = needs->size,
		.memoryTypeIndex = device_type(hand, needs->memoryTypeBits),
	};

	vkhand_require(vkAllocateMemory(hand->device, &info, NULL, &storage->memory), "memory");
}

static void make_buffer(const struct convert *convert, struct storage *out)
{
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = convert->size,
		.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};
	VkDevice device = convert->hand.device;
	VkMemoryRequirements needs;

	vkhand_require(vkCreateBuffer(device, &info, NULL, &out->buffer), "a buffer");
	vkGetBufferMemoryRequirements(device, out->buffer, &needs);
	allocate_for(&convert->hand, &needs, out);
	vkhand_require(vkBindBufferMemory(device, out->buffer, out->memory, 0), "binding");
}

/* Returns the size of an image of rgba8unorm with that many bytes. */
static VkExtent3D extent_of(const struct convert *convert)
{
	return (VkExtent3D){VKHAND_WIDTH, (uint32_t)(convert->size / (VKHAND_WIDTH * 4)), 1};
}

static void make_image(const struct convert *convert, struct storage *out)
{
	const VkImageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.imageType = VK_IMAGE_TYPE_2D,
		.format = VK_FORMAT_R8G8B8A8_UNORM,
		.extent = extent_of(convert),
		.mipLevels = 1,
		.arrayLayers = 1,
		.samples = VK_SAMPLE_COUNT_1_BIT,
		.usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
	};
	VkDevice device = convert->hand.device;
	VkMemoryRequirements needs;

	vkhand_require(vkCreateImage(device, &info, NULL, &out->image), "an image");
	vkGetImageMemoryRequirements(device, out->image, &needs);
	allocate_for(&convert->hand, &needs, out);
	vkhand_require(vkBindImageMemory(device, out->image, out->memory, 0), "binding");
}

static void make_storage(const struct convert *convert, struct storage *out)
{
	*out = (struct storage){.memory = VK_NULL_HANDLE};
	if (convert->images)
		make_image(convert, out);
	else
		make_buffer(convert, out);
}

static void destroy_storage(const struct vkhand *hand, struct storage *storage)
{
	vkDestroyBuffer(hand->device, storage->buffer, NULL);
	vkDestroyImage(hand->device, storage->image, NULL);
	vkFreeMemory(hand->device, storage->memory, NULL);
}

/* Brings an image of undefined contents into a layout for copies. */
static void record_layout(VkCommandBuffer commands, VkImage image, VkImageLayout layout)
{
	const VkImageMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
		.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
		.newLayout = layout,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.image = image,
		.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
	};

	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
		VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

static void record_layouts(struct convert *convert)
{
	VkCommandBuffer commands = vkhand_begin(&convert->hand);

	for (size_t i = 0; convert->images && i < PICTURES; i++) {
		record_layout(
			commands, convert->source[i].image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
		record_layout(commands, convert->destination[i].image,
			VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
	}
	vkhand_submit(&convert->hand, NULL, NULL);
	vkhand_finish(&convert->hand);
}

static void record_copy(struct convert *convert, VkCommandBuffer commands, size_t picture)
{
	const struct storage *from = &convert->source[picture];
	const struct storage *to = &convert->destination[picture];
	const VkImageSubresourceLayers layers = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
	const VkImageCopy image = {
		.srcSubresource = layers, .dstSubresource = layers, .extent = extent_of(convert)};
	const VkBufferCopy buffer = {.size = convert->size};

	if (convert->images)
		vkCmdCopyImage(commands, from->image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
			to->image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &image);
	else
		vkCmdCopyBuffer(commands, from->buffer, to->buffer, 1, &buffer);
}

/* ---- both sides ------------------------------------------------------------------------------ */

/* Each conversion or copy waits for the one before. */
static void record_order(VkCommandBuffer commands)
{
	const VkPipelineStageFlags stages =
		VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
	const VkMemoryBarrier memory = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
	};

	vkCmdPipelineBarrier(commands, stages, stages, 0, 1, &memory, 0, NULL, 0, NULL);
}

static void record_handover(struct convert *convert, VkCommandBuffer commands,
	enum geyser_result (*record)(VkCommandBuffer commands, struct geyser_texture *texture,
		const struct geyser_vulkan_access *access))
{
	static const struct geyser_vulkan_access reading = GEYSER_VULKAN_CONVERT_SOURCE;
	static const struct geyser_vulkan_access writing = GEYSER_VULKAN_CONVERT_DESTINATION;

	for (size_t i = 0; i < PICTURES; i++) {
		require(record(commands, convert->from[i], &reading), "a source's barrier");
		require(record(commands, convert->to[i], &writing), "a destination's barrier");
	}
}

static void record_work(struct convert *convert, VkCommandBuffer commands, bool ours)
{
	for (size_t i = 0; i < convert->repeats; i++) {
		if (ours)
			require(geyser_vulkan_cmd_convert(commands, convert->from[i % PICTURES],
					convert->to[i % PICTURES], NULL),
				"recording a conversion");
		else
			record_copy(convert, commands, i % PICTURES);
		record_order(commands);
	}
}

/* Returns the time of one conversion or copy. Both sides hand the textures over. */
static uint64_t time_side(struct convert *convert, bool ours)
{
	VkCommandBuffer commands = vkhand_begin(&convert->hand);
	uint64_t start;

	record_handover(convert, commands, geyser_vulkan_cmd_acquire);
	record_work(convert, commands, ours);
	record_handover(convert, commands, geyser_vulkan_cmd_release);
	start = now_ns();
	vkhand_submit(&convert->hand, NULL, NULL);
	vkhand_finish(&convert->hand);
	return (now_ns() - start) / convert->repeats;
}

static struct geyser_texture *make_texture(
	const struct convert *convert, enum geyser_format format, uint32_t usage)
{
	const struct geyser_texture_desc desc = {
		.format = format,
		.width = VKHAND_WIDTH,
		.height = VKHAND_HEIGHT,
		.usage = usage,
	};
	struct geyser_texture *texture;

	require(geyser_texture_create(convert->hand.manager, &desc, &texture), "making a texture");
	return texture;
}

static void begin(struct convert *convert, enum geyser_format from, enum geyser_format to)
{
	convert->size = (picture_bytes(from, VKHAND_WIDTH, VKHAND_HEIGHT) +
				picture_bytes(to, VKHAND_WIDTH, VKHAND_HEIGHT)) /
			2;
	for (size_t i = 0; i < PICTURES; i++) {
		convert->from[i] = make_texture(convert, from, GEYSER_USAGE_TEXTURE_BINDING);
		convert->to[i] = make_texture(convert, to, GEYSER_USAGE_STORAGE_BINDING);
		make_storage(convert, &convert->source[i]);
		make_storage(convert, &convert->destination[i]);
	}
	record_layouts(convert);
}

static void end(struct convert *convert)
{
	for (size_t i = 0; i < PICTURES; i++) {
		geyser_texture_unref(convert->from[i]);
		geyser_texture_unref(convert->to[i]);
		destroy_storage(&convert->hand, &convert->source[i]);
		destroy_storage(&convert->hand, &convert->destination[i]);
	}
}

static void measure(struct convert *convert, size_t rounds, struct series *series)
{
	series->rounds = 0;
	for (size_t turn = 0; turn < 2 * (rounds + WARM_UP); turn += 2) {
		const bool first = turn_is_ours(turn);
		uint64_t times[2];

		times[!first] = time_side(convert, first);
		times[first] = time_side(convert, !first);
		if (turn >= 2 * WARM_UP)
			series_add(series, 0.5, &times[0], &times[1], 1);
	}
}

static void add(struct convert *convert, enum geyser_format from, enum geyser_format to,
	size_t rounds, struct results *results)
{
	struct series series;
	char name[64];

	for (int images = 0; images < 2; images++) {
		convert->images = images;
		begin(convert, from, to);
		measure(convert, rounds, &series);
		end(convert);
		(void)snprintf(name, sizeof(name), "gpu %s to %s%s", geyser_format_name(from),
			geyser_format_name(to), images ? ", image" : "");
		results_add_times(results, name, PLACE_NONE, &series,
			images ? LIMIT_NONE : LIMIT_RATIO, 1 / TARGET);
	}
}

static void run(const struct settings *settings, struct results *results)
{
	struct convert convert = {.repeats = REPEATS};
	size_t rounds = settings->rounds;
	const char *why;

	if (!vkhand_open(&convert.hand, &why)) {
		results_add_missing(results, "gpu conversions", why);
		return;
	}
	if (vkhand_is_software(&convert.hand)) {
		convert.repeats = 1;
		rounds = (rounds + 3) / 4;
	}
	results_add_text(results, "vkconvert: device", convert.hand.name);
	for (size_t i = 0; i < PAIRS; i++)
		add(&convert, pairs[i][0], pairs[i][1], rounds, results);
	vkhand_close(&convert.hand);
}

void bench_vkconvert(const struct settings *settings, struct results *results)
{
	run_apart(run, settings, results);
}
