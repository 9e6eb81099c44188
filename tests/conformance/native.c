/* Native objects: the ones that geyser exports, and the memory of other APIs that geyser imports or
 * refuses. The group runs on backends whose textures are memfds. */
#include "conformance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef GEYSER_PLATFORM_APPLE
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define MEMORY 4096u

/* 64 bytes per row, 1024 bytes in all. */
static const struct geyser_texture_desc desc = {
	.format = GEYSER_FORMAT_RGBA8_UNORM,
	.width = 16,
	.height = 16,
};

/* Returns why these tests don't fit the backend, or NULL if they do. */
static const char *unfit(void)
{
	struct geyser_manager *manager = make_manager();
	struct geyser_texture *texture = make_texture(manager, desc.format, 16, 16);
	struct geyser_native_texture native;
	enum geyser_result result = geyser_texture_export_native(texture, &native);

	geyser_native_texture_release(&native);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
	if (result == GEYSER_OK && native.type == GEYSER_NATIVE_MEMFD)
		return NULL;
	return "textures of this backend are no memfds";
}

#ifdef GEYSER_PLATFORM_APPLE
/* Opens shared memory that begins with `text`, with the open flags `flags`. On Apple the size of
 * such memory can't change, so that it needs no seals. */
static int open_memory(size_t size, const char *text, int flags)
{
	static unsigned serial;
	char name[32];
	int writer, fd;
	void *data;

	(void)snprintf(name, sizeof(name), "/geyser-n%d-%u", (int)getpid(), serial++);
	writer = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(writer >= 0);
	assert_int_equal(ftruncate(writer, (off_t)size), 0);
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, writer, 0);
	assert_true(data != MAP_FAILED);
	memcpy(data, text, strlen(text));
	(void)munmap(data, size);
	fd = shm_open(name, flags, 0);
	assert_true(fd >= 0);
	(void)close(writer);
	assert_int_equal(shm_unlink(name), 0);
	return fd;
}

