/*
 * geyser recv: writes a stream's frames to a file, a pipe or PNGs.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <geyser/stream.h>

#include "json.h"
#include "options.h"
#include "sink.h"
#include "streams.h"

/* A wait within the library is cut into pieces of this length, to look for signals in between. */
#define SLICE_NS UINT64_C(100000000)

/* After this time a message on the terminal says what the command waits for. */
#define WORRY_NS NANOSECONDS

struct recv_options {
	const char *name, *output;
	uint64_t frames; /* the most frames to receive; 0: no limit */
	uint64_t timeout_ns, connect_timeout_ns, spin_ns;
	enum geyser_backend backend;
	/* what the sender is asked for; format NONE: that of the frames */
	struct geyser_rendition_desc rendition;
	struct size size;
	enum sink_kind kind; /* SINK_NONE: the file's name decides */
	bool every, reconnect, stats, json;
};

struct receiver {
	const struct recv_options *options;
	struct geyser_rendition_desc asked; /* what the sender is asked for */
	struct geyser_subscriber *subscriber;
	struct sink sink;
	int signals;
	const struct geyser_manager *manager;
	uint64_t frames, first_ns, last_ns;
	struct reach reach; /* of the last frame */
	bool told;          /* a message has told what the command waits for */
};

enum step {
	STEP_NEXT,
	STEP_END,
	STEP_FAILED, /* a message was printed */
};

/* ---- the command line ----------------------------------------------------------------------- */

static int take_spin(const struct given *given)
{
	struct recv_options *const out = given->options;
	uint64_t microseconds;

	if (parse_number(given->text, &microseconds) && microseconds <= GEYSER_SPIN_MAX_NS / 1000) {
		out->spin_ns = microseconds * 1000;
		return STATUS_OK;
	}
	return usage_error(
		"recv: wrong time to spin (%.100s): expected microseconds, 0 to %" PRIu64,
		given->text, GEYSER_SPIN_MAX_NS / 1000);
}

static const struct option_row rows[] = {
	{'o', "output", "FILE",
		"FILE.raw, or - for stdout: raw frames, one after the other; FILE.y4m: video that "
		"describes itself; FILE.png: one PNG; frame-%05d.png: a PNG for each "
		"frame; by default write nothing",
		TEXT(struct recv_options, output)},
	{0, "raw", NULL, NULL, CHOICE(struct recv_options, kind, enum sink_kind, SINK_RAW)},
	{0, "y4m", NULL, NULL, CHOICE(struct recv_options, kind, enum sink_kind, SINK_Y4M)},
	{0, "png", NULL, "write this, whatever the file is called",
		CHOICE(struct recv_options, kind, enum sink_kind, SINK_PNG)},
	{'f', "format", "F",
		"have the sender convert the frames to this format, geyser's name or ffmpeg's; by "
		"default only PNGs of video are converted, to rgba8unorm or rgba16unorm",
		FORMAT(struct recv_options, rendition.format)},
	{0, "size", "WxH", "have the sender scale the frames to this size",
		SIZE(struct recv_options, size)},
	{0, "filter", "NAME", "scale by nearest, bilinear or box; by default box",
		FILTER(struct recv_options, rendition.filter)},
	{'u', "upright", NULL,
		"have the sender cut out the crop and turn the frames upright; PNGs always are",
		FLAG(struct recv_options, rendition.upright)},
	{'n', "frames", "N", "end after N frames", FRAMES(struct recv_options, frames)},
	{'e', "every", NULL,
		"get each frame in order as long as the sender's buffers last, and all if it is "
		"lossless; by default always the newest",
		FLAG(struct recv_options, every)},
	{'t', "timeout", "S", "fail when no frame came for S seconds; by default never",
		TIMEOUT(struct recv_options, timeout_ns)},
	{'c', "connect-timeout", "S",
		"wait S seconds for the stream to begin, by default 5; with 0 it must be there "
		"already",
		SECONDS(struct recv_options, connect_timeout_ns)},
	{0, "spin", "US",
		"look for the next frame for US microseconds before sleeping, at most 1000000; by "
		"default 0. A CPU is busy meanwhile. US must reach the next frame (17000 at 60 a "
		"second), else little is gained; on a busy machine frames come later",
		.take = take_spin},
	{'r', "reconnect", NULL, "when the stream ends, wait for the next one of that name",
		FLAG(struct recv_options, reconnect)},
	BACKEND_ROW(struct recv_options),
	{'s', "stats", NULL, "at the end say on stderr how many frames came and how late",
		FLAG(struct recv_options, stats)},
	{0, "json", NULL,
		"print the same as one JSON object on stdout, or on stderr with --output -",
		FLAG(struct recv_options, json)},
};

