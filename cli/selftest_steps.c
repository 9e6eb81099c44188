/*
 * The self-test's steps: a texture is made, described, handed to a second process, released.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "lists.h"
#include "os.h"
#include "selftest.h"

enum selftest_result selftest_passed(struct selftest *test, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(test->note, sizeof(test->note), format, args);
	va_end(args);
	return SELFTEST_OK;
}

/* ---- one process ---------------------------------------------------------------------------- */

enum selftest_result selftest_manager(struct selftest *test)
{
	const struct geyser_manager_desc desc = {
		.backend = test->backend, .application = "geyser self-test"};

	if (geyser_manager_create(&desc, &test->manager))
		return (void)library_failure("manager"), SELFTEST_FAILED;
	if (!info_device(test->manager, &test->device))
		return SELFTEST_FAILED;
	return selftest_passed(
		test, "%s", test->device.known ? test->device.name : "no device needed");
}

/* Formats of which every backend probably has one. */
static const enum geyser_format formats[] = {GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_BGRA8_UNORM,
	GEYSER_FORMAT_RGBA8_UNORM_SRGB, GEYSER_FORMAT_BGRA8_UNORM_SRGB};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static bool has_no_format(void)
{
	struct words words = {.count = 0};
	char text[LIST_SIZE];

	for (size_t i = 0; i < FORMATS; i++)
		add_word(&words, "%s", geyser_format_name(formats[i]));
	(void)failure("no format of 4 bytes can be read and written: expected %s",
		join_words(&words, "or", text));
	return false;
}

/* Chooses the first of the formats that can be read and written here. */
static bool choose_format(struct selftest *test, uint32_t *usage)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (choose_usage(test->manager, formats[i], false, "format", usage))
			return false;
		test->format = formats[i];
		if ((*usage & GEYSER_USAGE_COPY_SRC) && (*usage & GEYSER_USAGE_COPY_DST))
			return true;
	}
	return has_no_format();
}

enum selftest_result selftest_create(struct selftest *test)
{
	struct geyser_texture_desc desc = {
		.width = SELFTEST_WIDTH, .height = SELFTEST_HEIGHT, .label = "geyser self-test"};

	if (!choose_format(test, &desc.usage))
		return SELFTEST_FAILED;
	desc.format = test->format;
	if (geyser_texture_create(test->manager, &desc, &test->texture))
		return (void)library_failure("texture"), SELFTEST_FAILED;
	return selftest_passed(test, "%ux%u %s", SELFTEST_WIDTH, SELFTEST_HEIGHT,
		geyser_format_name(test->format));
}

enum selftest_result selftest_map(struct selftest *test)
{
	struct geyser_mapping mapping;

	if (!selftest_fill(test->texture, SELFTEST_SEED) ||
		!selftest_check(test->texture, SELFTEST_SEED))
		return SELFTEST_FAILED;
	if (geyser_texture_map(test->texture, GEYSER_ACCESS_READ, &mapping))
		return (void)library_failure("map"), SELFTEST_FAILED;
	geyser_texture_unmap(test->texture);
	return selftest_passed(test, "%zu bytes, rows of %zu, %s", mapping.size, mapping.row_pitch,
		path_name(geyser_texture_map_path(test->texture)));
}

enum selftest_result selftest_export(struct selftest *test)
{
	struct geyser_handle handle, found;

	if (geyser_texture_export(test->texture, &handle) ||
		geyser_handle_to_string(&handle, test->handle, sizeof(test->handle)) ||
		geyser_handle_from_id(geyser_handle_id(&handle), &found))
		return (void)library_failure("export"), SELFTEST_FAILED;
	if (memcmp(&found, &handle, sizeof(found)) != 0)
		return (void)failure("id 0x%08" PRIx32 " names another export",
			       geyser_handle_id(&handle)),
		       SELFTEST_FAILED;
	return selftest_passed(
		test, "id 0x%08" PRIx32 " is found in the registry", geyser_handle_id(&handle));
}

/* ---- the second process --------------------------------------------------------------------- */

bool selftest_start(struct selftest *test, char *role, char *first, struct child *out)
{
	char parent[16], backend[16];
	char *const argv[] = {os_program(), "info", "--peer", role, parent, backend, first, NULL};

	(void)snprintf(parent, sizeof(parent), "%d", getpid());
	(void)snprintf(backend, sizeof(backend), "%s", geyser_backend_name(test->backend));
	return child_start(argv, "the second process", test->signals, true, out);
}

