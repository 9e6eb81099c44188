/* SPDX-License-Identifier: MIT */
/* Copies the caller's GL texture, on the GPU, into a frame of a stream. */
#include "interop/opengl/gl.h"

#include "base/error.h"

#include <inttypes.h>

struct source {
	uint32_t name, target, flags;
	int width, height, internal_format; /* 0: unknown, as in OpenGL ES 3.0 */
};

/* One copy, with GL objects that are deleted after the copy. */
struct blit {
	struct geyser_gl *gl;
	const struct source *source;
	const struct geyser_gl_texture *to;
	uint32_t framebuffers[2]; /* for reading, for drawing */
	uint32_t texture, buffer; /* used by copy_swapped */
};

/* ---- the source ---- */

static void examine(const struct geyser_gl *gl, struct source *source)
{
	struct gy_gl_state state;

	if (!gl->f.GetTexLevelParameteriv)
		return;
	gy_gl_keep(gl, GY_GL_KEEP_TEXTURE, source->target, &state);
	gl->f.BindTexture(source->target, source->name);
	gl->f.GetTexLevelParameteriv(source->target, 0, GY_GL_TEXTURE_WIDTH, &source->width);
	gl->f.GetTexLevelParameteriv(source->target, 0, GY_GL_TEXTURE_HEIGHT, &source->height);
	gl->f.GetTexLevelParameteriv(
		source->target, 0, GY_GL_TEXTURE_INTERNAL_FORMAT, &source->internal_format);
	gy_gl_restore(gl, &state);
}

static enum geyser_result check_target(const struct geyser_gl *gl, uint32_t target)
{
	if (target == GY_GL_TEXTURE_2D || (target == GY_GL_TEXTURE_RECTANGLE && !gl->info.es))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"target (0x%04" PRIx32 "): it must be GL_TEXTURE_2D, 0x0de1%s", target,
		gl->info.es ? "" : ", or GL_TEXTURE_RECTANGLE, 0x84f5");
}

static enum geyser_result check_source(const struct geyser_gl *gl, struct source *source)
{
	enum geyser_result result;

	if (source->flags & ~GEYSER_GL_PUBLISH_FLIP)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"flags (0x%" PRIx32 "): there is only GEYSER_GL_PUBLISH_FLIP, 0x%x",
			source->flags, GEYSER_GL_PUBLISH_FLIP);
	result = check_target(gl, source->target);
	if (result != GEYSER_OK)
		return result;
	if (!source->name || !gl->f.IsTexture(source->name))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"name (%" PRIu32 "): no texture of the current context", source->name);
	examine(gl, source);
	return gy_gl_check(gl, "glGetTexLevelParameteriv");
}

static enum geyser_result check_stream(
	const struct source *source, const struct geyser_texture_desc *desc)
{
	if (desc->depth > 1 || desc->layers > 1 || geyser_format_get_info(desc->format)->depth ||
		geyser_format_is_video(desc->format))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"stream of %s, %u slices, %u layers: it must be of a colour format, with "
			"one of each",
			geyser_format_name(desc->format), desc->depth, desc->layers);
	if (source->internal_format &&
		(source->width != (int)desc->width || source->height != (int)desc->height))
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"size: the texture %" PRIu32
			" has %dx%d, the stream %ux%u: use geyser_publisher_resize",
			source->name, source->width, source->height, desc->width, desc->height);
	return GEYSER_OK;
}

/* ---- copying ---- */

static enum geyser_result attach(const struct blit *blit, uint32_t target, uint32_t texture,
	uint32_t texture_target, const char *what)
{
	const struct gy_gl_attachment attachment = {
		.framebuffer = blit->framebuffers[target == GY_GL_DRAW_FRAMEBUFFER],
		.target = target,
		.texture = texture,
		.texture_target = texture_target,
	};

	return gy_gl_attach(blit->gl, &attachment, what);
}