static int make_memory(size_t size)
{
	return open_memory(size, "", O_RDWR);
}
#else
static int make_memory_with(size_t size, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	if (seals)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static int make_memory(size_t size)
{
	return make_memory_with(size, SIZE_SEALS);
}
#endif

static struct geyser_native_texture native_of(int fd, uint64_t offset, uint64_t row_pitch)
{
	return (struct geyser_native_texture){
		.type = GEYSER_NATIVE_MEMFD,
		.fd = fd,
		.size = MEMORY,
		.plane_count = 1,
		.planes[0] = {.offset = offset, .row_pitch = row_pitch},
	};
}

static void refuse(void **state, const struct geyser_native_texture *native,
	enum geyser_result wanted, const char *word)
{
	struct geyser_texture *texture = (struct geyser_texture *)state;
	unsigned fds = fd_count();

	refused(wanted, word,
		geyser_texture_import_native(manager_of(state), native, &desc, &texture));
	assert_null(texture);
	assert_int_equal(fd_count(), fds);
}

static void export_gives_a_sealed_memfd_away(void **state)
{
	struct geyser_texture *texture;
	struct geyser_native_texture native, second;
	struct stat status;

	texture = make_texture(manager_of(state), desc.format, 16, 16);
	ok(geyser_texture_export_native(texture, &native));
	ok(geyser_texture_export_native(texture, &second));
	assert_int_not_equal(native.fd, second.fd);
	assert_true(fd_is_cloexec(native.fd) && fd_is_cloexec(second.fd));
#ifndef GEYSER_PLATFORM_APPLE
	assert_int_equal(fcntl(native.fd, F_GET_SEALS) & SIZE_SEALS, SIZE_SEALS);
#endif
	assert_int_equal(fstat(native.fd, &status), 0);
	assert_int_equal(status.st_size, native.size);
	assert_int_equal(native.plane_count, 1);
	assert_in_range(native.planes[0].row_pitch, 64, native.size);
#ifndef GEYSER_PLATFORM_APPLE /* Apple's kernel refuses these calls, but the Linux shim doesn't */
	assert_int_equal(ftruncate(native.fd, 0), -1);
	assert_int_equal(ftruncate(native.fd, MEMORY * 2), -1);
#endif
	(void)close(native.fd);
	assert_true(fill_texture(texture, 1));
	geyser_texture_unref(texture);
	assert_int_equal(fstat(second.fd, &status), 0);
	(void)close(second.fd);
}

static void what_was_given_away_comes_back(void **state)
{
	struct geyser_texture *texture, *back;
	struct geyser_native_texture native;

	texture = make_texture(manager_of(state), desc.format, 16, 16);
	assert_true(fill_texture(texture, 6));
	ok(geyser_texture_export_native(texture, &native));
	ok(geyser_texture_import_native(
		manager_of(state), &native, geyser_texture_get_desc(texture), &back));
	/* the import duplicated the descriptor; this one still belongs to the caller */
	assert_true(fd_is_cloexec(native.fd));
	(void)close(native.fd);
	assert_true(texture_holds(back, 6));
	assert_true(fill_texture(back, 7));
	assert_true(texture_holds(texture, 7));
	geyser_texture_unref(texture);
	assert_true(texture_holds(back, 7));
	geyser_texture_unref(back);
}

/* Importers take the rows as they are, whatever alignment the descriptor names. */
static void an_import_has_no_row_alignment(void **state)
{
	struct geyser_texture_desc aligned = desc;
	struct geyser_native_texture native;
	struct geyser_texture *texture;

	native = native_of(make_memory(MEMORY), 0, 16 * 4);
	aligned.usage |= GEYSER_ROW_ALIGNMENT(GEYSER_ROW_ALIGNMENT_MAX);
	ok(geyser_texture_import_native(manager_of(state), &native, &aligned, &texture));
	(void)close(native.fd);
	assert_int_equal(geyser_texture_get_desc(texture)->usage,
		GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING);
	geyser_texture_unref(texture);
}

static void other_types_are_refused_by_name(void **state)
{
	struct geyser_texture *texture = make_texture(manager_of(state), desc.format, 16, 16);
	struct geyser_native_texture native;

	assert_int_equal(geyser_texture_path(texture), GEYSER_PATH_ZERO_COPY);
	assert_int_equal(geyser_texture_map_path(texture), GEYSER_PATH_ZERO_COPY);
	ok(geyser_texture_export_native_as(texture, GEYSER_NATIVE_MEMFD, &native));
	assert_int_equal(native.type, GEYSER_NATIVE_MEMFD);
	(void)close(native.fd);
	refused(GEYSER_ERROR_UNSUPPORTED, "native type (2)",
		geyser_texture_export_native_as(texture, GEYSER_NATIVE_OPAQUE_FD, &native));
	assert_int_equal(native.fd, -1);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "native type (0)",
		geyser_texture_export_native_as(texture, (enum geyser_native_type)0, &native));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_texture_export_native_as(NULL, GEYSER_NATIVE_MEMFD, &native));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_export_native_as(texture, GEYSER_NATIVE_MEMFD, NULL));
	geyser_texture_unref(texture);
}

/* Memory that geyser didn't allocate is imported and exported again with its offset and padded
 * rows. */
static void offsets_and_padded_rows_are_kept(void **state)
{
	int fd;
	struct geyser_native_texture native, again;
	struct geyser_texture *texture, *imported;
	struct geyser_mapping mapping;
	struct geyser_handle handle;
	uint8_t first[64];

	fd = make_memory(MEMORY);
	native = native_of(fd, 256, 128);
	ok(geyser_texture_import_native(manager_of(state), &native, &desc, &texture));
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &mapping));
	assert_int_equal(mapping.row_pitch, 128);
	assert_in_range(mapping.size, 15 * 128 + 64, 16 * 128);
	memset((uint8_t *)mapping.data + 2 * 128, 0xa5, 64);
	geyser_texture_unmap(texture);
	assert_int_equal(pread(fd, first, sizeof(first), 256 + 2 * 128), sizeof(first));
	for (size_t i = 0; i < sizeof(first); i++)
		assert_int_equal(first[i], 0xa5);
	(void)close(fd);
	handle = export_texture(texture);
	imported = import_texture(manager_of(state), &handle);
	assert_true(fill_texture(texture, 2));
	assert_true(texture_holds(imported, 2));
	ok(geyser_texture_export_native(imported, &again));
	assert_int_equal(again.planes[0].offset, 256);
	assert_int_equal(again.planes[0].row_pitch, 128);
	(void)close(again.fd);
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

