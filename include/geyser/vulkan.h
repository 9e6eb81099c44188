/*
 * Vulkan: textures as VkImage, events as timeline semaphores, and the barriers that hand textures
 * over.
 *
 * SPDX-License-Identifier: MIT
 *
 * This header needs only Vulkan's types. Include <vulkan/vulkan.h> or define VK_NO_PROTOTYPES
 * before this header as you like. geyser opens libvulkan at run time and never links to it.
 *
 * A program can give its own device (geyser_vulkan_manager_create). Or geyser makes a device
 * (geyser_manager_create with GEYSER_BACKEND_VULKAN), and the program gets it with
 * geyser_vulkan_get_device. geyser.h explains results, times, ownership and threads.
 * docs/synchronization.md shows which work waits for which.
 */
#ifndef GEYSER_VULKAN_H
#define GEYSER_VULKAN_H

#include "convert.h"
#include "stream.h"

#include <vulkan/vulkan_core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- devices and managers ------------------------------------------------------------------ */

/* A Vulkan device of version 1.2 or later, with the feature timelineSemaphore. All members are
 * borrowed until the manager and every object made with it have gone. */
struct geyser_vulkan_device {
	VkInstance instance;
	VkPhysicalDevice physical_device;
	VkDevice device;
	/* A queue for graphics or compute. geyser submits to it: see
	 * geyser_vulkan_manager_set_queue_lock. */
	VkQueue queue;
	uint32_t queue_family; /* the family of queue */
	PFN_vkGetInstanceProcAddr get_instance_proc_addr;
};

/* How many extensions of the list below a device must have. The other extensions are needed for
 * native events, host memory and dma-bufs, as their names say. */
#define GEYSER_VULKAN_REQUIRED_EXTENSIONS 1u

/* Returns the device extensions that geyser can use, the required ones first, and sets *count
 * unless count is NULL. The list and its strings are static. Enable all of them that the physical
 * device has. geyser takes an extension as enabled if the device has it and its functions exist. It
 * recognizes dma-bufs by the functions of VK_EXT_image_drm_format_modifier, so enable both dma-buf
 * extensions or neither. */
GEYSER_API const char *const *geyser_vulkan_device_extensions(uint32_t *count);

/* Makes a manager on that device. The caller owns it. Errors: INVALID_ARGUMENT (NULL, a NULL
 * member, a queue family that the device doesn't have), UNSUPPORTED (naming the missing extension,
 * feature or version), LIMIT, OUT_OF_MEMORY. */
GEYSER_API enum geyser_result geyser_vulkan_manager_create(
	const struct geyser_vulkan_device *device, struct geyser_manager **out);

/* Works like geyser_vulkan_manager_create, with an application name and timeouts. desc->backend
 * must be AUTO or VULKAN. */
GEYSER_API enum geyser_result geyser_vulkan_manager_create_with_desc(
	const struct geyser_vulkan_device *device, const struct geyser_manager_desc *desc,
	struct geyser_manager **out);

/* Gives the manager's device, the caller's or geyser's own. It is borrowed while the manager lives.
 * Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Vulkan manager). */
GEYSER_API enum geyser_result geyser_vulkan_get_device(
	struct geyser_manager *manager, struct geyser_vulkan_device *out);

/*
 * Sets a lock for the manager's queue. Only one thread at a time may use a VkQueue. geyser submits
 * to the queue within calls that make or map a texture. Its own threads also submit while they
 * serve subscribers that can't read GPU memory. A program that submits to the same queue has two
 * choices:
 *
 * - It calls geyser_vulkan_queue_lock and _unlock around its submits.
 * - It gives its own lock with this function. geyser then calls lock and unlock, with user, around
 *   each of its submits, on any thread of the process. Neither may call geyser, or wait for a
 *   thread that calls geyser. Set the lock before any other use of the manager. unlock may not be
 *   NULL if lock isn't.
 *
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (not a Vulkan manager).
 */
GEYSER_API enum geyser_result geyser_vulkan_manager_set_queue_lock(struct geyser_manager *manager,
	void (*lock)(void *user), void (*unlock)(void *user), void *user);

/* Tells geyser which features the program enabled when it made its device; no function of Vulkan's
 * tells that. NULL, as before the first call: none. geyser has a use for
 * shaderStorageImageWriteWithoutFormat alone: conversions then write images directly
 * (geyser_vulkan_cmd_convert). Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Vulkan manager).
 */
GEYSER_API enum geyser_result geyser_vulkan_manager_set_features(
	struct geyser_manager *manager, const VkPhysicalDeviceFeatures *enabled);

