/* Streams that GL draws and reads, within a process and between two. */
#include "frames.h"
#include "gl.h"

#include <stdlib.h>

static const char *kind = "gl";

#define WIDTH 61u
#define HEIGHT 33u

struct stream {
	struct geyser_manager *publishers, *subscribers;
	struct frames frames;
	struct geyser_gl *gl;
};

static void open_stream(struct stream *stream, enum geyser_backend from, enum geyser_backend to,
	enum geyser_format format)
{
	const struct geyser_texture_desc desc = {
		.format = format, .width = WIDTH, .height = HEIGHT};

	stream->publishers = make_manager_on(from);
	stream->subscribers = make_manager_on(to);
	stream->gl = make_gl();
	stream->frames = open_frames(stream->publishers, stream->subscribers, &desc, 0);
}

static void close_stream(struct stream *stream)
{
	close_frames(&stream->frames);
	geyser_gl_destroy(stream->gl);
	geyser_manager_destroy(stream->subscribers);
	geyser_manager_destroy(stream->publishers);
}

static struct geyser_frame *take(struct stream *stream)
{
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(stream->frames.subscriber, PATIENCE, &frame));
	return frame;
}

/* ---- publishing textures of the caller's ---- */

static void expect_rows(struct geyser_texture *texture, uint32_t seed, bool flipped, bool turned)
{
	struct geyser_mapping mapping;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH * 4; x++) {
			const uint32_t row = flipped ? HEIGHT - 1 - y : y;
			const uint32_t channel = x % 4;
			const uint32_t byte =
				turned && channel != 3 ? x - channel + 2 - channel : x;
			const uint8_t *data = mapping.data;

			assert_int_equal(data[y * mapping.row_pitch + x],
				pattern_byte(seed, (uint64_t)row * WIDTH * 4 + byte));
		}
	geyser_texture_unmap(texture);
}

/* Frames have the bytes of the published texture. In blue-first streams red and blue change places.
 */
static void expect_published(enum geyser_backend from, enum geyser_backend to,
	enum geyser_format format, GLint internal_format)
{
	const bool turned = geyser_format_get_info(format)->gl.format == GL_BGRA;
	struct stream stream;

	open_stream(&stream, from, to, format);
	for (uint32_t i = 0; i < 6; i++) {
		const GLuint own = own_texture(GL_TEXTURE_2D, internal_format, WIDTH, HEIGHT, i);
		const bool flip = i % 2;
		struct geyser_frame *frame;

		ok(geyser_gl_publish(stream.gl, stream.frames.publisher, own, GL_TEXTURE_2D,
			flip ? GEYSER_GL_PUBLISH_FLIP : 0, PATIENCE));
		no_gl_error("publish");
		frame = take(&stream);
		assert_int_equal(geyser_frame_get_info(frame)->sequence, i + 1);
		expect_rows(geyser_frame_texture(frame), i, flip, turned);
		ok(geyser_subscriber_release(stream.frames.subscriber, frame));
		gl.DeleteTextures(1, &own);
	}
	close_stream(&stream);
}

static void what_is_published_arrives(void **state)
{
	static const struct {
		enum geyser_format format;
		GLint internal_format;
	} formats[] = {
		{GEYSER_FORMAT_RGBA8_UNORM, GL_RGBA8},
		{GEYSER_FORMAT_BGRA8_UNORM, GL_RGBA8},
		{GEYSER_FORMAT_RGBA8_UNORM_SRGB, GL_SRGB8_ALPHA8},
		{GEYSER_FORMAT_BGRA8_UNORM_SRGB, GL_SRGB8_ALPHA8},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		expect_published(GEYSER_BACKEND_HOST, GEYSER_BACKEND_HOST, formats[i].format,
			formats[i].internal_format);
		expect_published(GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_HOST, formats[i].format,
			formats[i].internal_format);
		expect_published(GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_VULKAN, formats[i].format,
			formats[i].internal_format);
	}
}

