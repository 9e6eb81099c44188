/*
 * geyser info --self-test: the main promises, each tried for real on this machine.
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "selftest.h"

/* The steps in their order. needs names an earlier step that must have gone well. Steps that kill
 * the second process come before events, whose second process removes what they have left. */
static const struct {
	const char *name;
	selftest_step *run;
	const char *needs;
} steps[] = {
	{"manager", selftest_manager, NULL},
	{"formats", selftest_formats, "manager"},
	{"create", selftest_create, "manager"},
	{"map", selftest_map, "create"},
	{"export", selftest_export, "create"},
	{"import", selftest_import, "export"},
	{"death", selftest_death, "export"},
	{"gpu limits", selftest_limits, "export"},
	{"events", selftest_events, "export"},
	{"stream", selftest_stream, "export"},
	{"wake-ups", selftest_wakes, "export"},
	{"gpu order", selftest_gpu_order, "export"},
	{"gpu stream", selftest_gpu_stream, "export"},
	{"release", selftest_release, "create"},
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

_Static_assert(STEP_COUNT <= SELFTEST_STEPS_MAX, "each has its result");

/* ---- a step that never ends ------------------------------------------------------------------ */

/* The message of end_process. It is formatted before the step, since a signal handler can't do
 * that. */
static char late[128];

static void end_process(int number)
{
	(void)number;
	/* If stderr is full, the message is lost. */
	if (write(STDERR_FILENO, late, strlen(late)) < 0)
		_exit(STATUS_FAILURE);
	_exit(STATUS_FAILURE);
}

static void start_clock(const char *backend, const char *step)
{
	(void)snprintf(late, sizeof(late),
		"geyser: self-test: backend %s: step %s did not end within %u s: FAILED\n", backend,
		step, SELFTEST_STEP_SECONDS);
	(void)signal(SIGALRM, end_process);
	(void)alarm(SELFTEST_STEP_SECONDS);
}

/* ---- steps ---------------------------------------------------------------------------------- */

static bool went_well(const struct selftest *test, const char *name)
{
	for (size_t i = 0; i < test->step_count; i++) {
		if (strcmp(test->steps[i].name, name) == 0)
			return test->steps[i].result == SELFTEST_OK;
	}
	return false;
}

static enum selftest_result run_step(struct selftest *test, size_t index)
{
	enum selftest_result result;

	if (signals_came(test->signals)) {
		(void)failure("interrupted by a signal");
		return SELFTEST_FAILED;
	}
	if (steps[index].needs && !went_well(test, steps[index].needs)) {
		(void)snprintf(test->note, sizeof(test->note), "needs %s", steps[index].needs);
		return SELFTEST_SKIPPED;
	}
	start_clock(geyser_backend_name(test->backend), steps[index].name);
	result = steps[index].run(test);
	(void)alarm(0);
	return result;
}

static void record_step(struct selftest *test, size_t index)
{
	struct selftest_step_result *const step = &test->steps[test->step_count];
	const uint64_t start = now_ns();

	test->note[0] = '\0';
	failures_capture(test->failure, sizeof(test->failure));
	step->name = steps[index].name;
	step->result = run_step(test, index);
	step->ns = now_ns() - start;
	failures_capture(NULL, 0);
	(void)snprintf(step->note, sizeof(step->note), "%s",
		step->result == SELFTEST_FAILED ? test->failure : test->note);
	test->step_count++;
}

static void count_steps(const struct selftest *test, struct selftest_counts *counts)
{
	for (size_t i = 0; i < test->step_count; i++) {
		counts->ok += test->steps[i].result == SELFTEST_OK;
		counts->failed += test->steps[i].result == SELFTEST_FAILED;
		counts->skipped += test->steps[i].result == SELFTEST_SKIPPED;
	}
}

static void test_backend(struct selftest *test, bool json)
{
	for (size_t i = 0; i < STEP_COUNT; i++) {
		record_step(test, i);
		if (json)
			continue;
		if (!i)
			selftest_print_begin(test);
		selftest_print_step(&test->steps[i]);
	}
	geyser_texture_unref(test->texture);
	geyser_manager_destroy(test->manager);
	test->texture = NULL;
	test->manager = NULL;
	if (json)
		return;
	selftest_print_figures(test);
	selftest_print_formats(test);
}

/* ---- backends ------------------------------------------------------------------------------- */

/* Sets backend->reason if the backend isn't available, and returns whether it is tested. A backend
 * that the user asked for is tested in any case: its first step then says what is wrong. */
static bool is_tested(enum geyser_backend wanted, struct selftest_backend *backend)
{
	if (geyser_backend_available(backend->backend) == GEYSER_OK)
		return true;
	(void)snprintf(backend->reason, sizeof(backend->reason), "%s", geyser_error_detail());
	return wanted != GEYSER_BACKEND_AUTO;
}

static int run(enum geyser_backend wanted, int signals, uint64_t gpu_wait_ns, bool json)
{
	static struct selftest tests[INFO_BACKENDS];
	struct selftest_backend backends[INFO_BACKENDS] = {0};
	struct selftest_counts counts = {0};
	size_t count = 0;

	if (!json)
		selftest_print_head();
	for (size_t i = 0; i < info_backend_count(); i++) {
		struct selftest_backend *const backend = &backends[count];

		if (wanted != GEYSER_BACKEND_AUTO && wanted != info_backend(i))
			continue;
		backend->backend = info_backend(i);
		count++;
		if (!is_tested(wanted, backend)) {
			if (!json)
				selftest_print_unavailable(backend->backend, backend->reason);
			continue;
		}
		backend->test = &tests[i];
		tests[i].backend = info_backend(i);
		tests[i].signals = signals;
		tests[i].gpu_wait_ns = gpu_wait_ns;
		test_backend(&tests[i], json);
		count_steps(&tests[i], &counts);
	}
	if (json)
		selftest_write_json(backends, count, &counts);
	else
		selftest_print_counts(&counts);
	return counts.failed || !counts.ok ? STATUS_FAILURE : STATUS_OK;
}

int selftest_run(enum geyser_backend backend, uint64_t gpu_wait_ns, bool json)
{
	const int signals = signals_open();
	int status, output;

	if (signals < 0)
		return STATUS_FAILURE;
	status = run(backend, signals, gpu_wait_ns, json);
	signals_close();
	output = finish_output();
	return status ? status : output;
}
