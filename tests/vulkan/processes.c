/* GPU work in two processes on one texture, ordered by one event. */
#include "gpu.h"
#include "harness.h"

#include <stdio.h>

#define HOST_MEMORY (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_HOST_MEMORY)

#define ROUNDS 8

/* The peers take turns: one peer's GPU fills the texture while the other's read already waits. */
static void gpu_to_gpu(const char *texture)
{
	struct two_peers two;

	start_two(&two, "vulkan", "vulkan", texture);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct peer *writer = i % 2 ? &two.second : &two.first;
		struct peer *reader = i % 2 ? &two.first : &two.second;

		ask_for(reader, "ok", "gpu-read %u %u", 2 * i + 1, 2 * i + 2);
		ask_for(writer, "ok", "gpu-fill %u %u %u", 2 * i, 2 * i + 1, i + 100);
		ask_for(reader, "ok", "finish-holds %u", i + 100);
		ask(writer, "finish", "ok");
	}
	ask(&two.first, "wait 16", "waiting");
	expect_line(&two.first, "ok");
	ask(&two.second, "value", "16");
	end_two(&two);
}

static void from_gpu_to_gpu(void **state)
{
	(void)state;
	gpu_to_gpu("create-texture rgba8unorm 333 77 0");
	gpu_to_gpu("create-texture rgba16float 64 64 0");
}

static void from_gpu_to_gpu_in_host_memory(void **state)
{
	char command[64];

	(void)state;
	for (unsigned width = 64; width < 80; width += 13) {
		(void)snprintf(command, sizeof(command), "create-texture rgba8unorm %u 33 %u",
			width, HOST_MEMORY);
		gpu_to_gpu(command);
	}
}

/* The GPU's signal wakes a process without a GPU, whose signal lets the GPU go on. */
static void gpu_and_host(const char *gpu, const char *host, struct two_peers *two,
	struct peer *on_gpu, struct peer *on_host)
{
	char command[64];

	(void)snprintf(
		command, sizeof(command), "create-texture rgba8unorm 129 65 %u", HOST_MEMORY);
	start_two(two, gpu, host, command);
	for (unsigned i = 0; i < ROUNDS; i++) {
		ask_for(on_gpu, "ok", "gpu-fill %u %u %u", 4 * i, 4 * i + 1, i + 1);
		ask_for(on_host, "waiting", "wait %u", 4 * i + 1);
		expect_line(on_host, "ok");
		ask_for(on_host, "ok", "compare %u", i + 1);
		ask(on_gpu, "finish", "ok");
		ask_for(on_gpu, "ok", "gpu-read %u %u", 4 * i + 3, 4 * i + 4);
		ask_for(on_host, "ok", "fill %u", i + 50);
		ask_for(on_host, "ok", "signal %u", 4 * i + 3);
		ask_for(on_gpu, "ok", "finish-holds %u", i + 50);
	}
	end_two(two);
}

static void from_gpu_to_host(void **state)
{
	struct two_peers two;

	(void)state;
	gpu_and_host("vulkan", "host", &two, &two.first, &two.second);
}

static void from_host_to_gpu(void **state)
{
	struct two_peers two;

	(void)state;
	gpu_and_host("host", "vulkan", &two, &two.second, &two.first);
}

/* The texture keeps what the GPU wrote when the GPU's process is killed. */
static void a_texture_outlives_its_process(void **state)
{
	struct two_peers two;

	(void)state;
	start_two(&two, "vulkan", "vulkan", "create-texture rgba8unorm 100 50 0");
	ask(&two.first, "gpu-fill 0 1 5", "ok");
	ask(&two.first, "finish", "ok");
	kill_peer(&two.first);
	ask(&two.second, "gpu-read 0 0", "ok");
	ask(&two.second, "finish-holds 5", "ok");
	ask(&two.second, "compare 5", "ok");
	end_peer(&two.second);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(from_gpu_to_gpu),
		registry_test(from_gpu_to_gpu_in_host_memory),
		registry_test(from_gpu_to_host),
		registry_test(from_host_to_gpu),
		registry_test(a_texture_outlives_its_process),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "processes", tests, COUNT_OF(tests));
}
