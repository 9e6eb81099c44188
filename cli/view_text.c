/*
 * Boxes of text over the pictures.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view_text.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define LINE_HEIGHT (TEXT_HEIGHT + 3u) /* dots */
#define MARGIN 4u                      /* dots around the text */

/* Copies the text. The font has ASCII alone: each other character becomes a '?'. */
static void copy_text(char out[VIEW_TEXT_SIZE], const char *text)
{
	size_t length = 0;

	for (; *text && length + 1 < VIEW_TEXT_SIZE; text++) {
		const unsigned char byte = (unsigned char)*text;

		/* bytes after the first one of a character in UTF-8 */
		if ((byte & 0xc0) == 0x80)
			continue;
		out[length++] = byte == '\n' || (byte >= ' ' && byte < 0x7f) ? *text : '?';
	}
	out[length] = '\0';
}

/* Copies one line of the text and returns the beginning of the next one, or its end. */
static const char *next_line(const char *text, char line[VIEW_TEXT_SIZE])
{
	const size_t length = strcspn(text, "\n");

	(void)memcpy(line, text, length);
	line[length] = '\0';
	return text + length + (text[length] != '\0');
}

static void measure(struct view_box *box)
{
	char line[VIEW_TEXT_SIZE];
	uint32_t width = 0, lines = 0;

	for (const char *at = box->text; *at; lines++) {
		uint32_t length;

		at = next_line(at, line);
		length = text_length(line, box->dot);
		width = length > width ? length : width;
	}
	box->width = (int)(width + 2 * MARGIN * box->dot);
	box->height = (int)((lines * LINE_HEIGHT + 2 * MARGIN - 3) * box->dot);
}

static void draw_lines(const struct view_box *box, unsigned char *data)
{
	const struct canvas canvas = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = (uint32_t)box->width,
		.height = (uint32_t)box->height,
		.data = data,
		.row_pitch = (size_t)box->width * 4,
	};
	const struct colour white = {UINT16_MAX, UINT16_MAX, UINT16_MAX};
	char line[VIEW_TEXT_SIZE];
	uint32_t y = MARGIN * box->dot;

	for (const char *at = box->text; *at; y += LINE_HEIGHT * box->dot) {
		at = next_line(at, line);
		text_draw(&canvas, MARGIN * box->dot, y, box->dot, white, line);
	}
}

void view_box_set(struct view_gl *gl, struct view_box *box, const char *text, unsigned dot)
{
	char copy[VIEW_TEXT_SIZE];
	unsigned char *data;

	copy_text(copy, text);
	if (box->texture && box->dot == dot && strcmp(copy, box->text) == 0)
		return;
	(void)memcpy(box->text, copy, sizeof(copy));
	box->dot = dot;
	measure(box);
	data = malloc((size_t)box->width * (size_t)box->height * 4);
	if (!data)
		return;
	(void)memset(data, 0, (size_t)box->width * (size_t)box->height * 4);
	/* the ground isn't quite opaque */
	for (size_t i = 0; i < (size_t)box->width * (size_t)box->height; i++)
		data[i * 4 + 3] = 0xb0;
	draw_lines(box, data);
	if (!box->texture)
		gl->GenTextures(1, &box->texture);
	gl->ActiveTexture(GL_TEXTURE0);
	gl->BindTexture(GL_TEXTURE_2D, box->texture);
	gl->PixelStorei(GL_UNPACK_ALIGNMENT, 4);
	gl->TexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, box->width, box->height, 0, GL_RGBA,
		GL_UNSIGNED_BYTE, data);
	free(data);
}

void view_box_draw(struct view_gl *gl, const struct view_box *box, int x, int y)
{
	if (!box->texture || !*box->text)
		return;
	gl->UseProgram(gl->text_program);
	gl->ActiveTexture(GL_TEXTURE0);
	gl->BindTexture(GL_TEXTURE_2D, box->texture);
	gl->BindSampler(0, gl->nearest);
	gl->Uniform1i(gl->GetUniformLocation(gl->text_program, "text"), 0);
	gl->Uniform1f(gl->GetUniformLocation(gl->text_program, "target_height"), (float)gl->height);
	gl->Uniform2f(gl->GetUniformLocation(gl->text_program, "origin"), (float)x, (float)y);
	gl->Enable(GL_BLEND);
	gl->BlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
	gl->Enable(GL_SCISSOR_TEST);
	gl->Scissor(x, gl->height - y - box->height, box->width, box->height);
	gl->DrawArrays(GL_TRIANGLES, 0, 3);
	gl->Disable(GL_SCISSOR_TEST);
	gl->Disable(GL_BLEND);
}

void view_box_finish(struct view_gl *gl, struct view_box *box)
{
	gl->DeleteTextures(1, &box->texture);
	box->texture = 0;
}
