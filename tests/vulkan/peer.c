/*
 * The other process. It makes a manager and says "ok". Then it reads commands from stdin, a line
 * each, and answers each with a line:
 *
 *	vulkan_peer vulkan|host NAME
 *
 * What goes wrong where nothing may ends it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "peer.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

struct peer_objects my;

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
}

void say_result(enum geyser_result result)
{
	if (result == GEYSER_OK)
		say("ok");
	else
		say("%s %s", geyser_result_string(result), geyser_error_detail());
}

static void say_handle(const struct geyser_handle *handle)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];

	ok(geyser_handle_to_string(handle, text, sizeof(text)));
	say("ok %s", text);
}

uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

/* ---- textures ---- */

/* "FORMAT WIDTH HEIGHT USAGE" */
static void create(const char *text)
{
	struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_NONE};
	struct geyser_handle handle;
	char format[32];

	if (sscanf(text, "%31s %" SCNu32 " %" SCNu32 " %" SCNu32, format, &desc.width, &desc.height,
		    &desc.usage) == 4)
		desc.format = geyser_format_from_name(format);
	ok(geyser_texture_create(my.manager, &desc, &my.texture));
	handle = export_texture(my.texture);
	say_handle(&handle);
}

static void import(const char *text)
{
	struct geyser_handle handle;

	ok(geyser_handle_from_string(text, &handle));
	say_result(geyser_texture_import(my.manager, &handle, NULL, &my.texture));
}

static void path(const char *text)
{
	(void)text;
	say("%d", (int)geyser_texture_path(my.texture));
}

static void fill(const char *text)
{
	say("%s", fill_texture(my.texture, (uint32_t)number(text)) ? "ok" : "bad");
}

static void compare(const char *text)
{
	say("%s", texture_holds(my.texture, (uint32_t)number(text)) ? "ok" : "bad");
}

static void map(const char *text)
{
	struct geyser_mapping mapping;
	enum geyser_result result = geyser_texture_map(my.texture, GEYSER_ACCESS_READ, &mapping);

	(void)text;
	say_result(result);
	if (result == GEYSER_OK)
		geyser_texture_unmap(my.texture);
}

/* ---- events ---- */

static void create_event(const char *text)
{
	struct geyser_handle handle;

	my.event = make_event(my.manager, number(text));
	handle = export_event(my.event);
	say_handle(&handle);
}

static void import_this_event(const char *text)
{
	struct geyser_handle handle;

	ok(geyser_handle_from_string(text, &handle));
	say_result(geyser_event_import(my.manager, &handle, &my.event));
}

static void value(const char *text)
{
	(void)text;
	say("%" PRIu64, value_of(my.event));
}

static void signal_event(const char *text)
{
	say_result(geyser_event_signal(my.event, number(text)));
}

/* Says so before it waits, for a test that does something to it meanwhile. */
static void wait_event(const char *text)
{
	say("waiting");
	say_result(geyser_event_wait(my.event, number(text), PATIENCE));
}

static void called(struct geyser_event *it, uint64_t now, enum geyser_result result, void *latch)
{
	(void)it;
	(void)now;
	say("%s", result == GEYSER_OK ? "ok" : geyser_result_string(result));
	latch_add(latch);
}

static void notify_event(const char *text)
{
	struct latch latch;

	latch_init(&latch);
	say("waiting");
	ok(geyser_event_notify(my.event, number(text), called, &latch));
	assert_true(latch_wait(&latch, 1));
	latch_finish(&latch);
}

static void poll_event(const char *text)
{
	int fd;

	ok(geyser_event_fd(my.event, number(text), &fd));
	say("waiting");
	if (readable(fd, PATIENCE))
		say_result(geyser_event_wait(my.event, number(text), 0));
	else
		say("bad");
	(void)close(fd);
}

/* ---- work of the GPU's on the texture, ordered by the event ---- */

/* "WAIT SIGNAL": values, 0 for none */
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

	my.work = gpu_fill(&my.gpu, my.texture, seed, sync_of(text));
	say("ok");
}

static void read_by_gpu(const char *text)
{
	my.work = gpu_read(&my.gpu, my.texture, sync_of(text));
	say("ok");
}

static void order(const char *text)
{
	my.work = gpu_order(&my.gpu, sync_of(text));
	say("ok");
}

static void finish(const char *text)
{
	(void)text;
	gpu_finish(&my.gpu, &my.work);
	say("ok");
}

static void finish_holds(const char *text)
{
	say("%s", gpu_finish_holds(&my.gpu, &my.work, (uint32_t)number(text)) ? "ok" : "bad");
}

/* Says so before it waits. */
static void wait_idle(const char *text)
{
	VkResult result;

	(void)text;
	say("waiting");
	result = vkQueueWaitIdle(my.gpu.device.queue);
	say("%s", result == VK_SUCCESS ? "ok" : "bad");
}

static void lose_device(const char *text)
{
	(void)text;
	say_result(geyser_vulkan_device_lost(my.manager));
}

/* The event's semaphore, and whether it is native. */
static void semaphore(const char *text)
{
	(void)text;
	(void)point_of(my.event, 0);
	say("%s", geyser_vulkan_event_is_native(my.event) ? "native" : "bridged");
}

static void drop(const char *text)
{
	(void)text;
	geyser_texture_unref(my.texture);
	geyser_event_unref(my.event);
	my.texture = NULL;
	my.event = NULL;
	say("ok");
}

/* ---- */

static const struct command commands[] = {
	{"create-texture", create},
	{"import-texture", import},
	{"path", path},
	{"fill", fill},
	{"compare", compare},
	{"map", map},
	{"create-event", create_event},
	{"import-event", import_this_event},
	{"value", value},
	{"signal", signal_event},
	{"wait", wait_event},
	{"notify", notify_event},
	{"poll", poll_event},
	{"gpu-fill", fill_by_gpu},
	{"gpu-read", read_by_gpu},
	{"gpu-order", order},
	{"finish", finish},
	{"finish-holds", finish_holds},
	{"idle", wait_idle},
	{"lost", lose_device},
	{"semaphore", semaphore},
	{"drop", drop},
};

static bool obey(const struct command *table, size_t count, const char *name, const char *rest)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0) {
			table[i].run(rest);
			return true;
		}
	return false;
}

static void obey_line(char *line)
{
	char *rest = line + strcspn(line, " \n");

	rest[strcspn(rest, "\n")] = '\0';
	if (*rest)
		*rest++ = '\0';
	if (!obey(commands, COUNT_OF(commands), line, rest) &&
		!obey(stream_commands, stream_command_count, line, rest))
		say("bad command (%s)", line);
}

static void release_all(void)
{
	geyser_publisher_destroy(my.publisher);
	geyser_subscriber_destroy(my.subscriber);
	geyser_texture_unref(my.texture);
	geyser_event_unref(my.event);
	if (my.gpu.pool)
		gpu_close(&my.gpu);
	geyser_manager_destroy(my.manager);
}

int main(int argc, char **argv)
{
	char line[256];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also if it is stopped then */
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "vulkan") == 0) {
		my.manager = make_manager_on(GEYSER_BACKEND_VULKAN);
		gpu_open(&my.gpu, my.manager);
	} else {
		my.manager = make_manager_on(GEYSER_BACKEND_HOST);
	}
	say("ok");
	while (fgets(line, sizeof(line), stdin))
		obey_line(line);
	release_all();
	return 0;
}
