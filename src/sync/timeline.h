/* SPDX-License-Identifier: MIT */
/*
 * A timeline is a 64-bit value that only grows, in memory that processes share. Threads can sleep
 * until it reaches a value.
 *
 * A sleeper sets a word, "sleepers". The process that raises the value makes a system call only if
 * that word is set. The order of these steps keeps a wake-up from being lost: see timeline.c.
 *
 * There are two kinds of timeline. Every holder of a shared timeline may write its page. A hostile
 * holder may change everything in the page at any time. It can wake threads for nothing. It can
 * also keep a thread asleep although the value was reached: for a second, or as long as the thread
 * has slept already, up to a minute; until the next signal if the wait has no deadline. A hostile
 * holder can't make a value shrink that this process has seen or signalled, and can't make a wait
 * last longer than its deadline.
 *
 * Only one process, the publisher, raises a published timeline. The other processes follow it: they
 * map the page for reading, and note in a word of their own that they sleep (audience.h). A hostile
 * follower can wake other processes for nothing, and can do no more.
 */
#ifndef GY_SYNC_TIMELINE_H
#define GY_SYNC_TIMELINE_H

#include "platform/platform.h"
#include "sync/audience.h"
#include "sync/interrupt.h"
#include "sync/spin.h"

struct gy_timeline_page {
	_Atomic uint64_t value;
	_Atomic uint32_t wakes; /* the futex: counts wake-ups */
	/* Not 0 if a thread may sleep; the signaller that wakes the thread clears the word. In a
	 * published timeline only threads of the publisher's process set it. */
	_Atomic uint32_t sleepers;
	/* The largest value that any process has carried, or is about to carry, into a semaphore
	 * that all processes share. See backend/vulkan/event.c. */
	_Atomic uint64_t carried;
	_Atomic uint32_t lost; /* a futex; not 0 if the device of a holder is lost */
};

#define GY_TIMELINE_SIZE 4096 /* bytes of shared memory */

struct gy_timeline {
	struct gy_timeline_page *page;
	_Atomic uint64_t seen; /* the largest value that this process has seen or signalled */
	/* Set in the publisher's process, for a published timeline. */
	struct gy_audience *audience;
	/* Set in a follower, which maps the page for reading: the follower's own word in the
	 * audience. */
	_Atomic uint32_t *sleepers;
	_Atomic bool alone; /* a follower that has left the audience: no signal wakes it */
	/* Becomes 1 when the exporter has died, and is woken then; NULL if this process exports. */
	_Atomic uint32_t *dead;
	/* How many threads of this process may sleep on `wakes` and don't look at the value by
	 * themselves. The exporter's death wakes them, see gy_peer_add_alarm. */
	_Atomic uint32_t asleep;
	struct gy_spin spin; /* for waits without an interrupt */
};

/* A deadline for gy_timeline_wait that never passes. Unlike a wait with GY_NEVER, a wait with this
 * deadline looks at the value again from time to time, in case a hostile holder has hidden a
 * signal. */
#define GY_WATCHFUL (UINT64_MAX - 1)

/* Returns the present value. The value that one process sees never gets smaller. */
uint64_t gy_timeline_value(struct gy_timeline *timeline);

/* Raises the value and wakes sleepers. A value that isn't above the present one changes nothing. A
 * follower must not call this. */
void gy_timeline_signal(struct gy_timeline *timeline, uint64_t value);

/* Works like gy_timeline_signal, with a value that a device has signalled. A published timeline
 * rises at most to the largest value given out, because other processes may be able to signal the
 * device's semaphore. */
void gy_timeline_carry(struct gy_timeline *timeline, uint64_t value);

/* Gives out a value: the device may signal a published timeline up to this value from now on. */
void gy_timeline_give(struct gy_timeline *timeline, uint64_t value);

/* Declares that no further value comes, because a device is lost, and wakes all holders. A value
 * that was reached stays reached. A follower must not call gy_timeline_lose. */
void gy_timeline_lose(struct gy_timeline *timeline);
bool gy_timeline_is_lost(const struct gy_timeline *timeline);

/* Takes a follower out of the audience. Its waits then look at the value every 10 ms. Blocks until
 * threads that sleep already have begun to do so. */
void gy_timeline_leave(struct gy_timeline *timeline);

/* Spins or sleeps until the value is reached, and returns true. Returns false if the deadline has
 * passed, if the timeline is lost or its exporter dead, or if the thread was interrupted since it
 * last called gy_interrupt_notice. interrupt may be NULL. */
bool gy_timeline_wait(struct gy_timeline *timeline, uint64_t value, uint64_t deadline,
	struct gy_interrupt *interrupt);

#endif
