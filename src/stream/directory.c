/* SPDX-License-Identifier: MIT */
/* The list of streams, and the watch on changes to it. Names come from the registry's links; the
 * rest of a stream's description comes from its publisher. */
#include "stream/arrival.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "ipc/ipc.h"
#include "platform/platform.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The time limit for the answers of all publishers together. A publisher that is stopped is listed
 * without an answer. */
#define ANSWERS_WITHIN (GY_SECOND / 2)

/* ---- names ---- */

struct entry {
	struct gy_link link;
	char name[GEYSER_STREAM_NAME_MAX + 1];
};

struct entries {
	struct entry *all;
	size_t count;
};

static bool read_name(const char *file, void *item)
{
	struct entry *entry = item;

	return gy_name_from_file(file, entry->name);
}

/* Orders by name. A name may be in two registries; then the entry of the first registry comes
 * first. */
static int compare_names(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order
		     : (x->link.registry > y->link.registry) -
			       (x->link.registry < y->link.registry);
}

/* Keeps only the first of several streams with one name. */
static void drop_doubles(struct entries *entries)
{
	size_t kept = 0;

	for (size_t i = 0; i < entries->count; i++)
		if (kept == 0 || strcmp(entries->all[kept - 1].name, entries->all[i].name) != 0)
			entries->all[kept++] = entries->all[i];
	entries->count = kept;
}

/* Reads the streams of living exporters, sorted by name. The caller frees out->all. The entries
 * point into `registries`. */
static enum geyser_result read_entries(const struct gy_registries *registries, struct entries *out)
{
	struct gy_links links = {
		.item_size = sizeof(struct entry), .read = read_name, .what = "streams"};
	const enum geyser_result result = gy_links_read(&links, registries->all, registries->count);

	*out = (struct entries){.all = links.items, .count = links.count};
	if (out->count)
		qsort(out->all, out->count, sizeof(*out->all), compare_names);
	drop_doubles(out);
	return result;
}

/* ---- listing ---- */

/* Whether the stream has ended, or this process may not ask its publisher. */
static bool has_ended(const struct gy_stream_query *query)
{
	return query->result == GEYSER_ERROR_NOT_FOUND || query->result == GEYSER_ERROR_STALE ||
	       query->result == GEYSER_ERROR_DISCONNECTED ||
	       query->result == GEYSER_ERROR_PERMISSION;
}

/* Whether this process lacked a resource to ask with. Then the result says nothing about the
 * stream. */
static bool could_not_query(const struct gy_stream_query *query)
{
	return !query->refused &&
	       (query->result == GEYSER_ERROR_LIMIT || query->result == GEYSER_ERROR_OUT_OF_MEMORY);
}

/* A list has the bytes of each stream behind the last one. */
static uint64_t *bytes_of(const struct geyser_stream_info *streams, size_t count)
{
	return (uint64_t *)(void *)(streams + count);
}

/* Copies the descriptions of living streams into `streams`. A stream whose publisher doesn't
 * answer, or can't be reached, gets a name only. */
static enum geyser_result describe(struct gy_stream_query *queries, size_t total,
	struct geyser_stream_info *streams, size_t *count)
{
	for (size_t i = 0; i < total; i++) {
		const struct gy_stream_query *query = &queries[i];

		if (could_not_query(query))
			return gy_fail(query->result,
				"stream \"%s\": no %s left to ask its publisher", query->name,
				query->result == GEYSER_ERROR_LIMIT
					? "file descriptor (see \"ulimit -n\")"
					: "memory");
		if (has_ended(query))
			continue;
		streams[*count] = *query->info;
		if (query->result != GEYSER_OK) {
			streams[*count] = (struct geyser_stream_info){.pid = 0};
			(void)snprintf(streams[*count].name, sizeof(streams[*count].name), "%s",
				query->name);
		}
		queries[*count].bytes = query->bytes;
		++*count;
	}
	for (size_t i = 0; i < *count; i++)
		bytes_of(streams, *count)[i] = queries[i].bytes;
	return GEYSER_OK;
}

static enum geyser_result query_all(
	const struct entries *entries, struct geyser_stream_info *streams, size_t *count)
{
	struct gy_stream_query *queries = calloc(entries->count + 1, sizeof(*queries));
	enum geyser_result result;

	if (!queries)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of streams");
	for (size_t i = 0; i < entries->count; i++)
		queries[i] = (struct gy_stream_query){
			.registry = entries->all[i].link.registry,
			.instance = entries->all[i].link.instance,
			.name = entries->all[i].name,
			.info = &streams[i],
		};
	result = gy_query_streams(queries, entries->count, gy_deadline(ANSWERS_WITHIN));
	if (result == GEYSER_OK)
		result = describe(queries, entries->count, streams, count);
	free(queries);
	return result;
}

/* Keeps only the stream with that name. */
static void choose(struct entries *entries, const char *name)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (strcmp(entries->all[i].name, name) != 0)
			continue;
		entries->all[0] = entries->all[i];
		entries->count = 1;
		return;
	}
	entries->count = 0;
}

