/* Memory that is used again: a manager's pool of released textures, and what memory is used for. */
#include "streams.h"

#include <geyser/memory.h>

#include <stdlib.h>
#include <unistd.h>

#define SIDE 256 /* a texture of less than 64 KiB isn't kept */

static const struct geyser_texture_desc shape = {
	.format = GEYSER_FORMAT_RGBA8_UNORM, .width = SIDE, .height = SIDE};

static struct geyser_memory_amount amount_of(
	struct geyser_manager *manager, enum geyser_memory_kind kind)
{
	struct geyser_memory_amount amount;

	ok(geyser_manager_memory_of(manager, kind, &amount));
	return amount;
}

static uint64_t pooled(struct geyser_manager *manager)
{
	return amount_of(manager, GEYSER_MEMORY_POOL).count;
}

/* The kind of memory that the backend's textures have. */
static enum geyser_memory_kind own_kind(void)
{
	return test_backend == GEYSER_BACKEND_HOST    ? GEYSER_MEMORY_HOST
	       : test_backend == GEYSER_BACKEND_METAL ? GEYSER_MEMORY_IOSURFACE
						      : GEYSER_MEMORY_DEVICE;
}

static struct geyser_texture *make(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc)
{
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, desc, &texture));
	return texture;
}

static void expect_zero(struct geyser_texture *texture)
{
	struct geyser_mapping mapping;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (size_t i = 0; i < mapping.size; i++)
		assert_int_equal(((uint8_t *)mapping.data)[i], 0);
	geyser_texture_unmap(texture);
}

static void a_released_texture_comes_back_cleared(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = make(manager, &shape);
	uint64_t bytes = amount_of(manager, own_kind()).bytes;

	assert_true(fill_texture(texture, 7));
	geyser_texture_unref(texture);
	assert_int_equal(pooled(manager), 1);
	assert_int_equal(amount_of(manager, GEYSER_MEMORY_POOL).bytes, bytes);
	assert_int_equal(amount_of(manager, own_kind()).bytes, 0);
	texture = make(manager, &shape);
	assert_int_equal(pooled(manager), 0);
	assert_int_equal(amount_of(manager, own_kind()).bytes, bytes);
	expect_zero(texture);
	assert_true(fill_texture(texture, 8));
	assert_true(texture_holds(texture, 8));
	geyser_texture_unref(texture);
}

static void another_shape_or_usage_gets_memory_of_its_own(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture_desc desc = shape;

	geyser_texture_unref(make(manager, &shape));
	desc.height = SIDE - 1;
	geyser_texture_unref(make(manager, &desc));
	assert_int_equal(pooled(manager), 2);
	desc = shape;
	desc.format = GEYSER_FORMAT_BGRA8_UNORM;
	geyser_texture_unref(make(manager, &desc));
	assert_int_equal(pooled(manager), 3);
	desc = shape;
	desc.usage = GEYSER_USAGE_COPY_SRC;
	geyser_texture_unref(make(manager, &desc));
	assert_int_equal(pooled(manager), 4);
	geyser_texture_unref(make(manager, &shape));
	assert_int_equal(pooled(manager), 4);
}

static void a_small_texture_is_freed(void **state)
{
	struct geyser_manager *manager = manager_of(state);

	if (test_backend != GEYSER_BACKEND_HOST)
		return; /* a device may round a small texture up */
	geyser_texture_unref(make_texture(manager, GEYSER_FORMAT_R8_UNORM, 256, 240));
	assert_int_equal(pooled(manager), 0);
	geyser_texture_unref(make_texture(manager, GEYSER_FORMAT_R8_UNORM, 256, 256));
	assert_int_equal(pooled(manager), 1);
}

/* Two managers of one process stand for two processes: the import maps the memory on its own. */
static void memory_that_was_imported_never_comes_back(void **state)
{
	struct geyser_manager *manager = manager_of(state), *other = make_manager();
	struct geyser_texture *texture = make(manager, &shape), *imported;
	struct geyser_handle handle = export_texture(texture);

	imported = import_texture(other, &handle);
	geyser_texture_unref(texture);
	assert_int_equal(pooled(manager), 0);
	texture = make(manager, &shape);
	assert_true(fill_texture(imported, 3));
	expect_zero(texture);
	geyser_texture_unref(imported);
	assert_int_equal(pooled(other), 0);
	geyser_texture_unref(texture);
	geyser_manager_destroy(other);
}

static void memory_that_was_imported_once_never_comes_back(void **state)
{
	struct geyser_manager *manager = manager_of(state), *other = make_manager();
	struct geyser_texture *texture = make(manager, &shape);
	struct geyser_handle handle = export_texture(texture);

	geyser_texture_unref(import_texture(other, &handle));
	ok(geyser_texture_unexport(texture));
	geyser_texture_unref(texture);
	assert_int_equal(pooled(manager), 0);
	geyser_manager_destroy(other);
}

