/* SPDX-License-Identifier: MIT */
/* Saves and restores the GL state that calls change, and sets up framebuffers for copies. */
#include "interop/opengl/gl.h"

#include "base/error.h"

#include <inttypes.h>

/* In the order of gy_gl_state's arrays. OpenGL ES has only the first 4 of pack_names and the first
 * 6 of unpack_names. */
static const uint32_t pack_names[GY_GL_PACK_COUNT] = {
	GY_GL_PACK_ROW_LENGTH,
	GY_GL_PACK_SKIP_ROWS,
	GY_GL_PACK_SKIP_PIXELS,
	GY_GL_PACK_ALIGNMENT,
	GY_GL_PACK_SWAP_BYTES,
	GY_GL_PACK_LSB_FIRST,
	GY_GL_PACK_IMAGE_HEIGHT,
	GY_GL_PACK_SKIP_IMAGES,
};
static const uint32_t unpack_names[GY_GL_PACK_COUNT] = {
	GY_GL_UNPACK_ROW_LENGTH,
	GY_GL_UNPACK_SKIP_ROWS,
	GY_GL_UNPACK_SKIP_PIXELS,
	GY_GL_UNPACK_ALIGNMENT,
	GY_GL_UNPACK_IMAGE_HEIGHT,
	GY_GL_UNPACK_SKIP_IMAGES,
	GY_GL_UNPACK_SWAP_BYTES,
	GY_GL_UNPACK_LSB_FIRST,
};

static unsigned name_count(const struct geyser_gl *gl, const uint32_t *names)
{
	if (!gl->info.es)
		return GY_GL_PACK_COUNT;
	return names == pack_names ? 4 : 6;
}

/* Saves the pixel store parameters and sets them to their simplest values. */
static void keep_store(const struct geyser_gl *gl, const uint32_t *names, int *values)
{
	const unsigned count = name_count(gl, names);

	for (unsigned i = 0; i < count; i++) {
		const bool alignment =
			names[i] == GY_GL_PACK_ALIGNMENT || names[i] == GY_GL_UNPACK_ALIGNMENT;

		gl->f.GetIntegerv(names[i], &values[i]);
		gl->f.PixelStorei(names[i], alignment ? 1 : 0);
	}
}

static void restore_store(const struct geyser_gl *gl, const uint32_t *names, const int *values)
{
	const unsigned count = name_count(gl, names);

	for (unsigned i = 0; i < count; i++)
		gl->f.PixelStorei(names[i], values[i]);
}

static uint32_t binding_of(uint32_t target)
{
	switch (target) {
	case GY_GL_TEXTURE_3D:
		return GY_GL_TEXTURE_BINDING_3D;
	case GY_GL_TEXTURE_2D_ARRAY:
		return GY_GL_TEXTURE_BINDING_2D_ARRAY;
	case GY_GL_TEXTURE_RECTANGLE:
		return GY_GL_TEXTURE_BINDING_RECTANGLE;
	default:
		return GY_GL_TEXTURE_BINDING_2D;
	}
}

static void keep_framebuffers(const struct geyser_gl *gl, struct gy_gl_state *state)
{
	state->draw = gy_gl_integer(gl, GY_GL_DRAW_FRAMEBUFFER_BINDING);
	state->read = gy_gl_integer(gl, GY_GL_READ_FRAMEBUFFER_BINDING);
	state->scissor = gl->f.IsEnabled(GY_GL_SCISSOR_TEST);
	gl->f.Disable(GY_GL_SCISSOR_TEST);
	if (!gl->info.es)
		state->srgb = gl->f.IsEnabled(GY_GL_FRAMEBUFFER_SRGB);
}

void gy_gl_keep(const struct geyser_gl *gl, uint32_t what, uint32_t target, struct gy_gl_state *out)
{
	*out = (struct gy_gl_state){.kept = what, .target = target};
	if (what & GY_GL_KEEP_TEXTURE)
		out->texture = gy_gl_integer(gl, binding_of(target));
	if (what & GY_GL_KEEP_FRAMEBUFFERS)
		keep_framebuffers(gl, out);
	if (what & GY_GL_KEEP_PACK) {
		out->pack_buffer = gy_gl_integer(gl, GY_GL_PIXEL_PACK_BUFFER_BINDING);
		gl->f.BindBuffer(GY_GL_PIXEL_PACK_BUFFER, 0);
		keep_store(gl, pack_names, out->pack);
		if (gl->f.ClampColor && !gl->info.es) {
			out->clamp = gy_gl_integer(gl, GY_GL_CLAMP_READ_COLOR);
			gl->f.ClampColor(GY_GL_CLAMP_READ_COLOR, GY_GL_FIXED_ONLY);
		}
	}
	if (what & GY_GL_KEEP_UNPACK) {
		out->unpack_buffer = gy_gl_integer(gl, GY_GL_PIXEL_UNPACK_BUFFER_BINDING);
		gl->f.BindBuffer(GY_GL_PIXEL_UNPACK_BUFFER, 0);
		keep_store(gl, unpack_names, out->unpack);
	}
}

