/* The registry's directory: its owner, the entries that dead processes leave, and the ids in
 * use. */
#include "base/clock.h"
#include "ipc/importer/connect.h"
#include "ipc/importer/request.h"
#include "ipc/lookup/once.h"
#include "ipc/registry/files.h"
#include "ipc/registry/name_lock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef GEYSER_PLATFORM_APPLE
#include <sys/syscall.h>
#include <time.h>
#endif

#include "helper.h"
#include "support.h"

static const char *in_registry(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "geyser/%s", name);
	return test_runtime_path(path);
}

static bool exists(const char *name)
{
	struct stat status;

	return lstat(in_registry(name), &status) == 0;
}

static void make_registry(mode_t mode)
{
	assert_int_equal(mkdir(test_runtime_path("geyser"), 0700), 0);
	assert_int_equal(chmod(test_runtime_path("geyser"), mode), 0);
}

static void make_file(const char *name)
{
	int fd = open(in_registry(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static void make_link(const char *target, const char *name)
{
	assert_int_equal(symlink(target, in_registry(name)), 0);
}

/* Checks that opening the registry, with and without creating it, and asking for its path all give
 * the same error. */
static void assert_registry_refused(enum geyser_result expected, const char *words)
{
	struct gy_registry registry;
	struct gy_registry_entry entry;
	char text[4096];

	assert_fails(expected, words, test_open_registry(false, &registry));
	assert_int_equal(registry.fd, -1);
	assert_fails(expected, words, test_open_registry(true, &registry));
	assert_int_equal(registry.fd, -1);
	assert_fails(expected, words, gy_entry_create(&entry));
	assert_fails(expected, words, geyser_registry_directory(text, sizeof(text)));
}

static void its_name(void **state)
{
	char text[256];
	const char *path = test_runtime_path("geyser");

	(void)state;
	assert_ok(geyser_registry_directory(text, sizeof(text)));
	assert_string_equal(text, path);
	assert_int_equal(access(path, F_OK), -1); /* asking for the path doesn't create it */
	assert_ok(geyser_registry_directory(text, strlen(path) + 1));
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "takes",
		geyser_registry_directory(text, strlen(path)));
	assert_string_equal(text, "");
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, NULL, geyser_registry_directory(NULL, 10));
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, NULL, geyser_registry_directory(text, 0));
}

