/*
 * Writes a film: encodes frames and puts them into a file, each at its time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_WRITER_H
#define GEYSER_CLI_MEDIA_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "media_av.h"

enum media_kind {
	MEDIA_LOSSLESS, /* Matroska with FFV1 or raw frames */
	MEDIA_MP4,
	MEDIA_MATROSKA,
	MEDIA_WEBM,
};

struct media_film {
	const char *path; /* borrowed */
	enum media_kind kind;
	enum AVCodecID codec; /* of MEDIA_LOSSLESS; else this program chooses */
	enum AVPixelFormat pixel_format;
	uint32_t width, height;
	struct geyser_color color; /* what the numbers in the file mean */
	enum geyser_siting siting;
	uint32_t rate_num, rate_den; /* frames a second, for the last frame; 0: not known */
	const char *id;              /* stored in the file; NULL: none; borrowed */
};

/* How many frames an encoder may keep before the first of them comes out. */
#define MEDIA_DELAY_MAX 512u

/* When a frame is shown, in ticks of the encoder. */
struct media_span {
	int64_t start, length;
};

struct media_writer {
	struct media_film film;
	AVFormatContext *format;
	AVCodecContext *codec;
	AVPacket *packet;
	AVFrame *held; /* the last frame, whose duration the next frame tells; owned */
	uint64_t held_ns, step_ns;
	bool failed;     /* a message was printed */
	uint32_t check;  /* of the last packet */
	int64_t last;    /* the start of the newest frame */
	uint64_t frames; /* how many were given */
	/* of the frames that the encoder has */
	struct media_span spans[MEDIA_DELAY_MAX];
	unsigned first_span, span_count;
};

/* Makes the file. Returns false after a message. */
bool media_writer_open(struct media_writer *out, const struct media_film *film);

/* Writes a frame, which the call frees. time_ns grows from frame to frame. A frame of a lossless
 * film is in the file when the call returns. Returns false after a message. */
bool media_writer_write(struct media_writer *writer, AVFrame *frame, uint64_t time_ns);

/* Ends the film and closes the file. The last frame is shown until end_ns, and for as long as its
 * predecessor in any case. Returns false after a message, also if an earlier call has failed. What
 * is in the file stays there. */
bool media_writer_close(struct media_writer *writer, uint64_t end_ns);

/* Returns until when the last frame is shown, if media_writer_close gets this end_ns. */
uint64_t media_writer_end(const struct media_writer *writer, uint64_t end_ns);

/* Returns how many bytes the file has. */
uint64_t media_writer_size(const struct media_writer *writer);

#endif
