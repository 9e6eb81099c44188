/* SPDX-License-Identifier: MIT */
/*
 * How a sleeper never misses a wake-up.
 *
 * A signaller makes a system call only if a thread sleeps. The page has three words for this:
 * value, wakes (the futex, which counts wake-ups), and sleepers (not 0 if a thread may sleep).
 *
 *     signaller                            sleeper
 *     A1 raise value                       B1 read wakes
 *     A2 read sleepers; if 0: done         B2 set sleepers
 *     A3 clear sleepers                    B3 read value; if reached: done
 *     A4 add 1 to wakes                    B4 sleep while wakes is as read in B1
 *     A5 wake all sleepers
 *
 * For example, a sleeper waits for value 5, and value is 4. B1 reads 7 from wakes, B2 sets
 * sleepers, B3 reads 4. Now the signaller raises value to 5 in A1, finds sleepers set in A2, and
 * sets wakes to 8 in A4. B4 doesn't sleep, because wakes is no longer 7. If B4 comes before A4
 * instead, the sleeper sleeps, and A5 wakes it.
 *
 * This holds in general, because all steps are sequentially consistent. Suppose that B3 comes
 * before A1, so the sleeper doesn't see the new value. Then B2 comes before A2. A2 finds sleepers
 * set, or another signaller has cleared it after B2. Whichever signaller clears it adds 1 to wakes
 * after B2, hence after B1. So B4 doesn't sleep, or is woken. A sleeper that is killed leaves
 * sleepers set, which costs the next signal one system call.
 *
 * A follower of a published timeline can't write the page. At B2 it adds 1 to a word of its own,
 * and after B4 it subtracts 1. Between A3 and A4 the signaller reads the words of all followers,
 * and clears none. Suppose again that B3 comes before A1. Then B2 comes before the signaller's
 * read, and the word isn't 0 until B4 has ended. So the signaller adds 1 to wakes after B1. A word
 * that isn't true costs each signal one system call.
 *
 * tests/model/event.pml searches all interleavings of both kinds.
 */
#include "sync/timeline.h"

#include "base/clock.h"

/* How soon a sleeper looks at the value again. A hostile peer may erase the mark that this thread
 * sleeps, and then no signal wakes the thread. A signaller that is killed between A3 and A5 wakes
 * no thread, either. The first look comes after LOOK_FIRST. Each later one comes when the thread
 * has slept for twice as long, or after LOOK_LAST, so that an idle process hardly ever wakes.
 *
 * On a shared timeline a thread that waits without a deadline doesn't look again: the timer would
 * make each wake a tenth slower. A follower needs no look, since only the publisher could erase its
 * mark. LOOK_ALONE is for a follower that has left the audience. */
#define LOOK_FIRST GY_SECOND
#define LOOK_LAST (60 * GY_SECOND)
#define LOOK_ALONE (10 * GY_MILLISECOND)

/* Notes that this process has seen the value. Returns the largest value seen so far. A thread may
 * learn of a value from here rather than from the page. It must then see what the signaller wrote
 * before, hence acquire and release. */
static uint64_t see(struct gy_timeline *timeline, uint64_t value)
{
	uint64_t seen = atomic_load_explicit(&timeline->seen, memory_order_acquire);

	while (value > seen)
		if (atomic_compare_exchange_weak_explicit(&timeline->seen, &seen, value,
			    memory_order_acq_rel, memory_order_acquire))
			return value;
	return seen;
}

uint64_t gy_timeline_value(struct gy_timeline *timeline)
{
	return see(timeline, atomic_load(&timeline->page->value));
}

/* Wakes the sleepers after a change that they look for. */
static void wake_sleepers(struct gy_timeline *timeline)
{
	struct gy_timeline_page *page = timeline->page;
	bool asleep = atomic_load(&page->sleepers) != 0;

	if (asleep)
		atomic_store(&page->sleepers, 0);
	if (timeline->audience && gy_audience_tell(timeline->audience, &page->value))
		asleep = true;
	if (!asleep)
		return;
	atomic_fetch_add(&page->wakes, 1);
	gy_wake(&page->wakes, true);
}

void gy_timeline_signal(struct gy_timeline *timeline, uint64_t value)
{
	struct gy_timeline_page *page = timeline->page;
	uint64_t now = atomic_load_explicit(&page->value, memory_order_relaxed);

	while (now < value)
		if (atomic_compare_exchange_weak(&page->value, &now, value))
			break;
	(void)see(timeline, value); /* stays seen even if a peer lowers the page again */
	if (now < value)
		wake_sleepers(timeline);
}

