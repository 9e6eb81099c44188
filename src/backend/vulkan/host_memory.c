/* SPDX-License-Identifier: MIT */
/*
 * Textures in sealed host memory, as the host backend makes it, by VK_EXT_external_memory_host.
 *
 * If the driver lays linear images out as the memory is laid out, the images lie in the memory.
 * Else the images lie beside the memory, in the device's own. The memory then has a buffer: to
 * acquire the texture copies the buffer into the images, and to release it copies back.
 *
 * Some drivers import no memory that this process may only read. NVIDIA's driver names memory types
 * for such a pointer, and then fails vkAllocateMemory with VK_ERROR_OUT_OF_DEVICE_MEMORY. A
 * stream's frame is then uploaded: the CPU copies each frame into a staging buffer that the driver
 * has allocated. geyser doesn't ask a discrete GPU, but uploads at once: the GPU would read the
 * pages over its bus for each texel anyway. In one run on an H200 the allocation after a refused
 * import failed, too.
 */
#include "backend/vulkan/vk.h"

#include "base/error.h"
#include "platform/platform.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOST VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT

static enum geyser_result check_format(const struct vk_texture *texture)
{
	const struct geyser_format_info *info = geyser_format_get_info(texture->desc.format);

	if (!info->stencil)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"host memory of format %s: Vulkan copies depth and stencil apart, not as one texel",
		info->name);
}

static enum geyser_result check_device(const struct vk_texture *texture)
{
	if (texture->device->info.host_memory)
		return check_format(texture);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"host memory: %s has no VK_EXT_external_memory_host", texture->device->info.name);
}

/* Sets the mapping, and rounds its size up to the unit that the driver imports. Nothing reads or
 * writes pages past the file's end, and the file's last page is whole. */
static void set_memory(struct vk_texture *texture, int fd, void *data, uint64_t size)
{
	uint64_t unit = texture->device->host_alignment;

	texture->fd = fd;
	texture->host.data = data;
	texture->host.size = (size + unit - 1) / unit * unit;
	texture->size = size;
}

/* Gives the memory types that can import the mapping. */
static enum geyser_result importable_types(struct vk_texture *texture, uint32_t *bits)
{
	struct vk_device *device = texture->device;
	VkMemoryHostPointerPropertiesEXT properties = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
	VkResult result = device->api.GetMemoryHostPointerPropertiesEXT(
		device->handles.device, HOST, texture->host.data, &properties);

	*bits = properties.memoryTypeBits;
	return result == VK_SUCCESS
		       ? GEYSER_OK
		       : gy_vk_fail(device, result, "vkGetMemoryHostPointerPropertiesEXT");
}

static VkMemoryAllocateInfo import_info(
	const struct vk_texture *texture, VkImportMemoryHostPointerInfoEXT *import, uint32_t types)
{
	*import = (VkImportMemoryHostPointerInfoEXT){
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
		.handleType = HOST,
		.pHostPointer = texture->host.data,
	};
	return (VkMemoryAllocateInfo){
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = import,
		.allocationSize = texture->host.size,
		.memoryTypeIndex = gy_vk_memory_type(
			texture->device, types, VK_MEMORY_PROPERTY_HOST_CACHED_BIT),
	};
}

/* ---- the images in the memory ---- */

/* Tells where the driver has put one level of one layer of a plane, counted from the plane's image.
 */
static VkSubresourceLayout driver_layout(
	struct vk_texture *texture, uint32_t plane, uint32_t level, uint32_t layer)
{
	const VkImageSubresource where = {VK_IMAGE_ASPECT_COLOR_BIT, level, layer};
	struct vk_device *device = texture->device;
	VkSubresourceLayout layout;

	device->api.GetImageSubresourceLayout(
		device->handles.device, texture->images[plane].image, &where, &layout);
	return layout;
}

/* Returns where a plane of the texture begins, counted from plane 0. */
static uint64_t plane_offset(const struct gy_layout *layout, uint32_t plane)
{
	return plane > 0 ? layout->further[plane - 1].offset : 0;
}

