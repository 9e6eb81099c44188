/*
 * The demo's stream: ffmpeg's video goes to three processes, and what they got is checked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "common.h"
#include "demo.h"
#include "os.h"
#include "publish.h"
#include "source.h"

/* One buffer for each of three viewers, one for the newest frame, one to draw into. */
#define BUFFERS 5u

struct show {
	struct demo *demo;
	char name[64];
	char checksums[PATH_MAX + 32]; /* the file to which ffmpeg writes the frames' checksums */
	struct publishing publishing;
	struct source source;
	struct child ffmpeg, every, slow, victim;
	pid_t victim_pid;
	uint64_t first_ns, last_ns; /* when the first and the last frame were published */
};

/* ---- other processes ------------------------------------------------------------------------ */

/* Starts ffmpeg. It writes its frames to our pipe, and the checksums of the same frames to a
 * file. */
static bool start_ffmpeg(struct show *show)
{
	char video[64], frames[16];
	char *const argv[] = {"ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
		"-f", "lavfi", "-i", video, "-frames:v", frames, "-pix_fmt", "rgba", "-f",
		"rawvideo", "pipe:1", "-frames:v", frames, "-pix_fmt", "rgba", "-f", "framehash",
		"-hash", "crc32", show->checksums, NULL};

	(void)snprintf(video, sizeof(video), "testsrc2=size=%ux%u:rate=%u", DEMO_FRAME_WIDTH,
		DEMO_FRAME_HEIGHT, DEMO_RATE);
	(void)snprintf(frames, sizeof(frames), "%u", DEMO_FRAMES);
	if (!child_start(argv, "ffmpeg", show->demo->signals, true, &show->ffmpeg))
		return false;
	show->source = (struct source){
		.fd = show->ffmpeg.output,
		.name = "ffmpeg",
		.signals = show->demo->signals,
		.limit_ns = DEMO_WAIT_NS,
	};
	return true;
}

static bool start_viewer(
	struct show *show, char *how, char *shown, const char *name, struct child *out)
{
	char parent[16];
	char *const argv[] = {
		os_program(), "demo", "--peer", "view", parent, show->name, how, shown, NULL};

	(void)snprintf(parent, sizeof(parent), "%d", getpid());
	return child_start(argv, name, show->demo->signals, true, out);
}

static bool start_viewers(struct show *show)
{
	char none[] = "-";

	return start_viewer(show, "every", show->demo->every_shown, "the viewer of every frame",
		       &show->every) &&
	       start_viewer(show, "slow", show->demo->slow_shown, "the slow viewer", &show->slow) &&
	       start_viewer(show, "victim", none, "the viewer to kill", &show->victim) &&
	       publish_await_subscribers(&show->publishing, false, 3, DEMO_WAIT_NS) == PUBLISH_DONE;
}

/* Kills a viewer that holds a frame, and waits until the publisher can use that frame's buffer
 * again. */
static bool kill_viewer(struct show *show)
{
	char text[32];
	uint64_t start;

	if (!child_read_lines(&show->victim, 1, DEMO_WAIT_NS, text, sizeof(text)))
		return false;
	if (sscanf(text, "holding %" SCNu64, &show->demo->held_frame) != 1)
		return (void)failure("%s sent an unexpected line (%s)", show->victim.name, text),
		       false;
	start = now_ns();
	show->victim_pid = show->victim.pid;
	if (kill(show->victim.pid, SIGKILL) < 0)
		return (void)failure("%s can't be killed", show->victim.name), false;
	if (publish_await_subscribers(&show->publishing, true, 2, DEMO_WAIT_NS) != PUBLISH_DONE)
		return false;
	show->demo->back_ns = now_ns() - start;
	return true;
}

/* ---- frames --------------------------------------------------------------------------------- */

static bool read_frame(struct show *show, struct geyser_frame *frame)
{
	struct geyser_texture *const texture = geyser_frame_texture(frame);
	struct geyser_mapping mapping;
	enum source_result result;

	if (geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping))
		return (void)library_failure("stream"), false;
	result = source_read(&show->source, texture, &mapping);
	geyser_texture_unmap(texture);
	if (result == SOURCE_END)
		(void)failure("ffmpeg drew too few frames (%" PRIu64 "): expected %u",
			show->source.frames, DEMO_FRAMES);
	else if (result == SOURCE_INTERRUPTED)
		(void)failure("interrupted by a signal");
	return result == SOURCE_FRAME;
}

