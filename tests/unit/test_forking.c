/*
 * A process that forks while a call of the library is half done. The child must have no copy of the
 * parent's connections. meson.build makes the library call __wrap_NAME in place of NAME, and each
 * test forks in one of these calls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "helper.h"

#include <geyser/geyser.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define DESCRIPTORS 256 /* a test opens no more */

enum call { NO_CALL, CONNECT, JOIN, RECEIVE, SEND };

/* Set by the test's thread, and used only on that thread: fork_within. */
static _Thread_local enum call call_to_fork_in;
static void (*before_fork)(void);
static pid_t child;
static bool known[DESCRIPTORS];

/* ---- descriptors ---- */

/* Whether the descriptor is a socket, or one that makes the kernel tell of events. */
static bool is_connection(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode) ||
						  (status.st_mode & S_IFMT) == 0);
}

static void note_descriptors(void)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		known[fd] = fcntl(fd, F_GETFD) >= 0;
}

static unsigned count_new_connections(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		count += !known[fd] && is_connection(fd);
	return count;
}

/* ---- managers ---- */

struct shared {
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_handle handle;
};

static enum geyser_result share(struct shared *out)
{
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_HOST};
	const struct geyser_texture_desc small = {
		.format = GEYSER_FORMAT_R8_UNORM, .width = 4, .height = 4};
	enum geyser_result result = geyser_manager_create(&desc, &out->manager);

	if (result == GEYSER_OK)
		result = geyser_texture_create(out->manager, &small, &out->texture);
	if (result == GEYSER_OK)
		result = geyser_texture_export(out->texture, &out->handle);
	return result;
}

static void end(struct shared *shared)
{
	geyser_texture_unref(shared->texture);
	geyser_manager_destroy(shared->manager);
}

static enum geyser_result import(struct geyser_manager *manager, const struct geyser_handle *handle)
{
	struct geyser_texture *texture;
	enum geyser_result result = geyser_texture_import(manager, handle, NULL, &texture);

	geyser_texture_unref(texture);
	return result;
}

#ifdef __SANITIZE_THREAD__
/* A child that is forked while its parent ends a thread can't join that thread. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
	return "report_thread_leaks=0";
}
#endif

/* ---- the fork ---- */

/* Returns the child's exit status. The child also makes a manager of its own. */
static int live_on(void)
{
	struct shared own;

	if (count_new_connections() > 0)
		return 1;
	if (!TEST_CHILD_HAS_THREADS)
		return 0;
	if (share(&own) != GEYSER_OK || import(own.manager, &own.handle) != GEYSER_OK)
		return 2;
	end(&own);
	return 0;
}

/* Forks if the test has asked for it. */
static void reach(enum call call)
{
	if (call_to_fork_in != call)
		return;
	call_to_fork_in = NO_CALL;
	if (before_fork)
		before_fork();
	child = fork();
	if (child == 0) {
		(void)alarm(20);
		_exit(live_on());
	}
}

/* Makes the next such call of this thread fork; first it calls `first`, which may be NULL. */
static void fork_within(enum call call, void (*first)(void))
{
	child = 0;
	before_fork = first;
	call_to_fork_in = call;
}

static void expect_clean_child(void)
{
	int status;

	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* ---- the calls of the library ---- */

int __real_connect(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);
int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	reach(CONNECT);
	return __real_connect(fd, address, size);
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	reach(JOIN);
	return __real_pthread_join(thread, result);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	reach(RECEIVE);
	return __real_recvmsg(fd, message, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	reach(SEND);
	return __real_sendmsg(fd, message, flags);
}

/* ---- a manager that ends ---- */

static void the_child_has_nothing_of_a_manager_that_ends(void **state)
{
	struct shared shared;

	(void)state;
	note_descriptors();
	assert_ok(share(&shared));
	fork_within(JOIN, NULL);
	end(&shared);
	expect_clean_child();
	assert_int_equal(count_new_connections(), 0);
	assert_int_equal(test_registry_entries(), 0);
}

static struct shared second;

static void share_second(void)
{
	assert_ok(share(&second));
}

static void the_child_has_nothing_of_a_manager_made_meanwhile(void **state)
{
	struct shared shared;

	(void)state;
	note_descriptors();
	assert_ok(share(&shared));
	fork_within(JOIN, share_second);
	end(&shared);
	expect_clean_child();
	assert_ok(import(second.manager, &second.handle));
	assert_int_equal(test_registry_entries(), 3); /* lock, socket, id */
	fork_within(JOIN, NULL);
	end(&second);
	expect_clean_child();
	assert_int_equal(count_new_connections(), 0);
}

/* ---- an import that waits ---- */

static int be_exporter(int orders, int reports, void *data)
{
	struct shared shared;

	(void)data;
	if (share(&shared) != GEYSER_OK || write(reports, &shared.handle, sizeof(shared.handle)) !=
						   (ssize_t)sizeof(shared.handle))
		return 1;
	(void)wait_for_prompt(orders);
	end(&shared);
	return 0;
}

static void import_and_fork(
	struct geyser_manager *manager, const struct geyser_handle *handle, enum call call)
{
	fork_within(call, NULL);
	assert_ok(import(manager, handle));
	expect_clean_child();
}

static void the_child_has_nothing_of_an_import_that_waits(void **state)
{
	static const enum call calls[] = {CONNECT, SEND, RECEIVE};
	struct helper exporter = start_helper(be_exporter, NULL);
	struct geyser_handle handle;
	struct shared shared;

	(void)state;
	hear_helper(&exporter, &handle, sizeof(handle));
	note_descriptors();
	assert_ok(share(&shared));
	for (size_t i = 0; i < TEST_COUNT(calls); i++)
		import_and_fork(shared.manager, &handle, calls[i]);
	end(&shared);
	end_helper(&exporter);
}

static void the_child_has_nothing_of_an_import_within_the_process(void **state)
{
	static const enum call calls[] = {SEND, RECEIVE};
	struct shared shared;

	(void)state;
	note_descriptors();
	assert_ok(share(&shared));
	for (size_t i = 0; i < TEST_COUNT(calls); i++)
		import_and_fork(shared.manager, &shared.handle, calls[i]);
	end(&shared);
}

int main(void)
{
#define in_a_registry(test) \
	cmocka_unit_test_setup_teardown(test, test_runtime_enter, test_runtime_leave)
	const struct CMUnitTest tests[] = {
		in_a_registry(the_child_has_nothing_of_a_manager_that_ends),
		in_a_registry(the_child_has_nothing_of_a_manager_made_meanwhile),
		in_a_registry(the_child_has_nothing_of_an_import_that_waits),
		in_a_registry(the_child_has_nothing_of_an_import_within_the_process),
	};

	test_limit(100);
	return test_run("forking", tests, NULL, NULL);
}
