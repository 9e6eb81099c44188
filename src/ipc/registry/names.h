/* SPDX-License-Identifier: MIT */
/*
 * Streams in the registry: "stream-NAME" is a link to the socket of the exporter that publishes it.
 * Bytes of NAME that can't stand in a file's name are written %XX.
 *
 * A publisher takes a name with a lock: it locks the first of two bytes of the file ".names" that
 * stand for NAME. The kernel frees the lock when the publisher's process dies. The lock's holder
 * makes the link, or replaces the link of a dead exporter. Only publishers take that lock, so a
 * taken lock always means a publisher. A sweep removes dead exporters' links, and holds a shared
 * lock on the second byte meanwhile. It may have read a link before a publisher replaced it, and
 * then remove the new link. A publisher that sees such a sweep therefore checks its link again
 * until the sweep has ended (gy_entry_keep_name). No process waits for a lock, so a stopped process
 * stops no other. tests/model/names.pml is this protocol.
 */
#ifndef GY_IPC_REGISTRY_NAMES_H
#define GY_IPC_REGISTRY_NAMES_H

#include "ipc/registry/registry.h"

#include <geyser/stream.h>

#define GY_FILE_NAME_SIZE (sizeof("stream-") + 3 * (size_t)GEYSER_STREAM_NAME_MAX)

/* Checks a stream's name. Errors: INVALID_ARGUMENT: it is NULL, empty or too long, has control or
 * misleading characters, or is no UTF-8. */
enum geyser_result gy_name_check(const char *name);

void gy_name_to_file(const char *name, char file[GY_FILE_NAME_SIZE]);

/* Writes the stream's name. False if the file is no stream's. */
bool gy_name_from_file(const char *file, char name[GEYSER_STREAM_NAME_MAX + 1]);

/* Returns the offset of the two bytes in ".names" that stand for a name. Its publisher locks the
 * first byte, and sweeps lock the second. */
uint64_t gy_name_lock_offset(const char *name);
uint64_t gy_name_file_lock_offset(const char *file);

#define GY_NAME_SWEEPS(offset) ((offset) + 1)

struct stat;

/* Opens the file of locks, which must be a regular file, and fills in its status. flags: as open's.
 * Returns -1 with errno after a failure: EINVAL if it is no regular file. The caller closes it. */
int gy_names_open(const struct gy_registry *registry, int flags, struct stat *status);

/* Removes a stream's link if its exporter is dead. */
void gy_name_sweep(const struct gy_registry *registry, const char *file);

/* Finds the exporter that publishes the stream, in one registry. Errors: NOT_FOUND. */
enum geyser_result gy_registry_find_name(
	const struct gy_registry *registry, const char *name, uint64_t *instance);

/* Finds the exporter that publishes the stream, in all registries; a living one if there is one.
 * Errors: NOT_FOUND, LIMIT, and as gy_registries_open. */
enum geyser_result gy_registries_find_name(const char *name, uint64_t *instance);

/* Finds a living exporter of the stream in the registries other than the one with that path.
 * Errors: as gy_registries_find_name. */
enum geyser_result gy_registries_find_name_elsewhere(
	const char *path, const char *name, uint64_t *instance);

#endif
