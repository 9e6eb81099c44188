/* SPDX-License-Identifier: MIT */
/* Conversion of texels: which steps a pair of formats needs, and the rows that go through them. */
#include <geyser/convert.h>

#include "format/convert.h"
#include "format/convert_rows.h"

#include <string.h>

/* From so many texels on, a table of 256 or of 2048 values is worth the time to make it. */
#define TABLE_WORTH 4096u
#define FIELD_TABLE_WORTH 32768u

/* swap, spread_bytes, unpack, spread, pack: swap and spread_bytes come first or last */
#define STAGES_MAX 5

/* The steps from one format to another one. */
struct plan {
	const struct gy_convert_kernels *kernels;
	struct gy_form source, destination;
	struct gy_stage stages[STAGES_MAX];
	size_t count; /* of stages; 0: the bytes are copied */
	union {
		uint8_t bytes[2][256]; /* of a colour, of alpha */
		uint32_t words[4][256];
		struct gy_field_tables fields;
	} table;
};

/* Returns the encoding of channels with so many bits, which follow each other in memory. */
static enum gy_encoding encoding_of_bits(const struct geyser_format_info *info, uint32_t bits)
{
	switch (info->type) {
	case GEYSER_FORMAT_TYPE_UNORM:
		if (bits == 8)
			return info->srgb ? GY_ENCODING_SRGB8 : GY_ENCODING_UNORM8;
		return bits == 16 ? GY_ENCODING_UNORM16 : GY_ENCODING_NONE;
	case GEYSER_FORMAT_TYPE_FLOAT:
		return bits == 16   ? GY_ENCODING_HALF
		       : bits == 32 ? GY_ENCODING_FLOAT
				    : GY_ENCODING_NONE;
	case GEYSER_FORMAT_TYPE_UINT:
		return bits == 16   ? GY_ENCODING_UINT16
		       : bits == 32 ? GY_ENCODING_UINT32
				    : GY_ENCODING_NONE;
	case GEYSER_FORMAT_TYPE_SINT:
		return bits == 16   ? GY_ENCODING_SINT16
		       : bits == 32 ? GY_ENCODING_SINT32
				    : GY_ENCODING_NONE;
	case GEYSER_FORMAT_TYPE_UFLOAT:
	case GEYSER_FORMAT_TYPE_DEPTH:
	case GEYSER_FORMAT_TYPE_YUV:
		break;
	}
	return GY_ENCODING_NONE;
}

static enum gy_encoding encoding_of(const struct geyser_format_info *info)
{
	if (info->format == GEYSER_FORMAT_RGB10A2_UNORM)
		return GY_ENCODING_RGB10A2;
	if (info->format == GEYSER_FORMAT_RG11B10_UFLOAT)
		return GY_ENCODING_RG11B10;
	/* no step has lanes for 3 channels, for planes or for blocks */
	if (info->channels == 3 || info->planes != 1 || info->block_width != 1)
		return GY_ENCODING_NONE;
	return encoding_of_bits(info, info->bytes_per_texel * 8 / info->channels);
}

struct gy_form gy_form_of(enum geyser_format format)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	return (struct gy_form){
		.encoding = encoding_of(info),
		.lanes = info->channels == 3 ? 4 : info->channels,
		.size = info->bytes_per_texel,
		.swapped = format == GEYSER_FORMAT_BGRA8_UNORM ||
			   format == GEYSER_FORMAT_BGRA8_UNORM_SRGB,
	};
}

static bool is_sint(enum gy_encoding encoding)
{
	return encoding == GY_ENCODING_SINT16 || encoding == GY_ENCODING_SINT32;
}

static bool is_integer(enum gy_encoding encoding)
{
	return encoding == GY_ENCODING_UINT16 || encoding == GY_ENCODING_UINT32 ||
	       is_sint(encoding);
}

static enum gy_lanes lanes_between(enum gy_encoding source, enum gy_encoding destination)
{
	if (!is_integer(source) || !is_integer(destination))
		return GY_LANES_FLOAT;
	return is_sint(destination) ? GY_LANES_SINT : GY_LANES_UINT;
}

static bool is_byte(enum gy_encoding encoding)
{
	return encoding == GY_ENCODING_UNORM8 || encoding == GY_ENCODING_SRGB8;
}

