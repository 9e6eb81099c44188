/* Events: values, waits and descriptors. */
#include "conformance.h"

#include <unistd.h>

static const uint64_t values[] = {0, 1, 2, UINT32_MAX - 1, UINT32_MAX, UINT64_C(1) << 32,
	(UINT64_C(1) << 32) + 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX};

/* An event, and the same event imported. */
struct pair {
	struct geyser_event *own, *imported;
};

static struct pair make_pair(void **state, uint64_t initial)
{
	struct pair pair = {.own = make_event(manager_of(state), initial)};
	struct geyser_handle handle = export_event(pair.own);

	pair.imported = import_event(manager_of(state), &handle);
	return pair;
}

static void end_pair(struct pair *pair)
{
	geyser_event_unref(pair->imported);
	geyser_event_unref(pair->own);
}

static void it_begins_at_any_value(void **state)
{
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		struct pair pair = make_pair(state, values[i]);

		assert_true(value_of(pair.own) == values[i]);
		assert_true(value_of(pair.imported) == values[i]);
		ok(geyser_event_wait(pair.imported, values[i], 0));
		end_pair(&pair);
	}
}

static void it_never_falls(void **state)
{
	struct pair pair = make_pair(state, 0);

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		ok(geyser_event_signal(i % 2 ? pair.own : pair.imported, values[i]));
		for (size_t lower = 0; lower <= i; lower++) {
			ok(geyser_event_signal(pair.own, values[lower]));
			ok(geyser_event_signal(pair.imported, values[lower]));
			ok(geyser_event_wait(pair.imported, values[lower], 0));
			ok(geyser_event_wait(pair.own, values[lower], UINT64_MAX));
		}
		assert_true(value_of(pair.own) == values[i]);
		assert_true(value_of(pair.imported) == values[i]);
	}
	end_pair(&pair);
}

/* The pairs of values include values that differ only in the upper or only in the lower 32 bits. */
static void what_is_not_reached_times_out(void **state)
{
	for (size_t i = 0; i + 1 < COUNT_OF(values); i++) {
		struct pair pair = make_pair(state, values[i]);

		for (size_t higher = i + 1; higher < COUNT_OF(values); higher++) {
			refused(GEYSER_ERROR_TIMEOUT, "not reached",
				geyser_event_wait(pair.own, values[higher], 0));
			refused(GEYSER_ERROR_TIMEOUT, "not reached",
				geyser_event_wait(pair.imported, values[higher], 0));
		}
		end_pair(&pair);
	}
}

static void a_timeout_is_kept(void **state)
{
	static const uint64_t timeouts[] = {1, 1000, MILLISECOND, 20 * MILLISECOND};
	struct pair pair = make_pair(state, 1);

	for (size_t i = 0; i < COUNT_OF(timeouts); i++) {
		struct geyser_event *event = i % 2 ? pair.own : pair.imported;
		uint64_t begin = now_ns(), took;

		refused(GEYSER_ERROR_TIMEOUT, "the event is at 1",
			geyser_event_wait(event, 2, timeouts[i]));
		took = now_ns() - begin;
		assert_true(took >= timeouts[i]);
		assert_true(took < 5 * SECOND);
	}
	end_pair(&pair);
}

/* A timeout so long that its deadline would overflow means no deadline. */
static void huge_timeouts_do_not_overflow(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 5);

	ok(geyser_event_wait(event, 5, UINT64_MAX));
	ok(geyser_event_wait(event, 5, UINT64_MAX - 1));
	ok(geyser_event_wait(event, 5, INT64_MAX));
	geyser_event_unref(event);
}

/* ---- many waiters ---- */

struct crowd {
	struct pair pair;
	struct latch arrived;
	bool huge_timeout;
};

#define WAITERS 32

