/*
 * The suite that every backend passes. It uses the public API only; what a backend can't do, it
 * learns from geyser_manager_format_usage.
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
	const char *(*unfit)(
		void); /* why it doesn't fit test_backend, or NULL; may itself be NULL */
};

extern const struct group arguments_group, attached_group, callbacks_group, endings_group,
	every_call_group, events_group, formats_group, handles_group, managers_group, memory_group,
	native_group, notifications_group, sharing_group, stream_frames_group, stream_holding_group,
	stream_life_group, stream_outlives_group, streams_group, textures_group, threads_group,
	watches_group;

/* A test with a fixture, which is its *state. */
#define test(function) cmocka_unit_test_setup_teardown(function, setup_manager, teardown_manager)

#define manager_of(state) (((struct fixture *)*(state))->manager)

#endif
