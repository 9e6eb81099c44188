/*
 * Shared helpers for the conformance and the process tests: expectations, a registry for each test,
 * texel patterns, threads that report failures, and waits with a limit.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <geyser/geyser.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "system.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* ThreadSanitizer ends a forked child that starts a thread if its parent had several threads. */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define CHILD_HAS_THREADS 0
#else
#define CHILD_HAS_THREADS 1
#endif

#ifdef __APPLE__
#define APPLE 1
#else
#define APPLE 0
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define MILLISECOND UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

/* Longer than any operation of the tests takes on a busy machine, and shorter than the tests' time
 * limits. */
#define PATIENCE (20 * SECOND)

/* ---- expectations, for the thread that runs the test ---- */

/* Sets an error detail that no tested call sets, so that an old detail isn't taken for a new
 * one. */
void taint_detail(void);

void expect_ok(enum geyser_result result, const char *call, const char *file, int line);

/* Fails the test unless the result is `wanted` and a new error detail contains `word`. */
void expect_refusal(enum geyser_result result, enum geyser_result wanted, const char *word,
	const char *call, const char *file, int line);

#define ok(call) expect_ok((call), #call, __FILE__, __LINE__)
#define refused(wanted, word, call)                                                  \
	do {                                                                         \
		taint_detail();                                                      \
		expect_refusal((call), (wanted), (word), #call, __FILE__, __LINE__); \
	} while (0)

/* ---- a registry for one test ---- */

struct fixture {
	struct geyser_manager *manager; /* set by setup_manager */
	char directory[32];             /* the test's GEYSER_RUNTIME_DIR */
	unsigned fds;                   /* number of descriptors open before the test */
	unsigned inheritable_fds;       /* number of those that exec would keep */
};

/* The backend of the managers that setup_manager makes. */
extern enum geyser_backend test_backend;

/* These are cmocka fixtures; *state is a struct fixture. Each test has a GEYSER_RUNTIME_DIR of its
 * own. The test must end in time and leave no descriptor open. */
int setup_registry(void **state);
int teardown_registry(void **state);
/* As setup_registry, with a manager. The teardown also checks that the registry is empty. */
int setup_manager(void **state);
int teardown_manager(void **state);

/* For tests whose peers are killed: the registry keeps the names of these peers, since no process
 * is there to remove them. */
int teardown_littered(void **state);

struct geyser_manager *make_manager(void); /* on test_backend */
struct geyser_manager *make_manager_on(enum geyser_backend backend);

/* Returns the number of names in the registry; 0 if there is no registry. */
unsigned registry_entries(void);

/* ---- objects ---- */

struct geyser_texture *make_texture(
	struct geyser_manager *manager, enum geyser_format format, uint32_t width, uint32_t height);
/* Returns whether the backend supports textures of that shape: arrays, depth, mip levels. */
bool offers_shape(struct geyser_manager *manager, const struct geyser_texture_desc *desc);
struct geyser_handle export_texture(struct geyser_texture *texture);
struct geyser_texture *import_texture(
	struct geyser_manager *manager, const struct geyser_handle *handle);
struct geyser_event *make_event(struct geyser_manager *manager, uint64_t initial);
struct geyser_handle export_event(struct geyser_event *event);
struct geyser_event *import_event(
	struct geyser_manager *manager, const struct geyser_handle *handle);
uint64_t value_of(struct geyser_event *event);

/* Returns whether a mapping is the texture's memory itself, so that other users see a write at
 * once. If the mapping is a staging copy, they see the write after the unmap. */
bool maps_in_place(struct geyser_texture *texture);

/* Writes bytes into every texel of every subresource that depend on the seed and the texel's place.
 * texture_holds() compares them. */
bool fill_texture(struct geyser_texture *texture, uint32_t seed);
bool texture_holds(struct geyser_texture *texture, uint32_t seed);
/* Returns the bytes of a texel of that plane, in the plane's own format. */
uint32_t plane_texel_bytes(enum geyser_format format, uint32_t plane);
/* Returns one byte of the pattern of a texture with one layer and one level. `place` counts the
 * bytes in the order of the rows, without padding. */
uint8_t pattern_byte(uint32_t seed, uint64_t place);

/* ---- threads ---- */

/* Counts a failure. Threads other than the test's own must use this, because cmocka's assertions
 * jump out of the test. run_threads and no_failures report the count. */
#define check(condition) ((condition) ? (void)0 : report_failure(#condition, __FILE__, __LINE__))
void report_failure(const char *what, const char *file, int line);
void no_failures(void);

/* Runs `count` threads that start together, and waits for their end. */
void run_threads(unsigned count, void (*work)(unsigned index, void *data), void *data);

/* A counter that threads can wait for. latch_wait() returns false after PATIENCE. */
struct latch {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned count;
};

void latch_init(struct latch *latch);
void latch_finish(struct latch *latch);
void latch_add(struct latch *latch);
bool latch_wait(struct latch *latch, unsigned count);

/* ---- the machine ---- */

unsigned fd_count(void);

/* Waits until this process has `count` descriptors open, at most for PATIENCE; then the test
 * fails. An event whose last reference is dropped in a callback closes its descriptors on
 * another thread. */
void fd_count_becomes(unsigned count);

unsigned inheritable_fd_count(void);
bool fd_is_cloexec(int fd);
/* Lowers RLIMIT_NOFILE until `count` descriptors can still be opened. Stores the old limit in
 * *before. */
bool set_free_fds(unsigned count, struct rlimit *before);

bool readable(int fd, uint64_t timeout_ns);
uint64_t now_ns(void);

/* Returns the next pseudo-random number and advances the state, which must not be 0. */
uint64_t next_random(uint64_t *state);

#endif
