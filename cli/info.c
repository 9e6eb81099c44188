/*
 * geyser info: what this machine offers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "info.h"
#include "interop.h"
#include "selftest.h"
#include "wrap.h"

const char info_help[] =
	"usage: geyser info [--json] [--formats]\n"
	"       geyser info --interop [--json]\n"
	"       geyser info --self-test [--backend B] [--json]\n"
	"\n"
	"Prints the library's version, each backend or why it isn't available, the GPU's\n"
	"device and what it offers, the directory where exports are registered, and what\n"
	"the kernel offers.\n"
	"\n"
	"  -f, --formats  instead, which usages each format can have on each available\n"
	"                 backend\n"
	"  -i, --interop  instead, how frames get from each API (host, Vulkan, OpenGL,\n"
	"                 CUDA, Metal) to each other, to NumPy and to PyTorch: what is\n"
	"                 copied, and who waits, by what the drivers here say\n"
	"  -j, --json     the same as JSON; with --formats the backends alone\n"
	"  -t, --self-test  instead, try it all with a second process: every format, a\n"
	"                   texture, an event, a stream, Metal's command buffers, a\n"
	"                   process's death. The report can be pasted into an issue\n"
	"  -B, --backend B  for --self-test: host, vulkan or metal; by default all that\n"
	"                   are available\n"
	"  -h, --help     this text\n"
	"\n"
	"GEYSER_VULKAN_DEVICE chooses Vulkan's device: see geyser --help.\n"
	"\n"
	"examples:\n"
	"  geyser info\n"
	"  geyser info --json | jq '.backends[] | select(.available).name'\n"
	"  geyser info --interop\n"
	"  geyser info --self-test > report.md\n"
	"\n"
	"exit status: 0 printed, or the self-test passed; 1 it failed; 2 wrong usage\n";

const enum geyser_backend info_backends[INFO_BACKENDS] = {
	GEYSER_BACKEND_HOST, GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_METAL};

const struct info_dimension info_dimensions[INFO_DIMENSIONS] = {
	{GEYSER_DIMENSION_2D, "2d"},
	{GEYSER_DIMENSION_2D_ARRAY, "2d-array"},
	{GEYSER_DIMENSION_3D, "3d"},
};

const struct info_usage info_usages[INFO_USAGES] = {
	{GEYSER_USAGE_COPY_SRC, 'f', "copy-src"},
	{GEYSER_USAGE_COPY_DST, 't', "copy-dst"},
	{GEYSER_USAGE_TEXTURE_BINDING, 's', "texture"},
	{GEYSER_USAGE_STORAGE_BINDING, 'w', "storage"},
	{GEYSER_USAGE_RENDER_ATTACHMENT, 'r', "render"},
	{GEYSER_USAGE_HOST_MEMORY, 'h', "host-memory"},
	{GEYSER_USAGE_DMA_BUF, 'd', "dma-buf"},
	{GEYSER_USAGE_GLOBAL_ID, 'g', "global-id"},
	{GEYSER_USAGE_LINEAR, 'l', "linear"},
};

/* ---- gathering ------------------------------------------------------------------------------ */

static bool gather_formats(
	struct geyser_manager *manager, uint32_t usage[GEYSER_FORMAT_COUNT][INFO_DIMENSIONS])
{
	for (unsigned f = 1; f < GEYSER_FORMAT_COUNT; f++) {
		for (size_t d = 0; d < INFO_DIMENSIONS; d++) {
			if (geyser_manager_format_usage(manager, (enum geyser_format)f,
				    info_dimensions[d].dimension, &usage[f][d])) {
				(void)library_failure(
					"format %s", geyser_format_name((enum geyser_format)f));
				return false;
			}
		}
	}
	return true;
}

bool info_device(struct geyser_manager *manager, struct info_device *out)
{
	return info_vulkan_device(manager, out) && info_metal_device(manager, out);
}

/* A backend is available only if a manager can be made. */
static bool gather_backend(struct info_report *out, size_t index)
{
	const struct geyser_manager_desc desc = {.backend = info_backends[index]};
	struct geyser_manager *manager;
	bool done;

	out->backends[index].available = geyser_manager_create(&desc, &manager) == GEYSER_OK;
	if (!out->backends[index].available) {
		(void)snprintf(out->backends[index].reason, sizeof(out->backends[index].reason),
			"%s", geyser_error_detail());
		return true;
	}
	info_costs(manager, &out->backends[index].costs);
	done = gather_formats(manager, out->backends[index].usage) &&
	       info_device(manager, &out->backends[index].device);
	geyser_manager_destroy(manager);
	return done;
}

