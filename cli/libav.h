/*
 * libav, FFmpeg's libraries: opened at run time by the commands that use them, since they and what
 * they need take long to load. FFmpeg 5 to 8 have what is used here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_LIBAV_H
#define GEYSER_CLI_LIBAV_H

#include <stdbool.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/crc.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

/* The functions of libav, by their names. */
struct libav {
#define LIBAV(library, function) __typeof__(function) *(function);
#include "libav.def"
#undef LIBAV
};

/* Nothing is set before libav_open, and nothing changes after it. */
extern struct libav libav;

/* Opens libav's libraries of the version of the headers, for a command before it starts threads.
 * Returns false after a message. */
bool libav_open(const char *command);

#endif
