/*
 * Subscribes to a stream, reads its frames on the GPU and saves them as PNG.
 *
 * SPDX-License-Identifier: MIT
 *
 * vulkan_viewer [--frames N] [--output PATTERN] [NAME]
 */
#include <getopt.h>
#include <geyser/vulkan.h>
#include <inttypes.h>
#include <stdio.h>

#include "example.h"
#include "picture.h"
#include "vulkan_device.h"
#include "vulkan_work.h"

#define LIMIT (10 * NANOSECONDS) /* the limit of the wait for the stream, and for each frame */

struct options {
	const char *name;
	const char *output;
	uint32_t frames;
};

struct viewer {
	struct geyser_manager *manager;
	struct geyser_vulkan_device device; /* the device of geyser's manager */
	struct geyser_subscriber *subscriber;
	VkCommandPool pool;
	VkCommandBuffer commands;
	VkBuffer buffer; /* the last frame's texels, row by row */
	VkDeviceMemory memory;
	VkDeviceSize size;
	unsigned char *texels; /* the buffer's texels, mapped */
};

static struct options parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{"frames", required_argument, NULL, 'n'},
		{"output", required_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	struct options out = {.name = "triangle", .output = "frame-%05d.png", .frames = 1};

	opterr = 0; /* the usage text is enough */
	for (int c; (c = getopt_long(argc, argv, "n:o:", options, NULL)) != -1;) {
		if (c == 'n')
			out.frames = parse_number("number of frames", optarg, 99999);
		else if (c == 'o')
			out.output = optarg;
		else
			fail_usage("usage: vulkan_viewer [--frames N] [--output PATTERN] [NAME]");
	}
	if (!picture_is_pattern(out.output))
		fail_usage(
			"wrong output (%.200s): one %%d or %%0Nd with N from 1 to 9, and no other "
			"%%, such as frame-%%05d.png",
			out.output);
	if (optind < argc)
		out.name = argv[optind++];
	if (optind < argc)
		fail_usage("one argument too many (%.64s): the stream's name alone", argv[optind]);
	return out;
}

static void start(struct viewer *viewer, const struct options *options)
{
	const struct geyser_manager_desc manager = {.backend = GEYSER_BACKEND_VULKAN};
	const struct geyser_subscriber_desc desc = {
		.name = options->name,
		.delivery = GEYSER_DELIVER_LATEST,
		.connect_timeout_ns = LIMIT,
	};

	check(geyser_manager_create(&manager, &viewer->manager), "manager");
	check(geyser_vulkan_get_device(viewer->manager, &viewer->device), "device");
	check(geyser_subscriber_create(viewer->manager, &desc, &viewer->subscriber), options->name);
	viewer->pool = vulkan_command_buffers(&viewer->device, 1, &viewer->commands);
}

static void destroy_buffer(struct viewer *viewer)
{
	vkDestroyBuffer(viewer->device.device, viewer->buffer, NULL);
	vkFreeMemory(viewer->device.device, viewer->memory, NULL);
}

/* Makes memory for a frame that the GPU and the CPU can access, cached if possible, since the CPU
 * reads it. A stream may change its size at any frame. */
static void make_buffer(struct viewer *viewer, VkDeviceSize size)
{
	const VkMemoryPropertyFlags visible =
		VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = size,
		.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};
	VkMemoryAllocateInfo memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	VkMemoryRequirements needs;
	const VkDevice device = viewer->device.device;
	void *texels;

	destroy_buffer(viewer);
	check_vulkan(vkCreateBuffer(device, &info, NULL, &viewer->buffer), "vkCreateBuffer");
	vkGetBufferMemoryRequirements(device, viewer->buffer, &needs);
	memory.allocationSize = needs.size;
	memory.memoryTypeIndex = vulkan_memory_type(
		&viewer->device, &needs, visible | VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
	if (memory.memoryTypeIndex == UINT32_MAX)
		memory.memoryTypeIndex = vulkan_memory_type(&viewer->device, &needs, visible);
	check_vulkan(vkAllocateMemory(device, &memory, NULL, &viewer->memory), "vkAllocateMemory");
	check_vulkan(vkBindBufferMemory(device, viewer->buffer, viewer->memory, 0),
		"vkBindBufferMemory");
	check_vulkan(vkMapMemory(device, viewer->memory, 0, size, 0, &texels), "vkMapMemory");
	viewer->texels = texels;
	viewer->size = size;
}

