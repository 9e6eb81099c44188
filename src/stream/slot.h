/* SPDX-License-Identifier: MIT */
/* A frame's record, and how it lies in the ring. */
#ifndef GY_STREAM_SLOT_H
#define GY_STREAM_SLOT_H

#include <geyser/stream.h>

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

/* The information of a new frame: the colour is unspecified and all else zero. */
extern const struct geyser_frame_info gy_frame_info_new;

struct gy_ring_record {
	uint32_t generation; /* of the buffer: the publisher counts resizes and refills */
	/* The values of the publisher's events at which the buffer, and its mirror, are drawn. 0:
	 * drawn already, or no mirror. */
	uint64_t ready, mirror_ready;
	struct geyser_frame_info info;
};

/* The parts of a slot that are used; all others are left as they are. */
enum gy_ring_part {
	GY_RING_DETAILS = 1, /* orientation, alpha, color, siting: not those of a new frame */
	GY_RING_DAMAGE = 2,
	GY_RING_USER = 4,
};

/*
 * A buffer's frame and its record. A cache line that two CPUs use costs more time than all else in
 * the hand-over. So most frames need one line of a slot: publishers write the other parts only for
 * frames that have them. A part has a fixed size, however little of it is used: no number in shared
 * memory is used as a size.
 */
struct gy_ring_slot {
	alignas(64) _Atomic uint64_t sequence; /* 0: no frame that may be read */
	uint32_t generation;
	uint32_t parts; /* bits of enum gy_ring_part */
	uint64_t ready, mirror_ready;
	uint64_t timestamp_ns, presentation_ns;
	struct geyser_rect crop;
	enum geyser_orientation orientation;
	enum geyser_alpha alpha;
	struct geyser_color color;
	enum geyser_siting siting;
	uint32_t damage_count, user_size;
	struct geyser_rect damage[GEYSER_FRAME_DAMAGE_MAX];
	uint8_t user[GEYSER_FRAME_USER_MAX];
};

_Static_assert(offsetof(struct gy_ring_slot, orientation) == 64, "most frames need one line");

/* Writes the record, but for its sequence, and marks the parts that it has. */
void gy_slot_write(struct gy_ring_slot *slot, const struct gy_ring_record *record);

/* Reads what gy_slot_write has written. A hostile publisher may change the slot meanwhile: the
 * record may then hold any numbers. *record must be all zero, or the record of an earlier frame. */
void gy_slot_read(const struct gy_ring_slot *slot, struct gy_ring_record *record);

#endif
