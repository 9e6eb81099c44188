/* Callbacks that drop the last reference to an event, and callbacks that take references while
 * their event ends. */
#include "conformance.h"

#include <stdlib.h>
#include <unistd.h>

static const char key;

/* Two events whose callbacks run at the same time. Each callback drops the last reference to the
 * other event. */
struct crossing {
	struct geyser_event *other;
	struct latch *both;
	struct latch *done;
	_Atomic unsigned *stale;
};

static void count_stale(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	(void)value;
	check(event != NULL);
	check(result == GEYSER_ERROR_STALE);
	atomic_fetch_add((_Atomic unsigned *)user, 1);
}

static void drop_other(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct crossing *crossing = user;

	(void)value;
	check(result == GEYSER_OK);
	latch_add(crossing->both);
	check(latch_wait(crossing->both, 2));
	geyser_event_unref(crossing->other);
	/* The last reference to this event may be gone by now. The event must stay valid until this
	 * callback returns. */
	check(geyser_event_value(event, &value) == GEYSER_OK && value == 1);
	latch_add(crossing->done);
}

static void await_count(_Atomic unsigned *count, unsigned wanted)
{
	uint64_t end = now_ns() + PATIENCE;

	while (atomic_load(count) != wanted)
		assert_true(now_ns() < end);
}

static void two_callbacks_drop_each_others_event(void **state)
{
	unsigned fds = fd_count();

	for (unsigned round = 0; round < 20; round++) {
		struct geyser_event *a = make_event(manager_of(state), 0);
		struct geyser_event *b = make_event(manager_of(state), 0);
		_Atomic unsigned stale = 0;
		struct latch both, done;
		struct crossing of_a = {b, &both, &done, &stale}, of_b = {a, &both, &done, &stale};

		latch_init(&done);
		latch_init(&both);
		ok(geyser_event_notify(a, 1, drop_other, &of_a));
		ok(geyser_event_notify(b, 1, drop_other, &of_b));
		ok(geyser_event_notify(a, 2, count_stale, &stale));
		ok(geyser_event_notify(b, 2, count_stale, &stale));
		/* a signaller keeps a reference until its call returns */
		(void)geyser_event_ref(a);
		(void)geyser_event_ref(b);
		ok(geyser_event_signal(a, 1));
		ok(geyser_event_signal(b, 1));
		geyser_event_unref(a);
		geyser_event_unref(b);
		assert_true(latch_wait(&done, 2));
		await_count(&stale, 2);
		fd_count_becomes(fds);
		latch_finish(&done);
		latch_finish(&both);
	}
	no_failures();
}

/* The last callback of each event drops the last reference to the next event. */
struct link {
	struct geyser_event *next;
	_Atomic unsigned *ended;
};

static void drop_next(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct link *link = user;

	(void)event;
	(void)value;
	check(result == GEYSER_ERROR_STALE);
	geyser_event_unref(link->next);
	atomic_fetch_add(link->ended, 1);
	free(link);
}

static void a_chain_of_events_ends(void **state)
{
	unsigned fds = fd_count();
	struct geyser_event *last = NULL;
	_Atomic unsigned ended = 0;

	for (unsigned i = 0; i < 50; i++) {
		struct geyser_event *event = make_event(manager_of(state), 0);
		struct link *link = malloc(sizeof(*link));

		assert_non_null(link);
		*link = (struct link){last, &ended};
		ok(geyser_event_notify(event, 1, drop_next, link));
		last = event;
	}
	geyser_event_unref(last);
	await_count(&ended, 50);
	fd_count_becomes(fds);
	no_failures();
}

/* ---- references that the last callbacks take ---- */

struct keeper {
	struct geyser_event *kept;
	bool keep;
};

static void take_reference(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct keeper *keeper = user;

	(void)value;
	check(result == GEYSER_ERROR_STALE);
	(void)geyser_event_ref(event);
	if (keeper->keep)
		keeper->kept = event;
	else
		geyser_event_unref(event);
}

static void a_last_callback_may_take_a_reference(void **state)
{
	for (unsigned keep = 0; keep < 2; keep++) {
		struct geyser_event *event = make_event(manager_of(state), 0);
		struct keeper keeper = {.keep = keep};
		_Atomic unsigned stale = 0;

		ok(geyser_event_notify(event, 5, take_reference, &keeper));
		geyser_event_unref(event);
		if (!keep)
			continue;
		/* The event is alive again, and all calls work. */
		assert_ptr_equal(keeper.kept, event);
		ok(geyser_event_signal(event, 1));
		(void)export_event(event);
		ok(geyser_event_notify(event, 2, count_stale, &stale));
		geyser_event_unref(event);
		assert_int_equal(stale, 1);
	}
	no_failures();
}

/* Asks for a callback at the next value each time, as a program that handles values in a loop
 * does. */
static void ask_again(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	enum geyser_result again = geyser_event_notify(event, value + 1, ask_again, user);
	int fd;

	check(again == (result == GEYSER_OK ? GEYSER_OK : GEYSER_ERROR_STALE));
	check(geyser_event_fd(event, value + 1, &fd) == GEYSER_OK);
	check(readable(fd, 0) == (result != GEYSER_OK));
	(void)close(fd);
	latch_add(user);
}

