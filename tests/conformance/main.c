/* Usage: conformance [BACKEND [GROUP]]. Without arguments it runs all groups on the default
 * backend. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>

static const struct group *const groups[] = {
	&managers_group,
	&arguments_group,
	&attached_group,
	&textures_group,
	&formats_group,
	&conversion_group,
	&handles_group,
	&sharing_group,
	&events_group,
	&callbacks_group,
	&endings_group,
	&notifications_group,
	&renditions_group,
	&threads_group,
	&memory_group,
	&pool_group,
#if !APPLE /* the group is about memfds and their seals */
	&native_group,
#endif
	&streams_group,
	&stream_frames_group,
	&stream_holding_group,
	&stream_idle_group,
	&stream_life_group,
	&stream_outlives_group,
	&spinning_group,
	&watches_group,
	&every_call_group,
};

static enum geyser_backend backend_by_name(const char *name)
{
	for (enum geyser_backend i = GEYSER_BACKEND_AUTO; geyser_backend_name(i); i++)
		if (strcmp(geyser_backend_name(i), name) == 0)
			return i;
	(void)fprintf(stderr, "conformance: backend (%s): there is none of that name\n", name);
	exit(2);
}

/* Collects the tests of all groups, or of the named one, for a single cmocka run: cmocka prints one
 * TAP plan per run. Exits with a skip message if the named group doesn't fit the backend. */
static size_t collect(const char *name, struct CMUnitTest *tests, size_t most)
{
	const char *unfit;
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(groups); i++) {
		if (name && strcmp(groups[i]->name, name) != 0)
			continue;
		unfit = groups[i]->unfit ? groups[i]->unfit() : NULL;
		if (unfit && name) {
			(void)printf("1..0 # SKIP %s\n", unfit);
			exit(0);
		}
		if (unfit)
			continue;
		if (count + groups[i]->count > most)
			abort();
		memcpy(tests + count, groups[i]->tests, groups[i]->count * sizeof(*tests));
		count += groups[i]->count;
	}
	return count;
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[256];
	const char *name = argc > 2 ? argv[2] : NULL;
	size_t count;

	test_backend = argc > 1 ? backend_by_name(argv[1]) : GEYSER_BACKEND_HOST;
	if (geyser_backend_available(test_backend) != GEYSER_OK) {
		(void)printf("1..0 # SKIP %s\n", geyser_error_detail());
		return 0;
	}
	count = collect(name, tests, COUNT_OF(tests));
	if (count == 0) {
		(void)fprintf(
			stderr, "conformance: group (%s): there is none of that name\n", name);
		return 2;
	}
	return _cmocka_run_group_tests(name ? name : "conformance", tests, count, NULL, NULL);
}
