/* SPDX-License-Identifier: MIT */
/* Imports of surfaces without a handle: an IOSurface of the caller, an id, a Mach port, an XPC
 * object.
 */
#import "gpu.h"

#if !APPLE
#include <apple_double.h>
#endif

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define JUNK ((void *)(uintptr_t)0x5a5a)

static const struct geyser_texture_desc picture = {
	.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 61, .height = 40};

static struct geyser_texture *make_picture(void **state, uint32_t usage)
{
	struct geyser_texture_desc desc = picture;
	struct geyser_texture *texture;

	desc.usage = usage;
	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	return texture;
}

static void a_surface_of_the_caller_s(void **state)
{
	IOSurfaceRef surface = make_surface(&bgra_surface);
	struct geyser_texture *texture, *again;
	struct geyser_native_texture native;
	struct geyser_mapping mapping;
	struct gpu gpu;
	void *same;

	gpu_open(&gpu, manager_of(state));
	ok(geyser_metal_texture_import_surface(manager_of(state), surface, &picture, &texture));
	CFRelease(surface); /* the texture has a reference of its own */
	ok(geyser_metal_texture_surface(texture, &same));
	assert_ptr_equal(same, surface);
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	assert_int_equal(mapping.row_pitch, 256);
	geyser_texture_unmap(texture);
	assert_true(fill_texture(texture, 4));
	ok(geyser_texture_export_native(texture, &native));
	assert_int_equal(native.type, GEYSER_NATIVE_IOSURFACE);
	assert_int_equal(native.fd, -1);
	assert_ptr_equal(native.object, surface);
	assert_int_equal(native.plane_count, 1);
	assert_int_equal(native.planes[0].row_pitch, 256);
	assert_int_equal(native.size, IOSurfaceGetAllocSize(surface));
	geyser_texture_unref(texture);
	ok(geyser_texture_import_native(manager_of(state), &native, &picture, &again));
	geyser_native_texture_release(&native);
	assert_null(native.object);
	assert_true(gpu_texture_holds(&gpu, again, 4));
	geyser_texture_unref(again);
	gpu_close(&gpu);
}

static void surfaces_that_don_t_fit(void **state)
{
	struct surface_desc wrong = bgra_surface;
	struct geyser_texture_desc desc = picture;

	wrong.width = 60;
	refuse_surface(
		manager_of(state), &wrong, "60 × 40 texels: 61 × 40 were expected", &picture);
	wrong = bgra_surface;
	wrong.height = 41;
	refuse_surface(manager_of(state), &wrong, "61 × 41", &picture);
	wrong = bgra_surface;
	wrong.fourcc = 0;
	wrong.element = 8;
	wrong.row = 512;
	refuse_surface(
		manager_of(state), &wrong, "texels have 8 bytes: bgra8unorm has 4", &picture);
	wrong = bgra_surface;
	wrong.fourcc = 0x52474241;
	refuse_surface(manager_of(state), &wrong,
		"'RGBA' (0x52474241): that of bgra8unorm is 'BGRA'", &picture);
	desc.mip_levels = 2;
	refuse_surface(manager_of(state), &bgra_surface, "mip_levels 2", &desc);
}

/* Formats that have no FourCC of their own accept none: 'l10r' has blue where rgb10a2unorm has
 * red. */
static void foreign_formats(void **state)
{
	const struct {
		enum geyser_format format;
		uint32_t fourcc;
		const char *word;
	} cases[] = {
		{GEYSER_FORMAT_RGB10A2_UNORM, 0x6c313072, "'l10r' (0x6c313072): that of rgb10a2"},
		{GEYSER_FORMAT_RG11B10_UFLOAT, 0x6c313072, "'l10r'"},
		{GEYSER_FORMAT_R32_UINT, 0x42475241, "'BGRA'"},
		{GEYSER_FORMAT_BGRA8_UNORM, 0x00000020, "'... ' (0x00000020): that of bgra8unorm"},
		{GEYSER_FORMAT_BGRA8_UNORM, 0x26424741, "'&BGA'"}, /* compressed */
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct geyser_texture_desc desc = picture;
		struct surface_desc surface = bgra_surface;

		desc.format = cases[i].format;
		surface.fourcc = cases[i].fourcc;
		if (!geyser_metal_format_refusal(
			    manager_of(state), desc.format, GEYSER_DIMENSION_2D))
			refuse_surface(manager_of(state), &surface, cases[i].word, &desc);
	}
}

/* A surface without a FourCC is imported with the caller's format. */
static void formats_without_a_name(void **state)
{
	struct surface_desc nameless = bgra_surface;
	struct geyser_texture *texture;
	IOSurfaceRef surface;

	nameless.fourcc = 0;
	surface = make_surface(&nameless);
	ok(geyser_metal_texture_import_surface(manager_of(state), surface, &picture, &texture));
	geyser_texture_unref(texture);
	CFRelease(surface);
}

