/*
 * Shared helpers of the Metal tests: command buffers that draw, clear and read geyser's textures,
 * as a program with Metal does, and refused surfaces. The functions fail the test when something is
 * not as expected. For Objective-C only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_APPLE_METAL_GPU_H
#define TESTS_APPLE_METAL_GPU_H

#include "harness.h"
#include "surfaces.h"

#include <geyser/metal.h>

#import <Metal/Metal.h>

/* A manager's device, with a queue that the test makes. */
struct gpu {
	id<MTLDevice> device; /* owned by the manager */
	id<MTLCommandQueue> queue;
};

void gpu_open(struct gpu *gpu, struct geyser_manager *manager);
void gpu_close(struct gpu *gpu);

/* Returns a retained command buffer. gpu_finish waits for it, checks that it has ended without
 * error, and releases it. */
id<MTLCommandBuffer> gpu_begin(struct gpu *gpu);
void gpu_finish(id<MTLCommandBuffer> commands);
bool gpu_done(id<MTLCommandBuffer> commands);
/* Waits until the command buffer has ended and releases it. Returns whether it has ended without
 * error. */
bool gpu_ends(id<MTLCommandBuffer> commands);

/* Return the texture's MTLTexture, or that of one of its planes. The texture owns it. */
id<MTLTexture> metal_of(struct geyser_texture *texture);
id<MTLTexture> plane_of(struct geyser_texture *texture, uint32_t plane);
/* Returns whether this is an Apple GPU. */
bool gpu_is_apple(id<MTLDevice> device);

/* Encode work on all texels, without synchronizing them: the pattern of fill_texture, one colour,
 * or a copy into a new buffer. gpu_holds compares this buffer with the pattern and releases it. */
void gpu_draw(id<MTLCommandBuffer> commands, struct geyser_texture *texture, uint32_t seed);
void gpu_clear(id<MTLCommandBuffer> commands, struct geyser_texture *texture, double red,
	double green, double blue, double alpha);
id<MTLBuffer> gpu_read(id<MTLCommandBuffer> commands, struct geyser_texture *texture);
bool gpu_holds(id<MTLBuffer> buffer, uint32_t seed);

/* Do the same work at once, and wait until it is done. gpu_fill synchronizes the texture too. */
void gpu_fill(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed);
bool gpu_texture_holds(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed);

/* Checks that geyser refuses to import such a surface as a texture of that descriptor, with a
 * MISMATCH that has these words, and lets the surface go. */
void refuse_surface(struct geyser_manager *manager, const struct surface_desc *surface_desc,
	const char *words, const struct geyser_texture_desc *desc);

#endif
