/* A full table of file descriptors: in the importer, in the exporter, at every step. */
#include "harness.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* More descriptors than any call here needs at once. */
#define PLENTY 16

/* A driver may keep a descriptor for itself. */
static unsigned of_a_driver(void)
{
	return on_a_device() ? 1 : 0;
}

/* Metal's surfaces have no descriptors: there the tests use textures in host memory. */
static const char *texture_exporter(void)
{
	return on_metal() ? "export-memory" : "export-texture";
}

/* The number of descriptors behind one that the library makes readable: an eventfd, or both ends of
 * a pipe. */
#ifdef GEYSER_PLATFORM_APPLE
#define WAKEUP_FDS 2
#else
#define WAKEUP_FDS 1
#endif

/* Tries the call with 0, 1, 2 … free descriptors until it works. Each failure must be LIMIT and
 * cost no descriptor. Returns how many the call needs. */
static unsigned try_with_few(enum geyser_result (*attempt)(void *data), void *data, unsigned kept)
{
	for (unsigned count = 0; count < PLENTY; count++) {
		unsigned before = fd_count();
		enum geyser_result result;
		struct rlimit limit;

		taint_detail();
		assert_true(set_free_fds(count, &limit));
		result = attempt(data);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		if (result == GEYSER_OK) {
			assert_in_range(fd_count(), before, before + kept + of_a_driver());
			return count;
		}
		expect_refusal(
			result, GEYSER_ERROR_LIMIT, "", "with few descriptors", __FILE__, __LINE__);
		/* a texture keeps what its driver gave for sharing */
		assert_in_range(fd_count(), before, before + of_a_driver());
	}
	fail_msg("it never works");
	return PLENTY;
}

struct attempt {
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct geyser_handle handle;
	int fd;
};

static enum geyser_result create_texture(void *data)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM,
		.width = 4,
		.height = 4,
		.usage = on_metal() ? GEYSER_USAGE_HOST_MEMORY : 0,
	};
	struct attempt *it = data;

	return geyser_texture_create(it->manager, &desc, &it->texture);
}

static enum geyser_result create_event(void *data)
{
	struct attempt *it = data;

	return geyser_event_create(it->manager, 0, &it->event);
}

static enum geyser_result export_it(void *data)
{
	struct attempt *it = data;

	return it->texture ? geyser_texture_export(it->texture, &it->handle)
			   : geyser_event_export(it->event, &it->handle);
}

static enum geyser_result import_the_texture(void *data)
{
	struct attempt *it = data;

	return geyser_texture_import(it->manager, &it->handle, NULL, &it->texture);
}

static enum geyser_result import_the_event(void *data)
{
	struct attempt *it = data;

	return geyser_event_import(it->manager, &it->handle, &it->event);
}

static enum geyser_result look_up(void *data)
{
	struct attempt *it = data;
	struct geyser_handle found;

	return geyser_handle_from_id(geyser_handle_id(&it->handle), &found);
}

static enum geyser_result get_event_fd(void *data)
{
	struct attempt *it = data;

	return geyser_event_fd(it->event, 5, &it->fd);
}

static enum geyser_result get_importers_fd(void *data)
{
	struct attempt *it = data;

	return geyser_texture_importers_fd(it->texture, &it->fd);
}

static enum geyser_result give_native(void *data)
{
	struct attempt *it = data;
	struct geyser_native_texture native;
	enum geyser_result result = geyser_texture_export_native(it->texture, &native);

	it->fd = native.fd;
	return result;
}

static void creating_with_a_full_table(void **state)
{
	struct attempt it = {.manager = manager_of(state)};

	assert_in_range(try_with_few(create_texture, &it, 1), 1, 4);
	assert_in_range(try_with_few(create_event, &it, 1), 1, 4);
	geyser_event_unref(it.event);
	geyser_texture_unref(it.texture);
}

static void exporting_with_a_full_table(void **state)
{
	struct attempt it = {.manager = manager_of(state)};

	assert_in_range(try_with_few(create_texture, &it, 1), 1, 4);
	assert_in_range(try_with_few(export_it, &it, PLENTY), 1, PLENTY);
	assert_int_equal(try_with_few(export_it, &it, 0), 0); /* the second export needs none */
	assert_in_range(try_with_few(get_importers_fd, &it, 1 + WAKEUP_FDS), 1, 4);
	(void)close(it.fd);
	assert_in_range(try_with_few(give_native, &it, 1), 1, 4);
	/* cppcheck-suppress doubleFree; another one, given by the line above */
	(void)close(it.fd);
	geyser_texture_unref(import_texture(it.manager, &it.handle));
	geyser_texture_unref(it.texture);
}

/* As docs/limits.md says: each texture and each event costs one descriptor, exported or not, and
 * also in an importer. The semaphore of a GPU's event costs another one. */
