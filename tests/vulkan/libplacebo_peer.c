/*
 * The other process of the libplacebo test. libplacebo makes and fills an image on a device of its
 * own, and this program sends the image's memory to the test over a socket. The only thing that the
 * image has from geyser is the pattern that fill_texture makes.
 *
 *	libplacebo_peer "SOCKET FORMAT" "PLACEBO_FORMAT WIDTH HEIGHT"
 *
 * Its commands are "fill SEED" and "compare SEED".
 *
 * SPDX-License-Identifier: MIT
 */
#include "commands.h"
#include "placebo.h"

#include <inttypes.h>
#include <libplacebo/vulkan.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* LeakSanitizer asks: what libplacebo's use of the driver leaves behind is not ours to find. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

/* my.texture is a copy of the image in host memory, for the pattern. */
static struct {
	pl_log log;
	pl_vulkan vulkan;
	pl_tex image;
} placebo;

/* Says what this machine doesn't have, so that the test is skipped, and ends the process. */
static void missing(const char *what)
{
	say("missing %s", what);
	exit(0);
}

static void open_device(void)
{
	struct pl_vulkan_params params = pl_vulkan_default_params;

	params.allow_software = true;
	params.async_transfer = params.async_compute = false;
	placebo.log = pl_log_create(PL_API_VER, NULL);
	placebo.vulkan = pl_vulkan_create(placebo.log, &params);
	if (!placebo.vulkan)
		missing("device for libplacebo");
	if (!(placebo.vulkan->gpu->export_caps.tex & PL_HANDLE_FD))
		missing("export of textures by libplacebo");
}

static void make_image(const char *format, const char *text)
{
	pl_gpu gpu = placebo.vulkan->gpu;
	struct geyser_texture_desc desc = {.format = geyser_format_from_name(format)};
	struct pl_tex_params params = {
		.sampleable = true,
		.host_writable = true,
		.host_readable = true,
		.export_handle = PL_HANDLE_FD,
	};
	char name[32] = "";

	(void)sscanf(text, "%31s %" SCNu32 " %" SCNu32, name, &desc.width, &desc.height);
	params.format = pl_find_named_fmt(gpu, name);
	params.w = (int)desc.width;
	params.h = (int)desc.height;
	if (!params.format)
		missing(name);
	placebo.image = pl_tex_create(gpu, &params);
	assert_non_null(placebo.image);
	open_manager(GEYSER_BACKEND_AUTO);
	ok(geyser_texture_create(my.manager, &desc, &my.texture));
}

static void send_image(int fd)
{
	const struct pl_shared_mem *memory = &placebo.image->shared_mem;
	struct placebo_image image = {.size = memory->size, .offset = memory->offset};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS,
			     .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec part = {.iov_base = &image, .iov_len = sizeof(image)};
	const struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(image.device_uuid, placebo.vulkan->gpu->uuid, sizeof(image.device_uuid));
	memcpy(CMSG_DATA(&control.header), &memory->handle.fd, sizeof(int));
	assert_int_equal(sendmsg(fd, &message, 0), sizeof(image));
	(void)close(fd);
}

/* Returns when libplacebo has written the pattern. The image isn't brought into the layout GENERAL
 * by pl_vulkan_hold: with 4.208 and lavapipe, whose images are alike in all layouts, that crashes
 * now and then in the driver's queue, also if nobody has imported the image. */
static void fill(const char *text)
{
	struct geyser_mapping mapping;
	struct pl_tex_transfer_params transfer = {.tex = placebo.image};

	assert_true(fill_texture(my.texture, (uint32_t)number(text)));
	ok(geyser_texture_map(my.texture, GEYSER_ACCESS_READ, &mapping));
	transfer.ptr = mapping.data;
	transfer.row_pitch = mapping.row_pitch;
	assert_true(pl_tex_upload(placebo.vulkan->gpu, &transfer));
	geyser_texture_unmap(my.texture);
	pl_gpu_finish(placebo.vulkan->gpu);
	say("ok");
}

static void compare(const char *text)
{
	struct geyser_mapping mapping;
	struct pl_tex_transfer_params transfer = {.tex = placebo.image};

	ok(geyser_texture_map(my.texture, GEYSER_ACCESS_READ_WRITE, &mapping));
	transfer.ptr = mapping.data;
	transfer.row_pitch = mapping.row_pitch;
	assert_true(pl_tex_download(placebo.vulkan->gpu, &transfer));
	geyser_texture_unmap(my.texture);
	pl_gpu_finish(placebo.vulkan->gpu);
	say_good(texture_holds(my.texture, (uint32_t)number(text)));
}

static void close_all(void)
{
	pl_tex_destroy(placebo.vulkan->gpu, &placebo.image);
	pl_vulkan_destroy(&placebo.vulkan);
	pl_log_destroy(&placebo.log);
	release_objects();
	geyser_manager_destroy(my.manager);
}

static const struct command commands[] = {
	{"fill", fill},
	{"compare", compare},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	const struct command *const tables[] = {commands, NULL};
	char format[32] = "";
	int fd = -1;

	/* libplacebo 4.208 itself is not clean: it makes an instance that names no version. */
	(void)unsetenv("VK_INSTANCE_LAYERS");
	if (argc != 3 || sscanf(argv[1], "%d %31s", &fd, format) != 2)
		return 2;
	open_device();
	make_image(format, argv[2]);
	send_image(fd);
	say("ok");
	obey_all(tables);
	close_all();
	return 0;
}
