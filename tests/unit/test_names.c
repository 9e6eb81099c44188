/* Streams' names, and what stands for them in the registry. */
#include "ipc/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* ---- names ---- */

static void utf8_without_control_characters_will_do(void **state)
{
	static const char *const names[] = {"a", " ", "~", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf", "/", "..",
		"012345678901234567890123456789012345678901234567890123456789012"};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++)
		assert_ok(gy_name_check(names[i]));
}

static void other_names_are_refused_with_the_byte(void **state)
{
	static const struct {
		const char *name, *words;
	} cases[] = {
		{NULL, "NULL"},
		{"", "empty"},
		{"0123456789012345678901234567890123456789012345678901234567890123", "63 bytes"},
		{"ab\x1f", "0x1f at 2"},
		{"\x7f", "0x7f at 0"},
		{"a\n", "0x0a at 1"},
		{"\x80", "0x80 at 0"},
		{"a\xbf", "0xbf at 1"},
		{"\xc3", "0xc3 at 0"},
		{"\xc3(", "0xc3 at 0"},
		{"\xc0\x80", "0xc0 at 0"},
		{"\xc1\xbf", "0xc1 at 0"},
		{"\xe0\x9f\xbf", "0xe0 at 0"},
		{"\xe3\x82", "0xe3 at 0"},
		{"\xed\xa0\x80", "0xed at 0"},
		{"\xed\xbf\xbf", "0xed at 0"},
		{"\xf0\x8f\xbf\xbf", "0xf0 at 0"},
		{"\xf4\x90\x80\x80", "0xf4 at 0"},
		{"\xf5\x80\x80\x80", "0xf5 at 0"},
		{"\xf8\x88\x80\x80\x80", "0xf8 at 0"},
		{"\xff", "0xff at 0"},
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, cases[i].words,
			gy_name_check(cases[i].name));
}

/* A name of as many bytes as there may be is looked at, not what follows it. */
static void nothing_beyond_the_name_is_read(void **state)
{
	char name[GEYSER_STREAM_NAME_MAX + 2];

	(void)state;
	memset(name, 'x', sizeof(name)); /* without a NUL */
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "63 bytes", gy_name_check(name));
}

static void names_and_files(void **state)
{
	static const struct {
		const char *name, *file;
	} cases[] = {
		{"cam", "stream-cam"},
		{"a/b", "stream-a%2Fb"},
		{"100%", "stream-100%25"},
		{"%2F", "stream-%252F"},
		{"..", "stream-.."},
		{"caf\xc3\xa9", "stream-caf\xc3\xa9"},
	};
	char file[GY_FILE_NAME_SIZE], name[GEYSER_STREAM_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		gy_name_to_file(cases[i].name, file);
		assert_string_equal(file, cases[i].file);
		assert_true(gy_name_from_file(file, name));
		assert_string_equal(name, cases[i].name);
	}
}

