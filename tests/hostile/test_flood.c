/*
 * Processes that connect and subscribe as fast as they can: what they cost a publisher, and how
 * soon it serves an honest subscriber beside them.
 *
 * "test_flood measure" floods in several ways for some seconds each, and prints how long honest
 * subscribers take.
 */
#include "helper.h"
#include "peer.h"

#include "base/clock.h"
#include "ipc/process/process.h"
#include "ipc/registry/names.h"
#include "stream/publisher_state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "flooded"
#define PATIENCE (20 * GY_SECOND)

static struct geyser_manager *manager;
static struct geyser_publisher *publisher;
static struct gy_ipc *ipc;
static uint64_t instance;

static void begin(void)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 16, .height = 16},
	};
	struct gy_registry registry;

	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_publisher_create(manager, &desc, &publisher));
	assert_ok(gy_ipc_acquire(&ipc));
	assert_ok(test_open_registry(false, &registry));
	assert_ok(gy_registry_find_name(&registry, NAME, &instance));
	gy_registry_close(&registry);
}

static void end(void)
{
	gy_ipc_release(ipc);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

/* Keeps the publisher from answering until resume(): it then finds all that was sent meanwhile. */
static void block(void)
{
	assert_int_equal(pthread_mutex_lock(&ipc->loop.lock), 0);
}

static void resume(void)
{
	assert_int_equal(pthread_mutex_unlock(&ipc->loop.lock), 0);
}

/* Each subscription raises the epoch of its place. */
static uint64_t subscriptions_made(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < GY_RING_READERS; i++)
		sum += atomic_load(&publisher->ring.page->epochs[i]);
	return sum;
}

static struct gy_message request_about(enum gy_wire_type type, uint32_t sequence)
{
	return (struct gy_message){.type = type, .sequence = sequence, .name.name = NAME};
}

/* Connects, and sends HELLO and one request. Returns the connection, which the caller closes. */
static int connect_and_ask(enum gy_wire_type type)
{
	const struct gy_message hello = {.type = GY_WIRE_HELLO, .hello.application = "flood"};
	const struct gy_message request = request_about(type, 1);
	struct gy_packet packet = {.size = 0};
	int fd = peer_connect(instance);

	gy_packet_add(&packet, &hello);
	gy_packet_add(&packet, &request);
	(void)peer_send(fd, packet.bytes, packet.size, NULL, 0);
	return fd;
}

static int ask_for_a_place(void)
{
	return connect_and_ask(GY_WIRE_SUBSCRIBE);
}

static struct gy_message await_answer(int connection)
{
	struct gy_message answer = {.type = GY_WIRE_NONE};
	struct gy_packet packet;
	int fd = -1;

	assert_ok(gy_packet_receive(connection, &packet, &fd));
	assert_ok(gy_packet_next(&packet, &answer));
	if (fd >= 0)
		assert_int_equal(close(fd), 0);
	return answer;
}

/* Returns a connection whose first request the publisher has answered. */
static int establish(void)
{
	int fd = connect_and_ask(GY_WIRE_QUERY);

	(void)await_answer(fd);
	return fd;
}

static void ask_for_a_place_on(int connection)
{
	const struct gy_message request = request_about(GY_WIRE_SUBSCRIBE, 2);

	(void)peer_send_message(connection, &request, -1);
}

/* ---- helpers that begin when they are told to ---- */

/* Start a helper before block(): a fork waits for the lock that block() holds. */

/* Returns when the helper says that its work has begun. */
static void let_work(const struct helper *helper)
{
	prompt_helper(helper);
	await_helper(helper);
}

/* ---- connections that are closed already cost nothing ---- */

#define DEAD 200

static void who_has_hung_up_gets_no_subscription(void **state)
{
	int honest;

	(void)state;
	begin();
	block();
	for (unsigned i = 0; i < DEAD; i++)
		assert_int_equal(close(ask_for_a_place()), 0);
	honest = ask_for_a_place();
	resume();
	assert_int_equal(await_answer(honest).type, GY_WIRE_STREAM);
	assert_int_equal(subscriptions_made(), 1);
	assert_int_equal(close(honest), 0);
	end();
}

/* ---- processes are served in turn ---- */

#define CROWD 40

static int crowd(int orders, int reports, void *data)
{
	int fds[CROWD];

	(void)data;
	if (!wait_for_prompt(orders))
		return 1;
	for (unsigned i = 0; i < CROWD; i++)
		fds[i] = ask_for_a_place();
	if (!say_ready(reports))
		return 1;
	for (unsigned i = 0; i < CROWD; i++) /* they stay open until the test ends the helper */
		if (fds[i] < 0)
			return 2;
	return wait_for_prompt(orders) ? 3 : 0;
}

