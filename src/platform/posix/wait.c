/* SPDX-License-Identifier: MIT */
#include "platform/posix/posix.h"

#include "base/clock.h"

/* How long a dead peer may go unseen where only one word can be watched. */
#define SLICE (50 * GY_MILLISECOND)

void gy_wait_slice(const struct gy_wait_word *words, unsigned count, uint64_t deadline,
	void (*wait_one)(const struct gy_wait_word *word, uint64_t deadline))
{
	uint64_t slice = gy_now() + SLICE;

	for (unsigned i = 1; i < count; i++)
		if (atomic_load(words[i].word) != words[i].expected)
			return;
	wait_one(&words[0], deadline < slice ? deadline : slice);
}
