/* Information about a frame: the values that a publisher may give, and the values that a subscriber
 * gets whatever a publisher's process has written. */
#include "stream/frame.h"

#include <string.h>

#include "support.h"

static const struct geyser_texture_desc desc = {.width = 100, .height = 50};

static void a_new_one_is_unspecified_and_right(void **state)
{
	struct geyser_frame_info info;

	(void)state;
	memset(&info, 0xff, sizeof(info));
	info = gy_frame_info_new;
	assert_int_equal(info.color.primaries, 2);
	assert_int_equal(info.color.transfer, 2);
	assert_int_equal(info.color.matrix, 2);
	info.color.primaries = info.color.transfer = info.color.matrix = 0;
	for (size_t i = 0; i < sizeof(info); i++)
		assert_int_equal(((const uint8_t *)&info)[i], 0);
	info = gy_frame_info_new;
	assert_ok(gy_frame_info_check(&info, &desc));
}

static const struct rect_case {
	struct geyser_rect rect;
	bool good;
} rects[] = {
	{{0, 0, 0, 0}, true},
	{{0, 0, 100, 50}, true},
	{{99, 49, 1, 1}, true},
	{{100, 50, 0, 0}, true},
	{{10, 20, 90, 30}, true},
	{{10, 20, 91, 30}, false},
	{{10, 20, 90, 31}, false},
	{{101, 0, 0, 0}, false},
	{{0, 51, 0, 0}, false},
	{{0, 0, 101, 1}, false},
	{{UINT32_MAX, 0, 2, 1}, false},
	{{0, UINT32_MAX, 1, 2}, false},
	{{1, 0, UINT32_MAX, 1}, false},
	{{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, false},
};

static bool is_zero(const struct geyser_rect *rect)
{
	return rect->x == 0 && rect->y == 0 && rect->width == 0 && rect->height == 0;
}

static void rectangles_lie_within_the_texture(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rects); i++) {
		struct geyser_frame_info crop = {.crop = rects[i].rect};
		struct geyser_frame_info damage = {.damage_count = GEYSER_FRAME_DAMAGE_MAX};

		damage.damage[GEYSER_FRAME_DAMAGE_MAX - 1] = rects[i].rect;
		if (rects[i].good) {
			assert_ok(gy_frame_info_check(&crop, &desc));
			assert_ok(gy_frame_info_check(&damage, &desc));
		} else {
			assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "within 100",
				gy_frame_info_check(&crop, &desc));
			assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "damage",
				gy_frame_info_check(&damage, &desc));
		}
		gy_frame_info_clamp(&crop, &desc);
		gy_frame_info_clamp(&damage, &desc);
		assert_int_equal(is_zero(&crop.crop), !rects[i].good || is_zero(&rects[i].rect));
		assert_int_equal(damage.damage_count, rects[i].good ? GEYSER_FRAME_DAMAGE_MAX : 0);
	}
}

/* Rectangles beyond damage_count may hold any values. */
static void only_counted_damage_matters(void **state)
{
	struct geyser_frame_info info = {.damage_count = 1};

	(void)state;
	memset(info.damage + 1, 0xff, sizeof(info.damage) - sizeof(info.damage[0]));
	assert_ok(gy_frame_info_check(&info, &desc));
	gy_frame_info_clamp(&info, &desc);
	assert_int_equal(info.damage_count, 1);
}

static void numbers_have_their_range(void **state)
{
	struct geyser_frame_info info;

	(void)state;
	info = gy_frame_info_new;
	info.damage_count = GEYSER_FRAME_DAMAGE_MAX;
	info.user_size = GEYSER_FRAME_USER_MAX;
	info.orientation = GEYSER_ORIENTATION_FLIPPED_270;
	info.alpha = GEYSER_ALPHA_OPAQUE;
	info.color.range = GEYSER_COLOR_RANGE_LIMITED;
	assert_ok(gy_frame_info_check(&info, &desc));
	info.damage_count++;
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "damage_count (17): it may be 16",
		gy_frame_info_check(&info, &desc));
	info.damage_count--;
	info.user_size++;
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "user_size (257): it may be 256",
		gy_frame_info_check(&info, &desc));
	info.user_size--;
	info.orientation = (enum geyser_orientation)8;
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "orientation (8)",
		gy_frame_info_check(&info, &desc));
	info.orientation = GEYSER_ORIENTATION_NORMAL;
	info.alpha = (enum geyser_alpha)3;
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "alpha (3)", gy_frame_info_check(&info, &desc));
	info.alpha = GEYSER_ALPHA_STRAIGHT;
	info.color.range = (enum geyser_color_range)2;
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "color.range (2)",
		gy_frame_info_check(&info, &desc));
}

static void what_is_right_is_left_alone(void **state)
{
	struct geyser_frame_info info, before;

	(void)state;
	memset(&info, 0, sizeof(info));
	info.sequence = UINT64_MAX;
	info.timestamp_ns = UINT64_MAX;
	info.presentation_ns = 5;
	info.crop = (struct geyser_rect){1, 2, 3, 4};
	info.damage_count = 2;
	info.damage[1] = (struct geyser_rect){5, 6, 7, 8};
	info.orientation = GEYSER_ORIENTATION_FLIPPED_90;
	info.alpha = GEYSER_ALPHA_PREMULTIPLIED;
	info.color = (struct geyser_color){.primaries = 255, .max_content_light_level = 1e30f};
	info.user_size = 256;
	memset(info.user, 0xa5, sizeof(info.user));
	memcpy(&before, &info, sizeof(info));
	gy_frame_info_clamp(&info, &desc);
	assert_memory_equal(&info, &before, sizeof(info));
}

static void siting_has_its_range(void **state)
{
	struct geyser_frame_info info = gy_frame_info_new;

	(void)state;
	assert_int_equal(info.siting, GEYSER_SITING_UNSPECIFIED);
	info.siting = GEYSER_SITING_BOTTOM;
	assert_ok(gy_frame_info_check(&info, &desc));
	gy_frame_info_clamp(&info, &desc);
	assert_int_equal(info.siting, GEYSER_SITING_BOTTOM);
	info.siting = (enum geyser_siting)7;
	assert_fails(
		GEYSER_ERROR_INVALID_ARGUMENT, "siting (7)", gy_frame_info_check(&info, &desc));
	gy_frame_info_clamp(&info, &desc);
	assert_int_equal(info.siting, GEYSER_SITING_UNSPECIFIED);
}

/* Clamped information always passes the check. */
static void noise_becomes_right(void **state)
{
	uint64_t random = UINT64_C(88172645463325252);

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct geyser_frame_info info;
		uint32_t *words = (uint32_t *)&info;

		for (size_t i = 0; i < sizeof(info) / sizeof(*words); i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			words[i] = (uint32_t)(random >> 32) % (round % 2 ? UINT32_MAX : 60);
		}
		gy_frame_info_clamp(&info, &desc);
		assert_ok(gy_frame_info_check(&info, &desc));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_is_unspecified_and_right),
		cmocka_unit_test(rectangles_lie_within_the_texture),
		cmocka_unit_test(only_counted_damage_matters),
		cmocka_unit_test(numbers_have_their_range),
		cmocka_unit_test(what_is_right_is_left_alone),
		cmocka_unit_test(siting_has_its_range),
		cmocka_unit_test(noise_becomes_right),
	};

	test_limit(100);
	return test_run("frame", tests, NULL, NULL);
}