/* Returns the place in the ring that a connection got: how many were served before it. */
static uint32_t place_of(int connection)
{
	struct gy_packet packet;
	uint32_t place;
	void *page;
	int fd = -1;

	assert_int_equal(await_answer(connection).type, GY_WIRE_STREAM);
	assert_ok(gy_packet_receive(connection, &packet, &fd));
	page = mmap(NULL, sizeof(struct gy_lease_page), PROT_READ, MAP_SHARED, fd, 0);
	assert_true(page != MAP_FAILED);
	place = atomic_load(&((struct gy_lease_page *)page)->place);
	assert_int_equal(munmap(page, sizeof(struct gy_lease_page)), 0);
	assert_int_equal(close(fd), 0);
	return place;
}

static void one_connection_comes_before_anothers_many(void **state)
{
	struct helper helper;
	int honest;

	(void)state;
	begin();
	helper = start_helper(crowd, NULL);
	block();
	let_work(&helper);
	honest = ask_for_a_place();
	resume();
	/* two of the crowd come before: the first, which was accepted alone, and one in turn */
	assert_in_range(place_of(honest), 0, 2);
	assert_int_equal(close(honest), 0);
	end_helper(&helper);
	end();
}

/* ---- established connections are served in turn, too ---- */

static int established_crowd(int orders, int reports, void *data)
{
	int fds[CROWD];

	(void)data;
	for (unsigned i = 0; i < CROWD; i++)
		fds[i] = establish();
	if (!say_ready(reports) || !wait_for_prompt(orders))
		return 1;
	for (unsigned i = 0; i < CROWD; i++)
		ask_for_a_place_on(fds[i]);
	if (!say_ready(reports))
		return 1;
	return wait_for_prompt(orders) ? 2 : 0;
}

/* Lets asker ask before an honest peer does, over connections that both have already. Returns the
 * honest peer's connection. */
static int ask_after(int (*asker)(int orders, int reports, void *data), struct helper *helper)
{
	int honest;

	begin();
	*helper = start_helper(asker, NULL);
	await_helper(helper);
	honest = establish();
	block();
	let_work(helper);
	ask_for_a_place_on(honest);
	resume();
	return honest;
}

static void one_established_connection_comes_before_anothers_many(void **state)
{
	struct helper helper;
	int honest = ask_after(established_crowd, &helper);

	(void)state;
	/* one of the crowd comes before: the first, which woke the thread */
	assert_in_range(place_of(honest), 0, 1);
	assert_int_equal(close(honest), 0);
	end_helper(&helper);
	end();
}

/* ---- the requests of one packet are served in turn ---- */

#define MANY 10

/* Asks for a place with the last request of a packet. Each request is answered, in order. */
static int ask_much_at_once(int orders, int reports, void *data)
{
	const struct gy_message last = request_about(GY_WIRE_SUBSCRIBE, MANY + 1);
	struct gy_packet packet = {.size = 0};
	int fd = establish();

	(void)data;
	for (uint32_t i = 1; i <= MANY; i++) {
		const struct gy_message request = request_about(GY_WIRE_QUERY, i);

		gy_packet_add(&packet, &request);
	}
	gy_packet_add(&packet, &last);
	if (!say_ready(reports) || !wait_for_prompt(orders))
		return 1;
	(void)peer_send(fd, packet.bytes, packet.size, NULL, 0);
	if (!say_ready(reports))
		return 1;
	for (uint32_t i = 1; i <= MANY + 1; i++) {
		const struct gy_message answer = await_answer(fd);

		if (answer.type != (i <= MANY ? GY_WIRE_STATUS : GY_WIRE_STREAM) ||
			answer.sequence != i)
			return 2;
	}
	return say_ready(reports) ? 0 : 1;
}

static void one_request_comes_before_many_in_a_packet(void **state)
{
	struct helper helper;
	int honest = ask_after(ask_much_at_once, &helper);

	(void)state;
	assert_int_equal(place_of(honest), 0);
	await_helper(&helper);
	assert_int_equal(close(honest), 0);
	end_helper(&helper);
	end();
}

/* ---- a process over its share is refused with a sentence ---- */

#define FEW_FDS 160
#define SHARE (FEW_FDS / 4)
#define OVER 20

