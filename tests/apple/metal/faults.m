/* SPDX-License-Identifier: MIT */
/* Calls of Apple's frameworks that return nothing, as they do when memory or a driver's resources
 * are short. The double makes them fail. The library must undo what it has begun, and the next try
 * must work. */
#import "gpu.h"
#include "surfaces.h"

#include <apple_double.h>

#define JUNK ((void *)(uintptr_t)0x5a5a)

static const struct geyser_texture_desc picture = {
	.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 61, .height = 40};

/* Runs the statement, within which the nth call of that name fails. */
#define failing(call, nth, statement)             \
	do {                                      \
		apple_double_fail((call), (nth)); \
		statement;                        \
		apple_double_fail(NULL, 0);       \
	} while (0)

static bool has_apple_gpu(void)
{
	id<MTLDevice> device = MTLCreateSystemDefaultDevice();
	bool apple = gpu_is_apple(device);

	[device release];
	return apple;
}

static void managers(void **state)
{
	struct geyser_manager *manager = JUNK;

	(void)state;
	if (!has_apple_gpu())
		failing("newCommandQueue", 1,
			refused(GEYSER_ERROR_OUT_OF_MEMORY, "returned no command queue",
				geyser_metal_manager_create(NULL, &manager)));
	/* a format whose probe fails is refused */
	failing("IOSurfaceCreate", 0, ok(geyser_metal_manager_create(NULL, &manager)));
	assert_non_null(
		geyser_metal_format_refusal(manager, GEYSER_FORMAT_R32_FLOAT, GEYSER_DIMENSION_2D));
	assert_null(geyser_metal_format_refusal(
		manager, GEYSER_FORMAT_RGBA16_FLOAT, GEYSER_DIMENSION_2D));
	geyser_manager_destroy(manager);
}

static void surfaces(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = JUNK;
	unsigned long live = apple_double_live();
	IOSurfaceRef surface = make_surface(&bgra_surface);

	failing("IOSurfaceCreate", 1,
		refused(GEYSER_ERROR_OUT_OF_MEMORY,
			"make an IOSurface of 61 × 40 texels of bgra8unorm",
			geyser_texture_create(manager, &picture, &texture)));
	assert_null(texture);
	failing("newTexture", 1,
		refused(GEYSER_ERROR_UNSUPPORTED, "make a texture of 61 × 40 texels",
			geyser_texture_create(manager, &picture, &texture)));
	failing("newTexture", 1,
		refused(GEYSER_ERROR_UNSUPPORTED, "on an IOSurface",
			geyser_metal_texture_import_surface(manager, surface, &picture, &texture)));
	assert_null(texture);
	assert_int_equal(IOSurfaceGetUseCount(surface), 0);
	CFRelease(surface);
	assert_true(apple_double_settle(live, 5000));
	ok(geyser_texture_create(manager, &picture, &texture));
	geyser_texture_unref(texture);
}

static void maps_and_rights(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	struct geyser_mapping mapping;
	uint32_t port = 5;

	failing("IOSurfaceLock", 1,
		refused(GEYSER_ERROR_SYSTEM, "IOSurfaceLock",
			geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping)));
	failing("IOSurfaceCreateMachPort", 1,
		refused(GEYSER_ERROR_SYSTEM, "returned no port",
			geyser_metal_texture_mach_port(texture, &port)));
	assert_int_equal(port, 0);
	assert_true(fill_texture(texture, 1));
	assert_true(texture_holds(texture, 1));
	geyser_texture_unref(texture);
}

/* Without a buffer or texture of it, Metal can't read the host memory, but the CPU can. */
static void host_memory(void **state)
{
	const char *const calls[] = {"newBuffer", "newTexture"};
	struct geyser_texture_desc desc = picture;

	desc.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_HOST_MEMORY;
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		struct geyser_texture *texture;
		void *metal = JUNK;

		failing(calls[i], 1, ok(geyser_texture_create(manager_of(state), &desc, &texture)));
		assert_true(fill_texture(texture, 1));
		assert_true(texture_holds(texture, 1));
		refused(GEYSER_ERROR_UNSUPPORTED, "host memory",
			geyser_metal_texture(texture, &metal));
		assert_null(metal);
		geyser_texture_unref(texture);
	}
}

static void private_storage(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = JUNK, *opened = JUNK;
	void *handle;

	failing("newSharedTexture", 1,
		refused(GEYSER_ERROR_UNSUPPORTED, "in private storage for sharing",
			geyser_metal_texture_create_private(manager, &picture, &texture)));
	assert_null(texture);
	ok(geyser_metal_texture_create_private(manager, &picture, &texture));
	ok(geyser_metal_texture_shared_handle(texture, &handle));
	failing("newSharedTexture", 1,
		refused(GEYSER_ERROR_UNSUPPORTED, "open the texture of the handle",
			geyser_metal_texture_import_shared_handle(
				manager, handle, &picture, &opened)));
	assert_null(opened);
	[(id)handle release];
	geyser_texture_unref(texture);
}

