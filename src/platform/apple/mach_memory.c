/* SPDX-License-Identifier: MIT */
#include "platform/apple/mach_memory.h"
#include "platform/random.h"
#include "platform/socket.h"

#include "base/error.h"

#include <errno.h>
#include <mach/mach.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct entry {
	struct entry *next;
	uint8_t key[16]; /* the stand-in has these bytes to receive, and they are never received */
	mach_port_t port;
	uint64_t size;
	bool writable;
	int keeper; /* the stand-in's other end, which tells when all copies are closed */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;

/* ---- the system's calls ---- */

static enum geyser_result fail(const char *call, kern_return_t result)
{
	bool short_of_memory = result == KERN_NO_SPACE || result == KERN_RESOURCE_SHORTAGE;

	return gy_fail(short_of_memory ? GEYSER_ERROR_OUT_OF_MEMORY : GEYSER_ERROR_SYSTEM,
		"%s: %s (%d)", call, mach_error_string(result), result);
}

/* Makes the port of new memory, or of the memory that this process has mapped at that address. An
 * entry of mapped memory is a copy of it unless it says that it shares. */
static enum geyser_result make(uint64_t size, void *mapped, vm_prot_t rights, mach_port_t *out)
{
	const vm_prot_t kind = mapped ? MAP_MEM_VM_SHARE : MAP_MEM_NAMED_CREATE;
	memory_object_size_t made = size;
	kern_return_t result = mach_make_memory_entry_64(mach_task_self(), &made,
		(memory_object_offset_t)(uintptr_t)mapped, kind | rights, out, MACH_PORT_NULL);

	if (result != KERN_SUCCESS)
		return fail("mach_make_memory_entry_64", result);
	if (made >= size)
		return GEYSER_OK;
	(void)mach_port_deallocate(mach_task_self(), *out);
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
		"mach_make_memory_entry_64 made less than %llu bytes of memory",
		(unsigned long long)size);
}

/* The mapping can never become writable if it isn't now. */
static kern_return_t map(mach_port_t port, size_t size, bool writable, void **out)
{
	const vm_prot_t rights = VM_PROT_READ | (writable ? VM_PROT_WRITE : 0);
	vm_address_t address = 0;
	kern_return_t result = vm_map(mach_task_self(), &address, size, 0, VM_FLAGS_ANYWHERE, port,
		0, FALSE, rights, rights, VM_INHERIT_SHARE);

	*out = (void *)(uintptr_t)address; /* NOLINT(performance-no-int-to-ptr): the call's */
	return result;
}

/* ---- entries ---- */

void gy_mach_memory_sweep(void)
{
	struct entry **link = &entries, *it;

	(void)pthread_mutex_lock(&lock);
	while ((it = *link)) {
		if (gy_socket_is_hung_up(it->keeper)) {
			*link = it->next;
			(void)mach_port_deallocate(mach_task_self(), it->port);
			(void)close(it->keeper);
			free(it);
		} else {
			link = &it->next;
		}
	}
	(void)pthread_mutex_unlock(&lock);
}

/* Makes the entry's stand-in, whose unread bytes are the entry's key. */
static enum geyser_result make_stand_in(struct entry *entry, int *out)
{
	enum geyser_result result = gy_random(entry->key, sizeof(entry->key));
	int ends[2];

	if (result != GEYSER_OK)
		return result;
	if (gy_socket_pair(ends))
		return gy_fail_errno("socketpair");
	if (send(ends[1], entry->key, sizeof(entry->key), 0) != (ssize_t)sizeof(entry->key)) {
		result = gy_fail_errno("send");
		(void)close(ends[0]);
		(void)close(ends[1]);
		return result;
	}
	*out = ends[0];
	entry->keeper = ends[1];
	return GEYSER_OK;
}

