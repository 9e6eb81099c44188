/* What a process shares with itself needs neither a socket in the registry nor anybody who listens
 * there: on iOS it can have neither. */
#include "harness.h"

#include <geyser/stream.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "within"

struct shared {
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct geyser_publisher *publisher;
	struct geyser_handle texture_handle, event_handle;
};

static struct shared share(void)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture.format = GEYSER_FORMAT_RGBA8_UNORM,
		.texture.width = 8,
		.texture.height = 8,
	};
	struct shared shared = {.manager = make_manager()};

	shared.texture = make_texture(shared.manager, GEYSER_FORMAT_RGBA8_UNORM, 16, 8);
	shared.event = make_event(shared.manager, 3);
	assert_true(fill_texture(shared.texture, 5));
	shared.texture_handle = export_texture(shared.texture);
	shared.event_handle = export_event(shared.event);
	ok(geyser_publisher_create(shared.manager, &desc, &shared.publisher));
	return shared;
}

static void end_sharing(struct shared *shared)
{
	geyser_publisher_destroy(shared->publisher);
	geyser_event_unref(shared->event);
	geyser_texture_unref(shared->texture);
	geyser_manager_destroy(shared->manager);
}

/* ---- what works ---- */

static void import_both(struct shared *shared, const struct geyser_handle *texture_handle,
	const struct geyser_handle *event_handle)
{
	struct geyser_texture *texture = import_texture(shared->manager, texture_handle);
	struct geyser_event *event = import_event(shared->manager, event_handle);
	uint64_t value = value_of(shared->event) + 1;

	assert_true(texture_holds(texture, 5));
	ok(geyser_event_signal(shared->event, value));
	ok(geyser_event_wait(event, value, PATIENCE));
	geyser_event_unref(event);
	geyser_texture_unref(texture);
}

static void import_by_id(struct shared *shared)
{
	struct geyser_handle texture, event;

	ok(geyser_handle_from_id(geyser_handle_id(&shared->texture_handle), &texture));
	ok(geyser_handle_from_id(geyser_handle_id(&shared->event_handle), &event));
	assert_memory_equal(&texture, &shared->texture_handle, sizeof(texture));
	import_both(shared, &texture, &event);
}

static void pass_a_frame(struct shared *shared)
{
	const struct geyser_subscriber_desc desc = {.name = NAME};
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;

	ok(geyser_subscriber_create(shared->manager, &desc, &subscriber));
	ok(geyser_publisher_acquire(shared->publisher, PATIENCE, &frame));
	assert_true(fill_texture(geyser_frame_texture(frame), 6));
	ok(geyser_publisher_submit(shared->publisher, frame));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 6));
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
}

static void find_the_stream(struct shared *shared)
{
	const struct geyser_stream_desc again = {
		.name = NAME,
		.texture.format = GEYSER_FORMAT_RGBA8_UNORM,
		.texture.width = 8,
		.texture.height = 8,
	};
	struct geyser_publisher *second;
	struct geyser_stream_info *streams;
	char pid[32];
	size_t count;

	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 1);
	assert_string_equal(streams[0].name, NAME);
	assert_int_equal(streams[0].pid, getpid());
	geyser_stream_list_free(streams);
	(void)snprintf(pid, sizeof(pid), "(pid %d)", getpid());
	refused(GEYSER_ERROR_EXISTS, pid,
		geyser_publisher_create(shared->manager, &again, &second));
}

static void expect_all_within(struct shared *shared)
{
	import_both(shared, &shared->texture_handle, &shared->event_handle);
	import_by_id(shared);
	find_the_stream(shared);
	pass_a_frame(shared);
}

/* ---- without what others need ---- */

static void remove_sockets(const char *runtime_directory)
{
	char path[300];
	DIR *directory;
	struct dirent *entry;
	unsigned removed = 0;

	(void)snprintf(path, sizeof(path), "%s/geyser", runtime_directory);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);

		if (length < 5 || strcmp(entry->d_name + length - 5, ".sock") != 0)
			continue;
		assert_int_equal(unlinkat(dirfd(directory), entry->d_name, 0), 0);
		removed++;
	}
	(void)closedir(directory);
	assert_int_equal(removed, 1);
}

static void without_its_socket(void **state)
{
	const struct fixture *fixture = *state;
	struct shared shared = share();
	char text[GEYSER_HANDLE_TEXT_SIZE];

	remove_sockets(fixture->directory);
	expect_all_within(&shared);
	ok(geyser_handle_to_string(&shared.texture_handle, text, sizeof(text)));
	start_refused("import-texture", text, GEYSER_ERROR_STALE);
	expect_all_within(&shared);
	end_sharing(&shared);
	assert_int_equal(registry_entries(), 0);
}

