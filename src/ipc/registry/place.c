/* SPDX-License-Identifier: MIT */
#include "ipc/registry/place.h"

#include "base/error.h"
#include "base/system.h"
#include "platform/platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fills in the place of that index. $GEYSER_RUNTIME_DIR is the only place if it is set. */
static bool get_place(unsigned index, struct gy_runtime_place *out)
{
	const char *only = getenv("GEYSER_RUNTIME_DIR");

	if (!only || !*only)
		return gy_runtime_place(index, out);
	*out = (struct gy_runtime_place){.name = "GEYSER_RUNTIME_DIR", .folder = "geyser"};
	(void)snprintf(out->parent, sizeof(out->parent), "%s", only);
	return index == 0;
}

/* Writes the registry's path at a place; "" if the place has none. */
static enum geyser_result compose_path(
	const struct gy_runtime_place *place, char *path, size_t size)
{
	int length;

	path[0] = '\0';
	if (!place->parent[0])
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "%s is not set", place->name);
	if (place->parent[0] != '/')
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"%s (%.100s) is no absolute path: give the path from / on", place->name,
			place->parent);
	length = snprintf(path, size, "%s/%s", place->parent, place->folder);
	if (length > 0 && (size_t)length < size)
		return GEYSER_OK;
	path[0] = '\0';
	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
		"%s (%.100s…): its path has %zu bytes or more, and at most %zu fit", place->name,
		place->parent, strlen(place->parent), size - sizeof(place->folder) - 1);
}

/* Whether this process may use the place. With sudo root has a user's XDG_RUNTIME_DIR: a folder of
 * root's there would lock the user out. */
static enum geyser_result check_parent(const struct gy_runtime_place *place)
{
	char text[GY_ERROR_TEXT_SIZE];
	struct stat status;

	if (stat(place->parent, &status) < 0) {
		const int error = errno;

		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "%s (%.100s): %s: %s", place->name,
			place->parent, gy_error_text(error, text),
			error == ENOENT ? "make it, or name one that exists"
					: "name a directory of your own");
	}
	if (!S_ISDIR(status.st_mode))
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"%s (%.100s) is not a directory: name a directory of your own", place->name,
			place->parent);
	if (!place->shared && status.st_uid != geteuid())
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"%s (%.100s) belongs to uid %u, and this process runs as uid %u: name a "
			"directory of your own",
			place->name, place->parent, status.st_uid, geteuid());
	return GEYSER_OK;
}

static enum geyser_result find_path(
	unsigned index, struct gy_runtime_place *place, char *path, size_t size)
{
	path[0] = '\0';
	if (!get_place(index, place))
		return gy_fail(GEYSER_ERROR_NOT_FOUND,
			"place %u: this system has fewer places for a registry", index);
	return compose_path(place, path, size);
}

enum geyser_result gy_registry_find_path(unsigned index, char *path, size_t size)
{
	struct gy_runtime_place place;

	return find_path(index, &place, path, size);
}

enum geyser_result gy_registry_find_place(unsigned index, char *path, size_t size)
{
	struct gy_runtime_place place;
	enum geyser_result result = find_path(index, &place, path, size);

	if (result == GEYSER_OK)
		result = check_parent(&place);
	return result;
}

enum geyser_result gy_registry_fail_no_place(void)
{
	char path[4096], reasons[400] = "";
	enum geyser_result result;
	size_t length = 0;

	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++) {
		result = gy_registry_find_place(i, path, sizeof(path));
		if (result != GEYSER_ERROR_NO_RUNTIME_DIR || length >= sizeof(reasons))
			continue;
		length += (size_t)snprintf(reasons + length, sizeof(reasons) - length, "%s%s",
			length ? "; " : "", geyser_error_detail());
	}
	/* If there is only one place, its reason says how to mend it. */
	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "no directory for the registry: %s%s", reasons,
		gy_registry_find_place(1, path, sizeof(path)) == GEYSER_ERROR_NOT_FOUND
			? ""
			: ": set XDG_RUNTIME_DIR to a directory of your own");
}
