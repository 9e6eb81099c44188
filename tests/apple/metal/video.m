/* SPDX-License-Identifier: MIT */
/* Video on IOSurfaces: an MTLTexture for each plane, surfaces as cameras and decoders make them,
 * and planes that the CPU, the GPU and other processes read. */
#include "frames.h"
#import "gpu.h"

#if !APPLE
#include <apple_double.h>
#endif

#define FOURCC(text)                                                                        \
	((uint32_t)(text)[0] << 24 | (uint32_t)(text)[1] << 16 | (uint32_t)(text)[2] << 8 | \
		(uint32_t)(text)[3])
#define JUNK ((void *)(uintptr_t)0x5a5a)

static const struct geyser_texture_desc camera = {
	.format = GEYSER_FORMAT_NV12, .width = 62, .height = 40};

static IOSurfaceRef surface_of(struct geyser_texture *texture)
{
	void *surface;

	ok(geyser_metal_texture_surface(texture, &surface));
	return surface;
}

static bool offers(void **state, enum geyser_format format)
{
	return !geyser_metal_format_refusal(manager_of(state), format, GEYSER_DIMENSION_2D);
}

/* ---- textures that geyser makes ---- */

static void a_plane_is_a_texture(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_NV12, 61, 41);
	id<MTLTexture> luma = plane_of(texture, 0), chroma = plane_of(texture, 1);
	IOSurfaceRef surface = surface_of(texture);
	void *out = JUNK;

	assert_int_equal(luma.pixelFormat, MTLPixelFormatR8Unorm);
	assert_int_equal(luma.width, 61);
	assert_int_equal(luma.height, 41);
	assert_int_equal(luma.iosurfacePlane, 0);
	assert_int_equal(chroma.pixelFormat, MTLPixelFormatRG8Unorm);
	assert_int_equal(chroma.width, 31);
	assert_int_equal(chroma.height, 21);
	assert_int_equal(chroma.iosurfacePlane, 1);
	assert_ptr_equal(chroma.iosurface, surface);
	assert_int_equal(IOSurfaceGetPixelFormat(surface), FOURCC("420v"));
	assert_int_equal(IOSurfaceGetPlaneCount(surface), 2);
	assert_int_equal(IOSurfaceGetBytesPerElementOfPlane(surface, 1), 2);
	refused(GEYSER_ERROR_UNSUPPORTED, "nv12 has 2 planes: call geyser_metal_texture_plane",
		geyser_metal_texture(texture, &out));
	assert_null(out);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (2): nv12 has 2",
		geyser_metal_texture_plane(texture, 2, &out));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_metal_texture_plane(texture, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_metal_texture_plane(NULL, 0, &out));
	geyser_texture_unref(texture);
}

static void a_texture_of_one_plane_is_its_plane(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 8, 8);
	void *out = JUNK;

	assert_ptr_equal(plane_of(texture, 0), metal_of(texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (1): bgra8unorm has 1",
		geyser_metal_texture_plane(texture, 1, &out));
	assert_null(out);
	geyser_texture_unref(texture);
}

/* Two texels of a picture are one of its plane, and one element of the surface. */
static void pairs_are_elements(void **state)
{
	struct geyser_texture *texture;
	IOSurfaceRef surface;
	id<MTLTexture> pairs;

	if (!offers(state, GEYSER_FORMAT_UYVY))
		skip();
	texture = make_texture(manager_of(state), GEYSER_FORMAT_UYVY, 61, 3);
	surface = surface_of(texture);
	pairs = metal_of(texture);
	assert_int_equal(pairs.pixelFormat, MTLPixelFormatRGBA8Unorm);
	assert_int_equal(pairs.width, 31);
	assert_int_equal(IOSurfaceGetPixelFormat(surface), FOURCC("2vuy"));
	assert_int_equal(IOSurfaceGetWidth(surface), 61);
	assert_int_equal(IOSurfaceGetElementWidth(surface), 2);
	assert_int_equal(IOSurfaceGetBytesPerElement(surface), 4);
	geyser_texture_unref(texture);
}