static bool fits(struct vk_texture *texture, uint32_t plane, uint32_t level, uint32_t layer)
{
	VkSubresourceLayout driver = driver_layout(texture, plane, level, layer);
	struct geyser_subresource ours;

	gy_layout_subresource(&texture->desc, &texture->base.layout, plane, level, layer, &ours);
	return driver.offset == ours.offset - plane_offset(&texture->base.layout, plane) &&
	       driver.rowPitch == ours.row_pitch &&
	       (ours.depth == 1 || driver.depthPitch == ours.slice_pitch);
}

static bool all_fit(struct vk_texture *texture, uint32_t plane)
{
	for (uint32_t layer = 0; layer < texture->desc.layers; layer++)
		for (uint32_t level = 0; level < texture->desc.mip_levels; level++)
			if (!fits(texture, plane, level, layer))
				return false;
	return true;
}

/* Whether no byte that a driver may touch for one image belongs to another image. */
static bool lies_apart(const struct vk_texture *texture, uint32_t plane)
{
	const struct vk_image *image = &texture->images[plane];

	for (uint32_t i = 0; i < plane; i++) {
		const struct vk_image *other = &texture->images[i];

		if (image->offset < other->offset + other->needs.size &&
			other->offset < image->offset + image->needs.size)
			return false;
	}
	return true;
}

/* Puts each image where the layout has its plane. Returns whether the driver can use it there. */
static bool place_in_memory(struct vk_texture *texture)
{
	const struct gy_layout *layout = &texture->base.layout;

	for (uint32_t i = 0; i < texture->image_count; i++) {
		struct vk_image *image = &texture->images[i];

		image->offset = layout->offset + plane_offset(layout, i);
		if (image->offset % image->needs.alignment != 0 ||
			texture->host.size - image->offset < image->needs.size ||
			!all_fit(texture, i) || !lies_apart(texture, i))
			return false;
	}
	return true;
}

static bool makes_linear(const struct vk_texture *texture)
{
	return gy_vk_aspects(geyser_format_get_info(texture->desc.format)) ==
		       VK_IMAGE_ASPECT_COLOR_BIT &&
	       gy_vk_images_supported(texture->device, &texture->desc, VK_IMAGE_TILING_LINEAR, HOST,
		       false) == GEYSER_OK;
}

/* Tries to make the images in the memory. *done is false, without an error, if the driver lays such
 * images out in another way. */
static enum geyser_result try_in_place(struct vk_texture *texture, uint32_t types, bool *done)
{
	VkImportMemoryHostPointerInfoEXT import;
	VkMemoryAllocateInfo info;
	enum geyser_result result;

	*done = false;
	if (!makes_linear(texture))
		return GEYSER_OK;
	result = gy_vk_create_images(texture, VK_IMAGE_TILING_LINEAR, HOST);
	if (result != GEYSER_OK)
		return result;
	for (uint32_t i = 0; i < texture->image_count; i++)
		types &= texture->images[i].needs.memoryTypeBits;
	if (!types || !place_in_memory(texture)) {
		gy_vk_destroy_images(texture);
		return GEYSER_OK;
	}
	info = import_info(texture, &import, types);
	result = gy_vk_bind_images(texture, &info);
	*done = result == GEYSER_OK;
	return result;
}

/* ---- the images beside the memory ---- */

static enum geyser_result make_buffer(struct vk_texture *texture, uint32_t types)
{
	struct vk_device *device = texture->device;
	const VkExternalMemoryBufferCreateInfo external = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
		.handleTypes = HOST,
	};
	const VkBufferCreateInfo create = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.pNext = &external,
		.size = texture->size,
		.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};
	VkImportMemoryHostPointerInfoEXT import;
	VkDevice vk = device->handles.device;
	VkMemoryRequirements needs;
	VkMemoryAllocateInfo info;
	VkResult result = device->api.CreateBuffer(vk, &create, NULL, &texture->host.buffer);

	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkCreateBuffer");
	device->api.GetBufferMemoryRequirements(vk, texture->host.buffer, &needs);
	types &= needs.memoryTypeBits;
	if (!types || needs.size > texture->host.size)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"host memory: %s can't use it for a buffer of %" PRIu64 " bytes",
			device->info.name, texture->size);
	info = import_info(texture, &import, types);
	result = device->api.AllocateMemory(vk, &info, NULL, &texture->host.memory);
	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkAllocateMemory");
	result = device->api.BindBufferMemory(vk, texture->host.buffer, texture->host.memory, 0);
	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkBindBufferMemory");
}

