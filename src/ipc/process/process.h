/* SPDX-License-Identifier: MIT */
/*
 * What one process shares with others: an exporter that answers them, and an importer that asks
 * them.
 *
 * There is one struct gy_ipc in a process, made with its first manager and gone with its last
 * object. Its thread, "geyser-ipc", runs from the first export or imported event on. A forked child
 * gets a struct gy_ipc of its own, and has inherited the parent's: with that one, exports and
 * imports fail, and releases only free memory.
 *
 * While the last release closes the descriptors, another thread may make the next struct. A child
 * that is forked meanwhile leaves both behind.
 */
#ifndef GY_IPC_PROCESS_PROCESS_H
#define GY_IPC_PROCESS_PROCESS_H

#include "base/list.h"
#include "ipc/loop/chores.h"

struct gy_exporter; /* see ipc/exporter/exporter.h */
struct gy_importer; /* see ipc/importer/ */

struct gy_ipc {
	unsigned users;        /* guarded by process.c's lock */
	struct gy_list listed; /* likewise */
	struct gy_loop loop;
	struct gy_chores chores;
	struct gy_exporter *exporter;
	struct gy_importer *importer;
};

/* Takes a reference to the struct of this process, and makes the struct if there is none. Errors:
 * OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_ipc_acquire(struct gy_ipc **out);

/* Takes a reference to the struct of this process. Returns NULL if there is none. */
struct gy_ipc *gy_ipc_current(void);

void gy_ipc_release(struct gy_ipc *ipc);

/* Whether this process inherited the struct by fork. */
bool gy_ipc_is_inherited(const struct gy_ipc *ipc);

#endif
