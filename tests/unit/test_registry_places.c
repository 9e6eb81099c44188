/* The places where a registry can be, and which processes find each other there: with a session,
 * without one, and where another user came first. */
#include "base/clock.h"
#include "ipc/importer/connect.h"
#include "ipc/registry/name_lock.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef GEYSER_PLATFORM_APPLE
#include <sched.h>
#include <sys/mount.h>
#endif
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

/* Each of these values is passed over with a reason, and the next place is used. */
static void a_runtime_directory_that_is_no_use(void **state)
{
	static const struct {
		const char *value, *words;
	} cases[] = {
		{NULL, "not set"},
		{"", "not set"},
		{"relative", "is no absolute path: give the path from / on"},
		{"/nowhere/at/all", "No such file or directory: make it, or name one that exists"},
		{"/etc/hostname", "not a directory: name a directory of your own"},
	};
	char text[4096], other[4096];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		if (cases[i].value)
			assert_int_equal(setenv("XDG_RUNTIME_DIR", cases[i].value, 1), 0);
		else
			assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
		assert_fails(GEYSER_ERROR_NO_RUNTIME_DIR, cases[i].words,
			geyser_registry_place(0, text, sizeof(text)));
		assert_ok(geyser_registry_directory(text, sizeof(text)));
		if (geyser_registry_place(1, other, sizeof(other)) != GEYSER_OK)
			assert_ok(geyser_registry_place(2, other, sizeof(other)));
		assert_string_equal(text, other);
	}
	assert_fails(GEYSER_ERROR_NOT_FOUND, NULL, geyser_registry_place(3, text, sizeof(text)));
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, NULL, geyser_registry_place(0, NULL, 1));
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, NULL, geyser_registry_place(0, text, 0));
}

/* ---- tests as another user, who has no session ---- */

#ifndef GEYSER_PLATFORM_APPLE

/* Returns a uid that no user has, so that no other test uses its folder in /tmp. */
static uid_t test_uid(void)
{
	static uid_t uid;

	if (uid == 0)
		uid = 1000000 + (uid_t)getpid();
	return uid;
}

static const char *shared_path(void)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/tmp/geyser-%u", test_uid());
	return path;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

static void remove_tree(const char *path)
{
	(void)nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* A child's exit status if the kernel doesn't allow it to mount. */
#define NO_MOUNTS 77

/* Calls `run` in a child with that uid, and returns the child's exit status. A failed assertion
 * there ends the child with a status other than 0 and NO_MOUNTS. */
static int as_user(uid_t uid, void (*run)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (setgid(uid) < 0 || setuid(uid) < 0)
			_exit(2);
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == NO_MOUNTS);
	return WEXITSTATUS(status);
}

#define child_assert(condition)                                                                   \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			(void)fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, \
				geyser_error_detail());                                           \
			_exit(1);                                                                 \
		}                                                                                 \
	} while (0)

static void register_without_a_session(void)
{
	struct gy_name_lock lock, again;
	struct gy_registries all;
	struct gy_registry_entry entry, second;
	struct stat status;
	uint64_t holder;
	int socket;
	pid_t pid;

	(void)unsetenv("XDG_RUNTIME_DIR");
	(void)umask(0777);
	child_assert(gy_entry_create(&entry) == GEYSER_OK);
	child_assert(gy_entry_add_name(&entry, "cam", &lock, &holder) == GEYSER_OK);
	child_assert(strcmp(entry.registry.path, shared_path()) == 0);
	child_assert(lstat(shared_path(), &status) == 0 && status.st_uid == getuid() &&
		     (status.st_mode & 07777) == 0700);
	child_assert(fstatat(entry.registry.fd, ".names", &status, 0) == 0 &&
		     (status.st_mode & 07777) == 0600);

	/* A process with a session finds the exporter, and can't take its name. */
	child_assert(setenv("XDG_RUNTIME_DIR", test_runtime_path("session"), 1) == 0);
	child_assert(
		gy_registries_find_name("cam", &holder) == GEYSER_OK && holder == entry.instance);
	child_assert(gy_registry_connect(NULL, holder, GY_NEVER, &socket, &pid) == GEYSER_OK);
	child_assert(close(socket) == 0 && pid == getpid());
	child_assert(gy_entry_create(&second) == GEYSER_OK);
	child_assert(strcmp(second.registry.path, shared_path()) != 0);
	child_assert(gy_entry_find_elsewhere(&second, "cam", &holder) == GEYSER_OK);
	child_assert(gy_entry_find_elsewhere(&entry, "cam", &holder) == GEYSER_ERROR_NOT_FOUND);
	child_assert(gy_registries_open(false, &all) == GEYSER_OK && all.count == 2);
	gy_registries_close(&all);
	gy_entry_remove_name(&entry, "cam", &lock);
	child_assert(gy_entry_add_name(&second, "cam", &again, &holder) == GEYSER_OK);
	child_assert(
		gy_registries_find_name("cam", &holder) == GEYSER_OK && holder == second.instance);
	gy_entry_remove_name(&second, "cam", &again);
	gy_entry_release(&second);
	gy_entry_release(&entry);
}

