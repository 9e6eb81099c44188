/* The memory that objects cost, the numbers that managers report, and checks that nothing is left
 * behind. */
#include "conformance.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t page_round(uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

static struct geyser_memory_info memory_of(struct geyser_manager *manager)
{
	struct geyser_memory_info info;

	ok(geyser_manager_memory(manager, &info));
	return info;
}

static void expect_usage(const struct geyser_memory_usage *usage, uint64_t held, uint64_t exported,
	uint64_t imported)
{
	assert_int_equal(usage->held, held);
	assert_int_equal(usage->exported, exported);
	assert_int_equal(usage->imported, imported);
}

static void expect_textures(
	struct geyser_manager *manager, uint64_t held, uint64_t exported, uint64_t imported)
{
	struct geyser_memory_info info = memory_of(manager);

	expect_usage(&info.textures, held, exported, imported);
	expect_usage(&info.events, 0, 0, 0);
}

static void expect_events(
	struct geyser_manager *manager, uint64_t held, uint64_t exported, uint64_t imported)
{
	struct geyser_memory_info info = memory_of(manager);

	expect_usage(&info.textures, 0, 0, 0);
	expect_usage(&info.events, held, exported, imported);
}

/* The most bytes that a texture may occupy in addition to its texels: one page on the host backend.
 * A driver may need more for its tiles: up to the size of the texels and 64 pages. */
static uint64_t overhead(uint64_t texels)
{
	return test_backend == GEYSER_BACKEND_HOST ? page_round(1) : texels + 64 * page_round(1);
}

/* Checks the numbers of both managers, the exporter's and the importer's, after each step of a
 * texture's life. */
static void a_textures_life_in_numbers(void **state)
{
	struct geyser_manager *a = manager_of(state), *b = make_manager();
	struct geyser_texture *texture, *imported;
	struct geyser_handle handle;
	uint64_t bytes;

	expect_textures(a, 0, 0, 0);
	texture = make_texture(a, GEYSER_FORMAT_RGBA8_UNORM, 100, 100);
	bytes = memory_of(a).textures.held;
	assert_in_range(bytes, 40000, page_round(40000) + overhead(40000));
	assert_int_equal(bytes, page_round(bytes));
	expect_textures(a, bytes, 0, 0);
	handle = export_texture(texture);
	expect_textures(a, bytes, bytes, 0);
	(void)export_texture(texture);
	expect_textures(a, bytes, bytes, 0);
	imported = import_texture(b, &handle);
	expect_textures(a, bytes, bytes, 0);
	expect_textures(b, 0, 0, bytes);
	(void)export_texture(imported);
	expect_textures(b, 0, bytes, bytes);
	ok(geyser_texture_unexport(imported));
	expect_textures(b, 0, 0, bytes);
	ok(geyser_texture_unexport(texture));
	ok(geyser_texture_unexport(texture));
	expect_textures(a, bytes, 0, 0);
	(void)export_texture(texture);
	geyser_texture_unref(texture);
	expect_textures(a, 0, 0, 0);
	expect_textures(b, 0, 0, bytes);
	geyser_texture_unref(imported);
	expect_textures(b, 0, 0, 0);
	geyser_manager_destroy(b);
}

static void an_events_life_in_numbers(void **state)
{
	struct geyser_manager *a = manager_of(state), *b = make_manager();
	struct geyser_event *event = make_event(a, 0), *imported;
	uint64_t bytes = memory_of(a).events.held;
	struct geyser_handle handle;

	assert_int_equal(bytes, page_round(1));
	expect_events(a, bytes, 0, 0);
	handle = export_event(event);
	expect_events(a, bytes, bytes, 0);
	imported = import_event(b, &handle);
	expect_events(b, 0, 0, bytes);
	ok(geyser_event_unexport(event));
	expect_events(a, bytes, 0, 0);
	(void)export_event(event);
	geyser_event_unref(event);
	expect_events(a, 0, 0, 0);
	geyser_event_unref(imported);
	expect_events(b, 0, 0, 0);
	geyser_manager_destroy(b);
}

static void numbers_add_up_over_many(void **state)
{
	struct geyser_texture *textures[40];
	uint64_t sum = 0, held;

	for (unsigned i = 0; i < COUNT_OF(textures); i++) {
		textures[i] = make_texture(
			manager_of(state), GEYSER_FORMAT_RGBA16_UINT, 1 + i * 37, 1 + i * 11);
		held = memory_of(manager_of(state)).textures.held;
		assert_in_range(held - sum, (1 + i * 37) * (1 + i * 11) * 8,
			page_round((1 + i * 37) * (1 + i * 11) * 8) +
				overhead((1 + i * 37) * (1 + i * 11) * 8));
		sum = held;
	}
	for (unsigned i = 0; i < COUNT_OF(textures); i++)
		geyser_texture_unref(textures[i]);
	expect_textures(manager_of(state), 0, 0, 0);
}

static void refusals_are_not_counted(void **state)
{
	struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_R8_UNORM, .width = 4};
	struct geyser_texture *texture;
	struct geyser_handle handle = {{0}};

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "height",
		geyser_texture_create(manager_of(state), &desc, &texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "handle",
		geyser_texture_import(manager_of(state), &handle, NULL, &texture));
	expect_textures(manager_of(state), 0, 0, 0);
}

/* ---- cost ---- */

