/* SPDX-License-Identifier: MIT */
#include "ipc/surface/mach.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/platform.h"

#include <TargetConditionals.h>

#if TARGET_OS_OSX

#include "base/thread.h"

#include <CoreFoundation/CoreFoundation.h>
#include <IOSurface/IOSurface.h>
#include <bsm/libbsm.h>
#include <mach/mach.h>
#include <servers/bootstrap.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_SIZE ((size_t)256 * 1024)

/* The ids of our messages. Other messages, such as a notification that a right is gone, have other
 * ids. */
enum { TICKET = 0x67790001, SURFACE, NONE, WAKE };

struct ticket_message {
	mach_msg_header_t header;
	uint8_t ticket[GY_TICKET_SIZE];
};

struct surface_message {
	mach_msg_header_t header;
	mach_msg_body_t body;
	mach_msg_port_descriptor_t surface;
};

/* Room for either message, and for the trailer in which the kernel names the sender. */
union received {
	mach_msg_header_t header;
	struct ticket_message ticket;
	struct surface_message surface;
	uint8_t room[sizeof(struct surface_message) + sizeof(struct ticket_message) +
		     MAX_TRAILER_SIZE];
};

#define SERVICE_NAME_SIZE BOOTSTRAP_MAX_NAME_LEN

/* The name is no secret: any process can look it up. Tickets are secret. In an App Sandbox the name
 * must begin with an application group. */
static enum geyser_result make_name(uint64_t instance, char name[SERVICE_NAME_SIZE])
{
	const char *group = gy_application_group();
	const int length = snprintf(name, SERVICE_NAME_SIZE, "%s%sgeyser.%016" PRIx64,
		group ? group : "", group ? "." : "", instance);

	if (length < SERVICE_NAME_SIZE)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_LIMIT,
		"GEYSER_APP_GROUP (%.40s…): a Mach service's name would have %d bytes, at most %d",
		group, length, SERVICE_NAME_SIZE - 1);
}

static mach_msg_timeout_t milliseconds(uint64_t timeout_ns)
{
	uint64_t ms = timeout_ns / GY_MILLISECOND + (timeout_ns % GY_MILLISECOND != 0);

	return ms < UINT32_MAX ? (mach_msg_timeout_t)ms : UINT32_MAX;
}

static void drop_send_right(mach_port_t port)
{
	if (port != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), port);
}

static void drop_receive_right(mach_port_t port)
{
	(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}

/* ---- the exporter's side ---- */

struct gy_mach_service {
	mach_port_t port; /* the receive right, and a send right to wake the thread by */
	struct gy_offers *offers;
	pthread_t thread;
	_Atomic bool closing;
};

static const mach_msg_audit_trailer_t *trailer_of(const union received *message)
{
	return (const mach_msg_audit_trailer_t *)(const void *)(message->room +
								round_msg(
									message->header.msgh_size));
}

static bool is_request(const union received *message)
{
	const mach_msg_audit_trailer_t *trailer = trailer_of(message);

	return message->header.msgh_id == TICKET &&
	       !(message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) &&
	       message->header.msgh_size == sizeof(message->ticket) &&
	       trailer->msgh_trailer_size >= sizeof(*trailer) &&
	       audit_token_to_euid(trailer->msgh_audit) == geteuid();
}

/* The receiver owns the rights in the message. If there is no receiver any more, they are dropped
 * here. */
static void answer(mach_port_t reply, void *surface)
{
	struct surface_message message = {
		.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
		.header.msgh_size = sizeof(message.header),
		.header.msgh_remote_port = reply,
		.header.msgh_id = NONE,
	};

	if (surface) {
		message.header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
		message.header.msgh_size = sizeof(message);
		message.header.msgh_id = SURFACE;
		message.body.msgh_descriptor_count = 1;
		message.surface.name = IOSurfaceCreateMachPort((IOSurfaceRef)surface);
		message.surface.disposition = MACH_MSG_TYPE_MOVE_SEND;
		message.surface.type = MACH_MSG_PORT_DESCRIPTOR;
	}
	if (mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, message.header.msgh_size,
		    0, MACH_PORT_NULL, 0, MACH_PORT_NULL) == MACH_MSG_SUCCESS)
		return;
	mach_msg_destroy(&message.header);
}

