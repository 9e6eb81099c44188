/* The functions that vulkan/vk_layer.h and the loader's LoaderLayerInterface.md require of a layer.
 */
#include "chain.h"

#include <vulkan/vk_layer.h>

#include <stdlib.h>
#include <string.h>

#define MAX_OBJECTS 64 /* of instances, and of devices */

struct instance {
	void *key;
	VkInstance handle;
	PFN_vkGetInstanceProcAddr next;
	PFN_vkDestroyInstance DestroyInstance;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct instance instances[MAX_OBJECTS];
static struct device *devices[MAX_OBJECTS];

/* ---- dispatch: objects of one instance or device begin with the same pointer ---- */

static void *key_of(void *handle)
{
	return *(void **)handle;
}

static struct instance *find_instance(void *handle)
{
	struct instance *found = NULL;

	(void)pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < MAX_OBJECTS && !found; i++)
		if (instances[i].handle && instances[i].key == key_of(handle))
			found = &instances[i];
	(void)pthread_mutex_unlock(&lock);
	return found;
}

struct device *find_device(void *handle)
{
	struct device *found = NULL;

	(void)pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < MAX_OBJECTS && !found; i++)
		if (devices[i] && devices[i]->key == key_of(handle))
			found = devices[i];
	(void)pthread_mutex_unlock(&lock);
	if (!found)
		abort();
	return found;
}

static void add_instance(struct instance instance)
{
	unsigned i = 0;

	(void)pthread_mutex_lock(&lock);
	while (i < MAX_OBJECTS && instances[i].handle)
		i++;
	if (i == MAX_OBJECTS)
		abort();
	instances[i] = instance;
	(void)pthread_mutex_unlock(&lock);
}

/* Replaces a device in the list. old NULL: adds a device; new NULL: removes one. */
static void replace_device(const struct device *old, struct device *new)
{
	unsigned i = 0;

	(void)pthread_mutex_lock(&lock);
	while (i < MAX_OBJECTS && devices[i] != old)
		i++;
	if (i == MAX_OBJECTS)
		abort();
	devices[i] = new;
	(void)pthread_mutex_unlock(&lock);
}

/* ---- instances ---- */

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(
	const VkInstanceCreateInfo *info, const VkAllocationCallbacks *callbacks, VkInstance *out)
{
	VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)(uintptr_t)info->pNext;
	PFN_vkGetInstanceProcAddr next;
	PFN_vkCreateInstance create;
	VkResult result;

	while (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO ||
		link->function != VK_LAYER_LINK_INFO)
		link = (VkLayerInstanceCreateInfo *)(uintptr_t)link->pNext;
	next = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	create = (PFN_vkCreateInstance)next(NULL, "vkCreateInstance");
	result = create(info, callbacks, out);
	if (result == VK_SUCCESS)
		add_instance((struct instance){
			.key = key_of(*out),
			.handle = *out,
			.next = next,
			.DestroyInstance = (PFN_vkDestroyInstance)next(*out, "vkDestroyInstance"),
		});
	return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_instance(
	VkInstance handle, const VkAllocationCallbacks *callbacks)
{
	struct instance *found;
	PFN_vkDestroyInstance destroy;

	if (!handle)
		return;
	found = find_instance(handle);
	destroy = found->DestroyInstance;
	(void)pthread_mutex_lock(&lock);
	found->handle = NULL;
	(void)pthread_mutex_unlock(&lock);
	destroy(handle, callbacks);
}

/* ---- devices ---- */

static PFN_vkVoidFunction maybe_khr(struct device *device, const char *name, const char *khr)
{
	PFN_vkVoidFunction found = device->next(device->handle, name);

	return found ? found : device->next(device->handle, khr);
}

static void add_device(VkDevice handle, PFN_vkGetDeviceProcAddr next)
{
	struct device *device = calloc(1, sizeof(*device));

	if (!device)
		abort();
	device->key = key_of(handle);
	device->handle = handle;
	device->next = next;
	(void)pthread_mutex_init(&device->submitting, NULL);
#define X(name) device->name = (PFN_vk##name)next(handle, "vk" #name);
	CORE(X)
#undef X
#define X(name) device->name = (PFN_vk##name)maybe_khr(device, "vk" #name, "vk" #name "KHR");
	MAYBE_KHR(X)
#undef X
	replace_device(NULL, device);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical_device,
	const VkDeviceCreateInfo *info, const VkAllocationCallbacks *callbacks, VkDevice *out)
{
	VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)(uintptr_t)info->pNext;
	struct instance *instance = find_instance(physical_device);
	PFN_vkGetDeviceProcAddr next;
	PFN_vkCreateDevice create;
	VkResult result;

	while (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO ||
		link->function != VK_LAYER_LINK_INFO)
		link = (VkLayerDeviceCreateInfo *)(uintptr_t)link->pNext;
	next = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
	create = (PFN_vkCreateDevice)link->u.pLayerInfo->pfnNextGetInstanceProcAddr(
		instance->handle, "vkCreateDevice");
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	result = create(physical_device, info, callbacks, out);
	if (result == VK_SUCCESS)
		add_device(*out, next);
	return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_device(
	VkDevice handle, const VkAllocationCallbacks *callbacks)
{
	struct device *device;

	if (!handle)
		return;
	device = find_device(handle);
	replace_device(device, NULL);
	device->DestroyDevice(handle, callbacks);
	(void)pthread_mutex_destroy(&device->submitting);
	free(device);
}

/* ---- finding functions ---- */

static PFN_vkVoidFunction own_function(const char *name);

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device_proc_addr(
	VkDevice handle, const char *name)
{
	struct device *device = find_device(handle);
	PFN_vkVoidFunction own = own_function(name), below = device->next(handle, name);

	return own && below ? own : below;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance_proc_addr(
	VkInstance handle, const char *name)
{
	PFN_vkVoidFunction own = own_function(name), below;
	struct instance *instance;

	if (!handle)
		return own;
	instance = find_instance(handle);
	below = instance ? instance->next(handle, name) : NULL;
	return own && below ? own : below;
}

static PFN_vkVoidFunction own_function(const char *name)
{
	static const struct {
		const char *name;
		PFN_vkVoidFunction function;
	} chain[] = {
		{"vkCreateInstance", (PFN_vkVoidFunction)create_instance},
		{"vkDestroyInstance", (PFN_vkVoidFunction)destroy_instance},
		{"vkCreateDevice", (PFN_vkVoidFunction)create_device},
		{"vkDestroyDevice", (PFN_vkVoidFunction)destroy_device},
		{"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_instance_proc_addr},
		{"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_device_proc_addr},
	};

	for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]); i++)
		if (strcmp(chain[i].name, name) == 0)
			return chain[i].function;
	return find_override(name);
}

__attribute__((visibility("default"))) VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *versions)
{
	if (versions->sType != LAYER_NEGOTIATE_INTERFACE_STRUCT ||
		versions->loaderLayerInterfaceVersion < 2)
		return VK_ERROR_INITIALIZATION_FAILED;
	layer_begin();
	versions->loaderLayerInterfaceVersion = 2;
	versions->pfnGetInstanceProcAddr = get_instance_proc_addr;
	versions->pfnGetDeviceProcAddr = get_device_proc_addr;
	versions->pfnGetPhysicalDeviceProcAddr = NULL;
	return VK_SUCCESS;
}
