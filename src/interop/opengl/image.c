/* SPDX-License-Identifier: MIT */
/* dma-bufs as GL textures, and GL textures as dma-bufs, by EGL images. */
#include "interop/opengl/gl.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define PLANES_MAX 4u
#define MODIFIER_LINEAR UINT64_C(0)
#define MODIFIER_INVALID UINT64_C(0x00FFFFFFFFFFFFFF) /* the driver's own layout, unnamed */
#define ATTRIBUTES_MAX (6 + 2 + 10 * PLANES_MAX + 2 + 1)

/* ---- dma-bufs as textures ---- */

struct attributes {
	int values[ATTRIBUTES_MAX];
	unsigned count;
};

static void put(struct attributes *attributes, int name, int value)
{
	attributes->values[attributes->count++] = name;
	attributes->values[attributes->count++] = value;
}

/* Puts the memory's plane `from` as the image's plane `to`. */
static void put_plane(struct attributes *attributes, const struct geyser_native_texture *native,
	uint32_t from, uint32_t to, bool modifiers)
{
	/* a later extension added the fourth plane, so its numbers are elsewhere */
	const int first =
		to < 3 ? GY_EGL_DMA_BUF_PLANE0_FD + 3 * (int)to : GY_EGL_DMA_BUF_PLANE3_FD;
	const int modifier = GY_EGL_DMA_BUF_PLANE0_MODIFIER_LO + 2 * (int)to;

	put(attributes, first, native->fd);
	put(attributes, first + 1, (int)native->planes[from].offset);
	put(attributes, first + 2, (int)native->planes[from].row_pitch);
	if (!modifiers)
		return;
	put(attributes, modifier, (int)(uint32_t)native->modifier);
	put(attributes, modifier + 1, (int)(uint32_t)(native->modifier >> 32));
}

/* Makes the image of one plane. The image of a texture of one plane has all planes of the memory: a
 * modifier may have several. */
static void *create_image(const struct geyser_gl_texture *texture, uint32_t index,
	const struct geyser_native_texture *native)
{
	const struct geyser_gl *const gl = texture->item.gl;
	const struct gy_gl_plane *const plane = &texture->planes[index];
	const struct geyser_format_info *const format = geyser_format_get_info(plane->format);
	const uint32_t count = texture->plane_count > 1 ? 1 : native->plane_count;
	struct attributes attributes = {.count = 0};

	put(&attributes, GY_EGL_WIDTH, (int)plane->width);
	put(&attributes, GY_EGL_HEIGHT, (int)plane->height);
	put(&attributes, GY_EGL_LINUX_DRM_FOURCC, (int)format->drm_fourcc);
	/* the dma-buf has contents already, which EGL must preserve */
	put(&attributes, GY_EGL_IMAGE_PRESERVED, GY_EGL_TRUE);
	if (format->srgb)
		put(&attributes, GY_EGL_GL_COLORSPACE, GY_EGL_GL_COLORSPACE_SRGB);
	for (uint32_t i = 0; i < count && i < PLANES_MAX; i++)
		put_plane(&attributes, native, index + i, i, gl->info.dma_buf_modifiers);
	attributes.values[attributes.count] = GY_EGL_NONE;
	return gl->egl.CreateImageKHR(
		gl->display, NULL, GY_EGL_LINUX_DMA_BUF, NULL, attributes.values);
}

#define LLVMPIPE_BLOCK 4u
#define LLVMPIPE_ALIGNMENT 16u

static uint64_t whole_blocks(uint32_t texels)
{
	return ((uint64_t)texels + LLVMPIPE_BLOCK - 1) / LLVMPIPE_BLOCK * LLVMPIPE_BLOCK;
}

/* Refuses dma-bufs on which llvmpipe would fault or write past a row. llvmpipe accepts any dma-buf,
 * but reads and writes whole blocks of 4 x 4 texels, with instructions that need aligned rows. */
static enum geyser_result check_llvmpipe(const struct geyser_gl_texture *texture, uint32_t index,
	const struct geyser_native_texture *native)
{
	const struct geyser_gl *const gl = texture->item.gl;
	const struct gy_gl_plane *const plane = &texture->planes[index];
	const uint64_t texel = geyser_format_get_info(plane->format)->bytes_per_texel;
	const uint64_t rows = whole_blocks(plane->height), row = whole_blocks(plane->width) * texel;
	const uint64_t pitch = native->planes[index].row_pitch;
	const uint64_t offset = native->planes[index].offset;

	if (!strstr(gl->info.renderer, "llvmpipe"))
		return GEYSER_OK;
	if ((offset | pitch) % LLVMPIPE_ALIGNMENT == 0 && pitch >= row && offset <= native->size &&
		(native->size - offset) / rows >= pitch)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"dma-buf of %" PRIu64 " bytes, offset %" PRIu64 ", row_pitch %" PRIu64
		": llvmpipe draws whole blocks of 4 x 4 texels; it needs an offset and a row_pitch "
		"of a multiple of 16, and %" PRIu64 " rows, each of %" PRIu64
		" bytes at least; it is copied",
		native->size, offset, pitch, rows, row);
}

