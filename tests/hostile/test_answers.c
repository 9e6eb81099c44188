/* Exporters that send wrong answers: garbage, nothing, answers to other requests, and more. */
#include "peer.h"
#include "sockets.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE (30 * GY_SECOND) /* an importer that waits this long hangs */
#define HURRY (200 * GY_MILLISECOND)
#define TICK (10 * GY_MILLISECOND) /* the resolution of a socket's timeouts */

/* Writes a correct answer to the request into `bytes`, for the caller to spoil. Returns its
 * size. */
static size_t right_answer(const struct gy_message *request, uint8_t bytes[GY_MESSAGE_MAX])
{
	struct gy_message answer = {
		.type = GY_WIRE_EVENT, .sequence = request->sequence, .event.size = 4096};

	if (request->object.kind == GY_HANDLE_TEXTURE)
		answer = peer_texture(GY_WIRE_TEXTURE, request->sequence, 32, 32, 0);
	return gy_wire_encode(&answer, bytes, GY_MESSAGE_MAX);
}

enum spoiled {
	RIGHT,
	GARBAGE,
	CUT,
	CUT_IN_HEADER,
	EMPTY_PACKET,
	LONG_PACKET,
	OTHER_MAJOR,
	UNKNOWN_TYPE,
	OPTIONAL_TYPE,
	WRONG_TYPE,
	A_REQUEST,
	TWO_FDS,
	EIGHT_FDS,
	SIXTEEN_FDS,
	HANGS_UP,
	OTHER_SEQUENCE_AND_HANGS_UP,
	REFUSES_UNKNOWN,
	REFUSES_AS_SUCCESS,
};

static const struct answer {
	enum spoiled how;
	enum geyser_result result;
	const char *words;
} answers[] = {
	{RIGHT, GEYSER_OK, NULL},
	{GARBAGE, GEYSER_ERROR_PROTOCOL, "no geyser message"},
	{CUT, GEYSER_ERROR_PROTOCOL, "cut off"},
	{CUT_IN_HEADER, GEYSER_ERROR_PROTOCOL, "no geyser message"},
#ifdef GEYSER_PLATFORM_APPLE /* on Apple an empty packet isn't the end of the stream */
	{EMPTY_PACKET, GEYSER_ERROR_PROTOCOL, "no packet"},
#else
	{EMPTY_PACKET, GEYSER_ERROR_DISCONNECTED, NULL},
#endif
	{LONG_PACKET, GEYSER_ERROR_PROTOCOL, "more than 1024"},
	{OTHER_MAJOR, GEYSER_ERROR_PROTOCOL, "protocol 2: this library speaks 1"},
	{UNKNOWN_TYPE, GEYSER_ERROR_PROTOCOL, "unknown type 99"},
	{OPTIONAL_TYPE, GEYSER_ERROR_PROTOCOL, "type 0"},
	{WRONG_TYPE, GEYSER_ERROR_PROTOCOL, "message of type"},
	{A_REQUEST, GEYSER_ERROR_PROTOCOL, "message of type 2"},
	{TWO_FDS, GEYSER_ERROR_PROTOCOL, "2 descriptors"},
	{EIGHT_FDS, GEYSER_ERROR_PROTOCOL, "8 descriptors"},
	{SIXTEEN_FDS, GEYSER_ERROR_PROTOCOL, "more than 8 descriptors"},
	{HANGS_UP, GEYSER_ERROR_DISCONNECTED, NULL},
	{OTHER_SEQUENCE_AND_HANGS_UP, GEYSER_ERROR_DISCONNECTED, NULL},
	{REFUSES_UNKNOWN, GEYSER_ERROR_SYSTEM, "because"},
	{REFUSES_AS_SUCCESS, GEYSER_ERROR_SYSTEM, "because"},
};

static void refuse(int connection, uint32_t sequence, int32_t result, const char *detail)
{
	struct gy_message answer = {.type = GY_WIRE_ERROR,
		.sequence = sequence,
		.error.result = (enum geyser_result)result};

	(void)snprintf(answer.error.detail, sizeof(answer.error.detail), "%s", detail);
	(void)peer_send_message(connection, &answer, -1);
}

