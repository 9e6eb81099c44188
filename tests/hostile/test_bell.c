/*
 * The doorbell of a publisher that can't sleep on several words: subscribers that write into it,
 * that don't ring, and publishers that send a wrong one.
 */
#include "peer.h"

#include "base/clock.h"
#include "platform/platform.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATIENCE (20 * GY_SECOND)
#define NAME "bell"
#define FRAMES 2000
#define ROUNDS 20

/* ---- both sides ---- */

static struct geyser_publisher *publish(struct geyser_manager *manager)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 16, .height = 16},
		.buffers = 2,
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	struct geyser_publisher *publisher;

	assert_ok(geyser_publisher_create(manager, &desc, &publisher));
	assert_ok(geyser_publisher_set_hold_limit(publisher, UINT64_MAX));
	return publisher;
}

static enum geyser_result try_subscribe(
	struct geyser_manager *manager, struct geyser_subscriber **out)
{
	const struct geyser_subscriber_desc desc = {
		.name = NAME, .delivery = GEYSER_DELIVER_EVERY, .connect_timeout_ns = PATIENCE};

	return geyser_subscriber_create(manager, &desc, out);
}

/* Maps the doorbell of the publisher on this connection. Returns NULL if it has none. */
static struct gy_doorbell_page *get_doorbell(int connection)
{
	const struct gy_message request = {.type = GY_WIRE_DOORBELL, .sequence = 2};
	struct gy_message answer;
	struct gy_packet packet;
	void *page;
	int fd;

