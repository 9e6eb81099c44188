/* Opaque memory that is not what it says it is: refused, with the field, before the driver is
 * asked, which for most of these may do anything. */
#include "gpu.h"
#include "harness.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct geyser_texture_desc desc = {
	.format = GEYSER_FORMAT_RGBA8_UNORM,
	.width = 64,
	.height = 48,
};

struct offer {
	struct geyser_texture *texture;
	struct geyser_native_texture native;
};

static struct offer make_offer(void **state)
{
	struct offer offer;

	ok(geyser_texture_create(manager_of(state), &desc, &offer.texture));
	assert_true(fill_texture(offer.texture, 1));
	ok(geyser_texture_export_native(offer.texture, &offer.native));
	assert_int_equal(offer.native.type, GEYSER_NATIVE_OPAQUE_FD);
	return offer;
}

static void end_offer(struct offer *offer)
{
	assert_true(texture_holds(offer->texture, 1)); /* no harm was done */
	(void)close(offer->native.fd);
	geyser_texture_unref(offer->texture);
}

static void refuse_as(struct geyser_manager *manager, const struct geyser_native_texture *native,
	const struct geyser_texture_desc *as, enum geyser_result wanted, const char *word)
{
	struct geyser_texture *texture = (struct geyser_texture *)manager;
	unsigned fds = fd_count();

	refused(wanted, word, geyser_texture_import_native(manager, native, as, &texture));
	assert_null(texture);
	assert_int_equal(fd_count(), fds);
}

static void refuse(void **state, const struct geyser_native_texture *native,
	enum geyser_result wanted, const char *word)
{
	refuse_as(manager_of(state), native, &desc, wanted, word);
}

static void what_is_offered_can_be_taken(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_manager *other = make_manager();
	struct geyser_vulkan_info info = info_of(manager_of(state));
	struct geyser_texture *texture;
	struct geyser_native_texture native = offer.native;

	assert_memory_equal(native.device_uuid, info.device_uuid, 16);
	assert_memory_equal(native.driver_uuid, info.driver_uuid, 16);
	assert_true(fd_is_cloexec(native.fd));
	assert_in_range(native.size, 64 * 48 * 4, 1 << 24);
	ok(geyser_texture_import_native(other, &native, &desc, &texture));
	assert_true(texture_holds(texture, 1));
	geyser_texture_unref(texture);
	/* all zero: not checked */
	memset(native.device_uuid, 0, 16);
	memset(native.driver_uuid, 0, 16);
	ok(geyser_texture_import_native(other, &native, &desc, &texture));
	assert_true(texture_holds(texture, 1));
	geyser_texture_unref(texture);
	geyser_manager_destroy(other);
	end_offer(&offer);
}

static void another_devices(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_native_texture native = offer.native;

	native.device_uuid[15] ^= 1;
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "device_uuid");
	native = offer.native;
	native.driver_uuid[0] ^= 0x80;
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "driver_uuid");
	end_offer(&offer);
}

static void of_another_size(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_native_texture native = offer.native;

	native.size = 4096; /* less than the image needs */
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "size");
	native.size = 0;
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "size");
	native.size = offer.native.size + (1 << 30);
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "size");
	native.size = UINT64_MAX;
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "size");
	end_offer(&offer);
}

static void at_another_offset(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_native_texture native = offer.native;
	const uint64_t offsets[] = {offer.native.size, UINT64_MAX, UINT64_MAX - 4095, 4096};

	for (size_t i = 0; i < COUNT_OF(offsets); i++) {
		native.planes[0].offset = offer.native.planes[0].offset + offsets[i];
		refuse(state, &native, GEYSER_ERROR_MISMATCH, "offset");
	}
	end_offer(&offer);
}

static void of_a_larger_image(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_texture_desc larger = desc;

	larger.height = 4800;
	refuse_as(manager_of(state), &offer.native, &larger, GEYSER_ERROR_MISMATCH, "size");
	larger = desc;
	larger.format = GEYSER_FORMAT_RGBA32_FLOAT;
	refuse_as(manager_of(state), &offer.native, &larger, GEYSER_ERROR_MISMATCH, "size");
	end_offer(&offer);
}

static void of_another_type(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_native_texture native = offer.native;

	native.type = (enum geyser_native_type)99;
	refuse(state, &native, GEYSER_ERROR_UNSUPPORTED, "type (99)");
	native.type = GEYSER_NATIVE_IOSURFACE;
	refuse(state, &native, GEYSER_ERROR_UNSUPPORTED, "type");
	refuse_as(host, &offer.native, &desc, GEYSER_ERROR_UNSUPPORTED, "HOST_MEMORY");
	geyser_manager_destroy(host);
	end_offer(&offer);
}

static void planes_that_there_are_not(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_native_texture native = offer.native;

	native.plane_count = 0;
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "plane_count");
	native.plane_count = 2;
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "plane_count");
	end_offer(&offer);
}

