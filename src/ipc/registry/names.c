/* SPDX-License-Identifier: MIT */
#include "ipc/registry/names.h"
#include "ipc/registry/files.h"
#include "ipc/registry/life.h"

#include "base/error.h"
#include "base/text.h"
#include "platform/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "stream-";

/* ---- names and files ---- */

enum geyser_result gy_name_check(const char *name)
{
	const unsigned char *at = (const unsigned char *)name;
	size_t length;
	uint32_t code;

	if (!name || !*name)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "stream name is %s: give it one",
			name ? "empty" : "NULL");
	if (strnlen(name, GEYSER_STREAM_NAME_MAX + 1) > GEYSER_STREAM_NAME_MAX)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"stream name (%.40s…): it may have %u bytes at most", name,
			GEYSER_STREAM_NAME_MAX);
	for (; *at; at += length) {
		length = gy_utf8_next(at, &code);
		if (length == 0 || *at < 0x20 || *at == 0x7f)
			return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
				"stream name has the byte 0x%02x at %td: it must be UTF-8 without "
				"control characters",
				*at, at - (const unsigned char *)name);
		if (gy_is_misleading(code))
			return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
				"stream name has the character U+%04" PRIX32
				" at %td, which is invisible or changes how other characters look: "
				"remove it",
				code, at - (const unsigned char *)name);
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
	/* Accept only names that gy_name_to_file writes. */
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

/* Finds the first living exporter with a link of that name, but not in the registry except. If
 * there is none, *dead is an exporter that isn't known to live, if any. */
static enum geyser_result find_living(const struct gy_registries *list, const char *except,
	const char *name, uint64_t *instance, uint64_t *dead)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct gy_registry *registry = &list->all[i];
		enum geyser_result result;
		bool alive;

		if ((except && strcmp(registry->path, except) == 0) ||
			gy_registry_find_name(registry, name, instance) != GEYSER_OK)
			continue;
		result = gy_registry_is_alive(registry, *instance, &alive);
		if (result != GEYSER_OK || alive)
			return result;
		*dead = *instance;
	}
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "stream \"%s\": nobody publishes it", name);
}

enum geyser_result gy_registries_find_name(const char *name, uint64_t *instance)
{
	struct gy_registries list;
	enum geyser_result result = gy_registries_open(false, &list);
	uint64_t dead = 0;

	if (result != GEYSER_OK)
		return result;
	result = find_living(&list, NULL, name, instance, &dead);
	gy_registries_close(&list);
	if (result != GEYSER_ERROR_NOT_FOUND || dead == 0)
		return result;
	*instance = dead; /* a request to it will fail, and say that it is gone */
	return GEYSER_OK;
}

enum geyser_result gy_registries_find_name_elsewhere(
	const char *path, const char *name, uint64_t *instance)
{
	struct gy_registries list;
	enum geyser_result result = gy_registries_open(false, &list);
	uint64_t dead;

	if (result != GEYSER_OK)
		return result;
	result = find_living(&list, path, name, instance, &dead);
	gy_registries_close(&list);
	return result;
}

/* ---- locks ---- */

/* Two names share their bytes with the probability of 2^-62 (FNV-1a). */
uint64_t gy_name_file_lock_offset(const char *file)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *file; file++)
		hash = (hash ^ (unsigned char)*file) * UINT64_C(0x100000001b3);
	return hash >> 2 << 1;
}

uint64_t gy_name_lock_offset(const char *name)
{
	char file[GY_FILE_NAME_SIZE];

	gy_name_to_file(name, file);
	return gy_name_file_lock_offset(file);
}

/* ---- the file of locks ---- */

/* A FIFO in the file's place would block the thread, hence O_NONBLOCK. */
int gy_names_open(const struct gy_registry *registry, int flags, struct stat *status)
{
	int fd = openat(
		registry->fd, GY_NAMES_FILE, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd < 0)
		return -1;
	if (fstat(fd, status) == 0 && S_ISREG(status->st_mode))
		return fd;
	(void)close(fd);
	errno = EINVAL;
	return -1;
}

/* ---- a sweep's part ---- */

/* Reads the link again under the lock: a publisher that has replaced it now sees the sweep. */
void gy_name_sweep(const struct gy_registry *registry, const char *file)
{
	uint64_t instance;
	struct stat status;
	int fd = gy_names_open(registry, O_RDONLY, &status);

	if (fd < 0 && errno != ENOENT)
		return;
	if (fd >= 0 && !gy_byte_lock(fd, GY_NAME_SWEEPS(gy_name_file_lock_offset(file)), false))
		goto close_names;
	if (gy_registry_read_link(registry, file, &instance) &&
		gy_registry_probe(registry, instance) == GY_LIFE_DEAD)
		(void)unlinkat(registry->fd, file, 0);
close_names:
	if (fd >= 0)
		(void)close(fd);
}
