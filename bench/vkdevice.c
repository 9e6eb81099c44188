/* Opens the device that both sides use. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vkhand.h"

#define DEVICES_MAX 16
#define EXTENSIONS_MAX 512
#define FAMILIES_MAX 16

void vkhand_require(VkResult result, const char *what)
{
	if (result != VK_SUCCESS)
		die("%s: VkResult %d", what, (int)result);
}

bool vkhand_is_software(const struct vkhand *hand)
{
	return hand->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

/* ---- which one ------------------------------------------------------------------------------- */

/* The types of devices: a name, and how much the type is like a GPU. */
static const struct {
	VkPhysicalDeviceType type;
	const char *name;
} types[] = {
	{VK_PHYSICAL_DEVICE_TYPE_CPU, "cpu"},
	{VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU, "virtual"},
	{VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU, "integrated"},
	{VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, "discrete"},
};

static size_t rank_of(VkPhysicalDeviceType type)
{
	size_t rank = sizeof(types) / sizeof(types[0]);

	while (rank > 0 && types[rank - 1].type != type)
		rank--;
	return rank;
}

static bool is_wanted(const char *wanted, uint32_t index, const VkPhysicalDeviceProperties *device)
{
	const size_t rank = rank_of(device->deviceType);
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", index);
	return strcmp(wanted, text) == 0 || strstr(device->deviceName, wanted) ||
	       (rank > 0 && strcmp(wanted, types[rank - 1].name) == 0);
}

static VkPhysicalDevice choose(VkInstance instance)
{
	const char *wanted = getenv("GEYSER_VULKAN_DEVICE");
	VkPhysicalDevice devices[DEVICES_MAX], best = VK_NULL_HANDLE;
	uint32_t count = DEVICES_MAX;
	size_t best_rank = 0;
	VkResult result = vkEnumeratePhysicalDevices(instance, &count, devices);

	if (result != VK_SUCCESS && result != VK_INCOMPLETE)
		return VK_NULL_HANDLE;
	for (uint32_t i = 0; i < count; i++) {
		VkPhysicalDeviceProperties properties;
		size_t rank;

		vkGetPhysicalDeviceProperties(devices[i], &properties);
		rank = rank_of(properties.deviceType) + 1;
		if (properties.apiVersion < VK_API_VERSION_1_2 || rank <= best_rank)
			continue;
		if (wanted && *wanted && !is_wanted(wanted, i, &properties))
			continue;
		best = devices[i];
		best_rank = rank;
	}
	return best;
}

/* ---- what it can ----------------------------------------------------------------------------- */

/* Returns the first queue family that can draw; with GEYSER_BENCH_QUEUE=compute the first that only
 * computes. The schedulers of GPUs treat the two differently. */
static uint32_t find_family(VkPhysicalDevice device)
{
	const char *wanted = getenv("GEYSER_BENCH_QUEUE");
	bool compute = wanted && strcmp(wanted, "compute") == 0;
	VkQueueFamilyProperties families[FAMILIES_MAX];
	uint32_t count = FAMILIES_MAX;

	vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families);
	for (uint32_t i = 0; i < count; i++)
		if (families[i].queueFlags &
				(compute ? VK_QUEUE_COMPUTE_BIT
					 : VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT) &&
			!(compute && families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT))
			return i;
	die("the device has no queue that draws or computes");
}

static void describe(struct vkhand *hand)
{
	VkPhysicalDeviceIDProperties id = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
	VkPhysicalDeviceProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &id};

	vkGetPhysicalDeviceProperties2(hand->physical_device, &properties);
	hand->type = properties.properties.deviceType;
	memcpy(hand->name, properties.properties.deviceName, sizeof(hand->name));
	memcpy(hand->uuid, id.deviceUUID, sizeof(hand->uuid));
	vkGetPhysicalDeviceMemoryProperties(hand->physical_device, &hand->memory);
	hand->queue_family = find_family(hand->physical_device);
}

static bool carries_timelines(VkPhysicalDevice device)
{
	const VkSemaphoreTypeCreateInfo timeline = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
	};
	const VkPhysicalDeviceExternalSemaphoreInfo info = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
		.pNext = &timeline,
		.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
	};
	const VkExternalSemaphoreFeatureFlags both = VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT |
						     VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
	VkExternalSemaphoreProperties properties = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES};

	vkGetPhysicalDeviceExternalSemaphoreProperties(device, &info, &properties);
	return (properties.externalSemaphoreFeatures & both) == both;
}

static bool has(const VkExtensionProperties *list, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(list[i].extensionName, name) == 0)
			return true;
	return false;
}

