/* SPDX-License-Identifier: MIT */
/* The inside of the Vulkan backend. */
#ifndef GY_BACKEND_VULKAN_VK_H
#define GY_BACKEND_VULKAN_VK_H

#include "backend/vulkan.h"

#include <pthread.h>
#include <sys/types.h>

/* ---- what is called of Vulkan ---- */

#define VK_INSTANCE_FUNCTIONS(X)                        \
	X(DestroyInstance)                              \
	X(EnumeratePhysicalDevices)                     \
	X(EnumerateDeviceExtensionProperties)           \
	X(GetPhysicalDeviceProperties2)                 \
	X(GetPhysicalDeviceFeatures2)                   \
	X(GetPhysicalDeviceFormatProperties2)           \
	X(GetPhysicalDeviceImageFormatProperties2)      \
	X(GetPhysicalDeviceMemoryProperties)            \
	X(GetPhysicalDeviceQueueFamilyProperties)       \
	X(GetPhysicalDeviceExternalSemaphoreProperties) \
	X(CreateDevice)                                 \
	X(GetDeviceProcAddr)

#define VK_DEVICE_FUNCTIONS(X)         \
	X(DestroyDevice)               \
	X(GetDeviceQueue)              \
	X(QueueSubmit)                 \
	X(CreateImage)                 \
	X(DestroyImage)                \
	X(GetImageMemoryRequirements)  \
	X(GetImageSubresourceLayout)   \
	X(CreateBuffer)                \
	X(DestroyBuffer)               \
	X(GetBufferMemoryRequirements) \
	X(AllocateMemory)              \
	X(FreeMemory)                  \
	X(MapMemory)                   \
	X(BindImageMemory)             \
	X(BindBufferMemory)            \
	X(CreateCommandPool)           \
	X(DestroyCommandPool)          \
	X(AllocateCommandBuffers)      \
	X(FreeCommandBuffers)          \
	X(BeginCommandBuffer)          \
	X(EndCommandBuffer)            \
	X(CmdPipelineBarrier)          \
	X(CmdClearColorImage)          \
	X(CmdClearDepthStencilImage)   \
	X(CmdCopyImageToBuffer)        \
	X(CmdCopyBufferToImage)        \
	X(CreateFence)                 \
	X(DestroyFence)                \
	X(ResetFences)                 \
	X(WaitForFences)               \
	X(CreateSemaphore)             \
	X(DestroySemaphore)            \
	X(GetSemaphoreCounterValue)    \
	X(WaitSemaphores)              \
	X(SignalSemaphore)

/* Of extensions that a device may lack: NULL then. */
#define VK_OPTIONAL_FUNCTIONS(X)             \
	X(GetMemoryFdKHR)                    \
	X(GetMemoryFdPropertiesKHR)          \
	X(GetMemoryHostPointerPropertiesEXT) \
	X(GetSemaphoreFdKHR)                 \
	X(ImportSemaphoreFdKHR)              \
	X(GetImageDrmFormatModifierPropertiesEXT)

struct vk_api {
	PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
	PFN_vkCreateInstance CreateInstance; /* NULL with a device of the caller's */
#define X(name) PFN_vk##name name;
	VK_INSTANCE_FUNCTIONS(X)
	VK_DEVICE_FUNCTIONS(X)
	VK_OPTIONAL_FUNCTIONS(X)
#undef X
};

/* ---- devices ---- */

struct vk_texture;

struct vk_device {
	pid_t pid;  /* a forked child frees memory, and calls nothing of the driver's */
	bool own;   /* instance and device are ours to destroy */
	bool draws; /* the queue: without, depth can be neither cleared nor copied */
	void *library;
	struct geyser_vulkan_device handles;
	struct vk_api api;
	struct geyser_vulkan_info info;
	VkPhysicalDeviceMemoryProperties memory;
	VkDeviceSize host_alignment;
	uint32_t extensions;     /* bit i: that of geyser_vulkan_device_extensions() */
	uint64_t max_difference; /* of timeline semaphore values */
	_Atomic bool lost;
	_Atomic uint32_t usage[GEYSER_FORMAT_COUNT][3]; /* vk_format_usage's answers */

