/* Vulkan without geyser: the work of a careful program that shares an image between two processes.
 * It uses the device of geyser's manager, so that both sides are measured on the same queue. */
#ifndef BENCH_VKHAND_H
#define BENCH_VKHAND_H

#include <geyser/vulkan.h>
#include <vulkan/vulkan.h>

#include "bench.h"

#define VKHAND_COMMANDS 4 /* the most command buffers recorded ahead of the GPU */
#define VKHAND_WIDTH 3840 /* texels of rgba8unorm in a row of every image and buffer here */
#define VKHAND_HEIGHT 2160
#define VKHAND_SIZE ((size_t)VKHAND_WIDTH * VKHAND_HEIGHT * 4)
#define VKHAND_TIMEOUT UINT64_C(20000000000) /* the limit of every wait for a GPU or a peer */

/* ---- the device (vkdevice.c) ---------------------------------------------------------------- */

struct vkhand {
	VkInstance instance;
	VkPhysicalDevice physical_device;
	VkDevice device;
	VkQueue queue;
	uint32_t queue_family;
	VkPhysicalDeviceFeatures features; /* that are enabled */
	VkPhysicalDeviceMemoryProperties memory;
	VkPhysicalDeviceType type;
	char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
	uint8_t uuid[VK_UUID_SIZE];
	bool native; /* the driver shares timeline semaphores between processes */
	PFN_vkGetMemoryFdKHR get_memory_fd;
	PFN_vkGetSemaphoreFdKHR get_semaphore_fd;
	PFN_vkImportSemaphoreFdKHR import_semaphore_fd;
	VkCommandPool pool;
	VkCommandBuffer commands[VKHAND_COMMANDS]; /* used in turns */
	VkFence fences[VKHAND_COMMANDS];
	size_t turn;
	struct geyser_manager *manager; /* geyser's manager on the same device */
};

/* Opens the device that $GEYSER_VULKAN_DEVICE names (an index, a part of the name, or a type), else
 * the one that is most like a GPU. Returns false and the reason if there is none. */
bool vkhand_open(struct vkhand *hand, const char **why);
void vkhand_close(struct vkhand *hand);

/* Whether the device is a driver on the CPU. Such a device gets fewer samples, or the benchmark
 * would take minutes. */
bool vkhand_is_software(const struct vkhand *hand);

/* Ends the program with die() if a call has failed. */
void vkhand_require(VkResult result, const char *what);

/* ---- images and buffers (vkhand.c) ---------------------------------------------------------- */

struct vkhand_image {
	VkImage image;
	VkDeviceMemory memory;
	VkDeviceSize size;
};

/* Makes an image as geyser makes its own: zeroed, in the layout GENERAL, owned by
 * VK_QUEUE_FAMILY_EXTERNAL. */
void vkhand_image_create(struct vkhand *hand, struct vkhand_image *out);

/* Makes an image for this process alone. Its contents are undefined, its layout is GENERAL. */
void vkhand_image_create_private(struct vkhand *hand, struct vkhand_image *out);

/* Imports the descriptor, which the driver then owns. */
void vkhand_image_import(struct vkhand *hand, int fd, struct vkhand_image *out);
int vkhand_image_fd(const struct vkhand *hand, const struct vkhand_image *image);
void vkhand_image_destroy(const struct vkhand *hand, struct vkhand_image *image);

/* Host memory that the GPU copies from and to, mapped and coherent. */
struct vkhand_staging {
	VkBuffer buffer;
	VkDeviceMemory memory;
	void *data;
};

void vkhand_staging_create(const struct vkhand *hand, struct vkhand_staging *out);
void vkhand_staging_destroy(const struct vkhand *hand, struct vkhand_staging *staging);

/* ---- commands (vkhand.c) -------------------------------------------------------------------- */

/* the access of the copies and clears */
extern const struct geyser_vulkan_access vkhand_write, vkhand_read;

/* Begins a command buffer. Waits until the GPU has done the buffer's earlier commands. */
VkCommandBuffer vkhand_begin(struct vkhand *hand);

/* Record the barriers from and to VK_QUEUE_FAMILY_EXTERNAL. */
void vkhand_acquire(const struct vkhand *hand, VkCommandBuffer commands, VkImage image,
	const struct geyser_vulkan_access *to);
void vkhand_release(const struct vkhand *hand, VkCommandBuffer commands, VkImage image,
	const struct geyser_vulkan_access *from);

/* Records a clear that sets every byte of the image to this value. */
void vkhand_clear(VkCommandBuffer commands, VkImage image, uint8_t value);
void vkhand_copy(VkCommandBuffer commands, VkImage from, VkImage to);
void vkhand_download(VkCommandBuffer commands, VkImage from, VkBuffer to);
void vkhand_upload(VkCommandBuffer commands, VkBuffer from, VkImage to);

/* Submits the command buffer that was begun last. wait and signal may be NULL. */
void vkhand_submit(struct vkhand *hand, const struct geyser_vulkan_point *wait,
	const struct geyser_vulkan_point *signal);

/* Waits until the GPU has done the last submit. */
void vkhand_finish(struct vkhand *hand);

/* Ends the program unless the image's first and last byte have this value. All bytes should. */
void vkhand_verify(
	struct vkhand *hand, struct vkhand_staging *staging, VkImage image, uint8_t value);

/* ---- timeline semaphores (vktimeline.c) ----------------------------------------------------- */

VkSemaphore vkhand_timeline_create(const struct vkhand *hand, bool exported);
int vkhand_timeline_fd(const struct vkhand *hand, VkSemaphore semaphore);

/* Imports the descriptor, which the driver then owns. */
VkSemaphore vkhand_timeline_import(const struct vkhand *hand, int fd);
void vkhand_timeline_wait(const struct vkhand *hand, VkSemaphore semaphore, uint64_t value);

#endif
