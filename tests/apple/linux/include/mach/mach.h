/* SPDX-License-Identifier: MIT */
/* The part of Mach's ports and messages that the double has, with the layout of a 64-bit Mac. */
#ifndef GY_DOUBLE_MACH_H
#define GY_DOUBLE_MACH_H

#include <mach/message.h>
#include <mach/port.h>
#include <mach/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

extern mach_port_t apple_double_task_self(void);
#define mach_task_self() apple_double_task_self()
extern mach_port_t bootstrap_port;

const char *mach_error_string(kern_return_t error);

kern_return_t mach_port_allocate(ipc_space_t task, mach_port_right_t right, mach_port_name_t *name);
/* Releases one user reference of a send or send-once right, or of a dead name. */
kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name);
kern_return_t mach_port_destroy(ipc_space_t task, mach_port_name_t name);
kern_return_t mach_port_mod_refs(
	ipc_space_t task, mach_port_name_t name, mach_port_right_t right, mach_port_delta_t delta);
kern_return_t mach_port_insert_right(ipc_space_t task, mach_port_name_t name, mach_port_t port,
	mach_msg_type_name_t disposition);
kern_return_t mach_port_get_refs(ipc_space_t task, mach_port_name_t name, mach_port_right_t right,
	mach_port_urefs_t *references);
kern_return_t mach_port_type(ipc_space_t task, mach_port_name_t name, mach_port_type_t *type);

mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t options,
	mach_msg_size_t send_size, mach_msg_size_t receive_limit, mach_port_name_t receive_name,
	mach_msg_timeout_t timeout, mach_port_name_t notify);
/* Releases the rights in a received message. */
void mach_msg_destroy(mach_msg_header_t *message);

#ifdef __cplusplus
}
#endif

#endif