static void a_missing_registry(void **state)
{
	struct gy_registry registry;
	struct stat status;

	(void)state;
	assert_fails(GEYSER_ERROR_NOT_FOUND, "nothing is exported",
		test_open_registry(false, &registry));
	assert_ok(test_open_registry(true, &registry));
	assert_int_equal(fcntl(registry.fd, F_GETFD), FD_CLOEXEC);
	gy_registry_close(&registry);
	assert_int_equal(registry.fd, -1);
	assert_int_equal(stat(test_runtime_path("geyser"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
}

static void modes_that_let_others_in(void **state)
{
	static const mode_t modes[] = {0777, 0755, 0750, 0701, 0710, 0770, 0500, 0600};

	(void)state;
	make_registry(0700);
	for (size_t i = 0; i < TEST_COUNT(modes); i++) {
		if (geteuid() != 0 && (modes[i] & 0700) != 0700)
			continue; /* without these bits this user can't open it */
		assert_int_equal(chmod(test_runtime_path("geyser"), modes[i]), 0);
		assert_registry_refused(GEYSER_ERROR_PERMISSION, "0700");
	}
}

static void another_users_directory(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give a directory to another user */
	make_registry(0700);
	assert_int_equal(chown(test_runtime_path("geyser"), 12345, 12345), 0);
	assert_registry_refused(GEYSER_ERROR_PERMISSION, "uid 12345");
}

static void things_that_are_no_directory(void **state)
{
	int fd = open(test_runtime_path("geyser"), O_RDWR | O_CREAT | O_CLOEXEC, 0700);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_registry_refused(GEYSER_ERROR_PERMISSION, "no directory");
	assert_int_equal(unlink(test_runtime_path("geyser")), 0);
	assert_int_equal(mkfifo(test_runtime_path("geyser"), 0700), 0);
	assert_registry_refused(GEYSER_ERROR_PERMISSION, "no directory");
	assert_int_equal(unlink(test_runtime_path("geyser")), 0);
	/* A link to a valid directory is refused, too: its owner could point it elsewhere later. */
	assert_int_equal(mkdir(test_runtime_path("real"), 0700), 0);
	assert_int_equal(symlink("real", test_runtime_path("geyser")), 0);
	assert_registry_refused(GEYSER_ERROR_PERMISSION, "no directory");
	assert_int_equal(unlink(test_runtime_path("geyser")), 0);
	assert_int_equal(symlink("nowhere", test_runtime_path("geyser")), 0);
	assert_registry_refused(GEYSER_ERROR_PERMISSION, "no directory");
}

static void an_entry_comes_and_goes(void **state)
{
	size_t fds = test_fd_count(getpid());
	struct gy_registry_entry entry;
	struct stat status;
	char name[64];

	(void)state;
	assert_ok(gy_entry_create(&entry));
	assert_int_equal(test_registry_entries(), 2);
	(void)snprintf(name, sizeof(name), "%016" PRIx64 ".sock", entry.instance);
	assert_int_equal(lstat(in_registry(name), &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0600);
	(void)snprintf(name, sizeof(name), "%016" PRIx64 ".lock", entry.instance);
	assert_int_equal(lstat(in_registry(name), &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0600);
	gy_entry_release(&entry);
	assert_int_equal(test_registry_entries(), 0);
	assert_int_equal(test_fd_count(getpid()), fds);
}

static void connecting(void **state)
{
	struct gy_registry_entry entry;
	struct gy_registry registry;
	pid_t pid = 0;
	int fd;

	(void)state;
	assert_ok(gy_entry_create(&entry));
	assert_ok(test_open_registry(false, &registry));
	assert_ok(gy_registry_connect(&registry, entry.instance, GY_NEVER, &fd, &pid));
	assert_int_equal(pid, getpid());
	assert_int_equal(close(fd), 0);
	assert_fails(GEYSER_ERROR_STALE, "is gone",
		gy_registry_connect(&registry, entry.instance + 1, GY_NEVER, &fd, &pid));
	assert_int_equal(fd, -1);
	gy_entry_release(&entry);
	assert_fails(GEYSER_ERROR_STALE, "is gone",
		gy_registry_connect(&registry, entry.instance, GY_NEVER, &fd, &pid));
	gy_registry_close(&registry);
}

/* The path doesn't fit into a socket's address. On Linux the exporter works all the same; elsewhere
 * it doesn't listen. */
static void a_long_path(void **state)
{
	char path[256];
	struct gy_registry_entry entry;
	pid_t pid;
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s", test_runtime_path(""));
	memset(path + strlen(path), 'x', 150);
	path[200] = '\0';
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(setenv("GEYSER_RUNTIME_DIR", path, 1), 0);
#ifdef GEYSER_PLATFORM_APPLE
	assert_ok(gy_entry_create(&entry));
	assert_int_equal(entry.socket, -1);
	assert_fails(GEYSER_ERROR_NO_RUNTIME_DIR, "leave room for",
		gy_registry_connect(&entry.registry, entry.instance, GY_NEVER, &fd, &pid));
	assert_int_equal(fd, -1);
#else
	assert_ok(gy_entry_create(&entry));
	assert_ok(gy_registry_connect(&entry.registry, entry.instance, GY_NEVER, &fd, &pid));
	assert_int_equal(close(fd), 0);
#endif
	gy_entry_release(&entry);
}

/* One of the exporters has died: its descriptors are closed, but its entries are still there. */
static void the_dead_are_swept_and_the_living_not(void **state)
{
	struct gy_registry_entry living, dead, next;
	uint32_t living_id, dead_ids[20];
	uint64_t instance;

	(void)state;
	assert_ok(gy_entry_create(&living));
	assert_ok(gy_entry_add_id(&living, &living_id));
	assert_ok(gy_entry_create(&dead));
	for (size_t i = 0; i < TEST_COUNT(dead_ids); i++)
		assert_ok(gy_entry_add_id(&dead, &dead_ids[i]));
	assert_int_equal(test_registry_entries(), 2 + 1 + 2 + 20);
	gy_entry_abandon(&dead);
	assert_int_equal(test_registry_entries(), 2 + 1 + 2 + 20);

	assert_ok(gy_entry_create(&next));
	assert_int_equal(test_registry_entries(), 2 + 1 + 2);
	assert_ok(gy_registry_find_id(&next.registry, living_id, &instance));
	assert_true(instance == living.instance);
	for (size_t i = 0; i < TEST_COUNT(dead_ids); i++)
		assert_fails(GEYSER_ERROR_NOT_FOUND, "nothing is exported",
			gy_registry_find_id(&next.registry, dead_ids[i], &instance));
	gy_entry_remove_id(&living, living_id);
	gy_entry_release(&living);
	gy_entry_release(&next);
	assert_int_equal(test_registry_entries(), 0);
}

static void a_lock_held_elsewhere_is_respected(void **state)
{
	struct gy_registry_entry entry;
	int fd;

	(void)state;
	make_registry(0700);
	make_file("00000000000000ab.lock");
	make_file("00000000000000ab.sock");
	make_link("00000000000000ab.sock", "id-00000001");
	fd = open(in_registry("00000000000000ab.lock"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_ok(gy_entry_create(&entry));
	gy_entry_release(&entry);
	assert_int_equal(test_registry_entries(), 3);
	assert_int_equal(close(fd), 0);
	assert_ok(gy_entry_create(&entry));
	gy_entry_release(&entry);
	assert_int_equal(test_registry_entries(), 0);
}

/* None of these files belongs to a dead exporter. A sweep leaves them alone and doesn't hang on
 * them. */
static void names_that_are_not_ours_are_left(void **state)
{
	static const char *const files[] = {".lock", "junk.lock", "00000000000000ab", "README",
		"00000000000000ab.lock.lock", "00000000000000ab.sock", "0x000000000000ab.locks",
		"id-00000002", "id-"};
	struct gy_registry_entry entry;

	(void)state;
	make_registry(0700);
	for (size_t i = 0; i < TEST_COUNT(files); i++)
		make_file(files[i]);
	make_link("00000000000000ab.sock", "id-00000003");
	make_link("/etc/hostname", "0000000000000001.lock");
	assert_int_equal(mkfifo(in_registry("fifo"), 0600), 0);
	assert_ok(gy_entry_create(&entry));
	gy_entry_release(&entry);
	assert_int_equal(test_registry_entries(), TEST_COUNT(files) + 3);
	assert_int_equal(access("/etc/hostname", F_OK), 0);
}

/* Sixteen characters that aren't a hexadecimal number must not be read as one: strtoull reads
 * "junk" as 0. */
static void lock_names_that_are_no_number(void **state)
{
	static const char *const locks[] = {"thisisnotanumber.lock", "0x00000000000000.lock",
		"-000000000000001.lock", " 00000000000000a.lock", "000000000000000G.lock",
		"00000000000000AB.lock"};
	struct gy_registry_entry entry;

	(void)state;
	make_registry(0700);
	for (size_t i = 0; i < TEST_COUNT(locks); i++)
		make_file(locks[i]);
	make_link("0000000000000000.sock", "id-00000001");
	make_link("00000000000000ab.sock", "id-00000002");
	assert_ok(gy_entry_create(&entry));
	gy_entry_release(&entry);
	for (size_t i = 0; i < TEST_COUNT(locks); i++)
		assert_true(exists(locks[i]));
	assert_true(exists("id-00000001"));
	assert_true(exists("id-00000002"));
}

static void junk_links_name_nothing(void **state)
{
	static const char *const targets[] = {"x", "0123456789abcdef", "0123456789abcdef.lock",
		"0123456789abcdef.sock.", "g123456789abcdef.sock", "/0123456789abcde.sock",
		"-123456789abcdef.sock", "+123456789abcdef.sock", " 123456789abcdef.sock",
		"0x23456789abcdef.sock", "../0000000000000.sock", "0123456789ABCDEF.sock"};
	struct gy_registry registry;
	uint64_t instance;

	(void)state;
	make_registry(0700);
	assert_ok(test_open_registry(false, &registry));
	for (size_t i = 0; i < TEST_COUNT(targets); i++) {
		make_link(targets[i], "id-0000002a");
		assert_fails(GEYSER_ERROR_NOT_FOUND, "0x0000002a",
			gy_registry_find_id(&registry, 42, &instance));
		assert_int_equal(unlink(in_registry("id-0000002a")), 0);
	}
	make_file("id-0000002a");
	assert_fails(GEYSER_ERROR_NOT_FOUND, NULL, gy_registry_find_id(&registry, 42, &instance));
	assert_int_equal(unlink(in_registry("id-0000002a")), 0);
	make_link("0123456789abcdef.sock", "id-0000002a");
	assert_ok(gy_registry_find_id(&registry, 42, &instance));
	assert_true(instance == UINT64_C(0x0123456789abcdef));
	gy_registry_close(&registry);
}

static void every_id_is_given_once(void **state)
{
	static uint32_t ids[2000];
	struct gy_registry_entry entries[2];
	uint64_t instance;

	(void)state;
	assert_ok(gy_entry_create(&entries[0]));
	assert_ok(gy_entry_create(&entries[1]));
	for (size_t i = 0; i < TEST_COUNT(ids); i++) {
		assert_ok(gy_entry_add_id(&entries[i % 2], &ids[i]));
		assert_int_not_equal(ids[i], 0);
	}
	/* There are as many names as ids, so that no two ids are the same. */
	assert_int_equal(test_registry_entries(), TEST_COUNT(ids) + 4);
	for (size_t i = 0; i < TEST_COUNT(ids); i++) {
		assert_ok(gy_registry_find_id(&entries[0].registry, ids[i], &instance));
		assert_true(instance == entries[i % 2].instance);
		gy_entry_remove_id(&entries[i % 2], ids[i]);
	}
	gy_entry_release(&entries[0]);
	gy_entry_release(&entries[1]);
	assert_int_equal(test_registry_entries(), 0);
}

/* ---- a registry that is removed while an exporter lives ---- */

static void remove_registry(const struct gy_registry_entry *entry)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%016" PRIx64 ".sock", entry->instance);
	(void)unlink(in_registry(name));
	(void)snprintf(name, sizeof(name), "%016" PRIx64 ".lock", entry->instance);
	(void)unlink(in_registry(name));
	(void)unlink(in_registry(".names"));
	(void)unlink(in_registry("stream-cam"));
	assert_int_equal(rmdir(test_runtime_path("geyser")), 0);
}

static void a_removed_registry_is_made_again(void **state)
{
	size_t fds = test_fd_count(getpid());
	struct gy_name_lock lock, other_lock;
	struct gy_registry_entry entry, other;
	uint64_t holder, instance;
	int socket;
	pid_t pid;

	(void)state;
	assert_ok(gy_entry_create(&entry));
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	instance = entry.instance;
	assert_true(gy_entry_is_intact(&entry));
	remove_registry(&entry);
	assert_false(gy_entry_is_intact(&entry));
	assert_ok(gy_entry_renew(&entry));
	assert_true(entry.instance == instance);
	assert_true(gy_entry_is_intact(&entry));
	gy_entry_keep_name(&entry, "cam", &lock);
	assert_ok(gy_registries_find_name("cam", &holder));
	assert_true(holder == instance);
	assert_ok(gy_registry_connect(NULL, instance, GY_NEVER, &socket, &pid));
	assert_int_equal(close(socket), 0);

	/* Meanwhile another process takes the name. */
	remove_registry(&entry);
	assert_ok(gy_entry_create(&other));
	assert_ok(gy_entry_add_name(&other, "cam", &other_lock, &holder));
	assert_false(gy_entry_is_intact(&entry));
	assert_ok(gy_entry_renew(&entry));
	gy_entry_keep_name(&entry, "cam", &lock);
	assert_ok(gy_registries_find_name("cam", &holder));
	assert_true(holder == other.instance);
	gy_entry_remove_name(&other, "cam", &other_lock);
	gy_entry_release(&other);
	gy_entry_keep_name(&entry, "cam", &lock);
	assert_ok(gy_registries_find_name("cam", &holder));
	assert_true(holder == instance);
	gy_entry_remove_name(&entry, "cam", &lock);
	gy_entry_release(&entry);
	assert_int_equal(test_registry_entries(), 0);
	assert_int_equal(test_fd_count(getpid()), fds);
}

/* ---- many entries of dead processes ---- */

/* Each piece of the sweep takes a moment. After the last one no entry is left. */
static void a_large_sweep_is_done_in_pieces(void **state)
{
	struct gy_registry_entry dead[5], next;
	uint32_t id;
	bool more = true;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(dead); i++) {
		assert_ok(gy_entry_create(&dead[i]));
		for (unsigned j = 0; j < 1000; j++)
			assert_ok(gy_entry_add_id(&dead[i], &id));
	}
	for (size_t i = 0; i < TEST_COUNT(dead); i++)
		gy_entry_abandon(&dead[i]);
	assert_ok(gy_entry_create(&next));
	for (unsigned pieces = 0; more && pieces < 1000; pieces++)
		more = gy_entry_sweep(&next, 0);
	assert_false(more);
	assert_int_equal(test_registry_entries(), 2);
	gy_entry_release(&next);
}

#ifndef GEYSER_PLATFORM_APPLE
struct family {
	uint64_t exporter; /* the parent's instance */
	pid_t child;
};

/* Registers an exporter with the name "cam", and makes a child that runs no fork handlers. Both
 * processes stay. */
static int export_with_bare_child(int orders, int reports, void *data)
{
	struct gy_name_lock lock;
	struct gy_registry_entry entry;
	struct family family;
	uint64_t holder;

	(void)orders;
	(void)data;
	if (gy_entry_create(&entry) != GEYSER_OK ||
		gy_entry_add_name(&entry, "cam", &lock, &holder) != GEYSER_OK)
		return 1;
	family.exporter = entry.instance;
	family.child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0L);
	if (family.child != 0 && write(reports, &family, sizeof(family)) != sizeof(family))
		return 2;
	(void)alarm(60);
	for (;;)
		(void)pause();
}
#endif

/* A child that was made without running the fork handlers keeps its parent's descriptors. The locks
 * and the listening socket that it holds must not make the parent look alive. */
static void a_child_that_ran_no_handlers_keeps_nothing(void **state)
{
#ifndef GEYSER_PLATFORM_APPLE
	struct gy_name_lock lock;
	struct gy_registry_entry entry;
	struct gy_message answer;
	struct family family;
	struct helper parent;
	uint64_t holder;
	int socket, fd;
	pid_t pid;

	(void)state;
	parent = start_helper(export_with_bare_child, NULL);
	hear_helper(&parent, &family, sizeof(family));
	kill_helper(&parent);
	assert_int_equal(kill(family.child, 0), 0); /* the child is alive */
	assert_fails(GEYSER_ERROR_STALE, "is gone",
		gy_lookup_connect(NULL, family.exporter, GY_NEVER, &socket));
	/* An import checks whether the exporter is alive only when the answer is late. */
	assert_ok(gy_registry_connect(NULL, family.exporter, GY_NEVER, &socket, &pid));
	assert_fails(GEYSER_ERROR_STALE, "is gone",
		gy_request_await(socket, 0, GY_NEVER, -1, &answer, &fd));
	assert_int_equal(close(socket), 0);
	assert_ok(gy_entry_create(&entry));
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	gy_entry_remove_name(&entry, "cam", &lock);
	gy_entry_release(&entry);
	assert_int_equal(kill(family.child, SIGKILL), 0);
#else
	(void)state;
	skip();
#endif
}

#ifndef GEYSER_PLATFORM_APPLE
struct wait_for_answer {
	int socket;
	enum geyser_result result;
};

static void *await_answer(void *data)
{
	struct wait_for_answer *wait = data;
	struct gy_message answer;
	int fd;

	wait->result = gy_request_await(wait->socket, 0, GY_NEVER, -1, &answer, &fd);
	return NULL;
}
#endif

/* An exporter that dies while an importer has waited for some time already. The pause lets the
 * importer's first look at the exporter pass; without it the test holds, too. */
static void a_late_death_ends_a_wait(void **state)
{
#ifndef GEYSER_PLATFORM_APPLE
	const struct timespec pause = {.tv_nsec = 60 * 1000 * 1000};
	struct wait_for_answer wait;
	struct family family;
	struct helper parent;
	pthread_t thread;
	pid_t pid;

	(void)state;
	parent = start_helper(export_with_bare_child, NULL);
	hear_helper(&parent, &family, sizeof(family));
	assert_ok(gy_registry_connect(NULL, family.exporter, GY_NEVER, &wait.socket, &pid));
	assert_int_equal(pthread_create(&thread, NULL, await_answer, &wait), 0);
	(void)nanosleep(&pause, NULL);
	kill_helper(&parent);
	assert_int_equal(kill(family.child, 0), 0); /* the child is alive */
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(wait.result, GEYSER_ERROR_STALE);
	assert_int_equal(close(wait.socket), 0);
	assert_int_equal(kill(family.child, SIGKILL), 0);
#else
	(void)state;
	skip();
#endif
}

/* Another process of the user has put something else in the place of the file of locks. */
static void locks_in_no_regular_file(void **state)
{
	struct gy_registry_entry entry;
	struct gy_name_lock lock = {.hold = GY_NO_HOLD};
	struct gy_registry registry;
	uint64_t holder;

	(void)state;
	assert_ok(gy_entry_create(&entry));
	assert_ok(test_open_registry(false, &registry));
	assert_int_equal(mkfifo(test_runtime_path("geyser/" GY_NAMES_FILE), 0600), 0);
	assert_fails(GEYSER_ERROR_SYSTEM, "no regular file",
		gy_entry_add_name(&entry, "cam", &lock, &holder));
	gy_entry_keep_name(&entry, "cam", &lock);
	gy_name_sweep(&registry, "stream-cam");
	assert_int_equal(unlinkat(registry.fd, GY_NAMES_FILE, 0), 0);
	assert_ok(gy_entry_add_name(&entry, "cam", &lock, &holder));
	gy_entry_remove_name(&entry, "cam", &lock);
	gy_registry_close(&registry);
	gy_entry_release(&entry);
}

#define registry_test(name) \
	cmocka_unit_test_setup_teardown(name, test_runtime_enter, test_runtime_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		registry_test(its_name),
		registry_test(a_missing_registry),
		registry_test(modes_that_let_others_in),
		registry_test(another_users_directory),
		registry_test(things_that_are_no_directory),
		registry_test(an_entry_comes_and_goes),
		registry_test(connecting),
		registry_test(a_long_path),
		registry_test(the_dead_are_swept_and_the_living_not),
		registry_test(a_lock_held_elsewhere_is_respected),
		registry_test(names_that_are_not_ours_are_left),
		registry_test(lock_names_that_are_no_number),
		registry_test(junk_links_name_nothing),
		registry_test(every_id_is_given_once),
		registry_test(a_removed_registry_is_made_again),
		registry_test(a_large_sweep_is_done_in_pieces),
		registry_test(a_child_that_ran_no_handlers_keeps_nothing),
		registry_test(a_late_death_ends_a_wait),
		registry_test(locks_in_no_regular_file),
	};

	test_limit(60);
	return test_run("registry", tests, NULL, NULL);
}
