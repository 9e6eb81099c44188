/* A timeline that one publisher raises and several processes follow. Each follower says in a word
 * of its own that it sleeps. A wrong word may cause needless wake-ups, but nothing worse. */
#include "base/clock.h"
#include "sync/timeline.h"

#include <pthread.h>
#include <string.h>

#include "support.h"

enum { FOLLOWERS = 3, THREADS = 2, VALUES = 5000 };

static _Alignas(64) struct gy_timeline_page page;
static struct gy_timeline publisher;

/* Stands for a process that follows the timeline; the tests use a few threads for it. */
struct follower {
	struct gy_timeline timeline;
	_Atomic uint32_t sleepers;
	_Atomic uint64_t notice;
};

static struct follower followers[FOLLOWERS];

static struct gy_audience_member member_of(struct follower *follower)
{
	return (struct gy_audience_member){&follower->sleepers, &follower->notice};
}

static void join_audience(struct follower *follower)
{
	const struct gy_audience_member member = member_of(follower);

	assert_true(gy_audience_add(publisher.audience, &member, &page.value));
}

static int publish(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	memset(followers, 0, sizeof(followers));
	publisher = (struct gy_timeline){.page = &page, .audience = gy_audience_create()};
	for (size_t i = 0; i < FOLLOWERS; i++)
		followers[i].timeline =
			(struct gy_timeline){.page = &page, .sleepers = &followers[i].sleepers};
	return publisher.audience ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	gy_audience_destroy(publisher.audience);
	return 0;
}

/* ---- waking ---- */

static _Atomic uint32_t failures, seen;

static void *follow_values(void *data)
{
	struct follower *follower = data;

	for (uint64_t value = 1; value <= VALUES; value++) {
		if (!gy_timeline_wait(&follower->timeline, value, GY_NEVER, NULL))
			atomic_fetch_add(&failures, 1);
		atomic_fetch_add(&seen, 1);
		gy_wake(&seen, false);
	}
	return NULL;
}

static void await_seen(uint32_t count)
{
	uint32_t now;

	while ((now = atomic_load(&seen)) < count) {
		const struct gy_wait_word word = {.word = &seen, .expected = now};

		gy_wait(&word, 1, GY_NEVER);
	}
}

/* The next value comes only after all followers have seen the last one, and no wait has a deadline.
 * A lost wake-up therefore hangs the test. */
static void every_follower_is_woken(void **state)
{
	pthread_t threads[FOLLOWERS * THREADS];

	(void)state;
	atomic_store(&failures, 0);
	atomic_store(&seen, 0);
	for (size_t i = 0; i < FOLLOWERS; i++)
		join_audience(&followers[i]);
	for (size_t i = 0; i < FOLLOWERS * THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, follow_values, &followers[i % FOLLOWERS]),
			0);
	for (uint32_t value = 1; value <= VALUES; value++) {
		gy_timeline_signal(&publisher, value);
		await_seen(value * FOLLOWERS * THREADS);
	}
	for (size_t i = 0; i < FOLLOWERS * THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&failures), 0);
	for (size_t i = 0; i < FOLLOWERS; i++)
		assert_int_equal(atomic_load(&followers[i].sleepers), 0);
	assert_int_equal(atomic_load(&page.sleepers), 0);
}

struct wait {
	struct gy_timeline *timeline;
	bool reached;
};

static void *wait_once(void *data)
{
	struct wait *wait = data;

	wait->reached = gy_timeline_wait(wait->timeline, 1, GY_NEVER, NULL);
	return NULL;
}

static void followers_and_publisher_sleep_side_by_side(void **state)
{
	struct wait waits[] = {{.timeline = &publisher}, {.timeline = &followers[0].timeline}};
	pthread_t threads[2];

	(void)state;
	join_audience(&followers[0]);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_once, &waits[i]), 0);
	while (!atomic_load(&page.sleepers) || !atomic_load(&followers[0].sleepers))
		;
	gy_timeline_signal(&publisher, 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(waits[i].reached);
	}
}

static void a_loss_wakes_followers(void **state)
{
	struct wait wait = {.timeline = &followers[0].timeline, .reached = true};
	pthread_t thread;

	(void)state;
	join_audience(&followers[0]);
	assert_int_equal(pthread_create(&thread, NULL, wait_once, &wait), 0);
	while (!atomic_load(&followers[0].sleepers))
		;
	gy_timeline_lose(&publisher);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(wait.reached);
	assert_true(gy_timeline_is_lost(&followers[0].timeline));
}

/* ---- the followers' words ---- */

static void a_word_that_lies_costs_a_wake_up(void **state)
{
	uint32_t before;

	(void)state;
	join_audience(&followers[0]);
	gy_timeline_signal(&publisher, 1);
	assert_int_equal(atomic_load(&page.wakes), 0); /* no follower slept */
	atomic_store(&followers[0].sleepers, UINT32_MAX);
	for (uint64_t value = 2; value < 10; value++) {
		before = atomic_load(&page.wakes);
		gy_timeline_signal(&publisher, value);
		assert_int_equal(atomic_load(&page.wakes), before + 1);
	}
	/* The publisher never writes to this word. */
	assert_int_equal(atomic_load(&followers[0].sleepers), UINT32_MAX);
}