static void make_session(uid_t uid)
{
	assert_int_equal(chmod(test_runtime_path(""), 0755), 0);
	assert_int_equal(mkdir(test_runtime_path("session"), 0700), 0);
	assert_int_equal(chown(test_runtime_path("session"), uid, uid), 0);
}

static void with_and_without_a_session_they_meet(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can become another user */
	make_session(test_uid());
	(void)as_user(test_uid(), register_without_a_session);
	remove_tree(shared_path());
}

static void expect_squatted(void)
{
	struct gy_registries all;
	struct gy_registry_entry entry;
	char text[64];

	(void)unsetenv("XDG_RUNTIME_DIR");
	child_assert(gy_entry_create(&entry) == GEYSER_ERROR_PERMISSION);
	child_assert(gy_registries_open(false, &all) == GEYSER_ERROR_PERMISSION);
	child_assert(gy_registries_open(true, &all) == GEYSER_ERROR_PERMISSION);
	child_assert(geyser_registry_directory(text, sizeof(text)) == GEYSER_ERROR_PERMISSION);
	child_assert(geyser_registry_place(2, text, sizeof(text)) == GEYSER_ERROR_PERMISSION);
	child_assert(strcmp(text, shared_path()) == 0);

	/* Processes with a session aren't affected. */
	child_assert(setenv("XDG_RUNTIME_DIR", test_runtime_path("session"), 1) == 0);
	child_assert(gy_entry_create(&entry) == GEYSER_OK);
	child_assert(gy_registries_open(true, &all) == GEYSER_OK && all.count == 1);
	gy_registries_close(&all);
	gy_entry_release(&entry);
}

/* Another user has made the directory in /tmp first. The library uses nothing in it and follows no
 * link. */
