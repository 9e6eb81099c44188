/* Callbacks of events: their order, their threads, the calls that they may make, and the end of
 * their event. */
#include "conformance.h"

#include <stdlib.h>

/* The arguments and the thread of one callback. Every test has a log of its own. */
struct call {
	uintptr_t tag;
	uint64_t value;
	enum geyser_result result;
	pthread_t thread;
};

struct log {
	struct latch latch; /* guards `calls`; its count is the number of calls */
	struct call calls[256];
};

struct tagged {
	struct log *log;
	uintptr_t tag;
};

static void record(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct tagged *tagged = user;
	struct log *log = tagged->log;

	check(event != NULL);
	(void)pthread_mutex_lock(&log->latch.lock);
	if (log->latch.count < COUNT_OF(log->calls))
		log->calls[log->latch.count] =
			(struct call){tagged->tag, value, result, pthread_self()};
	(void)pthread_mutex_unlock(&log->latch.lock);
	latch_add(&log->latch);
	free(tagged);
}

static struct log *make_log(void)
{
	struct log *log = calloc(1, sizeof(*log));

	assert_non_null(log);
	latch_init(&log->latch);
	return log;
}

static void end_log(struct log *log, unsigned count)
{
	assert_int_equal(log->latch.count, count);
	latch_finish(&log->latch);
	free(log);
	no_failures();
}

static void *tag(struct log *log, uintptr_t number)
{
	struct tagged *tagged = malloc(sizeof(*tagged));

	assert_non_null(tagged);
	*tagged = (struct tagged){log, number};
	return tagged;
}

static void expect_call(
	const struct log *log, unsigned index, uintptr_t number, enum geyser_result result)
{
	assert_int_equal(log->calls[index].tag, number);
	assert_int_equal(log->calls[index].result, result);
	assert_false(pthread_equal(log->calls[index].thread, pthread_self()));
}

static struct geyser_event *event_at(void **state, uint64_t initial, bool imported)
{
	struct geyser_event *event = make_event(manager_of(state), initial), *other;
	struct geyser_handle handle;

	if (!imported)
		return event;
	/* Drop the exporter's reference: the imported event must work as well without it. */
	handle = export_event(event);
	other = import_event(manager_of(state), &handle);
	geyser_event_unref(event);
	return other;
}

static void one_for_what_is_reached_comes_at_once(void **state)
{
	for (unsigned imported = 0; imported < 2; imported++) {
		struct geyser_event *event = event_at(state, 9, imported);
		struct log *log = make_log();

		ok(geyser_event_notify(event, 9, record, tag(log, 1)));
		assert_true(latch_wait(&log->latch, 1));
		ok(geyser_event_notify(event, 0, record, tag(log, 2)));
		assert_true(latch_wait(&log->latch, 2));
		expect_call(log, 0, 1, GEYSER_OK);
		expect_call(log, 1, 2, GEYSER_OK);
		assert_int_equal(log->calls[0].value, 9);
		geyser_event_unref(event);
		end_log(log, 2);
	}
}

static void they_come_in_the_order_of_values(void **state)
{
	static const uint64_t order[] = {70, 20, 50, 10, 60, 40, 30};
	struct geyser_event *event = event_at(state, 0, true);
	struct log *log = make_log();

	for (size_t i = 0; i < COUNT_OF(order); i++)
		ok(geyser_event_notify(event, order[i], record, tag(log, order[i])));
	for (unsigned i = 1; i <= COUNT_OF(order); i++) {
		ok(geyser_event_signal(event, 10 * i - 1));
		assert_int_equal(log->latch.count, i - 1);
		ok(geyser_event_signal(event, 10 * i));
		assert_true(latch_wait(&log->latch, i));
		expect_call(log, i - 1, 10 * i, GEYSER_OK);
		assert_int_equal(log->calls[i - 1].value, 10 * i);
	}
	geyser_event_unref(event);
	end_log(log, COUNT_OF(order));
}

