/* Events between processes, and waiters whose exporter dies. */
#include "harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define FOREVER "18446744073709551615"

/* Waiters notice a death within milliseconds. The limit is for a machine under load. */
#define AT_ONCE (3 * SECOND)

static void values_are_seen_by_all(void **state)
{
	struct peer exporter, first, second;

	(void)state;
	start_exporter(&exporter, "create-event", "4294967295");
	start_importer(&first, "import-event", exporter.text);
	start_importer(&second, "import-event", exporter.id);
	ask(&first, "value", "4294967295");
	ask(&first, "signal 4294967296", "ok");
	ask(&second, "value", "4294967296");
	ask(&exporter, "value", "4294967296");
	ask(&exporter, "signal 7", "ok");
	ask(&second, "value", "4294967296");
	ask(&second, "signal " FOREVER, "ok");
	ask(&exporter, "value", FOREVER);
	ask(&first, "value", FOREVER);
	end_peer(&first);
	end_peer(&second);
	end_peer(&exporter);
	assert_int_equal(registry_entries(), 0);
}

static void a_handle_is_of_its_kind_only(void **state)
{
	struct peer exporter;

	(void)state;
	start_exporter(&exporter, "create-event", "0");
	start_refused("import-texture", exporter.text, GEYSER_ERROR_INVALID_ARGUMENT);
	start_refused("import-texture", exporter.id, GEYSER_ERROR_INVALID_ARGUMENT);
	end_peer(&exporter);
	start_exporter(&exporter, "export-texture", "0");
	start_refused("import-event", exporter.text, GEYSER_ERROR_INVALID_ARGUMENT);
	end_peer(&exporter);
}

static const char *const waits[] = {
	"wait 10 18446744073709551615",
	"notify 10",
	"poll 10",
	"wait 18446744073709551615 9223372036854775807",
	"notify 18446744073709551615",
	"poll 18446744073709551615",
};

#define WAITERS COUNT_OF(waits)

static void start_waiters(struct peer waiters[WAITERS], const char *text)
{
	for (unsigned i = 0; i < WAITERS; i++) {
		start_importer(&waiters[i], "import-event", text);
		make_wait(&waiters[i], waits[i]);
	}
}

/* A process wakes six others, which wait by calls, callbacks and descriptors. */
static void every_kind_of_waiter_wakes(void **state)
{
	struct peer exporter, signaller, waiters[WAITERS];

	(void)state;
	start_exporter(&exporter, "create-event", "1");
	start_waiters(waiters, exporter.text);
	start_importer(&signaller, "import-event", exporter.id);
	ask(&signaller, "signal 9", "ok");
	ask(&exporter, "signal 10", "ok");
	for (unsigned i = 0; i < 3; i++)
		expect_line(&waiters[i], "ok");
	ask(&signaller, "signal " FOREVER, "ok");
	for (unsigned i = 3; i < 6; i++)
		expect_line(&waiters[i], "ok");
	for (unsigned i = 0; i < 6; i++)
		end_peer(&waiters[i]);
	end_peer(&signaller);
	end_peer(&exporter);
}

static void an_importer_wakes_the_exporter(void **state)
{
	struct peer exporter, importer;

	(void)state;
	start_exporter(&exporter, "create-event", "0");
	start_importer(&importer, "import-event", exporter.text);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const commands[] = {"wait 1 20000000000", "notify 2", "poll 3"};

		make_wait(&exporter, commands[i]);
		ask_for(&importer, "ok", "signal %u", i + 1);
		expect_line(&exporter, "ok");
	}
	end_peer(&importer);
	end_peer(&exporter);
}

static void a_wait_times_out(void **state)
{
	struct peer exporter, importer;
	uint64_t begin;

	(void)state;
	start_exporter(&exporter, "create-event", "0");
	start_importer(&importer, "import-event", exporter.text);
	tell(&importer, "wait 1 0");
	expect_line(&importer, "waiting");
	expect_line(&importer, "GEYSER_ERROR_TIMEOUT");
	begin = now_ns();
	tell(&importer, "wait 1 30000000");
	expect_line(&importer, "waiting");
	expect_line(&importer, "GEYSER_ERROR_TIMEOUT");
	assert_in_range(now_ns() - begin, 30 * MILLISECOND, 10 * SECOND);
	end_peer(&importer);
	end_peer(&exporter);
}

#define VOLLEYS (SANITIZED ? 500u : 5000u)

static void two_processes_take_turns(void **state)
{
	struct geyser_event *event;
	struct geyser_handle handle;
	struct peer exporter;

	start_exporter(&exporter, "create-event", "0");
	handle = handle_of(&exporter);
	event = import_event(manager_of(state), &handle);
	tell_for(&exporter, "volley %u", VOLLEYS);
	for (uint64_t i = 0; i < VOLLEYS; i++) {
		ok(geyser_event_signal(event, 2 * i + 1));
		ok(geyser_event_wait(event, 2 * i + 2, PATIENCE));
	}
	expect_line(&exporter, "ok");
	assert_int_equal(value_of(event), 2 * VOLLEYS);
	geyser_event_unref(event);
	end_peer(&exporter);
}

