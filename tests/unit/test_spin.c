/* Spinning: which waits look, how long, and what they write. */
#include "base/clock.h"
#include "sync/timeline.h"

#include <pthread.h>
#include <string.h>

#include "support.h"

static struct gy_spin spin;

static void set(uint64_t ns)
{
	assert_ok(gy_spin_set(&spin, ns));
}

/* Lets one wait look until the look ends. Returns whether the wait has looked at all. */
static bool look_in_vain(uint64_t deadline)
{
	struct gy_look look = {.spin = NULL};

	if (!gy_look_begin(&look, &spin, deadline))
		return false;
	while (gy_look_has_time(&look))
		;
	assert_false(gy_look_begin(&look, &spin, deadline)); /* the same wait now sleeps */
	gy_look_end(&look);
	return true;
}

/* Lets one wait look and end at once. */
static bool look_and_find(void)
{
	struct gy_look look = {.spin = NULL};
	bool looks = gy_look_begin(&look, &spin, GY_NEVER);

	if (looks)
		assert_true(gy_look_begin(&look, &spin, GY_NEVER)); /* the look goes on */
	gy_look_end(&look);
	return looks;
}

static void by_default_nothing_looks(void **state)
{
	(void)state;
	spin = (struct gy_spin){0};
	for (unsigned i = 0; i < 100; i++)
		assert_false(look_and_find());
}

static unsigned count_sleeps(void)
{
	unsigned count = 0;

	while (!look_in_vain(GY_NEVER))
		count++;
	return count;
}

static void looks_in_vain_become_rare(void **state)
{
	static const unsigned sleeps[] = {0, 0, 1, 3, 7, 15, 31, 63, 63, 63};

	(void)state;
	for (unsigned repeat = 0; repeat < 2; repeat++) {
		set(1);
		for (size_t i = 0; i < TEST_COUNT(sleeps); i++)
			assert_int_equal(count_sleeps(), sleeps[i]);
	}
}

static void a_find_ends_that(void **state)
{
	(void)state;
	set(1);
	for (unsigned i = 0; i < 3; i++)
		(void)count_sleeps();
	set(GEYSER_SPIN_MAX_NS);
	set(1);
	assert_int_equal(count_sleeps(), 0); /* a new setting begins anew */
	assert_int_equal(count_sleeps(), 0);
	assert_int_equal(count_sleeps(), 1);
	atomic_store(&spin.limit_ns, GEYSER_SPIN_MAX_NS); /* now looks find something */
	for (unsigned i = 0; i < 3; i++)
		assert_false(look_and_find());
	for (unsigned i = 0; i < 100; i++)
		assert_true(look_and_find());
	assert_int_equal(atomic_load(&spin.in_vain), 0);
	assert_int_equal(atomic_load(&spin.slept), 0);
}

static void a_short_deadline_counts_as_neither(void **state)
{
	(void)state;
	set(GEYSER_SPIN_MAX_NS);
	for (unsigned i = 0; i < 20; i++)
		assert_true(look_in_vain(gy_now() + 1));
	assert_int_equal(atomic_load(&spin.in_vain), 0);
}

/* A wait may learn of an earlier deadline while it looks: a publisher, that it must evict a
 * subscriber. */
static void an_earlier_deadline_ends_a_look_that_has_begun(void **state)
{
	struct gy_look look = {.spin = NULL};
	uint64_t begin = gy_now();

	(void)state;
	set(GEYSER_SPIN_MAX_NS);
	assert_true(gy_look_begin(&look, &spin, GY_NEVER));
	assert_true(gy_look_begin(&look, &spin, begin + 1));
	assert_true(look.end == begin + 1);
	assert_true(gy_look_begin(&look, &spin, GY_NEVER));
	assert_true(look.end == begin + 1);
	assert_false(gy_look_has_time(&look));
	assert_int_equal(atomic_load(&spin.in_vain), 0);
}