/* Wait for the right to use the manager's queue, and give it up. The lock isn't recursive: make no
 * other call of geyser's in between. Nothing happens for NULL and for managers of other
 * backends. */
GEYSER_API void geyser_vulkan_queue_lock(struct geyser_manager *manager);
GEYSER_API void geyser_vulkan_queue_unlock(struct geyser_manager *manager);

/* Tells geyser that a call of the caller's own returned VK_ERROR_DEVICE_LOST. geyser notices this
 * by itself in its own calls. From now on every holder of this manager's events, in any process,
 * gets GEYSER_ERROR_DEVICE_LOST. The manager's streams end, and its handles are GEYSER_ERROR_STALE.
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (not a Vulkan manager). */
GEYSER_API enum geyser_result geyser_vulkan_device_lost(struct geyser_manager *manager);

/* The driver's information about its device. */
struct geyser_vulkan_info {
	char name[256];   /* of the physical device */
	char driver[256]; /* name and version */
	VkPhysicalDeviceType type;
	uint32_t api_version; /* in the form of VK_MAKE_API_VERSION */
	uint8_t device_uuid[16], driver_uuid[16];
	/* processes with the same driver can share memory: VK_KHR_external_memory_fd */
	bool opaque_fd;
	bool host_memory; /* sealed host memory can be an image: VK_EXT_external_memory_host */
	bool dma_buf;     /* VK_EXT_external_memory_dma_buf with DRM format modifiers */
	/* Timeline semaphores can be shared between processes. Without that, each process has a
	 * semaphore of its own for an event, and geyser's threads carry the values between the
	 * semaphore and the event's page of shared memory. */
	bool native_events;
};

/* Tells about the manager's device. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Vulkan
 * manager). */
GEYSER_API enum geyser_result geyser_vulkan_get_info(
	struct geyser_manager *manager, struct geyser_vulkan_info *out);

/* ---- textures ------------------------------------------------------------------------------ */

/* Gives the texture's image, borrowed as long as the texture lives. While the image isn't in use,
 * it is in VK_IMAGE_LAYOUT_GENERAL and belongs to VK_QUEUE_FAMILY_EXTERNAL. Acquire it before each
 * use and release it afterwards: see geyser_vulkan_cmd_acquire. A format of several planes, such as
 * nv12, has several images: see geyser_vulkan_texture_plane_image. Errors: INVALID_ARGUMENT (NULL),
 * UNSUPPORTED (not a texture of a Vulkan manager; a format of several planes). */
GEYSER_API enum geyser_result geyser_vulkan_texture_image(
	struct geyser_texture *texture, VkImage *out);

/* The parameters that the image was made with. Views and other libraries that wrap images need
 * them. */
struct geyser_vulkan_image_info {
	VkImage image; /* borrowed, as above */
	VkImageType type;
	VkFormat format;
	VkExtent3D extent;
	uint32_t mip_levels, array_layers;
	VkImageTiling tiling;
	VkImageUsageFlags usage;
	VkImageAspectFlags aspects;
};

/* Tells how the image was made. Errors: as geyser_vulkan_texture_image. */
GEYSER_API enum geyser_result geyser_vulkan_texture_get_info(
	struct geyser_texture *texture, struct geyser_vulkan_image_info *out);

/*
 * Give the image of one plane, and tell how it was made. A texture has an image for each plane of
 * its format (geyser_format_info.plane): the image has the plane's own format and extent. For
 * example, nv12 of 1919 × 1079 texels has images of VK_FORMAT_R8_UNORM with 1919 × 1079 texels, and
 * of VK_FORMAT_R8G8_UNORM with 960 × 540. A texel of yuy2's and uyvy's image is
 * VK_FORMAT_R8G8B8A8_UNORM and has two texels of the picture. All images of a texture lie in one
 * VkDeviceMemory, and are acquired and released together. A colour or depth format has plane 0,
 * which is the texture's image.
 *
 * Errors: INVALID_ARGUMENT (NULL; a plane that the format doesn't have), UNSUPPORTED (not a texture
 * of a Vulkan manager).
 */
GEYSER_API enum geyser_result geyser_vulkan_texture_plane_image(
	struct geyser_texture *texture, uint32_t plane, VkImage *out);
GEYSER_API enum geyser_result geyser_vulkan_texture_get_plane_info(
	struct geyser_texture *texture, uint32_t plane, struct geyser_vulkan_image_info *out);

