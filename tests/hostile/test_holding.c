/*
 * Subscribers that hold buffers for too long, and write lies into each word of their lease: what
 * the publisher and the other subscribers lose by them.
 */
#include "helper.h"
#include "peer.h"

#include "base/clock.h"
#include "stream/publisher_state.h"

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
	assert_ok(geyser_publisher_set_hold_limit(publisher, UINT64_MAX));
	lease = peer_subscribe(NAME, false, &connection);
	atomic_store(&lease->held, 3);
	for (unsigned i = 0; i < WAITING; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_buffer, publisher), 0);
	before = mapped_leases();
	assert_int_equal(before, 2); /* the publisher's mapping, and the one of peer_subscribe */
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

/* ---- liars ---- */

#define LIMIT (20 * GY_MILLISECOND)
#define ROUNDS 50

static void submit(struct geyser_publisher *publisher)
{
	struct geyser_frame *frame;

	assert_ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	assert_ok(geyser_publisher_submit(publisher, frame));
}

static struct geyser_subscriber *subscribe(
	struct geyser_manager *manager, enum geyser_delivery delivery)
{
	const struct geyser_subscriber_desc desc = {.name = NAME, .delivery = delivery};
	struct geyser_subscriber *subscriber;

	assert_ok(geyser_subscriber_create(manager, &desc, &subscriber));
	return subscriber;
}

/* Each frame reaches the honest subscriber, which gets every one. */
static void frames_arrive(struct geyser_publisher *publisher, struct geyser_subscriber *honest)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct geyser_frame *frame;

		submit(publisher);
		assert_ok(geyser_subscriber_acquire(honest, PATIENCE, &frame));
		assert_ok(geyser_subscriber_release(honest, frame));
	}
}

static uint64_t evictions(struct geyser_publisher *publisher)
{
	uint64_t count;

	assert_ok(geyser_publisher_get_evictions(publisher, &count));
	return count;
}

static const struct held {
	uint32_t held, buffers;
	uint64_t limit;
} lies[] = {
	{UINT32_MAX, 16, UINT64_MAX}, /* buffers that don't exist: evicted at once */
	{UINT32_MAX, 2, UINT64_MAX},
	{1u << 31 | 3, 2, UINT64_MAX},
	{0xffff, 16, LIMIT},
	{3, 2, LIMIT},
};

static void who_holds_all_keeps_nobody(void **state)
{
	struct geyser_manager *manager;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	for (size_t i = 0; i < TEST_COUNT(lies); i++) {
		struct geyser_publisher *publisher = publish(manager, lies[i].buffers);
		struct geyser_subscriber *honest = subscribe(manager, GEYSER_DELIVER_EVERY);
		struct geyser_subscriber_stats stats;
		int connection;
		struct gy_lease_page *lease = peer_subscribe(NAME, false, &connection);

		assert_ok(geyser_publisher_set_hold_limit(publisher, lies[i].limit));
		atomic_store(&lease->held, lies[i].held);
		frames_arrive(publisher, honest);
		assert_int_equal(evictions(publisher), 1);
		assert_int_equal(atomic_load(&lease->held), lies[i].held);
		assert_ok(geyser_subscriber_get_stats(honest, &stats));
		assert_int_equal(stats.dropped, 0);
		assert_int_equal(stats.connections, 1);
		peer_unsubscribe(lease, connection);
		geyser_subscriber_destroy(honest);
		geyser_publisher_destroy(publisher);
	}
	geyser_manager_destroy(manager);
}

