/*
 * A 4K image between two processes on one GPU: this one clears it, the other copies it into an
 * image of its own, until this one's CPU knows that the copy is done.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cudarun.h"
#include "vkhand.h"

#define TARGET 1.05
#define TARGET_CUDA 1.0
#define SAMPLES_MAX 50

enum way {
	WAY_OURS,
	WAY_HAND,   /* the driver's semaphores, if it shares them between processes */
	WAY_BRIDGE, /* each process waits for its own GPU, and wakes the other with a futex */
	WAY_CUDA,   /* CUDA's memory and events, in two more processes */
	WAYS
};

enum direction { DRAWN, COPIED, DIRECTIONS };

/* Memory that both processes share. */
struct shared {
	struct hand_word words[DIRECTIONS];
};

struct handover {
	struct vkhand hand;
	struct shared *shared;
	int sockets[2]; /* for descriptors: this process's end, and the second process's */

	struct geyser_texture *texture;
	struct geyser_event *events[DIRECTIONS];
	VkImage ours;
	VkSemaphore semaphores[DIRECTIONS];

	struct vkhand_image image; /* the floor's image */
	VkSemaphore timelines[DIRECTIONS];

	struct vkhand_image copy; /* used by the second process only */
	struct vkhand_staging staging;
	struct cuda cuda;
	uint64_t value; /* the value of the current frame, for all ways */
	size_t samples;
};

/* An order to the second process. */
struct order {
	enum way way;
	size_t samples;
};

struct handles {
	struct geyser_handle texture, events[DIRECTIONS];
};

/* ---- one frame, seen from both ends ---------------------------------------------------------- */

/* Records the GPU's work on the image: a clear, or a copy from it. */
static void record(struct handover *handover, enum way way, bool copy)
{
	const struct geyser_vulkan_access *access = copy ? &vkhand_read : &vkhand_write;
	const VkImage image = way == WAY_OURS ? handover->ours : handover->image.image;
	VkCommandBuffer commands = vkhand_begin(&handover->hand);

	if (way == WAY_OURS)
		require(geyser_vulkan_cmd_acquire(commands, handover->texture, access),
			"acquiring");
	else
		vkhand_acquire(&handover->hand, commands, image, access);
	if (copy)
		vkhand_copy(commands, image, handover->copy.image);
	else
		vkhand_clear(commands, image, (uint8_t)handover->value);
	if (way == WAY_OURS)
		require(geyser_vulkan_cmd_release(commands, handover->texture, access),
			"releasing");
	else
		vkhand_release(&handover->hand, commands, image, access);
}

static struct geyser_vulkan_point point_of(
	const struct handover *handover, enum way way, enum direction direction)
{
	return (struct geyser_vulkan_point){
		.semaphore = way == WAY_OURS ? handover->semaphores[direction]
					     : handover->timelines[direction],
		.value = handover->value,
	};
}

static void wait_until_copied(struct handover *handover, enum way way)
{
	if (way == WAY_OURS)
		require(geyser_event_wait(
				handover->events[COPIED], handover->value, VKHAND_TIMEOUT),
			"waiting for the copy");
	else if (way == WAY_HAND)
		vkhand_timeline_wait(&handover->hand, handover->timelines[COPIED], handover->value);
	else
		hand_wait(&handover->shared->words[COPIED], (uint32_t)handover->value);
}

static uint64_t lead_once(struct handover *handover, enum way way)
{
	const uint64_t start = now_ns();
	const struct geyser_vulkan_point drawn = point_of(handover, way, DRAWN);

	record(handover, way, false);
	vkhand_submit(&handover->hand, NULL, way == WAY_BRIDGE ? NULL : &drawn);
	if (way == WAY_BRIDGE) {
		vkhand_finish(&handover->hand);
		hand_signal(&handover->shared->words[DRAWN], (uint32_t)handover->value);
	}
	wait_until_copied(handover, way);
	return now_ns() - start;
}

/* On a GPU that itself waits for the other process's GPU, this function submits the copy ahead. */
static void follow_once(struct handover *handover, enum way way)
{
	const struct geyser_vulkan_point drawn = point_of(handover, way, DRAWN);
	const struct geyser_vulkan_point copied = point_of(handover, way, COPIED);

	if (way != WAY_BRIDGE) {
		record(handover, way, true);
		vkhand_submit(&handover->hand, &drawn, &copied);
		return;
	}
	hand_wait(&handover->shared->words[DRAWN], (uint32_t)handover->value);
	record(handover, way, true);
	vkhand_submit(&handover->hand, NULL, NULL);
	vkhand_finish(&handover->hand);
	hand_signal(&handover->shared->words[COPIED], (uint32_t)handover->value);
}

