/* SPDX-License-Identifier: MIT */
/* mach_msg: each message is a datagram, and carries surfaces as descriptors. */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_RIGHTS 8
#define MAX_DATA 16384
#define NOTIFY_SEND_ONCE 71 /* the kernel's message when a send-once right is dropped unused */

struct wire_right {
	uint32_t type; /* MACH_MSG_TYPE_PORT_SEND or _SEND_ONCE; 0: none */
	uint32_t with_fd;
	char address[DOUBLE_ADDRESS];
};

struct wire {
	int32_t id;
	uint32_t complex;
	uint32_t rights;
	uint32_t bytes; /* of the data that follow this struct */
	uint32_t to;    /* type of the right by which it was sent */
	struct wire_right reply;
	struct wire_right carried[MAX_RIGHTS];
};

struct packet {
	struct wire wire;
	uint8_t data[MAX_DATA];
	int fds[MAX_RIGHTS];
	unsigned fd_count;
	struct ucred sender;
};

/* Converts a right that a message names into its form in the datagram. Returns false if this
 * process has no such right. */
static bool put_right(mach_port_t name, unsigned disposition, struct wire_right *out, int *fd)
{
	static const mach_port_type_t needed[] = {
		[MACH_MSG_TYPE_MOVE_SEND] = MACH_PORT_TYPE_SEND,
		[MACH_MSG_TYPE_MOVE_SEND_ONCE] = MACH_PORT_TYPE_SEND_ONCE,
		[MACH_MSG_TYPE_COPY_SEND] = MACH_PORT_TYPE_SEND,
		[MACH_MSG_TYPE_MAKE_SEND] = MACH_PORT_TYPE_RECEIVE,
		[MACH_MSG_TYPE_MAKE_SEND_ONCE] = MACH_PORT_TYPE_RECEIVE,
	};
	struct double_target target;
	bool once = disposition == MACH_MSG_TYPE_MOVE_SEND_ONCE ||
		    disposition == MACH_MSG_TYPE_MAKE_SEND_ONCE;

	*fd = -1;
	if (disposition < MACH_MSG_TYPE_MOVE_SEND || disposition > MACH_MSG_TYPE_MAKE_SEND_ONCE)
		double_die("the double sends no right by disposition %u", disposition);
	if (!double_port_target(name, needed[disposition], &target))
		return false;
	out->type = once ? MACH_MSG_TYPE_PORT_SEND_ONCE : MACH_MSG_TYPE_PORT_SEND;
	out->with_fd = target.fd >= 0;
	memcpy(out->address, target.address, sizeof(out->address));
	*fd = target.fd;
	return true;
}

/* Removes a right from this process after a sent message has moved it. */
static void consume(mach_port_t name, unsigned disposition)
{
	if (disposition == MACH_MSG_TYPE_MOVE_SEND)
		double_port_consume(name, DOUBLE_SEND);
	if (disposition == MACH_MSG_TYPE_MOVE_SEND_ONCE)
		double_port_consume(name, DOUBLE_SEND_ONCE);
}

static mach_msg_return_t transmit(const char *address, struct packet *packet, int timeout)
{
	size_t bytes = packet->fd_count * sizeof(int);
	struct iovec parts[2] = {
		{&packet->wire, sizeof(packet->wire)}, {packet->data, packet->wire.bytes}};
	struct ucred self = {.pid = getpid(), .uid = geteuid(), .gid = getegid()};
	_Alignas(struct cmsghdr) char
		control[CMSG_SPACE(sizeof(self)) + CMSG_SPACE(sizeof(packet->fds))] = {0};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = control};
	struct cmsghdr *header = (struct cmsghdr *)control;
	mach_msg_return_t result = MACH_MSG_SUCCESS;
	int fd = double_address_connect(address);

	if (fd < 0)
		return MACH_SEND_INVALID_DEST;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_CREDENTIALS;
	header->cmsg_len = CMSG_LEN(sizeof(self));
	memcpy(CMSG_DATA(header), &self, sizeof(self));
	message.msg_controllen = CMSG_SPACE(sizeof(self));
	if (bytes) {
		header = (struct cmsghdr *)(control + CMSG_SPACE(sizeof(self)));
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(header), packet->fds, bytes);
		message.msg_controllen += CMSG_SPACE(bytes);
	}
	while (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};

		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			result = MACH_SEND_INVALID_DEST;
			break;
		}
		if (poll(&room, 1, timeout) == 0) {
			result = MACH_SEND_TIMED_OUT;
			break;
		}
	}
	close(fd);
	return result;
}

