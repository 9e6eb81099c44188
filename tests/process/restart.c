/* Exporters that are gone, come back or don't answer: old handles, and what stays in the registry.
 */
#include "harness.h"

#include <signal.h>

/* Lock, socket and one id. */
#define ENTRIES_OF_ONE 3

static void handles_of_the_dead_are_stale(void **state)
{
	struct peer exporter, next;

	(void)state;
	start_exporter(&exporter, "export-texture", "1");
	kill_peer(&exporter);
	assert_int_equal(registry_entries(), ENTRIES_OF_ONE);
	start_refused("import-texture", exporter.text, GEYSER_ERROR_STALE);
	start_refused("import-texture", exporter.id, GEYSER_ERROR_STALE);
	start_exporter(&next, "export-texture", "2");
	assert_int_equal(
		registry_entries(), ENTRIES_OF_ONE); /* its own: the dead one's are swept */
	start_refused("import-texture", exporter.text, GEYSER_ERROR_STALE);
	start_refused("import-texture", exporter.id, GEYSER_ERROR_NOT_FOUND);
	end_peer(&next);
	assert_int_equal(registry_entries(), 0);
}

static void handles_of_one_that_ended_well(void **state)
{
	struct peer exporter;

	(void)state;
	start_exporter(&exporter, "export-texture", "1");
	end_peer(&exporter);
	start_refused("import-texture", exporter.text, GEYSER_ERROR_STALE);
	start_refused("import-texture", exporter.id, GEYSER_ERROR_NOT_FOUND);
}

/* Its handlers at exit take its entries away; its objects it leaves to the kernel. */
static void leaving_without_releasing_leaves_a_clean_registry(void **state)
{
	struct peer exporter;

	(void)state;
	start_exporter(&exporter, "export-texture", "1");
	assert_int_equal(registry_entries(), ENTRIES_OF_ONE);
	tell(&exporter, "exit");
	reap_peer(&exporter);
	assert_int_equal(registry_entries(), 0);
	start_refused("import-texture", exporter.text, GEYSER_ERROR_STALE);
}

/* A sweep leaves the living alone. */
static void the_living_are_not_swept(void **state)
{
	struct peer alive, killed, next, importer;

	(void)state;
	start_exporter(&alive, "export-texture", "1");
	start_exporter(&killed, "export-texture", "2");
	assert_int_equal(registry_entries(), 2 * ENTRIES_OF_ONE);
	kill_peer(&killed);
	start_exporter(&next, "export-texture", "3");
	assert_int_equal(registry_entries(), 2 * ENTRIES_OF_ONE);
	start_importer(&importer, "import-texture", alive.id);
	ask(&importer, "compare 1", "ok");
	end_peer(&importer);
	end_peer(&alive);
	start_importer(&importer, "import-texture", next.id);
	ask(&importer, "compare 3", "ok");
	end_peer(&importer);
	end_peer(&next);
	assert_int_equal(registry_entries(), 0);
}

#define CRASHES (SANITIZED ? 40u : 200u)

static void crashes_and_restarts_leave_nothing_that_grows(void **state)
{
	struct peer exporter, importer;
	char old[GEYSER_HANDLE_TEXT_SIZE] = "";

	(void)state;
	for (unsigned i = 0; i < processes(CRASHES); i++) {
		start_exporter(&exporter, "export-texture", "1");
		assert_int_equal(registry_entries(), ENTRIES_OF_ONE);
		if (i % 20 == 19) {
			start_refused("import-texture", old, GEYSER_ERROR_STALE);
			start_importer(&importer, "import-texture", exporter.id);
			end_peer(&importer);
		}
		(void)strcpy(old, exporter.text);
		kill_peer(&exporter);
	}
	start_exporter(&exporter, "export-texture", "1");
	end_peer(&exporter);
	assert_int_equal(registry_entries(), 0);
}

/* ---- stopped ---- */