const struct syntax recv_syntax = {
	.usage = "usage: geyser recv NAME [OPTION]...\n"
		 "\n"
		 "Receives a stream's frames, until it ends, after --frames, or at SIGINT or\n"
		 "SIGTERM.\n"
		 "\n",
	.notes = "\n"
		 "PNGs show frames as they are meant: cropped, upright, with straight alpha. Raw\n"
		 "frames are written as they lie in memory. y4m holds video and gray: range,\n"
		 "chroma siting and rate travel in it; matrix, primaries and transfer don't. The\n"
		 "sender converts a frame once for all receivers that ask for the same format,\n"
		 "size and filter. Red, green and blue become video of limited range.\n"
		 "\n"
		 "examples:\n"
		 "  geyser recv test --frames 10 --output frame-%02d.png\n"
		 "  geyser recv clip --y4m --output - | ffplay -\n"
		 "  geyser recv cam --y4m --format i420 --size 640x360 --output - | ffplay -\n"
		 "  geyser recv cam --format nv12 --size 640x360 --output frames.yuv\n"
		 "  geyser recv clip --every --output - |\n"
		 "      ffmpeg -f rawvideo -pix_fmt rgba -s 1280x720 -r 30 -i - copy.mkv\n"
		 "\n"
		 "exit status: 0 frames came, and the stream ended, all asked for were there or\n"
		 "stdout's reader has gone; 1 it failed or its sender died (stderr says why); 2\n"
		 "wrong usage\n",
	.column = 27,
	.words = 1,
	.arguments = {offer_streams},
	.see = "send view list top",
	.wanted = "the stream's name",
	OPTIONS(rows),
};

static int choose_sink(struct receiver *receiver)
{
	const struct recv_options *const options = receiver->options;
	const int status =
		sink_choose(options->name, options->output, options->kind, &receiver->sink);

	if (options->rendition.filter && !options->size.width)
		return usage_error("recv: a filter without a size scales nothing: add --size WxH");
	receiver->sink.format = options->rendition.format;
	/* a PNG shows the frame upright: what is scaled to the size is that picture */
	if (receiver->sink.kind == SINK_PNG || receiver->sink.kind == SINK_NUMBER)
		receiver->asked.upright = receiver->asked.upright || receiver->asked.width;
	if (!status && receiver->sink.kind == SINK_PNG && options->frames != 1)
		return usage_error("recv: one PNG for several frames (%.200s): expected --frames "
				   "1, or a name with a number, such as frame-%%05d.png",
			options->output);
	return status;
}

/* ---- connecting ----------------------------------------------------------------------------- */

static uint64_t slice(uint64_t waited, uint64_t limit, uint64_t most)
{
	const uint64_t rest = waited < limit ? limit - waited : 0;

	return rest < most ? rest : most;
}

static bool is_wanted(const struct receiver *receiver)
{
	return !signals_came(receiver->signals) && !sink_is_gone(&receiver->sink);
}

/* Tries to connect. Each try may take twice as long as the one before: a slow publisher needs more
 * than one slice. */
static enum geyser_result try_to_connect(
	struct receiver *receiver, struct geyser_manager *manager, uint64_t start)
{
	const struct recv_options *const options = receiver->options;
	struct geyser_subscriber_desc desc = {
		.name = options->name,
		.delivery = options->every ? GEYSER_DELIVER_EVERY : GEYSER_DELIVER_LATEST,
	};
	uint64_t most = SLICE_NS;
	enum geyser_result result;

