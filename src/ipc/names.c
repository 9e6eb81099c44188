/* SPDX-License-Identifier: MIT */
#include "ipc/names.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char prefix[] = "stream-";

/* ---- names and files ---- */

/* Bytes of the UTF-8 sequence that starts here, 0 if it is none: shortest form, no surrogates. */
static size_t utf8_length(const unsigned char *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = text[0] < 0x80       ? 1
			: text[0] >> 5 == 6  ? 2
			: text[0] >> 4 == 14 ? 3
			: text[0] >> 3 == 30 ? 4
					     : 0;
	uint32_t code = text[0] & (0xffu >> (length + 1));

	for (size_t i = 1; i < length; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (length > 1 &&
		(code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)))
		return 0;
	return length;
}

enum geyser_result gy_name_check(const char *name)
{
	const unsigned char *at = (const unsigned char *)name;
	size_t length;

	if (!name || !*name)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "stream name is %s: give it one",
			name ? "empty" : "NULL");
	if (strnlen(name, GEYSER_STREAM_NAME_MAX + 1) > GEYSER_STREAM_NAME_MAX)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"stream name (%.40s…): it may have %u bytes at most", name,
			GEYSER_STREAM_NAME_MAX);
	for (; *at; at += length) {
		length = utf8_length(at);
		if (length == 0 || *at < 0x20 || *at == 0x7f)
			return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
				"stream name has the byte 0x%02x at %td: it must be UTF-8 without "
				"control characters",
				*at, at - (const unsigned char *)name);
	}
	return GEYSER_OK;
}

void gy_name_to_file(const char *name, char file[GY_FILE_NAME_SIZE])
{
	char *out = file + sizeof(prefix) - 1;

	memcpy(file, prefix, sizeof(prefix));
	for (; *name; name++) {
		if (*name == '/' || *name == '%')
			out += snprintf(out, 4, "%%%02X", (unsigned char)*name);
		else
			*out++ = *name;
	}
	*out = '\0';
}

bool gy_name_from_file(const char *file, char name[GEYSER_STREAM_NAME_MAX + 1])
{
	char again[GY_FILE_NAME_SIZE];
	size_t length = 0;
	unsigned byte;
	int used = 0;

	if (strncmp(file, prefix, sizeof(prefix) - 1) != 0 || strlen(file) >= sizeof(again))
		return false;
	for (const char *at = file + sizeof(prefix) - 1; *at; at++) {
		if (length == GEYSER_STREAM_NAME_MAX)
			return false;
		name[length] = *at;
		if (*at == '%') {
			// NOLINTNEXTLINE(cert-err34-c): two hexadecimal digits at most
			if (sscanf(at + 1, "%2x%n", &byte, &used) != 1 || used != 2)
				return false;
			name[length] = (char)byte;
			at += 2;
		}
		length++;
	}
	name[length] = '\0';
	/* Only what gy_name_to_file writes. */
	if (gy_name_check(name) != GEYSER_OK)
		return false;
	gy_name_to_file(name, again);
	return strcmp(again, file) == 0;
}

/* ---- links ---- */

enum geyser_result gy_registry_find_name(
	const struct gy_registry *registry, const char *name, uint64_t *instance)
{
	char file[GY_FILE_NAME_SIZE];

	gy_name_to_file(name, file);
	if (gy_registry_read_link(registry, file, instance))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "stream \"%s\": nobody publishes it", name);
}

/* A link whose exporter is dead is removed by the sweep; one that points at nothing here. */
static void remove_dead(const struct gy_claim *claim, const char *file)
{
	uint64_t instance;

	gy_registry_sweep(&claim->registry);
	if (gy_registry_read_link(&claim->registry, file, &instance) &&
		!gy_registry_has(&claim->registry, instance))
		(void)unlinkat(claim->registry.fd, file, 0);
}

enum geyser_result gy_claim_add_name(struct gy_claim *claim, const char *name, uint64_t *holder)
{
	char file[GY_FILE_NAME_SIZE];

	*holder = 0;
	gy_name_to_file(name, file);
	if (gy_claim_link(claim, file))
		return GEYSER_OK;
	if (errno == EEXIST) {
		remove_dead(claim, file);
		if (gy_claim_link(claim, file))
			return GEYSER_OK;
	}
	if (errno != EEXIST)
		return gy_fail_errno("making %.300s/%s", claim->registry.path, file);
	(void)gy_registry_read_link(&claim->registry, file, holder);
	return gy_fail(GEYSER_ERROR_EXISTS, "stream \"%s\" is published already", name);
}

void gy_claim_remove_name(struct gy_claim *claim, const char *name)
{
	char file[GY_FILE_NAME_SIZE];

	gy_name_to_file(name, file);
	(void)unlinkat(claim->registry.fd, file, 0);
}
