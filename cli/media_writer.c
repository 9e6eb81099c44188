/*
 * Writes a film.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>

#include "common.h"
#include "media_encoder.h"

/* ---- the file ------------------------------------------------------------------------------- */

static bool cannot_write(struct media_writer *writer, int error)
{
	char text[MEDIA_ERROR_SIZE];

	if (!writer->failed)
		(void)failure("%s: can't be written (%s, after %" PRIu64
			      " frame%s): expected a place that is writable and has room; what is "
			      "there is kept",
			writer->film.path, media_error(error, text), writer->frames,
			plural(writer->frames));
	writer->failed = true;
	return false;
}

/* Sets how the file is cut into parts, each of which can be read without what follows. */
static void set_parts(AVFormatContext *format, enum media_kind kind)
{
	static const char fragments[] = "+empty_moov+default_base_moof";

	format->flags |= AVFMT_FLAG_FLUSH_PACKETS;
	if (kind != MEDIA_MP4) {
		(void)libav.av_opt_set(format->priv_data, "cluster_time_limit", "1000", 0);
		return;
	}
	/* FFmpeg 7.1 makes an ordinary file of the parts at the end. */
	if (libav.av_opt_set(format->priv_data, "movflags", "+hybrid_fragmented", 0) < 0)
		(void)libav.av_opt_set(format->priv_data, "movflags", fragments, 0);
	(void)libav.av_opt_set(format->priv_data, "frag_duration", "1000000", 0);
}

static int add_stream(struct media_writer *writer)
{
	AVStream *const stream = libav.avformat_new_stream(writer->format, NULL);
	int error;

	if (!stream)
		return AVERROR(ENOMEM);
	error = libav.avcodec_parameters_from_context(stream->codecpar, writer->codec);
	stream->time_base = writer->codec->time_base;
	return error;
}

static int open_file(struct media_writer *writer)
{
	const struct media_film *const film = &writer->film;
	char url[PATH_MAX + 8];
	int error = add_stream(writer);

	if (error < 0)
		return error;
	set_parts(writer->format, film->kind);
	if (film->id)
		(void)libav.av_dict_set(&writer->format->metadata, "GEYSER_RECORDING", film->id, 0);
	(void)snprintf(url, sizeof(url), "file:%s", film->path);
	error = libav.avio_open(&writer->format->pb, url, AVIO_FLAG_WRITE);
	return error < 0 ? error : libav.avformat_write_header(writer->format, NULL);
}

/* Frees all. Returns libav's error of the last bytes. */
static int finish(struct media_writer *writer)
{
	int error = 0;

	libav.av_frame_free(&writer->held);
	libav.av_packet_free(&writer->packet);
	libav.avcodec_free_context(&writer->codec);
	if (writer->format && writer->format->pb) {
		error = writer->format->pb->error;
		if (libav.avio_closep(&writer->format->pb) < 0 && !error)
			error = AVERROR(EIO);
	}
	libav.avformat_free_context(writer->format);
	writer->format = NULL;
	return error;
}

bool media_writer_open(struct media_writer *out, const struct media_film *film)
{
	static const char *const names[] = {"matroska", "mp4", "matroska", "webm"};
	int error;

	*out = (struct media_writer){.film = *film, .last = -1};
	error = libav.avformat_alloc_output_context2(&out->format, NULL, names[film->kind], NULL);
	if (error < 0)
		return cannot_write(out, error);
	out->codec =
		media_encoder_open(film, (out->format->oformat->flags & AVFMT_GLOBALHEADER) != 0);
	out->packet = libav.av_packet_alloc();
	out->failed = !out->codec;
	error = !out->packet ? AVERROR(ENOMEM) : out->failed ? 0 : open_file(out);
	if (error < 0)
		(void)cannot_write(out, error);
	if (out->failed)
		(void)finish(out);
	return !out->failed;
}

uint64_t media_writer_size(const struct media_writer *writer)
{
	const int64_t size = writer->format ? libav.avio_seek(writer->format->pb, 0, SEEK_CUR) : 0;

	return size > 0 ? (uint64_t)size : 0;
}

/* ---- frames --------------------------------------------------------------------------------- */

/* Returns how long the packet's frame is shown. */
static int64_t take_span(struct media_writer *writer, int64_t start)
{
	struct media_span span = {.start = start};

	while (writer->span_count) {
		span = writer->spans[writer->first_span];
		writer->first_span = (writer->first_span + 1) % MEDIA_DELAY_MAX;
		writer->span_count--;
		if (span.start >= start)
			break;
	}
	return span.start == start ? span.length : 0;
}

