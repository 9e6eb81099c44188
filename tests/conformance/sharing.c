/* Exporting, unexporting and importing within one process. The socket is the same one that two
 * processes use. */
#include "conformance.h"

#include <unistd.h>

static struct geyser_texture *small(void **state)
{
	return make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 8, 8);
}

static void refuse_texture(
	void **state, const struct geyser_handle *handle, enum geyser_result wanted)
{
	struct geyser_texture *texture = (struct geyser_texture *)state;

	refused(wanted, "", geyser_texture_import(manager_of(state), handle, NULL, &texture));
	assert_null(texture);
}

static void refuse_event(
	void **state, const struct geyser_handle *handle, enum geyser_result wanted)
{
	struct geyser_event *event = (struct geyser_event *)state;

	refused(wanted, "", geyser_event_import(manager_of(state), handle, &event));
	assert_null(event);
}

static void expect_listed(const struct geyser_export_info *info, const struct geyser_handle *handle,
	enum geyser_export_kind kind, enum geyser_backend backend)
{
	assert_int_equal(info->id, geyser_handle_id(handle));
	assert_int_equal(info->pid, getpid());
	assert_int_equal(info->kind, kind);
	assert_int_equal(info->backend, backend);
	assert_memory_equal(&info->handle, handle, sizeof(*handle));
}

#define LISTED 40

/* LISTED is larger than the number of requests that geyser_export_list sends before it reads the
 * answers. */
static void exports_are_listed(void **state)
{
	const enum geyser_backend backend = geyser_manager_get_backend(manager_of(state));
	struct geyser_event *events[LISTED];
	struct geyser_handle handles[LISTED], texture_handle;
	struct geyser_texture *texture = small(state);
	struct geyser_export_info *list = (struct geyser_export_info *)state;
	size_t count = 1, found = 0;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_export_list(NULL, &count));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "count is NULL", geyser_export_list(&list, NULL));
	geyser_export_list_free(NULL);
	ok(geyser_export_list(&list, &count));
	assert_int_equal(count, 0);
	geyser_export_list_free(list);
	texture_handle = export_texture(texture);
	for (unsigned i = 0; i < LISTED; i++) {
		events[i] = make_event(manager_of(state), 0);
		handles[i] = export_event(events[i]);
	}
	ok(geyser_export_list(&list, &count));
	assert_int_equal(count, LISTED + 1);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || list[i - 1].id < list[i].id);
		if (list[i].id == geyser_handle_id(&texture_handle)) {
			expect_listed(&list[i], &texture_handle, GEYSER_EXPORT_TEXTURE, backend);
			found++;
		}
		for (unsigned e = 0; e < LISTED; e++) {
			if (list[i].id == geyser_handle_id(&handles[e])) {
				expect_listed(&list[i], &handles[e], GEYSER_EXPORT_EVENT, backend);
				found++;
			}
		}
	}
	assert_int_equal(found, LISTED + 1);
	geyser_export_list_free(list);
	for (unsigned i = 0; i < LISTED; i++)
		geyser_event_unref(events[i]);
	ok(geyser_export_list(&list, &count));
	assert_int_equal(count, 1);
	geyser_export_list_free(list);
	geyser_texture_unref(texture);
}

static void exporting_twice_gives_the_same_handle(void **state)
{
	struct geyser_texture *texture = small(state);
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct geyser_handle first = export_texture(texture), second = export_texture(texture);

	assert_memory_equal(&first, &second, sizeof(first));
	first = export_event(event);
	second = export_event(event);
	assert_memory_equal(&first, &second, sizeof(first));
	geyser_event_unref(event);
	geyser_texture_unref(texture);
}

static void texels_are_the_same_memory(void **state)
{
	struct geyser_texture *texture = small(state), *imported;
	struct geyser_handle handle = export_texture(texture);
	struct geyser_mapping here, there;

	imported = import_texture(manager_of(state), &handle);
	if (!maps_in_place(texture)) {
		assert_true(fill_texture(texture, 1));
		assert_true(texture_holds(imported, 1));
		assert_true(fill_texture(imported, 2));
		assert_true(texture_holds(texture, 2));
		geyser_texture_unref(imported);
		geyser_texture_unref(texture);
		return;
	}
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &here));
	ok(geyser_texture_map(imported, GEYSER_ACCESS_READ_WRITE, &there));
	assert_int_equal(here.size, there.size);
	for (unsigned i = 0; i < here.size; i++) {
		((volatile uint8_t *)here.data)[i] = (uint8_t)(i + 1);
		assert_int_equal(((volatile uint8_t *)there.data)[i], (uint8_t)(i + 1));
		((volatile uint8_t *)there.data)[i] = (uint8_t)~i;
		assert_int_equal(((volatile uint8_t *)here.data)[i], (uint8_t)~i);
	}
	geyser_texture_unmap(imported);
	geyser_texture_unmap(texture);
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

