/*
 * Between the test of libplacebo and its peer: what comes with the descriptor, over a socket.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_VULKAN_PLACEBO_H
#define TESTS_VULKAN_PLACEBO_H

#include <stdint.h>

struct placebo_image {
	uint64_t size, offset; /* of the memory, and of the image in it */
	uint8_t device_uuid[16];
};

#endif
