/* SPDX-License-Identifier: MIT */
#include "stream/waiting.h"
#include "stream/eviction.h"
#include "stream/idling.h"
#include "stream/mirrors.h"
#include "stream/subscriptions.h"

#include "base/clock.h"

#define LOOK_EVERY (50 * GY_MILLISECOND)
#define LOOK_SOON (10 * GY_MILLISECOND)

bool gy_publisher_is_closed(const struct geyser_publisher *publisher)
{
	return atomic_load(&publisher->ring.page->closed) != 0;
}

/* Takes a buffer that has its memory, if there is one: see idling.c. */
static int take_buffer(struct geyser_publisher *publisher)
{
	const uint32_t busy = gy_mirrors_busy(publisher), spared = gy_publisher_spared(publisher);
	int buffer = spared ? gy_ring_begin(&publisher->ring, busy | spared) : -1;

	return buffer < 0 ? gy_ring_begin(&publisher->ring, busy) : buffer;
}

bool gy_publisher_is_ready(struct geyser_publisher *publisher, int *buffer)
{
	/* take no buffer: subscribers must still get the frames that are there */
	if (gy_publisher_is_closed(publisher))
		return true;
	if (!buffer)
		return gy_ring_owed(&publisher->ring) == 0 && gy_ring_held(&publisher->ring) == 0;
	if (*buffer < 0)
		*buffer = take_buffer(publisher);
	if (*buffer >= 0)
		gy_publisher_end_starving(publisher);
	return *buffer >= 0;
}

/* The subscribers that a thread waits for. Meanwhile their leases stay mapped, even if the
 * subscribers leave. */
struct leases {
	struct gy_subscription *subscriptions[GY_RING_READERS];
	unsigned count;
};

static void hold_leases(struct geyser_publisher *publisher, struct leases *leases)
{
	leases->count = 0;
	for (uint32_t i = 0; i < publisher->ring.reader_count; i++) {
		struct gy_subscription *subscription = publisher->subscriptions[i];

		if (!subscription || publisher->ring.readers[i].evicted)
			continue;
		leases->subscriptions[leases->count++] = subscription;
		subscription->sleepers++;
	}
}

static void drop_leases(struct geyser_publisher *publisher, struct leases *leases)
{
	for (unsigned i = 0; i < leases->count; i++)
		leases->subscriptions[i]->sleepers--;
	gy_publisher_reap(publisher);
}

/* The publisher's own word, which changes when a subscriber comes or goes. */
static struct gy_wait_word own_word(struct geyser_publisher *publisher)
{
	struct gy_wait_word word = {
		.word = publisher->bell ? &publisher->bell->rings : &publisher->wake_word,
		.shared = publisher->bell != NULL,
	};

	word.expected = atomic_load(word.word);
	return word;
}

/* ---- spinning ---- */

/* What a spinning thread has seen of the leases. */
struct sight {
	struct leases leases;
	struct gy_wait_word own;
	uint32_t held[GY_RING_READERS];
	uint64_t taken[GY_RING_READERS];
};

static const struct gy_lease_page *lease_of(const struct sight *sight, unsigned i)
{
	return sight->leases.subscriptions[i]->lease;
}

static void see(struct geyser_publisher *publisher, struct sight *sight)
{
	hold_leases(publisher, &sight->leases);
	sight->own = own_word(publisher);
	for (unsigned i = 0; i < sight->leases.count; i++) {
		sight->held[i] = atomic_load(&lease_of(sight, i)->held);
		sight->taken[i] = atomic_load(&lease_of(sight, i)->taken);
	}
}

/* Whether a subscriber has changed its lease, has come or gone. */
static bool has_changed(const struct sight *sight)
{
	for (unsigned i = 0; i < sight->leases.count; i++)
		if (atomic_load(&lease_of(sight, i)->held) != sight->held[i] ||
			atomic_load(&lease_of(sight, i)->taken) != sight->taken[i])
			return true;
	return atomic_load(sight->own.word) != sight->own.expected;
}

