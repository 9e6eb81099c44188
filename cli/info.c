/*
 * geyser info: what this machine offers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "json.h"

const char info_help[] =
	"usage: geyser info [--json] [--formats]\n"
	"\n"
	"Prints the library's version, each backend or why it isn't available, the directory "
	"where\n"
	"exports are registered, what the kernel offers, and which usages each format can have on\n"
	"each available backend.\n"
	"\n"
	"  -f, --formats  only the tables of formats\n"
	"  -j, --json     as JSON\n"
	"  -h, --help     this text\n"
	"\n"
	"examples:\n"
	"  geyser info\n"
	"  geyser info --json | jq '.backends[] | select(.available).name'\n"
	"\n"
	"exit status: 0 printed, 1 it failed (stderr says why), 2 wrong usage\n";

static const enum geyser_backend backends[] = {
	GEYSER_BACKEND_HOST, GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_METAL};

#define BACKEND_COUNT (sizeof(backends) / sizeof(backends[0]))

/* brief is the letter that stands for it in the table. */
static const struct {
	enum geyser_dimension dimension;
	const char *name;
	char brief;
} dimensions[] = {
	{GEYSER_DIMENSION_2D, "2d", '2'},
	{GEYSER_DIMENSION_2D_ARRAY, "2d-array", 'a'},
	{GEYSER_DIMENSION_3D, "3d", '3'},
};

#define DIMENSION_COUNT (sizeof(dimensions) / sizeof(dimensions[0]))

static const struct {
	uint32_t bit;
	const char *name;
} usages[] = {
	{GEYSER_USAGE_COPY_SRC, "copy-src"},
	{GEYSER_USAGE_COPY_DST, "copy-dst"},
	{GEYSER_USAGE_TEXTURE_BINDING, "texture"},
	{GEYSER_USAGE_STORAGE_BINDING, "storage"},
	{GEYSER_USAGE_RENDER_ATTACHMENT, "render"},
};

#define USAGE_COUNT (sizeof(usages) / sizeof(usages[0]))

/* Everything that is printed, gathered first, so that a failure prints no half of it. */
struct report {
	struct {
		bool available;
		char reason[512];
		uint32_t usage[GEYSER_FORMAT_COUNT][DIMENSION_COUNT];
	} backends[BACKEND_COUNT];
	char registry[PATH_MAX];
	char problem[512]; /* of the registry; "" if none */
	struct geyser_system_info system;
};

/* The kernel's features, in one place for both kinds of output. */
struct feature {
	const char *key;
	bool present;
	const char *meaning;
};

#define FEATURE_COUNT 4

static void list_features(const struct geyser_system_info *system, struct feature *out)
{
	out[0] = (struct feature){"sealing", system->sealing, "sealed memory files"};
	out[1] = (struct feature){
		"future_write", system->future_write, "read-only shares, Linux 5.1"};
	out[2] = (struct feature){
		"futex_waitv", system->futex_waitv, "waits that notice a death, Linux 5.16"};
	out[3] = (struct feature){"pidfd", system->pidfd, "deaths noticed at once, Linux 5.3"};
}

/* ---- gathering ------------------------------------------------------------------------------ */

static bool gather_formats(
	enum geyser_backend backend, uint32_t usage[GEYSER_FORMAT_COUNT][DIMENSION_COUNT])
{
	struct geyser_manager *manager;
	bool done = true;

	if (geyser_manager_create(&(struct geyser_manager_desc){.backend = backend}, &manager)) {
		(void)library_failure("backend %s", geyser_backend_name(backend));
		return false;
	}
	for (unsigned f = 1; f < GEYSER_FORMAT_COUNT && done; f++) {
		for (size_t d = 0; d < DIMENSION_COUNT && done; d++)
			done = geyser_manager_format_usage(manager, (enum geyser_format)f,
				       dimensions[d].dimension, &usage[f][d]) == GEYSER_OK;
	}
	if (!done)
		(void)library_failure("backend %s", geyser_backend_name(backend));
	geyser_manager_destroy(manager);
	return done;
}

static bool gather(struct report *out)
{
	for (size_t i = 0; i < BACKEND_COUNT; i++) {
		out->backends[i].available = geyser_backend_available(backends[i]) == GEYSER_OK;
		if (!out->backends[i].available)
			(void)snprintf(out->backends[i].reason, sizeof(out->backends[i].reason),
				"%s", geyser_error_detail());
		else if (!gather_formats(backends[i], out->backends[i].usage))
			return false;
	}
	if (geyser_registry_directory(out->registry, sizeof(out->registry)))
		(void)snprintf(out->problem, sizeof(out->problem), "%s", geyser_error_detail());
	if (geyser_system_get_info(&out->system)) {
		(void)library_failure("kernel");
		return false;
	}
	return true;
}

/* ---- as text -------------------------------------------------------------------------------- */

