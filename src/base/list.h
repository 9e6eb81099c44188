/* SPDX-License-Identifier: MIT */
/* A doubly linked list whose links are embedded in its elements. Finding the first element and
 * removing any element take constant time. */
#ifndef GY_BASE_LIST_H
#define GY_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Is the head of a list, or the link in an element. A head that points to itself is an empty list.
 * A link that points to itself is in no list. */
struct gy_list {
	struct gy_list *next, *previous;
};

/* Returns the struct that the link is embedded in. */
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

/* Removes a link from its list. A link that is in no list stays as it is. */
static inline void gy_list_remove(struct gy_list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	gy_list_init(link);
}

#endif
