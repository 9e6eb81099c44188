/* Importers that are many, or take all that they can get, or say nothing. A real exporter in
 * another process has room for honest importers all the same. */
#include "helper.h"
#include "victim.h"

#include "base/clock.h"
#include "ipc/ipc.h"
#include "platform/platform.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* All connections together have half of the descriptors. A process has half of what is free. */
#define CONNECTIONS (EXPORTER_FDS / 2)
#define SHARE (CONNECTIONS / 2)

/* Whatever peers do, they leave half of the descriptors to the exporter's own program. */
static void the_exporter_has_descriptors_left(void)
{
	assert_in_range(test_fd_count(exporter.helper.pid), 1, exporter.fds + CONNECTIONS);
}

/* Returns a connection that holds an import, or -1 if the exporter refuses it, maybe before it has
 * read all messages. */
static int peer_hold(void)
{
	const struct gy_message hello = {.type = GY_WIRE_HELLO};
	const struct gy_message request = import_request(&exporter.texture);
	struct gy_message answer = {.type = GY_WIRE_NONE};
	int fd = peer_connect(exporter.instance), memory = -1;
	struct gy_packet packet = {.size = 0};

	gy_packet_add(&packet, &hello);
	gy_packet_add(&packet, &request);
	(void)peer_send(fd, packet.bytes, packet.size, NULL, 0);
	if (gy_packet_receive(fd, &packet, &memory) == GEYSER_OK)
		(void)gy_packet_next(&packet, &answer);
	if (memory >= 0)
		(void)close(memory);
	if (answer.type == GY_WIRE_TEXTURE)
		return fd;
	(void)close(fd);
	return -1;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(close(fds[i]), 0);
}

/* Opens more idle connections than the exporter has descriptors. The oldest ones make room, and the
 * exporter closes all of them in time, though this process keeps its ends open. A connection that
 * holds an import stays. */
static void expect_idle_ones_to_go(int (*connect_idle)(void))
{
	enum { IDLE = EXPORTER_FDS + 40 };
	int fds[IDLE], held = peer_hold();

	assert_true(held >= 0);
	for (size_t i = 0; i < IDLE; i++)
		fds[i] = connect_idle();
	the_exporter_has_descriptors_left();
	a_real_import_works();
	assert_true(hung_up(fds[0]));
	test_fd_count_becomes(exporter.helper.pid, exporter.fds + 1);
	for (size_t i = 0; i < IDLE; i++)
		assert_true(hung_up(fds[i]));
	assert_int_equal(importers_now(), 1);
	close_all(fds, IDLE);
	assert_int_equal(close(held), 0);
	nothing_is_left();
}

static int connect_silent(void)
{
	return peer_connect(exporter.instance);
}

static int connect_greeted(void)
{
	return peer_greet(exporter.instance);
}

static int connect_after_release(void)
{
	struct gy_message release = import_request(&exporter.texture);
	int fd = peer_hold();

	assert_true(fd >= 0);
	release.type = GY_WIRE_RELEASE;
	assert_true(peer_send_message(fd, &release, -1));
	return fd;
}

static void silent_peers_delay_nobody(void **state)
{
	(void)state;
	expect_idle_ones_to_go(connect_silent);
}

static void greeted_peers_are_not_kept(void **state)
{
	(void)state;
	expect_idle_ones_to_go(connect_greeted);
}

static void a_release_ends_the_hold(void **state)
{
	(void)state;
	expect_idle_ones_to_go(connect_after_release);
}

