/*
 * Reads the frames of a film.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_READER_H
#define GEYSER_CLI_MEDIA_READER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "media_av.h"

struct media_reader {
	const char *path; /* borrowed */
	AVFormatContext *format;
	AVCodecContext *codec;
	AVPacket *packet;
	int stream;
	bool draining;       /* the file has ended: the decoder gives its last frames */
	bool refused;        /* libav was allowed no kind of file that this one could be */
	bool told;           /* a message has told of damaged frames */
	uint64_t frames;     /* how many were read */
	int64_t seek_ns;     /* frames before this time of the film are left out */
	_Atomic bool *ended; /* the caller has ended the reading; borrowed */
	bool exact;          /* each packet is a frame, and damaged ones are refused */
	uint32_t check;      /* exact: of the last frame's packet */
};

enum media_read {
	MEDIA_READ_FRAME,
	MEDIA_READ_END,
	MEDIA_READ_FAILED, /* a message was printed, unless *ended is set */
};

/* Opens a film and finds its pictures. Returns false after a message. Waits within libav end when
 * *ended becomes true. exact is for lossless recordings:
 * each packet is a frame, and no frame is read after a damaged one. */
bool media_reader_open(struct media_reader *out, const char *path, bool exact, _Atomic bool *ended);

/* Goes to that time of the film, counted from its first frame. Returns false after a message. */
bool media_reader_seek(struct media_reader *reader, uint64_t time_ns);

/* Reads the next frame, whose references the caller drops with av_frame_unref. *time_ns is the
 * frame's time in the film, *length_ns how long it is shown, 0 if the film doesn't say. */
enum media_read media_reader_next(
	struct media_reader *reader, AVFrame *frame, int64_t *time_ns, uint64_t *length_ns);

/* Returns the film's frames a second; 0/1 if it doesn't say. */
AVRational media_reader_rate(const struct media_reader *reader);

void media_reader_close(struct media_reader *reader);

#endif
