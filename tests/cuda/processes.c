/* One texture and one event in two processes: CUDA in one, CUDA, Vulkan or the CPU in the other. */
#include "cu.h"
#include "harness.h"

#include <inttypes.h>
#include <stdio.h>

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)
#define ROWS (COPIES | GEYSER_USAGE_LINEAR)

/* Returns whether the peer's event is native. If not, its stream can't wait for a later signal. */
static bool is_native(struct peer *peer)
{
	tell(peer, "cuda-native");
	return strcmp(hear(peer).text, "native") == 0;
}

#define ROUNDS 8

/* The peers fill the texture in turn. If events are native, the other peer's read is submitted
 * before the fill, and waits for it. */
static void hand_over(
	const char *backend, const char *texture, const char *first, const char *second)
{
	struct two_peers two;
	bool ahead;

	start_two(&two, backend, backend, texture);
	ahead = is_native(&two.first) && is_native(&two.second);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct peer *writer = i % 2 ? &two.second : &two.first;
		struct peer *reader = i % 2 ? &two.first : &two.second;
		const char *writes = i % 2 ? second : first, *reads = i % 2 ? first : second;

		if (ahead)
			ask_for(reader, "ok", "%s-read %u %u", reads, 2 * i + 1, 2 * i + 2);
		ask_for(writer, "ok", "%s-fill %u %u %u", writes, 2 * i, 2 * i + 1, i + 100);
		if (!ahead)
			ask_for(reader, "ok", "%s-read %u %u", reads, 2 * i + 1, 2 * i + 2);
		ask_for(reader, "ok", "%s %u",
			strcmp(reads, "cuda") == 0 ? "cuda-holds" : "finish-holds", i + 100);
		ask(writer, strcmp(writes, "cuda") == 0 ? "cuda-finish" : "finish", "ok");
	}
	ask(&two.first, "wait 16", "waiting");
	expect_line(&two.first, "ok");
	ask(&two.second, "value", "16");
	end_two(&two);
}

static const char *command(uint32_t usage)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "create-texture rgba8unorm 320 77 %" PRIu32, usage);
	return text;
}

static void from_cuda_to_cuda(void **state)
{
	(void)state;
	hand_over("vulkan", command(COPIES), "cuda", "cuda");
	hand_over("vulkan", command(ROWS), "cuda", "cuda");
}

static void from_vulkan_to_cuda_and_back(void **state)
{
	(void)state;
	hand_over("vulkan", command(COPIES), "gpu", "cuda");
	hand_over("vulkan", command(ROWS), "gpu", "cuda");
}

static void from_cuda_to_vulkan_and_back(void **state)
{
	(void)state;
	hand_over("vulkan", command(COPIES), "cuda", "gpu");
	hand_over("vulkan", command(ROWS), "cuda", "gpu");
	hand_over("vulkan", "create-texture rgba16float 64 64 0", "cuda", "gpu");
	hand_over("vulkan", command(COPIES | GEYSER_USAGE_HOST_MEMORY), "cuda", "gpu");
}

static void in_host_memory(void **state)
{
	(void)state;
	hand_over("host", command(0), "cuda", "cuda");
}

/* The CPU of one process signals, and a stream of the other waits; and the reverse. */
static void a_stream_and_the_others_cpu(void **state)
{
	struct two_peers two;

	(void)state;
	start_two(&two, "vulkan", "vulkan", command(ROWS));
	if (!is_native(&two.second)) {
		end_two(&two);
		skip();
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct peer *stream = i % 2 ? &two.first : &two.second;
		struct peer *cpu = i % 2 ? &two.second : &two.first;

		ask_for(stream, "ok", "cuda-order %u %u", 2 * i + 1, 2 * i + 2);
		ask_for(cpu, "ok", "signal %u", 2 * i + 1);
		ask_for(cpu, "waiting", "wait %u", 2 * i + 2);
		expect_line(cpu, "ok");
		ask(stream, "cuda-finish", "ok");
	}
	end_two(&two);
}

/* A stream that waits for a value goes on when the exporter is killed. */
static void a_stream_outlives_the_exporter(void **state)
{
	struct two_peers two;

	(void)state;
	start_two(&two, "vulkan", "vulkan", command(ROWS));
	ask(&two.first, "cuda-fill 0 1 5", "ok");
	ask(&two.first, "cuda-finish", "ok");
	if (!is_native(&two.second)) {
		kill_peer(&two.first);
		end_peer(&two.second);
		skip();
	}
	ask(&two.second, "cuda-read 1000 0", "ok"); /* the stream waits by now */
	ask(&two.second, "cuda-idle", "waiting");
	kill_peer(&two.first);
	expect_line(&two.second, "ok");
	ask(&two.second, "cuda-holds 5", "ok");
	end_peer(&two.second);
}

/* ---- streams ---- */

static const char *stream_of(uint32_t usage, enum geyser_pacing pacing)
{
	static char text[64];

	(void)snprintf(
		text, sizeof(text), "rgba8unorm 320 64 3 %" PRIu32 " %d", usage, (int)pacing);
	return text;
}