/* ---- death ---- */

static void expect_disconnected(struct peer waiters[WAITERS], uint64_t begin)
{
	for (unsigned i = 0; i < WAITERS; i++)
		expect_line(&waiters[i], "GEYSER_ERROR_DISCONNECTED");
	assert_in_range(now_ns() - begin, 0, AT_ONCE);
	for (unsigned i = 0; i < WAITERS; i++) {
		ask(&waiters[i], "wait 1 " FOREVER, "waiting");
		expect_line(&waiters[i], "ok"); /* reached before */
		ask(&waiters[i], "wait 2 0", "waiting");
		expect_line(&waiters[i], "GEYSER_ERROR_DISCONNECTED");
	}
	/* the remaining processes can still signal each other */
	ask(&waiters[0], "signal 50", "ok");
	ask(&waiters[1], "value", "50");
	ask(&waiters[1], "wait 50 " FOREVER, "waiting");
	expect_line(&waiters[1], "ok");
	for (unsigned i = 0; i < WAITERS; i++)
		end_peer(&waiters[i]);
}

/* command: for the exporter, before it is killed. It answers with the pid of a child. */
static void kill_exporter_after(const char *command)
{
	struct peer exporter, waiters[WAITERS];
	pid_t child = 0;
	uint64_t begin;

	start_exporter(&exporter, "create-event", "1");
	start_waiters(waiters, exporter.text);
	if (command) {
		tell(&exporter, command);
		child = (pid_t)atoi(hear(&exporter).text);
		assert_true(child > 1);
	}
	kill_peer(&exporter);
	begin = now_ns(); /* it has ended: how long that takes is its driver's affair */
	expect_disconnected(waiters, begin);
	if (child)
		kill_grandchild(child);
}

static void waiters_learn_of_the_exporters_death(void **state)
{
	(void)state;
	kill_exporter_after(NULL);
}

static void also_when_a_forked_child_lives_on(void **state)
{
	(void)state;
	kill_exporter_after("fork");
}

/* The child holds the exporter's socket and lock. */
static void also_when_a_child_holds_every_descriptor(void **state)
{
	(void)state;
	kill_exporter_after("fork raw");
}

static void waiters_learn_of_the_exporters_end(void **state)
{
	static const char *const ways[] = {NULL, "exit", "_exit"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct peer exporter, waiters[WAITERS];
		uint64_t begin;

		start_exporter(&exporter, "create-event", "1");
		start_waiters(waiters, exporter.text);
		if (ways[i])
			tell(&exporter, ways[i]);
		reap_peer(&exporter);
		begin = now_ns();
		expect_disconnected(waiters, begin);
	}
}

/* The exporter's process lives on, and other processes may still signal. */
static void an_exporter_that_lets_go_disconnects_nobody(void **state)
{
	struct peer exporter, waiter, signaller;

	(void)state;
	start_exporter(&exporter, "create-event", "1");
	start_importer(&waiter, "import-event", exporter.text);
	start_importer(&signaller, "import-event", exporter.text);
	make_wait(&waiter, "wait 5 " FOREVER);
	ask(&exporter, "unexport", "ok");
	ask(&exporter, "drop", "ok");
	ask(&signaller, "signal 5", "ok");
	expect_line(&waiter, "ok");
	end_peer(&signaller);
	end_peer(&waiter);
	end_peer(&exporter);
}

/* An importer's death changes nothing for the others. */
static void a_killed_importer_disconnects_nobody(void **state)
{
	struct peer exporter, waiter, killed;

	(void)state;
	start_exporter(&exporter, "create-event", "1");
	start_importer(&waiter, "import-event", exporter.text);
	start_importer(&killed, "import-event", exporter.text);
	make_wait(&waiter, "wait 5 " FOREVER);
	make_wait(&killed, "wait 5 " FOREVER);
	kill_peer(&killed);
	ask(&exporter, "signal 5", "ok");
	expect_line(&waiter, "ok");
	end_peer(&waiter);
	end_peer(&exporter);
}

static void an_event_of_the_dead_is_stale(void **state)
{
	struct peer exporter;

	(void)state;
	start_exporter(&exporter, "create-event", "1");
	kill_peer(&exporter);
	start_refused("import-event", exporter.text, GEYSER_ERROR_STALE);
	start_refused("import-event", exporter.id, GEYSER_ERROR_STALE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(values_are_seen_by_all),
		registry_test(a_handle_is_of_its_kind_only),
		registry_test(every_kind_of_waiter_wakes),
		registry_test(an_importer_wakes_the_exporter),
		registry_test(a_wait_times_out),
		manager_test(two_processes_take_turns),
		registry_test(waiters_learn_of_the_exporters_death),
		registry_test(also_when_a_forked_child_lives_on),
		registry_test(also_when_a_child_holds_every_descriptor),
		registry_test(waiters_learn_of_the_exporters_end),
		registry_test(an_exporter_that_lets_go_disconnects_nobody),
		registry_test(a_killed_importer_disconnects_nobody),
		registry_test(an_event_of_the_dead_is_stale),
	};

	return run_suite(argc, argv, "events", tests, COUNT_OF(tests));
}
