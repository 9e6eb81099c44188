/*
 * Streams while processes come and go. Child processes publish, subscribe, list, watch and export.
 * The coordinator, this process, kills them with SIGKILL, stops them for a moment, or ends them,
 * and starts them again, all at random.
 *
 *	soak [--seconds N] [--seed N]
 *
 * Every word of every frame is checked twice: when the frame is acquired and before it is released.
 * Each of these is a failure:
 * - a torn frame, or a frame that changes while a subscriber holds it
 * - a publisher that can't start again because its name is taken
 * - a subscriber that gets no frame for PATIENCE while the coordinator runs
 * - a process that ends with a status other than 0, or by a signal that the coordinator
 *   didn't send
 * - a growing number of descriptors or mappings in the two processes that live for the
 *   whole run
 * - entries that are still in the registry after the end
 *
 * The suite runs it for some seconds; "make soak" is the long run.
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/geyser.h>
#include <geyser/stream.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

/* A subscriber that gets no frame for this long was forgotten by its publisher. */
#define PATIENCE (30 * SECOND)

#define WIDTH 64
#define HEIGHT 64
#define STREAMS 3

extern char **environ;

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
	const struct timespec time = {(time_t)(ns / SECOND), (long)(ns % SECOND)};

	(void)nanosleep(&time, NULL);
}

/* xorshift64: the seed of each process decides its sequence. */
static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % bound;
}

static _Noreturn void fail(const char *what)
{
	(void)fprintf(
		stderr, "soak: process %d: %s: %s\n", (int)getpid(), what, geyser_error_detail());
	exit(1);
}

/* ---- the work of the children ---- */

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static struct geyser_manager *make_manager(void)
{
	const struct geyser_manager_desc desc = {
		.backend = GEYSER_BACKEND_HOST, .application = "soak"};
	struct geyser_manager *manager;

	if (geyser_manager_create(&desc, &manager) != GEYSER_OK)
		fail("geyser_manager_create");
	return manager;
}

static void draw(struct geyser_frame *frame, uint32_t value)
{
	struct geyser_mapping map;
	uint32_t *words;

	if (geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_WRITE, &map) != GEYSER_OK)
		fail("mapping a frame to draw it");
	words = map.data;
	for (size_t i = 0; i < WIDTH * HEIGHT; i++)
		words[i] = value;
	geyser_texture_unmap(geyser_frame_texture(frame));
}

static int publish(const char *name)
{
	const struct geyser_stream_desc desc = {
		.name = name,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH, .height = HEIGHT},
		.buffers = 4,
	};
	struct geyser_manager *manager = make_manager();
	struct geyser_publisher *publisher;
	uint32_t value = (uint32_t)getpid() << 16;

	if (geyser_publisher_create(manager, &desc, &publisher) != GEYSER_OK)
		fail("geyser_publisher_create");
	while (!ended) {
		struct geyser_frame *frame;
		enum geyser_result result =
			geyser_publisher_acquire(publisher, SECOND / 10, &frame);

		if (result == GEYSER_ERROR_TIMEOUT)
			continue; /* a stopped subscriber holds a buffer */
		if (result != GEYSER_OK)
			fail("geyser_publisher_acquire");
		draw(frame, ++value);
		if (geyser_publisher_submit(publisher, frame) != GEYSER_OK)
			fail("geyser_publisher_submit");
		sleep_ns(random_below(2000) * UINT64_C(1000));
	}
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	return 0;
}

/* Checks that all words have the same value, and returns this value. */
static uint32_t check(const uint32_t *words)
{
	uint32_t value = words[0];

	for (size_t i = 1; i < WIDTH * HEIGHT; i++) {
		if (words[i] == value)
			continue;
		(void)fprintf(stderr,
			"soak: process %d: word %zu is 0x%08" PRIx32 ": expected 0x%08" PRIx32 "\n",
			(int)getpid(), i, words[i], value);
		exit(1);
	}
	return value;
}

/* Releasing the frame of an evicted subscriber gives GEYSER_ERROR_STALE; the frame must be intact
 * all the same. */
