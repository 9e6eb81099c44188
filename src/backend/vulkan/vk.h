/* SPDX-License-Identifier: MIT */
/* Declares what the files of the Vulkan backend share. */
#ifndef GY_BACKEND_VULKAN_VK_H
#define GY_BACKEND_VULKAN_VK_H

#include "backend/loss.h"
#include "backend/vulkan.h"

#include <pthread.h>
#include <sys/types.h>

/* ---- the functions of Vulkan that geyser calls ---- */

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
	X(GetImageMemoryRequirements2) \
	X(GetImageSubresourceLayout)   \
	X(CreateBuffer)                \
	X(DestroyBuffer)               \
	X(GetBufferMemoryRequirements) \
	X(AllocateMemory)              \
	X(FreeMemory)                  \
	X(MapMemory)                   \
	X(BindImageMemory)             \
	X(BindImageMemory2)            \
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
	X(CmdCopyImage)                \
	X(CmdCopyImageToBuffer)        \
	X(CmdCopyBufferToImage)        \
	X(CmdCopyBuffer)               \
	X(CmdUpdateBuffer)             \
	X(CmdBindPipeline)             \
	X(CmdBindDescriptorSets)       \
	X(CmdPushConstants)            \
	X(CmdDispatch)                 \
	X(CreateImageView)             \
	X(DestroyImageView)            \
	X(CreateShaderModule)          \
	X(DestroyShaderModule)         \
	X(CreateDescriptorSetLayout)   \
	X(DestroyDescriptorSetLayout)  \
	X(CreatePipelineLayout)        \
	X(DestroyPipelineLayout)       \
	X(CreateComputePipelines)      \
	X(DestroyPipeline)             \
	X(CreateDescriptorPool)        \
	X(DestroyDescriptorPool)       \
	X(AllocateDescriptorSets)      \
	X(UpdateDescriptorSets)        \
	X(CreateFence)                 \
	X(DestroyFence)                \
	X(ResetFences)                 \
	X(WaitForFences)               \
	X(CreateSemaphore)             \
	X(DestroySemaphore)            \
	X(GetSemaphoreCounterValue)    \
	X(WaitSemaphores)              \
	X(SignalSemaphore)

/* Functions of extensions. A device may lack these: the pointer is then NULL. */
#define VK_OPTIONAL_FUNCTIONS(X)             \
	X(GetMemoryFdKHR)                    \
	X(GetMemoryFdPropertiesKHR)          \
	X(GetMemoryHostPointerPropertiesEXT) \
	X(GetSemaphoreFdKHR)                 \
	X(ImportSemaphoreFdKHR)              \
	X(GetImageDrmFormatModifierPropertiesEXT)

struct vk_api {
	PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
	PFN_vkCreateInstance CreateInstance; /* NULL if the caller brought the device */
#define X(name) PFN_vk##name name;
	VK_INSTANCE_FUNCTIONS(X)
	VK_DEVICE_FUNCTIONS(X)
	VK_OPTIONAL_FUNCTIONS(X)
#undef X
};

/* ---- devices ---- */

struct vk_texture;
struct vk_converter; /* conversion.h */

struct vk_device {
	/* the process that made this struct; a forked child frees it without calling the driver */
	pid_t pid;
	bool own; /* geyser made the instance and the device, and destroys both */
	/* the queue can draw; a queue that can't, can neither clear nor copy depth */
	bool draws;
	bool computes; /* the queue runs shaders for computing */
	/* shaders may store to images of formats that they don't name */
	bool stores_any_format;
	bool converts_ycbcr; /* feature samplerYcbcrConversion, which geyser's own device enables */
	void *library;
	struct geyser_vulkan_device handles;
	struct vk_api api;
	struct geyser_vulkan_info info;
	VkPhysicalDeviceMemoryProperties memory;
	VkDeviceSize host_alignment;
	/* bit i is set if the device has geyser_vulkan_device_extensions()[i] */
	uint32_t extensions;
	/* a signal may raise a timeline semaphore by so much at most */
	uint64_t max_difference;
	struct gy_loss loss;
	struct gy_memory_count staging; /* buffers of buffer.c, and images beside host memory */
	/* the results of gy_vk_format_usage, by format and dimension; 0: not asked yet */
	_Atomic uint32_t usage[GEYSER_FORMAT_COUNT][3];

