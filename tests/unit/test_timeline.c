/* The timeline: no wake-up is lost, no value decreases, and no wait continues beyond its
 * deadline. */
#include "base/clock.h"
#include "sync/timeline.h"

#include <pthread.h>
#include <string.h>

#include "support.h"

/* The longest delay of a wait's return on a busy machine under a sanitizer. */
#define SLACK (10 * GY_SECOND)

static _Alignas(64) struct gy_timeline_page page;
static struct gy_timeline timeline = {.page = &page};

static int reset(void **state)
{
	(void)state;
	atomic_store(&page.value, 0);
	atomic_store(&page.wakes, 0);
	atomic_store(&page.sleepers, 0);
	atomic_store(&page.carried, 0);
	atomic_store(&page.lost, 0);
	atomic_store(&timeline.seen, 0);
	return 0;
}

static void start(pthread_t *thread, void *(*run)(void *), void *data)
{
	assert_int_equal(pthread_create(thread, NULL, run, data), 0);
}

static void join(pthread_t thread)
{
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void it_only_grows(void **state)
{
	(void)state;
	assert_true(gy_timeline_value(&timeline) == 0);
	gy_timeline_signal(&timeline, 5);
	gy_timeline_signal(&timeline, 3);
	assert_true(gy_timeline_value(&timeline) == 5);
	gy_timeline_signal(&timeline, UINT64_MAX);
	assert_true(gy_timeline_value(&timeline) == UINT64_MAX);
	gy_timeline_signal(&timeline, 0);
	assert_true(gy_timeline_value(&timeline) == UINT64_MAX);
	/* No thread slept, so none was woken. */
	assert_int_equal(atomic_load(&page.wakes), 0);
}

static void waits_end_at_their_deadline(void **state)
{
	static const uint64_t timeouts[] = {0, 1, GY_MILLISECOND, 30 * GY_MILLISECOND};
	uint64_t before, took;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(timeouts); i++) {
		before = gy_now();
		assert_false(gy_timeline_wait(&timeline, 1, gy_deadline(timeouts[i]), NULL));
		took = gy_now() - before;
		assert_true(took >= timeouts[i] && took < timeouts[i] + SLACK);
	}
	assert_false(gy_timeline_wait(&timeline, 1, 0, NULL)); /* the deadline has passed */
	gy_timeline_signal(&timeline, 1);
	assert_true(gy_timeline_wait(&timeline, 1, 0, NULL));
	assert_true(gy_timeline_wait(&timeline, 0, GY_NEVER, NULL));
}

static void a_lowered_page_is_not_believed(void **state)
{
	(void)state;
	gy_timeline_signal(&timeline, 7);
	assert_true(gy_timeline_value(&timeline) == 7);
	atomic_store(&page.value, 2);
	assert_true(gy_timeline_value(&timeline) == 7);
	assert_true(gy_timeline_wait(&timeline, 7, 0, NULL));
	atomic_store(&page.value, 8);
	assert_true(gy_timeline_value(&timeline) == 8);
}

/* A process remembers the values that it has signalled, whatever happens to the page. */
static void an_own_signal_is_kept(void **state)
{
	(void)state;
	gy_timeline_signal(&timeline, 7);
	atomic_store(&page.value, 0);
	assert_true(gy_timeline_value(&timeline) == 7);
	assert_true(gy_timeline_wait(&timeline, 7, 0, NULL));
}

/* ---- what interrupts a wait ---- */

struct waiter {
	uint64_t value, deadline;
	struct gy_interrupt *interrupt;
	bool reached;
};

static void *wait_once(void *data)
{
	struct waiter *waiter = data;

	waiter->reached =
		gy_timeline_wait(&timeline, waiter->value, waiter->deadline, waiter->interrupt);
	return NULL;
}

