/* Exporters that answer with wrong contents. The importer must get a result for each: never a wrong
 * object, a signal, a leak or a wait without end. */
#include "peer.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIDE 16u
#define SIZE (SIDE * SIDE * 4)
#define SLACK (20 * GY_SECOND)

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* ---- importing from a fake ---- */

static struct geyser_manager *make_manager(uint64_t timeout_ns)
{
	const struct geyser_manager_desc desc = {.import_timeout_ns = timeout_ns};
	struct geyser_manager *manager;

	assert_ok(geyser_manager_create(&desc, &manager));
	return manager;
}

/* Imports with a manager of its own, so that no state of the last import is left. */
static enum geyser_result import_from(
	const struct fake *fake, enum gy_handle_kind kind, uint64_t timeout_ns)
{
	struct geyser_manager *manager = make_manager(timeout_ns);
	struct geyser_handle handle = fake_handle(fake, kind);
	struct geyser_texture *texture = (void *)&handle;
	struct geyser_event *event = (void *)&handle;
	struct geyser_memory_info memory;
	enum geyser_result result;

	if (kind == GY_HANDLE_TEXTURE)
		result = geyser_texture_import(manager, &handle, NULL, &texture);
	else
		result = geyser_event_import(manager, &handle, &event);
	if (result != GEYSER_OK) {
		assert_ok(geyser_manager_memory(manager, &memory));
		assert_int_equal(memory.textures.imported + memory.events.imported, 0);
		assert_null(kind == GY_HANDLE_TEXTURE ? (void *)texture : (void *)event);
	} else if (kind == GY_HANDLE_TEXTURE) {
		/* an exporter's word isn't enough for a promise about the rows */
		assert_int_equal(geyser_texture_get_desc(texture)->usage >> 16, 0);
		geyser_texture_unref(texture);
	} else {
		geyser_event_unref(event);
	}
	geyser_manager_destroy(manager);
	return result;
}

static struct gy_message good_texture(uint32_t sequence)
{
	return peer_texture(GY_WIRE_TEXTURE, sequence, SIDE, SIDE, SIZE);
}

/* ---- wrong descriptions ---- */

struct wrong_field {
	const char *name;
	size_t offset, size; /* within struct gy_message */
	uint64_t value;
	enum geyser_result result;
	const char *words;
};

#define FIELD(member) offsetof(struct gy_message, texture.member), 4
#define WIDE(member) offsetof(struct gy_message, texture.member), 8

