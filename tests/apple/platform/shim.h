/* SPDX-License-Identifier: MIT */
/*
 * The part of macOS that src/platform/apple and src/platform/posix need, for Linux. In a build with
 * -Dplatform=apple the compiler includes this header before each file of the library. The shim
 * follows XNU's rules where the library relies on them. It can't show that XNU has these rules.
 */
#ifndef GY_SHIM_H
#define GY_SHIM_H

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../double/system.h"

/* Clang for Linux takes every system for the newest one. Objective-C's @available(...) can't be
 * answered otherwise, so the library doesn't use it. */
#define __builtin_available(...) double_has(#__VA_ARGS__)
#define available(...) is_not_answered_by_the_shim

/* The peer's uid and pid come from SO_PEERCRED. */
int getpeereid(int socket, uid_t *uid, gid_t *gid);
#define SOL_LOCAL 0x10ca1
#define LOCAL_PEERPID 2
int shim_getsockopt(int socket, int level, int option, void *value, socklen_t *size);
#define getsockopt(socket, level, option, value, size) \
	shim_getsockopt(socket, level, option, value, size)

/* An object of shm_open has no type bits in st_mode, and its size can be set only once. With
 * GEYSER_DOUBLE_SANDBOX=1 shm_open fails, as in the App Sandbox, unless the name begins with the
 * application group GEYSER_DOUBLE_GROUP. */
int shim_fstat(int fd, struct stat *status);
int shim_ftruncate(int fd, off_t size);
int shim_shm_open(const char *name, int flags, mode_t mode);
int shim_shm_unlink(const char *name);
/* What vm_map has mapped goes by munmap as well. */
int shim_munmap(void *data, size_t size);
#define fstat(fd, status) shim_fstat(fd, status)
#define ftruncate(fd, size) shim_ftruncate(fd, size)
#define munmap(data, size) shim_munmap(data, size)
#define shm_open(name, flags, mode) shim_shm_open(name, flags, mode)
#define shm_unlink(name) shim_shm_unlink(name)

/* The directory is $GEYSER_SHIM_TEMP_DIR, or else one of the user's in /tmp. */
#define _CS_DARWIN_USER_TEMP_DIR 65537
size_t shim_confstr(int name, char *text, size_t size);
#define confstr(name, text, size) shim_confstr(name, text, size)

const char *getprogname(void);

/* POSIX's function rather than GNU's. */
int __xpg_strerror_r(int error, char *text, size_t size);
#define strerror_r(error, text, size) __xpg_strerror_r(error, text, size)

#define pthread_setname_np(name) (pthread_setname_np)(pthread_self(), name)

#endif
