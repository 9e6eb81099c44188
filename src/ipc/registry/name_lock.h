/* SPDX-License-Identifier: MIT */
/* Takes a stream's name, and keeps it. names.h explains the protocol. */
#ifndef GY_IPC_REGISTRY_NAME_LOCK_H
#define GY_IPC_REGISTRY_NAME_LOCK_H

#include "ipc/registry/entry.h"
#include "ipc/registry/names.h"

/* The lock of a name that this process has taken. All zero: none. */
struct gy_name_lock {
	struct gy_hold hold;
	uint64_t device, inode; /* of the file */
	bool guarded;           /* a sweep is under way: call gy_entry_keep_name often */
};

/* Takes a name, also from an exporter that has died. Errors: EXISTS (*holder is the living exporter
 * to which the link points, or 0 if the entry in the link's place is no link to an exporter),
 * BUSY (another process is about to take the name, give it back, or die: try again soon),
 * OUT_OF_MEMORY, LIMIT, SYSTEM. */
enum geyser_result gy_entry_add_name(const struct gy_registry_entry *entry, const char *name,
	struct gy_name_lock *lock, uint64_t *holder);
void gy_entry_remove_name(
	const struct gy_registry_entry *entry, const char *name, struct gy_name_lock *lock);

/* Releases the lock, and leaves the registry as it is. */
void gy_entry_abandon_name(struct gy_name_lock *lock);

/* Makes the link again if somebody has removed it, and takes the lock again if its file was
 * removed: another publisher may then have the name by now. Call this now and then, and often while
 * lock->guarded. */
void gy_entry_keep_name(
	const struct gy_registry_entry *entry, const char *name, struct gy_name_lock *lock);

/* Finds a living exporter of the stream in the registries other than the entry's. */
enum geyser_result gy_entry_find_elsewhere(
	const struct gy_registry_entry *entry, const char *name, uint64_t *instance);

#endif
