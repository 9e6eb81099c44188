/* The GL state belongs to the caller: no call of geyser changes it. */
#include "gl.h"

/* The state that the calls may change. */
static const GLenum names[] = {
	GL_ACTIVE_TEXTURE,
	GL_TEXTURE_BINDING_2D,
	GL_TEXTURE_BINDING_2D_ARRAY,
	GL_TEXTURE_BINDING_3D,
	GL_DRAW_FRAMEBUFFER_BINDING,
	GL_READ_FRAMEBUFFER_BINDING,
	GL_PIXEL_PACK_BUFFER_BINDING,
	GL_PIXEL_UNPACK_BUFFER_BINDING,
	GL_ARRAY_BUFFER_BINDING,
	GL_VERTEX_ARRAY_BINDING,
	GL_CURRENT_PROGRAM,
	GL_SCISSOR_TEST,
	GL_PACK_ROW_LENGTH,
	GL_PACK_SKIP_ROWS,
	GL_PACK_SKIP_PIXELS,
	GL_PACK_ALIGNMENT,
	GL_UNPACK_ROW_LENGTH,
	GL_UNPACK_SKIP_ROWS,
	GL_UNPACK_SKIP_PIXELS,
	GL_UNPACK_ALIGNMENT,
	GL_UNPACK_IMAGE_HEIGHT,
	GL_UNPACK_SKIP_IMAGES,
};

/* State that only OpenGL has. */
static const GLenum more_names[] = {
	0x0CF0, /* GL_UNPACK_SWAP_BYTES */
	0x0CF1, /* GL_UNPACK_LSB_FIRST */
	0x0D00, /* GL_PACK_SWAP_BYTES */
	0x0D01, /* GL_PACK_LSB_FIRST */
	0x806B, /* GL_PACK_SKIP_IMAGES */
	0x806C, /* GL_PACK_IMAGE_HEIGHT */
	0x84F6, /* GL_TEXTURE_BINDING_RECTANGLE */
	0x891C, /* GL_CLAMP_READ_COLOR */
	GL_FRAMEBUFFER_SRGB,
};

#define COUNT (COUNT_OF(names) + COUNT_OF(more_names))

struct snapshot {
	GLint values[COUNT];
};

static struct snapshot take(void)
{
	struct snapshot out = {{0}};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		gl.GetIntegerv(names[i], &out.values[i]);
	for (size_t i = 0; i < COUNT_OF(more_names) && !on_es; i++)
		gl.GetIntegerv(more_names[i], &out.values[COUNT_OF(names) + i]);
	no_gl_error("snapshot");
	return out;
}

static struct snapshot before;