static void events(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_event *event = make_event(manager, 1), *opened = JUNK;
	void *shared = JUNK, *handle;

	failing("newSharedEvent", 1,
		refused(GEYSER_ERROR_UNSUPPORTED, "newSharedEvent is nil",
			geyser_metal_event(event, &shared)));
	assert_null(shared);
	ok(geyser_metal_event(event, &shared)); /* the next call succeeds */
	ok(geyser_metal_event_shared_handle(event, &handle));
	failing("newSharedEvent", 1,
		refused(GEYSER_ERROR_MISMATCH, "is it of another device?",
			geyser_metal_event_import_shared_handle(manager, handle, &opened)));
	assert_null(opened);
	[(id)handle release];
	geyser_event_unref(event);
}

/* A subscriber without Metal needs copies, and the publisher can't make any. */
static void copies(void **state)
{
	const struct geyser_stream_desc desc = {.name = "copied", .texture = picture};
	const struct geyser_subscriber_desc subscriber_desc = {.name = "copied"};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscriber;
	struct geyser_publisher *publisher;
	struct geyser_frame *frame;

	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	ok(geyser_publisher_submit(publisher, frame)); /* a frame to copy */
	failing("newBuffer", 0,
		refused(GEYSER_ERROR_OUT_OF_MEMORY, "make a buffer",
			geyser_subscriber_create(host, &subscriber_desc, &subscriber)));
	/* these copy frames into host memory when the first such subscriber joins */
	failing("newCommandQueue", 1,
		refused(GEYSER_ERROR_OUT_OF_MEMORY, "no command queue",
			geyser_subscriber_create(host, &subscriber_desc, &subscriber)));
	failing("commandBuffer", 1,
		refused(GEYSER_ERROR_OUT_OF_MEMORY, "no encoder for a copy",
			geyser_subscriber_create(host, &subscriber_desc, &subscriber)));
	failing("blitCommandEncoder", 1,
		refused(GEYSER_ERROR_OUT_OF_MEMORY, "no encoder for a copy",
			geyser_subscriber_create(host, &subscriber_desc, &subscriber)));
	ok(geyser_subscriber_create(host, &subscriber_desc, &subscriber));
	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(publisher, frame));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(host);
}

/* Metal can neither use the frame's memory nor make memory for a copy of the frame. */
static void uploads(void **state)
{
	const struct geyser_stream_desc desc = {.name = "uploaded", .texture = picture};
	const struct geyser_subscriber_desc subscriber_desc = {.name = "uploaded"};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscriber;
	struct geyser_publisher *publisher;

	ok(geyser_publisher_create(host, &desc, &publisher));
	apple_double_fail("newBuffer", 0);
	failing("newTexture", 0,
		refused(GEYSER_ERROR_UNSUPPORTED, "for copies of host memory",
			geyser_subscriber_create(
				manager_of(state), &subscriber_desc, &subscriber)));
	/* only the buffer of the frame's memory fails */
	failing("newBuffer", 0,
		ok(geyser_subscriber_create(manager_of(state), &subscriber_desc, &subscriber)));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(host);
}

/* What the GPU drew doesn't get to where the CPU reads it, on a GPU that isn't Apple's. */
static void synchronization(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	struct geyser_mapping mapping;
	id<MTLCommandBuffer> commands;
	struct gpu gpu;

	if (has_apple_gpu()) {
		geyser_texture_unref(texture);
		skip();
	}
	gpu_open(&gpu, manager_of(state));
	failing("commandBuffer", 1,
		refused(GEYSER_ERROR_OUT_OF_MEMORY, "no encoder for a synchronization",
			geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping)));
	failing("blitCommandEncoder", 1,
		refused(GEYSER_ERROR_OUT_OF_MEMORY, "no encoder for a synchronization",
			geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping)));
	failing("execute", 1,
		refused(GEYSER_ERROR_SYSTEM, "the double's GPU gave up",
			geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping)));
	commands = gpu_begin(&gpu);
	failing("blitCommandEncoder", 1,
		refused(GEYSER_ERROR_OUT_OF_MEMORY, "no encoder for a synchronization",
			geyser_metal_encode_synchronize((void *)commands, texture)));
	[commands release];
	assert_true(fill_texture(texture, 1));
	assert_true(texture_holds(texture, 1));
	geyser_texture_unref(texture);
	gpu_close(&gpu);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(managers),
		manager_test(surfaces),
		manager_test(maps_and_rights),
		manager_test(host_memory),
		manager_test(private_storage),
		manager_test(events),
		manager_test(copies),
		manager_test(uploads),
		manager_test(synchronization),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "faults", tests, COUNT_OF(tests));
}