/* Two subscribers hold more than half of the buffers each, some of them together. */
static void liars_together_keep_nobody(void **state)
{
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *honest;
	struct gy_lease_page *leases[2];
	int connections[2];

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	publisher = publish(manager, 4);
	honest = subscribe(manager, GEYSER_DELIVER_EVERY);
	assert_ok(geyser_publisher_set_hold_limit(publisher, LIMIT));
	for (unsigned i = 0; i < 2; i++) {
		leases[i] = peer_subscribe(NAME, true, &connections[i]);
		atomic_store(&leases[i]->held, i ? 0xe : 0x7);
	}
	frames_arrive(publisher, honest);
	assert_in_range(evictions(publisher), 1, 2);
	for (unsigned i = 0; i < 2; i++)
		peer_unsubscribe(leases[i], connections[i]);
	geyser_subscriber_destroy(honest);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

/* Sends SUBSCRIBE and returns the answer's type. */
static enum gy_wire_type ask_to_subscribe(struct gy_message *answer)
{
	struct gy_message request = {.type = GY_WIRE_SUBSCRIBE, .sequence = 1, .name.name = NAME};
	int fd = -1, connection = peer_request(NAME, &request, answer, &fd);

	if (fd >= 0)
		assert_int_equal(close(fd), 0);
	assert_int_equal(close(connection), 0);
	return answer->type;
}

static void who_is_evicted_again_and_again_may_not_come_back(void **state)
{
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	struct gy_message answer;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	publisher = publish(manager, 2);
	for (unsigned i = 0; i < 8; i++) {
		struct gy_lease_page *lease;
		int connection;

		while (ask_to_subscribe(&answer) != GY_WIRE_STREAM) {
			assert_int_equal(answer.error.result, GEYSER_ERROR_LIMIT);
			assert_non_null(strstr(answer.error.detail, "come back in"));
			if (i > 2)
				goto out;
			(void)poll(NULL, 0, 10);
		}
		lease = peer_subscribe(NAME, false, &connection);
		atomic_store(&lease->held, UINT32_MAX);
		submit(publisher);
		assert_int_equal(evictions(publisher), i + 1);
		peer_unsubscribe(lease, connection);
	}
	fail_msg("a process that was evicted eight times came back at once");
out:
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

/* ---- a program that forks a new process for each try ---- */

#define TRIES 12
#define SLICES 4 /* one acquire waits for 1 / SLICES of the hold limit */

/* Claims these buffers until the test closes the pipe. */
static int hold(int orders, int reports, void *data)
{
	const uint32_t *held = data;
	int connection;
	struct gy_lease_page *lease = peer_subscribe(NAME, false, &connection);

	atomic_store(&lease->held, *held);
	return say_ready(reports) && !wait_for_prompt(orders) ? 0 : 1;
}

static struct helper start_holder(uint32_t held)
{
	const struct helper holder = start_helper(hold, &held);

	await_helper(&holder);
	return holder;
}

/* Returns how often acquire finds no buffer within a slice (ns) of the hold limit, before it finds
 * one. Gives up after `most` times. */
static unsigned slices_without_buffer(
	struct geyser_publisher *publisher, uint64_t slice, unsigned most)
{
	struct geyser_frame *frame;
	unsigned count = 0;

	while (count < most && geyser_publisher_acquire(publisher, slice, &frame) != GEYSER_OK)
		count++;
	if (count < most)
		assert_ok(geyser_publisher_submit(publisher, frame));
	return count;
}

/* No process has a record. If each had the full hold limit, together they would keep the publisher
 * without a buffer for TRIES limits. */
static void newcomers_together_have_two_hold_limits(void **state)
{
	const uint64_t limit = GY_SECOND, slice = limit / SLICES;
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	struct gy_lease_page *lease;
	struct helper last;
	unsigned slices = 0;
	int connection;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	publisher = publish(manager, 3);
	assert_ok(geyser_publisher_set_hold_limit(publisher, limit));
	for (unsigned i = 0; i < TRIES; i++) {
		const struct helper holder = start_holder(7);

		slices += slices_without_buffer(publisher, slice, SLICES + 1);
		assert_int_equal(evictions(publisher), i + 1);
		end_helper(&holder);
	}
	assert_in_range(slices, 1, 2 * SLICES);

	/* the publisher's own process is no newcomer, and a limit that is off stays off */
	lease = peer_subscribe(NAME, false, &connection);
	atomic_store(&lease->held, 7);
	assert_ok(geyser_publisher_set_hold_limit(publisher, PATIENCE));
	assert_int_equal(slices_without_buffer(publisher, slice, 1), 1);
	peer_unsubscribe(lease, connection);
	assert_ok(geyser_publisher_set_hold_limit(publisher, UINT64_MAX));
	last = start_holder(7);
	assert_int_equal(slices_without_buffer(publisher, slice, 1), 1);
	assert_int_equal(evictions(publisher), TRIES);
	end_helper(&last);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

/* ---- a subscriber that always releases just before the hold limit ---- */

#define SHORT (GY_SECOND * 3 / 10)

/* Seven rounds spend two hold limits. On a busy machine it takes a few more, since some time comes
 * back meanwhile. */
#define ROUNDS_TO_SPEND_ALL 10

/* Holds all buffers with one subscription and then with the other. At each prompt it releases the
 * buffers, and at the next one it holds them again. */
static int hold_for_a_while(int orders, int reports, void *data)
{
	struct gy_lease_page *leases[2];
	int connections[2];

	(void)data;
	for (unsigned i = 0; i < 2; i++)
		leases[i] = peer_subscribe(NAME, false, &connections[i]);
	for (unsigned i = 0;; i++) {
		atomic_store(&leases[i % 2]->held, 7);
		if (!say_ready(reports) || !wait_for_prompt(orders))
			return 0;
		atomic_store(&leases[i % 2]->held, 0);
		if (!say_ready(reports) || !wait_for_prompt(orders))
			return 0;
	}
}

/* As if the subscribers had joined long ago. */
static void settle(struct geyser_publisher *publisher)
{
	assert_int_equal(pthread_mutex_lock(&publisher->lock), 0);
	for (uint32_t i = 0; i < publisher->ring.reader_count; i++)
		publisher->ring.readers[i].settles_at = 1;
	assert_int_equal(pthread_mutex_unlock(&publisher->lock), 0);
}

/* Returns how many times the publisher finds no buffer for SHORT before it evicts a subscriber.
 * Gives up after `most` times. */
static unsigned short_holds(enum geyser_pacing pacing, bool settled, unsigned most)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 16, .height = 16},
		.pacing = pacing,
	};
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	struct geyser_frame *frame;
	struct helper holder;
	unsigned count;

	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_publisher_create(manager, &desc, &publisher));
	holder = start_helper(hold_for_a_while, NULL);
	for (count = 0; count < most; count++) {
		await_helper(&holder);
		if (settled)
			settle(publisher);
		if (geyser_publisher_acquire(publisher, SHORT, &frame) == GEYSER_OK)
			break;
		prompt_helper(&holder);
		await_helper(&holder);
		submit(publisher);
		prompt_helper(&holder);
	}
	assert_int_equal(evictions(publisher), count < most);
	end_helper(&holder);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	return count;
}

