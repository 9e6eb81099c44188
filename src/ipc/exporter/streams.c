/* SPDX-License-Identifier: MIT */
/* The streams that this process publishes, by name. */
#include "ipc/process.h"
#include "ipc/registry/name_lock.h"

#include "base/error.h"

#include <string.h>

enum geyser_result gy_published_find(
	struct gy_ipc *ipc, const char *name, struct gy_published_stream **out)
{
	for (*out = ipc->streams; *out; *out = (*out)->next)
		if (strcmp((*out)->name, name) == 0)
			return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "stream \"%s\": nobody publishes it", name);
}

/* Adds the name to our registry, unless a publisher has it in another one. Two publishers that
 * begin at once in two registries see each other, and try again. */
static enum geyser_result add_name(
	struct gy_ipc *ipc, struct gy_published_stream *stream, uint64_t *holder)
{
	enum geyser_result result =
		gy_entry_add_name(&ipc->entry, stream->name, &stream->lock, holder);

	if (result != GEYSER_OK)
		return result;
	result = gy_entry_find_elsewhere(&ipc->entry, stream->name, holder);
	if (result == GEYSER_ERROR_NOT_FOUND)
		return GEYSER_OK;
	gy_entry_remove_name(&ipc->entry, stream->name, &stream->lock);
	return result == GEYSER_OK ? gy_fail(GEYSER_ERROR_EXISTS,
					     "stream \"%s\" is published already", stream->name)
				   : result;
}

static enum geyser_result publish(
	struct gy_ipc *ipc, struct gy_published_stream *stream, uint64_t *holder)
{
	enum geyser_result result = gy_ipc_check_own(ipc);

	if (result == GEYSER_OK)
		result = gy_server_start(ipc);
	if (result == GEYSER_OK)
		result = add_name(ipc, stream, holder);
	if (result != GEYSER_OK)
		return result;
	stream->next = ipc->streams;
	stream->link = &ipc->streams;
	if (stream->next)
		stream->next->link = &stream->next;
	ipc->streams = stream;
	if (stream->lock.guarded)
		gy_wakeup_raise(&ipc->wake);
	return GEYSER_OK;
}

enum geyser_result gy_exporter_publish(
	struct gy_ipc *ipc, struct gy_published_stream *stream, uint64_t *holder)
{
	enum geyser_result result;

	*holder = 0;
	(void)pthread_mutex_lock(&ipc->lock);
	result = publish(ipc, stream, holder);
	(void)pthread_mutex_unlock(&ipc->lock);
	return result;
}

void gy_exporter_unpublish(struct gy_ipc *ipc, struct gy_published_stream *stream)
{
	(void)pthread_mutex_lock(&ipc->lock);
	gy_ipc_leave_parents(ipc);
	if (stream->link) {
		*stream->link = stream->next;
		if (stream->next)
			stream->next->link = stream->link;
		stream->link = NULL;
		if (ipc->registered)
			gy_entry_remove_name(&ipc->entry, stream->name, &stream->lock);
	}
	gy_server_drop_subscribers(ipc, stream);
	(void)pthread_mutex_unlock(&ipc->lock);
}

void gy_published_finish(struct gy_ipc *ipc, bool unlink)
{
	struct gy_published_stream *next;

	for (struct gy_published_stream *it = ipc->streams; it; it = next) {
		next = it->next;
		it->link = NULL;
		if (unlink)
			gy_entry_remove_name(&ipc->entry, it->name, &it->lock);
		else
			gy_entry_abandon_name(&it->lock);
	}
	ipc->streams = NULL;
}

bool gy_published_keep(struct gy_ipc *ipc, bool all)
{
	bool again = false;

	for (struct gy_published_stream *it = ipc->streams; it; it = it->next) {
		if (it->lock.guarded || all)
			gy_entry_keep_name(&ipc->entry, it->name, &it->lock);
		again = again || it->lock.guarded;
	}
	return again;
}
