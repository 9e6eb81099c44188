/* SPDX-License-Identifier: MIT */
/* Programs on the double, each of which takes one thing for granted that doesn't hold on all of
 * Apple's systems. The argument names the program. The environment says on which system it runs.
 * A program that is wrong there prints why and fails, or the double ends it. */
#include "program.h"

#include <IOSurface/IOSurface.h>
#include <Metal/Metal.h>
#include <apple_double.h>
#include <servers/bootstrap.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WIDTH 64
#define HEIGHT 16
#define ROW (WIDTH * 4)

/* ---- textures ---- */

static MTLTextureDescriptor *describe(MTLPixelFormat format, MTLStorageMode mode)
{
	MTLTextureDescriptor *descriptor =
		[MTLTextureDescriptor texture2DDescriptorWithPixelFormat:format
								   width:WIDTH
								  height:HEIGHT
							       mipmapped:NO];

	descriptor.storageMode = mode;
	descriptor.usage = MTLTextureUsageShaderRead;
	return descriptor;
}

static IOSurfaceRef make_surface(uint32_t bytes)
{
	const CFStringRef keys[] = {kIOSurfaceWidth, kIOSurfaceHeight, kIOSurfaceBytesPerElement,
		kIOSurfaceBytesPerRow};
	const int64_t values[] = {WIDTH, HEIGHT, bytes, ROW};
	CFMutableDictionaryRef properties = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
		&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	IOSurfaceRef surface;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		CFNumberRef number =
			CFNumberCreate(kCFAllocatorDefault, kCFNumberSInt64Type, &values[i]);

		CFDictionarySetValue(properties, keys[i], number);
		CFRelease(number);
	}
	surface = IOSurfaceCreate(properties);
	CFRelease(properties);
	return surface;
}

static int on_surface(
	id<MTLDevice> device, MTLPixelFormat format, uint32_t bytes, MTLStorageMode mode)
{
	IOSurfaceRef surface = make_surface(bytes);
	id<MTLTexture> texture = [device newTextureWithDescriptor:describe(format, mode)
							iosurface:surface
							    plane:0];
	bool made = texture != nil;

	[texture release];
	CFRelease(surface);
	return made ? 0 : wrong("the surface has no texture");
}

static int shared_surface(id<MTLDevice> device)
{
	return on_surface(device, MTLPixelFormatBGRA8Unorm, 4, MTLStorageModeShared);
}

static int format_of_apple(id<MTLDevice> device)
{
	return on_surface(device, MTLPixelFormatR8Unorm_sRGB, 1, MTLStorageModeManaged);
}

static int linear(id<MTLDevice> device, MTLStorageMode mode, MTLTextureUsage usage)
{
	MTLTextureDescriptor *descriptor = describe(MTLPixelFormatBGRA8Unorm, mode);
	id<MTLBuffer> buffer = [device newBufferWithLength:ROW * HEIGHT options:mode << 4];
	id<MTLTexture> texture;

	descriptor.usage = usage;
	texture = [buffer newTextureWithDescriptor:descriptor offset:0 bytesPerRow:ROW];
	[texture release];
	[buffer release];
	return 0;
}

static int linear_shared(id<MTLDevice> device)
{
	return linear(device, MTLStorageModeShared, MTLTextureUsageShaderRead);
}

static int linear_target(id<MTLDevice> device)
{
	return linear(device, MTLStorageModeManaged, MTLTextureUsageRenderTarget);
}

/* The GPU draws, and the CPU reads without a synchronization. */
static int unsynchronized(id<MTLDevice> device)
{
	IOSurfaceRef surface = make_surface(4);
	id<MTLTexture> texture = [device
		newTextureWithDescriptor:describe(MTLPixelFormatBGRA8Unorm, MTLStorageModeManaged)
			       iosurface:surface
				   plane:0];
	id<MTLBuffer> ones = [device newBufferWithLength:ROW * HEIGHT options:0];
	id<MTLCommandQueue> queue = [device newCommandQueue];
	id<MTLCommandBuffer> commands = [queue commandBuffer];
	id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];
	uint8_t seen;

	memset(ones.contents, 1, ROW * HEIGHT);
	[encoder copyFromBuffer:ones
		       sourceOffset:0
		  sourceBytesPerRow:ROW
		sourceBytesPerImage:ROW * HEIGHT
			 sourceSize:MTLSizeMake(WIDTH, HEIGHT, 1)
			  toTexture:texture
		   destinationSlice:0
		   destinationLevel:0
		  destinationOrigin:MTLOriginMake(0, 0, 0)];
	[encoder endEncoding];
	[commands commit];
	[commands waitUntilCompleted];
	IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
	seen = *(const uint8_t *)IOSurfaceGetBaseAddress(surface);
	IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, NULL);
	[queue release];
	[ones release];
	[texture release];
	CFRelease(surface);
	return seen == 1 ? 0 : wrong("the CPU doesn't see what the GPU drew");
}

