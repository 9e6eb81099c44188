/* SPDX-License-Identifier: MIT */
#include "platform/linux/linux.h"
#include "platform/platform.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* A smaller request can't exhaust the machine. Asking the kernel how much memory is free would cost
 * more than the allocation. */
#define ASK_FIRST (UINT64_C(64) << 20)

/* On older kernels, such as Debian 12's, a signal makes fallocate undo the whole call. Allocating
 * in steps keeps the finished steps. A step takes a few ms, less than the time between two ticks of
 * a program's timer. */
#define ALLOCATION_STEP (UINT64_C(16) << 20)

/* Returns how many bytes are available without swapping, or UINT64_MAX if the kernel doesn't
 * say. */
static uint64_t memory_available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t kilobytes, available = UINT64_MAX;
	char line[128];

	if (!file)
		return available;
	while (fgets(line, sizeof(line), file)) {
		// NOLINTNEXTLINE(cert-err34-c): the kernel writes this number
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kilobytes) == 1) {
			available = kilobytes * 1024;
			break;
		}
	}
	(void)fclose(file);
	return available;
}

/* Refuses a size larger than the available memory. tmpfs itself would grant any size, and then take
 * all memory of the machine. */
static enum geyser_result check_available(uint64_t size)
{
	uint64_t available;

	if (size < ASK_FIRST)
		return GEYSER_OK;
	available = memory_available();
	if (size <= available)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
		"size (%" PRIu64 " bytes): this machine has %" PRIu64 " bytes available", size,
		available);
}

/* Some kernels refuse or log every memfd made without MFD_NOEXEC_SEAL, which came with Linux 6.3. A
 * sandbox may refuse this flag with any error. */
