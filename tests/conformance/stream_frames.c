/* Frames: their texels are the publisher's memory, and their information arrives complete. */
#include "streams.h"

/* ---- texels ---- */

/* The publisher writes to the buffer after it has submitted the frame. The subscriber's mapping
 * shows the change, so nothing was copied. */
static void frames_are_the_publishers_own_memory(void **state)
{
	struct geyser_publisher *publisher = publish(state, "own", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "own", GEYSER_DELIVER_LATEST);
	struct geyser_frame *frame = begin_frame(publisher);
	struct geyser_texture *texture = geyser_texture_ref(geyser_frame_texture(frame));
	struct geyser_mapping mine, theirs;

	assert_true(fill_texture(texture, 1));
	ok(geyser_publisher_submit(publisher, frame));
	frame = take(subscriber, 1);
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_ZERO_COPY);
	if (!maps_in_place(texture)) {
		assert_true(fill_texture(texture, 0xa5));
		assert_true(texture_holds(geyser_frame_texture(frame), 0xa5));
	}
	ok(geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mine));
	ok(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &theirs));
	for (unsigned i = 0; i < 256 && maps_in_place(texture); i++) {
		((uint8_t *)mine.data)[i] = (uint8_t)(i ^ 0xa5);
		assert_int_equal(((const uint8_t *)theirs.data)[i], i ^ 0xa5);
	}
	geyser_texture_unmap(geyser_frame_texture(frame));
	geyser_texture_unmap(texture);
	geyser_texture_unref(texture);
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static struct geyser_publisher *publish_with(void **state, const char *name, uint32_t usage)
{
	struct geyser_stream_desc desc = stream_desc(name, 3, GEYSER_PACING_FREE);
	struct geyser_publisher *publisher;

	desc.texture.usage = usage;
	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	return publisher;
}

static size_t row_pitch(struct geyser_frame *frame)
{
	struct geyser_mapping mapping;

	ok(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping));
	geyser_texture_unmap(geyser_frame_texture(frame));
	return mapping.row_pitch;
}

/* A row of these frames has 64 bytes. Subscribers find the rows of host memory by their pitch. */
static void rows_are_aligned_as_asked(void **state)
{
	const uint32_t usages[] = {0, GEYSER_USAGE_HOST_MEMORY};

	for (size_t i = 0; i < COUNT_OF(usages); i++) {
		struct geyser_publisher *publisher =
			publish_with(state, "rows", usages[i] | GEYSER_ROW_ALIGNMENT(1024));
		struct geyser_subscriber *subscriber =
			subscribe(state, "rows", GEYSER_DELIVER_LATEST);
		struct geyser_frame *frame = begin_frame(publisher);

		assert_int_equal(row_pitch(frame), 1024);
		assert_true(fill_texture(geyser_frame_texture(frame), 1));
		ok(geyser_publisher_submit(publisher, frame));
		frame = take(subscriber, 1);
		assert_false(geyser_texture_get_desc(geyser_frame_texture(frame))->usage >> 16);
		if (usages[i] ||
			geyser_manager_get_backend(manager_of(state)) == GEYSER_BACKEND_HOST)
			assert_int_equal(row_pitch(frame), 1024);
		ok(geyser_subscriber_release(subscriber, frame));
		geyser_subscriber_destroy(subscriber);
		geyser_publisher_destroy(publisher);
	}
}

static void subscribers_only_read(void **state)
{
	const uint32_t usages[] = {0, GEYSER_USAGE_HOST_MEMORY};

	for (size_t i = 0; i < COUNT_OF(usages); i++) {
		struct geyser_publisher *publisher = publish_with(state, "read", usages[i]);
		struct geyser_subscriber *subscriber =
			subscribe(state, "read", GEYSER_DELIVER_LATEST);
		struct geyser_texture *texture;
		struct geyser_mapping mapping;
		struct geyser_frame *frame;

		frame = begin_frame(publisher);
		assert_int_equal(geyser_texture_access(geyser_frame_texture(frame)),
			GEYSER_ACCESS_READ_WRITE);
		ok(geyser_publisher_discard(publisher, frame));
		submit(publisher, 1);
		frame = take(subscriber, 1);
		texture = geyser_frame_texture(frame);
		assert_int_equal(geyser_texture_access(texture), GEYSER_ACCESS_READ);
		refused(GEYSER_ERROR_PERMISSION, "GEYSER_USAGE_WRITERS",
			geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping));
		assert_null(mapping.data);
		refused(GEYSER_ERROR_PERMISSION, "GEYSER_USAGE_WRITERS",
			geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &mapping));
		assert_true(texture_holds(texture, 1));
		ok(geyser_subscriber_release(subscriber, frame));
		geyser_subscriber_destroy(subscriber);
		geyser_publisher_destroy(publisher);
	}
}

