/* SPDX-License-Identifier: MIT */
/*
 * The Mach service that sends surfaces to importers. The tests use the library's internal
 * functions. Unknown senders send all kinds of messages to the service, and false exporters answer
 * with nonsense or not at all.
 */
#include "ipc/surface/mach.h"
#include "ipc/surface/surface.h"

#include "base/clock.h"
#include "base/error.h"

#include "surfaces.h"

#include <inttypes.h>
#include <mach/mach.h>
#include <pthread.h>
#include <servers/bootstrap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#if !defined(__APPLE__)
#include <apple_double.h>
#endif

#define PATIENCE (20 * GY_SECOND)
#define HURRY (200 * GY_MILLISECOND)
#define TICKET 0x67790001
#define SURFACE 0x67790002
#define NONE 0x67790003

#define ok(call) assert_int_equal((call), GEYSER_OK)
#define refused(wanted, word, call)                                           \
	do {                                                                  \
		assert_int_equal((call), (wanted));                           \
		if (!strstr(geyser_error_detail(), (word)))                   \
			fail_msg("%s: no %s", geyser_error_detail(), (word)); \
	} while (0)

/* ---- an exporter ---- */

static uint64_t exporter;
static struct gy_surfaces *surfaces;
static IOSurfaceRef surface;
static const int owner = 1;

static uint64_t next_instance(void)
{
	static uint64_t count;

	return ((uint64_t)getpid() << 32 | 0x5e5e0000u) + ++count;
}

static int begin(void **state)
{
	(void)state;
	(void)alarm(100);
	exporter = next_instance();
	surface = make_surface(&bgra_surface);
	return 0;
}

static int end(void **state)
{
	(void)state;
	gy_surface_withdraw(surfaces, &owner);
	gy_surfaces_finish(surfaces);
	surfaces = NULL;
	assert_false(IOSurfaceIsInUse(surface)); /* no right to it is left */
	CFRelease(surface);
#if !defined(__APPLE__)
	assert_true(apple_double_settle(0, 5000));
#endif
	(void)alarm(0);
	return 0;
}

struct ticket {
	uint8_t bytes[GY_TICKET_SIZE];
};

/* Offers the surface to another process, so that it is sent by Mach. */
static struct ticket offer(void)
{
	struct gy_wire_texture texture = {.native.object = surface};
	struct ticket ticket;

	ok(gy_surface_offer(&surfaces, exporter, &owner, getppid(), &texture));
	memcpy(ticket.bytes, texture.ticket, sizeof(ticket.bytes));
	return ticket;
}

static void collects(const struct ticket *ticket)
{
	void *collected = NULL;

	ok(gy_mach_collect(exporter, ticket->bytes, PATIENCE, &collected));
	assert_int_equal(IOSurfaceGetID(collected), IOSurfaceGetID(surface));
	gy_surface_release(collected);
}

static void collects_nothing(const struct ticket *ticket)
{
	void *collected = NULL;

	refused(GEYSER_ERROR_NOT_FOUND, "unexported meanwhile",
		gy_mach_collect(exporter, ticket->bytes, PATIENCE, &collected));
	assert_null(collected);
}

static void a_ticket_is_good_once(void **state)
{
	struct ticket ticket = offer();

	(void)state;
	collects(&ticket);
	collects_nothing(&ticket);
}

static void another_ticket_is_good_for_nothing(void **state)
{
	struct ticket ticket = offer(), other = ticket;

	(void)state;
	other.bytes[0] ^= 1;
	collects_nothing(&other);
	other = ticket;
	other.bytes[GY_TICKET_SIZE - 1] ^= 0x80;
	collects_nothing(&other);
	collects(&ticket);
}

static void a_ticket_withdrawn(void **state)
{
	struct ticket ticket = offer();

	(void)state;
	gy_surface_withdraw(surfaces, &owner);
	collects_nothing(&ticket);
}

