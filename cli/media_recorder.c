/*
 * The files of a recording, and the thread that writes them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "media_look.h"
#include "media_recorder.h"

/* ---- names ---------------------------------------------------------------------------------- */

static const struct {
	const char *ending;
	enum media_kind kind;
} endings[] = {
	{".mp4", MEDIA_MP4},
	{".mkv", MEDIA_MATROSKA},
	{".webm", MEDIA_WEBM},
};

/* Returns the name's ending, with its dot; "" if it has none. */
static const char *ending_of(const char *path)
{
	const char *const slash = strrchr(path, '/');
	const char *const dot = strrchr(slash ? slash : path, '.');

	return dot ? dot : path + strlen(path);
}

int media_recorder_init(struct media_recorder *out, const struct record_options *options)
{
	const char *const ending = ending_of(options->file);

	*out = (struct media_recorder){.options = options,
		.film_claim = MEDIA_UNCLAIMED,
		.sidecar_claim = MEDIA_UNCLAIMED};
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strcasecmp(ending, endings[i].ending) != 0)
			continue;
		out->kind = endings[i].kind;
		if (!options->lossless)
			return STATUS_OK;
		if (out->kind != MEDIA_MATROSKA)
			break;
		out->kind = MEDIA_LOSSLESS;
		return STATUS_OK;
	}
	return usage_error("record: unknown kind of file (%.200s): expected a name that ends in "
			   "%s",
		options->file, options->lossless ? ".mkv with --lossless" : ".mp4, .mkv or .webm");
}

/* The highest number of a file. A stream that changes its size with each frame would fill a folder.
 */
#define NUMBER_MAX 1000u

/* Names the next file: the first one as the user did, the second one FILE-2. */
static bool name_file(struct media_recorder *recorder)
{
	const char *const file = recorder->options->file, *const ending = ending_of(file);
	int length;

	recorder->number++;
	if (recorder->number == 1)
		length = snprintf(recorder->path, PATH_MAX, "%s", file);
	else
		length = snprintf(recorder->path, PATH_MAX, "%.*s-%u%s", (int)(ending - file), file,
			recorder->number, ending);
	if (length >= PATH_MAX)
		(void)failure("%.100s...: its name is too long (%d bytes): expected %d at most",
			file, length, PATH_MAX - 1);
	else if (recorder->number > NUMBER_MAX)
		(void)failure(
			"%s: frames have changed too often, or too many files are there (up "
			"to number %u): expected a stream that keeps its size, or another name",
			file, NUMBER_MAX);
	else
		return true;
	return false;
}

/* Claims a file, which must be new unless it is the recording's first one. */
static enum media_claimed claim(
	const struct media_recorder *recorder, struct media_claim *out, const char *path)
{
	const enum media_claimed claimed = media_claim_to_write(out, path, recorder->number > 1);

	if (claimed == MEDIA_TAKEN)
		(void)failure("%s: another geyser is recording or replaying it: expected another "
			      "name, or the end of that one",
			path);
	else if (claimed == MEDIA_REFUSED)
		(void)failure("%s: can't be written (%s): expected a place that is writable", path,
			strerror(errno));
	return claimed;
}

/* Ends the claims on the files, and removes those that are new and empty. */
static void let_go(struct media_recorder *recorder)
{
	media_claim_end(&recorder->sidecar_claim, recorder->sidecar.path);
	media_claim_end(&recorder->film_claim, recorder->path);
}

static enum media_claimed claim_both(struct media_recorder *recorder)
{
	enum media_claimed claimed = claim(recorder, &recorder->film_claim, recorder->path);

	if (claimed == MEDIA_CLAIMED && recorder->kind == MEDIA_LOSSLESS)
		claimed =
			media_sidecar_name(recorder->sidecar.path, recorder->path)
				? claim(recorder, &recorder->sidecar_claim, recorder->sidecar.path)
				: MEDIA_REFUSED;
	if (claimed != MEDIA_CLAIMED)
		let_go(recorder);
	return claimed;
}

