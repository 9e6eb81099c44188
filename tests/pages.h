/*
 * For doubles of drivers: whether this process may write pages, by what the kernel says.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_PAGES_H
#define TESTS_PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* True if each page from data on, for size bytes, is in a mapping that may be written. */
bool pages_may_be_written(const void *data, size_t size);

#endif