static void read_frame(struct geyser_subscriber *subscriber, struct geyser_frame *frame)
{
	struct geyser_mapping map;
	enum geyser_result result;
	uint32_t value;

	if (geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &map) != GEYSER_OK)
		fail("mapping a frame to read it");
	value = check(map.data);
	if (random_below(16) == 0)
		sleep_ns(random_below(5) * MILLISECOND);
	if (check(map.data) != value)
		fail("a frame has changed while it was held");
	geyser_texture_unmap(geyser_frame_texture(frame));
	result = geyser_subscriber_release(subscriber, frame);
	if (result != GEYSER_OK && result != GEYSER_ERROR_STALE)
		fail("geyser_subscriber_release");
}

static bool is_expected(enum geyser_result result)
{
	return result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_DISCONNECTED ||
	       result == GEYSER_ERROR_STALE;
}

static struct geyser_subscriber *connect_to(
	struct geyser_manager *manager, const char *name, enum geyser_delivery delivery)
{
	const struct geyser_subscriber_desc desc = {
		.name = name, .delivery = delivery, .connect_timeout_ns = SECOND / 5};
	uint64_t give_up = now_ns() + PATIENCE;

	while (!ended) {
		struct geyser_subscriber *subscriber;
		enum geyser_result result = geyser_subscriber_create(manager, &desc, &subscriber);

		if (result == GEYSER_OK)
			return subscriber;
		if (!is_expected(result) || now_ns() > give_up)
			fail("geyser_subscriber_create");
	}
	return NULL;
}

static int subscribe(const char *name, enum geyser_delivery delivery)
{
	struct geyser_manager *manager = make_manager();
	struct geyser_subscriber *subscriber = connect_to(manager, name, delivery);
	uint64_t give_up = now_ns() + PATIENCE;

	while (!ended && subscriber) {
		struct geyser_frame *frame;
		enum geyser_result result =
			geyser_subscriber_acquire(subscriber, SECOND / 10, &frame);

		if (result == GEYSER_OK) {
			read_frame(subscriber, frame);
			give_up = now_ns() + PATIENCE;
		} else if (!is_expected(result)) {
			fail("geyser_subscriber_acquire");
		} else if (now_ns() > give_up) {
			fail("no frame has come for 30 s");
		}
	}
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
	return 0;
}

static int list(void)
{
	while (!ended) {
		struct geyser_stream_info *streams;
		size_t count;

		if (geyser_stream_list(&streams, &count) != GEYSER_OK)
			fail("geyser_stream_list");
		geyser_stream_list_free(streams);
	}
	return 0;
}

static void ignore_change(enum geyser_stream_change change, const char *name, void *user)
{
	(void)change;
	(void)name;
	(void)user;
}

static int watch(void)
{
	struct geyser_stream_watch *streams;

	if (geyser_stream_watch_create(ignore_change, NULL, &streams) != GEYSER_OK)
		fail("geyser_stream_watch_create");
	while (!ended) {
		enum geyser_result result = geyser_stream_watch_dispatch(streams, SECOND / 10);

		if (result != GEYSER_OK && result != GEYSER_ERROR_TIMEOUT)
			fail("geyser_stream_watch_dispatch");
	}
	geyser_stream_watch_destroy(streams);
	return 0;
}

/* Exports, which sweeps the entries of dead processes, and ends without unexporting. */
static int export_and_die(void)
{
	struct geyser_manager *manager = make_manager();

	for (int i = 0; i < 20; i++) {
		struct geyser_event *event;
		struct geyser_handle handle;

		if (geyser_event_create(manager, 0, &event) != GEYSER_OK ||
			geyser_event_export(event, &handle) != GEYSER_OK)
			fail("exporting an event");
	}
	(void)raise(SIGKILL);
	return 1;
}

/* ---- the coordinator ---- */

enum role { PUBLISH, LATEST, EVERY, LIST, WATCH, EXPORT };

struct child {
	enum role role;
	unsigned stream;
	bool lasting; /* never killed; its descriptors and mappings are counted */
	pid_t pid;
	size_t descriptors, mappings; /* their numbers once the process has settled */
};

