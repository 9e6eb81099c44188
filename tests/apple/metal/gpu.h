/*
 * What a program with Metal of its own does with geyser's textures: command buffers that draw,
 * clear and read them, in the order that events and frames say. Objective-C only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_APPLE_METAL_GPU_H
#define TESTS_APPLE_METAL_GPU_H

#include "harness.h"

#include <geyser/metal.h>

#import <Metal/Metal.h>

/* Of a manager's device, with a queue of the test's own. */
struct gpu {
	id<MTLDevice> device; /* the manager's */
	id<MTLCommandQueue> queue;
};

void gpu_open(struct gpu *gpu, struct geyser_manager *manager);
void gpu_close(struct gpu *gpu);

/* A command buffer, retained: gpu_finish waits for it, which must be done without error, and lets
 * it go. */
id<MTLCommandBuffer> gpu_begin(struct gpu *gpu);
void gpu_finish(id<MTLCommandBuffer> commands);
bool gpu_done(id<MTLCommandBuffer> commands);
/* Waits until it is done, and lets it go, whatever became of it. Ends by a failure. */
bool gpu_ends(id<MTLCommandBuffer> commands);

/* The texture as Metal has it. */
id<MTLTexture> metal_of(struct geyser_texture *texture);

/* Encoded: every texel gets the pattern of fill_texture, or one colour, or is copied into a buffer
 * of the caller's, which gpu_holds compares with the pattern and releases. */
void gpu_draw(id<MTLCommandBuffer> commands, struct geyser_texture *texture, uint32_t seed);
void gpu_clear(id<MTLCommandBuffer> commands, struct geyser_texture *texture, double red,
	double green, double blue, double alpha);
id<MTLBuffer> gpu_read(id<MTLCommandBuffer> commands, struct geyser_texture *texture);
bool gpu_holds(id<MTLBuffer> buffer, uint32_t seed);

/* At once, and waited for. */
void gpu_fill(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed);
bool gpu_texture_holds(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed);

#endif
