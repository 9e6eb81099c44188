/* A process loses its device: all processes that hold an object of it learn of the loss at once. A
 * layer simulates the driver that loses the device: see lose_device.c. */
#include "gpu.h"
#include "harness.h"
#include "trigger.h"

/* Holders learn of a loss within milliseconds; the test prints how many. The limit is for a machine
 * under load. */
#define AT_ONCE (3 * SECOND)

#define ROUNDS 3

/* The processes that hold an object and wait, and the command by which they wait. */
static const struct holder {
	const char *backend, *command;
} holders[] = {
	{"vulkan", "wait 10"},
	{"vulkan", "notify 10"},
	{"vulkan", "poll 10"},
	{"host", "wait 10"},
	{"host", "notify 10"},
	{"host", "poll 10"},
	{"vulkan", "wait-frame"},
	{"host", "wait-frame"},
};

#define HOLDERS COUNT_OF(holders)

struct scene {
	struct trigger trigger;
	struct peer loser, holders[HOLDERS];
	struct geyser_handle texture, event; /* the loser exports them */
};

/* Starts a peer that exports a texture and an event, and publishes a stream. It will lose its
 * device. */
static void start_loser(struct scene *scene)
{
	start_importer(&scene->loser, "vulkan", "loser");
	tell(&scene->loser, "create-texture rgba8unorm 64 48 0");
	scene->texture = hear_handle(&scene->loser);
	tell(&scene->loser, "create-event 1");
	scene->event = hear_handle(&scene->loser);
	ask(&scene->loser, "publish lost rgba8unorm 64 48 3", "ok");
	ask(&scene->loser, "submit 1", "ok");
}

static void start_holder(struct scene *scene, struct peer *peer, const struct holder *holder)
{
	start_importer(peer, holder->backend, "holder");
	if (strcmp(holder->command, "wait-frame") == 0) {
		ask(peer, "subscribe lost", "ok");
		ask(peer, "take", "ok");
	} else {
		give(peer, "import-event", &scene->event, "ok");
	}
	ask(peer, holder->command, "waiting");
}

static void begin(void **state, struct scene *scene)
{
	arm_trigger(&scene->trigger, *state);
	start_loser(scene);
	spare_others();
	for (size_t i = 0; i < HOLDERS; i++)
		start_holder(scene, &scene->holders[i], &holders[i]);
}

static void expect_news(struct scene *scene, uint64_t begun)
{
	for (size_t i = 0; i < HOLDERS; i++)
		expect_line(&scene->holders[i], "GEYSER_ERROR_DEVICE_LOST");
	print_message("# all holders know after %.2f ms\n", (double)(now_ns() - begun) / 1e6);
	assert_in_range(now_ns() - begun, 0, AT_ONCE);
}

/* Later calls fail as well, whether they need the device or not. */
static void expect_later_refusals(struct scene *scene)
{
	static const char *const commands[] = {"wait 10", "notify 10", "poll 10"};

	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		ask(&scene->loser, commands[i], "waiting");
		expect_line(&scene->loser, "GEYSER_ERROR_DEVICE_LOST");
		ask(&scene->holders[i], commands[i], "waiting");
		expect_line(&scene->holders[i], "GEYSER_ERROR_DEVICE_LOST");
	}
	ask(&scene->loser, "map", "GEYSER_ERROR_DEVICE_LOST");
	ask(&scene->loser, "acquire", "GEYSER_ERROR_DEVICE_LOST");
}

static void expect_stale(const struct scene *scene, const char *backend)
{
	struct peer late;

	start_importer(&late, backend, "late");
	give(&late, "import-texture", &scene->texture, "GEYSER_ERROR_STALE");
	give(&late, "import-event", &scene->event, "GEYSER_ERROR_STALE");
	end_peer(&late);
}

/* All peers still end by themselves, with status 0. */
static void end(struct scene *scene)
{
	end_peer(&scene->loser);
	for (size_t i = 0; i < HOLDERS; i++)
		end_peer(&scene->holders[i]);
	disarm_trigger(&scene->trigger);
}

static void after_the_loss(struct scene *scene, uint64_t begun)
{
	expect_news(scene, begun);
	expect_later_refusals(scene);
	expect_stale(scene, "vulkan");
	expect_stale(scene, "host");
	end(scene);
}

/* The process is idle except for geyser's thread that keeps the semaphore equal to the event. */
static void found_by_what_waits_for_the_device(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct scene scene;
		uint64_t begun;

		begin(state, &scene);
		tell(&scene.loser, "semaphore");
		(void)hear(&scene.loser);
		begun = now_ns();
		pull_trigger(&scene.trigger);
		after_the_loss(&scene, begun);
	}
}

static void found_by_mapping(void **state)
{
	struct scene scene;
	uint64_t begun;

	begin(state, &scene);
	pull_trigger(&scene.trigger);
	begun = now_ns();
	ask(&scene.loser, "map", "GEYSER_ERROR_DEVICE_LOST");
	after_the_loss(&scene, begun);
}

/* The loser has acquired the frame before the loss. */
static void found_by_submitting(void **state)
{
	struct scene scene;
	uint64_t begun;

	begin(state, &scene);
	ask(&scene.loser, "acquire", "ok");
	ask(&scene.loser, "semaphore", "bridged");
	begun = now_ns();
	pull_trigger(&scene.trigger);
	expect_news(&scene, begun);
	ask(&scene.loser, "submit-acquired", "GEYSER_ERROR_DEVICE_LOST");
	end(&scene);
}

/* Without the layer: the program tells geyser that one of its own calls met the loss. */
static void said_by_the_program(void **state)
{
	struct scene scene;
	uint64_t begun;

	begin(state, &scene);
	begun = now_ns();
	ask(&scene.loser, "lost", "ok");
	after_the_loss(&scene, begun);
}

/* A queue of another process waits for the loser's event, and doesn't wait for ever. */
static void queues_do_not_hang(void **state)
{
	struct scene scene;
	struct peer other;

	begin(state, &scene);
	start_importer(&other, "vulkan", "other");
	give(&other, "import-event", &scene.event, "ok");
	ask(&other, "create-texture rgba8unorm 16 16 0", "ok");
	ask(&other, "gpu-fill 10 0 1", "ok");
	ask(&other, "idle", "waiting");
	ask(&scene.loser, "lost", "ok");
	expect_line(&other, "ok");
	ask(&other, "wait 10", "waiting");
	expect_line(&other, "GEYSER_ERROR_DEVICE_LOST");
	ask(&other, "finish", "ok");
	end_peer(&other);
	end(&scene);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(found_by_what_waits_for_the_device),
		registry_test(found_by_mapping),
		registry_test(found_by_submitting),
		registry_test(said_by_the_program),
		registry_test(queues_do_not_hang),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "device_lost", tests, COUNT_OF(tests));
}
