/*
 * Texels that both processes of the self-test can compute.
 *
 * SPDX-License-Identifier: MIT
 */
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

static bool walk_row(struct walk *walk, unsigned char *row, size_t size, uint32_t y, uint32_t slice)
{
	for (size_t i = 0; i < size; i++, walk->place++) {
		const unsigned char right = byte_at(walk->seed, walk->place);

		if (!walk->check) {
			row[i] = right;
		} else if (row[i] != right) {
			(void)failure("%s texels: byte %zu of row %u, slice %u is wrong (0x%02x): "
				      "expected 0x%02x",
				geyser_format_name(geyser_texture_get_desc(walk->texture)->format),
				i, y, slice, row[i], right);
			return false;
		}
	}
	return true;
}

static bool walk_layer(struct walk *walk, unsigned char *data, uint32_t layer)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(walk->texture);
	const uint32_t texel = geyser_format_get_info(desc->format)->bytes_per_texel;
	struct geyser_subresource place;

	if (geyser_texture_get_subresource(walk->texture, 0, 0, layer, &place))
		return (void)library_failure("layer %u", layer), false;
	for (uint32_t z = 0; z < place.depth; z++) {
		for (uint32_t y = 0; y < place.height; y++) {
			unsigned char *const row =
				data + place.offset + z * place.slice_pitch + y * place.row_pitch;

			if (!walk_row(walk, row, (size_t)place.width * texel, y, layer + z))
				return false;
		}
	}
	return true;
}

static bool walk_texture(struct walk *walk)
{
	const uint32_t layers = geyser_texture_get_desc(walk->texture)->layers;
	struct geyser_mapping mapping;
	bool done = true;

	if (geyser_texture_map(walk->texture,
		    walk->check ? GEYSER_ACCESS_READ : GEYSER_ACCESS_WRITE, &mapping))
		return (void)library_failure("map"), false;
	for (uint32_t layer = 0; done && layer < layers; layer++)
		done = walk_layer(walk, mapping.data, layer);
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