static int crowd_over_its_share(int orders, int reports, void *data)
{
	int fds[SHARE + OVER];

	(void)data;
	if (!wait_for_prompt(orders))
		return 1;
	for (unsigned i = 0; i < SHARE + OVER; i++)
		fds[i] = ask_for_a_place();
	if (!say_ready(reports))
		return 1;
	for (unsigned i = 1; i <= OVER; i++) { /* the first came alone: these have waited longest */
		const struct gy_message answer = await_answer(fds[i]);

		if (answer.type != GY_WIRE_ERROR || answer.error.result != GEYSER_ERROR_LIMIT ||
			!strstr(answer.error.detail, "allow no more"))
			return 2;
	}
	return wait_for_prompt(orders) ? 3 : 0;
}

static void who_waits_beyond_its_share_is_refused(void **state)
{
	struct rlimit before, few;
	struct helper helper;
	int honest;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){FEW_FDS, before.rlim_max};
	begin();
	helper = start_helper(crowd_over_its_share, NULL);
	block();
	let_work(&helper);
	honest = ask_for_a_place();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	resume();
	assert_int_equal(await_answer(honest).type, GY_WIRE_STREAM);
	assert_int_equal(close(honest), 0);
	end_helper(&helper);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	end();
}

/* ---- a subscriber keeps its connection, though its request waits ---- */

#define HELD 5

static bool is_refused(int connection)
{
	const struct gy_message answer = await_answer(connection);

	return answer.type == GY_WIRE_ERROR && answer.error.result == GEYSER_ERROR_LIMIT;
}

static int subscribers_over_their_share(int orders, int reports, void *data)
{
	const struct gy_message query = request_about(GY_WIRE_QUERY, 3);
	int held[HELD], fds[SHARE + OVER];

	(void)data;
	for (unsigned i = 0; i < HELD; i++) {
		held[i] = ask_for_a_place();
		(void)place_of(held[i]);
	}
	if (!say_ready(reports) || !wait_for_prompt(orders))
		return 1;
	for (unsigned i = 0; i < HELD; i++)
		(void)peer_send_message(held[i], &query, -1);
	for (unsigned i = 0; i < SHARE + OVER; i++)
		fds[i] = ask_for_a_place();
	if (!say_ready(reports))
		return 1;
	if (!is_refused(fds[0]))
		return 2;
	for (unsigned i = 0; i < HELD; i++)
		if (await_answer(held[i]).type != GY_WIRE_STATUS)
			return 3;
	return say_ready(reports) ? 0 : 1;
}

static void who_is_subscribed_is_not_refused(void **state)
{
	struct rlimit before, few;
	struct helper helper;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){FEW_FDS, before.rlim_max};
	begin();
	helper = start_helper(subscribers_over_their_share, NULL);
	await_helper(&helper);
	block();
	let_work(&helper);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	resume();
	await_helper(&helper);
	end_helper(&helper);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	end();
}

/* ---- floods ---- */

#define FLOODERS 3
#define OPEN 300 /* more than a process's share of 1024 descriptors */

static void close_at_once(void)
{
	(void)close(ask_for_a_place());
}

/* Keeps as many connections as it can, and replaces the oldest one. */
static void keep_open(void)
{
	static int fds[OPEN];
	static unsigned next;

	if (fds[next] > 0)
		(void)close(fds[next]);
	fds[next] = ask_for_a_place();
	next = (next + 1) % OPEN;
}

/* Makes a process that asks 32 times and ends, without waiting for an answer. */
static void fork_and_ask(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (unsigned i = 0; i < 32; i++)
			(void)ask_for_a_place();
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
}

/* Keeps many connections busy: sends MANY requests at once on one of them, once the ones before are
 * answered. */
static void ask_again(void)
{
	static struct {
		int fd;
		unsigned unanswered;
	} all[OPEN / 2];
	static unsigned next;
	struct gy_packet packet = {.size = 0};
	const unsigned i = next;

	next = (next + 1) % TEST_COUNT(all);
	if (all[i].fd == 0)
		all[i].fd = establish();
	while (all[i].unanswered > 0 && recv(all[i].fd, packet.bytes, 1, MSG_DONTWAIT) > 0)
		all[i].unanswered--;
	if (all[i].unanswered > 0)
		return;
	for (uint32_t sequence = 1; sequence <= MANY; sequence++) {
		const struct gy_message request = request_about(GY_WIRE_QUERY, sequence);

		gy_packet_add(&packet, &request);
	}
	(void)peer_send(all[i].fd, packet.bytes, packet.size, NULL, 0);
	all[i].unanswered = MANY;
}