/* Sends the spoiled answer. Returns false if it must send nothing and hang up. */
static bool spoil(int connection, enum spoiled how, const struct gy_message *request)
{
	uint8_t bytes[GY_PACKET_MAX + 1] = {0};
	struct gy_message other = *request;
	int fds[16] = {test_memory(4096)};
	size_t size, count = 1;
	bool sent;

	for (size_t i = 1; i < 16; i++)
		fds[i] = fds[0];
	size = right_answer(request, bytes);
	switch (how) {
	case RIGHT:
		break;
	case GARBAGE:
		memset(bytes, 0xa5, size);
		break;
	case CUT:
		size--;
		break;
	case CUT_IN_HEADER:
		size = GY_WIRE_HEADER - 1;
		break;
	case EMPTY_PACKET:
		size = 0;
		break;
	case LONG_PACKET:
		size = sizeof(bytes);
		break;
	case OTHER_MAJOR:
		bytes[4] = 2;
		break;
	case UNKNOWN_TYPE:
		bytes[6] = 99;
		break;
	case OPTIONAL_TYPE:
		bytes[7] = GY_WIRE_OPTIONAL >> 8;
		break;
	case WRONG_TYPE:
		other.object.kind ^= GY_HANDLE_TEXTURE ^ GY_HANDLE_EVENT;
		size = right_answer(&other, bytes);
		break;
	case A_REQUEST:
		size = gy_wire_encode(request, bytes, sizeof(bytes));
		break;
	case TWO_FDS:
		count = 2;
		break;
	case EIGHT_FDS:
		count = 8;
		break;
	case SIXTEEN_FDS:
		count = 16;
		break;
	case HANGS_UP:
		size = SIZE_MAX;
		break;
	case OTHER_SEQUENCE_AND_HANGS_UP:
		gy_put_le(bytes + 12, 4, request->sequence + 1);
		break;
	case REFUSES_UNKNOWN:
	case REFUSES_AS_SUCCESS:
		refuse(connection, request->sequence, how == REFUSES_UNKNOWN ? -99 : 0, "because");
		size = SIZE_MAX;
		break;
	}
	sent = size != SIZE_MAX && peer_send(connection, bytes, size, fds, count);
	(void)close(fds[0]);
	return sent && how != OTHER_SEQUENCE_AND_HANGS_UP;
}

static void answer_spoiled(struct fake *fake, int connection)
{
	struct gy_message request;

	while (fake_request(connection, &request))
		if (!spoil(connection, *(const enum spoiled *)fake->script, &request))
			return;
}

static struct geyser_manager *make_manager(uint64_t timeout_ns)
{
	const struct geyser_manager_desc desc = {.import_timeout_ns = timeout_ns};
	struct geyser_manager *manager;

	assert_ok(geyser_manager_create(&desc, &manager));
	return manager;
}

static enum geyser_result import(
	struct geyser_manager *manager, const struct fake *fake, enum gy_handle_kind kind)
{
	struct geyser_handle handle = fake_handle(fake, kind);
	struct geyser_texture *texture = NULL;
	struct geyser_event *event = NULL;
	enum geyser_result result =
		kind == GY_HANDLE_TEXTURE ? geyser_texture_import(manager, &handle, NULL, &texture)
					  : geyser_event_import(manager, &handle, &event);

	assert_int_equal(texture || event, result == GEYSER_OK);
	geyser_texture_unref(texture);
	geyser_event_unref(event);
	return result;
}

static void assert_answer(const struct answer *answer, enum geyser_result result)
{
	if (result != answer->result)
		print_error("answer %d:\n", answer->how);
	if (answer->result == GEYSER_OK)
		assert_ok(result);
	else
		assert_fails(answer->result, answer->words, result);
}

static void spoiled_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(answers); i++) {
		size_t fds = test_fd_count(getpid());
		struct geyser_manager *manager = make_manager(PATIENCE);
		struct fake fake;

		fake_start(&fake, answer_spoiled, &answers[i].how);
		/* The second try uses what the first one has left behind. */
		for (int times = 0; times < 2; times++) {
			assert_answer(&answers[i], import(manager, &fake, GY_HANDLE_TEXTURE));
			assert_answer(&answers[i], import(manager, &fake, GY_HANDLE_EVENT));
		}
		geyser_manager_destroy(manager);
		fake_stop(&fake);
		assert_int_equal(test_fd_count(getpid()), fds);
	}
}

/* ---- error messages ---- */

static void answer_rudely(struct fake *fake, int connection)
{
	struct gy_message request;

	while (fake_request(connection, &request))
		refuse(connection, request.sequence, GEYSER_ERROR_BUSY, fake->script);
}

