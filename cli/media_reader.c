/*
 * Reads the frames of a film.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "media_reader.h"

#define NS ((AVRational){1, (int)NANOSECONDS})

/* ---- opening -------------------------------------------------------------------------------- */

static bool refuse(const struct media_reader *reader, int error)
{
	char text[MEDIA_ERROR_SIZE];

	if (!atomic_load(reader->ended))
		(void)failure("%s: can't be read (%s): expected a film", reader->path,
			media_error(error, text));
	return false;
}

/* Whether files of that kind name other files, or hosts, or are programs. A file that somebody sent
 * must have no others read, and none run. image2 takes a name for a pattern of
 * names; mlv and vobsub make another name of it. */
static bool names_others(const char *demuxer)
{
	static const char *const names[] = {"hls", "concat", "dash", "imf", "image2", "sdp", "rtsp",
		"rtp", "sap", "avisynth", "vapoursynth", "mlv", "vobsub"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const size_t length = strlen(names[i]);

		if (strncmp(demuxer, names[i], length) == 0 &&
			(!demuxer[length] || demuxer[length] == ','))
			return true;
	}
	return false;
}

/* Sets that the file alone is read, as one of libav's kinds of files that are whole by themselves.
 */
static int set_limits(const struct media_reader *reader, AVDictionary **out)
{
	const AVInputFormat *kind;
	void *state = NULL;
	int error = libav.av_dict_set(out, "protocol_whitelist", "file", 0);

	if (error >= 0 && reader->exact)
		return libav.av_dict_set(out, "format_whitelist", "matroska,webm", 0);
	while (error >= 0 && (kind = libav.av_demuxer_iterate(&state))) {
		if (names_others(kind->name))
			continue;
		error = libav.av_dict_set(out, "format_whitelist", kind->name, AV_DICT_APPEND);
		if (error >= 0)
			error = libav.av_dict_set(out, "format_whitelist", ",", AV_DICT_APPEND);
	}
	return error;
}

static int open_input(struct media_reader *reader)
{
	char url[PATH_MAX + 8];
	AVDictionary *options = NULL;
	int error = set_limits(reader, &options);

	(void)snprintf(url, sizeof(url), "file:%s", reader->path);
	if (error >= 0)
		error = libav.avformat_open_input(&reader->format, url, NULL, &options);
	reader->refused = error == AVERROR(EINVAL);
	libav.av_dict_free(&options);
	return error;
}

/* Returns the decoder for the stream: libav's own ones leave out the alpha of VP8 and VP9, which is
 * a picture of its own in the file. */
static const AVCodec *choose_decoder(const struct media_reader *reader, const AVCodec *usual)
{
	const AVStream *const stream = reader->format->streams[reader->stream];
	const AVDictionaryEntry *const alpha =
		libav.av_dict_get(stream->metadata, "alpha_mode", NULL, 0);
	const enum AVCodecID id = stream->codecpar->codec_id;
	const AVCodec *codec;
	const char *name;

	if ((id != AV_CODEC_ID_VP8 && id != AV_CODEC_ID_VP9) || !alpha ||
		strcmp(alpha->value, "1") != 0)
		return usual;
	name = id == AV_CODEC_ID_VP8 ? "libvpx" : "libvpx-vp9";
	codec = libav.avcodec_find_decoder_by_name(name);
	if (!codec)
		tell("geyser: %s: alpha is left out: this libav lacks the decoder %s\n",
			reader->path, name);
	return codec ? codec : usual;
}

static int has_ended(void *user)
{
	const struct media_reader *const reader = user;

	return atomic_load(reader->ended);
}

static int open_decoder(struct media_reader *reader, const AVCodec *codec)
{
	const AVStream *const stream = reader->format->streams[reader->stream];
	int error;

	reader->codec = libav.avcodec_alloc_context3(codec);
	if (!reader->codec)
		return AVERROR(ENOMEM);
	error = libav.avcodec_parameters_to_context(reader->codec, stream->codecpar);
	if (error < 0)
		return error;
	reader->codec->pkt_timebase = stream->time_base;
	reader->codec->thread_count = 0;
	if (reader->exact) /* threads for frames would keep some of them */
		reader->codec->thread_type = FF_THREAD_SLICE;
	return libav.avcodec_open2(reader->codec, codec, NULL);
}

