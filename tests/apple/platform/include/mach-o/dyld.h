/* SPDX-License-Identifier: MIT */
/* The part of this header that cli/os_darwin.c needs, for Linux: see ../../program.c. */
#ifndef GY_SHIM_MACH_O_DYLD_H
#define GY_SHIM_MACH_O_DYLD_H

#include <stdint.h>

int _NSGetExecutablePath(char *path, uint32_t *size);

#endif