/* Where geyser says that planes lie is where IOSurface has them. */
static void expect_planes(struct geyser_texture *texture)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	IOSurfaceRef surface = surface_of(texture);
	struct geyser_subresource sub;
	struct geyser_mapping mapping;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (uint32_t i = 0; i < geyser_format_get_info(desc->format)->planes; i++) {
		ok(geyser_texture_get_subresource(texture, i, 0, 0, &sub));
		assert_int_equal(sub.row_pitch, IOSurfaceGetBytesPerRowOfPlane(surface, i));
		assert_ptr_equal((uint8_t *)mapping.data + sub.offset,
			IOSurfaceGetBaseAddressOfPlane(surface, i));
		assert_in_range(sub.offset + sub.size, 1, mapping.size);
	}
	geyser_texture_unmap(texture);
}

static void planes_lie_where_the_surface_says(void **state)
{
	for (unsigned i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		struct geyser_texture *texture;

		if (!geyser_format_is_video(i) || !offers(state, i))
			continue;
		texture = make_texture(manager_of(state), i, 61, 41);
		expect_planes(texture);
		geyser_texture_unref(texture);
	}
}

/* ---- surfaces of cameras and decoders ---- */

static void a_camera_s_surface(void **state)
{
	IOSurfaceRef surface = make_surface(&camera_surface);
	struct geyser_texture *texture, *again;
	struct geyser_native_texture native;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	ok(geyser_metal_texture_import_surface(manager_of(state), surface, &camera, &texture));
	CFRelease(surface);
	expect_planes(texture);
	assert_true(fill_texture(texture, 4));
	ok(geyser_texture_export_native(texture, &native));
	assert_int_equal(native.plane_count, 2);
	assert_int_equal(native.planes[0].offset, 256);
	assert_int_equal(native.planes[0].row_pitch, 256);
	assert_int_equal(native.planes[1].offset, 256 + 256 * 48);
	assert_int_equal(native.planes[1].row_pitch, 512);
	geyser_texture_unref(texture);
	ok(geyser_texture_import_native(manager_of(state), &native, &camera, &again));
	geyser_native_texture_release(&native);
	assert_true(gpu_texture_holds(&gpu, again, 4));
	gpu_fill(&gpu, again, 5);
	assert_true(texture_holds(again, 5));
	geyser_texture_unref(again);
	gpu_close(&gpu);
}

static const struct {
	enum geyser_format format;
	char fourcc[5];
	enum geyser_color_range range;
} names[] = {
	{GEYSER_FORMAT_NV12, "420v", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_NV12, "420f", GEYSER_COLOR_RANGE_FULL},
	{GEYSER_FORMAT_NV16, "422v", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_NV16, "422f", GEYSER_COLOR_RANGE_FULL},
	{GEYSER_FORMAT_P010, "x420", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_P010, "xf20", GEYSER_COLOR_RANGE_FULL},
	{GEYSER_FORMAT_P210, "x422", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_P210, "xf22", GEYSER_COLOR_RANGE_FULL},
	{GEYSER_FORMAT_P410, "x444", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_P410, "xf44", GEYSER_COLOR_RANGE_FULL},
	{GEYSER_FORMAT_P216, "sv22", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_P416, "sv44", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_I420, "y420", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_I420, "f420", GEYSER_COLOR_RANGE_FULL},
	{GEYSER_FORMAT_YUY2, "yuvs", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_YUY2, "yuvf", GEYSER_COLOR_RANGE_FULL},
	{GEYSER_FORMAT_UYVY, "2vuy", GEYSER_COLOR_RANGE_LIMITED},
	{GEYSER_FORMAT_BGRA8_UNORM, "BGRA", GEYSER_COLOR_RANGE_FULL},
	{GEYSER_FORMAT_R8_UNORM, "L008", GEYSER_COLOR_RANGE_FULL},
};

/* Describes a surface of 62 x 40 texels as CoreVideo makes one, with rows that every GPU takes. */
static struct surface_desc describe(enum geyser_format format, const char *fourcc)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);
	struct surface_desc out = {.width = 62, .height = 40, .fourcc = FOURCC(fourcc)};

	if (info->planes == 1) {
		out.element = info->bytes_per_texel;
		out.element_width = info->block_width;
		out.row = 256;
		return out;
	}
	out.plane_count = info->planes;
	for (uint32_t i = 0; i < info->planes; i++) {
		struct geyser_plane_extent extent;

		assert_true(geyser_format_get_plane_extent(format, i, 62, 40, &extent));
		out.planes[i] = (struct surface_plane){.width = extent.width,
			.height = extent.height,
			.element = (uint32_t)(extent.row_bytes / extent.width),
			.row = 256};
	}
	return out;
}