static enum geyser_result make_beside(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;
	VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	VkMemoryRequirements needs;
	const VkExternalMemoryHandleTypeFlagBits none = (VkExternalMemoryHandleTypeFlagBits)0;
	enum geyser_result result = gy_vk_images_supported(
		device, &texture->desc, VK_IMAGE_TILING_OPTIMAL, none, false);

	if (result == GEYSER_OK)
		result = gy_vk_create_images(texture, VK_IMAGE_TILING_OPTIMAL, none);
	if (result == GEYSER_OK)
		result = gy_vk_prepare_copies(texture);
	if (result != GEYSER_OK)
		return result;
	gy_vk_place_images(texture, &needs);
	info.allocationSize = needs.size;
	info.memoryTypeIndex = gy_vk_memory_type(
		device, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
	texture->copied = true;
	texture->base.path = GEYSER_PATH_COPY;
	result = gy_vk_bind_images(texture, &info);
	if (result != GEYSER_OK)
		return result;
	texture->beside = info.allocationSize;
	gy_memory_count(&device->staging, texture->beside, 1);
	return GEYSER_OK;
}

/* ---- the images that are uploaded ---- */

static void drop_attempt(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;

	gy_vk_destroy_images(texture);
	if (texture->memory)
		device->api.FreeMemory(device->handles.device, texture->memory, NULL);
	texture->memory = VK_NULL_HANDLE;
	gy_vk_linear_finish(device, &texture->host); /* host.data stays mapped */
	gy_vk_linear_finish(device, &texture->aside);
}

static enum geyser_result make_uploaded(struct vk_texture *texture)
{
	enum geyser_result result =
		gy_vk_linear_create(texture->device, texture->size, &texture->staging);

	texture->base.uploads = true;
	return result == GEYSER_OK ? make_beside(texture) : result;
}

void gy_vk_texture_upload(struct gy_backend_texture *base)
{
	struct vk_texture *texture = (struct vk_texture *)base;
	const uint64_t offset = base->layout.offset;

	memcpy(texture->staging.data + offset, texture->host.data + offset,
		(size_t)base->layout.size);
}

/* Refuses an import whose caller doesn't promise to call texture_upload: the device would read old
 * texels. */
static enum geyser_result refuse_read_only(const struct vk_texture *texture)
{
	char reason[128];

	(void)snprintf(reason, sizeof(reason), "%s", geyser_error_detail());
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"host memory that is shared for reading only: %s can't import it, except as a "
		"stream's frame, which is uploaded (%s)",
		texture->device->info.name, reason);
}

/* ---- textures ---- */

static void describe(struct vk_texture *texture)
{
	struct geyser_native_texture native;

	gy_layout_describe(&texture->base.layout, &native);
	texture->type = GEYSER_NATIVE_MEMFD;
	texture->plane_count = native.plane_count;
	for (uint32_t i = 0; i < native.plane_count; i++) {
		texture->planes[i].offset = native.planes[i].offset;
		texture->planes[i].row_pitch = native.planes[i].row_pitch;
	}
	texture->base.bytes = gy_memory_round(texture->size);
	texture->base.map_path = GEYSER_PATH_ZERO_COPY;
}

static enum geyser_result complete(struct vk_texture *texture, bool mirror)
{
	bool in_place = false;
	uint32_t types;
	enum geyser_result result = importable_types(texture, &types);

	describe(texture);
	if (result == GEYSER_OK && !mirror)
		result = try_in_place(texture, types, &in_place);
	if (result != GEYSER_OK || in_place)
		return result;
	result = make_buffer(texture, types);
	return result == GEYSER_OK && !mirror ? make_beside(texture) : result;
}

/* Whether the driver is asked to import memory that this process may only read. */
static bool may_lie_in_place(const struct vk_device *device)
{
	return device->info.host_memory &&
	       device->info.type != VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
}

