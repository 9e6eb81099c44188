/* A test program fails if the teardown of its tests fails. */
#include <fcntl.h>
#include <unistd.h>

#include "helper.h"
#include "support.h"

static void pass(void **state)
{
	(void)state;
}

static int end_well(void **state)
{
	(void)state;
	return 0;
}

static int end_badly(void **state)
{
	(void)state;
	return -1;
}

static int end_by_assertion(void **state)
{
	(void)state;
	assert_true(false);
	return 0;
}

/* Runs one test that passes, and prints nothing. Returns the exit status of such a program. */
static int run_quietly(CMFixtureFunction teardown)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(pass)};
	const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		return -1;
	return test_run("quiet", tests, NULL, teardown);
}

static int end_in_each_good_way(void *data)
{
	(void)data;
	return run_quietly(NULL) == 0 && run_quietly(end_well) == 0 ? 0 : 1;
}

static int end_in_each_bad_way(void *data)
{
	(void)data;
	return run_quietly(end_badly) > 0 && run_quietly(end_by_assertion) > 0 ? 0 : 1;
}

static void a_teardown_that_succeeds(void **state)
{
	(void)state;
	in_child(end_in_each_good_way, NULL);
}

static void a_teardown_that_fails(void **state)
{
	(void)state;
	in_child(end_in_each_bad_way, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_teardown_that_succeeds),
		cmocka_unit_test(a_teardown_that_fails),
	};

	test_limit(30);
	return test_run("group", tests, NULL, NULL);
}
