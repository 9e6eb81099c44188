/*
 * A 4K frame between two processes on one GPU: this one fills it, with Vulkan or with CUDA, the
 * other copies it with CUDA into memory of its own, until this one's CPU knows that the copy is
 * done. Beside the same bytes through CUDA's IPC, and through host memory.
 */
#include <stdlib.h>
#include <string.h>

#include "cudahand.h"
#include "cudarun.h"
#include "vkhand.h"

#define TARGET_IPC 1.0
#define TARGET_HOST 0.2
#define SAMPLES_MAX 50

enum way {
	WAY_CUDA,         /* CUDA fills a geyser texture in rows */
	WAY_CUDA_ASLEEP,  /* the same, but this process's CPU sleeps during the wait */
	WAY_VULKAN,       /* Vulkan clears a geyser texture in rows */
	WAY_VULKAN_TILED, /* Vulkan clears a geyser texture in the driver's own layout */
	WAY_IPC,          /* CUDA's memory and events, in two more processes */
	WAY_HOST,         /* download, shared memory, upload */
	WAYS
};

#define WAYS_OURS WAY_IPC

enum layout { ROWS, TILED, LAYOUTS };
enum direction { FILLED, COPIED, DIRECTIONS };

/* Memory that both processes share. */
struct shared {
	struct hand_word words[DIRECTIONS];
};

/* The value that a fill or a copy signals when it is done. */
struct mark {
	struct geyser_event *event;
	VkSemaphore semaphore;
	uint64_t value;
};

struct handover {
	struct shared *shared;
	struct hand_memory buffer; /* for the way through the host */
	struct geyser_manager *manager;
	struct geyser_texture *textures[LAYOUTS];
	struct geyser_event *events[DIRECTIONS];
	struct cudahand cuda;
	uint64_t value; /* the value of the current frame, for all ways */
	size_t samples;

	/* used by the first process only */
	VkSemaphore semaphores[DIRECTIONS];
	struct mark alone; /* for fills that no process copies */
	struct vkhand hand;
	struct vkhand_image image;
	struct vkhand_staging staging;
	struct cuda ipc;

	unsigned long long copy; /* the second process's own memory */
};

struct order {
	enum way way;
	size_t samples;
};

struct handles {
	struct geyser_handle textures[LAYOUTS], events[DIRECTIONS];
	uint8_t uuid[16];
	bool possible;
};

static struct geyser_texture *texture_of(const struct handover *handover, enum way way)
{
	return handover->textures[way == WAY_VULKAN_TILED ? TILED : ROWS];
}

/* ---- the process that fills ------------------------------------------------------------------ */

static struct mark mark_of(const struct handover *handover, enum direction direction)
{
	return (struct mark){
		.event = handover->events[direction],
		.semaphore = handover->semaphores[direction],
		.value = handover->value,
	};
}

static void fill_by_vulkan(struct handover *handover, enum way way, struct mark done)
{
	struct geyser_texture *texture = texture_of(handover, way);
	const struct geyser_vulkan_point point = {done.semaphore, done.value};
	VkCommandBuffer commands = vkhand_begin(&handover->hand);
	VkImage image;

	require(geyser_vulkan_texture_image(texture, &image), "the image");
	require(geyser_vulkan_cmd_acquire(commands, texture, &vkhand_write), "acquiring");
	vkhand_clear(commands, image, (uint8_t)done.value);
	require(geyser_vulkan_cmd_release(commands, texture, &vkhand_write), "releasing");
	vkhand_submit(&handover->hand, NULL, &point);
}

static void fill_by_cuda(struct handover *handover, struct mark done)
{
	const struct cudahand *cuda = &handover->cuda;
	struct geyser_cuda_texture texture;

	require(geyser_cuda_texture(handover->textures[ROWS], &texture), "CUDA's memory");
	cudahand_require(cuda->MemsetD8Async(texture.pointer, (unsigned char)done.value,
				 texture.size, cuda->stream),
		"filling");
	require(geyser_cuda_event_signal(done.event, done.value, cuda->stream), "signalling");
}

static void fill(struct handover *handover, enum way way, struct mark done)
{
	if (way == WAY_CUDA || way == WAY_CUDA_ASLEEP)
		fill_by_cuda(handover, done);
	else
		fill_by_vulkan(handover, way, done);
}

