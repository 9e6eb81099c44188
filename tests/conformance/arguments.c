/* Passes NULL and wrong values to every function that takes objects. Descriptors of textures are
 * tested in textures.c, handles in handles.c, native textures in native.c. */
#include "conformance.h"

#include <limits.h>
#include <stdio.h>

/* Output variables hold this value before a call that must clear them. */
#define JUNK ((void *)(uintptr_t)0x5a5a)

static void no_manager(void **state)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM,
		.width = 1,
		.height = 1,
	};
	struct geyser_native_texture native = {.type = GEYSER_NATIVE_MEMFD, .fd = -1};
	struct geyser_texture *texture = JUNK;
	struct geyser_event *event = JUNK;
	struct geyser_handle handle = {0};
	struct geyser_memory_info info = {.textures.held = 1, .events.imported = 1};
	uint32_t usage = 1;

	(void)state;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_texture_create(NULL, &desc, &texture));
	assert_null(texture);
	texture = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_texture_import(NULL, &handle, NULL, &texture));
	assert_null(texture);
	texture = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_texture_import_native(NULL, &native, &desc, &texture));
	assert_null(texture);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_event_create(NULL, 0, &event));
	assert_null(event);
	event = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_event_import(NULL, &handle, &event));
	assert_null(event);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_manager_memory(NULL, &info));
	assert_int_equal(info.textures.held + info.events.imported, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_manager_format_usage(
			NULL, GEYSER_FORMAT_R8_UNORM, GEYSER_DIMENSION_2D, &usage));
	assert_int_equal(usage, 0);
}

static void no_texture(void **state)
{
	struct geyser_handle handle, zero = {{0}};
	struct geyser_mapping mapping = {.data = JUNK, .size = 1};
	struct geyser_subresource sub = {.size = 1};
	struct geyser_importers importers = {.current = 1, .total = 1};
	struct geyser_native_texture native = {.fd = 0};
	int fd = 0;

	(void)state;
	memset(&handle, 0xff, sizeof(handle));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_texture_export(NULL, &handle));
	assert_memory_equal(&handle, &zero, sizeof(handle));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL", geyser_texture_unexport(NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_texture_map(NULL, GEYSER_ACCESS_READ, &mapping));
	assert_null(mapping.data);
	assert_int_equal(mapping.size, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_texture_get_subresource(NULL, 0, 0, 0, &sub));
	assert_int_equal(sub.size, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_texture_importers(NULL, &importers));
	assert_int_equal(importers.current + importers.total, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_texture_importers_fd(NULL, &fd));
	assert_int_equal(fd, -1);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_texture_export_native(NULL, &native));
	assert_int_equal(native.fd, -1);
	assert_null(geyser_texture_get_desc(NULL));
	assert_null(geyser_texture_ref(NULL));
	geyser_texture_unref(NULL);
	geyser_texture_unmap(NULL);
}

static void never_called(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	(void)event;
	(void)value;
	(void)result;
	(void)user;
	report_failure("a callback that was refused is called", __FILE__, __LINE__);
}