static void wait_for_own_value(unsigned index, void *data)
{
	struct crowd *crowd = data;
	struct geyser_event *event = index % 2 ? crowd->pair.own : crowd->pair.imported;
	uint64_t timeout = crowd->huge_timeout ? (uint64_t)INT64_MAX : PATIENCE, value;

	if (index == WAITERS) {
		check(latch_wait(&crowd->arrived, WAITERS));
		for (value = 1; value <= WAITERS; value++)
			check(geyser_event_signal(
				      value % 3 ? crowd->pair.imported : crowd->pair.own, value) ==
				GEYSER_OK);
		return;
	}
	latch_add(&crowd->arrived);
	check(geyser_event_wait(event, index + 1, timeout) == GEYSER_OK);
	check(geyser_event_value(event, &value) == GEYSER_OK);
	check(value >= index + 1);
}

static void every_waiter_wakes_at_its_value(void **state)
{
	for (unsigned round = 0; round < 20; round++) {
		struct crowd crowd = {.pair = make_pair(state, 0), .huge_timeout = round % 2};

		latch_init(&crowd.arrived);
		run_threads(WAITERS + 1, wait_for_own_value, &crowd);
		latch_finish(&crowd.arrived);
		end_pair(&crowd.pair);
	}
}

static void wait_for_the_same(unsigned index, void *data)
{
	struct crowd *crowd = data;

	if (index == WAITERS) {
		check(latch_wait(&crowd->arrived, WAITERS));
		check(geyser_event_signal(crowd->pair.imported, UINT64_MAX) == GEYSER_OK);
		return;
	}
	latch_add(&crowd->arrived);
	check(geyser_event_wait(index % 2 ? crowd->pair.own : crowd->pair.imported, UINT64_MAX - 7,
		      PATIENCE) == GEYSER_OK);
}

static void one_signal_wakes_all(void **state)
{
	for (unsigned round = 0; round < 20; round++) {
		struct crowd crowd = {.pair = make_pair(state, round)};

		latch_init(&crowd.arrived);
		run_threads(WAITERS + 1, wait_for_the_same, &crowd);
		latch_finish(&crowd.arrived);
		end_pair(&crowd.pair);
	}
}

#define ROUNDS (SANITIZED ? 500u : 5000u)

/* One thread signals the odd values, the other thread the even values that follow them. */
static void play(unsigned index, void *data)
{
	struct pair *pair = data;
	struct geyser_event *event = index ? pair->imported : pair->own;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		check(geyser_event_wait(event, 2 * i + index, PATIENCE) == GEYSER_OK);
		check(geyser_event_signal(event, 2 * i + index + 1) == GEYSER_OK);
	}
}

static void two_threads_take_turns(void **state)
{
	struct pair pair = make_pair(state, 0);

	run_threads(2, play, &pair);
	assert_int_equal(value_of(pair.own), 2 * ROUNDS);
	end_pair(&pair);
}

/* Texels that a thread wrote before its signal are visible to the thread that waited.
 * ThreadSanitizer checks the order, too. */
struct hand_over {
	struct pair pair;
	struct geyser_texture *texture;
};

static void hand_over_texels(unsigned index, void *data)
{
	struct hand_over *it = data;

	for (uint64_t i = 0; i < 20; i++) {
		struct geyser_event *event = index ? it->pair.imported : it->pair.own;

		check(geyser_event_wait(event, 2 * i + index, PATIENCE) == GEYSER_OK);
		if (index)
			check(texture_holds(it->texture, (uint32_t)i));
		else
			check(fill_texture(it->texture, (uint32_t)i));
		check(geyser_event_signal(event, 2 * i + index + 1) == GEYSER_OK);
	}
}

static void a_signal_orders_texels(void **state)
{
	struct hand_over it = {
		.pair = make_pair(state, 0),
		.texture = make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 64, 64),
	};

	run_threads(2, hand_over_texels, &it);
	geyser_texture_unref(it.texture);
	end_pair(&it.pair);
}

/* ---- descriptors ---- */

