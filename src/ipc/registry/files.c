/* SPDX-License-Identifier: MIT */
#include "ipc/registry/files.h"

#include <stdlib.h>

/* Accepts only names that gy_instance_file writes: strtoull takes signs, spaces and capitals too.
 */
bool gy_registry_read_name(const char *name, const char *suffix, uint64_t *instance)
{
	if (strspn(name, "0123456789abcdef") != 16 || strcmp(name + 16, suffix) != 0)
		return false;
	*instance = strtoull(name, NULL, 16);
	return true;
}
