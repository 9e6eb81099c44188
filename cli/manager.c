/*
 * Managers, backends and usages of textures, for all subcommands.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "common.h"
#include "lists.h"

unsigned backend_count(void)
{
	unsigned count = 0;

	while (geyser_backend_name((enum geyser_backend)(count + 1)))
		count++;
	return count;
}

static const char *backend_word(size_t index, void *user)
{
	(void)user;
	return geyser_backend_name((enum geyser_backend)index);
}

int parse_backend(const char *text, enum geyser_backend *out)
{
	const size_t count = backend_count() + 1;
	char all[LIST_SIZE];
	const char *near;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, backend_word(i, NULL)) == 0) {
			*out = (enum geyser_backend)i;
			return STATUS_OK;
		}
	}
	near = nearest_word(text, count, backend_word, NULL);
	return usage_error("unknown backend (%.100s): expected %s%s%s%s", text,
		list_text(LIST_BACKENDS, all), near ? "; did you mean " : "", near ? near : "",
		near ? "?" : "");
}

int open_manager(
	const char *context, const struct geyser_manager_desc *desc, struct geyser_manager **out)
{
	const enum geyser_result result = geyser_manager_create(desc, out);

	return result ? creation_failure(result, context) : STATUS_OK;
}

int choose_usage(struct geyser_manager *manager, enum geyser_format format, bool host_memory,
	const char *context, uint32_t *out)
{
	const uint32_t memory = GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_DMA_BUF |
				GEYSER_USAGE_GLOBAL_ID | GEYSER_USAGE_LINEAR;
	const uint32_t wanted =
		GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING;
	uint32_t possible;

	if (geyser_manager_format_usage(manager, format, GEYSER_DIMENSION_2D, &possible))
		return library_failure("%.100s", context);
	/* Some formats have none of the wanted usages: depth formats can't be copied to. */
	*out = possible & wanted ? possible & wanted : possible & ~memory;
	if (host_memory)
		*out |= GEYSER_USAGE_HOST_MEMORY;
	return STATUS_OK;
}

const char *path_name(enum geyser_path path)
{
	switch (path) {
	case GEYSER_PATH_ZERO_COPY:
		return "zero-copy";
	case GEYSER_PATH_BLIT:
		return "blit";
	case GEYSER_PATH_COPY:
		return "copy";
	case GEYSER_PATH_CONVERTED:
		return "converted";
	}
	return "unknown";
}

struct reach reach_of(const struct geyser_manager *manager, const struct geyser_texture *texture)
{
	return (struct reach){
		.backend = geyser_manager_get_backend(manager),
		.path = geyser_texture_path(texture),
		.map_path = geyser_texture_map_path(texture),
	};
}

const char *reach_text(const struct reach *reach, char text[REACH_SIZE])
{
	(void)snprintf(text, REACH_SIZE, ", %s, %s%s", geyser_backend_name(reach->backend),
		path_name(reach->path),
		reach->map_path == GEYSER_PATH_ZERO_COPY ? "" : ", mapped through a copy");
	return text;
}
