/* SPDX-License-Identifier: MIT */
/* Which driver of which device: only the same can open its descriptors. */
#ifndef GY_BASE_DRIVER_H
#define GY_BASE_DRIVER_H

#include <stdint.h>

struct gy_driver_id {
	uint8_t device_uuid[16], driver_uuid[16];
};

#endif
