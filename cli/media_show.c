/*
 * Publishes frames that a thread reads from a file, each at its time.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "media_claim.h"
#include "media_late.h"
#include "media_picture.h"
#include "media_show.h"
#include "os.h"
#include "pixels.h"
#include "publish.h"

#define PROGRESS_NS UINT64_C(250000000)
#define PROGRESS_PIPED_NS NANOSECONDS

/* How long subscribers may take for the last frames if the stream isn't lossless. */
#define FAREWELL_NS NANOSECONDS

struct shower {
	struct media_show *show;
	struct publishing publishing; /* the publisher is NULL before the first frame */
	struct geyser_manager *manager;
	struct geyser_texture_desc desc; /* of the stream */
	/* the time line: when a frame was due, and its time in the file */
	uint64_t start_ns, start_time_ns;
	uint64_t frames, told_ns;
	struct media_lateness lateness;
	bool terminal;
};

/* ---- progress ------------------------------------------------------------------------------- */

static void progress(struct shower *shower, uint64_t time_ns)
{
	const bool verbose = shower->show->options->verbose;
	const uint64_t now = now_ns();
	char text[192];

	if ((!shower->terminal && !verbose) ||
		now - shower->told_ns < (shower->terminal ? PROGRESS_NS : PROGRESS_PIPED_NS))
		return;
	shower->told_ns = now;
	(void)snprintf(text, sizeof(text), "%s: %.1f s, %" PRIu64 " frame%s", shower->show->name,
		(double)time_ns / NANOSECONDS, shower->frames, plural(shower->frames));
	if (shower->terminal)
		tell_progress("%s", text);
	else
		tell("geyser: %s\n", text);
}

/* ---- the stream ----------------------------------------------------------------------------- */

/* Returns the size and format of the stream that has this frame. */
static struct geyser_texture_desc desc_of(const struct media_item *item)
{
	const struct media_store *const store = &item->store;
	const AVFrame *const frame = item->frame;

	return (struct geyser_texture_desc){
		.format = store->format ? store->format : media_picture_format(frame),
		.width = store->format ? store->width : (uint32_t)frame->width,
		.height = store->format ? store->height : (uint32_t)frame->height,
	};
}

static bool is_publishable(const struct shower *shower, const struct geyser_texture_desc *desc,
	const struct media_item *item)
{
	const char *const name = libav.av_get_pix_fmt_name(item->frame->format);

	if (!desc->format)
		(void)failure("%s: frames of this format can't be published (%s): convert the "
			      "film: ffmpeg -i FILE -pix_fmt yuv420p NEW.mkv",
			shower->show->options->file, name ? name : "unknown");
	else if (desc->width > GEYSER_MAX_DIMENSION || desc->height > GEYSER_MAX_DIMENSION)
		(void)failure("%s: frames are too large (%ux%u): expected at most %u each way",
			shower->show->options->file, desc->width, desc->height,
			GEYSER_MAX_DIMENSION);
	else
		return true;
	return false;
}

/* Tells at the first frame what of the film subscribers can't get. */
static void tell_of_loss(const struct shower *shower, const struct media_item *item)
{
	const char *const file = shower->show->options->file;
	const AVFrame *const frame = item->frame;
	const AVRational pixel = frame->sample_aspect_ratio;

	if (item->store.format) /* a lossless recording has all that a stream has */
		return;
	if (media_picture_loses_alpha(frame))
		tell("geyser: %s: alpha is left out: geyser can't convert the film's matrix (%u)\n",
			file, (unsigned)frame->colorspace);
	if (pixel.num > 0 && pixel.num != pixel.den)
		tell("geyser: %s: pixels are not square (%d:%d), and subscribers take them for "
		     "squares: ffmpeg -vf 'scale=iw*sar:ih,setsar=1' makes them so\n",
			file, pixel.num, pixel.den);
	if (media_picture_is_interlaced(frame))
		tell("geyser: %s: it is interlaced, and both fields are in one frame: ffmpeg -vf "
		     "yadif makes frames of them\n",
			file);
}

static enum publish_result create_publisher(struct shower *shower)
{
	const struct show_options *const options = shower->show->options;
	const struct geyser_stream_desc desc = {
		.name = shower->show->name,
		.texture = shower->desc,
		.buffers = options->buffers,
		.frame_rate_num = shower->show->rate_num,
		.frame_rate_den = shower->show->rate_den,
		.pacing = options->lossless ? GEYSER_PACING_LOSSLESS : GEYSER_PACING_FREE,
	};
	const enum geyser_result result =
		geyser_publisher_create(shower->manager, &desc, &shower->publishing.publisher);