static void who_collects_nothing_loses_the_oldest(void **state)
{
	struct ticket tickets[20];

	(void)state;
	for (size_t i = 0; i < 20; i++)
		tickets[i] = offer();
	for (size_t i = 0; i < 20; i++) {
		if (i < 4)
			collects_nothing(&tickets[i]);
		else
			collects(&tickets[i]);
	}
}

static void one_service_of_a_name(void **state)
{
	struct gy_mach_service *service = NULL;
	struct ticket ticket = offer();

	(void)state;
	refused(GEYSER_ERROR_SYSTEM, "Service active", gy_mach_serve(exporter, NULL, &service));
	assert_null(service);
	collects(&ticket);
}

/* ---- messages of unknown senders ---- */

static void service_name(uint64_t instance, char name[32])
{
	(void)snprintf(name, 32, "geyser.%016" PRIx64, instance);
}

static mach_port_t find_service(void)
{
	char name[32];
	mach_port_t port;

	service_name(exporter, name);
	assert_int_equal(bootstrap_look_up(bootstrap_port, name, &port), BOOTSTRAP_SUCCESS);
	return port;
}

struct garbage {
	mach_msg_header_t header;
	uint8_t bytes[512];
};

struct carrying {
	mach_msg_header_t header;
	mach_msg_body_t body;
	mach_msg_port_descriptor_t port;
};

static void send_message(mach_msg_header_t *header, mach_msg_id_t id, size_t size, bool complex)
{
	mach_port_t service = find_service();

	header->msgh_bits =
		MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | (complex ? MACH_MSGH_BITS_COMPLEX : 0);
	header->msgh_size = (mach_msg_size_t)size;
	header->msgh_remote_port = service;
	header->msgh_local_port = MACH_PORT_NULL;
	header->msgh_id = id;
	assert_int_equal(mach_msg(header, MACH_SEND_MSG, header->msgh_size, 0, MACH_PORT_NULL, 0,
				 MACH_PORT_NULL),
		MACH_MSG_SUCCESS);
	assert_int_equal(mach_port_deallocate(mach_task_self(), service), KERN_SUCCESS);
}

/* Sends a message with a right to the surface. The service must release the right. */
static void send_a_port(mach_msg_id_t id)
{
	struct carrying message = {.body.msgh_descriptor_count = 1};

	message.port.name = IOSurfaceCreateMachPort(surface);
	message.port.disposition = MACH_MSG_TYPE_MOVE_SEND;
	message.port.type = MACH_MSG_PORT_DESCRIPTOR;
	send_message(&message.header, id, sizeof(message), true);
}

static void garbage_is_thrown_away(void **state)
{
	const size_t ticket_size = sizeof(mach_msg_header_t) + GY_TICKET_SIZE;
	struct ticket ticket = offer();
	struct garbage garbage;

	(void)state;
	memset(&garbage, 0x5a, sizeof(garbage));
	for (unsigned i = 0; i < 20; i++) {
		send_message(&garbage.header, 0, sizeof(garbage.header), false);
		send_message(&garbage.header, SURFACE, ticket_size, false);
		send_message(&garbage.header, TICKET, sizeof(garbage.header), false);
		send_message(&garbage.header, TICKET, ticket_size + 4, false);
		send_message(
			&garbage.header, TICKET, sizeof(garbage), false); /* too large to receive */
		send_a_port(TICKET);
		send_a_port(SURFACE);
	}
	send_message(&garbage.header, TICKET, ticket_size, false); /* without a reply port */
	collects(&ticket);
}

