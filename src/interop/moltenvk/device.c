/* SPDX-License-Identifier: MIT */
#include "interop/moltenvk/device.h"

#include "base/error.h"

#include <string.h>

#define EXTENSION "VK_EXT_metal_objects"

static enum geyser_result check_members(const struct geyser_moltenvk_device *device)
{
	if (!device)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "device is NULL");
	if (!device->instance || !device->physical_device || !device->device ||
		!device->get_instance_proc_addr)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "device's %s is NULL",
			!device->instance          ? "instance"
			: !device->physical_device ? "physical_device"
			: !device->device          ? "device"
						   : "get_instance_proc_addr");
	return GEYSER_OK;
}

static enum geyser_result missing(const char *function)
{
	return gy_fail(
		GEYSER_ERROR_UNSUPPORTED, "the device has no %s: Vulkan 1.1 is needed", function);
}

static enum geyser_result load_instance(
	const struct geyser_moltenvk_device *device, struct gy_mvk *vk)
{
#define LOAD(name)                                                                             \
	vk->name = (PFN_vk##name)device->get_instance_proc_addr(device->instance, "vk" #name); \
	if (!vk->name)                                                                         \
		return missing("vk" #name);
	GY_MVK_INSTANCE(LOAD)
#undef LOAD
	return GEYSER_OK;
}

static enum geyser_result load_device(struct gy_mvk *vk)
{
#define LOAD(name)                                                              \
	vk->name = (PFN_vk##name)vk->GetDeviceProcAddr(vk->device, "vk" #name); \
	if (!vk->name)                                                          \
		return missing("vk" #name);
	GY_MVK_DEVICE(LOAD)
#undef LOAD
	return GEYSER_OK;
}

/* vkGetDeviceProcAddr gives functions of enabled extensions only, so a missing function means that
 * the extension isn't enabled. */
static enum geyser_result load_extensions(struct gy_mvk *vk)
{
#define LOAD(name) (PFN_vk##name) vk->GetDeviceProcAddr(vk->device, "vk" #name)
	vk->ExportMetalObjectsEXT = LOAD(ExportMetalObjectsEXT);
	vk->GetSemaphoreCounterValue = LOAD(GetSemaphoreCounterValue);
	vk->SignalSemaphore = LOAD(SignalSemaphore);
	if (!vk->GetSemaphoreCounterValue)
		vk->GetSemaphoreCounterValue = LOAD(GetSemaphoreCounterValueKHR);
	if (!vk->SignalSemaphore)
		vk->SignalSemaphore = LOAD(SignalSemaphoreKHR);
#undef LOAD
	if (vk->ExportMetalObjectsEXT)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the device was made without " EXTENSION ": enable it (MoltenVK 1.2 or later)");
}

enum geyser_result gy_mvk_open(const struct geyser_moltenvk_device *device, struct gy_mvk *out)
{
	enum geyser_result result = check_members(device);

	if (result != GEYSER_OK)
		return result;
	*out = (struct gy_mvk){
		.instance = device->instance,
		.physical_device = device->physical_device,
		.device = device->device,
	};
	result = load_instance(device, out);
	if (result == GEYSER_OK)
		result = load_device(out);
	if (result == GEYSER_OK)
		result = load_extensions(out);
	return result;
}

/* Compares MoltenVK's LUID with Metal's registryID: the same bytes, with the highest first. */
enum geyser_result gy_mvk_check_device(const struct gy_mvk *vk, uint64_t registry_id)
{
	VkPhysicalDeviceIDProperties id = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
	VkPhysicalDeviceProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
		.pNext = &id,
	};
	uint64_t theirs = 0;

	vk->GetPhysicalDeviceProperties2(vk->physical_device, &properties);
	for (size_t i = 0; i < VK_LUID_SIZE; i++)
		theirs = theirs << 8 | id.deviceLUID[i];
	if (!id.deviceLUIDValid || !theirs || !registry_id || theirs == registry_id)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"%s is another GPU (%#llx) than the manager's (%#llx): make both on the same",
		properties.properties.deviceName, (unsigned long long)theirs,
		(unsigned long long)registry_id);
}

static enum geyser_result classify(VkResult result)
{
	switch (result) {
	case VK_ERROR_OUT_OF_HOST_MEMORY:
	case VK_ERROR_OUT_OF_DEVICE_MEMORY:
		return GEYSER_ERROR_OUT_OF_MEMORY;
	case VK_ERROR_DEVICE_LOST:
		return GEYSER_ERROR_DEVICE_LOST;
	case VK_ERROR_FEATURE_NOT_PRESENT:
	case VK_ERROR_FORMAT_NOT_SUPPORTED:
		return GEYSER_ERROR_UNSUPPORTED;
	/* MoltenVK's error for a surface that doesn't fit the image */
	case VK_ERROR_INITIALIZATION_FAILED:
		return GEYSER_ERROR_MISMATCH;
	default:
		return GEYSER_ERROR_SYSTEM;
	}
}

enum geyser_result gy_mvk_fail(VkResult result, const char *call)
{
	return gy_fail(classify(result), "%s: VkResult %d", call, (int)result);
}