static void the_longest_name_fits(void **state)
{
	char file[GY_FILE_NAME_SIZE], name[GEYSER_STREAM_NAME_MAX + 1], again[sizeof(name)];

	(void)state;
	memset(name, '/', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	gy_name_to_file(name, file);
	assert_int_equal(strlen(file), strlen("stream-") + 3 * (size_t)GEYSER_STREAM_NAME_MAX);
	assert_true(gy_name_from_file(file, again));
	assert_string_equal(again, name);
}

/* Only what gy_name_to_file writes: two files never have one name. */
static void other_files_have_no_name(void **state)
{
	static const char *const files[] = {"", "stream", "stream-", "Stream-a", "id-0000002a",
		"0123456789abcdef.lock", "stream-%", "stream-%2", "stream-%zz", "stream-%2f",
		"stream-%41", "stream-%00", "stream-%0A", "stream-%25%", "stream-a/b",
		"stream-\xff", "stream-a\n", "stream-%-1", "stream-% F", "stream-%C3%A9",
		"stream-0123456789012345678901234567890123456789012345678901234567890123"};
	char name[GEYSER_STREAM_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(files); i++)
		if (gy_name_from_file(files[i], name))
			fail_msg("\"%s\" was taken for \"%s\"", files[i], name);
}

/* ---- links ---- */

static void a_name_is_taken_once(void **state)
{
	struct gy_claim claim, other;
	uint64_t instance, holder;

	(void)state;
	assert_ok(gy_registry_claim(&claim));
	assert_ok(gy_registry_claim(&other));
	assert_fails(GEYSER_ERROR_NOT_FOUND, "\"a/b\"",
		gy_registry_find_name(&claim.registry, "a/b", &instance));
	assert_ok(gy_claim_add_name(&claim, "a/b", &holder));
	assert_int_equal(holder, 0);
	assert_ok(gy_registry_find_name(&other.registry, "a/b", &instance));
	assert_true(instance == claim.instance);
	assert_fails(GEYSER_ERROR_EXISTS, "\"a/b\"", gy_claim_add_name(&other, "a/b", &holder));
	assert_true(holder == claim.instance);
	assert_fails(GEYSER_ERROR_EXISTS, "\"a/b\"", gy_claim_add_name(&claim, "a/b", &holder));
	assert_ok(gy_claim_add_name(&other, "a%2Fb", &holder)); /* another name */
	gy_claim_remove_name(&claim, "a/b");
	assert_ok(gy_claim_add_name(&other, "a/b", &holder));
	gy_claim_remove_name(&other, "a/b");
	gy_claim_remove_name(&other, "a%2Fb");
	gy_claim_release(&claim);
	gy_claim_release(&other);
	assert_int_equal(test_registry_entries(), 0);
}

/* Its lock is free, which is how the dead leave it. */
static void a_dead_ones_name_is_taken_over(void **state)
{
	struct gy_claim dead, claim;
	uint64_t holder, instance;

	(void)state;
	assert_ok(gy_registry_claim(&dead));
	assert_ok(gy_claim_add_name(&dead, "cam", &holder));
	assert_ok(gy_registry_claim(&claim));
	gy_claim_abandon(&dead);
	assert_ok(gy_claim_add_name(&claim, "cam", &holder));
	assert_ok(gy_registry_find_name(&claim.registry, "cam", &instance));
	assert_true(instance == claim.instance);
	assert_int_equal(test_registry_entries(), 3); /* lock, socket, name */
	gy_claim_remove_name(&claim, "cam");
	gy_claim_release(&claim);
	assert_int_equal(test_registry_entries(), 0);
}

static void a_link_to_nowhere_is_taken_over(void **state)
{
	struct gy_claim claim;
	uint64_t holder, instance;

	(void)state;
	assert_ok(gy_registry_claim(&claim));
	assert_int_equal(symlinkat("00000000deadbeef.sock", claim.registry.fd, "stream-cam"), 0);
	assert_ok(gy_claim_add_name(&claim, "cam", &holder));
	assert_ok(gy_registry_find_name(&claim.registry, "cam", &instance));
	assert_true(instance == claim.instance);
	gy_claim_remove_name(&claim, "cam");
	gy_claim_release(&claim);
	assert_int_equal(test_registry_entries(), 0);
}

/* A file that is no link of ours isn't removed: somebody else's hands made it. */
static void other_things_hold_a_name(void **state)
{
	struct gy_claim claim;
	uint64_t holder;
	int fd;

	(void)state;
	assert_ok(gy_registry_claim(&claim));
	fd = openat(claim.registry.fd, "stream-cam", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_fails(GEYSER_ERROR_EXISTS, "cam", gy_claim_add_name(&claim, "cam", &holder));
	assert_int_equal(holder, 0);
	assert_fails(GEYSER_ERROR_NOT_FOUND, "cam",
		gy_registry_find_name(&claim.registry, "cam", &holder));
	assert_int_equal(unlinkat(claim.registry.fd, "stream-cam", 0), 0);
	gy_claim_release(&claim);
}

#define registry_test(function) \
	cmocka_unit_test_setup_teardown(function, test_runtime_enter, test_runtime_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_without_control_characters_will_do),
		cmocka_unit_test(other_names_are_refused_with_the_byte),
		cmocka_unit_test(nothing_beyond_the_name_is_read),
		cmocka_unit_test(names_and_files),
		cmocka_unit_test(the_longest_name_fits),
		cmocka_unit_test(other_files_have_no_name),
		registry_test(a_name_is_taken_once),
		registry_test(a_dead_ones_name_is_taken_over),
		registry_test(a_link_to_nowhere_is_taken_over),
		registry_test(other_things_hold_a_name),
	};

	test_limit(100);
	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
