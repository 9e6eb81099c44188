/*
 * Makes each call of the system fail that can fail. Each operation runs with the first, the second,
 * … call of a kind failing, until it makes no further call of that kind.
 *
 * Each failure must have its result and a detail, and must leave no output, descriptor or memory
 * behind. The operation must work afterwards. Exporter and importer are one process here, so that
 * the calls of both sides fail.
 */
#include "faults.h"

#include "base/clock.h"
#include "ipc/importer/connect.h"
#include "ipc/importer/request.h"
#include "ipc/registry/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define STEPS_MAX 200

struct world {
	struct geyser_manager *manager;
	struct geyser_texture *texture, *imported;
	struct geyser_event *event, *imported_event;
	struct geyser_handle texture_handle, event_handle;
	struct geyser_native_texture native;
	int fd;
	unsigned notified; /* number of callbacks that geyser_event_notify accepted */
	unsigned called;
};

struct operation {
	const char *name;
	void (*prepare)(struct world *world);
	enum geyser_result (*run)(struct world *world);
	/* checks after a failure that there is no output */
	bool (*left_nothing)(const struct world *world);
};

static const struct geyser_texture_desc small = {
	.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 8, .height = 8, .label = "small"};

/* ---- the state before an operation ---- */

static void nothing(struct world *world)
{
	(void)world;
}

static void a_manager(struct world *world)
{
	const struct geyser_manager_desc desc = {.import_timeout_ns = UINT64_C(20000000000)};

	assert_ok(geyser_manager_create(&desc, &world->manager));
}

static void a_texture(struct world *world)
{
	a_manager(world);
	assert_ok(geyser_texture_create(world->manager, &small, &world->texture));
}

static void an_event(struct world *world)
{
	a_manager(world);
	assert_ok(geyser_event_create(world->manager, 0, &world->event));
}

static void an_exported_texture(struct world *world)
{
	a_texture(world);
	assert_ok(geyser_texture_export(world->texture, &world->texture_handle));
}

static void an_exported_event(struct world *world)
{
	an_event(world);
	assert_ok(geyser_event_export(world->event, &world->event_handle));
}

/* An import of the event then uses the connection that the texture keeps open. */
static void an_import_and_an_exported_event(struct world *world)
{
	an_exported_texture(world);
	assert_ok(geyser_texture_import(
		world->manager, &world->texture_handle, NULL, &world->imported));
	assert_ok(geyser_event_create(world->manager, 0, &world->event));
	assert_ok(geyser_event_export(world->event, &world->event_handle));
}

static void a_native_texture(struct world *world)
{
	a_texture(world);
	assert_ok(geyser_texture_export_native(world->texture, &world->native));
	world->fd = world->native.fd;
}

static void destroy(struct world *world)
{
	geyser_texture_unref(world->imported);
	geyser_event_unref(world->imported_event);
	geyser_texture_unref(world->texture);
	geyser_event_unref(world->event);
	geyser_manager_destroy(world->manager);
	if (world->fd >= 0)
		(void)close(world->fd);
	assert_int_equal(world->called, world->notified);
}

/* ---- operations ---- */

static enum geyser_result make_manager(struct world *world)
{
	world->manager = (void *)world;
	return geyser_manager_create(NULL, &world->manager);
}

static bool no_manager(const struct world *world)
{
	return !world->manager;
}

static enum geyser_result make_texture(struct world *world)
{
	world->texture = (void *)world;
	return geyser_texture_create(world->manager, &small, &world->texture);
}

static bool no_texture(const struct world *world)
{
	return !world->texture;
}

static enum geyser_result make_event(struct world *world)
{
	world->event = (void *)world;
	return geyser_event_create(world->manager, 7, &world->event);
}

static bool no_event(const struct world *world)
{
	return !world->event;
}

static bool is_zero(const struct geyser_handle *handle)
{
	static const struct geyser_handle zero;

	return memcmp(handle, &zero, sizeof(zero)) == 0;
}

static enum geyser_result export_texture(struct world *world)
{
	memset(&world->texture_handle, 0xee, sizeof(world->texture_handle));
	return geyser_texture_export(world->texture, &world->texture_handle);
}