#define keeps(call)          \
	do {                 \
		ok(call);    \
		same(#call); \
	} while (0)

static void same(const char *call)
{
	const struct snapshot now = take();

	for (size_t i = 0; i < COUNT; i++)
		if (now.values[i] != before.values[i])
			fail_msg("%s: 0x%04x was %d, is %d", call,
				i < COUNT_OF(names) ? names[i] : more_names[i - COUNT_OF(names)],
				before.values[i], now.values[i]);
}

/* ---- a state without default values ---- */

static struct {
	GLuint textures[4], framebuffers[2], buffers[2], array, own;
} mess;

static void make_mess(void)
{
	gl.GenTextures(4, mess.textures);
	gl.GenFramebuffers(2, mess.framebuffers);
	gl.GenBuffers(2, mess.buffers);
	gl.GenVertexArrays(1, &mess.array);
	mess.own = own_texture(GL_TEXTURE_2D, GL_RGBA8, 24, 12, 5);
	gl.ActiveTexture(GL_TEXTURE3);
	gl.BindTexture(GL_TEXTURE_2D, mess.textures[0]);
	gl.BindTexture(GL_TEXTURE_2D_ARRAY, mess.textures[1]);
	gl.BindTexture(GL_TEXTURE_3D, mess.textures[2]);
	if (!on_es)
		gl.BindTexture(GL_TEXTURE_RECTANGLE, mess.textures[3]);
	gl.BindVertexArray(mess.array);
	gl.BindFramebuffer(GL_READ_FRAMEBUFFER, mess.framebuffers[0]);
	gl.BindFramebuffer(GL_DRAW_FRAMEBUFFER, mess.framebuffers[1]);
	gl.BindBuffer(GL_PIXEL_PACK_BUFFER, mess.buffers[0]);
	gl.BindBuffer(GL_PIXEL_UNPACK_BUFFER, mess.buffers[1]);
	gl.BufferData(GL_PIXEL_UNPACK_BUFFER, 16, NULL, GL_STATIC_DRAW);
	gl.Enable(GL_SCISSOR_TEST);
	gl.Scissor(1, 1, 2, 2);
	no_gl_error("mess");
}

static void set_pixel_store(bool odd)
{
	static const struct {
		GLenum name;
		GLint odd, plain;
	} store[] = {
		{GL_PACK_ROW_LENGTH, 99, 0},
		{GL_PACK_SKIP_ROWS, 3, 0},
		{GL_PACK_SKIP_PIXELS, 2, 0},
		{GL_PACK_ALIGNMENT, 8, 4},
		{GL_UNPACK_ROW_LENGTH, 77, 0},
		{GL_UNPACK_SKIP_ROWS, 5, 0},
		{GL_UNPACK_SKIP_PIXELS, 4, 0},
		{GL_UNPACK_ALIGNMENT, 2, 4},
		{GL_UNPACK_IMAGE_HEIGHT, 66, 0},
		{GL_UNPACK_SKIP_IMAGES, 1, 0},
		{0x0CF0, 1, 0}, /* OpenGL ES has none of the following */
		{0x0D00, 1, 0},
		{0x806C, 55, 0},
	};

	for (size_t i = 0; i < (on_es ? 10 : COUNT_OF(store)); i++)
		gl.PixelStorei(store[i].name, odd ? store[i].odd : store[i].plain);
	if (!on_es && odd)
		gl.Enable(GL_FRAMEBUFFER_SRGB);
	else if (!on_es)
		gl.Disable(GL_FRAMEBUFFER_SRGB);
	no_gl_error("pixel store");
}

static void clean_up(void)
{
	set_pixel_store(false);
	gl.Disable(GL_SCISSOR_TEST);
	gl.BindFramebuffer(GL_FRAMEBUFFER, 0);
	gl.BindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	gl.BindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	gl.BindVertexArray(0);
	gl.DeleteTextures(4, mess.textures);
	gl.DeleteFramebuffers(2, mess.framebuffers);
	gl.DeleteBuffers(2, mess.buffers);
	gl.DeleteVertexArrays(1, &mess.array);
	gl.DeleteTextures(1, &mess.own);
	gl.ActiveTexture(GL_TEXTURE0);
	no_gl_error("clean up");
}

static void start(void)
{
	make_mess();
	set_pixel_store(true);
	before = take();
}

/* ---- tests ---- */

/* Calls all functions with that state. The copied texels must be right. */
static void import_and_copy(struct geyser_gl *for_gl, struct geyser_manager *manager,
	const struct geyser_texture_desc *desc)
{
	struct geyser_gl_texture *imported;
	struct geyser_texture *texture;
	struct geyser_gl_texture_info info;

	ok(geyser_texture_create(manager, desc, &texture));
	assert_true(fill_texture(texture, 4));
	keeps(geyser_gl_texture_import(for_gl, texture, &imported));
	keeps(geyser_gl_texture_get_info(imported, &info));
	keeps(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ_WRITE));
	if (info.path == GEYSER_PATH_COPY) {
		/* copied back from GL */
		assert_true(fill_texture(texture, 5));
		assert_true(texture_holds(texture, 5));
	}
	keeps(geyser_gl_texture_release(imported, GEYSER_ACCESS_READ_WRITE));
	if (!texture_holds(texture, 4))
		fail_msg("%s %ux%u, %u layers, %u slices, %u levels, path %d (%s): other texels",
			geyser_format_name(desc->format), desc->width, desc->height, desc->layers,
			desc->depth, desc->mip_levels, (int)info.path, info.reason);
	geyser_gl_texture_destroy(imported);
	same("geyser_gl_texture_destroy");
	geyser_texture_unref(texture);
}

