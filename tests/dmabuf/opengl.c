/* The same tests through geyser's own functions for OpenGL: dma-bufs become GL textures, and GL
 * textures become dma-bufs. gles.c makes the context. */
#include "dmabuf.h"

#include <GLES2/gl2.h>
#include <geyser/opengl.h>

/* ---- GL's side ---- */

static struct geyser_gl *make_gl(void)
{
	struct geyser_gl *gl;

	ok(geyser_gl_create(NULL, &gl));
	return gl;
}

static GLuint attach(GLuint texture)
{
	GLuint framebuffer;

	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	assert_int_equal(glCheckFramebufferStatus(GL_FRAMEBUFFER), GL_FRAMEBUFFER_COMPLETE);
	return framebuffer;
}

static void detach(GLuint framebuffer)
{
	glDeleteFramebuffers(1, &framebuffer);
	draw_idly();
	assert_int_equal(glGetError(), GL_NO_ERROR);
}

static bool gl_holds(GLuint texture, uint32_t seed)
{
	static uint8_t bytes[BYTES];
	const GLuint framebuffer = attach(texture);
	bool good = true;

	memset(bytes, 0, sizeof(bytes));
	glReadPixels(0, 0, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		good = good && bytes[i] == pattern_byte(seed, i);
	detach(framebuffer);
	return good;
}

/* Draws each row of texels in its own colour. */
static void draw_rows(GLuint texture, const struct geyser_texture_desc *desc, uint8_t first)
{
	const GLuint framebuffer = attach(texture);

	glEnable(GL_SCISSOR_TEST);
	for (GLint y = 0; y < (GLint)desc->height; y++) {
		glScissor(0, y, (GLsizei)desc->width, 1);
		glClearColor((float)(first + y) / 255.0f, 1, 0, 1);
		glClear(GL_COLOR_BUFFER_BIT);
	}
	glDisable(GL_SCISSOR_TEST);
	detach(framebuffer);
}

static bool has_rows(struct geyser_texture *texture, uint8_t first)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const uint32_t width = desc->width;
	struct geyser_mapping mapping;
	bool good = true;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (uint32_t i = 0; i < width * desc->height; i++) {
		const uint8_t wanted[4] = {(uint8_t)(first + i / width), 255, 0, 255};
		const uint8_t *const row = (uint8_t *)mapping.data + i / width * mapping.row_pitch;

		good = good && memcmp(row + (size_t)(i % width) * 4, wanted, 4) == 0;
	}
	geyser_texture_unmap(texture);
	return good;
}

/* ---- dma-bufs in GL ---- */

static void expect_shared(struct geyser_texture *texture)
{
	struct geyser_gl *const gl = make_gl();
	struct geyser_gl_texture *imported;
	struct geyser_gl_texture_info info;

	ok(geyser_gl_texture_import(gl, texture, &imported));
	ok(geyser_gl_texture_get_info(imported, &info));
	assert_string_equal(info.reason, "");
	assert_int_equal(info.path, GEYSER_PATH_ZERO_COPY);
	for (uint32_t seed = 1; seed < 4; seed++) {
		assert_true(fill_texture(texture, seed));
		ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ_WRITE));
		assert_true(gl_holds(info.name, seed));
		draw_rows(info.name, &plain_desc, (uint8_t)(10 * seed));
		ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_READ_WRITE));
		glFinish();
		assert_true(has_rows(texture, (uint8_t)(10 * seed)));
	}
	geyser_gl_texture_destroy(imported);
	geyser_gl_destroy(gl);
	draw_idly();
}

static void vulkans_become_gl_textures(void **state)
{
	struct geyser_texture *texture;

	needs(NEED_VULKAN | NEED_GLES);
	texture = make_dma_buf_texture(manager_of(state));
	expect_shared(texture);
	geyser_texture_unref(texture);
}