/* A connection that sends requests again and again is not idle. */
static void requests_keep_a_connection(void **state)
{
	const struct gy_message request = {.type = GY_WIRE_RESOLVE, .id = 1};
	const uint64_t deadline = gy_deadline(7 * GY_SECOND);
	int fd = peer_greet(exporter.instance), silent = peer_connect(exporter.instance), memory;

	(void)state;
	while (gy_now() < deadline) {
		struct pollfd wanted = {.fd = silent, .events = POLLRDHUP};

		assert_true(peer_send_message(fd, &request, -1));
		assert_int_equal(answer_of(fd, &memory).type, GY_WIRE_ERROR);
		(void)poll(&wanted, 1, 100);
	}
	assert_true(hung_up(silent));
	assert_int_equal(close(silent), 0);
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

/* A connection within the exporter's own process is closed as well, though nothing arrives that
 * would wake the thread. */
static void silence_within_a_process(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 16};
	const uint64_t deadline = gy_deadline(20 * GY_SECOND);
	struct gy_handle_fields fields;
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct gy_wait_word dead;
	struct gy_peer *peer;
	struct gy_ipc *ipc;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_texture_create(manager, &desc, &texture));
	assert_ok(geyser_texture_export(texture, &handle));
	assert_ok(gy_handle_decode(&handle, &fields));
	assert_ok(gy_ipc_acquire(&ipc));
	assert_ok(gy_peer_open(ipc->importer, fields.instance, GY_NEVER, -1, &peer));
	assert_ok(gy_peer_watch_death(peer));
	dead = (struct gy_wait_word){.word = gy_peer_death_word(peer)};
	while (!atomic_load(dead.word) && gy_now() < deadline)
		gy_wait(&dead, 1, deadline);
	assert_int_equal(atomic_load(dead.word), 1);
	gy_peer_release(peer, NULL);
	gy_ipc_release(ipc);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

/* A process that takes all imports that it can get. */
struct greedy {
	struct helper helper;
	size_t count; /* of its imports */
};

static size_t hold_all(void)
{
	int fds[EXPORTER_FDS];
	size_t count = 0;

	while (count < EXPORTER_FDS && (fds[count] = peer_hold()) >= 0)
		count++;
	return count;
}

/* Reports the count, and holds the imports until the test closes the pipe. */
static int be_greedy(int orders, int reports, void *data)
{
	const size_t count = hold_all();

	(void)data;
	if (write(reports, &count, sizeof(count)) < 0)
		return 1;
	return wait_for_prompt(orders) ? 1 : 0;
}

static void greedy_start(struct greedy *greedy)
{
	greedy->helper = start_helper(be_greedy, NULL);
	hear_helper(&greedy->helper, &greedy->count, sizeof(greedy->count));
}

static void greedy_stop(const struct greedy *greedy)
{
	end_helper(&greedy->helper);
}

/* Each process takes its share and is refused then. However many came before, the next process
 * still gets a share. */
static void greedy_processes_leave_room(void **state)
{
	struct greedy all[4];
	size_t before = CONNECTIONS;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(all); i++) {
		greedy_start(&all[i]);
		assert_in_range(all[i].count, before / 2, before / 2 + 1);
		before -= all[i].count;
		the_exporter_has_descriptors_left();
		a_real_import_works();
	}
	/* the last one first: see end_helper */
	for (size_t i = TEST_COUNT(all); i > 0; i--)
		greedy_stop(&all[i - 1]);
	nothing_is_left();
}

/* Idle connections of one process make room for the imports of another. */
static void idle_ones_make_room_for_others(void **state)
{
	struct greedy greedy;
	int fds[SHARE];

	(void)state;
	for (size_t i = 0; i < SHARE; i++)
		fds[i] = peer_greet(exporter.instance);
	greedy_start(&greedy);
	assert_in_range(greedy.count, SHARE / 2 + 1, SHARE);
	a_real_import_works();
	greedy_stop(&greedy);
	close_all(fds, SHARE);
	nothing_is_left();
}

/* A process that holds its full share is refused with a sentence, and keeps what it holds. */
static void too_many_connections_are_told(void **state)
{
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	int fds[SHARE];

	(void)state;
	for (size_t i = 0; i < SHARE; i++) {
		fds[i] = peer_hold();
		assert_true(fds[i] >= 0);
	}
	assert_ok(geyser_manager_create(NULL, &manager));
	assert_fails(GEYSER_ERROR_LIMIT, "has 40 connections, 40 of them of process",
		geyser_texture_import(manager, &exporter.texture, NULL, &texture));
	geyser_manager_destroy(manager);
	assert_int_equal(importers_now(), SHARE);
	close_all(fds, SHARE);
	test_fd_count_becomes(exporter.helper.pid, exporter.fds);
	nothing_is_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_many_connections_are_told),
		cmocka_unit_test(greedy_processes_leave_room),
		cmocka_unit_test(idle_ones_make_room_for_others),
		cmocka_unit_test(silent_peers_delay_nobody),
		cmocka_unit_test(greeted_peers_are_not_kept),
		cmocka_unit_test(a_release_ends_the_hold),
		cmocka_unit_test(requests_keep_a_connection),
		cmocka_unit_test(silence_within_a_process),
	};

	test_limit(100);
	return test_run("hostile crowd", tests, start_exporter, stop_exporter);
}
