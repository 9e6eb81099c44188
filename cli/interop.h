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
	INTEROP_PRODUCERS, /* the APIs above produce frames; the ones below only read them */
	INTEROP_NUMPY = INTEROP_PRODUCERS,
	INTEROP_PYTORCH,
	INTEROP_APIS
};

/* What the drivers say of one API. */
struct interop_side {
	bool available;
	char reason[512];  /* why the API isn't available */
	char detail[512];  /* the device, and those of its features that matter here */
	bool device_known; /* device_uuid is known */
	uint8_t device_uuid[16];
	bool device_memory;         /* the API can use a Vulkan device's memory without a copy */
	bool native;                /* the API's waits and signals run on the GPU */
	bool host_known;            /* host_path is known */
	enum geyser_path host_path; /* how the API reaches a stream's frame in host memory */
};

/* Writes to *out the path by which an API reaches the frame, which is borrowed. data belongs to the
 * asker. Returns the error of the API's import. */
typedef enum geyser_result interop_asker(
	struct geyser_texture *frame, void *data, enum geyser_path *out);

/* Publishes a frame in host memory, receives it on the manager (NULL: a new manager of the host
 * backend) and calls the asker with it. Sets out->host_path to the asker's answer, and
 * out->host_known to true. After a failure it prints an error that names the API, and host_known is
 * false. It waits for 2 seconds at most in each step. */
void interop_ask_frame(const char *api, struct geyser_manager *manager, interop_asker *ask,
	void *data, struct interop_side *out);

/* An asker that returns the path by which the frame's manager reaches it (geyser_texture_path). */
enum geyser_result interop_texture_path(
	struct geyser_texture *frame, void *data, enum geyser_path *out);

/* Describes OpenGL in a context without a window, on the GPU with that UUID if there is one (NULL:
 * any GPU). */
void interop_ask_gl(const uint8_t *device_uuid, struct interop_side *out);

/* Prints the table and returns the exit status. */
int interop_run(bool json);

#endif
