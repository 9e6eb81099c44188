/* SPDX-License-Identifier: MIT */
/*
 * Shared memory of a size that can't change: a POSIX shared memory object. XNU lets ftruncate give
 * one its size once in its life (kern/posix_shm.c, pshm_truncate), which does what seals do on
 * Linux; and maps what was opened for reading only without any way to make it writable
 * (pshm_mmap). Its name is random and gone before anybody is told of it.
 */
#include "platform/platform.h"

#include "base/error.h"
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 32 /* XNU takes 31 bytes */
#define TRIES 16

static enum geyser_result open_failure(void)
{
	char text[GY_ERROR_TEXT_SIZE];

	if (errno == EPERM || errno == EACCES)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"shared memory: shm_open: %s: an App Sandbox allows it only under names "
			"of an application group",
			gy_error_text(errno, text));
	if (errno == ENOSYS)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "shared memory: shm_open: %s",
			gy_error_text(errno, text));
	return gy_fail_errno("shm_open");
}

/* A new object, open for reading and writing, and under this name until that is unlinked. */
static enum geyser_result open_new(char name[NAME_SIZE], int *out)
{
	uint64_t number;

	for (int i = 0; i < TRIES; i++) {
		if (!gy_system_random(&number, sizeof(number)))
			return gy_fail_errno("random bytes");
		(void)snprintf(name, NAME_SIZE, "/geyser-%016" PRIx64, number);
		*out = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (*out >= 0) {
			(void)fcntl(*out, F_SETFD, FD_CLOEXEC);
			return GEYSER_OK;
		}
		if (errno != EEXIST)
			break;
	}
	return open_failure();
}

/* Pages come at first use, and without an end: what is more than there can be is refused before. */
static enum geyser_result check_available(uint64_t size)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t available = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;

	if (size <= available)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
		"size (%" PRIu64 " bytes): this machine has %" PRIu64 " bytes available", size,
		available);
}

/* *reader: a second descriptor, for reading only, unless it is NULL. */
static enum geyser_result create(uint64_t size, int *out, int *reader)
{
	enum geyser_result result = check_available(size);
	char name[NAME_SIZE];
	int fd = -1;

	if (result != GEYSER_OK)
		return result;
	result = open_new(name, &fd);
	if (result != GEYSER_OK)
		return result;
	if (ftruncate(fd, (off_t)size) < 0)
		result = gy_fail_errno("allocating %" PRIu64 " bytes of shared memory", size);
	if (result == GEYSER_OK && reader) {
		*reader = shm_open(name, O_RDONLY, 0);
		if (*reader < 0)
			result = gy_fail_errno("shm_open");
		else
			(void)fcntl(*reader, F_SETFD, FD_CLOEXEC);
	}
	(void)shm_unlink(name);
	if (result == GEYSER_OK)
		*out = fd;
	else
		(void)close(fd);
	return result;
}

enum geyser_result gy_memory_create(const char *name, uint64_t size, int *out)
{
	(void)name; /* nobody would see it */
	*out = -1;
	return create(size, out, NULL);
}

enum geyser_result gy_memory_create_published(
	const char *name, uint64_t size, int *out, void **data)
{
	int writer = -1, reader = -1;
	enum geyser_result result = create(size, &writer, &reader);

	(void)name;
	*out = -1;
	*data = NULL;
	if (result != GEYSER_OK)
		return result;
	result = gy_memory_map(writer, (size_t)size, true, data);
	(void)close(writer);
	if (result == GEYSER_OK)
		*out = reader;
	else
		(void)close(reader);
	return result;
}

enum geyser_result gy_memory_probe(void)
{
	int fd;
	enum geyser_result result = gy_memory_create("geyser-probe", 1, &fd);

	if (result == GEYSER_OK)
		(void)close(fd);
	return result;
}

static const char *file_kind(mode_t mode)
{
	return S_ISREG(mode) ? "a file on disk, whose pages can fail to load"
			     : "not a file of memory";
}

/* fstat gives such an object no type bits (kern/posix_shm.c, pshm_stat), and everything else some.
 * One whose size is 0 can be given another, once; all users of it need more than that. */
enum geyser_result gy_memory_check(int fd, uint64_t *size, bool *writable)
{
	char text[GY_ERROR_TEXT_SIZE];
	struct stat status;

	if (fstat(fd, &status) < 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "fd (%d): %s", fd,
			gy_error_text(errno, text));
	if (status.st_mode & S_IFMT)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"memory on %s: only a POSIX shared memory object is safe to map",
			file_kind(status.st_mode));
	*size = (uint64_t)status.st_size;
	*writable = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
	return GEYSER_OK;
}

/* The system doesn't say how much is allocated: st_blocks of such an object is 0. */
uint64_t gy_memory_allocated(int fd)
{
	(void)fd;
	return UINT64_MAX;
}

void gy_memory_fill(int fd, uint64_t offset, uint64_t size)
{
	(void)fd;
	(void)offset;
	(void)size;
}

/* The first touch of each page brings it in; reading changes nothing that a peer writes meanwhile.
 */
void gy_memory_prefault(void *data, size_t size, bool writable)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const volatile uint8_t *bytes = data;

	(void)writable;
	(void)madvise(data, size, MADV_WILLNEED);
	for (size_t at = 0; at < size; at += page)
		(void)bytes[at];
}

bool gy_memory_has_dma_buf(void)
{
	return false;
}

enum geyser_result gy_memory_to_dma_buf(int fd, uint64_t size, int *out)
{
	(void)fd;
	(void)size;
	*out = -1;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "dma-buf: this system has none, only Linux has");
}
