/*
 * Textures whose memory is a dma-buf, and other makers and users of such memory: udmabuf, a DMA
 * heap, GBM and EGL. The tests use the public API only. A test that needs something this machine
 * lacks is skipped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_DMABUF_H
#define TESTS_DMABUF_H

#include "gpu.h"
#include "harness.h"

/* ---- the abilities of this machine ---- */

#define NEED_UDMABUF 0x1u /* /dev/udmabuf */
#define NEED_HEAP 0x2u    /* /dev/dma_heap/system */
#define NEED_VULKAN 0x4u  /* a Vulkan device with dma-bufs and modifiers */
#define NEED_GBM 0x8u
#define NEED_GLES 0x10u /* an EGL device that imports dma-bufs */

/* Finds out once, before the first test, what this machine has. Returns the NEED_ bits of that.
 * Fixtures make a Vulkan manager if Vulkan has dma-bufs here, else a host manager. */
unsigned look_around(void);

/* Skips the running test if this machine lacks one of the NEED_ bits, and prints its name. */
void needs(unsigned what);

/* ---- textures and memory ---- */

#define WIDTH 64u
#define HEIGHT 48u
#define BYTES ((size_t)WIDTH * HEIGHT * 4)

/* RGBA8_UNORM, WIDTH × HEIGHT, with all usage bits that the tests need. */
extern const struct geyser_texture_desc plain_desc;

struct geyser_texture *make_dma_buf_texture(struct geyser_manager *manager);

/* Returns a texture that uses this dma-buf. */
struct geyser_texture *import_dma_buf(
	struct geyser_manager *manager, const struct geyser_native_texture *native);

/* Returns the texture's memory as a dma-buf. The caller owns its fd. */
struct geyser_native_texture export_dma_buf(struct geyser_texture *texture);

/* Returns a linear dma-buf of one plane for plain_desc, from a DMA heap. The caller owns its fd. */
struct geyser_native_texture heap_memory(void);

/* Writes and compares the pattern of fill_texture through a CPU mapping of a linear dma-buf,
 * between the ioctls that begin and end such an access. */
bool fill_dma_buf(const struct geyser_native_texture *native, uint32_t seed);
bool dma_buf_holds(const struct geyser_native_texture *native, uint32_t seed);

/* ---- GBM and OpenGL ES ---- */

/* Open GBM and OpenGL ES for the whole run: their descriptors would disturb the count of each
 * test. */
bool open_gbm(void);
bool open_gles(bool software);
/* Draws into a framebuffer that is no dma-buf, so that the driver releases the last dma-buf. */
void draw_idly(void);

/* The groups of tests. */
extern const struct CMUnitTest host_tests[], vulkan_tests[], gbm_tests[], gles_tests[],
	opengl_tests[], process_tests[];
extern const size_t host_test_count, vulkan_test_count, gbm_test_count, gles_test_count,
	opengl_test_count, process_test_count;

#define test(function) manager_test(function)

#endif