static void the_hosts_become_gl_textures(void **state)
{
	struct geyser_manager *host;
	struct geyser_texture *texture;

	(void)state;
	needs(NEED_UDMABUF | NEED_GLES);
	host = make_manager_on(GEYSER_BACKEND_HOST);
	ok(geyser_texture_create(host, &plain_desc, &texture));
	expect_shared(texture);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

/* Checks that GL reads luma of nv12, as red, from the dma-buf, and that the CPU reads chroma that
 * GL has drawn. */
static void expect_video(struct geyser_texture *texture)
{
	struct geyser_gl *const gl = make_gl();
	struct geyser_gl_texture_info planes[2];
	struct geyser_gl_texture *imported;
	struct geyser_subresource chroma;
	struct geyser_mapping mapping;
	GLuint framebuffer;
	uint8_t texel[4];

	ok(geyser_gl_texture_import(gl, texture, &imported));
	for (uint32_t i = 0; i < 2; i++) {
		ok(geyser_gl_texture_get_plane_info(imported, i, &planes[i]));
		assert_string_equal(planes[i].reason, "");
		assert_int_equal(planes[i].path, GEYSER_PATH_ZERO_COPY);
	}
	assert_true(fill_texture(texture, 3));
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ_WRITE));
	framebuffer = attach(planes[0].name);
	glReadPixels(5, 0, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, texel);
	assert_int_equal(texel[0], pattern_byte(3, 5));
	detach(framebuffer);
	framebuffer = attach(planes[1].name);
	glClearColor(10.0f / 255.0f, 20.0f / 255.0f, 0, 0);
	glClear(GL_COLOR_BUFFER_BIT);
	detach(framebuffer);
	ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_READ_WRITE));
	glFinish();
	ok(geyser_texture_get_subresource(texture, 1, 0, 0, &chroma));
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (uint32_t i = 0; i < chroma.width * chroma.height; i++) {
		const uint8_t *const row = (uint8_t *)mapping.data + chroma.offset +
					   i / chroma.width * chroma.row_pitch;
		const uint8_t wanted[2] = {10, 20};

		assert_memory_equal(row + (size_t)(i % chroma.width) * 2, wanted, 2);
	}
	geyser_texture_unmap(texture);
	geyser_gl_texture_destroy(imported);
	geyser_gl_destroy(gl);
	draw_idly();
}

static void video_becomes_a_gl_texture_for_each_plane(void **state)
{
	struct geyser_texture_desc desc = plain_desc;
	struct geyser_manager *host;
	struct geyser_texture *texture;

	needs(NEED_UDMABUF | NEED_GLES);
	desc.format = GEYSER_FORMAT_NV12;
	desc.width = 64; /* so that llvmpipe's blocks fit */
	desc.height = 48;
	host = make_manager_on(GEYSER_BACKEND_HOST);
	ok(geyser_texture_create(host, &desc, &texture));
	expect_video(texture);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
	needs(NEED_VULKAN);
	desc.usage |= GEYSER_USAGE_DMA_BUF;
	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	expect_video(texture);
	geyser_texture_unref(texture);
}

static void expect_drawn(struct geyser_gl *gl, struct geyser_manager *host,
	const struct geyser_texture_desc *desc, bool shared)
{
	struct geyser_gl_texture_info info;
	struct geyser_gl_texture *imported;
	struct geyser_texture *texture;

	ok(geyser_texture_create(host, desc, &texture));
	ok(geyser_gl_texture_import(gl, texture, &imported));
	ok(geyser_gl_texture_get_info(imported, &info));
	if ((info.path == GEYSER_PATH_ZERO_COPY) != shared ||
		!strstr(info.reason, shared ? "" : "llvmpipe draws whole blocks"))
		fail_msg("%ux%u: path %d, %s", desc->width, desc->height, (int)info.path,
			info.reason);
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_WRITE));
	draw_rows(info.name, desc, 5);
	ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_WRITE));
	assert_true(has_rows(texture, 5));
	geyser_gl_texture_destroy(imported);
	geyser_texture_unref(texture);
	draw_idly();
}

/* If llvmpipe's blocks of texels didn't fit into the memory, drawing would crash the process.
 * Memory consists of whole pages, which often leaves room for a last row of blocks. */
static void llvmpipes_blocks_fit(void **state)
{
	static const struct {
		uint32_t width, height;
		bool shared;
	} sizes[] = {
		{64, 45, true},
		{61, 33, false}, /* rows of 244 bytes */
		{62, 48, false}, /* rows of 248 bytes: aligned to 8 only */
		{4, 2, true},    /* 32 bytes of one page */
		/* 12288 bytes fill three pages: no room for a fourth row */
		{1024, 3, false},
	};
	struct geyser_manager *host;
	struct geyser_gl *gl;

	(void)state;
	needs(NEED_UDMABUF | NEED_GLES);
	if (!strstr((const char *)glGetString(GL_RENDERER), "llvmpipe"))
		skip();
	host = make_manager_on(GEYSER_BACKEND_HOST);
	gl = make_gl();
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct geyser_texture_desc desc = plain_desc;

		desc.width = sizes[i].width;
		desc.height = sizes[i].height;
		expect_drawn(gl, host, &desc, sizes[i].shared);
	}
	geyser_gl_destroy(gl);
	geyser_manager_destroy(host);
}