static void a_callback_that_asks_again_ends_with_its_event(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct latch called;

	latch_init(&called);
	ok(geyser_event_notify(event, 1, ask_again, &called));
	ok(geyser_event_signal(event, 1));
	assert_true(latch_wait(&called, 1));
	geyser_event_unref(event);
	assert_int_equal(called.count, 2);
	latch_finish(&called);
	no_failures();
}

/* ---- attached data ---- */

struct attached {
	struct geyser_texture *texture;
	struct geyser_event *event;
	unsigned destroyed, attach_again;
	bool keep;
};

static void use_texture(void *data)
{
	struct attached *attached = data;
	struct geyser_mapping mapping;
	struct geyser_handle handle;

	attached->destroyed++;
	check(geyser_texture_map(attached->texture, GEYSER_ACCESS_READ, &mapping) == GEYSER_OK);
	geyser_texture_unmap(attached->texture);
	check(geyser_texture_export(attached->texture, &handle) == GEYSER_OK);
	geyser_texture_unref(geyser_texture_ref(attached->texture));
	if (attached->attach_again > 0) {
		attached->attach_again--;
		check(geyser_texture_attach(attached->texture, &key, attached, use_texture) ==
			GEYSER_OK);
	}
	if (attached->keep)
		(void)geyser_texture_ref(attached->texture);
	attached->keep = false;
}

static void what_is_attached_may_use_its_texture(void **state)
{
	for (unsigned keep = 0; keep < 2; keep++) {
		struct geyser_texture *texture =
			make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 8, 8);
		struct attached attached = {.texture = texture, .attach_again = 2, .keep = keep};

		ok(geyser_texture_attach(texture, &key, &attached, use_texture));
		geyser_texture_unref(texture);
		assert_int_equal(attached.destroyed, 3);
		if (keep) {
			assert_int_equal(geyser_texture_get_desc(texture)->width, 8);
			ok(geyser_texture_attach(texture, &key, &attached, use_texture));
			geyser_texture_unref(texture);
			assert_int_equal(attached.destroyed, 4);
		}
	}
	no_failures();
}

static void use_event(void *data)
{
	struct attached *attached = data;

	attached->destroyed++;
	check(geyser_event_signal(attached->event, 3) == GEYSER_OK);
	check(geyser_event_wait(attached->event, 3, 0) == GEYSER_OK);
	check(geyser_event_notify(attached->event, 3, count_stale, NULL) == GEYSER_ERROR_STALE);
	geyser_event_unref(geyser_event_ref(attached->event));
	if (attached->keep)
		(void)geyser_event_ref(attached->event);
	attached->keep = false;
}

static void what_is_attached_may_use_its_event(void **state)
{
	for (unsigned keep = 0; keep < 2; keep++) {
		struct geyser_event *event = make_event(manager_of(state), 0);
		struct attached attached = {.event = event, .keep = keep};
		_Atomic unsigned stale = 0;

		ok(geyser_event_attach(event, &key, &attached, use_event));
		geyser_event_unref(event);
		assert_int_equal(attached.destroyed, 1);
		if (keep) {
			assert_int_equal(value_of(event), 3);
			ok(geyser_event_notify(event, 4, count_stale, &stale));
			geyser_event_unref(event);
			assert_int_equal(stale, 1);
		}
	}
}

/* The last reference to `held` is dropped in another event's callback, while a callback of `held`
 * runs. */
struct holder {
	struct geyser_event *held;
	struct latch entered, dropped, destroyed;
};

static void hold_up(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct holder *holder = user;

	(void)event;
	(void)value;
	check(result == GEYSER_OK);
	latch_add(&holder->entered);
	check(latch_wait(&holder->dropped, 1));
}

static void drop_held(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct holder *holder = user;

	(void)event;
	(void)value;
	check(result == GEYSER_OK);
	/* hold_up() waits for `dropped`: this call must return without waiting for hold_up() */
	geyser_event_unref(holder->held);
	latch_add(&holder->dropped);
}

static void note_destroyed(void *data)
{
	latch_add(data);
}

static void a_callback_does_not_wait_for_anothers(void **state)
{
	struct geyser_event *dropping = make_event(manager_of(state), 1);
	struct holder holder = {.held = make_event(manager_of(state), 1)};

	latch_init(&holder.entered);
	latch_init(&holder.dropped);
	latch_init(&holder.destroyed);
	ok(geyser_event_attach(holder.held, &key, &holder.destroyed, note_destroyed));
	ok(geyser_event_notify(holder.held, 1, hold_up, &holder));
	assert_true(latch_wait(&holder.entered, 1));
	ok(geyser_event_notify(dropping, 1, drop_held, &holder));
	assert_true(latch_wait(&holder.dropped, 1));
	assert_true(latch_wait(&holder.destroyed, 1));
	geyser_event_unref(dropping);
	latch_finish(&holder.entered);
	latch_finish(&holder.dropped);
	latch_finish(&holder.destroyed);
	no_failures();
}

static const struct CMUnitTest tests[] = {
	test(two_callbacks_drop_each_others_event),
	test(a_chain_of_events_ends),
	test(a_last_callback_may_take_a_reference),
	test(a_callback_that_asks_again_ends_with_its_event),
	test(what_is_attached_may_use_its_texture),
	test(what_is_attached_may_use_its_event),
	test(a_callback_does_not_wait_for_anothers),
};

const struct group endings_group = {"endings", tests, COUNT_OF(tests), NULL};
