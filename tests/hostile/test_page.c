/*
 * An importer of an event writes 0, all ones and noise over the shared page as fast as it can,
 * while the owner waits and signals. The owner doesn't crash or wait past a deadline, sees no value
 * that shrinks, and gets all callbacks after the attack.
 */
#include "helper.h"
#include "peer.h"

#include "base/clock.h"
#include "sync/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLACK (10 * GY_SECOND) /* for a busy machine and for sanitizers */
#define ATTACK (400 * GY_MILLISECOND)
#define CALLS 50u
#define HIGHEST (UINT64_MAX - 1000) /* above anything that noise writes */

enum pattern {
	ZEROS,
	ONES,
	NOISE,
	SLEEPERS_ONLY, /* erases the mark of sleepers, counts wake-ups, leaves the value alone */
	PATTERNS,
};

/* ---- the attacker's process ---- */

static struct helper attacker;

struct order {
	enum pattern pattern;
	struct geyser_handle handle;
};

/* Maps the page as an importer does, but without the library, which keeps to the rules. */
static struct gy_timeline_page *import_page(const struct geyser_handle *handle)
{
	struct gy_handle_fields fields;
	struct gy_message message = {.type = GY_WIRE_IMPORT};
	struct gy_packet packet;
	void *page;
	int socket, fd;