static void pitches_and_offsets_at_the_boundaries(void **state)
{
	static const struct {
		uint64_t offset, row_pitch;
		const char *refused;
		/* NULL: the layout is accepted */
	} rows[] = {
		{0, 64, NULL},
		{0, 68, NULL},
		{0, 256, NULL}, /* 16 × 256 bytes: all of the memory */
		{3072, 64, NULL},
		{3008, 68, NULL}, /* 3008 + 16 × 68 bytes: all of the memory */
		{0, 0, "row_pitch (0"},
		{0, 4, "row_pitch (4"},
		{0, 60, "row_pitch (60"},
		{0, 63, "row_pitch (63"},
		{0, 65, "row_pitch (65"},
		{0, 260, "4160 bytes"},
		{4, 256, "offset 4"},
		{3076, 64, "offset 3076"},
		{1, 64, "offset 1"},
		{2, 64, "offset 2"},
		{4096, 64, "offset 4096"},
		{UINT64_MAX, 64, "18446744073709551615"},
		{UINT64_MAX - 3, 64, "18446744073709551612"},
		{UINT64_MAX - 1023, 64, "18446744073709550592"},
		{UINT64_C(1) << 63, 64, "9223372036854775808"},
		{UINT64_C(1) << 32, 64, "4294967296"},
		{0, UINT64_MAX, "18446744073709551615"},
		{0, UINT64_MAX - 3, "18446744073709551612"},
		{0, UINT64_C(1) << 63, "9223372036854775808"},
		{0, UINT64_C(1) << 60, "1152921504606846976"}, /* 16 times this is 0 in 64 bits */
		{0, (UINT64_C(1) << 60) + 64, "1152921504606847040"},
		{0, UINT64_C(1) << 59, "9223372036854775808"},
		{UINT64_MAX - 3, UINT64_MAX - 3, "18446744073709551612"},
	};
	int fd;

	fd = make_memory(MEMORY);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct geyser_native_texture native =
			native_of(fd, rows[i].offset, rows[i].row_pitch);
		struct geyser_texture *texture;

		if (rows[i].refused) {
			refuse(state, &native, GEYSER_ERROR_MISMATCH, rows[i].refused);
			continue;
		}
		ok(geyser_texture_import_native(manager_of(state), &native, &desc, &texture));
		assert_true(fill_texture(texture, 3));
		assert_true(texture_holds(texture, 3));
		geyser_texture_unref(texture);
	}
	(void)close(fd);
}

static void padding_does_not_go_with_mip_levels(void **state)
{
	struct geyser_texture_desc with_mips = desc;
	int fd;
	struct geyser_native_texture native;
	struct geyser_texture *texture;

	fd = make_memory(MEMORY);
	native = native_of(fd, 0, 68);
	with_mips.mip_levels = 2;
	refused(GEYSER_ERROR_MISMATCH, "one mip level",
		geyser_texture_import_native(manager_of(state), &native, &with_mips, &texture));
	native.planes[0].row_pitch = 64;
	ok(geyser_texture_import_native(manager_of(state), &native, &with_mips, &texture));
	assert_true(fill_texture(texture, 3));
	geyser_texture_unref(texture);
	(void)close(fd);
}

