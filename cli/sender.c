/*
 * geyser send: draws or reads frames straight into the stream's buffers and publishes them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common.h"
#include "publish.h"
#include "send.h"
#include "source.h"

#define TRANSFER_SRGB 13u /* of ITU-T H.273 */

#define PROGRESS_NS UINT64_C(250000000)
#define PROGRESS_PIPED_NS NANOSECONDS

/* How long subscribers may take for the last frames if the stream isn't lossless. */
#define FAREWELL_NS NANOSECONDS

struct sender {
	struct send_options *options; /* the caller's */
	struct publishing publishing;
	const struct geyser_manager *manager;
	struct source source;  /* used only if there is an input */
	struct reach reach;    /* how the last frame was reached */
	uint64_t frames;       /* how many were sent */
	uint64_t start_ns;     /* when the time line began that paces the frames */
	uint64_t paced_frames; /* how many frames were sent on that time line */
	/* when progress was last shown, and how many frames had been sent then */
	uint64_t told_ns, told;
	bool terminal;
	bool interrupted;     /* a signal came before the input's first bytes */
	struct magic_use use; /* describes the input, for messages */
	char command[160];    /* the command in the line that a message suggests */
};

/* ---- progress ------------------------------------------------------------------------------- */

static void show_progress(struct sender *sender, uint64_t now)
{
	const double seconds = (double)(now - sender->told_ns) / NANOSECONDS;
	struct geyser_publisher_stats stats;
	char text[256];

	if (geyser_publisher_get_stats(sender->publishing.publisher, &stats))
		return;
	(void)snprintf(text, sizeof(text), "%s: %" PRIu64 " frame%s, %.1f fps, %u subscriber%s",
		sender->options->name, sender->frames, sender->frames == 1 ? "" : "s",
		seconds > 0 ? (double)(sender->frames - sender->told) / seconds : 0.0,
		stats.subscribers, stats.subscribers == 1 ? "" : "s");
	if (sender->terminal)
		tell_progress("%s", text);
	else
		tell("geyser: %s\n", text);
	sender->told_ns = now;
	sender->told = sender->frames;
}

static void progress(struct sender *sender)
{
	const uint64_t now = now_ns();

	if (!sender->terminal && !sender->options->verbose)
		return;
	if (!sender->told_ns)
		sender->told_ns = now;
	else if (now - sender->told_ns >= (sender->terminal ? PROGRESS_NS : PROGRESS_PIPED_NS))
		show_progress(sender, now);
}

/* Tells how many frames were sent in all. */
static void report(struct sender *sender)
{
	char how[REACH_SIZE] = "";

	if (!sender->terminal && !sender->options->verbose)
		return;
	tell("geyser: %s: %" PRIu64 " frame%s sent%s\n", sender->options->name, sender->frames,
		sender->frames == 1 ? "" : "s",
		sender->frames ? reach_text(&sender->reach, how) : "");
}

/* ---- frames --------------------------------------------------------------------------------- */

static uint64_t frame_time(const struct send_options *options, uint64_t frame)
{
	const uint64_t num = options->rate_num, den = options->rate_den;
	const uint64_t rest = frame % num * den;

	/* Computed in parts: the product of all three overflows after a few days. */
	return (frame / num * den + rest / num) * NANOSECONDS + rest % num * NANOSECONDS / num;
}

/* Takes the rate that y4m names, unless the options name one. */
static void take_rate(struct send_options *options, const struct y4m *y4m)
{
	if (options->rate_num)
		return;
	options->rate_num = y4m->rate_num;
	options->rate_den = y4m->rate_den;
}

static bool is_float(enum geyser_format format)
{
	return geyser_format_get_info(format)->type == GEYSER_FORMAT_TYPE_FLOAT;
}

/* Says what the numbers of a frame mean. Floats are taken for light unless the frame says
 * otherwise, but a pattern's are those of a screen. */
static void describe_colour(const struct sender *sender, struct geyser_frame_info *info)
{
	const struct source *const source = &sender->source;

	if (source->is_y4m) {
		info->color.range = source->y4m.range;
		info->siting = source->y4m.siting;
	} else if (geyser_format_is_video(sender->options->format)) {
		info->color.range = GEYSER_COLOR_RANGE_LIMITED;
	} else if (!sender->options->input && is_float(sender->options->format)) {
		info->color.transfer = TRANSFER_SRGB;
	}
	choose_colour(&sender->options->colour, info);
}