static void what_is_no_surface(void **state)
{
	const enum geyser_result wanted = GEYSER_ERROR_INVALID_ARGUMENT;
	struct geyser_native_texture native = {.type = GEYSER_NATIVE_IOSURFACE, .fd = -1};
	struct geyser_manager *manager = manager_of(state);
	CFStringRef text =
		CFStringCreateWithCString(kCFAllocatorDefault, "no surface", kCFStringEncodingUTF8);
	IOSurfaceRef surface = make_surface(&bgra_surface);
	struct geyser_texture *texture = JUNK;

	refused(wanted, "it isn't an IOSurface",
		geyser_metal_texture_import_surface(
			manager, (void *)(uintptr_t)text, &picture, &texture));
	assert_null(texture);
	CFRelease(text);
	refused(wanted, "io_surface",
		geyser_metal_texture_import_surface(manager, NULL, &picture, &texture));
	refused(wanted, "out",
		geyser_metal_texture_import_surface(manager, surface, &picture, NULL));
	refused(wanted, "desc",
		geyser_metal_texture_import_surface(manager, surface, NULL, &texture));
	refused(wanted, "manager",
		geyser_metal_texture_import_surface(NULL, surface, &picture, &texture));
	refused(wanted, "NULL): it isn't an IOSurface",
		geyser_texture_import_native(manager, &native, &picture, &texture));
	native.type = GEYSER_NATIVE_DMA_BUF;
	native.fd = 0;
	refused(GEYSER_ERROR_UNSUPPORTED, "native type (3)",
		geyser_texture_import_native(manager, &native, &picture, &texture));
	CFRelease(surface);
}

/* ---- ids ---- */

static void ids_within_this_process(void **state)
{
	struct geyser_texture *secret = make_picture(state, 0), *texture = JUNK;
	const enum geyser_result wanted = GEYSER_ERROR_INVALID_ARGUMENT;
	uint32_t id = 5;

	refused(GEYSER_ERROR_UNSUPPORTED, "without GEYSER_USAGE_GLOBAL_ID",
		geyser_metal_texture_global_id(secret, &id));
	assert_int_equal(id, 0);
	geyser_texture_unref(secret);
	refused(GEYSER_ERROR_NOT_FOUND, "IOSurfaceID 77",
		geyser_metal_texture_import_global_id(manager_of(state), 77, &picture, &texture));
	assert_null(texture);
	refused(wanted, "out",
		geyser_metal_texture_import_global_id(manager_of(state), 77, &picture, NULL));
	refused(wanted, "manager",
		geyser_metal_texture_import_global_id(NULL, 77, &picture, &texture));
}

static void tell_id(struct peer *peer, uint32_t id)
{
	tell_for(peer, "global-id %" PRIu32, id);
}

/* Another process finds a surface by its id, as with Syphon, if the texture was made with
 * GLOBAL_ID. */
static void ids_in_another_process(void **state)
{
	struct geyser_texture *global = make_picture(state, GEYSER_USAGE_GLOBAL_ID);
	struct geyser_texture *secret = make_picture(state, 0);
	struct peer peer;
	void *surface;
	uint32_t id;

	assert_true(fill_texture(global, 6));
	ok(geyser_metal_texture_global_id(global, &id));
	ok(geyser_metal_texture_surface(global, &surface));
	assert_int_equal(id, IOSurfaceGetID(surface));
	start_importer(&peer, "metal", "-");
	tell_id(&peer, id);
	expect_line(&peer, "ok");
	ask(&peer, "compare 6", "ok");
	ask(&peer, "fill 7", "ok");
	assert_true(texture_holds(global, 7));
	ask(&peer, "drop", "ok");
	ok(geyser_metal_texture_surface(secret, &surface));
	tell_id(&peer, IOSurfaceGetID(surface));
	expect_line(&peer, "GEYSER_ERROR_NOT_FOUND");
	geyser_texture_unref(global);
	tell_id(&peer, id);
	expect_line(&peer, "GEYSER_ERROR_NOT_FOUND"); /* the surface is gone */
	end_peer(&peer);
	geyser_texture_unref(secret);
}

/* ---- ports and XPC objects ---- */

static void ports_within_this_process(void **state)
{
	struct geyser_texture *texture = make_picture(state, 0), *same;
	struct geyser_texture_desc wrong = picture;
	uint32_t port;
	void *surface;

	assert_true(fill_texture(texture, 8));
	ok(geyser_metal_texture_mach_port(texture, &port));
	ok(geyser_metal_texture_surface(texture, &surface));
	CFRetain(surface);
	ok(geyser_metal_texture_import_mach_port(manager_of(state), port, &picture, &same));
	assert_true(texture_holds(same, 8));
	geyser_texture_unref(same);
	geyser_texture_unref(texture);
	assert_true(IOSurfaceIsInUse(surface)); /* as long as the port exists */
	wrong.width = 60;
	refused(GEYSER_ERROR_MISMATCH, "61 × 40",
		geyser_metal_texture_import_mach_port(manager_of(state), port, &wrong, &same));
	assert_int_equal(mach_port_deallocate(mach_task_self(), port), KERN_SUCCESS);
	assert_false(IOSurfaceIsInUse(surface));
	CFRelease(surface);
}

