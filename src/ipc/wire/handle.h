/* SPDX-License-Identifier: MIT */
/* The fields of a handle, and its 64 bytes. */
#ifndef GY_IPC_WIRE_HANDLE_H
#define GY_IPC_WIRE_HANDLE_H

#include <geyser/geyser.h>

#define GY_TOKEN_SIZE 16

enum gy_handle_kind {
	GY_HANDLE_TEXTURE = 1,
	GY_HANDLE_EVENT = 2,
};

struct gy_handle_fields {
	enum gy_handle_kind kind;
	enum geyser_backend backend;  /* of the exporter */
	uint32_t id;                  /* not 0 */
	uint32_t uid;                 /* of the user whose process exported the object */
	uint64_t instance;            /* of the exporter: names its socket in the registry */
	uint8_t token[GY_TOKEN_SIZE]; /* random: names the object within the exporter */
};

/* Returns "texture" or "event". */
const char *gy_handle_kind_name(enum gy_handle_kind kind);

void gy_handle_encode(const struct gy_handle_fields *fields, struct geyser_handle *out);

/* Reads a handle's fields. Errors: INVALID_ARGUMENT: handle is NULL, or gy_handle_encode can't have
 * made it. */
enum geyser_result gy_handle_decode(
	const struct geyser_handle *handle, struct gy_handle_fields *out);

#endif
