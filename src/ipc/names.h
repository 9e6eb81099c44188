/* SPDX-License-Identifier: MIT */
/*
 * Streams in the registry: "stream-NAME" is a link to the socket of the exporter that publishes it.
 * Bytes of NAME that can't stand in a file's name are written %XX.
 *
 * What takes a name is a lock, which the kernel frees when the publisher's process dies: the first
 * of two bytes of the file ".names" that stand for NAME. Its holder makes the link, and replaces
 * one that a dead exporter has left. Nobody else takes that lock, so whoever finds it taken has
 * met a publisher. A sweep, which also removes dead exporters' links, holds a shared lock on the
 * second byte while it does: it may have read the link before a publisher replaced it, and then
 * remove the new one. A publisher that sees such a sweep keeps looking after its link until the
 * sweep has ended (gy_claim_keep_name). Nobody waits for a lock: a stopped process stops nobody.
 * tests/model/names.pml is this protocol.
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

/* A name that is taken. Zero bytes stand for none. */
struct gy_name_lock {
	struct gy_hold hold;
	uint64_t device, inode; /* of the file */
	bool guarded;           /* gy_claim_keep_name is to be called */
};

/* Where in ".names" the two bytes of a name are. For tests. */
uint64_t gy_name_lock_offset(const char *name);

/* Takes a name, also from an exporter that has died. Errors: EXISTS (*holder is the exporter that
 * the link names and that holds its lock, or 0 if something is in the link's place that is none),
 * BUSY (another process is about to take the name, give it back, or die: try again soon),
 * OUT_OF_MEMORY, LIMIT, SYSTEM. */
enum geyser_result gy_claim_add_name(const struct gy_claim *claim, const char *name,
	struct gy_name_lock *lock, uint64_t *holder);
void gy_claim_remove_name(
	const struct gy_claim *claim, const char *name, struct gy_name_lock *lock);

/* Forgets it without a change in the registry. */
void gy_claim_abandon_name(struct gy_name_lock *lock);

/* Puts the link back if somebody has removed it, and takes the lock again if its file was removed:
 * then the name may be another's by now. To be called now and then, often while lock->guarded. */
void gy_claim_keep_name(const struct gy_claim *claim, const char *name, struct gy_name_lock *lock);

/* Errors: NOT_FOUND. */
enum geyser_result gy_registry_find_name(
	const struct gy_registry *registry, const char *name, uint64_t *instance);

/* The exporter that publishes it, in whatever registry: a living one if there is. Errors:
 * NOT_FOUND, LIMIT, and as gy_registries_open. */
enum geyser_result gy_registries_find_name(const char *name, uint64_t *instance);

/* A living one in the registries other than the claim's. */
enum geyser_result gy_claim_find_elsewhere(
	const struct gy_claim *claim, const char *name, uint64_t *instance);

#endif
