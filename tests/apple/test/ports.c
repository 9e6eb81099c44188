/* SPDX-License-Identifier: MIT */
/* The double's rules for Mach ports, messages and the bootstrap service. */
#include "support.h"

#include <bsm/libbsm.h>
#include <pthread.h>
#include <servers/bootstrap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TASK mach_task_self()
#define NOBODY_USED_IT 71
#define WAIT_MS 10000

#define TRAILER                                             \
	(MACH_RCV_TRAILER_TYPE(MACH_MSG_TRAILER_FORMAT_0) | \
		MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT))

struct request {
	mach_msg_header_t header;
	uint64_t token;
};

struct answer {
	mach_msg_header_t header;
	mach_msg_body_t body;
	mach_msg_port_descriptor_t surface;
	uint64_t token;
};

union received {
	mach_msg_header_t header;
	struct {
		struct request request;
		mach_msg_audit_trailer_t trailer;
	} request;
	struct answer answer;
	char room[1024];
};

static char service[64];

static int name_service(void **state)
{
	(void)state;
	(void)snprintf(service, sizeof(service), "org.geyser.test.%d.%d", getpid(), rand());
	return 0;
}

static int no_leaks(void **state)
{
	(void)state;
	apple_double_fail(NULL, 0);
	return apple_double_live() == 0 ? 0 : -1;
}

static mach_port_t check_in(void)
{
	mach_port_t port;

	assert_int_equal(bootstrap_check_in(bootstrap_port, service, &port), BOOTSTRAP_SUCCESS);
	return port;
}

