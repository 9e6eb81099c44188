/* Streams of video to subscribers on each backend. Planes of odd sizes follow one another at places
 * that Vulkan can't copy in one step. */
#include "frames.h"
#include "gpu.h"
#include "harness.h"

static const enum geyser_format formats[] = {GEYSER_FORMAT_NV12, GEYSER_FORMAT_P010,
	GEYSER_FORMAT_I420, GEYSER_FORMAT_P410, GEYSER_FORMAT_YUY2};

static const struct {
	uint32_t width, height;
} sizes[] = {{1, 1}, {3, 3}, {333, 77}, {64, 48}};

/* A subscriber that can't read the publisher's memory gets copies of the frames. */
static void stream_between(struct geyser_manager *from, struct geyser_manager *to,
	enum geyser_format format, size_t size)
{
	const struct geyser_texture_desc desc = {
		.format = format, .width = sizes[size].width, .height = sizes[size].height};
	const struct frames frames = open_frames(from, to, &desc, 3);

	for (uint32_t i = 1; i <= 5; i++) {
		struct geyser_frame *frame;

		submit(frames.publisher, i);
		frame = next_frame(frames.subscriber, i);
		assert_true(texture_holds(geyser_frame_texture(frame), i));
		ok(geyser_subscriber_release(frames.subscriber, frame));
	}
	close_frames(&frames);
}

static void each_stream(struct geyser_manager *from, struct geyser_manager *to)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		for (size_t size = 0; size < COUNT_OF(sizes); size++)
			stream_between(from, to, formats[i], size);
}

static void frames_go_to_the_same_driver(void **state)
{
	struct geyser_manager *other = make_manager();

	each_stream(manager_of(state), other);
	geyser_manager_destroy(other);
}

static void frames_are_copied_for_the_host(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);

	each_stream(manager_of(state), host);
	geyser_manager_destroy(host);
}

static void frames_come_from_the_host(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);

	each_stream(host, manager_of(state));
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(frames_go_to_the_same_driver),
		manager_test(frames_are_copied_for_the_host),
		manager_test(frames_come_from_the_host),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "plane frames", tests, COUNT_OF(tests));
}
