/* SPDX-License-Identifier: MIT */
/* Events as MoltenVK timeline semaphores, and MoltenVK's semaphores as events. Both ways the two
 * share one MTLSharedEvent. */
#include "interop/moltenvk/device.h"

#include "base/error.h"
#include "interop/moltenvk/metal.h"

#include <geyser/metal.h>

/* Returns the semaphore's MTLSharedEvent, borrowed. NULL if MoltenVK emulates the semaphore, or if
 * it is binary. */
static void *export_event(const struct gy_mvk *vk, VkSemaphore semaphore)
{
	VkExportMetalSharedEventInfoEXT event = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_METAL_SHARED_EVENT_INFO_EXT,
		.semaphore = semaphore,
	};
	VkExportMetalObjectsInfoEXT info = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECTS_INFO_EXT,
		.pNext = &event,
	};

	vk->ExportMetalObjectsEXT(vk->device, &info);
	return event.mtlSharedEvent;
}

static enum geyser_result open_timelines(
	const struct geyser_moltenvk_device *device, struct gy_mvk *out)
{
	const enum geyser_result result = gy_mvk_open(device, out);

	if (result != GEYSER_OK)
		return result;
	if (out->GetSemaphoreCounterValue && out->SignalSemaphore)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the device was made without timeline semaphores: Vulkan 1.2, or enable "
		"VK_KHR_timeline_semaphore");
}

static enum geyser_result create_semaphore(
	const struct gy_mvk *vk, void *shared, uint64_t initial, VkSemaphore *out)
{
	const VkExportMetalObjectCreateInfoEXT export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT,
		.exportObjectType = VK_EXPORT_METAL_OBJECT_TYPE_METAL_SHARED_EVENT_BIT_EXT,
	};
	const VkImportMetalSharedEventInfoEXT import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_METAL_SHARED_EVENT_INFO_EXT,
		.pNext = &export,
		.mtlSharedEvent = shared,
	};
	const VkSemaphoreTypeCreateInfo type = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.pNext = &import,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
		.initialValue = initial,
	};
	const VkSemaphoreCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
		.pNext = &type,
	};
	const VkResult result = vk->CreateSemaphore(vk->device, &info, NULL, out);

	return result == VK_SUCCESS ? GEYSER_OK : gy_mvk_fail(result, "vkCreateSemaphore");
}

/* Raises the semaphore to the event's value. A peer may have signalled the event after its value
 * was read for the import. The import may then have set the shared event back. */
static enum geyser_result catch_up(
	const struct gy_mvk *vk, struct geyser_event *event, VkSemaphore semaphore)
{
	VkSemaphoreSignalInfo signal = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
		.semaphore = semaphore,
	};
	uint64_t theirs = 0;
	VkResult result;

	(void)geyser_event_value(event, &signal.value);
	result = vk->GetSemaphoreCounterValue(vk->device, semaphore, &theirs);
	if (result != VK_SUCCESS)
		return gy_mvk_fail(result, "vkGetSemaphoreCounterValue");
	if (theirs >= signal.value)
		return GEYSER_OK;
	result = vk->SignalSemaphore(vk->device, &signal);
	return result == VK_SUCCESS ? GEYSER_OK : gy_mvk_fail(result, "vkSignalSemaphore");
}

/* Refuses a semaphore that MoltenVK has made without the shared event. */
static enum geyser_result check_import(const struct gy_mvk *vk, VkSemaphore semaphore, void *shared)
{
	if (export_event(vk, semaphore) == shared)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"this MoltenVK emulates timeline semaphores: let it use shared events "
		"(MVK_CONFIG_VK_SEMAPHORE_SUPPORT_STYLE)");
}

/* Returns the larger of the event's two values. The shared event may be ahead of the event's page
 * until a listener has raised the page. */
static uint64_t present_value(struct geyser_event *event, void *shared)
{
	const uint64_t gpu = gy_mvk_event_value(shared);
	uint64_t page = 0;

	(void)geyser_event_value(event, &page);
	return gpu > page ? gpu : page;
}

/* A shared event has no device, so there is nothing to compare the Vulkan device with. */
static enum geyser_result create(
	const struct gy_mvk *vk, struct geyser_event *event, VkSemaphore *out)
{
	VkSemaphore semaphore = VK_NULL_HANDLE;
	void *shared = NULL;
	enum geyser_result result = geyser_metal_event(event, &shared);

	if (result == GEYSER_OK)
		result = create_semaphore(vk, shared, present_value(event, shared), &semaphore);
	if (result != GEYSER_OK)
		return result;
	result = check_import(vk, semaphore, shared);
	if (result == GEYSER_OK)
		result = catch_up(vk, event, semaphore);
	if (result == GEYSER_OK)
		*out = semaphore;
	else
		vk->DestroySemaphore(vk->device, semaphore, NULL);
	return result;
}

enum geyser_result geyser_moltenvk_semaphore_create(
	const struct geyser_moltenvk_device *device, struct geyser_event *event, VkSemaphore *out)
{
	struct gy_mvk vk;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = VK_NULL_HANDLE;
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	result = open_timelines(device, &vk);
	return result == GEYSER_OK ? create(&vk, event, out) : result;
}

static enum geyser_result adopt(const struct gy_mvk *vk, VkSemaphore semaphore,
	struct geyser_manager *manager, struct geyser_event **out)
{
	void *const shared = export_event(vk, semaphore);
	struct geyser_metal_info info;
	enum geyser_result result;

	if (!shared)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the semaphore has no MTLSharedEvent: make a timeline semaphore with "
			"VkExportMetalObjectCreateInfoEXT in its pNext chain");
	result = geyser_metal_get_info(manager, &info);
	if (result == GEYSER_OK)
		result = gy_mvk_check_device(vk, info.registry_id);
	return result == GEYSER_OK ? geyser_metal_event_adopt(manager, shared, out) : result;
}

enum geyser_result geyser_moltenvk_event_create(const struct geyser_moltenvk_device *device,
	VkSemaphore semaphore, struct geyser_manager *manager, struct geyser_event **out)
{
	struct gy_mvk vk;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!semaphore)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "semaphore is NULL");
	result = gy_mvk_open(device, &vk);
	return result == GEYSER_OK ? adopt(&vk, semaphore, manager, out) : result;
}
