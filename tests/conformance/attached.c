/* User data that callers attach to textures and events. */
#include "conformance.h"

#include <geyser/stream.h>

#define THREADS 4

static const char key_a, key_b;

static void count(void *data)
{
	atomic_fetch_add((_Atomic int *)data, 1);
}

static void data_goes_with_its_texture(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 8, 8);
	_Atomic int a = 0, b = 0;

	assert_null(geyser_texture_attached(texture, &key_a));
	ok(geyser_texture_attach(texture, &key_a, &a, count));
	ok(geyser_texture_attach(texture, &key_b, &b, NULL));
	assert_ptr_equal(geyser_texture_attached(texture, &key_a), &a);
	assert_ptr_equal(geyser_texture_attached(texture, &key_b), &b);
	(void)geyser_texture_ref(texture);
	geyser_texture_unref(texture);
	assert_int_equal(a, 0);
	geyser_texture_unref(texture);
	assert_int_equal(a, 1);
	assert_int_equal(b, 0);
}

static void data_goes_with_its_event(void **state)
{
	_Atomic int a = 0, b = 0;
	struct geyser_event *event;

	ok(geyser_event_create(manager_of(state), 0, &event));
	ok(geyser_event_attach(event, &key_a, &a, count));
	ok(geyser_event_attach(event, &key_b, &b, count));
	assert_ptr_equal(geyser_event_attached(event, &key_a), &a);
	geyser_event_unref(event);
	assert_int_equal(a, 1);
	assert_int_equal(b, 1);
}

static void what_cannot_be_attached(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 8, 8);
	_Atomic int a = 0, b = 0;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_texture_attach(NULL, &key_a, &a, count));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "key",
		geyser_texture_attach(texture, NULL, &a, count));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "data",
		geyser_texture_attach(texture, &key_a, NULL, count));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event",
		geyser_event_attach(NULL, &key_a, &a, count));
	assert_null(geyser_texture_attached(NULL, &key_a));
	assert_null(geyser_event_attached(NULL, &key_a));
	ok(geyser_texture_attach(texture, &key_a, &a, count));
	refused(GEYSER_ERROR_EXISTS, "key", geyser_texture_attach(texture, &key_a, &b, count));
	assert_ptr_equal(geyser_texture_attached(texture, &key_a), &a);
	geyser_texture_unref(texture);
	assert_int_equal(a, 1);
	assert_int_equal(b, 0);
}

struct racer {
	pthread_t thread;
	struct geyser_texture *texture;
	_Atomic int *destroyed;
	enum geyser_result result;
};

static void *race(void *data)
{
	struct racer *racer = data;

	racer->result = geyser_texture_attach(racer->texture, &key_a, racer->destroyed, count);
	return NULL;
}

static void of_several_threads_one_attaches(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 8, 8);
	struct racer racers[THREADS];
	_Atomic int destroyed = 0;
	int attached = 0;

	for (size_t i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){.texture = texture, .destroyed = &destroyed};
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
		attached += racers[i].result == GEYSER_OK;
		assert_true(
			racers[i].result == GEYSER_OK || racers[i].result == GEYSER_ERROR_EXISTS);
	}
	assert_int_equal(attached, 1);
	geyser_texture_unref(texture);
	assert_int_equal(destroyed, 1);
}

static const struct CMUnitTest tests[] = {
	test(data_goes_with_its_texture),
	test(data_goes_with_its_event),
	test(what_cannot_be_attached),
	test(of_several_threads_one_attaches),
};

const struct group attached_group = {"attached", tests, COUNT_OF(tests), NULL};