	for (;;) {
		desc.connect_timeout_ns =
			slice(now_ns() - start, options->connect_timeout_ns, most);
		result = geyser_subscriber_create_rendition(
			manager, &desc, &receiver->asked, &receiver->subscriber);
		if (result != GEYSER_ERROR_TIMEOUT || !is_wanted(receiver) ||
			now_ns() - start >= options->connect_timeout_ns)
			break;
		tell_progress("%s: waiting for the stream to begin, for %.0f s at most",
			options->name, (double)options->connect_timeout_ns / NANOSECONDS);
		most *= 2;
	}
	end_progress();
	return result;
}

/* Whether the sender doesn't convert, and this program can: the sender has an earlier version of
 * geyser, lacks the format, or has too many renditions. Only the sender scales and turns. Nobody
 * converts to depth. */
static bool can_convert_here(const struct receiver *receiver, enum geyser_result result)
{
	const struct geyser_rendition_desc *const asked = &receiver->asked;

	return (result == GEYSER_ERROR_UNSUPPORTED || result == GEYSER_ERROR_LIMIT) &&
	       asked->format && !geyser_format_get_info(asked->format)->depth && !asked->width &&
	       !asked->upright;
}

/* Connects to the stream. Returns false if the command must end with *status. */
static bool connect_stream(struct receiver *receiver, struct geyser_manager *manager, int *status)
{
	const struct recv_options *const options = receiver->options;
	const uint64_t start = now_ns();
	enum geyser_result result = try_to_connect(receiver, manager, start);

	if (can_convert_here(receiver, result)) {
		tell("geyser: %s: the frames are converted here, since the sender doesn't: %s\n",
			options->name, geyser_error_detail());
		receiver->asked = (struct geyser_rendition_desc){0};
		result = try_to_connect(receiver, manager, start);
	}
	if (!result)
		return true;
	if (!is_wanted(receiver))
		*status = STATUS_OK;
	else if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_NOT_FOUND)
		*status = stream_absence(options->name, now_ns() - start);
	else
		*status = creation_failure(result, options->name);
	return false;
}

/* ---- frames --------------------------------------------------------------------------------- */

static enum step write_frame(struct receiver *receiver, struct geyser_frame *frame)
{
	const enum sink_result result = sink_write(&receiver->sink, frame);

	const enum geyser_result released = geyser_subscriber_release(receiver->subscriber, frame);

	/* STALE: the publisher has evicted this subscriber as too slow, but the frame was right. */
	if (released && released != GEYSER_ERROR_STALE) {
		(void)library_failure("%s", receiver->options->name);
		return STEP_FAILED;
	}
	if (result != SINK_WRITTEN)
		return result == SINK_FAILED ? STEP_FAILED : STEP_END;
	return receiver->frames == receiver->options->frames ? STEP_END : STEP_NEXT;
}

static enum step take_frame(struct receiver *receiver, struct geyser_frame *frame)
{
	if (receiver->told)
		end_progress();
	receiver->told = false;
	receiver->last_ns = now_ns();
	if (!receiver->frames++)
		receiver->first_ns = receiver->last_ns;
	receiver->reach = reach_of(receiver->manager, geyser_frame_texture(frame));
	return write_frame(receiver, frame);
}

/* Ends the recording. It isn't whole if the sender died. */
static enum step end_of_stream(const struct receiver *receiver)
{
	const struct recv_options *const options = receiver->options;
	enum geyser_end end;

	if (options->reconnect)
		return STEP_NEXT;
	if (geyser_subscriber_get_end(receiver->subscriber, &end)) {
		(void)library_failure("%s", options->name);
		return STEP_FAILED;
	}
	if (end == GEYSER_END_CLOSED && receiver->frames)
		return STEP_END;
	if (end == GEYSER_END_CLOSED)
		(void)failure("%s: the stream ended before a frame came (0 frames): expected a "
			      "sender that goes on, or --reconnect",
			options->name);
	else
		(void)failure("%s: the sender died (after %" PRIu64
			      " frame%s): expected it to end the stream; --reconnect waits for the "
			      "next one",
			options->name, receiver->frames, plural(receiver->frames));
	return STEP_FAILED;
}