static bool no_export(const struct world *world)
{
	struct geyser_memory_info memory;

	return geyser_manager_memory(world->manager, &memory) == GEYSER_OK &&
	       memory.textures.exported == 0 && is_zero(&world->texture_handle);
}

static enum geyser_result export_event(struct world *world)
{
	memset(&world->event_handle, 0xee, sizeof(world->event_handle));
	return geyser_event_export(world->event, &world->event_handle);
}

static bool no_event_export(const struct world *world)
{
	return is_zero(&world->event_handle);
}

static enum geyser_result import_texture(struct world *world)
{
	world->imported = (void *)world;
	return geyser_texture_import(
		world->manager, &world->texture_handle, NULL, &world->imported);
}

static bool no_import(const struct world *world)
{
	return !world->imported;
}

static enum geyser_result import_event(struct world *world)
{
	world->imported_event = (void *)world;
	return geyser_event_import(world->manager, &world->event_handle, &world->imported_event);
}

static bool no_imported_event(const struct world *world)
{
	return !world->imported_event;
}

static enum geyser_result resolve_id(struct world *world)
{
	uint32_t id = geyser_handle_id(&world->texture_handle);
	struct geyser_handle found;
	enum geyser_result result = geyser_handle_from_id(id, &found);

	if (result == GEYSER_OK ? memcmp(&found, &world->texture_handle, sizeof(found)) != 0
				: !is_zero(&found))
		return (enum geyser_result)1;
	return result;
}

static void count_call(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct world *world = user;

	(void)event;
	(void)value;
	(void)result;
	world->called++; /* read only after the event has ended */
}

/* Resolves an id as another process does: over the socket in the registry. */
static enum geyser_result resolve_from_outside(struct world *world)
{
	struct gy_message answer,
		request = {.type = GY_WIRE_RESOLVE, .id = geyser_handle_id(&world->texture_handle)};
	struct gy_handle_fields fields;
	struct gy_registry registry;
	enum geyser_result result;
	int socket, fd = -1;
	pid_t pid;

	assert_ok(gy_handle_decode(&world->texture_handle, &fields));
	result = test_open_registry(false, &registry);
	if (result != GEYSER_OK)
		return result;
	result = gy_registry_connect(&registry, fields.instance, GY_NEVER, &socket, &pid);
	gy_registry_close(&registry);
	if (result != GEYSER_OK)
		return result;
	result = gy_request_send(socket, true, "", &request);
	if (result == GEYSER_OK || result == GEYSER_ERROR_DISCONNECTED)
		result = gy_request_await(
			socket, 0, gy_deadline(UINT64_C(20000000000)), -1, &answer, &fd);
	assert_int_equal(fd, -1);
	assert_int_equal(close(socket), 0);
	return result;
}

static enum geyser_result notify(struct world *world)
{
	enum geyser_result result = geyser_event_notify(world->event, 1, count_call, world);

	world->notified += result == GEYSER_OK;
	return result;
}

static enum geyser_result make_event_fd(struct world *world)
{
	world->fd = 12345;
	return geyser_event_fd(world->event, 1, &world->fd);
}

static enum geyser_result make_importers_fd(struct world *world)
{
	world->fd = 12345;
	return geyser_texture_importers_fd(world->texture, &world->fd);
}

static enum geyser_result export_native(struct world *world)
{
	enum geyser_result result = geyser_texture_export_native(world->texture, &world->native);

	world->fd = world->native.fd;
	return result;
}

static bool no_fd(const struct world *world)
{
	return world->fd == -1;
}

static enum geyser_result import_native(struct world *world)
{
	world->imported = (void *)world;
	return geyser_texture_import_native(
		world->manager, &world->native, &small, &world->imported);
}

static bool whatever(const struct world *world)
{
	(void)world;
	return true;
}

static const struct operation operations[] = {
	{"make a manager", nothing, make_manager, no_manager},
	{"make a texture", a_manager, make_texture, no_texture},
	{"make an event", a_manager, make_event, no_event},
	{"export a texture", a_texture, export_texture, no_export},
	{"export an event", an_event, export_event, no_event_export},
	{"import a texture", an_exported_texture, import_texture, no_import},
	{"import an event", an_exported_event, import_event, no_imported_event},
	{"import a second object", an_import_and_an_exported_event, import_event,
		no_imported_event},
	{"look up an id", an_exported_texture, resolve_id, whatever},
	{"look up an id from outside", an_exported_texture, resolve_from_outside, whatever},
	{"ask for a callback", an_event, notify, whatever},
	{"ask for an event's fd", an_event, make_event_fd, no_fd},
	{"ask for the importers' fd", an_exported_texture, make_importers_fd, no_fd},
	{"export natively", a_texture, export_native, no_fd},
	{"import natively", a_native_texture, import_native, no_import},
};