/* ---- the second process ---------------------------------------------------------------------- */

static void import_ours(struct handover *handover, const struct handles *handles)
{
	struct geyser_manager *manager = handover->hand.manager;

	require(geyser_texture_import(manager, &handles->texture, NULL, &handover->texture),
		"importing the texture");
	require(geyser_vulkan_texture_image(handover->texture, &handover->ours), "its image");
	for (int i = 0; i < DIRECTIONS; i++) {
		require(geyser_event_import(manager, &handles->events[i], &handover->events[i]),
			"importing an event");
		require(geyser_vulkan_event_semaphore(
				handover->events[i], &handover->semaphores[i]),
			"its semaphore");
	}
}

static void import_by_hand(struct handover *handover)
{
	int fd;

	(void)hand_receive_fd(handover->sockets[1], &fd);
	vkhand_image_import(&handover->hand, fd, &handover->image);
	for (int i = 0; handover->hand.native && i < DIRECTIONS; i++) {
		(void)hand_receive_fd(handover->sockets[1], &fd);
		handover->timelines[i] = vkhand_timeline_import(&handover->hand, fd);
	}
}

static void release(struct handover *handover)
{
	vkhand_finish(&handover->hand);
	for (int i = 0; i < DIRECTIONS; i++) {
		vkDestroySemaphore(handover->hand.device, handover->timelines[i], NULL);
		geyser_event_unref(handover->events[i]);
	}
	geyser_texture_unref(handover->texture);
	vkhand_image_destroy(&handover->hand, &handover->image);
	vkhand_close(&handover->hand);
}

static void follow(struct handover *handover, const struct order *order)
{
	for (size_t i = 0; i < order->samples; i++) {
		handover->value++;
		follow_once(handover, order->way);
	}
	vkhand_finish(&handover->hand);
	vkhand_verify(&handover->hand, &handover->staging, handover->copy.image,
		(uint8_t)handover->value);
}

static void run_follower(const struct peer_pipes *pipes, void *data)
{
	struct handover *handover = data;
	struct handles handles;
	struct order order;
	const char *why;

	read_all(pipes->hold, &handles, sizeof(handles));
	if (!vkhand_open(&handover->hand, &why))
		die("%s", why);
	import_ours(handover, &handles);
	import_by_hand(handover);
	vkhand_image_create_private(&handover->hand, &handover->copy);
	vkhand_staging_create(&handover->hand, &handover->staging);
	write_all(pipes->out, "", 1);
	while (next_order(pipes, &order, sizeof(order))) {
		follow(handover, &order);
		write_all(pipes->out, "", 1);
	}
	vkhand_staging_destroy(&handover->hand, &handover->staging);
	vkhand_image_destroy(&handover->hand, &handover->copy);
	release(handover);
}

/* ---- the first: what both hold --------------------------------------------------------------- */

static void make_ours(struct handover *handover, struct handles *handles)
{
	const struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = VKHAND_WIDTH,
		.height = VKHAND_HEIGHT};
	struct geyser_manager *manager = handover->hand.manager;

	require(geyser_texture_create(manager, &desc, &handover->texture), "making a texture");
	require(geyser_texture_export(handover->texture, &handles->texture), "exporting it");
	require(geyser_vulkan_texture_image(handover->texture, &handover->ours), "its image");
	for (int i = 0; i < DIRECTIONS; i++) {
		require(geyser_event_create(manager, 0, &handover->events[i]), "making an event");
		require(geyser_event_export(handover->events[i], &handles->events[i]),
			"exporting it");
		require(geyser_vulkan_event_semaphore(
				handover->events[i], &handover->semaphores[i]),
			"its semaphore");
	}
}

static void send_fd(const struct handover *handover, int fd)
{
	hand_send_fd(handover->sockets[0], fd, 0);
	(void)close(fd);
}

