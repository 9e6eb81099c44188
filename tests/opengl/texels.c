/* Texels moved by GL alone. */
#include "gl.h"

#include <stdlib.h>

/* Returns GL's words for this format's bytes in a texture of that info. */
static struct geyser_format_gl words_for(
	enum geyser_format format, const struct geyser_gl_texture_info *info)
{
	struct geyser_format_gl words = geyser_format_get_info(format)->gl;

	/* stored as red first, whatever it is called; or OpenGL ES has no other */
	if (words.format == GL_BGRA &&
		(info->swapped || (on_es && info->internal_format != GL_BGRA8_EXT)))
		words.format = GL_RGBA;
	return words;
}

static GLenum attachment_of(enum geyser_format format)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);

	return info->stencil ? GL_DEPTH_STENCIL_ATTACHMENT
	       : info->depth ? GL_DEPTH_ATTACHMENT
			     : GL_COLOR_ATTACHMENT0;
}

static void attach(const struct gl_slice *slice)
{
	const GLenum attachment = attachment_of(slice->format);

	if (slice->info.target == GL_TEXTURE_2D)
		gl.FramebufferTexture2D(
			GL_FRAMEBUFFER, attachment, GL_TEXTURE_2D, slice->info.name, slice->level);
	else
		gl.FramebufferTextureLayer(
			GL_FRAMEBUFFER, attachment, slice->info.name, slice->level, slice->layer);
}

bool gl_read(const struct gl_slice *slice, void *out)
{
	const struct geyser_format_gl words = words_for(slice->format, &slice->info);
	GLuint framebuffer;
	bool good;

	gl.GenFramebuffers(1, &framebuffer);
	gl.BindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	attach(slice);
	good = gl.CheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
	if (good) {
		gl.PixelStorei(GL_PACK_ALIGNMENT, 1);
		gl.Finish(); /* docs/opengl.md: glReadPixels isn't to be what waits */
		gl.ReadPixels(0, 0, slice->width, slice->height, words.format, words.type, out);
		good = gl.GetError() == GL_NO_ERROR;
		gl.PixelStorei(GL_PACK_ALIGNMENT, 4);
	}
	gl.BindFramebuffer(GL_FRAMEBUFFER, 0);
	gl.DeleteFramebuffers(1, &framebuffer);
	no_gl_error("gl_read");
	return good;
}

static void write_slice(const struct gl_slice *slice, const void *data)
{
	const struct geyser_format_gl words = words_for(slice->format, &slice->info);

	gl.PixelStorei(GL_UNPACK_ALIGNMENT, 1);
	gl.BindTexture(slice->info.target, slice->info.name);
	if (slice->info.target == GL_TEXTURE_2D)
		gl.TexSubImage2D(GL_TEXTURE_2D, slice->level, 0, 0, slice->width, slice->height,
			words.format, words.type, data);
	else
		gl.TexSubImage3D(slice->info.target, slice->level, 0, 0, slice->layer, slice->width,
			slice->height, 1, words.format, words.type, data);
	gl.BindTexture(slice->info.target, 0);
	gl.PixelStorei(GL_UNPACK_ALIGNMENT, 4);
	no_gl_error(geyser_format_name(slice->format));
}

/* ---- whole textures ---- */

/* Returns a pattern, which the caller frees. */
static uint8_t *pattern_of(uint32_t seed, size_t size)
{
	uint8_t *const bytes = malloc(size ? size : 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern_byte(seed, i);
	return bytes;
}

/* Texels that were given or read red first, of a texture that is blue first. */
static void swap(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + 4 <= size; i += 4) {
		const uint8_t first = bytes[i];

		bytes[i] = bytes[i + 2];
		bytes[i + 2] = first;
	}
}

static bool is_turned(const struct gl_slice *slice)
{
	return geyser_format_get_info(slice->format)->gl.format == GL_BGRA &&
	       !slice->info.swapped && words_for(slice->format, &slice->info).format == GL_RGBA;
}

struct walk {
	struct gl_slice slice;
	uint32_t seed;
	uint64_t place;
	bool fill;
	int holds;
};

static void visit(struct walk *walk)
{
	const uint32_t bytes = geyser_format_get_info(walk->slice.format)->bytes_per_texel;
	const size_t size = (size_t)walk->slice.width * (size_t)walk->slice.height * bytes;
	uint8_t *const wanted = malloc(size), *const found = malloc(size);

	assert_non_null(wanted);
	assert_non_null(found);
	for (size_t i = 0; i < size; i++)
		wanted[i] = pattern_byte(walk->seed, walk->place++);
	if (is_turned(&walk->slice))
		swap(wanted, size);
	if (walk->fill)
		write_slice(&walk->slice, wanted);
	else if (!gl_read(&walk->slice, found))
		walk->holds = -1;
	else if (memcmp(wanted, found, size) != 0)
		walk->holds = 0;
	free(found);
	free(wanted);
}

