/*
 * geyser info: what this machine offers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "info.h"
#include "interop.h"
#include "options.h"
#include "selftest.h"
#include "wrap.h"

size_t info_backend_count(void)
{
	const size_t count = backend_count();

	return count < INFO_BACKENDS ? count : INFO_BACKENDS;
}

enum geyser_backend info_backend(size_t index)
{
	return (enum geyser_backend)(GEYSER_BACKEND_HOST + index);
}

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

/* Gathers what is known of a backend. It is available only if a manager can be made with it. */
static bool gather_backend(struct info_report *out, size_t index)
{
	const struct geyser_manager_desc desc = {.backend = info_backend(index)};
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

/* Finds out which backend auto is here. Only a manager tells, since that depends on the environment
 * and the devices. */
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
	for (size_t i = 0; i < info_backend_count(); i++) {
		if (!gather_backend(out, i))
			return false;
	}
	return formats_only || gather_machine(out);
}

/* ---- as text -------------------------------------------------------------------------------- */

void info_usage_letters(uint32_t usage, char out[INFO_USAGES + 1])
{
	if (!usage) {
		(void)memcpy(out, "no", sizeof("no"));
		return;
	}
	for (size_t u = 0; u < INFO_USAGES; u++)
		out[u] = usage & info_usages[u].bit ? info_usages[u].letter : '-';
	out[INFO_USAGES] = '\0';
}

/* Prints a dimension's column, which has room for a letter of each usage. */
static void print_column(const char *text)
{
	(void)fprintf(answers(), " %-*s", INFO_USAGES, text);
}

