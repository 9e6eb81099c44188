/*
 * geyser info --interop: which API reaches which other one's textures on this machine, and how.
 * interop.c works the table out and prints it. interop_gl.c makes the OpenGL context that it asks.
 * interop_frame.c makes the frame in host memory that it asks each API about.
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
	bool device_memory;         /* reaches a Vulkan device's memory in place */
	bool native;                /* waits and signals on the GPU itself */
	bool host_known;            /* host_path is known */
	enum geyser_path host_path; /* how the API reaches a stream's frame in host memory */
};

/* Writes to *out the path by which an API reaches the frame, which is borrowed. data: the asker's
 * own. Errors: those of the API's import. */
typedef enum geyser_result interop_asker(
	struct geyser_texture *frame, void *data, enum geyser_path *out);

/* Publishes a frame in host memory, receives it on the manager (NULL: a new manager of the host
 * backend) and calls the asker with it. Sets out->host_path to the asker's answer, and
 * out->host_known to true. After a failure it prints an error that names the API, and host_known is
 * false. It waits for 2 seconds at most in each step. */
void interop_ask_frame(const char *api, struct geyser_manager *manager, interop_asker *ask,
	void *data, struct interop_side *out);

/* An asker: says by which path the frame's manager reaches it (geyser_texture_path). */
enum geyser_result interop_texture_path(
	struct geyser_texture *frame, void *data, enum geyser_path *out);

/* OpenGL as a context without a window has it, on the GPU with that UUID if there is one (NULL:
 * any).
 */
void interop_ask_gl(const uint8_t *device_uuid, struct interop_side *out);

/* Prints it; the exit status. */
int interop_run(bool json);

#endif
