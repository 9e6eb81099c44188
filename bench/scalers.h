/* Other libraries that convert pixels, in the same memory layouts. */
#ifndef BENCH_SCALERS_H
#define BENCH_SCALERS_H

#include <geyser/convert.h>

/* A conversion between video, as BT.601 in limited range, and bytes, or bytes that are scaled. */
struct scaler {
	const char *name;
	enum geyser_format from, to;
	double target;    /* the speed of geyser beside this library's; 0: there is none */
	const char *lack; /* why it isn't there; NULL: it is */
	void (*convert)(const struct geyser_pixels *from, const struct geyser_pixels *to);
	enum geyser_filter filter; /* from a picture of another size; 0: the same size */
};

#define SCALERS 7

extern const struct scaler scalers[SCALERS];

#endif
