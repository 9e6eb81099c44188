/* SPDX-License-Identifier: MIT */
#include "sync/spin.h"

#include "base/clock.h"
#include "base/error.h"

#include <inttypes.h>

#define IN_VAIN_MAX 7 /* 2^(7 - 1) - 1 = 63 waits that sleep at once */

enum geyser_result gy_spin_set(struct gy_spin *spin, uint64_t spin_ns)
{
	if (spin_ns > GEYSER_SPIN_MAX_NS)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"spin_ns (%" PRIu64 "): it may be %" PRIu64
			" (1 s) at most, or 0 to sleep at once",
			spin_ns, GEYSER_SPIN_MAX_NS);
	atomic_store_explicit(&spin->in_vain, 0, memory_order_relaxed);
	atomic_store_explicit(&spin->slept, 0, memory_order_relaxed);
	atomic_store_explicit(&spin->limit_ns, spin_ns, memory_order_relaxed);
	return GEYSER_OK;
}

void gy_spin_init(struct gy_spin *spin, const struct gy_spin *setting)
{
	atomic_init(
		&spin->limit_ns, atomic_load_explicit(&setting->limit_ns, memory_order_relaxed));
}

/* Whether the next wait sleeps at once, because recent looks were in vain. Counts that wait. */
static bool sleeps_at_once(struct gy_spin *spin)
{
	uint32_t in_vain = atomic_load_explicit(&spin->in_vain, memory_order_relaxed);
	uint32_t slept = atomic_load_explicit(&spin->slept, memory_order_relaxed);
	bool sleeps = in_vain > 0 && slept < (UINT32_C(1) << (in_vain - 1)) - 1;

	atomic_store_explicit(&spin->slept, sleeps ? slept + 1 : 0, memory_order_relaxed);
	return sleeps;
}

bool gy_look_begin(struct gy_look *look, struct gy_spin *spin, uint64_t deadline)
{
	uint64_t limit;

	if (look->is_over)
		return false;
	if (!look->spin) {
		limit = atomic_load_explicit(&spin->limit_ns, memory_order_relaxed);
		look->is_over = limit == 0 || sleeps_at_once(spin);
		if (look->is_over)
			return false;
		look->spin = spin;
		look->end = gy_deadline(limit);
	}
	if (deadline < look->end) {
		look->end = deadline;
		look->is_cut = true;
	}
	return true;
}

bool gy_look_has_time(struct gy_look *look)
{
	uint32_t in_vain;

	if (gy_now() < look->end)
		return true;
	look->is_over = true;
	in_vain = atomic_load_explicit(&look->spin->in_vain, memory_order_relaxed);
	if (!look->is_cut && in_vain < IN_VAIN_MAX)
		atomic_store_explicit(&look->spin->in_vain, in_vain + 1, memory_order_relaxed);
	return false;
}

void gy_look_end(struct gy_look *look)
{
	if (look->spin && !look->is_over)
		atomic_store_explicit(&look->spin->in_vain, 0, memory_order_relaxed);
}