static bool send_frame(struct show *show, uint32_t number)
{
	struct geyser_publisher *const publisher = show->publishing.publisher;
	const uint64_t elapsed = number * NANOSECONDS / DEMO_RATE;
	struct geyser_frame *frame;

	if (publish_acquire(&show->publishing, &frame) != PUBLISH_DONE)
		return false;
	if (!read_frame(show, frame)) {
		(void)geyser_publisher_discard(publisher, frame);
		return false;
	}
	if (!number)
		show->first_ns = now_ns();
	if (publish_pace(&show->publishing, show->first_ns + elapsed) != PUBLISH_DONE) {
		(void)geyser_publisher_discard(publisher, frame);
		return (void)failure("interrupted by a signal"), false;
	}
	if (geyser_publisher_submit(publisher, frame))
		return (void)library_failure("stream"), false;
	show->last_ns = now_ns();
	return true;
}

static bool send_all(struct show *show)
{
	for (uint32_t i = 0; i < DEMO_FRAMES; i++) {
		if (!send_frame(show, i))
			return false;
		if (i + 1 == DEMO_KILL_FRAME && !kill_viewer(show))
			return false;
	}
	/* After this no viewer holds a buffer: that of the killed one is free, too. */
	if (publish_flush(&show->publishing, DEMO_WAIT_NS) != PUBLISH_DONE)
		return false;
	show->demo->stream_ns = show->last_ns - show->first_ns;
	return true;
}

/* ---- what came ------------------------------------------------------------------------------ */

static bool read_view(struct child *child, struct demo_view *view)
{
	char text[128];

	if (!child_read_lines(child, 1, DEMO_WORK_NS, text, sizeof(text)))
		return false;
	if (sscanf(text, "%" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu32, &view->frames,
		    &view->dropped, &view->latency_p50_ns, &view->latency_p99_ns,
		    &view->changed) != 5 ||
		view->frames > DEMO_FRAMES)
		return (void)failure("%s sent an unexpected line (%s)", child->name, text), false;
	for (uint32_t i = 0; i < view->frames; i++) {
		if (!child_read_lines(child, 1, DEMO_WAIT_NS, text, sizeof(text)))
			return false;
		if (sscanf(text, "%" SCNu64 " %" SCNx32, &view->frame[i].sequence,
			    &view->frame[i].checksum) != 2)
			return (void)failure("%s sent an unexpected line (%s)", child->name, text),
			       false;
	}
	return child_finish(child, DEMO_WAIT_NS);
}

static bool read_checksums(struct show *show)
{
	FILE *const file = fopen(show->checksums, "re");
	char line[256];
	uint32_t count = 0, size;

	if (!file)
		return (void)failure("ffmpeg left no checksums (%s)", strerror(errno)), false;
	while (count < DEMO_FRAMES && fgets(line, sizeof(line), file)) {
		/* stream, dts, pts, duration, size, checksum */
		count += sscanf(line, "%*u, %*u, %*u, %*u, %" SCNu32 ", %" SCNx32, &size,
				 &show->demo->checksums[count]) == 2 &&
			 size == DEMO_FRAME_WIDTH * DEMO_FRAME_HEIGHT * 4;
	}
	(void)fclose(file);
	if (count < DEMO_FRAMES)
		(void)failure(
			"ffmpeg left too few checksums (%u): expected %u", count, DEMO_FRAMES);
	return count == DEMO_FRAMES;
}

/* ---- the stream ----------------------------------------------------------------------------- */