#ifdef GEYSER_PLATFORM_APPLE
#define SEALED_WORDS ""
#else
#define SEALED_WORDS "GEYSER_USAGE_DMA_BUF"
#endif

/* The kernel makes no dma-buf from memory that is sealed against writing. */
static void sealed_buffers_become_no_dma_bufs(void **state)
{
	struct geyser_publisher *publisher =
		publish_with(state, "sealed", GEYSER_USAGE_HOST_MEMORY);
	struct geyser_native_texture native;
	struct geyser_frame *frame = begin_frame(publisher);
	struct geyser_texture *texture = geyser_frame_texture(frame);

	refused(GEYSER_ERROR_UNSUPPORTED, SEALED_WORDS,
		geyser_texture_export_native_as(texture, GEYSER_NATIVE_DMA_BUF, &native));
	assert_int_equal(native.fd, -1);
	ok(geyser_publisher_discard(publisher, frame));
	geyser_publisher_destroy(publisher);
}

/* With GEYSER_USAGE_WRITERS a subscriber may write to the buffer, and the publisher reads the
 * result. */
static void writers_are_asked_for(void **state)
{
	const uint32_t usages[] = {
		GEYSER_USAGE_WRITERS, GEYSER_USAGE_WRITERS | GEYSER_USAGE_HOST_MEMORY};

	for (size_t i = 0; i < COUNT_OF(usages); i++) {
		struct geyser_publisher *publisher = publish_with(state, "write", usages[i]);
		struct geyser_subscriber *subscriber =
			subscribe(state, "write", GEYSER_DELIVER_LATEST);
		struct geyser_frame *frame = begin_frame(publisher);
		struct geyser_texture *mine = geyser_texture_ref(geyser_frame_texture(frame)),
				      *theirs;

		assert_true(fill_texture(mine, 1));
		ok(geyser_publisher_submit(publisher, frame));
		frame = take(subscriber, 1);
		theirs = geyser_frame_texture(frame);
		assert_int_equal(geyser_texture_access(theirs), GEYSER_ACCESS_READ_WRITE);
		assert_true(geyser_texture_get_desc(theirs)->usage & GEYSER_USAGE_WRITERS);
		assert_true(fill_texture(theirs, 2));
		ok(geyser_subscriber_release(subscriber, frame));
		assert_true(texture_holds(mine, 2));
		geyser_texture_unref(mine);
		geyser_subscriber_destroy(subscriber);
		geyser_publisher_destroy(publisher);
	}
}

/* A resize with another usage changes whether subscribers may write. */
static void a_resize_changes_who_may_write(void **state)
{
	struct geyser_publisher *publisher = publish_with(state, "both", 0);
	struct geyser_subscriber *subscriber = subscribe(state, "both", GEYSER_DELIVER_LATEST);
	struct geyser_stream_desc desc = stream_desc("both", 3, GEYSER_PACING_FREE);

	for (uint32_t i = 1; i <= 6; i++) {
		const bool may_write = i % 2 == 0;
		struct geyser_frame *frame;

		desc.texture.usage = may_write ? GEYSER_USAGE_WRITERS : 0;
		ok(geyser_publisher_resize(publisher, &desc.texture));
		submit(publisher, i);
		frame = take(subscriber, i);
		assert_int_equal(geyser_texture_access(geyser_frame_texture(frame)),
			may_write ? GEYSER_ACCESS_READ_WRITE : GEYSER_ACCESS_READ);
		ok(geyser_subscriber_release(subscriber, frame));
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void a_new_buffer_is_zero_and_a_used_one_is_as_it_was(void **state)
{
	struct geyser_publisher *publisher = publish(state, "texels", 2);
	const struct geyser_texture_desc *desc;
	struct geyser_mapping mapping;
	struct geyser_frame *frame = begin_frame(publisher);

	desc = geyser_texture_get_desc(geyser_frame_texture(frame));
	assert_int_equal(desc->format, GEYSER_FORMAT_RGBA8_UNORM);
	assert_int_equal(desc->width, STREAM_WIDTH);
	assert_int_equal(desc->height, STREAM_HEIGHT);
	ok(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping));
	for (size_t i = 0; i < mapping.size; i++)
		assert_int_equal(((const uint8_t *)mapping.data)[i], 0);
	geyser_texture_unmap(geyser_frame_texture(frame));
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(publisher, frame));
	submit(publisher, 2);
	frame = begin_frame(publisher);
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_discard(publisher, frame));
	geyser_publisher_destroy(publisher);
}

