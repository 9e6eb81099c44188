/* The work that a program without geyser would do, with everything that geyser promises. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static void map(struct hand_memory *memory)
{
	memory->data = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd, 0);
	if (memory->data == MAP_FAILED)
		die("mapping %zu bytes: %s", memory->size, strerror(errno));
}

/* A kernel before 6.3 doesn't know MFD_NOEXEC_SEAL. The function asks once, not in every round. */
static unsigned memfd_flags(void)
{
	static unsigned flags;

	if (!flags) {
		int probe;

		flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL;
		probe = memfd_create("probe", flags);
		if (probe < 0)
			flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
		else
			(void)close(probe);
	}
	return flags;
}

void hand_create(struct hand_memory *out, size_t size)
{
	out->size = size;
	out->fd = memfd_create("by-hand", memfd_flags());
	if (out->fd < 0)
		die("memfd_create: %s", strerror(errno));
	if (fallocate(out->fd, 0, 0, (off_t)size) != 0)
		die("fallocate: %s", strerror(errno));
	if (fcntl(out->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		die("F_ADD_SEALS: %s", strerror(errno));
	map(out);
}

void hand_destroy(struct hand_memory *memory)
{
	(void)munmap(memory->data, memory->size);
	(void)close(memory->fd);
}

/* ---- over a socket --------------------------------------------------------------------------- */

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		die("socket path (%s): at most %zu bytes fit; set TMPDIR to a shorter one", path,
			sizeof(address.sun_path) - 1);
	return address;
}

static int make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	return fd;
}

int hand_listen(const char *path)
{
	const struct sockaddr_un address = address_of(path);
	int listener = make_socket();

	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(listener, 16) != 0)
		die("listening on %s: %s", path, strerror(errno));
	return listener;
}

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

void hand_send_fd(int connection, int fd, uint64_t number)
{
	struct iovec bytes = {.iov_base = &number, .iov_len = sizeof(number)};
	union control control = {.space = {0}};
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	if (sendmsg(connection, &message, MSG_NOSIGNAL) != (ssize_t)sizeof(number))
		die("sendmsg: %s", strerror(errno));
}

void hand_serve(int listener, const struct hand_memory *memory)
{
	const int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (connection >= 0) {
		hand_send_fd(connection, memory->fd, memory->size);
		(void)close(connection);
	} else {
		die("accept: %s", strerror(errno));
	}
}

uint64_t hand_receive_fd(int connection, int *fd)
{
	uint64_t number = 0;
	struct iovec bytes = {.iov_base = &number, .iov_len = sizeof(number)};
	union control control = {.space = {0}};
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};

	if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(number) ||
		control.header.cmsg_type != SCM_RIGHTS)
		die("the other end sent no descriptor");
	memcpy(fd, CMSG_DATA(&control.header), sizeof(int));
	return number;
}

void hand_import(const char *path, struct hand_memory *out, int *connection)
{
	const struct sockaddr_un address = address_of(path);

	*connection = make_socket();
	if (connect(*connection, (const struct sockaddr *)&address, sizeof(address)) != 0)
		die("connecting to %s: %s", path, strerror(errno));
	out->size = (size_t)hand_receive_fd(*connection, &out->fd);
	map(out);
}
