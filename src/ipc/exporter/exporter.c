/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/exporter.h"
#include "ipc/exporter/server.h"
#include "ipc/exporter/session.h"
#include "ipc/surface/surface.h"

#include "base/error.h"

#include <stdlib.h>

/* ---- life ---- */

static struct gy_exporter *exporter_of(struct gy_loop_client *client)
{
	return (struct gy_exporter *)((char *)client - offsetof(struct gy_exporter, client));
}

static int tick(struct gy_loop_client *client)
{
	return gy_server_tick(exporter_of(client));
}

static void abandon(struct gy_loop_client *client)
{
	struct gy_exporter *exporter = exporter_of(client);

	gy_server_abandon(exporter);
	exporter->surfaces = NULL; /* the child has no such surfaces, and no such service */
}

struct gy_exporter *gy_exporter_create(struct gy_loop *loop)
{
	struct gy_exporter *exporter = calloc(1, sizeof(*exporter));

	if (!exporter)
		return NULL;
	exporter->loop = loop;
	exporter->client = (struct gy_loop_client){.tick = tick, .abandon = abandon};
	exporter->spare = GY_NO_SPARE;
	gy_clients_init(&exporter->clients);
	gy_loop_add_client(loop, &exporter->client);
	return exporter;
}

void gy_exporter_close(struct gy_exporter *exporter)
{
	gy_server_stop(exporter);
}

void gy_exporter_destroy(struct gy_exporter *exporter)
{
	gy_surfaces_finish(exporter->surfaces);
	free(exporter);
}

static enum geyser_result start(struct gy_exporter *exporter)
{
	enum geyser_result result = gy_loop_check_own(exporter->loop);

	return result == GEYSER_OK ? gy_server_start(exporter) : result;
}

/* Returns the entry from which ids and names are to be removed; NULL once the exporter has ended,
 * and in a forked child. */
static struct gy_registry_entry *own_entry(struct gy_exporter *exporter)
{
	gy_loop_leave_parents(exporter->loop);
	return exporter->registered ? &exporter->entry : NULL;
}

/* ---- objects ---- */

static enum geyser_result add(struct gy_exporter *exporter, struct gy_export *export)
{
	enum geyser_result result = start(exporter);

	return result == GEYSER_OK ? gy_exports_add(&exporter->exports, &exporter->entry, export)
				   : result;
}

enum geyser_result gy_exporter_add(struct gy_exporter *exporter, struct gy_export *export,
	struct geyser_handle *out, bool *changed)
{
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&exporter->loop->lock);
	*changed = !export->importable;
	if (*changed)
		result = add(exporter, export);
	if (result == GEYSER_OK)
		gy_handle_encode(&export->fields, out);
	else
		*changed = false;
	(void)pthread_mutex_unlock(&exporter->loop->lock);
	return result;
}

void gy_exporter_withdraw(struct gy_exporter *exporter, struct gy_export *export, bool *changed)
{
	(void)pthread_mutex_lock(&exporter->loop->lock);
	*changed = gy_exports_withdraw(&exporter->exports, own_entry(exporter), export);
	(void)pthread_mutex_unlock(&exporter->loop->lock);
}

void gy_exporter_remove(struct gy_exporter *exporter, struct gy_export *export)
{
	(void)pthread_mutex_lock(&exporter->loop->lock);
	(void)gy_exports_withdraw(&exporter->exports, own_entry(exporter), export);
	gy_exports_remove(&exporter->exports, export);
	(void)pthread_mutex_unlock(&exporter->loop->lock);
}

void gy_exporter_count_importers(
	struct gy_exporter *exporter, struct gy_export *export, struct geyser_importers *out)
{
	(void)pthread_mutex_lock(&exporter->loop->lock);
	*out = export->importable ? export->importers : (struct geyser_importers){0};
	(void)pthread_mutex_unlock(&exporter->loop->lock);
}

enum geyser_result gy_exporter_importers_fd(
	struct gy_exporter *exporter, struct gy_export *export, int *out)
{
	enum geyser_result result;

	(void)pthread_mutex_lock(&exporter->loop->lock);
	result = gy_export_count_fd(export, out);
	(void)pthread_mutex_unlock(&exporter->loop->lock);
	return result;
}

/* ---- streams ---- */

static enum geyser_result publish(
	struct gy_exporter *exporter, struct gy_published_stream *stream, uint64_t *holder)
{
	enum geyser_result result = start(exporter);

	if (result == GEYSER_OK)
		result = gy_streams_add(&exporter->streams, &exporter->entry, stream, holder);
	if (result == GEYSER_OK && stream->lock.guarded)
		gy_loop_wake(exporter->loop);
	return result;
}

enum geyser_result gy_exporter_publish(
	struct gy_exporter *exporter, struct gy_published_stream *stream, uint64_t *holder)
{
	enum geyser_result result;

	*holder = 0;
	(void)pthread_mutex_lock(&exporter->loop->lock);
	result = publish(exporter, stream, holder);
	(void)pthread_mutex_unlock(&exporter->loop->lock);
	return result;
}

void gy_exporter_unpublish(struct gy_exporter *exporter, struct gy_published_stream *stream)
{
	(void)pthread_mutex_lock(&exporter->loop->lock);
	gy_streams_remove(own_entry(exporter), stream);
	gy_sessions_drop(exporter, stream);
	(void)pthread_mutex_unlock(&exporter->loop->lock);
}

/* ---- for the importer in the same process ---- */

static bool is_own(const struct gy_exporter *exporter, uint64_t instance)
{
	return exporter->registered && exporter->entry.instance == instance;
}

enum geyser_result gy_exporter_instance(struct gy_exporter *exporter, uint64_t *out)
{
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&exporter->loop->lock);
	if (exporter->registered)
		*out = exporter->entry.instance;
	else
		result = gy_fail(GEYSER_ERROR_NOT_FOUND, "this process exports nothing");
	(void)pthread_mutex_unlock(&exporter->loop->lock);
	return result;
}

enum geyser_result gy_exporter_connect(struct gy_exporter *exporter, uint64_t instance, int *out)
{
	enum geyser_result result = GEYSER_OK;

	*out = -1;
	(void)pthread_mutex_lock(&exporter->loop->lock);
	if (is_own(exporter, instance))
		result = gy_server_connect(exporter, out);
	(void)pthread_mutex_unlock(&exporter->loop->lock);
	return result;
}

struct gy_surfaces *gy_exporter_surfaces(struct gy_exporter *exporter, uint64_t instance)
{
	struct gy_surfaces *surfaces;

	(void)pthread_mutex_lock(&exporter->loop->lock);
	surfaces = is_own(exporter, instance) ? exporter->surfaces : NULL;
	(void)pthread_mutex_unlock(&exporter->loop->lock);
	return surfaces;
}
