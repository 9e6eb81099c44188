/* Renditions: a subscriber asks for a format and a size, and the publisher's process converts. */
#include "streams.h"

#include <geyser/convert.h>

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static const struct geyser_rendition_desc bgra = {.format = GEYSER_FORMAT_BGRA8_UNORM};

static enum geyser_result try_rendition(void **state, const char *name,
	enum geyser_delivery delivery, const struct geyser_rendition_desc *rendition,
	struct geyser_subscriber **out)
{
	const struct geyser_subscriber_desc desc = {.name = name, .delivery = delivery};

	return geyser_subscriber_create_rendition(manager_of(state), &desc, rendition, out);
}

static struct geyser_subscriber *subscribe_rendition(void **state, const char *name,
	enum geyser_delivery delivery, const struct geyser_rendition_desc *rendition)
{
	struct geyser_subscriber *subscriber;

	ok(try_rendition(state, name, delivery, rendition, &subscriber));
	return subscriber;
}

static bool has_same_texels(struct geyser_texture *a, struct geyser_texture *b)
{
	struct geyser_subresource part, other;
	struct geyser_mapping mine, theirs;
	bool same = true;
	const uint32_t planes = geyser_format_get_info(geyser_texture_get_desc(a)->format)->planes;

	ok(geyser_texture_map(a, GEYSER_ACCESS_READ, &mine));
	ok(geyser_texture_map(b, GEYSER_ACCESS_READ, &theirs));
	for (uint32_t plane = 0; plane < planes; plane++) {
		struct geyser_plane_extent extent;
		const struct geyser_texture_desc *const desc = geyser_texture_get_desc(a);

		assert_true(geyser_format_get_plane_extent(
			desc->format, plane, desc->width, desc->height, &extent));
		ok(geyser_texture_get_subresource(a, plane, 0, 0, &part));
		ok(geyser_texture_get_subresource(b, plane, 0, 0, &other));
		for (uint32_t row = 0; row < part.height; row++)
			same = same &&
			       memcmp((uint8_t *)mine.data + part.offset + row * part.row_pitch,
				       (uint8_t *)theirs.data + other.offset +
					       row * other.row_pitch,
				       (size_t)extent.row_bytes) == 0;
	}
	geyser_texture_unmap(b);
	geyser_texture_unmap(a);
	return same;
}

/* Whether the texture is what the pattern of that seed becomes by a conversion. */
static bool holds_converted(void **state, struct geyser_texture *texture, uint32_t seed,
	const struct geyser_convert_options *options)
{
	struct geyser_texture *original = make_texture(
		manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, STREAM_WIDTH, STREAM_HEIGHT);
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	struct geyser_texture *expected =
		make_texture(manager_of(state), desc->format, desc->width, desc->height);
	bool same;

	assert_true(fill_texture(original, seed));
	ok(geyser_texture_convert(original, expected, options));
	same = has_same_texels(texture, expected);
	geyser_texture_unref(expected);
	geyser_texture_unref(original);
	return same;
}

/* Takes the next frame of a rendition in another format, and releases it. */
static void pass_converted(void **state, struct geyser_subscriber *subscriber, uint64_t sequence)
{
	struct geyser_frame *frame = next_frame(subscriber, sequence);
	struct geyser_texture *texture = geyser_frame_texture(frame);

	assert_int_equal(geyser_texture_path(texture), GEYSER_PATH_CONVERTED);
	assert_true(holds_converted(state, texture, (uint32_t)sequence, NULL));
	ok(geyser_subscriber_release(subscriber, frame));
}

/* Takes newer and newer frames, until this one has come. */
static void pass_up_to(struct geyser_subscriber *subscriber, uint64_t sequence)
{
	struct geyser_frame *frame;
	uint64_t got = 0;

	while (got < sequence) {
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		got = sequence_of(frame);
		ok(geyser_subscriber_release(subscriber, frame));
	}
	assert_int_equal(got, sequence);
}