static void one_signal_runs_all_in_order(void **state)
{
	struct geyser_event *event = event_at(state, 0, false);
	struct log *log = make_log();

	/* Ask for the values 200 down to 101, each value twice, and note the order of the two. */
	for (uintptr_t i = 0; i < 200; i++)
		ok(geyser_event_notify(event, 200 - i / 2, record, tag(log, i)));
	ok(geyser_event_signal(event, UINT64_MAX));
	assert_true(latch_wait(&log->latch, 200));
	for (uintptr_t i = 0; i < 200; i++) {
		uintptr_t first = 198 - i / 2 * 2;

		expect_call(log, (unsigned)i, first + i % 2, GEYSER_OK);
		assert_true(log->calls[i].value == UINT64_MAX);
	}
	geyser_event_unref(event);
	end_log(log, 200);
}

static void values_far_apart(void **state)
{
	static const uint64_t far[] = {
		UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, UINT64_MAX - 1, UINT64_MAX};
	struct geyser_event *event = event_at(state, 0, true);
	struct log *log = make_log();

	for (unsigned i = COUNT_OF(far); i-- > 0;)
		ok(geyser_event_notify(event, far[i], record, tag(log, i)));
	for (unsigned i = 0; i < COUNT_OF(far); i++) {
		ok(geyser_event_signal(event, far[i]));
		assert_true(latch_wait(&log->latch, i + 1));
		expect_call(log, i, i, GEYSER_OK);
		assert_true(log->calls[i].value == far[i]);
	}
	geyser_event_unref(event);
	end_log(log, COUNT_OF(far));
}

static void the_last_reference_ends_pending_ones_as_stale(void **state)
{
	for (unsigned imported = 0; imported < 2; imported++) {
		struct geyser_event *event = event_at(state, 0, imported);
		struct log *log = make_log();

		for (uintptr_t i = 0; i < 10; i++)
			ok(geyser_event_notify(event, i, record, tag(log, i)));
		ok(geyser_event_signal(event, 4));
		(void)geyser_event_ref(event);
		geyser_event_unref(event);
		assert_true(latch_wait(&log->latch, 5));
		geyser_event_unref(event); /* returns when all callbacks have run */
		assert_int_equal(log->latch.count, 10);
		for (unsigned i = 0; i < 10; i++)
			expect_call(log, i, i, i <= 4 ? GEYSER_OK : GEYSER_ERROR_STALE);
		end_log(log, 10);
	}
}

/* ---- calls within a callback ---- */

/* Signals the next value and asks for a callback at that value, up to 100. */
static void climb(struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct log *log = user;
	uint64_t seen;

	check(result == GEYSER_OK);
	check(geyser_event_value(event, &seen) == GEYSER_OK && seen == value);
	check(geyser_event_wait(event, value, 0) == GEYSER_OK);
	if (value < 100) {
		check(geyser_event_notify(event, value + 1, climb, log) == GEYSER_OK);
		check(geyser_event_signal(event, value + 1) == GEYSER_OK);
	}
	latch_add(&log->latch);
}

static void a_callback_may_notify_and_signal(void **state)
{
	struct geyser_event *event = event_at(state, 0, true);
	struct log *log = make_log();

	ok(geyser_event_notify(event, 1, climb, log));
	ok(geyser_event_signal(event, 1));
	assert_true(latch_wait(&log->latch, 100));
	assert_int_equal(value_of(event), 100);
	geyser_event_unref(event);
	end_log(log, 100);
}

struct owner {
	struct log *log;
	struct geyser_manager *manager;
	struct geyser_event *event;
	struct latch *signalled;
};

/* Drops the last reference. It waits for `signalled` first, because a signaller must keep a
 * reference until its call returns. */
static void drop_last(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct owner *owner = user;
	struct log *log = owner->log;

	(void)value;
	check(result == GEYSER_OK);
	check(event == owner->event);
	check(latch_wait(owner->signalled, 1));
	geyser_event_unref(owner->event);
	free(owner);
	latch_add(&log->latch);
}

