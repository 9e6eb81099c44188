/*
 * Publishes frames that a thread reads from a file, each at its time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_SHOW_H
#define GEYSER_CLI_MEDIA_SHOW_H

#include <stdatomic.h>

#include "media.h"
#include "media_queue.h"

struct media_show;

/* Opens the file, reads frames and pushes them to show->queue on a thread of its own, until the
 * file ends or a push fails. Returns false after a message. */
typedef bool media_read_all(struct media_show *show);

struct media_show {
	const struct show_options *options; /* borrowed */
	const char *name;                   /* of the stream; borrowed */
	/* frames a second, to inform people; 0: not known; read may set them before the first frame
	 */
	uint32_t rate_num, rate_den;
	media_read_all *read;
	void *reader; /* what read uses; borrowed */
	struct media_queue queue;
	bool growing;       /* the file is being recorded */
	_Atomic bool ended; /* the reading must end */
	bool failed;        /* the thread has printed a message */
};

/* Publishes all frames. The caller has set the members up to reader. Returns the exit status. */
int media_show_all(struct media_show *show, int signals);

#endif
