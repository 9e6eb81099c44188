/* SPDX-License-Identifier: MIT */
#include "stream/rendition_memory.h"

#include "base/error.h"
#include "format/usage.h"

/* The memory that all renditions of a stream may take together: so many times the stream's own
 * buffers, or MEMORY_LEAST bytes if that is more. */
#define MEMORY_TIMES 4
#define MEMORY_LEAST (UINT64_C(256) << 20)

/* Returns the bytes of all of a stream's buffers, as they are after its last resize. */
static uint64_t bytes_of(struct geyser_publisher *source)
{
	uint64_t bytes = 0;

	(void)pthread_mutex_lock(&source->lock);
	for (uint32_t i = 0; i < source->ring.buffers; i++) {
		struct geyser_texture *newest =
			source->next[i] ? source->next[i] : source->buffers[i];

		bytes += gy_texture_backing(newest)->bytes;
	}
	(void)pthread_mutex_unlock(&source->lock);
	return bytes;
}

enum geyser_result gy_rendition_claim(
	struct gy_rendition *rendition, const struct geyser_texture_desc *desc, uint32_t buffers)
{
	struct geyser_publisher *source = rendition->source;
	const uint64_t own = MEMORY_TIMES * bytes_of(source);
	const uint64_t most = own > MEMORY_LEAST ? own : MEMORY_LEAST;
	struct geyser_texture_desc resolved;
	struct gy_layout layout;
	uint64_t bytes, all;
	enum geyser_result result = gy_desc_resolve("rendition", desc, &resolved);

	if (result != GEYSER_OK)
		return result;
	gy_layout_of(&resolved, &layout);
	bytes = all = layout.size * buffers;
	for (struct gy_rendition *it = source->renditions.first; it; it = it->next)
		if (it->target && it != rendition)
			all += it->bytes;
	if (all > most)
		return gy_fail(GEYSER_ERROR_LIMIT,
			"stream \"%s\": its renditions would take %llu MiB with this one of "
			"%u × %u, and may take %llu: ask for a smaller size",
			source->published.name, (unsigned long long)(all >> 20), resolved.width,
			resolved.height, (unsigned long long)(most >> 20));
	rendition->bytes = bytes;
	return GEYSER_OK;
}