static void a_fourcc_names_format_and_range(void **state)
{
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct surface_desc desc = describe(names[i].format, names[i].fourcc);
		IOSurfaceRef surface = make_surface(&desc);
		struct geyser_texture *texture;
		enum geyser_color_range range = (enum geyser_color_range)9;
		enum geyser_format format;

		ok(geyser_metal_surface_format(surface, &format, &range));
		assert_int_equal(format, names[i].format);
		assert_int_equal(range, names[i].range);
		if (offers(state, format)) {
			ok(geyser_metal_texture_import_surface(manager_of(state), surface,
				&(struct geyser_texture_desc){
					.format = format, .width = 62, .height = 40},
				&texture));
			assert_true(fill_texture(texture, (uint32_t)i));
			assert_true(texture_holds(texture, (uint32_t)i));
			geyser_texture_unref(texture);
		}
		CFRelease(surface);
	}
}

static void surfaces_without_a_format(void **state)
{
	struct surface_desc desc = bgra_surface;
	enum geyser_color_range range;
	enum geyser_format format;
	IOSurfaceRef surface;

	(void)state;
	desc.fourcc = 0;
	surface = make_surface(&desc);
	refused(GEYSER_ERROR_UNSUPPORTED, "(0x00000000): no format has that name",
		geyser_metal_surface_format(surface, &format, &range));
	assert_int_equal(format, GEYSER_FORMAT_NONE);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "format",
		geyser_metal_surface_format(surface, NULL, &range));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "range",
		geyser_metal_surface_format(surface, &format, NULL));
	CFRelease(surface);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "io_surface (NULL)",
		geyser_metal_surface_format(NULL, &format, &range));
}

static void planes_that_don_t_fit(void **state)
{
	struct surface_desc wrong = camera_surface;
	struct geyser_texture_desc desc = camera;

	wrong.planes[1].height = 40;
	refuse_surface(manager_of(state), &wrong,
		"plane 1 of the IOSurface has 31 × 40 texels: 31 × 20", &desc);
	wrong = camera_surface;
	wrong.planes[0].width = 61;
	refuse_surface(manager_of(state), &wrong,
		"plane 0 of the IOSurface has 61 × 40 texels: 62 × 40", &desc);
	wrong = camera_surface;
	wrong.planes[1].element = 4;
	refuse_surface(manager_of(state), &wrong,
		"plane 1 of the IOSurface: its texels have 4 bytes: nv12 has 2", &desc);
	wrong = camera_surface;
	wrong.planes[0].offset = 256 * 128;
	refuse_surface(manager_of(state), &wrong, "plane 0 must be the first", &desc);
	wrong = camera_surface;
	wrong.fourcc = FOURCC("420f");
	desc.format = GEYSER_FORMAT_NV16;
	refuse_surface(manager_of(state), &wrong,
		"'420f' (0x34323066): that of nv16 is '422v'; import it as nv12", &desc);
	desc.format = GEYSER_FORMAT_BGRA8_UNORM;
	refuse_surface(manager_of(state), &wrong,
		"('420f') has 2 planes: bgra8unorm has 1; import it as nv12", &desc);
	desc.format = GEYSER_FORMAT_R8_UNORM; /* not the luma alone either */
	wrong.fourcc = FOURCC("&8v0");        /* compressed */
	refuse_surface(manager_of(state), &wrong, "let the camera or decoder make '420v'", &desc);
	desc.format = GEYSER_FORMAT_NV12;
	refuse_surface(manager_of(state), &wrong, "'&8v0'", &desc);
	wrong = bgra_surface;
	wrong.width = 62;
	refuse_surface(manager_of(state), &wrong,
		"('BGRA') has 1 planes: nv12 has 2; import it as bgra8unorm", &desc);
}

static void private_storage_has_no_video(void **state)
{
	struct geyser_texture *texture = JUNK;

	refused(GEYSER_ERROR_UNSUPPORTED, "nv12: Metal has no such texture",
		geyser_metal_texture_create_private(manager_of(state), &camera, &texture));
	assert_null(texture);
}

/* ---- streams ---- */

