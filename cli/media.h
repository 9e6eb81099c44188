/*
 * Films and recordings: what play.c, record.c and replay.c call.
 *
 * SPDX-License-Identifier: MIT
 *
 * The files media_*.c use libav (FFmpeg's libavformat, libavcodec and libavutil). In a build
 * without libav, media_absent.c has the functions below, and each says so.
 */
#ifndef GEYSER_CLI_MEDIA_H
#define GEYSER_CLI_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "common.h"

/* Publishing frames of a file: by play, and by replay. */
struct show_options {
	const char *file, *name;     /* name NULL: made of the file's name, or the recorded one */
	const char *command;         /* "play" or "replay" */
	uint64_t seek_ns;            /* play: begin at this time of the film */
	uint32_t rate_num, rate_den; /* replay: how many times as fast as recorded */
	uint32_t subscribers;        /* how many to wait for before the first frame */
	uint32_t buffers;            /* 0: the library's default */
	uint64_t timeout_ns;         /* how long a lossless stream waits for a subscriber */
	enum geyser_backend backend;
	bool step; /* replay: publish a frame for each line on stdin */
	bool loop, lossless, stats, verbose;
};

struct record_options {
	const char *name, *file;
	uint64_t frames;      /* the most frames to record; 0: no limit */
	uint64_t duration_ns; /* how much of the stream to record; 0: no limit */
	uint64_t timeout_ns, connect_timeout_ns;
	enum geyser_backend backend;
	bool lossless, verbose;
};

/* These return the exit status. signals is the descriptor of signals_open. */
int media_play(const struct show_options *options, int signals);
int media_replay(const struct show_options *options, int signals);
int media_record(const struct record_options *options, int signals);

#endif
