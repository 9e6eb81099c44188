/* SPDX-License-Identifier: MIT */
/* Turns failed calls of Vulkan, lost devices, and inherited devices into geyser's errors. */
#include "backend/vulkan/vk.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *result_name(VkResult result)
{
	switch (result) {
	case VK_ERROR_OUT_OF_HOST_MEMORY:
		return "VK_ERROR_OUT_OF_HOST_MEMORY";
	case VK_ERROR_OUT_OF_DEVICE_MEMORY:
		return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
	case VK_ERROR_DEVICE_LOST:
		return "VK_ERROR_DEVICE_LOST";
	case VK_ERROR_TOO_MANY_OBJECTS:
		return "VK_ERROR_TOO_MANY_OBJECTS";
	case VK_ERROR_INVALID_EXTERNAL_HANDLE:
		return "VK_ERROR_INVALID_EXTERNAL_HANDLE";
	case VK_ERROR_INITIALIZATION_FAILED:
		return "VK_ERROR_INITIALIZATION_FAILED";
	case VK_TIMEOUT:
		return "VK_TIMEOUT";
	default:
		return "a VkResult";
	}
}

/* Whether the process can open one more descriptor. If it can't, drivers report out of memory. */
static bool has_free_fd(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno != EMFILE && errno != ENFILE;
	(void)close(fd);
	return true;
}

enum geyser_result gy_vk_fail(struct vk_device *device, VkResult result, const char *call)
{
	enum geyser_result failure = GEYSER_ERROR_SYSTEM;

	switch (result) {
	case VK_ERROR_DEVICE_LOST:
		gy_loss_note(&device->loss);
		failure = GEYSER_ERROR_DEVICE_LOST;
		break;
	case VK_ERROR_OUT_OF_HOST_MEMORY:
	case VK_ERROR_OUT_OF_DEVICE_MEMORY:
		failure = has_free_fd() ? GEYSER_ERROR_OUT_OF_MEMORY : GEYSER_ERROR_LIMIT;
		break;
	case VK_ERROR_TOO_MANY_OBJECTS:
		failure = GEYSER_ERROR_LIMIT;
		break;
	case VK_ERROR_INVALID_EXTERNAL_HANDLE:
		failure = GEYSER_ERROR_MISMATCH;
		break;
	case VK_TIMEOUT:
		failure = GEYSER_ERROR_TIMEOUT;
		break;
	default:
		break;
	}
	if (failure == GEYSER_ERROR_LIMIT && result != VK_ERROR_TOO_MANY_OBJECTS)
		return gy_fail(failure,
			"%s: this process has no free file descriptor (see \"ulimit -n\")", call);
	return gy_fail(failure, "%s: %s (%d) of %s", call, result_name(result), (int)result,
		device->info.name[0] ? device->info.name : "Vulkan");
}

enum geyser_result gy_vk_check(const struct vk_device *device)
{
	if (gy_vk_is_inherited(device))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"the device was opened before fork: the child must make its own manager");
	if (!gy_loss_is_noted(&device->loss))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_DEVICE_LOST,
		"the device (%s) is lost: make a new manager and everything with it anew",
		device->info.name);
}

bool gy_vk_is_inherited(const struct vk_device *device)
{
	return getpid() != device->pid;
}