/*
 * Gives a multi-planar image of a texture of several planes, borrowed as long as the texture lives.
 * It has the format geyser_format_info.vk_format, such as VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, and
 * the usage of the planes' images. Its planes lie in the same memory as the planes' own images. So
 * a sampler with a VkSamplerYcbcrConversion reads what another program has written. The device
 * needs the feature samplerYcbcrConversion for such a sampler; geyser's own device has it enabled
 * where it exists.
 *
 * The image is made at the first call. Make that call before any commands that acquire the texture
 * are recorded. geyser_vulkan_cmd_acquire and _release hand this image over, too. Use the layout
 * VK_IMAGE_LAYOUT_GENERAL for commands that use both this image and the planes' own images.
 *
 * Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a texture of a Vulkan manager; a format of one
 * plane; a size that isn't a multiple of the chroma's divisors, such as an odd width of nv12; a
 * texture in a dma-buf; a driver that has no such images or lays their planes out in another way),
 * OUT_OF_MEMORY, DEVICE_LOST.
 */
GEYSER_API enum geyser_result geyser_vulkan_texture_multiplanar_image(
	struct geyser_texture *texture, VkImage *out);

/* How commands use the images before or after they are handed over. */
struct geyser_vulkan_access {
	VkImageLayout layout;
	VkPipelineStageFlags stages;
	VkAccessFlags access;
};

/*
 * Records commands that take over a texture. They move the images of all its planes from
 * VK_QUEUE_FAMILY_EXTERNAL to the manager's queue family, and from the layout GENERAL to
 * to->layout. They make its texels visible to to->stages and to->access. If the texture's path is
 * GEYSER_PATH_COPY, the upload from host memory is recorded as well.
 *
 * A process may only read some textures (geyser_texture_access), such as a subscriber's frame.
 * Acquire and release such a texture with an access without writes. The submit must wait for the
 * event or the frame's point that says that the texture may be used. The barrier comes after that
 * wait, whatever stages the wait blocks.
 *
 * The caller owns the command buffer, which must be of the manager's queue family, in the recording
 * state, and outside of a render pass. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a texture
 * of a Vulkan manager), PERMISSION (to->access has writes, and the texture is for reading only).
 */
GEYSER_API enum geyser_result geyser_vulkan_cmd_acquire(VkCommandBuffer command_buffer,
	struct geyser_texture *texture, const struct geyser_vulkan_access *to);

/* Records commands that give a texture back. They make available to the next user, in any process
 * and on the CPU, what from->stages did with from->access. Record them after the last use, and
 * before the submit's signal. A caller that only read may give an access without writes. Then
 * nothing is downloaded if the path is GEYSER_PATH_COPY. Errors: as geyser_vulkan_cmd_acquire. */
GEYSER_API enum geyser_result geyser_vulkan_cmd_release(VkCommandBuffer command_buffer,
	struct geyser_texture *texture, const struct geyser_vulkan_access *from);

/* How geyser_vulkan_cmd_convert uses its textures: initializers of struct geyser_vulkan_access. */
#define GEYSER_VULKAN_CONVERT_SOURCE                                           \
	{                                                                      \
		VK_IMAGE_LAYOUT_GENERAL, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, \
			VK_ACCESS_SHADER_READ_BIT                              \
	}
#define GEYSER_VULKAN_CONVERT_DESTINATION                                      \
	{                                                                      \
		VK_IMAGE_LAYOUT_GENERAL, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, \
			VK_ACCESS_SHADER_WRITE_BIT                             \
	}

/*
 * Records commands that convert a whole texture, as geyser_texture_convert does it on the GPU. Both
 * textures must be acquired, with the layouts, stages and accesses above. No barrier is recorded:
 * the caller orders the commands before and after.
 *
 * The textures belong to one manager and have the same shape. The source has
 * GEYSER_USAGE_TEXTURE_BINDING, and the destination GEYSER_USAGE_STORAGE_BINDING, which no -srgb
 * format can have. Refused are integers, 3D textures, options that crop, turn or scale, video with
 * several layers or levels, and conversions between two formats of video. So are textures of the
 * same format, which vkCmdCopyImage copies.
 *
 * The caller owns the command buffer, as for geyser_vulkan_cmd_acquire, and its queue family must
 * compute. Compute pipeline, descriptor sets and push constants that were bound in it are undefined
 * afterwards. Both textures must live until the commands are done. The first call for two formats
 * tries the device, as geyser_texture_convert says: it submits to the manager's queue, and blocks
 * until that work is done.
 *
 * Errors: as geyser_texture_convert, and UNSUPPORTED (not textures of one Vulkan manager; what the
 * textures or the device lack), PERMISSION (the destination is for reading only).
 */
