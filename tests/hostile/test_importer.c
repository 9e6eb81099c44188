/* Importers that misbehave against a real exporter in a process of its own: it drops them, keeps
 * nothing of theirs, and serves everybody else meanwhile. */
#include "peer.h"

#include "base/clock.h"
#include "ipc/ipc.h"
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORTER_FDS 160 /* the limit that the exporter lives under */
/* All connections have half of it; a process has as many as are left to the others. */
#define CONNECTIONS (EXPORTER_FDS / 2)
#define SHARE (CONNECTIONS / 2)

/* ---- the exporter's process ---- */

struct exporter {
	pid_t pid;
	int life; /* a byte asks how many importers there are; closed, it ends */
	int reports;
	struct geyser_handle texture, event;
	uint64_t instance;
	size_t fds; /* that it has when nobody is connected */
};

static struct exporter exporter;

/* Says "ready" with its handles, then lives until the pipe is closed. 0 if it ended well. */
static int run_exporter(int life, int out)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 16, .label = "real"};
	const struct rlimit limit = {EXPORTER_FDS, EXPORTER_FDS};
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct geyser_importers importers = {0};
	struct geyser_handle handles[2];
	char asked;

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 ||
		geyser_manager_create(NULL, &manager) != GEYSER_OK ||
		geyser_texture_create(manager, &desc, &texture) != GEYSER_OK ||
		geyser_event_create(manager, 5, &event) != GEYSER_OK ||
		geyser_texture_export(texture, &handles[0]) != GEYSER_OK ||
		geyser_event_export(event, &handles[1]) != GEYSER_OK ||
		write(out, handles, sizeof(handles)) != sizeof(handles))
		return 1;
	while (read(life, &asked, 1) == 1)
		if (geyser_texture_importers(texture, &importers) != GEYSER_OK ||
			write(out, &importers.current, sizeof(importers.current)) < 0)
			return 4;
	/* everybody is gone by now, and so are their imports */
	if (geyser_texture_importers(texture, &importers) != GEYSER_OK || importers.current != 0)
		return 2;
	geyser_texture_unref(texture);
	geyser_event_unref(event);
	geyser_manager_destroy(manager);
	return test_registry_entries() == 0 ? 0 : 3;
}

/* Before this process has a thread: a sanitizer's fork likes it so. */
static int start_exporter(void **state)
{
	int life[2], out[2];
	struct geyser_handle handles[2];
	struct gy_handle_fields fields;

	if (test_runtime_enter(state) != 0 || test_pipe(life) < 0 || test_pipe(out) < 0)
		return -1;
	exporter.pid = fork();
	if (exporter.pid == 0) {
		test_limit(100);
		(void)close(life[1]);
		exit(run_exporter(life[0], out[1]));
	}
	(void)close(life[0]);
	(void)close(out[1]);
	exporter.life = life[1];
	if (exporter.pid < 0 || read(out[0], handles, sizeof(handles)) != sizeof(handles) ||
		gy_handle_decode(&handles[0], &fields) != GEYSER_OK)
		return -1;
	exporter.reports = out[0];
	exporter.texture = handles[0];
	exporter.event = handles[1];
	exporter.instance = fields.instance;
	exporter.fds = test_fd_count(exporter.pid);
	return 0;
}

static int stop_exporter(void **state)
{
	int status = -1;

	(void)close(exporter.life);
	(void)close(exporter.reports);
	if (waitpid(exporter.pid, &status, 0) != exporter.pid || status != 0) {
		print_error("the exporter ended with status 0x%x\n", (unsigned)status);
		return -1;
	}
	return test_runtime_leave(state);
}

/* ---- the others, whom it must serve ---- */

/* Quickly enough that it can't have waited for a misbehaving one. */
static void a_real_import_works(void)
{
	const struct geyser_manager_desc desc = {.import_timeout_ns = 4 * GY_SECOND};
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	uint64_t value;

	assert_ok(geyser_manager_create(&desc, &manager));
	assert_ok(geyser_texture_import(manager, &exporter.texture, NULL, &texture));
	assert_string_equal(geyser_texture_get_desc(texture)->label, "real");
	assert_ok(geyser_event_import(manager, &exporter.event, &event));
	assert_ok(geyser_event_value(event, &value));
	assert_true(value == 5);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

static void nothing_is_left(void)
{
	a_real_import_works();
	test_fd_count_becomes(exporter.pid, exporter.fds);
}

static uint32_t importers_now(void)
{
	uint32_t count = UINT32_MAX;

	assert_int_equal(write(exporter.life, "?", 1), 1);
	assert_int_equal(read(exporter.reports, &count, sizeof(count)), sizeof(count));
	return count;
}

/* ---- what it may see from the other end ---- */

static bool hung_up(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLRDHUP};

	return poll(&wanted, 1, 20000) == 1 && (wanted.revents & (POLLRDHUP | POLLHUP));
}