/* Only a manager tells what the environment and the devices make of auto. */
static void gather_automatic(struct info_report *out)
{
	struct geyser_manager *manager;

	if (geyser_manager_create(NULL, &manager)) {
		(void)snprintf(
			out->no_automatic, sizeof(out->no_automatic), "%s", geyser_error_detail());
		return;
	}
	out->automatic = geyser_backend_name(geyser_manager_get_backend(manager));
	geyser_manager_destroy(manager);
}

static void gather_places(struct info_report *out)
{
	const unsigned room = sizeof(out->places) / sizeof(out->places[0]);

	for (unsigned i = 0; i < room; i++) {
		char *const directory = out->places[i].directory;
		const enum geyser_result result =
			geyser_registry_place(i, directory, sizeof(out->places[i].directory));

		if (result == GEYSER_ERROR_NOT_FOUND)
			return;
		out->place_count = i + 1;
		(void)snprintf(out->places[i].problem, sizeof(out->places[i].problem), "%s",
			result ? geyser_error_detail() : "");
	}
}

static bool gather_machine(struct info_report *out)
{
	struct geyser_system_info system;

	gather_automatic(out);
	out->descriptors = info_descriptors();
	if (geyser_registry_directory(out->registry, sizeof(out->registry)))
		(void)snprintf(out->problem, sizeof(out->problem), "%s", geyser_error_detail());
	gather_places(out);
	if (geyser_system_get_info(&system)) {
		(void)library_failure("kernel");
		return false;
	}
	out->kernel[0] = (struct info_feature){"sealing", system.sealing, "sealed memory files"};
	out->kernel[1] = (struct info_feature){
		"future_write", system.future_write, "read-only shares, Linux 5.1"};
	out->kernel[2] = (struct info_feature){
		"futex_waitv", system.futex_waitv, "waits that notice a death, Linux 5.16"};
	out->kernel[3] =
		(struct info_feature){"pidfd", system.pidfd, "deaths noticed at once, Linux 5.3"};
	return true;
}

static bool gather(struct info_report *out, bool formats_only)
{
	for (size_t i = 0; i < INFO_BACKENDS; i++) {
		if (!gather_backend(out, i))
			return false;
	}
	return formats_only || gather_machine(out);
}

/* ---- as text -------------------------------------------------------------------------------- */

static void print_row(enum geyser_format format, const uint32_t usage[INFO_DIMENSIONS])
{
	(void)fprintf(answers(), "  %-22s", geyser_format_name(format));
	for (size_t d = 0; d < INFO_DIMENSIONS; d++) {
		char cell[INFO_USAGES + 1] = "no";

		for (size_t u = 0; u < INFO_USAGES && usage[d]; u++)
			cell[u] = usage[d] & info_usages[u].bit ? info_usages[u].letter : '-';
		(void)fprintf(answers(), d + 1 < INFO_DIMENSIONS ? " %-8s" : " %s\n", cell);
	}
}

static void print_tables(const struct info_report *report)
{
	char usages[256] = "";

	for (size_t u = 0; u < INFO_USAGES; u++) {
		const size_t length = strlen(usages);

		(void)snprintf(usages + length, sizeof(usages) - length, "%s%c %s", u ? ", " : "",
			info_usages[u].letter, info_usages[u].name);
	}
	print_wrapped("", usages, output_width(), "\n");
	for (size_t i = 0; i < INFO_BACKENDS; i++) {
		if (!report->backends[i].available)
			continue;
		(void)fprintf(answers(), "\nformats of backend %s\n  %-22s",
			geyser_backend_name(info_backends[i]), "");
		for (size_t d = 0; d < INFO_DIMENSIONS; d++)
			(void)fprintf(answers(), d + 1 < INFO_DIMENSIONS ? " %-8s" : " %s\n",
				info_dimensions[d].name);
		for (unsigned f = 1; f < GEYSER_FORMAT_COUNT; f++)
			print_row((enum geyser_format)f, report->backends[i].usage[f]);
	}
}

static void print_features(const char *whose, const struct info_feature features[INFO_FEATURES])
{
	for (size_t i = 0; i < INFO_FEATURES && features[i].key; i++)
		(void)fprintf(answers(), "%-8s %-13s %-3s  %s\n", whose, features[i].key,
			features[i].present ? "yes" : "no", features[i].meaning);
}

/* A line, or several where the text is long. */
static void print_fact(const char *whose, const char *key, const char *text)
{
	char head[64];

	(void)snprintf(
		head, sizeof(head), "%-8s %-*s%s", whose, *key ? 13 : 0, key, *key ? " " : "");
	print_wrapped(head, text, output_width(), "\n");
}

