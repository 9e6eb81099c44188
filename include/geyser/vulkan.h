/*
 * Vulkan: textures as VkImage, events as timeline semaphores, and the barriers that hand them over.
 *
 * SPDX-License-Identifier: MIT
 *
 * Include <vulkan/vulkan.h> or define VK_NO_PROTOTYPES before this header as you like: it needs
 * Vulkan's types only. geyser opens libvulkan at run time and never links to it.
 *
 * A program gives its own device (geyser_vulkan_manager_create), or lets geyser make one
 * (geyser_manager_create with GEYSER_BACKEND_VULKAN) and asks for it with geyser_vulkan_get_device.
 * Results, times, ownership and threads are as geyser.h says. docs/synchronization.md shows who
 * waits for whom.
 */
#ifndef GEYSER_VULKAN_H
#define GEYSER_VULKAN_H

#include "stream.h"

#include <vulkan/vulkan_core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- devices and managers ------------------------------------------------------------------ */

/* A device of the caller's, Vulkan 1.2 or later, with the feature timelineSemaphore. All of it is
 * borrowed until the manager and every object made with it have gone. */
struct geyser_vulkan_device {
	VkInstance instance;
	VkPhysicalDevice physical_device;
	VkDevice device;
	/* A queue for graphics or compute. geyser submits to it: see
	 * geyser_vulkan_manager_set_queue_lock. */
	VkQueue queue;
	uint32_t queue_family; /* of queue */
	PFN_vkGetInstanceProcAddr get_instance_proc_addr;
};

/* Of the list below, how many a device must have; the others bring what their names say: native
 * events, host memory, dma-bufs. */
#define GEYSER_VULKAN_REQUIRED_EXTENSIONS 1u

/* The device extensions that geyser can use, the required ones first: enable all that the physical
 * device has. geyser takes any of them that it has, and whose functions there are, as enabled
 * (dma-bufs by those of VK_EXT_image_drm_format_modifier: enable both or neither). Static, as are
 * the strings. count may be NULL. */
GEYSER_API const char *const *geyser_vulkan_device_extensions(uint32_t *count);

/* A manager on that device. Errors: INVALID_ARGUMENT (NULL, a NULL member, a queue family the
 * device hasn't), UNSUPPORTED (naming the missing extension, feature or version), LIMIT,
 * OUT_OF_MEMORY. */
GEYSER_API enum geyser_result geyser_vulkan_manager_create(
	const struct geyser_vulkan_device *device, struct geyser_manager **out);

/* The same with an application name and timeouts; desc->backend must be AUTO or VULKAN. */
GEYSER_API enum geyser_result geyser_vulkan_manager_create_with_desc(
	const struct geyser_vulkan_device *device, const struct geyser_manager_desc *desc,
	struct geyser_manager **out);

/* The device in use, the caller's or geyser's own; borrowed while the manager lives. Errors:
 * INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Vulkan manager). */
GEYSER_API enum geyser_result geyser_vulkan_get_device(
	struct geyser_manager *manager, struct geyser_vulkan_device *out);

/*
 * A VkQueue must be used by one thread at a time. geyser submits to the manager's queue within
 * calls that make or map a texture, and from its own threads while it serves subscribers that can't
 * read GPU memory. A program that submits to the same queue either
 *  - brackets its submits with geyser_vulkan_queue_lock and _unlock, or
 *  - gives the lock that it has: lock and unlock are called, with user, around each submit. Set it
 *    before any other use of the manager; unlock may not be NULL if lock isn't. geyser calls
 *    both on the thread that submits, any thread of the process. Neither may call geyser, or wait
 *    for a thread that does.
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (not a Vulkan manager).
 */
GEYSER_API enum geyser_result geyser_vulkan_manager_set_queue_lock(struct geyser_manager *manager,
	void (*lock)(void *user), void (*unlock)(void *user), void *user);

/* Waits for, and gives up, the right to use the manager's queue. Not recursive; make no other call
 * of geyser's in between. NULL and other backends' managers: nothing. */
