/*
 * Every backend passes this suite. The suite uses the public API only, and asks
 * geyser_manager_format_usage for what a backend can't do.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include "support.h"

struct group {
	const char *name;
	const struct CMUnitTest *tests;
	size_t count;
	/* Returns why the group doesn't fit test_backend, or NULL if it fits. The pointer itself
	 * may be NULL: the group then fits every backend. */
	const char *(*unfit)(void);
};

extern const struct group arguments_group, attached_group, callbacks_group, conversion_group,
	endings_group, every_call_group, events_group, formats_group, handles_group, managers_group,
	memory_group, native_group, notifications_group, pool_group, renditions_group,
	sharing_group, spinning_group, stream_frames_group, stream_holding_group, stream_idle_group,
	stream_life_group, stream_outlives_group, streams_group, textures_group, threads_group,
	watches_group;

/* Declares a test whose *state is a struct fixture. */
#define test(function) cmocka_unit_test_setup_teardown(function, setup_manager, teardown_manager)

#define manager_of(state) (((struct fixture *)*(state))->manager)

#endif