/* Between formats with and without -srgb the values that a shader samples stay the same: a byte of
 * 188 is half the light. */
static void expect_converted(GLint internal_format, uint8_t value, enum geyser_format format,
	uint8_t least, uint8_t most)
{
	const GLuint own = own_texture(GL_TEXTURE_2D, internal_format, WIDTH, HEIGHT, 0);
	uint8_t bytes[WIDTH * HEIGHT * 4];
	struct geyser_mapping mapping;
	struct geyser_frame *frame;
	struct stream stream;

	memset(bytes, value, sizeof(bytes));
	gl.BindTexture(GL_TEXTURE_2D, own);
	gl.TexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, bytes);
	gl.BindTexture(GL_TEXTURE_2D, 0);
	open_stream(&stream, GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_HOST, format);
	ok(geyser_gl_publish(stream.gl, stream.frames.publisher, own, GL_TEXTURE_2D, 0, PATIENCE));
	frame = take(&stream);
	ok(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping));
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(((const uint8_t *)mapping.data)[i], least, most);
	assert_int_equal(((const uint8_t *)mapping.data)[3], value); /* alpha isn't converted */
	geyser_texture_unmap(geyser_frame_texture(frame));
	ok(geyser_subscriber_release(stream.frames.subscriber, frame));
	close_stream(&stream);
	gl.DeleteTextures(1, &own);
}

static void sampled_values_stay(void **state)
{
	(void)state;
	expect_converted(GL_RGBA8, 128, GEYSER_FORMAT_RGBA8_UNORM_SRGB, 187, 189);
	expect_converted(GL_SRGB8_ALPHA8, 188, GEYSER_FORMAT_RGBA8_UNORM, 127, 129);
	expect_converted(GL_RGBA8, 128, GEYSER_FORMAT_BGRA8_UNORM_SRGB, 187, 189);
	expect_converted(GL_RGBA8, 255, GEYSER_FORMAT_RGBA8_UNORM_SRGB, 255, 255);
}

static void rectangles(void **state)
{
	struct geyser_frame *frame;
	struct stream stream;
	GLuint own;

	(void)state;
	if (on_es)
		skip();
	open_stream(&stream, GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_HOST, GEYSER_FORMAT_RGBA8_UNORM);
	own = own_texture(GL_TEXTURE_RECTANGLE, GL_RGBA8, WIDTH, HEIGHT, 77);
	ok(geyser_gl_publish(
		stream.gl, stream.frames.publisher, own, GL_TEXTURE_RECTANGLE, 0, PATIENCE));
	frame = take(&stream);
	expect_rows(geyser_frame_texture(frame), 77, false, false);
	ok(geyser_subscriber_release(stream.frames.subscriber, frame));
	gl.DeleteTextures(1, &own);
	close_stream(&stream);
}

/* A subscriber reads all buffers, so there is no buffer to draw into. */
static void no_buffer_is_free(void **state)
{
	struct geyser_frame *held[16];
	enum geyser_result result = GEYSER_OK;
	struct stream stream;
	unsigned count = 0;
	GLuint own;

	(void)state;
	open_stream(&stream, GEYSER_BACKEND_HOST, GEYSER_BACKEND_HOST, GEYSER_FORMAT_RGBA8_UNORM);
	own = own_texture(GL_TEXTURE_2D, GL_RGBA8, WIDTH, HEIGHT, 1);
	while (result == GEYSER_OK && count < COUNT_OF(held)) {
		result = geyser_gl_publish(
			stream.gl, stream.frames.publisher, own, GL_TEXTURE_2D, 0, 0);
		if (result == GEYSER_OK)
			held[count++] = take(&stream);
	}
	assert_int_equal(result, GEYSER_ERROR_TIMEOUT);
	assert_int_equal(count, 3);
	for (unsigned i = 0; i < count; i++) {
		expect_rows(geyser_frame_texture(held[i]), 1, false, false);
		ok(geyser_subscriber_release(stream.frames.subscriber, held[i]));
	}
	ok(geyser_gl_publish(stream.gl, stream.frames.publisher, own, GL_TEXTURE_2D, 0, PATIENCE));
	gl.DeleteTextures(1, &own);
	close_stream(&stream);
}

