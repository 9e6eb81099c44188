/* Access to dma-bufs by the CPU, and the search for makers of dma-bufs on this machine. */
#include "dmabuf.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP "/dev/dma_heap/system"

const struct geyser_texture_desc plain_desc = {
	.format = GEYSER_FORMAT_RGBA8_UNORM,
	.width = WIDTH,
	.height = HEIGHT,
	.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST,
};

/* ---- the abilities of this machine ---- */

static unsigned present;

static const char *name_of(unsigned what)
{
	switch (what) {
	case NEED_UDMABUF:
		return "/dev/udmabuf";
	case NEED_HEAP:
		return HEAP;
	case NEED_VULKAN:
		return "a Vulkan device with dma-bufs";
	case NEED_GBM:
		return "a GBM device";
	default:
		return "an EGL device that imports dma-bufs";
	}
}

/* Prints what the Vulkan device supports. Returns whether it supports dma-bufs. */
static bool look_at_vulkan(bool *software)
{
	struct geyser_vulkan_info info;
	struct geyser_manager *manager;

	if (geyser_backend_available(GEYSER_BACKEND_VULKAN) != GEYSER_OK) {
		print_message("# Vulkan: %s\n", geyser_error_detail());
		return false;
	}
	manager = make_manager_on(GEYSER_BACKEND_VULKAN);
	info = info_of(manager);
	geyser_manager_destroy(manager);
	print_message("# Vulkan: %s, %s: dma-bufs: %s, native events: %s\n", info.name, info.driver,
		info.dma_buf ? "yes" : "no", info.native_events ? "yes" : "no");
	*software = info.type == VK_PHYSICAL_DEVICE_TYPE_CPU;
	return info.dma_buf;
}

unsigned look_around(void)
{
	bool software = true;

	if (access("/dev/udmabuf", R_OK | W_OK) == 0)
		present |= NEED_UDMABUF;
	if (access(HEAP, R_OK) == 0)
		present |= NEED_HEAP;
	if (look_at_vulkan(&software)) {
		present |= NEED_VULKAN;
		test_backend = GEYSER_BACKEND_VULKAN;
	}
	if (open_gbm())
		present |= NEED_GBM;
	if (open_gles(software))
		present |= NEED_GLES;
	return present;
}

void needs(unsigned what)
{
	unsigned missing = what & ~present;

	if (!missing)
		return;
	print_message("# there is not %s\n", name_of(missing & -missing));
	skip();
}

/* ---- textures and memory ---- */

struct geyser_texture *make_dma_buf_texture(struct geyser_manager *manager)
{
	struct geyser_texture_desc desc = plain_desc;
	struct geyser_texture *texture;

	desc.usage |= GEYSER_USAGE_DMA_BUF;
	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

struct geyser_texture *import_dma_buf(
	struct geyser_manager *manager, const struct geyser_native_texture *native)
{
	struct geyser_texture *texture;

	ok(geyser_texture_import_native(manager, native, &plain_desc, &texture));
	return texture;
}

struct geyser_native_texture export_dma_buf(struct geyser_texture *texture)
{
	struct geyser_native_texture native;

	ok(geyser_texture_export_native_as(texture, GEYSER_NATIVE_DMA_BUF, &native));
	assert_int_equal(native.type, GEYSER_NATIVE_DMA_BUF);
	assert_true(native.fd >= 0);
	assert_true(fd_is_cloexec(native.fd));
	assert_in_range(native.plane_count, 1, 4);
	return native;
}

struct geyser_native_texture heap_memory(void)
{
	struct dma_heap_allocation_data data = {.len = BYTES, .fd_flags = O_RDWR | O_CLOEXEC};
	int heap = open(HEAP, O_RDONLY | O_CLOEXEC);

	assert_true(heap >= 0);
	assert_int_equal(ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data), 0);
	(void)close(heap);
	return (struct geyser_native_texture){
		.type = GEYSER_NATIVE_DMA_BUF,
		.fd = (int)data.fd,
		.size = BYTES,
		.plane_count = 1,
		.planes = {{.offset = 0, .row_pitch = (uint64_t)WIDTH * 4}},
	};
}

/* ---- access by the CPU ---- */

static bool walk_rows(uint8_t *first, size_t row_pitch, uint32_t seed, bool write)
{
	uint64_t place = 0;

	for (size_t y = 0; y < HEIGHT; y++)
		for (size_t x = 0; x < (size_t)WIDTH * 4; x++, place++) {
			uint8_t *byte = first + y * row_pitch + x;

			if (write)
				*byte = pattern_byte(seed, place);
			else if (*byte != pattern_byte(seed, place))
				return false;
		}
	return true;
}

static bool sync_dma_buf(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = {.flags = flags};

	return ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) == 0;
}

static bool walk_dma_buf(const struct geyser_native_texture *native, uint32_t seed, bool write)
{
	uint64_t access = write ? DMA_BUF_SYNC_WRITE : DMA_BUF_SYNC_READ;
	size_t size = (size_t)native->size;
	uint8_t *bytes = mmap(
		NULL, size, write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, native->fd, 0);
	bool good;

	if (bytes == MAP_FAILED)
		return false;
	good = sync_dma_buf(native->fd, DMA_BUF_SYNC_START | access) &&
	       walk_rows(bytes + native->planes[0].offset, (size_t)native->planes[0].row_pitch,
		       seed, write) &&
	       sync_dma_buf(native->fd, DMA_BUF_SYNC_END | access);
	(void)munmap(bytes, size);
	return good;
}

bool fill_dma_buf(const struct geyser_native_texture *native, uint32_t seed)
{
	return walk_dma_buf(native, seed, true);
}

bool dma_buf_holds(const struct geyser_native_texture *native, uint32_t seed)
{
	return walk_dma_buf(native, seed, false);
}
