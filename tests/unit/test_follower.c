/* A follower carries a timeline's values. It sleeps meanwhile, and ends at once. */
#include "support.h"
#include "wakeups.h"

#include "base/clock.h"
#include "sync/follower.h"

#include <string.h>
#include <unistd.h>

#define PATIENCE (20 * GY_SECOND)

static struct gy_timeline_page page;
static _Atomic uint32_t sleepers, dead;
static struct gy_timeline timeline, published;
static _Atomic uint64_t carried;

static void carry(void *user, uint64_t value)
{
	(void)user;
	atomic_store(&carried, value);
}

/* seat: the follower only reads the page, as a subscriber does. */
static void reset(bool seat)
{
	memset(&page, 0, sizeof(page));
	atomic_store(&sleepers, 0);
	atomic_store(&dead, 0);
	atomic_store(&carried, 0);
	timeline = (struct gy_timeline){
		.page = &page, .sleepers = seat ? &sleepers : NULL, .dead = &dead};
	published = (struct gy_timeline){.page = &page};
}

static struct gy_follower started(void)
{
	return (struct gy_follower){.timeline = &timeline, .carry = carry};
}

static bool is_asleep(bool seat)
{
	return seat ? atomic_load(&sleepers) != 0 : atomic_load(&page.sleepers) != 0;
}

static void await_sleep(bool seat)
{
	uint64_t end = gy_now() + PATIENCE;

	while (!is_asleep(seat))
		assert_true(gy_now() < end);
}

static void await_carried(uint64_t value)
{
	uint64_t end = gy_now() + PATIENCE;

	while (atomic_load(&carried) != value)
		assert_true(gy_now() < end);
}

static void it_sleeps_until_it_is_stopped(void **state)
{
	const pid_t self = getpid();

	(void)state;
	for (int seat = 0; seat < 2; seat++) {
		struct gy_follower follower = started();

		reset(seat);
		assert_ok(gy_follower_start(&follower, "geyser-follower"));
		await_sleep(seat);
		assert_true(test_stay_asleep(&self, 1));
		gy_follower_stop(&follower); /* a hang ends at the test's time limit */
		assert_int_equal(atomic_load(&sleepers), 0);
	}
}

/* The thread may be anywhere between its start and its sleep. The wait has no deadline, so that a
 * lost wake-up hangs the test. */
static void it_ends_wherever_it_is(void **state)
{
	(void)state;
	for (int round = 0; round < 400; round++) {
		struct gy_follower follower = started();

		reset(true);
		assert_ok(gy_follower_start(&follower, "geyser-follower"));
		for (int i = 0; i < round % 100 * 200; i++)
			(void)atomic_load(&sleepers); /* some time, and no other thread's */
		gy_follower_stop(&follower);
	}
}

static void it_carries_each_value_and_the_end(void **state)
{
	struct gy_follower follower = started();

	(void)state;
	reset(false);
	assert_ok(gy_follower_start(&follower, "geyser-follower"));
	for (uint64_t value = 1; value <= 100; value++) {
		gy_timeline_signal(&published, value);
		await_carried(value);
	}
	await_sleep(false);
	atomic_store(&dead, 1);
	gy_wake(&dead, false);
	gy_wake_until_awake(&page.wakes, &timeline.asleep);
	await_carried(GY_FREED);
	gy_follower_stop(&follower);
}

/* A thread that sleeps already doesn't look by itself. */
static void it_looks_again_once_it_has_left_the_audience(void **state)
{
	struct gy_follower follower = started();

	(void)state;
	reset(true);
	assert_ok(gy_follower_start(&follower, "geyser-follower"));
	await_sleep(true);
	gy_timeline_leave(&timeline);
	atomic_store(&page.value, 5); /* nobody wakes it */
	await_carried(5);
	gy_follower_stop(&follower);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_sleeps_until_it_is_stopped),
		cmocka_unit_test(it_ends_wherever_it_is),
		cmocka_unit_test(it_carries_each_value_and_the_end),
		cmocka_unit_test(it_looks_again_once_it_has_left_the_audience),
	};

	test_limit(100);
	return test_run("follower", tests, NULL, NULL);
}
