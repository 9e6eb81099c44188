/*
 * geyser play: publishes a film.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <string.h>

#include "media_picture.h"
#include "media_reader.h"
#include "media_show.h"

/* Times of a film don't go beyond this, so that sums of them stay numbers. */
#define TIME_MAX ((uint64_t)INT64_MAX)

struct playing {
	struct media_reader reader;
	int64_t film_ns; /* the last frame's time in the film; INT64_MIN: the film doesn't say */
	/* of the frames read so far, from the first one on */
	uint64_t time_ns, length_ns;
	uint64_t offset_ns; /* how long the rounds before this one took */
	bool begun;         /* this round has a frame */
};

static uint64_t later(uint64_t time_ns, uint64_t step_ns)
{
	return step_ns < TIME_MAX - time_ns ? time_ns + step_ns : TIME_MAX;
}

/* Returns the frame's time from the first frame on. A frame whose time isn't known follows the one
 * before, and so does one whose time is before that: there the film was put together. */
static uint64_t time_of(struct playing *playing, int64_t film_ns, uint64_t length_ns)
{
	const AVRational rate = media_reader_rate(&playing->reader);
	const uint64_t usual =
		rate.num ? NANOSECONDS * (uint64_t)rate.den / (uint64_t)rate.num : NANOSECONDS / 25;

	if (!playing->begun)
		playing->time_ns = playing->offset_ns;
	else if (film_ns != INT64_MIN && playing->film_ns != INT64_MIN &&
		 film_ns >= playing->film_ns)
		playing->time_ns =
			later(playing->time_ns, (uint64_t)film_ns - (uint64_t)playing->film_ns);
	else
		playing->time_ns = later(playing->time_ns, playing->length_ns);
	playing->begun = true;
	playing->film_ns = film_ns;
	playing->length_ns = length_ns ? length_ns : usual;
	return playing->time_ns;
}

/* Pushes all frames up to the film's end. Returns MEDIA_READ_FRAME if the other thread takes no
 * more. */
static enum media_read read_round(struct media_show *show, struct playing *playing)
{
	enum media_read result;
	uint64_t length_ns;
	int64_t film_ns;

	for (;;) {
		struct media_item item = {.frame = libav.av_frame_alloc()};

		if (!item.frame) {
			(void)failure("%s: no memory for a frame: expected a machine with more",
				show->options->file);
			return MEDIA_READ_FAILED;
		}
		result = media_reader_next(&playing->reader, item.frame, &film_ns, &length_ns);
		if (result != MEDIA_READ_FRAME) {
			libav.av_frame_free(&item.frame);
			return result;
		}
		item.time_ns = time_of(playing, film_ns, length_ns);
		media_picture_describe(item.frame, &item.info);
		item.info.presentation_ns = item.time_ns;
		if (!media_queue_push(&show->queue, &item))
			return MEDIA_READ_FRAME;
	}
}

static bool play_rounds(struct media_show *show, struct playing *playing)
{
	enum media_read result;

	for (;;) {
		if ((show->options->seek_ns || playing->begun) &&
			!media_reader_seek(&playing->reader, show->options->seek_ns))
			return atomic_load(&show->ended);
		playing->begun = false;
		result = read_round(show, playing);
		if (result == MEDIA_READ_END && !playing->begun) {
			(void)failure("%s: has no frame any more (0 frames, %" PRIu64
				      " before): expected a film that stays as it is",
				show->options->file, playing->reader.frames);
			return false;
		}
		if (result != MEDIA_READ_END || !show->options->loop)
			return result != MEDIA_READ_FAILED || atomic_load(&show->ended);
		playing->offset_ns = later(playing->time_ns, playing->length_ns);
	}
}

static void take_rate(struct media_show *show, const struct playing *playing)
{
	const AVRational rate = media_reader_rate(&playing->reader);

	if (!rate.num || (uint32_t)rate.num > RATE_MAX || (uint32_t)rate.den > RATE_MAX)
		return;
	show->rate_num = (uint32_t)rate.num;
	show->rate_den = (uint32_t)rate.den;
}

static bool play_all(struct media_show *show)
{
	struct playing playing = {.time_ns = 0};
	bool played;

	if (!media_reader_open(&playing.reader, show->options->file, false, &show->ended))
		return atomic_load(&show->ended);
	take_rate(show, &playing);
	played = play_rounds(show, &playing);
	media_reader_close(&playing.reader);
	return played;
}

/* Makes the stream's name of the file's: "clips/dance.mp4" becomes "dance". */
static void name_stream(const char *file, char name[GEYSER_STREAM_NAME_MAX + 1])
{
	const char *const slash = strrchr(file, '/');
	const char *const base = slash ? slash + 1 : file;
	const char *const dot = strrchr(base, '.');
	size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);

	if (length > GEYSER_STREAM_NAME_MAX)
		length = GEYSER_STREAM_NAME_MAX;
	/* no part of a character of several bytes */
	while (length && ((unsigned char)base[length] & 0xc0) == 0x80)
		length--;
	(void)memcpy(name, base, length);
	name[length] = '\0';
}

int media_play(const struct show_options *options, int signals)
{
	struct media_show show = {.options = options, .name = options->name, .read = play_all};
	char name[GEYSER_STREAM_NAME_MAX + 1];

	if (!libav_open(options->command))
		return STATUS_FAILURE;
	if (!show.name) {
		name_stream(options->file, name);
		show.name = name;
	}
	return media_show_all(&show, signals);
}
