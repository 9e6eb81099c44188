/*
 * The programs of OpenGL that draw pictures.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view_program.h"

#include <stdlib.h>

#include "view_shader.h"

struct view_program {
	struct view_program *next;
	struct view_variant variant;
	GLuint name;       /* 0: it can't be compiled */
	char trouble[512]; /* why */
};

/* ---- compiling ------------------------------------------------------------------------------- */

static GLuint compile(struct view_gl *gl, GLenum kind, const char *const *parts, int count,
	char *trouble, size_t size)
{
	const GLuint shader = gl->CreateShader(kind);
	GLint done = 0;

	gl->ShaderSource(shader, count, parts, NULL);
	gl->CompileShader(shader);
	gl->GetShaderiv(shader, GL_COMPILE_STATUS, &done);
	if (done)
		return shader;
	gl->GetShaderInfoLog(shader, (GLsizei)size, NULL, trouble);
	gl->DeleteShader(shader);
	return 0;
}

static GLuint link_program(
	struct view_gl *gl, const char *const *parts, int count, char *trouble, size_t size)
{
	const char *const vertex[] = {view_shader_version, view_shader_triangle};
	const GLuint shaders[] = {compile(gl, GL_VERTEX_SHADER, vertex, 2, trouble, size),
		compile(gl, GL_FRAGMENT_SHADER, parts, count, trouble, size)};
	const GLuint program = gl->CreateProgram();
	GLint done = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (shaders[i])
			gl->AttachShader(program, shaders[i]);
	}
	if (shaders[0] && shaders[1]) {
		gl->LinkProgram(program);
		gl->GetProgramiv(program, GL_LINK_STATUS, &done);
		if (!done)
			gl->GetProgramInfoLog(program, (GLsizei)size, NULL, trouble);
	}
	for (unsigned i = 0; i < 2; i++)
		gl->DeleteShader(shaders[i]);
	if (done)
		return program;
	gl->DeleteProgram(program);
	return 0;
}

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

/* Writes the constants of a variant: the names in the shader's source that are no uniforms. */
static void write_constants(const struct view_variant *variant, char *text, size_t size)
{
	static const char *const samplers[] = {"sampler2D", "usampler2D", "isampler2D"};

	(void)snprintf(text, size,
		"#define KIND %d\n#define SAMPLER %s\n#define RAW %d\n#define planes %d\n%s"
		"#define channel %d\n#define transfer %d\n#define blur %s\n#define wide %s\n"
		"#define tone %s\n#define gray %s\n#define blend %s\n#define premultiplied %s\n"
		"#define ranged %s\n#define plain %s\n",
		variant->kind, samplers[variant->kind], variant->raw, variant->planes,
		variant->taps > 1 ? "" : "#define taps 1\n", variant->channel, variant->transfer,
		truth(variant->blur), truth(variant->wide), truth(variant->tone),
		truth(variant->gray), truth(variant->blend), truth(variant->premultiplied),
		truth(variant->ranged), truth(variant->plain));
}

static GLuint compile_variant(
	struct view_gl *gl, const struct view_variant *variant, char *trouble, size_t size)
{
	char constants[1024];
	const char *const parts[] = {view_shader_version, constants, view_shader_numbers,
		variant->raw ? "" : view_shader_colours};

	write_constants(variant, constants, sizeof(constants));
	return link_program(gl, parts, 4, trouble, size);
}

GLuint view_program_of_text(struct view_gl *gl, char *trouble, size_t size)
{
	const char *const parts[] = {view_shader_version, view_shader_text};

	return link_program(gl, parts, 2, trouble, size);
}

/* ---- keeping --------------------------------------------------------------------------------- */

/* Whether both have the same source. */
static bool is_same(const struct view_variant *a, const struct view_variant *b)
{
	return a->kind == b->kind && a->planes == b->planes && (a->taps > 1) == (b->taps > 1) &&
	       a->channel == b->channel && a->transfer == b->transfer && a->raw == b->raw &&
	       a->blur == b->blur && a->wide == b->wide && a->tone == b->tone &&
	       a->gray == b->gray && a->blend == b->blend && a->premultiplied == b->premultiplied &&
	       a->ranged == b->ranged && a->plain == b->plain;
}

GLuint view_program_of(
	struct view_gl *gl, const struct view_variant *variant, char *trouble, size_t size)
{
	struct view_program *program = gl->programs;

	while (program && !is_same(&program->variant, variant))
		program = program->next;
	if (program) {
		if (!program->name)
			(void)snprintf(trouble, size, "%s", program->trouble);
		return program->name;
	}
	program = malloc(sizeof(*program));
	if (!program) {
		(void)snprintf(trouble, size, "no memory for a program of OpenGL");
		return 0;
	}
	*program = (struct view_program){.next = gl->programs, .variant = *variant};
	program->name = compile_variant(gl, variant, program->trouble, sizeof(program->trouble));
	if (!program->name)
		(void)snprintf(trouble, size, "%s", program->trouble);
	gl->programs = program;
	return program->name;
}

void view_programs_finish(struct view_gl *gl)
{
	while (gl->programs) {
		struct view_program *const program = gl->programs;

		gl->programs = program->next;
		gl->DeleteProgram(program->name);
		free(program);
	}
}
