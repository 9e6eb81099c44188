/* Calls of the library that fail on demand; see the linker's --wrap in meson.build. */
#ifndef GEYSER_TESTS_FAULTS_H
#define GEYSER_TESTS_FAULTS_H

#include <stdbool.h>

enum fault {
	FAULT_NONE,
	FAULT_ACCEPT,
	FAULT_ALLOCATION, /* malloc, calloc, strdup */
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
	FAULT_TREE, /* tsearch, which allocates */
};

/* From now on the nth call of that kind (1: the next) fails with this errno, and if for_good all
 * after it do. */
void faults_arm(enum fault fault, int error, unsigned nth, bool for_good);

/* Back to normal; true if a call has failed. */
bool faults_disarm(void);

/* Allocations of the library (and the test) that are not freed. */
long faults_allocated(void);

#endif