/* Compares the size with the blocks that the kernel counts, for backends whose memory is a file. */
static void a_texture_costs_its_pixels_and_a_page(void **state)
{
	static const uint32_t sizes[] = {1, 4, 31, 32, 33, 63, 64, 65, 512};

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		uint64_t pixels = (uint64_t)sizes[i] * sizes[i] * 4;
		struct geyser_texture *texture = make_texture(
			manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, sizes[i], sizes[i]);
		struct geyser_native_texture native;
		struct stat status;

		assert_in_range(memory_of(manager_of(state)).textures.held, pixels,
			pixels + overhead(pixels));
		assert_true(fill_texture(texture, 1));
		ok(geyser_texture_export_native(texture, &native));
		/* macOS counts no blocks for shared memory. */
		if (native.type == GEYSER_NATIVE_MEMFD && !APPLE) {
			assert_int_equal(fstat(native.fd, &status), 0);
			assert_in_range(status.st_blocks * 512, pixels, pixels + page_round(1));
		}
		geyser_native_texture_release(&native);
		geyser_texture_unref(texture);
	}
}

#if !SANITIZED /* sanitizers replace the allocator, which then reports nothing */
#define BOOKED 500u

static void a_texture_costs_1_kib_of_bookkeeping(void **state)
{
	struct geyser_texture *textures[BOOKED];
	uint64_t before = 0;

	if (test_backend != GEYSER_BACKEND_HOST)
		skip(); /* a driver's allocations can't be told apart from the library's */
	for (unsigned i = 0; i < BOOKED; i++) {
		if (i == 1) /* the first export starts the exporter */
			before = allocated_bytes();
		textures[i] = make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 4, 4);
		(void)export_texture(textures[i]);
	}
	assert_in_range(allocated_bytes() - before, BOOKED * 50, (BOOKED - 1) * 1024);
	for (unsigned i = 0; i < BOOKED; i++)
		geyser_texture_unref(textures[i]);
}
#endif

/* ---- nothing is left behind ---- */

/* A driver takes about a hundred times as long to make a texture. */
#define SLOWER (test_backend == GEYSER_BACKEND_HOST ? 1u : 100u)
#define CYCLES ((SANITIZED ? 5000u : 100000u) / SLOWER)

/* Some of malloc's arenas grow late. A leak in 100,000 textures would be 100 times this. */
#define RSS_TOLERANCE (SANITIZED ? UINT64_MAX : UINT64_C(1) << 20)

static void cycle(struct geyser_manager *manager, unsigned count)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = 4,
		.height = 4,
		.label = "one of very many",
	};

	for (unsigned i = 0; i < count; i++) {
		struct geyser_texture *texture, *imported;
		struct geyser_handle handle;

		ok(geyser_texture_create(manager, &desc, &texture));
		ok(geyser_texture_export(texture, &handle));
		ok(geyser_texture_import(manager, &handle, NULL, &imported));
		geyser_texture_unref(i % 2 ? texture : imported);
		geyser_texture_unref(i % 2 ? imported : texture);
	}
}

/* All cycles use one connection: the kept texture holds it open. */
static void very_many_textures_leave_nothing(void **state)
{
	struct geyser_texture *kept = make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 1, 1);
	struct geyser_handle handle = export_texture(kept);
	struct geyser_texture *imported = import_texture(manager_of(state), &handle);
	uint64_t resident;
	unsigned fds;

	cycle(manager_of(state), 1000 / SLOWER);
	fds = fd_count();
	resident = resident_bytes();
	cycle(manager_of(state), CYCLES);
	assert_int_equal(fd_count(), fds);
	assert_in_range(resident_bytes(), 0,
		RSS_TOLERANCE == UINT64_MAX ? UINT64_MAX : resident + RSS_TOLERANCE);
	assert_int_equal(registry_entries(), 3); /* the exporter's lock and socket, and one id */
	geyser_texture_unref(imported);
	geyser_texture_unref(kept);
	expect_textures(manager_of(state), 0, 0, 0);
}

#define CONNECTIONS ((SANITIZED ? 500u : 5000u) / (SLOWER > 1 ? 10u : 1u))

/* Each cycle makes a new connection. A thread of this process is the other end, and hangs up a
 * little later. */
static void very_many_connections_leave_nothing(void **state)
{
	unsigned fds;

	cycle(manager_of(state), 100 / (SLOWER > 1 ? 10u : 1u));
	fds = fd_count();
	cycle(manager_of(state), CONNECTIONS);
	assert_in_range(fd_count(), fds - 4, fds + 4);
	assert_int_equal(registry_entries(), 2);
	expect_textures(manager_of(state), 0, 0, 0);
}

static void very_many_events_leave_nothing(void **state)
{
	struct geyser_event *kept = make_event(manager_of(state), 0);
	struct geyser_handle handle = export_event(kept);
	unsigned fds = 0;

	for (unsigned i = 0; i < CONNECTIONS / 2; i++) {
		struct geyser_event *imported = import_event(manager_of(state), &handle);
		int fd;

		ok(geyser_event_fd(imported, UINT64_MAX, &fd));
		geyser_event_unref(imported);
		(void)close(fd);
		if (i == CONNECTIONS / 4)
			fds = fd_count();
	}
	assert_in_range(fd_count(), fds - 4, fds + 4);
	geyser_event_unref(kept);
	expect_events(manager_of(state), 0, 0, 0);
}

static const struct CMUnitTest tests[] = {
	test(a_textures_life_in_numbers),
	test(an_events_life_in_numbers),
	test(numbers_add_up_over_many),
	test(refusals_are_not_counted),
	test(a_texture_costs_its_pixels_and_a_page),
#if !SANITIZED
	test(a_texture_costs_1_kib_of_bookkeeping),
#endif
	test(very_many_textures_leave_nothing),
	test(very_many_connections_leave_nothing),
	test(very_many_events_leave_nothing),
};

const struct group memory_group = {"memory", tests, COUNT_OF(tests), NULL};
