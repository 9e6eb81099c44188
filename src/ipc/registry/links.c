/* SPDX-License-Identifier: MIT */
#include "ipc/registry/links.h"
#include "ipc/registry/life.h"

#include "base/error.h"
#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

static int compare_exporters(const void *a, const void *b)
{
	const struct gy_link *x = a, *y = b;

	if (x->instance != y->instance)
		return x->instance < y->instance ? -1 : 1;
	return (x->registry > y->registry) - (x->registry < y->registry);
}

/* Adds the item that a file stands for, if there is one. */
static void add_item(const struct gy_registry *registry, const char *file, void *data)
{
	struct gy_links *links = data;
	struct gy_link link = {.registry = registry};
	char *items = gy_grow(links->items, links->count, &links->room, links->item_size), *item;

	if (!items) {
		links->no_memory = true;
		return;
	}
	links->items = items;
	item = items + links->count * links->item_size;
	memset(item, 0, links->item_size);
	if (!links->read(file, item) || !gy_registry_read_link(registry, file, &link.instance))
		return;
	memcpy(item, &link, sizeof(link));
	links->count++;
}

/* Sorts the items by their exporters, and removes those of dead exporters. */
static enum geyser_result drop_dead(struct gy_links *links)
{
	const size_t item_size = links->item_size;
	enum geyser_result result = GEYSER_OK;
	char *const first = links->items, *kept = links->items;
	struct gy_link last = {0};
	bool alive = false;

	if (!links->count)
		return GEYSER_OK;
	qsort(first, links->count, item_size, compare_exporters);
	for (size_t i = 0; i < links->count && result == GEYSER_OK; i++) {
		const char *item = first + i * item_size;
		struct gy_link link;

		memcpy(&link, item, sizeof(link));
		if (i == 0 || compare_exporters(&link, &last) != 0)
			result = gy_registry_is_alive(link.registry, link.instance, &alive);
		last = link;
		if (alive) {
			memmove(kept, item, item_size);
			kept += item_size;
		}
	}
	links->count = (size_t)(kept - first) / item_size;
	return result;
}

enum geyser_result gy_links_read(
	struct gy_links *links, const struct gy_registry *registries, unsigned count)
{
	enum geyser_result result = GEYSER_OK;

	for (unsigned i = 0; i < count && result == GEYSER_OK; i++)
		result = gy_registry_each(&registries[i], add_item, links);
	if (result == GEYSER_OK && links->no_memory)
		result = gy_fail(
			GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of %s", links->what);
	if (result == GEYSER_OK)
		result = drop_dead(links);
	if (result != GEYSER_OK) {
		free(links->items);
		links->items = NULL;
		links->count = 0;
	}
	return result;
}
