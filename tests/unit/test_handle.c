/* Handles as bytes and text: their format is fixed, and every damaged handle is refused. */
#include "base/bytes.h"
#include "ipc/wire/handle.h"

#include <ctype.h>
#include <string.h>

#include "support.h"

/* Made with Python's struct and zlib.crc32, independently of geyser. */
static const uint8_t golden[64] = {0x47, 0x59, 0x53, 0x52, 0x01, 0x01, 0x01, 0x00, 0x2a, 0x00, 0x00,
	0x00, 0xe8, 0x03, 0x00, 0x00, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0xa0, 0xa1,
	0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x5a, 0x1f, 0x43, 0xf5};
static const char golden_text[] =
	"geyser1-0101002a000000e8030000efcdab8967452301a0a1a2a3a4a5a6a7a8a9aaabacadaeaf5a1f43f5";

static const struct gy_handle_fields golden_fields = {
	.kind = GY_HANDLE_TEXTURE,
	.backend = GEYSER_BACKEND_HOST,
	.id = 0x2a,
	.uid = 1000,
	.instance = UINT64_C(0x0123456789abcdef),
	.token = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac,
		0xad, 0xae, 0xaf},
};

static struct geyser_handle golden_handle(void)
{
	struct geyser_handle handle;

	memcpy(handle.bytes, golden, sizeof(golden));
	return handle;
}

/* A second implementation of CRC-32, four bits at a time. It gives a damaged handle a correct
 * checksum, so that another check must find the damage. */
static void set_checksum(struct geyser_handle *handle)
{
	uint32_t table[16], crc = UINT32_MAX;

	for (uint32_t i = 0; i < 16; i++) {
		table[i] = i;
		for (int bit = 0; bit < 4; bit++)
			table[i] =
				table[i] & 1 ? table[i] >> 1 ^ UINT32_C(0xEDB88320) : table[i] >> 1;
	}
	for (size_t i = 0; i < 60; i++) {
		crc = crc >> 4 ^ table[(crc ^ handle->bytes[i]) & 15];
		crc = crc >> 4 ^ table[(crc ^ handle->bytes[i] >> 4) & 15];
	}
	gy_put_le(handle->bytes + 60, 4, ~crc);
}

static void bytes_are_pinned(void **state)
{
	struct geyser_handle handle;
	struct gy_handle_fields fields;

	(void)state;
	memset(&handle, 0xff, sizeof(handle));
	gy_handle_encode(&golden_fields, &handle);
	assert_memory_equal(handle.bytes, golden, sizeof(golden));
	assert_ok(gy_handle_decode(&handle, &fields));
	assert_int_equal(fields.kind, golden_fields.kind);
	assert_int_equal(fields.backend, golden_fields.backend);
	assert_int_equal(fields.id, golden_fields.id);
	assert_int_equal(fields.uid, golden_fields.uid);
	assert_true(fields.instance == golden_fields.instance);
	assert_memory_equal(fields.token, golden_fields.token, GY_TOKEN_SIZE);
	assert_int_equal(geyser_handle_id(&handle), 0x2a);
}

static void the_tests_checksum_is_the_pinned_one(void **state)
{
	struct geyser_handle handle = golden_handle();

	(void)state;
	memset(handle.bytes + 60, 0, 4);
	set_checksum(&handle);
	assert_memory_equal(handle.bytes, golden, sizeof(golden));
}

static void text_is_pinned(void **state)
{
	struct geyser_handle handle = golden_handle(), back;
	char text[GEYSER_HANDLE_TEXT_SIZE];

	(void)state;
	assert_ok(geyser_handle_to_string(&handle, text, sizeof(text)));
	assert_string_equal(text, golden_text);
	assert_ok(geyser_handle_from_string(golden_text, &back));
	assert_memory_equal(&back, &handle, sizeof(handle));
}

static void text_may_be_in_capitals(void **state)
{
	struct geyser_handle back;
	char text[sizeof(golden_text)];

	(void)state;
	memcpy(text, golden_text, sizeof(text));
	for (size_t i = 8; i < sizeof(text) - 1; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	assert_ok(geyser_handle_from_string(text, &back));
	assert_memory_equal(back.bytes, golden, sizeof(golden));
}

static void extremes_round_trip(void **state)
{
	struct gy_handle_fields in = {
		.kind = GY_HANDLE_EVENT,
		.backend = GEYSER_BACKEND_METAL,
		.id = UINT32_MAX,
		.uid = UINT32_MAX,
		.instance = UINT64_MAX,
	};
	struct gy_handle_fields out;
	struct geyser_handle handle, back;
	char text[GEYSER_HANDLE_TEXT_SIZE];

	(void)state;
	memset(in.token, 0xff, sizeof(in.token));
	gy_handle_encode(&in, &handle);
	assert_ok(geyser_handle_to_string(&handle, text, sizeof(text)));
	assert_ok(geyser_handle_from_string(text, &back));
	assert_memory_equal(&back, &handle, sizeof(handle));
	assert_ok(gy_handle_decode(&back, &out));
	assert_int_equal(out.kind, GY_HANDLE_EVENT);
	assert_int_equal(out.backend, GEYSER_BACKEND_METAL);
	assert_true(out.id == UINT32_MAX && out.uid == UINT32_MAX && out.instance == UINT64_MAX);
	assert_memory_equal(out.token, in.token, sizeof(in.token));
}

static void every_flipped_bit_is_found(void **state)
{
	(void)state;
	for (size_t bit = 0; bit < 512; bit++) {
		struct geyser_handle handle = golden_handle();
		struct gy_handle_fields fields;
		char text[GEYSER_HANDLE_TEXT_SIZE] = "x";

		handle.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, bit < 32 ? "starts with" : "is damaged",
			gy_handle_decode(&handle, &fields));
		assert_int_equal(geyser_handle_id(&handle), 0);
		assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, NULL,
			geyser_handle_to_string(&handle, text, sizeof(text)));
		assert_string_equal(text, "");
	}
}

