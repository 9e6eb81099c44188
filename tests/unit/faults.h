/* Makes system calls and allocations of the library fail on demand, by the linker's --wrap (see
 * meson.build). */
#ifndef GEYSER_TESTS_FAULTS_H
#define GEYSER_TESTS_FAULTS_H

#include <stdbool.h>

enum fault {
	FAULT_NONE,
	FAULT_ACCEPT,
	FAULT_ALLOCATION, /* malloc, calloc and strdup */
	FAULT_BIND,
	FAULT_DUPLICATE,
	FAULT_EPOLL_CREATE,
	FAULT_EPOLL_CTL,
	FAULT_EVENTFD,
	FAULT_FALLOCATE,
	FAULT_FLOCK,
	FAULT_GETRANDOM,
	FAULT_LISTEN,
	FAULT_MEMFD,
	FAULT_MMAP,
	FAULT_OPEN,
	FAULT_OPENAT,
	FAULT_SEAL,
	FAULT_SOCKET,
	FAULT_SOCKETPAIR,
	FAULT_SYMLINK,
	FAULT_THREAD,
	FAULT_TREE, /* tsearch, which allocates memory */
};

/* Lets the nth call of that kind from now on fail with this errno; 1 is the next call. With
 * `for_good` all later calls fail, too. */
void faults_arm(enum fault fault, int error, unsigned nth, bool for_good);

/* Lets all calls succeed again. Returns whether a call has failed. */
bool faults_disarm(void);

/* Returns the number of allocations of the library and the test that are not freed. */
long faults_allocated(void);

#endif
