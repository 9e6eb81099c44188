/* SPDX-License-Identifier: MIT */
#include "ipc/importer/import.h"
#include "ipc/surface/surface.h"

#include "base/error.h"

#include <string.h>
#include <unistd.h>

static enum geyser_result check_answer(struct gy_message *answer, enum gy_handle_kind kind, int *fd)
{
	enum gy_wire_type wanted = kind == GY_HANDLE_TEXTURE ? GY_WIRE_TEXTURE : GY_WIRE_EVENT;

	if (answer->type == wanted && (*fd >= 0 || gy_surface_is_in(answer)))
		return GEYSER_OK;
	gy_surface_drop(answer);
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return gy_fail(GEYSER_ERROR_PROTOCOL,
		"the exporter answered with a message of type %d%s to the import of a %s",
		answer->type, answer->type == wanted ? " without memory" : "",
		gy_handle_kind_name(kind));
}

/* Makes the request on a busy peer. The connection stays usable after a refusal, but not after a
 * missing or garbled answer. */
static enum geyser_result import_from(struct gy_peer *peer, const struct gy_handle_fields *handle,
	bool semaphore, const char *application, uint64_t deadline, struct gy_message *answer,
	int *fd)
{
	struct gy_message request = {
		.type = GY_WIRE_IMPORT, .object.kind = handle->kind, .object.semaphore = semaphore};
	enum geyser_result result;

	memcpy(request.object.token, handle->token, GY_TOKEN_SIZE);
	result = gy_peer_request(peer, application, &request, deadline, answer, fd);
	if (result == GEYSER_OK)
		result = check_answer(answer, handle->kind, fd);
	return result;
}

static bool is_refusal(enum geyser_result result, const struct gy_message *answer)
{
	return result != GEYSER_OK && answer->type == GY_WIRE_ERROR;
}

static enum geyser_result check_importable(
	const struct gy_importer *importer, const struct gy_handle_fields *handle)
{
	enum geyser_result result = gy_loop_check_own(importer->loop);

	if (result != GEYSER_OK)
		return result;
	if (handle->uid != geteuid())
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"the handle is of uid %u: this process runs as uid %u, and only the same "
			"user's handles can be imported",
			handle->uid, geteuid());
	return GEYSER_OK;
}

enum geyser_result gy_importer_import(struct gy_importer *importer,
	const struct gy_handle_fields *handle, bool semaphore, const char *application,
	uint64_t deadline, struct gy_message *answer, int *fd, struct gy_peer **out)
{
	enum geyser_result result = check_importable(importer, handle);
	struct gy_peer *peer;
	bool reused = true;

	*out = NULL;
	*fd = -1;
	while (result == GEYSER_OK && reused) {
		peer = gy_peer_reuse(importer, handle->instance);
		reused = peer != NULL;
		if (!peer)
			result = gy_peer_connect(importer, handle->instance, deadline, -1, &peer);
		if (result != GEYSER_OK)
			break;
		answer->type = GY_WIRE_NONE;
		result = import_from(peer, handle, semaphore, application, deadline, answer, fd);
		gy_peer_settle(peer, result == GEYSER_OK,
			result != GEYSER_OK && !is_refusal(result, answer));
		if (result == GEYSER_OK) {
			*out = peer;
			break;
		}
		/* A kept connection may have died unseen. A new connection tells whether the
		 * exporter lives. */
		if (reused && result == GEYSER_ERROR_DISCONNECTED && !is_refusal(result, answer))
			result = GEYSER_OK;
	}
	return result;
}
