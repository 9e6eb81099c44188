/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/exports.h"

#include "base/error.h"
#include "platform/random.h"

#include <fcntl.h>
#include <search.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static int compare_tokens(const void *a, const void *b)
{
	const struct gy_export *x = a, *y = b;

	return memcmp(x->fields.token, y->fields.token, GY_TOKEN_SIZE);
}

static int compare_ids(const void *a, const void *b)
{
	const struct gy_export *x = a, *y = b;

	return (x->fields.id > y->fields.id) - (x->fields.id < y->fields.id);
}

struct gy_export *gy_exports_find(struct gy_exports *exports, const uint8_t token[GY_TOKEN_SIZE])
{
	struct gy_export wanted = {0}, *const * found;

	memcpy(wanted.fields.token, token, GY_TOKEN_SIZE);
	found = tfind(&wanted, &exports->by_token, compare_tokens);
	return found ? *found : NULL;
}

struct gy_export *gy_exports_find_id(struct gy_exports *exports, uint32_t id)
{
	struct gy_export wanted = {.fields.id = id}, *const * found;

	found = tfind(&wanted, &exports->by_id, compare_ids);
	return found ? *found : NULL;
}

/* Removes the tree's root again and again, until the tree is empty. A node of tsearch begins with
 * the pointer to its key. */
void gy_exports_forget(struct gy_exports *exports, struct gy_registry_entry *entry)
{
	while (exports->by_id) {
		struct gy_export *export = *(struct gy_export **)exports->by_id;

		gy_entry_remove_id(entry, export->fields.id);
		(void)tdelete(export, &exports->by_id, compare_ids);
	}
}

/* The entry whose links are made again: twalk passes no data to its action. Guarded by the
 * loop's lock. */
static _Thread_local const struct gy_registry_entry *restored;

static void restore_id(const void *node, VISIT visit, int depth)
{
	const struct gy_export *export = *(struct gy_export *const *)node;

	(void)depth;
	if (visit == postorder || visit == leaf)
		gy_entry_restore_id(restored, export->fields.id);
}

void gy_exports_restore(const struct gy_exports *exports, const struct gy_registry_entry *entry)
{
	restored = entry;
	twalk(exports->by_id, restore_id);
}

/* ---- listing ---- */

void gy_exports_remove(struct gy_exports *exports, struct gy_export *export)
{
	if (!export->listed)
		return;
	(void)tdelete(export, &exports->by_token, compare_tokens);
	export->listed = false;
	gy_wakeup_close(&export->notify);
}

static enum geyser_result list(
	struct gy_exports *exports, struct gy_registry_entry *entry, struct gy_export *export)
{
	struct gy_handle_fields *fields = &export->fields;
	enum geyser_result result;

	*fields = (struct gy_handle_fields){
		.kind = export->kind,
		.backend = export->backend,
		.uid = geteuid(),
		.instance = entry->instance,
	};
	export->importers = (struct geyser_importers){0};
	export->notify = GY_NO_WAKEUP;
	result = gy_random(fields->token, GY_TOKEN_SIZE);
	if (result != GEYSER_OK)
		return result;
	result = gy_entry_add_id(entry, &fields->id);
	if (result != GEYSER_OK)
		return result;
	if (!tsearch(export, &exports->by_token, compare_tokens))
		goto remove_id;
	if (!tsearch(export, &exports->by_id, compare_ids))
		goto remove_token;
	export->listed = true;
	return GEYSER_OK;

remove_token:
	(void)tdelete(export, &exports->by_token, compare_tokens);
remove_id:
	gy_entry_remove_id(entry, fields->id);
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an export");
}

enum geyser_result gy_exports_add(
	struct gy_exports *exports, struct gy_registry_entry *entry, struct gy_export *export)
{
	enum geyser_result result;

	gy_exports_remove(exports, export); /* exported once before, under another token */
	result = list(exports, entry, export);
	export->importable = result == GEYSER_OK;
	return result;
}

bool gy_exports_withdraw(
	struct gy_exports *exports, struct gy_registry_entry *entry, struct gy_export *export)
{
	if (!export->importable)
		return false;
	export->importable = false;
	if (entry) {
		(void)tdelete(export, &exports->by_id, compare_ids);
		gy_entry_remove_id(entry, export->fields.id);
	}
	return true;
}

/* ---- importers ---- */

void gy_export_count(struct gy_export *export, int change)
{
	if (change > 0) {
		export->importers.current++;
		export->importers.total++;
	} else if (export->importers.current > 0) {
		export->importers.current--;
	}
	if (export->notify.fd >= 0)
		gy_wakeup_raise(&export->notify);
}

enum geyser_result gy_export_count_fd(struct gy_export *export, int *out)
{
	bool made = export->notify.fd < 0;
	enum geyser_result result = GEYSER_OK;

	if (!export->importable)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "not exported: export it first");
	if (made)
		result = gy_wakeup_create(&export->notify);
	if (result != GEYSER_OK)
		return result;
	*out = fcntl(export->notify.fd, F_DUPFD_CLOEXEC, 0);
	if (*out >= 0)
		return GEYSER_OK;
	result = gy_fail_errno("duplicating a descriptor");
	if (made)
		gy_wakeup_close(&export->notify);
	return result;
}
