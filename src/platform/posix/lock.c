/* SPDX-License-Identifier: MIT */
#include "platform/lock.h"

#include <fcntl.h>

/* Newer SDKs of Apple define these constants with the values of XNU's bsd/sys/fcntl.h. Older SDKs
 * don't define them. */
#if defined(__APPLE__) && !defined(F_OFD_SETLK)
#define F_OFD_SETLK 90
#define F_OFD_GETLK 92
#endif

/* Uses locks of an open file description (F_OFD). A process's own locks would end when the process
 * closes any descriptor of the file. */
static bool control(int fd, int command, short type, uint64_t offset, struct flock *lock)
{
	*lock = (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)offset,
		.l_len = 1,
	};
	return fcntl(fd, command, lock) == 0;
}

bool gy_byte_lock(int fd, uint64_t offset, bool exclusive)
{
	struct flock lock;

	return control(fd, F_OFD_SETLK, exclusive ? F_WRLCK : F_RDLCK, offset, &lock);
}

bool gy_byte_is_locked(int fd, uint64_t offset)
{
	struct flock lock;

	return control(fd, F_OFD_GETLK, F_WRLCK, offset, &lock) && lock.l_type != F_UNLCK;
}
