/* SPDX-License-Identifier: MIT */
/* Apple's public futex interface, on Linux's futex. */
#ifndef GY_SHIM_OS_SYNC_WAIT_ON_ADDRESS_H
#define GY_SHIM_OS_SYNC_WAIT_ON_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t os_sync_wait_on_address_flags_t;
typedef uint32_t os_sync_wake_by_address_flags_t;
enum { OS_SYNC_WAIT_ON_ADDRESS_NONE = 0, OS_SYNC_WAIT_ON_ADDRESS_SHARED = 1 };
enum { OS_SYNC_WAKE_BY_ADDRESS_NONE = 0, OS_SYNC_WAKE_BY_ADDRESS_SHARED = 1 };

typedef uint32_t os_clockid_t;
enum { OS_CLOCK_MACH_ABSOLUTE_TIME = 32 };

int os_sync_wait_on_address(
	void *address, uint64_t value, size_t size, os_sync_wait_on_address_flags_t flags);
int os_sync_wait_on_address_with_timeout(void *address, uint64_t value, size_t size,
	os_sync_wait_on_address_flags_t flags, os_clockid_t clock, uint64_t nanoseconds);
int os_sync_wake_by_address_all(void *address, size_t size, os_sync_wake_by_address_flags_t flags);

#endif
