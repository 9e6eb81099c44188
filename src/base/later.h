/* SPDX-License-Identifier: MIT */
/*
 * Puts off the end of an object until this thread holds no lock of the library. The end may run the
 * program's own code, and that code may call a function that takes the same lock.
 */
#ifndef GY_BASE_LATER_H
#define GY_BASE_LATER_H

#include <stdbool.h>

/* An object whose end may be put off embeds this struct. */
struct gy_later {
	struct gy_later *next;
	void (*run)(struct gy_later *later);
};

/* Starts a hold. The thread calls this before it takes a lock. Holds may nest. */
void gy_later_hold(void);

/* Ends a hold. The thread calls this after it has released the lock. The end of the outermost hold
 * runs the functions that were put off, in the order in which they were put off. This thread's
 * error detail stays as it is. */
void gy_later_release(void);

/* Makes the end of the outermost hold call run(later). Returns false if this thread has no hold:
 * nothing is put off then, and the caller does the work at once. */
bool gy_later_put_off(struct gy_later *later, void (*run)(struct gy_later *later));

#endif
