/* Managers, the information that they give, and the texts of errors. */
#include "conformance.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static void the_version_is_the_headers(void **state)
{
	char expected[32];

	(void)state;
	(void)snprintf(expected, sizeof(expected), "%d.%d.%d", GEYSER_VERSION_MAJOR,
		GEYSER_VERSION_MINOR, GEYSER_VERSION_PATCH);
	assert_string_equal(geyser_version(), expected);
}

static void every_result_has_its_name(void **state)
{
	static const int unknown[] = {1, 2, -18, -100, INT_MAX, INT_MIN};

	(void)state;
	assert_string_equal(geyser_result_string(GEYSER_OK), "GEYSER_OK");
	assert_string_equal(geyser_result_string(GEYSER_ERROR_INVALID_ARGUMENT),
		"GEYSER_ERROR_INVALID_ARGUMENT");
	assert_string_equal(geyser_result_string(GEYSER_ERROR_SYSTEM), "GEYSER_ERROR_SYSTEM");
	for (int i = 0; i >= GEYSER_ERROR_SYSTEM; i--) {
		const char *name = geyser_result_string((enum geyser_result)i);

		assert_ptr_equal(strstr(name, i ? "GEYSER_ERROR_" : "GEYSER_OK"), name);
		assert_string_not_equal(name, "GEYSER_ERROR_UNKNOWN");
		for (int j = 0; j > i; j--)
			assert_string_not_equal(name, geyser_result_string((enum geyser_result)j));
	}
	for (size_t i = 0; i < COUNT_OF(unknown); i++)
		assert_string_equal(geyser_result_string((enum geyser_result)unknown[i]),
			"GEYSER_ERROR_UNKNOWN");
}

static void backends_have_names(void **state)
{
	(void)state;
	assert_string_equal(geyser_backend_name(GEYSER_BACKEND_AUTO), "auto");
	assert_string_equal(geyser_backend_name(GEYSER_BACKEND_HOST), "host");
	assert_string_equal(geyser_backend_name(GEYSER_BACKEND_VULKAN), "vulkan");
	assert_string_equal(geyser_backend_name(GEYSER_BACKEND_METAL), "metal");
	assert_null(geyser_backend_name((enum geyser_backend)4));
	assert_null(geyser_backend_name((enum geyser_backend) - 1));
}

static void a_manager_with_all_defaults(void **state)
{
	struct geyser_manager *manager;

	(void)state;
	ok(geyser_manager_create(NULL, &manager));
	assert_non_null(manager);
	assert_int_not_equal(geyser_manager_get_backend(manager), GEYSER_BACKEND_AUTO);
	ok(geyser_backend_available(geyser_manager_get_backend(manager)));
	ok(geyser_backend_available(GEYSER_BACKEND_AUTO));
	geyser_manager_destroy(manager);
	geyser_manager_destroy(NULL);
}

static void a_manager_has_the_backend_asked_for(void **state)
{
	assert_int_equal(geyser_manager_get_backend(manager_of(state)), test_backend);
	assert_int_equal(geyser_manager_get_backend(NULL), GEYSER_BACKEND_AUTO);
}

/* A backend is reported as available exactly if a manager for it can be created. Otherwise the
 * refusal gives a reason. */
static void backends_are_available_or_say_why(void **state)
{
	(void)state;
	for (int i = GEYSER_BACKEND_AUTO; i <= GEYSER_BACKEND_METAL; i++) {
		struct geyser_manager_desc desc = {.backend = (enum geyser_backend)i};
		enum geyser_result available = geyser_backend_available(desc.backend);
		struct geyser_manager *manager = (struct geyser_manager *)state;

		if (available == GEYSER_OK) {
			ok(geyser_manager_create(&desc, &manager));
			geyser_manager_destroy(manager);
			continue;
		}
		assert_int_equal(available, GEYSER_ERROR_UNSUPPORTED);
		refused(GEYSER_ERROR_UNSUPPORTED, geyser_backend_name(desc.backend),
			geyser_backend_available(desc.backend));
		refused(GEYSER_ERROR_UNSUPPORTED, geyser_backend_name(desc.backend),
			geyser_manager_create(&desc, &manager));
		assert_null(manager);
	}
}

static void numbers_that_are_no_backend(void **state)
{
	static const int numbers[] = {-1, 4, 99, INT_MAX, INT_MIN};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct geyser_manager_desc desc = {.backend = (enum geyser_backend)numbers[i]};
		struct geyser_manager *manager = (struct geyser_manager *)state;
		char number[16];

		(void)snprintf(number, sizeof(number), "%d", numbers[i]);
		refused(GEYSER_ERROR_INVALID_ARGUMENT, number,
			geyser_manager_create(&desc, &manager));
		assert_null(manager);
		refused(GEYSER_ERROR_INVALID_ARGUMENT, number,
			geyser_backend_available(desc.backend));
	}
}

static void an_application_has_at_most_63_bytes(void **state)
{
	char name[128];
	struct geyser_manager_desc desc = {.backend = test_backend, .application = name};
	struct geyser_manager *manager;

	(void)state;
	for (size_t length = 0; length < sizeof(name); length++) {
		memset(name, 'n', length);
		name[length] = '\0';
		if (length <= 63) {
			ok(geyser_manager_create(&desc, &manager));
			geyser_manager_destroy(manager);
			continue;
		}
		manager = (struct geyser_manager *)name;
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "application (nnn",
			geyser_manager_create(&desc, &manager));
		assert_null(manager);
	}
}

