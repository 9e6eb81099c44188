/* SPDX-License-Identifier: MIT */
/* The part of kqueue that src/platform/apple uses, for Linux: see ../../kqueue.c. The constants
 * have other values than on macOS. */
#ifndef GY_SHIM_SYS_EVENT_H
#define GY_SHIM_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned fflags;
	intptr_t data;
	void *udata;
};

enum {
	EVFILT_READ = -1,
	EVFILT_VNODE = -4,
	EVFILT_PROC = -5,
	EVFILT_SIGNAL = -6,
	EVFILT_USER = -10
};
enum { EV_ADD = 1, EV_DELETE = 2, EV_ONESHOT = 16, EV_CLEAR = 32, EV_EOF = 0x8000 };
#define NOTE_DELETE 1u
#define NOTE_WRITE 2u
#define NOTE_RENAME 32u
#define NOTE_FUNLOCK 256u
#define NOTE_TRIGGER 0x1000000u
#define NOTE_EXIT 0x80000000u

#define EV_SET(event, a, b, c, d, e, f)        \
	(*(event) = (struct kevent){           \
		 .ident = (uintptr_t)(a),      \
		 .filter = (short)(b),         \
		 .flags = (unsigned short)(c), \
		 .fflags = (d),                \
		 .data = (e),                  \
		 .udata = (f),                 \
	 })

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
	int event_count, const struct timespec *timeout);

#endif