/* Lists the extensions that geyser can use and the device has. */
static uint32_t list_extensions(struct vkhand *hand, const char **out, uint32_t room)
{
	VkExtensionProperties *list = allocate(EXTENSIONS_MAX, sizeof(*list));
	uint32_t count = EXTENSIONS_MAX, known, used = 0;
	const char *const *names = geyser_vulkan_device_extensions(&known);

	vkhand_require(
		vkEnumerateDeviceExtensionProperties(hand->physical_device, NULL, &count, list),
		"listing the device's extensions");
	for (uint32_t i = 0; i < known && used < room; i++)
		if (has(list, count, names[i]))
			out[used++] = names[i];
	hand->native = has(list, count, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME) &&
		       carries_timelines(hand->physical_device);
	free(list);
	return used;
}

/* ---- making it ------------------------------------------------------------------------------- */

static VkResult make_instance(VkInstance *out)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.pApplicationName = "geyser-bench",
		.apiVersion = VK_API_VERSION_1_2,
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};

	return vkCreateInstance(&info, NULL, out);
}

static void make_device(struct vkhand *hand)
{
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueFamilyIndex = hand->queue_family,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	const VkPhysicalDeviceTimelineSemaphoreFeatures features = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		.timelineSemaphore = VK_TRUE,
	};
	VkPhysicalDeviceFeatures all;
	const char *extensions[32];
	const VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &features,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.enabledExtensionCount = list_extensions(hand, extensions, 32),
		.ppEnabledExtensionNames = extensions,
		.pEnabledFeatures = &hand->features,
	};

	vkGetPhysicalDeviceFeatures(hand->physical_device, &all);
	hand->features.shaderStorageImageWriteWithoutFormat =
		all.shaderStorageImageWriteWithoutFormat;
	vkhand_require(
		vkCreateDevice(hand->physical_device, &info, NULL, &hand->device), "the device");
	vkGetDeviceQueue(hand->device, hand->queue_family, 0, &hand->queue);
}

/* Looks up the functions of extensions, which the loader doesn't export. */
static void find_functions(struct vkhand *hand)
{
	hand->get_memory_fd =
		(PFN_vkGetMemoryFdKHR)vkGetDeviceProcAddr(hand->device, "vkGetMemoryFdKHR");
	hand->get_semaphore_fd =
		(PFN_vkGetSemaphoreFdKHR)vkGetDeviceProcAddr(hand->device, "vkGetSemaphoreFdKHR");
	hand->import_semaphore_fd = (PFN_vkImportSemaphoreFdKHR)vkGetDeviceProcAddr(
		hand->device, "vkImportSemaphoreFdKHR");
	if (!hand->get_memory_fd)
		die("%s can't share memory between processes: VK_KHR_external_memory_fd is missing",
			hand->name);
}

static void make_commands(struct vkhand *hand)
{
	const VkCommandPoolCreateInfo pool = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
		.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
		.queueFamilyIndex = hand->queue_family,
	};
	const VkFenceCreateInfo fence = {
		.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
		.flags = VK_FENCE_CREATE_SIGNALED_BIT,
	};
	VkCommandBufferAllocateInfo commands = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
		.commandBufferCount = VKHAND_COMMANDS,
	};

	vkhand_require(vkCreateCommandPool(hand->device, &pool, NULL, &hand->pool), "a pool");
	commands.commandPool = hand->pool;
	vkhand_require(vkAllocateCommandBuffers(hand->device, &commands, hand->commands),
		"command buffers");
	for (int i = 0; i < VKHAND_COMMANDS; i++)
		vkhand_require(
			vkCreateFence(hand->device, &fence, NULL, &hand->fences[i]), "a fence");
}

static void make_manager(struct vkhand *hand)
{
	const struct geyser_vulkan_device device = {
		.instance = hand->instance,
		.physical_device = hand->physical_device,
		.device = hand->device,
		.queue = hand->queue,
		.queue_family = hand->queue_family,
		.get_instance_proc_addr = vkGetInstanceProcAddr,
	};

	require(geyser_vulkan_manager_create(&device, &hand->manager), "a manager on the device");
	require(geyser_vulkan_manager_set_features(hand->manager, &hand->features), "its features");
}

bool vkhand_open(struct vkhand *hand, const char **why)
{
	*hand = (struct vkhand){.queue_family = 0};
	if (make_instance(&hand->instance) != VK_SUCCESS) {
		*why = "no Vulkan driver";
		return false;
	}
	hand->physical_device = choose(hand->instance);
	if (!hand->physical_device) {
		vkDestroyInstance(hand->instance, NULL);
		*why = "no such Vulkan device";
		return false;
	}
	describe(hand);
	make_device(hand);
	find_functions(hand);
	make_commands(hand);
	make_manager(hand);
	return true;
}

void vkhand_close(struct vkhand *hand)
{
	geyser_manager_destroy(hand->manager);
	(void)vkDeviceWaitIdle(hand->device);
	for (int i = 0; i < VKHAND_COMMANDS; i++)
		vkDestroyFence(hand->device, hand->fences[i], NULL);
	vkDestroyCommandPool(hand->device, hand->pool, NULL);
	vkDestroyDevice(hand->device, NULL);
	vkDestroyInstance(hand->instance, NULL);
}