/* Visits one level of one layer of a plane. */
static void visit_level(struct walk *walk, struct geyser_texture *texture, uint32_t plane,
	uint32_t level, uint32_t layer)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	struct geyser_subresource sub;

	ok(geyser_texture_get_subresource(texture, plane, level, layer, &sub));
	walk->slice.level = (GLint)level;
	walk->slice.width = (GLsizei)sub.width;
	walk->slice.height = (GLsizei)sub.height;
	for (uint32_t z = 0; z < sub.depth && walk->holds == 1; z++) {
		walk->slice.layer = (GLint)(desc->depth > 1 ? z : layer);
		visit(walk);
	}
}

static int walk_all(struct geyser_texture *texture, const struct geyser_gl_texture_info *planes,
	uint32_t seed, bool fill)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	struct walk walk = {.seed = seed, .fill = fill, .holds = 1};

	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t level = 0; level < desc->mip_levels; level++)
			for (uint32_t plane = 0; plane < info->planes; plane++) {
				walk.slice.info = planes[plane];
				walk.slice.format = info->plane[plane].format;
				visit_level(&walk, texture, plane, level, layer);
			}
	return walk.holds;
}

void gl_fill(
	struct geyser_texture *texture, const struct geyser_gl_texture_info *planes, uint32_t seed)
{
	(void)walk_all(texture, planes, seed, true);
}

int gl_holds(
	struct geyser_texture *texture, const struct geyser_gl_texture_info *planes, uint32_t seed)
{
	return walk_all(texture, planes, seed, false);
}

/* ---- sampling ---- */

static GLuint compile(GLenum type, const char *text)
{
	const char *const parts[] = {
		on_es ? "#version 300 es\nprecision highp float;\n" : "#version 150\n", text};
	const GLuint shader = gl.CreateShader(type);

	gl.ShaderSource(shader, COUNT_OF(parts), parts, NULL);
	gl.CompileShader(shader);
	return shader;
}

static GLuint link_program(void)
{
	const GLuint program = gl.CreateProgram();
	const GLuint vertex = compile(GL_VERTEX_SHADER,
		"void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, "
		"gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }");
	const GLuint fragment = compile(GL_FRAGMENT_SHADER,
		"uniform sampler2D from; out vec4 color;\n"
		"void main() { color = texelFetch(from, ivec2(gl_FragCoord.xy), 0); }");
	GLint linked = 0;

	gl.AttachShader(program, vertex);
	gl.AttachShader(program, fragment);
	gl.LinkProgram(program);
	gl.GetProgramiv(program, GL_LINK_STATUS, &linked);
	assert_true(linked);
	gl.DeleteShader(vertex);
	gl.DeleteShader(fragment);
	return program;
}

void gl_sample(GLuint texture, GLsizei width, GLsizei height, uint8_t *out)
{
	const GLuint target = own_texture(GL_TEXTURE_2D, GL_RGBA8, width, height, 0);
	const GLuint program = link_program();
	GLuint framebuffer, array;

	gl.GenFramebuffers(1, &framebuffer);
	gl.BindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	gl.FramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target, 0);
	gl.GenVertexArrays(1, &array);
	gl.BindVertexArray(array);
	gl.UseProgram(program);
	gl.BindTexture(GL_TEXTURE_2D, texture);
	gl.TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	gl.TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	gl.Viewport(0, 0, width, height);
	gl.DrawArrays(GL_TRIANGLES, 0, 3);
	gl.ReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, out);
	gl.BindTexture(GL_TEXTURE_2D, 0);
	gl.UseProgram(0);
	gl.BindVertexArray(0);
	gl.BindFramebuffer(GL_FRAMEBUFFER, 0);
	gl.DeleteVertexArrays(1, &array);
	gl.DeleteFramebuffers(1, &framebuffer);
	gl.DeleteProgram(program);
	gl.DeleteTextures(1, &target);
	no_gl_error("gl_sample");
}

GLuint own_texture(
	GLenum target, GLint internal_format, GLsizei width, GLsizei height, uint32_t seed)
{
	uint8_t *const bytes = pattern_of(seed, (size_t)width * (size_t)height * 4);
	GLuint texture;

	gl.GenTextures(1, &texture);
	gl.BindTexture(target, texture);
	gl.TexImage2D(
		target, 0, internal_format, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, bytes);
	gl.TexParameteri(target, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	gl.BindTexture(target, 0);
	free(bytes);
	no_gl_error("own_texture");
	return texture;
}

int teardown_drawn(void **state)
{
	const GLuint texture = own_texture(GL_TEXTURE_2D, GL_RGBA8, 4, 4, 0);
	GLuint framebuffer;

	gl.GenFramebuffers(1, &framebuffer);
	gl.BindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	gl.FramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	gl.Clear(GL_COLOR_BUFFER_BIT);
	gl.Finish();
	gl.BindFramebuffer(GL_FRAMEBUFFER, 0);
	gl.DeleteFramebuffers(1, &framebuffer);
	gl.DeleteTextures(1, &texture);
	no_gl_error("teardown_drawn");
	return teardown_manager(state);
}
