/* SPDX-License-Identifier: MIT */
/* The backend as the core sees it. */
#include "backend/metal/mtl.h"

static enum geyser_result device_open(bool automatic, void **out)
{
	(void)automatic; /* where there is Metal, nothing does as well */
	return gy_metal_adopt(NULL, out);
}

static void device_close(void *device)
{
	gy_mtl_device_close(device);
}

enum geyser_result gy_metal_adopt(void *mtl_device, void **out)
{
	struct mtl_device *device;
	enum geyser_result result = gy_mtl_device_open(mtl_device, &device);

	if (result == GEYSER_OK)
		*out = device;
	return result;
}

void *gy_metal_device(void *device)
{
	return ((struct mtl_device *)device)->device;
}

const struct geyser_metal_info *gy_metal_info(void *device)
{
	return &((struct mtl_device *)device)->info;
}

const struct gy_backend gy_metal_backend = {
	.kind = GEYSER_BACKEND_METAL,
	.name = "metal",
	.open = device_open,
	.close = device_close,
	.format_usage = gy_mtl_format_usage,
	.format_refusal = gy_mtl_format_refusal,
	.texture_create = gy_mtl_texture_create,
	.texture_import = gy_mtl_texture_import,
	.texture_share = gy_mtl_texture_share,
	.texture_describe = gy_mtl_texture_describe,
	.texture_map = gy_mtl_texture_map,
	.texture_unmap = gy_mtl_texture_unmap,
	.texture_destroy = gy_mtl_texture_destroy,
	.event_create = gy_mtl_event_create,
	.event_signal = gy_mtl_event_signal,
	.event_destroy = gy_mtl_event_destroy,
	.mirror_create = gy_mtl_mirror_create,
	.texture_copy = gy_mtl_texture_copy,
};
