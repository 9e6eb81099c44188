/*
 * Pixel formats: their names, their layout, and what each native API calls them.
 *
 * SPDX-License-Identifier: MIT
 *
 * Names follow WebGPU: first the channels in memory order, then the bits of a channel, then the
 * type of a channel. Colour space and alpha mode are not part of a format. "-srgb" only says that
 * the hardware decodes sRGB's transfer function. Any thread may call the functions here. They
 * return static constants.
 */
#ifndef GEYSER_FORMAT_H
#define GEYSER_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#ifndef GEYSER_API
#if defined(__GNUC__)
#define GEYSER_API __attribute__((visibility("default")))
#else
#define GEYSER_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Processes send each other these numbers, so the numbers are ABI and never change. Channels of 8,
 * 16 and 32 bits follow each other in memory. A texel of a packed format is one 32-bit word in the
 * machine's byte order. On the host backend its bits are:
 *
 *   DEPTH24_PLUS           low 24 depth, high 8 unused
 *   DEPTH24_PLUS_STENCIL8  low 24 depth, high 8 stencil
 *   RGB10A2_UNORM          from the low end R, G, B with 10 bits each, then A with 2
 *   RG11B10_UFLOAT         from the low end R and G with 11 bits each, then B with 10
 *
 * Formats of video hold a brightness (luma, Y) for each texel, and two colour differences (chroma,
 * Cb and Cr) that several texels may share. Their names are those of the FourCC, and their bytes
 * are those of ffmpeg's raw video: whole planes one after the other, rows without gaps. Chroma is
 * rounded up at odd sizes: a plane at half width and height has ⌈width / 2⌉ × ⌈height / 2⌉ texels.
 *
 *   NV12, NV16        a plane of Y, then one with Cb and Cr in turn, of 8 bits each. NV12 has
 *                     chroma at half width and height, NV16 at half width
 *   P010, P210, P410  the same with 10 bits, the high ones of 16-bit words, whose low 6 bits
 *                     are 0. P210 has chroma at half width, P410 at full size
 *   P016, P216, P416  the same with 16 bits
 *   I420, I422, I444  planes of Y, Cb and Cr, of 8 bits each. I422 has chroma at half width,
 *                     I444 at full size
 *   YUY2, UYVY        one plane, in which two texels are four bytes: Y Cb Y Cr for YUY2, and
 *                     Cb Y Cr Y for UYVY
 *
 * The frame's colour (struct geyser_color in stream.h) says what the numbers mean. */
enum geyser_format {
	GEYSER_FORMAT_NONE = 0,
	GEYSER_FORMAT_R8_UNORM = 1,
	GEYSER_FORMAT_RG8_UNORM = 2,
	GEYSER_FORMAT_RGBA8_UNORM = 3,
	GEYSER_FORMAT_BGRA8_UNORM = 4,
	GEYSER_FORMAT_R8_UNORM_SRGB = 5,
	GEYSER_FORMAT_RG8_UNORM_SRGB = 6,
	GEYSER_FORMAT_RGBA8_UNORM_SRGB = 7,
	GEYSER_FORMAT_BGRA8_UNORM_SRGB = 8,
	GEYSER_FORMAT_R16_FLOAT = 9,
	GEYSER_FORMAT_R16_UINT = 10,
	GEYSER_FORMAT_R16_SINT = 11,
	GEYSER_FORMAT_RG16_FLOAT = 12,
	GEYSER_FORMAT_RG16_UINT = 13,
	GEYSER_FORMAT_RG16_SINT = 14,
	GEYSER_FORMAT_RGBA16_FLOAT = 15,
	GEYSER_FORMAT_RGBA16_UINT = 16,
	GEYSER_FORMAT_RGBA16_SINT = 17,
	GEYSER_FORMAT_R32_FLOAT = 18,
	GEYSER_FORMAT_R32_UINT = 19,
	GEYSER_FORMAT_R32_SINT = 20,
	GEYSER_FORMAT_RG32_FLOAT = 21,
	GEYSER_FORMAT_RG32_UINT = 22,
	GEYSER_FORMAT_RG32_SINT = 23,
	GEYSER_FORMAT_RGBA32_FLOAT = 24,
	GEYSER_FORMAT_RGBA32_UINT = 25,
	GEYSER_FORMAT_RGBA32_SINT = 26,
	GEYSER_FORMAT_DEPTH32_FLOAT = 27,
	GEYSER_FORMAT_DEPTH24_PLUS = 28,
	GEYSER_FORMAT_DEPTH24_PLUS_STENCIL8 = 29,
	GEYSER_FORMAT_RGB10A2_UNORM = 30,
	GEYSER_FORMAT_RG11B10_UFLOAT = 31,
	GEYSER_FORMAT_R16_UNORM = 32,
	GEYSER_FORMAT_RG16_UNORM = 33,
	GEYSER_FORMAT_RGBA16_UNORM = 34,
	GEYSER_FORMAT_NV12 = 35,
	GEYSER_FORMAT_NV16 = 36,
	GEYSER_FORMAT_P010 = 37,
	GEYSER_FORMAT_I420 = 38,
	GEYSER_FORMAT_YUY2 = 39,
	GEYSER_FORMAT_UYVY = 40,
	GEYSER_FORMAT_I422 = 41,
	GEYSER_FORMAT_I444 = 42,
	GEYSER_FORMAT_P016 = 43,
	GEYSER_FORMAT_P210 = 44,
	GEYSER_FORMAT_P216 = 45,
	GEYSER_FORMAT_P410 = 46,
	GEYSER_FORMAT_P416 = 47,
};

