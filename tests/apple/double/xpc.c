/* SPDX-License-Identifier: MIT */
/* XPC objects that hold a surface. Also the functions by which a test sends such an object, or a
 * port, to another process. */
#include "internal.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct xpc {
	struct double_object object;
	int fd;
};

static void destroy(void *object)
{
	close(((struct xpc *)object)->fd);
}

static const struct double_type xpc_type = {"XPC object", destroy};

xpc_object_t double_xpc_create(int fd)
{
	struct xpc *xpc = double_object_create(&xpc_type, sizeof(*xpc));

	xpc->fd = fd;
	return xpc;
}

int double_xpc_fd(xpc_object_t object)
{
	double_object_check(object, &xpc_type);
	return ((struct xpc *)object)->fd;
}

xpc_object_t xpc_retain(xpc_object_t object)
{
	double_object_check(object, &xpc_type);
	CFRetain(object);
	return object;
}

void xpc_release(xpc_object_t object)
{
	double_object_check(object, &xpc_type);
	CFRelease(object);
}

static int carry(int socket, const struct double_target *target)
{
	char address[DOUBLE_ADDRESS];
	struct iovec data = {address, sizeof(address)};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	memcpy(address, target->address, sizeof(address));
	if (target->fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &target->fd, sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == sizeof(address) ? 0 : -1;
}

static bool fetch(int socket, struct double_target *target)
{
	struct iovec data = {target->address, sizeof(target->address)};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;

	target->fd = -1;
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL) != sizeof(target->address))
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&target->fd, CMSG_DATA(header), sizeof(int));
	return true;
}

int apple_double_port_send(int socket, mach_port_t port)
{
	struct double_target target;

	if (!double_port_target(port, MACH_PORT_TYPE_SEND, &target))
		return -1;
	return carry(socket, &target);
}

mach_port_t apple_double_port_receive(int socket)
{
	struct double_target target;

	return fetch(socket, &target) ? double_port_add(&target, DOUBLE_SEND) : MACH_PORT_NULL;
}

int apple_double_xpc_send(int socket, xpc_object_t object)
{
	struct double_target target = {.address = "", .fd = double_xpc_fd(object)};

	return carry(socket, &target);
}

xpc_object_t apple_double_xpc_receive(int socket)
{
	struct double_target target;

	if (!fetch(socket, &target) || target.fd < 0)
		return NULL;
	return double_xpc_create(target.fd);
}
