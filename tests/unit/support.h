/* What the tests of the inside share. Include it after the system's headers, in place of cmocka.h.
 */
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

/* ThreadSanitizer ends a child that was forked beside threads when it starts one. */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define TEST_CHILD_HAS_THREADS 0
#else
#define TEST_CHILD_HAS_THREADS 1
#endif

#define TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A hang is a failure: ends the process with SIGALRM after so many seconds. */
void test_limit(unsigned seconds);

/* A registry of the test's own, and no other: GEYSER_RUNTIME_DIR is a new directory of mode 0700.
 * For cmocka's setup and teardown; leaving removes it with all that is in it. */
int test_runtime_enter(void **state);
int test_runtime_leave(void **state);

/* "$GEYSER_RUNTIME_DIR/NAME", static until the next call. */
const char *test_runtime_path(const char *name);

struct gy_registry;

/* Opens the test's registry. create: makes it if it doesn't exist. The caller closes it
 * (gy_registry_close). Errors: as gy_registries_open; out->fd is -1 then. */
enum geyser_result test_open_registry(bool create, struct gy_registry *out);

/* Names in $GEYSER_RUNTIME_DIR/geyser, without ".", ".." and ".names", which stays; 0
 * if it doesn't exist. */
size_t test_registry_entries(void);

/* As pipe, close-on-exec. */
int test_pipe(int ends[2]);

/* Open descriptors of a process. */
size_t test_fd_count(pid_t pid);

/* Waits until that process has so many: for what another thread or process closes in its own time.
 */
void test_fd_count_becomes(pid_t pid, size_t count);

/* Memory of that size, allocated, as geyser's own: sealed on Linux, a shared memory object on
 * macOS; and such as a peer can only read. */
int test_memory(size_t size);
int test_read_only_memory(size_t size);

#ifndef GEYSER_PLATFORM_APPLE
/* An unsealed memfd of that size, allocated. */
int test_memfd(size_t size);
#endif

/* For the first line of a test that is about what only Linux has: it is then skipped, by name. */
#ifdef GEYSER_PLATFORM_APPLE
#define only_on_linux(what)                                            \
	do {                                                           \
		print_message("# skipped: only Linux has " what "\n"); \
		skip();                                                \
	} while (0)
#else
#define only_on_linux(what) ((void)0)
#endif

/* The call failed so, and left a sentence that has these words in it (NULL: any). */
#define assert_fails(expected, words, call) \
	test_assert_failed(expected, words, (call), #call, __FILE__, __LINE__)
void test_assert_failed(enum geyser_result expected, const char *words, enum geyser_result result,
	const char *call, const char *file, int line);

#define assert_ok(call) test_assert_ok((call), #call, __FILE__, __LINE__)
void test_assert_ok(enum geyser_result result, const char *call, const char *file, int line);

#endif