	pthread_mutex_t queue; /* held during each use of the queue, unless lock_queue is set */
	/* the program's own lock of the queue, or NULL */
	void (*lock_queue)(void *user);
	void (*unlock_queue)(void *user);
	void *lock_user;

	/* guards the next three members; taken before the queue's lock */
	pthread_mutex_t run;
	VkCommandPool pool;
	VkCommandBuffer commands; /* gy_vk_run records into it */
	VkFence fence;

	/* guards the converter and what textures have for it; taken before the other locks */
	pthread_mutex_t converting;
	struct vk_converter *converter; /* NULL until the first conversion */
};

/* Opens libvulkan, makes an instance, and makes a device. The caller closes *out. */
enum geyser_result gy_vk_device_open(struct vk_device **out);
/* Makes a vk_device of the program's own device. No handle may be NULL. The caller closes *out. */
enum geyser_result gy_vk_device_adopt(
	const struct geyser_vulkan_device *handles, struct vk_device **out);
void gy_vk_device_close(struct vk_device *device);

/* loader.c: opens libvulkan, makes an instance, chooses a physical device, and looks functions up.
 */
enum geyser_result gy_vk_loader_open(struct vk_device *device);
void gy_vk_loader_close(struct vk_device *device);
enum geyser_result gy_vk_load_instance(struct vk_device *device);
enum geyser_result gy_vk_load_device(struct vk_device *device);

/* capability.c: asks the physical device for its features, and fills in info, extensions and the
 * numbers beside them. Errors: UNSUPPORTED (the message names the missing feature). */
enum geyser_result gy_vk_capabilities(struct vk_device *device);
/* The name must be one of geyser_vulkan_device_extensions(). */
bool gy_vk_has_extension(const struct vk_device *device, const char *name);

/* ---- error.c: failures ---- */

/* Returns geyser's error for the failed call of that name, and sets the message. If the device is
 * lost, notes that. */
enum geyser_result gy_vk_fail(struct vk_device *device, VkResult result, const char *call);

/* Whether a forked child has inherited the device: it calls no function of the driver then. */
bool gy_vk_is_inherited(const struct vk_device *device);

/* Errors: DEVICE_LOST, INVALID_ARGUMENT (a forked child has inherited the device). */
enum geyser_result gy_vk_check(const struct vk_device *device);

/* ---- submits ---- */

typedef void vk_record(struct vk_device *device, VkCommandBuffer commands, void *data);

/* Records commands, submits them, and blocks until the device has run them. Runs of one device
 * exclude each other. */
enum geyser_result gy_vk_run(struct vk_device *device, vk_record *record, void *data);

/* Submits the commands and returns at once. The device waits for the point `wait` first, unless its
 * value is 0, and reaches the point `signal` afterwards. */
enum geyser_result gy_vk_submit(struct vk_device *device, VkCommandBuffer commands,
	const struct geyser_vulkan_point *wait, const struct geyser_vulkan_point *signal);

/* Records commands that can be submitted many times. Free them with gy_vk_free_commands. */
enum geyser_result gy_vk_allocate_commands(
	struct vk_device *device, vk_record *record, void *data, VkCommandBuffer *out);
void gy_vk_free_commands(struct vk_device *device, VkCommandBuffer commands);

/* ---- images ---- */

/* Describes one plane of a texture as a texture of its own. The plane of a colour format is the
 * texture itself. */
struct geyser_texture_desc gy_vk_plane_desc(const struct geyser_texture_desc *desc, uint32_t plane);

/* How to make the image of one plane of a descriptor. All processes make the same plan: the driver
 * then lays their images out alike. */
struct vk_image_plan {
	VkImageCreateInfo info;
	VkExternalMemoryImageCreateInfo external;
	VkImageAspectFlags aspects;
	uint64_t texels; /* the texels' size in bytes, without the driver's padding */
	bool joins;      /* the image lies in one memory with the images of other planes */
};

