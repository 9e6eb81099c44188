/*
 * geyser-bench-torch WAY [FD]: the process that makes frames for bench/torch_handover.py, which
 * reads them as PyTorch tensors. A frame is 3840x2160x4 bytes, all of them one value.
 *
 * geyser  Vulkan clears a frame of the stream "bench-torch"
 * host    Vulkan clears an image, which is copied down and into the shared memory FD
 * cuda    CUDA fills memory that it shares by its own IPC
 *
 * Says what there is to open in one line on standard output. Then each byte that it reads is the
 * value of the next frame; host and cuda answer with a byte when the other side may go on (a frame
 * of geyser's says so itself). 'geyser' takes 0 for "name a new texture", and answers with its
 * handle in a line; 'cuda' does the same with memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vkhand.h"

static const struct geyser_texture_desc texture_desc = {
	.format = GEYSER_FORMAT_RGBA8_UNORM,
	.width = VKHAND_WIDTH,
	.height = VKHAND_HEIGHT,
	.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_LINEAR,
};

static void need(bool condition, const char *what)
{
	if (!condition)
		die("%s", what);
}

/* Reads the next frame's value. Returns false if no more frames are wanted. */
static bool next_value(uint8_t *out)
{
	ssize_t got;

	do
		got = read(STDIN_FILENO, out, 1);
	while (got < 0 && errno == EINTR);
	return got == 1;
}

static void answer(void)
{
	need(write(STDOUT_FILENO, "", 1) == 1, "nobody reads the answers");
}

static void print_hex(const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		(void)printf("%02x", ((const uint8_t *)data)[i]);
}

static void end_line(void)
{
	(void)putchar('\n');
	need(fflush(stdout) == 0, "nobody reads the answers");
}

static void open_vulkan(struct vkhand *hand)
{
	const char *why = "no Vulkan";

	need(vkhand_open(hand, &why), why);
}

/* ---- geyser --------------------------------------------------------------------------------- */

static void draw(struct vkhand *hand, struct geyser_publisher *publisher, uint8_t value)
{
	struct geyser_vulkan_point wait, signal;
	struct geyser_frame *frame;
	VkCommandBuffer commands;
	VkImage image;

	require(geyser_publisher_acquire(publisher, VKHAND_TIMEOUT, &frame), "a frame");
	require(geyser_vulkan_texture_image(geyser_frame_texture(frame), &image), "its image");
	require(geyser_vulkan_frame_wait_point(frame, &wait), "its wait point");
	require(geyser_vulkan_frame_signal_point(frame, &signal), "its signal point");
	commands = vkhand_begin(hand);
	require(geyser_vulkan_cmd_acquire(commands, geyser_frame_texture(frame), &vkhand_write),
		"acquiring");
	vkhand_clear(commands, image, value);
	require(geyser_vulkan_cmd_release(commands, geyser_frame_texture(frame), &vkhand_write),
		"releasing");
	vkhand_submit(hand, wait.semaphore ? &wait : NULL, &signal);
	require(geyser_publisher_submit(publisher, frame), "submitting");
}

/* Makes a new texture and prints its handle. Releases the one before. */
static void name_texture(struct vkhand *hand, struct geyser_texture **texture)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];
	struct geyser_handle handle;

	geyser_texture_unref(*texture);
	require(geyser_texture_create(hand->manager, &texture_desc, texture), "a texture");
	require(geyser_texture_export(*texture, &handle), "exporting");
	require(geyser_handle_to_string(&handle, text, sizeof(text)), "its handle");
	(void)fputs(text, stdout);
	end_line();
}

static void run_geyser(void)
{
	const struct geyser_stream_desc desc = {.name = "bench-torch", .texture = texture_desc};
	struct geyser_texture *texture = NULL;
	struct geyser_publisher *publisher;
	struct vkhand hand;
	uint8_t value;

	open_vulkan(&hand);
	require(geyser_publisher_create(hand.manager, &desc, &publisher), "a stream");
	(void)fputs(hand.name, stdout);
	end_line();
	while (next_value(&value)) {
		if (value)
			draw(&hand, publisher, value);
		else
			name_texture(&hand, &texture);
	}
	vkhand_finish(&hand);
	geyser_texture_unref(texture);
	geyser_publisher_destroy(publisher);
	vkhand_close(&hand);
}

/* ---- through host memory -------------------------------------------------------------------- */

