/* SPDX-License-Identifier: MIT */
/*
 * A 64-bit value that only grows, in memory that processes share, and sleeping until it is reached.
 *
 * Who sleeps says so by "sleepers"; who raises the value then, and only then, makes a system call.
 * The order of the steps is what keeps a wake-up from being lost; see timeline.c. Everything in the
 * page may be changed by a hostile peer at any time: it can then wake us, or keep us asleep for a
 * second after the value was reached (until another signal if the wait has no deadline), but a
 * value once seen or signalled here never shrinks, and no wait outlives its deadline.
 */
#ifndef GY_SYNC_TIMELINE_H
#define GY_SYNC_TIMELINE_H

#include "platform/platform.h"

struct gy_timeline_page {
	_Atomic uint64_t value;
	_Atomic uint32_t wakes;    /* the futex: counts wake-ups */
	_Atomic uint32_t sleepers; /* not 0: somebody may sleep; the one who wakes them clears it */
	/* Values up to this one are in the semaphore that all processes share, if there is one, or
	 * about to be: see backend/vulkan/event.c. */
	_Atomic uint64_t carried;
	_Atomic uint32_t lost; /* a futex; not 0: the device of a holder is lost */
};

#define GY_TIMELINE_WORDS 2   /* see gy_timeline_wait */
#define GY_TIMELINE_SIZE 4096 /* bytes of shared memory */

struct gy_timeline {
	struct gy_timeline_page *page;
	_Atomic uint64_t seen; /* the largest value this process has seen or signalled */
};

uint64_t gy_timeline_value(struct gy_timeline *timeline);
void gy_timeline_signal(struct gy_timeline *timeline, uint64_t value);

/* Nothing may come any more: all holders are told. A value that was reached stays so. */
void gy_timeline_lose(struct gy_timeline *timeline);
bool gy_timeline_is_lost(const struct gy_timeline *timeline);

/* Sleeps until the value is reached (true), the deadline has passed, it is lost, or one of up to
 * GY_WAIT_WORDS
 * - 1 private words no longer has its expected value (false). */
bool gy_timeline_wait(struct gy_timeline *timeline, uint64_t value, uint64_t deadline,
	const struct gy_wait_word *words, unsigned count);

#endif