	pthread_mutex_t queue;          /* around each use of the queue */
	void (*lock_queue)(void *user); /* the caller's, instead of it */
	void (*unlock_queue)(void *user);
	void *lock_user;

	pthread_mutex_t run; /* guards the next three; taken before the others */
	VkCommandPool pool;
	VkCommandBuffer commands; /* of vk_run */
	VkFence fence;

	/* Told once when it is lost; guarded by its lock. */
	pthread_mutex_t lock;
	void (*on_lost)(void *user);
	void *lost_user;
};

/* Ours: opens libvulkan, makes an instance and a device. */
enum geyser_result gy_vk_device_open(struct vk_device **out);
/* The caller's, already checked for NULLs. */
enum geyser_result gy_vk_device_adopt(
	const struct geyser_vulkan_device *handles, struct vk_device **out);
void gy_vk_device_close(struct vk_device *device);

/* loader.c: libvulkan, the instance and the choice of a physical device */
enum geyser_result gy_vk_loader_open(struct vk_device *device);
void gy_vk_loader_close(struct vk_device *device);
enum geyser_result gy_vk_load_instance(struct vk_device *device);
enum geyser_result gy_vk_load_device(struct vk_device *device);

/* capability.c: what a physical device has; fills info and the numbers beside it. Errors:
 * UNSUPPORTED, naming what is missing. */
enum geyser_result gy_vk_capabilities(struct vk_device *device);
/* One of geyser_vulkan_device_extensions(). */
bool gy_vk_has_extension(const struct vk_device *device, const char *name);

/* ---- error.c: failures ---- */

/* The result for a failed call, with its name; a lost device is noted. */
enum geyser_result gy_vk_fail(struct vk_device *device, VkResult result, const char *call);

/* Notes that the device is lost, and calls on_lost the first time. */
void gy_vk_set_lost(struct vk_device *device);
/* Whether a forked child has inherited the device: it calls no function of the driver then. */
bool gy_vk_is_foreign(const struct vk_device *device);

/* Error DEVICE_LOST if it is. */
enum geyser_result gy_vk_check(const struct vk_device *device);

/* ---- submits ---- */

typedef void vk_record(struct vk_device *device, VkCommandBuffer commands, void *data);

/* Records, submits and waits until it is done. */
enum geyser_result gy_vk_run(struct vk_device *device, vk_record *record, void *data);

/* Waits on the device, unless the value is 0, runs, signals. */
enum geyser_result gy_vk_submit(struct vk_device *device, VkCommandBuffer commands,
	const struct geyser_vulkan_point *wait, const struct geyser_vulkan_point *signal);

enum geyser_result gy_vk_allocate_commands(
	struct vk_device *device, vk_record *record, void *data, VkCommandBuffer *out);
void gy_vk_free_commands(struct vk_device *device, VkCommandBuffer commands);

/* ---- images ---- */

/* How an image of a descriptor is made, the same in every process. */
struct vk_image_plan {
	VkImageCreateInfo info;
	VkExternalMemoryImageCreateInfo external;
	VkImageAspectFlags aspects;
	uint64_t texels; /* bytes, without what a driver adds */
};

/* handle: what its memory is; 0: nothing that others see. */
void gy_vk_image_plan(const struct geyser_texture_desc *desc, VkImageTiling tiling,
	VkExternalMemoryHandleTypeFlagBits handle, struct vk_image_plan *out);

/* Whether the driver makes it, with memory of that kind to export or import. Errors: UNSUPPORTED,
 * LIMIT, naming the constraint. */
