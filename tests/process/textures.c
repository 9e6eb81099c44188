/* Textures between processes that share nothing but a line of text. */
#include "harness.h"

#include <stdio.h>
#include <unistd.h>

/* One writes, the other reads, both ways. */
static void write_and_read(struct peer *exporter, struct peer *importer)
{
	ask(importer, "compare 1", "ok");
	ask(exporter, "fill 2", "ok");
	ask(importer, "compare 2", "ok");
	ask(importer, "compare 1", "bad");
	ask(importer, "fill 3", "ok");
	ask(exporter, "compare 3", "ok");
}

static void a_texture_is_found_by_its_text(void **state)
{
	struct peer exporter, importer;

	(void)state;
	start_exporter(&exporter, "export-texture", "1");
	start_importer(&importer, "import-texture", exporter.text);
	write_and_read(&exporter, &importer);
	end_peer(&importer);
	end_peer(&exporter);
	assert_int_equal(registry_entries(), 0);
}

static void a_texture_is_found_by_its_id(void **state)
{
	struct peer exporter, importer;

	(void)state;
	start_exporter(&exporter, "export-texture", "1");
	start_importer(&importer, "import-texture", exporter.id);
	write_and_read(&exporter, &importer);
	end_peer(&exporter);
	end_peer(&importer);
	assert_int_equal(registry_entries(), 0);
}

static void the_descriptor_comes_along(void **state)
{
	const struct geyser_texture_desc *desc;
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct peer exporter;

	start_exporter(&exporter, "export-texture", "5");
	handle = handle_of(&exporter);
	texture = import_texture(manager_of(state), &handle);
	desc = geyser_texture_get_desc(texture);
	assert_int_equal(desc->format, GEYSER_FORMAT_RGBA8_UNORM);
	assert_int_equal(desc->width, 64);
	assert_int_equal(desc->height, 48);
	assert_string_equal(desc->label, "of another process");
	end_peer(&exporter);
	assert_string_equal(geyser_texture_get_desc(texture)->label, "of another process");
	assert_true(texture_holds(texture, 5));
	geyser_texture_unref(texture);
}

static void what_differs_from_expected_is_named(void **state)
{
	struct geyser_texture_desc expected = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = 64,
		.height = 49,
	};
	struct geyser_texture *texture = (struct geyser_texture *)state;
	struct geyser_handle handle;
	struct peer exporter;

	start_exporter(&exporter, "export-texture", "5");
	handle = handle_of(&exporter);
	refused(GEYSER_ERROR_MISMATCH, "height: the texture has 48, expected was 49",
		geyser_texture_import(manager_of(state), &handle, &expected, &texture));
	assert_null(texture);
	expected.height = 48;
	ok(geyser_texture_import(manager_of(state), &handle, &expected, &texture));
	geyser_texture_unref(texture);
	end_peer(&exporter);
}

static void leave_by(struct peer *exporter, unsigned way)
{
	switch (way) {
	case 0:
		end_peer(exporter);
		return;
	case 1:
		tell(exporter, "exit");
		reap_peer(exporter);
		return;
	case 2:
		tell(exporter, "_exit");
		reap_peer(exporter);
		return;
	default:
		kill_peer(exporter);
	}
}

/* However the exporter ends, its texels stay, and are still the same for all who have them. */
static void an_imported_texture_outlives_its_exporter(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct peer exporter, first, second;

		start_exporter(&exporter, "export-texture", "1");
		start_importer(&first, "import-texture", exporter.text);
		start_importer(&second, "import-texture", exporter.id);
		leave_by(&exporter, way);
		ask(&first, "compare 1", "ok");
		ask(&first, "fill 9", "ok");
		ask(&second, "compare 9", "ok");
		start_refused("import-texture", exporter.text, GEYSER_ERROR_STALE);
		end_peer(&second);
		ask(&first, "compare 9", "ok");
		end_peer(&first);
	}
}

static void an_imported_texture_is_exported_again(void **state)
{
	struct peer exporter, middle, last;
	struct line line;

	(void)state;
	start_exporter(&exporter, "export-texture", "1");
	start_importer(&middle, "import-texture", exporter.text);
	tell(&middle, "export");
	line = hear(&middle);
	assert_int_equal(sscanf(line.text, "ok %95s %15s", middle.text, middle.id), 2);
	assert_string_not_equal(middle.text, exporter.text);
	kill_peer(&exporter);
	start_importer(&last, "import-texture", middle.id);
	ask(&last, "compare 1", "ok");
	ask(&middle, "fill 6", "ok");
	ask(&last, "compare 6", "ok");
	kill_peer(&middle);
	ask(&last, "compare 6", "ok");
	end_peer(&last);
}

