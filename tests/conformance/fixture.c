/* Sets up a registry, and optionally a manager, for one test. */
#include "support.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A test that hangs for this many seconds ends the program, which counts as a failure. */
#define TEST_SECONDS 150

/* $GEYSER_BACKEND selects the backend. */
enum geyser_backend test_backend = GEYSER_BACKEND_AUTO;

static struct fixture fixture;

static void registry_path(char *path, size_t size)
{
	const char *only = getenv("GEYSER_RUNTIME_DIR");

	(void)snprintf(path, size, "%s/geyser", only ? only : getenv("XDG_RUNTIME_DIR"));
}

static unsigned each_entry(const char *path, bool remove)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	unsigned count = 0;

	if (!directory)
		return 0;
	while ((entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		/* .names stays after the last object */
		count += strcmp(entry->d_name, ".names") != 0;
		if (remove)
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
	}
	(void)closedir(directory);
	return count;
}

unsigned registry_entries(void)
{
	char path[512];

	registry_path(path, sizeof(path));
	return each_entry(path, false);
}

int setup_registry(void **state)
{
	fixture = (struct fixture){.directory = "/tmp/geyser-test-XXXXXX"};
	if (!mkdtemp(fixture.directory) || setenv("GEYSER_RUNTIME_DIR", fixture.directory, 1) < 0)
		return -1;
	(void)alarm(TEST_SECONDS);
	fixture.fds = fd_count();
	fixture.inheritable_fds = inheritable_fd_count();
	*state = &fixture;
	return 0;
}

int teardown_registry(void **state)
{
	char path[64];

	(void)state;
	(void)alarm(0);
	(void)snprintf(path, sizeof(path), "%s/geyser", fixture.directory);
	(void)chmod(path, 0700);
	(void)each_entry(path, true);
	(void)rmdir(path);
	(void)rmdir(fixture.directory);
	fd_count_becomes(fixture.fds);
	return 0;
}

struct geyser_manager *make_manager_on(enum geyser_backend backend)
{
	const struct geyser_manager_desc desc = {.backend = backend};
	struct geyser_manager *manager;

	ok(geyser_manager_create(&desc, &manager));
	return manager;
}

struct geyser_manager *make_manager(void)
{
	return make_manager_on(test_backend);
}

int setup_manager(void **state)
{
	if (setup_registry(state) != 0)
		return -1;
	fixture.manager = make_manager();
	/* a driver's own descriptors may be inheritable */
	fixture.inheritable_fds = inheritable_fd_count();
	return 0;
}

int teardown_manager(void **state)
{
	unsigned left;

	geyser_manager_destroy(fixture.manager);
	/* An object may end on another thread. Until then it keeps the manager, and with the
	 * manager the registry's entries. */
	for (uint64_t end = now_ns() + PATIENCE; registry_entries() > 0 && now_ns() < end;)
		(void)sched_yield();
	left = registry_entries();
	if (teardown_registry(state) != 0)
		return -1;
	assert_int_equal(left, 0);
	return 0;
}

int teardown_littered(void **state)
{
	geyser_manager_destroy(fixture.manager);
	return teardown_registry(state);
}
