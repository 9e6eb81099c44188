/*
 * The memory of a stream's buffers. A hostile subscriber tries every way to write into it. A
 * hostile publisher sends memory without pages. The memory is host memory on every backend: only a
 * driver can map its own memory, which isn't sealed.
 */
#include "peer.h"

#include "base/clock.h"
#include "ipc/registry/names.h"
#include "platform/platform.h"
#include "stream/ring.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef GEYSER_PLATFORM_APPLE
#include <linux/falloc.h>
#endif

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define NAME "buffers"
#define SIDE 64u
#define BYTES (SIDE * SIDE * 4) /* a number of whole pages */
#define BUFFERS 3u
#define PATIENCE (20 * GY_SECOND)

/* ---- the memory that a subscriber gets ---- */

struct stream {
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
};

static struct stream publish(uint32_t usage)
{
	struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM,
			.width = SIDE,
			.height = SIDE,
			.usage = usage | GEYSER_USAGE_HOST_MEMORY},
		.buffers = BUFFERS,
	};
	struct stream stream;

	assert_ok(geyser_manager_create(NULL, &stream.manager));
	assert_ok(geyser_publisher_create(stream.manager, &desc, &stream.publisher));
	return stream;
}

static void end(struct stream *stream)
{
	geyser_publisher_destroy(stream->publisher);
	geyser_manager_destroy(stream->manager);
}

static void draw(struct stream *stream, int texel)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;

	assert_ok(geyser_publisher_acquire(stream->publisher, GY_SECOND, &frame));
	assert_ok(geyser_texture_map(
		geyser_frame_texture(frame), GEYSER_ACCESS_READ_WRITE, &mapping));
	memset(mapping.data, texel, mapping.size);
	geyser_texture_unmap(geyser_frame_texture(frame));
	assert_ok(geyser_publisher_submit(stream->publisher, frame));
}

static int receive_fd(int connection)
{
	struct gy_packet packet;
	int fd;

	assert_ok(gy_packet_receive(connection, &packet, &fd));
	return fd;
}

/* Connects and subscribes without the library. Returns the connection. */
static int subscribe(void)
{
	struct gy_message request = {.type = GY_WIRE_SUBSCRIBE, .sequence = 1};
	struct gy_registry registry;
	uint64_t instance;
	int connection;

	assert_ok(test_open_registry(false, &registry));
	assert_ok(gy_registry_find_name(&registry, NAME, &instance));
	gy_registry_close(&registry);
	(void)snprintf(request.name.name, sizeof(request.name.name), "%s", NAME);
	connection = peer_greet(instance);
	assert_true(peer_send_message(connection, &request, -1));
	for (unsigned i = 0; i < 2; i++) /* receives the ring, then the lease */
		assert_int_equal(close(receive_fd(connection)), 0);
	return connection;
}

static int ask_buffer(int connection, uint32_t index)
{
	const struct gy_message request = {
		.type = GY_WIRE_BUFFER, .sequence = 2 + index, .buffer.index = index};
	int fd;

	assert_true(peer_send_message(connection, &request, -1));
	fd = receive_fd(connection);
	assert_true(fd >= 0);
	return fd;
}

static bool maps_for_writing(int fd)
{
	void *data = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (data != MAP_FAILED)
		assert_int_equal(munmap(data, BYTES), 0);
	return data != MAP_FAILED;
}

static bool becomes_writable(int fd)
{
	void *data = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
	bool became;

	assert_true(data != MAP_FAILED);
	became = mprotect(data, BYTES, PROT_READ | PROT_WRITE) == 0;
	assert_int_equal(munmap(data, BYTES), 0);
	return became;
}

#ifndef GEYSER_PLATFORM_APPLE
/* Returns whether MADV_REMOVE punches a hole through a mapping. */
static bool is_removed_by_advice(int fd)
{
	void *data = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
	bool removed;

	assert_true(data != MAP_FAILED);
	removed = madvise(data, BYTES, MADV_REMOVE) == 0;
	assert_int_equal(munmap(data, BYTES), 0);
	return removed;
}