static void print_device(enum geyser_backend backend, const struct info_device *device)
{
	const char *const name = geyser_backend_name(backend);
	char text[320];

	if (!device->known)
		return;
	(void)snprintf(text, sizeof(text), "%s%s%s", device->name, device->type ? ", " : "",
		device->type ? device->type : "");
	print_fact(name, "device", text);
	for (size_t i = 0; device->properties[i].key; i++)
		print_fact(name, device->properties[i].key, device->properties[i].value);
	print_features(name, device->features);
}

static void print_descriptors(const struct info_report *report)
{
	if (report->descriptors)
		(void)fprintf(answers(), "%-8s %-13s %lu may be open (ulimit -n)\n", "limits",
			"descriptors", report->descriptors);
	for (size_t i = 0; i < INFO_BACKENDS; i++) {
		const struct info_costs *costs = &report->backends[i].costs;

		if (report->backends[i].available && costs->texture >= 0 && costs->event >= 0)
			(void)fprintf(answers(), "%-8s %-13s %d an exported texture, %d an event\n",
				geyser_backend_name(info_backends[i]), "descriptors",
				costs->texture, costs->event);
	}
}

static void print_machine(const struct info_report *report)
{
	(void)fprintf(answers(), "geyser %s\n", geyser_version());
	for (size_t i = 0; i < INFO_BACKENDS; i++)
		print_fact("backend", geyser_backend_name(info_backends[i]),
			report->backends[i].available ? "available" : report->backends[i].reason);
	print_fact("backend", "auto", report->automatic ? report->automatic : report->no_automatic);
	for (size_t i = 0; i < INFO_BACKENDS; i++)
		print_device(info_backends[i], &report->backends[i].device);
	print_fact("registry", "", report->problem[0] ? report->problem : report->registry);
	for (unsigned i = 0; i < report->place_count; i++) {
		const char *const directory = report->places[i].directory;

		if (report->places[i].problem[0])
			print_fact("", "not used:", report->places[i].problem);
		else if (strcmp(directory, report->registry) != 0)
			print_fact("", "looked in:", directory);
	}
	print_features("kernel", report->kernel);
	print_descriptors(report);
}

/* ---- the command ---------------------------------------------------------------------------- */

struct info_options {
	bool formats_only, json, self_test, interop, with_backend;
	enum geyser_backend backend;
};

/* Prints what is wrong and returns the exit status, or STATUS_OK; help: with *help set. */
static int parse_options(int argc, char **argv, struct info_options *out, bool *help)
{
	static const struct option options[] = {
		{"formats", no_argument, NULL, 'f'},
		{"interop", no_argument, NULL, 'i'},
		{"json", no_argument, NULL, 'j'},
		{"self-test", no_argument, NULL, 't'},
		{"backend", required_argument, NULL, 'B'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = next_option(argc, argv, ":fijtB:h", options)) != -1) {
		if (option == 'h') {
			*help = true;
			return STATUS_OK;
		}
		if (option == 'B') {
			if (parse_backend(optarg, &out->backend))
				return STATUS_USAGE;
		} else if (!strchr("fijt", option)) {
			return option_error(argv, option, "info");
		}
		out->formats_only |= option == 'f';
		out->interop |= option == 'i';
		out->json |= option == 'j';
		out->self_test |= option == 't';
		out->with_backend |= option == 'B';
	}
	if (optind < argc)
		return usage_error(
			"info: unexpected argument (%.100s): expected none", argv[optind]);
	if (out->formats_only + out->interop + out->self_test > 1)
		return usage_error(
			"info: --formats, --interop and --self-test: expected one of them");
	if (out->with_backend && !out->self_test)
		return usage_error("info: --backend is for --self-test alone");
	return STATUS_OK;
}

int info_command(int argc, char **argv)
{
	static struct info_report report;
	struct info_options options = {.backend = GEYSER_BACKEND_AUTO};
	bool help = false;
	int status;

	if (argc > 1 && strcmp(argv[1], "--peer") == 0)
		return selftest_peer(argc - 1, argv + 1);
	status = parse_options(argc, argv, &options, &help);
	if (help)
		return print_help(info_help);
	if (status)
		return status;
	if (options.self_test)
		return selftest_run(options.backend, options.json);
	if (options.interop)
		return interop_run(options.json);
	if (!gather(&report, options.formats_only))
		return STATUS_FAILURE;
	if (options.json)
		info_write_json(&report, options.formats_only);
	else if (options.formats_only)
		print_tables(&report);
	else
		print_machine(&report);
	return finish_output();
}
