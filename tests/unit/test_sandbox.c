/*
 * A sandbox may refuse newer system calls, with any error. The library must work without these
 * calls, and never spin in a loop. Each case runs in a child with its own filter.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "platform/descriptor.h"
#include "platform/linux/linux.h"
#include "platform/platform.h"
#include "platform/socket.h"
#include "sync/timeline.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define WAITED (200 * GY_MILLISECOND)
/* A wait on one word may end early every 50 ms, and a wait without any call every 1 ms. */
#define ROUNDS_MOST 250u

static const int refusals[] = {ENOSYS, EPERM, EACCES, EINVAL, EOPNOTSUPP, ENOMEM, EFAULT, EBADF};

/* Refuses the system call `number`. If `bits` isn't 0, only calls with one of these bits in their
 * second argument are refused. */
static bool refuse(long number, unsigned bits, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits ? bits : UINT32_MAX, 0, bits ? 1 : 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = COUNT_OF(code), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* Runs check() in a child that may not make the call. Returns whether check() returned true
 * there. */
static bool holds_without(long number, unsigned bits, int error, bool (*check)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		(void)alarm(20);
		_exit(refuse(number, bits, error) && check() ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status == 0;
}

static void holds_with_each_refusal(long number, unsigned bits, bool (*check)(void))
{
	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		if (!holds_without(number, bits, refusals[i], check))
			fail_msg("call %ld refused with %s", number, strerrorname_np(refusals[i]));
}

/* ---- sleeping ---- */

static _Atomic uint32_t words[2];
static struct gy_interrupt interrupt;

static bool waits_without_spinning(unsigned count)
{
	struct gy_wait_word watched[2] = {{.word = &words[0]}, {.word = &words[1]}};
	uint64_t end = gy_now() + WAITED;
	unsigned rounds = 0;

	for (; gy_now() < end; rounds++)
		gy_wait(watched, count, end);
	return rounds <= ROUNDS_MOST;
}

static bool waits_for_one(void)
{
	return waits_without_spinning(1);
}

static void *change_second(void *data)
{
	const struct timespec moment = gy_timespec(10 * GY_MILLISECOND);

	(void)data;
	(void)nanosleep(&moment, NULL);
	gy_interrupt(&interrupt);
	atomic_store(&words[1], 1);
	gy_wake(&words[1], false);
	return NULL;
}

/* A wait for two words ends when either of them changes, and doesn't spin before. A wait that can
 * be interrupted is one for two words, where the system has those. */
static bool waits_for_two(void)
{
	struct gy_timeline_page page = {.value = 0};
	struct gy_timeline timeline = {.page = &page};
	const struct gy_wait_word both[] = {{.word = &words[0]}, {.word = &words[1]}};
	uint64_t start = gy_now();
	pthread_t thread;
	bool reached;

	if (!waits_without_spinning(2) ||
		gy_timeline_wait(&timeline, 1, gy_deadline(WAITED), &interrupt) ||
		gy_now() < start + 2 * WAITED)
		return false;
	if (pthread_create(&thread, NULL, change_second, NULL))
		return false;
	reached = gy_timeline_wait(&timeline, 1, gy_deadline(10 * GY_SECOND), &interrupt);
	while (!atomic_load(&words[1]))
		gy_wait(both, 2, gy_deadline(10 * GY_SECOND));
	(void)pthread_join(thread, NULL);
	return !reached && gy_now() < start + 5 * GY_SECOND;
}

static bool says_so(void)
{
	struct geyser_system_info info;

	gy_platform_info(&info);
	return !info.futex_waitv;
}

static void waiting_for_several_words(void **state)
{
	(void)state;
	holds_with_each_refusal(SYS_futex_waitv, 0, waits_for_two);
	holds_with_each_refusal(SYS_futex_waitv, 0, says_so);
}

/* Only the library's own waits are concerned: a child with one thread needs no futex. */
static void waiting_for_one_word(void **state)
{
	(void)state;
	holds_with_each_refusal(SYS_futex, 0, waits_for_one);
}

/* ---- memory ---- */

static bool makes_memory(void)
{
	int fd;

	return gy_memory_create("test", 4096, &fd) == GEYSER_OK && fd >= 0;
}

static bool makes_no_memory(void)
{
	enum geyser_result result;
	int fd = 7;

	result = gy_memory_create("test", 4096, &fd);
	return result != GEYSER_OK && fd == -1 && geyser_error_detail()[0];
}

static void memory_without_noexec(void **state)
{
	(void)state;
	/* ENOMEM reports a shortage of memory, not an unknown flag */
	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		assert_true(refusals[i] == ENOMEM ||
			    holds_without(SYS_memfd_create, 8, refusals[i], makes_memory));
	holds_with_each_refusal(SYS_memfd_create, 0, makes_no_memory);
}

/* ---- descriptors ---- */

static bool makes_no_wakeup(void)
{
	struct gy_wakeup wakeup = {.fd = 7};

	return gy_wakeup_create(&wakeup) != GEYSER_OK && wakeup.fd == -1;
}

static bool makes_no_watch(void)
{
	struct gy_watch *watch = NULL;
	enum geyser_result result = gy_watch_create(-1, "/", ".lock", &watch);

	gy_watch_destroy(watch);
	return result != GEYSER_OK && !watch;
}

static bool polls_without_spinning(void)
{
	int poller = gy_poller_create();
	uint64_t end = gy_now() + WAITED;
	struct gy_ready ready[4];
	unsigned rounds = 0;

	for (; gy_now() < end; rounds++)
		if (gy_poller_wait(poller, ready, COUNT_OF(ready), 50) > 0)
			return false;
	return poller >= 0 && rounds <= ROUNDS_MOST;
}

/* The process is watched through its socket if pidfd_open is refused. Its death is then the end of
 * the socket. */
static bool watches_a_living_process(void)
{
	bool ended = true;
	int ends[2];

	if (gy_socket_pair(ends) < 0)
		return false;
	(void)gy_peer_watch(ends[0], getpid(), &ended);
	return !ended;
}

static void descriptors(void **state)
{
	(void)state;
	holds_with_each_refusal(SYS_eventfd2, 0, makes_no_wakeup);
	holds_with_each_refusal(SYS_inotify_init1, 0, makes_no_watch);
	holds_with_each_refusal(SYS_pidfd_open, 0, watches_a_living_process);
#ifdef SYS_epoll_wait
	holds_with_each_refusal(SYS_epoll_wait, 0, polls_without_spinning);
#endif
}

/* Runs the same cases without a filter, to show that they can fail. */
static void without_a_sandbox(void **state)
{
	(void)state;
	assert_true(waits_for_one());
	assert_true(makes_memory());
	assert_false(makes_no_memory());
	assert_false(makes_no_wakeup());
	assert_false(makes_no_watch());
	assert_true(polls_without_spinning());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_sandbox),
		cmocka_unit_test(waiting_for_several_words),
		cmocka_unit_test(waiting_for_one_word),
		cmocka_unit_test(memory_without_noexec),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
