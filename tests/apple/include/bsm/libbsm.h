/* SPDX-License-Identifier: MIT */
/* The functions of libbsm that read the sender of a Mach message from its audit trailer. macOS
 * only.
 */
#ifndef GY_APPLE_LIBBSM_H
#define GY_APPLE_LIBBSM_H

#include <mach/mach.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

uid_t audit_token_to_euid(audit_token_t token);
uid_t audit_token_to_ruid(audit_token_t token);
pid_t audit_token_to_pid(audit_token_t token);

#ifdef __cplusplus
}
#endif

#endif