static void restore_framebuffers(const struct geyser_gl *gl, const struct gy_gl_state *state)
{
	gl->f.BindFramebuffer(GY_GL_DRAW_FRAMEBUFFER, (uint32_t)state->draw);
	gl->f.BindFramebuffer(GY_GL_READ_FRAMEBUFFER, (uint32_t)state->read);
	if (state->scissor)
		gl->f.Enable(GY_GL_SCISSOR_TEST);
	if (gl->info.es)
		return;
	if (state->srgb)
		gl->f.Enable(GY_GL_FRAMEBUFFER_SRGB);
	else
		gl->f.Disable(GY_GL_FRAMEBUFFER_SRGB);
}

void gy_gl_restore(const struct geyser_gl *gl, const struct gy_gl_state *state)
{
	if (state->kept & GY_GL_KEEP_TEXTURE)
		gl->f.BindTexture(state->target, (uint32_t)state->texture);
	if (state->kept & GY_GL_KEEP_FRAMEBUFFERS)
		restore_framebuffers(gl, state);
	if (state->kept & GY_GL_KEEP_PACK) {
		gl->f.BindBuffer(GY_GL_PIXEL_PACK_BUFFER, (uint32_t)state->pack_buffer);
		restore_store(gl, pack_names, state->pack);
		if (gl->f.ClampColor && !gl->info.es)
			gl->f.ClampColor(GY_GL_CLAMP_READ_COLOR, (uint32_t)state->clamp);
	}
	if (state->kept & GY_GL_KEEP_UNPACK) {
		gl->f.BindBuffer(GY_GL_PIXEL_UNPACK_BUFFER, (uint32_t)state->unpack_buffer);
		restore_store(gl, unpack_names, state->unpack);
	}
}

/* ---- framebuffers ---- */

static uint32_t attachment_of(enum geyser_format format)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	if (!info || !info->depth)
		return GY_GL_COLOR_ATTACHMENT0;
	return info->stencil ? GY_GL_DEPTH_STENCIL_ATTACHMENT : GY_GL_DEPTH_ATTACHMENT;
}

/* Binds the framebuffer. Before OpenGL 4.1 a framebuffer without a colour attachment is complete
 * only if its draw and read buffers are GL_NONE. */
static void bind_framebuffer(
	const struct geyser_gl *gl, const struct gy_gl_attachment *to, bool color)
{
	const uint32_t none = GY_GL_NONE;

	gl->f.BindFramebuffer(to->target, to->framebuffer);
	if (color)
		return;
	gl->f.BindFramebuffer(GY_GL_DRAW_FRAMEBUFFER, to->framebuffer);
	gl->f.BindFramebuffer(GY_GL_READ_FRAMEBUFFER, to->framebuffer);
	gl->f.DrawBuffers(1, &none);
	gl->f.ReadBuffer(GY_GL_NONE);
}

enum geyser_result gy_gl_attach(
	const struct geyser_gl *gl, const struct gy_gl_attachment *to, const char *what)
{
	const uint32_t attachment = attachment_of(to->format);
	enum geyser_result result;
	uint32_t status;

	bind_framebuffer(gl, to, attachment == GY_GL_COLOR_ATTACHMENT0);
	if (to->texture_target == GY_GL_TEXTURE_2D || to->texture_target == GY_GL_TEXTURE_RECTANGLE)
		gl->f.FramebufferTexture2D(
			to->target, attachment, to->texture_target, to->texture, to->level);
	else
		gl->f.FramebufferTextureLayer(
			to->target, attachment, to->texture, to->level, to->layer);
	result = gy_gl_check(gl, "glFramebufferTexture");
	if (result != GEYSER_OK)
		return result;
	status = gl->f.CheckFramebufferStatus(to->target);
	if (status == GY_GL_FRAMEBUFFER_COMPLETE)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"%s: this GL has no framebuffer of it (status 0x%04" PRIx32 ")", what, status);
}
