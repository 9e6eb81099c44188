/* Many callbacks and descriptors on one event: their cost, and checks that nothing is left of
 * them. */
#include "conformance.h"
#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define MANY (SANITIZED ? 20000u : 200000u) /* a linked list would take minutes */
#define CLOSED 2000u                        /* more descriptors than a process may have open */

struct tally {
	_Atomic uint64_t last;
	_Atomic unsigned called, disordered;
};

struct numbered {
	struct tally *tally;
	uint64_t number;
};

static void expect_next(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct numbered *numbered = user;
	struct tally *tally = numbered->tally;

	(void)event;
	(void)value;
	check(result == GEYSER_OK || result == GEYSER_ERROR_STALE);
	if (numbered->number < atomic_load(&tally->last))
		atomic_fetch_add(&tally->disordered, 1);
	atomic_store(&tally->last, numbered->number);
	atomic_fetch_add(&tally->called, 1);
}

/* Each of these functions returns the value that the i-th of `count` requests waits for. */
static uint64_t rising(uint64_t i, uint64_t count)
{
	(void)count;
	return i + 1;
}

static uint64_t falling(uint64_t i, uint64_t count)
{
	return count - i;
}

static uint64_t scattered(uint64_t i, uint64_t count)
{
	return i * UINT64_C(7919) % count + 1; /* 7919 is a prime that doesn't divide `count` */
}

static uint64_t equal(uint64_t i, uint64_t count)
{
	(void)i;
	(void)count;
	return 1;
}

static void many_callbacks_come_in_order(void **state)
{
	static uint64_t (*const orders[])(uint64_t, uint64_t) = {rising, falling, scattered, equal};
	struct numbered *all = calloc(MANY, sizeof(*all));

	assert_non_null(all);
	for (size_t order = 0; order < COUNT_OF(orders); order++) {
		struct geyser_event *event = make_event(manager_of(state), 0);
		struct tally tally = {.last = 0};

		for (uint64_t i = 0; i < MANY; i++) {
			uint64_t value = orders[order](i, MANY);

			all[i] = (struct numbered){&tally, orders[order] == equal ? i : value};
			ok(geyser_event_notify(event, value, expect_next, &all[i]));
		}
		ok(geyser_event_signal(event, MANY / 2));
		geyser_event_unref(event);
		assert_int_equal(tally.called, MANY);
		assert_int_equal(tally.disordered, 0);
	}
	free(all);
	no_failures();
}

/* ---- descriptors that the caller has closed ---- */

static void closed_descriptors_leave_nothing(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	unsigned fds, most = 0;
	int fd, kept;

	ok(geyser_event_fd(event, 1, &kept));
	fds = fd_count();
	for (unsigned i = 0; i < CLOSED; i++) {
		/* Ask for the same value and for a new value in turn. */
		ok(geyser_event_fd(event, i % 2 ? 1000 : 1000 + i, &fd));
		assert_false(readable(fd, 0));
		(void)close(fd);
		if (i % 100 == 0 && fd_count() > most)
			most = fd_count();
	}
	assert_true(most <= fds + 16);
	/* The library also closes the remaining descriptors without further calls. */
	for (uint64_t end = now_ns() + PATIENCE; fd_count() > fds;)
		assert_true(now_ns() < end);
	assert_false(readable(kept, 0));
	ok(geyser_event_signal(event, 1));
	assert_true(readable(kept, PATIENCE));
	(void)close(kept);
	geyser_event_unref(event);
}

/* The descriptor stays readable after a read and after the event's end. */
static void a_descriptor_stays_readable(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	uint64_t bytes;
	int fds[2];

	ok(geyser_event_fd(event, 1, &fds[0]));
	ok(geyser_event_fd(event, 2, &fds[1]));
	assert_true(read(fds[0], &bytes, sizeof(bytes)) < 0 && errno == EAGAIN);
	ok(geyser_event_signal(event, 1));
	assert_true(readable(fds[0], PATIENCE));
	(void)read(fds[0], &bytes, sizeof(bytes));
	assert_true(readable(fds[0], 0));
	geyser_event_unref(event);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(readable(fds[i], 0));
		(void)close(fds[i]);
	}
}

static void one_event_does_not_take_all_descriptors(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0), *other;
	struct rlimit before;
	int fds[64], fd;
	unsigned count = 0;

	other = make_event(manager_of(state), 0);
	ok(geyser_event_fd(event, 1, &fds[count++]));
	assert_true(set_free_fds(100, &before));
	while (count < COUNT_OF(fds) && geyser_event_fd(event, count + 1, &fds[count]) == GEYSER_OK)
		count++;
	assert_in_range(count, 25, 50);
	refused(GEYSER_ERROR_LIMIT, "ulimit", geyser_event_fd(event, 99, &fd));
	/* a descriptor for a reached value doesn't count towards the limit */
	ok(geyser_event_fd(event, 0, &fd));
	(void)close(fd);
	ok(geyser_event_fd(other, 1, &fd));
	(void)close(fd);
	(void)close(fds[--count]);
	ok(geyser_event_fd(event, 99, &fds[count++]));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (unsigned i = 0; i < count; i++)
		(void)close(fds[i]);
	geyser_event_unref(other);
	geyser_event_unref(event);
}

/* Stays until the test ends it. */
static int stay(int orders, int reports, void *data)
{
	(void)reports;
	(void)data;
	return wait_for_prompt(orders) ? 1 : 0;
}

/* A forked child has copies of both ends of the descriptor. These copies must change nothing. */
static void a_forked_child_holds_no_descriptor_up(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct helper child;
	int fd;

	ok(geyser_event_fd(event, 1, &fd));
	child = start_helper(stay, NULL);
	ok(geyser_event_signal(event, 1));
	assert_true(readable(fd, PATIENCE));
	end_helper(&child);
	(void)close(fd);
	geyser_event_unref(event);
}

static const struct CMUnitTest tests[] = {
	test(many_callbacks_come_in_order),
	test(closed_descriptors_leave_nothing),
	test(a_descriptor_stays_readable),
	test(one_event_does_not_take_all_descriptors),
	test(a_forked_child_holds_no_descriptor_up),
};

const struct group notifications_group = {"notifications", tests, COUNT_OF(tests), NULL};
