/* Timeline semaphores that two processes share without geyser. */
#include "vkhand.h"

#define OPAQUE_FD VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT

VkSemaphore vkhand_timeline_create(const struct vkhand *hand, bool exported)
{
	const VkExportSemaphoreCreateInfo export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO,
		.handleTypes = OPAQUE_FD,
	};
	const VkSemaphoreTypeCreateInfo timeline = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.pNext = exported ? &export : NULL,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
	};
	const VkSemaphoreCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &timeline};
	VkSemaphore semaphore;

	vkhand_require(vkCreateSemaphore(hand->device, &info, NULL, &semaphore), "a semaphore");
	return semaphore;
}

int vkhand_timeline_fd(const struct vkhand *hand, VkSemaphore semaphore)
{
	const VkSemaphoreGetFdInfoKHR info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR,
		.semaphore = semaphore,
		.handleType = OPAQUE_FD,
	};
	int fd;

	vkhand_require(
		hand->get_semaphore_fd(hand->device, &info, &fd), "the semaphore's descriptor");
	return fd;
}

VkSemaphore vkhand_timeline_import(const struct vkhand *hand, int fd)
{
	const VkImportSemaphoreFdInfoKHR info = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
		.semaphore = vkhand_timeline_create(hand, false),
		.handleType = OPAQUE_FD,
		.fd = fd,
	};

	vkhand_require(hand->import_semaphore_fd(hand->device, &info), "importing a semaphore");
	return info.semaphore;
}

void vkhand_timeline_wait(const struct vkhand *hand, VkSemaphore semaphore, uint64_t value)
{
	const VkSemaphoreWaitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
		.semaphoreCount = 1,
		.pSemaphores = &semaphore,
		.pValues = &value,
	};

	vkhand_require(
		vkWaitSemaphores(hand->device, &info, VKHAND_TIMEOUT), "waiting for a semaphore");
}