static void a_descriptor_is_readable_once_reached(void **state)
{
	struct pair pair = make_pair(state, 1);

	for (unsigned i = 0; i < 2; i++) {
		struct geyser_event *event = i ? pair.imported : pair.own;
		uint64_t value = value_of(event) + 10;
		int fd;

		ok(geyser_event_fd(event, value, &fd));
		assert_true(fd_is_cloexec(fd));
		assert_false(readable(fd, 0));
		ok(geyser_event_signal(pair.own, value - 1));
		assert_false(readable(fd, 0));
		ok(geyser_event_signal(pair.imported, value));
		assert_true(readable(fd, PATIENCE));
		assert_true(readable(fd, 0));
		ok(geyser_event_wait(event, value, 0));
		(void)close(fd);
	}
	end_pair(&pair);
}

static void a_descriptor_for_what_is_reached_is_readable(void **state)
{
	struct pair pair = make_pair(state, 7);

	for (uint64_t value = 0; value <= 7; value += 7) {
		int fd;

		ok(geyser_event_fd(pair.imported, value, &fd));
		assert_true(readable(fd, 0));
		(void)close(fd);
	}
	end_pair(&pair);
}

/* By the time the value is reached, another file may have the closed descriptor's number. The
 * library must leave that file untouched. */
static void a_descriptor_may_be_closed_early(void **state)
{
	struct pair pair = make_pair(state, 0);
	int fd, pipes[2], last;

	ok(geyser_event_fd(pair.own, 1, &fd));
	assert_int_equal(close(fd), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_true(pipes[0] == fd || pipes[1] == fd);
	ok(geyser_event_fd(pair.own, 2, &last));
	ok(geyser_event_signal(pair.own, 2));
	assert_true(readable(last, PATIENCE));
	assert_false(readable(pipes[0], 0));
	assert_int_equal(write(pipes[1], "x", 1), 1);
	(void)close(last);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	end_pair(&pair);
}

static void many_descriptors_for_one_event(void **state)
{
	struct pair pair = make_pair(state, 0);
	int fds[50];

	for (unsigned i = 0; i < COUNT_OF(fds); i++)
		ok(geyser_event_fd(i % 2 ? pair.own : pair.imported, i / 5 + 1, &fds[i]));
	for (unsigned value = 1; value <= 10; value++) {
		ok(geyser_event_signal(pair.own, value));
		for (unsigned i = 0; i < COUNT_OF(fds); i++)
			assert_int_equal(
				readable(fds[i], i / 5 < value ? PATIENCE : 0), i / 5 < value);
	}
	for (unsigned i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
	end_pair(&pair);
}

static void a_released_event_makes_its_descriptor_readable(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	int fd;

	ok(geyser_event_fd(event, 1, &fd));
	assert_false(readable(fd, 0));
	geyser_event_unref(event);
	assert_true(readable(fd, 0));
	(void)close(fd);
}

static void an_event_outlives_references_but_the_last(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);

	assert_ptr_equal(geyser_event_ref(event), event);
	geyser_event_unref(event);
	ok(geyser_event_signal(event, 3));
	assert_int_equal(value_of(event), 3);
	geyser_event_unref(event);
}

static const struct CMUnitTest tests[] = {
	test(it_begins_at_any_value),
	test(it_never_falls),
	test(what_is_not_reached_times_out),
	test(a_timeout_is_kept),
	test(huge_timeouts_do_not_overflow),
	test(every_waiter_wakes_at_its_value),
	test(one_signal_wakes_all),
	test(two_threads_take_turns),
	test(a_signal_orders_texels),
	test(a_descriptor_is_readable_once_reached),
	test(a_descriptor_for_what_is_reached_is_readable),
	test(a_descriptor_may_be_closed_early),
	test(many_descriptors_for_one_event),
	test(a_released_event_makes_its_descriptor_readable),
	test(an_event_outlives_references_but_the_last),
};

const struct group events_group = {"events", tests, COUNT_OF(tests), NULL};
