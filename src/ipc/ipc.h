/*
 * What one process shares with others, for the core: exports to answer for, imports to ask for.
 *
 * There is one struct gy_ipc in a process, made with its first manager and gone with its last
 * object. It has one thread, "geyser-ipc", from the first export or imported event on. A forked
 * child gets a new one; the parent's is then foreign to it: exports and imports fail, releases only
 * free memory.
 */
#ifndef GY_IPC_IPC_H
#define GY_IPC_IPC_H

#include "ipc/wire.h"

#include <stdatomic.h>

struct gy_ipc;

/* One reference to the process's. Errors: OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_ipc_acquire(struct gy_ipc **out);
void gy_ipc_release(struct gy_ipc *ipc);

/* Made by the parent of this forked process: its threads aren't here. */
bool gy_ipc_is_foreign(const struct gy_ipc *ipc);

/* ---- exporting ---- */

/* Embedded in the object it exports; zeroed at first. Guarded by the ipc's lock. */
struct gy_export {
	enum gy_handle_kind kind;
	enum geyser_backend backend;
	/* Fills the answer to an importer. *fd stays the object's. Called with the ipc's lock held.
	 */
	void (*describe)(struct gy_export *export, struct gy_message *answer, int *fd);

	bool listed;     /* known by token: until the object ends or is exported anew */
	bool importable; /* exported and not unexported */
	struct gy_handle_fields fields;
	struct geyser_importers importers;
	int notify_fd; /* valid while listed: eventfd, or -1 */
};

/* *changed: it wasn't exported before. Errors: as geyser_texture_export. */
enum geyser_result gy_export_add(
	struct gy_ipc *ipc, struct gy_export *export, struct geyser_handle *out, bool *changed);

/* No new imports; *changed: it was exported before. */
void gy_export_withdraw(struct gy_ipc *ipc, struct gy_export *export, bool *changed);

/* Before the object ends. Nobody is within describe afterwards. */
void gy_export_remove(struct gy_ipc *ipc, struct gy_export *export);

void gy_export_importers(
	struct gy_ipc *ipc, struct gy_export *export, struct geyser_importers *out);
enum geyser_result gy_export_importers_fd(struct gy_ipc *ipc, struct gy_export *export, int *out);

/* ---- importing ---- */

/* An exporter that something was imported from: a connection, held as long as any of it lives. */
struct gy_peer;

/* Asks for the object; *fd is the caller's and *peer holds one import, to be given back by
 * gy_peer_release. Errors: as geyser_texture_import. */
enum geyser_result gy_ipc_import(struct gy_ipc *ipc, const struct gy_handle_fields *handle,
	const char *application, uint64_t timeout_ns, struct gy_message *answer, int *fd,
	struct gy_peer **peer);

/* One import of that object is gone. NULL is fine. */
void gy_peer_release(struct gy_peer *peer, const struct gy_handle_fields *handle);

/* From now on the exporter's death is noticed. */
enum geyser_result gy_peer_watch_death(struct gy_peer *peer);

/* Becomes 1, and is woken (privately), when the exporter's process has ended. Lives as long as the
 * peer. */
_Atomic uint32_t *gy_peer_dead(struct gy_peer *peer);

#endif