/* A subscriber can't signal the publisher's event, not even by GL. */
static void a_subscriber_signals_no_drawing(void **state)
{
	struct geyser_frame *frame;
	struct geyser_point drawn, wait;
	struct stream stream;

	(void)state;
	open_stream(
		&stream, GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_VULKAN, GEYSER_FORMAT_RGBA8_UNORM);
	ok(geyser_publisher_acquire(stream.frames.publisher, PATIENCE, &frame));
	ok(geyser_frame_signal_point(frame, &drawn));
	ok(geyser_publisher_submit(stream.frames.publisher, frame));
	ok(geyser_event_signal(drawn.event, drawn.value));
	frame = take(&stream);
	ok(geyser_frame_wait_point(frame, &wait));
	refused(GEYSER_ERROR_PERMISSION, "publisher",
		geyser_gl_event_signal(stream.gl, wait.event, wait.value + 1));
	ok(geyser_subscriber_release(stream.frames.subscriber, frame));
	close_stream(&stream);
}

/* ---- reading ---- */

static void expect_taken(struct stream *stream, uint32_t seed)
{
	struct geyser_frame *const frame = take(stream);
	struct geyser_gl_texture_info info;

	ok(geyser_gl_frame_begin(stream->gl, frame, GEYSER_ACCESS_READ, PATIENCE, &info));
	assert_int_equal(gl_holds(geyser_frame_texture(frame), &info, seed), 1);
	ok(geyser_gl_frame_end(stream->gl, frame));
	ok(geyser_subscriber_release(stream->frames.subscriber, frame));
}

/* Submits frames while the GPU draws them. */
static void what_vulkan_publishes(void **state)
{
	struct stream stream;
	struct gpu gpu;

	(void)state;
	open_stream(
		&stream, GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_VULKAN, GEYSER_FORMAT_RGBA8_UNORM);
	gpu_open(&gpu, stream.publishers);
	for (uint32_t i = 1; i <= 12; i++) {
		struct geyser_frame *frame;
		struct gpu_sync sync;
		struct gpu_work work;

		ok(geyser_publisher_acquire(stream.frames.publisher, PATIENCE, &frame));
		ok(geyser_vulkan_frame_wait_point(frame, &sync.wait));
		ok(geyser_vulkan_frame_signal_point(frame, &sync.signal));
		work = gpu_fill(&gpu, geyser_frame_texture(frame), i, sync);
		ok(geyser_publisher_submit(stream.frames.publisher, frame));
		expect_taken(&stream, i);
		gpu_finish(&gpu, &work);
	}
	gpu_close(&gpu);
	close_stream(&stream);
}

static void what_the_host_publishes(void **state)
{
	struct stream stream;

	(void)state;
	open_stream(&stream, GEYSER_BACKEND_HOST, GEYSER_BACKEND_HOST, GEYSER_FORMAT_RGBA8_UNORM);
	for (uint32_t i = 1; i <= 12; i++) {
		struct geyser_frame *frame;

		ok(geyser_publisher_acquire(stream.frames.publisher, PATIENCE, &frame));
		assert_true(fill_texture(geyser_frame_texture(frame), i));
		ok(geyser_publisher_submit(stream.frames.publisher, frame));
		expect_taken(&stream, i);
	}
	close_stream(&stream);
}

/* ---- between processes ---- */