/* Tries the ways to write through a descriptor that is open for reading and writing. */
static void expect_no_way_to_write(int fd)
{
	const int modes[] = {FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_COLLAPSE_RANGE};

	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(write(fd, "x", 1), -1);
	for (size_t i = 0; i < TEST_COUNT(modes); i++)
		assert_int_equal(fallocate(fd, modes[i], 0, 4096), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 2 * (off_t)BYTES), -1);
	assert_false(maps_for_writing(fd));
	assert_false(becomes_writable(fd));
	assert_false(is_removed_by_advice(fd));
}

static const char *path_of(int fd)
{
	static char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void expect_sealed(int fd)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | F_SEAL_FUTURE_WRITE;
	const int ways[] = {O_RDWR, O_WRONLY, O_RDWR | O_TRUNC};
	int again;

	assert_int_equal(fcntl(fd, F_GET_SEALS) & seals, seals);
	expect_no_way_to_write(fd);
	for (size_t i = 0; i < TEST_COUNT(ways); i++) {
		again = open(path_of(fd), ways[i] | O_CLOEXEC);
		if (again < 0)
			continue;
		assert_int_equal(pwrite(again, "x", 1, 0), -1);
		assert_false(maps_for_writing(again));
		assert_int_equal(close(again), 0);
	}
}
#else
static void expect_sealed(int fd)
{
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_false(maps_for_writing(fd));
	assert_false(becomes_writable(fd));
}
#endif

static void expect_texels(int fd, int texel)
{
	const uint8_t *data = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(data != MAP_FAILED);
	for (size_t i = 0; i < BYTES; i++)
		assert_int_equal(data[i], texel);
	assert_int_equal(munmap((void *)(uintptr_t)data, BYTES), 0);
}

static void a_subscriber_can_only_read(void **state)
{
	struct stream stream = publish(0);
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = SIDE,
		.height = SIDE,
		.usage = GEYSER_USAGE_HOST_MEMORY,
	};
	int connection = subscribe();

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < BUFFERS; i++)
			draw(&stream, 7);
		for (uint32_t i = 0; i < BUFFERS; i++) {
			int fd = ask_buffer(connection, i);

			expect_sealed(fd);
			expect_texels(fd, 7);
			assert_int_equal(close(fd), 0);
		}
		/* The buffers that come after a resize are sealed, too. */
		assert_ok(geyser_publisher_resize(stream.publisher, &desc));
	}
	assert_int_equal(close(connection), 0);
	end(&stream);
}

static void the_writers_bit_lets_it_write(void **state)
{
	struct stream stream = publish(GEYSER_USAGE_WRITERS);
	int connection = subscribe(), fd = ask_buffer(connection, 0);
	uint8_t *data = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct geyser_mapping mapping;
	struct geyser_frame *frame;

	(void)state;
	assert_true(data != MAP_FAILED);
	memset(data, 9, BYTES);
	assert_int_equal(munmap(data, BYTES), 0);
	assert_int_equal(close(fd), 0);
	/* this is the first buffer */
	assert_ok(geyser_publisher_acquire(stream.publisher, 0, &frame));
	assert_ok(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping));
	assert_int_equal(((const uint8_t *)mapping.data)[BYTES - 1], 9);
	geyser_texture_unmap(geyser_frame_texture(frame));
	assert_ok(geyser_publisher_discard(stream.publisher, frame));
	assert_int_equal(close(connection), 0);
	end(&stream);
}

/* ---- memory that a publisher claims to have ---- */

struct offer {
	uint64_t memory;    /* bytes of the file */
	uint64_t allocated; /* bytes at the file's beginning that have pages */
	uint32_t width, height;
	uint64_t offset;
	uint32_t layers; /* 0 means 1 */
};

static int offer_fd = -1; /* the memory that was offered last */