static void no_event(void **state)
{
	struct geyser_handle handle, zero = {{0}};
	uint64_t value = 1;
	int fd = 0;

	(void)state;
	memset(&handle, 0xff, sizeof(handle));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL", geyser_event_export(NULL, &handle));
	assert_memory_equal(&handle, &zero, sizeof(handle));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL", geyser_event_unexport(NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL", geyser_event_value(NULL, &value));
	assert_int_equal(value, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL", geyser_event_signal(NULL, 1));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL", geyser_event_wait(NULL, 0, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL",
		geyser_event_notify(NULL, 0, never_called, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL", geyser_event_fd(NULL, 0, &fd));
	assert_int_equal(fd, -1);
	assert_null(geyser_event_ref(NULL));
	geyser_event_unref(NULL);
	no_failures();
}

static void no_output_for_a_manager(void **state)
{
	struct geyser_manager *manager = manager_of(state);

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_manager_create(NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_manager_memory(manager, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_manager_format_usage(
			manager, GEYSER_FORMAT_R8_UNORM, GEYSER_DIMENSION_2D, NULL));
}

static void no_output_for_a_texture(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = make_texture(manager, GEYSER_FORMAT_R8_UNORM, 2, 2);
	struct geyser_handle handle = export_texture(texture);
	struct geyser_native_texture native = {.type = GEYSER_NATIVE_MEMFD, .fd = -1};

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_create(manager, geyser_texture_get_desc(texture), NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_texture_export(texture, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_import(manager, &handle, NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_map(texture, GEYSER_ACCESS_READ, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_get_subresource(texture, 0, 0, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_importers(texture, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_importers_fd(texture, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_export_native(texture, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_texture_import_native(
			manager, &native, geyser_texture_get_desc(texture), NULL));
	geyser_texture_unref(texture);
}

static void no_output_for_an_event(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_event *event = make_event(manager, 0);
	struct geyser_handle handle = export_event(event);

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_event_create(manager, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_event_export(event, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_event_import(manager, &handle, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_event_value(event, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_event_fd(event, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "callback is NULL",
		geyser_event_notify(event, 1, NULL, NULL));
	geyser_event_unref(event);
}

static void no_input(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = JUNK;
	struct geyser_event *event = JUNK;
	struct geyser_native_texture native = {.type = GEYSER_NATIVE_MEMFD, .fd = -1};
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM,
		.width = 1,
		.height = 1,
	};

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "desc is NULL",
		geyser_texture_create(manager, NULL, &texture));
	assert_null(texture);
	texture = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "handle is NULL",
		geyser_texture_import(manager, NULL, NULL, &texture));
	assert_null(texture);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "handle is NULL",
		geyser_event_import(manager, NULL, &event));
	assert_null(event);
	texture = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "native is NULL",
		geyser_texture_import_native(manager, NULL, &desc, &texture));
	assert_null(texture);
	texture = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "desc is NULL",
		geyser_texture_import_native(manager, &native, NULL, &texture));
	assert_null(texture);
}

static void access_that_is_none(void **state)
{
	static const int numbers[] = {0, -1, 4, 7, INT_MAX, INT_MIN};
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 2, 2);

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct geyser_mapping mapping = {.data = JUNK};
		char number[24];

		(void)snprintf(number, sizeof(number), "access (%d)", numbers[i]);
		refused(GEYSER_ERROR_INVALID_ARGUMENT, number,
			geyser_texture_map(texture, (enum geyser_access)numbers[i], &mapping));
		assert_null(mapping.data);
	}
	geyser_texture_unref(texture);
}

static void subresources_that_are_none(void **state)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM,
		.width = 2,
		.height = 2,
		.layers = 3,
		.mip_levels = 2,
	};
	struct geyser_texture *texture;
	struct geyser_subresource sub;

	if (!offers_shape(manager_of(state), &desc))
		desc.layers = desc.mip_levels = 1;
	const uint32_t levels = desc.mip_levels, layers = desc.layers;
	const uint32_t wrong[][3] = {{1, 0, 0}, {0, levels, 0}, {0, 0, layers}, {UINT32_MAX, 0, 0},
		{0, UINT32_MAX, 0}, {0, 0, UINT32_MAX}, {UINT32_MAX, UINT32_MAX, UINT32_MAX}};

	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	ok(geyser_texture_get_subresource(texture, 0, levels - 1, layers - 1, &sub));
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "plane %u, mip level %u, layer %u", wrong[i][0],
			wrong[i][1], wrong[i][2]);
		sub.size = 1;
		refused(GEYSER_ERROR_INVALID_ARGUMENT, text,
			geyser_texture_get_subresource(
				texture, wrong[i][0], wrong[i][1], wrong[i][2], &sub));
		assert_int_equal(sub.size, 0);
	}
	geyser_texture_unref(texture);
}

static const struct CMUnitTest tests[] = {
	test(no_manager),
	test(no_texture),
	test(no_event),
	test(no_output_for_a_manager),
	test(no_output_for_a_texture),
	test(no_output_for_an_event),
	test(no_input),
	test(access_that_is_none),
	test(subresources_that_are_none),
};

const struct group arguments_group = {"arguments", tests, COUNT_OF(tests), NULL};
