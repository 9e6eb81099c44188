#include "cu.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

struct cu cu;
bool cu_is_double;

static struct CUctx_st *primary;

void expect_cuda(int result, const char *call, const char *file, int line)
{
	if (result == 0)
		return;
	print_error("%s: CUresult %d\n", call, result);
	_fail(file, line);
}

/* ---- opening ---- */

static bool none(const char *why)
{
	(void)printf("1..0 # SKIP %s\n", why);
	return false;
}

/* The double is on Vulkan's device. */
static void tell_double(void)
{
	struct geyser_manager *manager = make_manager_on(GEYSER_BACKEND_VULKAN);
	const struct geyser_vulkan_info info = info_of(manager);
	char text[33];

	for (size_t i = 0; i < 16; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", info.device_uuid[i]);
	(void)setenv("CUDA_DOUBLE_UUID", text, 1);
	geyser_manager_destroy(manager);
}

#define FUNCTIONS(X)                                               \
	X(Init, "cuInit")                                          \
	X(DeviceGet, "cuDeviceGet")                                \
	X(DeviceGetUuid, "cuDeviceGetUuid_v2")                     \
	X(DevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain")      \
	X(DevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2") \
	X(CtxCreate, "cuCtxCreate_v2")                             \
	X(CtxDestroy, "cuCtxDestroy_v2")                           \
	X(CtxGetCurrent, "cuCtxGetCurrent")                        \
	X(CtxPushCurrent, "cuCtxPushCurrent_v2")                   \
	X(CtxPopCurrent, "cuCtxPopCurrent_v2")                     \
	X(StreamCreate, "cuStreamCreate")                          \
	X(StreamDestroy, "cuStreamDestroy_v2")                     \
	X(StreamSynchronize, "cuStreamSynchronize")                \
	X(StreamQuery, "cuStreamQuery")                            \
	X(MemAlloc, "cuMemAlloc_v2")                               \
	X(MemFree, "cuMemFree_v2")                                 \
	X(MemcpyDtoH, "cuMemcpyDtoH_v2")                           \
	X(MemcpyHtoD, "cuMemcpyHtoD_v2")                           \
	X(MemsetD32Async, "cuMemsetD32Async")                      \
	X(SurfObjectCreate, "cuSurfObjectCreate")                  \
	X(SurfObjectDestroy, "cuSurfObjectDestroy")

static bool load(void *library)
{
#define LOAD(name, symbol)                           \
	*(void **)&cu.name = dlsym(library, symbol); \
	if (!cu.name)                                \
		return false;
	FUNCTIONS(LOAD)
#undef LOAD
	*(void **)&cu.double_alive = dlsym(library, "double_alive");
	*(void **)&cu.double_fail = dlsym(library, "double_fail");
	cu_is_double = cu.double_alive != NULL;
	return true;
}

bool has_cuda(void)
{
	static void *library; /* never closed */
	struct geyser_cuda_info info;
	int device;

	if (!has_vulkan())
		return false;
	library = dlopen("libcuda.so.1", RTLD_NOW);
	if (!library || !load(library))
		return none("no libcuda.so.1");
	if (cu_is_double)
		tell_double();
	if (geyser_cuda_get_info(&info) != GEYSER_OK)
		return none(geyser_error_detail());
	cuda(cu.Init(0));
	cuda(cu.DeviceGet(&device, 0));
	cuda(cu.DevicePrimaryCtxRetain(&primary, device));
	return true;
}

/* ---- fixtures ---- */

static int alive_before;

static int set_up(void **state)
{
	alive_before = cu_is_double ? cu.double_alive() : 0;
	return setup_manager(state);
}

int setup_vulkan(void **state)
{
	test_backend = GEYSER_BACKEND_VULKAN;
	return set_up(state);
}

int setup_host(void **state)
{
	test_backend = GEYSER_BACKEND_HOST;
	return set_up(state);
}

int teardown_cuda(void **state)
{
	struct fixture *fixture = *state;
	struct CUctx_st *current;

	cuda(cu.CtxGetCurrent(&current));
	assert_null(current); /* no function has left a context behind */
	if (cu_is_double)
		return teardown_manager(state) == 0 && cu.double_alive() == alive_before ? 0 : -1;
	geyser_manager_destroy(fixture->manager);
	fixture->manager = NULL;
	fixture->fds = fd_count();
	return teardown_manager(state);
}

/* ---- memory ---- */

static struct CUstream_st *stream;

void cu_enter(void)
{
	cuda(cu.CtxPushCurrent(primary));
	cuda(cu.StreamCreate(&stream, 1)); /* the stream doesn't wait for the default stream */
}

void cu_leave(void)
{
	struct CUctx_st *popped;

	cuda(cu.StreamSynchronize(stream));
	cuda(cu.StreamDestroy(stream));
	cuda(cu.CtxPopCurrent(&popped));
	assert_ptr_equal(popped, primary);
	stream = NULL;
}

struct CUstream_st *cu_stream(void)
{
	return stream;
}

struct cu_memory cu_allocate(size_t size)
{
	struct cu_memory memory = {.size = size};

	cuda(cu.MemAlloc(&memory.pointer, size));
	return memory;
}

void cu_free(struct cu_memory *memory)
{
	cuda(cu.MemFree(memory->pointer));
	*memory = (struct cu_memory){0};
}

/* ---- patterns ---- */

size_t row_bytes(const struct geyser_texture_desc *desc)
{
	return (size_t)desc->width * geyser_format_get_info(desc->format)->bytes_per_texel;
}

static size_t row_count(const struct geyser_texture_desc *desc)
{
	const size_t depth = desc->depth ? desc->depth : 1, layers = desc->layers;

	return desc->height * (depth > layers ? depth : layers);
}

static uint8_t byte_at(const struct geyser_texture_desc *desc, uint32_t seed, size_t place)
{
	/* the high bytes of a little-endian float between 0.5 and 1 */
	if (desc->format == GEYSER_FORMAT_DEPTH32_FLOAT && place % 4 == 3)
		return 0x3f;
	if (desc->format == GEYSER_FORMAT_DEPTH32_FLOAT && place % 4 == 2)
		return pattern_byte(seed, place) & 0x7f;
	return pattern_byte(seed, place);
}

static bool is_unused(const struct geyser_texture_desc *desc, size_t place)
{
	return desc->format == GEYSER_FORMAT_DEPTH24_PLUS && place % 4 == 3;
}

static bool walk(uint8_t *data, const struct geyser_texture_desc *desc, size_t pitch, uint32_t seed,
	bool compare)
{
	const size_t row = row_bytes(desc);
	size_t place = 0;

	for (size_t y = 0; y < row_count(desc); y++)
		for (size_t x = 0; x < row; x++, place++) {
			if (!compare)
				data[y * pitch + x] = byte_at(desc, seed, place);
			else if (data[y * pitch + x] != byte_at(desc, seed, place) &&
				 !is_unused(desc, place))
				return false;
		}
	return true;
}

void cu_write(const struct cu_memory *memory, const struct geyser_texture_desc *desc, size_t pitch,
	uint32_t seed)
{
	uint8_t *data = calloc(1, memory->size);

	assert_non_null(data);
	(void)walk(data, desc, pitch, seed, false);
	cuda(cu.MemcpyHtoD(memory->pointer, data, memory->size));
	cuda(cu.StreamSynchronize(NULL)); /* cuMemcpyHtoD may return before the copy is done */
	free(data);
}

bool cu_holds(const struct cu_memory *memory, const struct geyser_texture_desc *desc, size_t pitch,
	uint32_t seed)
{
	uint8_t *data = calloc(1, memory->size);
	bool holds;

	assert_non_null(data);
	cuda(cu.MemcpyDtoH(data, memory->pointer, memory->size));
	holds = walk(data, desc, pitch, seed, true);
	free(data);
	return holds;
}

static bool walk_mapping(struct geyser_texture *texture, uint32_t seed, bool compare)
{
	struct geyser_mapping mapping;
	bool good;

	ok(geyser_texture_map(
		texture, compare ? GEYSER_ACCESS_READ : GEYSER_ACCESS_WRITE, &mapping));
	good = walk(
		mapping.data, geyser_texture_get_desc(texture), mapping.row_pitch, seed, compare);
	geyser_texture_unmap(texture);
	return good;
}

void cu_fill_texture(struct geyser_texture *texture, uint32_t seed)
{
	(void)walk_mapping(texture, seed, false);
}

bool cu_texture_holds(struct geyser_texture *texture, uint32_t seed)
{
	return walk_mapping(texture, seed, true);
}

bool pointer_holds(const struct geyser_cuda_texture *texture,
	const struct geyser_texture_desc *desc, uint32_t seed)
{
	const struct cu_memory memory = {texture->pointer, texture->size};

	assert_true(texture->pointer != 0);
	return cu_holds(&memory, desc, texture->row_pitch, seed);
}
