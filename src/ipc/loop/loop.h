/* SPDX-License-Identifier: MIT */
/*
 * The thread "geyser-ipc": it watches descriptors, and does its clients' work that is due.
 *
 * The loop's lock guards the loop and all that its clients have. The thread holds it while it calls
 * them. No function of the loop waits for a peer. Call all functions with the lock held, except
 * where a comment says otherwise.
 */
#ifndef GY_IPC_LOOP_LOOP_H
#define GY_IPC_LOOP_LOOP_H

#include "platform/descriptor.h"

#include <geyser/geyser.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A descriptor that the thread watches. Embedded in its owner. */
struct gy_source {
	/* Names this watch: an event of an earlier watch of the same fd finds nothing. 0: none. */
	uint64_t key;
	int fd;
	/* The thread calls this with the lock held. It may remove and free the source. A source
	 * that is still ready afterwards gets the call again before the clients' tick, if many are
	 * ready. events: enum gy_readiness. */
	void (*ready)(struct gy_source *source, uint32_t events);
};

/* A part of the library that has work for the thread. Embedded in its owner. */
struct gy_loop_client {
	struct gy_loop_client *next;
	/* Does the work that is due. Returns in how many milliseconds there is more to do, or -1.
	 * The thread calls this with the lock held, also whenever it was woken. */
	int (*tick)(struct gy_loop_client *client);
	/* Closes the descriptors, which are the parent's. Called once in a forked child, which may
	 * do little: nothing is freed or told to anyone. */
	void (*abandon)(struct gy_loop_client *client);
};

struct gy_loop {
	pthread_mutex_t lock;
	pid_t pid;      /* of the process that made it */
	bool inherited; /* this process got it by fork, and has no such thread */
	bool running, stopping;
	pthread_t thread;
	int poller;
	struct gy_wakeup wake;
	struct gy_source wake_source;
	uint64_t next_key;
	void *sources; /* tsearch tree of gy_source by key */
	struct gy_loop_client *clients;
};

/* Without the lock. */
void gy_loop_init(struct gy_loop *loop);
void gy_loop_finish(struct gy_loop *loop);

/* Adds a client, which must live as long as the loop. Call this without the lock, before the thread
 * is started. */
void gy_loop_add_client(struct gy_loop *loop, struct gy_loop_client *client);

/* Starts the thread, if it isn't running. Errors: LIMIT, OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_loop_start(struct gy_loop *loop);

/* Without the lock: ends the thread and waits for it. */
void gy_loop_stop(struct gy_loop *loop);

/* Watches the source's descriptor. Errors: OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_loop_add(
	struct gy_loop *loop, struct gy_source *source, enum gy_readiness events);

/* Stops watching the source's descriptor. Does nothing if the source isn't watched. */
void gy_loop_remove(struct gy_loop *loop, struct gy_source *source);

/* Wakes the thread, so that it calls its clients. */
void gy_loop_wake(struct gy_loop *loop);

/* ---- fork ---- */

/* Whether another process made the loop, and this process inherited it by fork. With or without the
 * lock. */
bool gy_loop_is_inherited(const struct gy_loop *loop);

/* Fails with INVALID_ARGUMENT if the loop is inherited. */
enum geyser_result gy_loop_check_own(const struct gy_loop *loop);

/* If the loop is inherited, closes the parent's descriptors, those of all clients. Call this before
 * giving anything back: a child that was made by clone has run no fork handlers. */
void gy_loop_leave_parents(struct gy_loop *loop);

/* Marks the loop as inherited, and closes the parent's descriptors. For the child's fork handler.
 */
void gy_loop_abandon(struct gy_loop *loop);

#endif