static void an_interruption_ends_a_wait(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		struct gy_interrupt interrupt = {0};
		struct waiter waiter = {
			.value = 1, .deadline = GY_NEVER, .interrupt = &interrupt, .reached = true};
		pthread_t thread;

		start(&thread, wait_once, &waiter);
		while (round % 2 && atomic_load(&page.sleepers) == 0)
			;
		gy_interrupt(&interrupt);
		join(thread);
		assert_false(waiter.reached);
		assert_null(atomic_load(&interrupt.asleep));
		atomic_store(&page.sleepers, 0);
	}
}

/* As the thread "geyser-ipc" does it. */
static void the_exporters_death_ends_a_wait(void **state)
{
	_Atomic uint32_t dead = 0;
	struct waiter waiter = {.value = 1, .deadline = GY_NEVER, .reached = true};
	pthread_t thread;

	(void)state;
	timeline.dead = &dead;
	start(&thread, wait_once, &waiter);
	while (atomic_load(&page.sleepers) == 0)
		;
	atomic_store(&dead, 1);
	gy_wake(&dead, false);
	gy_wake_until_awake(&page.wakes, &timeline.asleep);
	join(thread);
	timeline.dead = NULL;
	assert_false(waiter.reached);
}

static void an_earlier_interruption_prevents_a_wait(void **state)
{
	struct gy_interrupt interrupt = {0};

	(void)state;
	gy_interrupt(&interrupt);
	assert_false(gy_timeline_wait(&timeline, 1, GY_NEVER, &interrupt));
	gy_timeline_signal(&timeline, 1);
	/* A reached value counts before an interruption. */
	assert_true(gy_timeline_wait(&timeline, 1, GY_NEVER, &interrupt));
	gy_interrupt_notice(&interrupt);
	assert_false(gy_interrupt_is_due(&interrupt));
	assert_false(gy_timeline_wait(&timeline, 2, gy_deadline(GY_MILLISECOND), &interrupt));
}

static void a_signal_ends_a_wait_that_can_be_interrupted(void **state)
{
	struct gy_interrupt interrupt = {0};
	struct waiter waiter = {
		.value = 1, .deadline = GY_NEVER, .interrupt = &interrupt, .reached = false};
	pthread_t thread;

	(void)state;
	start(&thread, wait_once, &waiter);
	while (atomic_load(&page.sleepers) == 0)
		;
	gy_timeline_signal(&timeline, 1);
	join(thread);
	assert_true(waiter.reached);
}

static void a_loss_wakes_whoever_waits(void **state)
{
	struct waiter waiter = {.value = 2, .deadline = GY_NEVER, .reached = true};
	pthread_t thread;

	(void)state;
	start(&thread, wait_once, &waiter);
	while (atomic_load(&page.sleepers) == 0)
		;
	gy_timeline_lose(&timeline);
	join(thread);
	assert_false(waiter.reached);
	assert_true(gy_timeline_is_lost(&timeline));
	assert_false(gy_timeline_wait(&timeline, 2, GY_NEVER, NULL));
	/* A reached value stays reached, before and after the loss. */
	gy_timeline_signal(&timeline, 1);
	assert_true(gy_timeline_wait(&timeline, 1, GY_NEVER, NULL));
}

/* A peer has erased the note that a thread sleeps, so that the next signal wakes no thread. A
 * sleeper with a deadline checks by itself from time to time and still finds the value. */
static void an_erased_sleeper_wakes_in_the_end(void **state)
{
	const uint64_t an_hour = gy_now() + 3600 * GY_SECOND;
	struct waiter waiter = {.value = 1, .deadline = an_hour, .reached = false};
	pthread_t thread;

	(void)state;
	start(&thread, wait_once, &waiter);
	while (atomic_load(&page.sleepers) == 0)
		;
	atomic_store(&page.sleepers, 0);
	gy_timeline_signal(&timeline, 1);
	join(thread); /* a hang would end at the test's time limit */
	assert_true(waiter.reached);
}

/* ---- lost wake-ups ---- */

enum { SIGNALLERS = 4, WAITERS = 4, VALUES = 20000 };

static _Atomic uint64_t next_value;
/* The waits that have ended, in all rounds together; in the race, the value that the waiter is
 * about to wait for. */
