/* SPDX-License-Identifier: MIT */
/* Memory that only the same driver can open, by VK_KHR_external_memory_fd. The driver chooses the
 * layout; with GEYSER_USAGE_LINEAR the texels lie in rows. */
#include "backend/vulkan/vk.h"

#include "base/error.h"
#include "platform/platform.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPAQUE VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT

/* The images must have their offsets. */
static void describe(struct vk_texture *texture, uint64_t size)
{
	texture->type = GEYSER_NATIVE_OPAQUE_FD;
	texture->size = size;
	texture->plane_count = texture->image_count;
	for (uint32_t i = 0; i < texture->image_count; i++)
		texture->planes[i].offset = texture->images[i].offset;
	texture->base.bytes = gy_memory_round(size);
	texture->base.kind = GEYSER_MEMORY_DEVICE;
	texture->base.writable = true;
	texture->base.map_path = GEYSER_PATH_COPY;
	gy_layout_of(&texture->desc, &texture->base.layout);
}

static VkImageTiling tiling_of(const struct geyser_texture_desc *desc)
{
	return desc->usage & GEYSER_USAGE_LINEAR ? VK_IMAGE_TILING_LINEAR : VK_IMAGE_TILING_OPTIMAL;
}

static enum geyser_result check_desc(
	struct vk_device *device, const struct geyser_texture_desc *desc, bool export)
{
	if (desc->usage & GEYSER_USAGE_LINEAR &&
		(desc->depth > 1 || desc->layers > 1 || desc->mip_levels > 1))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"depth, layers and mip_levels (%u, %u, %u): a linear image has one of each",
			desc->depth, desc->layers, desc->mip_levels);
	return gy_vk_images_supported(device, desc, tiling_of(desc), OPAQUE, export);
}

/* Tells where the driver has put the rows. All images of the same plan have the same rows. */
static enum geyser_result find_rows(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;
	const VkImageSubresource first = {
		.aspectMask = gy_vk_aspects(geyser_format_get_info(texture->desc.format))};
	enum geyser_result result = GEYSER_OK;
	VkSubresourceLayout layout;

	if (!(texture->desc.usage & GEYSER_USAGE_LINEAR))
		return GEYSER_OK;
	for (uint32_t i = 0; i < texture->image_count && result == GEYSER_OK; i++) {
		device->api.GetImageSubresourceLayout(
			device->handles.device, texture->images[i].image, &first, &layout);
		if (layout.offset != 0)
			return gy_fail(GEYSER_ERROR_UNSUPPORTED,
				"linear images of %s begin at byte %" PRIu64
				" of their memory: only 0 can be shared",
				device->info.name, (uint64_t)layout.offset);
		texture->planes[i].row_pitch = layout.rowPitch;
		result = gy_layout_check_alignment(&texture->desc, layout.rowPitch);
	}
	return result;
}

/* Makes the images that all processes make of this descriptor. Sets their offsets in a new memory,
 * and tells what it needs. */
static enum geyser_result make_images(
	struct vk_texture *texture, bool export, VkMemoryRequirements *needs)
{
	enum geyser_result result = check_desc(texture->device, &texture->desc, export);

	if (result == GEYSER_OK)
		result = gy_vk_create_images(texture, tiling_of(&texture->desc), OPAQUE);
	if (result == GEYSER_OK)
		result = find_rows(texture);
	if (result == GEYSER_OK)
		gy_vk_place_images(texture, needs);
	return result;
}

/* Some drivers back such memory with a memfd. Seals the memfd's size, so that no peer can shrink
 * the memory while this process uses it. */
static void seal(int fd)
{
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
}

enum geyser_result gy_vk_opaque_fd(const struct vk_texture *texture, int *fd)
{
	struct vk_device *device = texture->device;
	const VkMemoryGetFdInfoKHR info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
		.memory = texture->memory,
		.handleType = OPAQUE,
	};
	VkResult result = device->api.GetMemoryFdKHR(device->handles.device, &info, fd);

	/* lavapipe fails without an error code */
	if (result == VK_SUCCESS && *fd < 0)
		result = VK_ERROR_OUT_OF_HOST_MEMORY;
	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkGetMemoryFdKHR");
	(void)fcntl(*fd, F_SETFD, FD_CLOEXEC); /* some drivers don't set it */
	return GEYSER_OK;
}

/* Lets other processes open the memory. A GPU's memory has a descriptor from then on. A CPU
 * driver's memory has had one from the beginning, which is duplicated for each importer. */
enum geyser_result gy_vk_opaque_share(struct vk_texture *texture)
{
	enum geyser_result result;
	int fd = -1;