/* ---- information about frames ---- */

static void a_new_frame_says_nothing(void **state)
{
	static const struct geyser_frame_info expected = {
		.color.primaries = 2, .color.transfer = 2, .color.matrix = 2};
	struct geyser_publisher *publisher = publish(state, "info", 2);

	for (unsigned i = 0; i < 5; i++) {
		struct geyser_frame *frame = begin_frame(publisher);
		struct geyser_frame_info *info = geyser_frame_get_info(frame);

		assert_memory_equal(info, &expected, sizeof(expected));
		memset(info->user, 0xff, sizeof(info->user));
		info->user_size = 7;
		info->presentation_ns = 8;
		ok(geyser_publisher_submit(publisher, frame));
	}
	geyser_publisher_destroy(publisher);
}

static void fill_info(struct geyser_frame_info *info, uint32_t seed)
{
	*info = (struct geyser_frame_info){
		.sequence = 99, /* the library must ignore this: it numbers the frames itself */
		.timestamp_ns = 1,
		.presentation_ns = UINT64_C(0x1122334455667788) + seed,
		.crop = {1, 2, 3 + seed % 4, 4},
		.damage_count = GEYSER_FRAME_DAMAGE_MAX,
		.orientation = (enum geyser_orientation)(seed % 8),
		.alpha = (enum geyser_alpha)(seed % 3),
		.color = {9, 16, (uint8_t)seed, (enum geyser_color_range)(seed % 2), 0.005f, 1000,
			(float)seed, 400},
		.user_size = GEYSER_FRAME_USER_MAX - seed,
		.siting = (enum geyser_siting)(seed % 7),
	};
	for (uint32_t i = 0; i < GEYSER_FRAME_DAMAGE_MAX; i++)
		info->damage[i] = (struct geyser_rect){
			i, i % STREAM_HEIGHT, STREAM_WIDTH - i, STREAM_HEIGHT - i % STREAM_HEIGHT};
	for (uint32_t i = 0; i < GEYSER_FRAME_USER_MAX; i++)
		info->user[i] = (uint8_t)(i * 7 + seed);
}

static void expect_info(const struct geyser_frame_info *got, uint32_t seed)
{
	struct geyser_frame_info wanted;

	fill_info(&wanted, seed);
	assert_int_equal(got->presentation_ns, wanted.presentation_ns);
	assert_memory_equal(&got->crop, &wanted.crop, sizeof(wanted.crop));
	assert_int_equal(got->damage_count, wanted.damage_count);
	assert_memory_equal(got->damage, wanted.damage, sizeof(wanted.damage));
	assert_int_equal(got->orientation, wanted.orientation);
	assert_int_equal(got->alpha, wanted.alpha);
	assert_memory_equal(&got->color, &wanted.color, sizeof(wanted.color));
	assert_int_equal(got->siting, wanted.siting);
	assert_int_equal(got->user_size, wanted.user_size);
	assert_memory_equal(got->user, wanted.user, wanted.user_size);
}