static void make_offer(const struct offer *offer)
{
#ifdef GEYSER_PLATFORM_APPLE
	offer_fd = test_memory(offer->memory);
#else
	offer_fd = test_memfd(offer->allocated);
	assert_int_equal(ftruncate(offer_fd, (off_t)offer->memory), 0);
	assert_int_equal(
		fcntl(offer_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
#endif
}

static bool send_memory(int connection, struct gy_message *answer, enum gy_wire_type type, int fd)
{
	bool sent;

	answer->type = type;
	sent = peer_send_message(connection, answer, fd);
	assert_int_equal(close(fd), 0);
	return sent;
}

static bool send_pages(int connection, uint32_t sequence)
{
	struct gy_message answer = peer_stream(sequence, BUFFERS);

	return send_memory(connection, &answer, GY_WIRE_STREAM,
		       test_memory(sizeof(struct gy_ring_page))) &&
	       send_memory(connection, &answer, GY_WIRE_LEASE,
		       test_memory(sizeof(struct gy_lease_memory)));
}

static bool send_picture(
	int connection, const struct offer *offer, enum gy_wire_type type, uint32_t sequence)
{
	struct gy_message answer =
		peer_texture(type, sequence, offer->width, offer->height, offer->memory);

	answer.texture.desc.layers = offer->layers ? offer->layers : 1;
	answer.texture.native.planes[0].offset = offer->offset;
	return peer_send_message(connection, &answer, offer_fd);
}

static void serve_offer(struct fake *fake, int connection)
{
	const struct gy_message hello = {.type = GY_WIRE_HELLO, .hello.application = "miser"};
	const struct offer *offer = fake->script;
	struct gy_message request;
	bool good = peer_send_message(connection, &hello, -1);

	while (good && fake_request(connection, &request))
		good = request.type == GY_WIRE_SUBSCRIBE
			       ? send_pages(connection, request.sequence)
			       : send_picture(connection, offer,
					 request.type == GY_WIRE_IMPORT ? GY_WIRE_TEXTURE
									: GY_WIRE_PICTURE,
					 request.sequence);
}

static void start_miser(struct fake *fake, const struct offer *offer)
{
	make_offer(offer);
	fake_start(fake, serve_offer, offer);
	fake_publish(fake, NAME);
}

static void stop_miser(struct fake *fake)
{
	fake_stop(fake);
	fake_withdraw(NAME);
	assert_int_equal(close(offer_fd), 0);
}

static uint64_t allocated(void)
{
	struct stat status;

	assert_int_equal(fstat(offer_fd, &status), 0);
	return (uint64_t)status.st_blocks * 512;
}

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

/* A texture of one page may lack this page: it then costs the importer as much as the ring. */
static const struct offered {
	struct offer offer;
	enum geyser_result result;
	const char *words;
	uint64_t imported; /* bytes that the importer maps for one texture */
} offers[] = {
	{{BYTES, BYTES, SIDE, SIDE, 0, 0}, GEYSER_OK, "", BYTES},
	{{4096, 0, 32, 32, 0, 0}, GEYSER_OK, "", 4096},
	/* The importer maps only what the texture needs, however large the memory is. */
	{{GIB, 4096, 16, 16, 0, 0}, GEYSER_OK, "", 4096},
	{{GIB, MIB, SIDE, SIDE, 0, 0}, GEYSER_OK, "", BYTES},
	{{GIB, MIB, SIDE, SIDE, 4096, 0}, GEYSER_OK, "", BYTES + 4096},
	/* The memory lacks all or some of the pages that the texture needs. */
	{{BYTES, 0, SIDE, SIDE, 0, 0}, GEYSER_ERROR_MISMATCH, "16384", 0},
	{{BYTES, BYTES - 4096, SIDE, SIDE, 0, 0}, GEYSER_ERROR_MISMATCH, "12288", 0},
	{{GIB, 0, 8192, 8192, 0, 0}, GEYSER_ERROR_MISMATCH, "268435456", 0},
	{{GIB, MIB, 8192, 8192, 0, 0}, GEYSER_ERROR_MISMATCH, "1048576", 0},
};

static uint64_t imported_bytes(struct geyser_manager *manager)
{
	struct geyser_memory_info info;

	assert_ok(geyser_manager_memory(manager, &info));
	return info.textures.imported;
}

static void subscribe_to_offer(struct geyser_manager *manager, const struct offered *offered)
{
	const struct geyser_subscriber_desc desc = {.name = NAME, .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;

	if (offered->result == GEYSER_OK) {
		assert_ok(geyser_subscriber_create(manager, &desc, &subscriber));
		assert_int_equal(imported_bytes(manager), BUFFERS * offered->imported);
		geyser_subscriber_destroy(subscriber);
	} else {
		assert_fails(offered->result, offered->words,
			geyser_subscriber_create(manager, &desc, &subscriber));
	}
}

static void import_offer(
	struct geyser_manager *manager, const struct fake *fake, const struct offered *offered)
{
	const struct geyser_handle handle = fake_handle(fake, GY_HANDLE_TEXTURE);
	struct geyser_texture *texture;

	if (offered->result == GEYSER_OK) {
		assert_ok(geyser_texture_import(manager, &handle, NULL, &texture));
		assert_int_equal(imported_bytes(manager), offered->imported);
		geyser_texture_unref(texture);
	} else {
		assert_fails(offered->result, offered->words,
			geyser_texture_import(manager, &handle, NULL, &texture));
	}
}

static void memory_that_is_not_there(void **state)
{
	struct geyser_manager *manager;

	(void)state;
	only_on_linux("memory that says how much of it is allocated");
	assert_ok(geyser_manager_create(NULL, &manager));
	for (size_t i = 0; i < TEST_COUNT(offers); i++) {
		const struct offer *offer = &offers[i].offer;
		const uint64_t most = offer->allocated < 4096 ? 4096 : offer->allocated;
		struct fake fake;

		start_miser(&fake, offer);
		import_offer(manager, &fake, &offers[i]);
		subscribe_to_offer(manager, &offers[i]);
		/* The import allocated no pages that the peer had left out, except for one page. */
		assert_in_range(allocated(), offer->allocated, most);
		stop_miser(&fake);
	}
	geyser_manager_destroy(manager);
}

/* The limit holds however few of the memory's pages are allocated. */
static void more_than_one_peer_may_have(void **state)
{
	static const struct offer offer = {8 * TIB, 4096, 32768, 32768, 0, 2048};
	const struct geyser_subscriber_desc desc = {.name = NAME, .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct fake fake;

	(void)state;
	only_on_linux("memory that is larger than the machine's");
	assert_ok(geyser_manager_create(NULL, &manager));
	start_miser(&fake, &offer);
	handle = fake_handle(&fake, GY_HANDLE_TEXTURE);
	assert_fails(GEYSER_ERROR_LIMIT, "8796093022208",
		geyser_texture_import(manager, &handle, NULL, &texture));
	assert_fails(GEYSER_ERROR_LIMIT, "RLIMIT_AS",
		geyser_subscriber_create(manager, &desc, &subscriber));
	stop_miser(&fake);
	geyser_manager_destroy(manager);
}

static void the_share_follows_the_processs_own_limit(void **state)
{
	const uint64_t whole = gy_memory_share();
	struct rlimit before, limit;
	uint64_t share;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	limit = before;
	limit.rlim_cur = 64 * MIB;
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		skip();
	share = gy_memory_share();
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(share, 32 * MIB);
	assert_int_equal(gy_memory_share(), whole);
	assert_true(whole > share);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_subscriber_can_only_read),
		cmocka_unit_test(the_writers_bit_lets_it_write),
		cmocka_unit_test(memory_that_is_not_there),
		cmocka_unit_test(more_than_one_peer_may_have),
		cmocka_unit_test(the_share_follows_the_processs_own_limit),
	};

	test_limit(100);
	return test_run("hostile buffers", tests, test_runtime_enter, test_runtime_leave);
}
