#include "victim.h"

#include "base/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- the exporter's process ---- */

struct exporter exporter;

/* Reports its handles. Then it answers each byte with the number of importers, until the test
 * closes the pipe. Returns 0 if it ends well. */
static int export_until_told(int life, int out)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 16, .label = "real"};
	const struct rlimit limit = {EXPORTER_FDS, EXPORTER_FDS};
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct geyser_importers importers = {0};
	struct geyser_handle handles[2];
	char asked;

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 ||
		geyser_manager_create(NULL, &manager) != GEYSER_OK ||
		geyser_texture_create(manager, &desc, &texture) != GEYSER_OK ||
		geyser_event_create(manager, 5, &event) != GEYSER_OK ||
		geyser_texture_export(texture, &handles[0]) != GEYSER_OK ||
		geyser_event_export(event, &handles[1]) != GEYSER_OK ||
		write(out, handles, sizeof(handles)) != sizeof(handles))
		return 1;
	while (read(life, &asked, 1) == 1)
		if (geyser_texture_importers(texture, &importers) != GEYSER_OK ||
			write(out, &importers.current, sizeof(importers.current)) < 0)
			return 4;
	/* all importers are gone by now, and so are their imports */
	if (geyser_texture_importers(texture, &importers) != GEYSER_OK || importers.current != 0)
		return 2;
	geyser_texture_unref(texture);
	geyser_event_unref(event);
	geyser_manager_destroy(manager);
	return test_registry_entries() == 0 ? 0 : 3;
}

/* exit looks for leaks, under LeakSanitizer. */
static int run_exporter(int orders, int reports, void *data)
{
	(void)data;
	exit(export_until_told(orders, reports));
}

int start_exporter(void **state)
{
	struct geyser_handle handles[2];
	struct gy_handle_fields fields;

	if (test_runtime_enter(state) != 0)
		return -1;
	exporter.helper = start_helper(run_exporter, NULL);
	hear_helper(&exporter.helper, handles, sizeof(handles));
	assert_ok(gy_handle_decode(&handles[0], &fields));
	exporter.texture = handles[0];
	exporter.event = handles[1];
	exporter.instance = fields.instance;
	exporter.fds = test_fd_count(exporter.helper.pid);
	return 0;
}

int stop_exporter(void **state)
{
	end_helper(&exporter.helper);
	return test_runtime_leave(state);
}

/* ---- honest importers, which it must serve ---- */

void a_real_import_works(void)
{
	const struct geyser_manager_desc desc = {.import_timeout_ns = 4 * GY_SECOND};
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	uint64_t value;

	assert_ok(geyser_manager_create(&desc, &manager));
	assert_ok(geyser_texture_import(manager, &exporter.texture, NULL, &texture));
	assert_string_equal(geyser_texture_get_desc(texture)->label, "real");
	assert_ok(geyser_event_import(manager, &exporter.event, &event));
	assert_ok(geyser_event_value(event, &value));
	assert_true(value == 5);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

void nothing_is_left(void)
{
	a_real_import_works();
	test_fd_count_becomes(exporter.helper.pid, exporter.fds);
}

uint32_t importers_now(void)
{
	uint32_t count = UINT32_MAX;

	prompt_helper(&exporter.helper);
	hear_helper(&exporter.helper, &count, sizeof(count));
	return count;
}

/* ---- what a peer may see from the other end ---- */

bool hung_up(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLRDHUP};

	return poll(&wanted, 1, 20000) == 1 && (wanted.revents & (POLLRDHUP | POLLHUP));
}

struct gy_message import_request(const struct geyser_handle *handle)
{
	struct gy_handle_fields fields;
	struct gy_message message = {.type = GY_WIRE_IMPORT, .sequence = 1};

	assert_ok(gy_handle_decode(handle, &fields));
	message.object.kind = fields.kind;
	memcpy(message.object.token, fields.token, GY_TOKEN_SIZE);
	return message;
}

struct gy_message answer_of(int fd, int *memory)
{
	struct gy_packet packet;
	struct gy_message message = {.type = GY_WIRE_NONE};

	assert_ok(gy_packet_receive(fd, &packet, memory));
	assert_ok(gy_packet_next(&packet, &message));
	return message;
}
