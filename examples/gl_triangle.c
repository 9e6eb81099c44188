/*
 * A turning triangle: shaders, a framebuffer, drawing. OpenGL ES alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include "gl_triangle.h"

#include <GLES3/gl3.h>

#include "example.h"

#define FRAMES_A_TURN 240u
#define TURN 6.2831853f /* radians */

/* As triangle.vert; and the same way up: the frame's first row is GL's row 0, at -1. */
static const char *const vertex_text =
	"#version 300 es\n"
	"uniform vec2 turn; // angle in radians, height by width\n"
	"out vec3 colour;\n"
	"void main() {\n"
	"	vec3 colours[3] = vec3[](vec3(1.0, 0.3, 0.2), vec3(0.2, 0.9, 0.4),\n"
	"		vec3(0.3, 0.4, 1.0));\n"
	"	float a = turn.x + radians(120.0) * float(gl_VertexID);\n"
	"	gl_Position = vec4(2.0 / 3.0 * vec2(sin(a) * turn.y, -cos(a)), 0.0, 1.0);\n"
	"	colour = colours[gl_VertexID];\n"
	"}\n";
static const char *const fragment_text = "#version 300 es\n"
					 "precision highp float;\n"
					 "in vec3 colour;\n"
					 "out vec4 texel;\n"
					 "void main() { texel = vec4(colour, 1.0); }\n";

static GLuint program, framebuffer, vertices;

static void add_shader(GLenum type, const char *text)
{
	const GLuint shader = glCreateShader(type);

	glShaderSource(shader, 1, &text, NULL);
	glCompileShader(shader);
	glAttachShader(program, shader);
	glDeleteShader(shader); /* deleted when the program is */
}

void gl_triangle_init(void)
{
	char log[512] = "";
	GLint linked = 0;

	program = glCreateProgram();
	add_shader(GL_VERTEX_SHADER, vertex_text);
	add_shader(GL_FRAGMENT_SHADER, fragment_text);
	glLinkProgram(program);
	glGetProgramiv(program, GL_LINK_STATUS, &linked);
	glGetProgramInfoLog(program, sizeof(log), NULL, log);
	if (!linked)
		fail("shaders: %s", log);
	glGenFramebuffers(1, &framebuffer);
	glGenVertexArrays(1, &vertices);
}

void gl_triangle_draw(uint32_t texture, uint32_t width, uint32_t height, uint64_t number)
{
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
		fail("OpenGL ES can't draw into the frame's texture");
	glViewport(0, 0, (GLsizei)width, (GLsizei)height);
	glClearColor(0.05f, 0.06f, 0.1f, 1.0f);
	glClear(GL_COLOR_BUFFER_BIT);
	glUseProgram(program);
	glUniform2f(glGetUniformLocation(program, "turn"),
		TURN * (float)(number % FRAMES_A_TURN) / (float)FRAMES_A_TURN,
		(float)height / (float)width);
	glBindVertexArray(vertices);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glBindFramebuffer(GL_FRAMEBUFFER, 0);
}

void gl_triangle_finish(void)
{
	glDeleteVertexArrays(1, &vertices);
	glDeleteFramebuffers(1, &framebuffer);
	glDeleteProgram(program);
}
