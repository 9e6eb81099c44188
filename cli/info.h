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

/* How many backends are reported, and the backend at an index from 0 on. */
size_t info_backend_count(void);
enum geyser_backend info_backend(size_t index);

extern const struct info_dimension {
	enum geyser_dimension dimension;
	const char *name;
} info_dimensions[INFO_DIMENSIONS];

/* A usage, with the letter that stands for it in the tables. */
extern const struct info_usage {
	uint32_t bit;
	char letter;
	const char *name;
} info_usages[INFO_USAGES];

/* Writes a letter for each usage, `-` for one that isn't there, or "no" for none at all. */
void info_usage_letters(uint32_t usage, char out[INFO_USAGES + 1]);

/* A feature that is present or not, in one place for text and JSON. */
struct info_feature {
	const char *key;
	bool present;
	const char *meaning;
};

/* A property of a device, in the backend's own words. */
struct info_property {
	const char *key; /* NULL after the last one */
	char value[256];
};

/* A GPU, or a driver that does a GPU's work on the CPU. */
struct info_device {
	bool known;
	char name[256];
	const char *type; /* such as "discrete"; NULL if there is no word for it */
	struct info_property properties[INFO_PROPERTIES + 1];
	struct info_feature features[INFO_FEATURES]; /* the first one without a key ends them */
};

/* How many descriptors an object of each kind holds; -1: not known. */
struct info_costs {
	int texture; /* a texture that other processes can open */
	int event;
};

/* All that is printed. It is gathered first, so that a failure prints no half of it. */
struct info_report {
	struct {
		bool available;
		char reason[512];
		struct info_device device; /* known only if the backend uses a GPU */
		struct info_costs costs;
		uint32_t usage[GEYSER_FORMAT_COUNT][INFO_DIMENSIONS];
	} backends[INFO_BACKENDS];
	const char *automatic; /* the backend that auto is here; NULL if there is none */
	char no_automatic[512];
	char registry[PATH_MAX];
	char problem[512];         /* why there is no registry; "" if there is one */
	unsigned long descriptors; /* how many this process may have open; 0: any number */
	unsigned place_count;
	struct {
		char directory[PATH_MAX]; /* "" if it has no path */
		char problem[512];        /* why the place isn't used; "" if it can be used */
	} places[4];
	struct info_feature kernel[INFO_FEATURES];
};

/* Describes the manager's device, if its backend has one. Returns false after a message. */
bool info_device(struct geyser_manager *manager, struct info_device *out);

/* Does the same for Vulkan's or Metal's device, and nothing for a manager of another backend.
 * Returns false after a message. */
bool info_vulkan_device(struct geyser_manager *manager, struct info_device *out);
bool info_metal_device(struct geyser_manager *manager, struct info_device *out);

/* Measures the descriptors that objects of this manager hold (info_limits.c). */
void info_costs(struct geyser_manager *manager, struct info_costs *out);
unsigned long info_descriptors(void);

/* Returns why a Metal manager has no textures of this kind, and what to use instead. Static. NULL
 * if it has them, or if the manager is another backend's. */
const char *info_metal_refusal(
	struct geyser_manager *manager, enum geyser_format format, enum geyser_dimension dimension);

void info_write_json(const struct info_report *report, bool formats_only);

#endif
