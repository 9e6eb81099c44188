/* SPDX-License-Identifier: MIT */
/* Opens libvulkan, makes an instance, and chooses one of its devices. */
#include "backend/vulkan/vk.h"

#include "base/error.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libvulkan.so.1"
#define DEVICES_MAX 16

/* ---- functions ---- */

enum geyser_result gy_vk_load_instance(struct vk_device *device)
{
	struct vk_api *api = &device->api;

#define X(name)                                                             \
	api->name = (PFN_vk##name)(void (*)(void))api->GetInstanceProcAddr( \
		device->handles.instance, "vk" #name);                      \
	if (!api->name)                                                     \
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,                    \
			"the instance has no vk" #name ": Vulkan 1.2 or later is needed");
	VK_INSTANCE_FUNCTIONS(X)
#undef X
	return GEYSER_OK;
}

enum geyser_result gy_vk_load_device(struct vk_device *device)
{
	struct vk_api *api = &device->api;
	VkDevice vk = device->handles.device;

#define X(name)                                                                           \
	api->name = (PFN_vk##name)(void (*)(void))api->GetDeviceProcAddr(vk, "vk" #name); \
	if (!api->name)                                                                   \
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,                                  \
			"the device has no vk" #name ": make it with Vulkan 1.2 or later");
	VK_DEVICE_FUNCTIONS(X)
#undef X
#define X(name) api->name = (PFN_vk##name)(void (*)(void))api->GetDeviceProcAddr(vk, "vk" #name);
	VK_OPTIONAL_FUNCTIONS(X)
#undef X
	if (api->GetMemoryFdKHR)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the device was made without %s: enable those of geyser_vulkan_device_extensions() "
		"that it has",
		VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
}

/* ---- choosing ---- */

static const struct {
	const char *name;
	VkPhysicalDeviceType type;
} types[] = {
	/* the best type first */
	{"discrete", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU},
	{"integrated", VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU},
	{"virtual", VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU},
	{"other", VK_PHYSICAL_DEVICE_TYPE_OTHER},
	{"cpu", VK_PHYSICAL_DEVICE_TYPE_CPU},
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static size_t rank(VkPhysicalDeviceType type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == type)
			return i;
	return TYPES;
}

struct candidate {
	VkPhysicalDevice handle;
	char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
	VkPhysicalDeviceType type;
	char uuid[2 * VK_UUID_SIZE + 1];
};

static void look_at(struct vk_device *device, VkPhysicalDevice handle, struct candidate *out)
{
	VkPhysicalDeviceIDProperties id = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
	VkPhysicalDeviceProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &id};

	device->api.GetPhysicalDeviceProperties2(handle, &properties);
	out->handle = handle;
	out->type = properties.properties.deviceType;
	memcpy(out->name, properties.properties.deviceName, sizeof(out->name));
	for (size_t i = 0; i < VK_UUID_SIZE; i++)
		(void)snprintf(out->uuid + 2 * i, 3, "%02x", id.deviceUUID[i]);
}

/* Compares the hexadecimal digits alone, so that a UUID may be written with dashes. */
static bool same_uuid(const char *text, const char *uuid)
{
	for (; *text; text++) {
		if (*text == '-')
			continue;
		if (tolower((unsigned char)*text) != *uuid)
			return false;
		uuid++;
	}
	return *uuid == '\0';
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) <= 4;
}

static bool matches(const struct candidate *candidate, size_t index, const char *wanted)
{
	if (is_number(wanted))
		return strtoul(wanted, NULL, 10) == index;
	for (size_t i = 0; i < TYPES; i++)
		if (strcasecmp(types[i].name, wanted) == 0)
			return candidate->type == types[i].type;
	return same_uuid(wanted, candidate->uuid) || strcasestr(candidate->name, wanted);
}

