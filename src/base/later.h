/* SPDX-License-Identifier: MIT */
/*
 * Putting off what the end of an object does until this thread holds no lock of the library's: the
 * end may run the program's own code, which may call what takes that lock.
 */
#ifndef GY_BASE_LATER_H
#define GY_BASE_LATER_H

#include <stdbool.h>

/* Embedded in what may be put off. */
struct gy_later {
	struct gy_later *next;
	void (*run)(struct gy_later *later);
};

/* Before this thread takes a lock. Holds may nest. */
void gy_later_hold(void);

/* After it has let the lock go. The last one runs what was put off, in that order; this thread's
 * detail stays. */
void gy_later_release(void);

/* False if this thread has no hold: then the caller does it at once. */
bool gy_later_put_off(struct gy_later *later, void (*run)(struct gy_later *later));

#endif
