/*
 * Decoded frames of a film as texels of a format of geyser.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_PICTURE_H
#define GEYSER_CLI_MEDIA_PICTURE_H

#include "media_av.h"

/* Returns the format that has all bits of such frames: the same one, or the nearest one with more
 * bits or chroma samples. Video with alpha becomes red, green, blue and alpha, if its matrix is one
 * that geyser_convert_pixels knows; else its alpha is dropped. NONE: there is no such format. */
enum geyser_format media_picture_format(const AVFrame *frame);

/* Whether the frame has alpha that the format above has no place for. */
bool media_picture_loses_alpha(const AVFrame *frame);

/* Whether the frame has two fields, of different times. */
bool media_picture_is_interlaced(const AVFrame *frame);

/* Writes the frame's texels. The texels have the frame's size and the format above. Returns false
 * after a message. */
bool media_picture_copy(const AVFrame *frame, const struct geyser_pixels *texels);

/* Returns the range and siting of the frame's numbers. */
enum geyser_color_range media_picture_range(const AVFrame *frame);
enum geyser_siting media_picture_siting(const AVFrame *frame);

/* Fills in what the frame says of itself: colour, siting, alpha and orientation. */
void media_picture_describe(const AVFrame *frame, struct geyser_frame_info *info);

#endif
