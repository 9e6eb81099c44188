/* Packets over a socket pair: the packets that may pass, and those that are refused and their
 * descriptors closed. */
#include "ipc/wire/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"
#include "sockets.h"
#include "support.h"

struct pair {
	int ours, theirs;
	size_t fds; /* number of descriptors while both ends are open */
};

static struct pair open_pair(void)
{
	int fds[2];

	test_socket_pair(fds);
	return (struct pair){.ours = fds[0], .theirs = fds[1], .fds = test_fd_count(getpid())};
}

static void close_pair(struct pair *pair)
{
	assert_int_equal(close(pair->ours), 0);
	if (pair->theirs >= 0)
		assert_int_equal(close(pair->theirs), 0);
}

static struct gy_packet one_resolve(void)
{
	const struct gy_message message = {.type = GY_WIRE_RESOLVE, .sequence = 3, .id = 42};
	struct gy_packet packet = {.size = 0};

	gy_packet_add(&packet, &message);
	return packet;
}

static void several_messages_in_one_packet(void **state)
{
	const struct gy_message greeting = {
		.type = GY_WIRE_HELLO, .sequence = 1, .hello.application = "viewer"};
	struct gy_packet packet = {.size = 0};
	struct gy_message message;
	struct pair pair = open_pair();
	int fd;

	(void)state;
	gy_packet_add(&packet, &greeting);
	packet.size += one_resolve().size;
	memcpy(packet.bytes + packet.size - one_resolve().size, one_resolve().bytes,
		one_resolve().size);
	assert_ok(gy_packet_send(pair.theirs, &packet, -1));
	assert_ok(gy_packet_receive(pair.ours, &packet, &fd));
	assert_int_equal(fd, -1);
	assert_ok(gy_packet_next(&packet, &message));
	assert_int_equal(message.type, GY_WIRE_HELLO);
	assert_string_equal(message.hello.application, "viewer");
	assert_ok(gy_packet_next(&packet, &message));
	assert_int_equal(message.type, GY_WIRE_RESOLVE);
	assert_int_equal(message.id, 42);
	assert_ok(gy_packet_next(&packet, &message));
	assert_int_equal(message.type, GY_WIRE_NONE);
	close_pair(&pair);
}

static void optional_messages_are_skipped(void **state)
{
	struct gy_packet packet = one_resolve(), again = one_resolve();
	struct gy_message message;

	(void)state;
	packet.bytes[7] |= GY_WIRE_OPTIONAL >> 8;
	memcpy(packet.bytes + packet.size, again.bytes, again.size);
	packet.size += again.size;
	assert_ok(gy_packet_next(&packet, &message));
	assert_int_equal(message.type, GY_WIRE_RESOLVE);
	assert_int_equal(packet.size, 0);
	/* The bytes after a whole message must be a whole message, too. */
	packet = one_resolve();
	packet.size += 3;
	assert_ok(gy_packet_next(&packet, &message));
	assert_fails(GEYSER_ERROR_PROTOCOL, "no geyser message", gy_packet_next(&packet, &message));
}

