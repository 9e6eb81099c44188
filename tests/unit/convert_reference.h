/* SPDX-License-Identifier: MIT */
/* A slow conversion of texels in double precision, with which the library's is compared. It shares
 * nothing with the library: the formats are written here a second time. */
#ifndef CONVERT_REFERENCE_H
#define CONVERT_REFERENCE_H

#include <geyser/convert.h>

enum reference_type {
	REFERENCE_UNORM,
	REFERENCE_SRGB,
	REFERENCE_FLOAT,  /* with a sign */
	REFERENCE_UFLOAT, /* without */
	REFERENCE_UINT,
	REFERENCE_SINT,
};

/* A kind of channel. */
struct reference_kind {
	enum reference_type type;
	unsigned int bits;
};

/* A channel of a format. */
struct reference_channel {
	struct reference_kind kind; /* bits 0: the format has no such channel */
	unsigned int shift;         /* its lowest bit, from the start of the texel */
};

/* Returns a channel, 0 to 3 for red, green, blue and alpha. */
struct reference_channel reference_channel(enum geyser_format format, unsigned int index);

/* Converts the bits of one channel. */
uint32_t reference_convert(struct reference_kind from, struct reference_kind to, uint32_t bits);

/* Converts one channel's number, as of a channel that the source lacks. */
uint32_t reference_of_number(struct reference_kind to, double number);

/* Reads and writes the bits of a channel in a texel. */
uint32_t reference_get(const struct reference_channel *channel, const unsigned char *texel);
void reference_put(const struct reference_channel *channel, unsigned char *texel, uint32_t bits);

#endif