static void run_host(int fd)
{
	void *const shared = mmap(NULL, VKHAND_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct vkhand_staging staging;
	struct vkhand_image image;
	struct vkhand hand;
	uint8_t value;

	need(shared != MAP_FAILED, "the shared memory can't be mapped");
	open_vulkan(&hand);
	vkhand_image_create_private(&hand, &image);
	vkhand_staging_create(&hand, &staging);
	(void)fputs(hand.name, stdout);
	end_line();
	while (next_value(&value)) {
		VkCommandBuffer commands = vkhand_begin(&hand);

		vkhand_clear(commands, image.image, value);
		vkhand_download(commands, image.image, staging.buffer);
		vkhand_submit(&hand, NULL, NULL);
		vkhand_finish(&hand);
		memcpy(shared, staging.data, VKHAND_SIZE);
		answer();
	}
	vkhand_staging_destroy(&hand, &staging);
	vkhand_image_destroy(&hand, &image);
	vkhand_close(&hand);
	(void)munmap(shared, VKHAND_SIZE);
}

/* ---- CUDA's own ----------------------------------------------------------------------------- */

#define EVENT_FLAGS (2u | 4u) /* CU_EVENT_DISABLE_TIMING, CU_EVENT_INTERPROCESS */

/* CUipcMemHandle and CUipcEventHandle */
struct ipc_handle {
	unsigned char bytes[64];
};

static struct {
	int (*init)(unsigned flags);
	int (*device)(int *device, int ordinal);
	int (*retain)(void **context, int device);
	int (*set_current)(void *context);
	int (*allocate)(unsigned long long *pointer, size_t size);
	int (*free)(unsigned long long pointer);
	int (*get_memory)(struct ipc_handle *out, unsigned long long pointer);
	int (*make_event)(void **event, unsigned flags);
	int (*get_event)(struct ipc_handle *out, void *event);
	int (*fill)(unsigned long long pointer, unsigned char value, size_t size, void *stream);
	int (*record)(void *event, void *stream);
} cuda;

static void load_cuda(void)
{
	void *const library = dlopen("libcuda.so.1", RTLD_NOW);
	const struct {
		const char *name;
		void *at;
	} functions[] = {
		{"cuInit", &cuda.init},
		{"cuDeviceGet", &cuda.device},
		{"cuDevicePrimaryCtxRetain", &cuda.retain},
		{"cuCtxSetCurrent", &cuda.set_current},
		{"cuMemAlloc_v2", &cuda.allocate},
		{"cuMemFree_v2", &cuda.free},
		{"cuIpcGetMemHandle", &cuda.get_memory},
		{"cuEventCreate", &cuda.make_event},
		{"cuIpcGetEventHandle", &cuda.get_event},
		{"cuMemsetD8Async", &cuda.fill},
		{"cuEventRecord", &cuda.record},
	};

	need(library != NULL, "no libcuda.so.1");
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *const symbol = dlsym(library, functions[i].name);

		need(symbol != NULL, functions[i].name);
		memcpy(functions[i].at, &symbol, sizeof(symbol));
	}
}

static void print_memory(unsigned long long *pointer)
{
	struct ipc_handle handle;

	need(!cuda.allocate(pointer, VKHAND_SIZE), "cuMemAlloc");
	need(!cuda.get_memory(&handle, *pointer), "cuIpcGetMemHandle");
	print_hex(&handle, sizeof(handle));
}

static void run_cuda(void)
{
	unsigned long long frame, other = 0;
	struct ipc_handle handle;
	void *context, *event;
	uint8_t value;
	int device = 0;

	load_cuda();
	need(!cuda.init(0) && !cuda.device(&device, 0), "no CUDA device");
	need(!cuda.retain(&context, device) && !cuda.set_current(context), "a CUDA context");
	need(!cuda.make_event(&event, EVENT_FLAGS) && !cuda.get_event(&handle, event), "an event");
	print_memory(&frame);
	(void)putchar(' ');
	print_hex(&handle, sizeof(handle));
	end_line();
	while (next_value(&value)) {
		if (!value) {
			if (other)
				(void)cuda.free(other);
			print_memory(&other);
			end_line();
			continue;
		}
		need(!cuda.fill(frame, value, VKHAND_SIZE, NULL), "cuMemsetD8Async");
		need(!cuda.record(event, NULL), "cuEventRecord");
		answer();
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "geyser") == 0)
		run_geyser();
	else if (argc == 3 && strcmp(argv[1], "host") == 0)
		run_host(atoi(argv[2]));
	else if (argc == 2 && strcmp(argv[1], "cuda") == 0)
		run_cuda();
	else
		return 2;
	return 0;
}
