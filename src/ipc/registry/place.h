/* SPDX-License-Identifier: MIT */
/* The places where a registry may lie. An index counts them from 0, the preferred place first. */
#ifndef GY_IPC_REGISTRY_PLACE_H
#define GY_IPC_REGISTRY_PLACE_H

#include <geyser/geyser.h>

#include <stddef.h>

/* Writes the registry's path at the place of that index. Errors: NO_RUNTIME_DIR (the place can't be
 * used), NOT_FOUND (no place has this index). */
enum geyser_result gy_registry_find_place(unsigned index, char *path, size_t size);

/* As gy_registry_find_place, but doesn't check whether this process may use the place. */
enum geyser_result gy_registry_find_path(unsigned index, char *path, size_t size);

/* Fails with NO_RUNTIME_DIR, and says for each place why this process can't use it. */
enum geyser_result gy_registry_fail_no_place(void);

#endif
