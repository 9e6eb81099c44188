/* SPDX-License-Identifier: MIT */
/* The ports of memory entries, for builds without the double of Mach: a port is a descriptor. */
#include "ports.h"

#include <mach/mach.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TASK 0x103
#define FIRST 0x10000

mach_port_t apple_double_task_self(void)
{
	return TASK;
}

mach_port_t double_port_add(struct double_target *target, enum double_right right)
{
	(void)right;
	return (mach_port_t)target->fd + FIRST;
}

bool double_port_target(mach_port_t name, mach_port_type_t type, struct double_target *out)
{
	(void)type;
	*out = (struct double_target){.fd = (int)(name - FIRST)};
	return name >= FIRST;
}

kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name)
{
	(void)task;
	return name >= FIRST && close((int)(name - FIRST)) == 0 ? KERN_SUCCESS : KERN_INVALID_NAME;
}

const char *mach_error_string(kern_return_t error)
{
	return error == KERN_SUCCESS ? "(os/kern) successful" : "(os/kern) failure";
}

void double_die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	abort();
}

bool double_fails(const char *call)
{
	(void)call;
	return false;
}
