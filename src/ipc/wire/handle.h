/* SPDX-License-Identifier: MIT */
/* What the 64 bytes of a handle say. */
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
	enum geyser_backend backend;  /* the exporter's */
	uint32_t id;                  /* not 0 */
	uint32_t uid;                 /* whose process exported it */
	uint64_t instance;            /* the exporter: names its socket in the registry */
	uint8_t token[GY_TOKEN_SIZE]; /* random: names the object within the exporter */
};

/* "texture", "event". */
const char *gy_handle_kind_name(enum gy_handle_kind kind);

void gy_handle_encode(const struct gy_handle_fields *fields, struct geyser_handle *out);

/* Errors: INVALID_ARGUMENT, for NULL and for any handle that gy_handle_encode can't have made. */
enum geyser_result gy_handle_decode(
	const struct geyser_handle *handle, struct gy_handle_fields *out);

#endif
