/* Both processes of a stream, from their start to their end. */
#include "vkframes.h"

#include <sys/mman.h>

#define STREAM "vkframes"

/* ---- one process ----------------------------------------------------------------------------- */

/* Opens all that a process needs but the stream. */
static bool open_side(struct frames *frames, bool gpu, const char **why)
{
	if (!gpu) {
		const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_HOST};

		require(geyser_manager_create(&desc, &frames->manager), "making a manager");
		return true;
	}
	if (!vkhand_open(&frames->hand, why))
		return false;
	frames->software = vkhand_is_software(&frames->hand);
	frames->manager = frames->hand.manager;
	vkhand_image_create_private(&frames->hand, &frames->image);
	vkhand_staging_create(&frames->hand, &frames->staging);
	return true;
}

static void close_side(struct frames *frames, bool gpu)
{
	if (!gpu) {
		geyser_manager_destroy(frames->manager);
		return;
	}
	vkhand_staging_destroy(&frames->hand, &frames->staging);
	vkhand_image_destroy(&frames->hand, &frames->image);
	vkhand_close(&frames->hand);
}

/* ---- the reader ------------------------------------------------------------------------------ */

static void follow(struct frames *frames, const struct frames_turn *turn)
{
	for (size_t i = 0; i < turn->frames; i++)
		frame_receive(frames, turn);
	if (frames->reader_gpu)
		vkhand_finish(&frames->hand);
	/* for the floor, the frames of one turn are released in the other side's turn, too */
	hand_signal(&frames->shared->got, frames->count);
	hand_signal(&frames->shared->done, ++frames->turns);
	if (frames->reader_gpu)
		vkhand_verify(&frames->hand, &frames->staging, frames->image.image,
			(uint8_t)frames->count);
}

static void run_reader(const struct peer_pipes *pipes, void *data)
{
	const struct geyser_subscriber_desc desc = {
		.name = STREAM,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = CONNECT_TIMEOUT,
	};
	struct frames *frames = data;
	struct frames_turn turn;
	const char *why = "";
	char byte;

	read_all(pipes->hold, &byte, 1);
	if (!open_side(frames, frames->reader_gpu, &why))
		die("%s", why);
	require(geyser_subscriber_create(frames->manager, &desc, &frames->subscriber),
		"subscribing");
	write_all(pipes->out, &frames->software, sizeof(frames->software));
	while (next_order(pipes, &turn, sizeof(turn)))
		follow(frames, &turn);
	geyser_subscriber_destroy(frames->subscriber);
	close_side(frames, frames->reader_gpu);
}

/* ---- the writer ------------------------------------------------------------------------------ */

static void publish(struct frames *frames)
{
	const struct geyser_stream_desc desc = {
		.name = STREAM,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM,
			.width = VKHAND_WIDTH,
			.height = VKHAND_HEIGHT},
		.buffers = FRAMES_BUFFERS,
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	bool software;

	require(geyser_publisher_create(frames->manager, &desc, &frames->publisher), "publishing");
	write_all(frames->reader.hold, "", 1);
	read_all(frames->reader.in, &software, sizeof(software));
	frames->software |= software;
}

static void free_memory(struct frames *frames)
{
	for (int i = 0; i < FRAMES_BUFFERS; i++)
		hand_destroy(&frames->buffers[i]);
	(void)munmap(frames->shared, sizeof(*frames->shared));
}

/* Starts the second process. The floor's buffers are mapped before the fork, so both processes have
 * them. */
bool frames_start(struct frames *frames, const char **why)
{
	frames->shared = shared_memory(sizeof(*frames->shared));
	for (int i = 0; i < FRAMES_BUFFERS; i++)
		hand_create(&frames->buffers[i], VKHAND_SIZE);
	peer_start(&frames->reader, PLACE_UNPINNED, run_reader, frames);
	if (!open_side(frames, frames->writer_gpu, why)) {
		peer_abandon(&frames->reader);
		free_memory(frames);
		return false;
	}
	publish(frames);
	return true;
}

uint64_t frames_take_turn(struct frames *frames, const struct frames_turn *turn)
{
	uint64_t start;

	write_all(frames->reader.hold, turn, sizeof(*turn));
	start = now_ns();
	for (size_t i = 0; i < turn->frames; i++)
		frame_send(frames, turn);
	hand_wait(&frames->shared->done, ++frames->turns);
	return now_ns() - start;
}

void frames_stop(struct frames *frames)
{
	peer_stop(&frames->reader);
	geyser_publisher_destroy(frames->publisher);
	close_side(frames, frames->writer_gpu);
	free_memory(frames);
}
