/* SPDX-License-Identifier: MIT */
/* A Vulkan driver's memory as GL textures, by GL_EXT_memory_object_fd. */
#include "interop/opengl/gl.h"

#include "base/error.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Duplicates the descriptor; GL owns the result. A software driver's memory is a file, which the
 * driver reads from the descriptor's current offset. Duplicates share that offset with all
 * processes, so a file is opened anew. */
static int copy_fd(int fd)
{
	struct stat status;
	char path[32];

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR | O_CLOEXEC);
}

static enum geyser_result import_object(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native)
{
	const struct geyser_gl *const gl = texture->item.gl;
	const int dedicated = native->dedicated;
	const int fd = copy_fd(native->fd);
	enum geyser_result result;

	if (fd < 0)
		return gy_fail_errno("duplicating a descriptor");
	gl->f.CreateMemoryObjectsEXT(1, &texture->memory);
	gl->f.MemoryObjectParameterivEXT(
		texture->memory, GY_GL_DEDICATED_MEMORY_OBJECT_EXT, &dedicated);
	result = gy_gl_check(gl, "glMemoryObjectParameterivEXT");
	if (result == GEYSER_OK) {
		gl->f.ImportMemoryFdEXT(
			texture->memory, native->size, GY_GL_HANDLE_TYPE_OPAQUE_FD_EXT, fd);
		result = gy_gl_check(gl, "glImportMemoryFdEXT");
	}
	if (result != GEYSER_OK)
		(void)close(fd);
	return result;
}

static enum geyser_result set_storage(const struct geyser_gl_texture *texture,
	const struct gy_gl_plane *plane, uint32_t internal_format, uint64_t offset)
{
	const struct geyser_gl *const gl = texture->item.gl;
	const struct geyser_texture_desc *const desc = &texture->desc;
	const uint32_t third = desc->depth > 1 ? desc->depth : desc->layers;

	if (texture->target == GY_GL_TEXTURE_2D)
		gl->f.TexStorageMem2DEXT(GY_GL_TEXTURE_2D, (int)desc->mip_levels, internal_format,
			(int)plane->width, (int)plane->height, texture->memory, offset);
	else
		gl->f.TexStorageMem3DEXT(texture->target, (int)desc->mip_levels, internal_format,
			(int)plane->width, (int)plane->height, (int)third, texture->memory, offset);
	return gy_gl_check(gl, "glTexStorageMemEXT");
}

static void swap_channels(const struct geyser_gl_texture *texture, struct gy_gl_plane *plane)
{
	const struct geyser_gl *const gl = texture->item.gl;

	gl->f.TexParameteri(texture->target, GY_GL_TEXTURE_SWIZZLE_R, GY_GL_BLUE);
	gl->f.TexParameteri(texture->target, GY_GL_TEXTURE_SWIZZLE_B, GY_GL_RED);
	plane->swapped = true;
}

/* Tries storage with blue first, for GEYSER_FORMAT_BGRA8_UNORM. OpenGL ES has such a format by
 * extension, but no extension defines its layout in imported memory. NVIDIA's driver stores blue
 * first. Mesa 22.3 refuses the format. Mesa 25.0 accepts the format and stores red first, without
 * any sign of it. So this is tried only with NVIDIA's driver. */
static enum geyser_result try_blue_first(
	const struct geyser_gl_texture *texture, struct gy_gl_plane *plane, uint64_t offset)
{
	const enum geyser_result result = set_storage(texture, plane, GY_GL_BGRA8_EXT, offset);

	if (result == GEYSER_OK)
		plane->internal_format = GY_GL_BGRA8_EXT;
	return result;
}

static enum geyser_result make_storage(const struct geyser_gl_texture *texture,
	struct gy_gl_plane *plane, uint64_t offset, bool linear)
{
	const struct geyser_gl *const gl = texture->item.gl;
	const bool blue_first = geyser_format_get_info(plane->format)->gl.format == GY_GL_BGRA;
	enum geyser_result result;

	gy_gl_plane_name(texture, plane);
	gl->f.TexParameteri(texture->target, GY_GL_TEXTURE_TILING_EXT,
		linear ? GY_GL_LINEAR_TILING_EXT : GY_GL_OPTIMAL_TILING_EXT);
	result = gy_gl_check(gl, "glTexParameteri(GL_TEXTURE_TILING_EXT)");
	if (result != GEYSER_OK)
		return result;
	if (plane->format == GEYSER_FORMAT_BGRA8_UNORM && gl->blue_first &&
		try_blue_first(texture, plane, offset) == GEYSER_OK)
		return GEYSER_OK;
	result = set_storage(texture, plane, plane->internal_format, offset);
	if (result == GEYSER_OK && blue_first)
		swap_channels(texture, plane);
	return result == GEYSER_OK ? gy_gl_check(gl, "glTexParameteri") : result;
}

/* Refuses planes that llvmpipe would read at the beginning of the memory: it ignores offsets into
 * memory objects, without any sign of that. */
static enum geyser_result check_offsets(
	const struct geyser_gl_texture *texture, const struct geyser_native_texture *native)
{
	const struct geyser_gl *const gl = texture->item.gl;

	for (uint32_t i = 0; i < native->plane_count; i++)
		if (native->planes[i].offset != 0 && strstr(gl->info.renderer, "llvmpipe"))
			return gy_fail(GEYSER_ERROR_UNSUPPORTED,
				"offset (%" PRIu64
				") of plane %u: llvmpipe ignores offsets into memory; it is copied",
				native->planes[i].offset, i);
	return GEYSER_OK;
}

enum geyser_result gy_gl_memory_import(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native)
{
	enum geyser_result result = check_offsets(texture, native);

	if (result == GEYSER_OK)
		result = import_object(texture, native);
	for (uint32_t i = 0; i < texture->plane_count && result == GEYSER_OK; i++)
		result = make_storage(texture, &texture->planes[i], native->planes[i].offset,
			native->planes[i].row_pitch != 0);
	texture->on_memory_object = result == GEYSER_OK;
	texture->path = GEYSER_PATH_ZERO_COPY;
	return result;
}
