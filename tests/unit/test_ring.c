/*
 * The ring within one process: the next buffer, the frames that each reader gets, and pages with
 * wrong contents. tests/model and tests/stress cover several processes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/frame.h"
#include "stream/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define READERS 3

static struct gy_ring_page page;
static struct gy_lease_page leases[GY_RING_READERS];
static struct gy_ring_writer writer;
static struct gy_ring_view views[READERS];
static struct gy_ring_record record;

static void begin_test(uint32_t buffers, bool lossless)
{
	memset(&page, 0, sizeof(page));
	memset(leases, 0, sizeof(leases));
	memset(&record, 0, sizeof(record));
	writer = (struct gy_ring_writer){
		.page = &page,
		.buffers = buffers,
		.lossless = lossless,
	};
}

static struct gy_ring_view *join(uint32_t i, bool every)
{
	assert_int_equal(gy_ring_join(&writer, &leases[i], every), i);
	views[i] = (struct gy_ring_view){
		.page = &page,
		.lease = &leases[i],
		.buffers = writer.buffers,
		.every = every,
	};
	gy_ring_open(&views[i]);
	return &views[i];
}

static void publish_in(uint32_t buffer)
{
	gy_ring_prepare(&writer, buffer, &record);
	gy_ring_publish(&writer, buffer, false);
}

static int publish(void)
{
	int buffer = gy_ring_begin(&writer, 0);

	if (buffer >= 0)
		publish_in((uint32_t)buffer);
	return buffer;
}

/* Returns the sequence number of the frame that the reader takes, or 0. The reader keeps the
 * buffer. */
static uint64_t take(struct gy_ring_view *view, int *buffer)
{
	struct gy_ring_record got = {0};

	*buffer = gy_ring_take(view);
	if (*buffer < 0)
		return 0;
	gy_ring_read(view, (uint32_t)*buffer, &got);
	return got.info.sequence;
}

/* Takes a frame as take() does, and releases its buffer. */
static uint64_t pass(struct gy_ring_view *view)
{
	int buffer;
	uint64_t sequence = take(view, &buffer);

	if (buffer >= 0)
		gy_ring_release(view, (uint32_t)buffer);
	return sequence;
}

/* ---- the publisher ---- */

static void the_oldest_goes_first(void **state)
{
	(void)state;
	begin_test(3, false);
	for (int i = 0; i < 9; i++)
		assert_int_equal(publish(), i % 3);
	assert_int_equal(writer.sequence, 9);
	/* The publisher can begin all three buffers at once, the newest frame's last. Then there is
	 * no buffer left. */
	assert_int_equal(gy_ring_begin(&writer, 0), 0);
	assert_int_equal(gy_ring_begin(&writer, 0), 1);
	assert_int_equal(atomic_load(&page.newest), 9 << GY_RING_BUFFER_BITS | 2);
	assert_int_equal(gy_ring_begin(&writer, 0), 2);
	assert_int_equal(atomic_load(&page.newest), 0);
	assert_int_equal(gy_ring_begin(&writer, 0), -1);
}

static void a_discarded_buffer_goes_first(void **state)
{
	(void)state;
	begin_test(3, false);
	for (int i = 0; i < 3; i++)
		assert_int_equal(publish(), i);
	assert_int_equal(gy_ring_begin(&writer, 0), 0);
	assert_int_equal(gy_ring_begin(&writer, 0), 1);
	gy_ring_discard(&writer, 1);
	assert_int_equal(atomic_load(&page.slots[1].sequence), 0);
	assert_int_equal(gy_ring_begin(&writer, 0), 1);
	publish_in(1);
	assert_int_equal(writer.sequence, 4);
}

static void a_held_buffer_is_passed_over(void **state)
{
	struct gy_ring_view *view;
	int buffer;

	(void)state;
	begin_test(3, false);
	view = join(0, false);
	assert_int_equal(publish(), 0);
	assert_int_equal(take(view, &buffer), 1);
	assert_int_equal(gy_ring_held(&writer), 1);
	for (int i = 0; i < 6; i++)
		assert_int_equal(publish(), 1 + i % 2);
	gy_ring_release(view, 0);
	assert_int_equal(gy_ring_held(&writer), 0);
	assert_int_equal(publish(), 0);
}

