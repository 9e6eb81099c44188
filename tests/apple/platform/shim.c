/* SPDX-License-Identifier: MIT */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <mach/mach.h>
#include <os/os_sync_wait_on_address.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#undef confstr
#undef fstat
#undef ftruncate
#undef getsockopt
#undef munmap
#undef shm_open
#undef shm_unlink

/* ---- peers ---- */

int getpeereid(int socket, uid_t *uid, gid_t *gid)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -1;
	*uid = credentials.uid;
	*gid = credentials.gid;
	return 0;
}

int shim_getsockopt(int socket, int level, int option, void *value, socklen_t *size)
{
	struct ucred credentials;
	socklen_t room = sizeof(credentials);

	if (level != SOL_LOCAL)
		return getsockopt(socket, level, option, value, size);
	if (option != LOCAL_PEERPID || *size != sizeof(pid_t)) {
		errno = EINVAL;
		return -1;
	}
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &room) < 0)
		return -1;
	memcpy(value, &credentials.pid, sizeof(pid_t));
	return 0;
}

/* ---- shared memory ---- */

static bool is_shared_memory(const struct stat *status)
{
	struct stat shm;

	return S_ISREG(status->st_mode) && stat("/dev/shm", &shm) == 0 &&
	       shm.st_dev == status->st_dev;
}

int shim_fstat(int fd, struct stat *status)
{
	int failed = fstat(fd, status);

	if (!failed && is_shared_memory(status))
		status->st_mode &= (mode_t)~S_IFMT;
	return failed;
}

/* Allocates all pages at once: on Linux an access to a page that can't be allocated ends the
 * process.
 */
int shim_ftruncate(int fd, off_t size)
{
	struct stat status;
	int error;

	if (fstat(fd, &status) < 0)
		return -1;
	if (!is_shared_memory(&status) || status.st_size != 0) {
		errno = EINVAL;
		return -1;
	}
	do
		error = posix_fallocate(fd, 0, size);
	while (error == EINTR);
	errno = error;
	return error ? -1 : 0;
}

static bool is_allowed(const char *name)
{
	const char *sandbox = getenv("GEYSER_DOUBLE_SANDBOX"),
		   *group = getenv("GEYSER_DOUBLE_GROUP");

	return !sandbox || strcmp(sandbox, "1") != 0 ||
	       (group && strncmp(name, group, strlen(group)) == 0 && name[strlen(group)] == '/');
}

/* XNU's names have 31 bytes at most and may have any bytes. Linux's are names of files. */
static bool translate(const char *name, char translated[NAME_MAX])
{
	errno = ENAMETOOLONG;
	if (strlen(name) > 31)
		return false;
	(void)snprintf(translated, NAME_MAX, "/%s", *name == '/' ? name + 1 : name);
	for (char *at = translated + 1; *at; at++)
		if (*at == '/')
			*at = '.';
	return true;
}

int shim_shm_open(const char *name, int flags, mode_t mode)
{
	char translated[NAME_MAX];

	if (!translate(name, translated))
		return -1;
	if (is_allowed(name))
		return shm_open(translated, flags, mode);
	errno = EPERM;
	return -1;
}

int shim_shm_unlink(const char *name)
{
	char translated[NAME_MAX];

	return translate(name, translated) ? shm_unlink(translated) : -1;
}

int shim_munmap(void *data, size_t size)
{
	vm_address_t address = (vm_address_t)data;

	return vm_deallocate(mach_task_self(), address, size) == KERN_SUCCESS ? 0 : -1;
}

/* ---- names ---- */

/* Like macOS, this makes each user's directory when it is first asked for. */
size_t shim_confstr(int name, char *text, size_t size)
{
	const char *value = getenv("GEYSER_SHIM_TEMP_DIR");
	char users[32];

	if (name != _CS_DARWIN_USER_TEMP_DIR) {
		errno = EINVAL;
		return 0;
	}
	if (!value) {
		(void)snprintf(users, sizeof(users), "/tmp/shim-%u", (unsigned)geteuid());
		(void)mkdir(users, 0700);
		value = users;
	}
	if (size > 0) {
		strncpy(text, value, size - 1);
		text[size - 1] = '\0';
	}
	return strlen(value) + 1;
}

const char *getprogname(void)
{
	return program_invocation_short_name;
}

/* ---- sleeping on an address ---- */

static long futex(
	void *address, int operation, bool shared, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, address, shared ? operation : operation | FUTEX_PRIVATE_FLAG,
		value, timeout, NULL, 0);
}

static int wait_on(
	void *address, uint64_t value, size_t size, uint32_t flags, const struct timespec *timeout)
{
	if (size != sizeof(uint32_t)) {
		errno = EINVAL;
		return -1;
	}
	if (futex(address, FUTEX_WAIT, flags & OS_SYNC_WAIT_ON_ADDRESS_SHARED, (uint32_t)value,
		    timeout) < 0 &&
		errno != EAGAIN)
		return -1;
	return 0;
}

int os_sync_wait_on_address(
	void *address, uint64_t value, size_t size, os_sync_wait_on_address_flags_t flags)
{
	double_require("os_sync_wait_on_address");
	return wait_on(address, value, size, flags, NULL);
}

int os_sync_wait_on_address_with_timeout(void *address, uint64_t value, size_t size,
	os_sync_wait_on_address_flags_t flags, os_clockid_t clock, uint64_t nanoseconds)
{
	const struct timespec timeout = {
		.tv_sec = (time_t)(nanoseconds / 1000000000),
		.tv_nsec = (long)(nanoseconds % 1000000000),
	};

	double_require("os_sync_wait_on_address_with_timeout");
	if (clock != OS_CLOCK_MACH_ABSOLUTE_TIME || nanoseconds == 0) {
		errno = EINVAL;
		return -1;
	}
	return wait_on(address, value, size, flags, &timeout);
}

int os_sync_wake_by_address_all(void *address, size_t size, os_sync_wake_by_address_flags_t flags)
{
	bool shared = flags & OS_SYNC_WAKE_BY_ADDRESS_SHARED;

	double_require("os_sync_wake_by_address_all");
	if (size != sizeof(uint32_t)) {
		errno = EINVAL;
		return -1;
	}
	if (futex(address, FUTEX_WAKE, shared, INT_MAX, NULL) > 0)
		return 0;
	errno = ENOENT;
	return -1;
}
