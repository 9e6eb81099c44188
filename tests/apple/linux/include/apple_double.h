/* SPDX-License-Identifier: MIT */
/*
 * What tests may ask of the double of Metal, IOSurface, Core Foundation and Mach that stands for
 * macOS on Linux. It proves the discipline of our calls, not what Apple's drivers do.
 *
 * Breaking a rule that Metal's validation layer, Core Foundation or the kernel would end a process
 * for ends it here, with a line that begins with "double: ". A process that exits with live objects
 * says which, and exits with 97.
 *
 * The environment chooses between what Macs differ in:
 *   GEYSER_DOUBLE_DISCRETE=1       memory of its own: no shared textures, managed ones instead,
 *                                  rows of linear textures in steps of 256 bytes instead of 16
 *   GEYSER_DOUBLE_PROBE=none|all   formats of which nobody knows whether a surface can have them;
 *                                  without it half of them work
 *   GEYSER_DOUBLE_WRITABLE=1       no MTLBuffer of memory that the caller may only read;
 *                                  nobody knows whether a Mac does so
 *   GEYSER_DOUBLE_OLD=1            macOS before 12: no waitUntilSignaledValue:timeoutMS:
 *   GEYSER_DOUBLE_SANDBOX=1        the App Sandbox: the bootstrap service refuses
 *   GEYSER_DOUBLE_NO_DEVICE=1      no GPU
 *   GEYSER_DOUBLE_LEAKS=1          a process may exit with live objects
 *   GEYSER_DOUBLE_FAIL=call:n,...  as apple_double_fail
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

/* Objective-C and Core Foundation objects, XPC objects, blocks that the double copied, port rights.
 * Other threads may be about to release some: waits for at most that long for the number. */
unsigned long apple_double_live(void);
bool apple_double_settle(unsigned long live, unsigned milliseconds);

/* The nth call of that name from now on fails, as if resources were short (1: the next one; 0:
 * every one; NULL takes all back). Names: IOSurfaceCreate, IOSurfaceLock, IOSurfaceLookup,
 * IOSurfaceCreateMachPort, IOSurfaceLookupFromMachPort, newTexture, newSharedTexture, newBuffer,
 * newCommandQueue, newSharedEvent, commandBuffer, blitCommandEncoder, execute (the GPU gives a
 * command buffer up), mach_port_allocate, mach_msg_send, mach_msg_receive, bootstrap_check_in,
 * bootstrap_look_up. */
void apple_double_fail(const char *call, unsigned nth);

/* What a program's own XPC does: carries a send right or an XPC object through a Unix socket. -1,
 * or MACH_PORT_NULL or NULL, on failure. The sender keeps its own. */
int apple_double_port_send(int socket, mach_port_t port);
mach_port_t apple_double_port_receive(int socket);
int apple_double_xpc_send(int socket, xpc_object_t object);
xpc_object_t apple_double_xpc_receive(int socket);

#ifdef __cplusplus
}
#endif

#endif
