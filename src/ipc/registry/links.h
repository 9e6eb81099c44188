/* SPDX-License-Identifier: MIT */
/* Lists of links in registries: ids or names of streams, each with its exporter. */
#ifndef GY_IPC_REGISTRY_LINKS_H
#define GY_IPC_REGISTRY_LINKS_H

#include "ipc/registry/registry.h"

/* The exporter that a link leads to. Each item of a list begins with this struct. */
struct gy_link {
	uint64_t instance;
	const struct gy_registry *registry; /* borrowed */
};

/* Sorts the items by their exporters, and removes those of dead exporters. Looks at each exporter
 * once. After an error the list is not usable: a living exporter must not vanish from it. Errors:
 * as gy_registry_is_alive. */
enum geyser_result gy_links_drop_dead(void *items, size_t *count, size_t item_size);

#endif