static void who_has_left_is_not_looked_at(void **state)
{
	(void)state;
	join_audience(&followers[0]);
	join_audience(&followers[1]);
	atomic_store(&followers[0].sleepers, 1);
	gy_audience_remove(publisher.audience, &followers[0].sleepers);
	/* this follower had never joined */
	gy_audience_remove(publisher.audience, &followers[2].sleepers);
	gy_timeline_signal(&publisher, 7);
	assert_int_equal(atomic_load(&page.wakes), 0);
	assert_true(atomic_load(&followers[0].notice) == 0);
	assert_true(atomic_load(&followers[1].notice) == 7);
	gy_audience_remove(publisher.audience, &followers[1].sleepers);
	assert_int_equal(atomic_load(&publisher.audience->count), 0);
	assert_int_equal(publisher.audience->top, 0);
}

static void notices_say_the_value(void **state)
{
	(void)state;
	gy_timeline_signal(&publisher, 3);
	join_audience(&followers[0]);
	assert_true(atomic_load(&followers[0].notice) == 3);
	gy_timeline_signal(&publisher, 2);
	assert_true(atomic_load(&followers[0].notice) == 3);
	gy_timeline_signal(&publisher, UINT64_MAX);
	assert_true(atomic_load(&followers[0].notice) == UINT64_MAX);
}

static void all_places_may_be_taken(void **state)
{
	static struct follower many[GY_AUDIENCE_MAX];
	const struct gy_audience_member one_more = member_of(&followers[0]);

	(void)state;
	for (size_t i = 0; i < GY_AUDIENCE_MAX; i++)
		join_audience(&many[i]);
	assert_false(gy_audience_add(publisher.audience, &one_more, &page.value));
	gy_audience_remove(publisher.audience, &many[5].sleepers);
	assert_true(gy_audience_add(publisher.audience, &one_more, &page.value));
	gy_timeline_signal(&publisher, 1);
	assert_true(atomic_load(&followers[0].notice) == 1);
	assert_true(atomic_load(&many[5].notice) == 0);
}

/* A follower joins and leaves while values are signalled. The publisher must not write to its words
 * after it has left. */
static void *come_and_go(void *data)
{
	struct follower *follower = data;

	for (int i = 0; i < 2000; i++) {
		const struct gy_audience_member member = member_of(follower);

		if (!gy_audience_add(publisher.audience, &member, &page.value))
			atomic_fetch_add(&failures, 1);
		gy_audience_remove(publisher.audience, &follower->sleepers);
		/* the value must stay 0 until the follower joins again */
		atomic_store(&follower->notice, 0);
	}
	return NULL;
}

static void followers_come_and_go_meanwhile(void **state)
{
	pthread_t threads[FOLLOWERS];
	uint64_t value = 0;

	(void)state;
	atomic_store(&failures, 0);
	for (size_t i = 0; i < FOLLOWERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &followers[i]), 0);
	while (++value < 20000)
		gy_timeline_signal(&publisher, value);
	for (size_t i = 0; i < FOLLOWERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(atomic_load(&followers[i].notice) == 0);
	}
	assert_int_equal(atomic_load(&failures), 0);
	assert_int_equal(atomic_load(&publisher.audience->count), 0);
}

/* ---- values that a device signals ---- */

static void a_device_raises_it_to_what_was_given_out(void **state)
{
	struct gy_timeline shared = {.page = &page};

	(void)state;
	gy_timeline_carry(&publisher, 5); /* another process has signalled the semaphore */
	assert_true(gy_timeline_value(&publisher) == 0);
	gy_timeline_give(&publisher, 3);
	gy_timeline_give(&publisher, 2);
	gy_timeline_carry(&publisher, 2);
	assert_true(gy_timeline_value(&publisher) == 2);
	gy_timeline_carry(&publisher, UINT64_MAX);
	assert_true(gy_timeline_value(&publisher) == 3);
	gy_timeline_signal(&publisher, 4); /* the publisher's own CPU may signal any value */
	assert_true(gy_timeline_value(&publisher) == 4);
	/* A timeline that every process may signal has no such limit. */
	gy_timeline_give(&shared, 1);
	gy_timeline_carry(&shared, 1000);
	assert_true(gy_timeline_value(&shared) == 1000);
}

#define audience_test(name) cmocka_unit_test_setup_teardown(name, publish, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		audience_test(every_follower_is_woken),
		audience_test(followers_and_publisher_sleep_side_by_side),
		audience_test(a_loss_wakes_followers),
		audience_test(a_word_that_lies_costs_a_wake_up),
		audience_test(who_has_left_is_not_looked_at),
		audience_test(notices_say_the_value),
		audience_test(all_places_may_be_taken),
		audience_test(followers_come_and_go_meanwhile),
		audience_test(a_device_raises_it_to_what_was_given_out),
	};

	test_limit(100);
	return test_run("audience", tests, NULL, NULL);
}
