/* SPDX-License-Identifier: MIT */
/* Evicts subscribers that keep a publisher without a buffer. Decides for how long a process may not
 * subscribe after it was evicted several times. All functions need the publisher's lock. */
#include "stream/eviction.h"
#include "stream/subscriptions.h"

#include "base/clock.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Each eviction costs the publisher new buffers. After its second eviction a process may not
 * subscribe for PENALTY. Each further eviction doubles that time, up to PENALTY << DOUBLINGS (68
 * minutes). The publisher forgets one eviction of the process in each FORGIVE_AFTER. */
#define PENALTY GY_SECOND
#define DOUBLINGS 12
#define FORGIVE_AFTER (600 * GY_SECOND)

/*
 * A newcomer is a subscriber of another process that joined less than SETTLE_AFTER ago. A program
 * that forks a new process for each try has no process with a record. So all newcomers share one
 * budget of time in which they may keep the publisher without a buffer. Settled subscribers of
 * other processes share a second budget. The publisher's own subscribers need none.
 *
 * A budget is FULL hold limits. In each REFILL_AFTER one hold limit comes back. A group's limit is
 * what remains of its budget, but at most the hold limit and at least 1 / (1 << LEAST_SHIFT) of it.
 * The publisher counts time without a buffer whether or not it evicts a subscriber in the end. So a
 * group can take two hold limits at once, and then one in each REFILL_AFTER.
 *
 * The first 1 / (1 << FREE_SHIFT) of a hold limit, 62 ms by default, is free each time. Several
 * honest subscribers may each hold another frame until the next one comes. With few buffers they
 * keep the publisher waiting for a part of each frame's time. Such short times can slow a publisher
 * to 16 frames a second, but never stop it.
 */
#define FULL 2
#define REFILL_AFTER (60 * GY_SECOND)
#define LEAST_SHIFT 10
#define FREE_SHIFT 4
#define SETTLE_AFTER (600 * GY_SECOND)

/* Places in one stream that one process may take, so that others find room. The publisher's own
 * process may take all. */
#define PLACES_OF_A_PROCESS (GY_RING_READERS / 2)

/* Returns for how long the process may not subscribe after its last eviction, in ns. */
static uint64_t penalty_of(const struct gy_evicted *record)
{
	uint32_t doublings = record->times - 2;

	if (record->times < 2)
		return 0;
	return PENALTY << (doublings < DOUBLINGS ? doublings : DOUBLINGS);
}

/* Forgets one eviction for each FORGIVE_AFTER that has passed. */
static void forgive(struct gy_evicted *record, uint64_t now)
{
	uint64_t times = (now - record->last) / FORGIVE_AFTER;

	if (times == 0)
		return;
	record->times -= times < record->times ? (uint32_t)times : record->times;
	record->last = now;
}

static struct gy_evicted *find_record(struct geyser_publisher *publisher, pid_t pid, uint64_t now)
{
	for (size_t i = 0; i < GY_EVICTED_RECORDS; i++) {
		struct gy_evicted *record = &publisher->evicted[i];

		if (record->times == 0 || record->pid != pid)
			continue;
		forgive(record, now);
		return record;
	}
	return NULL;
}

/* Records that a process was evicted. If no record is free, replaces the oldest one. */
static void remember(struct geyser_publisher *publisher, pid_t pid, uint64_t now)
{
	struct gy_evicted *record = find_record(publisher, pid, now);

	if (!record) {
		record = &publisher->evicted[0];
		for (size_t i = 1; i < GY_EVICTED_RECORDS; i++)
			if (publisher->evicted[i].last < record->last)
				record = &publisher->evicted[i];
		*record = (struct gy_evicted){.pid = pid};
	}
	record->times++;
	record->last = now;
}

/* Errors: LIMIT if the process may not subscribe yet. */
static enum geyser_result check_evictions(struct geyser_publisher *publisher, pid_t pid)
{
	const uint64_t now = gy_now();
	const struct gy_evicted *record = find_record(publisher, pid, now);
	uint64_t until = record ? record->last + penalty_of(record) : 0;

	if (until <= now)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_LIMIT,
		"stream \"%s\" has evicted this process (pid %d) %u times, because it held frames "
		"too long: it may come back in %" PRIu64 " ms",
		publisher->published.name, pid, record->times, (until - now) / GY_MILLISECOND + 1);
}

enum geyser_result gy_publisher_fail_full(const struct geyser_publisher *publisher)
{
	return gy_fail(GEYSER_ERROR_LIMIT, "stream \"%s\" has %d subscribers: no more are possible",
		publisher->published.name, GY_RING_READERS);
}

