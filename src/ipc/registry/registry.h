/* SPDX-License-Identifier: MIT */
/*
 * The registry is a directory that tells which processes export, and under which ids.
 *
 *	0123456789abcdef.lock   locked (flock) as long as that exporter lives
 *	0123456789abcdef.sock   its socket, unless its path is too long for a socket's address
 *	id-0000002a             a link to the socket of the exporter that has given out id 0x2a
 *	stream-NAME             a link to the socket of the exporter that publishes it (names.h)
 *	.names                  the locks of streams' names (names.h)
 *
 * Making the link reserves the id. An exporter that was killed leaves its entries behind:
 * the next exporter to start finds its lock free and removes them (sweep.c). An instance that was
 * found dead never lives again. All functions are safe from any thread.
 *
 * There may be several registries (gy_runtime_place), for programs of one user with and without a
 * session. A process registers in the first one where it can make files, and looks in all of them.
 * With $GEYSER_RUNTIME_DIR the only registry is in that directory.
 */
#ifndef GY_IPC_REGISTRY_REGISTRY_H
#define GY_IPC_REGISTRY_REGISTRY_H

#include "platform/platform.h"

#include <geyser/geyser.h>

#include <sys/stat.h>
#include <sys/types.h>

/* A registry directory that was checked: it belongs to this user, and has mode 0700. */
struct gy_registry {
	uid_t uid; /* of this process, and of the directory's owner */
	int fd;    /* -1 while not open */
	char path[4096];
};

/* All existing registries, in the order of their places. */
struct gy_registries {
	unsigned count;
	unsigned usable; /* places that can hold a registry, whether or not it exists */
	struct gy_registry all[GY_RUNTIME_PLACES];
};

/* Whether this process should try another place after that result at the registry's path: there was
 * no room, or this process can't make files there. Call this right after the failure. False for
 * GEYSER_OK. */
bool gy_registry_is_passed_over(const char *path, enum geyser_result result);

/* Whether this process can't make files in the registry because the file system is read-only, or
 * can't make the missing registry in its parent: errno says why. False for a registry with a wrong
 * owner or mode, which is another error. */
bool gy_registry_is_read_only(const char *path);

/* Whether a file may be a registry: a directory of this user, with mode 0700. Errors: PERMISSION.
 */
enum geyser_result gy_registry_check_directory(const char *path, const struct stat *status);

/* Opens the registry at registry->path. create: makes it if it doesn't exist. Errors: PERMISSION,
 * LIMIT, OUT_OF_MEMORY, SYSTEM; NOT_FOUND if it doesn't exist and create is false. */
enum geyser_result gy_registry_open_path(bool create, struct gy_registry *registry);

/* As gy_registry_open_path without create, but only checks a path that fits into a socket's
 * address: registry->fd is -1 then. */
enum geyser_result gy_registry_look(struct gy_registry *registry);

void gy_registry_close(struct gy_registry *registry);

/* Whether the registry's path still leads to this directory. */
bool gy_registry_is_current(const struct gy_registry *registry);

/* Opens the registries in which this process looks. create: makes those that don't exist, where
 * that is possible. A registry with a wrong owner or mode is skipped if there is another one.
 * Errors: NO_RUNTIME_DIR, PERMISSION, LIMIT; NOT_FOUND if none exists. */
enum geyser_result gy_registries_open(bool create, struct gy_registries *out);
void gy_registries_close(struct gy_registries *list);

/* Whether opening the registries again would find the same ones. */
bool gy_registries_are_current(const struct gy_registries *list);

/* Calls visit for each name in the registry. Errors: LIMIT, OUT_OF_MEMORY, SYSTEM: then some names
 * may be missing. */
typedef void gy_registry_visitor(const struct gy_registry *registry, const char *name, void *data);
enum geyser_result gy_registry_each(
	const struct gy_registry *registry, gy_registry_visitor *visit, void *data);

/* Reads which exporter's socket a link points at. False if the file is no such link. */
bool gy_registry_read_link(
	const struct gy_registry *registry, const char *name, uint64_t *instance);

/* Finds the exporter that has given out this id. Errors: NOT_FOUND. */
enum geyser_result gy_registry_find_id(
	const struct gy_registry *registry, uint32_t id, uint64_t *instance);

/* As gy_registry_find_id, in all registries. Errors: NOT_FOUND, and as gy_registries_open. */
enum geyser_result gy_registries_find_id(uint32_t id, uint64_t *instance);

#endif