static void wrong_fields_with_a_right_checksum(void **state)
{
	static const struct {
		uint8_t at, value;
		const char *words;
	} cases[] = {
		{0, 'g', "starts with"},
		{3, 0, "starts with"},
		{4, 0, "version 0"},
		{4, 2, "version 2"},
		{4, 255, "version 255"},
		{5, 0, "kind of object (0)"},
		{5, 3, "kind of object (3)"},
		{5, 255, "kind of object (255)"},
		{7, 1, "keeps zero"},
		{8, 0, "id 0"}, /* the id was 0x2a */
		{40, 1, "keeps zero"},
		{50, 128, "keeps zero"},
		{59, 1, "keeps zero"},
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct geyser_handle handle = golden_handle();
		struct gy_handle_fields fields;

		handle.bytes[cases[i].at] = cases[i].value;
		set_checksum(&handle);
		assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, cases[i].words,
			gy_handle_decode(&handle, &fields));
		assert_int_equal(geyser_handle_id(&handle), 0);
	}
}

static void null_and_small_buffers(void **state)
{
	struct geyser_handle handle = golden_handle();
	struct gy_handle_fields fields;
	char text[GEYSER_HANDLE_TEXT_SIZE];

	(void)state;
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "NULL", gy_handle_decode(NULL, &fields));
	assert_int_equal(geyser_handle_id(NULL), 0);
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "NULL",
		geyser_handle_to_string(NULL, text, sizeof(text)));
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "buffer",
		geyser_handle_to_string(&handle, NULL, sizeof(text)));
	for (size_t size = 0; size < sizeof(golden_text); size++) {
		memset(text, 'x', sizeof(text));
		assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "buffer",
			geyser_handle_to_string(&handle, text, size));
		assert_int_equal(text[0], size ? '\0' : 'x');
		assert_int_equal(text[1], 'x');
	}
	assert_ok(geyser_handle_to_string(&handle, text, sizeof(golden_text)));
	assert_fails(
		GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_handle_from_string(golden_text, NULL));
	assert_fails(
		GEYSER_ERROR_INVALID_ARGUMENT, "NULL", geyser_handle_from_string(NULL, &handle));
}

static void assert_text_refused(const char *text, const char *words)
{
	static const struct geyser_handle zero;
	struct geyser_handle out = golden_handle();

	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, words, geyser_handle_from_string(text, &out));
	assert_memory_equal(&out, &zero, sizeof(zero));
}

static void every_shorter_text_is_refused(void **state)
{
	char text[sizeof(golden_text)];

	(void)state;
	for (size_t length = 0; length < sizeof(golden_text) - 1; length++) {
		memcpy(text, golden_text, length);
		text[length] = '\0';
		assert_text_refused(text, length < 8 ? "starts with" : "ends after");
	}
}

static void every_other_character_is_found(void **state)
{
	static const char junk[] = {'g', ' ', '\n', '-', '\x7f', '\x01', '\x80', '%', 'x', '\xff'};
	char text[sizeof(golden_text)];

	(void)state;
	for (size_t at = 0; at < sizeof(golden_text) - 1; at++) {
		for (size_t i = 0; i < sizeof(junk); i++) {
			if (golden_text[at] == junk[i])
				continue;
			memcpy(text, golden_text, sizeof(text));
			text[at] = junk[i];
			assert_text_refused(text, at < 8 ? "starts with" : "no digit");
		}
		if (at >= 8) { /* replaces one digit by another valid one */
			memcpy(text, golden_text, sizeof(text));
			text[at] = text[at] == '0' ? '1' : '0';
			assert_text_refused(text, NULL);
		}
	}
}

static void nothing_before_or_after(void **state)
{
	char text[sizeof(golden_text) + 1];

	(void)state;
	text[0] = ' ';
	memcpy(text + 1, golden_text, sizeof(golden_text));
	assert_text_refused(text, "starts with");
	memcpy(text, golden_text, sizeof(golden_text));
	memcpy(text + sizeof(golden_text) - 1, "0", 2);
	assert_text_refused(text, "more at character 87");
	memcpy(text + sizeof(golden_text) - 1, "\n", 2);
	assert_text_refused(text, "more at character 87");
	assert_text_refused("geyser2-", "starts with");
	assert_text_refused("%s%s%n", "starts with");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_pinned),
		cmocka_unit_test(the_tests_checksum_is_the_pinned_one),
		cmocka_unit_test(text_is_pinned),
		cmocka_unit_test(text_may_be_in_capitals),
		cmocka_unit_test(extremes_round_trip),
		cmocka_unit_test(every_flipped_bit_is_found),
		cmocka_unit_test(wrong_fields_with_a_right_checksum),
		cmocka_unit_test(null_and_small_buffers),
		cmocka_unit_test(every_shorter_text_is_refused),
		cmocka_unit_test(every_other_character_is_found),
		cmocka_unit_test(nothing_before_or_after),
	};

	test_limit(60);
	return test_run("handle", tests, NULL, NULL);
}
