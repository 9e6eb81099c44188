/*
 * Texels that both processes of the self-test can compute.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>

#include "raw.h"
#include "selftest.h"

/* Returns the byte at a place. It depends on all bits of the place and of the seed. */
static unsigned char byte_at(uint32_t seed, uint64_t place)
{
	uint64_t value =
		(place + seed * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);

	value ^= value >> 29;
	value *= UINT64_C(0x94d049bb133111eb);
	return (unsigned char)(value >> 56);
}

struct walk {
	struct geyser_texture *texture;
	uint32_t seed;
	bool check;
	uint64_t place;
};

static bool walk_row(struct walk *walk, unsigned char *row, size_t size, uint64_t number)
{
	for (size_t i = 0; i < size; i++, walk->place++) {
		const unsigned char right = byte_at(walk->seed, walk->place);

		if (!walk->check) {
			row[i] = right;
		} else if (row[i] != right) {
			(void)failure("%s texels: byte %zu of row %" PRIu64
				      " is wrong (0x%02x): expected 0x%02x",
				geyser_format_name(geyser_texture_get_desc(walk->texture)->format),
				i, number, row[i], right);
			return false;
		}
	}
	return true;
}

static bool walk_texture(struct walk *walk)
{
	struct geyser_mapping mapping;
	struct raw_walk rows;
	unsigned char *row;
	size_t size;
	bool done = true;

	if (geyser_texture_map(walk->texture,
		    walk->check ? GEYSER_ACCESS_READ : GEYSER_ACCESS_WRITE, &mapping))
		return (void)library_failure("map"), false;
	raw_begin(&rows, walk->texture, mapping.data, true);
	for (uint64_t number = 0; done && raw_next(&rows, &row, &size); number++)
		done = walk_row(walk, row, size, number);
	geyser_texture_unmap(walk->texture);
	return done;
}

bool selftest_fill(struct geyser_texture *texture, uint32_t seed)
{
	return walk_texture(&(struct walk){.texture = texture, .seed = seed});
}

bool selftest_check(struct geyser_texture *texture, uint32_t seed)
{
	return walk_texture(&(struct walk){.texture = texture, .seed = seed, .check = true});
}