static void unexport_stops_new_imports_only(void **state)
{
	struct geyser_texture *texture = small(state), *imported;
	struct geyser_handle handle = export_texture(texture), found, again;

	imported = import_texture(manager_of(state), &handle);
	ok(geyser_texture_unexport(texture));
	refuse_texture(state, &handle, GEYSER_ERROR_NOT_FOUND);
	refused(GEYSER_ERROR_NOT_FOUND, "id",
		geyser_handle_from_id(geyser_handle_id(&handle), &found));
	assert_true(fill_texture(texture, 5));
	assert_true(texture_holds(imported, 5));
	ok(geyser_texture_unexport(texture));
	again = export_texture(texture);
	assert_memory_not_equal(&again, &handle, sizeof(handle));
	refuse_texture(state, &handle, GEYSER_ERROR_NOT_FOUND);
	geyser_texture_unref(imported);
	imported = import_texture(manager_of(state), &again);
	assert_true(texture_holds(imported, 5));
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

static void unexporting_an_event_stops_new_imports_only(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 3), *imported;
	struct geyser_handle handle = export_event(event), again;

	imported = import_event(manager_of(state), &handle);
	ok(geyser_event_unexport(event));
	refuse_event(state, &handle, GEYSER_ERROR_NOT_FOUND);
	ok(geyser_event_signal(event, 8));
	assert_int_equal(value_of(imported), 8);
	ok(geyser_event_unexport(event));
	again = export_event(event);
	assert_memory_not_equal(&again, &handle, sizeof(handle));
	geyser_event_unref(imported);
	geyser_event_unref(event);
	refuse_event(state, &again, GEYSER_ERROR_NOT_FOUND);
}

static void unexporting_what_is_not_exported(void **state)
{
	struct geyser_texture *texture = small(state);
	struct geyser_event *event = make_event(manager_of(state), 0);

	ok(geyser_texture_unexport(texture));
	ok(geyser_event_unexport(event));
	geyser_event_unref(event);
	geyser_texture_unref(texture);
}

static void what_was_released_is_not_found(void **state)
{
	struct geyser_texture *texture = small(state);
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct geyser_handle texture_handle = export_texture(texture), found;
	struct geyser_handle event_handle = export_event(event);

	geyser_texture_unref(texture);
	geyser_event_unref(event);
	refuse_texture(state, &texture_handle, GEYSER_ERROR_NOT_FOUND);
	refuse_event(state, &event_handle, GEYSER_ERROR_NOT_FOUND);
	refused(GEYSER_ERROR_NOT_FOUND, "id",
		geyser_handle_from_id(geyser_handle_id(&texture_handle), &found));
}

/* The exporter ended with its last object. A later exporter of the same process is a new one, which
 * doesn't know the old handles. */
static void handles_from_before_a_restart_are_stale(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture = small(state);
	struct geyser_handle old = export_texture(texture), found;

	geyser_texture_unref(texture);
	geyser_manager_destroy(fixture->manager);
	fixture->manager = make_manager();
	refuse_texture(state, &old, GEYSER_ERROR_STALE);
	texture = small(state);
	(void)export_texture(texture);
	refuse_texture(state, &old, GEYSER_ERROR_STALE);
	refused(GEYSER_ERROR_NOT_FOUND, "id",
		geyser_handle_from_id(geyser_handle_id(&old), &found));
	geyser_texture_unref(texture);
}

static void an_imported_texture_is_exported_again(void **state)
{
	struct geyser_texture *first = small(state), *second, *third;
	struct geyser_handle one = export_texture(first), two;

	second = import_texture(manager_of(state), &one);
	two = export_texture(second);
	assert_memory_not_equal(&one, &two, sizeof(one));
	third = import_texture(manager_of(state), &two);
	assert_true(fill_texture(third, 9));
	assert_true(texture_holds(first, 9));
	geyser_texture_unref(first);
	refuse_texture(state, &one, GEYSER_ERROR_NOT_FOUND);
	geyser_texture_unref(third);
	third = import_texture(manager_of(state), &two);
	assert_true(texture_holds(third, 9));
	geyser_texture_unref(second);
	assert_true(texture_holds(third, 9));
	geyser_texture_unref(third);
}

