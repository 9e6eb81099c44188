/* Calls from many threads at once. */
#include "conformance.h"

#include <stdlib.h>

#define THREADS 16
#define PER_THREAD (SANITIZED ? 20u : 50u) /* 16 × 50 textures stay below 1024 descriptors */

struct work {
	struct geyser_manager *manager;
	struct geyser_texture *textures[THREADS][64];
	struct geyser_handle handles[THREADS][64];
	struct geyser_texture *shared;
	struct geyser_event *event;
	struct geyser_handle handle;
	_Atomic unsigned found;
};

static struct work *make_work(void **state)
{
	struct work *work = calloc(1, sizeof(*work));

	assert_non_null(work);
	work->manager = manager_of(state);
	return work;
}

static void export_many(unsigned index, void *data)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = 2,
		.height = 2,
	};
	struct work *work = data;

	for (unsigned i = 0; i < PER_THREAD; i++) {
		check(geyser_texture_create(work->manager, &desc, &work->textures[index][i]) ==
			GEYSER_OK);
		check(fill_texture(work->textures[index][i], index * 1000 + i));
		check(geyser_texture_export(work->textures[index][i], &work->handles[index][i]) ==
			GEYSER_OK);
	}
}

/* Each thread imports the exports of the next thread, by id. */
static void import_neighbours(unsigned index, void *data)
{
	struct work *work = data;
	unsigned other = (index + 1) % THREADS;

	for (unsigned i = 0; i < PER_THREAD; i++) {
		struct geyser_texture *imported;
		struct geyser_handle handle;

		check(geyser_handle_from_id(geyser_handle_id(&work->handles[other][i]), &handle) ==
			GEYSER_OK);
		check(memcmp(&handle, &work->handles[other][i], sizeof(handle)) == 0);
		check(geyser_texture_import(work->manager, &handle, NULL, &imported) == GEYSER_OK);
		if (!imported)
			continue;
		check(texture_holds(imported, other * 1000 + i));
		geyser_texture_unref(imported);
	}
}

static int compare_handles(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct geyser_handle));
}

static void release_many(unsigned index, void *data)
{
	struct work *work = data;

	for (unsigned i = 0; i < PER_THREAD; i++)
		geyser_texture_unref(work->textures[index][i]);
}

static void exports_from_16_threads_lose_nothing(void **state)
{
	struct work *work = make_work(state);
	struct geyser_handle all[THREADS * 64];
	unsigned count = 0;

	run_threads(THREADS, export_many, work);
	for (unsigned t = 0; t < THREADS; t++)
		for (unsigned i = 0; i < PER_THREAD; i++)
			all[count++] = work->handles[t][i];
	qsort(all, count, sizeof(all[0]), compare_handles);
	for (unsigned i = 1; i < count; i++)
		assert_memory_not_equal(&all[i - 1], &all[i], sizeof(all[0]));
	assert_in_range(registry_entries(), count, UINT32_MAX);
	run_threads(THREADS, import_neighbours, work);
	run_threads(THREADS, release_many, work);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(geyser_handle_from_id(geyser_handle_id(&all[i]), &work->handle),
			GEYSER_ERROR_NOT_FOUND);
	free(work);
}

static void import_the_same(unsigned index, void *data)
{
	struct work *work = data;

	(void)index;
	for (unsigned i = 0; i < 2 * PER_THREAD; i++) {
		struct geyser_texture *imported;

		check(geyser_texture_import(work->manager, &work->handle, NULL, &imported) ==
			GEYSER_OK);
		if (imported && i % 16 == 0)
			check(texture_holds(imported, 8));
		geyser_texture_unref(imported);
	}
}

static void one_handle_imported_by_16_threads(void **state)
{
	struct work *work = make_work(state);
	struct geyser_importers importers;

	work->shared = make_texture(work->manager, GEYSER_FORMAT_RGBA8_UNORM, 16, 16);
	assert_true(fill_texture(work->shared, 8));
	work->handle = export_texture(work->shared);
	run_threads(THREADS, import_the_same, work);
	ok(geyser_texture_importers(work->shared, &importers));
	assert_int_equal(importers.total, THREADS * 2 * PER_THREAD);
	geyser_texture_unref(work->shared);
	free(work);
}

/* Odd threads unexport and export the textures that even threads import. An import may only fail
 * with NOT_FOUND. */
static void withdraw_and_import(unsigned index, void *data)
{
	struct work *work = data;

	for (unsigned i = 0; i < 2 * PER_THREAD; i++) {
		struct geyser_texture *imported;
		struct geyser_handle handle;
		enum geyser_result result;

		check(geyser_texture_export(work->shared, &handle) == GEYSER_OK);
		if (index % 2) {
			check(geyser_texture_unexport(work->shared) == GEYSER_OK);
			continue;
		}
		result = geyser_texture_import(work->manager, &handle, NULL, &imported);
		check(result == GEYSER_OK || result == GEYSER_ERROR_NOT_FOUND);
		check((result == GEYSER_OK) == (imported != NULL));
		check(!imported || texture_holds(imported, 4));
		geyser_texture_unref(imported);
	}
}

