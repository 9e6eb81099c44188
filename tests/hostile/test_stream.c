/*
 * One side of a stream writes noise over its shared page as fast as it can: a publisher over the
 * ring, a subscriber over its lease. The honest side must not crash, wait beyond its deadline, or
 * get a value out of range, and it must make progress.
 */
#include "peer.h"

#include "base/clock.h"
#include "stream/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLACK (10 * GY_SECOND) /* for a busy machine and for sanitizers */
#define PATIENCE (20 * GY_SECOND)
#define ATTACK (200 * GY_MILLISECOND)
#define SIDE 16

/* ---- noise ---- */

enum pattern {
	NOISE,
	ZEROS,
	ONES,
	PLAUSIBLE, /* small numbers */
	PATTERNS,
	/* For a ring: correct sequence numbers with noise in the rest of each record. */
	RECORDS = PATTERNS,
};

struct noise {
	_Atomic uint32_t *words;
	size_t count;
	enum pattern pattern;
	atomic_bool stop;
	pthread_t thread;
};

static uint32_t noise_word(enum pattern pattern, uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	switch (pattern) {
	case ZEROS:
		return 0;
	case ONES:
		return UINT32_MAX;
	case PLAUSIBLE:
		return (uint32_t)(*random >> 32) % 64;
	default:
		return (uint32_t)(*random >> 32);
	}
}

static void write_words(struct noise *noise, void *from, size_t bytes, uint64_t *random)
{
	_Atomic uint32_t *words = from;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		atomic_store_explicit(
			&words[i], noise_word(noise->pattern, random), memory_order_relaxed);
}

/* Writes correct sequence numbers for as many frames as a subscriber may take. */
static void write_records(struct noise *noise, uint64_t sequence, uint64_t *random)
{
	struct gy_ring_page *page = (struct gy_ring_page *)noise->words;
	struct gy_ring_slot *slot = &page->slots[sequence % 3];

	write_words(noise, &slot->generation,
		sizeof(*slot) - offsetof(struct gy_ring_slot, generation), random);
	/* the generation of the sent buffers: frames of other generations are skipped */
	slot->generation = 0;
	atomic_store(&slot->sequence, sequence);
	atomic_store(&page->newest, sequence << GY_RING_BUFFER_BITS | sequence % 3);
}

static void *make_noise(void *data)
{
	uint64_t random = UINT64_C(88172645463325252);
	struct noise *noise = data;

	for (uint64_t i = 1; !atomic_load(&noise->stop); i++)
		if (noise->pattern == RECORDS)
			write_records(noise, i, &random);
		else
			write_words(noise, noise->words, noise->count * 4, &random);
	return NULL;
}

static void start_noise(struct noise *noise, void *page, size_t size, enum pattern pattern)
{
	*noise = (struct noise){.words = page, .count = size / 4, .pattern = pattern};
	assert_int_equal(pthread_create(&noise->thread, NULL, make_noise, noise), 0);
}

static void stop_noise(struct noise *noise)
{
	atomic_store(&noise->stop, true);
	assert_int_equal(pthread_join(noise->thread, NULL), 0);
}

/* ---- a hostile publisher ---- */

#define NAME "liar"

/* The fields of the liar's messages, and the memory that it sends. */
enum field {
	BUFFERS,
	RING_SIZE, /* as claimed */
	LEASE_SIZE,
	RING_BYTES, /* real size of the memory; 0: the liar sends none */
	LEASE_BYTES,
	PICTURE_SIDE, /* as claimed; the memory has one page */
	PICTURE_BYTES,
	ANSWER, /* type of the answering message */
	FIELDS,
};

static const uint64_t truth[FIELDS] = {
	[BUFFERS] = 3,
	[RING_SIZE] = sizeof(struct gy_ring_page),
	[LEASE_SIZE] = sizeof(struct gy_lease_memory),
	[RING_BYTES] = sizeof(struct gy_ring_page),
	[LEASE_BYTES] = sizeof(struct gy_lease_memory),
	[PICTURE_SIDE] = SIDE,
	[PICTURE_BYTES] = 4096,
	[ANSWER] = GY_WIRE_STREAM,
};

static struct gy_ring_page *liars_page; /* the ring that was sent last */

