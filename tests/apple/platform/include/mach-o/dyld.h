/* SPDX-License-Identifier: MIT */
/* What cli/os_darwin.c needs of it, on Linux: see ../../program.c. */
#ifndef GY_SHIM_MACH_O_DYLD_H
#define GY_SHIM_MACH_O_DYLD_H

#include <stdint.h>

int _NSGetExecutablePath(char *path, uint32_t *size);

#endif