/* Lists all streams, or the one with that name. */
static enum geyser_result list(const struct gy_registries *registries, const char *name,
	struct geyser_stream_info **out, size_t *count)
{
	struct geyser_stream_info *streams;
	struct entries entries;
	enum geyser_result result = read_entries(registries, &entries);

	if (result != GEYSER_OK)
		return result;
	if (name)
		choose(&entries, name);
	streams = calloc(entries.count + 1, sizeof(*streams) + sizeof(uint64_t));
	if (!streams)
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of streams");
	else
		result = query_all(&entries, streams, count);
	free(entries.all);
	if (result == GEYSER_OK) {
		*out = streams;
	} else {
		*count = 0;
		free(streams);
	}
	return result;
}

enum geyser_result geyser_stream_list(struct geyser_stream_info **out, size_t *count)
{
	struct gy_registries registries;
	enum geyser_result result;

	if (!out || !count)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", out ? "count" : "out");
	*out = NULL;
	*count = 0;
	result = gy_registries_open(false, &registries);
	if (result == GEYSER_ERROR_NOT_FOUND)
		return GEYSER_OK; /* no process has exported yet */
	if (result != GEYSER_OK)
		return result;
	result = list(&registries, NULL, out, count);
	gy_registries_close(&registries);
	return result;
}

enum geyser_result geyser_stream_find(const char *name, struct geyser_stream_info *out)
{
	struct geyser_stream_info *found = NULL;
	struct gy_registries registries;
	enum geyser_result result;
	size_t count = 0;

	if (!name || !out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", name ? "out" : "name");
	result = gy_registries_open(false, &registries);
	if (result == GEYSER_OK) {
		result = list(&registries, name, &found, &count);
		gy_registries_close(&registries);
	} else if (result == GEYSER_ERROR_NOT_FOUND) {
		result = GEYSER_OK; /* no process has exported yet */
	}
	if (result == GEYSER_OK && !count)
		result = gy_fail(GEYSER_ERROR_NOT_FOUND, "no stream is called \"%s\"", name);
	if (result == GEYSER_OK)
		*out = found[0];
	geyser_stream_list_free(found);
	return result;
}

uint64_t geyser_stream_list_bytes(
	const struct geyser_stream_info *streams, size_t count, size_t index)
{
	return streams && index < count ? bytes_of(streams, count)[index] : 0;
}

void geyser_stream_list_free(struct geyser_stream_info *streams)
{
	free(streams);
}

/* ---- watching ---- */

struct change {
	enum geyser_stream_change kind;
	char name[GEYSER_STREAM_NAME_MAX + 1];
};

/* The watch's lock guards the members after `lock`. No thread holds it while it waits, reads the
 * registry or runs the callback. */
struct geyser_stream_watch {
	void (*callback)(enum geyser_stream_change change, const char *name, void *user);
	void *user;

	/* used only by the thread that has set `reading` */
	struct gy_arrival arrival;
	struct entries known;
	bool begun;

	pthread_mutex_t lock;
	unsigned references;    /* the caller has one, and each dispatch that runs has one */
	bool destroyed;         /* no more callbacks */
	bool reading;           /* a thread waits for changes or reads the registry */
	_Atomic uint32_t turns; /* the wake word for threads that wait for `reading` to end */
	struct change *changes; /* found, but maybe not reported; replaced once all are reported */
	size_t told, found;
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
	watch->references = 1;
	result = gy_arrival_init(&watch->arrival);
	if (result != GEYSER_OK) {
		free(watch);
		return result;
	}
	(void)pthread_mutex_init(&watch->lock, NULL);
	*out = watch;
	return GEYSER_OK;
}

int geyser_stream_watch_fd(const struct geyser_stream_watch *watch)
{
	return watch ? gy_watch_fd(watch->arrival.watch) : -1;
}

static void add_change(
	struct change *changes, size_t *count, enum geyser_stream_change kind, const char *name)
{
	changes[*count].kind = kind;
	memcpy(changes[*count].name, name, sizeof(changes[*count].name));
	++*count;
}

/* Compares two sorted lists and writes the changes. A name that another exporter has taken counts
 * as removed and added. `changes` must have room for all entries of both lists. */
static size_t compare(
	const struct entries *before, const struct entries *now, struct change *changes)
{
	size_t i = 0, j = 0, count = 0;

	while (i < before->count || j < now->count) {
		int order = i == before->count ? 1
			    : j == now->count  ? -1
					       : strcmp(before->all[i].name, now->all[j].name);
		bool same = order == 0 && before->all[i].link.instance == now->all[j].link.instance;

		if (order <= 0 && !same)
			add_change(changes, &count, GEYSER_STREAM_REMOVED, before->all[i].name);
		if (order >= 0 && !same)
			add_change(changes, &count, GEYSER_STREAM_ADDED, now->all[j].name);
		i += order <= 0;
		j += order >= 0;
	}
	return count;
}

/* Reads the registry and finds the changes since the last read. The caller frees *changes. */
static enum geyser_result update(
	struct geyser_stream_watch *watch, struct change **changes, size_t *count)
{
	struct entries now;
	enum geyser_result result = read_entries(&watch->arrival.registries, &now);

