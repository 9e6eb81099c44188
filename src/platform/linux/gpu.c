/* SPDX-License-Identifier: MIT */
/* Finds the device files of GPUs, and makes dma-bufs of shared memory. */
#include "platform/platform.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define UDMABUF "/dev/udmabuf"

bool gy_platform_has_gpu(void)
{
	static const char *const files[] = {
		"/dev/dri/renderD128", "/dev/nvidiactl", "/dev/dxg", /* WSL */
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (access(files[i], F_OK) == 0)
			return true;
	return false;
}

/* Reads each page once. udmabuf accepts pages that are allocated but were never touched. The first
 * fault of a mapping then zeroes such a page, and data written through the dma-buf before is lost
 * (seen with Linux 6.12). */
static enum geyser_result touch_pages(int fd, uint64_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mapped = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	const volatile uint8_t *bytes = mapped;

	if (mapped == MAP_FAILED)
		return gy_fail_errno("mapping memory");
	for (uint64_t at = 0; at < size; at += page)
		(void)bytes[at];
	(void)munmap(mapped, size);
	return GEYSER_OK;
}

bool gy_memory_has_dma_buf(void)
{
	static _Atomic int found; /* 0: not known yet; 1: available; -1: not available */

	if (!atomic_load_explicit(&found, memory_order_relaxed))
		atomic_store_explicit(
			&found, access(UDMABUF, R_OK | W_OK) == 0 ? 1 : -1, memory_order_relaxed);
	return atomic_load_explicit(&found, memory_order_relaxed) > 0;
}

enum geyser_result gy_memory_to_dma_buf(int fd, uint64_t size, int *out)
{
	struct udmabuf_create create = {
		.memfd = (uint32_t)fd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = size,
	};
	enum geyser_result result = touch_pages(fd, size);
	int device;

	*out = -1;
	if (result != GEYSER_OK)
		return result;
	device = open(UDMABUF, O_RDWR | O_CLOEXEC);
	if (device < 0 && errno == ENOENT)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"dma-buf: the kernel has no %s (CONFIG_UDMABUF)", UDMABUF);
	if (device < 0)
		return gy_fail_errno("opening %s", UDMABUF);
	*out = ioctl(device, UDMABUF_CREATE, &create);
	if (*out < 0 && errno == EINVAL)
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"dma-buf: the kernel makes none of this memory: it is over udmabuf's size "
			"limit (%llu bytes)",
			(unsigned long long)size);
	else if (*out < 0)
		result = gy_fail_errno("UDMABUF_CREATE");
	(void)close(device);
	return result;
}
