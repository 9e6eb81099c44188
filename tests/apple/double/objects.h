/* SPDX-License-Identifier: MIT */
/* The classes that implement Metal's protocols. */
#ifndef GY_DOUBLE_OBJECTS_H
#define GY_DOUBLE_OBJECTS_H

#include "event.h"
#include "internal.h"
#include "pixels.h"

#import <Metal/Metal.h>
#include <pthread.h>

#pragma clang diagnostic ignored "-Wnullability-completeness"

#define MAX(a, b) ((a) > (b) ? (a) : (b))

void *double_block_copy(const void *block);
void double_block_release(const void *block);

/* ---- foundation.m ---- */

@interface NSObject (Double)
/* Returns NO if the object is being deallocated. */
- (BOOL)retainIfAlive;
@end

@interface DoublePool : NSAutoreleasePool {
	DoublePool *outer;
	id *objects;
	size_t count;
}
- (void)add:(id)object;
@end

@interface NSAutoreleasePool (Double)
+ (void)addObject:(id)object;
@end

@interface DoubleString : NSString {
	char *characters;
}
- (instancetype)initWithCharacters:(const char *)characters;
@end

@interface DoubleError : NSError {
	NSString *domain;
	NSInteger code;
	NSString *description;
}
- (instancetype)initWithDomain:(NSString *)domain code:(NSInteger)code text:(const char *)text;
@end

/* ---- labelled.m: the base of resources, queues, command buffers, encoders and events ---- */

@interface DoubleLabelled : NSObject {
	id<MTLDevice> device;
	NSString *label;
}
- (instancetype)initWithDevice:(id<MTLDevice>)device;
- (id<MTLDevice>)device;
- (NSString *)label;
- (void)setLabel:(NSString *)label;
@end

/* ---- device.m ---- */

@interface DoubleDevice : NSObject <MTLDevice>
@end

/* ---- buffer.m ---- */

@interface DoubleBuffer : DoubleLabelled <MTLBuffer> {
	uint8_t *bytes;
	NSUInteger length;
	MTLResourceOptions options;
	BOOL own;
	void (^deallocator)(void *, NSUInteger);
}
- (instancetype)initWithDevice:(id<MTLDevice>)device
			 bytes:(void *)bytes
			length:(NSUInteger)length
		       options:(MTLResourceOptions)options
		   deallocator:(void (^)(void *, NSUInteger))deallocator;
/* Returns the GPU's memory at that offset, of private buffers too. Aborts if the range ends beyond
 * the buffer. */
- (uint8_t *)range:(NSUInteger)bytes at:(NSUInteger)offset;
@end

/* ---- memory.m ---- */

/* The memory of a texture that has neither a surface nor a buffer. */
@interface DoubleMemory : NSObject {
	size_t size;
	uint8_t *bytes;  /* the GPU's */
	uint8_t *copied; /* the CPU's, if that is another one */
}
- (instancetype)initWithBytes:(size_t)size copied:(BOOL)copied;
- (uint8_t *)bytes;
- (uint8_t *)copied;
- (void)synchronize;
@end

/* ---- texture.m ---- */

struct double_level {
	NSUInteger width, height, depth;
	size_t bytes_per_row, bytes_per_image;
	size_t offset; /* from the slice's beginning */
};

@interface DoubleTexture : DoubleLabelled <MTLTexture> {
	MTLTextureDescriptor *descriptor;
	const struct double_pixels *pixels;
	DoubleMemory *memory;
	IOSurfaceRef surface;
	NSUInteger plane; /* of the surface */
	DoubleBuffer *buffer;
	size_t offset;
	size_t bytes_per_row; /* of level 0 */
	BOOL shareable;
}
/* All initializers check Metal's rules. Where Metal returns nil they release self and return nil.
 */
- (instancetype)initWithDevice:(id<MTLDevice>)device
		    descriptor:(MTLTextureDescriptor *)descriptor
			shared:(BOOL)shared;
- (instancetype)initWithDevice:(id<MTLDevice>)device
		    descriptor:(MTLTextureDescriptor *)descriptor
		       surface:(IOSurfaceRef)surface
			 plane:(NSUInteger)plane;