static void a_squatted_place_is_refused(void **state)
{
	struct stat status;
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	make_session(test_uid());
	assert_int_equal(mkdir(shared_path(), 0777), 0); /* owned by root */
	(void)as_user(test_uid(), expect_squatted);
	assert_int_equal(chmod(shared_path(), 0777), 0);
	(void)as_user(test_uid(), expect_squatted);
	assert_int_equal(rmdir(shared_path()), 0);

	assert_int_equal(mkdir(shared_path(), 0700), 0); /* accessible to other users */
	assert_int_equal(chown(shared_path(), test_uid(), test_uid()), 0);
	assert_int_equal(chmod(shared_path(), 0755), 0);
	(void)as_user(test_uid(), expect_squatted);
	assert_int_equal(rmdir(shared_path()), 0);

	assert_int_equal(symlink(test_runtime_path("session"), shared_path()), 0);
	(void)as_user(test_uid(), expect_squatted);
	assert_int_equal(unlink(shared_path()), 0);

	fd = open(shared_path(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && close(fd) == 0);
	(void)as_user(test_uid(), expect_squatted);
	assert_int_equal(unlink(shared_path()), 0);
	assert_int_equal(stat(test_runtime_path("session"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

static void register_and_look(void)
{
	struct gy_registries all;
	struct gy_registry_entry entry;
	char text[256];

	child_assert(setenv("XDG_RUNTIME_DIR", test_runtime_path("session"), 1) == 0);
	child_assert(geyser_registry_place(0, text, sizeof(text)) == GEYSER_ERROR_NO_RUNTIME_DIR);
	child_assert(strstr(geyser_error_detail(), "can't be written"));
	child_assert(geyser_registry_directory(text, sizeof(text)) == GEYSER_OK);
	child_assert(strcmp(text, shared_path()) == 0);
	child_assert(gy_registries_open(true, &all) == GEYSER_OK);
	gy_registries_close(&all);
	child_assert(gy_entry_create(&entry) == GEYSER_OK);
	child_assert(strcmp(entry.registry.path, shared_path()) == 0);
	gy_entry_release(&entry);

	/* If this is the only place, the error gives the reason. */
	child_assert(setenv("GEYSER_RUNTIME_DIR", test_runtime_path("session"), 1) == 0);
	child_assert(gy_entry_create(&entry) != GEYSER_OK);
	child_assert(strstr(geyser_error_detail(), "session/geyser"));
}

/* A directory without write permission stands for any place where no file can be made. */
static void a_place_that_cannot_be_written_is_passed_over(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_session(test_uid());
	assert_int_equal(chmod(test_runtime_path("session"), 0500), 0);
	(void)as_user(test_uid(), register_and_look);
	remove_tree(shared_path());
}

/* Runs in a child with its own mount namespace, so that nothing needs to be undone. */
static void expect_read_only_mount(void)
{
	const char *path = test_runtime_path("session");
	struct gy_registries all;
	char text[256];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount(path, path, NULL, MS_BIND, NULL) < 0 ||
		mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0) {
		_exit(NO_MOUNTS);
	}
	child_assert(setgid(test_uid()) == 0 && setuid(test_uid()) == 0);
	register_and_look();

	/* Entries in the read-only directory are still found. */
	child_assert(unsetenv("GEYSER_RUNTIME_DIR") == 0);
	child_assert(setenv("XDG_RUNTIME_DIR", path, 1) == 0);
	child_assert(gy_registries_open(false, &all) == GEYSER_OK);
	child_assert(strncmp(all.all[0].path, path, strlen(path)) == 0);
	gy_registries_close(&all);
	child_assert(geyser_registry_directory(text, sizeof(text)) == GEYSER_OK);
}

static void a_read_only_mount_is_looked_in(void **state)
{
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	make_session(test_uid());
	assert_int_equal(mkdir(test_runtime_path("session/geyser"), 0700), 0);
	assert_int_equal(chown(test_runtime_path("session/geyser"), test_uid(), test_uid()), 0);
	status = as_user(0, expect_read_only_mount);
	remove_tree(shared_path());
	if (status == NO_MOUNTS)
		skip();
}

/* sudo keeps a user's XDG_RUNTIME_DIR. Root must not create anything in it. */
static void root_leaves_a_users_directory_alone(void **state)
{
	char text[256];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(test_runtime_path(""), 12345, 12345), 0);
	assert_fails(GEYSER_ERROR_NO_RUNTIME_DIR, "uid 12345",
		geyser_registry_place(0, text, sizeof(text)));
	assert_string_equal(text, test_runtime_path("geyser"));
	assert_ok(geyser_registry_directory(text, sizeof(text)));
	assert_string_not_equal(text, test_runtime_path("geyser"));
	assert_int_equal(chown(test_runtime_path(""), 0, 0), 0);
}
#endif

/* Makes all places usable. The test's own directory is the first place. */
static int enter(void **state)
{
	int failed = test_runtime_enter(state);

	return failed || setenv("XDG_RUNTIME_DIR", getenv("GEYSER_RUNTIME_DIR"), 1) ||
	       unsetenv("GEYSER_RUNTIME_DIR");
}

#define registry_test(name) cmocka_unit_test_setup_teardown(name, enter, test_runtime_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		registry_test(a_runtime_directory_that_is_no_use),
#ifndef GEYSER_PLATFORM_APPLE
		registry_test(with_and_without_a_session_they_meet),
		registry_test(a_squatted_place_is_refused),
		registry_test(a_place_that_cannot_be_written_is_passed_over),
		registry_test(a_read_only_mount_is_looked_in),
		registry_test(root_leaves_a_users_directory_alone),
#endif
	};

	test_limit(60);
	return test_run("registry places", tests, NULL, NULL);
}
