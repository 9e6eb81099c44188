#include "helper.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- children ---- */

pid_t start_child(int (*run)(void *data), void *data)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)alarm(60);
		_exit(run(data));
	}
	return pid;
}

/* Waits for the child, which must exit with 0. */
static void end_child(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

void in_child(int (*run)(void *data), void *data)
{
	end_child(start_child(run, data));
}

/* ---- helpers ---- */

static void open_pipe(int ends[2])
{
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
}

struct helper start_helper(int (*work)(int orders, int reports, void *data), void *data)
{
	int orders[2], reports[2];
	struct helper helper;

	open_pipe(orders);
	open_pipe(reports);
	helper.pid = fork();
	assert_true(helper.pid >= 0);
	if (helper.pid == 0) {
		(void)alarm(100);
		(void)close(orders[1]);
		(void)close(reports[0]);
		_exit(work(orders[0], reports[1], data));
	}
	(void)close(orders[0]);
	(void)close(reports[1]);
	helper.orders = orders[1];
	helper.reports = reports[0];
	return helper;
}

void order_helper(const struct helper *helper, const void *bytes, size_t size)
{
	assert_int_equal(write(helper->orders, bytes, size), size);
}

void hear_helper(const struct helper *helper, void *bytes, size_t size)
{
	assert_int_equal(read(helper->reports, bytes, size), size);
}

void prompt_helper(const struct helper *helper)
{
	order_helper(helper, "", 1);
}

void await_helper(const struct helper *helper)
{
	char byte;

	hear_helper(helper, &byte, 1);
}

bool say_ready(int reports)
{
	return write(reports, "", 1) == 1;
}

bool wait_for_prompt(int orders)
{
	char byte;

	return read(orders, &byte, 1) == 1;
}

void end_helper(const struct helper *helper)
{
	(void)close(helper->orders);
	end_child(helper->pid);
	(void)close(helper->reports);
}

void kill_helper(const struct helper *helper)
{
	int status;

	assert_int_equal(kill(helper->pid, SIGKILL), 0);
	assert_int_equal(waitpid(helper->pid, &status, 0), helper->pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	(void)close(helper->orders);
	(void)close(helper->reports);
}
