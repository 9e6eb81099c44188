/* SPDX-License-Identifier: MIT */
/*
 * For ThreadSanitizer only (meson option one_mapping). All imports of the same memory in a process
 * share one mapping, and so one address. Tests run two threads that act as two processes.
 * ThreadSanitizer sees their races only if both threads use the same address.
 */
#include "platform/platform.h"

#include "base/error.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct mapping {
	struct mapping *next;
	dev_t device;
	ino_t inode;
	unsigned references;
	bool writable;
	void *data;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapping *mappings;

static struct mapping *find(const struct stat *status, bool writable)
{
	for (struct mapping *it = mappings; it; it = it->next)
		if (it->device == status->st_dev && it->inode == status->st_ino &&
			it->writable >= writable)
			return it;
	return NULL;
}

static enum geyser_result map_new(
	int fd, size_t size, bool writable, const struct stat *status, struct mapping **out)
{
	int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	struct mapping *mapping = calloc(1, sizeof(*mapping));

	if (!mapping)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a mapping");
	mapping->data = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
	if (mapping->data == MAP_FAILED) {
		free(mapping);
		return gy_fail_errno("mapping %zu bytes", size);
	}
	mapping->device = status->st_dev;
	mapping->inode = status->st_ino;
	mapping->writable = writable;
	mapping->next = mappings;
	mappings = mapping;
	*out = mapping;
	return GEYSER_OK;
}

enum geyser_result gy_memory_map(int fd, size_t size, bool writable, void **out)
{
	enum geyser_result result = GEYSER_OK;
	struct mapping *mapping;
	struct stat status;

	*out = NULL;
	if (fstat(fd, &status) < 0)
		return gy_fail_errno("fstat");
	(void)pthread_mutex_lock(&lock);
	mapping = find(&status, writable);
	if (!mapping)
		result = map_new(fd, size, writable, &status, &mapping);
	if (result == GEYSER_OK) {
		mapping->references++;
		*out = mapping->data;
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

void gy_memory_unmap(void *data, size_t size)
{
	struct mapping **link = &mappings, *mapping;

	(void)pthread_mutex_lock(&lock);
	while (*link && (*link)->data != data)
		link = &(*link)->next;
	mapping = *link;
	if (mapping && --mapping->references == 0) {
		*link = mapping->next;
		(void)munmap(data, size);
		free(mapping);
	}
	(void)pthread_mutex_unlock(&lock);
}
