/* SPDX-License-Identifier: MIT */
/* A texture's format and name in GL. */
#include "interop/opengl/gl.h"

#include "base/error.h"

/* ---- formats ---- */

static bool has_format(const struct geyser_gl *gl, const struct geyser_format_info *info)
{
	if (info->format == GEYSER_FORMAT_R8_UNORM_SRGB)
		return gl->srgb_8_bits;
	if (info->format == GEYSER_FORMAT_RG8_UNORM_SRGB)
		return gl->srgb_8x2_bits;
	if (info->type == GEYSER_FORMAT_TYPE_UNORM && info->bytes_per_texel == 2 * info->channels)
		return gl->unorm_16_bits;
	return info->gl.internal_format != 0;
}

enum geyser_result gy_gl_format(
	const struct geyser_gl *gl, enum geyser_format format, struct geyser_format_gl *out)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	*out = info->gl;
	if (has_format(gl, info))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format (%s): this GL (%s) has no such texture; use one %s", info->name,
		gl->info.version,
		info->srgb                             ? "without -srgb"
		: info->type == GEYSER_FORMAT_TYPE_YUV ? "of red, green and blue, as rgba8unorm"
						       : "of 8 bits or of 16-bit floats");
}

/* ---- names ---- */

void gy_gl_texture_name(struct geyser_gl_texture *texture)
{
	const struct gy_gl_functions *const f = &texture->item.gl->f;
	const uint32_t target = texture->info.target;

	f->GenTextures(1, &texture->info.name);
	f->BindTexture(target, texture->info.name);
	/* without a largest level, a texture is incomplete until it has all possible levels */
	f->TexParameteri(target, GY_GL_TEXTURE_MAX_LEVEL, (int)texture->desc.mip_levels - 1);
}
