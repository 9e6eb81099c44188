/*
 * The self-test's report: Markdown that reads well as plain text too, or JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "os.h"
#include "selftest.h"

/* Returns "ok", "FAILED" or "skipped". */
static const char *result_name(enum selftest_result result)
{
	switch (result) {
	case SELFTEST_OK:
		return "ok";
	case SELFTEST_FAILED:
		return "FAILED";
	case SELFTEST_SKIPPED:
		return "skipped";
	}
	return "unknown";
}

/* ---- figures -------------------------------------------------------------------------------- */

static int compare_times(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

double selftest_median_us(uint64_t *times, size_t count)
{
	const size_t middle = count / 2;

	qsort(times, count, sizeof(times[0]), compare_times);
	return (double)times[middle] / 1e3;
}

void selftest_measured(struct selftest *test, const char *what, const char *format, ...)
{
	va_list arguments;
	struct selftest_figure *const out = &test->figures[test->figure_count];

	if (test->figure_count == SELFTEST_FIGURES_MAX) {
		(void)failure("a figure has no room in the report: %s", what);
		return;
	}
	test->figure_count++;
	(void)snprintf(out->what, sizeof(out->what), "%s", what);
	va_start(arguments, format);
	(void)vsnprintf(out->found, sizeof(out->found), format, arguments);
	va_end(arguments);
}

/* ---- as text -------------------------------------------------------------------------------- */

/* Prints a cell's text without characters that would end the cell or the row. */
static void print_cell(const char *text)
{
	for (; *text; text++)
		(void)fputc(*text == '|'                  ? '/'
			    : (unsigned char)*text < 0x20 ? ' '
							  : *text,
			answers());
}

void selftest_print_head(void)
{
	char system[256], registry[PATH_MAX];
	const enum geyser_result result = geyser_registry_directory(registry, sizeof(registry));

	os_describe(system, sizeof(system));
	(void)fprintf(answers(), "## geyser %s, self-test\n\n- system: %s\n- registry: %s\n",
		geyser_version(), system, result ? geyser_error_detail() : registry);
	(void)answers_flush();
}

void selftest_print_unavailable(enum geyser_backend backend, const char *reason)
{
	(void)fprintf(answers(), "\n### backend %s\n\nnot available: %s\n",
		geyser_backend_name(backend), reason);
	(void)answers_flush();
}

static void print_device(const struct info_device *device)
{
	(void)fprintf(answers(), "- device: %s%s%s\n", device->name, device->type ? ", " : "",
		device->type ? device->type : "");
	for (size_t i = 0; device->properties[i].key; i++)
		(void)fprintf(answers(), "- %s: %s\n", device->properties[i].key,
			device->properties[i].value);
	for (size_t i = 0; i < INFO_FEATURES && device->features[i].key; i++)
		(void)fprintf(answers(), "- %s: %s\n", device->features[i].key,
			device->features[i].present ? "yes" : "no");
	(void)fputc('\n', answers());
}

void selftest_print_begin(const struct selftest *test)
{
	(void)fprintf(answers(), "\n### backend %s\n\n", geyser_backend_name(test->backend));
	if (test->device.known)
		print_device(&test->device);
	(void)fputs("| step       | result  |       time | what |\n"
		    "|------------|---------|-----------:|------|\n",
		answers());
	(void)answers_flush();
}

void selftest_print_step(const struct selftest_step_result *step)
{
	(void)fprintf(answers(), "| %-10s | %-7s | %7.1f ms | ", step->name,
		result_name(step->result), (double)step->ns / 1e6);
	print_cell(step->note);
	(void)fputs(" |\n", answers());
	(void)answers_flush();
}

void selftest_print_figures(const struct selftest *test)
{
	if (test->figure_count)
		(void)fputs("\n| measured | |\n|---|---|\n", answers());
	for (size_t i = 0; i < test->figure_count; i++) {
		(void)fputs("| ", answers());
		print_cell(test->figures[i].what);
		(void)fputs(" | ", answers());
		print_cell(test->figures[i].found);
		(void)fputs(" |\n", answers());
	}
	(void)answers_flush();
}

/* Prints a dimension's cell, which has room for a letter of each usage. */
static void print_column(const char *text)
{
	(void)fprintf(answers(), " %-*s |", INFO_USAGES, text);
}

static void print_usages(uint32_t usage)
{
	char cell[INFO_USAGES + 1];

	info_usage_letters(usage, cell);
	print_column(cell);
}

/* Prints one line for each reason, with all dimensions that have it. */
static void print_refusals(const struct selftest *test, enum geyser_format format)
{
	const char(*const reasons)[256] = test->refusal[format];

	for (size_t d = 0; d < INFO_DIMENSIONS; d++) {
		bool told = !reasons[d][0];

		for (size_t before = 0; before < d; before++)
			told |= strcmp(reasons[before], reasons[d]) == 0;
		if (told)
			continue;
		(void)fprintf(answers(), "- %s", geyser_format_name(format));
		for (size_t same = d; same < INFO_DIMENSIONS; same++) {
			if (strcmp(reasons[same], reasons[d]) == 0)
				(void)fprintf(answers(), " %s", info_dimensions[same].name);
		}
		(void)fprintf(answers(), ": %s\n", reasons[d]);
	}
}

static bool is_refusing(const struct selftest *test)
{
	bool refusing = false;

	for (unsigned f = 1; f < GEYSER_FORMAT_COUNT; f++) {
		for (size_t d = 0; d < INFO_DIMENSIONS; d++)
			refusing |= test->refusal[f][d][0] != '\0';
	}
	return refusing;
}

void selftest_print_formats(const struct selftest *test)
{
	if (!test->formats_known)
		return;
	(void)fputc('\n', answers());
	for (size_t u = 0; u < INFO_USAGES; u++)
		(void)fprintf(answers(), "%s%c %s", u ? ", " : "Usages: ", info_usages[u].letter,
			info_usages[u].name);
	(void)fprintf(answers(), ".\n\n| %-22s |", "format");
	for (size_t d = 0; d < INFO_DIMENSIONS; d++)
		print_column(info_dimensions[d].name);
	(void)fputs("\n|------------------------|", answers());
	for (size_t d = 0; d < INFO_DIMENSIONS; d++)
		(void)fprintf(answers(), "%.*s|", INFO_USAGES + 2, "------------------------");
	(void)fputc('\n', answers());
	for (unsigned f = 1; f < GEYSER_FORMAT_COUNT; f++) {
		(void)fprintf(answers(), "| %-22s |", geyser_format_name((enum geyser_format)f));
		for (size_t d = 0; d < INFO_DIMENSIONS; d++)
			print_usages(test->usage[f][d]);
		(void)fputc('\n', answers());
	}
	if (is_refusing(test))
		(void)fputs("\nRefused:\n\n", answers());
	for (unsigned f = 1; f < GEYSER_FORMAT_COUNT; f++)
		print_refusals(test, (enum geyser_format)f);
	(void)answers_flush();
}

void selftest_print_counts(const struct selftest_counts *counts)
{
	(void)fprintf(answers(), "\n%u ok, %u failed, %u skipped\n", counts->ok, counts->failed,
		counts->skipped);
}

/* ---- as JSON -------------------------------------------------------------------------------- */

static void write_format(struct json *json, const struct selftest *test, enum geyser_format format)
{
	json_begin(json, NULL, '{');
	json_string(json, "name", geyser_format_name(format));
	for (size_t d = 0; d < INFO_DIMENSIONS; d++) {
		json_begin(json, info_dimensions[d].name, '[');
		for (size_t u = 0; u < INFO_USAGES; u++) {
			if (test->usage[format][d] & info_usages[u].bit)
				json_string(json, NULL, info_usages[u].name);
		}
		json_end(json, ']');
	}
	json_begin(json, "refused", '{');
	for (size_t d = 0; d < INFO_DIMENSIONS; d++) {
		if (test->refusal[format][d][0])
			json_string(json, info_dimensions[d].name, test->refusal[format][d]);
	}
	json_end(json, '}');
	json_end(json, '}');
}

static void write_step(struct json *json, const struct selftest_step_result *step)
{
	json_begin(json, NULL, '{');
	json_string(json, "name", step->name);
	json_string(json, "result", result_name(step->result));
	json_number(json, "ns", step->ns);
	json_string(json, "note", step->note);
	json_end(json, '}');
}

static void write_backend(struct json *json, const struct selftest_backend *backend)
{
	const struct selftest *const test = backend->test;

	json_begin(json, NULL, '{');
	json_string(json, "name", geyser_backend_name(backend->backend));
	json_bool(json, "tested", test != NULL);
	json_string(json, "reason", backend->reason[0] ? backend->reason : NULL);
	json_string(json, "device", test && test->device.known ? test->device.name : NULL);
	json_begin(json, "steps", '[');
	for (size_t i = 0; test && i < test->step_count; i++)
		write_step(json, &test->steps[i]);
	json_end(json, ']');
	json_begin(json, "measured", '[');
	for (size_t i = 0; test && i < test->figure_count; i++) {
		json_begin(json, NULL, '{');
		json_string(json, "what", test->figures[i].what);
		json_string(json, "found", test->figures[i].found);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_begin(json, "formats", '[');
	for (unsigned f = 1; test && test->formats_known && f < GEYSER_FORMAT_COUNT; f++)
		write_format(json, test, (enum geyser_format)f);
	json_end(json, ']');
	json_end(json, '}');
}

static void write_registry(struct json *json)
{
	char registry[PATH_MAX];
	const enum geyser_result result = geyser_registry_directory(registry, sizeof(registry));

	json_begin(json, "registry", '{');
	json_string(json, "directory", result ? NULL : registry);
	json_string(json, "problem", result ? geyser_error_detail() : NULL);
	json_end(json, '}');
}

void selftest_write_json(
	const struct selftest_backend *backends, size_t count, const struct selftest_counts *counts)
{
	struct json json = {.file = answers()};
	char system[256];

	os_describe(system, sizeof(system));
	json_begin(&json, NULL, '{');
	json_string(&json, "version", geyser_version());
	json_string(&json, "system", system);
	write_registry(&json);
	json_begin(&json, "backends", '[');
	for (size_t i = 0; i < count; i++)
		write_backend(&json, &backends[i]);
	json_end(&json, ']');
	json_number(&json, "ok", counts->ok);
	json_number(&json, "failed", counts->failed);
	json_number(&json, "skipped", counts->skipped);
	json_end(&json, '}');
}
