/* Measures a signal that no thread waits for, and shows that it makes no system call. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define BATCH 10000 /* signals in a sample: so many that the clock's own cost doesn't count */
#define TARGET_NS 50
#define PROOF 1000000 /* signals under the filter */
#define PROOF_NAME "system calls in 1,000,000 signals"

/* ---- how long -------------------------------------------------------------------------------- */

static uint64_t sample_ours(struct geyser_event *event, uint64_t *value)
{
	const uint64_t start = now_ns();

	for (int i = 0; i < BATCH; i++)
		(void)geyser_event_signal(event, ++*value);
	return now_ns() - start;
}

static uint64_t sample_floor(_Atomic uint64_t *word, _Atomic uint32_t *waiters, uint64_t *value)
{
	const uint64_t start = now_ns();

	for (int i = 0; i < BATCH; i++) {
		atomic_store(word, ++*value);
		if (atomic_load(waiters))
			die("nobody waits for this");
	}
	return now_ns() - start;
}

static void divide(struct series *series)
{
	for (size_t i = 0; i < series->rounds; i++) {
		series->ours[i] /= BATCH;
		series->floor[i] /= BATCH;
	}
}

static void measure(struct geyser_event *event, size_t rounds, size_t samples, struct series *out)
{
	uint64_t *ours = allocate(samples, sizeof(*ours));
	uint64_t *floor = allocate(samples, sizeof(*floor));
	_Atomic uint64_t *word = shared_memory(4096);
	_Atomic uint32_t *waiters = (_Atomic uint32_t *)(word + 1);
	uint64_t value = 0, hand_value = 0;

	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < samples; i++) {
			ours[i] = sample_ours(event, &value);
			floor[i] = sample_floor(word, waiters, &hand_value);
		}
		series_add(out, 0.5, ours, floor, samples);
	}
	divide(out);
	free(ours);
	free(floor);
}

/* ---- without the kernel ---------------------------------------------------------------------- */

/* Installs a filter: from now on this thread may only end. Any other system call kills the
 * process. */
static int forbid_system_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {
		.len = (unsigned short)(sizeof(filter) / sizeof(filter[0])),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

enum proof { PROOF_NONE_MADE = 0, PROOF_NO_FILTER = 1 };

/* Signals an exported event under the filter. It is the same as an imported one on which no thread
 * sleeps. then_call: makes one system call at the end. */
static _Noreturn void signal_under_filter(bool then_call)
{
	struct geyser_manager *manager;
	struct geyser_handle handle;
	struct geyser_event *event;

	require(geyser_manager_create(NULL, &manager), "making a manager");
	require(geyser_event_create(manager, 0, &event), "making an event");
	require(geyser_event_export(event, &handle), "exporting it");
	if (forbid_system_calls() != 0)
		_exit(PROOF_NO_FILTER);
	for (uint64_t value = 1; value <= PROOF; value++)
		(void)geyser_event_signal(event, value);
	if (then_call)
		(void)syscall(SYS_getppid);
	(void)syscall(SYS_exit_group, PROOF_NONE_MADE);
	abort();
}

static int run_under_filter(bool then_call)
{
	const pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		(void)alarm(60);
		signal_under_filter(then_call);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %s", strerror(errno));
	return status;
}

static bool was_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

/* Runs twice. The second run makes one call on purpose: it must fail, or the filter proves
 * nothing. */
static void prove(struct results *results)
{
	const int status = run_under_filter(false), control = run_under_filter(true);

	if (!was_killed(control))
		results_add_number(
			results, PROOF_NAME " (no seccomp: not shown)", UNIT_SYSTEM_CALLS, -1, 0);
	else if (was_killed(status))
		results_add_number(results, PROOF_NAME, UNIT_SYSTEM_CALLS, 1, 0);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == PROOF_NONE_MADE)
		results_add_number(results, PROOF_NAME, UNIT_SYSTEM_CALLS, 0, 0);
	else
		die("signalling under a filter failed (wait status 0x%x)", (unsigned)status);
}

void bench_signal(const struct settings *settings, struct results *results)
{
	struct series series = {.rounds = 0};
	struct geyser_manager *manager;
	struct geyser_handle handle;
	struct geyser_event *event;

	prove(results); /* must be first: it forks, and this process has no threads yet */
	require(geyser_manager_create(NULL, &manager), "making a manager");
	require(geyser_event_create(manager, 0, &event), "making an event");
	require(geyser_event_export(event, &handle), "exporting it");
	measure(event, settings->rounds, settings->quick ? 10 : 50, &series);
	results_add_times(
		results, "signal, nobody waits", PLACE_NONE, &series, LIMIT_OURS, TARGET_NS);
	geyser_event_unref(event);
	geyser_manager_destroy(manager);
}