static const struct wrong_field wrong_fields[] = {
	{"nothing", FIELD(desc.width), SIDE, GEYSER_OK, NULL},
	{"format", FIELD(desc.format), 0, GEYSER_ERROR_PROTOCOL, "exporter's format"},
	{"format", FIELD(desc.format), GEYSER_FORMAT_COUNT, GEYSER_ERROR_PROTOCOL,
		"exporter's format"},
	{"format", FIELD(desc.format), UINT32_MAX, GEYSER_ERROR_PROTOCOL, "exporter's format"},
	{"format", FIELD(desc.format), 24, GEYSER_ERROR_MISMATCH, "row_pitch"},
	{"format", FIELD(desc.format), GEYSER_FORMAT_NV12, GEYSER_ERROR_MISMATCH,
		"plane_count (1): nv12 has 2"},
	{"width", FIELD(desc.width), 0, GEYSER_ERROR_PROTOCOL, "exporter's width"},
	{"width", FIELD(desc.width), SIDE + 1, GEYSER_ERROR_MISMATCH, "row_pitch"},
	{"width", FIELD(desc.width), 32769, GEYSER_ERROR_PROTOCOL, "exporter's width"},
	{"width", FIELD(desc.width), UINT32_MAX, GEYSER_ERROR_PROTOCOL, "exporter's width"},
	{"height", FIELD(desc.height), 0, GEYSER_ERROR_PROTOCOL, "exporter's height"},
	{"height", FIELD(desc.height), SIDE + 1, GEYSER_ERROR_MISMATCH, "the memory has 1024"},
	{"height", FIELD(desc.height), UINT32_MAX, GEYSER_ERROR_PROTOCOL, "exporter's height"},
	{"depth", FIELD(desc.depth), 2, GEYSER_ERROR_MISMATCH, "the memory has 1024"},
	{"depth", FIELD(desc.depth), UINT32_MAX, GEYSER_ERROR_PROTOCOL, "exporter's depth"},
	{"layers", FIELD(desc.layers), 2, GEYSER_ERROR_MISMATCH, "the memory has 1024"},
	{"layers", FIELD(desc.layers), UINT32_MAX, GEYSER_ERROR_PROTOCOL, "exporter's layers"},
	{"mip_levels", FIELD(desc.mip_levels), 5, GEYSER_ERROR_MISMATCH, "the memory has 1024"},
	{"mip_levels", FIELD(desc.mip_levels), 6, GEYSER_ERROR_PROTOCOL, "exporter's mip_levels"},
	{"mip_levels", FIELD(desc.mip_levels), UINT32_MAX, GEYSER_ERROR_PROTOCOL, "mip_levels"},
	{"usage", FIELD(desc.usage), 0x400, GEYSER_ERROR_PROTOCOL, "exporter's usage"},
	{"usage", FIELD(desc.usage), 0xffff, GEYSER_ERROR_PROTOCOL, "exporter's usage"},
	{"alignment", FIELD(desc.usage), GEYSER_ROW_ALIGNMENT(3), GEYSER_ERROR_PROTOCOL,
		"row alignment (3 bytes)"},
	{"alignment", FIELD(desc.usage), UINT32_MAX, GEYSER_ERROR_PROTOCOL,
		"row alignment (65535 bytes)"},
	{"alignment", FIELD(desc.usage), GEYSER_ROW_ALIGNMENT(4096), GEYSER_OK, NULL},
	{"type", FIELD(native.type), 0, GEYSER_ERROR_UNSUPPORTED, "native type (0)"},
	{"type", FIELD(native.type), 2, GEYSER_ERROR_UNSUPPORTED, "native type (2)"},
	{"type", FIELD(native.type), 4, GEYSER_ERROR_PROTOCOL, "descriptor with an IOSurface"},
	{"type", FIELD(native.type), 5, GEYSER_ERROR_UNSUPPORTED, "native type (5)"},
	{"type", FIELD(native.type), UINT32_MAX, GEYSER_ERROR_UNSUPPORTED, "native type (-1)"},
	{"planes", FIELD(native.plane_count), 0, GEYSER_ERROR_MISMATCH, "plane_count (0)"},
	{"planes", FIELD(native.plane_count), 2, GEYSER_ERROR_MISMATCH, "plane_count (2)"},
	{"planes", FIELD(native.plane_count), 5, GEYSER_ERROR_MISMATCH, "plane_count (5)"},
	{"planes", FIELD(native.plane_count), UINT32_MAX, GEYSER_ERROR_MISMATCH, "plane_count"},
	{"offset", WIDE(native.planes[0].offset), 1, GEYSER_ERROR_MISMATCH, "multiples"},
	{"offset", WIDE(native.planes[0].offset), 4, GEYSER_ERROR_MISMATCH, "from offset 4"},
	{"offset", WIDE(native.planes[0].offset), SIZE, GEYSER_ERROR_MISMATCH, "from offset"},
	{"offset", WIDE(native.planes[0].offset), UINT64_C(1) << 63, GEYSER_ERROR_MISMATCH,
		"from offset"},
	{"offset", WIDE(native.planes[0].offset), UINT64_MAX - SIZE + 1, GEYSER_ERROR_MISMATCH,
		"from offset"},
	{"offset", WIDE(native.planes[0].offset), UINT64_MAX - 3, GEYSER_ERROR_MISMATCH,
		"from offset"},
	{"pitch", WIDE(native.planes[0].row_pitch), 0, GEYSER_ERROR_MISMATCH, "row_pitch (0"},
	{"pitch", WIDE(native.planes[0].row_pitch), 63, GEYSER_ERROR_MISMATCH, "row_pitch (63"},
	{"pitch", WIDE(native.planes[0].row_pitch), 65, GEYSER_ERROR_MISMATCH, "row_pitch (65"},
	{"pitch", WIDE(native.planes[0].row_pitch), 68, GEYSER_ERROR_MISMATCH, "1088 bytes"},
	{"pitch", WIDE(native.planes[0].row_pitch), UINT64_C(1) << 60, GEYSER_ERROR_MISMATCH,
		"overflows"},
	{"pitch", WIDE(native.planes[0].row_pitch), (UINT64_C(1) << 60) + 64, GEYSER_ERROR_MISMATCH,
		"overflows"},
	{"pitch", WIDE(native.planes[0].row_pitch), UINT64_MAX - 3, GEYSER_ERROR_MISMATCH,
		"overflows"},
	{"size", WIDE(native.size), SIZE + 1, GEYSER_ERROR_MISMATCH, "the memory has 1024"},
	{"size", WIDE(native.size), UINT64_MAX, GEYSER_ERROR_MISMATCH, "the memory has 1024"},
	/* A smaller size does no harm, because the importer asks the memory itself. Neither do
	 * planes that the format doesn't have. */
	{"size", WIDE(native.size), 0, GEYSER_OK, NULL},
	{"second plane", WIDE(native.planes[1].offset), UINT64_MAX, GEYSER_OK, NULL},
};