/* The sender's reply port is gone before the service has answered. */
static void senders_that_are_gone(void **state)
{
	struct ticket ticket = offer();
	struct {
		mach_msg_header_t header;
		struct ticket ticket;
	} message = {.ticket = ticket};
	mach_port_t service = find_service(), reply;

	(void)state;
	assert_int_equal(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &reply), 0);
	message.header.msgh_bits =
		MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	message.header.msgh_size = sizeof(message);
	message.header.msgh_remote_port = service;
	message.header.msgh_local_port = reply;
	message.header.msgh_id = TICKET;
	assert_int_equal(mach_msg(&message.header, MACH_SEND_MSG, sizeof(message), 0,
				 MACH_PORT_NULL, 0, MACH_PORT_NULL),
		MACH_MSG_SUCCESS);
	assert_int_equal(
		mach_port_mod_refs(mach_task_self(), reply, MACH_PORT_RIGHT_RECEIVE, -1), 0);
	assert_int_equal(mach_port_deallocate(mach_task_self(), service), 0);
	collects_nothing(&ticket); /* the request has used it up */
	ticket = offer();
	collects(&ticket);
}

/* ---- exporters that answer with nonsense ---- */

enum answer { NOTHING, HANGS_UP, WRONG_ID, A_WORD_MORE, ANOTHER_PORT };

struct fake {
	mach_port_t port;
	pthread_t thread;
	enum answer answer;
};

static void reply_to(mach_port_t reply, enum answer answer)
{
	struct carrying message = {.body.msgh_descriptor_count = 1};
	bool complex = answer == ANOTHER_PORT || answer == A_WORD_MORE;
	mach_port_t own = MACH_PORT_NULL;

	if (complex)
		assert_int_equal(
			mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &own), 0);
	message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0) |
				   (complex ? MACH_MSGH_BITS_COMPLEX : 0);
	message.header.msgh_size = complex ? sizeof(message) : sizeof(message.header);
	message.header.msgh_remote_port = reply;
	message.header.msgh_id = answer == ANOTHER_PORT ? SURFACE : 0x1234;
	message.port.name = own;
	message.port.disposition = MACH_MSG_TYPE_MAKE_SEND;
	message.port.type = MACH_MSG_PORT_DESCRIPTOR;
	assert_int_equal(mach_msg(&message.header, MACH_SEND_MSG, message.header.msgh_size, 0,
				 MACH_PORT_NULL, 0, MACH_PORT_NULL),
		MACH_MSG_SUCCESS);
	if (own)
		(void)mach_port_mod_refs(mach_task_self(), own, MACH_PORT_RIGHT_RECEIVE, -1);
}

/* Answers one request. */
static void *fake_exporter(void *data)
{
	struct fake *fake = data;
	struct garbage request;
	mach_port_t reply;

	if (mach_msg(&request.header, MACH_RCV_MSG, 0, sizeof(request), fake->port, 0,
		    MACH_PORT_NULL) != MACH_MSG_SUCCESS)
		return "it was asked nothing";
	reply = request.header.msgh_remote_port;
	if (fake->answer == HANGS_UP || fake->answer == NOTHING) {
		if (fake->answer == NOTHING)
			return (void *)(uintptr_t)reply;
		mach_msg_destroy(&request.header);
	} else {
		reply_to(reply, fake->answer);
	}
	return NULL;
}

static void fake_answers(enum answer answer, enum geyser_result wanted, const char *word)
{
	struct fake fake = {.answer = answer};
	struct ticket ticket = {{1}};
	void *collected = NULL, *reply;
	char name[32];

	service_name(exporter, name);
	assert_int_equal(bootstrap_check_in(bootstrap_port, name, &fake.port), BOOTSTRAP_SUCCESS);
	assert_int_equal(pthread_create(&fake.thread, NULL, fake_exporter, &fake), 0);
	refused(wanted, word,
		gy_mach_collect(
			exporter, ticket.bytes, answer == NOTHING ? HURRY : PATIENCE, &collected));
	assert_null(collected);
	assert_int_equal(pthread_join(fake.thread, &reply), 0);
	if (reply)
		(void)mach_port_deallocate(mach_task_self(), (mach_port_t)(uintptr_t)reply);
	(void)mach_port_mod_refs(mach_task_self(), fake.port, MACH_PORT_RIGHT_RECEIVE, -1);
}