static _Atomic uint64_t waited;
static _Atomic uint32_t failures;

static void *signal_values(void *data)
{
	(void)data;
	for (;;) {
		uint64_t value = atomic_fetch_add(&next_value, 1) + 1;

		if (value > VALUES)
			return NULL;
		gy_timeline_signal(&timeline, value);
	}
}

static void *wait_for_values(void *data)
{
	uint64_t deadline = gy_deadline(60 * GY_SECOND);

	(void)data;
	for (uint64_t value = 1; value <= VALUES; value++)
		if (!gy_timeline_wait(&timeline, value, deadline, NULL))
			atomic_fetch_add(&failures, 1);
	return NULL;
}

static void many_signallers_and_waiters(void **state)
{
	pthread_t threads[SIGNALLERS + WAITERS];

	(void)state;
	atomic_store(&next_value, 0);
	atomic_store(&failures, 0);
	for (size_t i = 0; i < WAITERS; i++)
		start(&threads[i], wait_for_values, NULL);
	for (size_t i = WAITERS; i < WAITERS + SIGNALLERS; i++)
		start(&threads[i], signal_values, NULL);
	for (size_t i = 0; i < WAITERS + SIGNALLERS; i++)
		join(threads[i]);
	assert_int_equal(atomic_load(&failures), 0);
	assert_true(gy_timeline_value(&timeline) == VALUES);
}

/* The next value comes only after all waiters have seen the last one, so that every wake-up counts.
 * After a lost one, the round takes the second until the sleeper checks by itself. A busy machine
 * may cause a few slow rounds. */
#define SLOW (900 * GY_MILLISECOND)
#define SLOW_AT_MOST 2

static void *answer_values(void *data)
{
	struct gy_timeline *answers = data;
	uint64_t deadline = gy_deadline(60 * GY_SECOND);

	for (uint64_t value = 1; value <= VALUES; value++) {
		if (!gy_timeline_wait(&timeline, value, deadline, NULL)) {
			atomic_fetch_add(&failures, 1);
			return NULL;
		}
		if (atomic_fetch_add(&waited, 1) + 1 == value * WAITERS)
			gy_timeline_signal(answers, value);
	}
	return NULL;
}

static void ping_pong_with_many(void **state)
{
	static struct gy_timeline_page answer_page;
	struct gy_timeline answers = {.page = &answer_page};
	uint64_t deadline = gy_deadline(60 * GY_SECOND);
	pthread_t threads[WAITERS];
	unsigned slow = 0;

	(void)state;
	atomic_store(&failures, 0);
	atomic_store(&waited, 0);
	for (size_t i = 0; i < WAITERS; i++)
		start(&threads[i], answer_values, &answers);
	for (uint64_t value = 1; value <= VALUES && slow <= SLOW_AT_MOST; value++) {
		uint64_t before = gy_now();

		gy_timeline_signal(&timeline, value);
		if (!gy_timeline_wait(&answers, value, deadline, NULL))
			atomic_fetch_add(&failures, 1);
		slow += gy_now() - before >= SLOW;
	}
	gy_timeline_signal(&timeline, VALUES);
	for (size_t i = 0; i < WAITERS; i++)
		join(threads[i]);
	assert_int_equal(atomic_load(&failures), 0);
	assert_in_range(slow, 0, SLOW_AT_MOST);
}

/* A waiter announces its wait, and the signaller raises the value at that moment. The steps of both
 * sides then happen in many different orders. */
static void *race_for_values(void *data)
{
	uint64_t deadline = gy_deadline(60 * GY_SECOND);

	(void)data;
	for (uint64_t value = 1; value <= VALUES; value++) {
		atomic_store(&waited, value);
		/* The signaller takes a while to see the announcement. */
		for (volatile uint64_t pause = value * 37 % 1024; pause > 0; pause--)
			;
		if (!gy_timeline_wait(&timeline, value, deadline, NULL))
			atomic_fetch_add(&failures, 1);
	}
	atomic_store(&waited, VALUES + 1);
	return NULL;
}