/* Both processes use GL. */
static void frames_between_gls(const char *backend, enum geyser_path path)
{
	struct peer from, to;

	start_importer(&from, kind, backend);
	start_importer(&to, kind, backend);
	ask(&from, "publish between rgba8unorm 123 45", "ok");
	ask(&to, "subscribe between", "ok");
	for (uint32_t i = 1; i <= 10; i++) {
		ask_for(&from, "ok", "submit %u", i);
		ask_frame_by(&to, "take", i, path);
	}
	end_peer(&to);
	end_peer(&from);
}

static void gl_to_gl(void **state)
{
	(void)state;
	frames_between_gls("vulkan", GEYSER_PATH_ZERO_COPY);
}

static void gl_to_gl_by_host_memory(void **state)
{
	struct geyser_gl_info info;
	struct geyser_gl *const here = make_gl();

	(void)state;
	ok(geyser_gl_get_info(here, &info));
	geyser_gl_destroy(here);
	if (info.dma_buf_import)
		skip(); /* the path depends on the driver: see tests/dmabuf */
	frames_between_gls("host", GEYSER_PATH_COPY);
}

static void gl_there_host_here(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	const struct geyser_subscriber_desc desc = {
		.name = "there", .delivery = GEYSER_DELIVER_EVERY};
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct peer peer;

	(void)state;
	start_importer(&peer, kind, "vulkan");
	ask(&peer, "publish there rgba8unorm 61 33", "ok");
	ok(geyser_subscriber_create(host, &desc, &subscriber));
	for (uint32_t i = 1; i <= 10; i++) {
		ask_for(&peer, "ok", "submit %u", i);
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		assert_true(texture_holds(geyser_frame_texture(frame), i));
		ok(geyser_subscriber_release(subscriber, frame));
	}
	geyser_subscriber_destroy(subscriber);
	end_peer(&peer);
	geyser_manager_destroy(host);
}

static void host_here_gl_there(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	const struct geyser_stream_desc desc = {.name = "here",
		.texture = {.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 61, .height = 33}};
	struct geyser_publisher *publisher;
	struct geyser_frame *frame;
	struct peer peer;

	(void)state;
	ok(geyser_publisher_create(host, &desc, &publisher));
	start_importer(&peer, kind, "vulkan");
	ask(&peer, "subscribe here", "ok");
	for (uint32_t i = 1; i <= 10; i++) {
		ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
		assert_true(fill_texture(geyser_frame_texture(frame), i));
		ok(geyser_publisher_submit(publisher, frame));
		ask_frame(&peer, "take", i);
	}
	geyser_publisher_destroy(publisher);
	end_peer(&peer);
	geyser_manager_destroy(host);
}

/* ---- one texture and one event in two processes ---- */

static void give_event(struct peer *peer, struct geyser_event *event)
{
	const struct geyser_handle handle = export_event(event);

	give(peer, "import-event", &handle, "ok");
}

static void tell_turn(
	struct peer *peer, const char *command, unsigned wait, unsigned signal, unsigned seed)
{
	tell_for(peer, "%s %u %u %u", command, wait, signal, seed);
}

static void gl_and_gl_take_turns(void **state)
{
	struct geyser_event *const event = make_event(manager_of(state), 0);
	struct geyser_handle handle;
	struct peer first, second;

	start_importer(&first, kind, "vulkan");
	start_importer(&second, kind, "vulkan");
	give_event(&first, event);
	give_event(&second, event);
	tell(&first, "create-texture rgba16uint 200 100");
	handle = hear_handle(&first);
	give(&second, "import-texture", &handle, "ok");
	for (unsigned i = 0; i < 10; i++) {
		tell_turn(&second, "holds", 2 * i + 1, 2 * i + 2, i + 1);
		tell_turn(&first, "fill", 2 * i, 2 * i + 1, i + 1);
		expect_line(&first, "ok");
		expect_line(&second, "ok");
	}
	ok(geyser_event_wait(event, 20, PATIENCE));
	end_peer(&second);
	end_peer(&first);
	geyser_event_unref(event);
}