static void an_imported_event_is_exported_again(void **state)
{
	struct geyser_event *first = make_event(manager_of(state), 1), *second, *third;
	struct geyser_handle one = export_event(first), two;

	second = import_event(manager_of(state), &one);
	two = export_event(second);
	third = import_event(manager_of(state), &two);
	ok(geyser_event_signal(third, 70));
	assert_int_equal(value_of(first), 70);
	ok(geyser_event_signal(first, 71));
	ok(geyser_event_wait(third, 71, 0));
	geyser_event_unref(first);
	geyser_event_unref(second);
	geyser_event_unref(third);
}

/* Waits until `current` importers are counted. Another thread changes the count after an importer
 * has left, and makes the descriptor readable. */
static void await_current(struct geyser_texture *texture, int fd, uint32_t current)
{
	struct geyser_importers importers;
	uint64_t changes, end = now_ns() + PATIENCE;

	for (;;) {
		ok(geyser_texture_importers(texture, &importers));
		if (importers.current == current)
			return;
		assert_true(now_ns() < end);
		assert_true(readable(fd, PATIENCE));
		assert_int_equal(read(fd, &changes, sizeof(changes)), sizeof(changes));
	}
}

static void importers_are_counted(void **state)
{
	struct geyser_texture *texture = small(state), *imported[3];
	struct geyser_importers importers;
	struct geyser_handle handle;
	int fd = 0;

	ok(geyser_texture_importers(texture, &importers));
	assert_int_equal(importers.current + importers.total, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "not exported",
		geyser_texture_importers_fd(texture, &fd));
	assert_int_equal(fd, -1);
	handle = export_texture(texture);
	ok(geyser_texture_importers_fd(texture, &fd));
	assert_true(fd_is_cloexec(fd));
	assert_false(readable(fd, 0));
	for (unsigned i = 0; i < 3; i++) {
		imported[i] = import_texture(manager_of(state), &handle);
		assert_true(readable(fd, 0));
		ok(geyser_texture_importers(texture, &importers));
		assert_int_equal(importers.current, i + 1);
		assert_int_equal(importers.total, i + 1);
	}
	for (unsigned i = 0; i < 3; i++) {
		geyser_texture_unref(imported[i]);
		await_current(texture, fd, 2 - i);
	}
	ok(geyser_texture_importers(texture, &importers));
	assert_int_equal(importers.total, 3);
	ok(geyser_texture_unexport(texture));
	ok(geyser_texture_importers(texture, &importers));
	assert_int_equal(importers.current + importers.total, 0);
	(void)close(fd);
	geyser_texture_unref(texture);
}

static void a_refused_import_is_not_counted(void **state)
{
	struct geyser_texture *texture = small(state), *imported;
	struct geyser_texture_desc expected = *geyser_texture_get_desc(texture);
	struct geyser_handle handle = export_texture(texture);
	int fd;

	ok(geyser_texture_importers_fd(texture, &fd));
	expected.width++;
	refused(GEYSER_ERROR_MISMATCH, "width",
		geyser_texture_import(manager_of(state), &handle, &expected, &imported));
	await_current(texture, fd, 0);
	(void)close(fd);
	geyser_texture_unref(texture);
}

static void every_descriptor_is_close_on_exec(void **state)
{
	struct geyser_texture *texture = small(state), *imported;
	struct geyser_event *event = make_event(manager_of(state), 0), *other;
	struct geyser_handle texture_handle = export_texture(texture);
	struct geyser_handle event_handle = export_event(event);
	int fds[2];

	imported = import_texture(manager_of(state), &texture_handle);
	other = import_event(manager_of(state), &event_handle);
	ok(geyser_texture_importers_fd(texture, &fds[0]));
	ok(geyser_event_fd(other, 1, &fds[1]));
	assert_int_equal(inheritable_fd_count(), ((struct fixture *)*state)->inheritable_fds);
	(void)close(fds[0]);
	(void)close(fds[1]);
	geyser_event_unref(other);
	geyser_event_unref(event);
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

static const struct CMUnitTest tests[] = {
	test(exporting_twice_gives_the_same_handle),
	test(exports_are_listed),
	test(texels_are_the_same_memory),
	test(unexport_stops_new_imports_only),
	test(unexporting_an_event_stops_new_imports_only),
	test(unexporting_what_is_not_exported),
	test(what_was_released_is_not_found),
	test(handles_from_before_a_restart_are_stale),
	test(an_imported_texture_is_exported_again),
	test(an_imported_event_is_exported_again),
	test(importers_are_counted),
	test(a_refused_import_is_not_counted),
	test(every_descriptor_is_close_on_exec),
};

const struct group sharing_group = {"sharing", tests, COUNT_OF(tests), NULL};
