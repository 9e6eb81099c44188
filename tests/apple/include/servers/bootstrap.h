/* SPDX-License-Identifier: MIT */
/* The functions of launchd's name service that aren't deprecated. macOS only. */
#ifndef GY_APPLE_BOOTSTRAP_H
#define GY_APPLE_BOOTSTRAP_H

#include <mach/mach.h>

#define BOOTSTRAP_MAX_NAME_LEN 128

#define BOOTSTRAP_SUCCESS 0
#define BOOTSTRAP_NOT_PRIVILEGED 1100
#define BOOTSTRAP_NAME_IN_USE 1101
#define BOOTSTRAP_UNKNOWN_SERVICE 1102
#define BOOTSTRAP_SERVICE_ACTIVE 1103
#define BOOTSTRAP_BAD_COUNT 1104
#define BOOTSTRAP_NO_MEMORY 1105
#define BOOTSTRAP_NO_CHILDREN 1106

typedef char name_t[BOOTSTRAP_MAX_NAME_LEN];

#ifdef __cplusplus
extern "C" {
#endif

extern mach_port_t bootstrap_port;

/* Registers a new service with launchd, and returns its receive right. launchd keeps a send right.
 */
kern_return_t bootstrap_check_in(mach_port_t bootstrap, const char *name, mach_port_t *port);
/* Returns a send right to the service. */
kern_return_t bootstrap_look_up(mach_port_t bootstrap, const char *name, mach_port_t *port);
const char *bootstrap_strerror(kern_return_t error);

#ifdef __cplusplus
}
#endif

#endif
