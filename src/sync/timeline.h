/* SPDX-License-Identifier: MIT */
/*
 * A 64-bit value that only grows, in memory that processes share, and sleeping until it is reached.
 *
 * A sleeper sets "sleepers"; only then does the process that raises the value make a system call.
 * The order of the steps is what keeps a wake-up from being lost; see timeline.c.
 *
 * There are two kinds. Of a shared timeline every holder may write the page. A hostile holder may
 * change everything in it at any time: it can then wake us, or keep us asleep for a second after
 * the value was reached (until another signal if the wait has no deadline), but a value once seen
 * or signalled here never shrinks, and no wait outlives its deadline.
 *
 * A published timeline is raised by one process alone. The others follow it: they map the page for
 * reading, and say that they sleep in a word of their own (audience.h). A hostile follower can wake
 * the others for nothing, and no more.
 */
#ifndef GY_SYNC_TIMELINE_H
#define GY_SYNC_TIMELINE_H

#include "platform/platform.h"
#include "sync/audience.h"

struct gy_timeline_page {
	_Atomic uint64_t value;
	_Atomic uint32_t wakes; /* the futex: counts wake-ups */
	/* Not 0: a thread may sleep; the signaller that wakes it clears the word. In a published
	 * timeline: threads of the publisher's process only. */
	_Atomic uint32_t sleepers;
	/* Values up to this one are in the semaphore that all processes share, if there is one, or
	 * about to be: see backend/vulkan/event.c. */
	_Atomic uint64_t carried;
	_Atomic uint32_t lost; /* a futex; not 0: the device of one of the holders is lost */
};

#define GY_TIMELINE_WORDS 2   /* see gy_timeline_wait */
#define GY_TIMELINE_SIZE 4096 /* bytes of shared memory */

struct gy_timeline {
	struct gy_timeline_page *page;
	_Atomic uint64_t seen; /* the largest value this process has seen or signalled */
	/* Only of a published timeline, in the publisher's process. */
	struct gy_audience *audience;
	/* Only of a follower, whose page is mapped for reading: its own word in the audience. */
	_Atomic uint32_t *sleepers;
	_Atomic bool alone; /* a follower that has left the audience: nobody wakes it */
};

uint64_t gy_timeline_value(struct gy_timeline *timeline);

/* Raises the value and wakes sleepers. Not for followers. */
void gy_timeline_signal(struct gy_timeline *timeline, uint64_t value);

/* As gy_timeline_signal, with a value that a device has signalled. A published timeline rises to
 * the largest value given out at most: other processes may have a way to the device's semaphore. */
void gy_timeline_carry(struct gy_timeline *timeline, uint64_t value);

/* A device may signal a published timeline up to this value from now on. */
void gy_timeline_give(struct gy_timeline *timeline, uint64_t value);

/* Declares that no further value comes, and wakes all holders. A value that was reached stays
 * reached. Not for followers. */
void gy_timeline_lose(struct gy_timeline *timeline);
bool gy_timeline_is_lost(const struct gy_timeline *timeline);

/* Takes a follower out of the audience. Its waits then look at the value themselves; a thread that
 * sleeps already begins to do so within a second. */
void gy_timeline_leave(struct gy_timeline *timeline);

/* Sleeps until the value is reached (true), the deadline has passed, it is lost, or one of up to
 * GY_WAIT_WORDS
 * - 1 private words no longer has its expected value (false). */
bool gy_timeline_wait(struct gy_timeline *timeline, uint64_t value, uint64_t deadline,
	const struct gy_wait_word *words, unsigned count);

#endif
