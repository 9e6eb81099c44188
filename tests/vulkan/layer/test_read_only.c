/* Streams in host memory, where the driver refuses to import memory that it may only read: the
 * layer read_only.c simulates such a driver. Frames are uploaded then, and nothing else changes. */
#include "frames.h"
#include "gpu.h"
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define WIDTH 61
#define HEIGHT 40
#define MEMORY 65536u

/* ---- the double itself ---- */

static int make_memory(bool sealed)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(posix_fallocate(fd, 0, MEMORY), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS,
				 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL |
					 (sealed ? F_SEAL_FUTURE_WRITE : 0)),
		0);
	return fd;
}

static VkResult import_pointer(VkDevice device, void *data)
{
	const VkExternalMemoryHandleTypeFlagBits type =
		VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
	const PFN_vkGetMemoryHostPointerPropertiesEXT get_properties =
		(PFN_vkGetMemoryHostPointerPropertiesEXT)vkGetDeviceProcAddr(
			device, "vkGetMemoryHostPointerPropertiesEXT");
	const VkImportMemoryHostPointerInfoEXT import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
		.handleType = type,
		.pHostPointer = data,
	};
	VkMemoryHostPointerPropertiesEXT properties = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
	VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = &import,
		.allocationSize = MEMORY,
	};
	VkDeviceMemory memory;
	VkResult result;

	vk(get_properties(device, type, data, &properties));
	assert_int_not_equal(properties.memoryTypeBits, 0);
	while (!(properties.memoryTypeBits & 1u << info.memoryTypeIndex))
		info.memoryTypeIndex++;
	result = vkAllocateMemory(device, &info, NULL, &memory);
	if (result == VK_SUCCESS)
		vkFreeMemory(device, memory, NULL);
	return result;
}

static void the_double_is_strict(void **state)
{
	static const struct {
		int protection;
		VkResult result;
	} cases[] = {
		{PROT_READ | PROT_WRITE, VK_SUCCESS},
		{PROT_READ, VK_ERROR_OUT_OF_DEVICE_MEMORY},
	};
	struct geyser_vulkan_device raw;
	int fd = make_memory(false);

	(void)state;
	assert_true(raw_open(&raw, NULL));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		void *data = mmap(NULL, MEMORY, cases[i].protection, MAP_SHARED, fd, 0);

		assert_true(data != MAP_FAILED);
		assert_int_equal(import_pointer(raw.device, data), cases[i].result);
		assert_int_equal(munmap(data, MEMORY), 0);
	}
	(void)close(fd);
	raw_close(&raw);
}

/* ---- a host stream, read by a GPU ---- */

struct stage {
	struct geyser_manager *host;
	struct gpu gpu;
	struct frames frames;
};

static struct geyser_texture_desc texture_desc(uint32_t width, uint32_t usage)
{
	return (struct geyser_texture_desc){
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = width,
		.height = HEIGHT,
		.usage = usage,
	};
}

static void begin_on(
	void **state, struct stage *stage, struct geyser_manager *manager, uint32_t usage)
{
	const struct geyser_texture_desc desc = texture_desc(WIDTH, usage);

	stage->host = manager;
	gpu_open(&stage->gpu, manager_of(state));
	stage->frames = open_frames(manager, manager_of(state), &desc, 0);
}

static void begin(void **state, struct stage *stage, uint32_t usage)
{
	begin_on(state, stage, make_manager_on(GEYSER_BACKEND_HOST), usage);
}

static void end(struct stage *stage)
{
	close_frames(&stage->frames);
	gpu_close(&stage->gpu);
	geyser_manager_destroy(stage->host);
}

/* The frame must have this pattern, read by the GPU after the frame's wait point, and by the CPU.
 */
static void expect_pixels(struct stage *stage, struct geyser_frame *frame, uint32_t seed)
{
	struct gpu_work work;
	struct gpu_sync sync = at_once;

	ok(geyser_vulkan_frame_wait_point(frame, &sync.wait));
	work = gpu_read(&stage->gpu, geyser_frame_texture(frame), sync);
	assert_true(gpu_finish_holds(&stage->gpu, &work, seed));
	assert_true(texture_holds(geyser_frame_texture(frame), seed));
}

