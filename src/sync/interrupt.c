/* SPDX-License-Identifier: MIT */
/*
 * How a thread notices an interruption where the system can't sleep on several words. "word" is
 * another process's word on which the thread sleeps.
 *
 *	thread					interrupter
 *	T1 noticed = count			I1 add 1 to count
 *	T2 nothing to do?			I2 asleep, and hasn't noticed?
 *	T3 asleep = word			   wake the word, pause, begin again at I2
 *	T4 count still as in T1? sleep
 *	T5 asleep = NULL
 *
 * All steps are sequentially consistent. If T4 comes before I1, then T3 comes before I2: the
 * interrupter sees that the thread is asleep. A wake that comes between T4 and the sleep itself is
 * lost, but the next one isn't. If I1 comes before T4, the thread doesn't sleep. The interrupter
 * stops at T5, or when the thread comes to T1 again.
 *
 * A system that can sleep on several words may refuse it later, for example in a sandbox. The
 * thread notes the refusal before T4, and the interrupter asks whether the system can only after
 * I1. So the interrupter sees the refusal, or the thread sees the interruption.
 *
 * tests/model/interrupt.pml searches all interleavings of these steps.
 */
#include "sync/interrupt.h"

#include "base/clock.h"

#include <assert.h>

#define PAUSE_MIN (GY_MILLISECOND / 50)
#define PAUSE_MAX GY_MILLISECOND

void gy_interrupt_notice(struct gy_interrupt *interrupt)
{
	const uint32_t count = atomic_load(&interrupt->count);

	if (count != atomic_load(&interrupt->noticed))
		interrupt->idle_since = 0;
	atomic_store(&interrupt->noticed, count);
}

bool gy_interrupt_is_due(const struct gy_interrupt *interrupt)
{
	return atomic_load(&interrupt->count) != atomic_load(&interrupt->noticed);
}

static struct gy_wait_word own_word(struct gy_interrupt *interrupt)
{
	return (struct gy_wait_word){
		.word = &interrupt->count, .expected = atomic_load(&interrupt->noticed)};
}

/* Sleeps on all words, or on the first one if the system can't. */
static void sleep_on(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	if (gy_wait_has_several()) {
		gy_wait(words, count, deadline);
		return;
	}
	for (unsigned i = 1; i < count; i++)
		if (atomic_load(words[i].word) != words[i].expected)
			return;
	gy_wait(words, 1, deadline);
}

void gy_interrupt_wait(struct gy_interrupt *interrupt, const struct gy_wait_word *words,
	unsigned count, uint64_t deadline)
{
	struct gy_wait_word all[GY_INTERRUPT_WORDS + 1];

	assert(count > 0 && count <= GY_INTERRUPT_WORDS);
	for (unsigned i = 0; i < count; i++)
		all[i] = words[i];
	if (!interrupt) {
		sleep_on(all, count, deadline);
		return;
	}
	all[count] = own_word(interrupt);
	atomic_store(&interrupt->pid, gy_process_id());
	atomic_store(&interrupt->asleep, words[0].word);
	sleep_on(all, count + 1, deadline);
	atomic_store(&interrupt->asleep, NULL);
}

void gy_interrupt_await(struct gy_interrupt *interrupt, uint64_t deadline)
{
	const struct gy_wait_word word = own_word(interrupt);

	gy_wait(&word, 1, deadline);
}

/* Gives the thread time to wake up. */
static void rest(uint64_t *pause)
{
	const struct timespec time = gy_timespec(*pause);

	(void)nanosleep(&time, NULL);
	*pause = gy_earlier(2 * *pause, PAUSE_MAX);
}

/* Whether the thread has noticed this many interruptions. The count may wrap around. */
static bool has_noticed(const struct gy_interrupt *interrupt, uint32_t count)
{
	return (int32_t)(atomic_load(&interrupt->noticed) - count) >= 0;
}

void gy_interrupt(struct gy_interrupt *interrupt)
{
	const uint32_t count = atomic_fetch_add(&interrupt->count, 1) + 1;
	uint64_t pause = PAUSE_MIN;
	_Atomic uint32_t *word;

	gy_wake(&interrupt->count, false);
	if (gy_wait_has_several())
		return;
	while ((word = atomic_load(&interrupt->asleep)) && !has_noticed(interrupt, count) &&
		atomic_load(&interrupt->pid) == gy_process_id()) {
		/* The page may be unmapped by now, if the thread has just woken up. A wake of such
		 * an address does nothing. */
		gy_wake(word, true);
		rest(&pause);
	}
}

void gy_wake_until_awake(_Atomic uint32_t *word, const _Atomic uint32_t *sleeping)
{
	uint64_t pause = PAUSE_MIN;

	while (atomic_load(sleeping) != 0) {
		gy_wake(word, true);
		rest(&pause);
	}
}
