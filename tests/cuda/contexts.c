/* The context that the library uses. The caller's context stays current, and each context has one
 * import of a texture. */
#include "cu.h"

static struct geyser_texture *create(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R32_UINT,
		.width = 64,
		.height = 64,
		.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_LINEAR,
	};
	struct geyser_texture *texture;

	ok(geyser_texture_create(((struct fixture *)*state)->manager, &desc, &texture));
	return texture;
}

static struct CUctx_st *current(void)
{
	struct CUctx_st *context;

	cuda(cu.CtxGetCurrent(&context));
	return context;
}

static void pop(void)
{
	struct CUctx_st *popped;

	cuda(cu.CtxPopCurrent(&popped));
}

/* Without a current context the library uses the primary context. */
static void without_a_context(void **state)
{
	struct geyser_texture *texture = create(state);
	struct geyser_cuda_texture seen, again;

	assert_null(current());
	ok(geyser_cuda_texture(texture, &seen));
	assert_null(current());
	cu_enter();
	assert_ptr_equal(seen.context, current());
	ok(geyser_cuda_texture(
		texture, &again)); /* the same import, as that context is current now */
	assert_true(again.pointer == seen.pointer);
	assert_true(fill_texture(texture, 4));
	assert_true(pointer_holds(&seen, geyser_texture_get_desc(texture), 4));
	cu_leave();
	geyser_texture_unref(texture); /* the import's end needs no current context */
	assert_null(current());
}

/* Each context has an import of its own, of the same memory. */
static void in_a_context_of_the_callers(void **state)
{
	struct geyser_texture *texture = create(state);
	struct geyser_cuda_texture primary, own;
	struct CUctx_st *context;

	ok(geyser_cuda_texture(texture, &primary));
	cuda(cu.CtxCreate(&context, 0, primary.device));
	ok(geyser_cuda_texture(texture, &own));
	assert_ptr_equal(own.context, context);
	assert_ptr_equal(current(), context);
	assert_true(fill_texture(texture, 6));
	assert_true(pointer_holds(&own, geyser_texture_get_desc(texture), 6));
	pop();
	geyser_texture_unref(texture);
	cuda(cu.CtxDestroy(context));
}

/* The library uses the context of the stream, even if another context is current. */
static void of_the_stream(void **state)
{
	struct geyser_texture *texture = create(state);
	struct geyser_event *event = make_event(((struct fixture *)*state)->manager, 0);
	struct CUctx_st *context;
	struct CUstream_st *stream;
	struct cu_memory memory;
	int device;

	cuda(cu.DeviceGet(&device, 0));
	cuda(cu.CtxCreate(&context, 0, device));
	cuda(cu.StreamCreate(&stream, 1));
	memory = cu_allocate(64 * 64 * 4);
	pop();
	assert_true(fill_texture(texture, 6));
	ok(geyser_cuda_texture_copy_to(texture, memory.pointer, 0, stream));
	ok(geyser_cuda_event_signal(event, 3, stream));
	assert_null(current());
	ok(geyser_event_wait(event, 3, PATIENCE));
	cuda(cu.CtxPushCurrent(context));
	assert_true(cu_holds(&memory, geyser_texture_get_desc(texture), 256, 6));
	cu_free(&memory);
	cuda(cu.StreamDestroy(stream));
	pop();
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	cuda(cu.CtxDestroy(context));
}

static void on_another_device(void **state)
{
	struct geyser_texture *texture;
	struct geyser_cuda_texture seen;
	struct CUctx_st *context;
	int device;

	if (cu.DeviceGet(&device, 1) != 0)
		skip();
	texture = create(state);
	cuda(cu.CtxCreate(&context, 0, device));
	refused(GEYSER_ERROR_MISMATCH, "make a context current",
		geyser_cuda_texture(texture, &seen));
	assert_ptr_equal(current(), context);
	pop();
	ok(geyser_cuda_texture(texture, &seen));
	cuda(cu.CtxDestroy(context));
	geyser_texture_unref(texture);
}

/* The error is reported, and no context stays current. */
static void a_context_that_cant_be_entered(void **state)
{
	struct geyser_texture *texture;
	struct geyser_cuda_texture seen;
	struct CUctx_st *context;

	if (!cu_is_double)
		skip(); /* only the double can be made to fail */
	texture = create(state);
	ok(geyser_cuda_texture(texture, &seen));
	cu.double_fail("cuCtxPushCurrent_v2", 709);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "entering the context",
		geyser_cuda_texture(texture, &seen));
	cuda(cu.CtxGetCurrent(&context));
	assert_null(context);
	geyser_texture_unref(texture);
}

#define THREADS 8

struct shared {
	struct geyser_texture *texture;
	unsigned long long pointers[THREADS];
};

static void import_in_thread(unsigned index, void *data)
{
	struct shared *shared = data;
	struct geyser_cuda_texture seen;

	for (int i = 0; i < 50; i++) {
		check(geyser_cuda_texture(shared->texture, &seen) == GEYSER_OK);
		shared->pointers[index] = seen.pointer;
	}
}

static void several_threads(void **state)
{
	struct shared shared = {.texture = create(state)};

	run_threads(THREADS, import_in_thread, &shared);
	for (size_t i = 0; i < THREADS; i++)
		assert_true(shared.pointers[i] != 0 && shared.pointers[i] == shared.pointers[0]);
	geyser_texture_unref(shared.texture);
}

#define ROUNDS 40

/* The texture's end closes the descriptors that its import has opened. */
static void nothing_stays_open(void **state)
{
	unsigned before = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct geyser_texture *texture = create(state);
		struct geyser_event *event = make_event(((struct fixture *)*state)->manager, 0);
		struct geyser_cuda_texture seen;

		ok(geyser_cuda_texture(texture, &seen));
		ok(geyser_cuda_event_signal(event, 1, NULL));
		ok(geyser_event_wait(event, 1, PATIENCE));
		geyser_event_unref(event);
		geyser_texture_unref(texture);
		if (i == ROUNDS / 4)
			before = fd_count();
	}
	assert_in_range(fd_count(), 0, before + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vulkan_test(without_a_context),
		vulkan_test(in_a_context_of_the_callers),
		vulkan_test(of_the_stream),
		vulkan_test(on_another_device),
		vulkan_test(a_context_that_cant_be_entered),
		vulkan_test(several_threads),
		vulkan_test(nothing_stays_open),
	};

	return has_cuda() ? cmocka_run_group_tests_name("contexts", tests, NULL, NULL) : 0;
}
