/*
 * Command buffers of a Metal manager's device, for the self-test; Metal's objects are void *.
 *
 * SPDX-License-Identifier: MIT
 *
 * Those that can fail print what is wrong and return false or NULL.
 */
#ifndef GEYSER_CLI_SELFTEST_METAL_H
#define GEYSER_CLI_SELFTEST_METAL_H

#include <stdbool.h>

#include <geyser/geyser.h>

/* An id<MTLCommandQueue>, owned. */
void *metal_queue_create(struct geyser_manager *manager);
void metal_queue_destroy(void *queue);

/* An id<MTLCommandBuffer> that isn't committed yet, owned: for metal_commands_finish, or for
 * metal_commands_drop. */
void *metal_commands_begin(void *queue);

/* Red, green, blue, alpha, 0 to 1. */
bool metal_clear(void *commands, struct geyser_texture *texture, const double colour[4]);

/* All of a texture to one of the same size and format. */
bool metal_copy(void *commands, struct geyser_texture *from, struct geyser_texture *to);

void metal_commands_commit(void *commands);

/* Waits until it is done, releases it, and tells how it went. */
bool metal_commands_finish(void *commands);
void metal_commands_drop(void *commands);

#endif
