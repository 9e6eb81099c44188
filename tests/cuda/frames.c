/* Frames on CUDA's streams, in one process: second requests, failures, and waits. */
#include "cu.h"

struct stage {
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame; /* the frame to draw */
};

static void begin_with(void **state, struct stage *stage, uint32_t usage)
{
	struct geyser_manager *manager = ((struct fixture *)*state)->manager;
	const struct geyser_stream_desc stream = {
		.name = "cuda",
		.texture = {.format = GEYSER_FORMAT_R32_UINT,
			.width = 64,
			.height = 64,
			.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | usage},
	};
	const struct geyser_subscriber_desc subscriber = {.name = "cuda"};

	ok(geyser_publisher_create(manager, &stream, &stage->publisher));
	ok(geyser_subscriber_create(manager, &subscriber, &stage->subscriber));
	ok(geyser_publisher_acquire(stage->publisher, PATIENCE, &stage->frame));
}

static void begin(void **state, struct stage *stage)
{
	begin_with(state, stage, GEYSER_USAGE_LINEAR);
}

static void end(struct stage *stage)
{
	geyser_subscriber_destroy(stage->subscriber);
	geyser_publisher_destroy(stage->publisher);
}

/* The subscriber maps the frame. The map waits until the frame is drawn. */
static void expect_words(struct stage *stage, uint32_t wanted)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;
	uint32_t word;

	ok(geyser_subscriber_acquire(stage->subscriber, PATIENCE, &frame));
	ok(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping));
	for (size_t y = 0; y < 64; y++) {
		memcpy(&word, (uint8_t *)mapping.data + y * mapping.row_pitch + 63 * 4, 4);
		assert_int_equal(word, wanted);
	}
	geyser_texture_unmap(geyser_frame_texture(frame));
	ok(geyser_subscriber_release(stage->subscriber, frame));
}

/* Fills the frame on a stream, and submits it without waiting for the stream. */
static void draw(struct stage *stage, uint32_t word)
{
	struct geyser_cuda_texture texture;

	ok(geyser_cuda_texture(geyser_frame_texture(stage->frame), &texture));
	assert_true(texture.pointer != 0);
	ok(geyser_cuda_frame_wait(stage->frame, cu_stream()));
	cuda(cu.MemsetD32Async(texture.pointer, word, texture.size / 4, cu_stream()));
}

static void a_frame_is_drawn_when_its_work_is_done(void **state)
{
	struct stage stage;

	begin(state, &stage);
	cu_enter();
	for (uint32_t i = 1; i <= 10; i++) {
		draw(&stage, i);
		ok(geyser_cuda_frame_signal(stage.frame, cu_stream()));
		ok(geyser_publisher_submit(stage.publisher, stage.frame));
		expect_words(&stage, i);
		ok(geyser_publisher_acquire(stage.publisher, PATIENCE, &stage.frame));
	}
	cu_leave();
	end(&stage);
}

static void a_frame_is_signalled_once(void **state)
{
	struct stage stage;

	begin(state, &stage);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_cuda_frame_wait(NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_cuda_frame_signal(NULL, NULL));
	ok(geyser_cuda_frame_signal(stage.frame, NULL));
	refused(GEYSER_ERROR_BUSY, "once", geyser_cuda_frame_signal(stage.frame, NULL));
	ok(geyser_publisher_submit(stage.publisher, stage.frame));
	expect_words(&stage, 0);
	end(&stage);
}

/* If the stream's signal fails, the CPU signals instead, so that no subscriber waits for ever. */
static void a_signal_that_fails(void **state)
{
	struct stage stage;

	if (!cu_is_double)
		skip(); /* only the double can be made to fail */
	begin(state, &stage);
	cu.double_fail("cuLaunchHostFunc", 2);
	refused(GEYSER_ERROR_OUT_OF_MEMORY, "cuLaunchHostFunc",
		geyser_cuda_frame_signal(stage.frame, NULL));
	ok(geyser_publisher_submit(stage.publisher, stage.frame));
	expect_words(&stage, 0);
	end(&stage);
}

/* Without a device a frame must be drawn when it is submitted, so the call waits for the stream. */
static void a_stream_that_fails(void **state)
{
	struct stage stage;

	if (!cu_is_double)
		skip();
	begin(state, &stage);
	cu.double_fail("cuStreamSynchronize", 2);
	refused(GEYSER_ERROR_OUT_OF_MEMORY, "cuStreamSynchronize",
		geyser_cuda_frame_signal(stage.frame, NULL));
	ok(geyser_cuda_frame_signal(stage.frame, NULL));
	ok(geyser_publisher_submit(stage.publisher, stage.frame));
	expect_words(&stage, 0);
	end(&stage);
}

/* A subscriber can't signal the publisher's event, not even by the publisher's own semaphore. */
static void a_subscriber_signals_no_drawing(void **state)
{
	struct geyser_frame *frame;
	struct geyser_point wait;
	struct stage stage;

	begin(state, &stage);
	ok(geyser_cuda_frame_signal(stage.frame, NULL));
	ok(geyser_publisher_submit(stage.publisher, stage.frame));
	ok(geyser_subscriber_acquire(stage.subscriber, PATIENCE, &frame));
	ok(geyser_frame_wait_point(frame, &wait));
	refused(GEYSER_ERROR_PERMISSION, "publisher",
		geyser_cuda_event_signal(wait.event, wait.value + 1, NULL));
	ok(geyser_subscriber_release(stage.subscriber, frame));
	end(&stage);
}