static const char *const role_names[] = {"publish", "latest", "every", "list", "watch", "export"};

/* The publisher of stream 0 and its first subscriber live for the whole run. */
static struct child children[] = {
	{.role = PUBLISH, .stream = 0, .lasting = true},
	{.role = LATEST, .stream = 0, .lasting = true},
	{.role = EVERY, .stream = 0},
	{.role = PUBLISH, .stream = 1},
	{.role = LATEST, .stream = 1},
	{.role = EVERY, .stream = 1},
	{.role = PUBLISH, .stream = 2},
	{.role = EVERY, .stream = 2},
	{.role = LIST},
	{.role = WATCH},
	{.role = EXPORT},
};

#define CHILDREN (sizeof(children) / sizeof(children[0]))

static const char *program;
static unsigned failures, kills, stops, ends;

static void start(struct child *child)
{
	char stream[16], seed[24];
	char *arguments[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "--role",
		(char *)(uintptr_t)role_names[child->role], stream, seed, NULL};

	(void)snprintf(stream, sizeof(stream), "soak-%u", child->stream);
	(void)snprintf(seed, sizeof(seed), "%" PRIu32, random_below(UINT32_MAX) + 1);
	if (posix_spawn(&child->pid, program, NULL, NULL, arguments, environ) != 0) {
		perror("soak: posix_spawn");
		exit(2);
	}
}

/* Waits for the child's end. `signal` is the one that was sent to the child, or 0. A child that
 * gets SIGTERM before it has a handler ends by that signal. */
static void reap(struct child *child, int signal)
{
	int status = 0;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
	if ((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
		(WIFSIGNALED(status) && signal && WTERMSIG(status) == signal))
		return;
	failures++;
	(void)fprintf(stderr, "soak: %s soak-%u ended with status 0x%x\n", role_names[child->role],
		child->stream, (unsigned)status);
}

static void send(struct child *child, int signal)
{
	(void)kill(child->pid, signal);
}

static void replace(struct child *child, int signal)
{
	send(child, signal);
	reap(child, signal);
	start(child);
}

static void stop_for_a_moment(struct child *child)
{
	send(child, SIGSTOP);
	sleep_ns(random_below(300) * MILLISECOND);
	send(child, SIGCONT);
	stops++;
}

static void disturb(struct child *child)
{
	if (child->role == EXPORT) {
		reap(child, SIGKILL);
		start(child);
	} else if (child->lasting) {
		return;
	} else if (random_below(8) == 0) {
		stop_for_a_moment(child);
	} else if (random_below(4) == 0) {
		replace(child, SIGTERM);
		ends++;
	} else {
		replace(child, SIGKILL);
		kills++;
	}
}

/* A child that has ended by itself has found a failure. */
static void look_for_failures(void)
{
	for (size_t i = 0; i < CHILDREN; i++) {
		siginfo_t info = {.si_pid = 0};

		if (children[i].role == EXPORT ||
			waitid(P_PID, (id_t)children[i].pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
			info.si_pid == 0)
			continue;
		failures++;
		reap(&children[i], 0);
		start(&children[i]);
	}
}

static size_t count_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t lines = 0;
	int byte;

	while (file && (byte = getc(file)) != EOF)
		lines += byte == '\n';
	if (file)
		(void)fclose(file);
	return lines;
}

static size_t count_entries(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	while (directory && (entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	if (directory)
		(void)closedir(directory);
	return count;
}

static void measure(const struct child *child, size_t *descriptors, size_t *mappings)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)child->pid);
	*descriptors = count_entries(path);
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)child->pid);
	*mappings = count_lines(path);
}

/* The growth that is allowed: connections and leases of subscribers, threads and allocator arenas
 * come and go. */
#define SLACK_DESCRIPTORS 16
#define SLACK_MAPPINGS 48

static void settle(void)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (children[i].lasting)
			measure(&children[i], &children[i].descriptors, &children[i].mappings);
}

