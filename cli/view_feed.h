/*
 * The streams that geyser view shows: their connections and their newest frames.
 *
 * SPDX-License-Identifier: MIT
 *
 * A thread waits for frames and for streams that begin, and calls `wake`. All functions here are
 * for the thread that shows the pictures.
 */
#ifndef GEYSER_CLI_VIEW_FEED_H
#define GEYSER_CLI_VIEW_FEED_H

#include <pthread.h>

#include "view.h"

#define VIEW_DELAYS 256u
#define VIEW_RATES 64u

enum view_state {
	VIEW_WAITING, /* there is no such stream yet */
	VIEW_LIVE,
	VIEW_CLOSED, /* the publisher has ended the stream */
	VIEW_BROKEN, /* the publisher's process has died, or lost its device */
	VIEW_FAILED, /* see `trouble` */
};

struct view_feed {
	const char *name; /* borrowed */
	enum view_state state;
	char trouble[256];
	struct geyser_frame *frame;   /* the newest one that was taken; NULL: none yet */
	uint64_t shown;               /* frames that view_feed_shown was called for */
	uint64_t delays[VIEW_DELAYS]; /* of the last of them, from submit to the screen */
	uint64_t times[VIEW_RATES];   /* when the last frames were submitted */
	uint64_t taken;
	uint64_t last_ns; /* when the newest frame came */

	/* The rest is view_feed.c's; `lock` guards what the thread uses. */
	struct geyser_manager *manager; /* borrowed from struct view_feeds */
	struct geyser_subscriber *subscriber;
	int fd;            /* of the subscriber; -1 before it is connected */
	bool armed;        /* the thread waits for the descriptor */
	bool present;      /* a stream of that name exists, and isn't connected yet */
	uint64_t retry_ns; /* when to try again after a failure; 0: at once, or not at all */
	char refusal[256]; /* why the thread can't connect */
};

struct view_feeds {
	unsigned count;
	struct view_feed feed[VIEW_STREAMS_MAX];
	void (*wake)(void *user); /* called from the thread */
	void *user;
	struct geyser_manager *manager, *host;
	struct geyser_stream_watch *watch;
	pthread_t thread;
	pthread_mutex_t lock;
	int pipe[2]; /* wakes the thread */
	bool started, stop;
};

/* Makes the manager, connects to the streams that exist, and starts the thread. Prints what is
 * wrong and returns the exit status, or STATUS_OK. */
int view_feeds_open(const struct view_options *options, struct view_feeds *out);

/* Ends the thread and releases everything. */
void view_feeds_close(struct view_feeds *feeds);

/* Takes the newest frame of a stream. Returns true if there is a new one, which is in `frame` then;
 * the caller has ended its use of the one before by `let_go`. With keep, the frame that is there
 * stays, and the new one is dropped. */
bool view_feed_take(struct view_feeds *feeds, struct view_feed *feed, bool keep,
	void (*let_go)(struct view_feed *feed, void *user), void *user);

/* Connects again through host memory, because frames of the GPU can't be shown. Does nothing if
 * the stream is received that way already. */
void view_feed_use_host(struct view_feeds *feeds, struct view_feed *feed);

/* ---- view_figures.c -------------------------------------------------------------------------- */

/* Counts a frame as shown, now. */
void view_feed_shown(struct view_feed *feed);

/* Writes the delays' median and 99th percentile; 0: no frame was shown yet. */
void view_feed_delays(const struct view_feed *feed, uint64_t *median, uint64_t *late);

/* Returns the frames a second of late; 0: not known. */
double view_feed_rate(const struct view_feed *feed);

/* Returns how many frames were never taken. */
uint64_t view_feed_dropped(struct view_feeds *feeds, const struct view_feed *feed);

/* Writes the state in words: "waiting for the stream to begin", "no frame for 3 s", or "". */
void view_feed_describe(const struct view_feed *feed, char *text, size_t size);

/* Returns when view_feed_describe's words change next; UINT64_MAX: not by themselves. */
uint64_t view_feed_deadline(const struct view_feed *feed);

/* Prints the figures of all streams on stderr. */
void view_feeds_tell(struct view_feeds *feeds);

#endif
