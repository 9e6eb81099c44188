/* SPDX-License-Identifier: MIT */
/* Lists the backends in this build, the best first, and opens them. */
#include "backend/backend.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct gy_backend *const backends[] = {
#ifdef GY_HAVE_METAL
	&gy_metal_backend,
#endif
#ifdef GY_HAVE_VULKAN
	&gy_vulkan_backend,
#endif
	&gy_host_backend,
};

#define COUNT (sizeof(backends) / sizeof(backends[0]))

const char *geyser_backend_name(enum geyser_backend backend)
{
	switch (backend) {
	case GEYSER_BACKEND_AUTO:
		return "auto";
	case GEYSER_BACKEND_HOST:
		return "host";
	case GEYSER_BACKEND_VULKAN:
		return "vulkan";
	case GEYSER_BACKEND_METAL:
		return "metal";
	}
	return NULL;
}

static enum geyser_result not_built(enum geyser_backend kind)
{
	const char *name = geyser_backend_name(kind);

	if (!name)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"backend (%d): it must be one of enum geyser_backend", (int)kind);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "this build of geyser has no %s backend", name);
}

static const struct gy_backend *open_kind(
	enum geyser_backend kind, void **device, enum geyser_result *result)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (kind != backends[i]->kind)
			continue;
		*result = backends[i]->open(false, device);
		return *result == GEYSER_OK ? backends[i] : NULL;
	}
	*result = not_built(kind);
	return NULL;
}

static const struct gy_backend *open_best(void **device, enum geyser_result *result)
{
	for (size_t i = 0; i < COUNT; i++) {
		*result = backends[i]->open(true, device);
		if (*result == GEYSER_OK)
			return backends[i];
	}
	return NULL;
}

#define NAMES_SIZE 128

/* Writes "auto, host, vulkan or metal". Returns text. */
static const char *all_names(char text[NAMES_SIZE])
{
	enum geyser_backend kind = GEYSER_BACKEND_AUTO;
	const char *name = geyser_backend_name(kind), *between = "", *next;

	for (text[0] = '\0'; name; name = next) {
		const size_t length = strlen(text);

		(void)snprintf(text + length, NAMES_SIZE - length, "%s%s", between, name);
		next = geyser_backend_name(++kind);
		between = next && geyser_backend_name(kind + 1) ? ", " : " or ";
	}
	return text;
}

const struct gy_backend *gy_backend_open(
	enum geyser_backend kind, void **device, enum geyser_result *result)
{
	const char *wanted = getenv("GEYSER_BACKEND"), *name;
	char names[NAMES_SIZE];

	if (kind != GEYSER_BACKEND_AUTO)
		return open_kind(kind, device, result);
	if (!wanted || !*wanted || strcmp(wanted, "auto") == 0)
		return open_best(device, result);
	for (kind = GEYSER_BACKEND_HOST; (name = geyser_backend_name(kind)); kind++)
		if (strcmp(name, wanted) == 0)
			return open_kind(kind, device, result);
	*result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "GEYSER_BACKEND (%.40s): it must be %s",
		wanted, all_names(names));
	return NULL;
}

enum geyser_result geyser_backend_available(enum geyser_backend backend)
{
	enum geyser_result result;
	void *device;
	const struct gy_backend *found = gy_backend_open(backend, &device, &result);

	if (found)
		found->close(device);
	return result;
}
