/* What a process shares with itself needs neither a socket in the registry nor anybody who listens
 * there: on iOS it can have neither. */
#include "harness.h"

#include <geyser/stream.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
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

	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	import_both(&shared, &shared.texture_handle, &shared.event_handle);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", fixture->directory, 1), 0);
	end_sharing(&shared);
	assert_int_equal(registry_entries(), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(without_its_socket),
		registry_test(without_a_registry),
	};

	return run_suite(argc, argv, "within", tests, COUNT_OF(tests));
}