static enum geyser_result complete_read_only(
	struct vk_texture *texture, const struct gy_import_terms *terms)
{
	enum geyser_result result;

	if (terms->uploads && !may_lie_in_place(texture->device)) {
		describe(texture);
		return make_uploaded(texture);
	}
	result = complete(texture, false);
	if (result == GEYSER_OK || result == GEYSER_ERROR_DEVICE_LOST)
		return result;
	if (!terms->uploads)
		return refuse_read_only(texture);
	drop_attempt(texture);
	return make_uploaded(texture);
}

/* Describes the layout that the driver has for the images of all planes. */
static void driver_planes(struct vk_texture *texture, struct geyser_native_texture *out)
{
	VkMemoryRequirements needs;

	gy_vk_place_images(texture, &needs);
	*out = (struct geyser_native_texture){.plane_count = texture->image_count};
	for (uint32_t i = 0; i < texture->image_count; i++) {
		out->planes[i].offset = texture->images[i].offset;
		out->planes[i].row_pitch = driver_layout(texture, i, 0, 0).rowPitch;
	}
}

/* Whether all rows begin at the alignment that the descriptor asks for. */
static bool rows_are_aligned(
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native)
{
	for (uint32_t i = 0; i < native->plane_count; i++)
		if (gy_layout_check_alignment(desc, native->planes[i].row_pitch) != GEYSER_OK)
			return false;
	return true;
}

/* Makes the rows as long as the driver's, and begins the planes where the driver does, so that the
 * images can lie in the memory. In geyser's layout only a texture of one level can have padding. */
static void choose_layout(struct vk_texture *texture)
{
	struct gy_layout *layout = &texture->base.layout;
	const struct geyser_texture_desc *desc = &texture->desc;
	struct geyser_native_texture native;

	gy_vk_aligned_layout(desc, layout);
	if (desc->mip_levels > 1 || !makes_linear(texture))
		return;
	if (gy_vk_create_images(texture, VK_IMAGE_TILING_LINEAR, HOST) == GEYSER_OK) {
		driver_planes(texture, &native);
		if (!rows_are_aligned(desc, &native) ||
			gy_layout_check_planes(desc, &native, UINT64_MAX, layout) != GEYSER_OK)
			gy_vk_aligned_layout(desc, layout);
	}
	gy_vk_destroy_images(texture);
}

static enum geyser_result create(struct vk_texture *texture, bool published, bool mirror)
{
	struct gy_host_memory memory;
	enum geyser_result result = gy_host_memory_create(&texture->base, published, &memory);

	if (result != GEYSER_OK)
		return result;
	set_memory(texture, memory.fd, memory.data, memory.size);
	return complete(texture, mirror);
}

enum geyser_result gy_vk_host_create(struct vk_texture *texture, bool published)
{
	enum geyser_result result = check_device(texture);

	if (result != GEYSER_OK)
		return result;
	choose_layout(texture);
	return create(texture, published, false);
}

/* Only this device writes a mirror; subscribers read it. The mirror's planes lie where Vulkan can
 * copy them. */
enum geyser_result gy_vk_host_mirror(struct vk_texture *texture)
{
	enum geyser_result result = check_device(texture);

	if (result != GEYSER_OK)
		return result;
	gy_vk_aligned_layout(&texture->desc, &texture->base.layout);
	return create(texture, true, true);
}

enum geyser_result gy_vk_host_import(struct vk_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms)
{
	struct gy_host_memory memory = {.fd = -1};
	enum geyser_result result =
		terms->uploads && terms->read_only ? check_format(texture) : check_device(texture);

	if (result == GEYSER_OK)
		result = gy_host_memory_import(
			&texture->base, &texture->desc, native, terms, &memory);
	if (result != GEYSER_OK)
		return result;
	set_memory(texture, memory.fd, memory.data, memory.size);
	result = texture->base.writable ? complete(texture, false)
					: complete_read_only(texture, terms);
	if (result != GEYSER_OK)
		texture->fd = -1; /* the caller keeps the descriptor */
	return result;
}