struct turns {
	struct peer *peer;
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct gpu *gpu;
};

/* A round has four values of the event: Vulkan fills, GL reads, GL fills, Vulkan reads. Each reader
 * is told to wait before the other side begins. */
static void one_round(const struct turns *turns, unsigned i)
{
	const struct gpu_sync fill = {
		.wait = point_of(turns->event, 4 * i),
		.signal = point_of(turns->event, 4 * i + 1),
	};
	const struct gpu_sync read = {
		.wait = point_of(turns->event, 4 * i + 3),
		.signal = point_of(turns->event, 4 * i + 4),
	};
	struct gpu_work work;

	tell_turn(turns->peer, "holds", 4 * i + 1, 4 * i + 2, i + 1);
	work = gpu_fill(turns->gpu, turns->texture, i + 1, fill);
	gpu_finish(turns->gpu, &work);
	expect_line(turns->peer, "ok");
	work = gpu_read(turns->gpu, turns->texture, read);
	tell_turn(turns->peer, "fill", 4 * i + 2, 4 * i + 3, i + 51);
	assert_true(gpu_finish_holds(turns->gpu, &work, i + 51));
	expect_line(turns->peer, "ok");
}

static void vulkan_and_gl_take_turns(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 256, .height = 256};
	struct gpu gpu;
	struct peer peer;
	struct turns turns = {.peer = &peer, .gpu = &gpu};
	struct geyser_handle handle;

	gpu_open(&gpu, manager_of(state));
	turns.event = make_event(manager_of(state), 0);
	ok(geyser_texture_create(manager_of(state), &desc, &turns.texture));
	handle = export_texture(turns.texture);
	start_importer(&peer, kind, "vulkan");
	give_event(&peer, turns.event);
	give(&peer, "import-texture", &handle, "ok");
	for (unsigned i = 0; i < 10; i++)
		one_round(&turns, i);
	end_peer(&peer);
	geyser_texture_unref(turns.texture);
	geyser_event_unref(turns.event);
	gpu_close(&gpu);
}

/* The subscriber reads a frame to its end although the publisher is killed meanwhile. */
static void the_publisher_is_killed(void **state)
{
	const struct geyser_subscriber_desc desc = {
		.name = "killed", .delivery = GEYSER_DELIVER_EVERY};
	struct geyser_gl *const here = make_gl();
	struct geyser_subscriber *subscriber;
	struct geyser_gl_texture_info info;
	struct geyser_frame *frame;
	struct peer peer;

	start_importer(&peer, kind, "vulkan");
	ask(&peer, "publish killed rgba8unorm 61 33", "ok");
	ok(geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	ask(&peer, "submit 9", "ok");
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	ok(geyser_gl_frame_begin(here, frame, GEYSER_ACCESS_READ, PATIENCE, &info));
	kill_peer(&peer);
	assert_int_equal(gl_holds(geyser_frame_texture(frame), &info, 9), 1);
	ok(geyser_gl_frame_end(here, frame));
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_gl_destroy(here);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		drawn_test(what_is_published_arrives),
		drawn_test(sampled_values_stay),
		drawn_test(rectangles),
		drawn_test(no_buffer_is_free),
		drawn_test(a_subscriber_signals_no_drawing),
		drawn_test(what_vulkan_publishes),
		drawn_test(what_the_host_publishes),
		drawn_test(gl_to_gl),
		drawn_test(gl_to_gl_by_host_memory),
		drawn_test(gl_there_host_here),
		drawn_test(host_here_gl_there),
		drawn_test(gl_and_gl_take_turns),
		drawn_test(vulkan_and_gl_take_turns),
		littered_test(the_publisher_is_killed),
	};

	if (argc > 2)
		kind = argv[2];
	if (!has_vulkan() || !open_gl(kind))
		return 0;
	return close_after(run_suite(argc, argv, "opengl streams", tests, COUNT_OF(tests)));
}