/* handle: the kind of memory that the image will lie in; 0 if no other process opens it. */
void gy_vk_image_plan(const struct geyser_texture_desc *desc, uint32_t plane, VkImageTiling tiling,
	VkExternalMemoryHandleTypeFlagBits handle, struct vk_image_plan *out);

/* Checks that the driver makes such an image, and can export or import its memory. Errors:
 * UNSUPPORTED, LIMIT (the message names the constraint). */
enum geyser_result gy_vk_image_supported(
	struct vk_device *device, const struct vk_image_plan *plan, bool export);

/* Works like gy_vk_image_supported for all planes of a descriptor. */
enum geyser_result gy_vk_images_supported(struct vk_device *device,
	const struct geyser_texture_desc *desc, VkImageTiling tiling,
	VkExternalMemoryHandleTypeFlagBits handle, bool export);

/* Returns the usage bits of geyser that the features of a format allow. */
uint32_t gy_vk_feature_usage(const struct geyser_format_info *info, VkFormatFeatureFlags features);

/* Makes the image of one plane, and asks how much memory it needs. more: a chain of structs for
 * vkCreateImage, or NULL. */
enum geyser_result gy_vk_create_image(struct vk_texture *texture, uint32_t plane,
	const struct vk_image_plan *plan, const void *more);
/* Makes the images of all planes. */
enum geyser_result gy_vk_create_images(struct vk_texture *texture, VkImageTiling tiling,
	VkExternalMemoryHandleTypeFlagBits handle);
void gy_vk_destroy_images(struct vk_texture *texture);

/* Sets the offset of each image, one image behind the other, and tells what memory all of them need
 * together. memoryTypeBits is 0 if no memory suits all. */
void gy_vk_place_images(struct vk_texture *texture, VkMemoryRequirements *out);

/* Allocates or imports memory as info tells, and binds the images to it at their offsets. */
enum geyser_result gy_vk_bind_images(struct vk_texture *texture, const VkMemoryAllocateInfo *info);

/* Returns the first of the memory types in bits that has all the properties. If none has them,
 * returns the first type in bits, or UINT32_MAX if bits is 0. */
uint32_t gy_vk_memory_type(
	const struct vk_device *device, uint32_t bits, VkMemoryPropertyFlags properties);

VkImageAspectFlags gy_vk_aspects(const struct geyser_format_info *info);

/* ---- copy.c: copies between images and buffers ---- */

/* A copy of all texels between the texture's images and a buffer. The images are in image_layout;
 * layout tells where texels lie in the buffer. If the format has depth and stencil, the buffer has
 * the stencil bytes apart, after the other texels. */
struct vk_copy {
	const struct vk_texture *texture;
	VkImageLayout image_layout;
	VkBuffer buffer;
	const struct gy_layout *layout;
	bool to_image;
};
void gy_vk_record_copy(
	struct vk_device *device, VkCommandBuffer commands, const struct vk_copy *copy);

/* Returns the size in bytes of a buffer for such a copy, including the stencil bytes. */
uint64_t gy_vk_linear_size(const struct geyser_texture_desc *desc, const struct gy_layout *layout);

/* Computes a layout whose planes begin where Vulkan can copy them. It has a gap before a plane
 * only where the layout of gy_layout_of has that plane at another place. */
void gy_vk_aligned_layout(const struct geyser_texture_desc *desc, struct gy_layout *out);

/* Prepares copies with buffers of texture->base.layout. Call this before the first copy. */
enum geyser_result gy_vk_prepare_copies(struct vk_texture *texture);

/* ---- modifier.c: DRM format modifiers ---- */

#define GY_VK_PLANES_MAX 4

#define GY_VK_MODIFIER_LINEAR 0 /* the value in drm_fourcc.h, which some systems lack */

/* A modifier that images can have, and the number of memory planes that they have with it. If the
 * format has several planes, each plane's image has one memory plane, and planes is their sum. */
