/* SPDX-License-Identifier: MIT */
/* Identifies a device and its driver. A descriptor of GPU memory or of a semaphore can be opened
 * only with the device and driver that made it. */
#ifndef GY_BASE_DRIVER_H
#define GY_BASE_DRIVER_H

#include <stdint.h>

struct gy_driver_id {
	uint8_t device_uuid[16], driver_uuid[16];
};

#endif