static void a_callback_may_drop_the_last_reference(void **state)
{
	/* `kept` and `other` keep this process's connection to itself open. Otherwise each round
	 * would open and close it, and the number of descriptors would vary. */
	struct geyser_event *kept = make_event(manager_of(state), 0), *other;
	struct geyser_handle handle = export_event(kept);
	unsigned fds;

	other = import_event(manager_of(state), &handle);
	fds = fd_count();
	for (unsigned round = 0; round < 20; round++) {
		struct geyser_event *event = event_at(state, 0, round % 2);
		struct owner *owner = malloc(sizeof(*owner));
		struct log *log = make_log();
		struct latch signalled;

		assert_non_null(owner);
		latch_init(&signalled);
		*owner = (struct owner){.log = log, .event = event, .signalled = &signalled};
		ok(geyser_event_notify(event, 1, drop_last, owner));
		ok(geyser_event_notify(event, 2, record, tag(log, 2)));
		ok(geyser_event_signal(event, 1));
		latch_add(&signalled);
		assert_true(latch_wait(&log->latch, 2));
		/* The callback that was still pending ran after the event's last reference was
		 * dropped. */
		assert_int_equal(log->calls[1].result, GEYSER_ERROR_STALE);
		fd_count_becomes(fds);
		end_log(log, 2);
		latch_finish(&signalled);
	}
	geyser_event_unref(other);
	geyser_event_unref(kept);
}

static void make_others(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct owner *owner = user;
	struct geyser_event *made, *imported;
	struct geyser_handle handle;

	(void)value;
	check(result == GEYSER_OK);
	check(geyser_event_create(owner->manager, 3, &made) == GEYSER_OK);
	check(geyser_event_export(made, &handle) == GEYSER_OK);
	check(geyser_event_import(owner->manager, &handle, &imported) == GEYSER_OK);
	check(geyser_event_signal(imported, 4) == GEYSER_OK);
	check(geyser_event_wait(made, 4, 0) == GEYSER_OK);
	geyser_event_unref(imported);
	geyser_event_unref(made);
	check(geyser_event_export(event, &handle) == GEYSER_OK);
	check(geyser_event_unexport(event) == GEYSER_OK);
	latch_add(&owner->log->latch);
}

static void a_callback_may_make_and_share_objects(void **state)
{
	struct geyser_event *event = event_at(state, 0, false);
	struct owner owner = {.log = make_log(), .manager = manager_of(state)};

	ok(geyser_event_notify(event, 1, make_others, &owner));
	ok(geyser_event_signal(event, 1));
	assert_true(latch_wait(&owner.log->latch, 1));
	geyser_event_unref(event);
	end_log(owner.log, 1);
}

/* A callback that waits for `open` must not delay the callbacks of another event. */
struct gate {
	struct log *log;
	struct geyser_event *open;
};

static void wait_at_gate(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct gate *gate = user;

	(void)event;
	(void)value;
	check(result == GEYSER_OK);
	check(geyser_event_wait(gate->open, 1, PATIENCE) == GEYSER_OK);
	latch_add(&gate->log->latch);
}

static void a_long_callback_delays_its_own_event_only(void **state)
{
	struct geyser_event *slow = event_at(state, 1, false), *quick = event_at(state, 1, false);
	struct gate gate = {.log = make_log(), .open = make_event(manager_of(state), 0)};
	struct log *log = make_log();

	ok(geyser_event_notify(slow, 1, wait_at_gate, &gate));
	ok(geyser_event_notify(slow, 1, record, tag(log, 2)));
	ok(geyser_event_notify(quick, 1, record, tag(log, 1)));
	assert_true(latch_wait(&log->latch, 1));
	expect_call(log, 0, 1, GEYSER_OK);
	ok(geyser_event_signal(gate.open, 1));
	assert_true(latch_wait(&log->latch, 2));
	assert_int_equal(gate.log->latch.count, 1);
	geyser_event_unref(gate.open);
	geyser_event_unref(quick);
	geyser_event_unref(slow);
	end_log(gate.log, 1);
	end_log(log, 2);
}

static const struct CMUnitTest tests[] = {
	test(one_for_what_is_reached_comes_at_once),
	test(they_come_in_the_order_of_values),
	test(one_signal_runs_all_in_order),
	test(values_far_apart),
	test(the_last_reference_ends_pending_ones_as_stale),
	test(a_callback_may_notify_and_signal),
	test(a_callback_may_drop_the_last_reference),
	test(a_callback_may_make_and_share_objects),
	test(a_long_callback_delays_its_own_event_only),
};

const struct group callbacks_group = {"callbacks", tests, COUNT_OF(tests), NULL};
