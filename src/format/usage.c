/* SPDX-License-Identifier: MIT */
#include "format/usage.h"

#include <geyser/geyser.h>

#include <stdio.h>
#include <string.h>

#define NAME(usage)                          \
	{                                    \
		GEYSER_USAGE_##usage, #usage \
	}

static const struct {
	uint32_t bit;
	const char *name;
} names[] = {
	NAME(COPY_SRC),
	NAME(COPY_DST),
	NAME(TEXTURE_BINDING),
	NAME(STORAGE_BINDING),
	NAME(RENDER_ATTACHMENT),
	NAME(HOST_MEMORY),
	NAME(DMA_BUF),
	NAME(GLOBAL_ID),
	NAME(LINEAR),
	NAME(WRITERS),
};

struct gy_usage_text gy_usage_text(uint32_t usage)
{
	struct gy_usage_text out = {"none"};
	size_t length = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(usage & names[i].bit))
			continue;
		(void)snprintf(out.text + length, sizeof(out.text) - length, "%s%s",
			length ? ", " : "", names[i].name);
		length = strlen(out.text);
	}
	return out;
}
