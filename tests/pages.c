#include "pages.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

bool pages_may_be_written(const void *data, size_t size)
{
	uint64_t begin = (uint64_t)(uintptr_t)data;
	const uint64_t end = begin + size;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	if (!maps)
		abort();
	while (begin < end && fgets(line, sizeof(line), maps)) {
		uint64_t from, to;
		char rights[5];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) != 3)
			continue; /* the rest of a long line */
		if (from <= begin && begin < to && rights[1] == 'w')
			begin = to;
	}
	(void)fclose(maps);
	return begin >= end;
}
