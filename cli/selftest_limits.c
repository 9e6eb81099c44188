/*
 * The self-test's measurements of what Metal's documentation leaves open: how long a GPU waits for
 * a process that has stopped, and when a command buffer that waits counts as scheduled.
 *
 * SPDX-License-Identifier: MIT
 */
#include "selftest.h"

#ifdef GEYSER_HAVE_METAL

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>

#include <geyser/metal.h>

#include "os.h"
#include "selftest_metal.h"

#define LOOK_NS UINT64_C(10000000)

/* A thread that waits until the command buffer is scheduled. */
struct scheduling {
	void *commands;
	_Atomic uint64_t at; /* when it was scheduled; 0: not yet */
	uint64_t start;
	pthread_t thread;
};

static void *await_scheduled(void *data)
{
	struct scheduling *const scheduling = data;

	metal_commands_await_scheduled(scheduling->commands);
	scheduling->at = now_ns();
	return NULL;
}

static void tell_scheduled(struct selftest *test, const struct scheduling *scheduling)
{
	static const char what[] = "waitUntilScheduled, while a wait is unmet";
	const uint64_t at = scheduling->at;

	if (at)
		selftest_measured(test, what, "returns after %.1f ms",
			(double)(at - scheduling->start) / 1e6);
	else
		selftest_measured(
			test, what, "didn't return within %.0f s", (double)test->gpu_wait_ns / 1e9);
}

/* Watches the command buffer, whose wait nobody meets. */
static void watch(struct selftest *test, const struct scheduling *scheduling)
{
	static const char what[] = "a GPU's wait for a stopped process";
	const uint64_t end = scheduling->start + test->gpu_wait_ns;
	char error[128] = "";

	while (now_ns() < end && !metal_commands_ended(scheduling->commands, error, sizeof(error)))
		os_sleep_until(now_ns() + LOOK_NS);
	if (metal_commands_ended(scheduling->commands, error, sizeof(error)))
		selftest_measured(test, what, "ends after %.1f s: %s",
			(double)(now_ns() - scheduling->start) / 1e9, error);
	else
		selftest_measured(
			test, what, "goes on after %.0f s", (double)test->gpu_wait_ns / 1e9);
}

/* Commits the command buffer, watches it, and then ends the stopped process, which ends the wait.
 * The step measures, so that a command buffer that fails is no failure. *well: whether all could be
 * measured. */
static void measure(
	struct selftest *test, struct child *child, struct scheduling *scheduling, bool *well)
{
	char error[128];
	uint64_t killed;

	scheduling->start = now_ns();
	metal_commands_commit(scheduling->commands);
	*well = pthread_create(&scheduling->thread, NULL, await_scheduled, scheduling) == 0;
	watch(test, scheduling);
	tell_scheduled(test, scheduling);
	killed = now_ns();
	child_end(child);
	metal_commands_await(scheduling->commands);
	selftest_measured(test, "the same wait, once the process is killed", "%s after %.1f ms",
		metal_commands_ended(scheduling->commands, error, sizeof(error)) && error[0]
			? error
			: "done",
		(double)(now_ns() - killed) / 1e6);
	if (*well)
		(void)pthread_join(scheduling->thread, NULL);
	else
		(void)failure("no thread can be made");
}

static bool wait_for_stopped(struct selftest *test, struct child *child, struct geyser_event *event)
{
	void *const queue = metal_queue_create(test->manager);
	struct scheduling scheduling = {.commands = queue ? metal_commands_begin(queue) : NULL};
	bool well = scheduling.commands != NULL;

	if (well && geyser_metal_encode_wait(scheduling.commands, event, 1))
		well = ((void)library_failure("event"), false);
	if (well && kill(child->pid, SIGSTOP) < 0)
		well = ((void)failure("the second process can't be stopped"), false);
	if (well)
		measure(test, child, &scheduling, &well);
	metal_commands_drop(scheduling.commands);
	metal_queue_destroy(queue);
	return well;
}

static bool meet_stopped(struct selftest *test, struct child *child)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];
	struct geyser_handle handle;
	struct geyser_event *event;
	bool well;

	if (!selftest_hear(child, "event ", text, sizeof(text)) || !selftest_handle(text, &handle))
		return false;
	if (geyser_event_import(test->manager, &handle, &event))
		return (void)library_failure("event"), false;
	well = wait_for_stopped(test, child, event);
	geyser_event_unref(event);
	return well;
}

enum selftest_result selftest_limits(struct selftest *test)
{
	char families[64];
	struct child child;
	bool well;

	if (!selftest_has_gpu(test))
		return SELFTEST_SKIPPED;
	metal_families(test->manager, families, sizeof(families));
	selftest_measured(test, "families of the GPU, whose formats are below", "%s", families);
	if (!selftest_start(test, "victim", test->handle, &child))
		return SELFTEST_FAILED;
	well = meet_stopped(test, &child);
	child_end(&child);
	return well ? selftest_passed(test, "a GPU waited for a process that had stopped")
		    : SELFTEST_FAILED;
}

#else

enum selftest_result selftest_limits(struct selftest *test)
{
	(void)selftest_has_gpu(test);
	return SELFTEST_SKIPPED;
}

#endif