static void memory_shorter_than_it_must_be(void **state)
{
	static const size_t sizes[] = {1, 63, 64, 1020, 1023};

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		int fd = make_memory(sizes[i]);
		struct geyser_native_texture native = native_of(fd, 0, 64);

		native.size = sizes[i];
		refuse(state, &native, GEYSER_ERROR_MISMATCH, "1024 bytes");
		(void)close(fd);
	}
}

/* A size beyond the end of the memory is refused, even if all texels lie within the memory. */
static void memory_shorter_than_it_says(void **state)
{
	int fd;
	struct geyser_native_texture native;

	fd = make_memory(MEMORY);
	native = native_of(fd, 0, 64);
	native.size = MEMORY + 1;
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "4097");
	native.size = UINT64_MAX;
	refuse(state, &native, GEYSER_ERROR_MISMATCH, "18446744073709551615");
	(void)close(fd);
}

static void planes_and_types_that_are_none(void **state)
{
	static const uint32_t planes[] = {0, 2, 4, 5, UINT32_MAX};
	static const int types[] = {0, -1, 5, 99, INT_MAX};
	int fd;
	struct geyser_native_texture native;
	char word[32];

	fd = make_memory(MEMORY);
	for (size_t i = 0; i < COUNT_OF(planes); i++) {
		native = native_of(fd, 0, 64);
		native.plane_count = planes[i];
		(void)snprintf(word, sizeof(word), "plane_count (%u)", planes[i]);
		refuse(state, &native, GEYSER_ERROR_MISMATCH, word);
	}
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		native = native_of(fd, 0, 64);
		native.type = (enum geyser_native_type)types[i];
		(void)snprintf(word, sizeof(word), "type (%d)", types[i]);
		refuse(state, &native, GEYSER_ERROR_UNSUPPORTED, word);
	}
	(void)close(fd);
}

static bool offers_video(void **state)
{
	uint32_t usage;

	ok(geyser_manager_format_usage(
		manager_of(state), GEYSER_FORMAT_I420, GEYSER_DIMENSION_2D, &usage));
	return usage != 0;
}

/* Planes as another program lays them out: with longer rows and gaps, and Cr before Cb. */
static void planes_of_another_layout(void **state)
{
	const struct geyser_texture_desc video = {
		.format = GEYSER_FORMAT_I420, .width = 5, .height = 3};
	static const struct geyser_native_texture layout = {
		.type = GEYSER_NATIVE_MEMFD,
		.size = MEMORY,
		.plane_count = 3,
		.planes = {{64, 16}, {1024, 32}, {512, 8}},
	};
	struct geyser_native_texture native = layout, back;
	struct geyser_texture *texture;
	struct geyser_subresource sub;

	if (!offers_video(state))
		return;
	native.fd = make_memory(MEMORY);
	ok(geyser_texture_import_native(manager_of(state), &native, &video, &texture));
	(void)close(native.fd);
	assert_true(fill_texture(texture, 3));
	assert_true(texture_holds(texture, 3));
	ok(geyser_texture_export_native(texture, &back));
	geyser_native_texture_release(&back);
	assert_int_equal(back.plane_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		ok(geyser_texture_get_subresource(texture, i, 0, 0, &sub));
		assert_int_equal(sub.offset, layout.planes[i].offset - layout.planes[0].offset);
		assert_int_equal(sub.row_pitch, layout.planes[i].row_pitch);
		assert_int_equal(back.planes[i].offset, layout.planes[i].offset);
		assert_int_equal(back.planes[i].row_pitch, layout.planes[i].row_pitch);
	}
	geyser_texture_unref(texture);
}