static void answer_with_wrong_field(struct fake *fake, int connection)
{
	const struct wrong_field *wrong = *(const struct wrong_field *const *)fake->script;
	struct gy_message request, answer;

	while (fake_request(connection, &request)) {
		const uint32_t narrow = (uint32_t)wrong->value;
		int memory = test_memory(SIZE);

		answer = good_texture(request.sequence);
		memcpy((char *)&answer + wrong->offset,
			wrong->size == 4 ? (const void *)&narrow : (const void *)&wrong->value,
			wrong->size);
		(void)peer_send_message(connection, &answer, memory);
		(void)close(memory);
	}
}

static void assert_result(
	const char *name, enum geyser_result expected, const char *words, enum geyser_result result)
{
	if (result != expected)
		print_error("case: %s\n", name);
	if (expected == GEYSER_OK)
		assert_ok(result);
	else
		assert_fails(expected, words, result);
}

static void wrong_descriptions(void **state)
{
	for (size_t i = 0; i < TEST_COUNT(wrong_fields); i++) {
		const struct wrong_field *wrong = &wrong_fields[i];
		size_t fds = test_fd_count(getpid());
		struct fake fake;

		(void)state;
		fake_start(&fake, answer_with_wrong_field, &wrong);
		assert_result(wrong->name, wrong->result, wrong->words,
			import_from(&fake, GY_HANDLE_TEXTURE, SLACK));
		fake_stop(&fake);
		assert_int_equal(test_fd_count(getpid()), fds);
	}
}

/* ---- descriptors that are no memory ---- */

static int file_on_disk(void)
{
	char path[] = "/var/tmp/geyser-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	return fd;
}

static int pipe_end(void)
{
	int fds[2];

	assert_int_equal(test_pipe(fds), 0);
	assert_int_equal(close(fds[1]), 0);
	return fds[0];
}

static int a_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int a_device(void)
{
	return open("/dev/zero", O_RDWR | O_CLOEXEC);
}

#ifndef GEYSER_PLATFORM_APPLE
static int unsealed(void)
{
	return test_memfd(4096);
}

static int sealed_but_for(int missing)
{
	int fd = test_memfd(4096);

	assert_int_equal(
		fcntl(fd, F_ADD_SEALS, (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) & ~missing), 0);
	return fd;
}

