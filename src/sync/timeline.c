/* SPDX-License-Identifier: MIT */
#include "sync/timeline.h"

#include "base/clock.h"

#include <assert.h>

/* A peer can erase the note that we sleep: then nobody wakes us, and we look for ourselves. Who
 * waits without a deadline has no timer running, and pays a tenth of the wake for one: it is not
 * started. */
#define LOOK_EVERY GY_SECOND
#define LOOK_ALONE (10 * GY_MILLISECOND)

/* Returns the largest value seen, this one included. Who learns of a value here rather than from
 * the page must see what its signaller wrote before, too: hence acquire and release. */
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

/* After a change that sleepers look for. */
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

/*
 * Signaller:	A1 raise value		Sleeper:  B1 read wakes
 *		A2 read sleepers, if 0: done	  B2 set sleepers
 *		A3 clear sleepers		  B3 read value, if reached: done
 *		A4 count wakes			  B4 sleep while wakes is as B1 read it
 *		A5 wake all
 *
 * All are sequentially consistent. If B3 comes before A1, the value is not seen, but then B2 comes
 * before A2: the signaller finds sleepers set, or somebody else has cleared it after B2 and counts
 * wakes after that, hence after B1. Either way wakes changes after B1, and B4 doesn't sleep or is
 * woken. A sleeper that was killed leaves sleepers set, which costs the next signal one system
 * call.
 *
 * A follower of a published timeline counts itself in its own word at B2, and out after B4. The
 * signaller reads all these words between A3 and A4, and clears none. If B3 comes before A1, B2
 * came before that read, and the word is not 0 until B4 is over: wakes changes after B1. A word
 * that lies costs each signal one system call. tests/model/event.pml searches all interleavings of
 * both.
 */
void gy_timeline_signal(struct gy_timeline *timeline, uint64_t value)
{
	struct gy_timeline_page *page = timeline->page;
	uint64_t now = atomic_load_explicit(&page->value, memory_order_relaxed);

	while (now < value)
		if (atomic_compare_exchange_weak(&page->value, &now, value))
			break;
	(void)see(timeline, value); /* ours stands even if a peer lowers the page again */
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
}

static uint64_t next_look(const struct gy_timeline *timeline, uint64_t deadline)
{
	if (atomic_load(&timeline->alone))
		return gy_earlier(gy_deadline(LOOK_ALONE), deadline);
	if (deadline == GY_NEVER && !timeline->sleepers)
		return GY_NEVER;
	return gy_earlier(gy_deadline(LOOK_EVERY), deadline);
}

static void lie_down(struct gy_timeline *timeline)
{
	if (timeline->sleepers)
		atomic_fetch_add(timeline->sleepers, 1);
	else
		atomic_store(&timeline->page->sleepers, 1);
}

static void get_up(struct gy_timeline *timeline)
{
	if (timeline->sleepers)
		atomic_fetch_sub(timeline->sleepers, 1);
}

static bool interrupted(const struct gy_wait_word *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (atomic_load(words[i].word) != words[i].expected)
			return true;
	return false;
}

bool gy_timeline_wait(struct gy_timeline *timeline, uint64_t value, uint64_t deadline,
	const struct gy_wait_word *words, unsigned count)
{
	struct gy_timeline_page *page = timeline->page;
	struct gy_wait_word all[GY_TIMELINE_WORDS + 1] = {{.word = &page->wakes, .shared = true}};

	assert(count <= GY_TIMELINE_WORDS);
	for (unsigned i = 0; i < count; i++)
		all[i + 1] = words[i];
	for (;;) {
		all[0].expected = atomic_load(&page->wakes);
		if (gy_timeline_value(timeline) >= value)
			return true;
		if (gy_timeline_is_lost(timeline) || interrupted(words, count))
			return false;
		if (deadline != GY_NEVER && gy_now() >= deadline)
			return false;
		lie_down(timeline);
		if (gy_timeline_value(timeline) < value && !gy_timeline_is_lost(timeline))
			gy_wait(all, count + 1, next_look(timeline, deadline));
		get_up(timeline);
	}
}