static void planes_that_lie(void **state)
{
	static const struct {
		uint64_t offset, row_pitch;
		const char *word;
	} lies[] = {
		{0, 8, "plane 0 must be the first"},
		{MEMORY - 15, 8, "plane 2"},
		{MEMORY, 8, "plane 2"},
		{UINT64_MAX - 7, 8, "plane 2"},
		{512, 2, "row_pitch (2 bytes) of plane 2"},
		{512, 0, "row_pitch (0 bytes) of plane 2"},
		{512, UINT64_MAX, "plane 2"},
	};
	const struct geyser_texture_desc video = {
		.format = GEYSER_FORMAT_I420, .width = 5, .height = 3};
	struct geyser_native_texture native = native_of(make_memory(MEMORY), 64, 16);
	struct geyser_texture *texture;

	for (size_t i = 0; offers_video(state) && i < COUNT_OF(lies); i++) {
		native.plane_count = 3;
		native.planes[1].offset = 1024;
		native.planes[1].row_pitch = 32;
		native.planes[2].offset = lies[i].offset;
		native.planes[2].row_pitch = lies[i].row_pitch;
		refused(GEYSER_ERROR_MISMATCH, lies[i].word,
			geyser_texture_import_native(manager_of(state), &native, &video, &texture));
		assert_null(texture);
	}
	(void)close(native.fd);
}

#ifndef GEYSER_PLATFORM_APPLE
static void every_missing_seal_is_named(void **state)
{
	static const struct {
		int seal;
		const char *name;
	} seals[] = {
		{F_SEAL_SHRINK, "F_SEAL_SHRINK"},
		{F_SEAL_GROW, "F_SEAL_GROW"},
		{F_SEAL_SEAL, "F_SEAL_SEAL"},
	};

	for (unsigned mask = 0; mask < 7; mask++) {
		int present = 0, fd;
		struct geyser_native_texture native;

		for (unsigned i = 0; i < 3; i++)
			present |= mask & 1u << i ? seals[i].seal : 0;
		fd = make_memory_with(MEMORY, present);
		native = native_of(fd, 0, 64);
		for (unsigned i = 0; i < 3; i++)
			if (!(mask & 1u << i))
				refuse(state, &native, GEYSER_ERROR_UNSEALED, seals[i].name);
		(void)close(fd);
	}
}
#endif

static void refuse_fd(void **state, int fd, enum geyser_result wanted, const char *word)
{
	struct geyser_native_texture native = native_of(fd, 0, 64);

	refuse(state, &native, wanted, word);
}

static void no_descriptor_at_all(void **state)
{
	int fd;

	fd = make_memory(MEMORY);
	(void)close(fd);
	refuse_fd(state, fd, GEYSER_ERROR_INVALID_ARGUMENT, "fd (");
	refuse_fd(state, -1, GEYSER_ERROR_INVALID_ARGUMENT, "fd (-1)");
	refuse_fd(state, INT_MAX, GEYSER_ERROR_INVALID_ARGUMENT, "fd (2147483647)");
	refuse_fd(state, INT_MIN, GEYSER_ERROR_INVALID_ARGUMENT, "fd (-2147483648)");
}

#ifdef GEYSER_PLATFORM_APPLE
static void files_are_refused(void **state)
{
	char path[] = "/tmp/geyser-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ftruncate(fd, MEMORY), 0);
	refuse_fd(state, fd, GEYSER_ERROR_UNSUPPORTED, "disk");
	(void)close(fd);
}
#else
static void files_are_refused(void **state)
{
	int fd;
	struct statfs fs;

	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstatfs(fd, &fs), 0);
	if (fs.f_type == TMPFS_MAGIC)
		refuse_fd(state, fd, GEYSER_ERROR_UNSEALED, "seals");
	else
		refuse_fd(state, fd, GEYSER_ERROR_UNSUPPORTED, "disk");
	(void)close(fd);
	fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	refuse_fd(state, fd, GEYSER_ERROR_UNSUPPORTED, "memory on");
	(void)close(fd);
}
#endif