static void print_row(enum geyser_format format, const uint32_t usage[INFO_DIMENSIONS])
{
	const char *const ffmpeg = geyser_format_get_info(format)->ffmpeg;

	(void)fprintf(answers(), "  %-22s", geyser_format_name(format));
	for (size_t d = 0; d < INFO_DIMENSIONS; d++) {
		char cell[INFO_USAGES + 1];

		info_usage_letters(usage[d], cell);
		print_column(cell);
	}
	(void)fprintf(answers(), " %s\n", ffmpeg ? ffmpeg : "-");
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
	for (size_t i = 0; i < info_backend_count(); i++) {
		if (!report->backends[i].available)
			continue;
		(void)fprintf(answers(), "\nformats of backend %s\n  %-22s",
			geyser_backend_name(info_backend(i)), "");
		for (size_t d = 0; d < INFO_DIMENSIONS; d++)
			print_column(info_dimensions[d].name);
		(void)fprintf(answers(), " %s\n", "ffmpeg");
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

/* Prints a fact in one line, or in several if the text is long. */
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
	for (size_t i = 0; i < info_backend_count(); i++) {
		const struct info_costs *costs = &report->backends[i].costs;

		if (report->backends[i].available && costs->texture >= 0 && costs->event >= 0)
			(void)fprintf(answers(), "%-8s %-13s %d an exported texture, %d an event\n",
				geyser_backend_name(info_backend(i)), "descriptors", costs->texture,
				costs->event);
	}
}

static void print_machine(const struct info_report *report)
{
	(void)fprintf(answers(), "geyser %s\n", geyser_version());
	for (size_t i = 0; i < info_backend_count(); i++)
		print_fact("backend", geyser_backend_name(info_backend(i)),
			report->backends[i].available ? "available" : report->backends[i].reason);
	print_fact("backend", "auto", report->automatic ? report->automatic : report->no_automatic);
	for (size_t i = 0; i < info_backend_count(); i++)
		print_device(info_backend(i), &report->backends[i].device);
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
	bool formats_only, json, self_test, interop, with_backend, with_gpu_wait;
	enum geyser_backend backend;
	uint64_t gpu_wait_ns;
};

/* A GPU's wait is watched for less than a step of the self-test may take. */
#define GPU_WAIT_NS (20 * NANOSECONDS)
#define GPU_WAIT_MAX_NS (50 * NANOSECONDS)

static int take_gpu_wait(const struct given *given)
{
	struct info_options *const out = given->options;

	out->with_gpu_wait = true;
	if (parse_seconds(given->text, &out->gpu_wait_ns) && out->gpu_wait_ns <= GPU_WAIT_MAX_NS)
		return STATUS_OK;
	return usage_error("info: wrong time to watch (%.100s): expected seconds, 0 to %llu",
		given->text, (unsigned long long)(GPU_WAIT_MAX_NS / NANOSECONDS));
}

static int take_tested(const struct given *given)
{
	struct info_options *const out = given->options;

	out->with_backend = true;
	return parse_backend(given->text, &out->backend);
}

static const struct option_row rows[] = {
	{'f', "formats", NULL,
		"instead, print which usages each format can have on each available backend",
		FLAG(struct info_options, formats_only)},
	{'i', "interop", NULL,
		"instead, print how frames get from each API (host, Vulkan, OpenGL, CUDA, Metal) "
		"to each other, to NumPy and to PyTorch: what is copied, and who waits, by what "
		"the drivers here say",
		FLAG(struct info_options, interop)},
	{'j', "json", NULL, "print the same as JSON; with --formats the backends alone",
		FLAG(struct info_options, json)},
	{'t', "self-test", NULL,
		"instead, try it all with a second process: every format, a texture, an event, a "
		"stream, Metal's command buffers, a process's death. The report can be pasted into "
		"an issue",
		FLAG(struct info_options, self_test)},
	{'B', "backend", "B",
		"test only this backend with --self-test: {true backends}; by default all that are "
		"available",
		.take = take_tested, .offer = offer_true_backends},
	{'w', "gpu-wait", "S",
		"watch a GPU that waits for a stopped process for S seconds with --self-test, at "
		"most 50; by default 20; only metal has this step",
		.take = take_gpu_wait},
};

const struct syntax info_syntax = {
	.usage = "usage: geyser info [--json] [--formats]\n"
		 "       geyser info --interop [--json]\n"
		 "       geyser info --self-test [--backend B] [--gpu-wait S] [--json]\n"
		 "\n"
		 "Prints the library's version, each backend or why it isn't available, the GPU's\n"
		 "device and what it offers, the directory where exports are registered, and what\n"
		 "the kernel offers.\n"
		 "\n",
	.notes = "\n"
		 "GEYSER_VULKAN_DEVICE chooses Vulkan's device: see geyser --help.\n"
		 "\n"
		 "examples:\n"
		 "  geyser info\n"
		 "  geyser info --json | jq '.backends[] | select(.available).name'\n"
		 "  geyser info --interop\n"
		 "  geyser info --self-test > report.md\n"
		 "\n"
		 "exit status: 0 printed, or the self-test passed; 1 it failed; 2 wrong usage\n",
	.column = 17,
	.words = 0,
	OPTIONS(rows),
};

static int check_options(const struct info_options *options)
{
	if (options->formats_only + options->interop + options->self_test > 1)
		return usage_error(
			"info: --formats, --interop and --self-test: expected one of them");
	if (options->with_backend && !options->self_test)
		return usage_error("info: --backend is for --self-test alone");
	if (options->with_gpu_wait && !options->self_test)
		return usage_error("info: --gpu-wait is for --self-test alone");
	return STATUS_OK;
}

int info_command(int argc, char **argv)
{
	static struct info_report report;
	struct info_options options = {.backend = GEYSER_BACKEND_AUTO, .gpu_wait_ns = GPU_WAIT_NS};
	int status;

	if (argc > 1 && strcmp(argv[1], "--peer") == 0)
		return selftest_peer(argc - 1, argv + 1);
	if (!read_options(&info_syntax, argc, argv, &options, &status))
		return status;
	status = check_options(&options);
	if (status)
		return status;
	if (options.self_test)
		return selftest_run(options.backend, options.gpu_wait_ns, options.json);
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