static struct geyser_stream_info info_of(const char *name)
{
	struct geyser_stream_info *streams, found = {0};
	size_t count;

	ok(geyser_stream_list(&streams, &count));
	for (size_t i = 0; i < count; i++)
		if (strcmp(streams[i].name, name) == 0)
			found = streams[i];
	geyser_stream_list_free(streams);
	assert_string_equal(found.name, name);
	return found;
}

/* ---- frames ---- */

static void frames_come_in_the_format_that_is_asked_for(void **state)
{
	struct geyser_publisher *publisher = publish(state, "format", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "format", GEYSER_DELIVER_LATEST, &bgra);

	subscribers_become(publisher, 1);
	for (uint32_t i = 1; i <= 5; i++) {
		submit(publisher, i);
		pass_converted(state, subscriber, i);
	}
	assert_int_equal(info_of("format").path, GEYSER_PATH_CONVERTED);
	assert_int_equal(info_of("format").subscribers, 1);
	assert_int_equal(info_of("format").format, GEYSER_FORMAT_RGBA8_UNORM);
	assert_int_equal(subscriber_stats(subscriber).dropped, 0);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void the_first_frame_is_the_newest(void **state)
{
	struct geyser_publisher *publisher = publish(state, "newest", 3);
	struct geyser_subscriber *subscriber, *later;

	submit_all(publisher, 1, 7);
	subscriber = subscribe_rendition(state, "newest", GEYSER_DELIVER_LATEST, &bgra);
	pass_converted(state, subscriber, 7);
	later = subscribe_rendition(state, "newest", GEYSER_DELIVER_LATEST, &bgra);
	pass_converted(state, later, 7);
	assert_int_equal(subscriber_stats(subscriber).dropped, 0);
	assert_int_equal(subscriber_stats(later).dropped, 0);
	geyser_subscriber_destroy(later);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void information_comes_along(void **state)
{
	struct geyser_publisher *publisher = publish(state, "info", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "info", GEYSER_DELIVER_LATEST, &bgra);
	struct geyser_subscriber *own = subscribe(state, "info", GEYSER_DELIVER_LATEST);
	struct geyser_frame *frame = begin_frame(publisher), *original;
	struct geyser_frame_info *info = geyser_frame_get_info(frame);

	info->presentation_ns = 12345;
	info->crop = (struct geyser_rect){1, 2, 10, 5};
	info->damage_count = 2;
	info->damage[0] = (struct geyser_rect){0, 0, 4, 4};
	info->damage[1] = (struct geyser_rect){3, 1, 2, 2};
	info->orientation = GEYSER_ORIENTATION_FLIPPED_90;
	info->alpha = GEYSER_ALPHA_PREMULTIPLIED;
	info->color.primaries = 9;
	info->user_size = 3;
	memcpy(info->user, "abc", 3);
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(publisher, frame));
	original = next_frame(own, 1);
	frame = next_frame(subscriber, 1);
	assert_memory_equal(geyser_frame_get_info(frame), geyser_frame_get_info(original),
		sizeof(struct geyser_frame_info));
	ok(geyser_subscriber_release(subscriber, frame));
	ok(geyser_subscriber_release(own, original));
	geyser_subscriber_destroy(own);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* Colours become video of limited range, whatever the range of their own numbers is. The matrix is
 * kept where it is one of luma and chroma. */
static void colours_become_limited_video(void **state)
{
	static const struct {
		uint8_t matrix, becomes;
	} cases[] = {{2, 2}, {9, 9}, {0, 2}};
	const struct geyser_rendition_desc nv12 = {.format = GEYSER_FORMAT_NV12};
	struct geyser_publisher *publisher = publish(state, "limited", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "limited", GEYSER_DELIVER_LATEST, &nv12);

	subscribers_become(publisher, 1);
	for (uint32_t i = 0; i < COUNT_OF(cases); i++) {
		struct geyser_frame *frame = begin_frame(publisher);
		struct geyser_color color;

		geyser_frame_get_info(frame)->color.matrix = cases[i].matrix;
		assert_true(fill_texture(geyser_frame_texture(frame), i));
		ok(geyser_publisher_submit(publisher, frame));
		frame = next_frame(subscriber, i + 1);
		color = geyser_frame_get_info(frame)->color;
		assert_int_equal(color.matrix, cases[i].becomes);
		assert_int_equal(color.range, GEYSER_COLOR_RANGE_LIMITED);
		assert_true(holds_converted(state, geyser_frame_texture(frame), i,
			&(struct geyser_convert_options){.color = &color}));
		ok(geyser_subscriber_release(subscriber, frame));
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* Submits a frame with a crop and an orientation. */
static void submit_turned(struct geyser_publisher *publisher, uint32_t seed,
	const struct geyser_rect *crop, enum geyser_orientation orientation)
{
	struct geyser_frame *frame = begin_frame(publisher);
	struct geyser_frame_info *info = geyser_frame_get_info(frame);

	info->crop = *crop;
	info->orientation = orientation;
	info->damage_count = 1;
	info->damage[0] = (struct geyser_rect){4, 2, 2, 1};
	assert_true(fill_texture(geyser_frame_texture(frame), seed));
	ok(geyser_publisher_submit(publisher, frame));
}

static void frames_are_scaled(void **state)
{
	static const struct {
		struct geyser_rendition_desc desc;
		struct geyser_rect crop, damage;
	} cases[] = {
		{{.width = 8, .height = 4, .filter = GEYSER_FILTER_BOX}, {0, 0, 5, 4},
			{1, 0, 3, 3}},
		{{.width = 32, .height = 24, .filter = GEYSER_FILTER_BILINEAR}, {2, 0, 18, 24},
			{4, 0, 12, 15}},
		{{.width = 5,
			 .height = 3,
			 .filter = GEYSER_FILTER_NEAREST,
			 .format = GEYSER_FORMAT_BGRA8_UNORM},
			{0, 0, 4, 3}, {0, 0, 3, 2}},
	};
	const struct geyser_rect crop = {1, 0, 9, 8};
	struct geyser_publisher *publisher = publish(state, "scaled", 3);

	for (uint32_t i = 0; i < COUNT_OF(cases); i++) {
		const struct geyser_rendition_desc *const desc = &cases[i].desc;
		struct geyser_subscriber *subscriber =
			subscribe_rendition(state, "scaled", GEYSER_DELIVER_LATEST, desc);
		const struct geyser_frame_info *info;
		struct geyser_frame *frame;

		subscribers_become(publisher, 1);
		submit_turned(publisher, i + 1, &crop, GEYSER_ORIENTATION_NORMAL);
		do
			ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		while (sequence_of(frame) <= i &&
			geyser_subscriber_release(subscriber, frame) == 0);
		info = geyser_frame_get_info(frame);
		assert_true(holds_converted(state, geyser_frame_texture(frame), i + 1,
			&(struct geyser_convert_options){.filter = desc->filter}));
		assert_memory_equal(&info->crop, &cases[i].crop, sizeof(crop));
		assert_int_equal(info->damage_count, 1);
		assert_memory_equal(&info->damage[0], &cases[i].damage, sizeof(crop));
		ok(geyser_subscriber_release(subscriber, frame));
		geyser_subscriber_destroy(subscriber);
		subscribers_become(publisher, 0);
	}
	geyser_publisher_destroy(publisher);
}

/* Each orientation of each frame is applied, and the size follows. The damage covers what the
 * frame's damage becomes. */
static void frames_are_turned_upright(void **state)
{
	static const struct geyser_rect damage[] = {{3, 1, 2, 1}, {1, 4, 1, 2}, {4, 3, 2, 1},
		{3, 3, 1, 2}, {4, 1, 2, 1}, {1, 3, 1, 2}, {3, 3, 2, 1}, {3, 4, 1, 2}};
	const struct geyser_rect crop = {1, 1, 9, 5};
	const struct geyser_rendition_desc upright = {.upright = true};
	struct geyser_publisher *publisher = publish(state, "upright", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "upright", GEYSER_DELIVER_LATEST, &upright);

	for (uint32_t i = 0; i < 8; i++) {
		const struct geyser_texture_desc *desc;
		const struct geyser_frame_info *info;
		struct geyser_frame *frame;

		submit_turned(publisher, i + 1, &crop, (enum geyser_orientation)i);
		frame = next_frame(subscriber, i + 1);
		desc = geyser_texture_get_desc(geyser_frame_texture(frame));
		info = geyser_frame_get_info(frame);
		assert_int_equal(desc->width, i & 1 ? 5 : 9);
		assert_int_equal(desc->height, i & 1 ? 9 : 5);
		assert_int_equal(info->crop.width, 0);
		assert_int_equal(info->orientation, GEYSER_ORIENTATION_NORMAL);
		assert_memory_equal(&info->damage[0], &damage[i], sizeof(crop));
		assert_true(holds_converted(state, geyser_frame_texture(frame), i + 1,
			&(struct geyser_convert_options){
				.crop = crop, .orientation = (enum geyser_orientation)i}));
		ok(geyser_subscriber_release(subscriber, frame));
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void a_resize_is_followed(void **state)
{
	struct geyser_stream_desc desc = stream_desc("resize", 3, GEYSER_PACING_FREE);
	struct geyser_publisher *publisher = publish(state, "resize", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "resize", GEYSER_DELIVER_LATEST, &bgra);
	const struct geyser_texture_desc *got;
	struct geyser_frame *frame;

	submit(publisher, 1);
	pass_converted(state, subscriber, 1);
	desc.texture.width = 33;
	desc.texture.height = 5;
	ok(geyser_publisher_resize(publisher, &desc.texture));
	submit(publisher, 2);
	frame = next_frame(subscriber, 2);
	got = geyser_texture_get_desc(geyser_frame_texture(frame));
	assert_int_equal(got->format, GEYSER_FORMAT_BGRA8_UNORM);
	assert_int_equal(got->width, 33);
	assert_int_equal(got->height, 5);
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* A rendition that leaves the size to the stream grows with it. */
static void a_resize_keeps_to_the_limit_of_memory(void **state)
{
	const struct geyser_texture_desc large = {
		.format = GEYSER_FORMAT_R8_UNORM, .width = 4096, .height = 2048};
	struct geyser_publisher *publisher = publish(state, "grow", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "grow", GEYSER_DELIVER_LATEST,
			&(struct geyser_rendition_desc){.format = GEYSER_FORMAT_RGBA32_FLOAT});
	struct geyser_frame *frame;

	submit(publisher, 1);
	ok(geyser_subscriber_release(subscriber, next_frame(subscriber, 1)));
	ok(geyser_publisher_resize(publisher, &large));
	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	ok(geyser_publisher_submit(publisher, frame));
	frame = JUNK;
	refused(GEYSER_ERROR_DISCONNECTED, "grow",
		geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	refused(GEYSER_ERROR_LIMIT, "smaller size",
		geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- pacing ---- */

static void every_frame_of_a_lossless_stream_comes(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "all", 2);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "all", GEYSER_DELIVER_EVERY, &bgra);

	subscribers_become(publisher, 1);
	for (uint32_t i = 1; i <= 40; i++) {
		submit(publisher, i);
		if (i > 4)
			pass_converted(state, subscriber, i - 4);
	}
	for (uint32_t i = 37; i <= 40; i++)
		pass_converted(state, subscriber, i);
	ok(geyser_publisher_flush(publisher, PATIENCE));
	assert_int_equal(subscriber_stats(subscriber).dropped, 0);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* A publisher that waits for its first subscriber sends no frame that would wake the rendition. The
 * thread of the rendition looks around once a second; the count must not wait for that. A busy
 * machine may delay some of the tries. */
static void a_subscriber_is_counted_before_the_first_frame(void **state)
{
	struct geyser_publisher *publisher = publish(state, "counted", 3);
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < 5 && least > 500000000; i++) {
		const uint64_t begin = now_ns();
		struct geyser_subscriber *subscriber =
			subscribe_rendition(state, "counted", GEYSER_DELIVER_LATEST, &bgra);
		uint64_t took;

		subscribers_become(publisher, 1);
		took = now_ns() - begin;
		least = took < least ? took : least;
		geyser_subscriber_destroy(subscriber);
		subscribers_become(publisher, 0);
	}
	assert_true(least <= 500000000);
	geyser_publisher_destroy(publisher);
}

/* A lossless publisher doesn't wait for a rendition that nobody reads any more, nor for one of
 * subscribers that only want the newest frame. */
static void nobody_waits_for_renditions_without_subscribers(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "gone", 2);
	struct geyser_subscriber *every =
		subscribe_rendition(state, "gone", GEYSER_DELIVER_EVERY, &bgra);
	struct geyser_subscriber *latest =
		subscribe_rendition(state, "gone", GEYSER_DELIVER_LATEST, &bgra);

	subscribers_become(publisher, 2);
	submit(publisher, 1);
	pass_converted(state, every, 1);
	geyser_subscriber_destroy(every);
	subscribers_become(publisher, 1);
	submit_all(publisher, 2, 20);
	pass_up_to(latest, 20);
	geyser_subscriber_destroy(latest);
	subscribers_become(publisher, 0);
	submit_all(publisher, 21, 40);
	every = subscribe_rendition(state, "gone", GEYSER_DELIVER_EVERY, &bgra);
	pass_converted(state, every, 40);
	geyser_subscriber_destroy(every);
	geyser_publisher_destroy(publisher);
}

/* A subscriber that stands still is left out after the publisher's timeout, as one of the stream's
 * own frames is. */
static void a_subscriber_that_stands_still_is_excused(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "still", 2);
	struct geyser_subscriber *still =
		subscribe_rendition(state, "still", GEYSER_DELIVER_EVERY, &bgra);
	struct geyser_frame *frame;
	enum geyser_result result = GEYSER_OK;
	unsigned refusals = 0, i = 1;

	subscribers_become(publisher, 1);
	for (; i <= 30; i++) {
		result = geyser_publisher_acquire(publisher, 100000000, &frame);
		refusals += result == GEYSER_ERROR_TIMEOUT;
		if (result != GEYSER_OK)
			continue;
		assert_true(fill_texture(geyser_frame_texture(frame), i));
		ok(geyser_publisher_submit(publisher, frame));
	}
	assert_true(refusals >= 1 && refusals <= 2);
	geyser_subscriber_destroy(still);
	geyser_publisher_destroy(publisher);
}

static void a_flush_waits_for_renditions(void **state)
{
	struct geyser_publisher *publisher = publish(state, "flush", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "flush", GEYSER_DELIVER_LATEST, &bgra);

	subscribers_become(publisher, 1); /* once the rendition gets frames */
	submit(publisher, 1);
	refused(GEYSER_ERROR_TIMEOUT, "frames to take",
		geyser_publisher_flush(publisher, 200000000));
	pass_converted(state, subscriber, 1);
	ok(geyser_publisher_flush(publisher, PATIENCE));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- sharing and limits ---- */

static void equal_requests_share_a_rendition(void **state)
{
	static const enum geyser_format formats[GEYSER_STREAM_RENDITIONS_MAX - 1] = {
		GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_RG8_UNORM, GEYSER_FORMAT_R16_FLOAT,
		GEYSER_FORMAT_RG16_FLOAT, GEYSER_FORMAT_RGBA16_FLOAT, GEYSER_FORMAT_R32_FLOAT,
		GEYSER_FORMAT_RGBA32_FLOAT};
	struct geyser_publisher *publisher = publish(state, "shared", 3);
	struct geyser_subscriber *same[20], *others[GEYSER_STREAM_RENDITIONS_MAX - 1], *no = JUNK;

	for (size_t i = 0; i < COUNT_OF(same); i++)
		same[i] = subscribe_rendition(state, "shared", GEYSER_DELIVER_LATEST, &bgra);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		others[i] = subscribe_rendition(state, "shared", GEYSER_DELIVER_LATEST,
			&(struct geyser_rendition_desc){.format = formats[i]});
	refused(GEYSER_ERROR_LIMIT, "renditions",
		try_rendition(state, "shared", GEYSER_DELIVER_EVERY, &bgra, &no));
	assert_null(no);
	subscribers_become(publisher, COUNT_OF(same) + COUNT_OF(others));
	submit(publisher, 1);
	for (size_t i = 0; i < COUNT_OF(same); i++)
		pass_converted(state, same[i], 1);
	for (size_t i = 0; i < COUNT_OF(same); i++)
		geyser_subscriber_destroy(same[i]);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		geyser_subscriber_destroy(others[i]);
	subscribers_become(publisher, 0);
	geyser_publisher_destroy(publisher);
}

/* A rendition is a subscriber of the stream itself. */
static void a_full_stream_begins_no_rendition(void **state)
{
	const struct geyser_subscriber_desc desc = {.name = "full"};
	struct geyser_subscriber *subscribers[GEYSER_STREAM_SUBSCRIBERS_MAX], *more = JUNK;
	struct geyser_publisher *publisher = publish(state, "full", 3);

	for (size_t i = 0; i < GEYSER_STREAM_SUBSCRIBERS_MAX; i++)
		ok(geyser_subscriber_create(manager_of(state), &desc, &subscribers[i]));
	refused(GEYSER_ERROR_LIMIT, "64 subscribers",
		try_rendition(state, "full", GEYSER_DELIVER_LATEST, &bgra, &more));
	assert_null(more);
	geyser_subscriber_destroy(subscribers[0]);
	more = subscribe_rendition(state, "full", GEYSER_DELIVER_LATEST, &bgra);
	submit(publisher, 1);
	pass_converted(state, more, 1);
	geyser_subscriber_destroy(more);
	for (size_t i = 1; i < GEYSER_STREAM_SUBSCRIBERS_MAX; i++)
		geyser_subscriber_destroy(subscribers[i]);
	geyser_publisher_destroy(publisher);
}

struct beginning {
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	_Atomic bool done;
};

/* Thread 0 begins renditions, and thread 1 sets hold limits meanwhile. */
static void begin_or_set(unsigned index, void *data)
{
	const struct geyser_subscriber_desc desc = {.name = "limited"};
	struct beginning *beginning = data;

	while (index == 1 && !atomic_load(&beginning->done))
		check(geyser_publisher_set_hold_limit(beginning->publisher, PATIENCE) == GEYSER_OK);
	for (uint32_t i = 1; index == 0 && i <= GEYSER_STREAM_RENDITIONS_MAX; i++) {
		const struct geyser_rendition_desc rendition = {.width = i, .height = i};
		struct geyser_subscriber *subscriber;

		check(geyser_subscriber_create_rendition(
			      beginning->manager, &desc, &rendition, &subscriber) == GEYSER_OK);
		geyser_subscriber_destroy(subscriber);
	}
	atomic_store(&beginning->done, true);
}

static void hold_limits_are_set_while_renditions_begin(void **state)
{
	struct beginning beginning = {
		.manager = manager_of(state), .publisher = publish(state, "limited", 3)};

	run_threads(2, begin_or_set, &beginning);
	geyser_publisher_destroy(beginning.publisher);
}

static void requests_that_are_refused(void **state)
{
	struct geyser_publisher *publisher = publish(state, "no", 3);
	const struct {
		struct geyser_rendition_desc desc;
		enum geyser_result result;
		const char *words;
	} cases[] = {
		{{.format = GEYSER_FORMAT_COUNT}, GEYSER_ERROR_INVALID_ARGUMENT, "format"},
		{{.width = 4}, GEYSER_ERROR_INVALID_ARGUMENT, "4 × 0"},
		{{.height = 4}, GEYSER_ERROR_INVALID_ARGUMENT, "0 × 4"},
		{{.width = 4, .height = 4, .filter = (enum geyser_filter)4},
			GEYSER_ERROR_INVALID_ARGUMENT, "filter (4)"},
		{{.width = 32769, .height = 4}, GEYSER_ERROR_LIMIT, "width (32769)"},
		{{.width = 32768, .height = 32768}, GEYSER_ERROR_LIMIT, "smaller size"},
		{{.format = GEYSER_FORMAT_DEPTH32_FLOAT}, GEYSER_ERROR_UNSUPPORTED, "depth32float"},
	};
	struct geyser_subscriber *subscriber;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		subscriber = JUNK;
		refused(cases[i].result, cases[i].words,
			try_rendition(
				state, "no", GEYSER_DELIVER_LATEST, &cases[i].desc, &subscriber));
		assert_null(subscriber);
	}
	/* all zero: the stream's own frames */
	subscriber = subscribe_rendition(
		state, "no", GEYSER_DELIVER_LATEST, &(struct geyser_rendition_desc){0});
	submit(publisher, 1);
	pass(subscriber, 1);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- endings ---- */

static void the_end_comes_after_the_frames(void **state)
{
	struct geyser_publisher *publisher = publish(state, "end", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "end", GEYSER_DELIVER_LATEST, &bgra);
	enum geyser_end end;

	subscribers_become(publisher, 1);
	submit(publisher, 1);
	pass_converted(state, subscriber, 1);
	geyser_publisher_destroy(publisher);
	disconnected(subscriber);
	ok(geyser_subscriber_get_end(subscriber, &end));
	assert_int_equal(end, GEYSER_END_CLOSED);
	publisher = publish(state, "end", 3);
	submit(publisher, 1);
	pass_converted(state, subscriber, 1);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void frames_outlive_their_publisher(void **state)
{
	struct geyser_publisher *publisher = publish(state, "held", 3);
	struct geyser_subscriber *subscriber =
		subscribe_rendition(state, "held", GEYSER_DELIVER_LATEST, &bgra);
	struct geyser_frame *frame;

	submit(publisher, 1);
	frame = next_frame(subscriber, 1);
	geyser_publisher_destroy(publisher);
	assert_true(holds_converted(state, geyser_frame_texture(frame), 1, NULL));
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
}

static const struct CMUnitTest tests[] = {
	test(frames_come_in_the_format_that_is_asked_for),
	test(the_first_frame_is_the_newest),
	test(information_comes_along),
	test(colours_become_limited_video),
	test(frames_are_scaled),
	test(frames_are_turned_upright),
	test(a_resize_is_followed),
	test(a_resize_keeps_to_the_limit_of_memory),
	test(every_frame_of_a_lossless_stream_comes),
	test(a_subscriber_is_counted_before_the_first_frame),
	test(nobody_waits_for_renditions_without_subscribers),
	test(a_subscriber_that_stands_still_is_excused),
	test(a_flush_waits_for_renditions),
	test(equal_requests_share_a_rendition),
	test(a_full_stream_begins_no_rendition),
	test(hold_limits_are_set_while_renditions_begin),
	test(requests_that_are_refused),
	test(the_end_comes_after_the_frames),
	test(frames_outlive_their_publisher),
};

const struct group renditions_group = {"renditions", tests, COUNT_OF(tests), NULL};
