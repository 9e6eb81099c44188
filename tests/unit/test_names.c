/* Names of streams, and the files in the registry that stand for them. */
#include "ipc/registry/name_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "helper.h"
#include "support.h"

/* ---- names ---- */

static void utf8_without_control_characters_will_do(void **state)
{
	static const char *const names[] = {"a", " ", "~", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80",
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
		{NULL, "NULL"}, {"", "empty"},
		{"0123456789012345678901234567890123456789012345678901234567890123", "63 bytes"},
		{"ab\x1f", "0x1f at 2"}, {"\x7f", "0x7f at 0"}, {"a\n", "0x0a at 1"},
		{"\x80", "0x80 at 0"}, {"a\xbf", "0xbf at 1"}, {"\xc3", "0xc3 at 0"},
		{"\xc3(", "0xc3 at 0"}, {"\xc0\x80", "0xc0 at 0"}, {"\xc1\xbf", "0xc1 at 0"},
		{"\xe0\x9f\xbf", "0xe0 at 0"}, {"\xe3\x82", "0xe3 at 0"},
		{"\xed\xa0\x80", "0xed at 0"}, {"\xed\xbf\xbf", "0xed at 0"},
		{"\xf0\x8f\xbf\xbf", "0xf0 at 0"}, {"\xf4\x90\x80\x80", "0xf4 at 0"},
		{"\xf5\x80\x80\x80", "0xf5 at 0"}, {"\xf8\x88\x80\x80\x80", "0xf8 at 0"},
		/* starts a terminal's control sequence */
		{"\xff", "0xff at 0"}, {"\xc2\x9b", "U+009B at 0"},
		{"cam\xe2\x80\xae", "U+202E at 3"}, /* right-to-left override */
		{"\xe2\x80\xaa", "U+202A at 0"},    /* left-to-right embedding */
		{"a\xe2\x81\xa6", "U+2066 at 1"},   /* directional isolates */
		{"a\xe2\x81\xa9", "U+2069 at 1"},
		{"a\xe2\x80\x8e", "U+200E at 1"}, /* left-to-right mark */
		{"a\xd8\x9c", "U+061C at 1"},
		{"a\xe2\x80\x8b", "U+200B at 1"}, /* zero width space */
		{"a\xe2\x80\xa8", "U+2028 at 1"}, /* line separator */
		{"\xef\xbb\xbf"
		 "cam",
			"U+FEFF at 0"},               /* byte order mark */
		{"\xf3\xa0\x80\x81", "U+E0001 at 0"}, /* a tag */
		{"\xe3\x85\xa4", "U+3164 at 0"},      /* Hangul filler: a letter that looks blank */
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, cases[i].words,
			gy_name_check(cases[i].name));
}

/* A name without an end is read up to the maximum length, and not beyond. */
static void nothing_beyond_the_name_is_read(void **state)
{
	char name[GEYSER_STREAM_NAME_MAX + 2];

	(void)state;
	memset(name, 'x', sizeof(name)); /* there is no NUL */
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

/* Only files that gy_name_to_file writes have a name, so that no two files have the same name. */
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
	struct gy_name_lock lock, second, third;
	struct gy_registry_entry entry, other;
	uint64_t instance, holder;

	(void)state;
	assert_ok(gy_entry_create(&entry));
	assert_ok(gy_entry_create(&other));
	assert_fails(GEYSER_ERROR_NOT_FOUND, "\"a/b\"",
		gy_registry_find_name(&entry.registry, "a/b", &instance));
	assert_ok(gy_entry_add_name(&entry, "a/b", &lock, &holder));
	assert_int_equal(holder, 0);
	assert_ok(gy_registry_find_name(&other.registry, "a/b", &instance));
	assert_true(instance == entry.instance);
	assert_fails(
		GEYSER_ERROR_EXISTS, "\"a/b\"", gy_entry_add_name(&other, "a/b", &second, &holder));
	assert_true(holder == entry.instance);
	assert_fails(
		GEYSER_ERROR_EXISTS, "\"a/b\"", gy_entry_add_name(&entry, "a/b", &second, &holder));
	/* this isn't the holder's lock: the name stays */
	gy_entry_remove_name(&other, "a/b", &second);
	assert_ok(gy_registry_find_name(&other.registry, "a/b", &instance));
	assert_ok(gy_entry_add_name(&other, "a%2Fb", &third, &holder)); /* a different name */
	gy_entry_remove_name(&entry, "a/b", &lock);
	assert_ok(gy_entry_add_name(&other, "a/b", &second, &holder));
	gy_entry_remove_name(&entry, "a/b", &lock); /* a second removal does nothing */
	assert_ok(gy_registry_find_name(&other.registry, "a/b", &instance));
	gy_entry_remove_name(&other, "a/b", &second);
	gy_entry_remove_name(&other, "a%2Fb", &third);
	gy_entry_release(&entry);
	gy_entry_release(&other);
	assert_int_equal(test_registry_entries(), 0);
}