/* Polls until the mark is reached, as cudaEventSynchronize does. */
static void poll_for(const struct handover *handover, struct mark mark)
{
	uint64_t value = 0;

	while (value < mark.value)
		vkhand_require(
			vkGetSemaphoreCounterValue(handover->hand.device, mark.semaphore, &value),
			"a semaphore's value");
}

/* Measures a fill alone, which is no part of the hand-over's cost. */
static uint64_t fill_alone_once(struct handover *handover, enum way way)
{
	const uint64_t start = now_ns();

	handover->alone.value++;
	fill(handover, way, handover->alone);
	poll_for(handover, handover->alone);
	return now_ns() - start;
}

static void lead_through_host(struct handover *handover)
{
	VkCommandBuffer commands = vkhand_begin(&handover->hand);

	vkhand_clear(commands, handover->image.image, (uint8_t)handover->value);
	vkhand_download(commands, handover->image.image, handover->staging.buffer);
	vkhand_submit(&handover->hand, NULL, NULL);
	vkhand_finish(&handover->hand);
	memcpy(handover->buffer.data, handover->staging.data, VKHAND_SIZE);
	hand_signal(&handover->shared->words[FILLED], (uint32_t)handover->value);
	hand_wait(&handover->shared->words[COPIED], (uint32_t)handover->value);
}

static uint64_t lead_once(struct handover *handover, enum way way)
{
	const uint64_t start = now_ns();

	if (way == WAY_HOST) {
		lead_through_host(handover);
		return now_ns() - start;
	}
	fill(handover, way, mark_of(handover, FILLED));
	if (way == WAY_CUDA_ASLEEP)
		require(geyser_event_wait(
				handover->events[COPIED], handover->value, VKHAND_TIMEOUT),
			"waiting for the copy");
	else
		poll_for(handover, mark_of(handover, COPIED));
	return now_ns() - start;
}

/* ---- the process that copies ----------------------------------------------------------------- */

/* The CUDA stream itself waits for the other process's GPU, so this function submits the copy
 * ahead. */
static void follow_once(struct handover *handover, enum way way)
{
	struct CUstream_st *stream = handover->cuda.stream;

	require(geyser_cuda_event_wait(handover->events[FILLED], handover->value, stream),
		"waiting");
	require(geyser_cuda_texture_copy_to(texture_of(handover, way), handover->copy, 0, stream),
		"copying");
	require(geyser_cuda_event_signal(handover->events[COPIED], handover->value, stream),
		"signalling");
}

static void follow_through_host(struct handover *handover)
{
	const struct cudahand *cuda = &handover->cuda;

	hand_wait(&handover->shared->words[FILLED], (uint32_t)handover->value);
	cudahand_require(cuda->MemcpyHtoDAsync(
				 handover->copy, handover->buffer.data, VKHAND_SIZE, cuda->stream),
		"uploading");
	cudahand_require(cuda->StreamSynchronize(cuda->stream), "uploading");
	hand_signal(&handover->shared->words[COPIED], (uint32_t)handover->value);
}

static void verify(const struct handover *handover)
{
	const struct cudahand *cuda = &handover->cuda;
	const uint8_t value = (uint8_t)handover->value;
	uint8_t first, last;

	cudahand_require(cuda->StreamSynchronize(cuda->stream), "waiting for the copy");
	cudahand_require(cuda->MemcpyDtoH(&first, handover->copy, 1), "reading the copy");
	cudahand_require(
		cuda->MemcpyDtoH(&last, handover->copy + VKHAND_SIZE - 1, 1), "reading the copy");
	if (first != value || last != value)
		die("the copy begins with %u and ends with %u: all of it must be %u", first, last,
			value);
}

static void follow(struct handover *handover, const struct order *order)
{
	for (size_t i = 0; i < order->samples; i++) {
		handover->value++;
		if (order->way == WAY_HOST)
			follow_through_host(handover);
		else
			follow_once(handover, order->way);
	}
	verify(handover);
}

static void import_all(struct handover *handover, const struct handles *handles)
{
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_VULKAN};

	require(geyser_manager_create(&desc, &handover->manager), "a manager");
	for (int i = 0; i < LAYOUTS; i++)
		require(geyser_texture_import(handover->manager, &handles->textures[i], NULL,
				&handover->textures[i]),
			"importing a texture");
	for (int i = 0; i < DIRECTIONS; i++)
		require(geyser_event_import(
				handover->manager, &handles->events[i], &handover->events[i]),
			"importing an event");
}