GEYSER_API enum geyser_result geyser_vulkan_cmd_convert(VkCommandBuffer command_buffer,
	struct geyser_texture *source, struct geyser_texture *destination,
	const struct geyser_convert_options *options);

/* Gives the DRM format modifiers that dma-buf images of this format and usage can have here, the
 * best first. A program can agree on one of them with another program. A format of several planes
 * has DRM_FORMAT_MOD_LINEAR (0) at most. *count is 0 if there are none. The caller frees the array
 * with geyser_vulkan_modifiers_free. Errors: INVALID_ARGUMENT, UNSUPPORTED (not a Vulkan manager),
 * OUT_OF_MEMORY. */
GEYSER_API enum geyser_result geyser_vulkan_format_modifiers(struct geyser_manager *manager,
	enum geyser_format format, uint32_t usage, uint64_t **out, uint32_t *count);
GEYSER_API void geyser_vulkan_modifiers_free(uint64_t *modifiers);

/* Makes a texture whose memory is a dma-buf with one of these modifiers, which the driver chooses.
 * desc->usage need not have GEYSER_USAGE_DMA_BUF. The texture is 2D, with one layer and one mip
 * level. Errors: as geyser_texture_create, and UNSUPPORTED (no dma-bufs here, or none of the
 * modifiers, naming them). */
GEYSER_API enum geyser_result geyser_vulkan_texture_create_with_modifiers(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc,
	const uint64_t *modifiers, uint32_t count, struct geyser_texture **out);

/* ---- events -------------------------------------------------------------------------------- */

/* Gives the event as a timeline semaphore, which queues and the host can wait for and signal. The
 * semaphore is borrowed as long as the event lives. Before the last unref, wait until no submit
 * that signals the semaphore is pending.
 *
 * An event has one value in all processes: when one process raises it, the others see that. Its
 * values must be signalled in order, as with any timeline semaphore. So a signaller that follows
 * another one waits for that signaller's value first. When the exporter of an imported event dies,
 * the semaphore is raised above all values, so that no queue of the importer hangs.
 * geyser_event_wait then returns GEYSER_ERROR_DISCONNECTED. A subscriber may wait for the semaphore
 * of its frames' event, but may not signal it. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not an
 * event of a Vulkan manager), OUT_OF_MEMORY, SYSTEM, DEVICE_LOST. */
GEYSER_API enum geyser_result geyser_vulkan_event_semaphore(
	struct geyser_event *event, VkSemaphore *out);

/* Returns whether all processes use the same semaphore, so that the driver carries signals from GPU
 * to GPU. Otherwise geyser's threads keep a semaphore of this process equal to the event. Returns
 * false for NULL and for events of other backends. */
GEYSER_API bool geyser_vulkan_event_is_native(struct geyser_event *event);

/* ---- frames of streams --------------------------------------------------------------------- */

struct geyser_vulkan_point {
	VkSemaphore semaphore; /* borrowed until the publisher or subscriber is destroyed */
	uint64_t value;
};

/* Gives the point that GPU work on the frame must wait for. For a subscriber that point means that
 * the frame is drawn. For a publisher it means that its own earlier work on that buffer is done.
 * The semaphore is VK_NULL_HANDLE if there is nothing to wait for. CPU calls wait by themselves:
 * geyser_texture_map for this frame's texture, and geyser_subscriber_acquire of a manager without a
 * GPU. Errors: INVALID_ARGUMENT (NULL; not acquired), UNSUPPORTED (not a frame of a Vulkan
 * manager), and as geyser_vulkan_event_semaphore. */
GEYSER_API enum geyser_result geyser_vulkan_frame_wait_point(
	struct geyser_frame *frame, struct geyser_vulkan_point *out);

/* Gives the point that the caller's GPU work on the frame will signal when it is done. For a
 * publisher that work is the drawing: the frame can be submitted at once, and is read only after
 * that point. For a subscriber it is the reading: the frame can be released at once, and is drawn
 * into only after that point.
 *
 * Call this once for a frame. Submit the work in the order of these calls, and before the frame is
 * submitted or released, because other processes wait for that work. A frame without this call
 * counts as done when it is submitted or released. Errors: as for the wait point, and BUSY (called
 * already for this frame). */
GEYSER_API enum geyser_result geyser_vulkan_frame_signal_point(
	struct geyser_frame *frame, struct geyser_vulkan_point *out);

#ifdef __cplusplus
}
#endif

#endif