static bool is_packed(enum gy_encoding encoding)
{
	return encoding == GY_ENCODING_RGB10A2 || encoding == GY_ENCODING_RG11B10;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Sends at most GY_CONVERT_CHUNK texels through stages, of which there is at least one. */
static void run(
	const struct gy_stage *stages, size_t count, const void *from, void *to, size_t texels)
{
	uint32_t lanes[2][4 * GY_CONVERT_CHUNK];

	for (size_t i = 0; i < count; i++) {
		/* cppcheck-suppress legacyUninitvar; a stage writes there */
		void *const out = i + 1 < count ? lanes[i % 2] : to;

		stages[i].run(from, out, texels, &stages[i]);
		from = out;
	}
}

static void convert_row(const struct plan *plan, const uint8_t *from, uint8_t *to, size_t texels)
{
	if (plan->count == 0) {
		memcpy(to, from, texels * plan->source.size);
		return;
	}
	for (size_t done = 0; done < texels; done += GY_CONVERT_CHUNK)
		run(plan->stages, plan->count, from + done * plan->source.size,
			to + done * plan->destination.size,
			texels - done < GY_CONVERT_CHUNK ? texels - done : GY_CONVERT_CHUNK);
}

/* ---- plans ----------------------------------------------------------------------------------- */

/* Appends a stage, unless it isn't needed. */
static void add(struct plan *plan, gy_convert_step *step, struct gy_stage stage)
{
	stage.run = step;
	if (step)
		plan->stages[plan->count++] = stage;
}

/* Returns the step that makes lanes of texels; NULL if they are lanes already. */
static gy_convert_step *find_unpack(const struct plan *plan, enum gy_lanes lanes)
{
	const enum gy_encoding from = plan->source.encoding, to = plan->destination.encoding;

	if (from == GY_ENCODING_UNORM16 && (to == GY_ENCODING_HALF || to == GY_ENCODING_RG11B10))
		return plan->kernels->unpack_unorm16_odd;
	return plan->kernels->unpack[from][lanes];
}

/* Appends the stages by lanes between two encodings. */
static void add_lanes(struct plan *plan, unsigned int from_channels, unsigned int to_channels)
{
	const struct gy_convert_kernels *const kernels = plan->kernels;
	const enum gy_encoding from = plan->source.encoding, to = plan->destination.encoding;
	const enum gy_lanes lanes = lanes_between(from, to);
	const uint32_t one = lanes == GY_LANES_FLOAT ? 0x3F800000u /* 1.0f */ : 1;

	if (from_channels == to_channels && kernels->direct[from][to]) {
		add(plan, kernels->direct[from][to], (struct gy_stage){.channels = to_channels});
		return;
	}
	add(plan, find_unpack(plan, lanes), (struct gy_stage){.channels = from_channels});
	add(plan, kernels->moves->spread[from_channels - 1][to_channels - 1],
		(struct gy_stage){.one = one});
	/* only floats in memory may be NaNs that aren't quiet */
	if (to != GY_ENCODING_FLOAT || from == GY_ENCODING_FLOAT)
		add(plan, kernels->pack[to][lanes], (struct gy_stage){.channels = to_channels});
}

/* Replaces the stages from `first` on, which make bytes of bytes, by a table of their results. */
static void replace_by_bytes(struct plan *plan, size_t first, unsigned int channels)
{
	uint8_t bytes[256 * 4], converted[256 * 4];

	for (unsigned int i = 0; i < 256 * channels; i++)
		bytes[i] = (uint8_t)(i / channels);
	run(plan->stages + first, plan->count - first, bytes, converted, 256);
	for (unsigned int i = 0; i < 256; i++) {
		plan->table.bytes[0][i] = converted[i * channels];
		plan->table.bytes[1][i] = converted[i * channels + channels - 1];
	}
	plan->count = first;
	add(plan, plan->kernels->moves->map,
		(struct gy_stage){.channels = channels, .table = plan->table.bytes});
}

/* The same for stages that make a packed word of each texel. A byte 0 leaves its channel's bits 0,
 * so each channel has a table of its own. */
static void replace_by_words(struct plan *plan, size_t first, unsigned int channels)
{
	uint8_t bytes[256 * 4];

	for (unsigned int channel = 0; channel < channels; channel++) {
		memset(bytes, 0, sizeof(bytes));
		for (unsigned int i = 0; i < 256; i++)
			bytes[i * channels + channel] = (uint8_t)i;
		run(plan->stages + first, plan->count - first, bytes, plan->table.words[channel],
			256);
	}
	plan->count = first;
	add(plan, plan->kernels->moves->map_words,
		(struct gy_stage){.channels = channels, .table = plan->table.words});
}

/* The same for stages that make bytes of a packed word. */
static void replace_by_fields(struct plan *plan, size_t first, unsigned int channels)
{
	static const struct gy_fields rgb10a2 = {{0, 10, 20, 30}, {0x3FF, 0x3FF, 0x3FF, 3}};
	static const struct gy_fields rg11b10 = {{0, 11, 22, 0}, {0x7FF, 0x7FF, 0x3FF, 0}};
	struct gy_field_tables *const tables = &plan->table.fields;
	uint32_t words[GY_CONVERT_CHUNK];
	uint8_t bytes[GY_CONVERT_CHUNK * 4];

	tables->fields = plan->source.encoding == GY_ENCODING_RGB10A2 ? rgb10a2 : rg11b10;
	for (uint32_t value = 0; value < 2048; value++) {
		const uint32_t at = value % GY_CONVERT_CHUNK;

		words[at] = 0;
		for (unsigned int field = 0; field < 4; field++)
			words[at] |= (value & tables->fields.mask[field])
				     << tables->fields.shift[field];
		if (at + 1 < GY_CONVERT_CHUNK)
			continue;
		run(plan->stages + first, plan->count - first, words, bytes, GY_CONVERT_CHUNK);
		for (uint32_t i = 0; i < GY_CONVERT_CHUNK * channels; i++)
			tables->bytes[i % channels][value - at + i / channels] = bytes[i];
	}
	plan->count = first;
	add(plan, plan->kernels->moves->map_fields,
		(struct gy_stage){.channels = channels, .table = tables});
}

/* Replaces the stages from `first` on by a table where that is faster. */
static void replace_by_table(struct plan *plan, size_t first, uint64_t texels, unsigned int lanes)
{
	const enum gy_encoding from = plan->source.encoding, to = plan->destination.encoding;

	if (first == plan->count || texels < TABLE_WORTH)
		return;
	if (is_byte(from) && is_byte(to))
		replace_by_bytes(plan, first, lanes);
	else if (is_byte(from) && is_packed(to))
		replace_by_words(plan, first, lanes);
	else if (is_packed(from) && to == GY_ENCODING_SRGB8 && texels >= FIELD_TABLE_WORTH)
		replace_by_fields(plan, first, lanes);
}

/* Bytes lose channels before they become lanes, and get channels after they were lanes. So there
 * are fewer lanes to work on. */
static void make_plan(const struct gy_convert_kernels *kernels, enum geyser_format source,
	enum geyser_format destination, uint64_t texels, struct plan *out)
{
	const struct gy_form from = gy_form_of(source), to = gy_form_of(destination);
	const bool drop = is_byte(from.encoding) && to.lanes < from.lanes;
	const bool append = is_byte(to.encoding) && to.lanes > from.lanes;
	const unsigned int last_lanes = append ? from.lanes : to.lanes;
	gy_convert_step *const spread = kernels->moves->spread_bytes[from.lanes - 1][to.lanes - 1];
	size_t first;

	out->kernels = kernels;
	out->source = from;
	out->destination = to;
	out->count = 0;
	if (source == destination)
		return;
	if (from.swapped && !to.swapped)
		add(out, kernels->moves->swap, (struct gy_stage){0});
	if (drop)
		add(out, spread, (struct gy_stage){0});
	first = out->count;
	if (!is_byte(from.encoding) || from.encoding != to.encoding)
		add_lanes(out, drop ? to.lanes : from.lanes, last_lanes);
	replace_by_table(
		out, first, texels, is_byte(from.encoding) && !drop ? from.lanes : last_lanes);
	if (append)
		add(out, spread, (struct gy_stage){.one = 255});
	if (to.swapped && !from.swapped)
		add(out, kernels->moves->swap, (struct gy_stage){0});
}

void gy_convert(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination)
{
	const uint8_t *from = source->planes[0].data;
	uint8_t *to = destination->planes[0].data;
	size_t texels = source->width, rows = source->height;
	struct plan plan;

	if (texels == 0 || rows == 0)
		return;
	make_plan(kernels, source->format, destination->format, (uint64_t)texels * rows, &plan);
	if (source->planes[0].row_pitch == texels * plan.source.size &&
		destination->planes[0].row_pitch == texels * plan.destination.size) {
		texels *= rows;
		rows = 1;
	}
	for (; rows > 0; rows--) {
		convert_row(&plan, from, to, texels);
		if (rows == 1)
			return; /* after the last row the pointers may be outside of the memory */
		from += source->planes[0].row_pitch;
		to += destination->planes[0].row_pitch;
	}
}

bool gy_convert_has_steps(enum geyser_format format)
{
	return encoding_of(geyser_format_get_info(format)) != GY_ENCODING_NONE;
}
