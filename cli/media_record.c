/*
 * geyser record: one thread receives frames, another one encodes and writes them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "media.h"
#include "media_recorder.h"
#include "pixels.h"
#include "streams.h"

/* A wait within the library is cut into pieces of this length, to look for signals in between. */
#define SLICE_NS UINT64_C(100000000)
#define PROGRESS_NS UINT64_C(250000000)
#define PROGRESS_PIPED_NS NANOSECONDS

/* How far a frame's time may run ahead of the clock, before it counts as a jump. */
#define JUMP_NS (5 * NANOSECONDS)

struct recording {
	const struct record_options *options;
	struct geyser_subscriber *subscriber;
	int signals;
	struct media_recorder recorder;
	struct geyser_frame_info last; /* of the last frame */
	uint64_t frames, dropped;
	uint64_t time_ns; /* of the last frame, from the first one on */
	uint64_t told_ns;
	bool terminal;
	bool closed; /* the stream has ended in order */
};

enum step {
	STEP_NEXT,
	STEP_END,
	STEP_FAILED, /* a message was printed */
};

/* ---- progress ------------------------------------------------------------------------------- */

static void progress(struct recording *recording)
{
	const uint64_t now = now_ns();
	char text[192];

	if ((!recording->terminal && !recording->options->verbose) ||
		now - recording->told_ns < (recording->terminal ? PROGRESS_NS : PROGRESS_PIPED_NS))
		return;
	recording->told_ns = now;
	(void)snprintf(text, sizeof(text),
		"%s: %.1f s, %" PRIu64 " frame%s, %.1f MiB, %" PRIu64 " dropped",
		recording->options->name, (double)recording->time_ns / NANOSECONDS,
		recording->frames, plural(recording->frames),
		(double)media_recorder_size(&recording->recorder) / 1048576, recording->dropped);
	if (recording->terminal)
		tell_progress("%s", text);
	else
		tell("geyser: %s\n", text);
}

static void report(const struct recording *recording)
{
	if (recording->dropped)
		tell("geyser: %s: %" PRIu64 " frame%s missing, which came faster than they could "
		     "be written: a sender with "
		     "--lossless waits, and one with more --buffers keeps more\n",
			recording->options->name, recording->dropped,
			recording->dropped == 1 ? " is" : "s are");
}

/* ---- frames --------------------------------------------------------------------------------- */

/* Returns the time from the last frame to this one: on the publisher's time line, if both are on
 * it; else by the clock. */
static uint64_t step_to(const struct recording *recording, const struct geyser_frame_info *info)
{
	const struct geyser_frame_info *const last = &recording->last;
	const uint64_t clock = info->timestamp_ns > last->timestamp_ns
				       ? info->timestamp_ns - last->timestamp_ns
				       : 0;
	const uint64_t line = info->presentation_ns - last->presentation_ns;

	return info->presentation_ns > last->presentation_ns && line <= clock + JUMP_NS ? line
											: clock;
}

static void count(struct recording *recording, const struct geyser_frame_info *info)
{
	if (recording->frames) {
		recording->time_ns += step_to(recording, info);
		if (info->sequence > recording->last.sequence + 1)
			recording->dropped += info->sequence - recording->last.sequence - 1;
	}
	recording->last = *info;
	recording->frames++;
}

/* Makes a frame for the file of the texels. */
static bool make_item(struct recording *recording, struct geyser_texture *texture,
	const struct geyser_frame_info *info, struct media_item *out)
{
	struct geyser_mapping mapping;
	struct geyser_pixels texels;
	bool made;

	if (geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping)) {
		(void)library_failure("%s", recording->options->name);
		return false;
	}
	texels = pixels_of_texture(texture, mapping.data);
	made = media_recorder_make(&recording->recorder, &texels, info, out);
	geyser_texture_unmap(texture);
	return made;
}

static bool is_one_picture(const struct recording *recording, const struct geyser_texture *texture)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);

	if (desc->depth <= 1 && desc->layers <= 1 && desc->mip_levels <= 1)
		return true;
	(void)failure("%s: frames with several pictures can't be recorded (%u layers, %u mip "
		      "levels, %u slices): expected one of each",
		recording->options->name, desc->layers, desc->mip_levels, desc->depth);
	return false;
}

static bool is_over(const struct recording *recording, const struct geyser_frame_info *info)
{
	const uint64_t limit = recording->options->duration_ns;

	return limit && recording->frames && recording->time_ns + step_to(recording, info) >= limit;
}

static enum step take_frame(struct recording *recording, struct geyser_frame *frame)
{
	const struct geyser_frame_info info = *geyser_frame_get_info(frame);
	struct geyser_texture *const texture = geyser_frame_texture(frame);
	const bool over = is_over(recording, &info);
	struct media_item item;
	bool made = false;

	if (!over) {
		count(recording, &info);
		made = is_one_picture(recording, texture) &&
		       make_item(recording, texture, &info, &item);
	}
	/* STALE: the publisher has evicted this subscriber, but the frame was right */
	(void)geyser_subscriber_release(recording->subscriber, frame);
	if (over)
		return STEP_END;
	if (!made)
		return STEP_FAILED;
	item.time_ns = recording->time_ns;
	if (!media_recorder_put(&recording->recorder, &item))
		return STEP_FAILED;
	progress(recording);
	return recording->frames == recording->options->frames ? STEP_END : STEP_NEXT;
}

/* Ends the recording. It isn't whole if the sender died. */
static enum step end_of_stream(struct recording *recording)
{
	enum geyser_end end;

