/* SPDX-License-Identifier: MIT */
/* Events, streams and host memory where the App Sandbox refuses shm_open: they work between the
 * parts of one program, and no other process gets them. The shim plays the sandbox. */
#import "gpu.h"

#include <geyser/stream.h>

#include <apple_double.h>

#include <stdlib.h>
#include <unistd.h>

#define picture                        \
	((struct geyser_texture_desc){ \
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 61, .height = 40})

static int enter(void **state)
{
	return setenv("GEYSER_DOUBLE_SANDBOX", "1", 1) == 0 ? setup_manager(state) : -1;
}

static int leave(void **state)
{
	return unsetenv("GEYSER_DOUBLE_SANDBOX") == 0 ? teardown_manager(state) : -1;
}

/* Starts a peer that runs in no sandbox. */
static void start_outside(struct peer *peer)
{
	assert_int_equal(unsetenv("GEYSER_DOUBLE_SANDBOX"), 0);
	start_importer(peer, "metal", "-");
	assert_int_equal(setenv("GEYSER_DOUBLE_SANDBOX", "1", 1), 0);
}

static struct geyser_texture *make_host_texture(struct geyser_manager *manager)
{
	struct geyser_texture_desc desc = picture;
	struct geyser_texture *texture;

	desc.usage = GEYSER_USAGE_HOST_MEMORY;
	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

/* ---- between the parts of one program ---- */

static void an_event_between_two_gpus(void **state)
{
	struct geyser_manager *other = make_manager();
	struct geyser_event *event = make_event(manager_of(state), 0), *imported;
	struct geyser_handle handle = export_event(event);
	struct gpu first, second;
	id<MTLCommandBuffer> signals, waits;

	gpu_open(&first, manager_of(state));
	gpu_open(&second, other);
	imported = import_event(other, &handle);
	waits = gpu_begin(&second);
	ok(geyser_metal_encode_wait(waits, imported, 1));
	ok(geyser_metal_encode_signal(waits, imported, 2));
	[waits commit];
	signals = gpu_begin(&first);
	ok(geyser_metal_encode_signal(signals, event, 1));
	[signals commit];
	ok(geyser_event_wait(event, 2, PATIENCE));
	gpu_finish(signals);
	gpu_finish(waits);
	geyser_event_unref(imported);
	geyser_event_unref(event);
	gpu_close(&second);
	gpu_close(&first);
	geyser_manager_destroy(other);
}

static void host_memory(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture = make_host_texture(manager_of(state)), *imported;
	struct geyser_handle handle = export_texture(texture);
	struct geyser_native_texture native;

	imported = import_texture(host, &handle);
	assert_true(fill_texture(texture, 4));
	assert_true(texture_holds(imported, 4));
	refused(GEYSER_ERROR_UNSUPPORTED, "shm_open",
		geyser_texture_export_native(texture, &native));
	assert_int_equal(native.fd, -1);
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

/* The subscriber is on the same GPU, or gets copies in host memory. */
static void a_stream_to(void **state, enum geyser_backend backend, enum geyser_path path)
{
	const struct geyser_stream_desc desc = {.name = "within", .texture = picture};
	const struct geyser_subscriber_desc subscriber_desc = {
		.name = "within", .delivery = GEYSER_DELIVER_EVERY};
	struct geyser_manager *other = make_manager_on(backend);
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	ok(geyser_subscriber_create(other, &subscriber_desc, &subscriber));
	for (uint32_t i = 1; i <= 5; i++) {
		id<MTLCommandBuffer> commands = gpu_begin(&gpu);

		ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
		ok(geyser_metal_encode_frame_wait(commands, frame));
		gpu_draw(commands, geyser_frame_texture(frame), i);
		ok(geyser_metal_publisher_submit(publisher, frame, commands));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		assert_true(texture_holds(geyser_frame_texture(frame), i));
		assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), path);
		ok(geyser_subscriber_release(subscriber, frame));
		gpu_finish(commands);
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	gpu_close(&gpu);
	geyser_manager_destroy(other);
}

static void a_stream_between_two_gpus(void **state)
{
	a_stream_to(state, GEYSER_BACKEND_METAL, GEYSER_PATH_ZERO_COPY);
}

static void a_stream_of_copies(void **state)
{
	a_stream_to(state, GEYSER_BACKEND_HOST, GEYSER_PATH_COPY);
}

/* ---- other processes ---- */

/* The peer, in no sandbox, gets none of it and hears why. */
static void expect_kept(struct peer *importer)
{
	struct line line = hear(importer);

	if (!strstr(line.text, "GEYSER_ERROR_UNSUPPORTED") || !strstr(line.text, "shm_open"))
		fail_msg("%s", line.text);
}

static void give_in_vain(const char *command, const struct geyser_handle *handle)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];
	struct peer importer;

	ok(geyser_handle_to_string(handle, text, sizeof(text)));
	start_outside(&importer);
	tell_for(&importer, "%s %s", command, text);
	expect_kept(&importer);
	end_peer(&importer);
}