	if (gy_handle_decode(handle, &fields) != GEYSER_OK)
		return NULL;
	message.object.kind = fields.kind;
	memcpy(message.object.token, fields.token, GY_TOKEN_SIZE);
	socket = peer_greet(fields.instance);
	if (!peer_send_message(socket, &message, -1) ||
		gy_packet_receive(socket, &packet, &fd) != GEYSER_OK || fd < 0)
		return NULL;
	page = mmap(NULL, GY_TIMELINE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	(void)close(socket);
	/* cppcheck-suppress memleak; the caller unmaps it */
	return page == MAP_FAILED ? NULL : page;
}

static void write_once(struct gy_timeline_page *page, enum pattern pattern, uint64_t random)
{
	uint64_t value = pattern == ZEROS ? 0 : pattern == ONES ? HIGHEST - 1 : random >> 1;
	uint32_t word = pattern == ONES ? UINT32_MAX : pattern == ZEROS ? 0 : (uint32_t)random;

	if (pattern != SLEEPERS_ONLY)
		atomic_store_explicit(&page->value, value, memory_order_relaxed);
	atomic_store_explicit(&page->wakes, word, memory_order_relaxed);
	atomic_store_explicit(
		&page->sleepers, pattern == SLEEPERS_ONLY ? 0 : word, memory_order_relaxed);
}

/* Attacks once for each order, until the owner writes a byte. */
static int run_attacker(int in, int out, void *data)
{
	uint64_t random = UINT64_C(88172645463325252);
	struct order order;

	(void)data;
	while (read(in, &order, sizeof(order)) == sizeof(order)) {
		struct gy_timeline_page *page = import_page(&order.handle);
		char stop;

		if (!page || write(out, "a", 1) != 1 || fcntl(in, F_SETFL, O_NONBLOCK) < 0)
			return 1;
		do {
			for (int i = 0; i < 10000; i++) {
				random ^= random << 13;
				random ^= random >> 7;
				random ^= random << 17;
				write_once(page, order.pattern, random);
			}
		} while (read(in, &stop, 1) < 0 && errno == EAGAIN);
		if (fcntl(in, F_SETFL, 0) < 0 || munmap(page, GY_TIMELINE_SIZE) < 0 ||
			write(out, "e", 1) != 1)
			return 2;
	}
	return 0;
}

static int start_attacker(void **state)
{
	if (test_runtime_enter(state) != 0)
		return -1;
	attacker = start_helper(run_attacker, NULL);
	return 0;
}

static int stop_attacker(void **state)
{
	end_helper(&attacker);
	return test_runtime_leave(state);
}

static void attacker_says(char wanted)
{
	char said = 0;

	hear_helper(&attacker, &said, 1);
	assert_int_equal(said, wanted);
}

static void attack(enum pattern pattern, const struct geyser_handle *handle)
{
	const struct order order = {.pattern = pattern, .handle = *handle};

	order_helper(&attacker, &order, sizeof(order));
	attacker_says('a');
}

static void end_attack(void)
{
	prompt_helper(&attacker);
	attacker_says('e');
}

/* ---- the owner ---- */

struct calls {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	_Atomic unsigned count, wrong;
};

static void count_call(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct calls *calls = user;

	(void)event;
	if (result != GEYSER_OK || value == 0)
		atomic_fetch_add(&calls->wrong, 1);
	(void)pthread_mutex_lock(&calls->lock);
	atomic_fetch_add(&calls->count, 1);
	(void)pthread_cond_signal(&calls->changed);
	(void)pthread_mutex_unlock(&calls->lock);
}

static void wait_and_signal(struct geyser_event *event)
{
	uint64_t last = 0, end = gy_now() + ATTACK;

	for (uint64_t round = 1; gy_now() < end; round++) {
		uint64_t timeout = round % 4 * GY_MILLISECOND, before = gy_now(), value;

		/* no value that the attacker writes reaches it */
		assert_fails(GEYSER_ERROR_TIMEOUT, "was not reached",
			geyser_event_wait(event, HIGHEST, timeout));
		assert_in_range(gy_now() - before, timeout, timeout + SLACK);
		assert_ok(geyser_event_signal(event, round));
		assert_ok(geyser_event_value(event, &value));
		assert_true(value >= round && value >= last);
		last = value;
		assert_ok(geyser_event_wait(event, last, 0));
	}
}

/* Asks for every other call: half of them before the attack, half during it. The later ones are for
 * a value that only comes after the attack. */
static void ask_for_calls(struct geyser_event *event, struct calls *calls, unsigned from)
{
	for (unsigned i = from; i < CALLS; i += 2)
		assert_ok(geyser_event_notify(
			event, i < CALLS / 2 ? i + 1 : HIGHEST, count_call, calls));
}

static void await_calls(struct calls *calls)
{
	struct timespec limit;

	(void)clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 30;
	(void)pthread_mutex_lock(&calls->lock);
	while (atomic_load(&calls->count) < CALLS)
		assert_int_equal(pthread_cond_timedwait(&calls->changed, &calls->lock, &limit), 0);
	(void)pthread_mutex_unlock(&calls->lock);
	assert_int_equal(atomic_load(&calls->count), CALLS);
	assert_int_equal(atomic_load(&calls->wrong), 0);
}

static void withstand(enum pattern pattern)
{
	struct calls calls = {.count = 0};
	struct geyser_manager *manager;
	struct geyser_event *event;
	struct geyser_handle handle;
	int fd;

	assert_int_equal(pthread_mutex_init(&calls.lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&calls.changed, NULL), 0);
	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_event_create(manager, 0, &event));
	assert_ok(geyser_event_export(event, &handle));
	ask_for_calls(event, &calls, 0);
	attack(pattern, &handle);
	ask_for_calls(event, &calls, 1);
	assert_ok(geyser_event_fd(event, HIGHEST, &fd));
	wait_and_signal(event);
	end_attack();
	/* the page may hold any value now; the owner can still signal */
	assert_ok(geyser_event_signal(event, HIGHEST));
	await_calls(&calls);
	assert_ok(geyser_event_wait(event, HIGHEST, 0));
	assert_int_equal(close(fd), 0);
	geyser_event_unref(event);
	geyser_manager_destroy(manager);
	assert_int_equal(atomic_load(&calls.count), CALLS);
	assert_int_equal(pthread_cond_destroy(&calls.changed), 0);
	assert_int_equal(pthread_mutex_destroy(&calls.lock), 0);
}

static void zeros(void **state)
{
	(void)state;
	withstand(ZEROS);
}

static void ones(void **state)
{
	(void)state;
	withstand(ONES);
}

static void noise(void **state)
{
	(void)state;
	withstand(NOISE);
}

static void erased_sleepers(void **state)
{
	(void)state;
	withstand(SLEEPERS_ONLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros),
		cmocka_unit_test(ones),
		cmocka_unit_test(noise),
		cmocka_unit_test(erased_sleepers),
	};

	test_limit(100);
	return test_run("hostile page", tests, start_attacker, stop_attacker);
}
