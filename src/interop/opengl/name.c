/* SPDX-License-Identifier: MIT */
/* The formats and names in GL of a texture's planes. */
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

/* Refuses the texture, because GL has no texture of the plane's format. */
static enum geyser_result refuse(
	const struct geyser_gl_texture *texture, const struct geyser_format_info *plane)
{
	const struct geyser_gl *const gl = texture->item.gl;

	if (geyser_format_is_video(texture->desc.format))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): its planes are %s, and this GL (%s) has no such texture; use "
			"one of 8 bits, as nv12",
			geyser_format_name(texture->desc.format), plane->name, gl->info.version);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format (%s): this GL (%s) has no such texture; use one %s", plane->name,
		gl->info.version, plane->srgb ? "without -srgb" : "of 8 bits or of 16-bit floats");
}

enum geyser_result gy_gl_planes(struct geyser_gl_texture *texture)
{
	const struct geyser_texture_desc *const desc = &texture->desc;
	const struct geyser_format_info *const info = geyser_format_get_info(desc->format);

	texture->plane_count = info->planes;
	for (uint32_t i = 0; i < info->planes; i++) {
		struct gy_gl_plane *const plane = &texture->planes[i];
		const struct geyser_format_info *const texels =
			geyser_format_get_info(info->plane[i].format);
		struct geyser_plane_extent extent;

		if (!has_format(texture->item.gl, texels))
			return refuse(texture, texels);
		(void)geyser_format_get_plane_extent(
			desc->format, i, desc->width, desc->height, &extent);
		plane->format = texels->format;
		plane->internal_format = texels->gl.internal_format;
		plane->width = extent.width;
		plane->height = extent.height;
	}
	return GEYSER_OK;
}

/* ---- names ---- */

void gy_gl_plane_name(const struct geyser_gl_texture *texture, struct gy_gl_plane *plane)
{
	const struct gy_gl_functions *const f = &texture->item.gl->f;

	f->GenTextures(1, &plane->name);
	f->BindTexture(texture->target, plane->name);
	/* without a largest level, a texture is incomplete until it has all possible levels */
	f->TexParameteri(
		texture->target, GY_GL_TEXTURE_MAX_LEVEL, (int)texture->desc.mip_levels - 1);
}

struct geyser_gl_texture_info gy_gl_plane_info(
	const struct geyser_gl_texture *texture, uint32_t plane)
{
	return (struct geyser_gl_texture_info){
		.name = texture->planes[plane].name,
		.target = texture->target,
		.internal_format = texture->planes[plane].internal_format,
		.path = texture->path,
		.reason = texture->reason,
		.swapped = texture->planes[plane].swapped,
	};
}
