/*
 * geyser replay: publishes a lossless recording.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "media_reader.h"
#include "media_show.h"
#include "media_sidecar.h"

struct replaying {
	struct media_reader reader;
	struct media_sidecar sidecar;
	struct media_heading heading;
	struct media_store store;
	uint64_t first_ns;  /* the timestamp of the round's first frame */
	uint64_t time_ns;   /* of the last frame, from the first one on */
	uint64_t step_ns;   /* between the last two frames */
	uint64_t offset_ns; /* how long the rounds before this one took */
	uint64_t frames;    /* of this round */
	bool told;          /* that the last line is missing */
};

/* ---- the two files -------------------------------------------------------------------------- */

/* Whether the film is the one that the lines belong to. */
static bool is_same_recording(const struct replaying *replaying)
{
	const AVDictionaryEntry *const id =
		libav.av_dict_get(replaying->reader.format->metadata, "GEYSER_RECORDING", NULL, 0);

	if (id && strcmp(id->value, replaying->heading.id) == 0)
		return true;
	(void)failure("%s: isn't of the recording that %s describes: expected both files of one "
		      "geyser record --lossless",
		replaying->reader.path, replaying->sidecar.path);
	return false;
}

static bool is_as_stored(const struct replaying *replaying, const AVFrame *frame)
{
	const struct media_store *const store = &replaying->store;

	if (frame->format == (int)store->pixel_format && frame->width == (int)store->file_width &&
		frame->height == (int)store->file_height)
		return true;
	(void)failure("%s: frame %" PRIu64 " is wrong (%dx%d %s): expected %ux%u %s",
		replaying->reader.path, replaying->frames + 1, frame->width, frame->height,
		libav.av_get_pix_fmt_name(frame->format), store->file_width, store->file_height,
		libav.av_get_pix_fmt_name(store->pixel_format));
	return false;
}

static bool open_film(struct replaying *replaying, const char *file, _Atomic bool *ended)
{
	if (!media_reader_open(&replaying->reader, file, true, ended))
		return false;
	if (is_same_recording(replaying))
		return true;
	media_reader_close(&replaying->reader);
	return false;
}

/* Goes back to the first frame. A file that was cut off has no index to go by, so it is opened
 * anew. */
static bool rewind_files(struct media_show *show, struct replaying *replaying)
{
	media_reader_close(&replaying->reader);
	replaying->offset_ns = replaying->time_ns + replaying->step_ns;
	replaying->frames = 0;
	return media_sidecar_rewind(&replaying->sidecar) &&
	       open_film(replaying, show->options->file, &show->ended);
}

/* ---- frames --------------------------------------------------------------------------------- */

/* Returns the frame's time from the first frame on. */
static uint64_t time_of(struct replaying *replaying, uint64_t timestamp_ns)
{
	uint64_t time_ns;

	if (!replaying->frames++)
		replaying->first_ns = timestamp_ns;
	time_ns = replaying->offset_ns;
	if (timestamp_ns > replaying->first_ns)
		time_ns += timestamp_ns - replaying->first_ns;
	/* a recording of two senders, one after the other, may go back */
	if (time_ns < replaying->time_ns)
		time_ns = replaying->time_ns;
	if (replaying->frames > 1)
		replaying->step_ns = time_ns - replaying->time_ns;
	replaying->time_ns = time_ns;
	return time_ns;
}

/* Whether the film's frame is the one that the line belongs to, with all of its bits. FFV1 decodes
 * damaged frames, too. */
static bool is_line_of(const struct replaying *replaying, uint32_t check)
{
	if (replaying->reader.check == check)
		return true;
	(void)failure("%s: damaged after %" PRIu64
		      " frame%s (a packet's CRC-32 is %u): expected %u, as %s says",
		replaying->reader.path, replaying->frames, plural(replaying->frames),
		replaying->reader.check, check, replaying->sidecar.path);
	return false;
}

/* A frame's line is written after the frame. So the film lacks something if it ends before. */
static enum media_read ends_early(const struct replaying *replaying)
{
	(void)failure("%s: damaged after %" PRIu64
		      " frame%s (it ends there): expected a frame for each line of %s",
		replaying->reader.path, replaying->frames, plural(replaying->frames),
		replaying->sidecar.path);
	return MEDIA_READ_FAILED;
}

/* Ends the round. Where the recording was ended in order, the film ends, too; where its recorder
 * was killed, the film may have more. */