void double_notify_unused(const char *address)
{
	struct packet packet;

	memset(&packet, 0, sizeof(packet));
	packet.wire.id = NOTIFY_SEND_ONCE;
	packet.wire.to = MACH_MSG_TYPE_PORT_SEND_ONCE;
	transmit(address, &packet, 0);
}

/* Returns the descriptors of a complex message. */
static mach_msg_port_descriptor_t *descriptors(mach_msg_header_t *message, uint32_t *count)
{
	mach_msg_body_t *body = (mach_msg_body_t *)(message + 1);

	*count = message->msgh_bits & MACH_MSGH_BITS_COMPLEX ? body->msgh_descriptor_count : 0;
	return (mach_msg_port_descriptor_t *)(body + 1);
}

static mach_msg_return_t pack(mach_msg_header_t *message, size_t size, struct packet *packet)
{
	bool complex = message->msgh_bits & MACH_MSGH_BITS_COMPLEX;
	unsigned local = MACH_MSGH_BITS_LOCAL(message->msgh_bits);
	mach_msg_port_descriptor_t *carried;
	size_t start = sizeof(*message);
	uint32_t count;
	int fd;

	memset(&packet->wire, 0, sizeof(packet->wire));
	packet->fd_count = 0;
	carried = descriptors(message, &count);
	if (complex)
		start += sizeof(mach_msg_body_t) + count * sizeof(*carried);
	if (count > MAX_RIGHTS || size < start)
		return MACH_SEND_MSG_TOO_SMALL;
	if (size - start > MAX_DATA)
		return MACH_SEND_TOO_LARGE;
	if (message->msgh_local_port &&
		!put_right(message->msgh_local_port, local, &packet->wire.reply, &fd))
		return MACH_SEND_INVALID_REPLY;
	for (uint32_t i = 0; i < count; i++) {
		if (carried[i].type != MACH_MSG_PORT_DESCRIPTOR)
			return MACH_SEND_INVALID_TYPE;
		if (carried[i].name == MACH_PORT_NULL)
			continue;
		if (!put_right(
			    carried[i].name, carried[i].disposition, &packet->wire.carried[i], &fd))
			return MACH_SEND_INVALID_RIGHT;
		if (fd >= 0)
			packet->fds[packet->fd_count++] = fd;
	}
	packet->wire.id = message->msgh_id;
	packet->wire.complex = complex;
	packet->wire.rights = count;
	packet->wire.bytes = (uint32_t)(size - start);
	memcpy(packet->data, (uint8_t *)message + start, size - start);
	return MACH_MSG_SUCCESS;
}