/* ---- faults ---- */

static const struct {
	enum fault fault;
	int error;
	enum geyser_result result;
} faults[] = {
	{FAULT_ACCEPT, EMFILE, GEYSER_ERROR_LIMIT},
	{FAULT_ACCEPT, ECONNABORTED, GEYSER_OK},
	{FAULT_ALLOCATION, ENOMEM, GEYSER_ERROR_OUT_OF_MEMORY},
	{FAULT_BIND, ENOSPC, GEYSER_ERROR_OUT_OF_MEMORY},
	{FAULT_BIND, EACCES, GEYSER_ERROR_PERMISSION},
	{FAULT_DUPLICATE, EMFILE, GEYSER_ERROR_LIMIT},
	{FAULT_EPOLL_CREATE, EMFILE, GEYSER_ERROR_LIMIT},
	{FAULT_EPOLL_CTL, ENOSPC, GEYSER_ERROR_OUT_OF_MEMORY},
	{FAULT_EVENTFD, EMFILE, GEYSER_ERROR_LIMIT},
	{FAULT_FALLOCATE, ENOSPC, GEYSER_ERROR_OUT_OF_MEMORY},
#ifndef GEYSER_PLATFORM_APPLE
	{FAULT_FALLOCATE, EINTR, GEYSER_OK},
	{FAULT_SEAL, EINVAL, GEYSER_ERROR_UNSUPPORTED},
#endif
	{FAULT_FLOCK, ENOLCK, GEYSER_ERROR_SYSTEM},
	{FAULT_GETRANDOM, ENOSYS, GEYSER_ERROR_SYSTEM},
	{FAULT_LISTEN, EADDRINUSE, GEYSER_ERROR_SYSTEM},
	{FAULT_MEMFD, EMFILE, GEYSER_ERROR_LIMIT},
	{FAULT_MEMFD, ENFILE, GEYSER_ERROR_LIMIT},
	{FAULT_MEMFD, ENOMEM, GEYSER_ERROR_OUT_OF_MEMORY},
	{FAULT_MMAP, ENOMEM, GEYSER_ERROR_OUT_OF_MEMORY},
	{FAULT_OPEN, EMFILE, GEYSER_ERROR_LIMIT},
	{FAULT_OPENAT, ENOSPC, GEYSER_ERROR_OUT_OF_MEMORY},
	{FAULT_SOCKET, EMFILE, GEYSER_ERROR_LIMIT},
	{FAULT_SOCKETPAIR, EMFILE, GEYSER_ERROR_LIMIT},
	{FAULT_SYMLINK, ENOSPC, GEYSER_ERROR_OUT_OF_MEMORY},
	{FAULT_THREAD, EAGAIN, GEYSER_ERROR_SYSTEM},
	{FAULT_TREE, ENOMEM, GEYSER_ERROR_OUT_OF_MEMORY},
};

struct found {
	unsigned failed, tolerated;
};

/* Runs the operation once with the nth call failing. Returns false if it made fewer than n
 * calls. */
static bool run_once(const struct operation *operation, size_t fault, unsigned nth, bool for_good,
	struct found *found)
{
	long allocated = faults_allocated();
	size_t fds = test_fd_count(getpid());
	struct world world = {.fd = -1};
	enum geyser_result result;
	char label[128];
	bool hit;

