/* SPDX-License-Identifier: MIT */
#include "ipc/registry/life.h"
#include "ipc/registry/files.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <unistd.h>

/* Checks whether an exporter lives. Opens the lock file for reading: closing a file that was open
 * for writing tells watchers that its exporter is gone (stream/arrival.c). Takes a shared lock,
 * which is no sign of life for other processes. */
static enum gy_life probe(const struct gy_registry *registry, uint64_t instance, int *fd)
{
	char name[GY_INSTANCE_FILE_SIZE];

	gy_instance_file(name, instance, GY_LOCK_SUFFIX);
	*fd = openat(registry->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (*fd >= 0 && flock(*fd, LOCK_SH | LOCK_NB) == 0)
		return GY_LIFE_DEAD;
	if (*fd >= 0) {
		(void)close(*fd);
		*fd = -1;
		return GY_LIFE_ALIVE;
	}
	if (errno == ENOENT)
		return GY_LIFE_GONE;
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? GY_LIFE_UNKNOWN
								     : GY_LIFE_ALIVE;
}

enum gy_life gy_registry_probe(const struct gy_registry *registry, uint64_t instance)
{
	int fd;
	enum gy_life life = probe(registry, instance, &fd);

	if (fd >= 0)
		(void)close(fd);
	return life;
}

int gy_registry_hold_dead(const struct gy_registry *registry, uint64_t instance)
{
	int fd;

	(void)probe(registry, instance, &fd);
	return fd;
}

enum geyser_result gy_registry_is_alive(
	const struct gy_registry *registry, uint64_t instance, bool *alive)
{
	enum gy_life life = gy_registry_probe(registry, instance);

	*alive = life == GY_LIFE_ALIVE;
	if (life != GY_LIFE_UNKNOWN)
		return GEYSER_OK;
	return gy_fail_errno("looking whether exporter %016" PRIx64 " lives", instance);
}

enum geyser_result gy_registries_is_alive(uint64_t instance, bool *alive)
{
	struct gy_registries list;
	enum geyser_result result = gy_registries_open(false, &list);

	*alive = false;
	if (result != GEYSER_OK)
		return result == GEYSER_ERROR_NOT_FOUND ? GEYSER_OK : result;
	for (unsigned i = 0; i < list.count && result == GEYSER_OK && !*alive; i++)
		result = gy_registry_is_alive(&list.all[i], instance, alive);
	gy_registries_close(&list);
	return result;
}