	if (texture->shared)
		return GEYSER_OK;
	result = gy_vk_opaque_fd(texture, &fd);
	if (result != GEYSER_OK)
		return result;
	seal(fd);
	texture->shared = true;
	if (texture->base.describes_anew)
		(void)close(fd);
	else
		texture->fd = fd;
	return GEYSER_OK;
}

enum geyser_result gy_vk_opaque_create(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;
	VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO};
	VkExportMemoryAllocateInfo export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
		.handleTypes = OPAQUE,
	};
	VkMemoryRequirements needs;
	VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	enum geyser_result result = make_images(texture, true, &needs);

	if (result != GEYSER_OK)
		return result;
	texture->exportable = true;
	texture->dedicated = texture->image_count == 1;
	dedicated.image = texture->images[0].image;
	export.pNext = texture->dedicated ? &dedicated : NULL;
	info.pNext = &export;
	info.allocationSize = needs.size;
	info.memoryTypeIndex = gy_vk_memory_type(
		device, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
	result = gy_vk_bind_images(texture, &info);
	if (result != GEYSER_OK)
		return result;
	describe(texture, needs.size);
	texture->base.describes_anew = device->info.type == VK_PHYSICAL_DEVICE_TYPE_CPU;
	return GEYSER_OK;
}

/* ---- importing ---- */

static bool is_zero(const uint8_t uuid[16])
{
	static const uint8_t zero[16];

	return memcmp(uuid, zero, sizeof(zero)) == 0;
}

static void print_uuid(const uint8_t uuid[16], char text[33])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 16; i++) {
		text[2 * i] = digits[uuid[i] >> 4];
		text[2 * i + 1] = digits[uuid[i] & 15];
	}
	text[32] = '\0';
}

static enum geyser_result check_uuid(
	const char *field, const uint8_t theirs[16], const uint8_t ours[16], const char *device)
{
	char their_text[33], our_text[33];

	if (is_zero(theirs) || memcmp(theirs, ours, 16) == 0)
		return GEYSER_OK;
	print_uuid(theirs, their_text);
	print_uuid(ours, our_text);
	return gy_fail(GEYSER_ERROR_MISMATCH, "%s (%s): it must be that of %s, %s", field,
		their_text, device, our_text);
}

/* Compares the UUIDs before the driver gets the memory. Errors: MISMATCH (the message names the
 * UUID that differs). */
static enum geyser_result check_driver(
	const struct vk_device *device, const struct geyser_native_texture *native)
{
	const struct geyser_vulkan_info *info = &device->info;
	enum geyser_result result =
		check_uuid("device_uuid", native->device_uuid, info->device_uuid, info->name);

	return result == GEYSER_OK ? check_uuid("driver_uuid", native->driver_uuid,
					     info->driver_uuid, info->name)
				   : result;
}

/* Whether a file of this mode can be the driver's memory. A CPU driver's memory is a regular file,
 * from which the driver reads; from a peer's pipe it would read for ever. */
static bool can_be_memory(const struct vk_device *device, mode_t mode)
{
	if (device->info.type == VK_PHYSICAL_DEVICE_TYPE_CPU)
		return S_ISREG(mode);
	return !S_ISFIFO(mode) && !S_ISSOCK(mode) && !S_ISDIR(mode);
}

/* If the driver's memory is a file, a peer may have sent a file that is too small, or that can
 * shrink. Refuses both. */
static enum geyser_result check_file(const struct vk_device *device,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms)
{
	enum geyser_result result;
	struct stat status;
	int seals;

	if (fstat(native->fd, &status) < 0)
		return gy_fail(
			GEYSER_ERROR_INVALID_ARGUMENT, "fd (%d): it is not open", native->fd);
	if (!can_be_memory(device, status.st_mode))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "fd (%d): it isn't memory of this driver",
			native->fd);
	if (!S_ISREG(status.st_mode))
		return GEYSER_OK;
	if ((uint64_t)status.st_size < native->size)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"size (%" PRIu64 " bytes): the memory has %" PRIu64, native->size,
			(uint64_t)status.st_size);
	result = gy_import_check_size(terms, native->size);
	if (result != GEYSER_OK)
		return result;
	seal(native->fd);
	seals = fcntl(native->fd, F_GET_SEALS);
	if (seals >= 0 && seals & F_SEAL_SHRINK)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSEALED, "the memory's file can shrink: it must be a memfd "
					      "that can be sealed, as the driver's own");
}

