/* SPDX-License-Identifier: MIT */
/*
 * Streams in the registry: "stream-NAME" is a link to the socket of the exporter that publishes it.
 * Making the link is what takes the name. Bytes of NAME that can't stand in a file's name are
 * written %XX.
 */
#ifndef GY_IPC_NAMES_H
#define GY_IPC_NAMES_H

#include "ipc/registry.h"

#include <geyser/stream.h>

#define GY_FILE_NAME_SIZE (sizeof("stream-") + 3 * (size_t)GEYSER_STREAM_NAME_MAX)

/* Errors: INVALID_ARGUMENT: NULL, empty, too long, control characters, not UTF-8. */
enum geyser_result gy_name_check(const char *name);

void gy_name_to_file(const char *name, char file[GY_FILE_NAME_SIZE]);

/* False if it is no stream's file. */
bool gy_name_from_file(const char *file, char name[GEYSER_STREAM_NAME_MAX + 1]);

/* Takes a name, also from an exporter that has died. Errors: EXISTS (*holder is the living
 * exporter's instance), OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_claim_add_name(struct gy_claim *claim, const char *name, uint64_t *holder);
void gy_claim_remove_name(struct gy_claim *claim, const char *name);

/* Errors: NOT_FOUND. */
enum geyser_result gy_registry_find_name(
	const struct gy_registry *registry, const char *name, uint64_t *instance);

#endif
