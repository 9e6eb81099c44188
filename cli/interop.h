/*
 * geyser info --interop: which API reaches which other one's textures on this machine, and how.
 * interop.c works the table out and prints it, interop_gl.c makes the OpenGL context that is asked.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_INTEROP_H
#define GEYSER_CLI_INTEROP_H

#include "common.h"

enum interop_api {
	INTEROP_HOST,
	INTEROP_VULKAN,
	INTEROP_OPENGL,
	INTEROP_CUDA,
	INTEROP_METAL,
	INTEROP_PRODUCERS, /* the ones above; those below only read here */
	INTEROP_NUMPY = INTEROP_PRODUCERS,
	INTEROP_PYTORCH,
	INTEROP_APIS
};

/* What the drivers say of one API. */
struct interop_side {
	bool available;
	char reason[512];  /* why not */
	char detail[512];  /* the device, and what of it matters here */
	bool device_known; /* device_uuid says which GPU */
	uint8_t device_uuid[16];
	bool device_memory; /* reaches a Vulkan device's memory in place */
	bool host_memory;   /* reaches sealed host memory in place */
	bool native;        /* waits and signals on the GPU itself */
};

/* OpenGL as a context without a window has it, on the GPU with that UUID if there is one (NULL:
 * any).
 */
void interop_ask_gl(const uint8_t *device_uuid, struct interop_side *out);

/* Prints it; the exit status. */
int interop_run(bool json);

#endif
