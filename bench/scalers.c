/* libyuv and libswscale, where the build found them. */
#include "scalers.h"

#include <stddef.h>

#ifdef BENCH_LIBYUV
#include <libyuv.h>
#endif
#ifdef BENCH_LIBSWSCALE
#include <libswscale/swscale.h>
#endif

#include "bench.h"

#ifdef BENCH_LIBYUV
#define LIBYUV_LACK NULL

static void by_libyuv(const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	const int width = (int)from->width, height = (int)from->height;
	const struct geyser_pixels *const video = from->format == GEYSER_FORMAT_NV12 ? from : to;
	const struct geyser_pixels *const texels = video == from ? to : from;
	const int pitches[] = {(int)video->planes[0].row_pitch, (int)video->planes[1].row_pitch};
	const int texel_pitch = (int)texels->planes[0].row_pitch;
	int result;

	/* libyuv names the bytes of a word from the highest to the lowest */
	if (video == from)
		result = NV12ToABGR(video->planes[0].data, pitches[0], video->planes[1].data,
			pitches[1], texels->planes[0].data, texel_pitch, width, height);
	else
		result = ABGRToNV12(texels->planes[0].data, texel_pitch, video->planes[0].data,
			pitches[0], video->planes[1].data, pitches[1], width, height);
	if (result)
		die("libyuv can't convert %s to %s", geyser_format_name(from->format),
			geyser_format_name(to->format));
}

/* The only conversion of libyuv's that interpolates chroma. */
static void by_libyuv_filter(const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	const uint8_t *const planes[] = {
		from->planes[0].data, from->planes[1].data, from->planes[2].data};
	const int pitches[] = {(int)from->planes[0].row_pitch, (int)from->planes[1].row_pitch,
		(int)from->planes[2].row_pitch};

	if (I420ToARGBMatrixFilter(planes[0], pitches[0], planes[1], pitches[1], planes[2],
		    pitches[2], to->planes[0].data, (int)to->planes[0].row_pitch,
		    &kYuvI601Constants, (int)from->width, (int)from->height, kFilterBilinear))
		die("libyuv can't convert %s to %s", geyser_format_name(from->format),
			geyser_format_name(to->format));
}
#else
#define LIBYUV_LACK "needs libyuv-dev when it is built"
#define by_libyuv NULL
#define by_libyuv_filter NULL
#endif

#ifdef BENCH_LIBSWSCALE
#define LIBSWSCALE_LACK NULL

static enum AVPixelFormat av_format(enum geyser_format format)
{
	return format == GEYSER_FORMAT_NV12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_RGBA;
}

static void describe(const struct geyser_pixels *pixels, unsigned char *data[4], int pitches[4])
{
	for (size_t i = 0; i < GEYSER_FORMAT_PLANES_MAX && i < 4; i++) {
		data[i] = pixels->planes[i].data;
		pitches[i] = (int)pixels->planes[i].row_pitch;
	}
}

static void by_flags(const struct geyser_pixels *from, const struct geyser_pixels *to, int flags)
{
	static struct SwsContext *context;
	unsigned char *source[4] = {NULL}, *destination[4] = {NULL};
	int source_pitches[4] = {0}, pitches[4] = {0};

	context = sws_getCachedContext(context, (int)from->width, (int)from->height,
		av_format(from->format), (int)to->width, (int)to->height, av_format(to->format),
		flags, NULL, NULL, NULL);
	if (!context)
		die("libswscale can't convert %s to %s", geyser_format_name(from->format),
			geyser_format_name(to->format));
	describe(from, source, source_pitches);
	describe(to, destination, pitches);
	if (sws_scale(context, (const unsigned char *const *)source, source_pitches, 0,
		    (int)from->height, destination, pitches) != (int)to->height)
		die("libswscale can't convert a picture");
}

/* With the flags that interpolate chroma and round as geyser does. */
#define EXACT (SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP)

static void by_libswscale(const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	by_flags(from, to, SWS_BILINEAR | EXACT);
}

static void by_libswscale_area(const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	by_flags(from, to, SWS_AREA | EXACT);
}
#else
#define LIBSWSCALE_LACK "needs libswscale-dev when it is built"
#define by_libswscale NULL
#define by_libswscale_area NULL
#endif

#define NV12 GEYSER_FORMAT_NV12
#define RGBA8 GEYSER_FORMAT_RGBA8_UNORM

const struct scaler scalers[SCALERS] = {
	{"libyuv", NV12, RGBA8, 1, LIBYUV_LACK, by_libyuv, GEYSER_FILTER_NONE},
	{"libswscale", NV12, RGBA8, 2, LIBSWSCALE_LACK, by_libswscale, GEYSER_FILTER_NONE},
	{"libyuv", RGBA8, NV12, 1, LIBYUV_LACK, by_libyuv, GEYSER_FILTER_NONE},
	{"libswscale", RGBA8, NV12, 2, LIBSWSCALE_LACK, by_libswscale, GEYSER_FILTER_NONE},
	{"libyuv's bilinear filter", GEYSER_FORMAT_I420, GEYSER_FORMAT_BGRA8_UNORM, 1, LIBYUV_LACK,
		by_libyuv_filter, GEYSER_FILTER_NONE},
	{"libswscale", RGBA8, RGBA8, 0, LIBSWSCALE_LACK, by_libswscale, GEYSER_FILTER_BILINEAR},
	{"libswscale's area filter", RGBA8, RGBA8, 0, LIBSWSCALE_LACK, by_libswscale_area,
		GEYSER_FILTER_BOX},
};