static void what_is_no_memory_is_refused(void **state)
{
	int fds[2];

	assert_int_equal(make_pipe(fds), 0);
	refuse_fd(state, fds[0], GEYSER_ERROR_UNSUPPORTED, "not a file of memory");
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	refuse_fd(state, fds[0], GEYSER_ERROR_UNSUPPORTED, "not a file of memory");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

#ifndef GEYSER_PLATFORM_APPLE
static void huge_pages_are_refused(void **state)
{
	int fd;

	fd = memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
	if (fd < 0) {
		print_message("# this kernel has no huge pages\n");
		return;
	}
	assert_int_equal(ftruncate(fd, 2 << 20), 0);
	(void)fcntl(fd, F_ADD_SEALS, SIZE_SEALS);
	refuse_fd(state, fd, GEYSER_ERROR_UNSUPPORTED, "hugetlb");
	(void)close(fd);
}
#endif

static void expect_read_only(void **state, int fd)
{
	struct geyser_native_texture native = native_of(fd, 0, 64);
	struct geyser_texture *texture, *imported;
	struct geyser_mapping mapping;
	struct geyser_handle handle;

	ok(geyser_texture_import_native(manager_of(state), &native, &desc, &texture));
	refused(GEYSER_ERROR_PERMISSION, "access (2)",
		geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping));
	assert_null(mapping.data);
	refused(GEYSER_ERROR_PERMISSION, "access (3)",
		geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &mapping));
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	assert_memory_equal(mapping.data, "pixels", 6);
	geyser_texture_unmap(texture);
	handle = export_texture(texture);
	imported = import_texture(manager_of(state), &handle);
	refused(GEYSER_ERROR_PERMISSION, "reading only",
		geyser_texture_map(imported, GEYSER_ACCESS_WRITE, &mapping));
	ok(geyser_texture_map(imported, GEYSER_ACCESS_READ, &mapping));
	assert_memory_equal(mapping.data, "pixels", 6);
	geyser_texture_unmap(imported);
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

#ifdef GEYSER_PLATFORM_APPLE
static void a_descriptor_for_reading_is_read_only(void **state)
{
	int fd = open_memory(MEMORY, "pixels", O_RDONLY);

	expect_read_only(state, fd);
	(void)close(fd);
}
#else
static void memory_sealed_against_writing_is_read_only(void **state)
{
	static const int seals[] = {F_SEAL_FUTURE_WRITE, F_SEAL_WRITE};

	for (size_t i = 0; i < COUNT_OF(seals); i++) {
		int fd = make_memory_with(MEMORY, 0);

		assert_int_equal(pwrite(fd, "pixels", 6, 0), 6);
		assert_int_equal(fcntl(fd, F_ADD_SEALS, SIZE_SEALS | seals[i]), 0);
		expect_read_only(state, fd);
		(void)close(fd);
	}
}

static void a_descriptor_for_reading_is_read_only(void **state)
{
	int fd, reading;
	char path[64];

	fd = make_memory(MEMORY);
	assert_int_equal(pwrite(fd, "pixels", 6, 0), 6);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reading = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(reading >= 0);
	expect_read_only(state, reading);
	(void)close(reading);
	(void)close(fd);
}
#endif

static const struct CMUnitTest tests[] = {
	test(export_gives_a_sealed_memfd_away),
	test(what_was_given_away_comes_back),
	test(an_import_has_no_row_alignment),
	test(other_types_are_refused_by_name),
	test(offsets_and_padded_rows_are_kept),
	test(pitches_and_offsets_at_the_boundaries),
	test(padding_does_not_go_with_mip_levels),
	test(memory_shorter_than_it_must_be),
	test(memory_shorter_than_it_says),
	test(planes_and_types_that_are_none),
	test(planes_of_another_layout),
	test(planes_that_lie),
	test(no_descriptor_at_all),
	test(files_are_refused),
	test(what_is_no_memory_is_refused),
	test(a_descriptor_for_reading_is_read_only),
#ifndef GEYSER_PLATFORM_APPLE /* only Linux has seals and huge pages */
	test(every_missing_seal_is_named),
	test(huge_pages_are_refused),
	test(memory_sealed_against_writing_is_read_only),
#endif
};

const struct group native_group = {"native", tests, COUNT_OF(tests), unfit};