static void make_by_hand(struct handover *handover)
{
	vkhand_image_create(&handover->hand, &handover->image);
	send_fd(handover, vkhand_image_fd(&handover->hand, &handover->image));
	for (int i = 0; handover->hand.native && i < DIRECTIONS; i++) {
		handover->timelines[i] = vkhand_timeline_create(&handover->hand, true);
		send_fd(handover, vkhand_timeline_fd(&handover->hand, handover->timelines[i]));
	}
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static bool is_possible(const struct handover *handover, enum way way)
{
	if (way == WAY_HAND)
		return handover->hand.native;
	return way != WAY_CUDA || handover->cuda.pid > 0;
}

static void take_turn(
	struct handover *handover, const struct peer *peer, enum way way, uint64_t *samples)
{
	const struct order order = {way, handover->samples};
	char done;

	if (way == WAY_CUDA) {
		cuda_turn(&handover->cuda, samples, handover->samples);
		return;
	}
	write_all(peer->hold, &order, sizeof(order));
	for (size_t i = 0; i < handover->samples; i++) {
		handover->value++;
		samples[i] = lead_once(handover, way);
	}
	read_all(peer->in, &done, 1);
}

struct outcome {
	struct series medians[WAYS], tails[WAYS]; /* geyser compared with each of the other ways */
};

static void add(struct series *series, double quantile, const uint64_t *ours, const uint64_t *floor,
	size_t count)
{
	uint64_t sorted[2][SAMPLES_MAX];

	memcpy(sorted[0], ours, count * sizeof(*ours));
	memcpy(sorted[1], floor, count * sizeof(*floor));
	series_add(series, quantile, sorted[0], sorted[1], count);
}

/* The first round only warms up. */
static void measure(
	struct handover *handover, const struct peer *peer, size_t rounds, struct outcome *outcome)
{
	uint64_t samples[WAYS][SAMPLES_MAX];

	for (size_t round = 0; round <= rounds; round++) {
		for (size_t turn = 0; turn < WAYS; turn++) {
			const enum way way = (enum way)((turn + round) % WAYS);

			if (is_possible(handover, way))
				take_turn(handover, peer, way, samples[way]);
		}
		for (int way = WAY_HAND; round > 0 && way < WAYS; way++) {
			if (!is_possible(handover, (enum way)way))
				continue;
			add(&outcome->medians[way], 0.5, samples[WAY_OURS], samples[way],
				handover->samples);
			add(&outcome->tails[way], 0.9, samples[WAY_OURS], samples[way],
				handover->samples);
		}
	}
}

static void report(
	const struct handover *handover, const struct outcome *outcome, struct results *results)
{
	if (handover->hand.native) {
		results_add_times(results, "vulkan hand-over", PLACE_UNPINNED,
			&outcome->medians[WAY_HAND], LIMIT_RATIO, TARGET);
		results_add_times(results, "vulkan hand-over, p90", PLACE_UNPINNED,
			&outcome->tails[WAY_HAND], LIMIT_NONE, 0);
	} else {
		results_add_missing(results, "vulkan hand-over",
			"this driver carries no semaphores between processes");
	}
	results_add_times(results, "vulkan hand-over, by hand on CPUs", PLACE_UNPINNED,
		&outcome->medians[WAY_BRIDGE], LIMIT_NONE, 0);
	if (handover->cuda.pid > 0)
		results_add_times(results, "vulkan hand-over, by hand in CUDA", PLACE_UNPINNED,
			&outcome->medians[WAY_CUDA], LIMIT_RATIO, TARGET_CUDA);
	else
		results_add_missing(
			results, "vulkan hand-over, by hand in CUDA", handover->cuda.missing);
}

static void run_leader(struct handover *handover, const struct peer *peer,
	const struct settings *settings, struct results *results)
{
	static struct outcome outcome;
	struct handles handles;
	char ready;

	make_ours(handover, &handles);
	make_by_hand(handover);
	write_all(peer->hold, &handles, sizeof(handles));
	read_all(peer->in, &ready, 1);
	cuda_start(&handover->cuda, handover->hand.uuid);
	handover->samples = vkhand_is_software(&handover->hand) ? 4 : SAMPLES_MAX;
	if (settings->quick)
		handover->samples /= 2;
	measure(handover, peer, settings->rounds, &outcome);
	report(handover, &outcome, results);
	cuda_stop(&handover->cuda);
}

static void run(const struct settings *settings, struct results *results)
{
	struct handover handover = {.shared = shared_memory(sizeof(struct shared))};
	struct peer peer;
	const char *why;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, handover.sockets) != 0)
		die("socketpair: %s", strerror(errno));
	peer_start(&peer, PLACE_UNPINNED, run_follower, &handover);
	if (!vkhand_open(&handover.hand, &why)) {
		results_add_missing(results, "vulkan hand-over", why);
		peer_abandon(&peer);
		return;
	}
	results_add_text(results, "vkhandover: device", handover.hand.name);
	run_leader(&handover, &peer, settings, results);
	peer_stop(&peer);
	release(&handover);
}

void bench_vkhandover(const struct settings *settings, struct results *results)
{
	run_apart(run, settings, results);
}
