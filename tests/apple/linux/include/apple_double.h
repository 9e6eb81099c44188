/* SPDX-License-Identifier: MIT */
/*
 * Functions by which tests control the double: it implements Metal, IOSurface, Core Foundation and
 * Mach on Linux. The double checks that our calls follow the rules. It doesn't show what Apple's
 * drivers do.
 *
 * Where Metal's validation layer, Core Foundation or the kernel would end a process that breaks a
 * rule, the double prints a line that begins with "double: " and aborts the process. A process that
 * exits with live objects names them, and exits with status 97.
 *
 * Macs differ. These variables of the environment choose:
 *   GEYSER_DOUBLE_DEVICE=apple|intel|discrete
 *                                  the GPU: apple if the variable isn't set. The other two have
 *                                  managed textures instead of shared ones. They have no formats of
 *                                  Apple's GPUs. Their linear textures are no render targets, and
 *                                  have rows in steps of 256 bytes instead of 16. intel has unified
 *                                  memory, as apple has. discrete keeps a copy of each managed
 *                                  texture: the CPU and other processes see what the GPU has drawn
 *                                  when it is synchronized
 *   GEYSER_DOUBLE_PROBE=none|all   whether surfaces can have formats of which that isn't known;
 *                                  without it half of them work
 *   GEYSER_DOUBLE_WRITABLE=1       no MTLBuffer of memory that the caller may only read;
 *                                  it isn't known whether a Mac does so
 *   GEYSER_DOUBLE_MACOS=version    an older macOS, as 10.13: __builtin_available is false for later
 *                                  ones. Their methods, functions and classes aren't there:
 *                                  respondsToSelector: says so, and a call ends the process
 *   GEYSER_DOUBLE_SANDBOX=1        the App Sandbox: the bootstrap service refuses, and so does
 *                                  shm_open
 *   GEYSER_DOUBLE_GROUP=id         the application group of the program in the sandbox: both allow
 *                                  names that begin with it
 *   GEYSER_DOUBLE_NAMESPACE=name   the bootstrap namespace, which a login session has of its own:
 *                                  services are found from the same one only
 *   GEYSER_DOUBLE_NO_DEVICE=1      no GPU
 *   GEYSER_DOUBLE_LEAKS=1          a process may exit with live objects
 *   GEYSER_DOUBLE_FAIL=call:n,...  calls that fail, as by apple_double_fail
 */
#ifndef GY_APPLE_DOUBLE_H
#define GY_APPLE_DOUBLE_H

#include <mach/mach.h>
#include <stdbool.h>
#include <xpc/xpc.h>

#ifdef __cplusplus
extern "C" {
#endif

#define APPLE_DOUBLE_LEAK_STATUS 97

/* Returns the number of live objects: Objective-C, Core Foundation and XPC objects, blocks that the
 * double has copied, and port rights. */
unsigned long apple_double_live(void);
/* Waits until that many objects live, since other threads may be about to release some. Returns
 * false if the time ends first. */
bool apple_double_settle(unsigned long live, unsigned milliseconds);

/* Makes the nth call of that name from now on fail, as if resources were short. nth 1: the next
 * call; 0: every call. call NULL: no further call fails. Names: IOSurfaceCreate, IOSurfaceLock,
 * IOSurfaceLookup, IOSurfaceCreateMachPort, IOSurfaceLookupFromMachPort, newTexture,
 * newSharedTexture, newBuffer, newCommandQueue, newSharedEvent, commandBuffer, blitCommandEncoder,
 * execute (the GPU gives a command buffer up), operation (the GPU stops a command buffer before
 * this operation, and runs none of the operations that follow it in the buffer), deviceRemoved and
 * accessRevoked (as execute, with that error), beginActivity, mach_make_memory_entry_64,
 * mach_msg_receive, mach_msg_send, mach_port_allocate, bootstrap_check_in, bootstrap_look_up,
 * vm_map. */
void apple_double_fail(const char *call, unsigned nth);

/* Returns how many activities of NSProcessInfo run. *options: those of the last one begun. */
unsigned apple_double_activities(uint64_t *options);

/* The system has slept for that long: mach_absolute_time stood still, CLOCK_MONOTONIC didn't. */
void apple_double_sleep(uint64_t nanoseconds);

/* Send and receive a send right or an XPC object through a Unix socket, as a program's own XPC
 * connection would. The sender keeps its right or object. Return -1, MACH_PORT_NULL or NULL after a
 * failure. */
int apple_double_port_send(int socket, mach_port_t port);
mach_port_t apple_double_port_receive(int socket);
int apple_double_xpc_send(int socket, xpc_object_t object);
xpc_object_t apple_double_xpc_receive(int socket);

#ifdef __cplusplus
}
#endif

#endif
