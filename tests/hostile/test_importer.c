/* Importers that misbehave against a real exporter in a process of its own. The exporter must drop
 * them, keep nothing of theirs, and serve all other importers meanwhile. */
#include "victim.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_right_importer_by_hand(void **state)
{
	struct gy_message message = import_request(&exporter.texture);
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

/* Sends bytes that make the exporter hang up, as the first bytes and after a greeting. */
static void garbage_is_dropped(void **state)
{
	uint8_t packets[6][GY_PACKET_MAX] = {{0}};
	size_t sizes[] = {1, GY_WIRE_HEADER - 1, 36, 35, GY_PACKET_MAX, 20};
	struct gy_message request = import_request(&exporter.texture);

	(void)state;
	memset(packets[2], 0xff, 36);
	(void)gy_wire_encode(&request, packets[3], GY_PACKET_MAX); /* one byte is missing */
	memset(packets[4], 'G', GY_PACKET_MAX);
	request = (struct gy_message){.type = GY_WIRE_RESOLVE, .id = 1};
	(void)gy_wire_encode(&request, packets[5], GY_PACKET_MAX);
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
	struct gy_message request = import_request(&exporter.texture);
	int fd = peer_connect(exporter.instance);

	(void)state;
	assert_true(peer_send_message(fd, &request, -1));
	assert_true(hung_up(fd));
	assert_int_equal(close(fd), 0);
	fd = peer_greet(exporter.instance);
	assert_true(peer_send_message(fd, &hello, -1));
	assert_true(hung_up(fd));
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

/* Messages that only an exporter may send are refused as requests. */
static void answers_are_no_requests(void **state)
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
	struct gy_message request = import_request(&exporter.texture);
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t size = gy_wire_encode(&request, bytes, sizeof(bytes));
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

/* Sends packets full of requests and never reads an answer. */
static void floods_without_reading(void **state)
{
	const struct gy_message request = {.type = GY_WIRE_RESOLVE, .id = 1};
	struct gy_packet packet = {.size = 0};
	int fds[4];

	(void)state;
	while (packet.size + 20 <= GY_PACKET_MAX)
		gy_packet_add(&packet, &request);
	for (size_t i = 0; i < TEST_COUNT(fds); i++)
		fds[i] = peer_greet(exporter.instance);
	for (size_t i = 0; i < TEST_COUNT(fds); i++) {
		/* The exporter hangs up when its answers no longer fit. Until then it may be
		 * slow. */
		unsigned sent = 0;

		while (peer_send(fds[i], packet.bytes, packet.size, NULL, 0) && sent < 1000000)
			if (++sent == 5)
				a_real_import_works();
		assert_in_range(sent, 1, 999999);
		assert_int_equal(close(fds[i]), 0);
	}
	nothing_is_left();
}

/* Imports without receiving the memory. The exporter must not keep the sent memory open. */
static void imports_without_reading(void **state)
{
	const struct gy_message request = import_request(&exporter.texture);
	int fd = peer_greet(exporter.instance);
	unsigned sent = 0;

	(void)state;
	while (peer_send_message(fd, &request, -1) && sent < 1000000)
		sent++;
	assert_in_range(sent, 1, 999999);
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

static void tokens_it_never_gave(void **state)
{
	struct gy_message request = import_request(&exporter.texture), answer;
	int fd = peer_greet(exporter.instance), memory;

	(void)state;
	for (uint32_t i = 1; i <= 10000; i++) {
		struct gy_message guess = request;

		guess.sequence = i;
		/* Try the right token with one wrong bit, and the right token with the wrong
		 * kind. */
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
	assert_true(peer_send_message(fd, &request, -1));
	answer = answer_of(fd, &memory);
	assert_int_equal(answer.type, GY_WIRE_TEXTURE);
	assert_int_equal(close(memory), 0);
	assert_int_equal(close(fd), 0);
	nothing_is_left();
}

/* Releasing objects that this importer never had takes nothing away from importers that have
 * them. */
static void releases_of_what_it_never_had(void **state)
{
	struct gy_message release = import_request(&exporter.texture);
	struct gy_message request = release, answer;
	struct gy_message resolve = {.type = GY_WIRE_RESOLVE, .sequence = 9, .id = 12345};
	int fd = peer_greet(exporter.instance), other = peer_greet(exporter.instance), memory;

	(void)state;
	assert_true(peer_send_message(other, &request, -1));
	answer = answer_of(other, &memory);
	assert_int_equal(answer.type, GY_WIRE_TEXTURE);
	assert_int_equal(close(memory), 0);
	assert_int_equal(importers_now(), 1);
	release.type = GY_WIRE_RELEASE;
	for (int i = 0; i < 1000; i++) {
		assert_true(peer_send_message(fd, &release, -1));
		release.object.token[0]++;
	}
	release.object.token[0] = request.object.token[0];
	/* Release one import five times. */
	assert_true(peer_send_message(fd, &request, -1));
	answer = answer_of(fd, &memory);
	assert_int_equal(answer.type, GY_WIRE_TEXTURE);
	assert_int_equal(close(memory), 0);
	for (int i = 0; i < 5; i++)
		assert_true(peer_send_message(fd, &release, -1));
	/* The exporter still answers. */
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

/* For a child: returns 0 if the exporter refuses uid 12345 with a sentence, else the number of the
 * step that failed. */
static int be_refused(void *data)
{
	struct gy_packet packet;
	struct gy_message answer = {.type = GY_WIRE_NONE};
	int fd, memory;

	(void)data;
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

/* The directory's mode keeps other users out. Without that protection the exporter still checks the
 * peer's uid. */
static void another_user_is_refused(void **state)
{
	char path[64];

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can become another user */
	(void)snprintf(
		path, sizeof(path), "geyser/%016llx.sock", (unsigned long long)exporter.instance);
	assert_int_equal(chmod(test_runtime_path(path), 0666), 0);
	assert_int_equal(chmod(test_runtime_path("geyser"), 0711), 0);
	assert_int_equal(chmod(test_runtime_path("."), 0711), 0);
	in_child(be_refused, NULL);
	assert_int_equal(chmod(test_runtime_path("."), 0700), 0);
	assert_int_equal(chmod(test_runtime_path("geyser"), 0700), 0);
	nothing_is_left();
}

/* Another user listens on a socket in this user's registry. An importer must not send a request to
 * it. */
static void another_users_exporter_is_refused(void **state)
{
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct fake fake;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can become another user */
	fake_start(&fake, NULL, NULL);
	handle = fake_handle(&fake, GY_HANDLE_TEXTURE);
	/* The kernel names the user that called listen() last. */
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
		cmocka_unit_test(answers_are_no_requests),
		cmocka_unit_test(descriptors_are_not_taken),
		cmocka_unit_test(floods_without_reading),
		cmocka_unit_test(imports_without_reading),
		cmocka_unit_test(tokens_it_never_gave),
		cmocka_unit_test(releases_of_what_it_never_had),
		cmocka_unit_test(another_user_is_refused),
		cmocka_unit_test(another_users_exporter_is_refused),
	};

	test_limit(100);
	return test_run("hostile importer", tests, start_exporter, stop_exporter);
}