static mach_msg_return_t send_message(
	mach_msg_header_t *message, mach_msg_option_t options, size_t size, unsigned timeout)
{
	unsigned remote = MACH_MSGH_BITS_REMOTE(message->msgh_bits);
	mach_msg_port_descriptor_t *carried;
	struct wire_right to = {0};
	struct packet packet;
	mach_msg_return_t result;
	uint32_t count;
	int fd;

	if (size != message->msgh_size)
		double_die("msgh_size is %u, but %zu bytes are sent", message->msgh_size, size);
	if (double_fails("mach_msg_send"))
		return MACH_SEND_TIMED_OUT;
	if (!put_right(message->msgh_remote_port, remote, &to, &fd) || fd >= 0)
		return MACH_SEND_INVALID_DEST;
	result = pack(message, size, &packet);
	if (result)
		return result;
	packet.wire.to = to.type;
	result = transmit(to.address, &packet, options & MACH_SEND_TIMEOUT ? (int)timeout : -1);
	if (result)
		return result;
	consume(message->msgh_remote_port, remote);
	consume(message->msgh_local_port, MACH_MSGH_BITS_LOCAL(message->msgh_bits));
	carried = descriptors(message, &count);
	for (uint32_t i = 0; i < count; i++)
		consume(carried[i].name, carried[i].disposition);
	return MACH_MSG_SUCCESS;
}

static mach_msg_return_t fetch(int fd, struct packet *packet)
{
	struct iovec parts[2] = {
		{&packet->wire, sizeof(packet->wire)}, {packet->data, sizeof(packet->data)}};
	_Alignas(struct cmsghdr) char
		control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(packet->fds))];
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	packet->fd_count = 0;
	if (recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < (ssize_t)sizeof(packet->wire))
		return errno == EAGAIN ? MACH_RCV_TIMED_OUT : MACH_RCV_PORT_DIED;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
		header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&packet->sender, CMSG_DATA(header), sizeof(packet->sender));
		} else if (header->cmsg_type == SCM_RIGHTS) {
			size_t bytes = header->cmsg_len - CMSG_LEN(0);

			memcpy(packet->fds, CMSG_DATA(header), bytes);
			packet->fd_count = (unsigned)(bytes / sizeof(int));
		}
	}
	return MACH_MSG_SUCCESS;
}

/* Several threads may wait for messages of one port. A thread that finds no message waits again. */
static mach_msg_return_t wait_and_fetch(int fd, struct packet *packet, int timeout)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	mach_msg_return_t result;
	int count;

	for (;;) {
		count = poll(&ready, 1, timeout);
		if (count == 0)
			return MACH_RCV_TIMED_OUT;
		if (count < 0)
			continue;
		result = fetch(fd, packet);
		if (result != MACH_RCV_TIMED_OUT)
			return result;
		if (ready.revents & POLLHUP)
			return MACH_RCV_PORT_DIED;
	}
}

static mach_port_t take_right(const struct wire_right *right, struct packet *packet, unsigned *used)
{
	struct double_target target = {.fd = -1};

	if (!right->type)
		return MACH_PORT_NULL;
	memcpy(target.address, right->address, sizeof(target.address));
	if (right->with_fd && *used < packet->fd_count)
		target.fd = packet->fds[(*used)++];
	return double_port_add(
		&target, right->type == MACH_MSG_TYPE_PORT_SEND ? DOUBLE_SEND : DOUBLE_SEND_ONCE);
}

static size_t trailer_bytes(mach_msg_option_t options)
{
	switch (((unsigned)options >> 24) & 0xf) {
	case MACH_RCV_TRAILER_NULL:
		return sizeof(mach_msg_trailer_t);
	case MACH_RCV_TRAILER_AUDIT:
		return sizeof(mach_msg_audit_trailer_t);
	default:
		double_die("the double has no such trailer");
	}
}