static struct geyser_manager *impatient_manager(void)
{
	const struct geyser_manager_desc desc = {
		.backend = GEYSER_BACKEND_AUTO,
		.import_timeout_ns = 200 * MILLISECOND,
	};
	struct geyser_manager *manager;

	ok(geyser_manager_create(&desc, &manager));
	return manager;
}

static void a_stopped_exporter_costs_the_timeout(void **state)
{
	struct geyser_manager *manager = impatient_manager();
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct peer exporter;

	(void)state;
	start_exporter(&exporter, "export-texture", "7");
	handle = handle_of(&exporter);
	stop_peer(&exporter);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t begin = now_ns();

		texture = (struct geyser_texture *)manager;
		refused(GEYSER_ERROR_TIMEOUT, "stopped",
			geyser_texture_import(manager, &handle, NULL, &texture));
		assert_null(texture);
		assert_in_range(now_ns() - begin, 199 * MILLISECOND, 5 * SECOND);
	}
	assert_int_equal(kill(exporter.pid, SIGCONT), 0);
	geyser_manager_destroy(manager);
	manager = make_manager();
	texture = import_texture(manager, &handle);
	assert_true(texture_holds(texture, 7));
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
	end_peer(&exporter);
}

/* What was imported before still works, and so does letting go of it. */
static void a_stopped_exporter_holds_up_nobody_else(void **state)
{
	struct geyser_manager *manager = impatient_manager();
	struct peer stopped, running;
	struct geyser_texture *before, *texture;
	struct geyser_handle one, two;

	(void)state;
	start_exporter(&stopped, "export-texture", "1");
	start_exporter(&running, "export-texture", "2");
	one = handle_of(&stopped);
	two = handle_of(&running);
	before = import_texture(manager, &one);
	stop_peer(&stopped);
	refused(GEYSER_ERROR_TIMEOUT, "stopped",
		geyser_texture_import(manager, &one, NULL, &texture));
	texture = import_texture(manager, &two);
	assert_true(texture_holds(texture, 2));
	assert_true(texture_holds(before, 1));
	geyser_texture_unref(texture);
	geyser_texture_unref(before);
	assert_int_equal(kill(stopped.pid, SIGCONT), 0);
	end_peer(&stopped);
	end_peer(&running);
	geyser_manager_destroy(manager);
}

static void an_id_of_a_stopped_exporter_times_out(void **state)
{
	struct geyser_handle handle, found;
	struct peer exporter;

	(void)state;
	start_exporter(&exporter, "export-texture", "7");
	handle = handle_of(&exporter);
	stop_peer(&exporter);
	refused(GEYSER_ERROR_TIMEOUT, "stopped",
		geyser_handle_from_id(geyser_handle_id(&handle), &found));
	assert_int_equal(kill(exporter.pid, SIGCONT), 0);
	end_peer(&exporter);
}

static void one_that_is_killed_while_stopped_is_stale(void **state)
{
	struct geyser_manager *manager = make_manager();
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct peer exporter;

	(void)state;
	start_exporter(&exporter, "export-texture", "7");
	handle = handle_of(&exporter);
	stop_peer(&exporter);
	kill_peer(&exporter);
	refused(GEYSER_ERROR_STALE, "gone",
		geyser_texture_import(manager, &handle, NULL, &texture));
	geyser_manager_destroy(manager);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(handles_of_the_dead_are_stale),
		registry_test(handles_of_one_that_ended_well),
		registry_test(leaving_without_releasing_leaves_a_clean_registry),
		registry_test(the_living_are_not_swept),
		registry_test(crashes_and_restarts_leave_nothing_that_grows),
		registry_test(a_stopped_exporter_costs_the_timeout),
		registry_test(a_stopped_exporter_holds_up_nobody_else),
		registry_test(an_id_of_a_stopped_exporter_times_out),
		registry_test(one_that_is_killed_while_stopped_is_stale),
	};

	return run_suite(argc, argv, "restart", tests, COUNT_OF(tests));
}
