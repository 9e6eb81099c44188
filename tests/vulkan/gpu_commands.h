/*
 * The commands of peers that have a Vulkan device: see peer/commands.h for what all peers have.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_VULKAN_GPU_COMMANDS_H
#define TESTS_VULKAN_GPU_COMMANDS_H

#include "commands.h"
#include "gpu.h"

/* gpu-fill WAIT SIGNAL SEED   fills the texture
 * gpu-read WAIT SIGNAL        reads the texture
 * gpu-order WAIT SIGNAL       no work
 * finish                      waits for the work
 * finish-holds SEED           waits for gpu-read: "ok" if it read that pattern, else "bad"
 * idle                        "waiting", then "ok" once the queue is idle
 * lost                        tells geyser that a call of the program has met a lost device
 * semaphore                   "native" or "bridged": which semaphore the event has
 * submit-gpu SEED             submits a frame while the GPU draws it
 * submit-promised             submits a frame that the GPU never draws
 * take-gpu                    as take, by the GPU; releases the frame while the GPU reads it
 *
 * The work waits for the event's value WAIT and signals its value SIGNAL. 0 is none. */
extern const struct command gpu_commands[];

/* Makes the manager on "vulkan" or on "host". */
void open_gpu_peer(const char *backend);
void close_gpu_peer(void);

#endif