	if (result) {
		(void)creation_failure(result, shower->show->name);
		return PUBLISH_FAILED;
	}
	if (!options->subscribers)
		return PUBLISH_DONE;
	tell_progress("%s: waiting for %u subscriber%s", shower->show->name, options->subscribers,
		plural(options->subscribers));
	const enum publish_result waited = publish_await_subscribers(
		&shower->publishing, false, options->subscribers, UINT64_MAX);

	end_progress();
	return waited;
}

static bool is_same_shape(const struct geyser_texture_desc *a, const struct geyser_texture_desc *b)
{
	return a->format == b->format && a->width == b->width && a->height == b->height;
}

/* Makes the stream at the first frame, and resizes it where the film changes its size. */
static enum publish_result prepare(struct shower *shower, const struct media_item *item)
{
	struct geyser_texture_desc desc = desc_of(item);
	const bool first = !shower->publishing.publisher;

	if (!is_publishable(shower, &desc, item))
		return PUBLISH_FAILED;
	if (!first && is_same_shape(&desc, &shower->desc))
		return PUBLISH_DONE;
	if (choose_usage(shower->manager, desc.format, false, shower->show->name, &desc.usage))
		return PUBLISH_FAILED;
	shower->desc = desc;
	if (first) {
		tell_of_loss(shower, item);
		return create_publisher(shower);
	}
	if (!geyser_publisher_resize(shower->publishing.publisher, &desc))
		return PUBLISH_DONE;
	(void)library_failure("%s", shower->show->name);
	return PUBLISH_FAILED;
}

/* ---- frames --------------------------------------------------------------------------------- */

static bool draw(
	const struct shower *shower, const struct media_item *item, struct geyser_texture *texture)
{
	struct geyser_mapping mapping;
	struct geyser_pixels texels;
	bool drawn = true;

	if (geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &mapping)) {
		(void)library_failure("%s", shower->show->name);
		return false;
	}
	texels = pixels_of_texture(texture, mapping.data);
	if (!item->store.format)
		drawn = media_picture_copy(item->frame, &texels);
	else if (!media_store_unpack(&item->store, item->frame, &texels))
		drawn = !library_failure("%s", shower->show->name);
	geyser_texture_unmap(texture);
	return drawn;
}

static void describe(const struct media_item *item, struct geyser_frame_info *info)
{
	const uint64_t sequence = info->sequence, timestamp_ns = info->timestamp_ns;

	*info = item->info;
	info->sequence = sequence;
	info->timestamp_ns = timestamp_ns;
}

/* Waits for a line on stdin. Returns PUBLISH_LATE at its end. */
static enum publish_result await_line(void)
{
	char c = 0;
	size_t length = 1;

	while (c != '\n') {
		const enum io_result result = io_read(STDIN_FILENO, &c, 1, &length);

		if (result == IO_INTERRUPTED)
			return PUBLISH_INTERRUPTED;
		if (result != IO_DONE || !length)
			return PUBLISH_LATE;
	}
	return PUBLISH_DONE;
}

/* Returns the time between two times in the file, at the rate that the options name. */
static uint64_t at_rate(const struct show_options *options, uint64_t ns)
{
	const uint64_t num = options->rate_num, den = options->rate_den;

	return ns / num * den + ns % num * den / num;
}

/* Waits for the frame's time. After a long delay the time line begins anew, so that frames don't
 * hurry to catch up. */
static enum publish_result pace(struct shower *shower, const struct media_item *item)
{
	const struct show_options *const options = shower->show->options;
	const uint64_t now = now_ns();
	enum publish_result result;
	uint64_t due, after;

	if (!shower->start_ns) {
		shower->start_ns = now;
		shower->start_time_ns = item->time_ns;
	}
	due = shower->start_ns + at_rate(options, item->time_ns - shower->start_time_ns);
	result = publish_pace(&shower->publishing, due);
	after = now_ns();
	if (result == PUBLISH_DONE && options->stats)
		media_lateness_add(&shower->lateness, after > due ? after - due : 0);
	if (now > due + NANOSECONDS) {
		shower->start_ns = now;
		shower->start_time_ns = item->time_ns;
	}
	return result;
}

