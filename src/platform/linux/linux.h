/* SPDX-License-Identifier: MIT */
/* Defines numbers of Linux that the headers of Debian 12 may lack. */
#ifndef GY_PLATFORM_LINUX_LINUX_H
#define GY_PLATFORM_LINUX_LINUX_H

#include <stdint.h>
#include <string.h>

#ifndef HUGETLBFS_MAGIC
#define HUGETLBFS_MAGIC 0x958458f6
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#endif