	(void)snprintf(label, sizeof(label), "%s: fault %d (%s), call %u", operation->name,
		(int)faults[fault].fault, strerrorname_np(faults[fault].error), nth);
	operation->prepare(&world);
	/* sets another error detail */
	(void)geyser_handle_from_string("", &(struct geyser_handle){{0}});
	faults_arm(faults[fault].fault, faults[fault].error, nth, for_good);
	result = operation->run(&world);
	hit = faults_disarm();
	if (result != GEYSER_OK) {
		if (result != faults[fault].result)
			print_error("%s: %s (%s)\n", label, geyser_result_string(result),
				geyser_error_detail());
		assert_true(hit);
		assert_int_equal(result, faults[fault].result);
		assert_null(strstr(geyser_error_detail(), "handle text"));
		if (!operation->left_nothing(&world))
			print_error("%s: it left an output\n", label);
		assert_true(operation->left_nothing(&world));
		found->failed++;
		assert_ok(operation->run(&world));
	} else if (hit) {
		found->tolerated++;
	}
	destroy(&world);
	if (test_fd_count(getpid()) != fds || faults_allocated() != allocated ||
		test_registry_entries() != 0)
		print_error("%s: it left descriptors, memory or files\n", label);
	assert_int_equal(test_fd_count(getpid()), fds);
	assert_int_equal(faults_allocated(), allocated);
	assert_int_equal(test_registry_entries(), 0);
	return hit;
}

static void each_call_fails_once(void **state)
{
	(void)state;
	for (size_t fault = 0; fault < TEST_COUNT(faults); fault++) {
		struct found found = {0};

		for (size_t i = 0; i < TEST_COUNT(operations); i++) {
			unsigned nth = 1;

			while (run_once(&operations[i], fault, nth, false, &found))
				assert_in_range(++nth, 2, STEPS_MAX);
		}
		/* A fault that never happened would test nothing. */
		if (faults[fault].result == GEYSER_OK)
			assert_in_range(found.tolerated, 1, UINT32_MAX);
		else
			assert_in_range(found.failed, 1, UINT32_MAX);
	}
}

/* Every call fails from the first one on. The operation must then end with an error and never
 * loop. */
static void each_call_fails_for_good(void **state)
{
	struct found found = {0};

	(void)state;
	for (size_t fault = 0; fault < TEST_COUNT(faults); fault++) {
		if (faults[fault].fault == FAULT_ACCEPT || faults[fault].result == GEYSER_OK)
			continue;
		for (size_t i = 0; i < TEST_COUNT(operations); i++)
			(void)run_once(&operations[i], fault, 1, true, &found);
	}
	assert_in_range(found.failed, 1, UINT32_MAX);
}

#ifndef GEYSER_PLATFORM_APPLE
/* The first memfd_create asks for MFD_NOEXEC_SEAL. After a refusal the library stops asking for
 * it. */
static void kernels_without_noexec(void **state)
{
	struct geyser_manager *manager;

	(void)state;
	faults_arm(FAULT_MEMFD, EINVAL, 1, false);
	assert_ok(geyser_manager_create(NULL, &manager));
	assert_true(faults_disarm());
	geyser_manager_destroy(manager);
	faults_arm(FAULT_MEMFD, EINVAL, 1, false);
	assert_fails(
		GEYSER_ERROR_UNSUPPORTED, "memfd_create", geyser_manager_create(NULL, &manager));
	assert_true(faults_disarm());
	assert_null(manager);
}

#endif

#ifdef GEYSER_PLATFORM_APPLE
#define MEMORY_CALL "shm_open"
#else
#define MEMORY_CALL "memfd_create"
#endif

/* The system has no shared memory at all. The error must say that, so that nobody tries again. */
static void kernels_without_memory(void **state)
{
	struct geyser_manager *manager;

	(void)state;
	faults_arm(FAULT_MEMFD, ENOSYS, 1, true);
	assert_fails(GEYSER_ERROR_UNSUPPORTED, MEMORY_CALL,
		geyser_backend_available(GEYSER_BACKEND_HOST));
	assert_fails(GEYSER_ERROR_UNSUPPORTED, MEMORY_CALL, geyser_manager_create(NULL, &manager));
	assert_true(faults_disarm());
	assert_ok(geyser_backend_available(GEYSER_BACKEND_HOST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_call_fails_once, test_runtime_enter, test_runtime_leave),
		cmocka_unit_test_setup_teardown(
			each_call_fails_for_good, test_runtime_enter, test_runtime_leave),
#ifndef GEYSER_PLATFORM_APPLE
		cmocka_unit_test(kernels_without_noexec),
#endif
		cmocka_unit_test(kernels_without_memory),
	};

	test_limit(100);
	return test_run("faults", tests, NULL, NULL);
}
