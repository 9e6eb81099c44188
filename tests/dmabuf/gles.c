/* OpenGL ES draws into textures and reads them through EGL images. */
#include "dmabuf.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <drm_fourcc.h>
#include <unistd.h>

#define DEVICES_MAX 16

static EGLDisplay display = EGL_NO_DISPLAY;
static PFNEGLCREATEIMAGEKHRPROC create_image;
static PFNEGLDESTROYIMAGEKHRPROC destroy_image;
static PFNGLEGLIMAGETARGETTEXTURE2DOESPROC image_to_texture;

/* ---- a display and a context ---- */

static bool is_software(EGLDeviceEXT device)
{
	PFNEGLQUERYDEVICESTRINGEXTPROC query =
		(PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
	const char *extensions = query ? query(device, EGL_EXTENSIONS) : NULL;

	return extensions && strstr(extensions, "EGL_MESA_device_software");
}

/* Returns the display of the first EGL device of that kind. Other EGL platforms would choose a DRM
 * device if there is one, even one that can't map the buffers of other devices. */
static EGLDisplay find_display(bool software)
{
	PFNEGLQUERYDEVICESEXTPROC query =
		(PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
	PFNEGLGETPLATFORMDISPLAYEXTPROC get =
		(PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");
	EGLDeviceEXT devices[DEVICES_MAX];
	EGLint count = 0;

	if (!query || !get || !query(DEVICES_MAX, devices, &count))
		return EGL_NO_DISPLAY;
	for (EGLint i = 0; i < count; i++)
		if (is_software(devices[i]) == software)
			return get(EGL_PLATFORM_DEVICE_EXT, devices[i], NULL);
	return EGL_NO_DISPLAY;
}

static bool make_context(void)
{
	static const EGLint attributes[] = {EGL_CONTEXT_MAJOR_VERSION, 2, EGL_NONE};
	EGLContext context;

	if (!eglBindAPI(EGL_OPENGL_ES_API))
		return false;
	context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
	return context != EGL_NO_CONTEXT &&
	       eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context);
}

/* A framebuffer of one texel that takes the place of the last one. A driver keeps the buffer that
 * it draws into open until it draws into another. */
static GLuint idle;

void draw_idly(void)
{
	uint8_t texel[4];

	glBindFramebuffer(GL_FRAMEBUFFER, idle);
	glClear(GL_COLOR_BUFFER_BIT);
	glReadPixels(0, 0, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, texel);
}

static void make_idle(void)
{
	GLuint texture;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, 1, 1, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glGenFramebuffers(1, &idle);
	glBindFramebuffer(GL_FRAMEBUFFER, idle);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	draw_idly();
}

bool open_gles(bool software)
{
	const char *extensions;

	display = find_display(software);
	if (display == EGL_NO_DISPLAY || !eglInitialize(display, NULL, NULL))
		return false;
	extensions = eglQueryString(display, EGL_EXTENSIONS);
	if (!extensions || !strstr(extensions, "EGL_EXT_image_dma_buf_import_modifiers") ||
		!make_context())
		return false;
	create_image = (PFNEGLCREATEIMAGEKHRPROC)eglGetProcAddress("eglCreateImageKHR");
	destroy_image = (PFNEGLDESTROYIMAGEKHRPROC)eglGetProcAddress("eglDestroyImageKHR");
	image_to_texture = (PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)eglGetProcAddress(
		"glEGLImageTargetTexture2DOES");
	print_message("# OpenGL ES: %s\n", (const char *)glGetString(GL_RENDERER));
	make_idle();
	return create_image && destroy_image && image_to_texture;
}

/* ---- a texture as a framebuffer ---- */

struct target {
	EGLImageKHR image;
	GLuint texture, framebuffer;
};

/* EGL's names for the properties of each plane. */
static const struct {
	EGLint fd, offset, pitch, modifier_low, modifier_high;
} plane_names[] = {
	{EGL_DMA_BUF_PLANE0_FD_EXT, EGL_DMA_BUF_PLANE0_OFFSET_EXT, EGL_DMA_BUF_PLANE0_PITCH_EXT,
		EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT},
	{EGL_DMA_BUF_PLANE1_FD_EXT, EGL_DMA_BUF_PLANE1_OFFSET_EXT, EGL_DMA_BUF_PLANE1_PITCH_EXT,
		EGL_DMA_BUF_PLANE1_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE1_MODIFIER_HI_EXT},
	{EGL_DMA_BUF_PLANE2_FD_EXT, EGL_DMA_BUF_PLANE2_OFFSET_EXT, EGL_DMA_BUF_PLANE2_PITCH_EXT,
		EGL_DMA_BUF_PLANE2_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE2_MODIFIER_HI_EXT},
	{EGL_DMA_BUF_PLANE3_FD_EXT, EGL_DMA_BUF_PLANE3_OFFSET_EXT, EGL_DMA_BUF_PLANE3_PITCH_EXT,
		EGL_DMA_BUF_PLANE3_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE3_MODIFIER_HI_EXT},
};

static EGLImageKHR make_image(const struct geyser_native_texture *native)
{
	EGLint attributes[6 + 10 * COUNT_OF(plane_names) + 1] = {
		EGL_WIDTH,
		WIDTH,
		EGL_HEIGHT,
		HEIGHT,
		EGL_LINUX_DRM_FOURCC_EXT,
		DRM_FORMAT_ABGR8888,
	};
	EGLint *next = attributes + 6;

	for (uint32_t i = 0; i < native->plane_count; i++) {
		const EGLint plane[] = {
			plane_names[i].fd,
			native->fd,
			plane_names[i].offset,
			(EGLint)native->planes[i].offset,
			plane_names[i].pitch,
			(EGLint)native->planes[i].row_pitch,
			plane_names[i].modifier_low,
			(EGLint)(native->modifier & UINT32_MAX),
			plane_names[i].modifier_high,
			(EGLint)(native->modifier >> 32),
		};

		memcpy(next, plane, sizeof(plane));
		next += COUNT_OF(plane);
	}
	*next = EGL_NONE;
	return create_image(display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, attributes);
}

/* Makes the texture a framebuffer's colour attachment. Keeps no descriptor open. */
static struct target begin_target(struct geyser_texture *texture)
{
	struct geyser_native_texture native = export_dma_buf(texture);
	struct target target;

	target.image = make_image(&native);
	(void)close(native.fd);
	if (target.image == EGL_NO_IMAGE_KHR)
		fail_msg("eglCreateImageKHR: 0x%x", (unsigned)eglGetError());
	glGenTextures(1, &target.texture);
	glBindTexture(GL_TEXTURE_2D, target.texture);
	image_to_texture(GL_TEXTURE_2D, target.image);
	glGenFramebuffers(1, &target.framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, target.framebuffer);
	glFramebufferTexture2D(
		GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target.texture, 0);
	assert_int_equal(glCheckFramebufferStatus(GL_FRAMEBUFFER), GL_FRAMEBUFFER_COMPLETE);
	return target;
}

static void end_target(struct target *target)
{
	glDeleteFramebuffers(1, &target->framebuffer);
	glDeleteTextures(1, &target->texture);
	(void)destroy_image(display, target->image);
	draw_idly();
	assert_int_equal(glGetError(), GL_NO_ERROR);
}

static bool target_holds(uint32_t seed)
{
	static uint8_t bytes[BYTES];

	memset(bytes, 0, sizeof(bytes));
	glReadPixels(0, 0, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		if (bytes[i] != pattern_byte(seed, i))
			return false;
	return true;
}

/* The colours of a few places. A turned picture or one with swapped channels has other colours
 * there. */
static const struct spot {
	GLint x, y;
	uint8_t color[4];
} spots[] = {
	{0, 0, {255, 0, 0, 255}},
	{WIDTH - 1, 0, {0, 255, 0, 51}},
	{0, HEIGHT - 1, {0, 0, 255, 102}},
	{WIDTH - 1, HEIGHT - 1, {255, 255, 255, 0}},
	{17, 5, {51, 102, 153, 204}},
};
static const uint8_t background[4] = {102, 51, 0, 255};

static void clear(GLint x, GLint y, GLsizei width, GLsizei height, const uint8_t *color)
{
	glScissor(x, y, width, height);
	glClearColor((float)color[0] / 255.0f, (float)color[1] / 255.0f, (float)color[2] / 255.0f,
		(float)color[3] / 255.0f);
	glClear(GL_COLOR_BUFFER_BIT);
}

static void draw_spots(void)
{
	glEnable(GL_SCISSOR_TEST);
	clear(0, 0, WIDTH, HEIGHT, background);
	for (size_t i = 0; i < COUNT_OF(spots); i++)
		clear(spots[i].x, spots[i].y, 1, 1, spots[i].color);
	glDisable(GL_SCISSOR_TEST);
	glFinish();
}

static const uint8_t *color_at(GLint x, GLint y)
{
	for (size_t i = 0; i < COUNT_OF(spots); i++)
		if (spots[i].x == x && spots[i].y == y)
			return spots[i].color;
	return background;
}

static bool holds_spots(struct geyser_texture *texture)
{
	struct geyser_mapping mapping;
	bool good = true;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (GLint y = 0; y < (GLint)HEIGHT; y++)
		for (GLint x = 0; x < (GLint)WIDTH; x++)
			good = good &&
			       memcmp((uint8_t *)mapping.data + (size_t)y * mapping.row_pitch +
					       (size_t)x * 4,
				       color_at(x, y), 4) == 0;
	geyser_texture_unmap(texture);
	return good;
}

/* ---- tests ---- */

static void gles_reads_what_vulkan_drew(void **state)
{
	struct geyser_texture *texture;
	struct target target;
	struct gpu gpu;

	needs(NEED_VULKAN | NEED_GLES);
	texture = make_dma_buf_texture(manager_of(state));
	gpu_open(&gpu, manager_of(state));
	gpu_fill_now(&gpu, texture, 1);
	target = begin_target(texture);
	assert_true(target_holds(1));
	gpu_fill_now(&gpu, texture, 2);
	assert_true(target_holds(2));
	end_target(&target);
	gpu_close(&gpu);
	geyser_texture_unref(texture);
}

static void vulkan_reads_what_gles_drew(void **state)
{
	struct geyser_texture *texture;
	struct target target;

	needs(NEED_VULKAN | NEED_GLES);
	texture = make_dma_buf_texture(manager_of(state));
	target = begin_target(texture);
	draw_spots();
	assert_true(holds_spots(texture));
	end_target(&target);
	geyser_texture_unref(texture);
}

static void host_memory_is_drawn_into(void **state)
{
	struct geyser_manager *host;
	struct geyser_texture *texture;
	struct target target;

	(void)state;
	needs(NEED_UDMABUF | NEED_GLES);
	host = make_manager_on(GEYSER_BACKEND_HOST);
	ok(geyser_texture_create(host, &plain_desc, &texture));
	assert_true(fill_texture(texture, 1));
	target = begin_target(texture);
	assert_true(target_holds(1));
	draw_spots();
	assert_true(holds_spots(texture));
	end_target(&target);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

const struct CMUnitTest gles_tests[] = {
	test(gles_reads_what_vulkan_drew),
	test(vulkan_reads_what_gles_drew),
	test(host_memory_is_drawn_into),
};
const size_t gles_test_count = COUNT_OF(gles_tests);
