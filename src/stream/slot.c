/* SPDX-License-Identifier: MIT */
#include "stream/slot.h"

#include <string.h>

#define UNSPECIFIED 2 /* the value for "unspecified" in ITU-T H.273 */

const struct geyser_frame_info gy_frame_info_new = {
	.color.primaries = UNSPECIFIED,
	.color.transfer = UNSPECIFIED,
	.color.matrix = UNSPECIFIED,
};

/* Whether the publisher's program has set the colour. */
static bool has_color(const struct geyser_color *color)
{
	const struct geyser_color *none = &gy_frame_info_new.color;

	return color->primaries != none->primaries || color->transfer != none->transfer ||
	       color->matrix != none->matrix || color->range != none->range ||
	       color->mastering_min_luminance != none->mastering_min_luminance ||
	       color->mastering_max_luminance != none->mastering_max_luminance ||
	       color->max_content_light_level != none->max_content_light_level ||
	       color->max_frame_average_light_level != none->max_frame_average_light_level;
}

/* Whether the frame has an orientation, an alpha mode or a colour that a new frame doesn't have. */
static bool has_details(const struct geyser_frame_info *info)
{
	return info->orientation != gy_frame_info_new.orientation ||
	       info->alpha != gy_frame_info_new.alpha || has_color(&info->color) ||
	       info->siting != gy_frame_info_new.siting;
}

void gy_slot_write(struct gy_ring_slot *slot, const struct gy_ring_record *record)
{
	const struct geyser_frame_info *info = &record->info;
	uint32_t parts = 0;

	slot->generation = record->generation;
	slot->ready = record->ready;
	slot->mirror_ready = record->mirror_ready;
	slot->timestamp_ns = info->timestamp_ns;
	slot->presentation_ns = info->presentation_ns;
	slot->crop = info->crop;
	if (has_details(info)) {
		parts |= GY_RING_DETAILS;
		slot->orientation = info->orientation;
		slot->alpha = info->alpha;
		slot->color = info->color;
		slot->siting = info->siting;
	}
	if (info->damage_count) {
		parts |= GY_RING_DAMAGE;
		slot->damage_count = info->damage_count;
		memcpy(slot->damage, info->damage, sizeof(slot->damage));
	}
	if (info->user_size) {
		parts |= GY_RING_USER;
		slot->user_size = info->user_size;
		memcpy(slot->user, info->user, sizeof(slot->user));
	}
	slot->parts = parts;
}

/* Clears an array that the record has from an earlier frame. */
static void clear(uint32_t *count, void *array, size_t size)
{
	if (*count == 0)
		return;
	memset(array, 0, size);
	*count = 0;
}

void gy_slot_read(const struct gy_ring_slot *slot, struct gy_ring_record *record)
{
	struct geyser_frame_info *info = &record->info;
	const bool details = slot->parts & GY_RING_DETAILS;

	record->generation = slot->generation;
	record->ready = slot->ready;
	record->mirror_ready = slot->mirror_ready;
	info->timestamp_ns = slot->timestamp_ns;
	info->presentation_ns = slot->presentation_ns;
	info->crop = slot->crop;
	info->orientation = details ? slot->orientation : gy_frame_info_new.orientation;
	info->alpha = details ? slot->alpha : gy_frame_info_new.alpha;
	info->color = details ? slot->color : gy_frame_info_new.color;
	info->siting = details ? slot->siting : gy_frame_info_new.siting;
	if (slot->parts & GY_RING_DAMAGE) {
		info->damage_count = slot->damage_count;
		memcpy(info->damage, slot->damage, sizeof(info->damage));
	} else {
		clear(&info->damage_count, info->damage, sizeof(info->damage));
	}
	if (slot->parts & GY_RING_USER) {
		info->user_size = slot->user_size;
		memcpy(info->user, slot->user, sizeof(info->user));
	} else {
		clear(&info->user_size, info->user, sizeof(info->user));
	}
}
