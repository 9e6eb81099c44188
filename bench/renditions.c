/* Measures what renditions cost: a submit while 8 of them convert, beside one without them; and the
 * time until 8 subscribers of one rendition have a frame, beside one subscriber. All subscribers
 * are in this process. */
#include <geyser/convert.h>
#include <unistd.h>

#include "bench.h"

#define STREAM "renditions"
#define SUBSCRIBERS 8u
#define SAMPLES_MAX 60
#define WIDTH 1280
#define HEIGHT 720
#define PAUSE 2000 /* µs between samples, so that threads sleep again; no part of a sample */

static const enum geyser_format formats[SUBSCRIBERS] = {GEYSER_FORMAT_BGRA8_UNORM,
	GEYSER_FORMAT_NV12, GEYSER_FORMAT_I420, GEYSER_FORMAT_RGBA16_FLOAT,
	GEYSER_FORMAT_RGB10A2_UNORM, GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_RG8_UNORM,
	GEYSER_FORMAT_YUY2};

struct setup {
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscribers[SUBSCRIBERS];
	unsigned count;
};

static void subscribe(struct setup *setup, enum geyser_format format)
{
	const struct geyser_subscriber_desc desc = {.name = STREAM};
	const struct geyser_rendition_desc rendition = {.format = format};

	require(geyser_subscriber_create_rendition(
			setup->manager, &desc, &rendition, &setup->subscribers[setup->count++]),
		"subscribing to a rendition");
}

static void begin(struct setup *setup)
{
	const struct geyser_manager_desc host = {.backend = GEYSER_BACKEND_HOST};
	const struct geyser_stream_desc desc = {
		.name = STREAM,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH, .height = HEIGHT},
		.buffers = 4,
	};

	*setup = (struct setup){.count = 0};
	require(geyser_manager_create(&host, &setup->manager), "making a manager");
	require(geyser_publisher_create(setup->manager, &desc, &setup->publisher), "publishing");
}

static void end(struct setup *setup)
{
	while (setup->count > 0)
		geyser_subscriber_destroy(setup->subscribers[--setup->count]);
	geyser_publisher_destroy(setup->publisher);
	geyser_manager_destroy(setup->manager);
}

static uint64_t submit(struct setup *setup)
{
	struct geyser_frame *frame;
	uint64_t start;

	require(geyser_publisher_acquire(setup->publisher, UINT64_MAX, &frame), "acquiring");
	start = now_ns();
	require(geyser_publisher_submit(setup->publisher, frame), "submitting");
	return start;
}

/* Waits until each subscriber has a frame that is newer than the one before. */
static void receive(struct setup *setup)
{
	for (unsigned i = 0; i < setup->count; i++) {
		struct geyser_frame *frame;

		require(geyser_subscriber_acquire(setup->subscribers[i], UINT64_MAX, &frame),
			"acquiring a converted frame");
		require(geyser_subscriber_release(setup->subscribers[i], frame), "releasing");
	}
}

/* received: until all subscribers have the frame, else until the submit returns. */
static void sample(struct setup *setup, bool received, size_t count, uint64_t *samples)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t start;

		(void)usleep(PAUSE);
		start = submit(setup);
		if (received)
			receive(setup);
		samples[i] = now_ns() - start;
		if (!received)
			receive(setup);
	}
}

/* Compares many subscribers with one, or with none. same: all ask for the same. */
static void compare(const struct settings *settings, bool same, struct series *series)
{
	const size_t count = settings->quick ? 15 : SAMPLES_MAX;
	uint64_t samples[2][SAMPLES_MAX]; /* of the floor, and of geyser */

	for (size_t round = 0; round <= settings->rounds; round++) {
		for (unsigned many = 0; many < 2; many++) {
			const unsigned subscribers = many ? SUBSCRIBERS : same;
			struct setup setup;

			begin(&setup);
			for (unsigned i = 0; i < subscribers; i++)
				subscribe(&setup, formats[same ? 0 : i]);
			sample(&setup, same, count, samples[many]);
			end(&setup);
		}
		if (round > 0)
			series_add(series, 0.5, samples[1], samples[0], count);
	}
}

void bench_renditions(const struct settings *settings, struct results *results)
{
	struct series submits = {.rounds = 0}, shared = {.rounds = 0};

	compare(settings, false, &submits);
	compare(settings, true, &shared);
	results_add_times(results, "submit with 8 renditions, to none", PLACE_UNPINNED, &submits,
		LIMIT_NONE, 0);
	results_add_times(results, "8 subscribers of a rendition, to one", PLACE_UNPINNED, &shared,
		LIMIT_NONE, 0);
}