/* Describes the frame's texels in the buffer. Fails if this viewer can't save them. */
static struct picture describe(const struct geyser_texture_desc *desc)
{
	struct picture out = {.width = desc->width, .height = desc->height, .format = desc->format};

	switch (desc->format) {
	case GEYSER_FORMAT_RGBA8_UNORM:
	case GEYSER_FORMAT_RGBA8_UNORM_SRGB:
	case GEYSER_FORMAT_BGRA8_UNORM:
	case GEYSER_FORMAT_BGRA8_UNORM_SRGB:
		break;
	default:
		fail("this viewer can't save the stream's format (%s): rgba8unorm or bgra8unorm",
			geyser_format_name(desc->format));
	}
	if (!(desc->usage & GEYSER_USAGE_COPY_SRC))
		fail("the stream's frames can't be copied: its publisher must ask for "
		     "GEYSER_USAGE_COPY_SRC");
	return out;
}

/* Records a copy from the image to the buffer, and a barrier for the CPU. */
static void record(struct viewer *viewer, struct geyser_texture *texture)
{
	const struct geyser_vulkan_access access = {
		.layout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
		.stages = VK_PIPELINE_STAGE_TRANSFER_BIT,
		.access = VK_ACCESS_TRANSFER_READ_BIT,
	};
	const VkMemoryBarrier to_cpu = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_HOST_READ_BIT,
	};
	struct geyser_vulkan_image_info info;
	VkBufferImageCopy all = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}};

	check(geyser_vulkan_texture_get_info(texture, &info), "image");
	all.imageExtent = info.extent;
	vulkan_begin(viewer->commands);
	check(geyser_vulkan_cmd_acquire(viewer->commands, texture, &access), "acquire");
	vkCmdCopyImageToBuffer(
		viewer->commands, info.image, access.layout, viewer->buffer, 1, &all);
	vkCmdPipelineBarrier(viewer->commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &to_cpu, 0, NULL, 0, NULL);
	check(geyser_vulkan_cmd_release(viewer->commands, texture, &access), "release");
}

/* Reads a frame. It is released as soon as the work is submitted: the publisher gets its buffer
 * back when the GPU has read it, however long the CPU then takes to save it. */
static struct picture read_frame(struct viewer *viewer, struct geyser_frame *frame)
{
	struct geyser_texture *const texture = geyser_frame_texture(frame);
	struct picture out = describe(geyser_texture_get_desc(texture));
	const VkDeviceSize size = (VkDeviceSize)out.width * out.height * PICTURE_TEXEL;
	struct geyser_vulkan_point drawn, read;

	if (viewer->size != size)
		make_buffer(viewer, size);
	check(geyser_vulkan_frame_wait_point(frame, &drawn), "wait point");
	check(geyser_vulkan_frame_signal_point(frame, &read), "signal point");
	record(viewer, texture);
	vulkan_submit(viewer->manager, viewer->commands, &drawn, &read);
	check(geyser_subscriber_release(viewer->subscriber, frame), "release");
	vulkan_wait(viewer->manager, &read);
	out.texels = viewer->texels;
	return out;
}

static void view(struct viewer *viewer, const struct options *options)
{
	for (uint32_t i = 1; i <= options->frames && !interrupted(); i++) {
		struct geyser_frame *frame;
		struct picture picture;
		uint64_t sequence;

		check(geyser_subscriber_acquire(viewer->subscriber, LIMIT, &frame), options->name);
		sequence = geyser_frame_get_info(frame)->sequence;
		picture = read_frame(viewer, frame);
		printf("%s: frame %" PRIu64 ", %" PRIu32 "x%" PRIu32 "\n",
			picture_save(&picture, options->output, i), sequence, picture.width,
			picture.height);
	}
}

static void finish(struct viewer *viewer)
{
	geyser_subscriber_destroy(viewer->subscriber);
	destroy_buffer(viewer);
	vkDestroyCommandPool(viewer->device.device, viewer->pool, NULL);
	geyser_manager_destroy(viewer->manager);
}

int main(int argc, char **argv)
{
	const struct options options = parse_options(argc, argv);
	struct viewer viewer = {.size = 0};

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	catch_signals();
	start(&viewer, &options);
	view(&viewer, &options);
	finish(&viewer);
	return 0;
}