static enum source_result draw(
	struct sender *sender, struct geyser_frame *frame, const struct geyser_mapping *mapping)
{
	struct send_options *const options = sender->options;
	struct geyser_frame_info *const info = geyser_frame_get_info(frame);
	enum source_result result = SOURCE_FRAME;

	if (options->input)
		result = source_read(&sender->source, geyser_frame_texture(frame), mapping);
	if (sender->source.is_y4m) /* a pipe's first frame is read after the stream was made */
		take_rate(options, &sender->source.y4m);
	if (options->rate_num)
		info->presentation_ns = frame_time(options, sender->frames);
	if (options->input) {
		describe_colour(sender, info);
		return result;
	}
	describe_colour(sender, info);
	info->alpha = GEYSER_ALPHA_OPAQUE;
	if (!pattern_draw_texture(options->pattern, sender->frames + 1, info,
		    geyser_frame_texture(frame), mapping))
		return SOURCE_FAILED;
	return SOURCE_FRAME;
}

static enum source_result fill(struct sender *sender, struct geyser_frame *frame)
{
	struct geyser_texture *const texture = geyser_frame_texture(frame);
	struct geyser_mapping mapping;
	enum source_result result;

	if (geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &mapping)) {
		(void)library_failure("%s", sender->options->name);
		return SOURCE_FAILED;
	}
	sender->reach = reach_of(sender->manager, texture);
	result = draw(sender, frame, &mapping);
	geyser_texture_unmap(texture);
	return result;
}

/* Waits for the frame's time. After a long delay the time line begins anew, so that the sender
 * doesn't hurry to catch up. */
static enum publish_result pace(struct sender *sender)
{
	const uint64_t now = now_ns();
	uint64_t time;

	if (!sender->options->rate_num)
		return PUBLISH_DONE;
	if (!sender->start_ns)
		sender->start_ns = now;
	time = sender->start_ns + frame_time(sender->options, sender->paced_frames++);
	if (now > time + NANOSECONDS) {
		sender->start_ns = time = now;
		sender->paced_frames = 1;
	}
	return publish_pace(&sender->publishing, time);
}

/* Submits or discards the frame; it is consumed even after a failure. */
static enum publish_result finish_frame(
	struct sender *sender, struct geyser_frame *frame, enum source_result drawn)
{
	struct geyser_publisher *const publisher = sender->publishing.publisher;
	enum publish_result result = PUBLISH_DONE;

	if (drawn == SOURCE_FRAME)
		result = pace(sender);
	if (drawn != SOURCE_FRAME || result != PUBLISH_DONE) {
		(void)geyser_publisher_discard(publisher, frame);
		return result;
	}
	if (geyser_publisher_submit(publisher, frame)) {
		(void)library_failure("%s", sender->options->name);
		return PUBLISH_FAILED;
	}
	sender->frames++;
	progress(sender);
	return PUBLISH_DONE;
}

/* Sends one frame. After PUBLISH_LATE the stream goes on without a subscriber that is too slow. */
static enum publish_result send_frame(struct sender *sender, enum source_result *drawn)
{
	struct geyser_frame *frame;
	enum publish_result result = publish_acquire(&sender->publishing, &frame);

	*drawn = SOURCE_FRAME;
	if (result != PUBLISH_DONE)
		return result;
	*drawn = fill(sender, frame);
	return finish_frame(sender, frame, *drawn);
}

static int send_frames(struct sender *sender)
{
	const uint64_t limit = sender->options->frames ? sender->options->frames : UINT64_MAX;
	enum source_result drawn = SOURCE_FRAME;
	enum publish_result result = PUBLISH_DONE;

	while (sender->frames < limit && drawn == SOURCE_FRAME &&
		(result == PUBLISH_DONE || result == PUBLISH_LATE))
		result = send_frame(sender, &drawn);
	if (result == PUBLISH_FAILED)
		return STATUS_FAILURE;
	if (result == PUBLISH_INTERRUPTED || drawn == SOURCE_INTERRUPTED)
		return STATUS_OK;
	/* Let every subscriber take the last frames, even if the input was cut off after them. */
	if (publish_flush(&sender->publishing,
		    sender->options->lossless ? sender->options->timeout_ns : FAREWELL_NS) ==
		PUBLISH_FAILED)
		return STATUS_FAILURE;
	return drawn == SOURCE_FAILED ? STATUS_FAILURE : STATUS_OK;
}

/* ---- the stream ----------------------------------------------------------------------------- */

