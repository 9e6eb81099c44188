/* SPDX-License-Identifier: MIT */
#ifndef GEYSER_TESTS_REFUSE_WAITV_H
#define GEYSER_TESTS_REFUSE_WAITV_H

#include <stdbool.h>

/* Makes the kernel refuse futex_waitv with ENOSYS from now on, as a kernel before 5.16 does: to the
 * calling thread, and to the threads and processes that it starts. Sets errno and returns false if
 * the kernel takes no such filter. */
bool refuse_waitv(void);

#endif