static void textures_leave_it_alone(void **state)
{
	static const struct geyser_texture_desc descs[] = {
		{GEYSER_FORMAT_RGBA8_UNORM, .width = 37, .height = 5},
		{GEYSER_FORMAT_BGRA8_UNORM, .width = 37, .height = 5},
		{GEYSER_FORMAT_RGBA16_UINT, .width = 5, .height = 9, .mip_levels = 2},
		{GEYSER_FORMAT_RGBA8_UNORM, .width = 31, .height = 17, .layers = 3},
		{GEYSER_FORMAT_RGBA8_UNORM, .width = 9, .height = 10, .depth = 4},
	};
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *for_gl;

	start();
	keeps(geyser_gl_create(NULL, &for_gl));
	for (size_t i = 0; i < COUNT_OF(descs); i++) {
		import_and_copy(for_gl, host, &descs[i]);
		import_and_copy(for_gl, manager_of(state), &descs[i]);
	}
	geyser_gl_destroy(for_gl);
	same("geyser_gl_destroy");
	clean_up();
	geyser_manager_destroy(host);
}

static void events_leave_it_alone(void **state)
{
	struct geyser_event *const event = make_event(manager_of(state), 3);
	struct geyser_gl *const for_gl = make_gl();

	start();
	keeps(geyser_gl_event_wait(for_gl, event, 3, PATIENCE));
	keeps(geyser_gl_event_signal(for_gl, event, 4));
	clean_up();
	ok(geyser_event_wait(event, 4, PATIENCE));
	geyser_event_unref(event);
	geyser_gl_destroy(for_gl);
}

/* Checks a frame that was published with that state. */
static void expect_published(struct geyser_subscriber *subscriber, bool flipped, bool blue_first)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	ok(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping));
	for (uint32_t y = 0; y < 12; y++)
		for (uint32_t x = 0; x < 24; x++) {
			const uint8_t *texel =
				(uint8_t *)mapping.data + y * mapping.row_pitch + (size_t)x * 4;
			const uint64_t place = ((flipped ? 11 - y : y) * 24 + x) * 4;

			assert_int_equal(texel[1], pattern_byte(5, place + 1));
			assert_int_equal(texel[0], pattern_byte(5, place + (blue_first ? 2 : 0)));
		}
	geyser_texture_unmap(geyser_frame_texture(frame));
	ok(geyser_subscriber_release(subscriber, frame));
}

static void publish_one(
	struct geyser_gl *for_gl, struct geyser_manager *manager, enum geyser_format format)
{
	const bool blue_first = geyser_format_get_info(format)->gl.format == GL_BGRA;
	const struct geyser_stream_desc desc = {
		.name = "state", .texture = {.format = format, .width = 24, .height = 12}};
	const struct geyser_subscriber_desc subscriber_desc = {
		.name = "state", .delivery = GEYSER_DELIVER_EVERY};
	struct geyser_subscriber *subscriber;
	struct geyser_publisher *publisher;
	struct geyser_gl_texture_info info;
	struct geyser_frame *frame;

	ok(geyser_publisher_create(manager, &desc, &publisher));
	ok(geyser_subscriber_create(manager, &subscriber_desc, &subscriber));
	keeps(geyser_gl_publish(for_gl, publisher, mess.own, GL_TEXTURE_2D, 0, PATIENCE));
	expect_published(subscriber, false, blue_first);
	keeps(geyser_gl_publish(
		for_gl, publisher, mess.own, GL_TEXTURE_2D, GEYSER_GL_PUBLISH_FLIP, PATIENCE));
	expect_published(subscriber, true, blue_first);
	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	keeps(geyser_gl_frame_begin(for_gl, frame, GEYSER_ACCESS_READ_WRITE, PATIENCE, &info));
	keeps(geyser_gl_frame_end(for_gl, frame));
	ok(geyser_publisher_submit(publisher, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	geyser_gl_event_is_native(for_gl, NULL); /* this call deletes the stream's GL objects */
	same("the next call");
}

static void streams_leave_it_alone(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *const for_gl = make_gl();

	start();
	publish_one(for_gl, manager_of(state), GEYSER_FORMAT_RGBA8_UNORM);
	publish_one(for_gl, manager_of(state), GEYSER_FORMAT_BGRA8_UNORM);
	publish_one(for_gl, host, GEYSER_FORMAT_RGBA8_UNORM);
	publish_one(for_gl, host, GEYSER_FORMAT_BGRA8_UNORM);
	clean_up();
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		drawn_test(textures_leave_it_alone),
		drawn_test(events_leave_it_alone),
		drawn_test(streams_leave_it_alone),
	};

	return RUN_GL_SUITE("opengl state", tests, argc > 1 ? argv[1] : "gl");
}
