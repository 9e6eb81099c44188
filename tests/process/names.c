/* Names of streams when their processes end, in every way, and a registry that is removed. */
#include "harness.h"

#include <geyser/stream.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A child that runs no fork handlers gets a sanitizer's locks as they are. */
#if !defined(GEYSER_PLATFORM_APPLE) && !SANITIZED
#define BARE_CLONE
#endif

#define NAME "cam"

static const struct geyser_stream_desc stream = {
	.name = NAME,
	.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 4, .height = 4},
};

static struct geyser_manager *new_manager(void)
{
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_HOST};
	struct geyser_manager *manager;

	return geyser_manager_create(&desc, &manager) == GEYSER_OK ? manager : NULL;
}

/* Returns the pid that a listing says of the stream's publisher; 0 if there is none, -1 after an
 * error. */
static pid_t listed(void)
{
	struct geyser_stream_info *streams;
	pid_t pid = 0;
	size_t count;

	if (geyser_stream_list(&streams, &count) != GEYSER_OK)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strcmp(streams[i].name, NAME) == 0)
			pid = streams[i].pid;
	geyser_stream_list_free(streams);
	return pid;
}

/* ---- killed and started again ---- */

/* Says that it is ready when it publishes. */
static int publish_until_killed(int orders, int reports, void *data)
{
	struct geyser_publisher *publisher;
	struct geyser_manager *manager = new_manager();

	(void)orders;
	(void)data;
	child_check(manager);
	child_check(geyser_publisher_create(manager, &stream, &publisher) == GEYSER_OK);
	child_check(say_ready(reports));
	for (;;)
		(void)pause();
}

static int list_until_killed(void *data)
{
	(void)data;
	for (;;)
		(void)listed();
	return 0;
}

static int watch_until_killed(void *data)
{
	struct geyser_stream_watch *watch = data;

	for (;;)
		(void)geyser_stream_watch_dispatch(watch, 10 * MILLISECOND);
	return 0;
}

/* Starts exporters one after the other, each of which sweeps, and kills them. */
static int sweep_until_killed(void *data)
{
	const struct geyser_texture_desc *desc = data;

	for (;;) {
		pid_t child = fork();

		if (child == 0) {
			struct geyser_manager *manager = new_manager();
			struct geyser_texture *texture;
			struct geyser_handle handle;

			child_check(manager);
			child_check(geyser_texture_create(manager, desc, &texture) == GEYSER_OK);
			child_check(geyser_texture_export(texture, &handle) == GEYSER_OK);
			(void)raise(SIGKILL);
		}
		child_check(waitpid(child, NULL, 0) == child);
	}
}

static void ignore_change(enum geyser_stream_change change, const char *name, void *user)
{
	(void)change;
	(void)name;
	(void)user;
}