static void frames_are_uploaded(void **state)
{
	struct stage stage;

	begin(state, &stage, 0);
	for (uint32_t i = 1; i <= 12; i++) {
		const struct geyser_texture_desc desc = texture_desc(WIDTH + i, 0);
		struct geyser_frame *frame;

		if (i % 4 == 0)
			ok(geyser_publisher_resize(stage.frames.publisher, &desc));
		submit(stage.frames.publisher, i);
		frame = next_frame(stage.frames.subscriber, i);
		assert_int_equal(
			geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
		assert_int_equal(geyser_texture_map_path(geyser_frame_texture(frame)),
			GEYSER_PATH_ZERO_COPY);
		expect_pixels(&stage, frame, i);
		ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	}
	end(&stage);
}

/* The frame is released while the GPU reads it. */
static void frames_are_released_while_they_are_read(void **state)
{
	struct stage stage;

	begin(state, &stage, 0);
	for (uint32_t i = 1; i <= 20; i++) {
		struct geyser_frame *frame;
		struct gpu_work work;
		struct gpu_sync sync;

		submit(stage.frames.publisher, i);
		frame = next_frame(stage.frames.subscriber, i);
		ok(geyser_vulkan_frame_wait_point(frame, &sync.wait));
		assert_true(sync.wait.semaphore == VK_NULL_HANDLE);
		ok(geyser_vulkan_frame_signal_point(frame, &sync.signal));
		work = gpu_read(&stage.gpu, geyser_frame_texture(frame), sync);
		ok(geyser_subscriber_release(stage.frames.subscriber, frame));
		assert_true(gpu_finish_holds(&stage.gpu, &work, i));
	}
	end(&stage);
}

/* A frame that the subscriber holds doesn't change when the publisher draws the next frames. */
static void a_frame_that_is_held_stays(void **state)
{
	struct geyser_frame *held, *frame;
	struct stage stage;

	begin(state, &stage, 0);
	submit(stage.frames.publisher, 1);
	held = next_frame(stage.frames.subscriber, 1);
	for (uint32_t i = 2; i <= 9; i++) {
		submit(stage.frames.publisher, i);
		frame = next_frame(stage.frames.subscriber, i);
		expect_pixels(&stage, frame, i);
		expect_pixels(&stage, held, 1);
		ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	}
	ok(geyser_subscriber_release(stage.frames.subscriber, held));
	end(&stage);
}

/* A device draws into host memory: the subscriber gets the frame once it is drawn. */
static void drawing_comes_before_the_upload(void **state)
{
	struct geyser_manager *manager = make_manager();
	struct gpu drawing;
	struct geyser_event *gate = make_event(manager, 0);
	struct geyser_frame *frame;
	struct gpu_sync sync;
	struct gpu_work drawn;
	struct stage stage;

	gpu_open(&drawing, manager);
	begin_on(state, &stage, manager, GEYSER_USAGE_HOST_MEMORY);
	frame = begin_frame(stage.frames.publisher);
	sync.wait = point_of(gate, 5);
	ok(geyser_vulkan_frame_signal_point(frame, &sync.signal));
	drawn = gpu_fill(&drawing, geyser_frame_texture(frame), 7, sync);
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(stage.frames.subscriber, 20 * MILLISECOND, &frame));
	ok(geyser_event_signal(gate, 5));
	frame = next_frame(stage.frames.subscriber, 1);
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
	expect_pixels(&stage, frame, 7);
	ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	gpu_finish(&drawing, &drawn);
	geyser_event_unref(gate);
	gpu_close(&drawing);
	end(&stage);
}

/* The subscriber may write into the buffers of such a stream, so the driver imports them. */
static void writers_need_no_upload(void **state)
{
	struct geyser_texture *mine;
	struct geyser_frame *frame;
	struct stage stage;

	begin(state, &stage, GEYSER_USAGE_WRITERS);
	frame = begin_frame(stage.frames.publisher);
	mine = geyser_texture_ref(geyser_frame_texture(frame));
	assert_true(fill_texture(mine, 1));
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	frame = next_frame(stage.frames.subscriber, 1);
	expect_pixels(&stage, frame, 1);
	gpu_fill_now(&stage.gpu, geyser_frame_texture(frame), 2);
	assert_true(texture_holds(mine, 2));
	ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	geyser_texture_unref(mine);
	end(&stage);
}

/* Other imports are refused, since their copies would never be updated. */
static void other_imports_say_so(void **state)
{
	const int fd = make_memory(true);
	const struct geyser_native_texture native = {
		.type = GEYSER_NATIVE_MEMFD,
		.fd = fd,
		.size = MEMORY,
		.plane_count = 1,
		.planes[0].row_pitch = 64 * 4,
	};
	const struct geyser_texture_desc desc = texture_desc(64, 0);
	struct geyser_texture *texture;
	struct geyser_handle handle;
	struct geyser_frame *frame;
	struct stage stage;

	begin(state, &stage, 0);
	refused(GEYSER_ERROR_UNSUPPORTED, "reading only",
		geyser_texture_import_native(manager_of(state), &native, &desc, &texture));
	frame = begin_frame(stage.frames.publisher);
	handle = export_texture(geyser_frame_texture(frame));
	refused(GEYSER_ERROR_UNSUPPORTED, "reading only",
		geyser_texture_import(manager_of(state), &handle, NULL, &texture));
	ok(geyser_publisher_discard(stage.frames.publisher, frame));
	end(&stage);
	(void)close(fd);
}

/* ---- between processes ---- */

static void expect_frames(struct two_peers *two, const char *take, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		ask_for(&two->first, "ok", "submit %u", i);
		ask_frame_by(&two->second, take, i, GEYSER_PATH_COPY);
	}
}

static void from_one_process_to_another(void **state)
{
	static const char *const takes[] = {"take-gpu", "take"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(takes); i++) {
		struct two_peers two;

		start_stream(&two, "host", "vulkan", "rgba8unorm 61 40 3");
		expect_frames(&two, takes[i], 1, 8);
		ask(&two.first, "resize rgba8unorm 123 45", "ok");
		expect_frames(&two, takes[i], 9, 16);
		end_two(&two);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(the_double_is_strict),
		manager_test(frames_are_uploaded),
		manager_test(frames_are_released_while_they_are_read),
		manager_test(a_frame_that_is_held_stays),
		manager_test(drawing_comes_before_the_upload),
		manager_test(writers_need_no_upload),
		manager_test(other_imports_say_so),
		registry_test(from_one_process_to_another),
	};
	struct geyser_manager *manager;
	bool imports;

	if (!has_vulkan())
		return 0;
	manager = make_manager();
	imports = info_of(manager).host_memory;
	geyser_manager_destroy(manager);
	if (!imports) {
		(void)puts("1..0 # SKIP no VK_EXT_external_memory_host");
		return 0;
	}
	return run_suite(argc, argv, "read_only", tests, COUNT_OF(tests));
}
