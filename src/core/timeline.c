#include "core/timeline.h"

#include "base/clock.h"

#include <assert.h>

uint64_t gy_timeline_value(struct gy_timeline *timeline)
{
	uint64_t value = atomic_load(&timeline->page->value);
	uint64_t seen = atomic_load_explicit(&timeline->seen, memory_order_relaxed);

	while (value > seen)
		if (atomic_compare_exchange_weak_explicit(&timeline->seen, &seen, value,
			    memory_order_relaxed, memory_order_relaxed))
			return value;
	return seen;
}

/*
 * Signaller:	A1 raise value		Sleeper:  B1 read wakes
 *		A2 read sleepers, if 0: done	  B2 set sleepers
 *		A3 clear sleepers		  B3 read value, if reached: done
 *		A4 count wakes			  B4 sleep while wakes is as B1 read it
 *		A5 wake all
 *
 * All are sequentially consistent. If B3 comes before A1, the value is not seen, but then B2 comes
 *before A2: the signaller finds sleepers set, or somebody else has cleared it after B2 and counts
 *wakes after that, hence after B1. Either way wakes changes after B1, and B4 doesn't sleep or is
 *woken. A sleeper that was killed leaves sleepers set, which costs the next signal one system call.
 */
void gy_timeline_signal(struct gy_timeline *timeline, uint64_t value)
{
	struct gy_timeline_page *page = timeline->page;
	uint64_t now = atomic_load_explicit(&page->value, memory_order_relaxed);

	while (now < value)
		if (atomic_compare_exchange_weak(&page->value, &now, value))
			break;
	if (now >= value || atomic_load(&page->sleepers) == 0)
		return;
	atomic_store(&page->sleepers, 0);
	atomic_fetch_add(&page->wakes, 1);
	gy_wake(&page->wakes, true);
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
	struct gy_wait_word all[GY_WAIT_WORDS] = {{.word = &page->wakes, .shared = true}};

	assert(count < GY_WAIT_WORDS);
	for (unsigned i = 0; i < count; i++)
		all[i + 1] = words[i];
	for (;;) {
		all[0].expected = atomic_load(&page->wakes);
		if (gy_timeline_value(timeline) >= value)
			return true;
		if (interrupted(words, count))
			return false;
		if (deadline != GY_NEVER && gy_now() >= deadline)
			return false;
		atomic_store(&page->sleepers, 1);
		if (gy_timeline_value(timeline) >= value)
			return true;
		gy_wait(all, count + 1, deadline);
	}
}
