/* SPDX-License-Identifier: MIT */
#ifndef GY_DOUBLE_XPC_H
#define GY_DOUBLE_XPC_H

/* On a Mac this is an Objective-C object in Objective-C, and a pointer in C. */
typedef void *xpc_object_t;

#ifdef __cplusplus
extern "C" {
#endif

xpc_object_t xpc_retain(xpc_object_t object);
void xpc_release(xpc_object_t object);

#ifdef __cplusplus
}
#endif

#endif
