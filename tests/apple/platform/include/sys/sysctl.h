/* SPDX-License-Identifier: MIT */
/* The part of this header that cli/os_darwin.c needs, for Linux: see ../../program.c. */
#ifndef GY_SHIM_SYS_SYSCTL_H
#define GY_SHIM_SYS_SYSCTL_H

#include <stddef.h>

int sysctlbyname(const char *name, void *value, size_t *size, void *new_value, size_t new_size);

#endif