bool selftest_hear(struct child *child, const char *word, char *text, size_t size)
{
	const size_t length = strlen(word);
	char line[1024];

	if (!child_read_lines(child, 1, SELFTEST_WAIT_NS, line, sizeof(line)))
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, word, length) != 0)
		return (void)failure("%s: %s", child->name, line), false;
	(void)snprintf(text, size, "%s", line + length);
	return true;
}

/* How often a wait for a peer checks that the peer still lives. */
#define LOOK_NS UINT64_C(100000000)

bool selftest_await(struct child *child, struct geyser_event *event, uint64_t value)
{
	for (uint64_t waited = 0; waited < SELFTEST_WAIT_NS; waited += LOOK_NS) {
		const enum geyser_result result = geyser_event_wait(event, value, LOOK_NS);
		struct pollfd output = {.fd = child->output, .events = POLLIN};
		char text[16];

		if (!result)
			return true;
		if (result != GEYSER_ERROR_TIMEOUT)
			return (void)library_failure("%s", child->name), false;
		/* The child has ended, or has printed why it will end. The value may have come at
		 * the same time. */
		if (os_poll(&output, 1, 0) > 0 && geyser_event_wait(event, value, 0))
			return (void)selftest_hear(child, "\n", text, sizeof(text)), false;
		if (signals_came(child->signals))
			return (void)failure("interrupted by a signal"), false;
	}
	(void)failure("%s did not signal %" PRIu64 " in time", child->name, value);
	return false;
}

bool selftest_handle(const char *text, struct geyser_handle *out)
{
	if (geyser_handle_from_string(text, out))
		return (void)library_failure("handle"), false;
	return true;
}

/* ---- import --------------------------------------------------------------------------------- */

static enum selftest_result import(struct selftest *test, struct child *child)
{
	char paths[128];

	if (!selftest_hear(child, "read and written, ", paths, sizeof(paths)) ||
		!child_finish(child, SELFTEST_WAIT_NS) ||
		!selftest_check(test->texture, SELFTEST_ANSWER))
		return SELFTEST_FAILED;
	return selftest_passed(test,
		"another process had it by its handle, %s; %u bytes checked there, and as many "
		"that it wrote here",
		paths, SELFTEST_WIDTH * SELFTEST_HEIGHT * 4);
}

enum selftest_result selftest_import(struct selftest *test)
{
	enum selftest_result result;
	struct child child;

	if (!selftest_fill(test->texture, SELFTEST_SEED) ||
		!selftest_start(test, "texture", test->handle, &child))
		return SELFTEST_FAILED;
	result = import(test, &child);
	child_end(&child);
	return result;
}

/* ---- the end -------------------------------------------------------------------------------- */

enum selftest_result selftest_release(struct selftest *test)
{
	struct geyser_memory_info memory;
	struct geyser_handle handle;
	struct geyser_texture *texture;
	enum geyser_result result;

	if (geyser_texture_unexport(test->texture))
		return (void)library_failure("unexport"), SELFTEST_FAILED;
	geyser_texture_unref(test->texture);
	test->texture = NULL;
	if (geyser_manager_memory(test->manager, &memory))
		return (void)library_failure("memory"), SELFTEST_FAILED;
	if (memory.textures.held || memory.events.held)
		return (void)failure("memory is still held after everything was released (%" PRIu64
				     " bytes of textures, %" PRIu64 " of events): expected none",
			       memory.textures.held, memory.events.held),
		       SELFTEST_FAILED;
	if (!test->handle[0])
		return selftest_passed(test, "0 bytes held");
	if (!selftest_handle(test->handle, &handle))
		return SELFTEST_FAILED;
	result = geyser_texture_import(test->manager, &handle, NULL, &texture);
	geyser_texture_unref(texture);
	if (result != GEYSER_ERROR_NOT_FOUND && result != GEYSER_ERROR_STALE)
		return (void)failure("the import of an unexported texture had the wrong result "
				     "(%s): expected GEYSER_ERROR_NOT_FOUND",
			       result ? geyser_result_string(result) : "GEYSER_OK"),
		       SELFTEST_FAILED;
	return selftest_passed(test, "0 bytes held, and the handle names nothing any more");
}