static int run(struct sender *sender)
{
	enum publish_result result = PUBLISH_DONE;
	int status;

	if (sender->options->subscribers) {
		tell_progress("%s: waiting for %u subscriber%s", sender->options->name,
			sender->options->subscribers, plural(sender->options->subscribers));
		result = publish_await_subscribers(
			&sender->publishing, false, sender->options->subscribers, UINT64_MAX);
		end_progress();
	}
	if (result != PUBLISH_DONE)
		return result == PUBLISH_INTERRUPTED ? STATUS_OK : STATUS_FAILURE;
	status = send_frames(sender);
	report(sender);
	return status;
}

static int create_publisher(struct geyser_manager *manager, const struct send_options *options,
	struct geyser_publisher **out)
{
	struct geyser_stream_desc desc = {
		.name = options->name,
		.texture = {.format = options->format,
			.width = options->size.width,
			.height = options->size.height},
		.buffers = options->buffers,
		.frame_rate_num = options->rate_num,
		.frame_rate_den = options->rate_den,
		.pacing = options->lossless ? GEYSER_PACING_LOSSLESS : GEYSER_PACING_FREE,
	};
	const int status = choose_usage(
		manager, options->format, options->host_memory, options->name, &desc.texture.usage);
	enum geyser_result result;

	if (status)
		return status;
	desc.texture.usage |= GEYSER_ROW_ALIGNMENT(options->row_alignment);
	result = geyser_publisher_create(manager, &desc, out);
	return result ? creation_failure(result, options->name) : STATUS_OK;
}

static int publish(struct sender *sender, struct geyser_manager *manager)
{
	const struct send_options *const options = sender->options;
	int status;

	sender->manager = manager;
	status = create_publisher(manager, options, &sender->publishing.publisher);

	if (status)
		return status;
	status = run(sender);
	geyser_publisher_destroy(sender->publishing.publisher);
	return status;
}

/* Takes what the first line of y4m says and the options don't. */
static void take_y4m(struct send_options *options, const struct y4m *y4m)
{
	options->size = (struct size){y4m->width, y4m->height};
	if (!options->format)
		options->format = y4m_format(y4m);
	take_rate(options, y4m);
}

/* Finds out the size and format of an input that describes itself. */
static int examine_source(struct sender *sender, struct send_options *options)
{
	const struct source *const source = &sender->source;

	switch (source_examine(&sender->source)) {
	case SOURCE_FRAME:
		break;
	case SOURCE_INTERRUPTED:
		sender->interrupted = true;
		return STATUS_OK;
	default:
		return STATUS_FAILURE;
	}
	if (source->is_y4m)
		take_y4m(options, &source->y4m);
	if (options->size.width && options->format)
		return STATUS_OK;
	return usage_error("send: an input (%.100s) %swithout its frames' %s: expected --size WxH "
			   "and --format F, or y4m",
		options->input, source->head_size ? "" : "without a byte, and ",
		options->size.width ? "format" : "size");
}

static int open_source(struct sender *sender, struct send_options *options)
{
	char name[GEYSER_STREAM_NAME_MAX + 3];

	(void)snprintf(sender->command, sizeof(sender->command), "geyser send %s",
		shell_word(options->name, name, sizeof(name)));
	sender->use = (struct magic_use){
		.input = options->input,
		.command = sender->command,
		.format = options->format,
		.width = options->size.width,
		.height = options->size.height,
	};
	if (!source_open(&sender->use, options->loop, sender->publishing.signals, &sender->source))
		return STATUS_FAILURE;
	/* A pipe of raw frames may begin long after its stream. */
	if (options->size.width && options->format && !sender->source.is_file)
		return STATUS_OK;
	return examine_source(sender, options);
}

int send_stream(struct send_options *options, int signals)
{
	struct sender sender = {
		.options = options,
		.source = {.fd = -1},
		.terminal = io_is_terminal(STDERR_FILENO),
		.publishing = {.name = options->name,
			.timeout_ns = options->timeout_ns,
			.signals = signals},
	};
	const struct geyser_manager_desc desc = {
		.application = options->application, .backend = options->backend};
	struct geyser_manager *manager;
	int status = options->input ? open_source(&sender, options) : STATUS_OK;

	if (!status && !sender.interrupted)
		status = open_manager(options->name, &desc, &manager);
	if (!status && !sender.interrupted) {
		status = publish(&sender, manager);
		geyser_manager_destroy(manager);
	}
	source_close(&sender.source);
	return status;
}