GEYSER_API void geyser_vulkan_queue_lock(struct geyser_manager *manager);
GEYSER_API void geyser_vulkan_queue_unlock(struct geyser_manager *manager);

/* Says that one of the caller's own calls got VK_ERROR_DEVICE_LOST: every holder of this manager's
 * events, in any process, gets GEYSER_ERROR_DEVICE_LOST from now on, its streams end and its
 * handles are GEYSER_ERROR_STALE. What geyser's own calls meet, it finds out itself. Errors:
 * INVALID_ARGUMENT, UNSUPPORTED (not a Vulkan manager). */
GEYSER_API enum geyser_result geyser_vulkan_device_lost(struct geyser_manager *manager);

/* What the driver says of its device. */
struct geyser_vulkan_info {
	char name[256];   /* the physical device's */
	char driver[256]; /* name and version */
	VkPhysicalDeviceType type;
	uint32_t api_version; /* as VK_MAKE_API_VERSION */
	uint8_t device_uuid[16], driver_uuid[16];
	bool opaque_fd;   /* memory of one driver between processes: VK_KHR_external_memory_fd */
	bool host_memory; /* sealed host memory as images: VK_EXT_external_memory_host */
	bool dma_buf;     /* VK_EXT_external_memory_dma_buf with DRM format modifiers */
	/* Timeline semaphores can be shared between processes. Without them, each event has a
	 * thread that carries its values between the page and the semaphore. */
	bool native_events;
};

/* Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Vulkan manager). */
GEYSER_API enum geyser_result geyser_vulkan_get_info(
	struct geyser_manager *manager, struct geyser_vulkan_info *out);

/* ---- textures ------------------------------------------------------------------------------ */

/* The texture's image. Borrowed as long as the texture lives. It is in VK_IMAGE_LAYOUT_GENERAL and
 * belongs to VK_QUEUE_FAMILY_EXTERNAL whenever nobody uses it: acquire it before each use, release
 * it after. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Vulkan manager's). */
GEYSER_API enum geyser_result geyser_vulkan_texture_image(
	struct geyser_texture *texture, VkImage *out);

/* What the image was made with, for views and for other libraries that wrap images. */
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

/* Errors: as geyser_vulkan_texture_image. */
GEYSER_API enum geyser_result geyser_vulkan_texture_get_info(
	struct geyser_texture *texture, struct geyser_vulkan_image_info *out);

/* How the commands on one side of a hand-over use the image. */
struct geyser_vulkan_access {
	VkImageLayout layout;
	VkPipelineStageFlags stages;
	VkAccessFlags access;
};

/*
 * Records the taking over of a texture: from VK_QUEUE_FAMILY_EXTERNAL to the manager's queue
 * family, from the layout GENERAL to to->layout, visible to to->stages and to->access. Where the
 * texture's path is GEYSER_PATH_COPY it records the upload from host memory as well. A texture
 * that this process may only read (geyser_texture_access), such as a subscriber's frame, is
 * acquired and released with an access without writes. The submit must wait for the event or the
 * frame's point that says that the texture may be used; the barrier comes after that wait whatever
 * stages it blocks.
 *
 * The command buffer is the caller's, of the manager's queue family, in the recording state,
 * outside of a render pass. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Vulkan manager's),
 * PERMISSION (to->access has writes, and the texture is for reading only). */
GEYSER_API enum geyser_result geyser_vulkan_cmd_acquire(VkCommandBuffer command_buffer,
	struct geyser_texture *texture, const struct geyser_vulkan_access *to);

/* Records the giving back: what from->stages did with from->access is made available to the next
 * user, in any process and on the CPU. It goes after the last use and before the submit's signal.
 * A caller that only read may say so with an access without writes: then nothing is downloaded
 * where the path is GEYSER_PATH_COPY. Errors: as geyser_vulkan_cmd_acquire. */
GEYSER_API enum geyser_result geyser_vulkan_cmd_release(VkCommandBuffer command_buffer,
	struct geyser_texture *texture, const struct geyser_vulkan_access *from);

