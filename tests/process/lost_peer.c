/*
 * A Vulkan program whose GPU is lost: lost_peer STREAM. It publishes a stream of one frame and
 * exports a texture and an event, and prints their ids, a line each. When a line comes it says, as
 * a program whose own submit failed, that the device is lost, and answers "lost"; at the end of its
 * input it ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <geyser/vulkan.h>

static void check(enum geyser_result result, const char *what)
{
	if (!result)
		return;
	(void)fprintf(stderr, "lost_peer: %s: %s: %s\n", what, geyser_result_string(result),
		geyser_error_detail());
	exit(1);
}

static const struct geyser_texture_desc desc = {
	.format = GEYSER_FORMAT_RGBA8_UNORM,
	.width = 16,
	.height = 16,
};

static struct geyser_publisher *publish(struct geyser_manager *manager, const char *name)
{
	struct geyser_publisher *publisher;
	struct geyser_frame *frame;

	check(geyser_publisher_create(manager,
		      &(struct geyser_stream_desc){.name = name, .texture = desc}, &publisher),
		"publisher");
	check(geyser_publisher_acquire(publisher, 0, &frame), "acquire");
	check(geyser_publisher_submit(publisher, frame), "submit");
	return publisher;
}

static void print_id(const struct geyser_handle *handle)
{
	(void)printf("0x%08" PRIx32 "\n", geyser_handle_id(handle));
	(void)fflush(stdout);
}

static void read_line(void)
{
	int c;

	do
		c = getchar();
	while (c != EOF && c != '\n');
}

static void serve(
	struct geyser_manager *manager, struct geyser_texture *texture, struct geyser_event *event)
{
	struct geyser_handle handle;
	VkSemaphore semaphore;

	check(geyser_texture_export(texture, &handle), "export of the texture");
	print_id(&handle);
	/* as a program that is to signal it by its GPU */
	check(geyser_vulkan_event_semaphore(event, &semaphore), "semaphore");
	check(geyser_event_export(event, &handle), "export of the event");
	print_id(&handle);
	read_line();
	check(geyser_vulkan_device_lost(manager), "loss");
	(void)puts("lost");
	(void)fflush(stdout);
	read_line();
}

int main(int argc, char **argv)
{
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_texture *texture;
	struct geyser_event *event;

	if (argc != 2 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return 2;
	check(geyser_manager_create(
		      &(struct geyser_manager_desc){.backend = GEYSER_BACKEND_VULKAN}, &manager),
		"manager");
	publisher = publish(manager, argv[1]);
	check(geyser_texture_create(manager, &desc, &texture), "texture");
	check(geyser_event_create(manager, 0, &event), "event");
	serve(manager, texture, event);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	return 0;
}
