/* SPDX-License-Identifier: MIT */
/* A list in both directions, its links embedded in what it lists: the first is found, and any taken
 * out, in one step. */
#ifndef GY_BASE_LIST_H
#define GY_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A list's head, or one link; linked to itself, an empty list or a link that is in none. */
struct gy_list {
	struct gy_list *next, *previous;
};

/* The struct that a link is embedded in. */
#define GY_LIST_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void gy_list_init(struct gy_list *list)
{
	list->next = list->previous = list;
}

static inline bool gy_list_is_empty(const struct gy_list *list)
{
	return list->next == list;
}

static inline void gy_list_append(struct gy_list *list, struct gy_list *link)
{
	link->previous = list->previous;
	link->next = list;
	link->previous->next = link;
	list->previous = link;
}

/* One that is in no list is left as it is. */
static inline void gy_list_remove(struct gy_list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	gy_list_init(link);
}

#endif