static void release_all(struct handover *handover)
{
	geyser_event_unref(handover->alone.event);
	for (int i = 0; i < LAYOUTS; i++)
		geyser_texture_unref(handover->textures[i]);
	for (int i = 0; i < DIRECTIONS; i++)
		geyser_event_unref(handover->events[i]);
}

static void run_follower(const struct peer_pipes *pipes, void *data)
{
	struct handover *handover = data;
	const struct cudahand *cuda = &handover->cuda;
	struct handles handles;
	struct order order;

	read_all(pipes->hold, &handles, sizeof(handles));
	if (!handles.possible)
		return;
	cudahand_open(&handover->cuda, handles.uuid);
	import_all(handover, &handles);
	cudahand_require(cuda->MemAlloc(&handover->copy, VKHAND_SIZE), "memory");
	cudahand_require(
		cuda->MemHostRegister(handover->buffer.data, VKHAND_SIZE, 0), "pinning memory");
	write_all(pipes->out, "", 1);
	while (next_order(pipes, &order, sizeof(order))) {
		follow(handover, &order);
		write_all(pipes->out, "", 1);
	}
	cudahand_require(cuda->MemHostUnregister(handover->buffer.data), "unpinning memory");
	cudahand_require(cuda->MemFree(handover->copy), "freeing memory");
	release_all(handover);
	geyser_manager_destroy(handover->manager);
	cudahand_close(&handover->cuda);
}

/* ---- what the first makes -------------------------------------------------------------------- */

static void make_all(struct handover *handover, struct handles *handles)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = VKHAND_WIDTH,
		.height = VKHAND_HEIGHT,
		.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST,
	};

	for (int i = 0; i < LAYOUTS; i++) {
		desc.usage |= i == ROWS ? GEYSER_USAGE_LINEAR : 0;
		desc.usage &= i == ROWS ? UINT32_MAX : ~GEYSER_USAGE_LINEAR;
		require(geyser_texture_create(handover->manager, &desc, &handover->textures[i]),
			"making a texture");
		require(geyser_texture_export(handover->textures[i], &handles->textures[i]),
			"exporting it");
	}
	for (int i = 0; i < DIRECTIONS; i++) {
		require(geyser_event_create(handover->manager, 0, &handover->events[i]),
			"making an event");
		require(geyser_event_export(handover->events[i], &handles->events[i]),
			"exporting it");
		require(geyser_vulkan_event_semaphore(
				handover->events[i], &handover->semaphores[i]),
			"its semaphore");
	}
	require(geyser_event_create(handover->manager, 0, &handover->alone.event),
		"making an event");
	require(geyser_vulkan_event_semaphore(handover->alone.event, &handover->alone.semaphore),
		"its semaphore");
	memcpy(handles->uuid, handover->hand.uuid, sizeof(handles->uuid));
	handles->possible = true;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void take_turn(
	struct handover *handover, const struct peer *peer, enum way way, uint64_t *samples)
{
	const struct order order = {way, handover->samples};
	char done;

	if (way == WAY_IPC) {
		cuda_turn(&handover->ipc, samples, handover->samples);
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
	/* each way of geyser's compared with IPC and with the host */
	struct series ipc[WAYS_OURS], host[WAYS_OURS];
	struct series alone[WAYS_OURS]; /* a fill by the way's API, compared with CUDA's fill */
};

static void add(struct series *series, const uint64_t *ours, const uint64_t *floor, size_t count)
{
	uint64_t sorted[2][SAMPLES_MAX];

	memcpy(sorted[0], ours, count * sizeof(*ours));
	memcpy(sorted[1], floor, count * sizeof(*floor));
	series_add(series, 0.5, sorted[0], sorted[1], count);
}

static void hand_over(
	struct handover *handover, const struct peer *peer, size_t round, struct outcome *outcome)
{
	static uint64_t samples[WAYS][SAMPLES_MAX];