- (instancetype)initWithBuffer:(DoubleBuffer *)buffer
		    descriptor:(MTLTextureDescriptor *)descriptor
			offset:(NSUInteger)offset
		   bytesPerRow:(NSUInteger)bytesPerRow;
- (instancetype)initWithTexture:(DoubleTexture *)texture format:(MTLPixelFormat)format;
- (const struct double_pixels *)pixels;
- (struct double_level)level:(NSUInteger)level;
/* Aborts if there is no such slice or level, or if the region ends beyond the level. */
- (void)check:(MTLOrigin)origin size:(MTLSize)size slice:(NSUInteger)slice level:(NSUInteger)level;
/* Returns the texels at that place, as the GPU has them. Aborts as above. */
- (uint8_t *)texelsAt:(MTLOrigin)origin
		 size:(MTLSize)size
		slice:(NSUInteger)slice
		level:(NSUInteger)level
		draws:(BOOL)draws;
/* What the GPU drew can be seen by the CPU, and by other processes. */
- (void)synchronize;
@end

@interface DoubleTextureHandle : MTLSharedTextureHandle {
	DoubleTexture *texture;
}
- (instancetype)initWithTexture:(DoubleTexture *)texture;
- (DoubleTexture *)texture;
@end

/* ---- event.m ---- */

@interface DoubleEvent : DoubleLabelled <MTLSharedEvent> {
	struct double_event *event;
}
- (instancetype)initWithDevice:(id<MTLDevice>)device event:(struct double_event *)event;
- (void)waitFor:(uint64_t)value;
@end

@interface DoubleEventHandle : MTLSharedEventHandle {
	struct double_event *event;
	NSString *label;
}
- (instancetype)initWithEvent:(struct double_event *)event label:(NSString *)label;
- (struct double_event *)event;
@end

/* ---- command_buffer.m ---- */

enum double_operation {
	COPY_TEXTURE,
	COPY_IN,
	COPY_OUT,
	COPY_BUFFER,
	FILL,
	CLEAR,
	WAIT,
	SIGNAL,
	SYNCHRONIZE
};

/* One operation of a queue. `run` executes it by its members. The operation releases the objects
 * that it retains when it is deallocated. */
@interface DoubleOperation : NSObject {
      @public
	enum double_operation kind;
	id from, to;
	NSUInteger from_slice, from_level, to_slice, to_level;
	MTLOrigin from_origin, to_origin;
	MTLSize size;
	NSUInteger from_offset, to_offset;
	NSUInteger row, image; /* bytes per row and per image, of a buffer */
	NSUInteger count;
	uint64_t value;
	MTLClearColor color;
}
- (void)run;
@end

@interface DoubleQueue : DoubleLabelled <MTLCommandQueue> {
	struct double_worker *worker;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned uncompleted; /* its command buffers that have neither completed nor gone */
}
- (struct double_worker *)worker;
- (void)giveBack; /* once for each command buffer */
@end

@interface DoubleCommandBuffer : DoubleLabelled <MTLCommandBuffer> {
	DoubleQueue *queue;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	MTLCommandBufferStatus status;
	BOOL handled; /* the completed handlers have run */
	BOOL givenBack;
	NSError *error;
	id encoder; /* the open encoder; not retained */
	DoubleOperation **operations;
	size_t operation_count;
	void **scheduled;
	size_t scheduled_count;
	void **completed;
	size_t completed_count;
}
- (instancetype)initWithQueue:(DoubleQueue *)queue;
- (void)add:(DoubleOperation *)operation; /* takes over the reference */
- (void)ended;
- (void)execute;
@end

/* ---- encoders.m ---- */

@interface DoubleEncoder : DoubleLabelled <MTLCommandEncoder> {
	DoubleCommandBuffer *buffer;
	BOOL ended;
}
- (instancetype)initWithBuffer:(DoubleCommandBuffer *)buffer;
- (void)add:(DoubleOperation *)operation;
@end

@interface DoubleBlitEncoder : DoubleEncoder <MTLBlitCommandEncoder>
@end

@interface DoubleRenderEncoder : DoubleEncoder <MTLRenderCommandEncoder>
- (void)clear:(MTLRenderPassDescriptor *)pass;
@end

#endif
