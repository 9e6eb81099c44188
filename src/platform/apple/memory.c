/* SPDX-License-Identifier: MIT */
/*
 * Shared memory of a fixed size: a POSIX shared memory object. On XNU, ftruncate can set the size
 * of such an object only once (kern/posix_shm.c, pshm_truncate). This does what size seals do on
 * Linux. A mapping made through a read-only descriptor can never become writable (pshm_mmap). The
 * object's name is random, and is removed before any other process learns of the object.
 *
 * The App Sandbox and iOS refuse shm_open, except under names of an application group. Without a
 * group the memory is a Mach memory entry (mach_memory.h), which this process alone can map.
 */
#include "platform/apple/mach_memory.h"
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

#define NAME_SIZE 32 /* XNU allows 31 bytes */
#define TRIES 16

static enum geyser_result open_failure(void)
{
	char text[GY_ERROR_TEXT_SIZE];

	if (errno == ENOSYS)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "shared memory: shm_open: %s",
			gy_error_text(errno, text));
	return gy_fail_errno("shm_open"); /* PERMISSION in a sandbox */
}

/* Writes a name of the application group, which begins with the group. If the group is too long for
 * that, the name is an ordinary one, and a sandbox refuses it. */
static void make_name(char name[NAME_SIZE], uint64_t number)
{
	const char *group = gy_application_group();

	if (!group ||
		snprintf(name, NAME_SIZE, "%s/%08" PRIx32, group, (uint32_t)number) >= NAME_SIZE)
		(void)snprintf(name, NAME_SIZE, "/geyser-%016" PRIx64, number);
}

/* Creates an object and opens it for reading and writing. The object keeps this name until
 * shm_unlink. */
static enum geyser_result open_new(char name[NAME_SIZE], int *out)
{
	uint64_t number;

	for (int i = 0; i < TRIES; i++) {
		if (!gy_system_random(&number, sizeof(number)))
			return gy_fail_errno("random bytes");
		make_name(name, number);
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

/* Refuses a size larger than the machine's memory. The system itself would grant any size, and then
 * allocate pages at first use until no memory is left. */
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

/* Creates an object. Unless reader is NULL, *reader becomes a second descriptor, open for reading
 * only. Errors: PERMISSION in a sandbox. */
static enum geyser_result create(uint64_t size, int *out, int *reader)
{
	char name[NAME_SIZE];
	int fd = -1;
	enum geyser_result result = open_new(name, &fd);

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
	enum geyser_result result = check_available(size);

	(void)name; /* the system shows no name */
	*out = -1;
	if (result == GEYSER_OK)
		result = create(size, out, NULL);
	return result == GEYSER_ERROR_PERMISSION ? gy_mach_memory_create(size, out) : result;
}

enum geyser_result gy_memory_create_published(
	const char *name, uint64_t size, int *out, void **data)
{
	int writer = -1, reader = -1;
	enum geyser_result result = check_available(size);

	(void)name;
	*out = -1;
	*data = NULL;
	if (result == GEYSER_OK)
		result = create(size, &writer, &reader);
	if (result == GEYSER_ERROR_PERMISSION)
		return gy_mach_memory_create_published(size, out, data);
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
	gy_mach_memory_sweep();
	return result;
}

enum geyser_result gy_memory_check_leaves(int fd)
{
	uint64_t size;
	bool writable;

	if (!gy_mach_memory_find(fd, &size, &writable))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the sandbox of process %d refuses shared memory (shm_open), so that host memory, "
		"events and streams stay within the process: programs of one application group "
		"share them if GEYSER_APP_GROUP names the group, in 22 bytes at most",
		getpid());
}

static const char *file_kind(mode_t mode)
{
	return S_ISREG(mode) ? "a file on disk, whose pages can fail to load"
			     : "not a file of memory";
}

/* The system doesn't say how much of an object is allocated: its st_blocks is 0. */
uint64_t gy_memory_allocated(int fd)
{
	(void)fd;
	return UINT64_MAX;
}

/* fstat gives a shared memory object no file type bits (kern/posix_shm.c, pshm_stat), and gives
 * such bits to everything else. An object of size 0 can still get another size, once. That is
 * harmless, because every caller needs more than 0 bytes. */
enum geyser_result gy_memory_check(int fd, struct gy_memory_info *out)
{
	char text[GY_ERROR_TEXT_SIZE];
	struct stat status;

	*out = (struct gy_memory_info){.allocated = gy_memory_allocated(fd)};
	if (gy_mach_memory_find(fd, &out->size, &out->writable))
		return GEYSER_OK;
	if (fstat(fd, &status) < 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "fd (%d): %s", fd,
			gy_error_text(errno, text));
	if (status.st_mode & S_IFMT)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"memory on %s: only a POSIX shared memory object is safe to map",
			file_kind(status.st_mode));
	out->size = (uint64_t)status.st_size;
	out->writable = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
	return GEYSER_OK;
}

void gy_memory_fill(int fd, uint64_t offset, uint64_t size)
{
	(void)fd;
	(void)offset;
	(void)size;
}

/* The first access to a page brings it in. Reading leaves alone what a peer writes at the same
 * time. */
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