/* Sends frames of an odd size from one backend to another. Metal's reader uses its GPU, too. */
static void send_frames(void **state, enum geyser_backend from, enum geyser_backend to)
{
	static const enum geyser_format formats[] = {
		GEYSER_FORMAT_NV12, GEYSER_FORMAT_P010, GEYSER_FORMAT_I420, GEYSER_FORMAT_YUY2};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_manager *publisher = from == GEYSER_BACKEND_HOST ? host : manager_of(state);
	struct geyser_manager *subscriber = to == GEYSER_BACKEND_HOST ? host : manager_of(state);

	for (size_t k = 0; k < COUNT_OF(formats); k++) {
		const struct geyser_texture_desc desc = {
			.format = formats[k], .width = 62, .height = 41};
		struct geyser_frame *frame;
		struct frames frames;

		if (!offers(state, formats[k]))
			continue;
		frames = open_frames(publisher, subscriber, &desc, 3);
		for (uint32_t i = 1; i <= 5; i++) {
			submit(frames.publisher, i);
			frame = next_frame(frames.subscriber, i);
			assert_true(texture_holds(geyser_frame_texture(frame), i));
			if (to == GEYSER_BACKEND_METAL) {
				struct gpu gpu;

				gpu_open(&gpu, subscriber);
				assert_true(
					gpu_texture_holds(&gpu, geyser_frame_texture(frame), i));
				gpu_close(&gpu);
			}
			ok(geyser_subscriber_release(frames.subscriber, frame));
		}
		close_frames(&frames);
	}
	geyser_manager_destroy(host);
}

static void frames_from_metal_to_metal(void **state)
{
	send_frames(state, GEYSER_BACKEND_METAL, GEYSER_BACKEND_METAL);
}

static void frames_from_metal_to_the_host(void **state)
{
	send_frames(state, GEYSER_BACKEND_METAL, GEYSER_BACKEND_HOST);
}

static void frames_from_the_host_to_metal(void **state)
{
	send_frames(state, GEYSER_BACKEND_HOST, GEYSER_BACKEND_METAL);
}

static void frames_between_processes(void **state)
{
	static const char *const ways[][4] = {
		{"metal", "metal", "submit-gpu", "take-gpu"},
		{"metal", "host", "submit-gpu", "take"},
		{"host", "metal", "submit", "take-gpu"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct two_peers two;

		start_stream(&two, ways[i][0], ways[i][1], "nv12 62 41 3");
		for (unsigned k = 1; k <= 4; k++) {
			ask_for(&two.first, "ok", "%s %u", ways[i][2], k);
			ask_frame(&two.second, k % 2 ? ways[i][3] : "take", k);
		}
		end_two(&two);
	}
}

#if !APPLE /* failures, by the double's settings */
static void calls_that_fail(void **state)
{
	IOSurfaceRef surface = make_surface(&camera_surface);
	struct geyser_texture *texture = JUNK;

	apple_double_fail("newTexture", 2); /* the chroma's */
	refused(GEYSER_ERROR_UNSUPPORTED, "can't make a texture of 62 × 40 texels of nv12",
		geyser_texture_create(manager_of(state), &camera, &texture));
	assert_null(texture);
	apple_double_fail("IOSurfaceLock", 1);
	refused(GEYSER_ERROR_SYSTEM, "IOSurfaceLock",
		geyser_metal_texture_import_surface(manager_of(state), surface, &camera, &texture));
	assert_null(texture);
	assert_int_equal(IOSurfaceGetUseCount(surface), 0);
	CFRelease(surface);
}
#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(a_plane_is_a_texture),
		manager_test(a_texture_of_one_plane_is_its_plane),
		manager_test(pairs_are_elements),
		manager_test(planes_lie_where_the_surface_says),
		manager_test(a_camera_s_surface),
		manager_test(a_fourcc_names_format_and_range),
		manager_test(surfaces_without_a_format),
		manager_test(planes_that_don_t_fit),
		manager_test(private_storage_has_no_video),
		manager_test(frames_from_metal_to_metal),
		manager_test(frames_from_metal_to_the_host),
		manager_test(frames_from_the_host_to_metal),
		registry_test(frames_between_processes),
#if !APPLE
		manager_test(calls_that_fail),
#endif
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "video", tests, COUNT_OF(tests));
}
