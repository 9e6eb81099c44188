/*
 * YUV4MPEG (y4m): raw video that describes itself.
 *
 * SPDX-License-Identifier: MIT
 *
 * A y4m file is a line of text, and then for each frame another line and the planes of luma, Cb and
 * Cr, without gaps. Samples of more than 8 bits are 16-bit words, low byte first, whose low bits
 * hold the sample. geyser's formats may hold the same samples in another order and in a word's high
 * bits: y4m_copy repacks them and loses nothing.
 */
#ifndef GEYSER_CLI_Y4M_H
#define GEYSER_CLI_Y4M_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <geyser/stream.h>

#define Y4M_MAGIC "YUV4MPEG2 "
#define Y4M_LINE_MAX 1024u /* the longest line, with its end */

struct y4m {
	uint32_t width, height;
	uint32_t rate_num, rate_den; /* frames a second, each at most RATE_MAX; 0: not known */
	/* how many luma samples share a chroma sample, each way; 0: there is only luma */
	uint32_t divide_x, divide_y;
	uint32_t depth; /* bits of a sample, 8 to 16 */
	enum geyser_color_range range;
	enum geyser_siting siting;
};

/* Room for what y4m_write_words writes. */
#define Y4M_WORDS_MAX 64u

/* Reads the first line of a file, which begins with Y4M_MAGIC, without its end. name is the file's
 * name, for the message after which false is returned. Also tells what a stream doesn't keep of the
 * film: interlacing, and pixels that aren't square. */
bool y4m_parse(const char *name, char *line, struct y4m *out);

/* Writes the words of the first line that say what samples are: "C420jpeg XCOLORRANGE=FULL". */
void y4m_write_words(const struct y4m *y4m, char words[Y4M_WORDS_MAX]);

/* Writes the first line of a file, with its end. */
void y4m_write_line(const struct y4m *y4m, char line[Y4M_LINE_MAX]);

/* Describes frames of a format: sampling and depth. Returns false if y4m can't hold the format. */
bool y4m_of_format(enum geyser_format format, struct y4m *out);

/* Returns the format of video that y4m can hold with as many bits as that format of colours. divide
 * says how many luma samples share a chroma sample, each way. */
enum geyser_format y4m_nearest(enum geyser_format format, uint32_t divide);

#define Y4M_PIXELS_MAX 48u

/* Writes ffmpeg's options that make it write y4m whose samples lose nothing of that format:
 * "-pix_fmt yuv420p10le -strict -1". ffmpeg chooses no such -pix_fmt by itself, and writes over 8
 * bits only with -strict. NONE is taken for a film of 8 bits and 4:2:0. */
void y4m_write_pixels(enum geyser_format format, char text[Y4M_PIXELS_MAX]);

/* Returns the format that holds such frames as they are, or with their samples in the high bits of
 * words. */
enum geyser_format y4m_format(const struct y4m *y4m);

/* Whether the format can hold such frames without loss: it has the same sampling, and as many bits,
 * in words of the same size. */
bool y4m_fits(const struct y4m *y4m, enum geyser_format format);

/* Whether the planes of the format are those of y4m, byte by byte. */
bool y4m_is_same(const struct y4m *y4m, enum geyser_format format);

/* Returns the bytes of a frame's planes. */
uint64_t y4m_size(const struct y4m *y4m);

/* Copies between the planes of a frame and a mapped texture of a format that fits. */
void y4m_copy(const struct y4m *y4m, unsigned char *planes, const struct geyser_texture *texture,
	unsigned char *data, bool into_texture);

#endif
