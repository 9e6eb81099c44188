/* SPDX-License-Identifier: MIT */
/* Opens Metal devices, and finds out which formats a device has on an IOSurface. */
#include "backend/metal/mtl.h"

#include "base/error.h"

#import <Metal/Metal.h>

#include <stdio.h>
#include <stdlib.h>

/* ---- formats ---- */

/* Returns whether every Metal device has the format on an IOSurface. Dawn, ANGLE and WebKit rely on
 * formats of 8 bits a channel and of 16-bit floats, and on video of two planes of 8 bits. */
static bool is_known(const struct geyser_format_info *info)
{
	uint32_t bits = 8 * info->bytes_per_texel / info->channels;

	if (!info->iosurface_fourcc || (info->srgb && info->channels != 4))
		return false;
	if (info->type == GEYSER_FORMAT_TYPE_YUV)
		return info->planes == 2 && info->bytes_per_texel == 1;
	return bits == 8 || (bits == 16 && info->type == GEYSER_FORMAT_TYPE_FLOAT);
}

/* Returns whether this is an Apple GPU. hasUnifiedMemory doesn't tell: Intel's GPUs have it too. */
static bool is_apple(id<MTLDevice> metal)
{
	if (__builtin_available(macOS 11.0, iOS 13.0, *))
		return [metal supportsFamily:MTLGPUFamilyApple1];
	return !TARGET_OS_OSX; /* no older macOS runs on Apple's GPUs */
}

/* Returns whether the device may be asked for a texture of this format. If the device can't have
 * it, Metal's validation layer would end the process. */
static bool may_ask(const struct mtl_device *device, const struct geyser_format_info *info)
{
	if (info->depth || info->stencil)
		return false;
	return device->apple || !info->srgb || info->channels == 4;
}

/* Metal has no query for this, so a texture is made to find out. */
static bool probe(struct mtl_device *device, const struct geyser_format_info *info)
{
	const struct geyser_texture_desc desc = {.format = info->format, .width = 1, .height = 1};
	struct mtl_texture texture = {.device = device};
	bool found;

	if (gy_desc_resolve("probe", &desc, &texture.desc) != GEYSER_OK ||
		gy_surface_create(&texture.desc, gy_mtl_row_alignment(&texture),
			&texture.surface) != GEYSER_OK)
		return false;
	found = gy_mtl_view(&texture) == GEYSER_OK;
	gy_mtl_view_release(&texture);
	CFRelease(texture.surface);
	return found;
}

static void probe_formats(struct mtl_device *device)
{
	for (unsigned i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_format_info *info =
			geyser_format_get_info((enum geyser_format)i);

		device->has[i] = is_known(info) || (may_ask(device, info) && probe(device, info));
	}
}

uint32_t gy_mtl_format_usage(
	void *data, const struct geyser_format_info *info, enum geyser_dimension dimension)
{
	const struct mtl_device *device = data;
	uint32_t places = GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_LINEAR;

	if (dimension != GEYSER_DIMENSION_2D || !device->has[info->format])
		return 0;
#if TARGET_OS_OSX
	places |= GEYSER_USAGE_GLOBAL_ID;
#endif
	return info->usage | places;
}

const char *gy_mtl_format_refusal(
	void *data, const struct geyser_format_info *info, enum geyser_dimension dimension)
{
	const struct mtl_device *device = data;

	if (info->depth || info->stencil)
		return "an IOSurface holds no depth or stencil: use "
		       "geyser_metal_texture_create_private";
	if (dimension != GEYSER_DIMENSION_2D)
		return "an IOSurface has one layer and no depth: use "
		       "geyser_metal_texture_create_private";
	if (device->has[info->format])
		return NULL;
	return info->type == GEYSER_FORMAT_TYPE_YUV
		       ? "this device has no textures of its planes on an IOSurface: use nv12"
		       : "this device has no such texture on an IOSurface: use one of 8 bits a "
			 "channel or of 16-bit floats, or geyser_metal_texture_create_private";
}

/* ---- life ---- */

static void fill_info(struct mtl_device *device, id<MTLDevice> metal)
{
	struct geyser_metal_info *out = &device->info;

	/* The limits are from the Metal feature set tables. Before iOS 13 there is no query for the
	 * GPU's family, so that every iPhone has the limit of the oldest one. */
	device->limit = TARGET_OS_OSX ? 16384 : 8192;
	if (__builtin_available(macOS 10.15, iOS 13.0, *)) {
		bool old = [metal supportsFamily:MTLGPUFamilyApple1] &&
			   ![metal supportsFamily:MTLGPUFamilyApple3];

		device->limit = old ? 8192 : 16384;
		out->unified_memory = metal.hasUnifiedMemory;
	}
	(void)snprintf(out->name, sizeof(out->name), "%s", metal.name.UTF8String);
	out->registry_id = metal.registryID;
#if TARGET_OS_OSX
	out->removable = metal.removable;
#endif
}

/* Makes what the device needs. Returns the name of an object that Metal doesn't make, or NULL. */
static const char *open_parts(struct mtl_device *device)
{
	if (__builtin_available(macOS 10.14, iOS 12.0, *)) {
		device->listener = [[MTLSharedEventListener alloc] init];
		if (!device->listener)
			return "event listener";
	}
	if (!device->apple)
		device->reader = [(id<MTLDevice>)device->device newCommandQueue];
	return device->reader || device->apple ? NULL : "command queue";
}

enum geyser_result gy_metal_adopt(void *mtl_device, void **out)
{
	struct mtl_device *device = calloc(1, sizeof(*device));
	const char *missing;

	if (!device)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a device");
	device->owner = getpid();
	gy_loss_init(&device->loss);
	@autoreleasepool {
		device->device = mtl_device ? (void *)[(id<MTLDevice>)mtl_device retain]
					    : (void *)MTLCreateSystemDefaultDevice();
		if (!device->device) {
			free(device);
			return gy_fail(GEYSER_ERROR_UNSUPPORTED, "this system has no Metal device");
		}
		fill_info(device, (id<MTLDevice>)device->device);
		device->apple = is_apple((id<MTLDevice>)device->device);
		missing = open_parts(device);
		if (!missing) {
			probe_formats(device);
			*out = device;
			return GEYSER_OK;
		}
	}
	(void)gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "Metal returned no %s for %s", missing,
		device->info.name);
	gy_mtl_device_close(device);
	return GEYSER_ERROR_OUT_OF_MEMORY;
}

void gy_mtl_device_close(void *data)
{
	struct mtl_device *device = data;

	@autoreleasepool {
		if (!gy_mtl_is_inherited(device)) {
			[(id)device->listener release];
			[(id)device->reader release];
			[(id)device->device release];
		}
	}
	gy_loss_finish(&device->loss);
	free(device);
}

void *gy_metal_device(void *device)
{
	return ((struct mtl_device *)device)->device;
}

const struct geyser_metal_info *gy_metal_info(void *device)
{
	return &((struct mtl_device *)device)->info;
}