static void check_growth(void)
{
	for (size_t i = 0; i < CHILDREN; i++) {
		size_t descriptors, mappings;

		if (!children[i].lasting)
			continue;
		measure(&children[i], &descriptors, &mappings);
		(void)printf("soak: %s: descriptors %zu, then %zu; mappings %zu, then %zu\n",
			role_names[children[i].role], children[i].descriptors, descriptors,
			children[i].mappings, mappings);
		if (descriptors > children[i].descriptors + SLACK_DESCRIPTORS ||
			mappings > children[i].mappings + SLACK_MAPPINGS) {
			failures++;
			(void)fprintf(stderr, "soak: %s has grown\n", role_names[children[i].role]);
		}
	}
}

/* The next exporter sweeps the entries of the killed processes, and removes its own at its end. */
static void check_registry(void)
{
	struct geyser_manager *manager = make_manager();
	struct geyser_event *event;
	struct geyser_handle handle;
	char path[4096];
	size_t left;

	if (geyser_event_create(manager, 0, &event) != GEYSER_OK ||
		geyser_event_export(event, &handle) != GEYSER_OK)
		fail("exporting an event");
	geyser_event_unref(event);
	geyser_manager_destroy(manager);
	if (geyser_registry_directory(path, sizeof(path)) != GEYSER_OK)
		fail("geyser_registry_directory");
	left = count_entries(path);
	if (left == 0)
		return;
	failures++;
	(void)fprintf(stderr, "soak: the registry has %zu entries left: expected none\n", left);
}

static void end_all(void)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (children[i].role != EXPORT)
			send(&children[i], SIGTERM);
	for (size_t i = 0; i < CHILDREN; i++)
		reap(&children[i], children[i].role == EXPORT ? SIGKILL : SIGTERM);
}

static int coordinate(uint64_t seconds)
{
	uint64_t begin = now_ns(), finish = begin + seconds * SECOND;
	bool settled = false;

	for (size_t i = 0; i < CHILDREN; i++)
		start(&children[i]);
	while (now_ns() < finish) {
		disturb(&children[random_below(CHILDREN)]);
		look_for_failures();
		sleep_ns(random_below(20) * MILLISECOND);
		if (!settled && now_ns() - begin > (finish - begin) / 4) {
			settle();
			settled = true;
		}
	}
	check_growth();
	end_all();
	check_registry();
	(void)printf("soak: %" PRIu64 " s: %u kills, %u stops, %u ends: %u failures\n", seconds,
		kills, stops, ends, failures);
	return failures > 0;
}

/* ---- the command line ---- */

static int play(const char *role, const char *stream)
{
	struct sigaction action = {.sa_handler = end};

	(void)sigaction(SIGTERM, &action, NULL);
	if (strcmp(role, "publish") == 0)
		return publish(stream);
	if (strcmp(role, "latest") == 0)
		return subscribe(stream, GEYSER_DELIVER_LATEST);
	if (strcmp(role, "every") == 0)
		return subscribe(stream, GEYSER_DELIVER_EVERY);
	if (strcmp(role, "list") == 0)
		return list();
	return strcmp(role, "watch") == 0 ? watch() : export_and_die();
}

int main(int argc, char **argv)
{
	uint64_t seconds = 10;
	char directory[] = "/tmp/geyser-soak-XXXXXX", registry[64];
	int status;

	random_state = UINT64_C(0x9e3779b97f4a7c15);
	if (argc == 5 && strcmp(argv[1], "--role") == 0) {
		random_state ^= strtoull(argv[4], NULL, 10);
		return play(argv[2], argv[3]);
	}
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			random_state ^= strtoull(argv[i + 1], NULL, 10);
	}
	if (seconds == 0 || argc % 2 == 0) {
		(void)fprintf(stderr, "usage: %s [--seconds N] [--seed N]\n", argv[0]);
		return 2;
	}
	program = argv[0];
	if (!mkdtemp(directory) || setenv("GEYSER_RUNTIME_DIR", directory, 1)) {
		perror("soak: a directory for the registry");
		return 2;
	}
	status = coordinate(seconds);
	(void)snprintf(registry, sizeof(registry), "%s/geyser/.names", directory);
	(void)unlink(registry);
	*strrchr(registry, '/') = '\0';
	(void)rmdir(registry);
	(void)rmdir(directory);
	return status;
}
