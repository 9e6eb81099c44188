#include "gpu_commands.h"

#include <inttypes.h>
#include <stdio.h>

static struct gpu gpu;       /* open if the manager is Vulkan's */
static struct gpu_work work; /* submitted, not finished */

/* ---- the texture and the event ---- */

/* "WAIT SIGNAL": values of the event, or 0. */
static struct gpu_sync sync_of(const char *text)
{
	struct gpu_sync sync = at_once;
	uint64_t wait = 0, signal = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64, &wait, &signal);
	if (wait)
		sync.wait = point_of(my.event, wait);
	if (signal)
		sync.signal = point_of(my.event, signal);
	return sync;
}

/* "WAIT SIGNAL SEED" */
static void fill_by_gpu(const char *text)
{
	const uint32_t seed = (uint32_t)number(strrchr(text, ' '));

	work = gpu_fill(&gpu, my.texture, seed, sync_of(text));
	say("ok");
}

static void read_by_gpu(const char *text)
{
	work = gpu_read(&gpu, my.texture, sync_of(text));
	say("ok");
}

static void order(const char *text)
{
	work = gpu_order(&gpu, sync_of(text));
	say("ok");
}

static void finish(const char *text)
{
	(void)text;
	gpu_finish(&gpu, &work);
	say("ok");
}

static void finish_holds(const char *text)
{
	say_good(gpu_finish_holds(&gpu, &work, (uint32_t)number(text)));
}

static void wait_idle(const char *text)
{
	VkResult result;

	(void)text;
	say("waiting");
	result = vkQueueWaitIdle(gpu.device.queue);
	say_good(result == VK_SUCCESS);
}

static void lose_device(const char *text)
{
	(void)text;
	say_result(geyser_vulkan_device_lost(my.manager));
}

static void semaphore(const char *text)
{
	(void)text;
	(void)point_of(my.event, 0);
	say("%s", geyser_vulkan_event_is_native(my.event) ? "native" : "bridged");
}

/* ---- frames ---- */

static void submit_by_gpu(const char *text)
{
	struct geyser_frame *frame;
	struct gpu_sync sync;

	if (work.fence)
		gpu_finish(&gpu, &work);
	frame = acquire_frame();
	ok(geyser_vulkan_frame_wait_point(frame, &sync.wait));
	ok(geyser_vulkan_frame_signal_point(frame, &sync.signal));
	work = gpu_fill(&gpu, geyser_frame_texture(frame), (uint32_t)number(text), sync);
	say_result(geyser_publisher_submit(my.publisher, frame));
}

static void submit_promised(const char *text)
{
	struct geyser_frame *frame = acquire_frame();
	struct geyser_vulkan_point point;

	(void)text;
	ok(geyser_vulkan_frame_signal_point(frame, &point));
	say_result(geyser_publisher_submit(my.publisher, frame));
}

static void take_by_gpu(const char *text)
{
	uint32_t sequence;
	struct geyser_frame *frame = take_frame(&sequence);
	const enum geyser_path path = geyser_texture_path(geyser_frame_texture(frame));
	struct gpu_sync sync;

	(void)text;
	ok(geyser_vulkan_frame_wait_point(frame, &sync.wait));
	ok(geyser_vulkan_frame_signal_point(frame, &sync.signal));
	work = gpu_read(&gpu, geyser_frame_texture(frame), sync);
	ok(geyser_subscriber_release(my.subscriber, frame));
	say_frame(gpu_finish_holds(&gpu, &work, sequence), sequence, path);
}

const struct command gpu_commands[] = {
	{"gpu-fill", fill_by_gpu},
	{"gpu-read", read_by_gpu},
	{"gpu-order", order},
	{"finish", finish},
	{"finish-holds", finish_holds},
	{"idle", wait_idle},
	{"lost", lose_device},
	{"semaphore", semaphore},
	{"submit-gpu", submit_by_gpu},
	{"submit-promised", submit_promised},
	{"take-gpu", take_by_gpu},
	{NULL, NULL},
};

/* ---- the process ---- */

void open_gpu_peer(const char *backend)
{
	const bool on_gpu = strcmp(backend, "vulkan") == 0;

	open_manager(on_gpu ? GEYSER_BACKEND_VULKAN : GEYSER_BACKEND_HOST);
	if (on_gpu)
		gpu_open(&gpu, my.manager);
}

void close_gpu_peer(void)
{
	release_objects();
	if (gpu.pool)
		gpu_close(&gpu);
	geyser_manager_destroy(my.manager);
}
