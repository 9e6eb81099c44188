/* SPDX-License-Identifier: MIT */
/* Images, memory and semaphores, with the rules of VK_EXT_metal_objects and of MoltenVK. */
#import "moltenvk.h"

/* ---- images ---- */

static MTLTextureUsage metal_usage(VkImageUsageFlags usage)
{
	return (usage & VK_IMAGE_USAGE_SAMPLED_BIT ? MTLTextureUsageShaderRead : 0) |
	       (usage & VK_IMAGE_USAGE_STORAGE_BIT ? MTLTextureUsageShaderWrite : 0) |
	       (usage & (VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT)
			       ? MTLTextureUsageRenderTarget
			       : 0);
}

static void set_number(CFMutableDictionaryRef properties, CFStringRef key, int64_t value)
{
	CFNumberRef number = CFNumberCreate(kCFAllocatorDefault, kCFNumberSInt64Type, &value);

	CFDictionarySetValue(properties, key, number);
	CFRelease(number);
}

/* Makes the surface for an import whose ioSurface is NULL. */
static IOSurfaceRef new_surface(const VkImageCreateInfo *info)
{
	const struct double_pixels *pixels = double_pixels_of(double_vk_pixel_format(info->format));
	const size_t pitch = IOSurfaceAlignProperty(
		kIOSurfaceBytesPerRow, (size_t)info->extent.width * pixels->bytes);
	CFMutableDictionaryRef properties = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
		&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	IOSurfaceRef surface;

	set_number(properties, kIOSurfaceWidth, info->extent.width);
	set_number(properties, kIOSurfaceHeight, info->extent.height);
	set_number(properties, kIOSurfaceBytesPerElement, pixels->bytes);
	set_number(properties, kIOSurfaceBytesPerRow, (int64_t)pitch);
	if (info->format == VK_FORMAT_B8G8R8A8_UNORM)
		set_number(properties, kIOSurfacePixelFormat, 'BGRA');
	surface = IOSurfaceCreate(properties);
	CFRelease(properties);
	return surface;
}

static bool fits(IOSurfaceRef surface, const VkImageCreateInfo *info)
{
	const struct double_pixels *pixels = double_pixels_of(double_vk_pixel_format(info->format));

	return IOSurfaceGetWidth(surface) == info->extent.width &&
	       IOSurfaceGetHeight(surface) == info->extent.height &&
	       IOSurfaceGetBytesPerElement(surface) == pixels->bytes;
}

static VkResult use_surface(
	VkDevice device, VkImage image, IOSurfaceRef surface, const VkImageCreateInfo *info)
{
	MTLTextureDescriptor *descriptor;

	if (surface && !fits(surface, info))
		return VK_ERROR_INITIALIZATION_FAILED;
	if (info->imageType != VK_IMAGE_TYPE_2D || info->mipLevels != 1 || info->arrayLayers != 1)
		double_die("a surface is 2D, of one level and layer");
	descriptor = [MTLTextureDescriptor
		texture2DDescriptorWithPixelFormat:double_vk_pixel_format(info->format)
					     width:info->extent.width
					    height:info->extent.height
					 mipmapped:NO];
	descriptor.usage = metal_usage(info->usage);
#if TARGET_OS_OSX
	descriptor.storageMode =
		double_gpu() == DOUBLE_APPLE ? MTLStorageModeShared : MTLStorageModeManaged;
#endif
	image->surface = surface ? (IOSurfaceRef)CFRetain(surface) : new_surface(info);
	image->texture = [device->device newTextureWithDescriptor:descriptor
							iosurface:image->surface
							    plane:0];
	return image->texture ? VK_SUCCESS : VK_ERROR_INITIALIZATION_FAILED;
}

/* Aborts if image and texture differ. MoltenVK takes the texture's values without a check. */
static void use_texture(VkImage image, id<MTLTexture> texture, const VkImageCreateInfo *info)
{
	if (texture.pixelFormat != double_vk_pixel_format(info->format) ||
		texture.width != info->extent.width || texture.height != info->extent.height ||
		texture.depth != info->extent.depth ||
		texture.mipmapLevelCount != info->mipLevels ||
		texture.arrayLength != info->arrayLayers)
		double_die("an image unlike the texture that it is made on");
	image->texture = [texture retain];
	image->surface = texture.iosurface ? (IOSurfaceRef)CFRetain(texture.iosurface) : NULL;
}

