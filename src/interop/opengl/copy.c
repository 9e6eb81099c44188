/* SPDX-License-Identifier: MIT */
/* GL textures of GL's own memory, and copies between them and the mapping of a texture. */
#include "interop/opengl/gl.h"

#include "base/error.h"

#include <geyser/convert.h>
#include <stdlib.h>

/* How texels in the mapping differ from GL's. All these have 32 bits. */
enum conversion {
	PLAIN,
	SWAPPED,       /* red and blue swapped: OpenGL ES has no BGRA pixels */
	DEPTH24,       /* low 24 bits in the mapping, normalized 32 bits in GL */
	DEPTH_STENCIL, /* depth is in the low 24 bits in the mapping, in the high ones in GL */
};

struct transfer {
	struct geyser_gl_texture *texture;
	const struct gy_gl_plane *plane;
	struct geyser_format_gl format; /* of the plane */
	enum conversion conversion;     /* PLAIN if there are several planes */
	struct geyser_mapping mapping;
	/* room for the converted texels of one slice of level 0; NULL without conversion */
	uint32_t *staging;
	uint32_t framebuffer;
	bool upload;
};

/* One depth slice of one mip level of one layer. */
struct slice {
	struct geyser_subresource at;
	uint8_t *data;
	int level, layer; /* the layer, or the depth slice of a 3D texture */
};

/* ---- conversion ---- */

/* Returns the conversion between the mapping and GL. Changes the format in `words` if GL has
 * another. */
static enum conversion find_conversion(
	const struct geyser_gl *gl, enum geyser_format format, struct geyser_format_gl *words)
{
	switch (format) {
	case GEYSER_FORMAT_DEPTH24_PLUS:
		return DEPTH24;
	case GEYSER_FORMAT_DEPTH24_PLUS_STENCIL8:
		return DEPTH_STENCIL;
	default:
		if (words->format != GY_GL_BGRA || !gl->info.es)
			return PLAIN;
		words->format = GY_GL_RGBA;
		return SWAPPED;
	}
}

static uint32_t to_gl(enum conversion conversion, uint32_t texel)
{
	switch (conversion) {
	case DEPTH24: /* so that 2^24 - 1 becomes 2^32 - 1 */
		return texel << 8 | (texel >> 16 & 0xFF);
	case DEPTH_STENCIL:
		return texel << 8 | texel >> 24;
	default:
		return texel;
	}
}

static uint32_t from_gl(enum conversion conversion, uint32_t texel)
{
	switch (conversion) {
	case DEPTH24:
		return texel >> 8;
	case DEPTH_STENCIL:
		return texel >> 8 | texel << 24;
	default:
		return texel;
	}
}

static void swap(const struct transfer *transfer, const struct slice *slice)
{
	const struct geyser_pixels mapped = {GEYSER_FORMAT_BGRA8_UNORM, slice->at.width,
		slice->at.height, {{slice->data, slice->at.row_pitch}}};
	const struct geyser_pixels staged = {GEYSER_FORMAT_RGBA8_UNORM, slice->at.width,
		slice->at.height, {{transfer->staging, slice->at.width * sizeof(uint32_t)}}};

	(void)geyser_convert_pixels(
		transfer->upload ? &mapped : &staged, transfer->upload ? &staged : &mapped, NULL);
}

/* Converts between the mapping and the staging memory, whose rows have no padding. */
static void convert(const struct transfer *transfer, const struct slice *slice)
{
	uint32_t *staged = transfer->staging;

	if (transfer->conversion == SWAPPED) {
		swap(transfer, slice);
		return;
	}
	for (uint32_t y = 0; y < slice->at.height; y++) {
		uint32_t *const row = (uint32_t *)(void *)(slice->data + y * slice->at.row_pitch);

		for (uint32_t x = 0; x < slice->at.width; x++, staged++) {
			if (transfer->upload)
				*staged = to_gl(transfer->conversion, row[x]);
			else
				row[x] = from_gl(transfer->conversion, *staged);
		}
	}
}

/* ---- slices ---- */

/* Rows in memory that GL moves by one call. */
struct rows {
	int length; /* texels from one row to the next; 0: no padding */
	int count;  /* how many rows one call moves */
	uint8_t *data;
	size_t pitch; /* bytes from one row to the next */
};

/* GL counts the length of a row in texels. The rows of a plane may lie an odd number of bytes
 * apart, with texels of two bytes: then each call moves one row. */
static struct rows rows_of(const struct transfer *transfer, const struct slice *slice)
{
	const size_t texel = geyser_format_get_info(transfer->plane->format)->bytes_per_texel;
	const size_t pitch = slice->at.row_pitch;

