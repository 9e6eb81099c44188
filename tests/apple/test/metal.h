/* SPDX-License-Identifier: MIT */
/* Declarations that the tests of the double's Metal share. */
#ifndef GY_DOUBLE_TEST_METAL_H
#define GY_DOUBLE_TEST_METAL_H

#include "support.h"

#import <Metal/Metal.h>

/* Fails if objects are still alive after a while. */
int nothing_live(void **state);

/* The caller owns the results of these two functions. */
id<MTLDevice> device_new(void);
/* The texture has all usages. */
id<MTLTexture> texture_new(id<MTLDevice> device, MTLPixelFormat format, MTLStorageMode mode,
	NSUInteger width, NSUInteger height);
/* Returns an autoreleased descriptor of a 2D texture, in storage mode shared, with all usages. */
MTLTextureDescriptor *descriptor_of(MTLPixelFormat format, NSUInteger width, NSUInteger height);
/* Encodes a command buffer of a new queue, commits it, and waits for its end. */
void run_once(id<MTLDevice> device, void (^encode)(id<MTLCommandBuffer> buffer));

/* Defines a function for expect_death, which runs the statements with a device. */
#define RULE(name, statements)                                                 \
	static void name(void)                                                 \
	{                                                                      \
		@autoreleasepool {                                             \
			id<MTLDevice> device = MTLCreateSystemDefaultDevice(); \
			statements;                                            \
			[device release];                                      \
		}                                                              \
	}

#endif
