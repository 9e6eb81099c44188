/*
 * Drawing pictures by OpenGL.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view_gl.h"

#include <math.h>
#include <string.h>

#include "view_program.h"

/* How many samples of the texture one pixel gets at most, in each direction. */
#define TAPS_MAX 8.0

/* ---- beginning and end ----------------------------------------------------------------------- */

static void *geyser_function(void *user, const char *name)
{
	void *(*const get_proc_address)(const char *) = *(void *(**)(const char *))user;

	return get_proc_address(name);
}

static const char *find_functions(struct view_gl *gl, void *(*get_proc_address)(const char *name))
{
	const struct {
		const char *name;
		void *at;
	} functions[] = {
#define VIEW_GL(name) {"gl" #name, &gl->name},
#include "view_gl.def"
#undef VIEW_GL
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *const function = get_proc_address(functions[i].name);

		if (!function)
			return functions[i].name;
		(void)memcpy(functions[i].at, &function, sizeof(function));
	}
	return NULL;
}

static GLuint make_sampler(struct view_gl *gl, GLint filter)
{
	GLuint sampler;

	gl->GenSamplers(1, &sampler);
	gl->SamplerParameteri(sampler, GL_TEXTURE_MIN_FILTER, filter);
	gl->SamplerParameteri(sampler, GL_TEXTURE_MAG_FILTER, filter);
	gl->SamplerParameteri(sampler, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
	gl->SamplerParameteri(sampler, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	return sampler;
}

/* Makes the target that numbers are read from. */
static void make_reading(struct view_gl *gl)
{
	gl->GenTextures(1, &gl->read_texture);
	gl->BindTexture(GL_TEXTURE_2D, gl->read_texture);
	gl->TexImage2D(GL_TEXTURE_2D, 0, GL_RGBA32UI, VIEW_READ_MAX, VIEW_READ_MAX, 0,
		GL_RGBA_INTEGER, GL_UNSIGNED_INT, NULL);
	gl->TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	gl->GenFramebuffers(1, &gl->read_frame);
	gl->BindFramebuffer(GL_FRAMEBUFFER, gl->read_frame);
	gl->FramebufferTexture2D(
		GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, gl->read_texture, 0);
	gl->BindFramebuffer(GL_FRAMEBUFFER, 0);
}

bool view_gl_init(struct view_gl *gl, void *(*get_proc_address)(const char *name))
{
	const struct geyser_gl_desc desc = {
		.get_proc_address = geyser_function, .user = &get_proc_address};
	const char *missing;
	char trouble[512] = "";

	*gl = (struct view_gl){.geyser = NULL};
	missing = find_functions(gl, get_proc_address);
	if (missing) {
		(void)failure(
			"OpenGL has no %s: expected OpenGL 3.3 or later, or --terminal", missing);
		return false;
	}
	if (geyser_gl_create(&desc, &gl->geyser)) {
		(void)library_failure("OpenGL");
		return false;
	}
	gl->GenVertexArrays(1, &gl->vertices);
	gl->linear = make_sampler(gl, GL_LINEAR);
	gl->nearest = make_sampler(gl, GL_NEAREST);
	make_reading(gl);
	gl->text_program = view_program_of_text(gl, trouble, sizeof(trouble));
	if (gl->text_program)
		return true;
	(void)failure("OpenGL can't compile a shader (%.300s): expected another driver, or "
		      "--terminal",
		trouble);
	view_gl_finish(gl);
	return false;
}

void view_gl_finish(struct view_gl *gl)
{
	const GLuint samplers[] = {gl->linear, gl->nearest};

	view_programs_finish(gl);
	gl->DeleteProgram(gl->text_program);
	gl->DeleteSamplers(2, samplers);
	gl->DeleteFramebuffers(1, &gl->read_frame);
	gl->DeleteTextures(1, &gl->read_texture);
	gl->DeleteVertexArrays(1, &gl->vertices);
	geyser_gl_destroy(gl->geyser);
	gl->geyser = NULL;
}

/* ---- uniforms -------------------------------------------------------------------------------- */

static GLint place_of(struct view_gl *gl, GLuint program, const char *name)
{
	return gl->GetUniformLocation(program, name);
}

static void set_int(struct view_gl *gl, GLuint program, const char *name, int value)
{
	gl->Uniform1i(place_of(gl, program, name), value);
}

static void set_float(struct view_gl *gl, GLuint program, const char *name, float value)
{
	gl->Uniform1f(place_of(gl, program, name), value);
}

static void set_pair(struct view_gl *gl, GLuint program, const char *name, double x, double y)
{
	gl->Uniform2f(place_of(gl, program, name), (float)x, (float)y);
}

/* ---- the numbers of a picture ---------------------------------------------------------------- */

static int kind_of(const struct geyser_format_info *format)
{
	return format->type == GEYSER_FORMAT_TYPE_UINT   ? 1
	       : format->type == GEYSER_FORMAT_TYPE_SINT ? 2
							 : 0;
}

/* How the shader finds the planes. */
static int planes_of(const struct geyser_format_info *format)
{
	if (format->format == GEYSER_FORMAT_YUY2)
		return 4;
	if (format->format == GEYSER_FORMAT_UYVY)
		return 5;
	return format->type == GEYSER_FORMAT_TYPE_YUV ? (int)format->planes : 0;
}

static void bind_planes(
	struct view_gl *gl, GLuint program, const struct view_picture *picture, GLuint sampler)
{
	static const char *const names[] = {"plane0", "plane1", "plane2"};
	const struct geyser_format_info *const format =
		geyser_format_get_info(picture->desc->format);

	for (unsigned i = 0; i < 3; i++) {
		gl->ActiveTexture(GL_TEXTURE0 + i);
		gl->BindTexture(GL_TEXTURE_2D, i < format->planes ? picture->planes[i].name : 0);
		gl->BindSampler(i, sampler);
		set_int(gl, program, names[i], (int)i);
	}
}

/* Sets where the chroma samples lie among those of luma. */
static void set_siting(struct view_gl *gl, GLuint program, const struct view_picture *picture)
{
	const struct geyser_format_info *const format =
		geyser_format_get_info(picture->desc->format);
	const struct geyser_format_plane *const chroma = &format->plane[format->planes > 1];
	const enum geyser_siting siting = picture->info->siting;
	const bool middle = siting == GEYSER_SITING_CENTER || siting == GEYSER_SITING_TOP ||
			    siting == GEYSER_SITING_BOTTOM;
	const bool top = siting == GEYSER_SITING_TOP_LEFT || siting == GEYSER_SITING_TOP;
	const bool bottom = siting == GEYSER_SITING_BOTTOM_LEFT || siting == GEYSER_SITING_BOTTOM;

	set_pair(gl, program, "divide", chroma->width_divisor, chroma->height_divisor);
	set_pair(gl, program, "siting", chroma->width_divisor > 1 && middle ? 0.5 : 0,
		chroma->height_divisor > 1 ? (top             ? 0
						     : bottom ? 1
							      : 0.5)
					   : 0);
}

/* Sets everything that the shader needs to read the picture's numbers. */
static void set_numbers(struct view_gl *gl, GLuint program, const struct view_picture *picture,
	const struct view_turn *turn, GLuint sampler)
{
	bind_planes(gl, program, picture, sampler);
	set_siting(gl, program, picture);
	set_float(gl, program, "target_height", (float)gl->height);
	gl->UniformMatrix2fv(place_of(gl, program, "turn"), 1, GL_FALSE, turn->turn);
	gl->Uniform2fv(place_of(gl, program, "shift"), 1, turn->shift);
	gl->Uniform4f(
		place_of(gl, program, "bounds"), turn->left, turn->top, turn->right, turn->bottom);
}

/* ---- colours --------------------------------------------------------------------------------- */

/* Sets the matrix from what GL samples of video, 0 to 1, to colours. */
static void set_yuv(struct view_gl *gl, GLuint program, const struct view_picture *picture)
{
	const struct geyser_format_info *const format =
		geyser_format_get_info(picture->desc->format);
	const bool words = format->planes > 1 && format->bytes_per_texel > 1;
	const bool ten = format->format == GEYSER_FORMAT_P010 ||
			 format->format == GEYSER_FORMAT_P210 ||
			 format->format == GEYSER_FORMAT_P410;
	const bool limited = picture->info->color.range == GEYSER_COLOR_RANGE_LIMITED;
	/* in units of the samples; 10 bits lie in the upper bits of a word */
	const double unit = words ? 256 : 1, most = words ? 65535 : 255;
	const double full = ten ? 1023 * 64 : most;
	const double luma = most / (limited ? 219 * unit : full);
	const double chroma = most / (limited ? 224 * unit : full);
	double red, blue, green;
	float matrix[9], zero[3];

	view_luma_weights(picture->info->color.matrix, &red, &blue);
	green = 1 - red - blue;
	for (unsigned i = 0; i < 3; i++)
		matrix[i] = (float)luma;
	matrix[3] = 0;
	matrix[4] = (float)(-2 * (1 - blue) * blue / green * chroma);
	matrix[5] = (float)(2 * (1 - blue) * chroma);
	matrix[6] = (float)(2 * (1 - red) * chroma);
	matrix[7] = (float)(-2 * (1 - red) * red / green * chroma);
	matrix[8] = 0;
	zero[0] = (float)(limited ? 16 * unit / most : 0);
	zero[1] = zero[2] = (float)(128 * unit / most);
	gl->UniformMatrix3fv(place_of(gl, program, "yuv"), 1, GL_FALSE, matrix);
	gl->Uniform3fv(place_of(gl, program, "yuv_zero"), 1, zero);
}

static void set_colours(struct view_gl *gl, GLuint program, const struct view_meaning *meaning,
	const struct view_look *look)
{
	set_float(gl, program, "gain", meaning->scale);
	set_float(gl, program, "exposure", exp2f((float)look->half_stops / 2));
	set_float(gl, program, "peak", meaning->peak);
	set_float(gl, program, "low", look->low);
	set_float(gl, program, "high", look->high);
	gl->UniformMatrix3fv(place_of(gl, program, "to_srgb"), 1, GL_TRUE, meaning->to_srgb);
	gl->Uniform3fv(place_of(gl, program, "weights"), 1, meaning->weights);
}

static void cover(struct view_gl *gl)
{
	gl->DrawArrays(GL_TRIANGLES, 0, 3);
}

/* Draws the part of the picture that lies in its tile. */
static void cover_picture(struct view_gl *gl, const struct view_place *place)
{
	const struct view_tile *const tile = &place->tile;
	const double left = fmax(place->x, tile->x), top = fmax(place->y, tile->y);
	/* pixels whose middle is in the picture */
	const double right =
		fmin(floor(place->x + place->width * place->scale + 0.5), tile->x + tile->width);
	const double bottom =
		fmin(floor(place->y + place->height * place->scale + 0.5), tile->y + tile->height);

	if (left >= right || top >= bottom)
		return;
	gl->Enable(GL_SCISSOR_TEST);
	gl->Scissor((int)left, gl->height - (int)bottom, (int)(right - left), (int)(bottom - top));
	cover(gl);
	gl->Disable(GL_SCISSOR_TEST);
}

/* Chooses the program for a picture in its look. Shrunk pictures are averaged, and enlarged ones
 * show texels from twice their size on. */
static struct view_variant variant_of(const struct geyser_format_info *format,
	const struct view_meaning *meaning, const struct view_look *look, double scale)
{
	const bool tone = view_maps_tone(meaning, look);
	const double covered = kind_of(format) ? 1 / scale : 0.5 / scale;

	return (struct view_variant){
		.kind = kind_of(format),
		.planes = planes_of(format),
		.taps = scale >= 1 ? 1 : (int)ceil(fmin(covered, TAPS_MAX) - 1e-6),
		.channel = look->channels >= VIEW_RED ? (int)(look->channels - VIEW_RED) : -1,
		.transfer = (int)meaning->transfer,
		.blur = scale < 2 && fabs(scale - 1) > 1e-6,
		.wide = meaning->wide,
		.tone = tone,
		.gray = meaning->channels == 1,
		.blend = meaning->alpha && look->channels == VIEW_ALL,
		.premultiplied = meaning->premultiplied,
		.ranged = look->low < look->high,
		.plain = meaning->transfer == VIEW_ENCODED && !meaning->wide && !look->half_stops &&
			 !tone,
	};
}

/* ---- drawing --------------------------------------------------------------------------------- */

void view_gl_begin(struct view_gl *gl, GLuint frame, int width, int height)
{
	gl->width = width;
	gl->height = height;
	gl->BindFramebuffer(GL_FRAMEBUFFER, frame);
	gl->Viewport(0, 0, width, height);
	gl->BindVertexArray(gl->vertices);
	gl->Disable(GL_BLEND);
	gl->Disable(GL_SCISSOR_TEST);
}

bool view_gl_draw(struct view_gl *gl, const struct view_picture *picture,
	const struct view_look *look, const struct view_place *place, char *trouble, size_t size)
{
	const struct geyser_format_info *const format =
		geyser_format_get_info(picture->desc->format);
	const struct view_turn turn = view_turn_of(picture->info, picture->desc);
	const struct view_meaning meaning = view_meaning_of(picture->desc->format, picture->info);
	const struct view_tile *const tile = &place->tile;
	const struct view_variant variant = variant_of(format, &meaning, look, place->scale);
	const GLuint program = view_program_of(gl, &variant, trouble, size);

	if (!program)
		return false;
	gl->UseProgram(program);
	set_numbers(gl, program, picture, &turn, kind_of(format) ? gl->nearest : gl->linear);
	set_colours(gl, program, &meaning, look);
	set_yuv(gl, program, picture);
	if (variant.taps > 1)
		set_int(gl, program, "taps", variant.taps);
	set_pair(gl, program, "origin", place->x, place->y);
	set_pair(gl, program, "texels", 1 / place->scale, 1 / place->scale);
	set_pair(gl, program, "corner", tile->x, tile->y);
	cover_picture(gl, place);
	return true;
}

bool view_gl_read(struct view_gl *gl, const struct view_picture *picture,
	const struct view_sample *sample, uint32_t *out)
{
	const struct geyser_format_info *const format =
		geyser_format_get_info(picture->desc->format);
	const struct view_turn turn = view_turn_of(picture->info, picture->desc);
	const double scale_x = (double)sample->columns / sample->width;
	const double scale_y = (double)sample->rows / sample->height;
	const int columns = (int)sample->columns, rows = (int)sample->rows;
	char trouble[512];
	const struct view_variant variant = {
		.kind = kind_of(format), .planes = planes_of(format), .taps = 1, .raw = true};
	const GLuint program = view_program_of(gl, &variant, trouble, sizeof(trouble));

	if (!program)
		return false;
	view_gl_begin(gl, gl->read_frame, columns, rows);
	gl->UseProgram(program);
	set_numbers(gl, program, picture, &turn, gl->nearest);
	set_pair(gl, program, "texels", 1 / scale_x, 1 / scale_y);
	set_pair(gl, program, "origin", -(double)sample->x * scale_x, -(double)sample->y * scale_y);
	cover(gl);
	gl->PixelStorei(GL_PACK_ALIGNMENT, 4);
	gl->ReadPixels(0, 0, columns, rows, GL_RGBA_INTEGER, GL_UNSIGNED_INT, out);
	gl->BindFramebuffer(GL_FRAMEBUFFER, 0);
	return true;
}