static mach_port_t allocate(void)
{
	mach_port_t port;

	assert_int_equal(mach_port_allocate(TASK, MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
	return port;
}

static void drop_receiver(mach_port_t port)
{
	assert_int_equal(mach_port_mod_refs(TASK, port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
}

static kern_return_t ask(mach_port_t to, unsigned disposition, mach_port_t reply, uint64_t token)
{
	struct request request = {
		.header.msgh_bits =
			MACH_MSGH_BITS(disposition, reply ? MACH_MSG_TYPE_MAKE_SEND_ONCE : 0),
		.header.msgh_size = sizeof(request),
		.header.msgh_remote_port = to,
		.header.msgh_local_port = reply,
		.header.msgh_id = 7,
		.token = token,
	};

	return mach_msg(&request.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof(request), 0,
		MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static kern_return_t receive(mach_port_t port, union received *out, unsigned timeout)
{
	memset(out, 0, sizeof(*out));
	return mach_msg(&out->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT | TRAILER, 0, sizeof(*out),
		port, timeout, MACH_PORT_NULL);
}

static void rights_are_counted(void **state)
{
	mach_port_t port = allocate();
	mach_port_urefs_t references;
	mach_port_type_t type;

	(void)state;
	assert_int_equal(mach_port_deallocate(TASK, port), KERN_INVALID_RIGHT);
	assert_int_equal(
		mach_port_insert_right(TASK, port, port, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
	assert_int_equal(mach_port_mod_refs(TASK, port, MACH_PORT_RIGHT_SEND, 1), KERN_SUCCESS);
	assert_int_equal(
		mach_port_get_refs(TASK, port, MACH_PORT_RIGHT_SEND, &references), KERN_SUCCESS);
	assert_int_equal(references, 2);
	assert_int_equal(mach_port_type(TASK, port, &type), KERN_SUCCESS);
	assert_int_equal(type, MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_RECEIVE);
	assert_int_equal(apple_double_live(), 3);
	drop_receiver(port);
	assert_int_equal(mach_port_type(TASK, port, &type), KERN_SUCCESS);
	assert_int_equal(type, MACH_PORT_TYPE_DEAD_NAME);
	assert_int_equal(mach_port_deallocate(TASK, port), KERN_SUCCESS);
	assert_int_equal(mach_port_destroy(TASK, port), KERN_SUCCESS);
	assert_int_equal(mach_port_deallocate(TASK, port), KERN_INVALID_NAME);
	assert_int_equal(mach_port_deallocate(TASK, 0xbad), KERN_INVALID_NAME);
	assert_int_equal(
		mach_port_mod_refs(TASK, port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_INVALID_NAME);
}

static void a_service_has_its_name_alone(void **state)
{
	mach_port_t port, other, send;

	(void)state;
	assert_int_equal(
		bootstrap_look_up(bootstrap_port, service, &send), BOOTSTRAP_UNKNOWN_SERVICE);
	assert_int_equal(send, MACH_PORT_NULL);
	port = check_in();
	assert_int_equal(
		bootstrap_check_in(bootstrap_port, service, &other), BOOTSTRAP_SERVICE_ACTIVE);
	assert_int_equal(bootstrap_look_up(bootstrap_port, service, &send), BOOTSTRAP_SUCCESS);
	assert_int_equal(send, port); /* rights to one port have one name */
	mach_port_deallocate(TASK, send);
	drop_receiver(port);
	assert_int_equal(
		bootstrap_look_up(bootstrap_port, service, &send), BOOTSTRAP_UNKNOWN_SERVICE);
	drop_receiver(check_in());
	assert_string_equal(bootstrap_strerror(BOOTSTRAP_NOT_PRIVILEGED), "Permission denied");
}

static void a_sandbox_refuses(void **state)
{
	mach_port_t port;

	(void)state;
	setenv("GEYSER_DOUBLE_SANDBOX", "1", 1);
	assert_int_equal(
		bootstrap_check_in(bootstrap_port, service, &port), BOOTSTRAP_NOT_PRIVILEGED);
	assert_int_equal(
		bootstrap_look_up(bootstrap_port, service, &port), BOOTSTRAP_NOT_PRIVILEGED);
	unsetenv("GEYSER_DOUBLE_SANDBOX");
}

static void a_message_says_who_sent_it(void **state)
{
	mach_port_t port = check_in(), reply = allocate();
	union received message;
	audit_token_t token;

	(void)state;
	assert_int_equal(ask(port, MACH_MSG_TYPE_MAKE_SEND, reply, 42), MACH_MSG_SUCCESS);
	assert_int_equal(receive(port, &message, WAIT_MS), MACH_MSG_SUCCESS);
	assert_int_equal(message.header.msgh_id, 7);
	assert_int_equal(message.header.msgh_size, sizeof(struct request));
	assert_int_equal(message.header.msgh_local_port, port);
	assert_int_equal(
		MACH_MSGH_BITS_REMOTE(message.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND_ONCE);
	assert_int_equal(message.request.request.token, 42);
	assert_int_equal(
		message.request.trailer.msgh_trailer_size, sizeof(mach_msg_audit_trailer_t));
	token = message.request.trailer.msgh_audit;
	assert_int_equal(audit_token_to_euid(token), geteuid());
	assert_int_equal(audit_token_to_pid(token), getpid());
	/* the request is destroyed without an answer: the kernel tells its sender */
	mach_msg_destroy(&message.header);
	assert_int_equal(receive(reply, &message, WAIT_MS), MACH_MSG_SUCCESS);
	assert_int_equal(message.header.msgh_id, NOBODY_USED_IT);
	assert_int_equal(message.header.msgh_remote_port, MACH_PORT_NULL);
	drop_receiver(reply);
	drop_receiver(port);
}

static void waiting_ends(void **state)
{
	mach_port_t port = allocate();
	union received message;

	(void)state;
	assert_int_equal(receive(port, &message, 0), MACH_RCV_TIMED_OUT);
	assert_int_equal(receive(port, &message, 20), MACH_RCV_TIMED_OUT);
	assert_int_equal(receive(0xbad, &message, 0), MACH_RCV_INVALID_NAME);
	drop_receiver(port);
	assert_int_equal(receive(port, &message, 0), MACH_RCV_INVALID_NAME);
}

static void *wait_for_ever(void *argument)
{
	union received message;
	kern_return_t result = mach_msg(&message.header, MACH_RCV_MSG | TRAILER, 0, sizeof(message),
		*(mach_port_t *)argument, 0, MACH_PORT_NULL);

	return (void *)(intptr_t)result;
}

static void a_port_that_goes_wakes_its_receiver(void **state)
{
	mach_port_t port = allocate();
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wait_for_ever, &port), 0);
	drop_receiver(port); /* before the thread waits, or while it waits */
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_true((intptr_t)result == MACH_RCV_PORT_DIED ||
		    (intptr_t)result == MACH_RCV_INVALID_NAME);
}

static void what_cannot_be_sent(void **state)
{
	mach_port_t port = allocate();

	(void)state;
	assert_int_equal(ask(0xbad, MACH_MSG_TYPE_COPY_SEND, 0, 1), MACH_SEND_INVALID_DEST);
	assert_int_equal(ask(port, MACH_MSG_TYPE_COPY_SEND, 0, 1), MACH_SEND_INVALID_DEST);
	assert_int_equal(ask(port, MACH_MSG_TYPE_MAKE_SEND, 0xbad, 1), MACH_SEND_INVALID_REPLY);
	mach_port_insert_right(TASK, port, port, MACH_MSG_TYPE_MAKE_SEND);
	drop_receiver(port);
	assert_int_equal(ask(port, MACH_MSG_TYPE_COPY_SEND, 0, 1), MACH_SEND_INVALID_DEST);
	assert_int_equal(mach_port_deallocate(TASK, port), KERN_SUCCESS);
}

static void a_full_queue_times_out(void **state)
{
	mach_port_t port = allocate();
	kern_return_t result = MACH_MSG_SUCCESS;
	int sent = 0;

	(void)state;
	while (result == MACH_MSG_SUCCESS && sent++ < 5000)
		result = ask(port, MACH_MSG_TYPE_MAKE_SEND, 0, 1);
	assert_int_equal(result, MACH_SEND_TIMED_OUT);
	drop_receiver(port);
}

static void a_moved_right_is_gone(void **state)
{
	mach_port_t port = allocate();
	union received message;

	(void)state;
	mach_port_insert_right(TASK, port, port, MACH_MSG_TYPE_MAKE_SEND);
	assert_int_equal(apple_double_live(), 2);
	assert_int_equal(ask(port, MACH_MSG_TYPE_MOVE_SEND, 0, 1), MACH_MSG_SUCCESS);
	assert_int_equal(apple_double_live(), 1);
	assert_int_equal(receive(port, &message, WAIT_MS), MACH_MSG_SUCCESS);
	drop_receiver(port);
}

static void what_is_too_large_is_lost(void **state)
{
	mach_port_t port = allocate(), reply = allocate();
	union received message;

	(void)state;
	assert_int_equal(ask(port, MACH_MSG_TYPE_MAKE_SEND, reply, 1), MACH_MSG_SUCCESS);
	assert_int_equal(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT | TRAILER, 0,
				 sizeof(struct request), port, WAIT_MS, MACH_PORT_NULL),
		MACH_RCV_TOO_LARGE); /* no room for the trailer */
	assert_int_equal(receive(port, &message, 0), MACH_RCV_TIMED_OUT);
	assert_int_equal(receive(reply, &message, WAIT_MS), MACH_MSG_SUCCESS);
	assert_int_equal(message.header.msgh_id, NOBODY_USED_IT);
	drop_receiver(port);
	drop_receiver(reply);
}

/* A process that gets a service's name, and requests a surface from that service. */
static int peer_asks(int socket)
{
	union received message;
	IOSurfaceRef surface;
	mach_port_t port, reply;
	char name[64];
	int found;

	if (read(socket, name, sizeof(name)) != sizeof(name) ||
		bootstrap_look_up(bootstrap_port, name, &port) ||
		mach_port_allocate(TASK, MACH_PORT_RIGHT_RECEIVE, &reply))
		return 2;
	if (ask(port, MACH_MSG_TYPE_MOVE_SEND, reply, 99) || receive(reply, &message, WAIT_MS) ||
		message.answer.token != 100)
		return 3;
	mach_port_mod_refs(TASK, reply, MACH_PORT_RIGHT_RECEIVE, -1);
	surface = IOSurfaceLookupFromMachPort(message.answer.surface.name);
	found = surface && IOSurfaceGetWidth(surface) == 64;
	mach_port_deallocate(TASK, message.answer.surface.name);
	if (surface)
		CFRelease(surface);
	return found ? 0 : 4;
}

static void answer(mach_port_t to, mach_port_t surface)
{
	struct answer answer = {
		.header.msgh_bits = MACH_MSGH_BITS_SET(
			MACH_MSG_TYPE_MOVE_SEND_ONCE, 0, 0, MACH_MSGH_BITS_COMPLEX),
		.header.msgh_size = sizeof(answer),
		.header.msgh_remote_port = to,
		.body.msgh_descriptor_count = 1,
		.surface.name = surface,
		.surface.disposition = MACH_MSG_TYPE_MOVE_SEND,
		.surface.type = MACH_MSG_PORT_DESCRIPTOR,
		.token = 100,
	};

	assert_int_equal(mach_msg(&answer.header, MACH_SEND_MSG, sizeof(answer), 0, MACH_PORT_NULL,
				 0, MACH_PORT_NULL),
		MACH_MSG_SUCCESS);
}

static void a_service_hands_a_surface_over(void **state)
{
	struct peer peer = peer_start("ask", NULL);
	IOSurfaceRef surface = surface_new();
	mach_port_t port = check_in();
	union received message;
	audit_token_t token;

	(void)state;
	assert_int_equal(write(peer.socket, service, sizeof(service)), sizeof(service));
	assert_int_equal(receive(port, &message, WAIT_MS), MACH_MSG_SUCCESS);
	assert_int_equal(message.request.request.token, 99);
	token = message.request.trailer.msgh_audit;
	assert_int_equal(audit_token_to_pid(token), peer.pid);
	answer(message.header.msgh_remote_port, IOSurfaceCreateMachPort(surface));
	assert_int_equal(peer_end(&peer, NULL, 0), 0);
	assert_false(IOSurfaceIsInUse(surface));
	assert_int_equal(apple_double_live(), 2);
	drop_receiver(port);
	CFRelease(surface);
}

static int peer_serves(int socket)
{
	char name[64];
	mach_port_t port;

	if (read(socket, name, sizeof(name)) != sizeof(name) ||
		bootstrap_check_in(bootstrap_port, name, &port))
		return 1;
	tell(socket);
	listen_to(socket); /* blocks until the test kills this process */
	return 0;
}

static void a_service_dies_with_its_process(void **state)
{
	struct peer peer = peer_start("serve", NULL);
	mach_port_type_t type;
	mach_port_t port;

	(void)state;
	assert_int_equal(write(peer.socket, service, sizeof(service)), sizeof(service));
	listen_to(peer.socket);
	assert_int_equal(bootstrap_look_up(bootstrap_port, service, &port), BOOTSTRAP_SUCCESS);
	assert_int_equal(ask(port, MACH_MSG_TYPE_COPY_SEND, 0, 1), MACH_MSG_SUCCESS);
	peer_kill(&peer);
	assert_int_equal(ask(port, MACH_MSG_TYPE_COPY_SEND, 0, 1), MACH_SEND_INVALID_DEST);
	assert_int_equal(mach_port_type(TASK, port, &type), KERN_SUCCESS);
	assert_int_equal(type, MACH_PORT_TYPE_DEAD_NAME);
	assert_int_equal(mach_port_deallocate(TASK, port), KERN_SUCCESS);
	drop_receiver(check_in());
}

static void a_forked_child_has_no_rights(void **state)
{
	mach_port_t port = check_in(), reply;
	int status;
	pid_t child;

	(void)state;
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		mach_port_t found;

		alarm(30);
		if (mach_port_deallocate(TASK, port) != KERN_INVALID_NAME)
			_exit(1);
		/* the parent's service still exists, and the child can look it up */
		if (bootstrap_look_up(bootstrap_port, service, &found) || found == port)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	reply = allocate();
	drop_receiver(reply);
	drop_receiver(port);
}

static void lie_about_the_size(void)
{
	mach_msg_header_t header = {.msgh_size = 24};

	mach_msg(&header, MACH_SEND_MSG, 28, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static void use_another_task(void)
{
	mach_port_deallocate(7, 8);
}

static void misuse_ends_the_process(void **state)
{
	(void)state;
	expect_death(lie_about_the_size, "msgh_size is 24");
	expect_death(use_another_task, "is not mach_task_self()");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, name_service, no_leaks)

int main(int argc, char **argv)
{
	static const struct mode modes[] = {
		{"ask", peer_asks}, {"serve", peer_serves}, {NULL, NULL}};
	static const struct CMUnitTest tests[] = {
		TEST(rights_are_counted),
		TEST(a_service_has_its_name_alone),
		TEST(a_sandbox_refuses),
		TEST(a_message_says_who_sent_it),
		TEST(waiting_ends),
		TEST(a_port_that_goes_wakes_its_receiver),
		TEST(what_cannot_be_sent),
		TEST(a_full_queue_times_out),
		TEST(a_moved_right_is_gone),
		TEST(what_is_too_large_is_lost),
		TEST(a_service_hands_a_surface_over),
		TEST(a_service_dies_with_its_process),
		TEST(a_forked_child_has_no_rights),
		TEST(misuse_ends_the_process),
	};
	int status;

	if (peers_run(argc, argv, modes, &status))
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
