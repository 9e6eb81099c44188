/* Results, and the details that go with them. */
#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "support.h"

static const struct {
	enum geyser_result result;
	int number; /* fixed by the ABI */
	const char *name;
} results[] = {
	{GEYSER_OK, 0, "GEYSER_OK"},
	{GEYSER_ERROR_INVALID_ARGUMENT, -1, "GEYSER_ERROR_INVALID_ARGUMENT"},
	{GEYSER_ERROR_UNSUPPORTED, -2, "GEYSER_ERROR_UNSUPPORTED"},
	{GEYSER_ERROR_OUT_OF_MEMORY, -3, "GEYSER_ERROR_OUT_OF_MEMORY"},
	{GEYSER_ERROR_NOT_FOUND, -4, "GEYSER_ERROR_NOT_FOUND"},
	{GEYSER_ERROR_STALE, -5, "GEYSER_ERROR_STALE"},
	{GEYSER_ERROR_EXISTS, -6, "GEYSER_ERROR_EXISTS"},
	{GEYSER_ERROR_PERMISSION, -7, "GEYSER_ERROR_PERMISSION"},
	{GEYSER_ERROR_UNSEALED, -8, "GEYSER_ERROR_UNSEALED"},
	{GEYSER_ERROR_MISMATCH, -9, "GEYSER_ERROR_MISMATCH"},
	{GEYSER_ERROR_TIMEOUT, -10, "GEYSER_ERROR_TIMEOUT"},
	{GEYSER_ERROR_DISCONNECTED, -11, "GEYSER_ERROR_DISCONNECTED"},
	{GEYSER_ERROR_BUSY, -12, "GEYSER_ERROR_BUSY"},
	{GEYSER_ERROR_LIMIT, -13, "GEYSER_ERROR_LIMIT"},
	{GEYSER_ERROR_PROTOCOL, -14, "GEYSER_ERROR_PROTOCOL"},
	{GEYSER_ERROR_DEVICE_LOST, -15, "GEYSER_ERROR_DEVICE_LOST"},
	{GEYSER_ERROR_NO_RUNTIME_DIR, -16, "GEYSER_ERROR_NO_RUNTIME_DIR"},
	{GEYSER_ERROR_SYSTEM, -17, "GEYSER_ERROR_SYSTEM"},
};

static void each_result_has_its_number_and_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(results); i++) {
		assert_int_equal(results[i].result, results[i].number);
		assert_string_equal(geyser_result_string(results[i].result), results[i].name);
	}
}

static void other_numbers_are_unknown(void **state)
{
	static const int numbers[] = {1, -18, 1000, -1000, 2147483647, -2147483647 - 1};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(numbers); i++)
		assert_string_equal(geyser_result_string((enum geyser_result)numbers[i]),
			"GEYSER_ERROR_UNKNOWN");
}

/* Reads the detail first thing in a new thread, where no call has set one. */
static void *first_detail(void *data)
{
	const char **seen = data;
	const char *before = geyser_error_detail();

	seen[0] = before && !*before ? "empty" : "not empty";
	(void)gy_fail(GEYSER_ERROR_BUSY, "the other's (%d)", 2);
	seen[1] = strcmp(geyser_error_detail(), "the other's (2)") == 0 ? "own" : "not own";
	return NULL;
}

static void the_detail_is_the_threads_own(void **state)
{
	const char *seen[2] = {NULL, NULL};
	pthread_t thread;

	(void)state;
	assert_int_equal(gy_fail(GEYSER_ERROR_LIMIT, "mine (%s)", "x"), GEYSER_ERROR_LIMIT);
	assert_int_equal(pthread_create(&thread, NULL, first_detail, seen), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(seen[0], "empty");
	assert_string_equal(seen[1], "own");
	assert_string_equal(geyser_error_detail(), "mine (x)");
}

static void a_success_keeps_the_detail(void **state)
{
	struct geyser_system_info info;

	(void)state;
	(void)gy_fail(GEYSER_ERROR_BUSY, "kept");
	assert_int_equal(geyser_system_get_info(&info), GEYSER_OK);
	assert_string_equal(geyser_error_detail(), "kept");
}

static void errno_chooses_the_result(void **state)
{
	static const struct {
		int number;
		enum geyser_result result;
	} cases[] = {
		{EMFILE, GEYSER_ERROR_LIMIT},
		{ENFILE, GEYSER_ERROR_LIMIT},
		{ENOMEM, GEYSER_ERROR_OUT_OF_MEMORY},
		{ENOSPC, GEYSER_ERROR_OUT_OF_MEMORY},
		{EDQUOT, GEYSER_ERROR_OUT_OF_MEMORY},
		{EACCES, GEYSER_ERROR_PERMISSION},
		{EPERM, GEYSER_ERROR_PERMISSION},
		{EIO, GEYSER_ERROR_SYSTEM},
		{EINVAL, GEYSER_ERROR_SYSTEM},
		{ENOSYS, GEYSER_ERROR_SYSTEM},
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		errno = cases[i].number;
		assert_fails(cases[i].result, strerror(cases[i].number),
			gy_fail_errno("doing it (%d)", 7));
		assert_memory_equal(geyser_error_detail(), "doing it (7): ", 14);
	}
}

/* A detail of any length ends within the buffer. */
static void long_sentences_are_cut(void **state)
{
	char text[2048];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)gy_fail(GEYSER_ERROR_BUSY, "%s", text);
	assert_int_equal(strlen(geyser_error_detail()), 511);
	errno = EIO;
	(void)gy_fail_errno("%s", text);
	assert_int_equal(strlen(geyser_error_detail()), 511);
	/* Leave room for only a part of the appended text. */
	text[500] = '\0';
	errno = EIO;
	(void)gy_fail_errno("%s", text);
	assert_int_equal(strlen(geyser_error_detail()), 511);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_result_has_its_number_and_name),
		cmocka_unit_test(other_numbers_are_unknown),
		cmocka_unit_test(the_detail_is_the_threads_own),
		cmocka_unit_test(a_success_keeps_the_detail),
		cmocka_unit_test(errno_chooses_the_result),
		cmocka_unit_test(long_sentences_are_cut),
	};

	test_limit(60);
	return test_run("error", tests, NULL, NULL);
}