static int open_memory(const char *name)
{
	static _Atomic bool no_noexec;
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = -1;

	if (!atomic_load_explicit(&no_noexec, memory_order_relaxed)) {
		fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
		if (fd >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			return fd;
	}
	fd = memfd_create(name, flags);
	if (fd >= 0)
		atomic_store_explicit(&no_noexec, true, memory_order_relaxed);
	return fd;
}

static int allocate(int fd, uint64_t size)
{
	uint64_t done = 0;

	while (done < size) {
		uint64_t step = size - done < ALLOCATION_STEP ? size - done : ALLOCATION_STEP;

		if (fallocate(fd, 0, (off_t)done, (off_t)step) == 0)
			done += step;
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

/* Creates memory that is allocated, but not sealed yet. */
static enum geyser_result create_unsealed(const char *name, uint64_t size, int *out)
{
	enum geyser_result result = check_available(size);
	int fd;

	*out = -1;
	if (result != GEYSER_OK)
		return result;
	fd = open_memory(name);
	if (fd < 0)
		return gy_fail_errno("memfd_create");
	if (allocate(fd, size) < 0) {
		result = gy_fail_errno("allocating %" PRIu64 " bytes of shared memory", size);
		(void)close(fd);
		return result;
	}
	*out = fd;
	return GEYSER_OK;
}

static enum geyser_result seal(int fd, int seals)
{
	if (fcntl(fd, F_ADD_SEALS, seals) == 0)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "this kernel can't seal shared memory (%s)",
		strerrorname_np(errno));
}

enum geyser_result gy_memory_create(const char *name, uint64_t size, int *out)
{
	enum geyser_result result = create_unsealed(name, size, out);

	if (result != GEYSER_OK)
		return result;
	result = seal(*out, SIZE_SEALS);
	if (result != GEYSER_OK) {
		(void)close(*out);
		*out = -1;
	}
	return result;
}

enum geyser_result gy_memory_create_published(
	const char *name, uint64_t size, int *out, void **data)
{
	enum geyser_result result = create_unsealed(name, size, out);

	*data = NULL;
	if (result != GEYSER_OK)
		return result;
	result = gy_memory_map(*out, (size_t)size, true, data);
	if (result == GEYSER_OK)
		result = seal(*out, SIZE_SEALS | F_SEAL_FUTURE_WRITE);
	if (result == GEYSER_OK)
		return GEYSER_OK;
	gy_memory_unmap(*data, (size_t)size);
	(void)close(*out);
	*data = NULL;
	*out = -1;
	return result;
}

/* The kernel keeps all memfds on one tmpfs of its own. Its device number identifies most memory
 * without a further system call. */
static _Atomic uint64_t memfd_device;

enum geyser_result gy_memory_probe(void)
{
	struct stat status;
	int fd;
	enum geyser_result result = gy_memory_create("geyser-probe", 1, &fd);

	if (result == GEYSER_ERROR_SYSTEM) /* LIMIT and OUT_OF_MEMORY are reported as they are */
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the kernel has no shared memory to seal: memfd_create is needed");
	if (result != GEYSER_OK)
		return result;
	if (fstat(fd, &status) == 0)
		atomic_store_explicit(&memfd_device, status.st_dev, memory_order_relaxed);
	(void)close(fd);
	return GEYSER_OK;
}

static const char *memory_kind(const struct stat *status, const struct statfs *fs)
{
	if (!S_ISREG(status->st_mode))
		return "not a file of memory";
	switch ((unsigned long)fs->f_type) {
	case HUGETLBFS_MAGIC:
		return "hugetlbfs, whose pages can be gone at first use";
	case FUSE_SUPER_MAGIC:
		return "FUSE, whose pages another process hands out";
	default:
		return "a file on disk, whose pages can fail to load";
	}
}

static enum geyser_result check_kind(int fd, const struct stat *status)
{
	struct statfs fs;

	if (status->st_dev == atomic_load_explicit(&memfd_device, memory_order_relaxed))
		return GEYSER_OK;
	if (fstatfs(fd, &fs) < 0)
		return gy_fail_errno("fstatfs");
	if (fs.f_type == TMPFS_MAGIC)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "memory on %s: only a memfd is safe to map",
		memory_kind(status, &fs));
}

static enum geyser_result check_seals(int fd, int *seals)
{
	int missing;

	*seals = fcntl(fd, F_GET_SEALS);
	if (*seals < 0)
		return gy_fail(GEYSER_ERROR_UNSEALED,
			"memory that has no seals (%s): pass a memfd "
			"made with MFD_ALLOW_SEALING",
			strerrorname_np(errno));
	missing = SIZE_SEALS & ~*seals;
	if (!missing)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSEALED,
		"memory lacks the seals%s%s%s: add them before sharing",
		missing & F_SEAL_SHRINK ? " F_SEAL_SHRINK" : "",
		missing & F_SEAL_GROW ? " F_SEAL_GROW" : "",
		missing & F_SEAL_SEAL ? " F_SEAL_SEAL" : "");
}

/* st_blocks includes the pages that are swapped out. */
static uint64_t allocated_of(const struct stat *status)
{
	return (uint64_t)status->st_blocks * 512;
}

enum geyser_result gy_memory_check(int fd, struct gy_memory_info *out)
{
	enum geyser_result result;
	struct stat status;
	int seals;

	if (fstat(fd, &status) < 0)
		return gy_fail(
			GEYSER_ERROR_INVALID_ARGUMENT, "fd (%d): %s", fd, strerrordesc_np(errno));
	result = check_kind(fd, &status);
	if (result == GEYSER_OK)
		result = check_seals(fd, &seals);
	if (result != GEYSER_OK)
		return result;
	*out = (struct gy_memory_info){
		.size = (uint64_t)status.st_size,
		.allocated = allocated_of(&status),
		.writable = (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) == 0,
	};
	return GEYSER_OK;
}

/* Any process can map a memfd. */
enum geyser_result gy_memory_check_leaves(int fd)
{
	(void)fd;
	return GEYSER_OK;
}

uint64_t gy_memory_allocated(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 ? allocated_of(&status) : 0;
}

void gy_memory_fill(int fd, uint64_t offset, uint64_t size)
{
	(void)fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
}

/* Works since Linux 5.14. On older kernels the first access to each page brings it in. */
void gy_memory_prefault(void *data, size_t size, bool writable)
{
	(void)madvise(data, size, writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
}