	if (result != GEYSER_OK)
		return result;
	*changes = calloc(watch->known.count + now.count + 1, sizeof(**changes));
	if (!*changes) {
		free(now.all);
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of changes");
	}
	*count = compare(&watch->known, &now, *changes);
	free(watch->known.all);
	watch->known = now;
	return GEYSER_OK;
}

/* Reads the registry. A lock file that closed means that an exporter has died, but the kernel
 * reports the close a moment before it frees the lock. So if there is no change yet, this reads
 * again for up to 20 ms. */
static enum geyser_result update_after_death(
	struct geyser_stream_watch *watch, struct change **changes, size_t *count)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);
	enum geyser_result result = update(watch, changes, count);

	for (int i = 0; i < 20 && result == GEYSER_OK && !*count && watch->arrival.closed; i++) {
		free(*changes);
		*changes = NULL;
		(void)nanosleep(&moment, NULL);
		result = update(watch, changes, count);
	}
	watch->arrival.closed = false;
	return result;
}

/* ---- reporting; the functions need the lock, and release it while they wait or call back ---- */

/* Waits for changes, but not at the first call, and reads them. */
static enum geyser_result find_changes(struct geyser_stream_watch *watch, uint64_t deadline)
{
	enum geyser_result result = GEYSER_OK;
	struct change *changes = NULL;
	size_t found = 0;

	watch->reading = true;
	(void)pthread_mutex_unlock(&watch->lock);
	if (watch->begun)
		result = gy_arrival_wait(&watch->arrival, deadline, -1);
	watch->begun = true;
	if (result == GEYSER_OK)
		result = update_after_death(watch, &changes, &found);
	(void)pthread_mutex_lock(&watch->lock);
	free(watch->changes);
	watch->changes = changes;
	watch->told = 0;
	watch->found = found;
	watch->reading = false;
	atomic_fetch_add(&watch->turns, 1);
	gy_wake(&watch->turns, false);
	return result;
}

/* Waits until another thread has finished reading. */
static enum geyser_result await_turn(struct geyser_stream_watch *watch, uint64_t deadline)
{
	const struct gy_wait_word turns = {
		.word = &watch->turns, .expected = atomic_load(&watch->turns)};

	if (deadline != GY_NEVER && gy_now() >= deadline)
		return gy_fail(GEYSER_ERROR_TIMEOUT, "another thread waits for the changes");
	(void)pthread_mutex_unlock(&watch->lock);
	gy_wait(&turns, 1, deadline);
	(void)pthread_mutex_lock(&watch->lock);
	return GEYSER_OK;
}

/* Reports one change. The callback may call dispatch itself, which then reports the rest. */
static void tell_next(struct geyser_stream_watch *watch)
{
	const struct change change = watch->changes[watch->told++];
	struct gy_kept_detail kept;

	(void)pthread_mutex_unlock(&watch->lock);
	gy_callback_begin(&kept);
	watch->callback(change.kind, change.name, watch->user);
	gy_callback_end(&kept);
	(void)pthread_mutex_lock(&watch->lock);
}

/* Reports changes. Waits for the first one until the deadline; returns when none is left. */
static enum geyser_result dispatch(struct geyser_stream_watch *watch, uint64_t deadline)
{
	enum geyser_result result = GEYSER_OK;
	bool any = false;

	while (result == GEYSER_OK && !watch->destroyed) {
		if (watch->told < watch->found) {
			tell_next(watch);
			any = true;
		} else if (any) {
			break;
		} else if (watch->reading) {
			result = await_turn(watch, deadline);
		} else {
			result = find_changes(watch, deadline);
		}
	}
	return result;
}

/* Drops a reference. Needs the lock, and releases it. */
static void unref(struct geyser_stream_watch *watch)
{
	bool last = --watch->references == 0;

	(void)pthread_mutex_unlock(&watch->lock);
	if (!last)
		return;
	gy_arrival_finish(&watch->arrival);
	(void)pthread_mutex_destroy(&watch->lock);
	free(watch->known.all);
	free(watch->changes);
	free(watch);
}

enum geyser_result geyser_stream_watch_dispatch(
	struct geyser_stream_watch *watch, uint64_t timeout_ns)
{
	uint64_t deadline = gy_deadline(timeout_ns);
	enum geyser_result result;

	if (!watch)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "watch is NULL");
	(void)pthread_mutex_lock(&watch->lock);
	watch->references++;
	result = dispatch(watch, deadline);
	unref(watch);
	return result;
}

void geyser_stream_watch_destroy(struct geyser_stream_watch *watch)
{
	if (!watch)
		return;
	(void)pthread_mutex_lock(&watch->lock);
	watch->destroyed = true;
	unref(watch);
}