	if (transfer->staging)
		return (struct rows){
			.count = (int)slice->at.height, .data = (uint8_t *)transfer->staging};
	return (struct rows){
		.length = pitch % texel == 0 ? (int)(pitch / texel) : 0,
		.count = pitch % texel == 0 ? (int)slice->at.height : 1,
		.data = slice->data,
		.pitch = pitch,
	};
}

static enum geyser_result upload_slice(struct transfer *transfer, const struct slice *slice)
{
	const struct geyser_gl *const gl = transfer->texture->item.gl;
	const struct geyser_format_gl *const format = &transfer->format;
	const uint32_t target = transfer->texture->target;
	const int width = (int)slice->at.width, height = (int)slice->at.height;
	const struct rows rows = rows_of(transfer, slice);

	if (transfer->staging)
		convert(transfer, slice);
	gl->f.PixelStorei(GY_GL_UNPACK_ROW_LENGTH, rows.length);
	for (int y = 0; y < height; y += rows.count) {
		const void *const data = rows.data + (size_t)y * rows.pitch;

		if (target == GY_GL_TEXTURE_2D)
			gl->f.TexSubImage2D(target, slice->level, 0, y, width, rows.count,
				format->format, format->type, data);
		else
			gl->f.TexSubImage3D(target, slice->level, 0, y, slice->layer, width,
				rows.count, 1, format->format, format->type, data);
	}
	return gy_gl_check(gl, "glTexSubImage");
}

static enum geyser_result read_slice(struct transfer *transfer, const struct slice *slice)
{
	const struct geyser_gl *const gl = transfer->texture->item.gl;
	const int width = (int)slice->at.width, height = (int)slice->at.height;
	const struct rows rows = rows_of(transfer, slice);
	enum geyser_result result;

	gl->f.PixelStorei(GY_GL_PACK_ROW_LENGTH, rows.length);
	for (int y = 0; y < height; y += rows.count)
		gl->f.ReadPixels(0, y, width, rows.count, transfer->format.format,
			transfer->format.type, rows.data + (size_t)y * rows.pitch);
	result = gy_gl_check(gl, "glReadPixels");
	if (result == GEYSER_ERROR_SYSTEM)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): this GL (%s) can't read such a texture back",
			geyser_format_name(transfer->texture->desc.format), gl->info.version);
	if (result == GEYSER_OK && transfer->staging)
		convert(transfer, slice);
	return result;
}

static enum geyser_result download_slice(struct transfer *transfer, const struct slice *slice)
{
	const struct geyser_gl_texture *const texture = transfer->texture;
	const struct gy_gl_attachment attachment = {
		.framebuffer = transfer->framebuffer,
		.target = GY_GL_READ_FRAMEBUFFER,
		.texture = transfer->plane->name,
		.texture_target = texture->target,
		.level = slice->level,
		.layer = slice->layer,
		.format = transfer->plane->format,
	};
	const enum geyser_result result = gy_gl_attach(
		texture->item.gl, &attachment, geyser_format_name(texture->desc.format));

	return result == GEYSER_OK ? read_slice(transfer, slice) : result;
}

static enum geyser_result move_level(struct transfer *transfer, uint32_t level, uint32_t layer)
{
	const uint32_t plane = (uint32_t)(transfer->plane - transfer->texture->planes);
	struct slice slice = {.level = (int)level, .layer = (int)layer};
	enum geyser_result result = geyser_texture_get_subresource(
		transfer->texture->texture, plane, level, layer, &slice.at);

	for (uint32_t z = 0; result == GEYSER_OK && z < slice.at.depth; z++) {
		slice.data = (uint8_t *)transfer->mapping.data + slice.at.offset +
			     z * slice.at.slice_pitch;
		if (slice.at.depth > 1)
			slice.layer = (int)z;
		result = transfer->upload ? upload_slice(transfer, &slice)
					  : download_slice(transfer, &slice);
	}
	return result;
}

/* Chooses the plane that the functions above move. */
static void choose_plane(struct transfer *transfer, uint32_t plane)
{
	transfer->plane = &transfer->texture->planes[plane];
	transfer->format = geyser_format_get_info(transfer->plane->format)->gl;
	transfer->conversion = find_conversion(
		transfer->texture->item.gl, transfer->plane->format, &transfer->format);
}

static enum geyser_result move_plane(struct transfer *transfer)
{
	const struct geyser_texture_desc *const desc = &transfer->texture->desc;
	enum geyser_result result = GEYSER_OK;

	if (transfer->upload)
		transfer->texture->item.gl->f.BindTexture(
			transfer->texture->target, transfer->plane->name);
	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t level = 0; level < desc->mip_levels && result == GEYSER_OK; level++)
			result = move_level(transfer, level, layer);
	return result;
}

static enum geyser_result move_all(struct transfer *transfer)
{
	enum geyser_result result = GEYSER_OK;

	for (uint32_t i = 0; i < transfer->texture->plane_count && result == GEYSER_OK; i++) {
		choose_plane(transfer, i);
		result = move_plane(transfer);
	}
	return result;
}

