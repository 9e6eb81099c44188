/* A process of another user can neither import nor export. The tests need root to become another
 * user. */
#include "harness.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

/* For a forked child. It has a manager of the host backend, since GPU drivers don't work there. */
static bool become_nobody(void)
{
	return setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
	       geteuid() == NOBODY;
}

/* Tries all that another user could try. The manager was made before or after becoming that user.
 */
static int try_all(const struct geyser_handle *handle, struct geyser_manager *manager)
{
	struct geyser_texture *texture = (struct geyser_texture *)manager;
	struct geyser_handle found;

	child_check(
		geyser_texture_import(manager, handle, NULL, &texture) == GEYSER_ERROR_PERMISSION);
	child_check(texture == NULL && strstr(geyser_error_detail(), "uid"));
	/* another user's registry isn't read, even if the environment names it */
	child_check(
		geyser_handle_from_id(geyser_handle_id(handle), &found) == GEYSER_ERROR_NOT_FOUND);
	child_check(geyser_handle_id(&found) == 0);
	return 0;
}

static int import_as_nobody(void *data)
{
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_HOST};
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_handle handle;
	int failed;

	child_check(become_nobody());
	child_check(geyser_manager_create(&desc, &manager) == GEYSER_OK);
	failed = try_all(data, manager);
	child_check(geyser_texture_create(manager,
			    &(struct geyser_texture_desc){
				    .format = GEYSER_FORMAT_R8_UNORM, .width = 1, .height = 1},
			    &texture) == GEYSER_OK);
	child_check(geyser_texture_export(texture, &handle) == GEYSER_OK); /* in /tmp */
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
	return failed;
}

/* With the registry's own modes, and with modes that let all users in. */
static void another_user_imports_nothing(void **state)
{
	const struct fixture *fixture = *state;
	struct geyser_texture *texture;
	struct geyser_handle handle;
	char path[64];

	if (!CHILD_HAS_THREADS)
		skip();
	texture = make_texture(fixture->manager, GEYSER_FORMAT_R8_UNORM, 8, 8);
	handle = export_texture(texture);
	in_child(import_as_nobody, &handle);
	assert_int_equal(chmod(fixture->directory, 0755), 0);
	in_child(import_as_nobody, &handle);
	(void)snprintf(path, sizeof(path), "%s/geyser", fixture->directory);
	assert_int_equal(chmod(path, 0777), 0);
	in_child(import_as_nobody, &handle);
	assert_int_equal(chmod(path, 0700), 0);
	geyser_texture_unref(import_texture(fixture->manager, &handle));
	geyser_texture_unref(texture);
}

/* Reports the handle, and ends when the test prompts it. */
static int export_as_nobody(int orders, int reports, void *data)
{
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_HOST};
	const struct geyser_texture_desc texture_desc = {
		.format = GEYSER_FORMAT_R8_UNORM,
		.width = 1,
		.height = 1,
	};
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_handle handle;

	(void)data;
	child_check(become_nobody());
	child_check(geyser_manager_create(&desc, &manager) == GEYSER_OK);
	child_check(geyser_texture_create(manager, &texture_desc, &texture) == GEYSER_OK);
	child_check(geyser_texture_export(texture, &handle) == GEYSER_OK);
	child_check(write(reports, &handle, sizeof(handle)) == sizeof(handle));
	child_check(wait_for_prompt(orders));
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
	return 0;
}

/* root could open another user's files: the library refuses other users all the same. */
static void root_imports_nothing_of_another_user(void **state)
{
	const struct fixture *fixture = *state;
	struct geyser_texture *texture;
	struct geyser_handle handle, found;
	struct helper child;

	if (!CHILD_HAS_THREADS)
		skip();
	assert_int_equal(chown(fixture->directory, NOBODY, NOBODY), 0);
	child = start_helper(export_as_nobody, NULL);
	hear_helper(&child, &handle, sizeof(handle));
	refused(GEYSER_ERROR_PERMISSION, "uid 65534",
		geyser_texture_import(fixture->manager, &handle, NULL, &texture));
	refused(GEYSER_ERROR_NOT_FOUND, "nothing is exported",
		geyser_handle_from_id(geyser_handle_id(&handle), &found));
	prompt_helper(&child);
	end_helper(&child);
	assert_int_equal(chown(fixture->directory, 0, 0), 0);
}

static void a_registry_of_another_user_is_refused(void **state)
{
	const struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_R8_UNORM, 8, 8);
	struct geyser_handle handle;
	char path[64], found[64];

	(void)snprintf(path, sizeof(path), "%s/geyser", fixture->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	refused(GEYSER_ERROR_PERMISSION, "uid 65534", geyser_texture_export(texture, &handle));
	refused(GEYSER_ERROR_PERMISSION, "uid 65534", geyser_handle_from_id(7, &handle));
	refused(GEYSER_ERROR_PERMISSION, "uid 65534",
		geyser_registry_directory(found, sizeof(found)));
	assert_string_equal(found, path);
	assert_int_equal(registry_entries(), 0);
	assert_int_equal(chown(path, 0, 0), 0);
	handle = export_texture(texture);
	geyser_texture_unref(import_texture(fixture->manager, &handle));
	geyser_texture_unref(texture);
}

/* Makes all places of registries usable. The first one is the test's own directory. */
static int setup(void **state)
{
	int failed = setup_manager(state);

	return failed || setenv("XDG_RUNTIME_DIR", getenv("GEYSER_RUNTIME_DIR"), 1) ||
	       unsetenv("GEYSER_RUNTIME_DIR");
}

#define users_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown_manager)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		users_test(another_user_imports_nothing),
		users_test(root_imports_nothing_of_another_user),
		users_test(a_registry_of_another_user_is_refused),
	};

	if (geteuid() != 0) {
		(void)printf("1..0 # SKIP only root can become another user\n");
		return 0;
	}
	return run_suite(argc, argv, "users", tests, COUNT_OF(tests));
}