/* Publishes the frame, which the call consumes. PUBLISH_LATE: there is no line for it. */
static enum publish_result publish_frame(
	struct shower *shower, const struct media_item *item, struct geyser_frame *frame)
{
	struct geyser_publisher *const publisher = shower->publishing.publisher;
	enum publish_result result = PUBLISH_FAILED;

	if (draw(shower, item, geyser_frame_texture(frame))) {
		describe(item, geyser_frame_get_info(frame));
		result = shower->show->options->step ? await_line() : pace(shower, item);
	}
	if (result != PUBLISH_DONE) {
		(void)geyser_publisher_discard(publisher, frame);
		return result;
	}
	if (geyser_publisher_submit(publisher, frame)) {
		(void)library_failure("%s", shower->show->name);
		return PUBLISH_FAILED;
	}
	shower->frames++;
	progress(shower, item->time_ns);
	return PUBLISH_DONE;
}

static enum publish_result show_item(struct shower *shower, const struct media_item *item)
{
	struct geyser_frame *frame = NULL;
	enum publish_result result = prepare(shower, item);

	if (result != PUBLISH_DONE)
		return result;
	/* after PUBLISH_LATE the stream goes on without the subscriber that is too slow */
	do
		result = publish_acquire(&shower->publishing, &frame);
	while (result == PUBLISH_LATE);
	return result == PUBLISH_DONE ? publish_frame(shower, item, frame) : result;
}

/* Takes the next frame. Returns false at the end, and if a signal comes. */
static bool next_item(struct media_show *show, struct media_item *out)
{
	bool popped;

	signals_set_hook(media_queue_close, &show->queue);
	popped = media_queue_pop(&show->queue, out);
	signals_set_hook(NULL, NULL);
	return popped;
}

static int show_items(struct shower *shower)
{
	const struct show_options *const options = shower->show->options;
	enum publish_result result = PUBLISH_DONE;
	struct media_item item;

	while (result == PUBLISH_DONE && next_item(shower->show, &item)) {
		result = show_item(shower, &item);
		libav.av_frame_free(&item.frame);
	}
	end_progress();
	if (result == PUBLISH_LATE && !shower->frames)
		return failure("%s: stdin ended before the first frame (0 lines): expected a line "
			       "for each frame, as the Enter key sends it",
			shower->show->name);
	if (result == PUBLISH_FAILED)
		return STATUS_FAILURE;
	if (result != PUBLISH_INTERRUPTED && shower->publishing.publisher &&
		!signals_came(shower->publishing.signals) &&
		publish_flush(&shower->publishing,
			options->lossless ? options->timeout_ns : FAREWELL_NS) == PUBLISH_FAILED)
		return STATUS_FAILURE;
	return STATUS_OK;
}

/* ---- the threads ---------------------------------------------------------------------------- */

static void *read_all(void *user)
{
	struct media_show *const show = user;

	/* decoders would make frames late that are ready to be published */
	os_work_in_background();
	show->failed = !show->read(show);
	media_queue_finish(&show->queue);
	return NULL;
}

static int run(struct shower *shower)
{
	struct media_show *const show = shower->show;
	pthread_t thread;
	int status, error;

	error = pthread_create(&thread, NULL, read_all, show);
	if (error)
		return failure("no thread can be started (%s): end some programs", strerror(error));
	status = show_items(shower);
	atomic_store(&show->ended, true);
	media_queue_close(&show->queue);
	(void)pthread_join(thread, NULL);
	if (show->options->stats)
		media_lateness_tell(&shower->lateness, show->name);
	return show->failed ? STATUS_FAILURE : status;
}

int media_show_all(struct media_show *show, int signals)
{
	const struct show_options *const options = show->options;
	struct shower shower = {
		.show = show,
		.publishing = {.name = show->name,
			.timeout_ns = options->timeout_ns,
			.signals = signals},
		.terminal = io_is_terminal(STDERR_FILENO),
	};
	struct media_claim claim;
	int status = open_manager(show->name,
		&(struct geyser_manager_desc){.backend = options->backend}, &shower.manager);

	if (status)
		return status;
	show->growing = media_claim_to_read(&claim, options->file) == MEDIA_TAKEN;
	if (show->growing)
		tell("geyser: %s: is being recorded: what is there by now is published\n",
			options->file);
	media_queue_init(&show->queue);
	status = run(&shower);
	media_queue_destroy(&show->queue);
	media_claim_end(&claim, options->file);
	geyser_publisher_destroy(shower.publishing.publisher);
	geyser_manager_destroy(shower.manager);
	return status;
}