enum geyser_result gy_vk_image_supported(
	struct vk_device *device, const struct vk_image_plan *plan, bool export);

/* The usage that a format's features allow, as geyser's bits. */
uint32_t gy_vk_feature_usage(const struct geyser_format_info *info, VkFormatFeatureFlags features);

/* Makes texture->image and says what memory it needs. more: chained to the creation, or NULL. */
enum geyser_result gy_vk_create_image(struct vk_texture *texture, const struct vk_image_plan *plan,
	const void *more, VkMemoryRequirements *out);

/* Allocates or imports memory as info says and binds the image there. */
enum geyser_result gy_vk_bind_image(
	struct vk_texture *texture, const VkMemoryAllocateInfo *info, uint64_t offset);

/* Of those in bits, the first with all of these properties, or without them. */
uint32_t gy_vk_memory_type(
	const struct vk_device *device, uint32_t bits, VkMemoryPropertyFlags properties);

/* Copies of all texels between an image in GENERAL (or the layout) and a buffer laid out as
 * layout says. Stencil, where the format has it beside depth, lies by itself after the rest. */
struct vk_copy {
	VkImage image;
	VkImageLayout image_layout;
	VkBuffer buffer;
	const struct geyser_texture_desc *desc;
	const struct gy_layout *layout;
	bool to_image;
};
void gy_vk_record_copy(
	struct vk_device *device, VkCommandBuffer commands, const struct vk_copy *copy);

/* Bytes of a buffer that holds all texels, with what vk_copy puts behind them. */
uint64_t gy_vk_linear_size(const struct geyser_texture_desc *desc, const struct gy_layout *layout);

VkImageAspectFlags gy_vk_aspects(const struct geyser_format_info *info);

/* ---- modifier.c: DRM format modifiers ---- */

#define GY_VK_PLANES_MAX 4

/* Modifiers that images of this descriptor can have, with the number of planes of each. */
struct vk_modifier {
	uint64_t modifier;
	uint32_t planes;
};
enum geyser_result gy_vk_modifiers(struct vk_device *device, const struct geyser_texture_desc *desc,
	struct vk_modifier **out, uint32_t *count);

/* The planes of an image with this modifier, which another process has made. *planes is 0 where the
 * driver doesn't list the modifier, or doesn't import such an image. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_vk_modifier_planes(struct vk_device *device,
	const struct geyser_texture_desc *desc, uint64_t modifier, uint32_t *planes);

/* ---- usage.c ---- */

/* What the backend's table says. */
uint32_t gy_vk_format_usage(
	void *device, const struct geyser_format_info *info, enum geyser_dimension dimension);

/* ---- textures ---- */

/* Host memory that a buffer sees. */
struct vk_linear {
	VkBuffer buffer;
	VkDeviceMemory memory;
	char *data;
	uint64_t size;
};

struct vk_texture {
	struct gy_backend_texture base;
	struct vk_device *device;
	struct geyser_texture_desc desc; /* label is not kept */
	VkImageTiling tiling;
	VkImageUsageFlags usage;
	VkImage image;
	VkDeviceMemory memory;
	uint64_t modifier;

	enum geyser_native_type type;
	int fd;
	bool shared;   /* others can open the memory, if only by new descriptors */
	uint64_t size; /* of the memory that fd names */
	uint32_t plane_count;
	struct {
		uint64_t offset, row_pitch;
	} planes[GY_VK_PLANES_MAX];
	bool dedicated;

	/* host memory: mapped as long as the texture lives; the image lies in it, or is copied from
	 * and to it */
	struct vk_linear host;
	bool copied;
	VkCommandBuffer copy; /* of a mirror: what fills it */

	/* staging for maps of other memory, and for uploads of memory that the driver refuses */
	pthread_mutex_t lock;
	struct vk_linear staging;
	uint32_t maps;
	bool written;
};

/* What the backend's table says. */
enum geyser_result gy_vk_texture_create(void *device, const struct geyser_texture_desc *desc,
	bool published, struct gy_backend_texture **out);
