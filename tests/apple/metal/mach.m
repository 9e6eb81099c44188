/* SPDX-License-Identifier: MIT */
/* Handles of surfaces in other processes where the App Sandbox allows no Mach service, or where a
 * call of the system fails. The double simulates both. */
#import "gpu.h"

#include <apple_double.h>

#include <stdlib.h>

/* Starts a peer for which the double has this setting. */
static void start_with(struct peer *peer, const char *backend, const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
	start_importer(peer, backend, "-");
	assert_int_equal(unsetenv(name), 0);
}

static struct geyser_handle exported_by(struct peer *peer)
{
	tell(peer, "create-texture bgra8unorm 61 40 0");
	return hear_handle(peer);
}

static void import_fails(void **state, const struct geyser_handle *handle,
	enum geyser_result wanted, const char *word)
{
	struct geyser_texture *texture = (struct geyser_texture *)state;

	refused(wanted, word, geyser_texture_import(manager_of(state), handle, NULL, &texture));
	assert_null(texture);
}

static void import_works(void **state, struct peer *exporter, const struct geyser_handle *handle)
{
	struct geyser_texture *texture = import_texture(manager_of(state), handle);

	ask(exporter, "fill 3", "ok");
	assert_true(texture_holds(texture, 3));
	geyser_texture_unref(texture);
}

static void an_exporter_in_the_sandbox(void **state)
{
	struct geyser_handle handle;
	struct peer exporter;

	start_with(&exporter, "metal", "GEYSER_DOUBLE_SANDBOX", "1");
	handle = exported_by(&exporter);
	import_fails(state, &handle, GEYSER_ERROR_UNSUPPORTED,
		"the exporter's App Sandbox allows it no Mach service");
	end_peer(&exporter);
}

static void an_importer_in_the_sandbox(void **state)
{
	struct geyser_handle handle;
	struct peer exporter;

	start_importer(&exporter, "metal", "-");
	handle = exported_by(&exporter);
	assert_int_equal(setenv("GEYSER_DOUBLE_SANDBOX", "1", 1), 0);
	import_fails(state, &handle, GEYSER_ERROR_UNSUPPORTED,
		"this process's App Sandbox lets it look up no such Mach service");
	assert_int_equal(unsetenv("GEYSER_DOUBLE_SANDBOX"), 0);
	import_works(state, &exporter, &handle);
	end_peer(&exporter);
}

static void within_a_process_in_the_sandbox(void **state)
{
	struct geyser_texture *texture, *imported;
	struct geyser_handle handle;

	assert_int_equal(setenv("GEYSER_DOUBLE_SANDBOX", "1", 1), 0);
	texture = make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	handle = export_texture(texture);
	imported = import_texture(manager_of(state), &handle);
	assert_true(fill_texture(texture, 2));
	assert_true(texture_holds(imported, 2));
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
	assert_int_equal(unsetenv("GEYSER_DOUBLE_SANDBOX"), 0);
}

/* The subscriber gets copies in host memory. */
static void stream_between(struct peer *publisher, struct peer *subscriber)
{
	ask(publisher, "publish boxed bgra8unorm 61 40 3", "ok");
	ask(subscriber, "subscribe boxed", "ok");
	for (unsigned i = 1; i <= 5; i++) {
		ask_for(publisher, "ok", "submit-gpu %u", i);
		ask_frame_by(subscriber, "take", i, GEYSER_PATH_COPY);
	}
	end_peer(subscriber);
	end_peer(publisher);
}

/* Neither the ring nor the copies leave the publisher's process. */
static void streams_out_of_the_sandbox(void **state)
{
	struct peer publisher, subscriber;

	(void)state;
	start_with(&publisher, "metal", "GEYSER_DOUBLE_SANDBOX", "1");
	start_importer(&subscriber, "metal", "-");
	ask(&publisher, "publish boxed bgra8unorm 61 40 3", "ok");
	ask(&subscriber, "subscribe boxed", "GEYSER_ERROR_UNSUPPORTED");
	end_peer(&subscriber);
	end_peer(&publisher);
}

/* ---- two bootstrap namespaces ---- */

static void two_sessions(void **state)
{
	struct geyser_handle handle;
	struct peer exporter;

	start_with(&exporter, "metal", "GEYSER_DOUBLE_NAMESPACE", "gui");
	handle = exported_by(&exporter);
	import_fails(state, &handle, GEYSER_ERROR_UNSUPPORTED, "GUI session");
	assert_int_equal(setenv("GEYSER_DOUBLE_NAMESPACE", "gui", 1), 0);
	import_works(state, &exporter, &handle);
	assert_int_equal(unsetenv("GEYSER_DOUBLE_NAMESPACE"), 0);
	end_peer(&exporter);
}

static void streams_between_two_sessions(void **state)
{
	struct peer publisher, subscriber;

	(void)state;
	start_with(&publisher, "metal", "GEYSER_DOUBLE_NAMESPACE", "gui");
	start_with(&subscriber, "metal", "GEYSER_DOUBLE_NAMESPACE", "ssh");
	stream_between(&publisher, &subscriber);
}

static void streams_into_the_sandbox(void **state)
{
	struct peer publisher, subscriber;

	(void)state;
	start_importer(&publisher, "metal", "-");
	start_with(&subscriber, "metal", "GEYSER_DOUBLE_SANDBOX", "1");
	stream_between(&publisher, &subscriber);
}

/* ---- failed calls ---- */

static void imports_leave_nothing(void **state)
{
	struct geyser_handle handle;
	struct peer exporter;
	unsigned long before;
	unsigned fds;

	start_importer(&exporter, "metal", "-");
	handle = exported_by(&exporter);
	import_works(state, &exporter, &handle);
	before = apple_double_live();
	fds = fd_count();
	for (unsigned i = 0; i < 50; i++)
		geyser_texture_unref(import_texture(manager_of(state), &handle));
	assert_true(apple_double_settle(before, 5000));
	assert_int_equal(fd_count(), fds);
	ask(&exporter, "drop", "ok"); /* the peer fails at its exit if it leaks */
	end_peer(&exporter);
}

static void an_exporter_short_of(
	void **state, const char *call, enum geyser_result wanted, const char *word)
{
	struct geyser_handle handle;
	struct peer exporter;

	start_with(&exporter, "metal", "GEYSER_DOUBLE_FAIL", call);
	handle = exported_by(&exporter);
	import_fails(state, &handle, wanted, word);
	import_works(state, &exporter, &handle); /* the call failed only once */
	end_peer(&exporter);
}

static void exporters_short_of_something(void **state)
{
	an_exporter_short_of(
		state, "bootstrap_check_in:1", GEYSER_ERROR_SYSTEM, "bootstrap_check_in geyser.");
	an_exporter_short_of(
		state, "IOSurfaceCreateMachPort:1", GEYSER_ERROR_PROTOCOL, "to an IOSurface");
	an_exporter_short_of(
		state, "mach_msg_send:1", GEYSER_ERROR_DISCONNECTED, "the exporter has ended");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(an_exporter_in_the_sandbox),
		manager_test(an_importer_in_the_sandbox),
		manager_test(within_a_process_in_the_sandbox),
		registry_test(streams_out_of_the_sandbox),
		registry_test(streams_into_the_sandbox),
		manager_test(two_sessions),
		registry_test(streams_between_two_sessions),
		manager_test(imports_leave_nothing),
		manager_test(exporters_short_of_something),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "mach", tests, COUNT_OF(tests));
}
