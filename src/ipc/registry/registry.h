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
 * Making the link is what reserves an id. An exporter that was killed leaves its entries behind:
 * the next exporter to start finds its lock free and removes them (sweep.c). An instance that was
 * found dead never lives again. All functions are safe from any thread.
 *
 * There may be several registries (gy_runtime_place), for programs of one user with and without a
 * session. A process registers in the first one where it can make files, and looks in all of them.
 * With $GEYSER_RUNTIME_DIR the only registry is in that directory.
 */
#ifndef GY_IPC_REGISTRY_H
#define GY_IPC_REGISTRY_H

#include "platform/lock.h"
#include "platform/platform.h"

#include <geyser/geyser.h>

#include <sys/types.h>

#define GY_REGISTRY_LOCK_SUFFIX ".lock"

/* A registry directory that was checked: ours, mode 0700. */
struct gy_registry {
	uid_t uid; /* ours, and the owner's */
	int fd;    /* -1 while not open */
	char path[4096];
};

/* All existing registries, in the order of their places. */
struct gy_registries {
	unsigned count;
	unsigned usable; /* places that can hold a registry, whether or not it exists */
	struct gy_registry all[GY_RUNTIME_PLACES];
};

struct gy_sweep;

/* An exporter's entries in a registry. */
struct gy_claim {
	struct gy_registry registry;
	struct gy_hold lock;
	int socket; /* listening, non-blocking; -1 where the path is too long for an address */
	uint64_t instance;
	struct gy_sweep *sweep; /* removes dead exporters' entries, or NULL: gy_claim_sweep */
};

void gy_registry_close(struct gy_registry *registry);

/* Whether the registry's path still leads to this directory. */
bool gy_registry_is_current(const struct gy_registry *registry);

/* Opens the registries in which this process looks. create: makes those that don't exist, where
 * that is possible. A registry with a wrong owner or mode is left out if there is another one.
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

/* Whether that exporter lives, which is whether it holds its lock. The look takes a shared lock for
 * a moment, which other processes don't take for life. Errors: LIMIT, OUT_OF_MEMORY: then *alive is
 * not known. */
enum geyser_result gy_registry_is_alive(
	const struct gy_registry *registry, uint64_t instance, bool *alive);

/* Which exporter's socket a link points at; false if it is no such link. */
bool gy_registry_read_link(
	const struct gy_registry *registry, const char *name, uint64_t *instance);

/* Opens or makes the registry in which this process registers, locks a new instance and, where the
 * path allows it, listens. Passes over a place where it can't make files, if it can in another
 * place. Also removes the entries of dead exporters, or begins to: see gy_claim_sweep. The caller
 * owns the claim: gy_claim_release. Errors: NO_RUNTIME_DIR, PERMISSION, LIMIT, OUT_OF_MEMORY, BUSY
 * (no lock could be taken), SYSTEM. */
enum geyser_result gy_registry_claim(struct gy_claim *out);

/* Goes on removing dead exporters' entries, until the deadline. True if there may be more. */
bool gy_claim_sweep(struct gy_claim *claim, uint64_t deadline);

/* Whether the registry still has the claim's files: somebody may have removed them. */
bool gy_claim_is_intact(const struct gy_claim *claim);

/* Makes the claim anew, with the same instance, where the registry is now. The new claim has
 * another socket, and no links. Errors: as gy_registry_claim; the claim then stays as it was. */
enum geyser_result gy_claim_renew(struct gy_claim *claim);

/* Closes the descriptors only: what a forked child does with its parent's claim. */
void gy_claim_abandon(struct gy_claim *claim);

/* Removes socket and lock, and closes. */
void gy_claim_release(struct gy_claim *claim);

/* Makes a link of this name to the claim's socket; false with errno, EEXIST if the name is taken.
 */
bool gy_claim_link(const struct gy_claim *claim, const char *name);

/* Removes a link if it points at the claim's socket. Call this only for names that no other process
 * may change meanwhile. */
void gy_claim_unlink(const struct gy_claim *claim, const char *name);

/* Makes the link of a reserved id again. */
void gy_claim_restore_id(const struct gy_claim *claim, uint32_t id);

/* Reserves a free id, not 0. Errors: OUT_OF_MEMORY (directory full), SYSTEM. */
enum geyser_result gy_claim_add_id(struct gy_claim *claim, uint32_t *id);
void gy_claim_remove_id(struct gy_claim *claim, uint32_t id);

/* Which exporter has given out this id. Errors: NOT_FOUND. */
enum geyser_result gy_registry_find_id(
	const struct gy_registry *registry, uint32_t id, uint64_t *instance);

/* As gy_registry_find_id, in all registries. Errors: NOT_FOUND, and as gy_registries_open. */
enum geyser_result gy_registries_find_id(uint32_t id, uint64_t *instance);

/* Connects to that exporter, until the deadline. The caller owns *out; *pid is the process that
 * listens, of this user. stop_fd: -1, or a descriptor: when it becomes readable, the call ends with
 * BUSY within milliseconds. Not for this process's own exporter: see gy_server_connect. Errors:
 * BUSY, STALE (gone), PERMISSION (another user's), TIMEOUT, LIMIT, NO_RUNTIME_DIR (its socket has
 * no address). */
enum geyser_result gy_registry_connect(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, int stop_fd, int *out, pid_t *pid);

/* As gy_registry_connect, in the registry in which that exporter is. */
enum geyser_result gy_registries_connect(
	uint64_t instance, uint64_t deadline, int stop_fd, int *out, pid_t *pid);

#endif