/* Takes over the port, even after a failure. */
static enum geyser_result add(mach_port_t port, uint64_t size, bool writable, int *out)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	enum geyser_result result =
		entry ? make_stand_in(entry, out)
		      : gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a memory entry");

	if (result != GEYSER_OK) {
		(void)mach_port_deallocate(mach_task_self(), port);
		free(entry);
		return result;
	}
	entry->port = port;
	entry->size = size;
	entry->writable = writable;
	(void)pthread_mutex_lock(&lock);
	entry->next = entries;
	entries = entry;
	(void)pthread_mutex_unlock(&lock);
	return GEYSER_OK;
}

/* Returns the entry that the descriptor stands for, or NULL. The caller holds the lock. */
static const struct entry *find(int fd)
{
	const struct entry *it = entries;
	uint8_t key[sizeof(it->key)];

	if (!it || recv(fd, key, sizeof(key), MSG_PEEK | MSG_DONTWAIT) != (ssize_t)sizeof(key))
		return NULL;
	while (it && memcmp(it->key, key, sizeof(key)) != 0)
		it = it->next;
	return it;
}

bool gy_mach_memory_find(int fd, uint64_t *size, bool *writable)
{
	const struct entry *entry;

	(void)pthread_mutex_lock(&lock);
	entry = find(fd);
	if (entry) {
		*size = entry->size;
		*writable = entry->writable;
	}
	(void)pthread_mutex_unlock(&lock);
	return entry != NULL;
}

void *gy_mach_memory_map(int fd, size_t size, bool writable)
{
	const struct entry *entry;
	void *data = NULL;
	int error = 0;

	(void)pthread_mutex_lock(&lock);
	entry = find(fd);
	if (!entry)
		error = EBADF;
	else if (writable && !entry->writable)
		error = EACCES;
	else if (map(entry->port, size, writable, &data) != KERN_SUCCESS)
		error = ENOMEM;
	(void)pthread_mutex_unlock(&lock);
	if (!error)
		return data;
	errno = error;
	return NULL;
}

/* ---- fork ---- */

static void before_fork(void)
{
	(void)pthread_mutex_lock(&lock);
}

static void after_fork_in_parent(void)
{
	(void)pthread_mutex_unlock(&lock);
}

/* A child has none of its parent's ports, so that its copies of stand-ins name nothing. */
static void after_fork_in_child(void)
{
	struct entry *it;

	while ((it = entries)) {
		entries = it->next;
		(void)close(it->keeper);
		free(it);
	}
	(void)pthread_mutex_unlock(&lock);
}

/* This is registered before the handlers of ipc/process, which therefore take their lock first:
 * ipc calls this file with its lock held. */
__attribute__((constructor)) static void register_atfork(void)
{
	(void)pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ---- new memory ---- */

enum geyser_result gy_mach_memory_create(uint64_t size, int *out)
{
	enum geyser_result result;
	mach_port_t port;

	gy_mach_memory_sweep();
	result = make(size, NULL, VM_PROT_READ | VM_PROT_WRITE, &port);
	return result == GEYSER_OK ? add(port, size, true, out) : result;
}

enum geyser_result gy_mach_memory_create_published(uint64_t size, int *out, void **data)
{
	mach_port_t writer, reader;
	enum geyser_result result;
	kern_return_t mapped;

	gy_mach_memory_sweep();
	result = make(size, NULL, VM_PROT_READ | VM_PROT_WRITE, &writer);
	if (result != GEYSER_OK)
		return result;
	mapped = map(writer, (size_t)size, true, data);
	(void)mach_port_deallocate(mach_task_self(), writer);
	if (mapped != KERN_SUCCESS)
		return fail("vm_map", mapped);
	result = make(size, *data, VM_PROT_READ, &reader);
	if (result == GEYSER_OK)
		result = add(reader, size, false, out);
	if (result == GEYSER_OK)
		return GEYSER_OK;
	(void)vm_deallocate(mach_task_self(), (vm_address_t)(uintptr_t)*data, (vm_size_t)size);
	*data = NULL;
	return result;
}