static void print_row(enum geyser_format format, const uint32_t usage[DIMENSION_COUNT])
{
	(void)printf("  %-22s", geyser_format_name(format));
	for (size_t u = 0; u < USAGE_COUNT; u++) {
		char cell[DIMENSION_COUNT + 1] = {0};

		for (size_t d = 0; d < DIMENSION_COUNT; d++)
			cell[d] = usage[d] & usages[u].bit ? dimensions[d].brief : '-';
		(void)printf(u + 1 < USAGE_COUNT ? " %-8s" : " %s", cell);
	}
	(void)putchar('\n');
}

static void print_tables(const struct report *report)
{
	for (size_t i = 0; i < BACKEND_COUNT; i++) {
		if (!report->backends[i].available)
			continue;
		(void)printf("formats of backend %s (2: 2d, a: 2d-array, 3: 3d, -: no)\n  %-22s",
			geyser_backend_name(backends[i]), "");
		for (size_t u = 0; u < USAGE_COUNT; u++)
			(void)printf(u + 1 < USAGE_COUNT ? " %-8s" : " %s\n", usages[u].name);
		for (unsigned f = 1; f < GEYSER_FORMAT_COUNT; f++)
			print_row((enum geyser_format)f, report->backends[i].usage[f]);
	}
}

static void print_machine(const struct report *report)
{
	struct feature features[FEATURE_COUNT];

	(void)printf("geyser %s\n", geyser_version());
	for (size_t i = 0; i < BACKEND_COUNT; i++)
		(void)printf("backend  %-12s %s\n", geyser_backend_name(backends[i]),
			report->backends[i].available ? "available" : report->backends[i].reason);
	if (report->problem[0])
		(void)printf("registry %s\n", report->problem);
	else
		(void)printf("registry %s\n", report->registry);
	list_features(&report->system, features);
	for (size_t i = 0; i < FEATURE_COUNT; i++)
		(void)printf("kernel   %-12s %-3s  %s\n", features[i].key,
			features[i].present ? "yes" : "no", features[i].meaning);
	(void)putchar('\n');
}

/* ---- as JSON -------------------------------------------------------------------------------- */

static void write_usages(struct json *json, const char *key, uint32_t usage)
{
	json_begin(json, key, '[');
	for (size_t u = 0; u < USAGE_COUNT; u++) {
		if (usage & usages[u].bit)
			json_string(json, NULL, usages[u].name);
	}
	json_end(json, ']');
}

static void write_format(
	struct json *json, enum geyser_format format, const uint32_t usage[DIMENSION_COUNT])
{
	json_begin(json, NULL, '{');
	json_string(json, "name", geyser_format_name(format));
	json_number(json, "bytes_per_texel", geyser_format_get_info(format)->bytes_per_texel);
	for (size_t d = 0; d < DIMENSION_COUNT; d++)
		write_usages(json, dimensions[d].name, usage[d]);
	json_end(json, '}');
}

static void write_backend(struct json *json, const struct report *report, size_t index)
{
	const bool available = report->backends[index].available;

	json_begin(json, NULL, '{');
	json_string(json, "name", geyser_backend_name(backends[index]));
	json_bool(json, "available", available);
	json_string(json, "reason", available ? NULL : report->backends[index].reason);
	json_begin(json, "formats", '[');
	for (unsigned f = 1; f < GEYSER_FORMAT_COUNT && available; f++)
		write_format(json, (enum geyser_format)f, report->backends[index].usage[f]);
	json_end(json, ']');
	json_end(json, '}');
}

static void write_machine(struct json *json, const struct report *report)
{
	struct feature features[FEATURE_COUNT];

	json_string(json, "version", geyser_version());
	json_begin(json, "registry", '{');
	json_string(json, "directory", report->registry[0] ? report->registry : NULL);
	json_string(json, "problem", report->problem[0] ? report->problem : NULL);
	json_end(json, '}');
	json_begin(json, "kernel", '{');
	list_features(&report->system, features);
	for (size_t i = 0; i < FEATURE_COUNT; i++)
		json_bool(json, features[i].key, features[i].present);
	json_end(json, '}');
}

static void write_json(const struct report *report, bool formats_only)
{
	struct json json = {.file = stdout};

	json_begin(&json, NULL, '{');
	if (!formats_only)
		write_machine(&json, report);
	json_begin(&json, "backends", '[');
	for (size_t i = 0; i < BACKEND_COUNT; i++)
		write_backend(&json, report, i);
	json_end(&json, ']');
	json_end(&json, '}');
}

/* ---- the command ---------------------------------------------------------------------------- */

int info_command(int argc, char **argv)
{
	static const struct option options[] = {
		{"formats", no_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	static struct report report;
	bool formats_only = false, json = false;
	int option;

	while ((option = getopt_long(argc, argv, ":fjh", options, NULL)) != -1) {
		if (option == 'h')
			return print_help(info_help);
		if (option != 'f' && option != 'j')
			return option_error(argv, option, "info");
		formats_only |= option == 'f';
		json |= option == 'j';
	}
	if (optind < argc)
		return usage_error("info: too many arguments (%.100s): none", argv[optind]);
	if (!gather(&report))
		return STATUS_FAILURE;
	if (json) {
		write_json(&report, formats_only);
		return finish_output();
	}
	if (!formats_only)
		print_machine(&report);
	print_tables(&report);
	return finish_output();
}