static void an_application_is_copied(void **state)
{
	char name[] = "painter";
	struct geyser_manager_desc desc = {.backend = test_backend, .application = name};
	struct geyser_manager *manager;
	struct geyser_texture *texture;

	(void)state;
	ok(geyser_manager_create(&desc, &manager));
	memset(name, 0, sizeof(name));
	memset(&desc, 0xff, sizeof(desc));
	texture = make_texture(manager, GEYSER_FORMAT_R8_UNORM, 4, 4);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

/* Objects keep working after their manager is destroyed. */
static void objects_outlive_their_manager(void **state)
{
	struct geyser_manager *manager = make_manager();
	struct geyser_texture *texture = make_texture(manager, GEYSER_FORMAT_RGBA8_UNORM, 16, 16);
	struct geyser_event *event = make_event(manager, 1);
	struct geyser_texture *imported;
	struct geyser_handle handle;

	geyser_manager_destroy(manager);
	assert_true(fill_texture(texture, 3));
	handle = export_texture(texture);
	imported = import_texture(manager_of(state), &handle);
	assert_true(texture_holds(imported, 3));
	ok(geyser_event_signal(event, 9));
	handle = export_event(event);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	assert_true(texture_holds(imported, 3));
	geyser_texture_unref(imported);
}

static void many_managers_in_one_process(void **state)
{
	struct geyser_manager *managers[50];
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 8, 8);
	struct geyser_handle handle = export_texture(texture);

	for (size_t i = 0; i < COUNT_OF(managers); i++)
		managers[i] = make_manager();
	for (size_t i = 0; i < COUNT_OF(managers); i++) {
		geyser_texture_unref(import_texture(managers[i], &handle));
		geyser_manager_destroy(managers[i]);
	}
	geyser_texture_unref(texture);
}

static void usage_of_every_format_and_dimension(void **state)
{
	for (unsigned i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_format_info *info =
			geyser_format_get_info((enum geyser_format)i);

		for (int dimension = 0; dimension < 3; dimension++) {
			uint32_t usage = UINT32_MAX;

			ok(geyser_manager_format_usage(manager_of(state), info->format,
				(enum geyser_dimension)dimension, &usage));
			assert_int_equal(
				usage & ~(info->usage | GEYSER_USAGE_HOST_MEMORY |
						GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_GLOBAL_ID |
						GEYSER_USAGE_LINEAR),
				0);
		}
	}
}

static void usage_of_no_format_or_dimension(void **state)
{
	static const int numbers[] = {-1, 3, 100, INT_MAX, INT_MIN};
	uint32_t usage = 7;

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "dimension",
			geyser_manager_format_usage(manager_of(state), GEYSER_FORMAT_R8_UNORM,
				(enum geyser_dimension)numbers[i], &usage));
		assert_int_equal(usage, 0);
		if (numbers[i] == 3)
			continue; /* 3 is a valid format, rgba8unorm */
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "format",
			geyser_manager_format_usage(manager_of(state),
				(enum geyser_format)numbers[i], GEYSER_DIMENSION_2D, &usage));
	}
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "format (0)",
		geyser_manager_format_usage(
			manager_of(state), GEYSER_FORMAT_NONE, GEYSER_DIMENSION_2D, &usage));
}

static void the_registry_is_in_the_runtime_directory(void **state)
{
	const struct fixture *fixture = *state;
	char expected[64], path[512];
	size_t length;

	(void)snprintf(expected, sizeof(expected), "%s/geyser", fixture->directory);
	length = strlen(expected);
	ok(geyser_registry_directory(path, sizeof(path)));
	assert_string_equal(path, expected);
	ok(geyser_registry_directory(path, length + 1));
	assert_string_equal(path, expected);
	for (size_t size = 1; size <= length; size++) {
		enum geyser_result result = geyser_registry_directory(path, size);

		assert_int_equal(result, GEYSER_ERROR_INVALID_ARGUMENT);
		assert_string_equal(path, "");
	}
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "text", geyser_registry_directory(path, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "text", geyser_registry_directory(NULL, 10));
}

static void the_machine_is_described(void **state)
{
	struct geyser_system_info info;

	(void)state;
	ok(geyser_system_get_info(&info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_system_get_info(NULL));
}

static void look_at_detail(unsigned index, void *data)
{
	char *seen = data;

	(void)index;
	(void)snprintf(seen, 64, "%s", geyser_error_detail());
	(void)geyser_event_signal(NULL, 1);
}

static void a_detail_belongs_to_its_thread(void **state)
{
	char seen[64] = "not looked", *before;
	uint32_t usage;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "id (0)",
		geyser_handle_from_id(0, &(struct geyser_handle){0}));
	before = strdup(geyser_error_detail());
	run_threads(1, look_at_detail, seen);
	assert_string_equal(seen, "");
	assert_string_equal(geyser_error_detail(), before);
	ok(geyser_manager_format_usage(
		manager_of(state), GEYSER_FORMAT_R8_UNORM, GEYSER_DIMENSION_2D, &usage));
	assert_string_equal(geyser_error_detail(), before);
	free(before);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_version_is_the_headers),
	cmocka_unit_test(every_result_has_its_name),
	cmocka_unit_test(backends_have_names),
	cmocka_unit_test_setup_teardown(
		a_manager_with_all_defaults, setup_registry, teardown_registry),
	test(a_manager_has_the_backend_asked_for),
	test(backends_are_available_or_say_why),
	test(numbers_that_are_no_backend),
	test(an_application_has_at_most_63_bytes),
	test(an_application_is_copied),
	test(objects_outlive_their_manager),
	test(many_managers_in_one_process),
	test(usage_of_every_format_and_dimension),
	test(usage_of_no_format_or_dimension),
	test(the_registry_is_in_the_runtime_directory),
	test(the_machine_is_described),
	test(a_detail_belongs_to_its_thread),
};

const struct group managers_group = {"managers", tests, COUNT_OF(tests), NULL};
