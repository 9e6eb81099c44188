/*
 * geyser info as JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include "info.h"
#include "json.h"

static void write_usages(struct json *json, const char *key, uint32_t usage)
{
	json_begin(json, key, '[');
	for (size_t u = 0; u < INFO_USAGES; u++) {
		if (usage & info_usages[u].bit)
			json_string(json, NULL, info_usages[u].name);
	}
	json_end(json, ']');
}

static void write_planes(struct json *json, const struct geyser_format_info *info)
{
	json_begin(json, "planes", '[');
	for (uint32_t i = 0; i < info->planes; i++) {
		json_begin(json, NULL, '{');
		json_string(json, "format", geyser_format_name(info->plane[i].format));
		json_number(json, "width_divisor", info->plane[i].width_divisor);
		json_number(json, "height_divisor", info->plane[i].height_divisor);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void write_format(
	struct json *json, enum geyser_format format, const uint32_t usage[INFO_DIMENSIONS])
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	json_begin(json, NULL, '{');
	json_string(json, "name", info->name);
	json_string(json, "ffmpeg", info->ffmpeg);
	json_number(json, "bytes_per_texel", info->bytes_per_texel);
	write_planes(json, info);
	for (size_t d = 0; d < INFO_DIMENSIONS; d++)
		write_usages(json, info_dimensions[d].name, usage[d]);
	json_end(json, '}');
}

static void write_features(struct json *json, const struct info_feature features[INFO_FEATURES])
{
	for (size_t i = 0; i < INFO_FEATURES && features[i].key; i++)
		json_bool(json, features[i].key, features[i].present);
}

static void write_device(struct json *json, const struct info_device *device)
{
	if (!device->known) {
		json_string(json, "device", NULL);
		return;
	}
	json_begin(json, "device", '{');
	json_string(json, "name", device->name);
	if (device->type)
		json_string(json, "type", device->type);
	for (size_t i = 0; device->properties[i].key; i++)
		json_string(json, device->properties[i].key, device->properties[i].value);
	write_features(json, device->features);
	json_end(json, '}');
}

static void write_costs(struct json *json, const struct info_costs *costs)
{
	if (!costs || costs->texture < 0 || costs->event < 0) {
		json_string(json, "descriptors", NULL);
		return;
	}
	json_begin(json, "descriptors", '{');
	json_number(json, "texture", (uint64_t)costs->texture);
	json_number(json, "event", (uint64_t)costs->event);
	json_end(json, '}');
}

static void write_backend(
	struct json *json, const struct info_report *report, size_t index, bool formats_only)
{
	const bool available = report->backends[index].available;

	json_begin(json, NULL, '{');
	json_string(json, "name", geyser_backend_name(info_backend(index)));
	json_bool(json, "available", available);
	json_string(json, "reason", available ? NULL : report->backends[index].reason);
	if (!formats_only) {
		write_device(json, &report->backends[index].device);
		write_costs(json, available ? &report->backends[index].costs : NULL);
	}
	json_begin(json, "formats", '[');
	for (unsigned f = 1; f < GEYSER_FORMAT_COUNT && available; f++)
		write_format(json, (enum geyser_format)f, report->backends[index].usage[f]);
	json_end(json, ']');
	json_end(json, '}');
}

static void write_machine(struct json *json, const struct info_report *report)
{
	json_string(json, "version", geyser_version());
	json_begin(json, "registry", '{');
	json_string(json, "directory", report->registry[0] ? report->registry : NULL);
	json_string(json, "problem", report->problem[0] ? report->problem : NULL);
	json_begin(json, "places", '[');
	for (unsigned i = 0; i < report->place_count; i++) {
		json_begin(json, NULL, '{');
		json_string(json, "directory",
			report->places[i].directory[0] ? report->places[i].directory : NULL);
		json_string(json, "problem",
			report->places[i].problem[0] ? report->places[i].problem : NULL);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_end(json, '}');
	json_begin(json, "kernel", '{');
	write_features(json, report->kernel);
	json_end(json, '}');
	if (report->descriptors)
		json_number(json, "descriptors", report->descriptors);
	else
		json_string(json, "descriptors", NULL);
	json_begin(json, "auto", '{');
	json_string(json, "backend", report->automatic);
	json_string(json, "reason", report->automatic ? NULL : report->no_automatic);
	json_end(json, '}');
}

void info_write_json(const struct info_report *report, bool formats_only)
{
	struct json json = {.file = answers()};

	json_begin(&json, NULL, '{');
	if (!formats_only)
		write_machine(&json, report);
	json_begin(&json, "backends", '[');
	for (size_t i = 0; i < info_backend_count(); i++)
		write_backend(&json, report, i, formats_only);
	json_end(&json, ']');
	json_end(&json, '}');
}