static void ports_of_something_else(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = JUNK;
	mach_port_t port;

	refused(GEYSER_ERROR_NOT_FOUND, "port 0x0",
		geyser_metal_texture_import_mach_port(manager, MACH_PORT_NULL, &picture, &texture));
	assert_null(texture);
	assert_int_equal(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), 0);
	assert_int_equal(
		mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), 0);
	refused(GEYSER_ERROR_NOT_FOUND, "to an IOSurface",
		geyser_metal_texture_import_mach_port(manager, port, &picture, &texture));
	assert_int_equal(mach_port_deallocate(mach_task_self(), port), 0);
	assert_int_equal(
		mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1), 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager",
		geyser_metal_texture_import_mach_port(NULL, 1, &picture, &texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_metal_texture_import_mach_port(manager, 1, &picture, NULL));
}

static void xpc_objects_within_this_process(void **state)
{
	struct geyser_texture *texture = make_picture(state, 0), *same = JUNK;
	const enum geyser_result wanted = GEYSER_ERROR_INVALID_ARGUMENT;
	void *object;

	assert_true(fill_texture(texture, 8));
	ok(geyser_metal_texture_xpc_object(texture, &object));
	geyser_texture_unref(texture);
	ok(geyser_metal_texture_import_xpc_object(manager_of(state), object, &picture, &same));
	assert_true(texture_holds(same, 8));
	geyser_texture_unref(same);
	refused(wanted, "out",
		geyser_metal_texture_import_xpc_object(manager_of(state), object, &picture, NULL));
	refused(wanted, "manager",
		geyser_metal_texture_import_xpc_object(NULL, object, &picture, &same));
	assert_null(same);
	xpc_release((xpc_object_t)object);
	refused(wanted, "xpc_object",
		geyser_metal_texture_import_xpc_object(manager_of(state), NULL, &picture, &same));
}

#if !APPLE
/* The double sends rights and objects over a socket. On a Mac a program sends them by its own XPC
 * connection. */
static void start_with_socket(struct peer *peer, int *ours)
{
	char text[16];
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
	(void)snprintf(text, sizeof(text), "%d", ends[1]);
	start_importer(peer, "metal", text);
	(void)close(ends[1]);
	*ours = ends[0];
}

static void ports_in_another_process(void **state)
{
	struct geyser_texture *texture = make_picture(state, 0);
	struct peer peer;
	uint32_t port;
	int ours;

	start_with_socket(&peer, &ours);
	ok(geyser_metal_texture_mach_port(texture, &port));
	assert_int_equal(apple_double_port_send(ours, port), 0);
	assert_int_equal(mach_port_deallocate(mach_task_self(), port), KERN_SUCCESS);
	ask(&peer, "port", "ok");
	ask(&peer, "fill 12", "ok");
	assert_true(texture_holds(texture, 12));
	end_peer(&peer);
	geyser_texture_unref(texture);
	(void)close(ours);
}

static void xpc_objects_in_another_process(void **state)
{
	struct geyser_texture *texture = make_picture(state, 0);
	struct peer peer;
	void *object;
	int ours;

	start_with_socket(&peer, &ours);
	ok(geyser_metal_texture_xpc_object(texture, &object));
	assert_int_equal(apple_double_xpc_send(ours, (xpc_object_t)object), 0);
	xpc_release((xpc_object_t)object);
	ask(&peer, "xpc", "ok");
	ask(&peer, "gpu-fill 0 0 13", "ok");
	ask(&peer, "finish", "waiting");
	expect_line(&peer, "ok");
	assert_true(texture_holds(texture, 13));
	end_peer(&peer);
	geyser_texture_unref(texture);
	(void)close(ours);
}
#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(a_surface_of_the_caller_s),
		manager_test(surfaces_that_don_t_fit),
		manager_test(foreign_formats),
		manager_test(formats_without_a_name),
		manager_test(what_is_no_surface),
		manager_test(ids_within_this_process),
		manager_test(ids_in_another_process),
		manager_test(ports_within_this_process),
		manager_test(ports_of_something_else),
		manager_test(xpc_objects_within_this_process),
#if !APPLE
		manager_test(ports_in_another_process),
		manager_test(xpc_objects_in_another_process),
#endif
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "imports", tests, COUNT_OF(tests));
}