/* Refuses dma-bufs that this GL can't use for a plane. texture.c then makes a copied texture
 * instead. */
static enum geyser_result check_dma_buf(const struct geyser_gl_texture *texture, uint32_t index,
	const struct geyser_native_texture *native)
{
	const struct geyser_gl *const gl = texture->item.gl;
	const struct geyser_format_info *const format =
		geyser_format_get_info(texture->planes[index].format);

	if (!gl->info.dma_buf_import)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"a dma-buf, and this GL takes none (EGL_EXT_image_dma_buf_import%s): it is "
			"copied",
			gl->context ? "" : "; the context isn't EGL's");
	if (!format->drm_fourcc)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): dma-bufs have no name for it; it is copied", format->name);
	if (format->srgb && !gl->image_srgb)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): EGL images are -srgb by EGL_EXT_image_gl_colorspace alone; "
			"it is copied",
			format->name);
	if (!gl->info.dma_buf_modifiers && native->modifier != MODIFIER_LINEAR)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"modifier (0x%" PRIx64
			"): without EGL_EXT_image_dma_buf_import_modifiers it must be linear, 0; "
			"it is copied",
			native->modifier);
	return check_llvmpipe(texture, index, native);
}

static enum geyser_result bind_image(
	const struct geyser_gl_texture *texture, struct gy_gl_plane *plane)
{
	const struct geyser_gl *const gl = texture->item.gl;
	const int none = GY_GL_NONE;

	if (gl->image_storage) {
		gl->f.GenTextures(1, &plane->name);
		gl->f.BindTexture(GY_GL_TEXTURE_2D, plane->name);
		gl->f.EGLImageTargetTexStorageEXT(GY_GL_TEXTURE_2D, plane->image, &none);
		return gy_gl_check(gl, "glEGLImageTargetTexStorageEXT");
	}
	gy_gl_plane_name(texture, plane);
	gl->f.EGLImageTargetTexture2DOES(GY_GL_TEXTURE_2D, plane->image);
	return gy_gl_check(gl, "glEGLImageTargetTexture2DOES");
}

/* Reads one texel. Some drivers make images of memory that they can't map, such as Mesa's
 * kms_swrast for another device's memory. Such a driver reports GL_OUT_OF_MEMORY only when the
 * image is used. Any other error only means that the format can't be read. */
static enum geyser_result try_to_read(const struct geyser_gl *gl, const struct gy_gl_plane *plane)
{
	struct gy_gl_attachment attachment = {
		.target = GY_GL_READ_FRAMEBUFFER,
		.texture = plane->name,
		.texture_target = GY_GL_TEXTURE_2D,
	};
	struct gy_gl_state state;
	uint8_t texel[4];
	uint32_t error = GY_GL_NO_ERROR;

	gy_gl_keep(gl, GY_GL_KEEP_FRAMEBUFFERS | GY_GL_KEEP_PACK, 0, &state);
	gl->f.GenFramebuffers(1, &attachment.framebuffer);
	if (gy_gl_attach(gl, &attachment, "dma-buf") == GEYSER_OK) {
		gl->f.ReadPixels(0, 0, 1, 1, GY_GL_RGBA, GY_GL_UNSIGNED_BYTE, texel);
		error = gl->f.GetError();
	}
	gy_gl_restore(gl, &state);
	gl->f.DeleteFramebuffers(1, &attachment.framebuffer);
	if (error != GY_GL_OUT_OF_MEMORY)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"dma-buf: this GL (%s) makes an image of it, but can't read that; it is copied",
		gl->info.renderer);
}

