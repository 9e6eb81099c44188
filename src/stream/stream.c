/* SPDX-License-Identifier: MIT */
/* The public functions of a publisher that must reach its renditions as well. */
#include "stream/idling.h"
#include "stream/naming.h"
#include "stream/publishing.h"
#include "stream/renditions.h"
#include "stream/serving.h"

#include "base/clock.h"
#include "base/error.h"

/* ---- life ---- */

static enum geyser_result check_desc(const struct geyser_stream_desc *desc)
{
	enum geyser_result result;

	if (!desc)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "desc is NULL");
	result = gy_name_check(desc->name);
	if (result != GEYSER_OK)
		return result;
	if (desc->buffers == 1 || desc->buffers > GY_RING_BUFFERS)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"buffers (%u): it must be 2 to %d, or 0 for %d", desc->buffers,
			GY_RING_BUFFERS, GY_BUFFERS_DEFAULT);
	if ((desc->frame_rate_num == 0) != (desc->frame_rate_den == 0))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"frame rate (%u/%u): both must be over 0, or both 0 for a variable rate",
			desc->frame_rate_num, desc->frame_rate_den);
	if (desc->pacing != GEYSER_PACING_FREE && desc->pacing != GEYSER_PACING_LOSSLESS)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"pacing (%d): it must be one of enum geyser_pacing", (int)desc->pacing);
	return GEYSER_OK;
}

static enum geyser_result create(struct geyser_manager *manager,
	const struct geyser_stream_desc *desc, struct geyser_publisher **out)
{
	struct geyser_publisher *publisher;
	enum geyser_result result = gy_publisher_create_target(manager, desc, &publisher);

	if (result != GEYSER_OK)
		return result;
	publisher->published.ops = &gy_publisher_ops;
	gy_publisher_prefault(publisher);
	result = gy_stream_take_name(manager->ipc->exporter, &publisher->published,
		gy_deadline(manager->import_timeout_ns));
	if (result != GEYSER_OK) {
		gy_publisher_deallocate(publisher);
		return result;
	}
	gy_publisher_start_idling(publisher);
	*out = publisher;
	return GEYSER_OK;
}

enum geyser_result geyser_publisher_create(struct geyser_manager *manager,
	const struct geyser_stream_desc *desc, struct geyser_publisher **out)
{
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	result = check_desc(desc);
	return result == GEYSER_OK ? create(manager, desc, out) : result;
}

void geyser_publisher_close(struct geyser_publisher *publisher)
{
	if (!publisher)
		return;
	gy_publisher_close_own(publisher);
	if (!gy_ipc_is_inherited(publisher->manager->ipc))
		gy_renditions_close(publisher);
}

void geyser_publisher_destroy(struct geyser_publisher *publisher)
{
	if (!publisher)
		return;
	geyser_publisher_close(publisher);
	gy_renditions_finish(publisher);
	gy_publisher_deallocate(publisher);
}

/* ---- waiting ---- */

/* A feed releases a frame after the rendition has published it. So the stream's own subscribers,
 * which include the feeds, are waited for before the renditions' subscribers. */
static enum geyser_result await_subscribers(
	struct geyser_publisher *publisher, bool released, uint64_t timeout_ns)
{
	uint64_t deadline = gy_deadline(timeout_ns);
	enum geyser_result result;

	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	result = gy_renditions_await_feeds(publisher, deadline);
	if (result == GEYSER_OK)
		result = gy_publisher_flush_own(publisher, released, deadline);
	return result == GEYSER_OK ? gy_renditions_flush(publisher, released, deadline) : result;
}

enum geyser_result geyser_publisher_flush(struct geyser_publisher *publisher, uint64_t timeout_ns)
{
	return await_subscribers(publisher, true, timeout_ns);
}

enum geyser_result geyser_publisher_drain(struct geyser_publisher *publisher, uint64_t timeout_ns)
{
	return await_subscribers(publisher, false, timeout_ns);
}

enum geyser_result geyser_publisher_set_hold_limit(
	struct geyser_publisher *publisher, uint64_t limit_ns)
{
	struct geyser_publisher *it;

	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	(void)pthread_mutex_lock(&publisher->lock);
	publisher->hold_limit_ns = limit_ns;
	(void)pthread_mutex_unlock(&publisher->lock);
	for (it = gy_renditions_next(publisher, NULL); it; it = gy_renditions_next(publisher, it)) {
		(void)pthread_mutex_lock(&it->lock);
		it->hold_limit_ns = limit_ns;
		(void)pthread_mutex_unlock(&it->lock);
	}
	return GEYSER_OK;
}

/* ---- figures ---- */

enum geyser_result geyser_publisher_get_stats(
	struct geyser_publisher *publisher, struct geyser_publisher_stats *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_publisher_stats){0};
	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	(void)pthread_mutex_lock(&publisher->lock);
	out->frames = publisher->ring.sequence;
	out->subscribers = publisher->subscriber_count;
	out->buffers_held = (uint32_t)__builtin_popcount(gy_ring_held(&publisher->ring));
	(void)pthread_mutex_unlock(&publisher->lock);
	out->subscribers += gy_renditions_count_subscribers(publisher);
	return GEYSER_OK;
}