static bool is_srgb(const struct geyser_gl *gl, uint32_t target)
{
	int encoding = 0;

	gl->f.GetFramebufferAttachmentParameteriv(target, GY_GL_COLOR_ATTACHMENT0,
		GY_GL_FRAMEBUFFER_ATTACHMENT_COLOR_ENCODING, &encoding);
	return encoding == GY_GL_SRGB;
}

/* Chooses the conversion between sRGB and linear. If both textures have the same encoding, the
 * bytes should be copied unchanged. OpenGL ES has no switch for it. */
static void set_conversion(const struct geyser_gl *gl)
{
	if (gl->info.es)
		return;
	if (is_srgb(gl, GY_GL_READ_FRAMEBUFFER) != is_srgb(gl, GY_GL_DRAW_FRAMEBUFFER))
		gl->f.Enable(GY_GL_FRAMEBUFFER_SRGB);
	else
		gl->f.Disable(GY_GL_FRAMEBUFFER_SRGB);
}

/* Copies the source to a texture of the stream's size. With GEYSER_GL_PUBLISH_FLIP the last row
 * comes first. */
static enum geyser_result copy_to(const struct blit *blit, uint32_t texture)
{
	const struct geyser_gl *const gl = blit->gl;
	const struct source *const source = blit->source;
	const char *const format = geyser_format_name(blit->to->desc.format);
	const int width = (int)blit->to->desc.width, height = (int)blit->to->desc.height;
	const bool flip = source->flags & GEYSER_GL_PUBLISH_FLIP;
	enum geyser_result result = attach(
		blit, GY_GL_READ_FRAMEBUFFER, source->name, source->target, "the GL texture");

	if (result == GEYSER_OK)
		result = attach(blit, GY_GL_DRAW_FRAMEBUFFER, texture, GY_GL_TEXTURE_2D, format);
	if (result != GEYSER_OK)
		return result;
	set_conversion(gl);
	gl->f.BlitFramebuffer(0, 0, width, height, 0, flip ? height : 0, width, flip ? 0 : height,
		GY_GL_COLOR_BUFFER_BIT, GY_GL_NEAREST);
	result = gy_gl_check(gl, "glBlitFramebuffer");
	if (result != GEYSER_ERROR_SYSTEM)
		return result;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format: this GL can't copy the texture %" PRIu32
		" (internal format 0x%04x) to a stream of %s",
		source->name, (unsigned)source->internal_format, format);
}

/* Copies the source to a texture with red and blue swapped. A framebuffer copy can't swap channels,
 * but pixel transfers can. So this copies to an unswapped texture, reads that into a buffer as
 * BGRA, and fills the swapped texture from the buffer. All of it stays on the GPU. */
static enum geyser_result copy_swapped(struct blit *blit)
{
	const struct geyser_gl *const gl = blit->gl;
	const int width = (int)blit->to->desc.width, height = (int)blit->to->desc.height;
	enum geyser_result result;