static void a_descriptor_crosses(void **state)
{
	struct pair pair = open_pair();
	struct gy_packet packet = one_resolve();
	struct stat sent, received;
	int memory = test_memory(100), fd;

	(void)state;
	assert_ok(gy_packet_send(pair.theirs, &packet, memory));
	assert_ok(gy_packet_receive(pair.ours, &packet, &fd));
	assert_true(fd >= 0 && fd != memory);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(memory, &sent), 0);
	assert_int_equal(fstat(fd, &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	assert_int_equal(close(memory), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(test_fd_count(getpid()), pair.fds);
	close_pair(&pair);
}

static void surplus_descriptors_are_closed(void **state)
{
	static const size_t counts[] = {2, 3, 8};
	struct pair pair = open_pair();
	struct gy_packet packet = one_resolve(), got;
	int fds[8], fd;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		fds[i] = pair.theirs;
	for (size_t i = 0; i < TEST_COUNT(counts); i++) {
		assert_true(test_send(pair.theirs, packet.bytes, packet.size, fds, counts[i]));
		assert_fails(GEYSER_ERROR_PROTOCOL, "descriptors: one at most",
			gy_packet_receive(pair.ours, &got, &fd));
		assert_int_equal(fd, -1);
		assert_int_equal(test_fd_count(getpid()), pair.fds);
	}
	close_pair(&pair);
}

/* The peer sends more descriptors than the receiver has room for. The kernel closes those that it
 * can't pass on, and the library closes the others. */
static void a_flood_of_descriptors_is_closed(void **state)
{
	struct pair pair = open_pair();
	struct gy_packet packet = one_resolve(), got;
	int fds[32], fd;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		fds[i] = pair.theirs;
	for (int i = 0; i < 1000; i++) {
		assert_true(test_send(pair.theirs, packet.bytes, packet.size, fds, 32));
		assert_int_not_equal(gy_packet_receive(pair.ours, &got, &fd), GEYSER_OK);
		assert_int_equal(fd, -1);
	}
	assert_int_equal(test_fd_count(getpid()), pair.fds);
	close_pair(&pair);
}

/* Lowers the limit so that only `room` more descriptors can be opened. Returns the old limit. */
static struct rlimit leave_room_for(rlim_t room)
{
	struct rlimit before, now;
	int lowest = dup(0);

	assert_true(lowest >= 0);
	assert_int_equal(close(lowest), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = (rlim_t)lowest + room;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	return before;
}

static void lost_descriptors_are_noticed(void **state)
{
	static const struct {
		size_t sent;
		rlim_t room;
		enum geyser_result result;
		const char *words;
	} cases[] = {
		/* The table of descriptors is full, and the kernel only says that descriptors were
		 * lost. One descriptor too many looks the same as the correct number. */
		{1, 0, GEYSER_ERROR_LIMIT, "no free one"},
		{3, 0, GEYSER_ERROR_LIMIT, "no free one"},
		/* Some descriptors fit and others were lost: the peer sent more than one, which is
		 * wrong with a table of any size. */
		{3, 1, GEYSER_ERROR_PROTOCOL, "more than 1 descriptors: one at most"},
		{3, 2, GEYSER_ERROR_PROTOCOL, "more than 2 descriptors: one at most"},
		{253, 1, GEYSER_ERROR_PROTOCOL, "more than 1 descriptors: one at most"},
		{253, 3, GEYSER_ERROR_PROTOCOL, "more than 3 descriptors: one at most"},
		{253, 400, GEYSER_ERROR_PROTOCOL, "descriptors: one at most"},
	};
	struct pair pair = open_pair();
	struct gy_packet packet = one_resolve(), got;
	int fds[253], fd = -1;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(fds); i++)
		fds[i] = pair.theirs;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct rlimit before = leave_room_for(cases[i].room);
		enum geyser_result result = cases[i].result;
		int tries;

		for (tries = 0; tries < 1000 && result == cases[i].result && fd == -1; tries++) {
			assert_true(test_send(
				pair.theirs, packet.bytes, packet.size, fds, cases[i].sent));
			result = gy_packet_receive(pair.ours, &got, &fd);
		}
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_fails(cases[i].result, cases[i].words, result);
		assert_int_equal(fd, -1);
		assert_int_equal(tries, 1000);
		assert_int_equal(test_fd_count(getpid()), pair.fds);
	}
	close_pair(&pair);
}

#ifndef GEYSER_PLATFORM_APPLE
/* Runs in a child as a user who may have few descriptors. Returns 0 if sending ends with
 * GEYSER_ERROR_LIMIT and a detail that gives the reason. */
static int send_until_refused(void *data)
{
	const struct pair *pair = data;
	const struct rlimit limit = {32, 32};
	struct gy_packet packet = one_resolve();
	enum geyser_result result = GEYSER_OK;

	if ((geteuid() == 0 && setuid(12345) < 0) || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	for (int i = 0; i < 1000 && result == GEYSER_OK; i++)
		result = gy_packet_send(pair->ours, &packet, pair->ours);
	if (result != GEYSER_ERROR_LIMIT)
		return 2;
	return strstr(geyser_error_detail(), "are on their way") ? 0 : 3;
}

static void descriptors_on_their_way_are_counted(void **state)
{
	const struct timeval soon = {.tv_sec = 1};
	struct pair pair = open_pair();

	(void)state;
	assert_int_equal(setsockopt(pair.ours, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)), 0);
	in_child(send_until_refused, &pair);
	close_pair(&pair);
}
#endif

static void too_long_a_packet_is_refused(void **state)
{
	static const uint8_t bytes[GY_PACKET_MAX + 1];
	struct pair pair = open_pair();
	struct gy_packet got;
	int fd;

	(void)state;
	assert_true(test_send(pair.theirs, bytes, sizeof(bytes), &pair.theirs, 1));
	assert_fails(GEYSER_ERROR_PROTOCOL, "more than 1024 bytes",
		gy_packet_receive(pair.ours, &got, &fd));
	assert_int_equal(fd, -1);
	assert_int_equal(test_fd_count(getpid()), pair.fds);
	/* The longest packet isn't refused. */
	assert_true(test_send(pair.theirs, bytes, GY_PACKET_MAX, NULL, 0));
	assert_ok(gy_packet_receive(pair.ours, &got, &fd));
	assert_int_equal(got.size, GY_PACKET_MAX);
	close_pair(&pair);
}

static void an_empty_packet_is_a_goodbye(void **state)
{
	struct pair pair = open_pair();
	struct gy_packet got;
	int fd;

	(void)state;
	assert_true(test_send(pair.theirs, "", 0, &pair.theirs, 1));
#ifdef GEYSER_PLATFORM_APPLE
	assert_fails(GEYSER_ERROR_PROTOCOL, "no packet", gy_packet_receive(pair.ours, &got, &fd));
#else
	assert_fails(GEYSER_ERROR_DISCONNECTED, "closed", gy_packet_receive(pair.ours, &got, &fd));
#endif
	assert_int_equal(fd, -1);
	assert_int_equal(test_fd_count(getpid()), pair.fds);
	close_pair(&pair);
}

static void a_closed_peer(void **state)
{
	struct pair pair = open_pair();
	struct gy_packet packet = one_resolve();
	int fd;

	(void)state;
	assert_int_equal(close(pair.theirs), 0);
	pair.theirs = -1;
	assert_fails(
		GEYSER_ERROR_DISCONNECTED, "closed", gy_packet_receive(pair.ours, &packet, &fd));
	assert_int_equal(fd, -1);
	packet = one_resolve();
	assert_fails(GEYSER_ERROR_DISCONNECTED, "closed", gy_packet_send(pair.ours, &packet, -1));
	assert_fails(GEYSER_ERROR_DISCONNECTED, "closed", gy_packet_try_send(pair.ours, &packet));
	close_pair(&pair);
}

/* The peer refused, and hung up without reading the request. The kernel reports the hang-up before
 * the refusal, which must arrive all the same. */
static void a_refusal_outlives_its_sender(void **state)
{
	struct gy_packet refusal = {.size = 0}, packet = one_resolve();
	struct gy_message message = {.type = GY_WIRE_ERROR, .error.result = GEYSER_ERROR_LIMIT};
	struct pair pair = open_pair();
	int fd;

	(void)state;
	memcpy(message.error.detail, "full", 5);
	gy_packet_add(&refusal, &message);
	assert_ok(gy_packet_send(pair.ours, &packet, -1));
	assert_ok(gy_packet_send(pair.theirs, &refusal, -1));
	assert_int_equal(close(pair.theirs), 0);
	pair.theirs = -1;
	assert_ok(gy_packet_receive(pair.ours, &packet, &fd));
	assert_ok(gy_packet_next(&packet, &message));
	assert_int_equal(message.type, GY_WIRE_ERROR);
	assert_int_equal(message.error.result, GEYSER_ERROR_LIMIT);
	assert_string_equal(message.error.detail, "full");
	assert_fails(GEYSER_ERROR_DISCONNECTED, NULL, gy_packet_receive(pair.ours, &packet, &fd));
	close_pair(&pair);
}

static void a_full_buffer_and_an_empty_one(void **state)
{
	struct timeval soon = {.tv_usec = 20000};
	struct pair pair = open_pair();
	struct gy_packet packet = one_resolve();
	enum geyser_result result;
	int fd, sent = -1;

	(void)state;
	do {
		result = gy_packet_try_send(pair.ours, &packet);
		sent++;
	} while (result == GEYSER_OK && sent < 1000000);
	assert_true(sent > 0);
	assert_fails(GEYSER_ERROR_TIMEOUT, "doesn't answer", result);
	assert_int_equal(setsockopt(pair.ours, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)), 0);
	assert_fails(
		GEYSER_ERROR_TIMEOUT, "doesn't answer", gy_packet_send(pair.ours, &packet, -1));
	assert_int_equal(setsockopt(pair.ours, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
	assert_fails(
		GEYSER_ERROR_TIMEOUT, "doesn't answer", gy_packet_receive(pair.ours, &packet, &fd));
	close_pair(&pair);
}

#ifdef GEYSER_PLATFORM_APPLE
/* ---- packets on a stream socket ---- */

#define FRAME_SIZE (4 + GY_PACKET_MAX)

/* The library doesn't wait for the rest and keeps no bytes. It closes a descriptor that came
 * along. */
static void what_is_no_whole_frame_is_refused(void **state)
{
	static const size_t sizes[] = {1, 3, 4, 5, 100, FRAME_SIZE - 1};
	static const uint8_t frame[FRAME_SIZE] = {100};
	struct gy_packet got;
	int fd;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
		struct pair pair = open_pair();

		assert_true(test_send_raw(pair.theirs, frame, sizes[i], &pair.theirs, 1));
		assert_fails(GEYSER_ERROR_PROTOCOL, "no packet",
			gy_packet_receive(pair.ours, &got, &fd));
		assert_int_equal(fd, -1);
		assert_int_equal(test_fd_count(getpid()), pair.fds);
		close_pair(&pair);
	}
}

static void absurd_lengths_are_refused(void **state)
{
	static const uint32_t lengths[] = {
		GY_PACKET_MAX + 1, FRAME_SIZE, INT32_MAX, 0x80000000, UINT32_MAX};
	struct pair pair = open_pair();
	struct gy_packet got;
	int fd;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(lengths); i++) {
		uint8_t frame[FRAME_SIZE] = {0};

		for (size_t byte = 0; byte < 4; byte++)
			frame[byte] = (uint8_t)(lengths[i] >> 8 * byte);
		assert_true(test_send_raw(pair.theirs, frame, sizeof(frame), &pair.theirs, 1));
		assert_fails(GEYSER_ERROR_PROTOCOL, "more than 1024 bytes",
			gy_packet_receive(pair.ours, &got, &fd));
		assert_int_equal(fd, -1);
		assert_int_equal(got.size, 0);
		assert_int_equal(test_fd_count(getpid()), pair.fds);
	}
	close_pair(&pair);
}