/* A handle alone gives no access. */
static void memory_that_nobody_imported_comes_back(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = make(manager, &shape);

	(void)export_texture(texture);
	geyser_texture_unref(texture);
	assert_int_equal(pooled(manager), 1);
}

static void exported_natively_it_never_comes_back(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = make(manager, &shape), *imported;
	struct geyser_native_texture native;

	if (geyser_texture_export_native(texture, &native) == GEYSER_ERROR_UNSUPPORTED) {
		geyser_texture_unref(texture); /* a sandbox keeps host memory in the process */
		return;
	}
	geyser_texture_unref(texture);
	assert_int_equal(pooled(manager), 0);
	ok(geyser_texture_import_native(manager, &native, &shape, &imported));
	geyser_texture_unref(imported);
	assert_int_equal(pooled(manager), 0);
	geyser_native_texture_release(&native);
}

static void the_pool_has_limits(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *textures[20];
	uint64_t bytes;

	for (size_t i = 0; i < COUNT_OF(textures); i++)
		textures[i] = make(manager, &shape);
	bytes = amount_of(manager, own_kind()).bytes / COUNT_OF(textures);
	for (size_t i = 0; i < COUNT_OF(textures); i++)
		geyser_texture_unref(textures[i]);
	assert_int_equal(pooled(manager), 16);
	ok(geyser_manager_trim(manager, 3 * bytes + 1));
	assert_int_equal(pooled(manager), 3);
	ok(geyser_manager_set_pool(manager, 2 * bytes, 60 * SECOND));
	assert_int_equal(pooled(manager), 2);
	geyser_texture_unref(make(manager, &shape));
	assert_int_equal(pooled(manager), 2);
	ok(geyser_manager_trim(manager, 0));
	assert_int_equal(pooled(manager), 0);
	ok(geyser_manager_set_pool(manager, 0, 60 * SECOND));
	geyser_texture_unref(make(manager, &shape));
	assert_int_equal(pooled(manager), 0);
}

/* The thread "geyser-ipc" runs once something is exported, and frees textures in time. */
static void kept_textures_are_freed_in_time(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *exported = make(manager, &shape);
	const uint64_t end = now_ns() + PATIENCE;

	(void)export_texture(exported);
	ok(geyser_manager_set_pool(manager, UINT64_MAX, 20 * MILLISECOND));
	geyser_texture_unref(make(manager, &shape));
	while (pooled(manager) > 0)
		assert_true(now_ns() < end);
	geyser_texture_unref(exported);
}

static void without_that_thread_the_next_texture_frees_them(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture_desc other = shape;
	struct geyser_texture *texture;

	other.width = SIDE - 1;
	ok(geyser_manager_set_pool(manager, UINT64_MAX, 0));
	geyser_texture_unref(make(manager, &shape));
	assert_int_equal(pooled(manager), 1);
	texture = make(manager, &other);
	assert_int_equal(pooled(manager), 0);
	geyser_texture_unref(texture);
}

/* The pool's descriptors are given up for a new texture. */
static void descriptors_of_the_pool_are_given_up(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture_desc other = shape;
	struct geyser_texture *textures[3];
	struct rlimit before;

	if (test_backend != GEYSER_BACKEND_HOST)
		return; /* other textures have no descriptor until they are exported */
	other.width = SIDE - 1;
	for (size_t i = 0; i < COUNT_OF(textures); i++)
		textures[i] = make(manager, &shape);
	for (size_t i = 0; i < COUNT_OF(textures); i++)
		geyser_texture_unref(textures[i]);
	assert_int_equal(pooled(manager), 3);
	assert_true(set_free_fds(0, &before));
	textures[0] = make(manager, &other);
	assert_int_equal(pooled(manager), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	geyser_texture_unref(textures[0]);
}

static void a_label_is_the_new_textures_own(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture_desc desc = shape;
	struct geyser_texture *texture;

	geyser_texture_unref(make(manager, &desc));
	desc.label = "second";
	texture = make(manager, &desc);
	assert_string_equal(geyser_texture_get_desc(texture)->label, "second");
	geyser_texture_unref(texture);
	desc.label = NULL;
	texture = make(manager, &desc);
	assert_null(geyser_texture_get_desc(texture)->label);
	geyser_texture_unref(texture);
}

/* ---- streams ---- */

/* Publishes a stream whose buffers are large enough to be kept. */
static struct geyser_publisher *publish_large(void **state, const char *name)
{
	const struct geyser_stream_desc desc = {.name = name, .texture = shape, .buffers = 2};
	struct geyser_publisher *publisher;

	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	return publisher;
}

static void a_stream_resized_back_gets_its_buffers_again(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_publisher *publisher = publish_large(state, "back");
	struct geyser_texture_desc other = shape;

	other.height = SIDE + 1;
	submit_all(publisher, 1, 2);
	ok(geyser_publisher_resize(publisher, &other));
	submit_all(publisher, 3, 4);
	assert_int_equal(pooled(manager), 2);
	ok(geyser_publisher_resize(publisher, &shape));
	assert_int_equal(pooled(manager), 0);
	submit_all(publisher, 5, 6);
	geyser_publisher_destroy(publisher);
	assert_int_equal(pooled(manager), 4);
}

static void buffers_that_a_subscriber_got_never_come_back(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_publisher *publisher = publish_large(state, "shown");
	struct geyser_subscriber *subscriber = subscribe(state, "shown", GEYSER_DELIVER_LATEST);

	submit(publisher, 1);
	pass(subscriber, 1);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	assert_int_equal(pooled(manager), 0);
}

/* ---- what memory is used for ---- */

static void each_kind_has_a_name(void **state)
{
	struct geyser_memory_amount amount = {1, 1};
	int count = 0;

	while (geyser_memory_kind_name((enum geyser_memory_kind)count))
		count++;
	assert_int_equal(count, GEYSER_MEMORY_STREAM + 1);
	assert_null(geyser_memory_kind_name((enum geyser_memory_kind) - 1));
	assert_string_equal(geyser_memory_kind_name(GEYSER_MEMORY_POOL), "pool");
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "kind (9)",
		geyser_manager_memory_of(
			manager_of(state), (enum geyser_memory_kind)count, &amount));
	assert_int_equal(amount.bytes, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_manager_memory_of(manager_of(state), GEYSER_MEMORY_POOL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager",
		geyser_manager_memory_of(NULL, GEYSER_MEMORY_POOL, &amount));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager", geyser_manager_trim(NULL, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager", geyser_manager_set_pool(NULL, 0, 0));
}