static void its_words_are_printable(void **state)
{
	static const char rude[] = "a\x1b[2Jb\r\nc\x07"
				   "d\x7f"
				   "e\xc2\x9b"
				   "31mf\xc2\x80\xc2\xa0 ü";
	struct geyser_manager *manager = make_manager(PATIENCE);
	const char *detail;
	struct fake fake;

	(void)state;
	fake_start(&fake, answer_rudely, rude);
	assert_fails(GEYSER_ERROR_BUSY, "b??c", import(manager, &fake, GY_HANDLE_EVENT));
	detail = geyser_error_detail();
	assert_string_equal(detail, "a?[2Jb??c?d?e??31mf??\xc2\xa0 ü");
	geyser_manager_destroy(manager);
	fake_stop(&fake);
}

static void its_words_are_no_format(void **state)
{
	struct geyser_manager *manager = make_manager(PATIENCE);
	struct fake fake;

	(void)state;
	fake_start(&fake, answer_rudely, "%s%n%d %100000d");
	assert_fails(
		GEYSER_ERROR_BUSY, "%s%n%d %100000d", import(manager, &fake, GY_HANDLE_TEXTURE));
	geyser_manager_destroy(manager);
	fake_stop(&fake);
}

/* The exporter is alive, and answers with the result that a connection's death would give. */
static void answer_once_and_then_disconnected(struct fake *fake, int connection)
{
	enum spoiled how = RIGHT;
	struct gy_message request;

	(void)fake;
	while (fake_request(connection, &request)) {
		if (how == RIGHT)
			(void)spoil(connection, how, &request);
		else
			refuse(connection, request.sequence, GEYSER_ERROR_DISCONNECTED, "gone");
		how = HANGS_UP;
	}
}

static void a_false_disconnection_is_believed_once(void **state)
{
	struct geyser_manager *manager = make_manager(PATIENCE);
	struct geyser_handle handle;
	struct geyser_texture *kept;
	struct fake fake;

	(void)state;
	fake_start(&fake, answer_once_and_then_disconnected, NULL);
	handle = fake_handle(&fake, GY_HANDLE_TEXTURE);
	assert_ok(geyser_texture_import(manager, &handle, NULL, &kept));
	assert_fails(GEYSER_ERROR_DISCONNECTED, "gone", import(manager, &fake, GY_HANDLE_EVENT));
	assert_int_equal(atomic_load(&fake.served), 1);
	geyser_texture_unref(kept);
	geyser_manager_destroy(manager);
	fake_stop(&fake);
}

/* ---- silence ---- */

static void say_nothing(struct fake *fake, int connection)
{
	fake_linger(fake, connection);
}

static void answer_others_for_ever(struct fake *fake, int connection)
{
	struct gy_message request;
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t size;

	(void)fake;
	if (!fake_request(connection, &request))
		return;
	size = right_answer(&request, bytes);
	gy_put_le(bytes + 12, 4, request.sequence + 1);
	while (peer_send(connection, bytes, size, &connection, 1))
		;
}

static void assert_times_out(const struct fake *fake)
{
	struct geyser_manager *manager = make_manager(HURRY);
	uint64_t before = gy_now();

	assert_fails(GEYSER_ERROR_TIMEOUT, "stopped?", import(manager, fake, GY_HANDLE_TEXTURE));
	assert_in_range(gy_now() - before, HURRY - TICK, PATIENCE);
	before = gy_now();
	assert_fails(GEYSER_ERROR_TIMEOUT, "stopped?", import(manager, fake, GY_HANDLE_EVENT));
	assert_in_range(gy_now() - before, HURRY - TICK, PATIENCE);
	geyser_manager_destroy(manager);
}

static void times_out_on(void (*serve)(struct fake *fake, int connection))
{
	size_t fds = test_fd_count(getpid());
	struct fake fake;

	fake_start(&fake, serve, NULL);
	assert_times_out(&fake);
	fake_stop(&fake);
	assert_int_equal(test_fd_count(getpid()), fds);
}

static void silence(void **state)
{
	(void)state;
	times_out_on(say_nothing);
}

static void others_answers_for_ever(void **state)
{
	(void)state;
	times_out_on(answer_others_for_ever);
}

/* Fills the queue of a socket that never accepts. Returns the number of connected sockets in
 * `fds`. */