/* Opens the file and reads its beginning. Returns libav's error. */
static int open_file(struct media_reader *reader)
{
	const AVCodec *codec = NULL;
	int error;

	reader->packet = libav.av_packet_alloc();
	reader->format = libav.avformat_alloc_context();
	if (!reader->packet || !reader->format)
		return AVERROR(ENOMEM);
	reader->format->interrupt_callback = (AVIOInterruptCB){has_ended, reader};
	error = open_input(reader);
	if (error < 0)
		return error;
#if LIBAVFORMAT_VERSION_INT < AV_VERSION_INT(60, 15, 100)
	libav.av_format_inject_global_side_data(reader->format);
#endif
	error = libav.avformat_find_stream_info(reader->format, NULL);
	if (error < 0)
		return error;
	reader->stream =
		libav.av_find_best_stream(reader->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
	if (reader->stream < 0)
		return reader->stream;
	/* the cover of music is no film */
	if (reader->format->streams[reader->stream]->disposition & AV_DISPOSITION_ATTACHED_PIC)
		return AVERROR_STREAM_NOT_FOUND;
	return open_decoder(reader, choose_decoder(reader, codec));
}

bool media_reader_open(struct media_reader *out, const char *path, bool exact, _Atomic bool *ended)
{
	int error;

	*out = (struct media_reader){
		.path = path, .ended = ended, .exact = exact, .seek_ns = INT64_MIN};
	error = open_file(out);
	if (error >= 0)
		return true;
	if (error == AVERROR_STREAM_NOT_FOUND)
		(void)failure("%s: has no pictures: expected a film", path);
	else if (out->refused && access(path, R_OK) < 0) /* libav took it for a pattern */
		(void)refuse(out, AVERROR(errno));
	else if (out->refused && !exact)
		(void)failure("%s: can't be read (a kind of file that names other files, as a "
			      "playlist does, or a name with %%d): expected a film in one file",
			path);
	else
		(void)refuse(out, error);
	media_reader_close(out);
	return false;
}

void media_reader_close(struct media_reader *reader)
{
	libav.avcodec_free_context(&reader->codec);
	libav.avformat_close_input(&reader->format);
	libav.av_packet_free(&reader->packet);
}

AVRational media_reader_rate(const struct media_reader *reader)
{
	const AVRational rate = reader->format->streams[reader->stream]->avg_frame_rate;

	return rate.num > 0 && rate.den > 0 ? rate : (AVRational){0, 1};
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Returns the time of the film's beginning, in nanoseconds. */
static int64_t start_of(const struct media_reader *reader)
{
	const AVStream *const stream = reader->format->streams[reader->stream];

	return stream->start_time == AV_NOPTS_VALUE
		       ? 0
		       : libav.av_rescale_q(stream->start_time, stream->time_base, NS);
}

bool media_reader_seek(struct media_reader *reader, uint64_t time_ns)
{
	const AVStream *const stream = reader->format->streams[reader->stream];
	const int64_t start = start_of(reader), step = (int64_t)time_ns;
	const int64_t time = start > INT64_MAX - step ? INT64_MAX : start + step;
	const int error = libav.av_seek_frame(reader->format, reader->stream,
		libav.av_rescale_q(time, NS, stream->time_base), AVSEEK_FLAG_BACKWARD);

	if (error < 0) {
		char text[MEDIA_ERROR_SIZE];

		if (atomic_load(reader->ended))
			return false;
		(void)failure("%s: can't go to %.3f s (%s): expected a file that isn't a pipe, and "
			      "a time within it",
			reader->path, (double)time_ns / NANOSECONDS, media_error(error, text));
		return false;
	}
	libav.avcodec_flush_buffers(reader->codec);
	reader->draining = false;
	reader->seek_ns = time_ns ? time : INT64_MIN;
	return true;
}

/* Tells once of frames that can't be decoded. Players show the others, and so does this program. */
static void tell_of_damage(struct media_reader *reader, int error)
{
	char text[MEDIA_ERROR_SIZE];

	if (!reader->told && !reader->exact)
		tell("geyser: %s: damaged after %" PRIu64
		     " frame%s (%s): going on with what can be read\n",
			reader->path, reader->frames, plural(reader->frames),
			media_error(error, text));
	reader->told = true;
}

/* Gives the decoder the next packet. Returns libav's error. */
static int feed(struct media_reader *reader)
{
	int error = libav.av_read_frame(reader->format, reader->packet);

	if (atomic_load(reader->ended))
		return AVERROR_EXIT;
	if (error < 0) {
		if (error != AVERROR_EOF)
			tell_of_damage(reader, error);
		reader->draining = true;
		return libav.avcodec_send_packet(reader->codec, NULL);
	}
	if (reader->packet->stream_index == reader->stream) {
		if (reader->exact)
			reader->check = media_check(reader->packet);
		error = libav.avcodec_send_packet(reader->codec, reader->packet);
		if (error < 0 && error != AVERROR(ENOMEM)) {
			tell_of_damage(reader, error);
			error = 0;
		}
	}
	libav.av_packet_unref(reader->packet);
	return error;
}

/* Returns how long the frame is shown; 0: the film doesn't say, or no time is that long. */
static uint64_t length_of(const struct media_reader *reader, const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 2, 100)
	const int64_t length = frame->duration;
#else
	const int64_t length = frame->pkt_duration;
#endif
	const AVRational base = reader->format->streams[reader->stream]->time_base;

	/* negative for one that is too large */
	const int64_t length_ns = length > 0 ? libav.av_rescale_q(length, base, NS) : 0;

	return length_ns > 0 ? (uint64_t)length_ns : 0;
}

/* Returns whether the frame is after the time to which the reader has gone. */
static bool finish_frame(
	struct media_reader *reader, const AVFrame *frame, int64_t *time_ns, uint64_t *length_ns)
{
	const AVRational base = reader->format->streams[reader->stream]->time_base;
	const int64_t time = frame->best_effort_timestamp;

	*length_ns = length_of(reader, frame);
	*time_ns = INT64_MIN;       /* it follows the frame before */
	if (time != AV_NOPTS_VALUE) /* and so does one whose time is too large a number */
		*time_ns = libav.av_rescale_q(time, base, NS);
	if (*time_ns == INT64_MIN || *time_ns >= reader->seek_ns)
		return true;
	/* the frame that is shown at that time began before it */
	return (uint64_t)reader->seek_ns - (uint64_t)*time_ns < *length_ns;
}

static enum media_read failed(const struct media_reader *reader, int error)
{
	(void)refuse(reader, error);
	return MEDIA_READ_FAILED;
}

static enum media_read at_end(const struct media_reader *reader)
{
	if (reader->frames)
		return MEDIA_READ_END;
	if (reader->seek_ns == INT64_MIN)
		(void)failure("%s: has no frame that can be read (0 frames): expected a film",
			reader->path);
	else if (reader->format->duration > 0)
		(void)failure("%s: has no frame from there on (its length is %.3f s): expected a "
			      "time within it",
			reader->path, (double)reader->format->duration / AV_TIME_BASE);
	else
		(void)failure("%s: has no frame that can be read from there on (0 frames): "
			      "expected a film, and a time within it",
			reader->path);
	return MEDIA_READ_FAILED;
}

static enum media_read after_damage(const struct media_reader *reader, AVFrame *frame)
{
	libav.av_frame_unref(frame);
	(void)failure("%s: damaged after %" PRIu64
		      " frame%s: expected the file as geyser record wrote it",
		reader->path, reader->frames, plural(reader->frames));
	return MEDIA_READ_FAILED;
}

enum media_read media_reader_next(
	struct media_reader *reader, AVFrame *frame, int64_t *time_ns, uint64_t *length_ns)
{
	for (;;) {
		int error = libav.avcodec_receive_frame(reader->codec, frame);

		if (error >= 0) {
			if (!finish_frame(reader, frame, time_ns, length_ns)) {
				libav.av_frame_unref(frame);
				continue;
			}
			if (reader->exact && reader->told)
				return after_damage(reader, frame);
			reader->frames++;
			return MEDIA_READ_FRAME;
		}
		if (error == AVERROR_EOF)
			return at_end(reader);
		if (error == AVERROR(ENOMEM))
			return failed(reader, error);
		if (error != AVERROR(EAGAIN))
			tell_of_damage(reader, error);
		if (reader->draining)
			return at_end(reader);
		error = feed(reader);
		if (error < 0)
			return failed(reader, error);
	}
}
