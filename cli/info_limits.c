/*
 * geyser info: how many descriptors this process may have, and how many each object costs. The
 * costs are measured, since a driver has descriptors of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include "info.h"

/* Counts this process's open descriptors; -1 if the system doesn't tell them. */
static int count_open(void)
{
	DIR *directory = opendir("/dev/fd");
	int count = 0;

	if (!directory)
		return -1;
	while (readdir(directory))
		count++;
	(void)closedir(directory);
	return count;
}

/* Returns how many descriptors a texture that other processes can open holds before it is exported;
 * -1 after a failure. The caller owns the texture. */
static int cost_of_texture(struct geyser_manager *manager, struct geyser_texture **out)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 8, .height = 8};
	struct geyser_native_texture native;
	int before = count_open(), after = -1;

	*out = NULL;
	if (geyser_texture_create(manager, &desc, out))
		return -1;
	if (geyser_texture_export_native(*out, &native) == GEYSER_OK) {
		const bool has_object = native.object != NULL;

		geyser_native_texture_release(&native);
		after = has_object ? -1 : count_open();
	}
	return before < 0 || after < 0 ? -1 : after - before;
}

static int cost_of_event(struct geyser_manager *manager, struct geyser_event **out)
{
	int before = count_open(), after;

	*out = NULL;
	if (geyser_event_create(manager, 0, out))
		return -1;
	after = count_open();
	return before < 0 || after < 0 ? -1 : after - before;
}

/* Measures the second object of each kind: the first one may open descriptors that all objects
 * share. */
void info_costs(struct geyser_manager *manager, struct info_costs *out)
{
	struct geyser_texture *textures[2];
	struct geyser_event *events[2];

	(void)cost_of_texture(manager, &textures[0]);
	out->texture = cost_of_texture(manager, &textures[1]);
	(void)cost_of_event(manager, &events[0]);
	out->event = cost_of_event(manager, &events[1]);
	for (size_t i = 0; i < 2; i++) {
		geyser_texture_unref(textures[i]);
		geyser_event_unref(events[i]);
	}
}

unsigned long info_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return 0;
	return (unsigned long)limit.rlim_cur;
}
