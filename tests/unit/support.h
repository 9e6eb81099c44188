/* Shared helpers for the tests of the library's internals. Include this file after the system's
 * headers, in place of cmocka.h. */
#ifndef GEYSER_TESTS_SUPPORT_H
#define GEYSER_TESTS_SUPPORT_H

#include <geyser/geyser.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* ThreadSanitizer ends a forked child that starts a thread if its parent had several threads. */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define TEST_CHILD_HAS_THREADS 0
#else
#define TEST_CHILD_HAS_THREADS 1
#endif

#define TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Runs the tests between setup and teardown, which may be NULL, and returns the exit status for
 * main. A teardown that fails makes the program fail; cmocka 1.1.5 alone ignores it. */
#define test_run(name, tests, setup, teardown) \
	test_run_group(name, tests, TEST_COUNT(tests), setup, teardown)
int test_run_group(const char *name, const struct CMUnitTest *tests, size_t count,
	CMFixtureFunction setup, CMFixtureFunction teardown);

/* Use test_run. */
#undef cmocka_run_group_tests
#undef cmocka_run_group_tests_name

/* Ends the process with SIGALRM after this many seconds, so that a hang is a failure. */
void test_limit(unsigned seconds);

/* Give a test its own registry: GEYSER_RUNTIME_DIR is a new directory of mode 0700, and no other
 * place is used. These are cmocka's setup and teardown; leaving removes the directory with its
 * contents. */
int test_runtime_enter(void **state);
int test_runtime_leave(void **state);

/* Returns "$GEYSER_RUNTIME_DIR/NAME" in static memory, valid until the next call. */
const char *test_runtime_path(const char *name);

struct gy_registry;

/* Opens the test's registry, and with `create` makes it if it doesn't exist. The caller closes it
 * with gy_registry_close. Errors: as gy_registries_open; out->fd is -1 then. */
enum geyser_result test_open_registry(bool create, struct gy_registry *out);

/* Returns the number of names in $GEYSER_RUNTIME_DIR/geyser, 0 if it doesn't exist. It doesn't
 * count ".", ".." and ".names", which stays. */
size_t test_registry_entries(void);

/* As pipe(2), with both ends close-on-exec. */
int test_pipe(int ends[2]);

/* Returns the number of open descriptors of a process. */
size_t test_fd_count(pid_t pid);

/* Waits until that process has `count` descriptors open. Another thread or process may close a
 * descriptor a little later. */
void test_fd_count_becomes(pid_t pid, size_t count);

/* Return allocated memory of that size, as geyser makes it: sealed on Linux, a shared memory object
 * on macOS. A peer can only read memory of the second kind. */
int test_memory(size_t size);
int test_read_only_memory(size_t size);

#ifndef GEYSER_PLATFORM_APPLE
/* Returns an unsealed memfd of that size, with its pages allocated. */
int test_memfd(size_t size);
#endif

/* Skips a test of something that only Linux has. Use it as the first line of such a test. */
#ifdef GEYSER_PLATFORM_APPLE
#define only_on_linux(what)                                            \
	do {                                                           \
		print_message("# skipped: only Linux has " what "\n"); \
		skip();                                                \
	} while (0)
#else
#define only_on_linux(what) ((void)0)
#endif

/* Fails the test unless the call failed with `expected` and the error detail contains `words`
 * (NULL: any text). */
#define assert_fails(expected, words, call) \
	test_assert_failed(expected, words, (call), #call, __FILE__, __LINE__)
void test_assert_failed(enum geyser_result expected, const char *words, enum geyser_result result,
	const char *call, const char *file, int line);

#define assert_ok(call) test_assert_ok((call), #call, __FILE__, __LINE__)
void test_assert_ok(enum geyser_result result, const char *call, const char *file, int line);

#endif
