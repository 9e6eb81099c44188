/*
 * Command buffers of a Metal manager's device, for the self-test; Metal's objects are void *.
 *
 * SPDX-License-Identifier: MIT
 *
 * A function that fails prints what is wrong, and returns false or NULL.
 */
#ifndef GEYSER_CLI_SELFTEST_METAL_H
#define GEYSER_CLI_SELFTEST_METAL_H

#include <stdbool.h>
#include <stddef.h>

#include <geyser/geyser.h>

/* Makes an id<MTLCommandQueue>. The caller owns it. */
void *metal_queue_create(struct geyser_manager *manager);
void metal_queue_destroy(void *queue);

/* Makes an id<MTLCommandBuffer> that isn't committed yet. The caller owns it, and passes it to
 * metal_commands_finish or metal_commands_drop. */
void *metal_commands_begin(void *queue);

/* Encodes a clear. The colour is red, green, blue and alpha from 0 to 1. */
bool metal_clear(void *commands, struct geyser_texture *texture, const double colour[4]);

/* Encodes a copy of a whole texture to another one of the same size and format. */
bool metal_copy(void *commands, struct geyser_texture *from, struct geyser_texture *to);

void metal_commands_commit(void *commands);

/* Commits the command buffer, waits until the GPU has done it, releases it, and returns whether it
 * went well. */
bool metal_commands_finish(void *commands);
void metal_commands_drop(void *commands);

/* Wait until the committed command buffer is scheduled, or has ended in any way. */
void metal_commands_await_scheduled(void *commands);
void metal_commands_await(void *commands);

/* Returns whether the command buffer has ended. error: why it failed, or "". */
bool metal_commands_ended(void *commands, char *error, size_t size);

/* Writes the highest of the families to which the device belongs, as "Apple7, Mac2, Common3". */
void metal_families(struct geyser_manager *manager, char *text, size_t size);

#endif