static void a_signal_at_the_moment_of_waiting(void **state)
{
	pthread_t thread;
	unsigned slow = 0;

	(void)state;
	atomic_store(&failures, 0);
	atomic_store(&waited, 0);
	start(&thread, race_for_values, NULL);
	for (uint64_t value = 1; value <= VALUES && slow <= SLOW_AT_MOST; value++) {
		uint64_t before = gy_now();

		while (atomic_load(&waited) < value)
			;
		gy_timeline_signal(&timeline, value);
		slow += gy_now() - before >= SLOW;
	}
	gy_timeline_signal(&timeline, VALUES);
	join(thread);
	assert_int_equal(atomic_load(&failures), 0);
	assert_in_range(slow, 0, SLOW_AT_MOST);
}

/* ---- a peer that writes any values ---- */

static _Atomic bool attacking;

struct attack {
	bool zeros, ones, noise;
};

static void *write_anything(void *data)
{
	const struct attack *attack = data;
	uint64_t random = 88172645463325252u;

	while (atomic_load_explicit(&attacking, memory_order_relaxed)) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		if (attack->noise) {
			atomic_store(&page.value, random >> 1);
			atomic_store(&page.wakes, (uint32_t)random);
			atomic_store(&page.sleepers, (uint32_t)(random >> 32));
		}
		if (attack->ones) {
			atomic_store(&page.value, UINT64_MAX - 1);
			atomic_store(&page.wakes, UINT32_MAX);
			atomic_store(&page.sleepers, UINT32_MAX);
		}
		if (attack->zeros) {
			atomic_store(&page.value, 0);
			atomic_store(&page.wakes, 0);
			atomic_store(&page.sleepers, 0);
		}
	}
	return NULL;
}

static void waits_end_under_attack(void **state)
{
	static const struct attack attacks[] = {
		{.zeros = true}, {.ones = true}, {.noise = true}, {true, true, true}};

	for (size_t i = 0; i < TEST_COUNT(attacks); i++) {
		uint64_t last = 0, end;
		pthread_t thread;

		(void)reset(state);
		atomic_store(&attacking, true);
		start(&thread, write_anything, (void *)&attacks[i]);
		end = gy_now() + 500 * GY_MILLISECOND;
		for (uint64_t round = 1; gy_now() < end; round++) {
			uint64_t timeout = round % 5 * GY_MILLISECOND, before = gy_now(), value;

			/* no thread ever signals this value */
			assert_false(gy_timeline_wait(
				&timeline, UINT64_MAX, gy_deadline(timeout), NULL));
			assert_in_range(gy_now() - before, timeout, timeout + SLACK);
			gy_timeline_signal(&timeline, round);
			value = gy_timeline_value(&timeline);
			assert_true(value >= last && value >= round);
			last = value;
			assert_true(gy_timeline_wait(&timeline, last, 0, NULL));
		}
		atomic_store(&attacking, false);
		join(thread);
		assert_true(gy_timeline_value(&timeline) >= last);
	}
}

#define timeline_test(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		timeline_test(it_only_grows),
		timeline_test(waits_end_at_their_deadline),
		timeline_test(a_lowered_page_is_not_believed),
		timeline_test(an_own_signal_is_kept),
		timeline_test(an_interruption_ends_a_wait),
		timeline_test(the_exporters_death_ends_a_wait),
		timeline_test(an_earlier_interruption_prevents_a_wait),
		timeline_test(a_signal_ends_a_wait_that_can_be_interrupted),
		timeline_test(a_loss_wakes_whoever_waits),
		timeline_test(an_erased_sleeper_wakes_in_the_end),
		timeline_test(many_signallers_and_waiters),
		timeline_test(ping_pong_with_many),
		timeline_test(a_signal_at_the_moment_of_waiting),
		timeline_test(waits_end_under_attack),
	};

	test_limit(100);
	return test_run("timeline", tests, NULL, NULL);
}
