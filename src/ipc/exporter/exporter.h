/* SPDX-License-Identifier: MIT */
/*
 * The exporter of this process: it registers the process with the first export or stream, and
 * answers importers on the thread "geyser-ipc". These are the functions for its users. They take
 * the loop's lock.
 */
#ifndef GY_IPC_EXPORTER_EXPORTER_H
#define GY_IPC_EXPORTER_EXPORTER_H

#include "ipc/exporter/exports.h"
#include "ipc/exporter/streams.h"
#include "ipc/loop/loop.h"

struct gy_exporter;
struct gy_surfaces; /* see ipc/surface/surface.h */

/* Returns NULL if there is no memory. The loop must outlive the exporter. */
struct gy_exporter *gy_exporter_create(struct gy_loop *loop);

/* Gives back the exporter's place in the registry, and closes all connections. Call this when the
 * thread has ended, or with the lock held. Not in a forked child. */
void gy_exporter_close(struct gy_exporter *exporter);

/* Frees the exporter, which was closed, or abandoned in a forked child. */
void gy_exporter_destroy(struct gy_exporter *exporter);

/* ---- objects ---- */

/* Exports the object. *changed: it wasn't exported before. Errors: as geyser_texture_export. */
enum geyser_result gy_exporter_add(struct gy_exporter *exporter, struct gy_export *export,
	struct geyser_handle *out, bool *changed);

/* Allows no new imports. *changed: it was exported before. */
void gy_exporter_withdraw(struct gy_exporter *exporter, struct gy_export *export, bool *changed);

/* Call this before the object ends. No thread is within describe afterwards. */
void gy_exporter_remove(struct gy_exporter *exporter, struct gy_export *export);

/* Gives the object's present and total number of imports. */
void gy_exporter_count_importers(
	struct gy_exporter *exporter, struct gy_export *export, struct geyser_importers *out);

/* Works like gy_export_count_fd, with the lock. */
enum geyser_result gy_exporter_importers_fd(
	struct gy_exporter *exporter, struct gy_export *export, int *out);

/* ---- streams ---- */

/* Takes the name, if it is free, and answers subscribers from now on. Errors: EXISTS (*holder is
 * the exporter to ask whether it publishes the stream, or 0), BUSY (the name is being taken or
 * given back: try again), and as geyser_texture_export. */
enum geyser_result gy_exporter_publish(
	struct gy_exporter *exporter, struct gy_published_stream *stream, uint64_t *holder);

/* Gives the name back and ends all subscriptions: no function of the stream runs afterwards. */
void gy_exporter_unpublish(struct gy_exporter *exporter, struct gy_published_stream *stream);

/* ---- for the importer in the same process ---- */

/* Gives the instance of this exporter. Errors: NOT_FOUND (nothing was exported yet). */
enum geyser_result gy_exporter_instance(struct gy_exporter *exporter, uint64_t *out);

/* Returns one end of a connection to this exporter, which needs nothing of the file system; the
 * caller owns *out. *out is -1 if the instance is another process's. Errors: LIMIT, OUT_OF_MEMORY.
 */
enum geyser_result gy_exporter_connect(struct gy_exporter *exporter, uint64_t instance, int *out);

/* Returns the surfaces that this exporter offers. NULL if there are none, or if the instance is
 * another process's. They live as long as the exporter. */
struct gy_surfaces *gy_exporter_surfaces(struct gy_exporter *exporter, uint64_t instance);

#endif