	if (geyser_subscriber_get_end(recording->subscriber, &end)) {
		(void)library_failure("%s", recording->options->name);
		return STEP_FAILED;
	}
	recording->closed = end == GEYSER_END_CLOSED;
	if (recording->closed && recording->frames)
		return STEP_END;
	if (recording->closed)
		(void)failure("%s: the stream ended before a frame came (0 frames): expected a "
			      "sender that goes on",
			recording->options->name);
	else
		(void)failure("%s: the sender died (after %" PRIu64
			      " frame%s): expected it to end the stream; what came is kept",
			recording->options->name, recording->frames, plural(recording->frames));
	return STEP_FAILED;
}

static enum step no_frame(const struct recording *recording, uint64_t waited)
{
	char time[DURATION_SIZE];

	if (!recording->options->timeout_ns || waited < recording->options->timeout_ns)
		return STEP_NEXT;
	(void)failure("%s: no frame came for %s (after %" PRIu64
		      "): expected a sender that goes on, or a longer --timeout",
		recording->options->name, duration_text(waited, time), recording->frames);
	return STEP_FAILED;
}

/* How long the stream has gone on, by the clock after its last frame. */
static uint64_t elapsed(const struct recording *recording)
{
	const uint64_t now = now_ns();

	return recording->time_ns +
	       (now > recording->last.timestamp_ns ? now - recording->last.timestamp_ns : 0);
}

/* Receives a frame, or waits for one slice. since is when the wait for this frame began. */
static enum step receive(struct recording *recording, uint64_t *since)
{
	const uint64_t limit = recording->options->duration_ns;
	struct geyser_frame *frame;
	enum step step;

	switch (geyser_subscriber_acquire(recording->subscriber, SLICE_NS, &frame)) {
	case GEYSER_OK:
		step = take_frame(recording, frame);
		*since = now_ns();
		return step;
	case GEYSER_ERROR_DISCONNECTED:
		return end_of_stream(recording);
	case GEYSER_ERROR_TIMEOUT:
		if (limit && recording->frames && elapsed(recording) >= limit)
			return STEP_END;
		return no_frame(recording, now_ns() - *since);
	case GEYSER_ERROR_LIMIT:
		/* The publisher has evicted this subscriber, and accepts it again after some
		 * time. */
		(void)nanosleep(&(struct timespec){.tv_nsec = SLICE_NS}, NULL);
		return no_frame(recording, now_ns() - *since);
	default:
		(void)library_failure("%s", recording->options->name);
		return STEP_FAILED;
	}
}

/* Returns until when the last frame is shown; 0: as long as a frame usually is. */
static uint64_t end_time(const struct recording *recording)
{
	const struct record_options *const options = recording->options;

	if (recording->frames == options->frames)
		return 0;
	if (recording->closed && (recording->frames > 1 || recording->recorder.heading.rate_num))
		return 0;
	if (options->duration_ns && elapsed(recording) > options->duration_ns)
		return options->duration_ns;
	return elapsed(recording);
}

static int record_all(struct recording *recording)
{
	uint64_t since = now_ns();
	enum step step;

	do
		step = receive(recording, &since);
	while (step == STEP_NEXT && !signals_came(recording->signals) &&
		!media_recorder_is_broken(&recording->recorder));
	end_progress();
	if (!media_recorder_end(&recording->recorder, end_time(recording)))
		step = STEP_FAILED;
	report(recording);
	return step == STEP_FAILED ? STATUS_FAILURE : STATUS_OK;
}

/* ---- the stream ----------------------------------------------------------------------------- */

/* Connects in short tries, to look for signals in between. Each may take twice as long as the one
 * before: a slow publisher needs more than one slice. */
static enum geyser_result connect_stream(
	struct recording *recording, struct geyser_manager *manager, uint64_t start)
{
	const uint64_t limit = recording->options->connect_timeout_ns;
	struct geyser_subscriber_desc desc = {
		.name = recording->options->name, .delivery = GEYSER_DELIVER_EVERY};
	uint64_t most = SLICE_NS;
	enum geyser_result result;

	do {
		const uint64_t waited = now_ns() - start;
		const uint64_t rest = waited < limit ? limit - waited : 0;

		desc.connect_timeout_ns = rest < most ? rest : most;
		result = geyser_subscriber_create(manager, &desc, &recording->subscriber);
		most *= 2;
	} while (result == GEYSER_ERROR_TIMEOUT && !signals_came(recording->signals) &&
		 now_ns() - start < limit);
	return result;
}

static int record_stream(struct recording *recording, struct geyser_manager *manager)
{
	const struct record_options *const options = recording->options;
	struct media_heading *const heading = &recording->recorder.heading;
	const uint64_t start = now_ns();
	const enum geyser_result result = connect_stream(recording, manager, start);
	int status;

	if (result && signals_came(recording->signals))
		return STATUS_OK;
	if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_NOT_FOUND)
		return stream_absence(options->name, now_ns() - start);
	if (result)
		return creation_failure(result, options->name);
	stream_rate(options->name, &heading->rate_num, &heading->rate_den);
	signals_give_time(options->file);
	status =
		media_recorder_begin(&recording->recorder) ? record_all(recording) : STATUS_FAILURE;
	geyser_subscriber_destroy(recording->subscriber);
	return status;
}

int media_record(const struct record_options *options, int signals)
{
	struct recording recording = {
		.options = options,
		.signals = signals,
		.terminal = io_is_terminal(STDERR_FILENO),
	};
	struct geyser_manager *manager;
	int status = media_recorder_init(&recording.recorder, options);

	if (!status && !libav_open("record"))
		status = STATUS_FAILURE;
	if (!status)
		status = open_manager("record",
			&(struct geyser_manager_desc){.backend = options->backend}, &manager);
	if (status)
		return status;
	status = record_stream(&recording, manager);
	geyser_manager_destroy(manager);
	return status;
}