static void expect_frames(const char *publisher, const char *subscriber, uint32_t usage,
	const char *submit, const char *take)
{
	struct two_peers two;

	start_stream(&two, publisher, subscriber, stream_of(usage, GEYSER_PACING_FREE));
	for (unsigned i = 1; i <= 12; i++) {
		ask_for(&two.first, "ok", "%s %u", submit, i);
		ask_frame(&two.second, take, i);
	}
	if (strcmp(submit, "submit-gpu") == 0)
		ask(&two.first, "finish", "ok");
	end_two(&two);
}

static void frames_between_cuda_and_vulkan(void **state)
{
	static const uint32_t usages[] = {COPIES, ROWS, COPIES | GEYSER_USAGE_HOST_MEMORY};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(usages); i++) {
		expect_frames("vulkan", "vulkan", usages[i], "submit-cuda", "take-cuda");
		expect_frames("vulkan", "vulkan", usages[i], "submit-cuda", "take-gpu");
		expect_frames("vulkan", "vulkan", usages[i], "submit-gpu", "take-cuda");
	}
}

static void frames_in_host_memory(void **state)
{
	(void)state;
	expect_frames("host", "host", 0, "submit-cuda", "take-cuda");
	expect_frames("host", "host", 0, "submit-cuda", "take"); /* the CPU takes the frames */
	expect_frames("host", "host", 0, "submit", "take-cuda");
}

/* A subscriber without a device gets copies of the GPU's frames in host memory, which it pins for
 * CUDA. */
static void frames_of_a_gpu_in_host_memory(void **state)
{
	(void)state;
	expect_frames("vulkan", "host", COPIES, "submit-cuda", "take-cuda");
}

#define FRAMES 300u

/* The processes run without waiting for single frames. No frame is torn, or drawn into too early.
 */
static void run_many(const char *backend, uint32_t usage)
{
	struct two_peers two;
	char wanted[16];

	start_stream(&two, backend, backend, stream_of(usage, GEYSER_PACING_LOSSLESS));
	ask_for(&two.second, "running", "run-subscriber %u 320 64", FRAMES);
	ask_for(&two.first, "ok", "run-publisher %u", FRAMES);
	(void)snprintf(wanted, sizeof(wanted), "ok %u", FRAMES);
	expect_line(&two.second, wanted);
	end_two(&two);
}

static void many_frames(void **state)
{
	(void)state;
	run_many("vulkan", ROWS);
	run_many("vulkan", COPIES);
	run_many("host", 0);
}

/* The publisher is killed before it draws a frame. The subscriber's stream goes on, with the
 * buffer's old contents, or the call that waits for the frame returns DISCONNECTED. */
static void a_publisher_is_killed(void **state)
{
	const char *wanted = "GEYSER_ERROR_DISCONNECTED";
	struct two_peers two;
	struct line line;

	(void)state;
	start_stream(&two, "vulkan", "vulkan", stream_of(ROWS, GEYSER_PACING_FREE));
	ask(&two.first, "submit-cuda 1", "ok");
	ask(&two.second, "take-cuda", "ok 1");
	ask(&two.first, "submit-promised", "ok");
	ask(&two.second, "wait-frame", "waiting");
	kill_peer(&two.first);
	line = hear(&two.second);
	if (strncmp(line.text, "ok 2 ", 5) != 0 && strncmp(line.text, "bad 2 ", 6) != 0 &&
		strncmp(line.text, wanted, strlen(wanted)) != 0)
		fail_msg("after the kill: %s", line.text);
	end_peer(&two.second);
}

/* Waits until the publisher has submitted that many frames. */
static void wait_for_frames(uint64_t wanted)
{
	const uint64_t end = now_ns() + PATIENCE;
	struct geyser_stream_info *streams;
	uint64_t frames = 0;
	size_t count;

	while (frames < wanted) {
		ok(geyser_stream_list(&streams, &count));
		if (count > 0)
			frames = streams[0].frames;
		geyser_stream_list_free(streams);
		assert_true(now_ns() < end);
	}
}

static void a_publisher_is_killed_among_many(void **state)
{
	static const uint32_t usages[] = {ROWS, COPIES};
	struct two_peers two;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(usages); i++) {
		start_stream(
			&two, "vulkan", "vulkan", stream_of(usages[i], GEYSER_PACING_LOSSLESS));
		ask(&two.second, "watch 320 64", "running");
		tell(&two.first, "run-publisher 10000000");
		wait_for_frames(100);
		kill_peer(&two.first);
		expect_line(&two.second, "ok");
		end_peer(&two.second);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(from_cuda_to_cuda),
		registry_test(from_vulkan_to_cuda_and_back),
		registry_test(from_cuda_to_vulkan_and_back),
		registry_test(in_host_memory),
		registry_test(a_stream_and_the_others_cpu),
		registry_test(a_stream_outlives_the_exporter),
		registry_test(frames_between_cuda_and_vulkan),
		registry_test(frames_in_host_memory),
		registry_test(frames_of_a_gpu_in_host_memory),
		registry_test(many_frames),
		registry_test(a_publisher_is_killed),
		registry_test(a_publisher_is_killed_among_many),
	};

	return has_cuda() ? run_suite(argc, argv, "processes", tests, COUNT_OF(tests)) : 0;
}
