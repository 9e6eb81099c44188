/*
 * The parts of the other process of the Metal tests (peer.m).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_APPLE_METAL_PEER_H
#define TESTS_APPLE_METAL_PEER_H

#include "commands.h"
#include "gpu.h"

/* The state of this peer, besides the objects that each peer has (commands.h). */
struct peer_gpu {
	struct gpu gpu;                /* open if the manager is Metal's */
	id<MTLCommandBuffer> commands; /* committed, and not finished */
	id<MTLBuffer> buffer;          /* the commands read the texture into it */
	int socket;                    /* to the test, or -1 */
};

extern struct peer_gpu here;

/* submit-gpu SEED      submits a frame while the GPU draws it
 * submit-promised      submits a frame that the GPU never draws
 * take-gpu             as take, by the GPU; releases the frame while the GPU reads it */
extern const struct command gpu_stream_commands[];

/* Import a texture of 61 x 40 texels of bgra8unorm without a handle.
 *
 * global-id ID         by the id of its surface
 * port                 by a Mach port that comes over the socket
 * xpc                  by an XPC object that comes over the socket */
extern const struct command surface_commands[];

#endif