static bool publish(struct show *show)
{
	const struct geyser_stream_desc desc = {
		.name = show->name,
		.texture = {.format = DEMO_FRAME_FORMAT,
			.width = DEMO_FRAME_WIDTH,
			.height = DEMO_FRAME_HEIGHT},
		.buffers = BUFFERS,
		.frame_rate_num = DEMO_RATE,
		.frame_rate_den = 1,
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	bool done;

	if (geyser_publisher_create(show->demo->manager, &desc, &show->publishing.publisher))
		return (void)library_failure("stream"), false;
	done = start_ffmpeg(show) && start_viewers(show) && send_all(show);
	geyser_publisher_destroy(show->publishing.publisher);
	return done;
}

bool demo_stream(struct demo *demo)
{
	const struct child none = {.end = -1, .output = -1};
	struct show show = {
		.demo = demo,
		.publishing = {.name = "stream",
			.timeout_ns = DEMO_WAIT_NS,
			.signals = demo->signals},
		.ffmpeg = none,
		.every = none,
		.slow = none,
		.victim = none,
	};
	bool done;

	(void)snprintf(show.name, sizeof(show.name), "geyser-demo-%d", getpid());
	(void)snprintf(show.checksums, sizeof(show.checksums), "%s/checksums.txt", demo->scratch);
	(void)snprintf(demo->every_shown, sizeof(demo->every_shown), "%s/every.png", demo->scratch);
	(void)snprintf(demo->slow_shown, sizeof(demo->slow_shown), "%s/slow.png", demo->scratch);
	done = publish(&show) && child_finish(&show.ffmpeg, DEMO_WAIT_NS) &&
	       read_view(&show.every, &demo->every) && read_view(&show.slow, &demo->slow) &&
	       read_checksums(&show);
	child_end(&show.ffmpeg);
	child_end(&show.every);
	child_end(&show.slow);
	child_end(&show.victim);
	if (done)
		(void)snprintf(demo->note, sizeof(demo->note),
			"%u frames of %ux%u from ffmpeg to 3 processes; %d, which held one, killed "
			"at frame %u",
			DEMO_FRAMES, DEMO_FRAME_WIDTH, DEMO_FRAME_HEIGHT, show.victim_pid,
			DEMO_KILL_FRAME);
	return done;
}

/* ---- checks --------------------------------------------------------------------------------- */

/* Whether each frame has the checksum that ffmpeg wrote for its number, and the numbers only
 * grow. */
static bool is_true(const struct demo *demo, const struct demo_view *view, const char *name)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < view->frames; i++) {
		const uint64_t sequence = view->frame[i].sequence;

		if (sequence <= last || sequence > DEMO_FRAMES)
			return (void)failure("%s got frame %" PRIu64 " after %" PRIu64, name,
				       sequence, last),
			       false;
		last = sequence;
		if (view->frame[i].checksum != demo->checksums[sequence - 1])
			return (void)failure("%s got another frame %" PRIu64 " (%08" PRIx32
					     "): %08" PRIx32 " is what ffmpeg drew",
				       name, sequence, view->frame[i].checksum,
				       demo->checksums[sequence - 1]),
			       false;
	}
	return true;
}

bool demo_every(struct demo *demo)
{
	const struct demo_view *const view = &demo->every;

	if (!is_true(demo, view, "the viewer of every frame"))
		return false;
	if (view->frames != DEMO_FRAMES || view->dropped)
		return (void)failure("the viewer of every frame got too few (%u, %" PRIu64
				     " dropped): expected %u",
			       view->frames, view->dropped, DEMO_FRAMES),
		       false;
	(void)snprintf(demo->note, sizeof(demo->note),
		"all %u frames came in order; each one's CRC-32 is the one that ffmpeg computed",
		view->frames);
	return true;
}

/* The slow viewer connected before the first frame, so it skipped every frame up to its last one
 * that it didn't get. */
bool demo_slow(struct demo *demo)
{
	const struct demo_view *const view = &demo->slow;

	if (!is_true(demo, view, "the slow viewer"))
		return false;
	if (!view->frames || view->frames == DEMO_FRAMES || view->changed)
		return (void)failure("the slow viewer got wrong frames (%u, %u changed while it "
				     "held them): expected fewer than %u, and unchanged",
			       view->frames, view->changed, DEMO_FRAMES),
		       false;
	if (view->dropped + view->frames != view->frame[view->frames - 1].sequence)
		return (void)failure("the slow viewer counts wrong (%u frames, %" PRIu64
				     " dropped): expected %" PRIu64 " in all",
			       view->frames, view->dropped, view->frame[view->frames - 1].sequence),
		       false;
	(void)snprintf(demo->note, sizeof(demo->note),
		"%u frames, each held for 0.1 s without a change, %" PRIu64
		" skipped; nobody waited for it",
		view->frames, view->dropped);
	return true;
}
