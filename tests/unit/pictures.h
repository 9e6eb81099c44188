/* SPDX-License-Identifier: MIT */
/* Pictures in memory of exactly their size, for tests of conversions. */
#ifndef PICTURES_H
#define PICTURES_H

#include <geyser/convert.h>

/* Makes a picture whose bytes are all the same. There are bytes between its rows. Memory that runs
 * out fails the test. */
struct geyser_pixels picture_make(enum geyser_format format, uint32_t width, uint32_t height);

/* Makes a picture of random bytes. The same seed gives the same bytes. */
struct geyser_pixels picture_make_random(
	enum geyser_format format, uint32_t width, uint32_t height, uint32_t seed);

void picture_finish(struct geyser_pixels *picture);

/* Tells whether every byte of two pictures of the same format and size is the same, also those
 * between the rows. */
bool pictures_are_same(const struct geyser_pixels *a, const struct geyser_pixels *b);

#endif