static void events_stay(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct geyser_handle handle = export_event(event);

	give_in_vain("import-event", &handle);
	geyser_event_unref(event);
}

static void host_memory_stays(void **state)
{
	struct geyser_texture *texture = make_host_texture(manager_of(state));
	struct geyser_handle handle = export_texture(texture);

	give_in_vain("import-texture", &handle);
	geyser_texture_unref(texture);
}

static void streams_stay(void **state)
{
	const struct geyser_stream_desc desc = {.name = "kept", .texture = picture};
	struct geyser_publisher *publisher;
	struct peer subscriber;

	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	start_outside(&subscriber);
	tell(&subscriber, "subscribe kept");
	expect_kept(&subscriber);
	end_peer(&subscriber);
	geyser_publisher_destroy(publisher);
}

/* What a publisher outside shares can be used in the sandbox. */
static void events_come_in(void **state)
{
	struct geyser_event *event;
	struct geyser_handle handle;
	struct peer exporter;

	start_outside(&exporter);
	tell(&exporter, "create-event 3");
	handle = hear_handle(&exporter);
	event = import_event(manager_of(state), &handle);
	ok(geyser_event_signal(event, 5));
	ask(&exporter, "wait 5", "waiting");
	expect_line(&exporter, "ok");
	geyser_event_unref(event);
	end_peer(&exporter);
}

/* ---- programs of one application group ---- */

#define GROUP "TEAMID1234.geyser"

static void name_group(const char *entitled, const char *named)
{
	assert_int_equal(setenv("GEYSER_DOUBLE_GROUP", entitled, 1), 0);
	assert_int_equal(setenv("GEYSER_APP_GROUP", named, 1), 0);
}

static int leave_group(void **state)
{
	(void)unsetenv("GEYSER_DOUBLE_GROUP");
	(void)unsetenv("GEYSER_APP_GROUP");
	return leave(state);
}

static void objects_within_a_group(void **state)
{
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct geyser_event *event;
	struct peer exporter;

	name_group(GROUP, GROUP);
	start_importer(&exporter, "metal", "-");
	tell(&exporter, "create-texture bgra8unorm 61 40 0");
	handle = hear_handle(&exporter);
	texture = import_texture(manager_of(state), &handle);
	ask(&exporter, "fill 6", "ok");
	assert_true(texture_holds(texture, 6));
	tell(&exporter, "create-event 0");
	handle = hear_handle(&exporter);
	event = import_event(manager_of(state), &handle);
	ok(geyser_event_signal(event, 2));
	ask(&exporter, "wait 2", "waiting");
	expect_line(&exporter, "ok");
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	end_peer(&exporter);
}

static void streams_within_a_group(void **state)
{
	struct peer publisher, subscriber;

	(void)state;
	name_group(GROUP, GROUP);
	start_importer(&publisher, "metal", "-");
	start_importer(&subscriber, "metal", "-");
	ask(&publisher, "publish grouped bgra8unorm 61 40 3", "ok");
	ask(&subscriber, "subscribe grouped", "ok");
	for (unsigned i = 1; i <= 5; i++) {
		ask_for(&publisher, "ok", "submit-gpu %u", i);
		ask_frame_by(&subscriber, "take-gpu", i, GEYSER_PATH_ZERO_COPY);
	}
	end_peer(&subscriber);
	end_peer(&publisher);
}