/* The largest format plus 1, for loops over all formats from 1 on. The number grows with the
 * library. */
#define GEYSER_FORMAT_COUNT 48

/* The type of a channel: how its bits are read. */
enum geyser_format_type {
	GEYSER_FORMAT_TYPE_UNORM = 1,  /* 0 to 1 */
	GEYSER_FORMAT_TYPE_FLOAT = 2,  /* signed floating point */
	GEYSER_FORMAT_TYPE_UFLOAT = 3, /* floating point without a sign bit */
	GEYSER_FORMAT_TYPE_UINT = 4,
	GEYSER_FORMAT_TYPE_SINT = 5,
	GEYSER_FORMAT_TYPE_DEPTH = 6, /* depth, with or without stencil */
	/* luma and chroma (Y'CbCr), as whole numbers whose meaning the frame's colour says */
	GEYSER_FORMAT_TYPE_YUV = 7,
};

/* A format's names in OpenGL, for glTexStorage and glTexImage. All members are 0 if OpenGL has no
 * such format. */
struct geyser_format_gl {
	uint32_t internal_format; /* for example GL_RGBA8 */
	uint32_t format;          /* for example GL_RGBA */
	uint32_t type;            /* for example GL_UNSIGNED_BYTE */
};

/* The elements of a CUDA array. All members are 0 if CUDA has no such format. A texel that is one
 * 32-bit word (see above) is one element of CU_AD_FORMAT_UNSIGNED_INT32. */
struct geyser_format_cuda {
	uint32_t array_format; /* for example CU_AD_FORMAT_UNSIGNED_INT8 */
	uint32_t channels;
};

#define GEYSER_FORMAT_PLANES_MAX 4

/* A plane of a format is a picture of its own, whose texels have a simpler format. So a program can
 * use a plane in an API that lacks the format itself. */
struct geyser_format_plane {
	/* Of the plane's texels, for example RG8_UNORM. It is the format itself if that has one
	 * plane and isn't GEYSER_FORMAT_TYPE_YUV. A texel of YUY2's and UYVY's plane is two texels
	 * of the picture, as RGBA8_UNORM. */
	enum geyser_format format;
	/* The plane has ⌈width / width_divisor⌉ × ⌈height / height_divisor⌉ texels. */
	uint32_t width_divisor, height_divisor;
};

struct geyser_format_info {
	enum geyser_format format;
	const char *name;         /* for example "rgba8unorm" */
	uint32_t bytes_per_texel; /* of plane 0; of a block if blocks are larger than a texel */
	uint32_t channels;        /* 1 to 4; depth24plus-stencil8 has 2; Y, Cb and Cr are 3 */
	enum geyser_format_type type;
	bool srgb;
	bool depth, stencil;
	uint32_t planes;                    /* 1 to GEYSER_FORMAT_PLANES_MAX */
	uint32_t block_width, block_height; /* texels; 1 × 1, but 2 × 1 for YUY2 and UYVY */
	uint32_t usage; /* the GEYSER_USAGE bits (geyser.h) that the format can ever have */
	/* Names in native APIs; 0 if the API has no such format. */
	uint32_t drm_fourcc;       /* DRM_FORMAT_… */
	uint32_t vk_format;        /* VkFormat */
	uint32_t mtl_pixel_format; /* MTLPixelFormat */
	uint32_t iosurface_fourcc; /* IOSurface's pixel format, first character in the high byte */
	struct geyser_format_gl gl;
	struct geyser_format_cuda cuda;
	struct geyser_format_plane plane[GEYSER_FORMAT_PLANES_MAX]; /* the first `planes` of them */
	/* ffmpeg's -pix_fmt whose raw video has the same bytes, such as "yuv420p"; NULL if ffmpeg
	 * has none */
	const char *ffmpeg;
};

/* Returns the format's row, or NULL if there is no such format. */
GEYSER_API const struct geyser_format_info *geyser_format_get_info(enum geyser_format format);

/* Returns the format's name, such as "rgba8unorm". Returns "none" for 0, and "unknown" for a number
 * that is no format. */
GEYSER_API const char *geyser_format_name(enum geyser_format format);

/* Returns the format with exactly that name, or with that name in ffmpeg. The name "gray16" stands
 * for "gray16le", as in ffmpeg. Several formats may have one name in ffmpeg: r16unorm rather than
 * r16uint is "gray16le", and a format without -srgb is meant. Returns GEYSER_FORMAT_NONE if there
 * is no such format, or text is NULL. */
GEYSER_API enum geyser_format geyser_format_from_name(const char *text);

/* Tells whether a format is one of video, GEYSER_FORMAT_TYPE_YUV. Returns false for a number that
 * is no format. */
GEYSER_API bool geyser_format_is_video(enum geyser_format format);

/* The size of one plane of a picture. */
struct geyser_plane_extent {
	uint32_t width, height; /* in texels of the plane's format */
	uint64_t row_bytes;     /* bytes of a row, without padding */
	uint64_t size;          /* bytes of all rows, without padding */
};

/* Tells the size of one plane of a picture of this format, width and height. Returns false, and all
 * members 0, if there is no such format or plane. The planes of a raw frame follow one another in
 * this size. Width and height are 1 to GEYSER_MAX_DIMENSION. */
GEYSER_API bool geyser_format_get_plane_extent(enum geyser_format format, uint32_t plane,
	uint32_t width, uint32_t height, struct geyser_plane_extent *out);

#ifdef __cplusplus
}
#endif

#endif
