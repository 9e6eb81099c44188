/* SPDX-License-Identifier: MIT */
/* Tells the program where its registry is. */
#include "ipc/registry/address.h"
#include "ipc/registry/place.h"

#include "base/error.h"
#include "base/system.h"
#include "platform/platform.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static enum geyser_result copy_path(const char *path, char *text, size_t size)
{
	size_t length = strlen(path);

	if (length >= size)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"text (%zu bytes): the registry's path takes %zu", size, length + 1);
	memcpy(text, path, length + 1);
	return GEYSER_OK;
}

static enum geyser_result check_text(char *text, size_t size)
{
	if (!text || size == 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "text is NULL or has no room");
	text[0] = '\0';
	return GEYSER_OK;
}

/* Call this right after gy_registry_is_read_only, which has set errno. */
static enum geyser_result read_only(const char *path)
{
	char text[GY_ERROR_TEXT_SIZE];

	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
		"registry (%.300s) can't be written (%s): this process only looks there", path,
		gy_error_text(errno, text));
}

/* Describes the registry at a place whose parent is usable. */
static enum geyser_result describe_place(const char *path, char *text, size_t size)
{
	enum geyser_result result = copy_path(path, text, size);
	struct stat status;

	if (result == GEYSER_OK && lstat(path, &status) == 0)
		result = gy_registry_check_directory(path, &status);
	if (result == GEYSER_OK && gy_registry_is_read_only(path))
		return read_only(path);
	return result == GEYSER_OK && gy_registry_is_too_long(path)
		       ? gy_registry_fail_no_address(path)
		       : result;
}

enum geyser_result geyser_registry_directory(char *text, size_t size)
{
	enum geyser_result result = check_text(text, size);
	char path[PATH_MAX], first[PATH_MAX] = "";

	if (result != GEYSER_OK)
		return result;
	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++) {
		if (gy_registry_find_place(i, path, sizeof(path)) != GEYSER_OK)
			continue;
		if (!gy_registry_is_read_only(path))
			return describe_place(path, text, size);
		if (!first[0])
			strcpy(first, path);
	}
	return first[0] ? describe_place(first, text, size) : gy_registry_fail_no_place();
}

enum geyser_result geyser_registry_place(uint32_t index, char *text, size_t size)
{
	enum geyser_result result = check_text(text, size), copied;
	char path[PATH_MAX];

	if (result != GEYSER_OK)
		return result;
	result = gy_registry_find_place(index, path, sizeof(path));
	if (result == GEYSER_OK)
		return describe_place(path, text, size);
	if (result == GEYSER_ERROR_NOT_FOUND || !path[0])
		return result;
	copied = copy_path(path, text, size);
	if (copied != GEYSER_OK)
		return copied;
	return gy_registry_find_place(index, path, sizeof(path)); /* for its words */
}
