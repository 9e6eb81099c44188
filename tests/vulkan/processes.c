/* GPU work in two processes on one texture, ordered by one event. */
#include "gpu.h"
#include "harness.h"

#include <inttypes.h>
#include <stdio.h>

#define HOST_MEMORY (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_HOST_MEMORY)

static void hear_handle(struct peer *peer, char *text)
{
	struct line line = hear(peer);

	if (sscanf(line.text, "ok %95s", text) != 1)
		fail_msg("peer %d: %s", (int)peer->pid, line.text);
}

static void ask_for(struct peer *peer, const char *wanted, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void ask_for(struct peer *peer, const char *wanted, const char *format, ...)
{
	char command[200];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	ask(peer, command, wanted);
}

struct two {
	struct peer first, second; /* the first made what they share */
};

/* Each with a manager on that backend. */
static void start_two(struct two *two, const char *first, const char *second, const char *texture)
{
	char handle[GEYSER_HANDLE_TEXT_SIZE];

	start_importer(&two->first, first, "first");
	start_importer(&two->second, second, "second");
	tell(&two->first, texture);
	hear_handle(&two->first, handle);
	ask_for(&two->second, "ok", "import %s", handle);
	tell(&two->first, "create-event 0");
	hear_handle(&two->first, handle);
	ask_for(&two->second, "ok", "import-event %s", handle);
}

static void end_two(struct two *two)
{
	end_peer(&two->second);
	end_peer(&two->first);
}

#define ROUNDS 8

/* One fills while the other's read already waits for it; then the other way round. */
static void gpu_to_gpu(const char *texture)
{
	struct two two;

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
	gpu_to_gpu("create rgba8unorm 333 77 0");
	gpu_to_gpu("create rgba16float 64 64 0");
}

static void from_gpu_to_gpu_in_host_memory(void **state)
{
	char command[64];

	(void)state;
	for (unsigned width = 64; width < 80; width += 13) {
		(void)snprintf(
			command, sizeof(command), "create rgba8unorm %u 33 %u", width, HOST_MEMORY);
		gpu_to_gpu(command);
	}
}

/* The GPU's signal wakes a process without a GPU, and the reverse. */
static void gpu_and_host(const char *gpu, const char *host, struct two *two, struct peer *on_gpu,
	struct peer *on_host)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "create rgba8unorm 129 65 %u", HOST_MEMORY);
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
	struct two two;

	(void)state;
	gpu_and_host("vulkan", "host", &two, &two.first, &two.second);
}

static void from_host_to_gpu(void **state)
{
	struct two two;

	(void)state;
	gpu_and_host("host", "vulkan", &two, &two.second, &two.first);
}

/* What the GPU wrote stays when its process is killed. */
static void a_texture_outlives_its_process(void **state)
{
	struct two two;

	(void)state;
	start_two(&two, "vulkan", "vulkan", "create rgba8unorm 100 50 0");
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
