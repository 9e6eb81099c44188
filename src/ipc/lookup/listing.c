/* SPDX-License-Identifier: MIT */
/* Lists this user's exports: the registry's ids, and their exporters' answers about them. */
#include "base/clock.h"
#include "base/error.h"
#include "ipc/importer/request.h"
#include "ipc/lookup/once.h"
#include "ipc/registry/links.h"
#include "ipc/wire/handle.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long to wait for the answers of all exporters together. After that, answers that have come
 * already are still read. */
#define ANSWERS_WITHIN (GY_SECOND / 2)
#define ANSWER_WITHIN (GY_SECOND / 50)

/* Requests that wait for an answer on one connection: what their answers need fits into a socket's
 * buffer. */
#define WINDOW 16

struct entry {
	struct gy_link link;
	struct geyser_export_info info;
	bool ended; /* the object was unexported meanwhile */
};

struct entries {
	struct entry *all;
	size_t count;
};

/* The exports of one process: a part of the sorted entries. */
struct group {
	struct entry *entries;
	size_t count, sent, answered;
	int socket; /* -1: the process can't be reached */
};

/* ---- the registry's ids ---- */

/* Reads a name as "id-0000002a". */
static bool read_id(const char *file, void *item)
{
	struct entry *entry = item;
	uint32_t value = 0;

	if (strncmp(file, "id-", 3) != 0 || strlen(file) != 11)
		return false;
	for (const char *c = file + 3; *c; c++) {
		const char *digit = strchr("0123456789abcdef", *c);

		if (!digit)
			return false;
		value = value << 4 | (uint32_t)(digit - "0123456789abcdef");
	}
	entry->info.id = value;
	return value != 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct geyser_export_info *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static enum geyser_result read_entries(const struct gy_registry *registry, struct entries *out)
{
	struct gy_links links = {
		.item_size = sizeof(struct entry), .read = read_id, .what = "exports"};
	const enum geyser_result result = gy_links_read(&links, registry, 1);

	*out = (struct entries){.all = links.items, .count = links.count};
	return result;
}

/* ---- one exporter ---- */

static void send_more(struct group *group)
{
	while (group->sent < group->count && group->sent - group->answered < WINDOW) {
		const struct gy_message request = {
			.type = GY_WIRE_RESOLVE,
			.sequence = (uint32_t)group->sent + 1,
			.id = group->entries[group->sent].info.id,
		};

		if (gy_request_send(group->socket, group->sent == 0, "", &request) != GEYSER_OK)
			return;
		group->sent++;
	}
}

/* Connects to an exporter. If that fails, its exports are listed by their ids only. */
static enum geyser_result begin(
	const struct gy_registry *registry, struct group *group, uint64_t deadline)
{
	enum geyser_result result = gy_lookup_connect(
		registry, group->entries->link.instance, deadline, &group->socket);
	struct gy_credentials peer;

	if (result == GEYSER_ERROR_LIMIT || result == GEYSER_ERROR_OUT_OF_MEMORY)
		return result;
	if (result != GEYSER_OK)
		return GEYSER_OK;
	if (gy_peer_credentials(group->socket, &peer) == GEYSER_OK)
		for (size_t i = 0; i < group->count; i++)
			group->entries[i].info.pid = peer.pid;
	send_more(group);
	return GEYSER_OK;
}

static void take_answer(struct entry *entry, const struct gy_message *answer)
{
	struct gy_handle_fields fields;

	if (answer->type != GY_WIRE_HANDLE ||
		gy_handle_decode(&answer->handle, &fields) != GEYSER_OK ||
		fields.id != entry->info.id || fields.instance != entry->link.instance)
		return;
	entry->info.kind =
		fields.kind == GY_HANDLE_TEXTURE ? GEYSER_EXPORT_TEXTURE : GEYSER_EXPORT_EVENT;
	entry->info.backend = fields.backend;
	entry->info.handle = answer->handle;
}

static void finish(struct group *group, uint64_t deadline)
{
	while (group->answered < group->sent) {
		struct entry *entry = &group->entries[group->answered];
		struct gy_message answer = {.type = GY_WIRE_NONE};
		int fd = -1;
		enum geyser_result result = gy_request_await(
			group->socket, (uint32_t)group->answered + 1, deadline, -1, &answer, &fd);

		if (fd >= 0)
			(void)close(fd);
		if (result != GEYSER_OK && answer.type != GY_WIRE_ERROR)
			break;
		entry->ended = result == GEYSER_ERROR_NOT_FOUND;
		if (result == GEYSER_OK)
			take_answer(entry, &answer);
		group->answered++;
		send_more(group);
	}
	(void)close(group->socket);
	group->socket = -1;
}

/* ---- all of them ---- */

static size_t find_groups(struct entries *entries, struct group *groups)
{
	size_t count = 0;

	for (size_t i = 0; i < entries->count; i++) {
		struct entry *entry = &entries->all[i];

		if (i == 0 || entry->link.instance != entry[-1].link.instance)
			groups[count++] = (struct group){.entries = entry, .socket = -1};
		groups[count - 1].count++;
	}
	return count;
}

/* Asks all exporters before it awaits the first answer. So several exporters that don't answer cost
 * no more time than one. */
static enum geyser_result ask(const struct gy_registry *registry, struct entries *entries)
{
	struct group *groups = calloc(entries->count + 1, sizeof(*groups));
	uint64_t deadline = gy_deadline(ANSWERS_WITHIN);
	enum geyser_result result = GEYSER_OK;
	size_t count;

	if (!groups)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of exports");
	count = find_groups(entries, groups);
	for (size_t i = 0; i < count && result == GEYSER_OK; i++)
		result = begin(registry, &groups[i], deadline);
	for (size_t i = 0; i < count; i++) {
		const uint64_t least = gy_deadline(ANSWER_WITHIN);

		if (groups[i].socket >= 0)
			finish(&groups[i], deadline > least ? deadline : least);
	}
	free(groups);
	return result;
}

static enum geyser_result list(
	const struct gy_registry *registry, struct geyser_export_info **out, size_t *count)
{
	struct entries entries;
	enum geyser_result result = read_entries(registry, &entries);

	if (result == GEYSER_OK)
		result = ask(registry, &entries);
	if (result == GEYSER_OK) {
		*out = calloc(entries.count + 1, sizeof(**out));
		if (!*out)
			result = gy_fail(
				GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of exports");
	}
	for (size_t i = 0; i < entries.count && result == GEYSER_OK; i++) {
		if (!entries.all[i].ended)
			(*out)[(*count)++] = entries.all[i].info;
	}
	if (result == GEYSER_OK && *count)
		qsort(*out, *count, sizeof(**out), compare_ids);
	free(entries.all);
	return result;
}

/* Adds the exports of one registry. */
static enum geyser_result add_list(
	const struct gy_registry *registry, struct geyser_export_info **out, size_t *count)
{
	struct geyser_export_info *more = NULL, *all;
	size_t more_count = 0;
	enum geyser_result result = list(registry, &more, &more_count);

	if (result != GEYSER_OK)
		return result;
	if (!*out) {
		*out = more;
		*count = more_count;
		return GEYSER_OK;
	}
	if (!more_count) {
		free(more);
		return GEYSER_OK;
	}
	all = realloc(*out, (*count + more_count) * sizeof(*all));
	if (all) {
		memcpy(all + *count, more, more_count * sizeof(*all));
		*out = all;
		*count += more_count;
	} else {
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of exports");
	}
	free(more);
	return result;
}

enum geyser_result geyser_export_list(struct geyser_export_info **out, size_t *count)
{
	struct gy_registries registries;
	enum geyser_result result;

	if (!out || !count)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", out ? "count" : "out");
	*out = NULL;
	*count = 0;
	result = gy_registries_open(false, &registries);
	if (result == GEYSER_ERROR_NOT_FOUND)
		return GEYSER_OK; /* no process has ever exported anything */
	if (result != GEYSER_OK)
		return result;
	for (unsigned i = 0; i < registries.count && result == GEYSER_OK; i++)
		result = add_list(&registries.all[i], out, count);
	gy_registries_close(&registries);
	if (result != GEYSER_OK) {
		free(*out);
		*out = NULL;
		*count = 0;
	} else if (*count) {
		qsort(*out, *count, sizeof(**out), compare_ids);
	}
	return result;
}

void geyser_export_list_free(struct geyser_export_info *exports)
{
	free(exports);
}