/* A process that died leaves its lock free. Its name can then be taken over. */
static void a_dead_ones_name_is_taken_over(void **state)
{
	struct gy_name_lock lock, lost;
	struct gy_registry_entry dead, entry;
	uint64_t holder, instance;

	(void)state;
	assert_ok(gy_entry_create(&dead));
	assert_ok(gy_entry_add_name(&dead, "cam", &lost, &holder));
	assert_ok(gy_entry_create(&entry));
	gy_entry_abandon_name(&lost);
	gy_entry_abandon(&dead);
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	assert_false(lock.guarded);
	assert_ok(gy_registry_find_name(&entry.registry, "cam", &instance));
	assert_true(instance == entry.instance);
	gy_entry_remove_name(&entry, "cam", &lock);
	assert_fails(GEYSER_ERROR_NOT_FOUND, "cam",
		gy_registry_find_name(&entry.registry, "cam", &instance));
	gy_entry_release(&entry);
}

/* The kernel frees the locks of a dying process one after the other. */
static void one_that_is_dying_is_busy(void **state)
{
	struct gy_name_lock lock, lost;
	struct gy_registry_entry dying, entry;
	uint64_t holder;

	(void)state;
	assert_ok(gy_entry_create(&dying));
	assert_ok(gy_entry_add_name(&dying, "cam", &lost, &holder));
	assert_ok(gy_entry_create(&entry));
	/* frees the lock of the instance, and not yet the lock of the name */
	gy_entry_abandon(&dying);
	assert_fails(GEYSER_ERROR_BUSY, "cam", gy_entry_add_name(&entry, "cam", &lock, &holder));
	gy_entry_abandon_name(&lost);
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	gy_entry_remove_name(&entry, "cam", &lock);
	gy_entry_release(&entry);

	assert_ok(gy_entry_create(&dying));
	assert_ok(gy_entry_add_name(&dying, "cam", &lost, &holder));
	assert_ok(gy_entry_create(&entry));
	gy_entry_abandon_name(&lost); /* the other way round: the holder still looks alive */
	assert_fails(GEYSER_ERROR_EXISTS, "cam", gy_entry_add_name(&entry, "cam", &lock, &holder));
	assert_true(holder == dying.instance);
	gy_entry_abandon(&dying);
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	gy_entry_remove_name(&entry, "cam", &lock);
	gy_entry_release(&entry);
}

static void a_link_to_nowhere_is_taken_over(void **state)
{
	struct gy_name_lock lock;
	struct gy_registry_entry entry;
	uint64_t holder, instance;

	(void)state;
	assert_ok(gy_entry_create(&entry));
	assert_int_equal(symlinkat("00000000deadbeef.sock", entry.registry.fd, "stream-cam"), 0);
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	assert_ok(gy_registry_find_name(&entry.registry, "cam", &instance));
	assert_true(instance == entry.instance);
	gy_entry_remove_name(&entry, "cam", &lock);
	gy_entry_release(&entry);
	assert_int_equal(test_registry_entries(), 0);
}

/* An entry that isn't a link of geyser's isn't removed, because another program or the user made
 * it. */
