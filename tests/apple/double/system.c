/* SPDX-License-Identifier: MIT */
/* The version of macOS that the double and the shim stand for. */
#include "system.h"

#include "ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct version {
	unsigned major, minor;
};

/* Returns whether a system of GEYSER_DOUBLE_MACOS is at least of that version. */
static bool is_since(struct version since)
{
	const char *setting = getenv("GEYSER_DOUBLE_MACOS");
	struct version own = {0};
	char rest;

	if (!setting)
		return true;
	if (sscanf(setting, "%u.%u%c", &own.major, &own.minor, &rest) != 2 || own.major < 10)
		double_die("GEYSER_DOUBLE_MACOS=%s: it is a version as 10.13 or 14.3", setting);
	return own.major != since.major ? own.major > since.major : own.minor >= since.minor;
}

bool double_has(const char *versions)
{
	struct version since;

	if (sscanf(versions, "macOS %u.%u", &since.major, &since.minor) != 2)
		double_die("__builtin_available(%s): write macOS and its version first", versions);
	return is_since(since);
}

void double_since(unsigned major, unsigned minor, const char *name)
{
	if (!is_since((struct version){major, minor}))
		double_die("macOS before %u.%u has no %s", major, minor, name);
}