static void end_by_force(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The next publisher starts at once, maybe before the killed one is gone. */
static void the_killed_never_block_a_name(void **state)
{
	struct geyser_texture_desc desc = stream.texture;
	struct geyser_stream_watch *watch;
	struct helper killed, next;
	pid_t others[3];

	(void)state;
	ok(geyser_stream_watch_create(ignore_change, NULL, &watch));
	others[0] = start_child(list_until_killed, NULL);
	others[1] = start_child(watch_until_killed, watch);
	others[2] = start_child(sweep_until_killed, &desc);
	for (unsigned i = 0; i < processes(100); i++) {
		if (i > 0)
			assert_int_equal(kill(killed.pid, SIGKILL), 0);
		next = start_helper(publish_until_killed, NULL);
		await_helper(&next);
		if (i > 0)
			kill_helper(&killed);
		killed = next;
	}
	kill_helper(&killed);
	for (unsigned i = 0; i < COUNT_OF(others); i++)
		end_by_force(others[i]);
	geyser_stream_watch_destroy(watch);
}

/* ---- several at once ---- */

/* Takes the name as often as it can, and gives it up in two ways. */
static int contend(void *data)
{
	_Atomic pid_t *owner = data;
	struct geyser_manager *manager = new_manager();

	child_check(manager);
	for (unsigned taken = 0; taken < 10;) {
		struct geyser_publisher *publisher;
		pid_t nobody = 0;
		enum geyser_result result = geyser_publisher_create(manager, &stream, &publisher);

		if (result == GEYSER_ERROR_EXISTS)
			continue;
		child_check(result == GEYSER_OK);
		child_check(atomic_compare_exchange_strong(owner, &nobody, getpid()));
		child_check(listed() == getpid());
		atomic_store(owner, 0);
		if (++taken == 10 && getpid() % 2)
			(void)raise(SIGKILL);
		geyser_publisher_destroy(publisher);
	}
	geyser_manager_destroy(manager);
	return 0;
}

static void a_name_has_one_owner_at_a_time(void **state)
{
	pid_t children[4];
	const int both = PROT_READ | PROT_WRITE;
	_Atomic pid_t *owner;

	(void)state;
	/* cppcheck-suppress invalidFunctionArg; no file: the descriptor is -1 */
	owner = mmap(NULL, sizeof(*owner), both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(owner != MAP_FAILED);
	for (unsigned i = 0; i < COUNT_OF(children); i++)
		children[i] = start_child(contend, owner);
	for (unsigned i = 0; i < COUNT_OF(children); i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	}
	assert_int_equal(munmap(owner, sizeof(*owner)), 0);
	assert_int_equal(listed(), 0);
}

/* ---- children that have run no handlers of fork ---- */

#ifdef BARE_CLONE
/* Whether this thread of ours is "geyser-ipc", and doesn't sleep. */
static bool is_busy(const char *tid)
{
	char path[64], name[17] = "";
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm", tid);
	file = fopen(path, "re");
	if (!file)
		return false; /* it has ended */
	if (fscanf(file, "%16s", name) != 1)
		name[0] = '\0';
	(void)fclose(file);
	return strcmp(name, "geyser-ipc") == 0 && !is_asleep((pid_t)atoi(tid));
}

static bool is_ipc_busy(void)
{
	const struct dirent *entry;
	DIR *tasks = opendir("/proc/self/task");
	bool busy = false;

	assert_non_null(tasks);
	while (!busy && (entry = readdir(tasks)))
		busy = entry->d_name[0] != '.' && is_busy(entry->d_name);
	(void)closedir(tasks);
	return busy;
}

/* A child that has run no handlers of fork keeps each lock that another thread holds at that
 * moment, and would wait for it for ever. "geyser-ipc" holds none while it sleeps. */
static pid_t bare_clone(void)
{
	while (is_ipc_busy())
		(void)poll(NULL, 0, 1);
	return raw_fork();
}

/* The child exits, and so runs the library's destructors. */
static void a_bare_child_takes_nothing_along(void **state)
{
	struct geyser_manager *manager = new_manager();
	struct geyser_publisher *publisher;
	struct geyser_texture *texture, *imported;
	struct geyser_handle handle;
	unsigned entries;
	pid_t child;
	int status;

	(void)state;
	assert_non_null(manager);
	ok(geyser_publisher_create(manager, &stream, &publisher));
	texture = make_texture(manager, GEYSER_FORMAT_R8_UNORM, 4, 4);
	handle = export_texture(texture);
	entries = registry_entries();
	for (unsigned i = 0; i < 2; i++) {
		child = bare_clone();
		if (child == 0) {
			if (i == 1) {
				geyser_publisher_destroy(publisher);
				geyser_texture_unref(texture);
				geyser_manager_destroy(manager);
			}
			exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_int_equal(registry_entries(), entries);
		assert_int_equal(listed(), getpid());
		imported = import_texture(manager, &handle);
		geyser_texture_unref(imported);
	}
	geyser_texture_unref(texture);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

static void publish_one(struct geyser_publisher *publisher)
{
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(publisher, 10 * SECOND, &frame));
	ok(geyser_publisher_submit(publisher, frame));
}

static void take_one(struct geyser_subscriber *subscriber)
{
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(subscriber, 10 * SECOND, &frame));
	ok(geyser_subscriber_release(subscriber, frame));
}

/* A child holds its parent's connections. It must neither end them when it goes, nor hide their end
 * while it lives. */
static void a_bare_child_ends_and_hides_no_stream(void **state)
{
	const struct geyser_subscriber_desc desc = {.name = NAME, .connect_timeout_ns = SECOND};
	struct geyser_manager *manager = new_manager();
	struct geyser_subscriber *subscriber;
	struct geyser_publisher *publisher;
	struct geyser_frame *frame;
	pid_t child;
	int status;

	(void)state;
	assert_non_null(manager);
	ok(geyser_publisher_create(manager, &stream, &publisher));
	ok(geyser_subscriber_create(manager, &desc, &subscriber));
	publish_one(publisher);
	take_one(subscriber);
	child = bare_clone();
	if (child == 0) {
		geyser_subscriber_destroy(subscriber);
		geyser_publisher_destroy(publisher);
		geyser_manager_destroy(manager);
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	publish_one(publisher);
	take_one(subscriber);

	child = bare_clone();
	if (child == 0)
		for (;;)
			(void)pause();
	geyser_publisher_destroy(publisher);
	refused(GEYSER_ERROR_DISCONNECTED, NAME,
		geyser_subscriber_acquire(subscriber, 10 * SECOND, &frame));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
}
#endif

/* ---- a registry that is removed ---- */

static void remove_registry(const char *directory)
{
	char path[64], name[512];
	struct dirent *entry;
	DIR *entries;

	(void)snprintf(path, sizeof(path), "%s/geyser", directory);
	entries = opendir(path);
	assert_non_null(entries);
	while ((entry = readdir(entries))) {
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		(void)unlink(name);
	}
	(void)closedir(entries);
	assert_int_equal(rmdir(path), 0);
}

static void count_change(enum geyser_stream_change change, const char *name, void *user)
{
	unsigned *changes = user;

	assert_string_equal(name, NAME);
	changes[change == GEYSER_STREAM_ADDED]++;
}

static void a_removed_registry_comes_back(void **state)
{
	const struct fixture *fixture = *state;
	struct geyser_manager *manager = new_manager();
	unsigned changes[2] = {0};
	struct geyser_stream_watch *watch;
	struct geyser_subscriber *subscriber;
	struct peer exporter, importer;
	struct helper child;

	assert_non_null(manager);
	child = start_helper(publish_until_killed, NULL);
	await_helper(&child);
	start_exporter(&exporter, "export-texture", "1");
	ok(geyser_stream_watch_create(count_change, changes, &watch));
	ok(geyser_stream_watch_dispatch(watch, 10 * SECOND));
	assert_int_equal(changes[1], 1);

	remove_registry(fixture->directory);
	while (changes[1] < 2)
		ok(geyser_stream_watch_dispatch(watch, 10 * SECOND));
	assert_int_equal(changes[0], 1);
	assert_int_equal(listed(), child.pid);
	ok(geyser_subscriber_create(manager,
		&(struct geyser_subscriber_desc){.name = NAME, .connect_timeout_ns = 10 * SECOND},
		&subscriber));
	geyser_subscriber_destroy(subscriber);
	while (registry_entries() < 3 + 3)
		(void)poll(NULL, 0, 1);
	start_importer(&importer, "import-texture", exporter.text);
	ask(&importer, "compare 1", "ok");
	end_peer(&importer);
	start_importer(&importer, "import-texture", exporter.id);
	end_peer(&importer);
	end_peer(&exporter);
	kill_helper(&child);
	geyser_stream_watch_destroy(watch);
	geyser_manager_destroy(manager);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(the_killed_never_block_a_name),
		registry_test(a_name_has_one_owner_at_a_time),
#ifdef BARE_CLONE
		registry_test(a_bare_child_takes_nothing_along),
		registry_test(a_bare_child_ends_and_hides_no_stream),
#endif
		registry_test(a_removed_registry_comes_back),
	};

	return run_suite(argc, argv, "names", tests, COUNT_OF(tests));
}