static void handle(struct gy_mach_service *service, union received *message)
{
	void *surface;

	if (!is_request(message)) {
		mach_msg_destroy(&message->header);
		return;
	}
	surface = gy_offers_take(service->offers, message->ticket.ticket);
	answer(message->header.msgh_remote_port, surface);
	if (surface)
		CFRelease(surface);
}

static void *serve(void *data)
{
	const mach_msg_option_t options = MACH_RCV_MSG |
					  MACH_RCV_TRAILER_TYPE(MACH_MSG_TRAILER_FORMAT_0) |
					  MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT);
	struct gy_mach_service *service = data;

	while (!atomic_load(&service->closing)) {
		union received message = {.room = {0}};
		mach_msg_return_t result = mach_msg(&message.header, options, 0, sizeof(message),
			service->port, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);

		if (result == MACH_MSG_SUCCESS)
			handle(service, &message);
		else if (result != MACH_RCV_INTERRUPTED && result != MACH_RCV_TOO_LARGE)
			break; /* the kernel destroys messages that are too large */
	}
	return NULL;
}

static enum geyser_result check_in(const char *name, mach_port_t *out)
{
	kern_return_t result = bootstrap_check_in(bootstrap_port, name, out);

	if (result == BOOTSTRAP_SUCCESS)
		return GEYSER_OK;
	if (result == BOOTSTRAP_NOT_PRIVILEGED)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the exporter's App Sandbox allows it no Mach service, so it can't share "
			"IOSurfaces by handle: name an application group in GEYSER_APP_GROUP, or "
			"send the surface's Mach port or XPC object yourself (geyser/metal.h)");
	return gy_fail(GEYSER_ERROR_SYSTEM, "bootstrap_check_in %s: %s (%d)", name,
		bootstrap_strerror(result), result);
}

static enum geyser_result start(struct gy_mach_service *service)
{
	kern_return_t result = mach_port_insert_right(
		mach_task_self(), service->port, service->port, MACH_MSG_TYPE_MAKE_SEND);

	if (result != KERN_SUCCESS)
		return gy_fail(GEYSER_ERROR_SYSTEM, "mach_port_insert_right: %s",
			mach_error_string(result));
	return gy_thread_start(&service->thread, "geyser-mach", STACK_SIZE, serve, service);
}

enum geyser_result gy_mach_serve(
	uint64_t instance, struct gy_offers *offers, struct gy_mach_service **out)
{
	struct gy_mach_service *service = calloc(1, sizeof(*service));
	char name[SERVICE_NAME_SIZE];
	enum geyser_result result;

	if (!service)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a Mach service");
	service->offers = offers;
	result = make_name(instance, name);
	if (result == GEYSER_OK)
		result = check_in(name, &service->port);
	if (result != GEYSER_OK)
		goto free_service;
	result = start(service);
	if (result == GEYSER_OK) {
		*out = service;
		return GEYSER_OK;
	}
	drop_receive_right(service->port);
	drop_send_right(service->port);

free_service:
	free(service);
	return result;
}

/* The queue may be full; then the thread is awake. */
void gy_mach_stop(struct gy_mach_service *service)
{
	mach_msg_header_t wake = {
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
		.msgh_size = sizeof(wake),
		.msgh_id = WAKE,
	};

	if (!service)
		return;
	wake.msgh_remote_port = service->port;
	atomic_store(&service->closing, true);
	(void)mach_msg(&wake, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof(wake), 0, MACH_PORT_NULL, 0,
		MACH_PORT_NULL);
	(void)pthread_join(service->thread, NULL);
	drop_receive_right(service->port);
	drop_send_right(service->port);
	free(service);
}

/* ---- the importer's side ---- */

static enum geyser_result look_up(const char *name, mach_port_t *out)
{
	kern_return_t result = bootstrap_look_up(bootstrap_port, name, out);

	if (result == BOOTSTRAP_SUCCESS)
		return GEYSER_OK;
	if (result == BOOTSTRAP_UNKNOWN_SERVICE)
		return gy_fail(GEYSER_ERROR_STALE, "launchd knows no Mach service %s here", name);
	if (result == BOOTSTRAP_NOT_PRIVILEGED)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"this process's App Sandbox lets it look up no such Mach service, so it "
			"can't import IOSurfaces by handle: name the exporter's application group "
			"in GEYSER_APP_GROUP, or have their Mach ports or XPC objects sent "
			"(geyser/metal.h)");
	return gy_fail(GEYSER_ERROR_SYSTEM, "bootstrap_look_up %s: %s (%d)", name,
		bootstrap_strerror(result), result);
}

