/* SPDX-License-Identifier: MIT */
#include "ipc/lookup/lookup.h"
#include "ipc/importer/request.h"
#include "ipc/lookup/once.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Makes one request, on a connection of its own. */
static enum geyser_result request_once(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, const struct gy_message *request, struct gy_message *answer)
{
	enum geyser_result result;
	int socket, fd = -1;

	result = gy_lookup_connect(registry, instance, deadline, &socket);
	if (result != GEYSER_OK)
		return result;
	result = gy_request_send(socket, true, "", request);
	if (result == GEYSER_OK || result == GEYSER_ERROR_DISCONNECTED)
		result = gy_request_await(socket, 0, deadline, -1, answer, &fd);
	(void)close(socket);
	if (fd >= 0)
		(void)close(fd);
	return result;
}

static enum geyser_result check_resolved(
	const struct gy_message *answer, uint32_t id, uint64_t instance)
{
	struct gy_handle_fields fields;

	if (answer->type != GY_WIRE_HANDLE)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"exporter %016" PRIx64 " answered with type %d", instance, answer->type);
	if (gy_handle_decode(&answer->handle, &fields) != GEYSER_OK || fields.id != id ||
		fields.instance != instance)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"exporter %016" PRIx64
			" answered with a handle that isn't that of id 0x%08" PRIx32,
			instance, id);
	return GEYSER_OK;
}

enum geyser_result gy_resolve(uint32_t id, uint64_t deadline, struct geyser_handle *out)
{
	struct gy_message request = {.type = GY_WIRE_RESOLVE, .id = id}, answer;
	uint64_t instance;
	enum geyser_result result = gy_registries_find_id(id, &instance);

	if (result == GEYSER_OK)
		result = request_once(NULL, instance, deadline, &request, &answer);
	if (result == GEYSER_OK)
		result = check_resolved(&answer, id, instance);
	if (result == GEYSER_OK)
		*out = answer.handle;
	return result;
}

enum geyser_result gy_query_stream(const struct gy_registry *registry, uint64_t instance,
	const char *name, uint64_t deadline, struct geyser_stream_info *out)
{
	struct gy_message request = {.type = GY_WIRE_QUERY}, answer;
	enum geyser_result result;

	(void)snprintf(request.name.name, sizeof(request.name.name), "%s", name);
	result = request_once(registry, instance, deadline, &request, &answer);
	if (result != GEYSER_OK)
		return result;
	if (answer.type != GY_WIRE_STATUS || strcmp(answer.status.info.name, name) != 0)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"exporter %016" PRIx64 " answered with type %d", instance, answer.type);
	gy_make_printable(answer.status.info.application);
	*out = answer.status.info;
	return GEYSER_OK;
}