/* CUDA imports a frame that the subscriber may only read for reading: it pins pages with the flag
 * for that. */
static void a_subscribers_frame_is_read(void **state)
{
	struct geyser_cuda_texture texture;
	struct geyser_frame *frame;
	struct cu_memory memory;
	struct stage stage;
	uint32_t words[64 * 64];

	begin(state, &stage);
	cu_enter();
	memory = cu_allocate(sizeof(words));
	draw(&stage, 0x01020304);
	ok(geyser_cuda_frame_signal(stage.frame, cu_stream()));
	ok(geyser_publisher_submit(stage.publisher, stage.frame));
	ok(geyser_subscriber_acquire(stage.subscriber, PATIENCE, &frame));
	ok(geyser_cuda_texture(geyser_frame_texture(frame), &texture));
	print_message("# a frame in %s memory: %s\n", texture.host ? "host" : "device",
		texture.host ? (texture.pointer ? "registered" : "copied") : "in place");
	assert_false(texture.writable);
	assert_int_equal(texture.path, texture.pointer ? GEYSER_PATH_ZERO_COPY : GEYSER_PATH_COPY);
	if (cu_is_double)
		assert_true(texture.pointer != 0);
	ok(geyser_cuda_frame_wait(frame, cu_stream()));
	ok(geyser_cuda_texture_copy_to(
		geyser_frame_texture(frame), memory.pointer, 0, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	cuda(cu.MemcpyDtoH(words, memory.pointer, sizeof(words)));
	for (size_t i = 0; i < COUNT_OF(words); i++)
		assert_int_equal(words[i], 0x01020304);
	refused(GEYSER_ERROR_PERMISSION, "GEYSER_USAGE_WRITERS",
		geyser_cuda_texture_copy_from(
			geyser_frame_texture(frame), memory.pointer, 0, cu_stream()));
	ok(geyser_subscriber_release(stage.subscriber, frame));
	cu_free(&memory);
	cu_leave();
	end(&stage);
}

/* Returns whether kernels could write into the frame. */
static bool takes_surface(struct geyser_frame *frame)
{
	struct cu_resource resource = {.type = CU_RESOURCE_ARRAY};
	struct geyser_cuda_texture texture;
	unsigned long long surface;
	bool made;

	ok(geyser_cuda_texture(geyser_frame_texture(frame), &texture));
	assert_non_null(texture.array);
	resource.of.array = texture.array;
	made = cu.SurfObjectCreate(&surface, &resource) == 0;
	if (made)
		cuda(cu.SurfObjectDestroy(surface));
	return made;
}

/* The double refuses what CUDA's documentation forbids. NVIDIA's driver 580 makes the surface. */
static void only_writers_get_surfaces(void **state)
{
	static const uint32_t usages[] = {0, GEYSER_USAGE_WRITERS};

	if (!cu_is_double)
		skip();
	for (size_t i = 0; i < COUNT_OF(usages); i++) {
		struct geyser_frame *frame;
		struct stage stage;

		begin_with(state, &stage, usages[i]);
		cu_enter();
		assert_true(takes_surface(stage.frame));
		ok(geyser_publisher_submit(stage.publisher, stage.frame));
		ok(geyser_subscriber_acquire(stage.subscriber, PATIENCE, &frame));
		assert_int_equal(takes_surface(frame), usages[i] == GEYSER_USAGE_WRITERS);
		ok(geyser_subscriber_release(stage.subscriber, frame));
		cu_leave();
		end(&stage);
	}
}

/* If the driver can't pin pages that may only be read, the frame is copied. */
static void registering_that_is_refused(void **state)
{
	struct geyser_cuda_texture texture;
	struct geyser_frame *frame;
	struct stage stage;

	if (!cu_is_double)
		skip();
	begin(state, &stage);
	ok(geyser_publisher_submit(stage.publisher, stage.frame));
	ok(geyser_subscriber_acquire(stage.subscriber, PATIENCE, &frame));
	cu.double_fail("cuMemHostRegister_v2", 801);
	ok(geyser_cuda_texture(geyser_frame_texture(frame), &texture));
	assert_true(texture.pointer == 0);
	assert_int_equal(texture.path, GEYSER_PATH_COPY);
	ok(geyser_subscriber_release(stage.subscriber, frame));
	end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vulkan_test(a_frame_is_drawn_when_its_work_is_done),
		vulkan_test(a_frame_is_signalled_once),
		vulkan_test(a_signal_that_fails),
		vulkan_test(a_subscriber_signals_no_drawing),
		host_test(a_frame_is_drawn_when_its_work_is_done),
		host_test(a_stream_that_fails),
		vulkan_test(a_subscribers_frame_is_read),
		host_test(a_subscribers_frame_is_read),
		vulkan_test(only_writers_get_surfaces),
		host_test(registering_that_is_refused),
	};

	return has_cuda() ? cmocka_run_group_tests_name("frames", tests, NULL, NULL) : 0;
}