static int sealed_but_for_shrink(void)
{
	return sealed_but_for(F_SEAL_SHRINK);
}

static int sealed_but_for_grow(void)
{
	return sealed_but_for(F_SEAL_GROW);
}

static int sealed_but_for_seals(void)
{
	return sealed_but_for(F_SEAL_SEAL);
}

#endif

static int empty(void)
{
	return test_memory(0);
}

static int too_small(void)
{
	return test_memory(SIZE - 1);
}

#ifndef GEYSER_PLATFORM_APPLE
/* No memory of that size exists. The importer may only map the page that the texture takes. */
static int a_sparse_giant(void)
{
	int fd = memfd_create("giant", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, (off_t)1 << 52), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	return fd;
}

static int reopened(int flags)
{
	int sealed = test_memory(4096), fd;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", sealed);
	fd = open(path, flags | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(close(sealed), 0);
	return fd;
}

static int path_only(void)
{
	return reopened(O_PATH);
}

static int not_to_be_read(void)
{
	return reopened(O_WRONLY);
}

#endif

static int not_to_be_written(void)
{
	return test_read_only_memory(4096);
}

static int none(void)
{
	return -1;
}

struct wrong_memory {
	int (*make)(void);
	enum geyser_result texture, event;
	const char *words;
};

static const struct wrong_memory wrong_memories[] = {
	{none, GEYSER_ERROR_PROTOCOL, GEYSER_ERROR_PROTOCOL, "without memory"},
	{file_on_disk, GEYSER_ERROR_UNSUPPORTED, GEYSER_ERROR_UNSUPPORTED, "memory on"},
	{pipe_end, GEYSER_ERROR_UNSUPPORTED, GEYSER_ERROR_UNSUPPORTED, "not a file of memory"},
	{a_socket, GEYSER_ERROR_UNSUPPORTED, GEYSER_ERROR_UNSUPPORTED, "not a file of memory"},
#ifdef GEYSER_PLATFORM_APPLE /* only Linux has seals, sparse memory and descriptors from /proc */
	{a_device, GEYSER_ERROR_UNSUPPORTED, GEYSER_ERROR_UNSUPPORTED, "not a file of memory"},
#else
	{a_device, GEYSER_ERROR_UNSEALED, GEYSER_ERROR_UNSEALED, "no seals"},
	{a_sparse_giant, GEYSER_OK, GEYSER_OK, NULL},
	{path_only, GEYSER_ERROR_UNSEALED, GEYSER_ERROR_UNSEALED, "no seals"},
	{not_to_be_read, GEYSER_ERROR_PERMISSION, GEYSER_ERROR_PERMISSION, NULL},
	{unsealed, GEYSER_ERROR_UNSEALED, GEYSER_ERROR_UNSEALED, "F_SEAL_SHRINK"},
	{sealed_but_for_shrink, GEYSER_ERROR_UNSEALED, GEYSER_ERROR_UNSEALED, "F_SEAL_SHRINK"},
	{sealed_but_for_grow, GEYSER_ERROR_UNSEALED, GEYSER_ERROR_UNSEALED, "F_SEAL_GROW"},
	{sealed_but_for_seals, GEYSER_ERROR_UNSEALED, GEYSER_ERROR_UNSEALED, "F_SEAL_SEAL"},
#endif
	{empty, GEYSER_ERROR_MISMATCH, GEYSER_ERROR_MISMATCH, NULL},
	{too_small, GEYSER_ERROR_MISMATCH, GEYSER_ERROR_MISMATCH, "1023"},
	{not_to_be_written, GEYSER_OK, GEYSER_ERROR_PERMISSION, "can't be signalled"},
};

static void answer_with_wrong_memory(struct fake *fake, int connection)
{
	const struct wrong_memory *wrong = *(const struct wrong_memory *const *)fake->script;
	struct gy_message request, answer;

	while (fake_request(connection, &request)) {
		int fd = wrong->make();

		answer = good_texture(request.sequence);
		if (request.object.kind == GY_HANDLE_EVENT)
			answer = (struct gy_message){.type = GY_WIRE_EVENT,
				.sequence = request.sequence,
				.event.size = 4096};
		(void)peer_send_message(connection, &answer, fd);
		if (fd >= 0)
			(void)close(fd);
	}
}

static void wrong_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(wrong_memories); i++) {
		const struct wrong_memory *wrong = &wrong_memories[i];
		size_t fds = test_fd_count(getpid());
		struct fake fake;
		char name[32];

		(void)snprintf(name, sizeof(name), "wrong memory %zu", i);
		fake_start(&fake, answer_with_wrong_memory, &wrong);
		assert_result(name, wrong->texture, wrong->words,
			import_from(&fake, GY_HANDLE_TEXTURE, SLACK));
		assert_result(name, wrong->event, wrong->words,
			import_from(&fake, GY_HANDLE_EVENT, SLACK));
		fake_stop(&fake);
		assert_int_equal(test_fd_count(getpid()), fds);
	}
}

