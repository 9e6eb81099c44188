/* GEYSER_RUNTIME_DIR, XDG_RUNTIME_DIR and the registry in every wrong state. */
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Exporting, and looking up, with the environment as it is. */
static void expect_refusals(enum geyser_result wanted, const char *word)
{
	struct geyser_manager *manager = make_manager();
	struct geyser_texture *texture = make_texture(manager, GEYSER_FORMAT_R8_UNORM, 4, 4);
	struct geyser_event *event = make_event(manager, 0);
	struct geyser_handle handle;

	refused(wanted, word, geyser_texture_export(texture, &handle));
	assert_int_equal(geyser_handle_id(&handle), 0);
	refused(wanted, word, geyser_event_export(event, &handle));
	refused(wanted, word, geyser_handle_from_id(77, &handle));
	assert_true(fill_texture(texture, 1)); /* nothing else is harmed */
	ok(geyser_event_signal(event, 2));
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

static void expect_bad_registry(void **state, const char *word)
{
	const struct fixture *fixture = *state;
	char path[512], expected[64];

	expect_refusals(GEYSER_ERROR_PERMISSION, word);
	refused(GEYSER_ERROR_PERMISSION, word, geyser_registry_directory(path, sizeof(path)));
	(void)snprintf(expected, sizeof(expected), "%s/geyser", fixture->directory);
	assert_string_equal(path, expected);
}

static void expect_all_well(void)
{
	struct geyser_manager *manager = make_manager();
	struct geyser_texture *texture = make_texture(manager, GEYSER_FORMAT_R8_UNORM, 4, 4);
	struct geyser_handle handle = export_texture(texture);

	geyser_texture_unref(import_texture(manager, &handle));
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

/* Linux reaches a directory of any path. */
#ifdef GEYSER_PLATFORM_APPLE
#define LONG_PATHS false
#else
#define LONG_PATHS true
#endif

/* Of a socket's address. */
#define ADDRESS_SIZE sizeof(((struct sockaddr_un *)NULL)->sun_path)

/* Where a path is too long for others, a process still shares with itself (within.c). */
static void expect_reachable(bool reachable)
{
	char directory[512], path[512];

	(void)snprintf(path, sizeof(path), "%s/geyser", getenv("GEYSER_RUNTIME_DIR"));
	if (reachable)
		ok(geyser_registry_directory(directory, sizeof(directory)));
	else
		refused(GEYSER_ERROR_NO_RUNTIME_DIR, "leave room for",
			geyser_registry_directory(directory, sizeof(directory)));
	assert_string_equal(directory, path);
}

/* It is passed over, and all goes well elsewhere: tests/unit/test_registry_places.c tries where. */
static void expect_passed_over(const char *word)
{
	char path[512], place[512];

	refused(GEYSER_ERROR_NO_RUNTIME_DIR, word, geyser_registry_place(0, place, sizeof(place)));
	ok(geyser_registry_directory(path, sizeof(path)));
	assert_string_not_equal(path, place);
	expect_all_well();
}

/* A bad XDG_RUNTIME_DIR is passed over. A bad GEYSER_RUNTIME_DIR leaves no place at all. */
static void expect_bad_directory(const char *path, const char *word)
{
	assert_int_equal(setenv("GEYSER_RUNTIME_DIR", path, 1), 0);
	expect_refusals(GEYSER_ERROR_NO_RUNTIME_DIR, word);
	expect_refusals(GEYSER_ERROR_NO_RUNTIME_DIR, "GEYSER_RUNTIME_DIR");
	assert_int_equal(unsetenv("GEYSER_RUNTIME_DIR"), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", path, 1), 0);
	expect_passed_over(word);
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
}

static void without_a_runtime_directory(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	assert_int_equal(unsetenv("GEYSER_RUNTIME_DIR"), 0);
	expect_passed_over("XDG_RUNTIME_DIR is not set");
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "", 1), 0);
	assert_int_equal(setenv("GEYSER_RUNTIME_DIR", "", 1), 0);
	expect_passed_over("XDG_RUNTIME_DIR is not set");
}

static void a_runtime_directory_that_is_relative(void **state)
{
	static const char *const paths[] = {".", "tmp", "../tmp", "tmp/x"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		expect_bad_directory(paths[i], "absolute path: give the path from / on");
}

static void a_runtime_directory_that_does_not_exist(void **state)
{
	const struct fixture *fixture = *state;
	char path[64];
	struct stat status;

	(void)snprintf(path, sizeof(path), "%s/not-there", fixture->directory);
	expect_bad_directory(path, "No such file or directory: make it, or name one that exists");
	assert_int_equal(stat(path, &status), -1);
}

static void a_runtime_directory_that_is_a_file(void **state)
{
	const struct fixture *fixture = *state;
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/file", fixture->directory);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	expect_bad_directory(path, "not a directory");
	(void)close(fd);
	(void)unlink(path);
}

/* Programs with one GEYSER_RUNTIME_DIR find each other there, and find nothing in other places. */
static void a_directory_for_geyser_alone(void **state)
{
	const struct fixture *fixture = *state;
	char path[64], text[512];
	struct peer exporter;

	(void)snprintf(path, sizeof(path), "%s/other", fixture->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", fixture->directory, 1), 0);
	assert_int_equal(setenv("GEYSER_RUNTIME_DIR", path, 1), 0);
	refused(GEYSER_ERROR_NOT_FOUND, "1", geyser_registry_place(1, text, sizeof(text)));
	start_exporter(&exporter, "export-texture", "1");
	expect_all_well();
	assert_int_equal(setenv("GEYSER_RUNTIME_DIR", fixture->directory, 1), 0);
	start_refused("import-texture", exporter.id, GEYSER_ERROR_NOT_FOUND);
	end_peer(&exporter);
	(void)strcat(path, "/geyser");
	assert_int_equal(rmdir(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
}

static void make_registry(void **state, char path[64], mode_t mode)
{
	const struct fixture *fixture = *state;

	(void)snprintf(path, 64, "%s/geyser", fixture->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void a_registry_with_another_mode(void **state)
{
	static const mode_t modes[] = {0777, 0755, 0750, 0701, 0710, 0740, 0704, 0600, 0500, 01777};
	char path[64], word[16];

	make_registry(state, path, 0700);
	expect_all_well();
	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		if (geteuid() != 0 && (modes[i] & 0500) != 0500)
			continue; /* can't be opened at all */
		(void)snprintf(word, sizeof(word), "mode %04o", modes[i] & 0777);
		expect_bad_registry(state, word);
		assert_int_equal(registry_entries(), 0);
	}
	assert_int_equal(chmod(path, 0700), 0);
	expect_all_well();
}

static void a_registry_that_is_a_file(void **state)
{
	const struct fixture *fixture = *state;
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/geyser", fixture->directory);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	expect_bad_registry(state, "no directory");
	(void)close(fd);
	(void)unlink(path);
	expect_all_well();
}

/* Even a link to a directory that would do: whoever set it could set it elsewhere. */
static void a_registry_that_is_a_link(void **state)
{
	const struct fixture *fixture = *state;
	char path[64], target[64];

	(void)snprintf(path, sizeof(path), "%s/geyser", fixture->directory);
	(void)snprintf(target, sizeof(target), "%s/target", fixture->directory);
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(symlink(target, path), 0);
	expect_bad_registry(state, "no directory");
	(void)unlink(path);
	(void)rmdir(target);
	expect_all_well();
}

/* Longer than a socket's address: 108 bytes. */
static void a_runtime_directory_with_a_very_long_path(void **state)
{
	const struct fixture *fixture = *state;
	struct peer exporter, importer;
	char path[1024], part[101];

	memset(part, 'p', sizeof(part) - 1);
	part[sizeof(part) - 1] = '\0';
	(void)snprintf(path, sizeof(path), "%s/%s", fixture->directory, part);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/%s/%s", fixture->directory, part, part);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(setenv("GEYSER_RUNTIME_DIR", path, 1), 0);
	expect_reachable(LONG_PATHS);
	expect_all_well();
	start_exporter(&exporter, "export-texture", "1");
	if (!LONG_PATHS) {
		assert_int_equal(registry_entries(), 2); /* no socket */
		start_refused("import-texture", exporter.text, GEYSER_ERROR_NO_RUNTIME_DIR);
		goto remove;
	}
	assert_int_equal(registry_entries(), 3);
	start_importer(&importer, "import-texture", exporter.text);
	ask(&importer, "compare 1", "ok");
	end_peer(&importer);
	start_importer(&importer, "import-texture", exporter.id);
	end_peer(&importer);
remove:
	end_peer(&exporter);
	assert_int_equal(registry_entries(), 0);
	(void)strcat(path, "/geyser");
	assert_int_equal(rmdir(path), 0);
	path[strlen(path) - strlen("/geyser")] = '\0';
	assert_int_equal(rmdir(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
}

/* Every length around the limit of a socket's address, of which the path is a part. */
static void paths_around_the_limit_of_an_address(void **state)
{
	const struct fixture *fixture = *state;
	char path[256];

	for (size_t length = 60; length < 112; length++) {
		size_t base = strlen(fixture->directory);
		char registry[300];

		memset(path, 'p', sizeof(path));
		(void)memcpy(path, fixture->directory, base);
		path[base] = '/';
		path[length] = '\0';
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(setenv("GEYSER_RUNTIME_DIR", path, 1), 0);
		expect_reachable(LONG_PATHS ||
				 length + strlen("/geyser/0123456789abcdef.sock") < ADDRESS_SIZE);
		expect_all_well();
		(void)snprintf(registry, sizeof(registry), "%s/geyser", path);
		assert_int_equal(rmdir(registry), 0);
		assert_int_equal(rmdir(path), 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(without_a_runtime_directory),
		registry_test(a_runtime_directory_that_is_relative),
		registry_test(a_runtime_directory_that_does_not_exist),
		registry_test(a_runtime_directory_that_is_a_file),
		registry_test(a_directory_for_geyser_alone),
		registry_test(a_registry_with_another_mode),
		registry_test(a_registry_that_is_a_file),
		registry_test(a_registry_that_is_a_link),
		registry_test(a_runtime_directory_with_a_very_long_path),
		registry_test(paths_around_the_limit_of_an_address),
	};

	return run_suite(argc, argv, "environment", tests, COUNT_OF(tests));
}
