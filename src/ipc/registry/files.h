/* SPDX-License-Identifier: MIT */
/* The registry's file names, and whether exporters live, for the registry's own sources. */
#ifndef GY_IPC_REGISTRY_FILES_H
#define GY_IPC_REGISTRY_FILES_H

#include "ipc/registry/registry.h"

#include "base/error.h"
#include "platform/platform.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME_SIZE 32
#define LOCK GY_REGISTRY_LOCK_SUFFIX
#define SOCKET ".sock"
#define NAMES ".names"

/* Writes the registry's path at the place of that index. Errors: NO_RUNTIME_DIR (the place can't be
 * used), NOT_FOUND (no place has this index). */
enum geyser_result gy_registry_find_place(unsigned index, char *path, size_t size);

/* The same, without a look whether this process may use the place. */
enum geyser_result gy_registry_find_path(unsigned index, char *path, size_t size);

/* Fails with NO_RUNTIME_DIR, and says for each place why this process can't use it. */
enum geyser_result gy_registry_no_place(void);

/* Whether this process should try another place after that result at the registry's path: there was
 * no room, or this process can't make files there. Call this right after the failure. False for
 * GEYSER_OK. */
bool gy_registry_is_passed_over(const char *path, enum geyser_result result);

/* Opens the registry at registry->path. create: makes it if it doesn't exist. Errors: PERMISSION,
 * LIMIT, OUT_OF_MEMORY, SYSTEM; NOT_FOUND if it doesn't exist and create is false. */
enum geyser_result gy_registry_open_path(bool create, struct gy_registry *registry);

/* As gy_registry_open_path without create, but only checks a path that fits into a socket's
 * address: registry->fd is -1 then. */
enum geyser_result gy_registry_look(struct gy_registry *registry);

/* Whether an exporter lives. */
enum gy_life {
	GY_LIFE_ALIVE,
	GY_LIFE_DEAD,    /* its lock is there, and free */
	GY_LIFE_GONE,    /* so is its lock */
	GY_LIFE_UNKNOWN, /* errno says why: no descriptor, no memory */
};

enum gy_life gy_registry_probe(const struct gy_registry *registry, uint64_t instance);

/* Opens the lock file of a dead exporter and takes a shared lock: no exporter can begin to use the
 * file until the descriptor is closed. The caller owns it. -1 if there is no such file, or if the
 * exporter lives. */
int gy_registry_hold_dead(const struct gy_registry *registry, uint64_t instance);

/* Reads "0123456789abcdef" and that suffix; false if the name is another. */
bool gy_registry_read_name(const char *name, const char *suffix, uint64_t *instance);

/* ---- what dead exporters left: sweep.c ---- */

/* Begins a sweep; NULL if there is no memory or descriptor for it. */
struct gy_sweep *gy_sweep_create(const struct gy_registry *registry);

/* Does a small piece of the sweep. True if there is more to do. */
bool gy_sweep_step(struct gy_sweep *sweep);

/* Frees the sweep; NULL is fine. forked: only closes its descriptors, in a forked child. */
void gy_sweep_destroy(struct gy_sweep *sweep, bool forked);

/* Removes a stream's link if its exporter is dead. */
void gy_name_sweep(const struct gy_registry *registry, const char *file);

/* Bytes that a socket address has left for the directory's path. */
#define ADDRESS_PATH_MAX \
	(sizeof(((struct sockaddr_un *)NULL)->sun_path) - sizeof("/0123456789abcdef" SOCKET))

static inline void instance_name(char name[NAME_SIZE], uint64_t instance, const char *suffix)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
		name[i] = digits[instance >> (60 - 4 * i) & 15];
	memcpy(name + 16, suffix, strlen(suffix) + 1);
}

static inline void id_name(char name[NAME_SIZE], uint32_t id)
{
	(void)snprintf(name, NAME_SIZE, "id-%08" PRIx32, id);
}

/* A path may be longer than a socket address holds: then it goes through the directory's
 * descriptor, where the system has a path for that. False where it hasn't. */
static inline bool compose_address(
	const struct gy_registry *registry, const char *name, struct sockaddr_un *out)
{
	char alias[64];
	int length;

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	length = snprintf(out->sun_path, sizeof(out->sun_path), "%s/%s", registry->path, name);
	if (length > 0 && (size_t)length < sizeof(out->sun_path))
		return true;
	if (!gy_directory_alias(registry->fd, alias, sizeof(alias)))
		return false;
	(void)snprintf(out->sun_path, sizeof(out->sun_path), "%s/%s", alias, name);
	return true;
}

/* Why no other process reaches what is registered there. */
static inline enum geyser_result no_address(const char *path)
{
	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
		"registry (%.300s): its path has %zu bytes, and this system's sockets leave room "
		"for %zu, so a process imports only what it exports itself: to share with others, "
		"set XDG_RUNTIME_DIR to a directory with a shorter path in all of them",
		path, strlen(path), ADDRESS_PATH_MAX);
}

#endif
