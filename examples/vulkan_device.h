/*
 * A Vulkan instance and device of the program's own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VULKAN_DEVICE_H
#define VULKAN_DEVICE_H

#include <geyser/vulkan.h>
#include <vulkan/vulkan.h>

/* Fails with the name of the call unless it worked. */
void check_vulkan(VkResult result, const char *call);

/* Makes an instance, and a device with one graphics queue and all extensions that geyser can use;
 * a hardware GPU if there is one. */
void vulkan_device_create(const char *application, struct geyser_vulkan_device *out);
void vulkan_device_destroy(const struct geyser_vulkan_device *device);

#endif
