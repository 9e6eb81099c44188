/* SPDX-License-Identifier: MIT */
/*
 * Sleeps on an address with os_sync_wait_on_address, which is public since macOS 14.4 and iOS 17.4.
 * The call takes one word. A sleeper with several words sleeps on the first word for 50 ms at most.
 *
 * Older systems have no public call that sleeps on memory shared between processes. A sleeper there
 * looks at all of its words again after pauses that grow from 50 us to 10 ms.
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

/* Sleeps on one word. timeout_ns must not be 0. */
static void sleep_on(const struct gy_wait_word *word, uint64_t timeout_ns)
{
#if HAVE_WAIT
	os_sync_wait_on_address_flags_t flags =
		word->shared ? OS_SYNC_WAIT_ON_ADDRESS_SHARED : OS_SYNC_WAIT_ON_ADDRESS_NONE;

	if (__builtin_available(macOS 14.4, iOS 17.4, *)) {
		if (timeout_ns == GY_NEVER)
			(void)os_sync_wait_on_address(
				(void *)word->word, word->expected, sizeof(*word->word), flags);
		else
			(void)os_sync_wait_on_address_with_timeout((void *)word->word,
				word->expected, sizeof(*word->word), flags,
				OS_CLOCK_MACH_ABSOLUTE_TIME, timeout_ns);
	}
#else
	(void)word;
	(void)timeout_ns;
#endif
}

static bool as_expected(const struct gy_wait_word *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (atomic_load(words[i].word) != words[i].expected)
			return false;
	return true;
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
	uint64_t left = gy_time_left(deadline);

	if (!can_sleep()) {
		look_again(words, count, deadline);
		return;
	}
	if (count > 1)
		left = as_expected(words, count) ? gy_earlier(left, SLICE_MAX) : 0;
	if (left > 0) /* the system refuses a timeout of 0 */
		sleep_on(&words[0], left);
}

/* A sleeper that looks at its words again looks at any number of them. */
bool gy_wait_has_several(void)
{
	return !can_sleep();
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