static void too_long_a_time_changes_nothing(void **state)
{
	(void)state;
	set(7);
	assert_int_equal(gy_spin_set(&spin, GEYSER_SPIN_MAX_NS + 1), GEYSER_ERROR_INVALID_ARGUMENT);
	assert_int_equal(atomic_load(&spin.limit_ns), 7);
}

/* ---- timelines ---- */

static _Alignas(64) struct gy_timeline_page page;
static _Atomic uint32_t dead;
static struct gy_timeline timeline;

static void begin_timeline(void)
{
	memset(&page, 0, sizeof(page));
	atomic_store(&dead, 0);
	timeline = (struct gy_timeline){.page = &page, .dead = &dead};
	assert_ok(gy_spin_set(&timeline.spin, GEYSER_SPIN_MAX_NS));
}

static _Atomic bool started;

static void *wait_for_one(void *reached)
{
	atomic_store(&started, true);
	*(bool *)reached = gy_timeline_wait(&timeline, 1, GY_NEVER, NULL);
	return NULL;
}

/* Runs a wait for the value 1 on a thread, and `change` meanwhile. Returns whether the value was
 * reached. */
static bool wait_during(void (*change)(void))
{
	bool reached = false;
	pthread_t thread;

	atomic_store(&started, false);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_one, &reached), 0);
	while (!atomic_load(&started))
		;
	change();
	assert_int_equal(pthread_join(thread, NULL), 0);
	return reached;
}

static void signal_one(void)
{
	gy_timeline_signal(&timeline, 1);
}

static void die(void)
{
	atomic_store(&dead, 1); /* without a wake-up: the thread looks by itself */
}

static void lose(void)
{
	atomic_store(&page.lost, 1);
}

/* A thread that spins isn't a sleeper, so nobody has to wake it. */
static void a_signal_makes_no_system_call(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		begin_timeline();
		assert_true(wait_during(signal_one));
		assert_int_equal(atomic_load(&page.sleepers), 0);
		assert_int_equal(atomic_load(&page.wakes), 0);
	}
}

static void death_and_loss_end_a_look(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		begin_timeline();
		assert_false(wait_during(i % 2 ? die : lose));
		assert_int_equal(atomic_load(&page.sleepers), 0);
	}
}

static void a_look_ends_at_the_deadline(void **state)
{
	(void)state;
	begin_timeline();
	for (unsigned i = 0; i < 20; i++) {
		uint64_t deadline = gy_deadline(i * GY_MILLISECOND / 4);

		assert_false(gy_timeline_wait(&timeline, 1, deadline, NULL));
		assert_true(gy_now() >= deadline);
		assert_int_equal(atomic_load(&page.sleepers), 0);
	}
	assert_int_equal(atomic_load(&timeline.spin.in_vain), 0);
}

/* A thread of the library's own, which may be interrupted, sleeps at once. */
static void an_interruptible_wait_sleeps_at_once(void **state)
{
	struct gy_interrupt interrupt = {0};

	(void)state;
	begin_timeline();
	assert_false(gy_timeline_wait(&timeline, 1, gy_deadline(GY_MILLISECOND), &interrupt));
	assert_int_equal(atomic_load(&page.sleepers), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default_nothing_looks),
		cmocka_unit_test(looks_in_vain_become_rare),
		cmocka_unit_test(a_find_ends_that),
		cmocka_unit_test(a_short_deadline_counts_as_neither),
		cmocka_unit_test(an_earlier_deadline_ends_a_look_that_has_begun),
		cmocka_unit_test(too_long_a_time_changes_nothing),
		cmocka_unit_test(a_signal_makes_no_system_call),
		cmocka_unit_test(death_and_loss_end_a_look),
		cmocka_unit_test(a_look_ends_at_the_deadline),
		cmocka_unit_test(an_interruptible_wait_sleeps_at_once),
	};

	test_limit(60);
	return test_run("spin", tests, NULL, NULL);
}
