/* SPDX-License-Identifier: MIT */
/*
 * Removes the entries of dead exporters: their links, then their sockets and locks.
 *
 * A sweep reads the directory in batches, so that it can be done in small pieces: an export waits
 * for a moment only, however many entries there are. A link of a batch is removed if its exporter
 * is dead after the batch was read. An exporter locks its instance before it makes links, so an
 * exporter that has links and no lock is dead for good. The locks of dead exporters are removed
 * last, and only if the exporter was dead before a whole pass over the links began. While a lock
 * file is there, another sweep can finish the work of this one.
 */
#include "ipc/registry/sweep.h"
#include "ipc/registry/files.h"
#include "ipc/registry/life.h"
#include "ipc/registry/names.h"

#include "base/grow.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH 128
#define ENTRY_SIZE 256 /* as many bytes as a name may have */

struct instances {
	uint64_t *all;
	size_t count, room;
};

struct gy_sweep {
	const struct gy_registry *registry;
	DIR *directory;
	enum {
		COLLECT, /* removes links, and notes the exporters whose locks are free */
		AGAIN,   /* removes links that these exporters made behind the first pass */
		LOCKS,   /* removes the sockets and locks of these exporters */
	} stage;
	struct instances dead;
	char entries[BATCH][ENTRY_SIZE];
};

struct gy_sweep *gy_sweep_create(const struct gy_registry *registry)
{
	int fd = openat(registry->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct gy_sweep *sweep = fd >= 0 ? calloc(1, sizeof(*sweep)) : NULL;

	if (sweep)
		sweep->directory = fdopendir(fd);
	if (sweep && sweep->directory) {
		sweep->registry = registry;
		return sweep;
	}
	free(sweep);
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}

void gy_sweep_destroy(struct gy_sweep *sweep, bool forked)
{
	if (!sweep)
		return;
	if (forked) {
		(void)close(dirfd(sweep->directory)); /* a child may do little after fork */
		return;
	}
	(void)closedir(sweep->directory);
	free(sweep->dead.all);
	free(sweep);
}

/* Notes a dead exporter. If there is no memory, the next sweep removes it. */
static void add_instance(struct instances *list, uint64_t instance)
{
	uint64_t *all = gy_grow(list->all, list->count, &list->room, sizeof(*all));

	if (!all)
		return;
	all[list->count++] = instance;
	list->all = all;
}

/* The last answer of is_dead: names of one batch often belong to one exporter. */
struct verdict {
	uint64_t instance;
	bool known, dead;
};

static bool is_dead(const struct gy_sweep *sweep, uint64_t instance, struct verdict *last)
{
	if (!last->known || last->instance != instance)
		*last = (struct verdict){
			.instance = instance,
			.known = true,
			.dead = gy_registry_probe(sweep->registry, instance) == GY_LIFE_DEAD,
		};
	return last->dead;
}

static void remove_if_dead(struct gy_sweep *sweep, const char *name, struct verdict *last)
{
	uint64_t instance;

	if (gy_registry_read_name(name, GY_LOCK_SUFFIX, &instance)) {
		if (sweep->stage == COLLECT && is_dead(sweep, instance, last))
			add_instance(&sweep->dead, instance);
		return;
	}
	if (!gy_registry_read_link(sweep->registry, name, &instance) ||
		!is_dead(sweep, instance, last))
		return;
	if (strncmp(name, "stream-", 7) == 0)
		gy_name_sweep(sweep->registry, name);
	else
		(void)unlinkat(sweep->registry->fd, name, 0);
}

static bool concerns_us(const char *name)
{
	return strncmp(name, "id-", 3) == 0 || strncmp(name, "stream-", 7) == 0 ||
	       (strlen(name) == 16 + strlen(GY_LOCK_SUFFIX) &&
		       strcmp(name + 16, GY_LOCK_SUFFIX) == 0);
}

/* False at the directory's end. */
static bool sweep_batch(struct gy_sweep *sweep)
{
	struct verdict last = {.known = false};
	const struct dirent *entry;
	size_t count = 0;

	while (count < BATCH && (entry = readdir(sweep->directory)))
		if (concerns_us(entry->d_name) && strlen(entry->d_name) < ENTRY_SIZE)
			strcpy(sweep->entries[count++], entry->d_name);
	for (size_t i = 0; i < count; i++)
		remove_if_dead(sweep, sweep->entries[i], &last);
	return count == BATCH;
}

/* Removes a dead exporter's socket and lock. An exporter that has just made its lock file, and has
 * not locked it yet, then finds the file locked or gone, and makes another one. */
static void remove_instance(const struct gy_sweep *sweep, uint64_t instance)
{
	int fd = gy_registry_hold_dead(sweep->registry, instance);
	char name[GY_INSTANCE_FILE_SIZE];

	if (fd < 0)
		return;
	gy_instance_file(name, instance, GY_SOCKET_SUFFIX);
	(void)unlinkat(sweep->registry->fd, name, 0);
	gy_instance_file(name, instance, GY_LOCK_SUFFIX);
	(void)unlinkat(sweep->registry->fd, name, 0);
	(void)close(fd);
}

bool gy_sweep_step(struct gy_sweep *sweep)
{
	if (sweep->stage == LOCKS) {
		for (size_t i = 0; i < BATCH / 4 && sweep->dead.count > 0; i++)
			remove_instance(sweep, sweep->dead.all[--sweep->dead.count]);
		return sweep->dead.count > 0;
	}
	if (sweep_batch(sweep))
		return true;
	rewinddir(sweep->directory);
	sweep->stage++;
	return sweep->dead.count > 0;
}