/* Sends packets of all sizes, more than fit at once, every other one with a descriptor. Each packet
 * arrives as it was sent, or not at all. */
static void a_stream_keeps_packets_apart(void **state)
{
	struct pair pair = open_pair();
	struct gy_packet packet, got;
	size_t sent = 0;
	int fd;

	(void)state;
	for (;; sent++) {
		packet.size = 1 + sent % GY_PACKET_MAX;
		memset(packet.bytes, (int)(sent & 0xff), packet.size);
		assert_int_equal(fcntl(pair.ours, F_SETFL, O_NONBLOCK), 0);
		if (gy_packet_send(pair.ours, &packet, sent % 2 ? pair.ours : -1) != GEYSER_OK)
			break;
	}
	assert_in_range(sent, 8, 1000000);
	for (size_t i = 0; i < sent; i++) {
		assert_ok(gy_packet_receive(pair.theirs, &got, &fd));
		assert_int_equal(got.size, 1 + i % GY_PACKET_MAX);
		assert_int_equal(got.bytes[got.size - 1], i & 0xff);
		assert_int_equal(fd >= 0, i % 2);
		if (fd >= 0)
			assert_int_equal(close(fd), 0);
	}
	assert_int_equal(fcntl(pair.theirs, F_SETFL, O_NONBLOCK), 0);
	assert_fails(GEYSER_ERROR_TIMEOUT, NULL, gy_packet_receive(pair.theirs, &got, &fd));
	assert_int_equal(test_fd_count(getpid()), pair.fds);
	close_pair(&pair);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_messages_in_one_packet),
		cmocka_unit_test(optional_messages_are_skipped),
		cmocka_unit_test(a_descriptor_crosses),
		cmocka_unit_test(surplus_descriptors_are_closed),
		cmocka_unit_test(a_flood_of_descriptors_is_closed),
		cmocka_unit_test(lost_descriptors_are_noticed),
#ifndef GEYSER_PLATFORM_APPLE
		cmocka_unit_test(descriptors_on_their_way_are_counted),
#endif
		cmocka_unit_test(too_long_a_packet_is_refused),
		cmocka_unit_test(an_empty_packet_is_a_goodbye),
		cmocka_unit_test(a_closed_peer),
		cmocka_unit_test(a_refusal_outlives_its_sender),
		cmocka_unit_test(a_full_buffer_and_an_empty_one),
#ifdef GEYSER_PLATFORM_APPLE
		cmocka_unit_test(what_is_no_whole_frame_is_refused),
		cmocka_unit_test(absurd_lengths_are_refused),
		cmocka_unit_test(a_stream_keeps_packets_apart),
#endif
	};

	test_limit(60);
	return test_run("packet", tests, NULL, NULL);
}