/* Sends the ticket and waits for the answer at the reply port. */
static enum geyser_result exchange(mach_port_t service, mach_port_t reply,
	const uint8_t ticket[GY_TICKET_SIZE], uint64_t timeout_ns, union received *message)
{
	mach_msg_return_t result;

	message->header = (mach_msg_header_t){
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
		.msgh_size = sizeof(message->ticket),
		.msgh_remote_port = service,
		.msgh_local_port = reply,
		.msgh_id = TICKET,
	};
	memcpy(message->ticket.ticket, ticket, GY_TICKET_SIZE);
	result = mach_msg(&message->header,
		MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_RCV_MSG | MACH_RCV_TIMEOUT,
		sizeof(message->ticket), sizeof(*message), reply, milliseconds(timeout_ns),
		MACH_PORT_NULL);
	if (result == MACH_MSG_SUCCESS)
		return GEYSER_OK;
	if (result == MACH_SEND_TIMED_OUT || result == MACH_RCV_TIMED_OUT)
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"the exporter's Mach service doesn't answer: is it stopped?");
	if (result == MACH_SEND_INVALID_DEST)
		return gy_fail(GEYSER_ERROR_DISCONNECTED, "the exporter has ended");
	return gy_fail(GEYSER_ERROR_SYSTEM, "mach_msg: %s", mach_error_string(result));
}

static enum geyser_result open_surface(union received *message, void **out)
{
	bool complex = message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX;

	if (message->header.msgh_id == NONE && !complex)
		return gy_fail(GEYSER_ERROR_NOT_FOUND, "the texture was unexported meanwhile");
	if (message->header.msgh_id != SURFACE || !complex ||
		message->surface.body.msgh_descriptor_count != 1 ||
		message->surface.surface.type != MACH_MSG_PORT_DESCRIPTOR) {
		mach_msg_destroy(&message->header);
		return gy_fail(GEYSER_ERROR_DISCONNECTED, "the exporter has ended");
	}
	*out = (void *)IOSurfaceLookupFromMachPort(message->surface.surface.name);
	drop_send_right(message->surface.surface.name); /* the lookup doesn't consume it */
	if (*out)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_PROTOCOL,
		"the exporter sent a port that doesn't refer to an IOSurface");
}

enum geyser_result gy_mach_collect(
	uint64_t instance, const uint8_t ticket[GY_TICKET_SIZE], uint64_t timeout_ns, void **out)
{
	union received message = {.room = {0}};
	char name[SERVICE_NAME_SIZE];
	mach_port_t service, reply;
	enum geyser_result result;
	kern_return_t allocated;

	result = make_name(instance, name);
	if (result == GEYSER_OK)
		result = look_up(name, &service);
	if (result != GEYSER_OK)
		return result;
	allocated = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &reply);
	if (allocated != KERN_SUCCESS) {
		result = gy_fail(GEYSER_ERROR_SYSTEM, "mach_port_allocate: %s",
			mach_error_string(allocated));
		goto drop_service;
	}
	result = exchange(service, reply, ticket, timeout_ns, &message);
	if (result == GEYSER_OK)
		result = open_surface(&message, out);
	drop_receive_right(reply);

drop_service:
	drop_send_right(service);
	return result;
}

#else /* iOS: no process offers a service to another */

static enum geyser_result refuse(void)
{
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "iOS can't share IOSurfaces by handle: send the "
						 "surface's XPC object yourself (geyser/metal.h)");
}

enum geyser_result gy_mach_serve(
	uint64_t instance, struct gy_offers *offers, struct gy_mach_service **out)
{
	(void)instance;
	(void)offers;
	(void)out;
	return refuse();
}

void gy_mach_stop(struct gy_mach_service *service)
{
	(void)service;
}

enum geyser_result gy_mach_collect(
	uint64_t instance, const uint8_t ticket[GY_TICKET_SIZE], uint64_t timeout_ns, void **out)
{
	(void)instance;
	(void)ticket;
	(void)timeout_ns;
	(void)out;
	return refuse();
}

#endif
