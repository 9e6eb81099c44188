/* SPDX-License-Identifier: MIT */
/* Each allocation of memory and each start of a thread in the Metal backend fails in turn. */
#include "faults.h"

#include "surfaces.h"

#include <geyser/metal.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apple_double.h>

#define MOST 50 /* more than any call here needs */

static struct geyser_manager *manager;
static struct geyser_event *other; /* on a shared event of the test */
static IOSurfaceRef surface;

/* The results of the operations. */
static struct geyser_manager *made_manager;
static struct geyser_texture *texture;
static struct geyser_event *event;
static void *object;
static unsigned long idle; /* the number of live objects between operations */
static uint64_t turn;

static struct geyser_texture_desc picture(uint32_t usage)
{
	return (struct geyser_texture_desc){
		.format = GEYSER_FORMAT_BGRA8_UNORM,
		.width = 61,
		.height = 40,
		.usage = usage,
		.label = "short",
	};
}

static enum geyser_result make_manager(void)
{
	return geyser_metal_manager_create(NULL, &made_manager);
}

static enum geyser_result make_texture(void)
{
	const struct geyser_texture_desc desc = picture(0);

	return geyser_texture_create(manager, &desc, &texture);
}

static enum geyser_result make_in_memory(void)
{
	const struct geyser_texture_desc desc =
		picture(GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_HOST_MEMORY);

	return geyser_texture_create(manager, &desc, &texture);
}

static enum geyser_result make_private(void)
{
	const struct geyser_texture_desc desc = picture(0);

	return geyser_metal_texture_create_private(manager, &desc, &texture);
}

static enum geyser_result import_surface(void)
{
	const struct geyser_texture_desc desc = picture(0);

	return geyser_metal_texture_import_surface(manager, surface, &desc, &texture);
}

static enum geyser_result get_shared_event(void)
{
	return geyser_metal_event(event, &object);
}

static enum geyser_result adopt(void)
{
	void *shared;

	assert_int_equal(geyser_metal_event(other, &shared), GEYSER_OK);
	return geyser_metal_event_adopt(manager, shared, &event);
}

static void make_event(void)
{
	assert_int_equal(geyser_event_create(manager, 3, &event), GEYSER_OK);
}

static void nothing(void)
{
}

static const struct {
	const char *name;
	void (*begin)(void);
	enum geyser_result (*call)(void);
	bool has_threads; /* the operation starts a thread */
} operations[] = {
	{"a manager", nothing, make_manager, false},
	{"a texture", nothing, make_texture, false},
	{"a texture in host memory", nothing, make_in_memory, false},
	{"a texture in private storage", nothing, make_private, false},
	{"an imported surface", nothing, import_surface, false},
	{"a shared event", make_event, get_shared_event, true},
	{"an adopted event", nothing, adopt, true},
};

static void release(void)
{
	geyser_manager_destroy(made_manager);
	geyser_texture_unref(texture);
	geyser_event_unref(event);
	made_manager = NULL;
	texture = NULL;
	event = NULL;
	object = NULL;
}

/* Runs an operation, in which the nth call fails. Returns whether fewer calls were made, so that
 * the operation has succeeded. */
static bool run_once(size_t i, enum fault fault, int error, enum geyser_result wanted, unsigned nth)
{
	enum geyser_result result;
	bool failed;

	operations[i].begin();
	faults_arm(fault, error, nth, false);
	result = operations[i].call();
	failed = faults_disarm();
	if (result != (failed ? wanted : GEYSER_OK))
		fail_msg("%s, failure %u: %s (%s)", operations[i].name, nth,
			geyser_result_string(result), geyser_error_detail());
	if (failed) {
		assert_true(!made_manager && !texture && !object);
		assert_true(operations[i].begin == make_event || !event);
		if (operations[i].begin == nothing)
			assert_true(apple_double_settle(idle, 5000));
		/* the next try works */
		assert_int_equal(operations[i].call(), GEYSER_OK);
	}
	release();
	/* the signal calls the blocks that adopted events have left with `other`, and so releases
	 * them */
	assert_int_equal(geyser_event_signal(other, ++turn), GEYSER_OK);
	assert_true(apple_double_settle(idle, 5000));
	return !failed;
}

static void fails_at_each_place(size_t i, enum fault fault, int error, enum geyser_result wanted)
{
	unsigned nth = 1;

	while (!run_once(i, fault, error, wanted, nth))
		assert_in_range(++nth, 1, MOST);
	assert_in_range(nth, 2, MOST); /* it failed at least once */
}

static void without_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		fails_at_each_place(i, FAULT_ALLOCATION, ENOMEM, GEYSER_ERROR_OUT_OF_MEMORY);
}

static void without_threads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (operations[i].has_threads)
			fails_at_each_place(i, FAULT_THREAD, EAGAIN, GEYSER_ERROR_SYSTEM);
}

/* Waits until the number of live objects is stable, and returns it: threads that have just been
 * started hold more objects until they wait. */
static unsigned long settled(void)
{
	unsigned long before, count = apple_double_live();

	do {
		before = count;
		(void)apple_double_settle(
			0, 200); /* never reaches 0, so this gives the threads some time */
		count = apple_double_live();
	} while (count != before);
	return count;
}

static int begin(void **state)
{
	void *shared;

	(void)state;
	(void)alarm(100);
	assert_int_equal(geyser_metal_manager_create(NULL, &manager), GEYSER_OK);
	turn = 1;
	assert_int_equal(geyser_event_create(manager, turn, &other), GEYSER_OK);
	assert_int_equal(geyser_metal_event(other, &shared), GEYSER_OK);
	surface = make_surface(&bgra_surface);
	idle = settled();
	return 0;
}

static int end(void **state)
{
	(void)state;
	CFRelease(surface);
	geyser_event_unref(other);
	geyser_manager_destroy(manager);
	(void)alarm(0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_memory, begin, end),
		cmocka_unit_test_setup_teardown(without_threads, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
