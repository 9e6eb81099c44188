/* Textures of the host backend as dma-bufs, through /dev/udmabuf. */
#include "dmabuf.h"

#include <unistd.h>

struct host {
	struct geyser_manager *manager;
	struct geyser_texture *texture;
};

static struct host begin(unsigned what)
{
	struct host host;

	needs(what);
	host.manager = make_manager_on(GEYSER_BACKEND_HOST);
	ok(geyser_texture_create(host.manager, &plain_desc, &host.texture));
	return host;
}

static void end(struct host *host)
{
	geyser_texture_unref(host->texture);
	geyser_manager_destroy(host->manager);
}

static void a_host_texture_is_a_dma_buf(void **state)
{
	struct host host = begin(NEED_UDMABUF);
	struct geyser_native_texture native;

	(void)state;
	assert_true(fill_texture(host.texture, 1));
	native = export_dma_buf(host.texture);
	assert_int_equal(native.plane_count, 1);
	assert_int_equal(native.modifier, 0);
	assert_int_equal(lseek(native.fd, 0, SEEK_END), native.size);
	assert_true(dma_buf_holds(&native, 1));
	assert_true(fill_dma_buf(&native, 2));
	assert_true(texture_holds(host.texture, 2));
	(void)close(native.fd);
	end(&host);
}

static void the_dma_buf_outlives_its_texture(void **state)
{
	struct host host = begin(NEED_UDMABUF);
	struct geyser_native_texture native;

	(void)state;
	assert_true(fill_texture(host.texture, 1));
	native = export_dma_buf(host.texture);
	end(&host);
	assert_true(dma_buf_holds(&native, 1));
	(void)close(native.fd);
}

static void an_imported_host_texture_is_one_as_well(void **state)
{
	struct host host = begin(NEED_UDMABUF);
	struct geyser_native_texture native;
	struct geyser_texture *imported;
	struct geyser_handle handle;

	(void)state;
	handle = export_texture(host.texture);
	imported = import_texture(host.manager, &handle);
	native = export_dma_buf(imported);
	assert_true(fill_dma_buf(&native, 3));
	assert_true(texture_holds(host.texture, 3));
	(void)close(native.fd);
	geyser_texture_unref(imported);
	end(&host);
}

/* Both textures are the same memory: each side sees what the other writes. */
static void vulkan_takes_it(void **state)
{
	struct host host = begin(NEED_UDMABUF | NEED_VULKAN);
	struct geyser_native_texture native;
	struct geyser_texture *imported;
	struct gpu gpu;

	assert_true(fill_texture(host.texture, 1));
	native = export_dma_buf(host.texture);
	imported = import_dma_buf(manager_of(state), &native);
	(void)close(native.fd);
	assert_int_equal(geyser_texture_path(imported), GEYSER_PATH_ZERO_COPY);
	assert_true(texture_holds(imported, 1));
	assert_true(fill_texture(imported, 2));
	assert_true(texture_holds(host.texture, 2));
	gpu_open(&gpu, manager_of(state));
	assert_true(gpu_holds_now(&gpu, imported, 2));
	gpu_fill_now(&gpu, imported, 3);
	gpu_close(&gpu);
	assert_true(texture_holds(host.texture, 3));
	geyser_texture_unref(imported);
	end(&host);
}

const struct CMUnitTest host_tests[] = {
	test(a_host_texture_is_a_dma_buf),
	test(the_dma_buf_outlives_its_texture),
	test(an_imported_host_texture_is_one_as_well),
	test(vulkan_takes_it),
};
const size_t host_test_count = COUNT_OF(host_tests);
