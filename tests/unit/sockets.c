/* SPDX-License-Identifier: MIT */
#include "sockets.h"

#include "base/bytes.h"
#include "platform/socket.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support.h"

#define FDS_MAX 253 /* the most descriptors that Linux passes in one message */

#ifdef GEYSER_PLATFORM_APPLE
#define TYPE SOCK_STREAM
#else
#define TYPE SOCK_SEQPACKET
#endif

int test_socket(void)
{
	int fd = socket(AF_UNIX, TYPE, 0);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	return fd;
}

void test_socket_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, TYPE, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(fds[i], F_SETFD, FD_CLOEXEC), 0);
}

bool test_send_raw(int socket, const void *bytes, size_t size, const int *fds, size_t count)
{
	struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = {.space = {0}};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	assert_in_range(count, 0, FDS_MAX);
	if (count > 0) {
		message.msg_control = control.space;
		message.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Builds the packet by hand, because the library's own sending code is under test. */
bool test_send(int socket, const void *bytes, size_t size, const int *fds, size_t count)
{
#ifdef GEYSER_PLATFORM_APPLE
	uint8_t frame[4 + GY_SOCKET_PACKET_MAX] = {0};

	gy_put_le(frame, 4, size);
	memcpy(frame + 4, bytes, size < sizeof(frame) - 4 ? size : sizeof(frame) - 4);
	return test_send_raw(socket, frame, sizeof(frame), fds, count);
#else
	return test_send_raw(socket, bytes, size, fds, count);
#endif
}