static enum geyser_result no_match(
	const struct candidate *candidates, size_t count, const char *wanted)
{
	char list[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < count && used < sizeof(list) - 1; i++) {
		int added = snprintf(list + used, sizeof(list) - used, "%s%zu %.60s", i ? ", " : "",
			i, candidates[i].name);

		used += added > 0 ? (size_t)added : 0;
	}
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"GEYSER_VULKAN_DEVICE (%.60s): it must be an index, a UUID, part of a name, or "
		"discrete, integrated, virtual or cpu, of: %s",
		wanted, count ? list : "no device at all");
}

static enum geyser_result choose(
	const struct candidate *candidates, size_t count, VkPhysicalDevice *out)
{
	const char *wanted = getenv("GEYSER_VULKAN_DEVICE");
	const struct candidate *best = NULL;

	if (wanted && !*wanted)
		wanted = NULL;
	for (size_t i = 0; i < count; i++)
		if ((!wanted || matches(&candidates[i], i, wanted)) &&
			(!best || rank(candidates[i].type) < rank(best->type)))
			best = &candidates[i];
	if (!best && wanted)
		return no_match(candidates, count, wanted);
	if (!best)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"Vulkan has no device here: install a driver (on Debian "
			"mesa-vulkan-drivers, which has a software one as well)");
	*out = best->handle;
	return GEYSER_OK;
}

static enum geyser_result choose_device(struct vk_device *device)
{
	VkPhysicalDevice handles[DEVICES_MAX];
	struct candidate candidates[DEVICES_MAX];
	uint32_t count = DEVICES_MAX;
	VkResult result;

	result = device->api.EnumeratePhysicalDevices(device->handles.instance, &count, handles);
	if (result != VK_SUCCESS && result != VK_INCOMPLETE)
		return gy_vk_fail(device, result, "vkEnumeratePhysicalDevices");
	for (uint32_t i = 0; i < count; i++)
		look_at(device, handles[i], &candidates[i]);
	return choose(candidates, count, &device->handles.physical_device);
}

/* ---- the library and the instance ---- */

static enum geyser_result open_library(struct vk_device *device)
{
	struct vk_api *api = &device->api;

	device->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!device->library)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s can't be opened: install Vulkan's loader (on Debian libvulkan1)",
			LIBRARY);
	/* POSIX lets a pointer to an object hold a function's address; ISO C has no cast for it */
	*(void **)&api->GetInstanceProcAddr = dlsym(device->library, "vkGetInstanceProcAddr");
	if (api->GetInstanceProcAddr)
		api->CreateInstance = (PFN_vkCreateInstance)(void (*)(
			void))api->GetInstanceProcAddr(NULL, "vkCreateInstance");
	if (!api->CreateInstance)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "%s is no Vulkan loader", LIBRARY);
	device->handles.get_instance_proc_addr = api->GetInstanceProcAddr;
	return GEYSER_OK;
}

static enum geyser_result create_instance(struct vk_device *device)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.pEngineName = "geyser",
		.apiVersion = VK_API_VERSION_1_2,
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};
	VkResult result = device->api.CreateInstance(&info, NULL, &device->handles.instance);

	if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"no Vulkan driver is installed (on Debian mesa-vulkan-drivers, which has a "
			"software one as well)");
	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkCreateInstance");
}

/* Keeps NVIDIA's driver loaded, which is part of its GLX library. If that library were unloaded
 * with the last instance, the EGL contexts of this process would stop being current, and could not
 * be made current again. */
static void keep_driver(void)
{
	void *const driver = dlopen("libGLX_nvidia.so.0", RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);

	if (driver)
		(void)dlclose(driver); /* RTLD_NODELETE keeps the library loaded */
}

enum geyser_result gy_vk_loader_open(struct vk_device *device)
{
	enum geyser_result result = open_library(device);

	if (result == GEYSER_OK)
		result = create_instance(device);
	if (result == GEYSER_OK)
		keep_driver();
	if (result == GEYSER_OK)
		result = gy_vk_load_instance(device);
	return result == GEYSER_OK ? choose_device(device) : result;
}

void gy_vk_loader_close(struct vk_device *device)
{
	if (device->handles.instance && device->api.DestroyInstance)
		device->api.DestroyInstance(device->handles.instance, NULL);
	if (device->library)
		(void)dlclose(device->library);
}
