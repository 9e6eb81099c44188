/* A process that forks: the child can't use what its parent made, and harms nothing of it. */
#include "harness.h"

#include <unistd.h>

struct family {
	struct geyser_manager *manager;
	struct geyser_texture *texture, *unshared;
	struct geyser_event *event;
	struct geyser_handle texture_handle, event_handle;
};

static unsigned called; /* back, in this process */

static void count_call(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	(void)event;
	(void)value;
	(void)result;
	(void)user;
	called++;
}

static struct family make_family(void **state)
{
	struct family family = {
		.manager = manager_of(state),
		.texture = make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 64, 48),
		.unshared = make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 8, 8),
		.event = make_event(manager_of(state), 1),
	};

	assert_true(fill_texture(family.texture, 11));
	family.texture_handle = export_texture(family.texture);
	family.event_handle = export_event(family.event);
	called = 0;
	ok(geyser_event_notify(family.event, 1000, count_call, NULL));
	return family;
}

static void end_family(struct family *family)
{
	geyser_event_unref(family->event); /* with a callback pending */
	geyser_texture_unref(family->unshared);
	geyser_texture_unref(family->texture);
}

/* The parent answers as before. */
static void expect_whole(struct family *family)
{
	struct geyser_handle found;
	struct geyser_texture *texture;
	struct geyser_event *event;

	ok(geyser_handle_from_id(geyser_handle_id(&family->texture_handle), &found));
	texture = import_texture(family->manager, &found);
	event = import_event(family->manager, &family->event_handle);
	assert_true(texture_holds(texture, 11));
	assert_int_equal(value_of(event), 1);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
}

static bool says_fork(void)
{
	return strstr(geyser_error_detail(), "fork") != NULL;
}

static int use_the_parents(void *data)
{
	struct family *family = data;
	struct geyser_handle handle;
	struct geyser_texture *texture;
	struct geyser_event *event;

	child_check(
		geyser_texture_export(family->unshared, &handle) == GEYSER_ERROR_INVALID_ARGUMENT);
	child_check(says_fork());
	child_check(geyser_texture_import(family->manager, &family->texture_handle, NULL,
			    &texture) == GEYSER_ERROR_INVALID_ARGUMENT);
	child_check(texture == NULL && says_fork());
	child_check(geyser_event_import(family->manager, &family->event_handle, &event) ==
		    GEYSER_ERROR_INVALID_ARGUMENT);
	child_check(event == NULL && says_fork());
	/* host memory stays mapped; a device is not inherited */
	if (maps_in_place(family->texture))
		child_check(texture_holds(family->texture, 11));
	return 0;
}

static void the_parents_objects_are_refused_in_the_child(void **state)
{
	struct family family = make_family(state);

	in_child(use_the_parents, &family);
	expect_whole(&family);
	end_family(&family);
}

static int release_the_parents(void *data)
{
	struct family *family = data;

	end_family(family);
	geyser_manager_destroy(family->manager);
	child_check(called == 0); /* the callback is the parent's */
	return 0;
}

static void releasing_in_the_child_takes_nothing_from_the_parent(void **state)
{
	struct family family = make_family(state);

	in_child(release_the_parents, &family);
	expect_whole(&family);
	assert_int_equal(registry_entries(), 4); /* lock, socket, two ids */
	end_family(&family);
	assert_int_equal(called, 1);
}

#if CHILD_HAS_THREADS
/* A manager of its own: imports of its parent's, exports of its own, all released again. */
static int live_on_its_own(void *data)
{
	struct family *family = data;
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_AUTO};
	struct geyser_texture *imported, *own, *again;
	struct geyser_manager *manager;
	struct geyser_handle handle;
	struct geyser_event *event;

	child_check(geyser_manager_create(&desc, &manager) == GEYSER_OK);
	child_check(geyser_texture_import(manager, &family->texture_handle, NULL, &imported) ==
		    GEYSER_OK);
	child_check(texture_holds(imported, 11));
	child_check(geyser_event_import(manager, &family->event_handle, &event) == GEYSER_OK);
	child_check(geyser_event_wait(event, 1, 0) == GEYSER_OK);
	child_check(geyser_texture_create(manager, geyser_texture_get_desc(imported), &own) ==
		    GEYSER_OK);
	child_check(fill_texture(own, 12));
	child_check(geyser_texture_export(own, &handle) == GEYSER_OK);
	child_check(geyser_texture_import(manager, &handle, NULL, &again) == GEYSER_OK);
	child_check(texture_holds(again, 12));
	child_check(registry_entries() == 4 + 3);
	geyser_texture_unref(again);
	geyser_texture_unref(own);
	geyser_texture_unref(imported);
	geyser_event_unref(event);
	geyser_manager_destroy(manager);
	child_check(registry_entries() == 4);
	return 0;
}

static void a_child_makes_a_manager_of_its_own(void **state)
{
	struct family family = make_family(state);

	for (unsigned i = 0; i < 5; i++)
		in_child(live_on_its_own, &family);
	expect_whole(&family);
	end_family(&family);
}
#endif

/* Before the parent has exported anything there is nothing yet that a child could be cut off from.
 */
static int export_what_was_made_before(void *data)
{
	struct geyser_manager *manager = data;
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM,
		.width = 1,
		.height = 1,
	};
	struct geyser_texture *texture;
	struct geyser_handle handle;

	if (geyser_manager_get_backend(manager) != GEYSER_BACKEND_HOST) { /* nor is its device */
		child_check(geyser_texture_create(manager, &desc, &texture) ==
			    GEYSER_ERROR_INVALID_ARGUMENT);
		child_check(says_fork());
		return 0;
	}
	child_check(geyser_texture_create(manager, &desc, &texture) == GEYSER_OK);
	child_check(geyser_texture_export(texture, &handle) == GEYSER_ERROR_INVALID_ARGUMENT);
	child_check(says_fork());
	return 0;
}

static void an_idle_manager_is_the_parents_too(void **state)
{
	in_child(export_what_was_made_before, manager_of(state));
	assert_int_equal(registry_entries(), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(the_parents_objects_are_refused_in_the_child),
		manager_test(releasing_in_the_child_takes_nothing_from_the_parent),
#if CHILD_HAS_THREADS
		manager_test(a_child_makes_a_manager_of_its_own),
#endif
		manager_test(an_idle_manager_is_the_parents_too),
	};

	return run_suite(argc, argv, "fork", tests, COUNT_OF(tests));
}
