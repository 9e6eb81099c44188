/* The driver's library is too old. All functions of cuda.h are refused with that reason, and the
 * rest of geyser works. */
#include "gpu.h"

#include <geyser/cuda.h>

#define REASON "no CUDA"

static void info(void **state)
{
	struct geyser_cuda_info info;

	(void)state;
	memset(&info, 0xff, sizeof(info));
	refused(GEYSER_ERROR_UNSUPPORTED, REASON, geyser_cuda_get_info(&info));
	assert_int_equal(info.device_count, 0);
	refused(GEYSER_ERROR_UNSUPPORTED, "cuDriverGetVersion", geyser_cuda_get_info(&info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_cuda_get_info(NULL));
}

static void textures(void **state)
{
	struct geyser_texture *texture =
		make_texture(((struct fixture *)*state)->manager, GEYSER_FORMAT_R8_UNORM, 16, 16);
	struct geyser_cuda_texture seen = {.pointer = 1};
	uint8_t data[256];

	refused(GEYSER_ERROR_UNSUPPORTED, REASON, geyser_cuda_texture(texture, &seen));
	assert_true(seen.pointer == 0);
	refused(GEYSER_ERROR_UNSUPPORTED, REASON,
		geyser_cuda_texture_copy_to(texture, (uintptr_t)data, 0, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, REASON,
		geyser_cuda_texture_copy_from(texture, (uintptr_t)data, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture", geyser_cuda_texture(NULL, &seen));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_cuda_texture(texture, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "15",
		geyser_cuda_texture_copy_to(texture, (uintptr_t)data, 15, NULL));
	assert_true(fill_texture(texture, 1));
	assert_true(texture_holds(texture, 1));
	geyser_texture_unref(texture);
}

static void events(void **state)
{
	struct geyser_event *event = make_event(((struct fixture *)*state)->manager, 5);

	assert_false(geyser_cuda_event_is_native(event));
	assert_false(geyser_cuda_event_is_native(NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, REASON, geyser_cuda_event_wait(event, 5, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, REASON, geyser_cuda_event_signal(event, 6, NULL));
	assert_int_equal(value_of(event), 5);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event", geyser_cuda_event_wait(NULL, 1, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event", geyser_cuda_event_signal(NULL, 1, NULL));
	geyser_event_unref(event);
}

static void frames(void **state)
{
	const struct geyser_stream_desc desc = {
		.name = "no cuda",
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 16, .height = 16},
	};
	struct geyser_publisher *publisher;
	struct geyser_frame *frame;

	ok(geyser_publisher_create(((struct fixture *)*state)->manager, &desc, &publisher));
	ok(geyser_publisher_acquire(publisher, 0, &frame));
	ok(geyser_cuda_frame_wait(frame, NULL)); /* the frame has no event to wait for */
	refused(GEYSER_ERROR_UNSUPPORTED, REASON, geyser_cuda_frame_signal(frame, NULL));
	ok(geyser_publisher_submit(publisher, frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_cuda_frame_wait(NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_cuda_frame_signal(NULL, NULL));
	geyser_publisher_destroy(publisher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(info),
		cmocka_unit_test_setup_teardown(textures, setup_manager, teardown_manager),
		cmocka_unit_test_setup_teardown(events, setup_manager, teardown_manager),
		cmocka_unit_test_setup_teardown(frames, setup_manager, teardown_manager),
	};

	test_backend = GEYSER_BACKEND_HOST;
	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