	if (!gl->swap_in_pack)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"stream of %s: this GL has no blue-first pixels "
			"(GL_EXT_read_format_bgra); use rgba8unorm",
			geyser_format_name(blit->to->desc.format));
	gl->f.GenTextures(1, &blit->texture);
	gl->f.BindTexture(GY_GL_TEXTURE_2D, blit->texture);
	gl->f.TexParameteri(GY_GL_TEXTURE_2D, GY_GL_TEXTURE_MAX_LEVEL, 0);
	gl->f.TexImage2D(GY_GL_TEXTURE_2D, 0, (int)blit->to->planes[0].internal_format, width,
		height, 0, GY_GL_RGBA, GY_GL_UNSIGNED_BYTE, NULL);
	result = copy_to(blit, blit->texture);
	if (result != GEYSER_OK)
		return result;
	gl->f.GenBuffers(1, &blit->buffer);
	gl->f.BindBuffer(GY_GL_PIXEL_PACK_BUFFER, blit->buffer);
	gl->f.BufferData(
		GY_GL_PIXEL_PACK_BUFFER, (ptrdiff_t)width * height * 4, NULL, GY_GL_STREAM_COPY);
	gl->f.BindFramebuffer(GY_GL_READ_FRAMEBUFFER, blit->framebuffers[1]);
	gl->f.ReadPixels(0, 0, width, height, GY_GL_BGRA, GY_GL_UNSIGNED_BYTE, NULL);
	gl->f.BindBuffer(GY_GL_PIXEL_PACK_BUFFER, 0);
	gl->f.BindBuffer(GY_GL_PIXEL_UNPACK_BUFFER, blit->buffer);
	gl->f.BindTexture(GY_GL_TEXTURE_2D, blit->to->planes[0].name);
	gl->f.TexSubImage2D(
		GY_GL_TEXTURE_2D, 0, 0, 0, width, height, GY_GL_RGBA, GY_GL_UNSIGNED_BYTE, NULL);
	return gy_gl_check(gl, "glTexSubImage2D");
}

static enum geyser_result copy(
	struct geyser_gl *gl, const struct source *source, const struct geyser_gl_texture *to)
{
	struct blit blit = {.gl = gl, .source = source, .to = to};
	const uint32_t all = GY_GL_KEEP_TEXTURE | GY_GL_KEEP_PACK | GY_GL_KEEP_UNPACK;
	struct gy_gl_state state;
	enum geyser_result result;

	gy_gl_keep(gl, GY_GL_KEEP_FRAMEBUFFERS | (to->planes[0].swapped ? all : 0),
		GY_GL_TEXTURE_2D, &state);
	gl->f.GenFramebuffers(2, blit.framebuffers);
	result = to->planes[0].swapped ? copy_swapped(&blit) : copy_to(&blit, to->planes[0].name);
	gy_gl_restore(gl, &state);
	gl->f.DeleteFramebuffers(2, blit.framebuffers);
	if (blit.texture)
		gl->f.DeleteTextures(1, &blit.texture);
	if (blit.buffer)
		gl->f.DeleteBuffers(1, &blit.buffer);
	return result;
}

/* ---- publishing ---- */

/* Draws the frame. After a failure the texture isn't read back, since no subscriber gets this
 * buffer. */
static enum geyser_result fill(struct geyser_gl *gl, struct geyser_frame *frame,
	const struct source *source, uint64_t timeout_ns)
{
	struct geyser_gl_texture *texture;
	enum geyser_result result =
		check_stream(source, geyser_texture_get_desc(geyser_frame_texture(frame)));

	if (result == GEYSER_OK)
		result = gy_gl_frame_begin(gl, frame, GEYSER_ACCESS_WRITE, timeout_ns, &texture);
	if (result != GEYSER_OK)
		return result;
	result = copy(gl, source, texture);
	if (result == GEYSER_OK)
		return gy_gl_frame_end(gl, frame, texture);
	texture->acquired = 0;
	return result;
}

enum geyser_result geyser_gl_publish(struct geyser_gl *gl, struct geyser_publisher *publisher,
	uint32_t name, uint32_t target, uint32_t flags, uint64_t timeout_ns)
{
	struct source source = {.name = name, .target = target, .flags = flags};
	struct geyser_frame *frame;
	enum geyser_result result = gy_gl_enter(gl);

	if (result == GEYSER_OK && !publisher)
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	if (result == GEYSER_OK)
		result = check_source(gl, &source);
	if (result == GEYSER_OK)
		result = geyser_publisher_acquire(publisher, timeout_ns, &frame);
	if (result != GEYSER_OK)
		return result;
	result = fill(gl, frame, &source, timeout_ns);
	if (result == GEYSER_OK)
		return geyser_publisher_submit(publisher, frame);
	(void)geyser_publisher_discard(publisher, frame);
	return result;
}
