/* SPDX-License-Identifier: MIT */
#include "backend/backend.h"

#include "base/error.h"
#include "platform/platform.h"

#include <inttypes.h>

/* A peer's first 16 MiB are mapped without a look at the limit. The system call that reads it costs
 * a twentieth of a small texture's import. */
#define ALWAYS (UINT64_C(16) << 20)

enum geyser_result gy_import_check_size(const struct gy_import_terms *terms, uint64_t size)
{
	uint64_t share, left;

	if (!terms->from_peer || (terms->mapped <= ALWAYS && size <= ALWAYS - terms->mapped))
		return GEYSER_OK;
	share = gy_memory_share();
	left = share > terms->mapped ? share - terms->mapped : 0;
	if (size <= left)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_LIMIT,
		"size (%" PRIu64 " bytes): of one peer's memory this process maps %" PRIu64
		" more at most (half of the machine's, or of RLIMIT_AS)",
		size, left);
}
