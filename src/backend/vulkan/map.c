/* SPDX-License-Identifier: MIT */
/*
 * Gives the CPU a texture's texels. Host memory is mapped as it is. Other memory is copied into a
 * staging buffer by the first map. Each unmap copies the buffer back, while a map for writing
 * exists.
 */
#include "backend/vulkan/vk.h"

#include "base/error.h"

#include <string.h>

/* ---- the staging copy ---- */

static struct vk_copy staging_copy(const struct vk_texture *texture, bool to_image)
{
	return (struct vk_copy){
		.texture = texture,
		.image_layout = to_image ? VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL
					 : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
		.buffer = texture->staging.buffer,
		.layout = &texture->base.layout,
		.to_image = to_image,
	};
}

static void record_download(struct vk_device *device, VkCommandBuffer commands, void *data)
{
	struct vk_texture *texture = data;
	const struct vk_copy copy = staging_copy(texture, false);
	const struct geyser_vulkan_access read = {
		VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
		VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_ACCESS_TRANSFER_READ_BIT,
	};

	gy_vk_record_acquire(texture, commands, &read);
	gy_vk_record_copy(device, commands, &copy);
	gy_vk_record_to_host(device, commands);
	gy_vk_record_release(texture, commands, &read);
}

static void record_upload(struct vk_device *device, VkCommandBuffer commands, void *data)
{
	struct vk_texture *texture = data;
	const struct vk_copy copy = staging_copy(texture, true);
	const struct geyser_vulkan_access write = {
		VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
		VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_ACCESS_TRANSFER_WRITE_BIT,
	};

	gy_vk_record_acquire(texture, commands, &write);
	gy_vk_record_copy(device, commands, &copy);
	gy_vk_record_release(texture, commands, &write);
}

/* In geyser's layout a texel has depth in the low 24 bits and stencil in the high 8. Vulkan copies
 * stencil apart, one byte a texel, to the place that gy_vk_linear_size describes. Calls work for
 * each row of one level and layer. */
static void each_stencil_row(struct vk_texture *texture, uint32_t level, uint32_t layer,
	void (*work)(uint32_t *texels, uint8_t *stencil, uint32_t count))
{
	char *data = texture->staging.data;
	uint64_t size = texture->base.layout.size;
	struct geyser_subresource at;

	gy_layout_subresource(&texture->desc, &texture->base.layout, 0, level, layer, &at);
	for (uint32_t row = 0; row < at.height * at.depth; row++) {
		/* rows have no padding, and so the texels of 4 bytes are aligned */
		uint32_t *texels = (uint32_t *)(void *)(data + at.offset + row * at.row_pitch);
		uint8_t *stencil = (uint8_t *)(data + size + at.offset) + (uint64_t)row * at.width;

		work(texels, stencil, at.width);
	}
}

static void merge_row(uint32_t *texels, uint8_t *stencil, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		texels[i] = (texels[i] & 0xffffff) | (uint32_t)stencil[i] << 24;
}

static void split_row(uint32_t *texels, uint8_t *stencil, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		stencil[i] = (uint8_t)(texels[i] >> 24);
}

static void each_stencil(struct vk_texture *texture,
	void (*work)(uint32_t *texels, uint8_t *stencil, uint32_t count))
{
	const struct geyser_format_info *info = geyser_format_get_info(texture->desc.format);

	if (!info->depth || !info->stencil)
		return;
	for (uint32_t layer = 0; layer < texture->desc.layers; layer++)
		for (uint32_t level = 0; level < texture->desc.mip_levels; level++)
			each_stencil_row(texture, level, layer, work);
}

static enum geyser_result download(struct vk_texture *texture)
{
	enum geyser_result result = GEYSER_OK;

	if (!texture->staging.buffer)
		result = gy_vk_prepare_copies(texture);
	if (result == GEYSER_OK && !texture->staging.buffer)
		result = gy_vk_linear_create(texture->device,
			gy_vk_linear_size(&texture->desc, &texture->base.layout),
			&texture->staging);
	if (result == GEYSER_OK)
		result = gy_vk_run(texture->device, record_download, texture);
	if (result == GEYSER_OK)
		each_stencil(texture, merge_row);
	return result;
}

/* ---- the backend's functions ---- */

/* While a map for writing exists, the image is older than the staging copy: it isn't read again. */
static enum geyser_result map_staging(
	struct vk_texture *texture, enum geyser_access access, void **data)
{
	enum geyser_result result = gy_vk_check(texture->device);

	(void)pthread_mutex_lock(&texture->lock);
	if (result == GEYSER_OK && !texture->written)
		result = download(texture);
	if (result == GEYSER_OK) {
		texture->maps++;
		texture->written = texture->written || access & GEYSER_ACCESS_WRITE;
		*data = texture->staging.data + texture->base.layout.offset;
	}
	(void)pthread_mutex_unlock(&texture->lock);
	return result;
}

enum geyser_result gy_vk_texture_map(
	struct gy_backend_texture *base, enum geyser_access access, void **data)
{
	struct vk_texture *texture = (struct vk_texture *)base;

	if (!texture->host.data)
		return map_staging(texture, access, data);
	*data = texture->host.data + base->layout.offset;
	return GEYSER_OK;
}

/* Reports no error: a failed upload means a lost device, and every later call reports that. */
void gy_vk_texture_unmap(struct gy_backend_texture *base)
{
	struct vk_texture *texture = (struct vk_texture *)base;

	if (texture->host.data || gy_vk_is_inherited(texture->device))
		return;
	(void)pthread_mutex_lock(&texture->lock);
	if (texture->maps > 0) {
		texture->maps--;
		if (texture->written) {
			each_stencil(texture, split_row);
			(void)gy_vk_run(texture->device, record_upload, texture);
		}
		if (texture->maps == 0)
			texture->written = false;
	}
	(void)pthread_mutex_unlock(&texture->lock);
}