	for (size_t i = 0; i < WAYS; i++) {
		/* the way that comes first changes from round to round */
		const enum way way = (enum way)((i + round) % WAYS);

		if (way != WAY_IPC || handover->ipc.pid > 0)
			take_turn(handover, peer, way, samples[way]);
	}
	for (size_t i = 0; round > 0 && i < WAYS_OURS; i++) { /* round 0 only warms up */
		if (handover->ipc.pid > 0)
			add(&outcome->ipc[i], samples[i], samples[WAY_IPC], handover->samples);
		add(&outcome->host[i], samples[i], samples[WAY_HOST], handover->samples);
	}
}

static void fill_alone(struct handover *handover, size_t round, struct outcome *outcome)
{
	static uint64_t samples[WAYS_OURS][SAMPLES_MAX];

	for (size_t i = 0; i < WAYS_OURS; i++) {
		const enum way way = (enum way)((i + round) % WAYS_OURS);

		for (size_t j = 0; j < handover->samples; j++)
			samples[way][j] = fill_alone_once(handover, way);
	}
	for (size_t i = 0; round > 0 && i < WAYS_OURS; i++)
		add(&outcome->alone[i], samples[i], samples[WAY_CUDA], handover->samples);
}

static void report(
	const struct handover *handover, const struct outcome *outcome, struct results *results)
{
	static const char *const names[WAYS_OURS][2] = {
		{"cuda to cuda, by hand in CUDA", "cuda to cuda, by hand in host memory"},
		{"cuda to cuda asleep, by hand in CUDA",
			"cuda to cuda asleep, by hand in host memory"},
		{"vulkan to cuda, by hand in CUDA", "vulkan to cuda, by hand in host memory"},
		{"vulkan to cuda tiled, by hand in CUDA",
			"vulkan to cuda tiled, by hand in host memory"},
	};

	for (size_t i = 0; i < WAYS_OURS; i++) {
		if (handover->ipc.pid > 0)
			results_add_times(results, names[i][0], PLACE_UNPINNED, &outcome->ipc[i],
				LIMIT_RATIO, TARGET_IPC);
		else
			results_add_missing(results, names[i][0], handover->ipc.missing);
		results_add_times(results, names[i][1], PLACE_UNPINNED, &outcome->host[i],
			LIMIT_RATIO, TARGET_HOST);
	}
	results_add_times(results, "filling alone, vulkan beside cuda", PLACE_NONE,
		&outcome->alone[WAY_VULKAN], LIMIT_NONE, 0);
	results_add_times(results, "filling alone, vulkan tiled beside cuda", PLACE_NONE,
		&outcome->alone[WAY_VULKAN_TILED], LIMIT_NONE, 0);
}

static void run_leader(struct handover *handover, const struct peer *peer,
	const struct settings *settings, struct results *results)
{
	static struct outcome outcome;
	struct handles handles;
	char ready;

	make_all(handover, &handles);
	write_all(peer->hold, &handles, sizeof(handles));
	read_all(peer->in, &ready, 1);
	vkhand_image_create_private(&handover->hand, &handover->image);
	vkhand_staging_create(&handover->hand, &handover->staging);
	cudahand_open(&handover->cuda, handover->hand.uuid);
	cuda_start(&handover->ipc, handover->hand.uuid);
	handover->samples = settings->quick ? SAMPLES_MAX / 2 : SAMPLES_MAX;
	for (size_t round = 0; round <= settings->rounds; round++) {
		hand_over(handover, peer, round, &outcome);
		fill_alone(handover, round, &outcome);
	}
	report(handover, &outcome, results);
	cuda_stop(&handover->ipc);
	release_all(handover);
	cudahand_close(&handover->cuda);
	vkhand_staging_destroy(&handover->hand, &handover->staging);
	vkhand_image_destroy(&handover->hand, &handover->image);
}

/* Returns why this machine can't run the benchmark; NULL if it can. */
static const char *impossible(const struct handover *handover)
{
	static char why[96];

	if (!handover->hand.native)
		return "this driver carries no semaphores between processes";
	return cudahand_possible(handover->hand.uuid, why, sizeof(why)) ? NULL : why;
}

static void run(const struct settings *settings, struct results *results)
{
	struct handover handover = {.shared = shared_memory(sizeof(struct shared))};
	const char *why;
	struct peer peer;

	hand_create(&handover.buffer, VKHAND_SIZE);
	peer_start(&peer, PLACE_UNPINNED, run_follower, &handover);
	if (!vkhand_open(&handover.hand, &why)) {
		results_add_missing(results, "cuda hand-over", why);
		peer_abandon(&peer);
		return;
	}
	handover.manager = handover.hand.manager;
	why = impossible(&handover);
	if (why) {
		results_add_missing(results, "cuda hand-over", why);
		peer_abandon(&peer);
	} else {
		results_add_text(results, "cudahandover: device", handover.hand.name);
		run_leader(&handover, &peer, settings, results);
		peer_stop(&peer);
	}
	vkhand_close(&handover.hand);
	hand_destroy(&handover.buffer);
}

void bench_cudahandover(const struct settings *settings, struct results *results)
{
	run_apart(run, settings, results);
}