static bool send_memory(
	int connection, const struct gy_message *answer, size_t size, struct gy_ring_page **page)
{
	int fd = size ? test_memory(size) : -1;
	bool sent;

	if (page && size >= sizeof(**page)) {
		*page = mmap(NULL, sizeof(**page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (*page == MAP_FAILED)
			abort();
	}
	sent = peer_send_message(connection, answer, fd);
	if (fd >= 0)
		(void)close(fd);
	return sent;
}

static bool send_pages(int connection, const uint64_t *says, uint32_t sequence)
{
	struct gy_message answer = peer_stream(sequence, (uint32_t)says[BUFFERS]);

	answer.type = (enum gy_wire_type)says[ANSWER];
	answer.stream.ring_size = says[RING_SIZE];
	answer.stream.lease_size = says[LEASE_SIZE];
	if (!send_memory(connection, &answer, says[RING_BYTES], &liars_page))
		return false;
	answer.type = GY_WIRE_LEASE;
	return send_memory(connection, &answer, says[LEASE_BYTES], NULL);
}

static bool send_picture(int connection, const uint64_t *says, uint32_t sequence)
{
	const uint32_t side = (uint32_t)says[PICTURE_SIDE];
	const struct gy_message answer = peer_texture(GY_WIRE_PICTURE, sequence, side, side, 4096);

	return send_memory(connection, &answer, says[PICTURE_BYTES], NULL);
}

static void serve_lies(struct fake *fake, int connection)
{
	const struct gy_message hello = {.type = GY_WIRE_HELLO, .hello.application = "liar"};
	const uint64_t *says = fake->script;
	struct gy_message request;
	bool good = peer_send_message(connection, &hello, -1);

	while (good && fake_request(connection, &request))
		good = request.type == GY_WIRE_SUBSCRIBE
			       ? send_pages(connection, says, request.sequence)
			       : send_picture(connection, says, request.sequence);
}

static void start_liar(struct fake *fake, const uint64_t says[FIELDS])
{
	liars_page = NULL;
	fake_start(fake, serve_lies, says);
	fake_publish(fake, NAME);
}

static void stop_liar(struct fake *fake)
{
	fake_stop(fake);
	fake_withdraw(NAME);
	if (liars_page)
		assert_int_equal(munmap(liars_page, sizeof(*liars_page)), 0);
}

static const struct lie {
	enum field field;
	uint64_t value;
	enum geyser_result result;
	const char *words;
} lies[] = {
	{BUFFERS, 16, GEYSER_OK, ""}, /* not a lie */
	{BUFFERS, 0, GEYSER_ERROR_PROTOCOL, ""},
	{BUFFERS, 17, GEYSER_ERROR_PROTOCOL, ""},
	{BUFFERS, UINT32_MAX, GEYSER_ERROR_PROTOCOL, ""},
	{RING_SIZE, 4096, GEYSER_ERROR_PROTOCOL, "4096"},
	{RING_SIZE, UINT64_MAX, GEYSER_ERROR_PROTOCOL, "ring"},
	{LEASE_SIZE, 0, GEYSER_ERROR_PROTOCOL, "lease"},
	{RING_BYTES, 4096, GEYSER_ERROR_PROTOCOL, "4096"},
	{RING_BYTES, 0, GEYSER_ERROR_PROTOCOL, "no memory for its ring"},
	{LEASE_BYTES, 0, GEYSER_ERROR_PROTOCOL, "no memory"},
	{PICTURE_SIDE, 2 * SIDE + 1, GEYSER_ERROR_MISMATCH, ""},
	{PICTURE_SIDE, 0, GEYSER_ERROR_PROTOCOL, ""},
	{PICTURE_SIDE, UINT32_MAX, GEYSER_ERROR_PROTOCOL, ""},
	{PICTURE_BYTES, 0, GEYSER_ERROR_PROTOCOL, ""},
	{ANSWER, GY_WIRE_HANDLE, GEYSER_ERROR_PROTOCOL, "type 19"},
	{ANSWER, GY_WIRE_STATUS, GEYSER_ERROR_PROTOCOL, "type 22"},
};

static void tell_lie(struct geyser_manager *manager, const struct lie *lie)
{
	const struct geyser_subscriber_desc desc = {.name = NAME, .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;
	uint64_t says[FIELDS];
	struct fake fake;

	memcpy(says, truth, sizeof(says));
	says[lie->field] = lie->value;
	start_liar(&fake, says);
	if (lie->result == GEYSER_OK) {
		assert_ok(geyser_subscriber_create(manager, &desc, &subscriber));
	} else {
		assert_fails(lie->result, lie->words,
			geyser_subscriber_create(manager, &desc, &subscriber));
		assert_null(subscriber);
	}
	geyser_subscriber_destroy(subscriber);
	stop_liar(&fake);
}

static void wrong_answers_are_refused(void **state)
{
	struct geyser_manager *manager;
	size_t fds;

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	tell_lie(manager, &lies[0]);
	fds = test_fd_count(getpid());
	for (size_t i = 0; i < TEST_COUNT(lies); i++)
		tell_lie(manager, &lies[i]);
	assert_int_equal(test_fd_count(getpid()), fds);
	geyser_manager_destroy(manager);
}

static bool is_within(const struct geyser_rect *rect)
{
	return rect->x <= SIDE && rect->width <= SIDE - rect->x && rect->y <= SIDE &&
	       rect->height <= SIDE - rect->y;
}

static void check_info(const struct geyser_frame_info *info)
{
	assert_in_range(info->damage_count, 0, GEYSER_FRAME_DAMAGE_MAX);
	assert_in_range(info->user_size, 0, GEYSER_FRAME_USER_MAX);
	assert_in_range(info->orientation, 0, GEYSER_ORIENTATION_FLIPPED_270);
	assert_in_range(info->alpha, 0, GEYSER_ALPHA_OPAQUE);
	assert_in_range(info->color.range, 0, GEYSER_COLOR_RANGE_LIMITED);
	assert_true(is_within(&info->crop));
	for (uint32_t i = 0; i < info->damage_count; i++)
		assert_true(is_within(&info->damage[i]));
}

/* Reads as honest subscribers do: it holds one frame, at times more. Returns how many frames it
 * got. */
static unsigned read_noise(struct geyser_subscriber *subscriber)
{
	uint64_t end = gy_now() + ATTACK, round = 0;
	struct geyser_frame *held = NULL;
	unsigned got = 0;

	while (gy_now() < end) {
		uint64_t timeout = round++ % 4 * GY_MILLISECOND, before = gy_now();
		struct geyser_frame *frame;
		enum geyser_result result = geyser_subscriber_acquire(subscriber, timeout, &frame);

		assert_in_range(gy_now() - before, 0, timeout + SLACK);
		if (result != GEYSER_OK) {
			assert_true(result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_BUSY);
			continue;
		}
		got++;
		check_info(geyser_frame_get_info(frame));
		assert_int_equal(geyser_texture_get_desc(geyser_frame_texture(frame))->width, SIDE);
		if (held)
			assert_ok(geyser_subscriber_release(subscriber, held));
		held = frame;
	}
	if (held)
		assert_ok(geyser_subscriber_release(subscriber, held));
	return got;
}

/* Writes the noise over the first `bytes` bytes of the page. spin_ns: how long the subscriber spins
 * before it sleeps. */
static void survive_publisher(
	enum pattern pattern, enum geyser_delivery delivery, size_t bytes, uint64_t spin_ns)
{
	const struct geyser_subscriber_desc desc = {
		.name = NAME, .delivery = delivery, .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;
	struct geyser_manager *manager;
	struct noise noise;
	struct fake fake;
	unsigned got;
	int fd;

	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_manager_set_spin(manager, spin_ns));
	start_liar(&fake, truth);
	assert_ok(geyser_subscriber_create(manager, &desc, &subscriber));
	if (pattern == NOISE)
		assert_ok(geyser_subscriber_fd(subscriber, &fd));
	start_noise(&noise, liars_page, bytes, pattern);
	got = read_noise(subscriber);
	/* Frames with a generation that never comes are skipped, and a subscriber that is evicted
	 * again and again gets few frames. */
	if (bytes < sizeof(*liars_page) && pattern == RECORDS)
		assert_true(got > 0);
	stop_noise(&noise);
	if (pattern == NOISE)
		assert_int_equal(close(fd), 0);
	geyser_subscriber_destroy(subscriber);
	stop_liar(&fake);
	geyser_manager_destroy(manager);
}

static void see_noise(uint64_t spin_ns)
{
	const size_t frames = offsetof(struct gy_ring_page, epochs), all = sizeof(*liars_page);

	for (int pattern = 0; pattern <= RECORDS; pattern++) {
		survive_publisher((enum pattern)pattern, GEYSER_DELIVER_LATEST, frames, spin_ns);
		survive_publisher((enum pattern)pattern, GEYSER_DELIVER_EVERY, frames, spin_ns);
	}
	survive_publisher(NOISE, GEYSER_DELIVER_EVERY, all, spin_ns);
	survive_publisher(PLAUSIBLE, GEYSER_DELIVER_LATEST, all, spin_ns);
}

static void a_ring_of_noise(void **state)
{
	(void)state;
	see_noise(0);
}

static void a_ring_of_noise_for_who_spins(void **state)
{
	(void)state;
	see_noise(GEYSER_SPIN_MAX_NS);
}

/* ---- a hostile subscriber ---- */

struct side {
	struct geyser_subscriber *honest;
	atomic_bool stop;
	_Atomic unsigned got, wrong;
};

static void *read_honestly(void *data)
{
	struct side *side = data;
	uint64_t last = 0;

	while (!atomic_load(&side->stop)) {
		struct geyser_frame *frame;
		enum geyser_result result =
			geyser_subscriber_acquire(side->honest, 20 * GY_MILLISECOND, &frame);

		if (result == GEYSER_ERROR_TIMEOUT)
			continue;
		if (result != GEYSER_OK || geyser_frame_get_info(frame)->sequence <= last) {
			atomic_fetch_add(&side->wrong, 1);
			break;
		}
		last = geyser_frame_get_info(frame)->sequence;
		atomic_fetch_add(&side->got, 1);
		(void)geyser_subscriber_release(side->honest, frame);
	}
	return NULL;
}

/* Returns how many frames the publisher could publish. */
static unsigned publish_against_noise(struct geyser_publisher *publisher)
{
	uint64_t end = gy_now() + ATTACK, round = 0;
	unsigned published = 0;

	while (gy_now() < end) {
		uint64_t timeout = round++ % 4 * GY_MILLISECOND, before = gy_now();
		struct geyser_publisher_stats stats;
		struct geyser_frame *frame;
		enum geyser_result result = geyser_publisher_acquire(publisher, timeout, &frame);

		assert_in_range(gy_now() - before, 0, timeout + SLACK);
		assert_true(result == GEYSER_OK || result == GEYSER_ERROR_TIMEOUT);
		if (result == GEYSER_OK) {
			assert_ok(geyser_publisher_submit(publisher, frame));
			published++;
		}
		assert_ok(geyser_publisher_get_stats(publisher, &stats));
		assert_int_equal(stats.frames, published);
		assert_in_range(stats.buffers_held, 0, 4);
		before = gy_now();
		(void)geyser_publisher_flush(publisher, GY_MILLISECOND);
		assert_in_range(gy_now() - before, 0, GY_MILLISECOND + SLACK);
	}
	return published;
}

static void survive_subscriber(
	struct geyser_manager *manager, enum pattern pattern, enum geyser_pacing pacing)
{
	const struct geyser_stream_desc desc = {
		.name = "honest",
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = SIDE, .height = SIDE},
		.buffers = 4,
		.pacing = pacing,
	};
	const struct geyser_subscriber_desc wanted = {.name = "honest"};
	struct geyser_publisher *publisher;
	struct geyser_stream_info *streams;
	struct gy_lease_page *page;
	struct side side = {.honest = NULL};
	struct noise noise;
	unsigned published;
	pthread_t thread;
	size_t count;
	int connection;

	assert_ok(geyser_publisher_create(manager, &desc, &publisher));
	page = peer_subscribe("honest", true, &connection);
	assert_ok(geyser_subscriber_create(manager, &wanted, &side.honest));
	start_noise(&noise, page, sizeof(*page), pattern);
	assert_int_equal(pthread_create(&thread, NULL, read_honestly, &side), 0);
	published = publish_against_noise(publisher);
	assert_ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 1);
	assert_int_equal(streams[0].subscribers, 1); /* the liar hasn't requested any buffers */
	geyser_stream_list_free(streams);
	/* A lease of all ones holds every buffer. Then only the publisher's own deadline ends its
	 * wait. */
	if (pattern != ONES && pacing == GEYSER_PACING_FREE)
		assert_true(published > 0 && atomic_load(&side.got) > 0);
	stop_noise(&noise);
	peer_unsubscribe(page, connection);
	/* After the liar has left, nothing of its lease has an effect. */
	for (unsigned i = 0; i < 8; i++) {
		struct geyser_frame *frame;

		assert_ok(geyser_publisher_acquire(publisher, SLACK, &frame));
		assert_ok(geyser_publisher_submit(publisher, frame));
	}
	atomic_store(&side.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&side.wrong), 0);
	geyser_subscriber_destroy(side.honest);
	geyser_publisher_destroy(publisher);
}

static void give_noise(uint64_t spin_ns)
{
	struct geyser_manager *manager;

	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_manager_set_spin(manager, spin_ns));
	for (int pattern = 0; pattern < PATTERNS; pattern++) {
		survive_subscriber(manager, (enum pattern)pattern, GEYSER_PACING_FREE);
		survive_subscriber(manager, (enum pattern)pattern, GEYSER_PACING_LOSSLESS);
	}
	geyser_manager_destroy(manager);
}

static void a_lease_of_noise(void **state)
{
	(void)state;
	give_noise(0);
}

static void a_lease_of_noise_for_who_spins(void **state)
{
	(void)state;
	give_noise(GEYSER_SPIN_MAX_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_answers_are_refused),
		cmocka_unit_test(a_ring_of_noise),
		cmocka_unit_test(a_ring_of_noise_for_who_spins),
		cmocka_unit_test(a_lease_of_noise),
		cmocka_unit_test(a_lease_of_noise_for_who_spins),
	};

	test_limit(100);
	return test_run("hostile stream", tests, test_runtime_enter, test_runtime_leave);
}