static void exporters_that_answer_wrong(void **state)
{
	(void)state;
	fake_answers(NOTHING, GEYSER_ERROR_TIMEOUT, "doesn't answer");
	fake_answers(HANGS_UP, GEYSER_ERROR_DISCONNECTED, "has ended");
	fake_answers(WRONG_ID, GEYSER_ERROR_DISCONNECTED, "has ended");
	fake_answers(A_WORD_MORE, GEYSER_ERROR_DISCONNECTED, "has ended");
	fake_answers(ANOTHER_PORT, GEYSER_ERROR_PROTOCOL, "to an IOSurface");
}

static void an_exporter_that_has_ended(void **state)
{
	struct ticket ticket = offer();
	void *collected = NULL;

	(void)state;
	gy_surface_withdraw(surfaces, &owner);
	gy_surfaces_finish(surfaces);
	surfaces = NULL;
	refused(GEYSER_ERROR_STALE, "launchd knows no Mach service",
		gy_mach_collect(exporter, ticket.bytes, PATIENCE, &collected));
}

/* ---- short of resources ---- */

#if !defined(__APPLE__)
static void fails(const char *call, enum geyser_result wanted, const char *word)
{
	struct ticket ticket = offer();
	void *collected = NULL;

	apple_double_fail(call, 1);
	refused(wanted, word, gy_mach_collect(exporter, ticket.bytes, PATIENCE, &collected));
	assert_null(collected);
	apple_double_fail(NULL, 0);
	ticket = offer();
	collects(&ticket);
}

static void calls_that_fail_here(void **state)
{
	(void)state;
	fails("bootstrap_look_up", GEYSER_ERROR_STALE, "no Mach service");
	fails("mach_port_allocate", GEYSER_ERROR_SYSTEM, "mach_port_allocate");
	fails("mach_msg_send", GEYSER_ERROR_TIMEOUT, "doesn't answer");
	fails("IOSurfaceLookupFromMachPort", GEYSER_ERROR_PROTOCOL, "to an IOSurface");
	fails("IOSurfaceCreateMachPort", GEYSER_ERROR_PROTOCOL, "to an IOSurface");
}

static void a_service_that_can_t_be(void **state)
{
	struct gy_wire_texture texture = {.native.object = surface};
	struct ticket ticket;

	(void)state;
	apple_double_fail("bootstrap_check_in", 1);
	refused(GEYSER_ERROR_SYSTEM, "bootstrap_check_in",
		gy_surface_offer(&surfaces, exporter, &owner, getppid(), &texture));
	ticket = offer(); /* the next offer works */
	collects(&ticket);
}

/* The importer gets an error when the answer can't be sent. */
static void an_answer_that_can_t_be_sent(void **state)
{
	struct ticket ticket = offer();
	void *collected = NULL;

	(void)state;
	apple_double_fail("mach_msg_send", 2); /* the request is the first */
	refused(GEYSER_ERROR_DISCONNECTED, "has ended",
		gy_mach_collect(exporter, ticket.bytes, PATIENCE, &collected));
	apple_double_fail(NULL, 0);
	ticket = offer();
	collects(&ticket);
}
#endif

#define service_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		service_test(a_ticket_is_good_once),
		service_test(another_ticket_is_good_for_nothing),
		service_test(a_ticket_withdrawn),
		service_test(who_collects_nothing_loses_the_oldest),
		service_test(one_service_of_a_name),
		service_test(garbage_is_thrown_away),
		service_test(senders_that_are_gone),
		service_test(exporters_that_answer_wrong),
		service_test(an_exporter_that_has_ended),
#if !defined(__APPLE__)
		service_test(calls_that_fail_here),
		service_test(a_service_that_can_t_be),
		service_test(an_answer_that_can_t_be_sent),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
