/*
 * geyser info: info.c gathers and prints, info_json.c writes the same as JSON, info_vulkan.c and
 * info_metal.c ask a manager for its device, info_limits.c counts descriptors. The self-test is
 * selftest.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_INFO_H
#define GEYSER_CLI_INFO_H

#include <limits.h>

#include "common.h"

enum {
	INFO_BACKENDS = 8, /* at most; backend_count says how many there are */
	INFO_DIMENSIONS = 3,
	INFO_USAGES = 9,
	INFO_FEATURES = 4,
	INFO_PROPERTIES = 4
};

/* How many backends are reported, and one of them, from 0 on. */
size_t info_backend_count(void);
enum geyser_backend info_backend(size_t index);

extern const struct info_dimension {
	enum geyser_dimension dimension;
	const char *name;
} info_dimensions[INFO_DIMENSIONS];

/* letter stands for it in the tables. */
extern const struct info_usage {
	uint32_t bit;
	char letter;
	const char *name;
} info_usages[INFO_USAGES];

/* What there is or isn't, in one place for both kinds of output. */
struct info_feature {
	const char *key;
	bool present;
	const char *meaning;
};

/* What else is known of a device, in the backend's own words. */
struct info_property {
	const char *key; /* NULL after the last one */
	char value[256];
};

/* A GPU, or what stands for one. */
struct info_device {
	bool known;
	char name[256];
	const char *type; /* "discrete"; NULL if there is no word for it */
	struct info_property properties[INFO_PROPERTIES + 1];
	struct info_feature features[INFO_FEATURES]; /* as many as have a key */
};

/* Descriptors that an object holds; -1: not known. */
struct info_costs {
	int texture; /* that others can open */
	int event;
};

/* Everything that is printed, gathered first, so that a failure prints no half of it. */
struct info_report {
	struct {
		bool available;
		char reason[512];
		struct info_device device; /* a GPU's only */
		struct info_costs costs;
		uint32_t usage[GEYSER_FORMAT_COUNT][INFO_DIMENSIONS];
	} backends[INFO_BACKENDS];
	const char *automatic; /* what the backend auto is here; NULL if it is none */
	char no_automatic[512];
	char registry[PATH_MAX];
	char problem[512];         /* of the registry; "" if none */
	unsigned long descriptors; /* that this process may have open; 0: any number */
	unsigned place_count;
	struct {
		char directory[PATH_MAX]; /* "" if it has no path */
		char problem[512];        /* why it isn't used; "" if it can be */
	} places[4];
	struct info_feature kernel[INFO_FEATURES];
};

/* The manager's device, if its backend has any; false after a message. */
bool info_device(struct geyser_manager *manager, struct info_device *out);

/* Nothing if the manager is another backend's; false after a message. */
bool info_vulkan_device(struct geyser_manager *manager, struct info_device *out);
bool info_metal_device(struct geyser_manager *manager, struct info_device *out);

/* info_limits.c */
void info_costs(struct geyser_manager *manager, struct info_costs *out);
unsigned long info_descriptors(void);

/* Why a Metal manager has no such textures, and what to use instead. Static; NULL if it has them,
 * or is another backend's. */
const char *info_metal_refusal(
	struct geyser_manager *manager, enum geyser_format format, enum geyser_dimension dimension);

void info_write_json(const struct info_report *report, bool formats_only);

#endif
