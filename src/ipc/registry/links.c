/* SPDX-License-Identifier: MIT */
#include "ipc/registry/links.h"
#include "ipc/registry/life.h"

#include <stdlib.h>
#include <string.h>

static int compare_exporters(const void *a, const void *b)
{
	const struct gy_link *x = a, *y = b;

	if (x->instance != y->instance)
		return x->instance < y->instance ? -1 : 1;
	return (x->registry > y->registry) - (x->registry < y->registry);
}

enum geyser_result gy_links_drop_dead(void *items, size_t *count, size_t item_size)
{
	enum geyser_result result = GEYSER_OK;
	char *const first = items, *kept = items;
	struct gy_link last = {0};
	bool alive = false;

	if (!*count)
		return GEYSER_OK;
	qsort(items, *count, item_size, compare_exporters);
	for (size_t i = 0; i < *count && result == GEYSER_OK; i++) {
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
	*count = (size_t)(kept - first) / item_size;
	return result;
}