/* DRM format modifiers that images of this format and usage can have as dma-bufs here, best first,
 * for agreeing on one with another program; *count 0 if there are none. Free the array with
 * geyser_vulkan_modifiers_free. Errors: INVALID_ARGUMENT, UNSUPPORTED (not a Vulkan manager),
 * OUT_OF_MEMORY. */
GEYSER_API enum geyser_result geyser_vulkan_format_modifiers(struct geyser_manager *manager,
	enum geyser_format format, uint32_t usage, uint64_t **out, uint32_t *count);
GEYSER_API void geyser_vulkan_modifiers_free(uint64_t *modifiers);

/* A texture whose memory is a dma-buf with one of these modifiers, the driver's choice; desc->usage
 * need not say GEYSER_USAGE_DMA_BUF. 2D, one layer, one mip level. Errors: as
 * geyser_texture_create, and UNSUPPORTED (no dma-bufs here, or none of the modifiers, naming
 * them). */
GEYSER_API enum geyser_result geyser_vulkan_texture_create_with_modifiers(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc,
	const uint64_t *modifiers, uint32_t count, struct geyser_texture **out);

/* ---- events -------------------------------------------------------------------------------- */

/* The event as a timeline semaphore, to be waited for and signalled by queues and by the host.
 * Borrowed as long as the event lives. Wait before the unref until no submit that signals it is
 * pending.
 *
 * An event has one value in all processes: whoever raises it, the others see. As for any timeline
 * semaphore, its values are signalled in order: a signaller that follows another one waits for its
 * value first. When an imported event's exporter dies, its semaphore is raised above all values, so
 * that no queue of the importer's hangs; geyser_event_wait then says GEYSER_ERROR_DISCONNECTED. A
 * subscriber may only wait for the semaphore of its frames' event, and not signal it.
 * Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Vulkan manager's), OUT_OF_MEMORY, SYSTEM,
 * DEVICE_LOST. */
GEYSER_API enum geyser_result geyser_vulkan_event_semaphore(
	struct geyser_event *event, VkSemaphore *out);

/* Whether the semaphore is the other process's own (the driver carries signals from GPU to GPU), or
 * one that a thread keeps equal to the event. False for NULL and other backends' events. */
GEYSER_API bool geyser_vulkan_event_is_native(struct geyser_event *event);

/* ---- frames of streams --------------------------------------------------------------------- */

struct geyser_vulkan_point {
	VkSemaphore semaphore; /* borrowed until the publisher or subscriber is destroyed */
	uint64_t value;
};

/* What GPU work on the frame must wait for: to a subscriber, that the frame is drawn; to a
 * publisher, that its own earlier work on that buffer is done. The semaphore is VK_NULL_HANDLE if
 * there is nothing to wait for. Instead of this the CPU calls wait themselves: geyser_texture_map
 * for this frame's texture, and geyser_subscriber_acquire of a manager that isn't a GPU's.
 * Errors: INVALID_ARGUMENT (NULL; not acquired), UNSUPPORTED (not a Vulkan manager's), and as
 * geyser_vulkan_event_semaphore. */
GEYSER_API enum geyser_result geyser_vulkan_frame_wait_point(
	struct geyser_frame *frame, struct geyser_vulkan_point *out);

/* What the caller's GPU work on the frame will signal when it is done: a publisher's drawing (the
 * frame is then submitted at once, and read only after that point), a subscriber's reading (the
 * frame is then released at once, and drawn into only after that point). Ask once for a frame,
 * submit the work in the order of asking, and submit it before the frame is submitted or released:
 * whoever waits for the point waits for that work. A frame for which nobody asks is done when it is
 * submitted or released. Errors: as for the wait point, and BUSY (asked for already). */
GEYSER_API enum geyser_result geyser_vulkan_frame_signal_point(
	struct geyser_frame *frame, struct geyser_vulkan_point *out);

#ifdef __cplusplus
}
#endif

#endif
