/* SPDX-License-Identifier: MIT */
/* Apple's public futex interface, written from its documentation. */
#ifndef GY_APPLE_OS_SYNC_WAIT_ON_ADDRESS_H
#define GY_APPLE_OS_SYNC_WAIT_ON_ADDRESS_H

#include <os/availability.h>
#include <os/clock.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t os_sync_wait_on_address_flags_t;
typedef uint32_t os_sync_wake_by_address_flags_t;
enum { OS_SYNC_WAIT_ON_ADDRESS_NONE = 0, OS_SYNC_WAIT_ON_ADDRESS_SHARED = 1 };
enum { OS_SYNC_WAKE_BY_ADDRESS_NONE = 0, OS_SYNC_WAKE_BY_ADDRESS_SHARED = 1 };

#ifdef __cplusplus
extern "C" {
#endif

/* All functions return the number of waiters that are left, or -1 with errno set. size: 4 or 8. */
int os_sync_wait_on_address(void *address, uint64_t value, size_t size,
	os_sync_wait_on_address_flags_t flags) API_AVAILABLE(macos(14.4), ios(17.4));
int os_sync_wait_on_address_with_deadline(void *address, uint64_t value, size_t size,
	os_sync_wait_on_address_flags_t flags, os_clockid_t clock, uint64_t deadline)
	API_AVAILABLE(macos(14.4), ios(17.4));
int os_sync_wait_on_address_with_timeout(void *address, uint64_t value, size_t size,
	os_sync_wait_on_address_flags_t flags, os_clockid_t clock, uint64_t nanoseconds)
	API_AVAILABLE(macos(14.4), ios(17.4));
int os_sync_wake_by_address_any(void *address, size_t size, os_sync_wake_by_address_flags_t flags)
	API_AVAILABLE(macos(14.4), ios(17.4));
int os_sync_wake_by_address_all(void *address, size_t size, os_sync_wake_by_address_flags_t flags)
	API_AVAILABLE(macos(14.4), ios(17.4));

#ifdef __cplusplus
}
#endif

#endif
