/* SPDX-License-Identifier: MIT */
#include "platform/platform.h"

#include <sys/resource.h>
#include <unistd.h>

uint64_t gy_memory_round(uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

/* Returns the machine's memory in bytes. The value is kept, because a system call for each import
 * can be measured. */
static uint64_t total_memory(void)
{
	static _Atomic uint64_t known;
	long pages, page;

	if (known)
		return known;
	pages = sysconf(_SC_PHYS_PAGES);
	page = sysconf(_SC_PAGESIZE);
	known = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
	return known;
}

uint64_t gy_memory_share(void)
{
	uint64_t most = total_memory();
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
		limit.rlim_cur < most)
		most = limit.rlim_cur;
	return most / 2;
}