/* Checks the planes that native describes, before the images exist. */
static enum geyser_result check_planes(
	const struct vk_texture *texture, const struct geyser_native_texture *native)
{
	if (native->plane_count != texture->image_count)
		return gy_fail(GEYSER_ERROR_MISMATCH, "plane_count (%u): this format has %u",
			native->plane_count, texture->image_count);
	if (native->dedicated && texture->image_count > 1)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"dedicated: this format has %u images, which lie in one memory",
			texture->image_count);
	for (uint32_t i = 0; i < texture->image_count; i++)
		if (native->planes[i].row_pitch != 0 &&
			!(texture->desc.usage & GEYSER_USAGE_LINEAR))
			return gy_fail(GEYSER_ERROR_MISMATCH,
				"row_pitch (%" PRIu64 ") of plane %u: it must be 0 without "
				"GEYSER_USAGE_LINEAR, as the driver chooses the layout",
				native->planes[i].row_pitch, i);
	return GEYSER_OK;
}

static enum geyser_result check_native(const struct vk_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms)
{
	enum geyser_result result = check_driver(texture->device, native);

	if (result == GEYSER_OK)
		result = check_planes(texture, native);
	if (result == GEYSER_OK && native->size == 0)
		result = gy_fail(
			GEYSER_ERROR_MISMATCH, "size (0): it must be the size of the allocation");
	return result == GEYSER_OK ? check_file(texture->device, native, terms) : result;
}

/* Checks that the image of a plane lies within the memory as its driver wants it to. */
static enum geyser_result check_fit(const struct vk_texture *texture, uint32_t plane,
	const struct geyser_native_texture *native)
{
	const VkMemoryRequirements *needs = &texture->images[plane].needs;
	const uint64_t offset = native->planes[plane].offset;

	if (native->planes[plane].row_pitch != texture->planes[plane].row_pitch)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"row_pitch (%" PRIu64 ") of plane %u: such an image of %s has %" PRIu64,
			native->planes[plane].row_pitch, plane, texture->device->info.name,
			texture->planes[plane].row_pitch);
	if (offset % needs->alignment != 0)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"offset (%" PRIu64
			") of plane %u: such an image must lie at a multiple of %" PRIu64,
			offset, plane, (uint64_t)needs->alignment);
	if (native->size < offset || native->size - offset < needs->size)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"size (%" PRIu64 " bytes, from offset %" PRIu64
			" on) of plane %u: such an image needs %" PRIu64,
			native->size, offset, plane, (uint64_t)needs->size);
	if (native->dedicated && (offset != 0 || native->size != needs->size))
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"size (%" PRIu64 " bytes, from offset %" PRIu64
			" on): memory of this one image alone has %" PRIu64 ", at 0",
			native->size, offset, (uint64_t)needs->size);
	return GEYSER_OK;
}

/* Puts the images where native says. */
static enum geyser_result place(
	struct vk_texture *texture, const struct geyser_native_texture *native)
{
	enum geyser_result result = GEYSER_OK;

	for (uint32_t i = 0; i < texture->image_count && result == GEYSER_OK; i++) {
		result = check_fit(texture, i, native);
		texture->images[i].offset = native->planes[i].offset;
	}
	return result;
}

/* Makes a descriptor for the driver, which takes over each descriptor that it imports; the texture
 * keeps the original. lavapipe reads a file from the current offset on, and duplicates share one
 * offset between all importing processes. So a file is opened anew instead of duplicated. */
static int copy_fd(int fd)
{
	struct stat status;
	char path[32];

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR | O_CLOEXEC);
}

static enum geyser_result import_fd(struct vk_texture *texture,
	const struct geyser_native_texture *native, const VkMemoryRequirements *needs)
{
	struct vk_device *device = texture->device;
	const VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
		.image = texture->images[0].image,
	};
	const VkImportMemoryFdInfoKHR import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
		.pNext = native->dedicated ? &dedicated : NULL,
		.handleType = OPAQUE,
		.fd = copy_fd(native->fd),
	};
	const VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = &import,
		.allocationSize = native->size,
		.memoryTypeIndex = gy_vk_memory_type(
			device, needs->memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
	};
	enum geyser_result result;

	if (import.fd < 0)
		return gy_fail_errno("duplicating a descriptor");
	result = gy_vk_bind_images(texture, &info);
	if (result != GEYSER_OK && !texture->memory)
		(void)close(import.fd);
	return result;
}

enum geyser_result gy_vk_opaque_import(struct vk_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms)
{
	VkMemoryRequirements needs;
	enum geyser_result result = check_native(texture, native, terms);

	if (result == GEYSER_OK)
		result = make_images(texture, false, &needs);
	if (result == GEYSER_OK)
		result = place(texture, native);
	if (result == GEYSER_OK)
		result = import_fd(texture, native, &needs);
	if (result != GEYSER_OK)
		return result;
	describe(texture, native->size);
	texture->dedicated = native->dedicated;
	texture->fd = native->fd;
	return GEYSER_OK;
}