enum geyser_result gy_publisher_admit(struct geyser_publisher *publisher, pid_t pid)
{
	unsigned places = 0, taken = 0;

	for (uint32_t i = 0; i < publisher->ring.reader_count; i++) {
		const struct gy_subscription *subscription = publisher->subscriptions[i];

		taken += subscription != NULL;
		places += subscription && subscription->pid == pid;
	}
	if (taken == GY_RING_READERS)
		return gy_publisher_fail_full(publisher);
	if (pid != getpid() && places >= PLACES_OF_A_PROCESS)
		return gy_fail(GEYSER_ERROR_LIMIT,
			"stream \"%s\" has %u subscribers in this process (pid %d): no more of one "
			"process are possible",
			publisher->published.name, places, pid);
	return check_evictions(publisher, pid);
}

/* ---- budgets ---- */

uint64_t gy_publisher_settles_at(pid_t pid)
{
	return pid == getpid() ? 0 : gy_now() + SETTLE_AFTER;
}

/* Whether the hold limit is so long, or off, that no budget is needed. */
static bool is_unlimited(const struct geyser_publisher *publisher)
{
	return publisher->hold_limit_ns > GY_NEVER / (2 * FULL);
}

/* Gives back what the time since the last call is worth. */
static void refill(struct gy_hold_budget *budget, uint64_t limit, uint64_t now)
{
	uint64_t passed = now - budget->refilled_at, back = FULL * limit;

	if (passed < FULL * REFILL_AFTER)
		back = (uint64_t)((double)limit * (double)passed / (double)REFILL_AFTER);
	if (budget->spent > FULL * limit)
		budget->spent = FULL * limit;
	if (back == 0)
		return; /* a later call counts this time as well */
	budget->spent -= back < budget->spent ? back : budget->spent;
	budget->refilled_at = now;
}

/* Takes the counted time from the budgets. */
static void spend(struct geyser_publisher *publisher, uint64_t now)
{
	const uint64_t limit = publisher->hold_limit_ns, free = limit >> FREE_SHIFT;

	for (unsigned i = GY_RING_SETTLED; i < GY_RING_GROUPS; i++) {
		uint64_t starved = publisher->ring.starved[i];

		if (starved <= free || is_unlimited(publisher))
			continue;
		refill(&publisher->budgets[i], limit, now);
		publisher->budgets[i].spent += starved - free;
	}
	memset(publisher->ring.starved, 0, sizeof(publisher->ring.starved));
}

static uint64_t limit_of(struct geyser_publisher *publisher, enum gy_ring_group group, uint64_t now)
{
	struct gy_hold_budget *budget = &publisher->budgets[group];
	const uint64_t limit = publisher->hold_limit_ns, least = limit >> LEAST_SHIFT;
	uint64_t left;

	if (group == GY_RING_OWN || is_unlimited(publisher) || budget->spent == 0)
		return limit;
	refill(budget, limit, now);
	left = FULL * limit - budget->spent;
	if (left > limit)
		return limit;
	return left > least ? left : least;
}

/* A subscriber may keep a lossless publisher waiting by taking its frames late. There it gains
 * nothing by holding them, so only the time that ended with an eviction counts. */
void gy_publisher_end_starving(struct geyser_publisher *publisher)
{
	uint64_t now;

	if (!publisher->ring.starved_since)
		return;
	now = gy_now();
	gy_ring_end_starving(&publisher->ring, now);
	if (publisher->ring.lossless)
		memset(publisher->ring.starved, 0, sizeof(publisher->ring.starved));
	else
		spend(publisher, now);
}

bool gy_publisher_evict(struct geyser_publisher *publisher, uint64_t *due)
{
	const uint64_t now = gy_now();
	struct gy_hold_limits limits;
	int place;

	for (unsigned i = 0; i < GY_RING_GROUPS; i++)
		limits.ns[i] = limit_of(publisher, (enum gy_ring_group)i, now);
	place = gy_ring_evict(&publisher->ring, &limits, now, due);
	if (place < 0)
		return false;
	publisher->evictions++;
	spend(publisher, now);
	if (!publisher->subscriptions[place]->feeds) /* a feed may come back at once */
		remember(publisher, publisher->subscriptions[place]->pid, now);
	gy_subscription_set_counted(publisher, publisher->subscriptions[place], false);
	return true;
}

enum geyser_result geyser_publisher_get_evictions(struct geyser_publisher *publisher, uint64_t *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = 0;
	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	(void)pthread_mutex_lock(&publisher->lock);
	*out = publisher->evictions;
	(void)pthread_mutex_unlock(&publisher->lock);
	return GEYSER_OK;
}