static void unexport_stops_new_imports_only(void **state)
{
	struct peer exporter, importer;
	struct line line;
	char old[sizeof(exporter.text)];

	(void)state;
	start_exporter(&exporter, "export-texture", "1");
	(void)strcpy(old, exporter.text);
	start_importer(&importer, "import-texture", exporter.text);
	ask(&exporter, "unexport", "ok");
	start_refused("import-texture", exporter.text, GEYSER_ERROR_NOT_FOUND);
	start_refused("import-texture", exporter.id, GEYSER_ERROR_NOT_FOUND);
	write_and_read(&exporter, &importer);
	tell(&exporter, "export");
	line = hear(&exporter);
	assert_int_equal(sscanf(line.text, "ok %95s", exporter.text), 1);
	assert_string_not_equal(old, exporter.text);
	start_refused("import-texture", old, GEYSER_ERROR_NOT_FOUND);
	end_peer(&importer);
	start_importer(&importer, "import-texture", exporter.text);
	end_peer(&importer);
	ask(&exporter, "drop", "ok");
	start_refused("import-texture", exporter.text, GEYSER_ERROR_NOT_FOUND);
	end_peer(&exporter);
}

/* ---- who imports, seen by the exporter ---- */

static void await_importers(
	struct geyser_texture *texture, int fd, uint32_t current, uint64_t total)
{
	uint64_t changes, end = now_ns() + PATIENCE;
	struct geyser_importers importers;

	for (;;) {
		ok(geyser_texture_importers(texture, &importers));
		if (importers.current == current)
			break;
		assert_true(now_ns() < end);
		assert_true(readable(fd, PATIENCE));
		assert_int_equal(read(fd, &changes, sizeof(changes)), sizeof(changes));
	}
	assert_int_equal(importers.total, total);
}

static void importers_are_counted_as_they_come_and_go(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 64, 48);
	struct geyser_handle handle = export_texture(texture);
	char text[GEYSER_HANDLE_TEXT_SIZE];
	struct peer importers[4];
	int fd;

	ok(geyser_handle_to_string(&handle, text, sizeof(text)));
	ok(geyser_texture_importers_fd(texture, &fd));
	for (unsigned i = 0; i < 4; i++) {
		start_importer(&importers[i], "import-texture", text);
		await_importers(texture, fd, i + 1, i + 1);
	}
	ask(&importers[0], "drop", "ok");
	await_importers(texture, fd, 3, 4);
	kill_peer(&importers[1]);
	await_importers(texture, fd, 2, 4);
	tell(&importers[2], "exit");
	reap_peer(&importers[2]);
	await_importers(texture, fd, 1, 4);
	end_peer(&importers[3]);
	await_importers(texture, fd, 0, 4);
	end_peer(&importers[0]);
	start_importer(&importers[0], "import-texture", text);
	await_importers(texture, fd, 1, 5);
	end_peer(&importers[0]);
	(void)close(fd);
	geyser_texture_unref(texture);
}

#define KILLS (SANITIZED ? 20u : 100u)

static unsigned fds_of(struct peer *peer)
{
	unsigned count;

	tell(peer, "fds");
	assert_int_equal(sscanf(hear(peer).text, "%u", &count), 1);
	return count;
}

/* What an importer that was killed leaves with its exporter: nothing. */
static void killed_importers_leave_nothing(void **state)
{
	struct peer exporter, importer;
	/* the Mach service, which begins with the first importer */
	unsigned before, service = on_metal() ? 3 : 0;
	uint64_t end;

	(void)state;
	start_exporter(&exporter, "export-texture", "1");
	before = fds_of(&exporter);
	for (unsigned i = 0; i < processes(KILLS); i++) {
		start_importer(&importer, "import-texture", exporter.text);
		kill_peer(&importer);
	}
	end = now_ns() + PATIENCE;
	while (fds_of(&exporter) > before + service) /* the last hang-up may be on its way */
		assert_true(now_ns() < end);
	end_peer(&exporter);
}

/* A peer that has the memory of a released texture can neither read nor write another texture. */
static void memory_that_a_peer_keeps_is_never_used_again(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = make_texture(manager, GEYSER_FORMAT_RGBA8_UNORM, 256, 128);
	struct geyser_handle handle = export_texture(texture);
	char text[GEYSER_HANDLE_TEXT_SIZE];
	struct peer importer;

	ok(geyser_handle_to_string(&handle, text, sizeof(text)));
	start_importer(&importer, "import-texture", text);
	assert_true(fill_texture(texture, 1));
	geyser_texture_unref(texture);
	for (unsigned i = 0; i < 4; i++) {
		texture = make_texture(manager, GEYSER_FORMAT_RGBA8_UNORM, 256, 128);
		assert_true(fill_texture(texture, 2));
		ask(&importer, "compare 1", "ok");
		ask(&importer, "fill 3", "ok");
		assert_true(texture_holds(texture, 2));
		ask(&importer, "fill 1", "ok");
		geyser_texture_unref(texture);
	}
	kill_peer(&importer);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(a_texture_is_found_by_its_text),
		registry_test(a_texture_is_found_by_its_id),
		manager_test(the_descriptor_comes_along),
		manager_test(what_differs_from_expected_is_named),
		registry_test(an_imported_texture_outlives_its_exporter),
		registry_test(an_imported_texture_is_exported_again),
		registry_test(unexport_stops_new_imports_only),
		manager_test(importers_are_counted_as_they_come_and_go),
		registry_test(killed_importers_leave_nothing),
		manager_test(memory_that_a_peer_keeps_is_never_used_again),
	};

	return run_suite(argc, argv, "textures", tests, COUNT_OF(tests));
}