static struct gy_message import_question(const struct geyser_handle *handle)
{
	struct gy_handle_fields fields;
	struct gy_message message = {.type = GY_WIRE_IMPORT, .sequence = 1};

	assert_ok(gy_handle_decode(handle, &fields));
	message.object.kind = fields.kind;
	memcpy(message.object.token, fields.token, GY_TOKEN_SIZE);
	return message;
}

static struct gy_message answer_of(int fd, int *memory)
{
	struct gy_packet packet;
	struct gy_message message = {.type = GY_WIRE_NONE};

	assert_ok(gy_packet_receive(fd, &packet, memory));
	assert_ok(gy_packet_next(&packet, &message));
	return message;
}

/* ---- the tests ---- */

static void a_right_importer_by_hand(void **state)
{
	struct gy_message message = import_question(&exporter.texture);
	int fd = peer_greet(exporter.instance), memory;

	(void)state;
	assert_true(peer_send_message(fd, &message, -1));
	message = answer_of(fd, &memory);
	assert_int_equal(message.type, GY_WIRE_TEXTURE);
	assert_int_equal(message.sequence, 1);
	assert_true(memory >= 0);
	assert_int_equal(close(memory), 0);
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

/* Bytes that make it hang up, as the first words and after a greeting. */
static void garbage_is_dropped(void **state)
{
	uint8_t packets[6][GY_PACKET_MAX] = {{0}};
	size_t sizes[] = {1, GY_WIRE_HEADER - 1, 36, 35, GY_PACKET_MAX, 20};
	struct gy_message question = import_question(&exporter.texture);

	(void)state;
	memset(packets[2], 0xff, 36);
	(void)gy_wire_encode(&question, packets[3], GY_PACKET_MAX); /* a byte is missing */
	memset(packets[4], 'G', GY_PACKET_MAX);
	question = (struct gy_message){.type = GY_WIRE_RESOLVE, .id = 1};
	(void)gy_wire_encode(&question, packets[5], GY_PACKET_MAX);
	packets[5][6] = 77; /* an unknown type that isn't optional */
	for (size_t i = 0; i < TEST_COUNT(sizes); i++)
		for (int greeted = 0; greeted < 2; greeted++) {
			int fd = greeted ? peer_greet(exporter.instance)
					 : peer_connect(exporter.instance);

			assert_true(peer_send(fd, packets[i], sizes[i], NULL, 0));
			assert_true(hung_up(fd));
			assert_int_equal(close(fd), 0);
		}
	nothing_is_left();
}

static void another_major_version_is_told(void **state)
{
	struct gy_message hello = {.type = GY_WIRE_HELLO}, answer;
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t size = gy_wire_encode(&hello, bytes, sizeof(bytes));
	int fd = peer_connect(exporter.instance), memory;

	(void)state;
	bytes[4] = 9;
	assert_true(peer_send(fd, bytes, size, NULL, 0));
	answer = answer_of(fd, &memory);
	assert_int_equal(answer.type, GY_WIRE_ERROR);
	assert_int_equal(answer.error.result, GEYSER_ERROR_PROTOCOL);
	assert_non_null(strstr(answer.error.detail, "protocol 9: this library speaks 1"));
	assert_true(hung_up(fd));
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

static void a_greeting_comes_first_and_once(void **state)
{
	const struct gy_message hello = {.type = GY_WIRE_HELLO};
	struct gy_message question = import_question(&exporter.texture);
	int fd = peer_connect(exporter.instance);

	(void)state;
	assert_true(peer_send_message(fd, &question, -1));
	assert_true(hung_up(fd));
	assert_int_equal(close(fd), 0);
	fd = peer_greet(exporter.instance);
	assert_true(peer_send_message(fd, &hello, -1));
	assert_true(hung_up(fd));
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

/* An exporter's own messages are no questions. */
static void answers_are_no_questions(void **state)
{
	static const enum gy_wire_type types[] = {
		GY_WIRE_TEXTURE, GY_WIRE_EVENT, GY_WIRE_HANDLE, GY_WIRE_ERROR};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(types); i++) {
		const struct gy_message message = {.type = types[i]};
		int fd = peer_greet(exporter.instance);

		assert_true(peer_send_message(fd, &message, -1));
		assert_true(hung_up(fd));
		assert_int_equal(close(fd), 0);
	}
	nothing_is_left();
}

static void descriptors_are_not_taken(void **state)
{
	static const size_t counts[] = {1, 2, 8, 16};
	struct gy_message question = import_question(&exporter.texture);
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t size = gy_wire_encode(&question, bytes, sizeof(bytes));
	int fds[16];

	(void)state;
	for (size_t i = 0; i < 16; i++)
		fds[i] = STDERR_FILENO;
	for (int round = 0; round < 50; round++)
		for (size_t i = 0; i < TEST_COUNT(counts); i++) {
			int fd = peer_greet(exporter.instance);

			assert_true(peer_send(fd, bytes, size, fds, counts[i]));
			assert_true(hung_up(fd));
			assert_int_equal(close(fd), 0);
		}
	nothing_is_left();
}

/* What peers leave to the exporter's own program, whatever they do. */
static void the_exporter_has_descriptors_left(void)
{
	assert_in_range(test_fd_count(exporter.pid), 1, exporter.fds + CONNECTIONS);
}

/* A connection that holds an import; -1 if the exporter refuses it, perhaps before all was said. */
static int peer_hold(void)
{
	const struct gy_message hello = {.type = GY_WIRE_HELLO};
	const struct gy_message question = import_question(&exporter.texture);
	struct gy_message answer = {.type = GY_WIRE_NONE};
	int fd = peer_connect(exporter.instance), memory = -1;
	struct gy_packet packet = {.size = 0};

	gy_packet_add(&packet, &hello);
	gy_packet_add(&packet, &question);
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

/* More connections than the exporter has descriptors, with nothing asked and nothing held: the
 * oldest make room, and all are closed in time, though nobody here has let go. Who holds something
 * meanwhile keeps it. */
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
	test_fd_count_becomes(exporter.pid, exporter.fds + 1);
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
	struct gy_message release = import_question(&exporter.texture);
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

/* What is asked again and again is not idle. */
static void questions_keep_a_connection(void **state)
{
	const struct gy_message question = {.type = GY_WIRE_RESOLVE, .id = 1};
	const uint64_t deadline = gy_deadline(7 * GY_SECOND);
	int fd = peer_greet(exporter.instance), silent = peer_connect(exporter.instance), memory;

	(void)state;
	while (gy_now() < deadline) {
		struct pollfd wanted = {.fd = silent, .events = POLLRDHUP};

		assert_true(peer_send_message(fd, &question, -1));
		assert_int_equal(answer_of(fd, &memory).type, GY_WIRE_ERROR);
		(void)poll(&wanted, 1, 100);
	}
	assert_true(hung_up(silent));
	assert_int_equal(close(silent), 0);
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

/* A connection within this process is no exception, though nothing comes that would wake its
 * thread. */
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
	assert_ok(gy_peer_open(ipc, fields.instance, GY_NEVER, -1, &peer));
	assert_ok(gy_peer_watch_death(peer));
	dead = (struct gy_wait_word){.word = gy_peer_dead(peer)};
	while (!atomic_load(dead.word) && gy_now() < deadline)
		gy_wait(&dead, 1, deadline);
	assert_int_equal(atomic_load(dead.word), 1);
	gy_peer_release(peer, NULL);
	gy_ipc_release(ipc);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

/* A process that takes all it can get and holds it until the pipe is closed. */
struct greedy {
	pid_t pid;
	int life;
	size_t count;
};

static size_t hold_all(void)
{
	int fds[EXPORTER_FDS];
	size_t count = 0;

	while (count < EXPORTER_FDS && (fds[count] = peer_hold()) >= 0)
		count++;
	return count;
}

static void greedy_start(struct greedy *greedy)
{
	int life[2], out[2];

	assert_int_equal(test_pipe(life), 0);
	assert_int_equal(test_pipe(out), 0);
	greedy->pid = fork();
	if (greedy->pid == 0) {
		char byte;

		test_limit(100);
		(void)close(life[1]);
		greedy->count = hold_all();
		if (write(out[1], &greedy->count, sizeof(greedy->count)) < 0)
			_exit(1);
		_exit(read(life[0], &byte, 1) == 0 ? 0 : 1);
	}
	(void)close(life[0]);
	(void)close(out[1]);
	greedy->life = life[1];
	assert_int_equal(
		read(out[0], &greedy->count, sizeof(greedy->count)), sizeof(greedy->count));
	(void)close(out[0]);
}

static void greedy_stop(const struct greedy *greedy)
{
	int status = -1;

	assert_int_equal(close(greedy->life), 0);
	assert_int_equal(waitpid(greedy->pid, &status, 0), greedy->pid);
	assert_int_equal(status, 0);
}

/* Each takes its share and is told then; there is one left for the next process, however many have
 * come before. */
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
	/* the later ones have the pipes of those before them */
	for (size_t i = TEST_COUNT(all); i > 0; i--)
		greedy_stop(&all[i - 1]);
	nothing_is_left();
}

/* What idle connections of another process take is given to who needs it. */
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

/* A process that holds all it may have is told so, and nothing of what it has is taken from it. */
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
	test_fd_count_becomes(exporter.pid, exporter.fds);
	nothing_is_left();
}

/* Questions by the packet, and no answer is ever read. */
static void floods_without_reading(void **state)
{
	const struct gy_message question = {.type = GY_WIRE_RESOLVE, .id = 1};
	struct gy_packet packet = {.size = 0};
	int fds[4];

	(void)state;
	while (packet.size + 20 <= GY_PACKET_MAX)
		gy_packet_add(&packet, &question);
	for (size_t i = 0; i < TEST_COUNT(fds); i++)
		fds[i] = peer_greet(exporter.instance);
	for (size_t i = 0; i < TEST_COUNT(fds); i++) {
		/* it hangs up when its answers no longer fit; before that it may be slow */
		unsigned sent = 0;

		while (peer_send(fds[i], packet.bytes, packet.size, NULL, 0) && sent < 1000000)
			if (++sent == 5)
				a_real_import_works();
		assert_in_range(sent, 1, 999999);
		assert_int_equal(close(fds[i]), 0);
	}
	nothing_is_left();
}

/* Imports whose memory is never taken off the socket: it is the exporter's no longer. */
static void imports_without_reading(void **state)
{
	const struct gy_message question = import_question(&exporter.texture);
	int fd = peer_greet(exporter.instance);
	unsigned sent = 0;

	(void)state;
	while (peer_send_message(fd, &question, -1) && sent < 1000000)
		sent++;
	assert_in_range(sent, 1, 999999);
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

static void tokens_it_never_gave(void **state)
{
	struct gy_message question = import_question(&exporter.texture), answer;
	int fd = peer_greet(exporter.instance), memory;

	(void)state;
	for (uint32_t i = 1; i <= 10000; i++) {
		struct gy_message guess = question;

		guess.sequence = i;
		/* a right token but for one bit, and the right one under the wrong kind */
		if (i == 10000)
			guess.object.kind = GY_HANDLE_EVENT;
		else
			guess.object.token[i % GY_TOKEN_SIZE] ^= (uint8_t)(1u << i / 16 % 8);
		assert_true(peer_send_message(fd, &guess, -1));
		answer = answer_of(fd, &memory);
		assert_int_equal(answer.type, GY_WIRE_ERROR);
		assert_int_equal(answer.sequence, i);
		assert_int_equal(answer.error.result, GEYSER_ERROR_NOT_FOUND);
		assert_int_equal(memory, -1);
	}
	assert_true(peer_send_message(fd, &question, -1));
	answer = answer_of(fd, &memory);
	assert_int_equal(answer.type, GY_WIRE_TEXTURE);
	assert_int_equal(close(memory), 0);
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

/* They take nothing away from whoever has imported it. */
static void releases_of_what_it_never_had(void **state)
{
	struct gy_message release = import_question(&exporter.texture);
	struct gy_message question = release, answer;
	struct gy_message resolve = {.type = GY_WIRE_RESOLVE, .sequence = 9, .id = 12345};
	int fd = peer_greet(exporter.instance), other = peer_greet(exporter.instance), memory;

	(void)state;
	assert_true(peer_send_message(other, &question, -1));
	answer = answer_of(other, &memory);
	assert_int_equal(answer.type, GY_WIRE_TEXTURE);
	assert_int_equal(close(memory), 0);
	assert_int_equal(importers_now(), 1);
	release.type = GY_WIRE_RELEASE;
	for (int i = 0; i < 1000; i++) {
		assert_true(peer_send_message(fd, &release, -1));
		release.object.token[0]++;
	}
	release.object.token[0] = question.object.token[0];
	/* one import, released five times */
	assert_true(peer_send_message(fd, &question, -1));
	answer = answer_of(fd, &memory);
	assert_int_equal(answer.type, GY_WIRE_TEXTURE);
	assert_int_equal(close(memory), 0);
	for (int i = 0; i < 5; i++)
		assert_true(peer_send_message(fd, &release, -1));
	/* still served */
	assert_true(peer_send_message(fd, &resolve, -1));
	answer = answer_of(fd, &memory);
	assert_int_equal(answer.type, GY_WIRE_ERROR);
	assert_int_equal(answer.sequence, 9);
	assert_int_equal(importers_now(), 1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(close(other), 0);
	nothing_is_left();
}

/* ---- other users ---- */

/* In a child: 0 if the exporter refused uid 12345 with a sentence, else where it went wrong. */
static int be_refused(void)
{
	struct gy_packet packet;
	struct gy_message answer = {.type = GY_WIRE_NONE};
	int fd, memory;

	if (setgid(12345) < 0 || setuid(12345) < 0)
		return 1;
	fd = peer_connect(exporter.instance);
	if (gy_packet_receive(fd, &packet, &memory) != GEYSER_OK || memory != -1 ||
		gy_packet_next(&packet, &answer) != GEYSER_OK)
		return 2;
	if (answer.type != GY_WIRE_ERROR || answer.error.result != GEYSER_ERROR_PERMISSION)
		return 3;
	if (!strstr(answer.error.detail, "shares nothing with uid 12345"))
		return 4;
	return hung_up(fd) ? 0 : 5;
}

/* The directory's mode keeps others out; even with that gone, the exporter asks who is there. */
static void another_user_is_refused(void **state)
{
	char path[64];
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can become somebody else */
	(void)snprintf(
		path, sizeof(path), "geyser/%016llx.sock", (unsigned long long)exporter.instance);
	assert_int_equal(chmod(test_runtime_path(path), 0666), 0);
	assert_int_equal(chmod(test_runtime_path("geyser"), 0711), 0);
	assert_int_equal(chmod(test_runtime_path("."), 0711), 0);
	pid = fork();
	if (pid == 0)
		_exit(be_refused());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(test_runtime_path("."), 0700), 0);
	assert_int_equal(chmod(test_runtime_path("geyser"), 0700), 0);
	nothing_is_left();
}

/* A socket that another user listens on, in our own registry: nothing is asked of it. */
static void another_users_exporter_is_refused(void **state)
{
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct fake fake;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can become somebody else */
	fake_start(&fake, NULL, NULL);
	handle = fake_handle(&fake, GY_HANDLE_TEXTURE);
	/* who listens last is whom the kernel names */
	assert_int_equal(seteuid(12345), 0);
	assert_int_equal(listen(fake.listener, 4), 0);
	assert_int_equal(seteuid(0), 0);
	assert_ok(geyser_manager_create(NULL, &manager));
	assert_fails(GEYSER_ERROR_PERMISSION, "runs as uid 12345",
		geyser_texture_import(manager, &handle, NULL, &texture));
	assert_fails(GEYSER_ERROR_PERMISSION, "runs as uid 12345",
		geyser_handle_from_id(geyser_handle_id(&handle), &handle));
	geyser_manager_destroy(manager);
	fake_stop(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_importer_by_hand),
		cmocka_unit_test(garbage_is_dropped),
		cmocka_unit_test(another_major_version_is_told),
		cmocka_unit_test(a_greeting_comes_first_and_once),
		cmocka_unit_test(answers_are_no_questions),
		cmocka_unit_test(descriptors_are_not_taken),
		cmocka_unit_test(floods_without_reading),
		cmocka_unit_test(imports_without_reading),
		cmocka_unit_test(tokens_it_never_gave),
		cmocka_unit_test(releases_of_what_it_never_had),
		cmocka_unit_test(too_many_connections_are_told),
		cmocka_unit_test(greedy_processes_leave_room),
		cmocka_unit_test(idle_ones_make_room_for_others),
		cmocka_unit_test(silent_peers_delay_nobody),
		cmocka_unit_test(greeted_peers_are_not_kept),
		cmocka_unit_test(a_release_ends_the_hold),
		cmocka_unit_test(questions_keep_a_connection),
		cmocka_unit_test(silence_within_a_process),
		cmocka_unit_test(another_user_is_refused),
		cmocka_unit_test(another_users_exporter_is_refused),
	};

	test_limit(100);
	return cmocka_run_group_tests_name(
		"hostile importer", tests, start_exporter, stop_exporter);
}