static void check_image(const VkImageCreateInfo *info)
{
	if (info->sType != VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO ||
		info->tiling != VK_IMAGE_TILING_OPTIMAL || info->samples != VK_SAMPLE_COUNT_1_BIT ||
		!info->usage ||
		(info->initialLayout != VK_IMAGE_LAYOUT_UNDEFINED &&
			info->initialLayout != VK_IMAGE_LAYOUT_PREINITIALIZED))
		double_die("vkCreateImage of what can't be");
}

static VkResult fill_image(VkDevice device, VkImage image, const VkImageCreateInfo *info)
{
	const VkExportMetalObjectCreateInfoEXT *export =
		double_vk_find(info->pNext, VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT);
	const VkImportMetalIOSurfaceInfoEXT *surface =
		double_vk_find(info->pNext, VK_STRUCTURE_TYPE_IMPORT_METAL_IO_SURFACE_INFO_EXT);
	const VkImportMetalTextureInfoEXT *texture =
		double_vk_find(info->pNext, VK_STRUCTURE_TYPE_IMPORT_METAL_TEXTURE_INFO_EXT);

	image->layout = info->initialLayout;
	image->usage = info->usage;
	image->format = info->format;
	image->can_export_surface =
		export &&
		export->exportObjectType == VK_EXPORT_METAL_OBJECT_TYPE_METAL_IOSURFACE_BIT_EXT;
	if (texture && texture->plane != VK_IMAGE_ASPECT_PLANE_0_BIT)
		double_die("a texture's plane is VK_IMAGE_ASPECT_PLANE_0_BIT");
	if (texture)
		use_texture(image, texture->mtlTexture, info);
	if (!surface)
		return VK_SUCCESS;
	return use_surface(
		device, image, double_fails("importIOSurface") ? NULL : surface->ioSurface, info);
}

VkResult vkCreateImage(VkDevice device, const VkImageCreateInfo *info,
	const VkAllocationCallbacks *allocator, VkImage *out)
{
	VkResult result;

	check_image(info);
	if (info->pNext && !device->metal_objects)
		double_die("VK_EXT_metal_objects isn't enabled");
	if (double_fails("vkCreateImage"))
		return VK_ERROR_OUT_OF_DEVICE_MEMORY;
	*out = double_vk_create("VkImage", sizeof(**out));
	@autoreleasepool {
		result = fill_image(device, *out, info);
	}
	if (result != VK_SUCCESS)
		vkDestroyImage(device, *out, allocator);
	return result;
}

void vkDestroyImage(VkDevice device, VkImage image, const VkAllocationCallbacks *allocator)
{
	(void)device;
	(void)allocator;
	if (!image)
		return;
	[image->texture release];
	if (image->surface)
		CFRelease(image->surface);
	double_vk_destroy("VkImage", image);
}

/* ---- memory ---- */

void vkGetImageMemoryRequirements(VkDevice device, VkImage image, VkMemoryRequirements *out)
{
	(void)device;
	(void)image;
	*out = (VkMemoryRequirements){4096, 256, double_fails("memoryTypes") ? 3 : 7};
}

VkResult vkAllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
	const VkAllocationCallbacks *allocator, VkDeviceMemory *out)
{
	const VkMemoryDedicatedAllocateInfo *dedicated =
		double_vk_find(info->pNext, VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO);

	(void)device;
	(void)allocator;
	if (info->memoryTypeIndex != 2)
		double_die("an optimal image in memory of type %u", info->memoryTypeIndex);
	if (double_fails("vkAllocateMemory"))
		return VK_ERROR_OUT_OF_DEVICE_MEMORY;
	*out = double_vk_create("VkDeviceMemory", sizeof(**out));
	(*out)->dedicated = dedicated ? dedicated->image : VK_NULL_HANDLE;
	return VK_SUCCESS;
}