enum geyser_result gy_vk_texture_import(void *device, const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms,
	struct gy_backend_texture **out);
enum geyser_result gy_vk_texture_share(struct gy_backend_texture *base);
enum geyser_result gy_vk_texture_describe(
	struct gy_backend_texture *base, struct geyser_native_texture *out);
enum geyser_result gy_vk_texture_convert(struct gy_backend_texture *base,
	enum geyser_native_type type, struct geyser_native_texture *out);
void gy_vk_texture_destroy(struct gy_backend_texture *base);
enum geyser_result gy_vk_mirror_create(
	void *device, const struct geyser_texture_desc *desc, struct gy_backend_texture **out);
enum geyser_result gy_vk_texture_copy(struct gy_backend_texture *from_base,
	struct gy_backend_texture *to_base, const struct gy_backend_point *wait,
	const struct gy_backend_point *signal);

enum geyser_result gy_vk_texture_allocate(
	struct vk_device *device, const struct geyser_texture_desc *desc, struct vk_texture **out);
/* Everything that is there; fd is closed. */
void gy_vk_texture_free(struct vk_texture *texture);
/* *out, or freed after a failure. */
enum geyser_result gy_vk_texture_finish(
	struct vk_texture *texture, enum geyser_result result, struct gy_backend_texture **out);

/* opaque.c, host_memory.c, dma_buf.c: the three kinds of memory. Each fills a fresh texture; on
 * success native's fd is its own. gy_vk_texture_create then clears memory of the device's own. */
enum geyser_result gy_vk_opaque_create(struct vk_texture *texture);
/* Its descriptor, which costs a driver as much as the rest of making it. */
enum geyser_result gy_vk_opaque_share(struct vk_texture *texture);
/* Makes one more descriptor of the memory; the caller owns it. */
enum geyser_result gy_vk_opaque_fd(const struct vk_texture *texture, int *fd);
enum geyser_result gy_vk_opaque_import(struct vk_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms);
enum geyser_result gy_vk_host_create(struct vk_texture *texture, bool published);
enum geyser_result gy_vk_host_import(struct vk_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms);
enum geyser_result gy_vk_host_mirror(struct vk_texture *texture);
enum geyser_result gy_vk_dma_buf_create(
	struct vk_texture *texture, const uint64_t *modifiers, uint32_t count);
enum geyser_result gy_vk_dma_buf_import(
	struct vk_texture *texture, const struct geyser_native_texture *native);

/* A buffer in memory of the driver's that the CPU sees. */
enum geyser_result gy_vk_linear_create(
	struct vk_device *device, uint64_t size, struct vk_linear *out);
void gy_vk_linear_finish(struct vk_device *device, struct vk_linear *linear);

/* map.c */
enum geyser_result gy_vk_texture_map(
	struct gy_backend_texture *base, enum geyser_access access, void **data);
void gy_vk_texture_unmap(struct gy_backend_texture *base);
void gy_vk_texture_upload(struct gy_backend_texture *base);

/* handover.c */
void gy_vk_record_acquire(struct vk_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *to);
void gy_vk_record_to_host(struct vk_device *device, VkCommandBuffer commands);
void gy_vk_record_release(struct vk_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *from);

/* ---- events ---- */

bool gy_vk_event_shared(void *device, struct gy_driver_id *out);
enum geyser_result gy_vk_event_create(
	void *device, const struct gy_event_source *source, int fd, struct gy_backend_event **out);
enum geyser_result gy_vk_event_describe(struct gy_backend_event *event, int *fd);
enum geyser_result gy_vk_event_export(
	struct gy_backend_event *event, struct geyser_native_event *out);
void gy_vk_event_signal(struct gy_backend_event *event, uint64_t value);
void gy_vk_event_destroy(struct gy_backend_event *event);

#endif