/* An event of this process stays in it. A surface leaves it if surfaces says so. */
static void events_stay_with(void **state, const char *entitled, const char *named, bool surfaces)
{
	struct geyser_event *event;
	struct geyser_texture *texture;
	struct geyser_handle of_event, of_texture;
	struct peer importer;

	name_group(entitled, named);
	event = make_event(manager_of(state), 0);
	texture = make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	of_event = export_event(event);
	of_texture = export_texture(texture);
	start_importer(&importer, "metal", "-");
	give(&importer, "import-event", &of_event, "GEYSER_ERROR_UNSUPPORTED");
	give(&importer, "import-texture", &of_texture,
		surfaces ? "ok" : "GEYSER_ERROR_UNSUPPORTED");
	end_peer(&importer);
	geyser_texture_unref(texture);
	geyser_event_unref(event);
}

static void groups_of_others(void **state)
{
	events_stay_with(state, GROUP, "TEAMID1234.gey", false);
}

/* Names of shared memory have 31 bytes; those of services have room. */
static void groups_with_long_names(void **state)
{
	events_stay_with(state, "group.org.example.geyser", "group.org.example.geyser", true);
}

/* The name of a Mach service has 127 bytes, of which 24 aren't the group's. */
static void a_group_whose_name_no_service_can_have(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	const struct geyser_handle handle = export_texture(texture);
	struct peer importer;
	char group[105];

	memset(group, 'g', sizeof(group) - 1);
	group[sizeof(group) - 1] = '\0';
	name_group(group, group);
	start_importer(&importer, "metal", "-");
	give(&importer, "import-texture", &handle, "GEYSER_ERROR_LIMIT");
	end_peer(&importer);
	geyser_texture_unref(texture);
}

/* ---- what fails ---- */

static void too_little_memory(void **state)
{
	static const char *const calls[] = {"mach_make_memory_entry_64", "vm_map"};
	const struct geyser_stream_desc desc = {.name = "short", .texture = picture};
	struct geyser_publisher *publisher;
	struct geyser_event *event;

	for (unsigned i = 0; i < COUNT_OF(calls); i++) {
		apple_double_fail(calls[i], 1);
		assert_int_equal(geyser_event_create(manager_of(state), 0, &event),
			GEYSER_ERROR_OUT_OF_MEMORY);
		apple_double_fail(calls[i], 1);
		assert_int_equal(geyser_publisher_create(manager_of(state), &desc, &publisher),
			GEYSER_ERROR_OUT_OF_MEMORY);
		apple_double_fail(calls[i], 2);
		assert_int_not_equal(
			geyser_publisher_create(manager_of(state), &desc, &publisher), GEYSER_OK);
	}
	apple_double_fail(NULL, 0);
}

/* Where newSharedEvent is nil, the CPU's waits and signals work, and frames that it draws. */
static void no_shared_events(void **state)
{
	const struct geyser_stream_desc desc = {.name = "drawn", .texture = picture};
	const struct geyser_subscriber_desc subscriber_desc = {.name = "drawn"};
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct geyser_subscriber *subscriber;
	struct geyser_publisher *publisher;
	struct geyser_frame *frame;
	void *shared;

	apple_double_fail("newSharedEvent", 0);
	refused(GEYSER_ERROR_UNSUPPORTED, "newSharedEvent is nil",
		geyser_metal_event(event, &shared));
	ok(geyser_event_signal(event, 1));
	ok(geyser_event_wait(event, 1, PATIENCE));
	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	ok(geyser_subscriber_create(manager_of(state), &subscriber_desc, &subscriber));
	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	assert_true(fill_texture(geyser_frame_texture(frame), 8));
	ok(geyser_publisher_submit(publisher, frame));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 8));
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	geyser_event_unref(event);
	apple_double_fail(NULL, 0);
}

#define sandbox_test(function) cmocka_unit_test_setup_teardown(function, enter, leave)
#define group_test(function) cmocka_unit_test_setup_teardown(function, enter, leave_group)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		sandbox_test(an_event_between_two_gpus),
		sandbox_test(host_memory),
		sandbox_test(a_stream_between_two_gpus),
		sandbox_test(a_stream_of_copies),
		sandbox_test(events_stay),
		sandbox_test(host_memory_stays),
		sandbox_test(streams_stay),
		sandbox_test(events_come_in),
		group_test(objects_within_a_group),
		group_test(streams_within_a_group),
		group_test(groups_of_others),
		group_test(groups_with_long_names),
		group_test(a_group_whose_name_no_service_can_have),
		sandbox_test(too_little_memory),
		sandbox_test(no_shared_events),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "sandbox", tests, COUNT_OF(tests));
}