static void other_things_hold_a_name(void **state)
{
	struct gy_name_lock lock;
	struct gy_registry_entry entry;
	uint64_t holder;
	int fd;

	(void)state;
	assert_ok(gy_entry_create(&entry));
	fd = openat(entry.registry.fd, "stream-cam", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_fails(GEYSER_ERROR_EXISTS, "stream-cam",
		gy_entry_add_name(&entry, "cam", &lock, &holder));
	assert_int_equal(holder, 0);
	assert_fails(GEYSER_ERROR_NOT_FOUND, "cam",
		gy_registry_find_name(&entry.registry, "cam", &holder));
	assert_int_equal(unlinkat(entry.registry.fd, "stream-cam", 0), 0);
	gy_entry_release(&entry);
}

/* ---- a sweep that has stopped between its check and its unlink ---- */

/* Acts as sweep.c in a process of its own: locks the name "cam", and removes the link when it is
 * told to. It ends when it is told again. */
static int sweep_late(int orders, int reports, void *data)
{
	const struct gy_registry_entry *entry = data;
	const int fd = openat(entry->registry.fd, ".names", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || !gy_byte_lock(fd, gy_name_lock_offset("cam") + 1, false) ||
		!say_ready(reports))
		return 1;
	if (!wait_for_prompt(orders) || unlinkat(entry->registry.fd, "stream-cam", 0) < 0)
		return 2;
	return say_ready(reports) && wait_for_prompt(orders) ? 0 : 3;
}

/* A sweep has found a dead process's link. Then another process takes over the name, and the sweep
 * removes the new link. The holder must restore its link. */
static void a_late_sweep_removes_no_name_for_good(void **state)
{
	struct gy_name_lock lock;
	struct gy_registry_entry entry;
	struct helper sweep;
	uint64_t holder;

	(void)state;
	assert_ok(gy_entry_create(&entry));
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder)); /* creates the file of locks */
	gy_entry_remove_name(&entry, "cam", &lock);
	assert_int_equal(symlinkat("00000000deadbeef.sock", entry.registry.fd, "stream-cam"), 0);
	sweep = start_helper(sweep_late, &entry);
	await_helper(&sweep);

	/* this must not wait for the sweep */
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	assert_true(lock.guarded);
	gy_entry_keep_name(&entry, "cam", &lock);
	assert_true(lock.guarded);
	prompt_helper(&sweep);
	await_helper(&sweep);
	assert_fails(GEYSER_ERROR_NOT_FOUND, "cam",
		gy_registry_find_name(&entry.registry, "cam", &holder));
	gy_entry_keep_name(&entry, "cam", &lock);
	assert_ok(gy_registry_find_name(&entry.registry, "cam", &holder));
	assert_true(lock.guarded); /* the sweep still runs */

	prompt_helper(&sweep);
	end_helper(&sweep);
	gy_entry_keep_name(&entry, "cam", &lock);
	assert_false(lock.guarded);
	gy_entry_remove_name(&entry, "cam", &lock);
	gy_entry_release(&entry);
}

/* A process that lists or sweeps holds a shared lock on a dead instance. That lock must not make
 * the instance look alive. */
static void one_who_looks_is_not_taken_for_life(void **state)
{
	struct gy_name_lock lock, lost;
	struct gy_registry_entry dead, entry;
	uint64_t holder;
	char name[64];
	int fd;

	(void)state;
	assert_ok(gy_entry_create(&entry));
	assert_ok(gy_entry_create(&dead));
	assert_ok(gy_entry_add_name(&dead, "cam", &lost, &holder));
	(void)snprintf(name, sizeof(name), "%016" PRIx64 ".lock", dead.instance);
	fd = openat(entry.registry.fd, name, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	gy_entry_abandon_name(&lost);
	gy_entry_abandon(&dead);
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), 0);
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	gy_entry_remove_name(&entry, "cam", &lock);
	assert_int_equal(close(fd), 0);
	gy_entry_release(&entry);
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
		registry_test(one_that_is_dying_is_busy),
		registry_test(a_link_to_nowhere_is_taken_over),
		registry_test(other_things_hold_a_name),
		registry_test(a_late_sweep_removes_no_name_for_good),
		registry_test(one_who_looks_is_not_taken_for_life),
	};

	test_limit(100);
	return test_run("names", tests, NULL, NULL);
}
