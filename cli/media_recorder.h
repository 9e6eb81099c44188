/*
 * The files of a recording, and the thread that writes them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_RECORDER_H
#define GEYSER_CLI_MEDIA_RECORDER_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "media.h"
#include "media_claim.h"
#include "media_queue.h"
#include "media_sidecar.h"
#include "media_writer.h"

struct media_recorder {
	const struct record_options *options; /* borrowed */
	enum media_kind kind;
	struct media_queue queue;
	pthread_t thread;
	_Atomic uint64_t end_ns; /* until when the last frame is shown; 0: the usual time */
	_Atomic uint64_t size;   /* of the file, in bytes */
	_Atomic bool broken;     /* the thread has failed */
	/* the thread's: */
	bool failed; /* a message was printed */
	bool open;
	unsigned files;      /* how many were begun */
	unsigned number;     /* of the file, from 1 on: some may be somebody else's */
	char path[PATH_MAX]; /* of the file that is written */
	struct media_claim film_claim, sidecar_claim;
	struct media_store store; /* of the frames in that file */
	uint64_t start_ns;        /* the time of the file's first frame */
	struct media_writer writer;
	struct media_sidecar sidecar;
	struct media_heading heading; /* the caller sets the rate before media_recorder_begin */
};

/* Chooses the kind of file by its name. Prints what is wrong and returns the exit status, or
 * STATUS_OK. */
int media_recorder_init(struct media_recorder *out, const struct record_options *options);

/* Starts the thread. Returns false after a message. */
bool media_recorder_begin(struct media_recorder *recorder);

/* Makes an item of the texels, except for its time. Returns false after a message. */
bool media_recorder_make(struct media_recorder *recorder, const struct geyser_pixels *texels,
	const struct geyser_frame_info *info, struct media_item *out);

/* Gives an item to the thread. Returns false if that has failed, after a message. */
bool media_recorder_put(struct media_recorder *recorder, const struct media_item *item);

/* Whether the thread has failed, after a message. */
bool media_recorder_is_broken(struct media_recorder *recorder);

/* Returns how many bytes the file has. */
uint64_t media_recorder_size(struct media_recorder *recorder);

/* Waits until all is written, and closes the file. end_ns: until when the last frame is shown; 0:
 * the usual time. Returns false after a message, also of an earlier call. */
bool media_recorder_end(struct media_recorder *recorder, uint64_t end_ns);

#endif