static void short_holds_count_as_well(void **state)
{
	(void)state;
	assert_in_range(short_holds(GEYSER_PACING_FREE, false, 2 * ROUNDS_TO_SPEND_ALL), 1,
		ROUNDS_TO_SPEND_ALL);
}

static void short_holds_of_settled_subscribers_count_as_well(void **state)
{
	(void)state;
	assert_in_range(short_holds(GEYSER_PACING_FREE, true, 2 * ROUNDS_TO_SPEND_ALL), 1,
		ROUNDS_TO_SPEND_ALL);
}

/* A lossless publisher waits for its subscribers. */
static void short_holds_are_free_with_lossless_pacing(void **state)
{
	(void)state;
	assert_int_equal(short_holds(GEYSER_PACING_LOSSLESS, false, ROUNDS_TO_SPEND_ALL),
		ROUNDS_TO_SPEND_ALL);
}

/* ---- subscribers of one process that take turns ---- */

#define TURN (GY_SECOND / 10)
#define TURNS 200

/* Holds two buffers with one of three subscriptions, and with the next one after each prompt. */
static int take_turns(int orders, int reports, void *data)
{
	struct gy_lease_page *leases[3];
	int connections[3];

	(void)data;
	for (unsigned i = 0; i < 3; i++)
		leases[i] = peer_subscribe(NAME, false, &connections[i]);
	for (unsigned i = 0;; i++) {
		atomic_store(&leases[i % 3]->held, 6);
		atomic_store(&leases[(i + 2) % 3]->held, 0);
		if (!say_ready(reports) || !wait_for_prompt(orders))
			return 0;
	}
}