static void (*const floods[])(void) = {close_at_once, keep_open, fork_and_ask, ask_again};
static const char *const flood_names[] = {"close at once", "keep open", "fork", "ask again"};
static void (*flood_kind)(void);

static int flood(int orders, int reports, void *data)
{
	struct pollfd end_of_it = {.fd = orders, .events = POLLIN};

	(void)data;
	if (!wait_for_prompt(orders))
		return 1;
	flood_kind();
	if (!say_ready(reports))
		return 1;
	while (poll(&end_of_it, 1, 0) == 0)
		for (unsigned i = 0; i < 64; i++)
			flood_kind();
	return 0;
}

/* Subscribes as an honest program, and reports how long that took, in ns, or GY_NEVER if it
 * failed. */
static int subscribe(int orders, int reports, void *data)
{
	const struct geyser_subscriber_desc desc = {
		.name = NAME, .connect_timeout_ns = *(const uint64_t *)data};
	struct geyser_subscriber *subscriber;
	struct geyser_manager *own;
	uint64_t begin_at = gy_now(), took = GY_NEVER;
	enum geyser_result result;

	(void)orders;
	(void)geyser_manager_create(NULL, &own);
	result = geyser_subscriber_create(own, &desc, &subscriber);
	if (result == GEYSER_OK)
		took = gy_now() - begin_at;
	else
		print_error("%s: %s\n", geyser_result_string(result), geyser_error_detail());
	return write(reports, &took, sizeof(took)) == sizeof(took) ? 0 : 1;
}

static uint64_t subscribe_honestly(uint64_t timeout_ns)
{
	const struct helper honest = start_helper(subscribe, &timeout_ns);
	uint64_t took;

	hear_helper(&honest, &took, sizeof(took));
	end_helper(&honest);
	return took;
}

/* Floods, and lets honest processes subscribe one after the other. Returns how many of them failed
 * within timeout_ns. *longest: the longest time, in ns, that another one took. */
static unsigned flood_honest_ones(
	unsigned kind, unsigned flooders, unsigned honest, uint64_t timeout_ns, uint64_t *longest)
{
	struct helper helpers[FLOODERS];
	unsigned failed = 0;

	*longest = 0;
	begin();
	flood_kind = floods[kind];
	for (unsigned i = 0; i < flooders; i++)
		helpers[i] = start_helper(flood, NULL);
	for (unsigned i = 0; i < flooders; i++)
		let_work(&helpers[i]);
	for (unsigned i = 0; i < honest; i++) {
		uint64_t took = subscribe_honestly(timeout_ns);

		failed += took == GY_NEVER;
		if (took != GY_NEVER && took > *longest)
			*longest = took;
	}
	for (unsigned i = flooders; i > 0; i--) /* the last one first: see end_helper */
		end_helper(&helpers[i - 1]);
	end();
	return failed;
}

static void honest_ones_are_served_in_a_flood(void **state)
{
	uint64_t longest;

	(void)state;
	if (!TEST_CHILD_HAS_THREADS)
		skip();
	for (unsigned kind = 0; kind < TEST_COUNT(floods); kind++)
		assert_int_equal(flood_honest_ones(kind, 1, 5, PATIENCE, &longest), 0);
}

static void measure(void)
{
	for (unsigned flooders = 1; flooders <= FLOODERS; flooders += 2)
		for (unsigned kind = 0; kind < TEST_COUNT(floods); kind++) {
			uint64_t longest;
			unsigned failed =
				flood_honest_ones(kind, flooders, 15, GY_SECOND, &longest);

			(void)printf("%u flooders, %s: %u of 15 failed, the longest took %.1f ms\n",
				flooders, flood_names[kind], failed, (double)longest / 1e6);
		}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_hung_up_gets_no_subscription),
		cmocka_unit_test(one_connection_comes_before_anothers_many),
		cmocka_unit_test(one_established_connection_comes_before_anothers_many),
		cmocka_unit_test(one_request_comes_before_many_in_a_packet),
		cmocka_unit_test(who_waits_beyond_its_share_is_refused),
		cmocka_unit_test(who_is_subscribed_is_not_refused),
		cmocka_unit_test(honest_ones_are_served_in_a_flood),
	};

	if (argc > 1 && strcmp(argv[1], "measure") == 0) {
		void *state = NULL;

		if (test_runtime_enter(&state) != 0)
			return 1;
		measure();
		return test_runtime_leave(&state);
	}
	test_limit(100);
	return test_run("hostile flood", tests, test_runtime_enter, test_runtime_leave);
}
