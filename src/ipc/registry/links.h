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

/* A list of items of one size. The caller sets the first three members; the others are 0. */
struct gy_links {
	size_t item_size;
	/* Fills in the item that the file stands for, except its struct gy_link. Returns false if
	 * the file's name isn't that of such a link. */
	bool (*read)(const char *file, void *item);
	const char *what; /* "streams", for the error message */

	void *items; /* the caller frees it */
	size_t count, room;
	bool no_memory;
};

/* Reads the links of living exporters from these registries, and sorts the items by their
 * exporters. Looks at each exporter once. After an error there are no items: a living exporter must
 * not vanish from a list. Errors: OUT_OF_MEMORY, and as gy_registry_each and
 * gy_registry_is_alive. */
enum geyser_result gy_links_read(
	struct gy_links *links, const struct gy_registry *registries, unsigned count);

#endif
