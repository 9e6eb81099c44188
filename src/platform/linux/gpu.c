/* SPDX-License-Identifier: MIT */
/* GPUs' device files, and memory as dma-bufs. */
#include "platform/platform.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define UDMABUF "/dev/udmabuf"

bool gy_platform_has_gpu(void)
{
	static const char *const files[] = {
		"/dev/dri/renderD128", "/dev/nvidiactl", "/dev/dxg", /* of WSL */
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (access(files[i], F_OK) == 0)
			return true;
	return false;
}

enum geyser_result gy_memory_to_dma_buf(int fd, uint64_t size, int *out)
{
	struct udmabuf_create create = {
		.memfd = (uint32_t)fd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = size,
	};
	int device = open(UDMABUF, O_RDWR | O_CLOEXEC);
	enum geyser_result result = GEYSER_OK;

	*out = -1;
	if (device < 0 && errno == ENOENT)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"dma-buf: the kernel has no %s (CONFIG_UDMABUF)", UDMABUF);
	if (device < 0)
		return gy_fail_errno("opening %s", UDMABUF);
	*out = ioctl(device, UDMABUF_CREATE, &create);
	if (*out < 0 && errno == EINVAL)
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"dma-buf: the kernel makes none of this memory: it is sealed against "
			"writing, or over udmabuf's size limit (%llu bytes)",
			(unsigned long long)size);
	else if (*out < 0)
		result = gy_fail_errno("UDMABUF_CREATE");
	(void)close(device);
	return result;
}
