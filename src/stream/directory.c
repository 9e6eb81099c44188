/* SPDX-License-Identifier: MIT */
/* Which streams there are: the registry's links, and what their publishers say of them. */
#include "stream/arrival.h"

#include "base/clock.h"
#include "base/error.h"
#include "ipc/names.h"
#include "ipc/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* For one publisher's answer; one that is stopped is listed without it. */
#define QUERY_TIMEOUT (GY_SECOND / 2)

/* ---- names ---- */

struct entry {
	char name[GEYSER_STREAM_NAME_MAX + 1];
	uint64_t instance;
};

struct entries {
	struct entry *all;
	size_t count, room;
	bool no_memory;
};

static void add_entry(const struct gy_registry *registry, const char *file, void *data)
{
	struct entries *entries = data;
	struct entry entry;

	if (!gy_name_from_file(file, entry.name) ||
		!gy_registry_read_link(registry, file, &entry.instance) ||
		!gy_registry_is_alive(registry, entry.instance))
		return;
	if (entries->count == entries->room) {
		size_t room = entries->room ? 2 * entries->room : 16;
		struct entry *all = realloc(entries->all, room * sizeof(*all));

		entries->no_memory = entries->no_memory || !all;
		if (!all)
			return;
		entries->all = all;
		entries->room = room;
	}
	entries->all[entries->count++] = entry;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Sorted by name; all is the caller's to free. */
static enum geyser_result read_entries(const struct gy_registry *registry, struct entries *out)
{
	*out = (struct entries){.all = NULL};
	gy_registry_each(registry, add_entry, out);
	if (out->no_memory) {
		free(out->all);
		*out = (struct entries){.all = NULL};
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of streams");
	}
	if (out->count)
		qsort(out->all, out->count, sizeof(*out->all), compare_entries);
	return GEYSER_OK;
}

/* ---- listing ---- */

/* False if it has ended meanwhile; one that doesn't answer, or can't be reached, has a name alone.
 */
static bool describe(const struct gy_registry *registry, const struct entry *entry,
	struct geyser_stream_info *out)
{
	enum geyser_result result =
		gy_query_stream(registry, entry->instance, entry->name, QUERY_TIMEOUT, out);

	if (result == GEYSER_OK)
		return true;
	*out = (struct geyser_stream_info){.pid = 0};
	memcpy(out->name, entry->name, sizeof(out->name));
	return result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_NO_RUNTIME_DIR;
}

static enum geyser_result list(
	const struct gy_registry *registry, struct geyser_stream_info **out, size_t *count)
{
	struct geyser_stream_info *streams;
	struct entries entries;
	enum geyser_result result = read_entries(registry, &entries);

	if (result != GEYSER_OK)
		return result;
	streams = calloc(entries.count + 1, sizeof(*streams));
	if (!streams) {
		free(entries.all);
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of streams");
	}
	for (size_t i = 0; i < entries.count; i++)
		*count += describe(registry, &entries.all[i], &streams[*count]);
	free(entries.all);
	*out = streams;
	return GEYSER_OK;
}

enum geyser_result geyser_stream_list(struct geyser_stream_info **out, size_t *count)
{
	struct gy_registry registry;
	enum geyser_result result;

	if (!out || !count)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", out ? "count" : "out");
	*out = NULL;
	*count = 0;
	result = gy_registry_open(false, &registry);
	if (result == GEYSER_ERROR_NOT_FOUND)
		return GEYSER_OK; /* nobody has ever exported */
	if (result != GEYSER_OK)
		return result;
	result = list(&registry, out, count);
	gy_registry_close(&registry);
	return result;
}

void geyser_stream_list_free(struct geyser_stream_info *streams)
{
	free(streams);
}

/* ---- watching ---- */

struct geyser_stream_watch {
	struct gy_arrival arrival;
	void (*callback)(enum geyser_stream_change change, const char *name, void *user);
	void *user;
	bool begun;
	struct entries known;
};

enum geyser_result geyser_stream_watch_create(
	void (*callback)(enum geyser_stream_change change, const char *name, void *user),
	void *user, struct geyser_stream_watch **out)
{
	struct geyser_stream_watch *watch;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!callback)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "callback is NULL");
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a watch");
	watch->callback = callback;
	watch->user = user;
	result = gy_arrival_init(&watch->arrival);
	if (result == GEYSER_OK)
		*out = watch;
	else
		free(watch);
	return result;
}

int geyser_stream_watch_fd(const struct geyser_stream_watch *watch)
{
	return watch ? gy_watch_fd(watch->arrival.watch) : -1;
}

/* Two sorted lists, walked together. A name that another exporter has taken is gone and come. */
static bool report(struct geyser_stream_watch *watch, const struct entries *now)
{
	const struct entries *before = &watch->known;
	size_t i = 0, j = 0;
	bool any = false;

	while (i < before->count || j < now->count) {
		int order = i == before->count ? 1
			    : j == now->count  ? -1
					       : strcmp(before->all[i].name, now->all[j].name);
		bool same = order == 0 && before->all[i].instance == now->all[j].instance;

		any = any || !same;
		if (order <= 0 && !same)
			watch->callback(GEYSER_STREAM_REMOVED, before->all[i].name, watch->user);
		if (order >= 0 && !same)
			watch->callback(GEYSER_STREAM_ADDED, now->all[j].name, watch->user);
		i += order <= 0;
		j += order >= 0;
	}
	return any;
}

static enum geyser_result update(struct geyser_stream_watch *watch, bool *any)
{
	struct entries now;
	enum geyser_result result = read_entries(&watch->arrival.registry, &now);

	if (result != GEYSER_OK)
		return result;
	*any = report(watch, &now);
	free(watch->known.all);
	watch->known = now;
	return GEYSER_OK;
}

/* The kernel tells of a lock file's closing a moment before it lets the lock go: who has died may
 * still look alive. */
static enum geyser_result update_after_death(struct geyser_stream_watch *watch, bool *any)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);
	enum geyser_result result = update(watch, any);

	for (int i = 0; i < 20 && result == GEYSER_OK && !*any && watch->arrival.closed; i++) {
		(void)nanosleep(&moment, NULL);
		result = update(watch, any);
	}
	watch->arrival.closed = false;
	return result;
}

enum geyser_result geyser_stream_watch_dispatch(
	struct geyser_stream_watch *watch, uint64_t timeout_ns)
{
	uint64_t deadline = gy_deadline(timeout_ns);
	enum geyser_result result = GEYSER_OK;
	bool any = false;

	if (!watch)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "watch is NULL");
	while (result == GEYSER_OK && !any) {
		if (watch->begun)
			result = gy_arrival_wait(&watch->arrival, deadline, -1);
		watch->begun = true;
		if (result == GEYSER_OK)
			result = update_after_death(watch, &any);
	}
	return result;
}

void geyser_stream_watch_destroy(struct geyser_stream_watch *watch)
{
	if (!watch)
		return;
	gy_arrival_finish(&watch->arrival);
	free(watch->known.all);
	free(watch);
}