static void unpack(struct packet *packet, mach_msg_header_t *message, size_t size, size_t trailer)
{
	const struct wire *wire = &packet->wire;
	mach_msg_audit_trailer_t audit = {0};
	mach_msg_port_descriptor_t *carried;
	uint8_t *data = (uint8_t *)(message + 1);
	unsigned used = 0;
	uint32_t count;

	message->msgh_bits = MACH_MSGH_BITS(wire->reply.type, wire->to) |
			     (wire->complex ? MACH_MSGH_BITS_COMPLEX : 0);
	message->msgh_size = (mach_msg_size_t)size;
	message->msgh_voucher_port = MACH_PORT_NULL;
	message->msgh_id = wire->id;
	message->msgh_remote_port = take_right(&wire->reply, packet, &used);
	if (wire->complex) {
		((mach_msg_body_t *)data)->msgh_descriptor_count = wire->rights;
		carried = descriptors(message, &count);
		memset(carried, 0, count * sizeof(*carried));
		for (uint32_t i = 0; i < count; i++) {
			carried[i].name = take_right(&wire->carried[i], packet, &used);
			carried[i].disposition = wire->carried[i].type & 0xff;
			carried[i].type = MACH_MSG_PORT_DESCRIPTOR;
		}
		data = (uint8_t *)(carried + count);
	}
	memcpy(data, packet->data, wire->bytes);
	audit.msgh_trailer_size = (mach_msg_trailer_size_t)trailer;
	audit.msgh_audit.val[1] = packet->sender.uid;
	audit.msgh_audit.val[2] = packet->sender.gid;
	audit.msgh_audit.val[3] = packet->sender.uid;
	audit.msgh_audit.val[4] = packet->sender.gid;
	audit.msgh_audit.val[5] = (unsigned)packet->sender.pid;
	memcpy((uint8_t *)message + ((size + 3) & ~(size_t)3), &audit, trailer);
}

static mach_msg_return_t receive_message(mach_msg_header_t *message, mach_msg_option_t options,
	size_t limit, mach_port_name_t name, int timeout)
{
	size_t size = sizeof(*message), trailer = trailer_bytes(options);
	char address[DOUBLE_ADDRESS];
	struct packet packet;
	mach_msg_return_t result;
	int fd;

	if (double_fails("mach_msg_receive"))
		return MACH_RCV_TIMED_OUT;
	fd = double_port_receiver(name, address);
	if (fd < 0)
		return MACH_RCV_INVALID_NAME;
	result = wait_and_fetch(fd, &packet, timeout);
	close(fd);
	if (result)
		return result;
	if (packet.wire.complex)
		size += sizeof(mach_msg_body_t) +
			packet.wire.rights * sizeof(mach_msg_port_descriptor_t);
	size += packet.wire.bytes;
	if (((size + 3) & ~(size_t)3) + trailer > limit) {
		if (options & MACH_RCV_LARGE)
			double_die(
				"the double has no MACH_RCV_LARGE: %zu bytes of %zu", limit, size);
		for (unsigned i = 0; i < packet.fd_count; i++)
			close(packet.fds[i]);
		if (packet.wire.reply.type == MACH_MSG_TYPE_PORT_SEND_ONCE)
			double_notify_unused(packet.wire.reply.address);
		return MACH_RCV_TOO_LARGE;
	}
	unpack(&packet, message, size, trailer);
	message->msgh_local_port = name;
	return MACH_MSG_SUCCESS;
}

mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t options,
	mach_msg_size_t send_size, mach_msg_size_t receive_limit, mach_port_name_t receive_name,
	mach_msg_timeout_t timeout, mach_port_name_t notify)
{
	mach_msg_return_t result = MACH_MSG_SUCCESS;

	if (notify != MACH_PORT_NULL)
		double_die("the double notifies nobody");
	if (options & MACH_SEND_MSG)
		result = send_message(message, options, send_size, timeout);
	if (!result && (options & MACH_RCV_MSG))
		result = receive_message(message, options, receive_limit, receive_name,
			options & MACH_RCV_TIMEOUT ? (int)timeout : -1);
	return result;
}

void mach_msg_destroy(mach_msg_header_t *message)
{
	mach_msg_port_descriptor_t *carried;
	uint32_t count;

	if (message->msgh_remote_port)
		mach_port_deallocate(mach_task_self(), message->msgh_remote_port);
	carried = descriptors(message, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (carried[i].name)
			mach_port_deallocate(mach_task_self(), carried[i].name);
	}
	message->msgh_remote_port = MACH_PORT_NULL;
}