static void the_newest_goes_if_the_others_are_held(void **state)
{
	struct gy_ring_view *one, *other;
	int buffer;

	(void)state;
	begin_test(2, false);
	one = join(0, false);
	other = join(1, false);
	assert_int_equal(publish(), 0);
	assert_int_equal(take(one, &buffer), 1);
	assert_int_equal(publish(), 1);
	assert_int_equal(gy_ring_begin(&writer, 0), 1);
	assert_false(gy_ring_has_next(other));
	assert_int_equal(pass(other), 0);
	publish_in(1);
	assert_true(gy_ring_has_next(other));
	assert_int_equal(take(other, &buffer), 3);
	/* Both buffers are held now. */
	assert_int_equal(gy_ring_begin(&writer, 0), -1);
	assert_int_equal(gy_ring_held(&writer), 3);
	assert_int_equal(atomic_load(&page.newest) >> GY_RING_BUFFER_BITS, 3);
}

static void a_reader_that_left_holds_nothing(void **state)
{
	int buffer;

	(void)state;
	begin_test(2, false);
	(void)join(0, false);
	(void)join(1, false);
	assert_int_equal(publish(), 0);
	assert_int_equal(take(&views[0], &buffer), 1);
	assert_int_equal(take(&views[1], &buffer), 1);
	gy_ring_leave(&writer, 0);
	assert_int_equal(writer.reader_count, 2);
	assert_int_equal(gy_ring_held(&writer), 1);
	gy_ring_leave(&writer, 1);
	assert_int_equal(writer.reader_count, 0);
	assert_int_equal(gy_ring_held(&writer), 0);
	/* The next reader gets the free place. */
	memset(leases, 0, sizeof(leases));
	(void)join(0, true);
}

static void there_are_64_places(void **state)
{
	struct gy_lease_page extra = {0};

	(void)state;
	begin_test(2, false);
	for (int i = 0; i < GY_RING_READERS; i++)
		assert_int_equal(gy_ring_join(&writer, &leases[i], false), i);
	assert_int_equal(gy_ring_join(&writer, &extra, false), -1);
	gy_ring_leave(&writer, 7);
	assert_int_equal(gy_ring_join(&writer, &extra, false), 7);
}

static void who_sleeps_is_woken(void **state)
{
	(void)state;
	begin_test(2, false);
	(void)join(0, false);
	(void)join(1, false);
	(void)publish();
	assert_int_equal(atomic_load(&page.wakes), 0);
	atomic_store(&leases[1].sleeping, 1);
	(void)publish();
	assert_int_equal(atomic_load(&page.wakes), 1);
	assert_int_equal(pass(&views[0]), 2);
	assert_int_equal(atomic_load(&leases[0].releases), 0);
	atomic_store(&page.waiting, 1);
	assert_int_equal(pass(&views[1]), 2);
	assert_int_equal(atomic_load(&leases[1].releases), 2); /* counts taking and releasing */
}

/* ---- lossless pacing ---- */

static void lossless_waits_for_who_gets_every_frame(void **state)
{
	(void)state;
	begin_test(2, true);
	(void)join(0, true);
	(void)join(1, false);
	assert_int_equal(publish(), 0);
	assert_int_equal(publish(), 1);
	assert_int_equal(gy_ring_owed(&writer), 2);
	assert_int_equal(publish(), -1);
	assert_int_equal(pass(&views[0]), 1);
	assert_int_equal(gy_ring_owed(&writer), 1);
	assert_int_equal(publish(), 0);
	assert_int_equal(publish(), -1);
	for (uint64_t i = 2; i < 50; i++) {
		assert_int_equal(pass(&views[0]), i);
		assert_int_equal(publish(), (i + 1) % 2);
	}
	assert_int_equal(atomic_load(&leases[0].dropped), 0);
	/* The reader of the latest frame delayed nothing. */
	assert_int_equal(pass(&views[1]), 51);
}