static void what_objects_cost(void **state)
{
	enum { COUNT = 8 };
	const unsigned events = on_a_device() ? 2 * COUNT : COUNT;
	struct attempt first = {.manager = manager_of(state)}, all[COUNT], imported[COUNT];
	struct peer exporter;
	unsigned before;

	ok(create_texture(&first));
	ok(export_it(&first)); /* the first export starts the exporter */
	before = fd_count();
	for (size_t i = 0; i < COUNT; i++) {
		all[i] = (struct attempt){.manager = first.manager};
		ok(create_texture(&all[i]));
		ok(export_it(&all[i]));
	}
	assert_int_equal(fd_count(), before + COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		all[i].event = make_event(first.manager, 0);
		ok(geyser_event_export(all[i].event, &all[i].handle));
	}
	assert_in_range(fd_count(), before + 2 * COUNT, before + COUNT + events);
	for (size_t i = 0; i < COUNT; i++) {
		geyser_event_unref(all[i].event);
		geyser_texture_unref(all[i].texture);
	}
	assert_int_equal(fd_count(), before);
	start_exporter(&exporter, texture_exporter(), "1");
	before = fd_count();
	for (size_t i = 0; i < COUNT; i++) {
		imported[i] =
			(struct attempt){.manager = first.manager, .handle = handle_of(&exporter)};
		ok(import_the_texture(&imported[i]));
	}
	assert_int_equal(fd_count(), before + COUNT + 1); /* and the connection */
	for (size_t i = 0; i < COUNT; i++)
		geyser_texture_unref(imported[i].texture);
	assert_int_equal(fd_count(), before);
	end_peer(&exporter);
	geyser_texture_unref(first.texture);
}

static void event_descriptors_with_a_full_table(void **state)
{
	struct attempt it = {
		.manager = manager_of(state), .event = make_event(manager_of(state), 0)};

	assert_in_range(try_with_few(get_event_fd, &it, 1 + WAKEUP_FDS), 1, 4);
	ok(geyser_event_signal(it.event, 5));
	assert_true(readable(it.fd, PATIENCE));
	(void)close(it.fd);
	geyser_event_unref(it.event);
}

static void importing_a_texture_with_a_full_table(void **state)
{
	struct attempt it = {.manager = manager_of(state)};
	struct geyser_texture *first;
	struct peer exporter;

	start_exporter(&exporter, texture_exporter(), "1");
	it.handle = handle_of(&exporter);
	assert_in_range(try_with_few(import_the_texture, &it, PLENTY), 2, PLENTY);
	assert_true(texture_holds(it.texture, 1));
	first = it.texture;
	/* again, over the same connection, or over a new one if the old one has lost an answer */
	assert_in_range(try_with_few(import_the_texture, &it, 2), 1, 4);
	assert_true(texture_holds(it.texture, 1));
	assert_in_range(try_with_few(look_up, &it, 0), 1, 4);
	geyser_texture_unref(it.texture);
	geyser_texture_unref(first);
	end_peer(&exporter);
}

static void importing_an_event_with_a_full_table(void **state)
{
	struct attempt it = {.manager = manager_of(state)};
	struct peer exporter;

	start_exporter(&exporter, "create-event", "3");
	it.handle = handle_of(&exporter);
	assert_in_range(try_with_few(import_the_event, &it, PLENTY), 2, PLENTY);
	ok(geyser_event_wait(it.event, 3, 0));
	ask(&exporter, "signal 4", "ok");
	ok(geyser_event_wait(it.event, 4, PATIENCE));
	end_peer(&exporter);
	refused(GEYSER_ERROR_DISCONNECTED, "ended", geyser_event_wait(it.event, 5, PATIENCE));
	geyser_event_unref(it.event);
}

/* The exporter has no descriptor left for a connection: it tells the importer, which may try again
 * later. */
static void an_exporter_with_a_full_table(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = (struct geyser_texture *)state;
	struct geyser_handle handle, found;
	struct line before, after;
	struct peer exporter;

	start_exporter(&exporter, texture_exporter(), "1");
	handle = handle_of(&exporter);
	tell(&exporter, "fds");
	before = hear(&exporter);
	ask(&exporter, "limit 0", "ok");
	for (unsigned i = 0; i < 50; i++) {
		refused(GEYSER_ERROR_LIMIT, "no free file descriptor",
			geyser_texture_import(manager, &handle, NULL, &texture));
		assert_null(texture);
		refused(GEYSER_ERROR_LIMIT, "no free file descriptor",
			geyser_handle_from_id(geyser_handle_id(&handle), &found));
	}
	tell(&exporter, "fds");
	after = hear(&exporter);
	assert_string_equal(before.text, after.text);
	ask(&exporter, "unlimit", "ok");
	ok(geyser_texture_import(manager, &handle, NULL, &texture));
	assert_true(texture_holds(texture, 1));
	geyser_texture_unref(texture);
	end_peer(&exporter);
}

/* An open connection goes on when the exporter has no free descriptor, and the importer has two. */
static void an_exporter_with_a_full_table_serves_who_is_connected(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *first, *second;
	struct geyser_handle handle;
	struct peer exporter;

	start_exporter(&exporter, texture_exporter(), "1");
	handle = handle_of(&exporter);
	first = import_texture(manager, &handle);
	ask(&exporter, "limit 0", "ok");
	second = import_texture(manager, &handle);
	assert_true(texture_holds(second, 1));
	geyser_texture_unref(second);
	geyser_texture_unref(first);
	ask(&exporter, "unlimit", "ok");
	end_peer(&exporter);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(creating_with_a_full_table),
		manager_test(exporting_with_a_full_table),
		manager_test(what_objects_cost),
		manager_test(event_descriptors_with_a_full_table),
		manager_test(importing_a_texture_with_a_full_table),
		manager_test(importing_an_event_with_a_full_table),
		manager_test(an_exporter_with_a_full_table),
		manager_test(an_exporter_with_a_full_table_serves_who_is_connected),
	};

	return run_suite(argc, argv, "limits", tests, COUNT_OF(tests));
}
