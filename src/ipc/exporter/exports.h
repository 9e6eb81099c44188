/* SPDX-License-Identifier: MIT */
/* The objects that this process exports: by token and by id, and how often each is imported. */
#ifndef GY_IPC_EXPORTER_EXPORTS_H
#define GY_IPC_EXPORTER_EXPORTS_H

#include "ipc/registry/entry.h"
#include "ipc/wire/wire.h"
#include "platform/descriptor.h"

/* Embedded in the object that it exports; zeroed at first. Guarded by the loop's lock. */
struct gy_export {
	enum gy_handle_kind kind;
	enum geyser_backend backend;
	/* Fills the answer to an importer. semaphore: the importer asks for the event's native
	 * semaphore. The object keeps owning *fd, unless describes_anew. Called with the loop's
	 * lock held. */
	enum geyser_result (*describe)(
		struct gy_export *export, bool semaphore, struct gy_message *answer, int *fd);

	bool describes_anew; /* *fd is a new descriptor, and the caller owns it */

	bool listed;     /* in by_token: until the object ends or is exported again */
	bool importable; /* exported and not unexported */
	struct gy_handle_fields fields;
	struct geyser_importers importers;
	struct gy_wakeup notify; /* valid while listed */
};

struct gy_exports {
	void *by_token; /* tsearch tree of gy_export */
	void *by_id;    /* likewise; the importable ones */
};

struct gy_export *gy_exports_find(struct gy_exports *exports, const uint8_t token[GY_TOKEN_SIZE]);
struct gy_export *gy_exports_find_id(struct gy_exports *exports, uint32_t id);

/* Makes the object importable, under a new token and a new id of the entry. Errors: as
 * geyser_texture_export. */
enum geyser_result gy_exports_add(
	struct gy_exports *exports, struct gy_registry_entry *entry, struct gy_export *export);

/* Allows no new imports. entry: NULL in a forked child, which leaves the id to its parent. False if
 * the object isn't importable. */
bool gy_exports_withdraw(
	struct gy_exports *exports, struct gy_registry_entry *entry, struct gy_export *export);

/* Forgets an object, which must not be importable any more. */
void gy_exports_remove(struct gy_exports *exports, struct gy_export *export);

/* Gives every id back, at the exporter's end. The objects aren't told. */
void gy_exports_forget(struct gy_exports *exports, struct gy_registry_entry *entry);

/* Makes the links of all ids again. */
void gy_exports_restore(const struct gy_exports *exports, const struct gy_registry_entry *entry);

/* Counts an import that has come (+1) or gone (-1). */
void gy_export_count(struct gy_export *export, int change);

/* Duplicates the descriptor that becomes readable with each change of the count. The caller owns
 * *out. Errors: INVALID_ARGUMENT (not exported), LIMIT, SYSTEM. */
enum geyser_result gy_export_count_fd(struct gy_export *export, int *out);

#endif