static void memory_counts_in_its_kind(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = make(manager, &shape), *imported;
	struct geyser_event *event = make_event(manager, 0);
	struct geyser_handle handle = export_texture(texture);
	uint64_t bytes = amount_of(manager, own_kind()).bytes;

	assert_int_equal(amount_of(manager, own_kind()).count, 1);
	assert_true(bytes >= (uint64_t)SIDE * SIDE * 4);
	assert_int_equal(amount_of(manager, GEYSER_MEMORY_EVENT).count, 1);
	imported = import_texture(manager, &handle);
	assert_int_equal(amount_of(manager, GEYSER_MEMORY_IMPORTED).count, 1);
	assert_int_equal(amount_of(manager, GEYSER_MEMORY_IMPORTED).bytes, bytes);
	assert_int_equal(amount_of(manager, own_kind()).bytes, bytes);
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
	geyser_event_unref(event);
	for (int kind = 0; kind <= GEYSER_MEMORY_STREAM; kind++)
		assert_int_equal(amount_of(manager, (enum geyser_memory_kind)kind).count, 0);
}

static void a_map_of_a_devices_texture_counts_as_staging(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = make(manager, &shape);
	struct geyser_mapping mapping;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	geyser_texture_unmap(texture);
	if (own_kind() == GEYSER_MEMORY_DEVICE)
		assert_true(amount_of(manager, GEYSER_MEMORY_STAGING).bytes >= mapping.size);
	geyser_texture_unref(texture);
	assert_int_equal(amount_of(manager, GEYSER_MEMORY_STAGING).bytes, 0);
}

static void a_streams_pages_count(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_publisher *publisher = publish(state, "pages", 2);
	uint64_t alone = amount_of(manager, GEYSER_MEMORY_STREAM).bytes;
	struct geyser_subscriber *subscriber = subscribe(state, "pages", GEYSER_DELIVER_LATEST);

	assert_true(alone > 0);
	assert_true(amount_of(manager, GEYSER_MEMORY_STREAM).bytes > alone);
	geyser_subscriber_destroy(subscriber);
	subscribers_become(publisher, 0);
	assert_int_equal(amount_of(manager, GEYSER_MEMORY_STREAM).bytes, alone);
	geyser_publisher_destroy(publisher);
	assert_int_equal(amount_of(manager, GEYSER_MEMORY_STREAM).bytes, 0);
}

static const struct CMUnitTest tests[] = {
	test(a_released_texture_comes_back_cleared),
	test(another_shape_or_usage_gets_memory_of_its_own),
	test(a_small_texture_is_freed),
	test(memory_that_was_imported_never_comes_back),
	test(memory_that_was_imported_once_never_comes_back),
	test(memory_that_nobody_imported_comes_back),
	test(exported_natively_it_never_comes_back),
	test(the_pool_has_limits),
	test(kept_textures_are_freed_in_time),
	test(without_that_thread_the_next_texture_frees_them),
	test(descriptors_of_the_pool_are_given_up),
	test(a_label_is_the_new_textures_own),
	test(a_stream_resized_back_gets_its_buffers_again),
	test(buffers_that_a_subscriber_got_never_come_back),
	test(each_kind_has_a_name),
	test(memory_counts_in_its_kind),
	test(a_map_of_a_devices_texture_counts_as_staging),
	test(a_streams_pages_count),
};

const struct group pool_group = {"pool", tests, COUNT_OF(tests), NULL};
