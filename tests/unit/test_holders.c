/*
 * Readers of the ring that hold every buffer: which one is evicted, when, and for whom the time
 * without a buffer counts. The times are made up.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct gy_ring_page page;
static struct gy_lease_page leases[GY_RING_READERS];
static struct gy_ring_writer writer;

static void begin_test(uint32_t buffers, uint32_t readers)
{
	memset(&page, 0, sizeof(page));
	memset(leases, 0, sizeof(leases));
	writer = (struct gy_ring_writer){.page = &page, .buffers = buffers};
	for (uint32_t i = 0; i < readers; i++)
		assert_int_equal(gy_ring_join(&writer, &leases[i], false), i);
}

#define SETTLES_AT 1000
#define SETTLED_LIMIT UINT64_C(100)
#define NEWCOMER_LIMIT UINT64_C(10)

static const struct gy_hold_limits hold_limits = {
	{UINT64_MAX, SETTLED_LIMIT, NEWCOMER_LIMIT},
};

/* Reader 0 is settled, reader 1 is a newcomer. The arguments are the bits of the buffers that each
 * holds. */
static void begin_held(uint32_t settled, uint32_t newcomer)
{
	begin_test(2, 2);
	writer.readers[0].settles_at = 1;
	writer.readers[1].settles_at = SETTLES_AT;
	atomic_store(&leases[0].held, settled);
	atomic_store(&leases[1].held, newcomer);
}

static void evicts_at(uint64_t start, uint64_t limit, int place)
{
	uint64_t due;

	assert_int_equal(gy_ring_evict(&writer, &hold_limits, start, &due), -1);
	assert_int_equal(due, start + limit);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, due - 1, &due), -1);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, due, &due), place);
}

static void a_newcomer_has_the_shorter_limit(void **state)
{
	(void)state;
	begin_held(0, 3);
	evicts_at(1, NEWCOMER_LIMIT, 1);
	begin_held(1, 3); /* although the settled reader also holds a buffer */
	evicts_at(1, NEWCOMER_LIMIT, 1);
	begin_held(0, 3);
	evicts_at(SETTLES_AT, SETTLED_LIMIT, 1);
}

/* Evicting the newcomer would free no buffer. */
static void a_newcomer_is_not_evicted_for_what_others_hold(void **state)
{
	uint64_t due;

	(void)state;
	begin_held(3, 1);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, 1, &due), -1);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, 1 + 50, &due), -1);
	assert_int_equal(due, 1 + SETTLED_LIMIT);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, due, &due), 0);
}

static void hold(uint32_t a, uint32_t b, uint32_t c)
{
	atomic_store(&leases[0].held, a);
	atomic_store(&leases[1].held, b);
	atomic_store(&leases[2].held, c);
}

/* Three newcomers, of which the last two belong to one process. */
static void begin_processes(uint32_t buffers)
{
	begin_test(buffers, 3);
	for (uint32_t i = 0; i < 3; i++) {
		writer.readers[i].settles_at = SETTLES_AT + i;
		writer.readers[i].process = i == 0 ? 1 : 2;
	}
}

/* Each of the two readers of one process holds less than the other process's reader does. */
static void turns_within_a_process_are_charged_together(void **state)
{
	uint64_t due;

	(void)state;
	begin_processes(5);
	for (uint64_t i = 0; i < NEWCOMER_LIMIT; i++) {
		hold(0x3, i % 2 ? 0 : 0x1c, i % 2 ? 0x1c : 0);
		assert_int_equal(gy_ring_evict(&writer, &hold_limits, 1 + i, &due), -1);
	}
	assert_in_range(gy_ring_evict(&writer, &hold_limits, 1 + NEWCOMER_LIMIT, &due), 1, 2);
}

static void who_leaves_hands_its_charge_on(void **state)
{
	uint64_t due;

	(void)state;
	begin_processes(3);
	hold(0x1, 0, 0x6);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, 1, &due), -1);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, NEWCOMER_LIMIT, &due), -1);
	hold(0x1, 0x6, 0);
	gy_ring_leave(&writer, 2);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, 1 + NEWCOMER_LIMIT, &due), 1);
}

static void of_equal_readers_the_last_one_goes(void **state)
{
	(void)state;
	begin_processes(3);
	writer.readers[2].process = 3;
	hold(1, 2, 4);
	evicts_at(1, NEWCOMER_LIMIT, 2);
}

static uint64_t starved(enum gy_ring_group group)
{
	const uint64_t time = writer.starved[group];

	writer.starved[group] = 0;
	return time;
}

/* Holds all buffers for 5 ns and returns for how long `group` is to blame. */
static uint64_t blamed_for(enum gy_ring_group group, uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t due;

	hold(a, b, c);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, 3, &due), -1);
	hold(0, 0, 0);
	gy_ring_end_starving(&writer, 8);
	assert_int_equal(writer.starved_since, 0);
	return starved(group);
}

static void time_counts_for_who_holds_the_last_buffers(void **state)
{
	uint64_t due;

	(void)state;
	begin_processes(3);
	writer.readers[0].settles_at = 0;
	writer.readers[1].settles_at = 1;
	assert_int_equal(blamed_for(GY_RING_NEWCOMERS, 0, 0, 7), 5);
	assert_int_equal(blamed_for(GY_RING_NEWCOMERS, 1, 2, 4), 5);
	assert_int_equal(blamed_for(GY_RING_SETTLED, 0, 7, 7), 5);
	assert_int_equal(blamed_for(GY_RING_SETTLED, 1, 6, 4), 5);
	assert_int_equal(blamed_for(GY_RING_OWN, 7, 7, 7), 5);
	assert_int_equal(starved(GY_RING_SETTLED) + starved(GY_RING_NEWCOMERS), 0);

	/* no time counts while a buffer isn't held, though the publisher can't take it */
	hold(0, 0, 7);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, 10, &due), -1);
	hold(0, 0, 3);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, 12, &due), -1);
	hold(0, 0, 7);
	assert_int_equal(gy_ring_evict(&writer, &hold_limits, 15, &due), -1);
	gy_ring_end_starving(&writer, 16);
	assert_int_equal(starved(GY_RING_NEWCOMERS), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_newcomer_has_the_shorter_limit),
		cmocka_unit_test(a_newcomer_is_not_evicted_for_what_others_hold),
		cmocka_unit_test(turns_within_a_process_are_charged_together),
		cmocka_unit_test(who_leaves_hands_its_charge_on),
		cmocka_unit_test(of_equal_readers_the_last_one_goes),
		cmocka_unit_test(time_counts_for_who_holds_the_last_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