static enum step no_frame(struct receiver *receiver, uint64_t waited, uint64_t limit)
{
	const struct recv_options *const options = receiver->options;
	char time[DURATION_SIZE];

	if (waited < limit) {
		if (waited >= WORRY_NS && !receiver->told) {
			tell_progress("%s: waiting for a frame (%" PRIu64 " so far)", options->name,
				receiver->frames);
			receiver->told = true;
		}
		return STEP_NEXT;
	}
	(void)duration_text(waited, time);
	if (stream_is_silent(options->name))
		(void)failure("%s: no frame came for %s (after %" PRIu64
			      "): its program is stopped or doesn't answer; kill -CONT resumes "
			      "a stopped one",
			options->name, time, receiver->frames);
	else
		(void)failure("%s: no frame came for %s (after %" PRIu64
			      "): expected a sender that goes on, or a longer --timeout",
			options->name, time, receiver->frames);
	return STEP_FAILED;
}

/* Receives a frame, or waits for one slice. since is when the wait for this frame began. */
static enum step receive(struct receiver *receiver, uint64_t *since)
{
	const struct recv_options *const options = receiver->options;
	const uint64_t limit = options->timeout_ns ? options->timeout_ns : UINT64_MAX;
	const uint64_t waited = now_ns() - *since;
	struct geyser_frame *frame;
	enum step step = STEP_FAILED;

	switch (geyser_subscriber_acquire(
		receiver->subscriber, slice(waited, limit, SLICE_NS), &frame)) {
	case GEYSER_OK:
		step = take_frame(receiver, frame);
		*since = now_ns();
		return step;
	case GEYSER_ERROR_DISCONNECTED:
		return end_of_stream(receiver);
	/* the sender has lost its device: the stream hasn't ended in order */
	case GEYSER_ERROR_DEVICE_LOST:
		if (options->reconnect)
			return STEP_NEXT;
		(void)library_failure("%s", options->name);
		return STEP_FAILED;
	case GEYSER_ERROR_TIMEOUT:
		return no_frame(receiver, waited, limit);
	case GEYSER_ERROR_LIMIT:
		if (!receiver->frames)
			break;
		/* The publisher has evicted this subscriber as too slow, and accepts it again
		 * after some time. */
		(void)nanosleep(&(struct timespec){.tv_nsec = SLICE_NS}, NULL);
		return no_frame(receiver, waited, limit);
	default:
		break;
	}
	(void)library_failure("%s", options->name);
	return STEP_FAILED;
}

/* Tells on stderr if fewer frames came than --frames asked for. That isn't a failure. */
static void tell_of_few(const struct receiver *receiver)
{
	const struct recv_options *const options = receiver->options;

	if (receiver->frames < options->frames && !sink_is_gone(&receiver->sink))
		tell("geyser: %s: %s after %" PRIu64 " of %" PRIu64 " frame%s\n", options->name,
			signals_came(receiver->signals) ? "interrupted" : "the stream ended",
			receiver->frames, options->frames, plural(options->frames));
}

static int receive_all(struct receiver *receiver)
{
	uint64_t since = now_ns();
	enum step step;

	do
		step = receive(receiver, &since);
	while (step == STEP_NEXT && is_wanted(receiver));
	end_progress();
	if (step != STEP_FAILED)
		tell_of_few(receiver);
	return sink_close(&receiver->sink) && step != STEP_FAILED ? STATUS_OK : STATUS_FAILURE;
}

/* ---- figures -------------------------------------------------------------------------------- */

static double frames_a_second(const struct receiver *receiver)
{
	const uint64_t time = receiver->last_ns - receiver->first_ns;

	return time ? (double)(receiver->frames - 1) * NANOSECONDS / (double)time : 0;
}

