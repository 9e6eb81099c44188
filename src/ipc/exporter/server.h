/* SPDX-License-Identifier: MIT */
/* The exporter's socket: it accepts peers, and decides which and how many. Also does the exporter's
 * work that comes due. Call all functions with the loop's lock held. */
#ifndef GY_IPC_EXPORTER_SERVER_H
#define GY_IPC_EXPORTER_SERVER_H

#include "ipc/exporter/state.h"

/* Registers this process and answers importers from now on. Call this at every export: it works at
 * the first one. Errors: as gy_entry_create, and gy_loop_start. */
enum geyser_result gy_server_start(struct gy_exporter *exporter);

/* Returns one end of a connection to this process's own exporter, which needs nothing of the file
 * system; the caller owns *out. Errors: LIMIT, OUT_OF_MEMORY. */
enum geyser_result gy_server_connect(struct gy_exporter *exporter, int *out);

/* Does what is due; returns in how many milliseconds there is more to do, or -1. */
int gy_server_tick(struct gy_exporter *exporter);

/* Gives all back, after the thread has ended. Does nothing if the server isn't started. */
void gy_server_stop(struct gy_exporter *exporter);

/* Only closes descriptors, in a forked child. Its parent keeps ids, names, socket and lock. */
void gy_server_abandon(struct gy_exporter *exporter);

#endif
