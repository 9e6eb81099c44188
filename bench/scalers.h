/* Other libraries that convert pixels, in the same memory layouts. */
#ifndef BENCH_SCALERS_H
#define BENCH_SCALERS_H

#include <geyser/convert.h>

struct scaler {
	const char *name;
	double target;    /* the speed of geyser beside this library's */
	const char *lack; /* why it isn't there; NULL: it is */
	/* Converts between NV12, as BT.601 in limited range, and RGBA8. */
	void (*convert)(const struct geyser_pixels *from, const struct geyser_pixels *to);
};

#define SCALERS 2

extern const struct scaler scalers[SCALERS];

#endif
