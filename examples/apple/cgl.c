/* SPDX-License-Identifier: MIT */
/*
 * Publishes frames that OpenGL draws (macOS): cgl NAME FRAMES. Each is a rectangle texture on the
 * frame's surface, and cleared through a framebuffer to a colour that tells its number. Plain C.
 */
#define GL_SILENCE_DEPRECATION
#include "example.h"

#include <OpenGL/OpenGL.h>
#include <OpenGL/gl3.h>
#include <geyser/apple.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static CGLContextObj create_context(void)
{
	const CGLPixelFormatAttribute attributes[] = {kCGLPFAAllowOfflineRenderers,
		kCGLPFAOpenGLProfile, (CGLPixelFormatAttribute)kCGLOGLPVersion_3_2_Core,
		(CGLPixelFormatAttribute)0};
	CGLPixelFormatObj format = NULL;
	CGLContextObj context = NULL;
	GLint count = 0;

	if (CGLChoosePixelFormat(attributes, &format, &count) != kCGLNoError || !format)
		fail("OpenGL has no such pixel format");
	if (CGLCreateContext(format, NULL, &context) != kCGLNoError)
		fail("OpenGL gives no context");
	(void)CGLDestroyPixelFormat(format);
	(void)CGLSetCurrentContext(context);
	return context;
}

/* OpenGL can't signal other processes when it is done, so the CPU waits for it: glFinish. */
static void draw(CGLContextObj context, struct geyser_texture *frame, uint32_t number)
{
	GLuint texture, framebuffer;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_RECTANGLE, texture);
	check(geyser_cgl_texture_bind(context, frame), "bind");
	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(
		GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_RECTANGLE, texture, 0);
	if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
		fail("OpenGL can't draw into such a texture");
	glClearColor((float)(number % 256) / 255, 0.2f, 0.6f, 1);
	glClear(GL_COLOR_BUFFER_BIT);
	glFinish();
	glBindFramebuffer(GL_FRAMEBUFFER, 0);
	glDeleteFramebuffers(1, &framebuffer);
	glDeleteTextures(1, &texture);
}

int main(int argc, char **argv)
{
	const struct geyser_manager_desc backend = {.backend = GEYSER_BACKEND_METAL};
	const struct geyser_stream_desc desc = {
		.name = argc > 1 ? argv[1] : "cgl",
		.texture = {.format = GEYSER_FORMAT_BGRA8_UNORM,
			.width = 640,
			.height = 480,
			.usage = GEYSER_USAGE_RENDER_ATTACHMENT | GEYSER_USAGE_COPY_SRC},
	};
	const uint32_t frames = argc > 2 ? parse_number("FRAMES", argv[2], UINT32_MAX) : UINT32_MAX;
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	CGLContextObj context = create_context();
	uint32_t number = 0;

	catch_signals();
	check(geyser_manager_create(&backend, &manager), "manager");
	check(geyser_publisher_create(manager, &desc, &publisher), desc.name);
	while (number < frames && !interrupted()) {
		struct geyser_frame *frame;

		check(geyser_publisher_acquire(publisher, 5 * NANOSECONDS, &frame), "frame");
		draw(context, geyser_frame_texture(frame), ++number);
		check(geyser_publisher_submit(publisher, frame), "submit");
		usleep(1000000 / 60);
	}
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	(void)CGLDestroyContext(context);
	printf("%" PRIu32 " frames\n", number);
	return 0;
}
