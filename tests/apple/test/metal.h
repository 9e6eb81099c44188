/* SPDX-License-Identifier: MIT */
/* What the tests of the double's Metal share. */
#ifndef GY_DOUBLE_TEST_METAL_H
#define GY_DOUBLE_TEST_METAL_H

#include "support.h"

#import <Metal/Metal.h>

/* Begins with nothing live, and a pool; ends with nothing live, within a while. */
int nothing_live(void **state);

/* All for the caller to release. */
id<MTLDevice> device_new(void);
/* Of any mode and usage. */
id<MTLTexture> texture_new(id<MTLDevice> device, MTLPixelFormat format, MTLStorageMode mode,
	NSUInteger width, NSUInteger height);
/* Autoreleased: 2D, shared, for all usages. */
MTLTextureDescriptor *descriptor_of(MTLPixelFormat format, NSUInteger width, NSUInteger height);
/* A new queue's, committed and waited for. */
void run_once(id<MTLDevice> device, void (^encode)(id<MTLCommandBuffer> buffer));

/* Tests that an Objective-C block or statement list ends the process with that word. */
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
