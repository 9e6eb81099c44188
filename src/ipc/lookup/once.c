/* SPDX-License-Identifier: MIT */
#include "ipc/lookup/once.h"
#include "ipc/exporter/exporter.h"
#include "ipc/importer/connect.h"
#include "ipc/importer/request.h"
#include "ipc/process/process.h"

#include <unistd.h>

enum geyser_result gy_lookup_connect(
	const struct gy_registry *registry, uint64_t instance, uint64_t deadline, int *out)
{
	struct gy_ipc *ipc = gy_ipc_current();
	enum geyser_result result = GEYSER_OK;
	pid_t pid;

	*out = -1;
	if (ipc) {
		result = gy_exporter_connect(ipc->exporter, instance, out);
		gy_ipc_release(ipc);
	}
	if (result != GEYSER_OK || *out >= 0)
		return result;
	result = gy_registry_connect(registry, instance, deadline, out, &pid);
	if (result == GEYSER_OK)
		result = gy_request_check_peer(*out, pid);
	if (result != GEYSER_OK && *out >= 0) {
		(void)close(*out);
		*out = -1;
	}
	return result;
}
