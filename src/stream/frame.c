/* SPDX-License-Identifier: MIT */
#include "stream/frame.h"

#include "base/error.h"

struct geyser_texture *geyser_frame_texture(struct geyser_frame *frame)
{
	return frame ? frame->texture : NULL;
}

struct geyser_frame_info *geyser_frame_get_info(struct geyser_frame *frame)
{
	return frame ? &frame->record.info : NULL;
}

static enum geyser_result check_point(const struct geyser_frame *frame, struct geyser_point *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_point){0};
	if (!frame)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "frame is NULL");
	if (!frame->out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"frame isn't acquired: pass one that isn't submitted, discarded or "
			"released yet");
	return GEYSER_OK;
}

enum geyser_result geyser_frame_wait_point(struct geyser_frame *frame, struct geyser_point *out)
{
	enum geyser_result result = check_point(frame, out);

	if (result != GEYSER_OK || !frame->begin_signal || !frame->wait.value)
		return result;
	if (frame->handed_out)
		atomic_store(frame->handed_out, true);
	*out = frame->wait;
	return GEYSER_OK;
}

enum geyser_result geyser_frame_signal_point(struct geyser_frame *frame, struct geyser_point *out)
{
	enum geyser_result result = check_point(frame, out);

	if (result == GEYSER_OK && !frame->begin_signal)
		result =
			gy_fail(GEYSER_ERROR_UNSUPPORTED, "the frame's backend has no device: only "
							  "work of a device needs a signal point");
	if (result == GEYSER_OK && frame->kept)
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"the frame was submitted already: request its signal point before that");
	if (result == GEYSER_OK && frame->signal.value)
		result = gy_fail(GEYSER_ERROR_BUSY,
			"the frame's signal point was requested already: request it once");
	if (result == GEYSER_OK)
		result = frame->begin_signal(frame, &frame->signal);
	if (result == GEYSER_OK)
		*out = frame->signal;
	return result;
}

static bool is_within(const struct geyser_rect *rect, const struct geyser_texture_desc *desc)
{
	return rect->width <= desc->width && rect->x <= desc->width - rect->width &&
	       rect->height <= desc->height && rect->y <= desc->height - rect->height;
}

static enum geyser_result check_rect(
	const char *name, const struct geyser_rect *rect, const struct geyser_texture_desc *desc)
{
	if (is_within(rect, desc))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"%s (%u × %u at %u, %u): it must lie within %u × %u", name, rect->width,
		rect->height, rect->x, rect->y, desc->width, desc->height);
}

static enum geyser_result check_number(const char *name, uint32_t value, uint32_t most)
{
	if (value <= most)
		return GEYSER_OK;
	return gy_fail(
		GEYSER_ERROR_INVALID_ARGUMENT, "%s (%u): it may be %u at most", name, value, most);
}

enum geyser_result gy_frame_info_check(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc)
{
	enum geyser_result result =
		check_number("damage_count", info->damage_count, GEYSER_FRAME_DAMAGE_MAX);

	if (result == GEYSER_OK)
		result = check_number("user_size", info->user_size, GEYSER_FRAME_USER_MAX);
	if (result == GEYSER_OK)
		result = check_number(
			"orientation", info->orientation, GEYSER_ORIENTATION_FLIPPED_270);
	if (result == GEYSER_OK)
		result = check_number("alpha", info->alpha, GEYSER_ALPHA_OPAQUE);
	if (result == GEYSER_OK)
		result = check_number("color.range", info->color.range, GEYSER_COLOR_RANGE_LIMITED);
	if (result == GEYSER_OK)
		result = check_number("siting", info->siting, GEYSER_SITING_BOTTOM);
	if (result == GEYSER_OK)
		result = check_rect("crop", &info->crop, desc);
	for (uint32_t i = 0; result == GEYSER_OK && i < info->damage_count; i++)
		result = check_rect("damage", &info->damage[i], desc);
	return result;
}

void gy_frame_info_clamp(struct geyser_frame_info *info, const struct geyser_texture_desc *desc)
{
	uint32_t kept = 0;

	if (info->user_size > GEYSER_FRAME_USER_MAX)
		info->user_size = GEYSER_FRAME_USER_MAX;
	if (info->orientation > GEYSER_ORIENTATION_FLIPPED_270)
		info->orientation = GEYSER_ORIENTATION_NORMAL;
	if (info->alpha > GEYSER_ALPHA_OPAQUE)
		info->alpha = GEYSER_ALPHA_STRAIGHT;
	if (info->color.range > GEYSER_COLOR_RANGE_LIMITED)
		info->color.range = GEYSER_COLOR_RANGE_FULL;
	if (info->siting > GEYSER_SITING_BOTTOM)
		info->siting = GEYSER_SITING_UNSPECIFIED;
	if (!is_within(&info->crop, desc))
		info->crop = (struct geyser_rect){0};
	for (uint32_t i = 0; i < info->damage_count && i < GEYSER_FRAME_DAMAGE_MAX; i++)
		kept += is_within(&info->damage[i], desc);
	if (kept != info->damage_count)
		/* the damage isn't known exactly: 0 means that all may have changed */
		info->damage_count = 0;
}
