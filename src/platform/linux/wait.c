/* SPDX-License-Identifier: MIT */
#include "platform/linux/linux.h"
#include "platform/platform.h"

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Without futex_waitv only one word can be watched. The death of a peer is then noticed after at
 * most this time. */
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

/* Returns false if the kernel refused the call. Sets *for_good if the kernel will refuse it every
 * time. */
static bool wait_several(
	const struct gy_wait_word *words, unsigned count, uint64_t deadline, bool *for_good)
{
	struct timespec time = gy_timespec(deadline);
	struct futex_waitv waiters[GY_WAIT_WORDS];
	bool refused;

	for (unsigned i = 0; i < count; i++)
		waiters[i] = (struct futex_waitv){
			.uaddr = (uintptr_t)words[i].word,
			.val = words[i].expected,
			.flags = FUTEX_32 | (words[i].shared ? 0 : FUTEX_PRIVATE_FLAG),
		};
	refused = was_refused(syscall(SYS_futex_waitv, waiters, count, 0,
		deadline == GY_NEVER ? NULL : &time, CLOCK_MONOTONIC));
	*for_good = refused && errno != ENOMEM;
	return !refused;
}

static void wait_slice(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	uint64_t slice = gy_now() + SLICE;

	for (unsigned i = 1; i < count; i++)
		if (atomic_load(words[i].word) != words[i].expected)
			return;
	wait_one(&words[0], deadline < slice ? deadline : slice);
}

void gy_wait(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	static _Atomic bool no_waitv;
	bool for_good;

	if (count == 1) {
		wait_one(words, deadline);
		return;
	}
	if (!atomic_load_explicit(&no_waitv, memory_order_relaxed)) {
		if (wait_several(words, count, deadline, &for_good))
			return;
		if (for_good)
			atomic_store_explicit(&no_waitv, true, memory_order_relaxed);
	}
	wait_slice(words, count, deadline);
}

void gy_wake(_Atomic uint32_t *word, bool shared)
{
	(void)futex(word, FUTEX_WAKE, shared, INT_MAX, NULL);
}
