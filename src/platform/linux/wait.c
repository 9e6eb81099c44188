/* SPDX-License-Identifier: MIT */
#include "platform/linux/linux.h"
#include "platform/platform.h"

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How long a wait for several words lasts at most without futex_waitv. */
#define SLICE (50 * GY_MILLISECOND)

static long futex(_Atomic uint32_t *word, int operation, bool shared, uint32_t value,
	const struct timespec *time)
{
	return syscall(SYS_futex, word, shared ? operation : operation | FUTEX_PRIVATE_FLAG, value,
		time, NULL, FUTEX_BITSET_MATCH_ANY);
}

/* Returns whether the system call was refused. A refused call neither slept nor found a changed
 * word. A kernel may lack the call, or a sandbox may refuse it with any error. */
static bool was_refused(long result)
{
	return result < 0 && errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT;
}

static void wait_one(const struct gy_wait_word *word, uint64_t deadline)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);
	struct timespec time = gy_timespec(deadline);

	if (was_refused(futex(word->word, FUTEX_WAIT_BITSET, word->shared, word->expected,
		    deadline == GY_NEVER ? NULL : &time)))
		(void)nanosleep(&moment, NULL); /* the caller looks again: prevent a tight loop */
}

static long futex_waitv(
	struct futex_waitv *waiters, unsigned count, const struct timespec *deadline)
{
	return syscall(SYS_futex_waitv, waiters, count, 0, deadline, CLOCK_MONOTONIC);
}

/* Returns false if the kernel refused the call. */
static bool wait_several(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	struct timespec time = gy_timespec(deadline);
	struct futex_waitv waiters[GY_WAIT_WORDS];

	for (unsigned i = 0; i < count; i++)
		waiters[i] = (struct futex_waitv){
			.uaddr = (uintptr_t)words[i].word,
			.val = words[i].expected,
			.flags = FUTEX_32 | (words[i].shared ? 0 : FUTEX_PRIVATE_FLAG),
		};
	return !was_refused(futex_waitv(waiters, count, deadline == GY_NEVER ? NULL : &time));
}

/* ---- whether the kernel has futex_waitv ---- */

enum { UNKNOWN, THERE, REFUSED };

static _Atomic int waitv = UNKNOWN;

/* Calls futex_waitv with a word that differs from the expected value, so that the call returns at
 * once. */
static int probe(void)
{
	_Atomic uint32_t word = 0;
	struct futex_waitv waiter = {
		.uaddr = (uintptr_t)&word, .val = 1, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG};

	return was_refused(futex_waitv(&waiter, 1, NULL)) && errno != ENOMEM ? REFUSED : THERE;
}

bool gy_wait_has_several(void)
{
	int known = atomic_load(&waitv);

	if (known == UNKNOWN) {
		int found = probe();

		if (atomic_compare_exchange_strong(&waitv, &known, found))
			known = found;
	}
	return known == THERE;
}

static void wait_slice(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	for (unsigned i = 1; i < count; i++)
		if (atomic_load(words[i].word) != words[i].expected)
			return;
	wait_one(&words[0], gy_earlier(gy_deadline(SLICE), deadline));
}

/* futex_waitv fails with ENOMEM now and then. Any other refusal is for good. */
void gy_wait(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	if (count == 1) {
		wait_one(words, deadline);
		return;
	}
	if (gy_wait_has_several()) {
		if (wait_several(words, count, deadline))
			return;
		if (errno != ENOMEM)
			atomic_store(&waitv, REFUSED);
	}
	wait_slice(words, count, deadline);
}

void gy_wake(_Atomic uint32_t *word, bool shared)
{
	(void)futex(word, FUTEX_WAKE, shared, INT_MAX, NULL);
}