static enum media_read end_of_lines(
	const struct media_show *show, struct replaying *replaying, AVFrame *frame)
{
	uint64_t length_ns;
	int64_t film_ns;
	enum media_read result;

	if (!replaying->sidecar.ended) {
		if (!show->growing && !replaying->told && replaying->frames)
			tell("geyser: %s: has no last line: its recorder was killed, or the file "
			     "is cut off (%" PRIu64 " frame%s)\n",
				replaying->sidecar.path, replaying->frames,
				plural(replaying->frames));
		replaying->told = true;
		return MEDIA_READ_END;
	}
	result = media_reader_next(&replaying->reader, frame, &film_ns, &length_ns);
	if (result != MEDIA_READ_FRAME)
		return result;
	(void)failure("%s: has more than %" PRIu64 " frame%s: expected one for each line of %s",
		replaying->reader.path, replaying->frames, plural(replaying->frames),
		replaying->sidecar.path);
	return MEDIA_READ_FAILED;
}

/* Reads a frame from both files. */
static enum media_read read_item(
	const struct media_show *show, struct replaying *replaying, struct media_item *item)
{
	enum media_read result;
	uint64_t length_ns;
	int64_t film_ns;
	uint32_t check;

	switch (media_sidecar_read(&replaying->sidecar, &item->info, &check)) {
	case MEDIA_LINE_FRAME:
		break;
	case MEDIA_LINE_END:
		return end_of_lines(show, replaying, item->frame);
	default:
		return MEDIA_READ_FAILED;
	}
	result = media_reader_next(&replaying->reader, item->frame, &film_ns, &length_ns);
	if (result == MEDIA_READ_END) /* a file that grows had no more when libav looked */
		return show->growing ? result : ends_early(replaying);
	if (result != MEDIA_READ_FRAME)
		return result;
	if (!is_as_stored(replaying, item->frame) || !is_line_of(replaying, check))
		return MEDIA_READ_FAILED;
	item->time_ns = time_of(replaying, item->info.timestamp_ns);
	return MEDIA_READ_FRAME;
}

/* Pushes all frames up to the recording's end. */
static enum media_read read_round(struct media_show *show, struct replaying *replaying)
{
	enum media_read result;

	for (;;) {
		struct media_item item = {
			.frame = libav.av_frame_alloc(), .store = replaying->store};

		if (!item.frame) {
			(void)failure("%s: no memory for a frame: expected a machine with more",
				show->options->file);
			return MEDIA_READ_FAILED;
		}
		result = read_item(show, replaying, &item);
		if (result != MEDIA_READ_FRAME) {
			libav.av_frame_free(&item.frame);
			return result;
		}
		if (!media_queue_push(&show->queue, &item))
			return MEDIA_READ_FRAME;
	}
}

static bool replay_rounds(struct media_show *show, struct replaying *replaying)
{
	enum media_read result;

	for (;;) {
		result = read_round(show, replaying);
		if (result == MEDIA_READ_END && !replaying->frames) {
			(void)failure("%s: has no frame (0 lines): expected a recording",
				replaying->sidecar.path);
			return false;
		}
		if (result != MEDIA_READ_END || !show->options->loop)
			return result != MEDIA_READ_FAILED || atomic_load(&show->ended);
		if (!rewind_files(show, replaying))
			return atomic_load(&show->ended);
	}
}

static bool replay_all(struct media_show *show)
{
	struct replaying *const replaying = show->reader;
	bool replayed;

	if (!open_film(replaying, show->options->file, &show->ended))
		return atomic_load(&show->ended);
	replayed = replay_rounds(show, replaying);
	media_reader_close(&replaying->reader);
	return replayed;
}

/* Whether it is a second file rather than a film of that name, which has one of its own. */
static bool is_sidecar(const char *file)
{
	const size_t length = strlen(file), ending = strlen(MEDIA_SIDECAR_ENDING);
	char path[PATH_MAX];

	return length > ending && strcmp(file + length - ending, MEDIA_SIDECAR_ENDING) == 0 &&
	       (snprintf(path, sizeof(path), "%s" MEDIA_SIDECAR_ENDING, file) >= PATH_MAX ||
		       access(path, F_OK) < 0);
}

int media_replay(const struct show_options *options, int signals)
{
	struct replaying replaying = {.time_ns = 0};
	struct media_show show = {.options = options, .read = replay_all, .reader = &replaying};
	const struct media_heading *const heading = &replaying.heading;
	int status;

	if (is_sidecar(options->file))
		return failure(
			"%s: is the second file of a recording: expected the first one, %.*s",
			options->file, (int)(strlen(options->file) - strlen(MEDIA_SIDECAR_ENDING)),
			options->file);
	if (!libav_open(options->command))
		return STATUS_FAILURE;
	if (!media_sidecar_open(&replaying.sidecar, options->file, &replaying.heading))
		return STATUS_FAILURE;
	show.name = options->name ? options->name : heading->stream;
	show.rate_num = heading->rate_den ? heading->rate_num : 0;
	show.rate_den = heading->rate_num ? heading->rate_den : 0;
	replaying.store = media_store_choose(heading->format, heading->width, heading->height);
	status = media_show_all(&show, signals);
	media_sidecar_close(&replaying.sidecar);
	return status;
}
