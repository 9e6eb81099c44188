/*
 * Subscribers that hold what they shouldn't, for as long as they like, and say what isn't true: a
 * liar on each word of its lease, and what the publisher and the others lose by it.
 */
#include "peer.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATIENCE (20 * GY_SECOND)
#define NAME "held"

static struct geyser_publisher *publish(struct geyser_manager *manager, uint32_t buffers)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 16, .height = 16},
		.buffers = buffers,
	};
	struct geyser_publisher *publisher;

	assert_ok(geyser_publisher_create(manager, &desc, &publisher));
	return publisher;
}

/* ---- subscribers that come and go while threads wait ---- */

#define WAITING 3
#define LEAVERS 300

static void *wait_for_buffer(void *data)
{
	struct geyser_frame *frame;

	if (geyser_publisher_acquire(data, PATIENCE, &frame) == GEYSER_OK)
		(void)geyser_publisher_discard(data, frame);
	return NULL;
}

static unsigned mapped_leases(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned count = 0;
	char line[600];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, "geyser-lease") != NULL;
	(void)fclose(maps);
	return count;
}

static void mapped_leases_become(unsigned count)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	const uint64_t end = gy_now() + PATIENCE / 2;

	while (mapped_leases() != count && gy_now() < end)
		(void)nanosleep(&pause, NULL);
	assert_int_equal(mapped_leases(), count);
}

static void who_has_left_is_unmapped_while_threads_wait(void **state)
{
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	pthread_t threads[WAITING];
	struct gy_lease_page *lease;
	unsigned before;
	int connection;

	(void)state;
	only_on_linux("/proc/self/maps");
	assert_ok(geyser_manager_create(NULL, &manager));
	publisher = publish(manager, 2);
	lease = peer_subscribe(NAME, false, &connection);
	atomic_store(&lease->held, 3);
	for (unsigned i = 0; i < WAITING; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_buffer, publisher), 0);
	before = mapped_leases();
	assert_int_equal(before, 2); /* the publisher's mapping, and the one above */
	for (unsigned i = 0; i < LEAVERS; i++) {
		int leaving;
		struct gy_lease_page *leaves = peer_subscribe(NAME, false, &leaving);

		peer_unsubscribe(leaves, leaving);
	}
	mapped_leases_become(before);
	atomic_store(&lease->held, 0);
	for (unsigned i = 0; i < WAITING; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	peer_unsubscribe(lease, connection);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_left_is_unmapped_while_threads_wait),
	};

	test_limit(100);
	return cmocka_run_group_tests_name(
		"hostile holding", tests, test_runtime_enter, test_runtime_leave);
}