/* Names and claims the next file: one that nobody else has made. */
static bool take_files(struct media_recorder *recorder)
{
	enum media_claimed claimed;

	do {
		if (!name_file(recorder))
			return false;
		claimed = claim_both(recorder);
	} while (claimed == MEDIA_EXISTS);
	recorder->files += claimed == MEDIA_CLAIMED;
	return claimed == MEDIA_CLAIMED;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Sets what the second file's first line says. The film has the id, too. */
static bool describe_recording(struct media_recorder *recorder)
{
	struct media_heading *const heading = &recorder->heading;
	unsigned char noise[(MEDIA_ID_SIZE - 1) / 2];

	if (getentropy(noise, sizeof(noise)) < 0)
		return !failure("no random bytes: expected a system that has some");
	for (size_t i = 0; i < sizeof(noise); i++)
		(void)snprintf(heading->id + 2 * i, 3, "%02x", noise[i]);
	(void)snprintf(heading->stream, sizeof(heading->stream), "%s", recorder->options->name);
	heading->format = recorder->store.format;
	heading->width = recorder->store.width;
	heading->height = recorder->store.height;
	return true;
}

/* Describes the film of frames as this one. */
static struct media_film film_of(
	const struct media_recorder *recorder, const struct media_item *item)
{
	struct media_film film = {
		.path = recorder->path,
		.kind = recorder->kind,
		.codec = item->store.codec,
		.pixel_format = item->store.pixel_format,
		.width = item->store.file_width,
		.height = item->store.file_height,
		.color = item->info.color,
		.siting = item->info.siting,
		.rate_num = recorder->heading.rate_num,
		.rate_den = recorder->heading.rate_den,
	};

	if (recorder->kind == MEDIA_LOSSLESS)
		film.id = recorder->heading.id;
	else
		(void)media_look_choose(recorder->options->name, item->store.format,
			item->store.width, item->store.height, &item->info, &film);
	return film;
}

static bool open_film(struct media_recorder *recorder, const struct media_item *item)
{
	const struct media_film film = film_of(recorder, item);

	return media_writer_open(&recorder->writer, &film);
}

/* What an older recording left in the files is lost from here on: both can be written. */
static bool open_both(struct media_recorder *recorder, const struct media_item *item)
{
	const bool lossless = recorder->kind == MEDIA_LOSSLESS;

	if ((lossless && !describe_recording(recorder)) || !open_film(recorder, item))
		return false;
	if (!lossless ||
		media_sidecar_create(&recorder->sidecar, recorder->path, &recorder->heading))
		return true;
	(void)media_writer_close(&recorder->writer, 0);
	return false;
}

static bool open_files(struct media_recorder *recorder, const struct media_item *item)
{
	if (!take_files(recorder))
		return false;
	recorder->store = item->store;
	recorder->start_ns = item->time_ns;
	recorder->open = open_both(recorder, item);
	if (!recorder->open)
		let_go(recorder);
	return recorder->open;
}

static void tell_of_file(const struct media_recorder *recorder, uint64_t frames, const char *codec)
{
	if (recorder->options->verbose || io_is_terminal(STDERR_FILENO))
		tell("geyser: %s: %" PRIu64 " frame%s of %ux%u by %s\n", recorder->path, frames,
			plural(frames), recorder->writer.film.width, recorder->writer.film.height,
			codec);
}

static bool close_files(struct media_recorder *recorder, uint64_t end_ns)
{
	struct media_writer *const writer = &recorder->writer;
	const char *const codec = recorder->open ? writer->codec->codec->name : "";
	const uint64_t frames = writer->frames;
	bool closed;

	if (!recorder->open)
		return true;
	recorder->open = false;
	end_ns = media_writer_end(
		writer, end_ns > recorder->start_ns ? end_ns - recorder->start_ns : 0);
	closed = media_writer_close(writer, end_ns);
	if (closed && recorder->kind == MEDIA_LOSSLESS)
		closed = media_sidecar_end(&recorder->sidecar, frames, end_ns);
	media_sidecar_close(&recorder->sidecar);
	let_go(recorder);
	if (closed)
		tell_of_file(recorder, frames, codec);
	return closed;
}

/* ---- the thread ----------------------------------------------------------------------------- */

static bool is_same_meaning(const struct media_film *a, const struct media_film *b)
{
	return a->color.primaries == b->color.primaries && a->color.transfer == b->color.transfer &&
	       a->color.matrix == b->color.matrix && a->color.range == b->color.range &&
	       a->siting == b->siting;
}

static bool is_same_picture(const struct media_store *a, const struct media_store *b)
{
	return media_store_is_same(a, b) && a->file_width == b->file_width &&
	       a->file_height == b->file_height;
}

/* Whether the open file can go on with the frame. A film to look at has one colour. A lossless
 * recording has each frame's colour beside the film. */
static bool takes(const struct media_recorder *recorder, const struct media_item *item)
{
	struct media_film film;

	if (!recorder->open || !is_same_picture(&recorder->store, &item->store))
		return false;
	if (recorder->kind == MEDIA_LOSSLESS)
		return true;
	film = film_of(recorder, item);
	return is_same_meaning(&film, &recorder->writer.film);
}

static void tell_of_change(const struct media_recorder *recorder, const struct media_store *before)
{
	const struct media_store *const now = &recorder->store;
	const struct media_film *const film = &recorder->writer.film;
	const struct geyser_color *const color = &film->color;

	if (is_same_picture(before, now))
		tell("geyser: %s: frames have another colour now (primaries %u, transfer %u, "
		     "matrix %u, %s, siting %u): going on with %s\n",
			recorder->options->name, color->primaries, color->transfer, color->matrix,
			color->range == GEYSER_COLOR_RANGE_LIMITED ? "limited" : "full",
			(unsigned)film->siting, recorder->path);
	else
		tell("geyser: %s: frames are %ux%u %s now, and were %ux%u %s: going on with %s\n",
			recorder->options->name, now->width, now->height,
			geyser_format_name(now->format), before->width, before->height,
			geyser_format_name(before->format), recorder->path);
}

/* Goes on with another file if the frames aren't as before. */
static bool change_files(struct media_recorder *recorder, const struct media_item *item)
{
	const struct media_store before = recorder->store;

	if (takes(recorder, item))
		return true;
	if (!close_files(recorder, item->time_ns))
		return false;
	if (!open_files(recorder, item))
		return false;
	if (recorder->files > 1)
		tell_of_change(recorder, &before);
	return true;
}

/* Writes a frame, which the call frees. */
static bool write_item(struct media_recorder *recorder, struct media_item *item)
{
	const uint64_t time_ns = item->time_ns;

	if (!change_files(recorder, item)) {
		libav.av_frame_free(&item->frame);
		return false;
	}
	if (!media_writer_write(&recorder->writer, item->frame, time_ns - recorder->start_ns))
		return false;
	atomic_store(&recorder->size, media_writer_size(&recorder->writer));
	return recorder->kind != MEDIA_LOSSLESS ||
	       media_sidecar_write(&recorder->sidecar, &item->info, recorder->writer.check);
}

static void *write_all(void *user)
{
	struct media_recorder *const recorder = user;
	struct media_item item;

	while (!recorder->failed && media_queue_pop(&recorder->queue, &item))
		recorder->failed = !write_item(recorder, &item);
	atomic_store(&recorder->broken, recorder->failed);
	media_queue_close(&recorder->queue);
	if (!close_files(recorder, atomic_load(&recorder->end_ns)))
		recorder->failed = true;
	return NULL;
}

bool media_recorder_begin(struct media_recorder *recorder)
{
	int error;

	media_queue_init(&recorder->queue);
	error = pthread_create(&recorder->thread, NULL, write_all, recorder);
	if (!error)
		return true;
	media_queue_destroy(&recorder->queue);
	(void)failure("no thread can be started (%s): end some programs", strerror(error));
	return false;
}

bool media_recorder_end(struct media_recorder *recorder, uint64_t end_ns)
{
	atomic_store(&recorder->end_ns, end_ns);
	media_queue_finish(&recorder->queue);
	(void)pthread_join(recorder->thread, NULL);
	media_queue_destroy(&recorder->queue);
	return !recorder->failed;
}

bool media_recorder_is_broken(struct media_recorder *recorder)
{
	return atomic_load(&recorder->broken);
}

uint64_t media_recorder_size(struct media_recorder *recorder)
{
	return atomic_load(&recorder->size);
}

/* ---- items ---------------------------------------------------------------------------------- */

/* Of a film to look at, the size in the file is that of the upright picture. */
static bool choose_store(const struct media_recorder *recorder, const struct geyser_pixels *texels,
	const struct geyser_frame_info *info, struct media_film *film, struct media_store *out)
{
	*out = media_store_choose(texels->format, texels->width, texels->height);
	if (recorder->kind == MEDIA_LOSSLESS)
		return true;
	if (!media_look_choose(recorder->options->name, texels->format, texels->width,
		    texels->height, info, film))
		return false;
	out->pixel_format = film->pixel_format;
	out->file_width = film->width;
	out->file_height = film->height;
	return true;
}

static bool fill(const struct media_recorder *recorder, const struct geyser_pixels *texels,
	const struct media_film *film, const struct media_item *item)
{
	if (recorder->kind != MEDIA_LOSSLESS)
		return media_look_make(
			recorder->options->name, texels, &item->info, film, item->frame);
	if (media_store_pack(&item->store, texels, item->frame))
		return true;
	(void)library_failure("%s", recorder->options->name);
	return false;
}

static bool create_frame(const struct media_recorder *recorder, const struct geyser_pixels *texels,
	const struct media_store *store, AVFrame **out)
{
	const int error =
		media_frame_create(store->pixel_format, store->file_width, store->file_height, out);
	char text[MEDIA_ERROR_SIZE];

	if (error >= 0)
		return true;
	if (error == AVERROR(ENOMEM))
		(void)failure("%s: no memory for a frame of %ux%u: expected a machine with more",
			recorder->options->name, texels->width, texels->height);
	else
		(void)failure("%s: frames of %ux%u %s are too large for libav (%s, as a picture of "
			      "%ux%u): expected less than 2^28 pixels",
			recorder->options->name, texels->width, texels->height,
			geyser_format_name(texels->format), media_error(error, text),
			store->file_width, store->file_height);
	return false;
}

bool media_recorder_make(struct media_recorder *recorder, const struct geyser_pixels *texels,
	const struct geyser_frame_info *info, struct media_item *out)
{
	struct media_film film = {.kind = recorder->kind};

	*out = (struct media_item){.info = *info};
	if (!choose_store(recorder, texels, info, &film, &out->store))
		return false;
	if (!create_frame(recorder, texels, &out->store, &out->frame))
		return false;
	if (fill(recorder, texels, &film, out))
		return true;
	libav.av_frame_free(&out->frame);
	return false;
}

bool media_recorder_put(struct media_recorder *recorder, const struct media_item *item)
{
	return media_queue_push(&recorder->queue, item);
}