/* Whether the wait must end for another reason. */
static bool is_over(const struct geyser_publisher *publisher)
{
	return gy_publisher_is_closed(publisher) || atomic_load(&publisher->interrupted) ||
	       gy_manager_is_lost(publisher->manager);
}

/* Looks at the leases again and again. Subscribers aren't told of it, so that they make no system
 * call. Releases the lock meanwhile. */
static void look_for_release(struct geyser_publisher *publisher, int *buffer, struct gy_look *look)
{
	struct sight sight;

	see(publisher, &sight);
	if (!gy_publisher_is_ready(publisher, buffer)) {
		(void)pthread_mutex_unlock(&publisher->lock);
		while (gy_look_goes_on(look) && !has_changed(&sight))
			if (gy_look_is_wide(look) && is_over(publisher))
				break;
		(void)pthread_mutex_lock(&publisher->lock);
	}
	drop_leases(publisher, &sight.leases);
}

/* ---- sleeping ---- */

_Static_assert(GY_WAIT_WORDS >= GY_RING_READERS + 1, "a word for each subscriber, and our own");

/* Fills in the words on which a thread sleeps, and their present values: the publisher's own, and
 * one in each lease. A publisher with a doorbell sleeps on that alone. Returns their number. */
static unsigned collect_words(struct geyser_publisher *publisher, const struct leases *leases,
	struct gy_wait_word words[GY_WAIT_WORDS])
{
	unsigned count = 0;

	words[count++] = own_word(publisher);
	for (unsigned i = 0; i < leases->count && !publisher->bell; i++) {
		_Atomic uint32_t *releases = &leases->subscriptions[i]->lease->releases;

		words[count++] = (struct gy_wait_word){
			.word = releases, .expected = atomic_load(releases), .shared = true};
	}
	return count;
}

/* Returns how long the thread sleeps before it looks at the leases itself. A subscriber may be
 * stopped between its release and its wake-up call, and a hostile one may put the doorbell's old
 * count back. Where the system has refused to sleep on several words after the publisher was made,
 * there is no doorbell, and releases wake nobody. */
static uint64_t look_after(const struct geyser_publisher *publisher)
{
	return publisher->bell || !gy_wait_has_several() ? LOOK_SOON : LOOK_EVERY;
}

/* Releases the lock and sleeps. Sets "waiting" first, then checks again: a subscriber that changes
 * its lease after the check sees the flag and wakes this thread. */
static void sleep_for_release(struct geyser_publisher *publisher, int *buffer, uint64_t deadline)
{
	struct gy_wait_word words[GY_WAIT_WORDS];
	struct leases leases;
	unsigned count;
	uint64_t look;

	hold_leases(publisher, &leases);
	count = collect_words(publisher, &leases, words);
	gy_ring_set_waiting(&publisher->ring, true);
	if (!gy_publisher_is_ready(publisher, buffer) &&
		!(buffer && atomic_load(&publisher->interrupted))) {
		publisher->sleepers++;
		(void)pthread_mutex_unlock(&publisher->lock);
		look = gy_deadline(look_after(publisher));
		gy_wait(words, count, gy_earlier(look, deadline));
		(void)pthread_mutex_lock(&publisher->lock);
		publisher->sleepers--;
	}
	drop_leases(publisher, &leases);
}

void gy_publisher_await_release(
	struct geyser_publisher *publisher, int *buffer, uint64_t deadline, struct gy_look *look)
{
	if (gy_look_begin(look, &publisher->spin, deadline))
		look_for_release(publisher, buffer, look);
	else
		sleep_for_release(publisher, buffer, deadline);
}

/* ---- waking ---- */

void gy_publisher_wake(struct geyser_publisher *publisher)
{
	if (publisher->bell) {
		gy_doorbell_ring(publisher->bell);
		return;
	}
	atomic_fetch_add(&publisher->wake_word, 1);
	gy_wake(&publisher->wake_word, false);
}

void gy_publisher_lose(struct gy_watched *watched)
{
	struct geyser_publisher *publisher =
		(struct geyser_publisher *)((char *)watched -
					    offsetof(struct geyser_publisher, watched));

	gy_ring_wake(&publisher->ring);
	gy_publisher_wake(publisher);
}