static enum geyser_result import_plane(struct geyser_gl_texture *texture, uint32_t index,
	const struct geyser_native_texture *native)
{
	const struct geyser_gl *const gl = texture->item.gl;
	struct gy_gl_plane *const plane = &texture->planes[index];
	enum geyser_result result = check_dma_buf(texture, index, native);

	if (result != GEYSER_OK)
		return result;
	plane->image = create_image(texture, index, native);
	if (!plane->image)
		return gy_fail(GEYSER_ERROR_SYSTEM,
			"eglCreateImageKHR: error 0x%04x for a dma-buf of %ux%u %s, modifier "
			"0x%" PRIx64 "; it is copied",
			(unsigned)gl->egl.GetError(), plane->width, plane->height,
			geyser_format_name(plane->format), native->modifier);
	result = bind_image(texture, plane);
	return result == GEYSER_OK ? try_to_read(gl, plane) : result;
}

/* The EGL images hold references to the dma-buf, so the caller keeps its descriptor. */
enum geyser_result gy_gl_image_import(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native)
{
	enum geyser_result result = GEYSER_OK;

	texture->path = GEYSER_PATH_ZERO_COPY;
	for (uint32_t i = 0; i < texture->plane_count && result == GEYSER_OK; i++)
		result = import_plane(texture, i, native);
	return result;
}

/* ---- textures as dma-bufs ---- */

struct shared {
	uint32_t name;
	const struct geyser_texture_desc *desc;
	void *image;
	struct geyser_native_texture native;
};

static int level_parameter(const struct geyser_gl *gl, uint32_t name)
{
	int value = 0;

	gl->f.GetTexLevelParameteriv(GY_GL_TEXTURE_2D, 0, name, &value);
	return value;
}

/* Compares the GL texture's size with the descriptor's. OpenGL ES 3.0 has no call for the size;
 * then nothing is compared. */
static enum geyser_result check_size(const struct geyser_gl *gl, const struct shared *shared)
{
	const struct geyser_texture_desc *const desc = shared->desc;
	struct gy_gl_state state;
	int width, height;

	if (!gl->f.GetTexLevelParameteriv)
		return GEYSER_OK;
	gy_gl_keep(gl, GY_GL_KEEP_TEXTURE, GY_GL_TEXTURE_2D, &state);
	gl->f.BindTexture(GY_GL_TEXTURE_2D, shared->name);
	width = level_parameter(gl, GY_GL_TEXTURE_WIDTH);
	height = level_parameter(gl, GY_GL_TEXTURE_HEIGHT);
	gy_gl_restore(gl, &state);
	if (width == (int)desc->width && height == (int)desc->height)
		return gy_gl_check(gl, "glGetTexLevelParameteriv");
	return gy_fail(GEYSER_ERROR_MISMATCH, "size: desc has %ux%u, the GL texture %u %dx%d",
		desc->width, desc->height, shared->name, width, height);
}

static enum geyser_result check_share(
	const struct geyser_gl *gl, const struct shared *shared, uint32_t target)
{
	if (geyser_format_is_video(shared->desc->format))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"desc format (%s): a GL texture is one plane, and this is video; share a "
			"texture of red, green and blue, as rgba8unorm, or import a texture "
			"(geyser_gl_texture_import) and draw into its planes",
			geyser_format_name(shared->desc->format));
	if (!gl->info.dma_buf_export)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"this GL (%s) can't give away a texture's memory "
			"(EGL_MESA_image_dma_buf_export): draw into a texture that "
			"geyser_gl_texture_import makes of one of geyser's, or copy with "
			"geyser_gl_publish",
			gl->info.renderer);
	if (target != GY_GL_TEXTURE_2D)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"target (0x%04" PRIx32 "): only GL_TEXTURE_2D, 0x0de1, can be shared",
			target);
	if (!shared->name || !gl->f.IsTexture(shared->name))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"name (%" PRIu32 "): no texture of the current context", shared->name);
	if (!geyser_format_get_info(shared->desc->format))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"desc format (%d): it must be one of enum geyser_format",
			(int)shared->desc->format);
	return check_size(gl, shared);
}

/* Compares formats by their FourCC. An sRGB format has the same FourCC as its linear format, since
 * the bytes have the same layout. */
static enum geyser_result check_fourcc(const struct shared *shared, int fourcc)
{
	const struct geyser_format_info *const format =
		geyser_format_get_info(shared->desc->format);

	if ((uint32_t)fourcc == format->drm_fourcc)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"format: desc has %s (DRM FourCC 0x%08" PRIx32
		"), the GL texture's dma-buf is 0x%08" PRIx32,
		format->name, format->drm_fourcc, (uint32_t)fourcc);
}