/* ---- command buffers ---- */

static int every_signal_comes(id<MTLDevice> device)
{
	id<MTLCommandQueue> queue = [device newCommandQueue];
	id<MTLSharedEvent> event = [device newSharedEvent];
	id<MTLCommandBuffer> commands = [queue commandBuffer];
	uint64_t value;

	[commands encodeSignalEvent:event value:1];
	[commands encodeSignalEvent:event value:2];
	[commands commit];
	[commands waitUntilCompleted];
	value = event.signaledValue;
	[event release];
	[queue release];
	return value == 2 ? 0 : wrong("the second signal never came");
}

struct asker {
	id<MTLCommandQueue> queue;
	sem_t got;
};

static void *ask(void *data)
{
	struct asker *asker = data;

	@autoreleasepool {
		if ([asker->queue commandBuffer])
			(void)sem_post(&asker->got);
	}
	return NULL;
}

/* Commits command buffers that wait, and asks for one more. */
static int one_more_than(id<MTLDevice> device, unsigned count)
{
	struct asker asker = {.queue = [device newCommandQueue]};
	id<MTLSharedEvent> gate = [device newSharedEvent];
	struct timespec end;
	pthread_t thread;
	bool got;

	for (unsigned i = 0; i < count; i++) {
		id<MTLCommandBuffer> commands = [asker.queue commandBuffer];

		[commands encodeWaitForEvent:gate value:1];
		[commands commit];
	}
	if (sem_init(&asker.got, 0, 0) != 0 || pthread_create(&thread, NULL, ask, &asker) != 0)
		return wrong("no thread");
	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += count < 64 ? 30 : 1;
	got = sem_timedwait(&asker.got, &end) == 0;
	gate.signaledValue = 1;
	(void)pthread_join(thread, NULL);
	(void)sem_destroy(&asker.got);
	[gate release];
	[asker.queue release];
	return got ? 0 : wrong("commandBuffer blocks");
}

static int buffers_63(id<MTLDevice> device)
{
	return one_more_than(device, 63);
}

static int buffers_64(id<MTLDevice> device)
{
	return one_more_than(device, 64);
}

/* ---- events and services ---- */

static int shared_event(id<MTLDevice> device)
{
	id<MTLSharedEvent> event = [device newSharedEvent];
	bool made = event != nil;

	[event release];
	return made ? 0 : wrong("newSharedEvent is nil");
}

static int event_of_the_device(id<MTLDevice> device)
{
	id<MTLSharedEvent> event = [device newSharedEvent];
	bool same = event.device == device;

	[event release];
	return same ? 0 : wrong("a shared event has no device");
}

/* The client's login session is the namespace in GEYSER_CLIENT, if that is set. */
static int service(id<MTLDevice> device)
{
	const char *client = getenv("GEYSER_CLIENT");
	mach_port_t port, found = MACH_PORT_NULL;
	kern_return_t result = bootstrap_check_in(bootstrap_port, "geyser.check", &port);

	(void)device;
	if (result != KERN_SUCCESS)
		return wrong("bootstrap_check_in is refused");
	if (client)
		(void)setenv("GEYSER_DOUBLE_NAMESPACE", client, 1);
	result = bootstrap_look_up(bootstrap_port, "geyser.check", &found);
	if (result == KERN_SUCCESS)
		(void)mach_port_deallocate(mach_task_self(), found);
	(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
	return result == KERN_SUCCESS ? 0 : wrong("the service isn't found");
}

static const struct program programs[] = {
	{"shared_surface", shared_surface},
	{"format_of_apple", format_of_apple},
	{"linear_shared", linear_shared},
	{"linear_target", linear_target},
	{"unsynchronized", unsynchronized},
	{"every_signal_comes", every_signal_comes},
	{"buffers_63", buffers_63},
	{"buffers_64", buffers_64},
	{"shared_event", shared_event},
	{"event_of_the_device", event_of_the_device},
	{"service", service},
};

int main(int argc, char **argv)
{
	return run_program(programs, sizeof(programs) / sizeof(programs[0]), argc, argv);
}
