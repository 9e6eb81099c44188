/* SPDX-License-Identifier: MIT */
/* Mach memory entries: ports of memfds. It keeps the rules of XNU's vm_map_enter_mem_object. */
#include "ports.h"

#include <fcntl.h>
#include <mach/mach.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The shim's munmap calls vm_deallocate. */
#undef munmap

/* What vm_map has mapped. */
struct mapping {
	struct mapping *next;
	vm_address_t address;
	int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapping *mappings;

static vm_size_t rounded(unsigned long long size)
{
	vm_size_t page = (vm_size_t)sysconf(_SC_PAGESIZE);

	return ((vm_size_t)size + page - 1) / page * page;
}

static bool remember(vm_address_t address, int fd)
{
	struct mapping *mapping = malloc(sizeof(*mapping));
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (!mapping || copy < 0) {
		free(mapping);
		if (copy >= 0)
			close(copy);
		return false;
	}
	pthread_mutex_lock(&lock);
	*mapping = (struct mapping){.next = mappings, .address = address, .fd = copy};
	mappings = mapping;
	pthread_mutex_unlock(&lock);
	return true;
}

static void forget(vm_address_t address)
{
	struct mapping **link = &mappings, *it;

	pthread_mutex_lock(&lock);
	while ((it = *link) && it->address != address)
		link = &it->next;
	if (it) {
		*link = it->next;
		close(it->fd);
		free(it);
	}
	pthread_mutex_unlock(&lock);
}

/* Another descriptor of the memory, with these rights and no more. */
static int reopen(int fd, vm_prot_t rights)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, (rights & VM_PROT_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}

/* A descriptor of the memory at that address. */
static int reopen_at(vm_address_t address, vm_prot_t rights)
{
	const struct mapping *it;
	int fd;

	pthread_mutex_lock(&lock);
	for (it = mappings; it && it->address != address;)
		it = it->next;
	fd = it ? reopen(it->fd, rights) : -1;
	pthread_mutex_unlock(&lock);
	return fd;
}

static int create(vm_size_t size)
{
	int fd = memfd_create("memory entry", MFD_CLOEXEC);

	if (fd >= 0 && posix_fallocate(fd, 0, (off_t)size) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

kern_return_t mach_make_memory_entry_64(vm_map_t task, memory_object_size_t *size,
	memory_object_offset_t offset, vm_prot_t permission, mach_port_t *entry,
	mem_entry_name_port_t parent)
{
	const vm_prot_t rights = permission & (VM_PROT_READ | VM_PROT_WRITE);
	struct double_target target = {.fd = -1};

	*entry = MACH_PORT_NULL;
	if (task != mach_task_self() || parent != MACH_PORT_NULL)
		double_die("the double makes memory entries of its own process, with no parent");
	if (!(permission & (MAP_MEM_NAMED_CREATE | MAP_MEM_VM_SHARE)))
		double_die("a memory entry of mapped memory is copied on write unless it shares");
	if (double_fails("mach_make_memory_entry_64"))
		return KERN_NO_SPACE;
	if (*size == 0)
		return KERN_INVALID_ARGUMENT;
	*size = rounded(*size);
	target.fd = permission & MAP_MEM_NAMED_CREATE ? create((vm_size_t)*size)
						      : reopen_at((vm_address_t)offset, rights);
	if (target.fd < 0)
		return permission & MAP_MEM_NAMED_CREATE ? KERN_NO_SPACE : KERN_INVALID_ADDRESS;
	*entry = double_port_add(&target, DOUBLE_SEND);
	return KERN_SUCCESS;
}

/* mprotect allows what the descriptor does. */
static void *map(int fd, vm_size_t size, vm_prot_t current, vm_prot_t most)
{
	const int protection = PROT_READ | (current & VM_PROT_WRITE ? PROT_WRITE : 0);
	int own = reopen(fd, most);
	void *data;

	if (own < 0)
		return MAP_FAILED;
	data = mmap(NULL, size, protection, MAP_SHARED, own, 0);
	close(own);
	if (data == MAP_FAILED || remember((vm_address_t)data, fd))
		return data;
	munmap(data, size);
	return MAP_FAILED;
}

static kern_return_t check(int fd, vm_size_t size, vm_prot_t most)
{
	struct stat status;

	if ((most & VM_PROT_WRITE) && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDWR)
		return KERN_INVALID_RIGHT;
	if (fstat(fd, &status) != 0 || size == 0 || rounded(size) > (vm_size_t)status.st_size)
		return KERN_INVALID_ARGUMENT;
	return KERN_SUCCESS;
}

kern_return_t vm_map(vm_map_t task, vm_address_t *address, vm_size_t size, vm_address_t mask,
	int flags, mem_entry_name_port_t object, vm_offset_t offset, boolean_t copy,
	vm_prot_t current, vm_prot_t most, vm_inherit_t inheritance)
{
	struct double_target target;
	kern_return_t result;
	void *data;

	if (task != mach_task_self() || mask || flags != VM_FLAGS_ANYWHERE || offset || copy ||
		(current & ~most) || inheritance != VM_INHERIT_SHARE)
		double_die("vm_map is in the double for whole entries that are shared");
	if (!double_port_target(object, MACH_PORT_TYPE_SEND, &target) || target.fd < 0)
		return KERN_INVALID_ARGUMENT;
	if (double_fails("vm_map"))
		return KERN_NO_SPACE;
	result = check(target.fd, size, most);
	if (result != KERN_SUCCESS)
		return result;
	data = map(target.fd, size, current, most);
	if (data == MAP_FAILED)
		return KERN_NO_SPACE;
	*address = (vm_address_t)data;
	return KERN_SUCCESS;
}

/* XNU's munmap does no more than this. */
kern_return_t vm_deallocate(vm_map_t task, vm_address_t address, vm_size_t size)
{
	if (task != mach_task_self())
		double_die("vm_deallocate of another process");
	forget(address);
	return munmap((void *)address, size) == 0 ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
}
