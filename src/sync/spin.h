/* SPDX-License-Identifier: MIT */
/*
 * Spinning: before a thread sleeps on a word, it may look at the word again and again for some
 * time. A change is then noticed within a fraction of a microsecond, and no process makes a system
 * call. Meanwhile the thread doesn't count as a sleeper: no other process reads that it looks, so
 * spinning adds no step to the algorithms of sleeping.
 *
 * A look costs CPU time, and pays only if the wait ends meanwhile. So the recent waits of an object
 * decide whether the next one looks. The first look in vain changes nothing. After the second one
 * in a row the next wait sleeps at once; after the third one the next 3 waits, then 7, 15, 31, and
 * at last 63 waits. The first look that isn't in vain lets all waits look again. A look that the
 * caller's own deadline cuts short counts neither as in vain nor as useful.
 */
#ifndef GY_SYNC_SPIN_H
#define GY_SYNC_SPIN_H

#include <geyser/geyser.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How the waits of one object look. All zero: they sleep at once. Several threads may wait at the
 * same time; the counts are then approximate. */
struct gy_spin {
	_Atomic uint64_t limit_ns; /* how long a wait looks before it sleeps; 0: not at all */
	_Atomic uint32_t in_vain;  /* the number of looks in vain since one was not */
	_Atomic uint32_t slept;    /* the number of waits since then that have slept at once */
};

/* The look of one wait, which may be interrupted and go on. All zero at first. */
struct gy_look {
	struct gy_spin *spin; /* NULL: the look hasn't begun */
	uint64_t end;         /* as of gy_now */
	uint32_t rounds;
	bool is_cut; /* the caller's deadline ends the look before its time */
	bool is_over;
};

/* The clock is read after this many rounds of a look, and so are words that change rarely. A round
 * is one pause of the CPU, at most 0.1 us. */
#define GY_LOOK_ROUNDS 32u

/* Sets how long the object's waits look. Errors: INVALID_ARGUMENT (above GEYSER_SPIN_MAX_NS). */
enum geyser_result gy_spin_set(struct gy_spin *spin, uint64_t spin_ns);

/* Gives a new object the setting of another one. */
void gy_spin_init(struct gy_spin *spin, const struct gy_spin *setting);

/* Begins the wait's look, or lets it go on. The look ends at the deadline, which may be an earlier
 * one each time. Returns false if the wait must sleep. */
bool gy_look_begin(struct gy_look *look, struct gy_spin *spin, uint64_t deadline);

/* Whether the look has time left. Notes a look in vain if it hasn't. */
bool gy_look_has_time(struct gy_look *look);

/* Ends the look of a wait that has ended. The wait may never have looked. */
void gy_look_end(struct gy_look *look);

/* Tells the CPU that a loop waits for another CPU. */
static inline void gy_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	/* "yield" does nothing on most of these CPUs, and "isb" takes about as long as x86's
	 * "pause" */
	__asm__ volatile("isb" ::: "memory");
#elif defined(__arm__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

/* Call this between two looks at the word. Returns false when the thread must sleep. */
static inline bool gy_look_goes_on(struct gy_look *look)
{
	gy_relax();
	return ++look->rounds % GY_LOOK_ROUNDS != 0 || gy_look_has_time(look);
}

/* Whether it is time to look at words that change rarely. */
static inline bool gy_look_is_wide(const struct gy_look *look)
{
	return look->rounds % GY_LOOK_ROUNDS == 0;
}

#endif
