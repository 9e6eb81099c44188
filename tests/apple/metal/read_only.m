/* SPDX-License-Identifier: MIT */
/* Streams in host memory where Metal reads no texture in it: frames are uploaded. GPUs that aren't
 * Apple's read none. Others may refuse memory that may only be read (GEYSER_DOUBLE_WRITABLE). We
 * don't know whether a Mac refuses. If it doesn't, frames are read in place, and everything except
 * the path is the same. */
#include "frames.h"
#import "gpu.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 64
#define HEIGHT 40

struct stage {
	struct geyser_manager *host;
	struct gpu gpu;
	struct frames frames;
};

static bool refuses, writable_only;

static void begin(void **state, struct stage *stage, uint32_t usage)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM,
		.width = WIDTH,
		.height = HEIGHT,
		.usage = usage,
	};

	stage->host = make_manager_on(GEYSER_BACKEND_HOST);
	gpu_open(&stage->gpu, manager_of(state));
	stage->frames = open_frames(stage->host, manager_of(state), &desc, 0);
}

static void end(struct stage *stage)
{
	close_frames(&stage->frames);
	gpu_close(&stage->gpu);
	geyser_manager_destroy(stage->host);
}

static void expect(struct stage *stage, struct geyser_frame *frame, uint32_t seed)
{
	struct geyser_texture *texture = geyser_frame_texture(frame);

	assert_int_equal(
		geyser_texture_path(texture), refuses ? GEYSER_PATH_COPY : GEYSER_PATH_ZERO_COPY);
	assert_int_equal(geyser_texture_map_path(texture), GEYSER_PATH_ZERO_COPY);
	assert_int_equal(geyser_texture_access(texture), GEYSER_ACCESS_READ);
	assert_true(gpu_texture_holds(&stage->gpu, texture, seed));
	assert_true(texture_holds(texture, seed));
}

static void frames_arrive(void **state)
{
	const struct geyser_texture_desc larger = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 2 * WIDTH, .height = HEIGHT};
	struct geyser_frame *frame;
	struct stage stage;

	begin(state, &stage, 0);
	for (uint32_t i = 1; i <= 12; i++) {
		if (i == 7)
			ok(geyser_publisher_resize(stage.frames.publisher, &larger));
		submit(stage.frames.publisher, i);
		frame = next_frame(stage.frames.subscriber, i);
		expect(&stage, frame, i);
		ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	}
	end(&stage);
}

/* A frame that the subscriber holds doesn't change when the publisher draws the next frames. */
static void a_frame_that_is_held_stays(void **state)
{
	struct geyser_frame *held, *frame;
	struct stage stage;

	begin(state, &stage, 0);
	submit(stage.frames.publisher, 1);
	held = next_frame(stage.frames.subscriber, 1);
	for (uint32_t i = 2; i <= 9; i++) {
		submit(stage.frames.publisher, i);
		frame = next_frame(stage.frames.subscriber, i);
		expect(&stage, frame, i);
		expect(&stage, held, 1);
		ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	}
	ok(geyser_subscriber_release(stage.frames.subscriber, held));
	end(&stage);
}

static void a_frame_is_released_while_it_is_read(void **state)
{
	struct stage stage;

	begin(state, &stage, 0);
	for (uint32_t i = 1; i <= 20; i++) {
		id<MTLCommandBuffer> commands = gpu_begin(&stage.gpu);
		struct geyser_frame *frame;
		id<MTLBuffer> buffer;

		submit(stage.frames.publisher, i);
		frame = next_frame(stage.frames.subscriber, i);
		ok(geyser_metal_encode_frame_wait((void *)commands, frame));
		buffer = gpu_read(commands, geyser_frame_texture(frame));
		ok(geyser_metal_subscriber_release(
			stage.frames.subscriber, frame, (void *)commands));
		gpu_finish(commands);
		assert_true(gpu_holds(buffer, i));
	}
	end(&stage);
}

/* The subscriber may write into the buffers of such a stream, so Metal uses them in place, or not
 * at all. */
static void writers_need_no_upload(void **state)
{
	struct geyser_texture *mine;
	struct geyser_frame *frame;
	struct stage stage;
	void *metal;

	begin(state, &stage, GEYSER_USAGE_WRITERS);
	frame = begin_frame(stage.frames.publisher);
	mine = geyser_texture_ref(geyser_frame_texture(frame));
	assert_true(fill_texture(mine, 1));
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	frame = next_frame(stage.frames.subscriber, 1);
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_ZERO_COPY);
	if (gpu_is_apple(stage.gpu.device)) {
		gpu_fill(&stage.gpu, geyser_frame_texture(frame), 2);
	} else {
		refused(GEYSER_ERROR_UNSUPPORTED, "only Apple's GPUs",
			geyser_metal_texture(geyser_frame_texture(frame), &metal));
		assert_true(fill_texture(geyser_frame_texture(frame), 2));
	}
	assert_true(texture_holds(mine, 2));
	ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	geyser_texture_unref(mine);
	end(&stage);
}

/* The CPU can read other imports. Metal is refused, since its copy would never be updated. */
static void other_imports_say_so(void **state)
{
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct geyser_frame *frame;
	struct stage stage;
	void *metal = &stage;

	if (!refuses)
		skip();
	begin(state, &stage, 0);
	frame = begin_frame(stage.frames.publisher);
	assert_true(fill_texture(geyser_frame_texture(frame), 5));
	handle = export_texture(geyser_frame_texture(frame));
	texture = import_texture(manager_of(state), &handle);
	assert_true(texture_holds(texture, 5));
	assert_int_equal(geyser_texture_path(texture), GEYSER_PATH_ZERO_COPY);
	refused(GEYSER_ERROR_UNSUPPORTED, writable_only ? "for reading only" : "only Apple's GPUs",
		geyser_metal_texture(texture, &metal));
	assert_null(metal);
	geyser_texture_unref(texture);
	ok(geyser_publisher_discard(stage.frames.publisher, frame));
	end(&stage);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(frames_arrive),
		manager_test(a_frame_that_is_held_stays),
		manager_test(a_frame_is_released_while_it_is_read),
		manager_test(writers_need_no_upload),
		manager_test(other_imports_say_so),
	};
	const char *value = getenv("GEYSER_DOUBLE_WRITABLE");
	id<MTLDevice> device;

	writable_only = value && strcmp(value, "1") == 0;
	device = MTLCreateSystemDefaultDevice();
	refuses = writable_only || (device && !gpu_is_apple(device));
	[device release];
	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "read_only", tests, COUNT_OF(tests));
}
