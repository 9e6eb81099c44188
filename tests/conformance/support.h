/*
 * What the conformance and the process tests share: expectations, a registry of their own for each
 * test, texel patterns, threads that report failures, and waits that end.
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

/* ThreadSanitizer ends a child that was forked beside threads when it starts one. */
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

/* Longer than anything here takes on a busy machine, shorter than the tests' own limits. */
#define PATIENCE (20 * SECOND)

/* ---- expectations, for the thread that runs the test ---- */

/* Leaves a detail that no call under test leaves, so that an old one isn't taken for a new one. */
void taint_detail(void);

void expect_ok(enum geyser_result result, const char *call, const char *file, int line);

/* The result, and a fresh detail with this word in it. */
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
	struct geyser_manager *manager; /* made by setup_manager */
	char directory[32];             /* GEYSER_RUNTIME_DIR */
	unsigned fds;                   /* open before the test */
	unsigned inheritable_fds;       /* of those, the ones that exec keeps */
};

/* Of the managers that setup_manager makes. */
extern enum geyser_backend test_backend;

/* cmocka fixtures: *state is a struct fixture. Each test has its own GEYSER_RUNTIME_DIR and must
 * end in time; it must leave no descriptor open. */
int setup_registry(void **state);
int teardown_registry(void **state);
/* The same, and a manager before and an empty registry after the test. */
int setup_manager(void **state);
int teardown_manager(void **state);

struct geyser_manager *make_manager(void);

/* Names in the registry; 0 if there is none. */
unsigned registry_entries(void);

/* ---- objects ---- */

struct geyser_texture *make_texture(
	struct geyser_manager *manager, enum geyser_format format, uint32_t width, uint32_t height);
/* Whether the backend has textures of that shape: arrays, depth or mip levels. */
bool offers_shape(struct geyser_manager *manager, const struct geyser_texture_desc *desc);
struct geyser_handle export_texture(struct geyser_texture *texture);
struct geyser_texture *import_texture(
	struct geyser_manager *manager, const struct geyser_handle *handle);
struct geyser_event *make_event(struct geyser_manager *manager, uint64_t initial);
struct geyser_handle export_event(struct geyser_event *event);
struct geyser_event *import_event(
	struct geyser_manager *manager, const struct geyser_handle *handle);
uint64_t value_of(struct geyser_event *event);

/* Whether a mapping is the texture's memory itself, so that others see at once what is written.
 * Where it is a staging copy they see it after the unmap. */
bool maps_in_place(struct geyser_texture *texture);

/* Every texel of every subresource gets bytes that depend on the seed and its place. */
bool fill_texture(struct geyser_texture *texture, uint32_t seed);
bool texture_holds(struct geyser_texture *texture, uint32_t seed);
/* Of the bytes of a texture with one layer and one level, in the order of its rows. */
uint8_t pattern_byte(uint32_t seed, uint64_t place);

/* ---- threads ---- */

/* Counts a failure, for threads that may not leave through cmocka's jumps; run_threads and
 * no_failures report it. */
#define check(condition) ((condition) ? (void)0 : report_failure(#condition, __FILE__, __LINE__))
void report_failure(const char *what, const char *file, int line);
void no_failures(void);

/* Runs count threads that start together, and waits for them. */
void run_threads(unsigned count, void (*work)(unsigned index, void *data), void *data);

/* Counts up; waiting for a count ends by a failure after PATIENCE. */
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

/* Waits, for PATIENCE at most, until this process has `count` descriptors open; else the test
 * fails. An event whose last reference goes within a callback closes its descriptors on another
 * thread. */
void fd_count_becomes(unsigned count);

unsigned inheritable_fd_count(void);
bool fd_is_cloexec(int fd);
/* Lowers RLIMIT_NOFILE until that many numbers are free; *before is what it was. */
bool set_free_fds(unsigned count, struct rlimit *before);

bool readable(int fd, uint64_t timeout_ns);
uint64_t now_ns(void);

/* A number after the state; any state but 0 will do. */
uint64_t next_random(uint64_t *state);

#endif
