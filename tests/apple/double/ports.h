/* SPDX-License-Identifier: MIT */
/* A process's port rights. */
#ifndef GY_DOUBLE_PORTS_H
#define GY_DOUBLE_PORTS_H

#include <mach/port.h>
#include <stdbool.h>

#define DOUBLE_ADDRESS 48

/* Where a right leads: a socket's abstract name, or the file of a surface or a memory entry. */
struct double_target {
	char address[DOUBLE_ADDRESS];
	int fd; /* owned, or -1 */
};

enum double_right { DOUBLE_SEND, DOUBLE_SEND_ONCE };

/* Adds a right, or a reference to a right that exists. Takes over target's fd. */
mach_port_t double_port_add(struct double_target *target, enum double_right right);
/* Finds the target of a right of that type. The caller borrows out->fd. */
bool double_port_target(mach_port_t name, mach_port_type_t type, struct double_target *out);

/* The functions below are implemented in live.c. double_die prints which rule the program has
 * broken, and aborts. */
void double_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
bool double_fails(const char *call);

#endif