struct vk_modifier {
	uint64_t modifier;
	uint32_t planes;
};
/* Lists the modifiers with which the driver makes and exports images of this descriptor. The caller
 * frees *out. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_vk_modifiers(struct vk_device *device, const struct geyser_texture_desc *desc,
	struct vk_modifier **out, uint32_t *count);

/* Tells how many memory planes an imported image with this modifier has. *planes is 0 if the driver
 * doesn't list the modifier, or doesn't import such an image. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_vk_modifier_planes(struct vk_device *device,
	const struct geyser_texture_desc *desc, uint64_t modifier, uint32_t *planes);

/* ---- multiplanar.c: the picture as one image ---- */

void gy_vk_destroy_multiplanar(struct vk_texture *texture);

/* ---- usage.c: the uses of formats ---- */

/* Implements format_usage of the backend's table. */
uint32_t gy_vk_format_usage(
	void *device, const struct geyser_format_info *info, enum geyser_dimension dimension);

/* ---- textures ---- */

/* A buffer, and the host memory that it lies in. */
struct vk_linear {
	VkBuffer buffer;
	VkDeviceMemory memory;
	char *data;
	uint64_t size;
	uint64_t counted; /* bytes that buffer.c has allocated */
};

/* The image of one plane of the format, its needs, and where in texture->memory it lies. */
struct vk_image {
	VkImage image;
	VkMemoryRequirements needs;
	uint64_t offset;
};

/* A texture of the largest size has so many mip levels. */
#define GY_VK_LEVELS_MAX 16

/* Descriptors of a set: no format of video has more planes. The views of planes that a format
 * lacks are VK_NULL_HANDLE, and their descriptors hold the first plane. */
#define GY_VK_VIEWS 3

/* How shaders see a texture: views of all planes of each mip level, and a descriptor set with
 * them. */
struct vk_views {
	VkDescriptorPool pool; /* of the sets; VK_NULL_HANDLE: nothing is made yet */
	VkImageView views[GY_VK_LEVELS_MAX][GY_VK_VIEWS];
	VkDescriptorSet sets[GY_VK_LEVELS_MAX];
};

struct vk_texture {
	struct gy_backend_texture base;
	struct vk_device *device;
	struct geyser_texture_desc desc; /* its label is NULL */
	VkImageTiling tiling;
	VkImageUsageFlags usage;
	/* One image for each plane of the format, in one memory. A mirror has no images. */
	uint32_t image_count;
	struct vk_image images[GEYSER_FORMAT_PLANES_MAX];
	VkDeviceMemory memory;
	uint32_t memory_type;
	VkExternalMemoryHandleTypeFlagBits handle; /* of the images; 0: none */
	bool exportable; /* the images were made for memory that is exported, not imported */
	/* the multi-planar image on the same memory, made at the first call; under lock */
	VkImage multiplanar;
	uint64_t modifier;

	enum geyser_native_type type;
	int fd;
	bool shared;   /* other processes can open the memory, perhaps only by new descriptors */
	uint64_t size; /* bytes of the memory behind fd */
	uint32_t plane_count;
	struct {
		uint64_t offset, row_pitch;
	} planes[GY_VK_PLANES_MAX];
	bool dedicated;

	/* Host memory. It is mapped as long as the texture lives. The images lie in it, or (copied)
	 * beside it: then acquiring and releasing the texture copy between the two. */
	struct vk_linear host;
	bool copied;
	uint64_t beside;      /* bytes of the image beside the memory */
	VkCommandBuffer copy; /* only of a mirror: the commands that fill it */
	/* a buffer that planes pass through on their way to and from a buffer in which they lie
	 * where Vulkan can't copy them */
	struct vk_linear aside;

	/* for conversions on the device, which read the image and write it; under the device's
	 * lock `converting` */
	struct vk_views sampled, stored;

	/* A staging buffer, for maps of memory that the CPU can't read, and for uploads of host
	 * memory that the driver refuses. maps counts the maps; written: one of them may write.
	 * The lock guards these members, fd and shared. */
	pthread_mutex_t lock;
	struct vk_linear staging;
	uint32_t maps;
	bool written;
};

/* These functions implement the backend's table. */
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
bool gy_vk_texture_rest(struct gy_backend_texture *base);
enum geyser_result gy_vk_texture_renew(
	struct gy_backend_texture *base, const struct geyser_texture_desc *desc);