static int unsealed_of(size_t size)
{
#ifdef GEYSER_PLATFORM_APPLE
	(void)size;
	return -1; /* on Apple the size of such memory can't change */
#else
	return test_memfd(size);
#endif
}

/* Truncates the memory as soon as it is sent. If the importer mapped the memory, reading would
 * raise SIGBUS. */
static void answer_and_truncate(struct fake *fake, int connection)
{
	struct gy_message request, answer;

	(void)fake;
	while (fake_request(connection, &request)) {
		int fd = unsealed_of(SIZE);

		answer = good_texture(request.sequence);
		(void)peer_send_message(connection, &answer, fd);
		(void)ftruncate(fd, 0);
		(void)close(fd);
	}
}

static void memory_cut_while_it_is_imported(void **state)
{
	struct geyser_manager *manager;
	struct geyser_handle handle;
	struct fake fake;

	(void)state;
	only_on_linux("memory whose size can change");
	manager = make_manager(SLACK);
	fake_start(&fake, answer_and_truncate, NULL);
	handle = fake_handle(&fake, GY_HANDLE_TEXTURE);
	for (int i = 0; i < 1000; i++) {
		struct geyser_texture *texture;

		assert_fails(GEYSER_ERROR_UNSEALED, "F_SEAL_SHRINK",
			geyser_texture_import(manager, &handle, NULL, &texture));
		assert_null(texture);
	}
	geyser_manager_destroy(manager);
	fake_stop(&fake);
}

/* ---- memory that is shared for reading only ---- */

static void answer_read_only(struct fake *fake, int connection)
{
	struct gy_message request, answer;

	(void)fake;
	while (fake_request(connection, &request)) {
		int fd = test_read_only_memory(SIZE);

		answer = good_texture(request.sequence);
		(void)peer_send_message(connection, &answer, fd);
		(void)close(fd);
	}
}

static void a_share_for_reading_is_not_written(void **state)
{
	struct geyser_manager *manager = make_manager(SLACK);
	struct geyser_texture *texture;
	struct geyser_mapping mapping;
	struct geyser_handle handle;
	struct fake fake;

	(void)state;
	fake_start(&fake, answer_read_only, NULL);
	handle = fake_handle(&fake, GY_HANDLE_TEXTURE);
	assert_ok(geyser_texture_import(manager, &handle, NULL, &texture));
	assert_fails(GEYSER_ERROR_PERMISSION, "reading only",
		geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping));
	assert_ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	assert_int_equal(((const uint8_t *)mapping.data)[SIZE - 1], 0);
	geyser_texture_unmap(texture);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
	fake_stop(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_descriptions),
		cmocka_unit_test(wrong_memory),
		cmocka_unit_test(memory_cut_while_it_is_imported),
		cmocka_unit_test(a_share_for_reading_is_not_written),
	};

	test_limit(100);
	return test_run("hostile exporter", tests, test_runtime_enter, test_runtime_leave);
}
