/* SPDX-License-Identifier: MIT */
/*
 * What src/platform/apple and src/platform/posix need of macOS, on Linux: the compiler includes
 * this before every file of the library in a build with -Dplatform=apple. It keeps XNU's rules
 * where the library leans on them; that XNU has those rules is not for this to prove.
 */
#ifndef GY_SHIM_H
#define GY_SHIM_H

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* True unless the environment says GEYSER_SHIM_OLD=1: a system before macOS 14.4. */
bool shim_available(void);
#define __builtin_available(...) shim_available()

/* The peer's uid is SO_PEERCRED's, its pid as well. */
int getpeereid(int socket, uid_t *uid, gid_t *gid);
#define SOL_LOCAL 0x10ca1
#define LOCAL_PEERPID 2
int shim_getsockopt(int socket, int level, int option, void *value, socklen_t *size);
#define getsockopt(socket, level, option, value, size) \
	shim_getsockopt(socket, level, option, value, size)

/* An object of shm_open has no type bits, and gets its size once. */
int shim_fstat(int fd, struct stat *status);
int shim_ftruncate(int fd, off_t size);
#define fstat(fd, status) shim_fstat(fd, status)
#define ftruncate(fd, size) shim_ftruncate(fd, size)

/* GEYSER_SHIM_TEMP_DIR, or there is none. */
#define _CS_DARWIN_USER_TEMP_DIR 65537
size_t shim_confstr(int name, char *text, size_t size);
#define confstr(name, text, size) shim_confstr(name, text, size)

const char *getprogname(void);

/* The POSIX one, not GNU's. */
int __xpg_strerror_r(int error, char *text, size_t size);
#define strerror_r(error, text, size) __xpg_strerror_r(error, text, size)

#define pthread_setname_np(name) (pthread_setname_np)(pthread_self(), name)

#endif