static size_t fill_queue(uint64_t instance, int *fds, size_t most)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t count;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%016" PRIx64 ".sock",
		test_runtime_path("geyser"), instance);
	for (count = 0; count < most; count++) {
		fds[count] = test_socket();
		assert_int_equal(fcntl(fds[count], F_SETFL, O_NONBLOCK), 0);
		if (connect(fds[count], (const struct sockaddr *)&address, sizeof(address)) == 0)
			continue;
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(close(fds[count]), 0);
		return count;
	}
	fail_msg("the queue has no end");
	return 0;
}

static void nobody_accepts(void **state)
{
	struct fake fake;
	int fds[64];
	size_t count;

	(void)state;
	fake_start(&fake, NULL, NULL);
	count = fill_queue(fake.instance, fds, TEST_COUNT(fds));
	assert_times_out(&fake);
	while (count > 0)
		assert_int_equal(close(fds[--count]), 0);
	fake_stop(&fake);
}

static void ignore(int number)
{
	(void)number;
}

struct profiler {
	pthread_t target;
	_Atomic bool end;
};

static void *interrupt(void *data)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct profiler *profiler = data;

	while (!atomic_load(&profiler->end)) {
		(void)pthread_kill(profiler->target, SIGUSR1);
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

/* A profiler's timer interrupts every call. The importer's wait must end all the same. */
static void deadlines_hold_among_signals(void **state)
{
	const struct sigaction action = {.sa_handler = ignore};
	/* the importer's thread, not the exporter's */
	struct profiler profiler = {.target = pthread_self()};
	struct sigaction before;
	pthread_t thread;

	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	assert_int_equal(pthread_create(&thread, NULL, interrupt, &profiler), 0);
	silence(state);
	nobody_accepts(state);
	atomic_store(&profiler.end, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

/* ---- ids ---- */

static const struct id_answer {
	uint32_t id_change;
	uint64_t instance_change;
	bool damaged, wrong_type;
	enum geyser_result result;
} id_answers[] = {
	{0, 0, false, false, GEYSER_OK},
	{1, 0, false, false, GEYSER_ERROR_PROTOCOL},
	{0, 1, false, false, GEYSER_ERROR_PROTOCOL},
	{0, 0, true, false, GEYSER_ERROR_PROTOCOL},
	{0, 0, false, true, GEYSER_ERROR_PROTOCOL},
};

static void answer_an_id(struct fake *fake, int connection)
{
	const struct id_answer *script = fake->script;
	struct gy_message request, answer = {.type = GY_WIRE_HANDLE};
	struct gy_handle_fields fields = {.kind = GY_HANDLE_TEXTURE, .uid = geteuid()};

	if (!fake_request(connection, &request) || request.type != GY_WIRE_RESOLVE)
		return;
	fields.id = request.id + script->id_change;
	fields.instance = fake->instance + script->instance_change;
	gy_handle_encode(&fields, &answer.handle);
	answer.handle.bytes[63] ^= script->damaged;
	if (script->wrong_type)
		answer = (struct gy_message){.type = GY_WIRE_EVENT};
	answer.sequence = request.sequence;
	(void)peer_send_message(connection, &answer, connection);
}

static void answers_for_another_id(void **state)
{
	static const struct geyser_handle zero;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(id_answers); i++) {
		size_t fds = test_fd_count(getpid());
		struct geyser_handle handle, found;
		struct fake fake;

		fake_start(&fake, answer_an_id, &id_answers[i]);
		handle = fake_handle(&fake, GY_HANDLE_TEXTURE);
		assert_answer(&(struct answer){.result = id_answers[i].result},
			geyser_handle_from_id(geyser_handle_id(&handle), &found));
		if (id_answers[i].result != GEYSER_OK)
			assert_memory_equal(&found, &zero, sizeof(zero));
		fake_stop(&fake);
		assert_int_equal(test_fd_count(getpid()), fds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spoiled_answers),
		cmocka_unit_test(its_words_are_printable),
		cmocka_unit_test(its_words_are_no_format),
		cmocka_unit_test(a_false_disconnection_is_believed_once),
		cmocka_unit_test(silence),
		cmocka_unit_test(others_answers_for_ever),
		cmocka_unit_test(nobody_accepts),
		cmocka_unit_test(deadlines_hold_among_signals),
		cmocka_unit_test(answers_for_another_id),
	};

	test_limit(100);
	return test_run("hostile answers", tests, test_runtime_enter, test_runtime_leave);
}