static void every_field_is_carried(void **state)
{
	struct geyser_publisher *publisher = publish(state, "fields", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "fields", GEYSER_DELIVER_LATEST);
	struct geyser_frame *frame;

	for (uint32_t seed = 0; seed < 24; seed++) {
		uint64_t begin = now_ns();

		frame = begin_frame(publisher);
		fill_info(geyser_frame_get_info(frame), seed);
		ok(geyser_publisher_submit(publisher, frame));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		assert_int_equal(sequence_of(frame), seed + 1);
		assert_in_range(geyser_frame_get_info(frame)->timestamp_ns, begin, now_ns());
		expect_info(geyser_frame_get_info(frame), seed);
		ok(geyser_subscriber_release(subscriber, frame));
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* Makes one field of a valid description invalid; `how` selects the field. */
static void spoil(struct geyser_frame_info *info, unsigned how)
{
	switch (how) {
	case 0:
		info->damage_count = GEYSER_FRAME_DAMAGE_MAX + 1;
		break;
	case 1:
		info->user_size = GEYSER_FRAME_USER_MAX + 1;
		break;
	case 2:
		info->orientation = (enum geyser_orientation)8;
		break;
	case 3:
		info->alpha = (enum geyser_alpha)3;
		break;
	case 4:
		info->color.range = (enum geyser_color_range)2;
		break;
	case 5:
		info->crop = (struct geyser_rect){1, 0, STREAM_WIDTH, STREAM_HEIGHT};
		break;
	case 6:
		info->crop = (struct geyser_rect){0, UINT32_MAX, 1, 2};
		break;
	case 7:
		info->damage_count = 2;
		info->damage[1] = (struct geyser_rect){0, 1, 1, STREAM_HEIGHT};
		break;
	default:
		info->damage_count = 1;
		info->damage[0] = (struct geyser_rect){UINT32_MAX, 0, 2, 1};
		break;
	}
}

static void fields_out_of_range_are_refused(void **state)
{
	static const char *const words[] = {"damage_count", "user_size", "orientation", "alpha",
		"color.range", "crop", "crop", "damage", "damage"};
	struct geyser_publisher *publisher = publish(state, "range", 2);
	struct geyser_subscriber *subscriber = subscribe(state, "range", GEYSER_DELIVER_EVERY);

	for (unsigned i = 0; i < COUNT_OF(words); i++) {
		struct geyser_frame *frame = begin_frame(publisher);

		spoil(geyser_frame_get_info(frame), i);
		refused(GEYSER_ERROR_INVALID_ARGUMENT, words[i],
			geyser_publisher_submit(publisher, frame));
		/* The refused frame was discarded: it can't be submitted again. */
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame",
			geyser_publisher_submit(publisher, frame));
		nothing_to_take(subscriber);
	}
	submit(publisher, 1);
	pass(subscriber, 1);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void timestamps_never_go_back(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "times", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "times", GEYSER_DELIVER_EVERY);
	uint64_t last = now_ns();

	for (uint32_t i = 1; i <= 200; i++) {
		struct geyser_frame *frame;

		submit(publisher, i);
		frame = take(subscriber, i);
		assert_in_range(geyser_frame_get_info(frame)->timestamp_ns, last, now_ns());
		last = geyser_frame_get_info(frame)->timestamp_ns;
		ok(geyser_subscriber_release(subscriber, frame));
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- changing size and format ---- */

static const struct geyser_texture_desc small = {
	.format = GEYSER_FORMAT_R16_UINT, .width = 5, .height = 3};

static void expect_size(struct geyser_frame *frame, bool is_small)
{
	const struct geyser_texture_desc *desc =
		geyser_texture_get_desc(geyser_frame_texture(frame));

	assert_int_equal(desc->format, is_small ? small.format : GEYSER_FORMAT_RGBA8_UNORM);
	assert_int_equal(desc->width, is_small ? small.width : STREAM_WIDTH);
	assert_int_equal(desc->height, is_small ? small.height : STREAM_HEIGHT);
}

static void size_changes_between_two_frames(void **state)
{
	const struct geyser_stream_desc desc = stream_desc("resize", 4, GEYSER_PACING_FREE);
	struct geyser_publisher *publisher = publish(state, "resize", 4);
	struct geyser_subscriber *subscriber = subscribe(state, "resize", GEYSER_DELIVER_EVERY);

	for (uint32_t i = 0; i < 10; i++) {
		submit_all(publisher, 4 * i + 1, 4 * i + 2);
		ok(geyser_publisher_resize(publisher, i % 2 ? &desc.texture : &small));
		submit_all(publisher, 4 * i + 3, 4 * i + 4);
		for (uint32_t j = 1; j <= 4; j++) {
			struct geyser_frame *frame = take(subscriber, 4 * i + j);

			expect_size(frame, j <= 2 ? i % 2 : !(i % 2));
			ok(geyser_subscriber_release(subscriber, frame));
		}
	}
	assert_int_equal(subscriber_stats(subscriber).dropped, 0);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void a_frame_held_over_a_resize_stays_intact(void **state)
{
	struct geyser_publisher *publisher = publish(state, "intact", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "intact", GEYSER_DELIVER_LATEST);
	struct geyser_frame *old, *frame;

	submit(publisher, 1);
	old = take(subscriber, 1);
	ok(geyser_publisher_resize(publisher, &small));
	for (uint32_t i = 2; i <= 20; i++) {
		submit(publisher, i);
		frame = take(subscriber, i);
		expect_size(frame, true);
		ok(geyser_subscriber_release(subscriber, frame));
	}
	expect_size(old, false);
	assert_true(texture_holds(geyser_frame_texture(old), 1));
	ok(geyser_subscriber_release(subscriber, old));
	/* the buffer of the released frame is replaced now, too */
	for (uint32_t i = 21; i <= 25; i++) {
		frame = begin_frame(publisher);
		expect_size(frame, true);
		ok(geyser_publisher_discard(publisher, frame));
		submit(publisher, i);
		pass(subscriber, i);
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void resizing_that_fails_changes_nothing(void **state)
{
	struct geyser_publisher *publisher = publish(state, "kept", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "kept", GEYSER_DELIVER_LATEST);
	struct geyser_texture_desc desc = small;
	struct geyser_frame *frame;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "desc", geyser_publisher_resize(publisher, NULL));
	desc.height = 0;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "height", geyser_publisher_resize(publisher, &desc));
	desc.height = GEYSER_MAX_DIMENSION + 1;
	refused(GEYSER_ERROR_LIMIT, "height", geyser_publisher_resize(publisher, &desc));
	frame = begin_frame(publisher);
	refused(GEYSER_ERROR_BUSY, "acquired", geyser_publisher_resize(publisher, &small));
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(publisher, frame));
	frame = take(subscriber, 1);
	expect_size(frame, false);
	ok(geyser_subscriber_release(subscriber, frame));
	/* Of several resizes in a row, the last one counts. */
	desc = small;
	desc.width = 1;
	ok(geyser_publisher_resize(publisher, &desc));
	ok(geyser_publisher_resize(publisher, &small));
	submit(publisher, 2);
	frame = take(subscriber, 2);
	expect_size(frame, true);
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* A mapping waits for the frame's wait point. The point that the subscriber is to signal isn't
 * reached yet. */
static void frames_have_points(void **state)
{
	struct geyser_publisher *publisher = publish(state, "points", 2);
	struct geyser_subscriber *subscriber = subscribe(state, "points", GEYSER_DELIVER_EVERY);
	struct geyser_frame *frame = begin_frame(publisher);
	struct geyser_point point = {JUNK, 1}, again;
	bool device;

	ok(geyser_frame_wait_point(frame, &point));
	assert_null(point.event);
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	device = geyser_frame_signal_point(frame, &point) == GEYSER_OK;
	if (device) {
		refused(GEYSER_ERROR_BUSY, "once", geyser_frame_signal_point(frame, &again));
		assert_null(again.event);
		ok(geyser_publisher_submit(publisher, frame));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	} else {
		refused(GEYSER_ERROR_UNSUPPORTED, "device",
			geyser_frame_signal_point(frame, &point));
		assert_null(point.event);
		ok(geyser_publisher_submit(publisher, frame));
		frame = take(subscriber, 1);
	}
	if (device) {
		struct geyser_point drawn;
		uint64_t value;

		ok(geyser_frame_wait_point(frame, &drawn));
		assert_non_null(drawn.event);
		ok(geyser_event_value(drawn.event, &value));
		assert_true(value < drawn.value);
		ok(geyser_event_signal(point.event, point.value));
		ok(geyser_event_wait(drawn.event, drawn.value, PATIENCE));
	}
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void points_of_no_frame(void **state)
{
	struct geyser_publisher *publisher = publish(state, "none", 2);
	struct geyser_frame *frame = begin_frame(publisher);
	struct geyser_point point;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_frame_wait_point(NULL, &point));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_frame_signal_point(NULL, &point));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_frame_wait_point(frame, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_frame_signal_point(frame, NULL));
	ok(geyser_publisher_discard(publisher, frame));
	geyser_publisher_destroy(publisher);
}

static const struct CMUnitTest tests[] = {
	test(frames_are_the_publishers_own_memory),
	test(rows_are_aligned_as_asked),
	test(subscribers_only_read),
	test(sealed_buffers_become_no_dma_bufs),
	test(writers_are_asked_for),
	test(a_resize_changes_who_may_write),
	test(a_new_buffer_is_zero_and_a_used_one_is_as_it_was),
	test(a_new_frame_says_nothing),
	test(every_field_is_carried),
	test(fields_out_of_range_are_refused),
	test(timestamps_never_go_back),
	test(size_changes_between_two_frames),
	test(a_frame_held_over_a_resize_stays_intact),
	test(resizing_that_fails_changes_nothing),
	test(frames_have_points),
	test(points_of_no_frame),
};

const struct group stream_frames_group = {"stream-frames", tests, COUNT_OF(tests), NULL};
