/*
 * Frames of a film to look at: upright, as video with 8 bits.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_LOOK_H
#define GEYSER_CLI_MEDIA_LOOK_H

#include "media_writer.h"

/* Fills in what the film of such frames has: size, pixel format, colour and siting. Returns false
 * after a message if such frames can't be shown. */
bool media_look_choose(const char *stream, enum geyser_format format, uint32_t width,
	uint32_t height, const struct geyser_frame_info *info, struct media_film *film);

/* Writes the texels into a frame of the film. Returns false after a message. */
bool media_look_make(const char *stream, const struct geyser_pixels *texels,
	const struct geyser_frame_info *info, const struct media_film *film, AVFrame *frame);

#endif
