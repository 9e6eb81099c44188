/* SPDX-License-Identifier: MIT */
/* The steps of struct gy_move_kernels, compiled as those of convert_rows.c. The build names the
 * table, GY_MOVE_KERNELS. */
#include "format/convert_moves.h"

/* Defines the step from m channels of 32 bits to n channels. */
#define SPREAD(m, n)                                                                        \
	STEP(spread_##m##_##n)                                                              \
	{                                                                                   \
		const any32 *const in = from;                                               \
		any32 *const out = to;                                                      \
		const uint32_t one = stage->one;                                            \
                                                                                            \
		for (size_t i = 0; i < texels; i++)                                         \
			for (size_t channel = 0; channel < (n); channel++)                  \
				out[(n)*i + channel] = channel < (m)  ? in[(m)*i + channel] \
						       : channel == 3 ? one                 \
								      : 0;                  \
		(void)one;                                                                  \
	}

SPREAD(1, 2)
SPREAD(1, 4)
SPREAD(2, 1)
SPREAD(2, 4)
SPREAD(4, 1)
SPREAD(4, 2)

/* The same for channels of 8 bits: a texel is one number, whose lowest byte is red. */
#define SPREAD_BYTES(m, from_type, n, to_type)                          \
	STEP(spread_bytes_##m##_##n)                                    \
	{                                                               \
		const from_type *const in = from;                       \
		__typeof__(to_type) *const out = to;                    \
		const uint32_t alpha = (n) == 4 ? stage->one << 24 : 0; \
                                                                        \
		(void)stage;                                            \
		for (size_t i = 0; i < texels; i++)                     \
			out[i] = (to_type)(in[i] | alpha);              \
	}

SPREAD_BYTES(1, uint8_t, 2, any16)
SPREAD_BYTES(1, uint8_t, 4, any32)
SPREAD_BYTES(2, any16, 1, uint8_t)
SPREAD_BYTES(2, any16, 4, any32)
SPREAD_BYTES(4, any32, 1, uint8_t)
SPREAD_BYTES(4, any32, 2, any16)

STEP(swap)
{
	const any32 *const in = from;
	any32 *const out = to;

	(void)stage;
	for (size_t i = 0; i < texels; i++)
		out[i] = (in[i] & 0xFF00FF00) | (in[i] >> 16 & 0xFF) | (in[i] & 0xFF) << 16;
}

static inline uint32_t join(uint32_t first, uint32_t second, uint32_t third, uint32_t fourth)
{
	return first | second << 8 | third << 16 | fourth << 24;
}

/* Four bytes at once: a load and a store of each byte would take twice the time. */
STEP(map)
{
	const uint8_t *const in = from, *const table = stage->table;
	const uint8_t *const last = table + (stage->channels == 4 ? 256 : 0);
	uint8_t *const out = to;
	const size_t count = texels * stage->channels;
	size_t i = 0;

	for (; i + 4 <= count; i += 4) {
		const uint32_t bytes = *(const any32 *)(const void *)(in + i);

		*(any32 *)(void *)(out + i) = join(table[bytes & 0xFF], table[bytes >> 8 & 0xFF],
			table[bytes >> 16 & 0xFF], last[bytes >> 24]);
	}
	for (; i < count; i++)
		out[i] = table[in[i]];
}

/* The compiler makes fast loops of the two functions below only where it knows the channels. */
static inline void map_words_of(
	const uint8_t *in, any32 *out, size_t texels, const uint32_t *table, unsigned int channels)
{
	for (size_t i = 0; i < texels; i++) {
		uint32_t word = 0;

		for (unsigned int channel = 0; channel < channels; channel++)
			word |= table[256 * channel + in[channels * i + channel]];
		out[i] = word;
	}
}

STEP(map_words)
{
	if (stage->channels == 1)
		map_words_of(from, to, texels, stage->table, 1);
	else if (stage->channels == 2)
		map_words_of(from, to, texels, stage->table, 2);
	else
		map_words_of(from, to, texels, stage->table, 4);
}

static inline void map_fields_of(const any32 *in, uint8_t *out, size_t texels,
	const struct gy_field_tables *tables, unsigned int channels)
{
	const struct gy_fields fields = tables->fields; /* a copy can't change by writing bytes */

	for (size_t i = 0; i < texels; i++)
		for (unsigned int channel = 0; channel < channels; channel++)
			out[channels * i + channel] =
				tables->bytes[channel][in[i] >> fields.shift[channel] &
						       fields.mask[channel]];
}

STEP(map_fields)
{
	if (stage->channels == 1)
		map_fields_of(from, to, texels, stage->table, 1);
	else if (stage->channels == 2)
		map_fields_of(from, to, texels, stage->table, 2);
	else
		map_fields_of(from, to, texels, stage->table, 4);
}

#define SPREAD_TABLE(name)                                                                  \
	{                                                                                   \
		{NULL, name##_1_2, NULL, name##_1_4}, {name##_2_1, NULL, NULL, name##_2_4}, \
			{NULL, NULL, NULL, NULL}, {name##_4_1, name##_4_2, NULL, NULL},     \
	}

const struct gy_move_kernels GY_MOVE_KERNELS = {
	.spread = SPREAD_TABLE(spread),
	.spread_bytes = SPREAD_TABLE(spread_bytes),
	.swap = swap,
	.map = map,
	.map_words = map_words,
	.map_fields = map_fields,
};