/* Sends frames in host memory that GL draws into. This needs no copy if the memory isn't sealed
 * against writing. */
static void run_host_stream(uint32_t usage, enum geyser_path path)
{
	struct geyser_stream_desc desc = {.name = "dmabuf", .texture = plain_desc};
	const struct geyser_subscriber_desc subscriber_desc = {
		.name = "dmabuf", .delivery = GEYSER_DELIVER_EVERY};
	struct geyser_subscriber *subscriber;
	struct geyser_publisher *publisher;
	struct geyser_gl_texture_info info;
	struct geyser_manager *host;
	struct geyser_frame *frame;
	struct geyser_gl *gl;

	desc.texture.usage = usage;
	host = make_manager_on(GEYSER_BACKEND_HOST);
	gl = make_gl();
	ok(geyser_publisher_create(host, &desc, &publisher));
	ok(geyser_subscriber_create(host, &subscriber_desc, &subscriber));
	for (uint8_t i = 1; i < 9; i++) {
		ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
		ok(geyser_gl_frame_begin(gl, frame, GEYSER_ACCESS_WRITE, PATIENCE, &info));
		assert_int_equal(info.path, path);
		if (path == GEYSER_PATH_COPY)
			assert_non_null(strstr(info.reason, "GEYSER_USAGE_DMA_BUF"));
		draw_rows(info.name, &plain_desc, i);
		ok(geyser_gl_frame_end(gl, frame));
		ok(geyser_publisher_submit(publisher, frame));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		assert_true(has_rows(geyser_frame_texture(frame), i));
		ok(geyser_subscriber_release(subscriber, frame));
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	geyser_gl_destroy(gl);
	geyser_manager_destroy(host);
	draw_idly();
}

static void a_stream_of_the_host(void **state)
{
	(void)state;
	needs(NEED_UDMABUF | NEED_GLES);
	run_host_stream(GEYSER_USAGE_DMA_BUF, GEYSER_PATH_ZERO_COPY);
	run_host_stream(GEYSER_USAGE_WRITERS, GEYSER_PATH_ZERO_COPY);
	run_host_stream(0, GEYSER_PATH_COPY);
}

/* ---- GL's textures as dma-bufs ---- */

static GLuint make_own(void)
{
	GLuint name;

	glGenTextures(1, &name);
	glBindTexture(GL_TEXTURE_2D, name);
	glTexImage2D(GL_TEXTURE_2D, 0, 0x8058 /* GL_RGBA8 */, WIDTH, HEIGHT, 0, GL_RGBA,
		GL_UNSIGNED_BYTE, NULL);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glBindTexture(GL_TEXTURE_2D, 0);
	assert_int_equal(glGetError(), GL_NO_ERROR);
	return name;
}

/* The GL texture and geyser's texture share memory: later drawing appears in both. */
static void gls_own_is_shared(void **state)
{
	struct geyser_gl_info info;
	struct geyser_texture *texture;
	struct geyser_gl *gl;
	GLuint own;

	needs(NEED_VULKAN | NEED_GLES);
	gl = make_gl();
	ok(geyser_gl_get_info(gl, &info));
	own = make_own();
	if (info.dma_buf_export) {
		ok(geyser_gl_texture_share(
			gl, manager_of(state), own, GL_TEXTURE_2D, &plain_desc, &texture));
		for (uint8_t i = 1; i < 4; i++) {
			draw_rows(own, &plain_desc, i);
			glFinish();
			assert_true(has_rows(texture, i));
		}
		geyser_texture_unref(texture);
	} else {
		print_message("# this EGL exports no dma-bufs\n");
		refused(GEYSER_ERROR_UNSUPPORTED, "EGL_MESA_image_dma_buf_export",
			geyser_gl_texture_share(
				gl, manager_of(state), own, GL_TEXTURE_2D, &plain_desc, &texture));
	}
	glDeleteTextures(1, &own);
	geyser_gl_destroy(gl);
	draw_idly();
}

const struct CMUnitTest opengl_tests[] = {
	test(vulkans_become_gl_textures),
	test(the_hosts_become_gl_textures),
	test(video_becomes_a_gl_texture_for_each_plane),
	test(llvmpipes_blocks_fit),
	test(a_stream_of_the_host),
	test(gls_own_is_shared),
};
const size_t opengl_test_count = COUNT_OF(opengl_tests);
