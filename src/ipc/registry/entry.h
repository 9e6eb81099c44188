/* SPDX-License-Identifier: MIT */
/*
 * An exporter's entry in the registry: its lock and its socket, and the links to that socket, one
 * for each id that the exporter has given out.
 */
#ifndef GY_IPC_REGISTRY_ENTRY_H
#define GY_IPC_REGISTRY_ENTRY_H

#include "ipc/registry/registry.h"
#include "platform/lock.h"

struct gy_sweep;

struct gy_registry_entry {
	struct gy_registry registry;
	struct gy_hold lock;
	int socket; /* listening, non-blocking; -1 where the path is too long for an address */
	uint64_t instance;
	struct gy_sweep *sweep; /* removes dead exporters' entries, or NULL: gy_entry_sweep */
};

/* Opens or makes the registry in which this process registers, locks a new instance and, where the
 * path allows it, listens. Passes over a place where it can't make files, if it can in another
 * place. Also removes the entries of dead exporters, or begins to: see gy_entry_sweep. The caller
 * owns the entry: gy_entry_release. Errors: NO_RUNTIME_DIR, PERMISSION, LIMIT, OUT_OF_MEMORY, BUSY
 * (no lock could be taken), SYSTEM. */
enum geyser_result gy_entry_create(struct gy_registry_entry *out);

/* Goes on removing dead exporters' entries, until the deadline. True if there may be more. */
bool gy_entry_sweep(struct gy_registry_entry *entry, uint64_t deadline);

/* Whether the registry still has the entry's files: somebody may have removed them. */
bool gy_entry_is_intact(const struct gy_registry_entry *entry);

/* Makes the entry again, with the same instance, where the registry is now. The new entry has
 * another socket, and no links. Errors: as gy_entry_create; the old entry then stays. */
enum geyser_result gy_entry_renew(struct gy_registry_entry *entry);

/* Closes the descriptors only. A forked child calls this for its parent's entry. */
void gy_entry_abandon(struct gy_registry_entry *entry);

/* Removes the socket and the lock file, and closes the descriptors. */
void gy_entry_release(struct gy_registry_entry *entry);

/* Makes a link of this name to the entry's socket; false with errno, EEXIST if the name is taken.
 */
bool gy_entry_link(const struct gy_registry_entry *entry, const char *name);

/* Removes a link if it points at the entry's socket. Call this only for names that no other process
 * may change meanwhile. */
void gy_entry_unlink(const struct gy_registry_entry *entry, const char *name);

/* Makes the link of a reserved id again. */
void gy_entry_restore_id(const struct gy_registry_entry *entry, uint32_t id);

/* Reserves a free id, not 0. Errors: OUT_OF_MEMORY (directory full), SYSTEM. */
enum geyser_result gy_entry_add_id(struct gy_registry_entry *entry, uint32_t *id);
void gy_entry_remove_id(struct gy_registry_entry *entry, uint32_t id);

#endif
