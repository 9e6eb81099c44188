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

/* Methods, functions and classes that are newer than macOS 10.13, and the first system that has
 * each. */
static const struct {
	const char *name;
	struct version since;
} newer[] = {
	{"MTLSharedEventListener", {10, 14}},
	{"encodeSignalEvent:value:", {10, 14}},
	{"encodeWaitForEvent:value:", {10, 14}},
	{"newSharedEvent", {10, 14}},
	{"newSharedEventWithHandle:", {10, 14}},
	{"newSharedTextureHandle", {10, 14}},
	{"newSharedTextureWithDescriptor:", {10, 14}},
	{"newSharedTextureWithHandle:", {10, 14}},
	{"hasUnifiedMemory", {10, 15}},
	{"supportsFamily:", {10, 15}},
	{"waitUntilSignaledValue:timeoutMS:", {12, 0}},
	{"os_sync_wait_on_address", {14, 4}},
	{"os_sync_wait_on_address_with_timeout", {14, 4}},
	{"os_sync_wake_by_address_all", {14, 4}},
};

bool double_answers(const char *name)
{
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		if (strcmp(newer[i].name, name) == 0)
			return is_since(newer[i].since);
	return true;
}

void double_require(const char *name)
{
	if (!double_answers(name))
		double_die("macOS %s has no %s", getenv("GEYSER_DOUBLE_MACOS"), name);
}
