/*
 * The encoders of films, and how they are set.
 *
 * SPDX-License-Identifier: MIT
 */
#include "media_encoder.h"
#include "common.h"

struct setting {
	const char *name, *value;
};

/* An encoder of libav. The settings are for live frames: fast, with no frame shown before one that
 * was coded later, so that each packet has its frame's time. */
struct encoder {
	const char *name;
	int ticks; /* a second */
	struct setting settings[6];
};

static const struct encoder x264 = {
	"libx264",
	90000,
	{{"preset", "veryfast"}, {"crf", "20"}, {"bf", "0"}},
};
/* its standard allows 65535 ticks a second at most */
static const struct encoder mpeg4 = {
	"mpeg4",
	60000,
	{{"flags", "+qscale"}, {"global_quality", "354"}},
};
static const struct encoder vp9 = {
	"libvpx-vp9",
	90000,
	{{"deadline", "realtime"}, {"cpu-used", "7"}, {"row-mt", "1"}, {"crf", "30"}, {"b", "0"},
		{"lag-in-frames", "0"}},
};
static const struct encoder vp8 = {
	"libvpx",
	90000,
	{{"deadline", "realtime"}, {"cpu-used", "8"}, {"crf", "10"}, {"b", "8000000"},
		{"lag-in-frames", "0"}},
};
/* each frame stands for itself, so that the file can be read up to any frame */
static const struct encoder ffv1 = {
	"ffv1",
	90000,
	{{"level", "3"}, {"g", "1"}, {"slicecrc", "1"}},
};
static const struct encoder raw = {"rawvideo", 90000, {{NULL, NULL}}};

/* The encoders that a film may have, the best one first. */
static const struct encoder *candidate(const struct media_film *film, unsigned index)
{
	static const struct encoder *const of_webm[] = {&vp9, &vp8};
	static const struct encoder *const of_others[] = {&x264, &mpeg4};

	if (film->kind == MEDIA_LOSSLESS)
		return index ? NULL : film->codec == AV_CODEC_ID_FFV1 ? &ffv1 : &raw;
	if (index >= 2)
		return NULL;
	return film->kind == MEDIA_WEBM ? of_webm[index] : of_others[index];
}

static const char *packages_of(const struct media_film *film)
{
	return film->kind == MEDIA_LOSSLESS ? "FFV1"
	       : film->kind == MEDIA_WEBM   ? "libvpx-vp9 or libvpx"
					    : "libx264 or mpeg4";
}

static void describe(
	AVCodecContext *codec, const struct media_film *film, const struct encoder *encoder)
{
	codec->width = (int)film->width;
	codec->height = (int)film->height;
	codec->pix_fmt = film->pixel_format;
	codec->time_base = (AVRational){1, encoder->ticks};
	if (film->rate_num && film->rate_num <= RATE_MAX && film->rate_den <= RATE_MAX)
		codec->framerate = (AVRational){(int)film->rate_num, (int)film->rate_den};
	codec->color_primaries = film->color.primaries;
	codec->color_trc = film->color.transfer;
	codec->colorspace = film->color.matrix;
	codec->color_range = media_range(film->color.range);
	codec->chroma_sample_location = (enum AVChromaLocation)film->siting;
	codec->thread_count = 0; /* as many as there are processors */
	/* threads for frames would keep some of them */
	if (film->kind == MEDIA_LOSSLESS)
		codec->thread_type = FF_THREAD_SLICE;
}

/* Returns libav's error. */
static int open_one(const struct media_film *film, const struct encoder *encoder,
	const AVCodec *codec, bool global_header, AVCodecContext **out)
{
	AVDictionary *settings = NULL;
	int error;

	*out = libav.avcodec_alloc_context3(codec);
	if (!*out)
		return AVERROR(ENOMEM);
	describe(*out, film, encoder);
	if (global_header)
		(*out)->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	for (size_t i = 0; i < sizeof(encoder->settings) / sizeof(encoder->settings[0]); i++) {
		if (encoder->settings[i].name)
			(void)libav.av_dict_set(&settings, encoder->settings[i].name,
				encoder->settings[i].value, 0);
	}
	error = libav.avcodec_open2(*out, codec, &settings);
	libav.av_dict_free(&settings);
	if (error < 0)
		libav.avcodec_free_context(out);
	return error;
}

AVCodecContext *media_encoder_open(const struct media_film *film, bool global_header)
{
	int error = AVERROR_ENCODER_NOT_FOUND;
	char text[MEDIA_ERROR_SIZE];
	AVCodecContext *out;

	for (unsigned i = 0; candidate(film, i); i++) {
		const struct encoder *const encoder = candidate(film, i);
		const AVCodec *const codec = libav.avcodec_find_encoder_by_name(encoder->name);

		if (!codec)
			continue;
		error = open_one(film, encoder, codec, global_header, &out);
		if (error >= 0 && i)
			tell("geyser: %s: encoded by %s, since this libav has no %s\n", film->path,
				encoder->name, candidate(film, 0)->name);
		if (error >= 0)
			return out;
	}
	(void)failure("%s: frames of %ux%u can't be encoded (%s): expected a libav with %s that "
		      "takes this size",
		film->path, film->width, film->height, media_error(error, text), packages_of(film));
	return NULL;
}
