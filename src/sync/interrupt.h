/* SPDX-License-Identifier: MIT */
/*
 * A thread that sleeps on a word which other processes wake must also notice its own process: its
 * object ends, or it gets more to do. It sleeps on both words, if the system can do that. Otherwise
 * the thread sleeps on the first word alone, and the interrupter wakes that word.
 *
 * The interrupter may not write the first word, because the page may be mapped read-only. And
 * another process could put the old value back. So the interrupter wakes the word again until the
 * thread has noticed: see interrupt.c.
 */
#ifndef GY_SYNC_INTERRUPT_H
#define GY_SYNC_INTERRUPT_H

#include "platform/platform.h"

/* One thread sleeps; any thread of the same process may interrupt it. All zero at first. */
struct gy_interrupt {
	_Atomic uint32_t count;   /* the thread's own word: counts interruptions */
	_Atomic uint32_t noticed; /* the interruptions that the thread has noticed */
	/* the word of other processes on which the thread may sleep; NULL while it is awake */
	_Atomic uint32_t *_Atomic asleep;
	_Atomic pid_t pid; /* of the thread's process: a forked child has no such thread */
	/* For the thread alone: since when it has slept and found nothing to do, as of gy_now; 0 if
	 * it has had something to do since. */
	uint64_t idle_since;
};

#define GY_INTERRUPT_WORDS 2 /* the most words for gy_interrupt_wait */

/* Notes that the thread has noticed all interruptions so far. The thread calls this before it looks
 * whether it has something to do. */
void gy_interrupt_notice(struct gy_interrupt *interrupt);

/* Whether there was an interruption that the thread hasn't noticed. */
bool gy_interrupt_is_due(const struct gy_interrupt *interrupt);

/* Sleeps as gy_wait does, and also ends when there is an interruption since the last
 * gy_interrupt_notice. Other processes wake words[0]. Where the system can't sleep on several
 * words, a change of words[1] wakes the thread only if its writer wakes words[0], too. interrupt
 * may be NULL. */
void gy_interrupt_wait(struct gy_interrupt *interrupt, const struct gy_wait_word *words,
	unsigned count, uint64_t deadline);

/* Sleeps until there is an interruption since the last gy_interrupt_notice, or until the deadline.
 * May return early. */
void gy_interrupt_await(struct gy_interrupt *interrupt, uint64_t deadline);

/* Interrupts the thread. Call this after the change that the thread must see. Where the system
 * can't sleep on several words, this blocks until a sleeping thread has begun to run. The thread
 * needs no lock for that, so the caller may hold any. A caller of higher priority than the thread
 * waits for as long as others keep the thread from running. */
void gy_interrupt(struct gy_interrupt *interrupt);

/* Wakes a word again and again, until *sleeping is 0: for sleepers that don't sleep again once they
 * have seen what the caller has changed before. */
void gy_wake_until_awake(_Atomic uint32_t *word, const _Atomic uint32_t *sleeping);

#endif