static void add_span(struct media_writer *writer, int64_t start, int64_t length)
{
	const unsigned index = (writer->first_span + writer->span_count) % MEDIA_DELAY_MAX;

	if (writer->span_count == MEDIA_DELAY_MAX)
		return;
	writer->spans[index] = (struct media_span){start, length};
	writer->span_count++;
}

/* Puts the packets that are ready into the file. */
static int write_packets(struct media_writer *writer)
{
	AVPacket *const packet = writer->packet;
	int error;

	while ((error = libav.avcodec_receive_packet(writer->codec, packet)) >= 0) {
		packet->duration = take_span(writer, packet->pts);
		packet->stream_index = 0;
		writer->check = media_check(packet);
		libav.av_packet_rescale_ts(
			packet, writer->codec->time_base, writer->format->streams[0]->time_base);
		error = libav.av_write_frame(writer->format, packet);
		libav.av_packet_unref(packet);
		if (error >= 0 && writer->film.kind == MEDIA_LOSSLESS) /* end the cluster */
			error = libav.av_write_frame(writer->format, NULL);
		if (error < 0)
			return error;
		libav.avio_flush(writer->format->pb);
		if (writer->format->pb->error)
			return writer->format->pb->error;
	}
	return error == AVERROR(EAGAIN) || error == AVERROR_EOF ? 0 : error;
}

static int64_t ticks(const struct media_writer *writer, uint64_t ns)
{
	return libav.av_rescale_q(
		(int64_t)ns, (AVRational){1, (int)NANOSECONDS}, writer->codec->time_base);
}

/* Encodes a frame that is shown for so long, and writes what the encoder gives. */
static bool encode(
	struct media_writer *writer, AVFrame *frame, uint64_t start_ns, uint64_t length_ns)
{
	int64_t start = ticks(writer, start_ns);
	int error;

	/* two frames within one tick */
	if (start <= writer->last)
		start = writer->last + 1;
	writer->last = start;
	frame->pts = start;
	frame->pict_type = AV_PICTURE_TYPE_NONE;
	add_span(writer, start, ticks(writer, start_ns + length_ns) - start);
	error = libav.avcodec_send_frame(writer->codec, frame);
	if (error >= 0)
		error = write_packets(writer);
	return error >= 0 || cannot_write(writer, error);
}

/* Returns how long a frame is shown of which nothing else is known: as long as the stream's rate
 * says, or as its predecessor. */
static uint64_t usual_step(const struct media_writer *writer)
{
	const uint64_t num = writer->film.rate_num, den = writer->film.rate_den;

	return num && den ? den * NANOSECONDS / num : writer->step_ns;
}

static bool encode_held(struct media_writer *writer, uint64_t end_ns)
{
	AVFrame *frame = writer->held;
	bool done;

	if (!frame)
		return true;
	writer->held = NULL;
	done = encode(writer, frame, writer->held_ns,
		end_ns > writer->held_ns ? end_ns - writer->held_ns : 0);
	libav.av_frame_free(&frame);
	return done;
}

bool media_writer_write(struct media_writer *writer, AVFrame *frame, uint64_t time_ns)
{
	bool done;

	if (writer->frames && time_ns > writer->held_ns)
		writer->step_ns = time_ns - writer->held_ns;
	if (writer->film.kind == MEDIA_LOSSLESS) {
		done = encode(writer, frame, time_ns, usual_step(writer));
		libav.av_frame_free(&frame);
	} else {
		done = encode_held(writer, time_ns);
		writer->held = frame;
	}
	writer->held_ns = time_ns;
	writer->frames += done;
	return done;
}

uint64_t media_writer_end(const struct media_writer *writer, uint64_t end_ns)
{
	const uint64_t least = writer->held_ns + usual_step(writer);

	return end_ns > least ? end_ns : least;
}

bool media_writer_close(struct media_writer *writer, uint64_t end_ns)
{
	int error = 0;

	if (!writer->format)
		return !writer->failed;
	if (!writer->failed && encode_held(writer, media_writer_end(writer, end_ns))) {
		error = libav.avcodec_send_frame(writer->codec, NULL);
		if (error >= 0)
			error = write_packets(writer);
	}
	if (!writer->failed && error < 0)
		(void)cannot_write(writer, error);
	/* after a failure this only frees memory: libav writes nothing after a failed write */
	error = libav.av_write_trailer(writer->format);
	if (error < 0)
		(void)cannot_write(writer, error);
	error = finish(writer);
	if (error < 0)
		(void)cannot_write(writer, error);
	return !writer->failed;
}