	assert_true(peer_send_message(connection, &request, -1));
	assert_ok(gy_packet_receive(connection, &packet, &fd));
	assert_ok(gy_packet_next(&packet, &answer));
	if (answer.type == GY_WIRE_ERROR) {
		assert_int_equal(fd, -1);
		assert_int_equal(answer.error.result, GEYSER_ERROR_PROTOCOL);
		return NULL;
	}
	assert_int_equal(answer.type, GY_WIRE_BELL);
	assert_int_equal(answer.bell_size, GY_DOORBELL_SIZE);
	assert_true(fd >= 0);
	page = mmap(NULL, GY_DOORBELL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(close(fd), 0);
	return page;
}

static void drop_doorbell(struct gy_doorbell_page *bell)
{
	assert_int_equal(munmap(bell, GY_DOORBELL_SIZE), 0);
}

/* ---- subscribers ---- */

struct liar {
	struct gy_doorbell_page *bell;
	atomic_bool stop;
};

/* Puts the old count back as fast as it can. */
static void *restore(void *data)
{
	struct liar *liar = data;
	const uint32_t old = atomic_load(&liar->bell->rings);

	while (!atomic_load(&liar->stop))
		atomic_store(&liar->bell->rings, old);
	return NULL;
}

static void *publish_all(void *publisher)
{
	for (unsigned i = 0; i < FRAMES; i++) {
		struct geyser_frame *frame;

		if (geyser_publisher_acquire(publisher, PATIENCE, &frame) != GEYSER_OK)
			return NULL;
		(void)geyser_publisher_submit(publisher, frame);
	}
	return publisher;
}

static void take_all(struct geyser_subscriber *subscriber)
{
	for (uint64_t i = 1; i <= FRAMES; i++) {
		struct geyser_frame *frame;

		assert_ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		assert_int_equal(geyser_frame_get_info(frame)->sequence, i);
		assert_ok(geyser_subscriber_release(subscriber, frame));
	}
}

/* The publisher waits for each of the other subscriber's releases, and the liar swallows them. */
static void a_liar_delays_the_publisher_a_little(void **state)
{
	struct geyser_publisher *publisher;
	struct geyser_subscriber *honest;
	struct geyser_manager *manager;
	pthread_t liars_thread, thread;
	struct gy_lease_page *lease;
	struct liar liar = {0};
	void *complete;
	int connection;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	publisher = publish(manager);
	lease = peer_subscribe(NAME, false, &connection);
	liar.bell = get_doorbell(connection);
	assert_int_equal(liar.bell == NULL, gy_wait_has_several());
	if (liar.bell) {
		assert_ok(try_subscribe(manager, &honest));
		assert_int_equal(pthread_create(&liars_thread, NULL, restore, &liar), 0);
		assert_int_equal(pthread_create(&thread, NULL, publish_all, publisher), 0);
		take_all(honest);
		assert_int_equal(pthread_join(thread, &complete), 0);
		assert_ptr_equal(complete, publisher);
		atomic_store(&liar.stop, true);
		assert_int_equal(pthread_join(liars_thread, NULL), 0);
		geyser_subscriber_destroy(honest);
		drop_doorbell(liar.bell);
	}
	peer_unsubscribe(lease, connection);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

/* Returns the publisher's ring, mapped for reading. */
static const struct gy_ring_page *map_ring(void)
{
	const struct gy_message request = {
		.type = GY_WIRE_SUBSCRIBE, .sequence = 1, .name.name = NAME};
	struct gy_message answer;
	int fd, connection = peer_request(NAME, &request, &answer, &fd);
	void *page;

	assert_int_equal(answer.type, GY_WIRE_STREAM);
	page = mmap(NULL, sizeof(struct gy_ring_page), PROT_READ, MAP_SHARED, fd, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(close(fd), 0);
	assert_int_equal(close(connection), 0);
	return page;
}

struct waiting {
	struct geyser_publisher *publisher;
	enum geyser_result result;
};

static void *wait_for_buffer(void *data)
{
	struct waiting *waiting = data;
	struct geyser_frame *frame;

	waiting->result = geyser_publisher_acquire(waiting->publisher, PATIENCE, &frame);
	if (waiting->result == GEYSER_OK)
		waiting->result = geyser_publisher_discard(waiting->publisher, frame);
	return NULL;
}

/* A subscriber that knows of no doorbell, or is stopped before it rings. */
static void a_release_without_a_ring_is_found(void **state)
{
	struct waiting waiting = {.result = GEYSER_OK};
	struct geyser_manager *manager;
	const struct gy_ring_page *ring;
	struct gy_lease_page *lease;
	pthread_t thread;
	int connection;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	waiting.publisher = publish(manager);
	ring = map_ring();
	lease = peer_subscribe(NAME, false, &connection);
	for (unsigned i = 0; i < ROUNDS; i++) {
		atomic_store(&lease->held, 3);
		assert_int_equal(pthread_create(&thread, NULL, wait_for_buffer, &waiting), 0);
		while (!atomic_load(&ring->waiting))
			;
		atomic_store(&lease->held, 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_ok(waiting.result);
	}
	peer_unsubscribe(lease, connection);
	assert_int_equal(munmap((void *)ring, sizeof(*ring)), 0);
	geyser_publisher_destroy(waiting.publisher);
	geyser_manager_destroy(manager);
}

/* ---- publishers ---- */

static const struct lie {
	const char *what;
	enum gy_wire_type type;
	uint64_t says, bytes; /* bytes 0: no memory */
	bool read_only;
	enum geyser_result wanted;
} lies[] = {
	{"another answer", GY_WIRE_LEASE, GY_DOORBELL_SIZE, GY_DOORBELL_SIZE, false,
		GEYSER_ERROR_PROTOCOL},
	{"no memory", GY_WIRE_BELL, GY_DOORBELL_SIZE, 0, false, GEYSER_ERROR_PROTOCOL},
	{"another size", GY_WIRE_BELL, 64, GY_DOORBELL_SIZE, false, GEYSER_ERROR_PROTOCOL},
	{"a small page", GY_WIRE_BELL, GY_DOORBELL_SIZE, 64, false, GEYSER_ERROR_PROTOCOL},
	{"no right to write", GY_WIRE_BELL, GY_DOORBELL_SIZE, GY_DOORBELL_SIZE, true,
		GEYSER_ERROR_PROTOCOL},
};

static bool send_memory(int connection, const struct gy_message *answer, int fd)
{
	bool sent = peer_send_message(connection, answer, fd);

	if (fd >= 0)
		(void)close(fd);
	return sent;
}

static bool send_stream(int connection, uint32_t sequence)
{
	struct gy_message answer = peer_stream(sequence, 2);

	answer.stream.bell = true;
	if (!send_memory(connection, &answer, test_read_only_memory(sizeof(struct gy_ring_page))))
		return false;
	answer.type = GY_WIRE_LEASE;
	return send_memory(connection, &answer, test_memory(sizeof(struct gy_lease_memory)));
}

static bool send_lie(int connection, const struct lie *lie, uint32_t sequence)
{
	struct gy_message answer = {.type = lie->type, .sequence = sequence};
	int fd = -1;

	if (lie->type == GY_WIRE_BELL)
		answer.bell_size = lie->says;
	if (lie->bytes)
		fd = lie->read_only ? test_read_only_memory(lie->bytes) : test_memory(lie->bytes);
	return send_memory(connection, &answer, fd);
}

static void serve_lie(struct fake *fake, int connection)
{
	const struct gy_message hello = {.type = GY_WIRE_HELLO, .hello.application = "liar"};
	struct gy_message request;
	bool good = peer_send_message(connection, &hello, -1);

	while (good && fake_request(connection, &request)) {
		if (request.type == GY_WIRE_SUBSCRIBE)
			good = send_stream(connection, request.sequence);
		else
			good = request.type == GY_WIRE_DOORBELL &&
			       send_lie(connection, fake->script, request.sequence);
	}
}

static void a_wrong_doorbell_is_refused(void **state)
{
	struct geyser_manager *manager;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	for (size_t i = 0; i < TEST_COUNT(lies); i++) {
		struct geyser_subscriber *subscriber = NULL;
		size_t fds = test_fd_count(getpid());
		enum geyser_result result;
		struct fake fake;

		fake_start(&fake, serve_lie, &lies[i]);
		fake_publish(&fake, NAME);
		result = try_subscribe(manager, &subscriber);
		if (result != lies[i].wanted)
			fail_msg("%s: %s: %s", lies[i].what, geyser_result_string(result),
				geyser_error_detail());
		assert_null(subscriber);
		fake_stop(&fake);
		fake_withdraw(NAME);
		test_fd_count_becomes(getpid(), fds);
	}
	geyser_manager_destroy(manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_liar_delays_the_publisher_a_little),
		cmocka_unit_test(a_release_without_a_ring_is_found),
		cmocka_unit_test(a_wrong_doorbell_is_refused),
	};

	test_limit(100);
	return test_run("hostile bell", tests, test_runtime_enter, test_runtime_leave);
}