static void rows_that_the_driver_makes_otherwise(void **state)
{
	struct geyser_texture_desc rows = desc, aligned;
	struct geyser_texture *texture, *taken;
	struct geyser_native_texture native;
	struct geyser_vulkan_image_info image;

	rows.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_LINEAR;
	aligned = rows;
	ok(geyser_texture_create(manager_of(state), &rows, &texture));
	ok(geyser_vulkan_texture_get_info(texture, &image));
	assert_int_equal(image.tiling, VK_IMAGE_TILING_LINEAR);
	assert_true(fill_texture(texture, 1));
	ok(geyser_texture_export_native(texture, &native));
	assert_int_equal(native.type, GEYSER_NATIVE_OPAQUE_FD);
	assert_in_range(native.planes[0].row_pitch, 64 * 4, native.size / 48);
	ok(geyser_texture_import_native(manager_of(state), &native, &rows, &taken));
	assert_true(texture_holds(taken, 1));
	geyser_texture_unref(taken);
	aligned.usage |= GEYSER_ROW_ALIGNMENT(GEYSER_ROW_ALIGNMENT_MAX); /* an import ignores it */
	ok(geyser_texture_import_native(manager_of(state), &native, &aligned, &taken));
	assert_true(texture_holds(taken, 1));
	geyser_texture_unref(taken);
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "row_pitch"); /* without LINEAR */
	native.planes[0].row_pitch += 4;
	refuse_as(manager_of(state), &native, &rows, GEYSER_ERROR_MISMATCH, "row_pitch");
	native.planes[0].row_pitch = 0;
	refuse_as(manager_of(state), &native, &rows, GEYSER_ERROR_MISMATCH, "row_pitch (0)");
	geyser_native_texture_release(&native);
	geyser_texture_unref(texture);
}

static void rows_of_what_has_none(void **state)
{
	struct geyser_texture_desc rows = desc;
	struct geyser_texture *texture;

	rows.usage = GEYSER_USAGE_LINEAR;
	rows.mip_levels = 2;
	refused(GEYSER_ERROR_UNSUPPORTED, "mip_levels",
		geyser_texture_create(manager_of(state), &rows, &texture));
	rows.mip_levels = 1;
	rows.layers = 2;
	refused(GEYSER_ERROR_UNSUPPORTED, "usage",
		geyser_texture_create(manager_of(state), &rows, &texture));
	rows.layers = 1;
	rows.usage |= GEYSER_USAGE_HOST_MEMORY;
	refused(GEYSER_ERROR_UNSUPPORTED, "one of them",
		geyser_texture_create(manager_of(state), &rows, &texture));
}

static void no_descriptor(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_native_texture native = offer.native;

	native.fd = -1;
	refuse(state, &native, GEYSER_ERROR_INVALID_ARGUMENT, "fd (-1)");
	native.fd = 1900;
	refuse(state, &native, GEYSER_ERROR_INVALID_ARGUMENT, "fd (1900)");
	end_offer(&offer);
}

/* Smaller than it claims to be: touching what isn't there would be a SIGBUS. */
static void memory_that_is_smaller_than_it_claims(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_native_texture native = offer.native;
	struct stat status;

	assert_int_equal(fstat(native.fd, &status), 0);
	if (!S_ISREG(status.st_mode) || status.st_size == 0) {
		print_message("# the driver's memory is no file: its size can't be faked\n");
		end_offer(&offer);
		return;
	}
	native.fd = memfd_create("small", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(native.fd >= 0);
	for (off_t size = 0; size <= 8192; size += 4096) {
		assert_int_equal(ftruncate(native.fd, size), 0);
		refuse(state, &native, GEYSER_ERROR_MISMATCH, "size");
	}
	(void)close(native.fd);
	end_offer(&offer);
}

/* A driver that reads from what it is given would wait for ever. */
static void memory_that_is_no_memory(void **state)
{
	struct offer offer = make_offer(state);
	struct geyser_native_texture native = offer.native;
	int fds[3];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fds[2] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		native.fd = fds[i];
		refuse(state, &native, GEYSER_ERROR_UNSUPPORTED, "isn't memory");
	}
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
	end_offer(&offer);
}

/* The drivers that read are those of CPUs. */
static void a_counter_that_is_no_memory(void **state)
{
	struct offer offer;
	struct geyser_native_texture native;

	if (info_of(manager_of(state)).type != VK_PHYSICAL_DEVICE_TYPE_CPU)
		return;
	offer = make_offer(state);
	native = offer.native;
	native.fd = eventfd(0, EFD_CLOEXEC);
	assert_true(native.fd >= 0);
	refuse(state, &native, GEYSER_ERROR_UNSUPPORTED, "isn't memory");
	(void)close(native.fd);
	end_offer(&offer);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(what_is_offered_can_be_taken),
		manager_test(another_devices),
		manager_test(of_another_size),
		manager_test(at_another_offset),
		manager_test(of_a_larger_image),
		manager_test(of_another_type),
		manager_test(planes_that_there_are_not),
		manager_test(rows_that_the_driver_makes_otherwise),
		manager_test(rows_of_what_has_none),
		manager_test(no_descriptor),
		manager_test(memory_that_is_smaller_than_it_claims),
		manager_test(memory_that_is_no_memory),
		manager_test(a_counter_that_is_no_memory),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "refusals", tests, COUNT_OF(tests));
}
