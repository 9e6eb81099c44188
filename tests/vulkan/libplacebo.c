/* An image of libplacebo, in another process and on another device. Its memory comes over a socket.
 * geyser reads the patterns that libplacebo writes, and writes patterns that libplacebo reads. */
#include "gpu.h"
#include "harness.h"
#include "placebo.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct image {
	const char *format, *placebo_format;
	uint32_t width, height;
} images[] = {
	{"rgba8unorm", "rgba8", 64, 48},
	{"rgba8unorm", "rgba8", 1, 1},
	{"rgba8unorm", "rgba8", 1920, 1080},
	{"rgba8unorm", "rgba8", 333, 77},
	{"bgra8unorm", "bgra8", 65, 33},
	{"r8unorm", "r8", 256, 256},
	{"r8unorm", "r8", 7, 13},
	{"rg8unorm", "rg8", 31, 5},
	{"rgb10a2unorm", "rgb10a2", 100, 100},
	{"r16float", "r16hf", 129, 3},
	{"rgba16float", "rgba16hf", 320, 200},
	{"r32float", "r32f", 17, 9},
	{"rgba32float", "rgba32f", 50, 50},
};

/* Receives the image's memory. The test closes its descriptor. */
static struct geyser_native_texture receive(int socket)
{
	struct placebo_image image = {.size = 0};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {.iov_base = &image, .iov_len = sizeof(image)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct geyser_native_texture native = {.type = GEYSER_NATIVE_OPAQUE_FD, .plane_count = 1};

	assert_int_equal(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), sizeof(image));
	assert_int_equal(message.msg_controllen, sizeof(control));
	memcpy(&native.fd, CMSG_DATA(&control.header), sizeof(int));
	native.size = image.size;
	native.planes[0].offset = image.offset;
	memcpy(native.device_uuid, image.device_uuid, sizeof(native.device_uuid));
	return native;
}

/* Returns false if libplacebo can't export such an image here. */
static bool start_placebo(
	struct peer *peer, const struct image *image, struct geyser_native_texture *native)
{
	char role[64], argument[64];
	struct line line;
	int sockets[2], inherited;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	inherited = dup(sockets[1]); /* for the peer: exec keeps this one */
	(void)snprintf(role, sizeof(role), "%d %s", inherited, image->format);
	(void)snprintf(argument, sizeof(argument), "%s %u %u", image->placebo_format, image->width,
		image->height);
	line = start_peer(peer, role, argument);
	(void)close(inherited);
	(void)close(sockets[1]);
	if (strcmp(line.text, "ok") == 0)
		*native = receive(sockets[0]);
	else
		print_message("# %s: %s\n", argument, line.text);
	(void)close(sockets[0]);
	return strcmp(line.text, "ok") == 0;
}

static struct geyser_texture *import_image(
	void **state, const struct image *image, const struct geyser_native_texture *native)
{
	const struct geyser_texture_desc desc = {
		.format = geyser_format_from_name(image->format),
		.width = image->width,
		.height = image->height,
	};
	struct geyser_texture *texture;

	ok(geyser_texture_import_native(manager_of(state), native, &desc, &texture));
	(void)close(native->fd);
	return texture;
}

static void share(void **state, const struct image *image)
{
	struct geyser_native_texture native;
	struct geyser_texture *texture;
	struct peer peer;

	if (!start_placebo(&peer, image, &native)) {
		end_peer(&peer);
		return;
	}
	ask(&peer, "fill 1", "ok");
	texture = import_image(state, image, &native);
	assert_int_equal(geyser_texture_path(texture), GEYSER_PATH_ZERO_COPY);
	assert_true(texture_holds(texture, 1));
	ask(&peer, "fill 2", "ok");
	assert_true(texture_holds(texture, 2)); /* the texture is the image's memory, no copy */
	assert_true(fill_texture(texture, 3));
	ask(&peer, "compare 3", "ok");
	end_peer(&peer);
	assert_true(texture_holds(texture, 3)); /* the memory outlives the peer */
	geyser_texture_unref(texture);
}

static void images_of_libplacebo(void **state)
{
	for (size_t i = 0; i < COUNT_OF(images); i++) {
		print_message(
			"# %s %u x %u\n", images[i].format, images[i].width, images[i].height);
		share(state, &images[i]);
	}
}

/* The GPU reads and writes the image, and another manager imports it from the first one. */
static void shared_on(void **state)
{
	const struct image *image = &images[3];
	struct geyser_native_texture native;
	struct geyser_texture *texture, *imported;
	struct geyser_manager *second;
	struct geyser_handle handle;
	struct peer peer;
	struct gpu gpu;

	if (!start_placebo(&peer, image, &native)) {
		end_peer(&peer);
		return;
	}
	ask(&peer, "fill 5", "ok");
	texture = import_image(state, image, &native);
	gpu_open(&gpu, manager_of(state));
	assert_true(gpu_holds_now(&gpu, texture, 5));
	gpu_fill_now(&gpu, texture, 6);
	ask(&peer, "compare 6", "ok");
	gpu_close(&gpu);
	handle = export_texture(texture);
	second = make_manager();
	imported = import_texture(second, &handle);
	assert_true(texture_holds(imported, 6));
	geyser_texture_unref(imported);
	geyser_manager_destroy(second);
	geyser_texture_unref(texture);
	end_peer(&peer);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(images_of_libplacebo),
		manager_test(shared_on),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "libplacebo", tests, COUNT_OF(tests));
}