/* ---- whole textures ---- */

static enum geyser_result begin(struct transfer *transfer, struct geyser_gl_texture *texture)
{
	const size_t texels = (size_t)texture->desc.width * texture->desc.height;

	transfer->texture = texture;
	choose_plane(transfer, 0);
	if (transfer->conversion != PLAIN) {
		transfer->staging = malloc(texels * sizeof(*transfer->staging));
		if (!transfer->staging)
			return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
				"no memory to convert %zu texels in", texels);
	}
	return geyser_texture_map(texture->texture,
		transfer->upload ? GEYSER_ACCESS_READ : GEYSER_ACCESS_WRITE, &transfer->mapping);
}

static enum geyser_result end(struct transfer *transfer, enum geyser_result result)
{
	if (transfer->mapping.data)
		geyser_texture_unmap(transfer->texture->texture);
	free(transfer->staging);
	return result;
}

enum geyser_result gy_gl_copy_upload(struct geyser_gl_texture *texture)
{
	const struct geyser_gl *const gl = texture->item.gl;
	struct transfer transfer = {.upload = true};
	enum geyser_result result = begin(&transfer, texture);
	struct gy_gl_state state;

	if (result != GEYSER_OK)
		return end(&transfer, result);
	gy_gl_keep(gl, GY_GL_KEEP_TEXTURE | GY_GL_KEEP_UNPACK, texture->target, &state);
	result = move_all(&transfer);
	gy_gl_restore(gl, &state);
	return end(&transfer, result);
}

enum geyser_result gy_gl_copy_download(struct geyser_gl_texture *texture)
{
	const struct geyser_gl *const gl = texture->item.gl;
	struct transfer transfer = {.upload = false};
	enum geyser_result result = begin(&transfer, texture);
	struct gy_gl_state state;

	/* NVIDIA's glReadPixels blocks this process's Vulkan calls until the GPU has executed it.
	 * The GPU may be waiting for one of those calls. Waiting for a fence blocks no calls. */
	if (result == GEYSER_OK)
		result = gy_gl_finish(gl);
	if (result != GEYSER_OK)
		return end(&transfer, result);
	gy_gl_keep(gl, GY_GL_KEEP_FRAMEBUFFERS | GY_GL_KEEP_PACK, 0, &state);
	gl->f.GenFramebuffers(1, &transfer.framebuffer);
	result = move_all(&transfer);
	gy_gl_restore(gl, &state);
	gl->f.DeleteFramebuffers(1, &transfer.framebuffer);
	return end(&transfer, result);
}

/* ---- creating a copied texture ---- */

static uint32_t level_extent(uint32_t extent, uint32_t level)
{
	return extent >> level ? extent >> level : 1;
}

static void make_level(const struct geyser_gl_texture *texture, const struct gy_gl_plane *plane,
	const struct geyser_format_gl *format, uint32_t level)
{
	const struct geyser_gl *const gl = texture->item.gl;
	const struct geyser_texture_desc *const desc = &texture->desc;
	const int width = (int)level_extent(plane->width, level);
	const int height = (int)level_extent(plane->height, level);
	const uint32_t depth = desc->depth > 1 ? level_extent(desc->depth, level) : desc->layers;

	if (texture->target == GY_GL_TEXTURE_2D)
		gl->f.TexImage2D(GY_GL_TEXTURE_2D, (int)level, (int)format->internal_format, width,
			height, 0, format->format, format->type, NULL);
	else
		gl->f.TexImage3D(texture->target, (int)level, (int)format->internal_format, width,
			height, (int)depth, 0, format->format, format->type, NULL);
}

static void make_plane(const struct geyser_gl_texture *texture, struct gy_gl_plane *plane)
{
	struct geyser_format_gl format = geyser_format_get_info(plane->format)->gl;

	(void)find_conversion(texture->item.gl, plane->format, &format);
	plane->internal_format = format.internal_format;
	plane->swapped = false;
	gy_gl_plane_name(texture, plane);
	for (uint32_t level = 0; level < texture->desc.mip_levels; level++)
		make_level(texture, plane, &format, level);
}

enum geyser_result gy_gl_copy_create(struct geyser_gl_texture *texture)
{
	const struct geyser_gl *const gl = texture->item.gl;
	struct gy_gl_state state;
	enum geyser_result result;

	texture->path = GEYSER_PATH_COPY;
	/* while a buffer is bound, GL takes NULL as an offset into it */
	gy_gl_keep(gl, GY_GL_KEEP_UNPACK, 0, &state);
	for (uint32_t i = 0; i < texture->plane_count; i++)
		make_plane(texture, &texture->planes[i]);
	result = gy_gl_check(gl, "glTexImage");
	gy_gl_restore(gl, &state);
	return result;
}
