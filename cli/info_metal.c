/*
 * geyser info: the Metal backend's device, in a build that has that backend.
 *
 * SPDX-License-Identifier: MIT
 */
#include "info.h"

#ifdef GEYSER_HAVE_METAL

#include <inttypes.h>
#include <string.h>

#include <geyser/metal.h>

bool info_metal_device(struct geyser_manager *manager, struct info_device *out)
{
	struct geyser_metal_info info;

	if (geyser_manager_get_backend(manager) != GEYSER_BACKEND_METAL)
		return true;
	if (geyser_metal_get_info(manager, &info)) {
		(void)library_failure("backend metal");
		return false;
	}
	_Static_assert(sizeof(out->name) == sizeof(info.name), "a copy");
	(void)memcpy(out->name, info.name, sizeof(out->name));
	out->properties[0].key = "registry_id";
	(void)snprintf(out->properties[0].value, sizeof(out->properties[0].value), "0x%" PRIx64,
		info.registry_id);
	out->features[0] = (struct info_feature){"unified", info.unified_memory,
		info.unified_memory ? "the GPU has the CPU's memory"
				    : "the GPU has memory of its own, or the system can't tell"};
	out->features[1] = (struct info_feature){"removable", info.removable, "an external GPU"};
	out->known = true;
	return true;
}

const char *info_metal_refusal(
	struct geyser_manager *manager, enum geyser_format format, enum geyser_dimension dimension)
{
	return geyser_metal_format_refusal(manager, format, dimension);
}

#else

bool info_metal_device(struct geyser_manager *manager, struct info_device *out)
{
	(void)manager;
	(void)out;
	return true;
}

const char *info_metal_refusal(
	struct geyser_manager *manager, enum geyser_format format, enum geyser_dimension dimension)
{
	(void)manager;
	(void)format;
	(void)dimension;
	return NULL;
}

#endif
