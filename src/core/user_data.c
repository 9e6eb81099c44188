/* SPDX-License-Identifier: MIT */
/* Data that callers attach to a texture or an event. The list grows by atomic insertion and shrinks
 * only at the object's end, so readers need no lock. */
#include "core/object.h"

#include "base/error.h"
#include "base/thread.h"

#include <stdlib.h>

struct gy_user_data {
	struct gy_user_data *next;
	const void *key;
	void *data;
	void (*destroy)(void *data);
};

/* Searches the list from `from` up to, but not including, `end`. */
static struct gy_user_data *find(
	struct gy_user_data *from, const struct gy_user_data *end, const void *key)
{
	while (from != end && from->key != key)
		from = from->next;
	return from == end ? NULL : from;
}

void *gy_object_attached(const struct gy_object *object, const void *key)
{
	struct gy_user_data *list = atomic_load_explicit(&object->user_data, memory_order_acquire);
	const struct gy_user_data *found = find(list, NULL, key);

	return found ? found->data : NULL;
}

static enum geyser_result insert(struct gy_object *object, struct gy_user_data *entry)
{
	struct gy_user_data *head = atomic_load(&object->user_data), *searched = NULL;

	do {
		/* search only the entries that other threads have inserted since the last try */
		if (find(head, searched, entry->key))
			return gy_fail(GEYSER_ERROR_EXISTS,
				"key (%p): data is attached with it already", entry->key);
		searched = head;
		entry->next = head;
	} while (!atomic_compare_exchange_weak(&object->user_data, &head, entry));
	return GEYSER_OK;
}

enum geyser_result gy_object_attach(
	struct gy_object *object, const void *key, void *data, void (*destroy)(void *data))
{
	struct gy_user_data *entry;
	enum geyser_result result;

	if (!key || !data)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", key ? "data" : "key");
	entry = malloc(sizeof(*entry));
	if (!entry)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an attachment");
	*entry = (struct gy_user_data){.key = key, .data = data, .destroy = destroy};
	result = insert(object, entry);
	if (result != GEYSER_OK)
		free(entry);
	return result;
}

/* Frees the list. In a forked child (inherited), the destroy functions aren't called: the data
 * belongs to the parent. */
static void detach(struct gy_user_data *list, bool inherited)
{
	struct gy_kept_detail kept;

	while (list) {
		struct gy_user_data *next = list->next;

		if (list->destroy && !inherited) {
			gy_callback_begin(&kept);
			list->destroy(list->data);
			gy_callback_end(&kept);
		}
		free(list);
		list = next;
	}
}

void gy_object_detach_all(struct gy_object *object)
{
	const bool inherited = gy_ipc_is_inherited(object->manager->ipc);
	struct gy_user_data *list;

	while ((list = atomic_exchange(&object->user_data, NULL)))
		detach(list, inherited);
}
