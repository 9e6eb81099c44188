#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <search.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#ifdef GEYSER_PLATFORM_APPLE
#include <sys/event.h>
#else
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef F_ADD_SEALS
#define SEAL_COMMAND F_ADD_SEALS
#else
#define SEAL_COMMAND (-1)
#endif

static _Atomic int armed, error_number;
static _Atomic bool stays, hit;
static _Atomic unsigned left; /* counts down the calls until the one that fails */
static _Atomic long allocated;

void faults_arm(enum fault fault, int error, unsigned nth, bool for_good)
{
	atomic_store(&left, nth);
	atomic_store(&error_number, error);
	atomic_store(&stays, for_good);
	atomic_store(&hit, false);
	atomic_store(&armed, (int)fault);
}

bool faults_disarm(void)
{
	atomic_store(&armed, FAULT_NONE);
	return atomic_load(&hit);
}

long faults_allocated(void)
{
	return atomic_load(&allocated);
}

/* Returns whether this call must fail, and sets errno if so. */
static bool fails(enum fault fault)
{
	unsigned before;

	if (atomic_load(&armed) != (int)fault)
		return false;
	before = atomic_load(&left);
	while (before > 0 && !atomic_compare_exchange_weak(&left, &before, before - 1))
		;
	if (before > 1 || (before == 0 && !atomic_load(&stays)))
		return false;
	atomic_store(&hit, true);
	errno = atomic_load(&error_number);
	return true;
}

static void *count(void *memory)
{
	if (memory)
		atomic_fetch_add(&allocated, 1);
	return memory;
}

/* The linker's option --wrap=X sends the library's calls of X to __wrap_X. The name __real_X stands
 * for X itself. */
#define WRAP(fault, failure, type, name, parameters, arguments)            \
	type __real_##name parameters;                                     \
	type __wrap_##name parameters;                                     \
	type __wrap_##name parameters                                      \
	{                                                                  \
		return fails(fault) ? (failure) : __real_##name arguments; \
	}

/* clang-format off */
#ifdef GEYSER_PLATFORM_APPLE
WRAP(FAULT_ACCEPT, -1, int, accept,
	(int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))
WRAP(FAULT_EPOLL_CREATE, -1, int, kqueue, (void), ())
WRAP(FAULT_EVENTFD, -1, int, pipe, (int ends[2]), (ends))
WRAP(FAULT_FALLOCATE, -1, int, shim_ftruncate, (int fd, off_t size), (fd, size))
WRAP(FAULT_GETRANDOM, -1, int, getentropy, (void *bytes, size_t size), (bytes, size))
WRAP(FAULT_MEMFD, -1, int, shm_open, (const char *name, int flags, mode_t mode), (name, flags, mode))
#else
WRAP(FAULT_ACCEPT, -1, int, accept4,
	(int fd, struct sockaddr *address, socklen_t *size, int flags), (fd, address, size, flags))
WRAP(FAULT_EPOLL_CREATE, -1, int, epoll_create1, (int flags), (flags))
WRAP(FAULT_EVENTFD, -1, int, eventfd, (unsigned initial, int flags), (initial, flags))
WRAP(FAULT_FALLOCATE, -1, int, fallocate64,
	(int fd, int mode, off_t offset, off_t size), (fd, mode, offset, size))
WRAP(FAULT_GETRANDOM, -1, ssize_t, getrandom,
	(void *bytes, size_t size, unsigned flags), (bytes, size, flags))
WRAP(FAULT_MEMFD, -1, int, memfd_create, (const char *name, unsigned flags), (name, flags))
#endif
WRAP(FAULT_BIND, -1, int, bind,
	(int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
WRAP(FAULT_FLOCK, -1, int, flock, (int fd, int operation), (fd, operation))
WRAP(FAULT_LISTEN, -1, int, listen, (int fd, int backlog), (fd, backlog))
WRAP(FAULT_MMAP, MAP_FAILED, void *, mmap64,
	(void *where, size_t size, int protection, int flags, int fd, off_t offset),
	(where, size, protection, flags, fd, offset))
WRAP(FAULT_SOCKET, -1, int, socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(FAULT_SOCKETPAIR, -1, int, socketpair,
	(int domain, int type, int protocol, int ends[2]), (domain, type, protocol, ends))
WRAP(FAULT_SYMLINK, -1, int, symlinkat,
	(const char *target, int directory, const char *name), (target, directory, name))
WRAP(FAULT_THREAD, EAGAIN, int, pthread_create,
	(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data),
	(thread, attributes, run, data))
WRAP(FAULT_TREE, NULL, void *, tsearch,
	(const void *key, void **root, int (*compare)(const void *, const void *)),
	(key, root, compare))
/* clang-format on */

/* Only adding a watch may fail. Removing one never fails in the kernel, and the library doesn't
 * check it. */
#ifdef GEYSER_PLATFORM_APPLE
int __real_kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
	int event_count, const struct timespec *timeout);
int __wrap_kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
	int event_count, const struct timespec *timeout);
int __wrap_kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
	int event_count, const struct timespec *timeout)
{
	if (change_count > 0 && changes->flags & EV_ADD && fails(FAULT_EPOLL_CTL))
		return -1;
	return __real_kevent(queue, changes, change_count, events, event_count, timeout);
}
#else
int __real_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	if (operation == EPOLL_CTL_ADD && fails(FAULT_EPOLL_CTL))
		return -1;
	return __real_epoll_ctl(epoll, operation, fd, event);
}
#endif

int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...)
{
	va_list arguments;
	int argument;

	va_start(arguments, command);
	argument = va_arg(arguments, int);
	va_end(arguments);
	if ((command == F_DUPFD_CLOEXEC && fails(FAULT_DUPLICATE)) ||
		(command == SEAL_COMMAND && fails(FAULT_SEAL)))
		return -1;
	return __real_fcntl64(fd, command, argument);
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list arguments;

	va_start(arguments, flags);
	if (flags & O_CREAT)
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return fails(FAULT_OPEN) ? -1 : __real_open64(path, flags, mode);
}

int __real_openat64(int directory, const char *path, int flags, ...);
int __wrap_openat64(int directory, const char *path, int flags, ...);
int __wrap_openat64(int directory, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list arguments;

	va_start(arguments, flags);
	if (flags & O_CREAT)
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return fails(FAULT_OPENAT) ? -1 : __real_openat64(directory, path, flags, mode);
}

/* ---- allocations, which are counted, too ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return fails(FAULT_ALLOCATION) ? NULL : count(__real_malloc(size));
}

void *__real_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size)
{
	return fails(FAULT_ALLOCATION) ? NULL : count(__real_calloc(number, size));
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	return fails(FAULT_ALLOCATION) ? NULL : count(__real_strdup(text));
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
	if (memory)
		atomic_fetch_sub(&allocated, 1);
	__real_free(memory);
}
