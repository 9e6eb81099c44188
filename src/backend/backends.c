/* SPDX-License-Identifier: MIT */
/* The backends in this build, best first. */
#include "backend/backend.h"

#include "base/error.h"

static const struct gy_backend *const backends[] = {
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

const struct gy_backend *gy_backend_find(enum geyser_backend kind, enum geyser_result *result)
{
	*result = not_built(kind);
	for (size_t i = 0; i < COUNT; i++) {
		if (kind != GEYSER_BACKEND_AUTO && kind != backends[i]->kind)
			continue;
		*result = backends[i]->available();
		if (*result == GEYSER_OK)
			return backends[i];
	}
	return NULL;
}

enum geyser_result geyser_backend_available(enum geyser_backend backend)
{
	enum geyser_result result;

	(void)gy_backend_find(backend, &result);
	return result;
}