/* The viewer holds its buffer for longer than each of the other three subscribers holds any. */
static void turns_have_no_viewer_evicted(void **state)
{
	struct geyser_publisher_stats stats;
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	struct helper viewer, hostile;
	struct geyser_frame *frame;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	publisher = publish(manager, 3);
	viewer = start_holder(1);
	hostile = start_helper(take_turns, NULL);
	await_helper(&hostile);
	for (unsigned i = 0; geyser_publisher_acquire(publisher, TURN, &frame); i++) {
		assert_in_range(i, 0, TURNS);
		prompt_helper(&hostile);
		await_helper(&hostile);
	}
	assert_int_equal(evictions(publisher), 1);
	assert_ok(geyser_publisher_get_stats(publisher, &stats));
	assert_int_equal(stats.buffers_held, 1);
	assert_ok(geyser_publisher_discard(publisher, frame));
	end_helper(&hostile);
	end_helper(&viewer);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

/* A subscriber's figures about itself can't exceed the number of published frames. */
static void figures_are_within_what_was_published(void **state)
{
	struct geyser_stream_info *streams;
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	struct geyser_subscriber *honest;
	struct gy_lease_page *lease;
	int connection;
	size_t count;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	publisher = publish(manager, 3);
	honest = subscribe(manager, GEYSER_DELIVER_EVERY);
	lease = peer_subscribe(NAME, true, &connection);
	atomic_store(&lease->dropped, UINT64_MAX);
	atomic_store(&lease->taken, UINT64_MAX);
	atomic_store(&lease->sleeping, 1);
	for (uint32_t i = 0; i < GY_LATENCY_BUCKETS; i++)
		atomic_store(&lease->latency[i], UINT32_MAX);
	frames_arrive(publisher, honest);
	assert_ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 1);
	assert_in_range(streams[0].dropped, 0, ROUNDS);
	assert_in_range(streams[0].latency_p99_ns, 1, PATIENCE);
	geyser_stream_list_free(streams);
	peer_unsubscribe(lease, connection);
	geyser_subscriber_destroy(honest);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

/* With lossless pacing, the number of taken frames goes back and forth, as if frames were taken. */
static void who_goes_back_and_forth_is_waited_for_once(void **state)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 16, .height = 16},
		.buffers = 2,
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	struct gy_lease_page *lease;
	struct geyser_frame *frame;
	unsigned late = 0;
	int connection;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_publisher_create(manager, &desc, &publisher));
	lease = peer_subscribe(NAME, true, &connection);
	submit(publisher);
	submit(publisher);
	for (uint64_t i = 0; i < 20; i++) {
		atomic_store(&lease->taken, i % 2);
		if (geyser_publisher_acquire(publisher, GY_MILLISECOND, &frame) != GEYSER_OK)
			late++;
		else
			assert_ok(geyser_publisher_submit(publisher, frame));
	}
	assert_in_range(late, 1, 2);
	peer_unsubscribe(lease, connection);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

/* A subscriber that hasn't asked for the buffers can't receive, and isn't counted. */
static void who_has_no_buffers_is_not_counted(void **state)
{
	struct geyser_publisher_stats stats;
	struct geyser_publisher *publisher;
	struct geyser_manager *manager;
	struct gy_lease_page *lease;
	int connection;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	publisher = publish(manager, 3);
	lease = peer_subscribe(NAME, false, &connection);
	for (uint32_t i = 0; i < 3; i++) {
		const struct gy_message request = {
			.type = GY_WIRE_BUFFER, .sequence = 2 + i, .buffer.index = i};
		struct gy_packet packet;
		int fd = -1;

		assert_ok(geyser_publisher_get_stats(publisher, &stats));
		assert_int_equal(stats.subscribers, 0);
		assert_true(peer_send_message(connection, &request, -1));
		assert_ok(gy_packet_receive(connection, &packet, &fd));
		assert_true(fd >= 0);
		assert_int_equal(close(fd), 0);
	}
	while (stats.subscribers != 1) /* the publisher counts it just after the answer */
		assert_ok(geyser_publisher_get_stats(publisher, &stats));
	peer_unsubscribe(lease, connection);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_holds_all_keeps_nobody),
		cmocka_unit_test(liars_together_keep_nobody),
		cmocka_unit_test(who_is_evicted_again_and_again_may_not_come_back),
		cmocka_unit_test(newcomers_together_have_two_hold_limits),
		cmocka_unit_test(short_holds_count_as_well),
		cmocka_unit_test(short_holds_of_settled_subscribers_count_as_well),
		cmocka_unit_test(short_holds_are_free_with_lossless_pacing),
		cmocka_unit_test(turns_have_no_viewer_evicted),
		cmocka_unit_test(figures_are_within_what_was_published),
		cmocka_unit_test(who_goes_back_and_forth_is_waited_for_once),
		cmocka_unit_test(who_has_no_buffers_is_not_counted),
		cmocka_unit_test(who_has_left_is_unmapped_while_threads_wait),
	};

	test_limit(100);
	return test_run("hostile holding", tests, test_runtime_enter, test_runtime_leave);
}