/* A handle says all. */
static void without_a_registry(void **state)
{
	const struct fixture *fixture = *state;
	struct shared shared = share();

	assert_int_equal(unsetenv("GEYSER_RUNTIME_DIR"), 0);
	import_both(&shared, &shared.texture_handle, &shared.event_handle);
	assert_int_equal(setenv("GEYSER_RUNTIME_DIR", fixture->directory, 1), 0);
	end_sharing(&shared);
	assert_int_equal(registry_entries(), 0);
}

/* ---- where the path is too long for a socket ---- */

static void expect_words(const char *handle_or_id)
{
	struct peer peer;
	struct line line = start_peer(&peer, "import-texture", handle_or_id);

	assert_non_null(strstr(line.text, "GEYSER_ERROR_NO_RUNTIME_DIR"));
	assert_non_null(strstr(line.text, "leave room for"));
	end_peer(&peer);
}

/* In a child: it sees the stream's name, and is told why it can't have it. */
static int subscribe_from_outside(void *data)
{
	const struct geyser_subscriber_desc desc = {
		.name = NAME, .connect_timeout_ns = 10 * SECOND};
	struct geyser_subscriber *subscriber;
	struct geyser_stream_info *streams;
	struct geyser_manager *manager;
	size_t count;

	(void)data;
	child_check(geyser_manager_create(NULL, &manager) == GEYSER_OK);
	child_check(geyser_subscriber_create(manager, &desc, &subscriber) ==
		    GEYSER_ERROR_NO_RUNTIME_DIR);
	child_check(strstr(geyser_error_detail(), "leave room for"));
	child_check(geyser_stream_list(&streams, &count) == GEYSER_OK);
	child_check(count == 1 && strcmp(streams[0].name, NAME) == 0 && streams[0].pid == 0);
	geyser_stream_list_free(streams);
	geyser_manager_destroy(manager);
	return 0;
}

static void make_long_path(const char *directory, char path[256])
{
	size_t base = strlen(directory);

	memset(path, 'p', 200);
	memcpy(path, directory, base);
	path[base] = '/';
	path[200] = '\0';
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(setenv("GEYSER_RUNTIME_DIR", path, 1), 0);
}

static void where_no_socket_has_an_address(void **state)
{
	const struct fixture *fixture = *state;
	char path[256], text[GEYSER_HANDLE_TEXT_SIZE], directory[300];
	struct shared shared;

	make_long_path(fixture->directory, path);
	shared = share();
	expect_all_within(&shared);
	ok(geyser_handle_to_string(&shared.texture_handle, text, sizeof(text)));
#ifdef GEYSER_PLATFORM_APPLE
	assert_int_equal(registry_entries(), 1 + 2 + 1); /* lock, ids, name */
	refused(GEYSER_ERROR_NO_RUNTIME_DIR, "leave room for",
		geyser_registry_directory(directory, sizeof(directory)));
	expect_words(text);
	(void)snprintf(text, sizeof(text), "%u", geyser_handle_id(&shared.texture_handle));
	expect_words(text);
	in_child(subscribe_from_outside, NULL);
	expect_all_within(&shared);
#else
	(void)expect_words;
	(void)subscribe_from_outside;
	ok(geyser_registry_directory(directory, sizeof(directory)));
#endif
	end_sharing(&shared);
	assert_int_equal(registry_entries(), 0);
	(void)snprintf(directory, sizeof(directory), "%s/geyser/.names", path);
	assert_int_equal(unlink(directory), 0);
	*strrchr(directory, '/') = '\0';
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(rmdir(path), 0);
}

static void one_that_listens_nowhere_is_swept(void **state)
{
	const struct fixture *fixture = *state;
	char path[256], directory[300];
	struct shared shared;
	struct peer killed;

	make_long_path(fixture->directory, path);
	start_exporter(&killed, "export-texture", "1");
	kill_peer(&killed);
	assert_in_range(registry_entries(), 2, 3);
	shared = share();
	expect_all_within(&shared);
	end_sharing(&shared);
	assert_int_equal(registry_entries(), 0);
	(void)snprintf(directory, sizeof(directory), "%s/geyser/.names", path);
	assert_int_equal(unlink(directory), 0);
	*strrchr(directory, '/') = '\0';
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(rmdir(path), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(without_its_socket),
		registry_test(without_a_registry),
		registry_test(where_no_socket_has_an_address),
		registry_test(one_that_listens_nowhere_is_swept),
	};

	return run_suite(argc, argv, "within", tests, COUNT_OF(tests));
}