static void close_all(int fds[PLANES_MAX])
{
	for (unsigned i = 0; i < PLANES_MAX; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* Fills in shared->native. Refuses textures whose planes are several dma-bufs. */
static enum geyser_result describe(struct shared *shared, int planes, const int fds[PLANES_MAX],
	const int strides[PLANES_MAX], const int offsets[PLANES_MAX])
{
	const off_t size = lseek(fds[0], 0, SEEK_END);

	for (int i = 1; i < planes; i++)
		if (fds[i] >= 0)
			return gy_fail(GEYSER_ERROR_UNSUPPORTED,
				"planes (%d): each is a dma-buf of its own; a texture has one",
				planes);
	if (size < 0)
		return gy_fail_errno("size of the GL texture's dma-buf");
	shared->native.fd = fds[0];
	shared->native.size = (uint64_t)size;
	shared->native.plane_count = (uint32_t)planes;
	for (int i = 0; i < planes; i++) {
		shared->native.planes[i].offset = (uint64_t)offsets[i];
		shared->native.planes[i].row_pitch = (uint64_t)strides[i];
	}
	return GEYSER_OK;
}

static enum geyser_result export_image(const struct geyser_gl *gl, struct shared *shared,
	struct geyser_manager *manager, struct geyser_texture **out)
{
	int fds[PLANES_MAX] = {-1, -1, -1, -1}, strides[PLANES_MAX], offsets[PLANES_MAX];
	uint64_t modifiers[PLANES_MAX] = {0};
	int fourcc = 0, planes = 0;
	enum geyser_result result;

	if (!gl->egl.ExportDMABUFImageQueryMESA(
		    gl->display, shared->image, &fourcc, &planes, NULL) ||
		planes < 1 || planes > (int)PLANES_MAX ||
		!gl->egl.ExportDMABUFImageQueryMESA(
			gl->display, shared->image, &fourcc, &planes, modifiers))
		return gy_fail(GEYSER_ERROR_SYSTEM,
			"eglExportDMABUFImageQueryMESA: error 0x%04x, %d planes",
			(unsigned)gl->egl.GetError(), planes);
	shared->native.modifier = modifiers[0] == MODIFIER_INVALID ? MODIFIER_LINEAR : modifiers[0];
	result = check_fourcc(shared, fourcc);
	if (result != GEYSER_OK)
		return result;
	if (!gl->egl.ExportDMABUFImageMESA(gl->display, shared->image, fds, strides, offsets) ||
		fds[0] < 0)
		return gy_fail(GEYSER_ERROR_SYSTEM, "eglExportDMABUFImageMESA: error 0x%04x",
			(unsigned)gl->egl.GetError());
	result = describe(shared, planes, fds, strides, offsets);
	if (result == GEYSER_OK)
		result = geyser_texture_import_native(manager, &shared->native, shared->desc, out);
	close_all(fds);
	return result;
}

static enum geyser_result share(const struct geyser_gl *gl, struct shared *shared,
	struct geyser_manager *manager, struct geyser_texture **out)
{
	const int attributes[] = {
		GY_EGL_GL_TEXTURE_LEVEL, 0, GY_EGL_IMAGE_PRESERVED, GY_EGL_TRUE, GY_EGL_NONE};
	enum geyser_result result;

	/* EGL takes the texture's name as a pointer, and needs the context that has this name */
	shared->image = gl->egl.CreateImageKHR(gl->display, gl->egl.GetCurrentContext(),
		GY_EGL_GL_TEXTURE_2D, (void *)(uintptr_t)shared->name, attributes);
	if (!shared->image)
		return gy_fail(GEYSER_ERROR_SYSTEM,
			"eglCreateImageKHR: error 0x%04x for the GL texture %" PRIu32
			": is its level 0 complete?",
			(unsigned)gl->egl.GetError(), shared->name);
	result = export_image(gl, shared, manager, out);
	(void)gl->egl.DestroyImageKHR(gl->display, shared->image);
	return result;
}

enum geyser_result geyser_gl_texture_share(struct geyser_gl *gl, struct geyser_manager *manager,
	uint32_t name, uint32_t target, const struct geyser_texture_desc *desc,
	struct geyser_texture **out)
{
	struct shared shared = {
		.name = name, .desc = desc, .native = {.type = GEYSER_NATIVE_DMA_BUF, .fd = -1}};
	enum geyser_result result;

	if (out)
		*out = NULL;
	if (!manager || !desc || !out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL",
			!manager ? "manager"
			: !desc  ? "desc"
				 : "out");
	result = gy_gl_enter(gl);
	if (result == GEYSER_OK)
		result = check_share(gl, &shared, target);
	return result == GEYSER_OK ? share(gl, &shared, manager, out) : result;
}