static void exports_come_and_go_while_others_import(void **state)
{
	struct work *work = make_work(state);

	work->shared = make_texture(work->manager, GEYSER_FORMAT_R8_UNORM, 16, 16);
	assert_true(fill_texture(work->shared, 4));
	run_threads(8, withdraw_and_import, work);
	geyser_texture_unref(work->shared);
	free(work);
}

/* Each thread has a manager of its own, so that the process's last object can end at any time. */
static void live_a_whole_life(unsigned index, void *data)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RG16_FLOAT,
		.width = 3,
		.height = 3,
		.label = "short",
	};

	(void)data;
	for (unsigned i = 0; i < PER_THREAD; i++) {
		struct geyser_manager_desc manager_desc = {.backend = test_backend};
		struct geyser_texture *texture, *imported;
		struct geyser_manager *manager;
		struct geyser_handle handle;

		check(geyser_manager_create(&manager_desc, &manager) == GEYSER_OK);
		check(geyser_texture_create(manager, &desc, &texture) == GEYSER_OK);
		check(fill_texture(texture, index));
		check(geyser_texture_export(texture, &handle) == GEYSER_OK);
		check(geyser_texture_import(manager, &handle, &desc, &imported) == GEYSER_OK);
		geyser_manager_destroy(manager);
		geyser_texture_unref(texture);
		check(!imported || texture_holds(imported, index));
		geyser_texture_unref(imported);
	}
}

static void whole_lives_at_once(void **state)
{
	(void)state;
	run_threads(8, live_a_whole_life, NULL);
}

static void share_references(unsigned index, void *data)
{
	struct work *work = data;

	for (unsigned i = 0; i < 2000; i++) {
		struct geyser_texture *texture = geyser_texture_ref(work->shared);
		struct geyser_event *event = geyser_event_ref(work->event);

		check(geyser_texture_get_desc(texture)->width == 16);
		check(geyser_event_signal(event, i * THREADS + index) == GEYSER_OK);
		geyser_event_unref(event);
		geyser_texture_unref(texture);
	}
}

static void references_from_all_threads(void **state)
{
	struct work *work = make_work(state);

	work->shared = make_texture(work->manager, GEYSER_FORMAT_R8_UNORM, 16, 16);
	work->event = make_event(work->manager, 0);
	run_threads(THREADS, share_references, work);
	assert_int_equal(value_of(work->event), 1999 * THREADS + THREADS - 1);
	geyser_event_unref(work->event);
	geyser_texture_unref(work->shared);
	free(work);
}

#define STORM (SANITIZED ? 300u : 2000u)

/* Half of the threads raise the value by one, each waiting for the step before. The others only
 * wait, with short and long deadlines. No thread may miss a step. */
static void storm(unsigned index, void *data)
{
	struct work *work = data;
	struct geyser_event *imported;
	uint64_t seen = 0, value;

	check(geyser_event_import(work->manager, &work->handle, &imported) == GEYSER_OK);
	if (!imported)
		return;
	for (uint64_t i = 1; i <= STORM; i++) {
		enum geyser_result result = GEYSER_ERROR_TIMEOUT;

		if (index % 2)
			check(geyser_event_signal(imported, i) == GEYSER_OK);
		while (result == GEYSER_ERROR_TIMEOUT)
			result = geyser_event_wait(imported, i, i % 3 ? MILLISECOND : PATIENCE);
		check(result == GEYSER_OK);
		check(geyser_event_value(imported, &value) == GEYSER_OK);
		check(value >= i && value >= seen);
		seen = value;
	}
	geyser_event_unref(imported);
}

static void a_storm_of_signals_and_waits(void **state)
{
	struct work *work = make_work(state);

	work->event = make_event(work->manager, 0);
	work->handle = export_event(work->event);
	run_threads(THREADS, storm, work);
	assert_int_equal(value_of(work->event), STORM);
	geyser_event_unref(work->event);
	free(work);
}

static void count_call(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct work *work = user;

	(void)event;
	(void)value;
	check(result == GEYSER_OK || result == GEYSER_ERROR_STALE);
	atomic_fetch_add(&work->found, 1);
}

static void notify_much(unsigned index, void *data)
{
	struct work *work = data;

	for (unsigned i = 0; i < PER_THREAD; i++) {
		check(geyser_event_notify(work->event, i * 7 % PER_THREAD + 1, count_call, work) ==
			GEYSER_OK);
		check(geyser_event_signal(work->event, i / 2 + index % 2) == GEYSER_OK);
	}
}

static void each_of_many_callbacks_comes_once(void **state)
{
	struct work *work = make_work(state);

	for (unsigned round = 0; round < 5; round++) {
		atomic_store(&work->found, 0);
		work->event = make_event(work->manager, 0);
		run_threads(THREADS, notify_much, work);
		geyser_event_unref(work->event);
		assert_int_equal(atomic_load(&work->found), THREADS * PER_THREAD);
	}
	no_failures();
	free(work);
}

static const struct CMUnitTest tests[] = {
	test(exports_from_16_threads_lose_nothing),
	test(one_handle_imported_by_16_threads),
	test(exports_come_and_go_while_others_import),
	test(whole_lives_at_once),
	test(references_from_all_threads),
	test(a_storm_of_signals_and_waits),
	test(each_of_many_callbacks_comes_once),
};

const struct group threads_group = {"threads", tests, COUNT_OF(tests), NULL};
