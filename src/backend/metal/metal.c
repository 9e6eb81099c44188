/* SPDX-License-Identifier: MIT */
/* The backend as the core sees it. */
#include "backend/metal/mtl.h"

static enum geyser_result open_default(bool automatic, void **out)
{
	(void)automatic; /* where there is Metal, nothing does as well */
	return gy_metal_adopt(NULL, out);
}

const struct gy_backend gy_metal_backend = {
	.kind = GEYSER_BACKEND_METAL,
	.name = "metal",
	.open = open_default,
	.close = gy_mtl_device_close,
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
