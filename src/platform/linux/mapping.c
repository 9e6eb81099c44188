/* SPDX-License-Identifier: MIT */
#include "platform/platform.h"

#include "base/error.h"

#include <sys/mman.h>

enum geyser_result gy_memory_map(int fd, size_t size, bool writable, void **out)
{
	int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *data = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	*out = NULL;
	if (data == MAP_FAILED)
		return gy_fail_errno("mapping %zu bytes", size);
	*out = data;
	return GEYSER_OK;
}

void gy_memory_unmap(void *data, size_t size)
{
	if (data)
		(void)munmap(data, size);
}
