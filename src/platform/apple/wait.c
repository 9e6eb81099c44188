/* SPDX-License-Identifier: MIT */
/*
 * Sleeps on an address with os_sync_wait_on_address, which is public since macOS 14.4 and iOS 17.4.
 * The call takes one word. A sleeper with several words sleeps on the first word, and looks at the
 * others after slices that grow from 50 us to 50 ms.
 *
 * Older systems have no public call that sleeps on memory shared between processes. A sleeper there
 * looks at the words again after pauses that grow from 50 us to 10 ms.
 */
#include "platform/platform.h"

#include "base/clock.h"

#if __has_include(<os/os_sync_wait_on_address.h>)
#include <os/os_sync_wait_on_address.h>
#define HAVE_WAIT 1
#else
#define HAVE_WAIT 0
#endif

#define PAUSE_MIN (GY_MILLISECOND / 20)
#define PAUSE_MAX (10 * GY_MILLISECOND)
#define SLICE_MAX (50 * GY_MILLISECOND)

static bool can_sleep(void)
{
#if HAVE_WAIT
	if (__builtin_available(macOS 14.4, iOS 17.4, *))
		return true;
#endif
	return false;
}

/* Sleeps on one word. Returns false if the timeout has passed. timeout_ns must not be 0. */
static bool sleep_on(const struct gy_wait_word *word, uint64_t timeout_ns)
{
#if HAVE_WAIT
	os_sync_wait_on_address_flags_t flags =
		word->shared ? OS_SYNC_WAIT_ON_ADDRESS_SHARED : OS_SYNC_WAIT_ON_ADDRESS_NONE;

	if (__builtin_available(macOS 14.4, iOS 17.4, *)) {
		if (timeout_ns == GY_NEVER)
			return os_sync_wait_on_address((void *)word->word, word->expected,
				       sizeof(*word->word), flags) >= 0;
		return os_sync_wait_on_address_with_timeout((void *)word->word, word->expected,
			       sizeof(*word->word), flags, OS_CLOCK_MACH_ABSOLUTE_TIME,
			       timeout_ns) >= 0;
	}
#endif
	(void)word;
	(void)timeout_ns;
	return true;
}

static bool as_expected(const struct gy_wait_word *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (atomic_load(words[i].word) != words[i].expected)
			return false;
	return true;
}

/* Sleeps on the first word, and wakes from time to time to look at the others. */
static void sleep_in_slices(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	uint64_t slice = PAUSE_MIN, now;

	while (as_expected(words, count) && (now = gy_now()) < deadline) {
		if (sleep_on(&words[0], deadline - now < slice ? deadline - now : slice))
			return; /* the word may still be unchanged after a wake */
		slice = slice + slice / 2 < SLICE_MAX ? slice + slice / 2 : SLICE_MAX;
	}
}

/* Looks at the words again and again. Nothing can wake this loop, so it returns after 50 ms at the
 * latest. The caller then notices changes that the words don't show. */
static void look_again(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	uint64_t end = gy_now() + SLICE_MAX, pause = PAUSE_MIN, now;

	if (deadline < end)
		end = deadline;
	while (as_expected(words, count) && (now = gy_now()) < end) {
		const struct timespec rest = gy_timespec(end - now < pause ? end - now : pause);

		(void)nanosleep(&rest, NULL);
		pause = 2 * pause < PAUSE_MAX ? 2 * pause : PAUSE_MAX;
	}
}

void gy_wait(const struct gy_wait_word *words, unsigned count, uint64_t deadline)
{
	uint64_t now = deadline == GY_NEVER ? 0 : gy_now();

	if (!can_sleep())
		look_again(words, count, deadline);
	else if (count > 1)
		sleep_in_slices(words, count, deadline);
	else if (deadline > now) /* the system refuses a timeout of 0 */
		(void)sleep_on(words, deadline == GY_NEVER ? GY_NEVER : deadline - now);
}

/* Ignores the error of a call that finds no sleeper. A sleeper that looks at the words again needs
 * no wake. */
void gy_wake(_Atomic uint32_t *word, bool shared)
{
#if HAVE_WAIT
	if (__builtin_available(macOS 14.4, iOS 17.4, *))
		(void)os_sync_wake_by_address_all((void *)word, sizeof(*word),
			shared ? OS_SYNC_WAKE_BY_ADDRESS_SHARED : OS_SYNC_WAKE_BY_ADDRESS_NONE);
#endif
	(void)word;
	(void)shared;
}