void vkFreeMemory(VkDevice device, VkDeviceMemory memory, const VkAllocationCallbacks *allocator)
{
	(void)device;
	(void)allocator;
	if (memory)
		double_vk_destroy("VkDeviceMemory", memory);
}

VkResult vkBindImageMemory(
	VkDevice device, VkImage image, VkDeviceMemory memory, VkDeviceSize offset)
{
	(void)device;
	if (offset != 0 || image->memory || (memory->dedicated && memory->dedicated != image))
		double_die("memory is bound twice, or isn't the image's");
	if (double_fails("vkBindImageMemory"))
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	image->memory = memory;
	return VK_SUCCESS;
}

/* ---- semaphores ---- */

VkResult vkCreateSemaphore(VkDevice device, const VkSemaphoreCreateInfo *info,
	const VkAllocationCallbacks *allocator, VkSemaphore *out)
{
	const VkSemaphoreTypeCreateInfo *type =
		double_vk_find(info->pNext, VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
	const VkImportMetalSharedEventInfoEXT *import =
		double_vk_find(info->pNext, VK_STRUCTURE_TYPE_IMPORT_METAL_SHARED_EVENT_INFO_EXT);
	VkSemaphore semaphore;

	(void)allocator;
	if (double_fails("vkCreateSemaphore"))
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	semaphore = double_vk_create("VkSemaphore", sizeof(*semaphore));
	semaphore->timeline = type && type->semaphoreType == VK_SEMAPHORE_TYPE_TIMELINE;
	if (semaphore->timeline && !device->timeline_feature)
		double_die("a timeline semaphore without the feature");
	semaphore->value = semaphore->timeline ? type->initialValue : 0;
	semaphore->can_export =
		double_vk_find(
			info->pNext, VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT) != NULL;
	@autoreleasepool {
		if (semaphore->timeline && !double_fails("sharedEventSemaphores"))
			semaphore->event = import ? [import->mtlSharedEvent retain]
						  : [device->device newSharedEvent];
		semaphore->event.signaledValue = semaphore->value;
	}
	*out = semaphore;
	return VK_SUCCESS;
}

void vkDestroySemaphore(
	VkDevice device, VkSemaphore semaphore, const VkAllocationCallbacks *allocator)
{
	(void)device;
	(void)allocator;
	if (!semaphore)
		return;
	[semaphore->event release];
	double_vk_destroy("VkSemaphore", semaphore);
}

VkResult vkGetSemaphoreCounterValue(VkDevice device, VkSemaphore semaphore, uint64_t *value)
{
	(void)device;
	if (double_fails("vkGetSemaphoreCounterValue: lost"))
		return VK_ERROR_DEVICE_LOST;
	@autoreleasepool {
		*value = semaphore->event ? semaphore->event.signaledValue : semaphore->value;
	}
	return VK_SUCCESS;
}

VkResult vkSignalSemaphore(VkDevice device, const VkSemaphoreSignalInfo *info)
{
	(void)device;
	@autoreleasepool {
		info->semaphore->event.signaledValue = info->value;
	}
	return VK_SUCCESS;
}

/* ---- export ---- */

void vkExportMetalObjectsEXT(VkDevice device, VkExportMetalObjectsInfoEXT *info)
{
	VkExportMetalIOSurfaceInfoEXT *surface = (VkExportMetalIOSurfaceInfoEXT *)double_vk_find(
		info->pNext, VK_STRUCTURE_TYPE_EXPORT_METAL_IO_SURFACE_INFO_EXT);
	VkExportMetalSharedEventInfoEXT *event = (VkExportMetalSharedEventInfoEXT *)double_vk_find(
		info->pNext, VK_STRUCTURE_TYPE_EXPORT_METAL_SHARED_EVENT_INFO_EXT);

	(void)device;
	/* by Vulkan's rules both must be made for export; MoltenVK exports what it has */
	if (surface)
		surface->ioSurface =
			surface->image->can_export_surface ? surface->image->surface : NULL;
	if (event)
		event->mtlSharedEvent =
			event->semaphore->can_export ? event->semaphore->event : nil;
}