enum geyser_result gy_vk_mirror_create(
	void *device, const struct geyser_texture_desc *desc, struct gy_backend_texture **out);
enum geyser_result gy_vk_texture_copy(struct gy_backend_texture *from_base,
	struct gy_backend_texture *to_base, const struct gy_backend_point *wait,
	const struct gy_backend_point *signal);

enum geyser_result gy_vk_texture_allocate(
	struct vk_device *device, const struct geyser_texture_desc *desc, struct vk_texture **out);
/* Sets *out if result is GEYSER_OK, else frees the texture. Returns result. */
enum geyser_result gy_vk_texture_finish(
	struct vk_texture *texture, enum geyser_result result, struct gy_backend_texture **out);

/* opaque.c, host_memory.c, dma_buf.c: the three kinds of memory. Each function makes the memory of
 * a new texture, and its images. An import takes over native's fd on success. gy_vk_texture_create
 * clears memory of the device's own afterwards. */
enum geyser_result gy_vk_opaque_create(struct vk_texture *texture);
/* Makes the memory's descriptor. For a driver this costs as much as making the texture did. */
enum geyser_result gy_vk_opaque_share(struct vk_texture *texture);
/* Makes one more descriptor of the memory; the caller owns it. */
enum geyser_result gy_vk_opaque_fd(const struct vk_texture *texture, int *fd);
enum geyser_result gy_vk_opaque_import(struct vk_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms);
enum geyser_result gy_vk_host_create(struct vk_texture *texture, bool published);
enum geyser_result gy_vk_host_import(struct vk_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms);
/* Makes a mirror: a buffer in sealed host memory, and no image. */
enum geyser_result gy_vk_host_mirror(struct vk_texture *texture);
/* modifiers: the driver chooses one of these count; NULL: it chooses any. */
enum geyser_result gy_vk_dma_buf_create(
	struct vk_texture *texture, const uint64_t *modifiers, uint32_t count);
enum geyser_result gy_vk_dma_buf_import(
	struct vk_texture *texture, const struct geyser_native_texture *native);

/* Makes a buffer in memory that the driver allocates and the CPU can read and write. */
enum geyser_result gy_vk_linear_create(
	struct vk_device *device, uint64_t size, struct vk_linear *out);
void gy_vk_linear_finish(struct vk_device *device, struct vk_linear *linear);

/* map.c: implements the backend's table */
enum geyser_result gy_vk_texture_map(
	struct gy_backend_texture *base, enum geyser_access access, void **data);
void gy_vk_texture_unmap(struct gy_backend_texture *base);
void gy_vk_texture_upload(struct gy_backend_texture *base);

/* Makes a buffer in the device's memory, for shaders and copies. Its data is NULL. */
enum geyser_result gy_vk_storage_create(
	struct vk_device *device, uint64_t size, struct vk_linear *out);

/* convert.c: implements convert_texels of the backend's table. */
enum geyser_result gy_vk_convert_texels(struct gy_backend_texture *from,
	struct gy_backend_texture *to, const struct gy_yuv_meaning *meaning, bool *done);

/* handover.c: records the barriers that take a texture over from other processes and give it back.
 * In between, the device uses the images as `to` and `from` tell. */
void gy_vk_record_acquire(struct vk_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *to);
/* Makes earlier copies into host memory visible to the CPU. */
void gy_vk_record_to_host(struct vk_device *device, VkCommandBuffer commands);
void gy_vk_record_release(struct vk_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *from);

/* ---- events: these functions implement the backend's table ---- */

bool gy_vk_event_shared(void *device, struct gy_driver_id *out);
enum geyser_result gy_vk_event_create(
	void *device, const struct gy_event_source *source, int fd, struct gy_backend_event **out);
enum geyser_result gy_vk_event_describe(struct gy_backend_event *event, int *fd);
enum geyser_result gy_vk_event_export(
	struct gy_backend_event *event, struct geyser_native_event *out);
void gy_vk_event_signal(struct gy_backend_event *event, uint64_t value);
void gy_vk_event_destroy(struct gy_backend_event *event);

#endif