void gy_timeline_give(struct gy_timeline *timeline, uint64_t value)
{
	uint64_t given;

	if (!timeline->audience)
		return;
	given = atomic_load(&timeline->audience->given);
	while (given < value)
		if (atomic_compare_exchange_weak(&timeline->audience->given, &given, value))
			break;
}

void gy_timeline_carry(struct gy_timeline *timeline, uint64_t value)
{
	uint64_t given = timeline->audience ? atomic_load(&timeline->audience->given) : value;

	gy_timeline_signal(timeline, value < given ? value : given);
}

void gy_timeline_lose(struct gy_timeline *timeline)
{
	atomic_store(&timeline->page->lost, 1);
	gy_wake(&timeline->page->lost, true);
	wake_sleepers(timeline);
}

bool gy_timeline_is_lost(const struct gy_timeline *timeline)
{
	return atomic_load(&timeline->page->lost) != 0;
}

void gy_timeline_leave(struct gy_timeline *timeline)
{
	atomic_store(&timeline->alone, true);
	gy_wake_until_awake(&timeline->page->wakes, &timeline->asleep);
}

/* Returns the time at which a sleeper must look at the value again, or GY_NEVER. *since: since when
 * the thread has slept in vain; this function sets it if it is 0. */
static uint64_t next_look(const struct gy_timeline *timeline, uint64_t deadline, uint64_t *since)
{
	uint64_t now, slept;

	if (timeline->sleepers)
		return deadline == GY_WATCHFUL ? GY_NEVER : deadline;
	if (deadline == GY_NEVER)
		return GY_NEVER;
	now = gy_now();
	if (*since == 0)
		*since = now;
	slept = gy_earlier(now - *since, LOOK_LAST);
	return gy_earlier(now + (slept > LOOK_FIRST ? slept : LOOK_FIRST), deadline);
}

/* Notes that this thread may sleep: step B2. Returns whether it must be woken; otherwise no other
 * thread wakes it. */
static bool lie_down(struct gy_timeline *timeline)
{
	if (timeline->sleepers)
		atomic_fetch_add(timeline->sleepers, 1);
	else
		atomic_store(&timeline->page->sleepers, 1);
	atomic_fetch_add(&timeline->asleep, 1);
	if (!atomic_load(&timeline->alone))
		return true;
	atomic_fetch_sub(&timeline->asleep, 1);
	return false;
}

static void get_up(struct gy_timeline *timeline, bool must_be_woken)
{
	if (timeline->sleepers)
		atomic_fetch_sub(timeline->sleepers, 1);
	if (must_be_woken)
		atomic_fetch_sub(&timeline->asleep, 1);
}

static bool is_dead(const struct gy_timeline *timeline)
{
	return timeline->dead && atomic_load(timeline->dead) != 0;
}

/* Whether no further value can come. */
static bool is_over(const struct gy_timeline *timeline)
{
	return gy_timeline_is_lost(timeline) || is_dead(timeline);
}

/* Looks without sleeping until the value is reached, the look ends, or no further value can
 * come. */
static void look_for(struct gy_timeline *timeline, uint64_t value, struct gy_look *look)
{
	while (gy_look_goes_on(look)) {
		if (gy_timeline_value(timeline) >= value)
			return;
		if (gy_look_is_wide(look) && is_over(timeline))
			return;
	}
}

bool gy_timeline_wait(struct gy_timeline *timeline, uint64_t value, uint64_t deadline,
	struct gy_interrupt *interrupt)
{
	struct gy_timeline_page *page = timeline->page;
	struct gy_wait_word words[GY_INTERRUPT_WORDS] = {
		{.word = &page->wakes, .shared = true}, {.word = timeline->dead, .expected = 0}};
	uint64_t of_this_wait = 0, *since = interrupt ? &interrupt->idle_since : &of_this_wait;
	struct gy_look look = {.spin = NULL};

	for (;;) {
		bool must_be_woken;

		words[0].expected = atomic_load(&page->wakes);
		if (gy_timeline_value(timeline) >= value) {
			*since = 0;
			gy_look_end(&look);
			return true;
		}
		if (is_over(timeline) || (interrupt && gy_interrupt_is_due(interrupt)))
			return false;
		if (deadline != GY_NEVER && gy_now() >= deadline)
			return false;
		if (!interrupt && gy_look_begin(&look, &timeline->spin, deadline)) {
			look_for(timeline, value, &look);
			continue;
		}
		must_be_woken = lie_down(timeline);
		if (gy_timeline_value(timeline) < value && !gy_timeline_is_lost(timeline))
			gy_interrupt_wait(interrupt, words, timeline->dead ? 2 : 1,
				must_be_woken ? next_look(timeline, deadline, since)
					      : gy_earlier(gy_deadline(LOOK_ALONE), deadline));
		get_up(timeline, must_be_woken);
	}
}