/* Writes how the last frame was reached, or null if no frame came. */
static void write_reach(struct json *json, const struct receiver *receiver)
{
	const struct reach *const reach = receiver->frames ? &receiver->reach : NULL;

	json_string(json, "backend",
		geyser_backend_name(geyser_manager_get_backend(receiver->manager)));
	json_string(json, "path", reach ? path_name(reach->path) : NULL);
	json_string(json, "map_path", reach ? path_name(reach->map_path) : NULL);
}

static void write_stats(
	const struct receiver *receiver, const struct geyser_subscriber_stats *stats)
{
	struct json json = {.file = answers(), .compact = true};

	json_begin(&json, NULL, '{');
	json_string(&json, "name", receiver->options->name);
	json_number(&json, "frames", stats->frames);
	json_number(&json, "dropped", stats->dropped);
	json_number(&json, "connections", stats->connections);
	json_number(&json, "latency_p50_ns", stats->latency_p50_ns);
	json_number(&json, "latency_p99_ns", stats->latency_p99_ns);
	json_number(&json, "duration_ns", receiver->last_ns - receiver->first_ns);
	json_number(&json, "millihertz", (uint64_t)(frames_a_second(receiver) * 1000 + 0.5));
	write_reach(&json, receiver);
	json_end(&json, '}');
}

static void print_stats(
	const struct receiver *receiver, const struct geyser_subscriber_stats *stats)
{
	char how[REACH_SIZE] = "";

	tell("geyser: %s: %" PRIu64 " frame%s, %" PRIu64
	     " dropped, latency p50 %.1f us, p99 %.1f us, %.1f fps%s\n",
		receiver->options->name, stats->frames, plural(stats->frames), stats->dropped,
		(double)stats->latency_p50_ns / 1e3, (double)stats->latency_p99_ns / 1e3,
		frames_a_second(receiver),
		receiver->frames ? reach_text(&receiver->reach, how) : "");
}

static int report(const struct receiver *receiver)
{
	const struct recv_options *const options = receiver->options;
	const bool stdout_taken = options->output && strcmp(options->output, "-") == 0;
	struct geyser_subscriber_stats stats;

	if (!options->stats && !options->json)
		return STATUS_OK;
	if (geyser_subscriber_get_stats(receiver->subscriber, &stats))
		return library_failure("%s", options->name);
	if (options->json)
		write_stats(receiver, &stats);
	if (options->json && stdout_taken)
		answers_to_stderr();
	if (options->stats)
		print_stats(receiver, &stats);
	return options->json && !stdout_taken ? finish_output() : STATUS_OK;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int run(struct receiver *receiver, struct geyser_manager *manager)
{
	struct y4m *const y4m = &receiver->sink.y4m;
	int status, told;

	receiver->manager = manager;
	if (!connect_stream(receiver, manager, &status))
		return status;
	if (receiver->sink.kind == SINK_Y4M)
		stream_rate(receiver->options->name, &y4m->rate_num, &y4m->rate_den);
	status = receive_all(receiver);
	told = report(receiver);
	geyser_subscriber_destroy(receiver->subscriber);
	return status ? status : told;
}

int recv_command(int argc, char **argv)
{
	struct recv_options options = {.connect_timeout_ns = 5 * NANOSECONDS};
	struct receiver receiver = {.options = &options};
	struct geyser_manager *manager;
	int status;
	char **const words = read_options(&recv_syntax, argc, argv, &options, &status);

	if (!words)
		return status;
	options.name = words[0];
	receiver.asked = options.rendition;
	receiver.asked.width = options.size.width;
	receiver.asked.height = options.size.height;
	receiver.signals = signals_open();
	if (receiver.signals < 0)
		return STATUS_FAILURE;
	status = choose_sink(&receiver);
	if (!status)
		status = open_manager("recv",
			&(struct geyser_manager_desc){.backend = options.backend}, &manager);
	if (!status) {
		status = geyser_manager_set_spin(manager, options.spin_ns)
				 ? library_failure("recv")
				 : run(&receiver, manager);
		geyser_manager_destroy(manager);
	}
	signals_close();
	return status;
}
