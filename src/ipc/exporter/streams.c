/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/streams.h"

#include "base/error.h"

#include <string.h>

enum geyser_result gy_streams_find(
	const struct gy_streams *streams, const char *name, struct gy_published_stream **out)
{
	for (*out = streams->first; *out; *out = (*out)->next)
		if (strcmp((*out)->name, name) == 0)
			return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "stream \"%s\": nobody publishes it", name);
}

/* Adds the name to our registry, unless a publisher has it in another one. Two publishers that
 * begin at once in two registries see each other, and try again. */
static enum geyser_result add_name(
	const struct gy_registry_entry *entry, struct gy_published_stream *stream, uint64_t *holder)
{
	enum geyser_result result = gy_entry_add_name(entry, stream->name, &stream->lock, holder);

	if (result != GEYSER_OK)
		return result;
	result = gy_entry_find_elsewhere(entry, stream->name, holder);
	if (result == GEYSER_ERROR_NOT_FOUND)
		return GEYSER_OK;
	gy_entry_remove_name(entry, stream->name, &stream->lock);
	return result == GEYSER_OK ? gy_fail(GEYSER_ERROR_EXISTS,
					     "stream \"%s\" is published already", stream->name)
				   : result;
}

enum geyser_result gy_streams_add(struct gy_streams *streams, const struct gy_registry_entry *entry,
	struct gy_published_stream *stream, uint64_t *holder)
{
	enum geyser_result result = add_name(entry, stream, holder);

	if (result != GEYSER_OK)
		return result;
	stream->next = streams->first;
	stream->link = &streams->first;
	if (stream->next)
		stream->next->link = &stream->next;
	streams->first = stream;
	return GEYSER_OK;
}

void gy_streams_remove(const struct gy_registry_entry *entry, struct gy_published_stream *stream)
{
	if (!stream->link)
		return;
	*stream->link = stream->next;
	if (stream->next)
		stream->next->link = stream->link;
	stream->link = NULL;
	if (entry)
		gy_entry_remove_name(entry, stream->name, &stream->lock);
}

void gy_streams_forget(struct gy_streams *streams, const struct gy_registry_entry *entry)
{
	struct gy_published_stream *next;

	for (struct gy_published_stream *it = streams->first; it; it = next) {
		next = it->next;
		it->link = NULL;
		if (entry)
			gy_entry_remove_name(entry, it->name, &it->lock);
		else
			gy_entry_abandon_name(&it->lock);
	}
	streams->first = NULL;
}

bool gy_streams_keep(struct gy_streams *streams, const struct gy_registry_entry *entry, bool all)
{
	bool again = false;

	for (struct gy_published_stream *it = streams->first; it; it = it->next) {
		if (it->lock.guarded || all)
			gy_entry_keep_name(entry, it->name, &it->lock);
		again = again || it->lock.guarded;
	}
	return again;
}