static void an_excused_reader_is_waited_for_once_it_moves(void **state)
{
	(void)state;
	begin_test(2, true);
	(void)join(0, true);
	(void)publish();
	(void)publish();
	assert_int_equal(publish(), -1);
	assert_int_equal(gy_ring_excuse(&writer), 0);
	assert_int_equal(gy_ring_owed(&writer), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(publish(), i % 2);
	assert_int_equal(gy_ring_excuse(&writer), -1);
	/* The reader comes back. Frame 6 is the oldest one that a buffer still holds. */
	assert_int_equal(pass(&views[0]), 6);
	assert_int_equal(atomic_load(&leases[0].dropped), 5);
	assert_int_equal(publish(), 1);
	assert_int_equal(publish(), -1);
	assert_int_equal(pass(&views[0]), 7);
	assert_int_equal(pass(&views[0]), 8);
	assert_int_equal(atomic_load(&leases[0].dropped), 5);
}

/* A reader is one frame behind, but doesn't block the next buffer. It must lose no frame when
 * another reader is excused. */
static void only_who_is_in_the_way_is_excused(void **state)
{
	(void)state;
	begin_test(3, true);
	(void)join(0, true);
	(void)join(1, true);
	for (int i = 0; i < 3; i++)
		assert_int_equal(publish(), i);
	assert_int_equal(pass(&views[1]), 1);
	assert_int_equal(pass(&views[1]), 2);
	assert_int_equal(publish(), -1);
	assert_int_equal(gy_ring_excuse(&writer), 0);
	assert_int_equal(publish(), 0);
	assert_int_equal(publish(), 1);
	assert_int_equal(publish(), -1); /* frame 3 is still owed to the other reader */
	for (uint64_t i = 3; i <= 5; i++)
		assert_int_equal(pass(&views[1]), i);
	assert_int_equal(atomic_load(&leases[1].dropped), 0);
}

static void nobody_is_excused_where_buffers_are_held(void **state)
{
	int buffer;

	(void)state;
	begin_test(2, true);
	(void)join(0, true);
	(void)publish();
	(void)publish();
	assert_int_equal(take(&views[0], &buffer), 1);
	assert_int_equal(take(&views[0], &buffer), 2);
	assert_int_equal(publish(), -1);
	assert_int_equal(gy_ring_excuse(&writer), -1);
}

/* ---- subscribers ---- */

static void latest_skips_and_never_repeats(void **state)
{
	struct gy_ring_view *view;

	(void)state;
	begin_test(3, false);
	view = join(0, false);
	assert_int_equal(pass(view), 0);
	(void)publish();
	assert_int_equal(pass(view), 1);
	assert_int_equal(pass(view), 0);
	assert_false(gy_ring_has_next(view));
	for (int i = 0; i < 5; i++)
		(void)publish();
	assert_true(gy_ring_has_next(view));
	assert_int_equal(pass(view), 6);
	assert_int_equal(pass(view), 0);
	assert_int_equal(atomic_load(&leases[0].dropped), 4);
	assert_int_equal(atomic_load(&leases[0].taken), 6);
}

static void every_comes_in_order(void **state)
{
	struct gy_ring_view *view;

	(void)state;
	begin_test(3, false);
	view = join(0, true);
	for (int i = 0; i < 3; i++)
		(void)publish();
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(pass(view), i);
	assert_int_equal(pass(view), 0);
	assert_int_equal(atomic_load(&leases[0].dropped), 0);
	/* Frames 4 and 5 are overwritten. */
	for (int i = 0; i < 5; i++)
		(void)publish();
	for (uint64_t i = 6; i <= 8; i++)
		assert_int_equal(pass(view), i);
	assert_int_equal(pass(view), 0);
	assert_int_equal(atomic_load(&leases[0].dropped), 2);
}

static void several_can_be_held(void **state)
{
	int first, second;

	(void)state;
	begin_test(3, false);
	(void)join(0, true);
	(void)publish();
	(void)publish();
	assert_int_equal(take(&views[0], &first), 1);
	assert_int_equal(take(&views[0], &second), 2);
	assert_int_equal(atomic_load(&leases[0].held), 3);
	gy_ring_release(&views[0], (uint32_t)first);
	assert_int_equal(atomic_load(&leases[0].held), 1 << second);
	assert_int_equal(publish(), 2);
	assert_int_equal(publish(), first);
	assert_int_equal(publish(), 2);
}

static void who_joins_begins_with_the_newest(void **state)
{
	(void)state;
	begin_test(3, true);
	for (int i = 0; i < 5; i++)
		(void)publish();
	assert_int_equal(pass(join(0, false)), 5);
	assert_int_equal(pass(join(1, true)), 5);
	assert_int_equal(pass(&views[1]), 0);
	assert_int_equal(atomic_load(&leases[0].dropped), 0);
	assert_int_equal(atomic_load(&leases[1].dropped), 0);
	/* While the newest frame is being overwritten, a new reader begins with the next frame. */
	for (int i = 0; i < 3; i++)
		assert_true(gy_ring_begin(&writer, 0) >= 0);
	(void)join(2, true);
	assert_int_equal(pass(&views[2]), 0);
	publish_in(1);
	assert_int_equal(pass(&views[2]), 6);
	assert_int_equal(atomic_load(&leases[2].dropped), 0);
}

static void expect_record(const struct gy_ring_record *expected)
{
	static struct gy_ring_record got; /* of the frame before, too */
	int buffer;

	assert_true(publish() >= 0);
	buffer = gy_ring_take(&views[0]);
	assert_true(buffer >= 0);
	gy_ring_read(&views[0], (uint32_t)buffer, &got);
	gy_ring_release(&views[0], (uint32_t)buffer);
	assert_int_equal(got.info.sequence, writer.sequence);
	got.info.sequence = expected->info.sequence;
	assert_memory_equal(&got, expected, sizeof(got));
}

static void the_record_comes_with_the_frame(void **state)
{
	struct gy_ring_record full;

	(void)state;
	begin_test(2, false);
	(void)join(0, false);
	record.info = gy_frame_info_new;
	record.generation = 7;
	record.ready = 8;
	record.mirror_ready = 9;
	record.info.timestamp_ns = 1234;
	record.info.presentation_ns = 5678;
	record.info.crop = (struct geyser_rect){1, 2, 3, 4};
	record.info.sequence = 99; /* the ring must ignore this: it numbers the frames itself */
	expect_record(&record);
	full = record;
	full.info.orientation = GEYSER_ORIENTATION_180;
	full.info.alpha = GEYSER_ALPHA_OPAQUE;
	full.info.color.matrix = 9;
	full.info.color.max_content_light_level = 1000;
	memset(&full.info.user, 0xa5, sizeof(full.info.user));
	full.info.user_size = 1;
	full.info.damage_count = 1;
	full.info.damage[0].height = 6;
	full.info.damage[GEYSER_FRAME_DAMAGE_MAX - 1].height = 5;
	/* Each part comes, and goes again. */
	for (unsigned parts = 0; parts < 8; parts++) {
		struct geyser_frame_info *info = &record.info;

		*info = parts & 1 ? full.info : gy_frame_info_new;
		if (!(parts & 2)) {
			info->damage_count = 0;
			memset(info->damage, 0, sizeof(info->damage));
		} else {
			info->damage_count = full.info.damage_count;
			memcpy(info->damage, full.info.damage, sizeof(info->damage));
		}
		info->user_size = parts & 4 ? full.info.user_size : 0;
		memset(info->user, parts & 4 ? 0xa5 : 0, sizeof(info->user));
		expect_record(&record);
	}
}

/* Publishes a frame and lets the reader see it in its slot, as a thread does that spins. */
static int publish_and_see(struct gy_ring_view *view)
{
	uint32_t expected = gy_ring_expect(view);
	int buffer;

	assert_false(gy_ring_has_come(view, expected));
	buffer = publish();
	assert_int_equal(buffer, expected);
	assert_true(gy_ring_has_come(view, expected));
	view->seen = expected + 1;
	return buffer;
}

static void a_frame_that_was_seen_is_taken(void **state)
{
	int buffer;

	(void)state;
	begin_test(3, false);
	for (uint32_t i = 0; i < 2; i++) {
		struct gy_ring_view *view = join(i, i == 1);

		(void)pass(view); /* the frame with which a reader begins */
		for (int frame = 0; frame < 7; frame++) {
			int published = publish_and_see(view);

			assert_int_equal(take(view, &buffer), writer.sequence);
			assert_int_equal(buffer, published);
			gy_ring_release(view, (uint32_t)buffer);
			assert_int_equal(view->seen, 0);
		}
		assert_int_equal(atomic_load(&leases[i].dropped), 0);
	}
}

/* The publisher may have drawn into the buffer again since the reader has seen the frame, and have
 * published others. */
static void a_frame_that_was_seen_may_be_late(void **state)
{
	int buffer;

	(void)state;
	begin_test(3, false);
	(void)join(0, false);
	(void)join(1, true);
	(void)publish();
	assert_int_equal(pass(&views[0]), 1);
	assert_int_equal(pass(&views[1]), 1);
	/* The frame is gone, and there is no other. */
	views[0].seen = 1 + (uint32_t)gy_ring_begin(&writer, 0);
	assert_int_equal(take(&views[0], &buffer), 0);
	/* A later frame than the next one is in the buffer that the second reader has seen. */
	(void)publish();
	views[1].seen = 1 + (uint32_t)publish();
	assert_int_equal(pass(&views[1]), 2);
	assert_int_equal(pass(&views[1]), 3);
	/* The reader holds the buffer that it has seen. */
	assert_int_equal(take(&views[0], &buffer), 3);
	views[0].seen = 1 + (uint32_t)buffer;
	assert_int_equal(pass(&views[0]), 0);
}

/* ---- pages with wrong contents ---- */

static void a_buffer_that_there_is_not_is_refused(void **state)
{
	(void)state;
	begin_test(3, false);
	(void)join(0, false);
	(void)publish();
	for (uint64_t bad = 3; bad < GY_RING_BUFFERS; bad++) {
		atomic_store(&page.newest, UINT64_C(9) << GY_RING_BUFFER_BITS | bad);
		atomic_store(&page.slots[bad].sequence, 9);
		assert_false(gy_ring_has_next(&views[0]));
		assert_int_equal(pass(&views[0]), 0);
	}
	assert_int_equal(atomic_load(&leases[0].held), 0);
}

static void garbage_sequences_end(void **state)
{
	static const uint64_t garbage[] = {1, 2, 5, UINT64_MAX >> GY_RING_BUFFER_BITS,
		UINT64_MAX - 1, UINT64_MAX, UINT64_C(1) << 63};
	const size_t count = sizeof(garbage) / sizeof(garbage[0]);

	(void)state;
	for (size_t i = 0; i < count * count; i++) {
		begin_test(2, false);
		(void)join(0, true);
		(void)join(1, false);
		atomic_store(&page.slots[0].sequence, garbage[i / count]);
		atomic_store(&page.slots[1].sequence, garbage[i % count]);
		atomic_store(&page.newest, garbage[i % count]);
		/* Two buffers give each reader two frames at most. Each reader then holds no
		 * buffer. */
		(void)pass(&views[0]);
		(void)pass(&views[0]);
		assert_int_equal(pass(&views[0]), 0);
		(void)pass(&views[1]);
		assert_int_equal(pass(&views[1]), 0);
		assert_int_equal(atomic_load(&leases[0].held), 0);
		assert_int_equal(atomic_load(&leases[1].held), 0);
	}
}

static void a_lying_reader_harms_itself(void **state)
{
	(void)state;
	begin_test(2, true);
	(void)join(0, true);
	(void)join(1, true);
	(void)publish();
	atomic_store(&leases[0].taken, UINT64_MAX);
	atomic_store(&leases[0].held, UINT32_C(0xfffffffc)); /* bits of buffers that don't exist */
	assert_int_equal(gy_ring_held(&writer), 0);
	assert_int_equal(publish(), 1);
	assert_int_equal(publish(), -1); /* frame 1 is owed to the other reader */
	assert_int_equal(pass(&views[1]), 1);
	assert_int_equal(pass(&views[1]), 2);
	/* Reader 0 then claims that it has taken fewer frames than before. The publisher waits for
	 * it once, excuses it, and doesn't wait again. */
	assert_int_equal(publish(), 0);
	assert_int_equal(publish(), 1);
	assert_int_equal(pass(&views[1]), 3);
	atomic_store(&leases[0].taken, 0);
	assert_int_equal(publish(), -1);
	assert_int_equal(gy_ring_excuse(&writer), 0);
	for (uint64_t i = 4; i < 20; i++) {
		assert_true(publish() >= 0);
		assert_int_equal(pass(&views[1]), i);
	}
	assert_int_equal(atomic_load(&leases[1].dropped), 0);
}

/* ---- latencies ---- */

static void latencies_fall_into_their_buckets(void **state)
{
	uint32_t last = 0;

	(void)state;
	assert_int_equal(gy_latency_bucket(0), 0);
	assert_int_equal(gy_latency_bucket(255), 0);
	assert_int_equal(gy_latency_bucket(256), 0);
	assert_int_equal(gy_latency_bucket(288), 1);
	assert_int_equal(gy_latency_bucket(511), 7);
	assert_int_equal(gy_latency_bucket(512), 8);
	assert_int_equal(gy_latency_bucket(UINT64_MAX), GY_LATENCY_BUCKETS - 1);
	for (uint64_t ns = 1; ns; ns <<= 1) {
		assert_true(gy_latency_bucket(ns) >= last);
		last = gy_latency_bucket(ns);
	}
}

static void percentiles_are_within_a_sixteenth(void **state)
{
	uint64_t counts[GY_LATENCY_BUCKETS] = {0};

	(void)state;
	assert_int_equal(gy_latency_percentile(counts, 0.5), 0);
	for (uint64_t ns = 256; ns < UINT64_C(1) << 33; ns += ns / 7) {
		uint64_t value;

		memset(counts, 0, sizeof(counts));
		counts[gy_latency_bucket(ns)] = 1;
		value = gy_latency_percentile(counts, 0.5);
		assert_true(value <= ns + ns / 16 + 1 && value >= ns - ns / 16 - 1);
	}
	memset(counts, 0, sizeof(counts));
	counts[gy_latency_bucket(1000)] = 98;
	counts[gy_latency_bucket(1000000)] = 2;
	assert_int_equal(
		gy_latency_bucket(gy_latency_percentile(counts, 0.5)), gy_latency_bucket(1000));
	assert_int_equal(
		gy_latency_bucket(gy_latency_percentile(counts, 0.99)), gy_latency_bucket(1000000));
	assert_int_equal(
		gy_latency_bucket(gy_latency_percentile(counts, 1)), gy_latency_bucket(1000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_goes_first),
		cmocka_unit_test(a_discarded_buffer_goes_first),
		cmocka_unit_test(a_held_buffer_is_passed_over),
		cmocka_unit_test(the_newest_goes_if_the_others_are_held),
		cmocka_unit_test(a_reader_that_left_holds_nothing),
		cmocka_unit_test(there_are_64_places),
		cmocka_unit_test(who_sleeps_is_woken),
		cmocka_unit_test(lossless_waits_for_who_gets_every_frame),
		cmocka_unit_test(an_excused_reader_is_waited_for_once_it_moves),
		cmocka_unit_test(only_who_is_in_the_way_is_excused),
		cmocka_unit_test(nobody_is_excused_where_buffers_are_held),
		cmocka_unit_test(latest_skips_and_never_repeats),
		cmocka_unit_test(every_comes_in_order),
		cmocka_unit_test(several_can_be_held),
		cmocka_unit_test(who_joins_begins_with_the_newest),
		cmocka_unit_test(the_record_comes_with_the_frame),
		cmocka_unit_test(a_frame_that_was_seen_is_taken),
		cmocka_unit_test(a_frame_that_was_seen_may_be_late),
		cmocka_unit_test(a_buffer_that_there_is_not_is_refused),
		cmocka_unit_test(garbage_sequences_end),
		cmocka_unit_test(a_lying_reader_harms_itself),
		cmocka_unit_test(latencies_fall_into_their_buckets),
		cmocka_unit_test(percentiles_are_within_a_sixteenth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
