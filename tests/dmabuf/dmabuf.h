/*
 * Textures whose memory is a dma-buf, and the other makers and users of such memory: udmabuf, a DMA
 * heap, GBM, EGL. Public API only; a test that needs what this machine lacks is skipped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_DMABUF_H
#define TESTS_DMABUF_H

#include "gpu.h"
#include "harness.h"

/* ---- what this machine has ---- */

#define NEED_UDMABUF 0x1u /* /dev/udmabuf */
#define NEED_HEAP 0x2u    /* /dev/dma_heap/system */
#define NEED_VULKAN 0x4u  /* a device with dma-bufs and modifiers */
#define NEED_GBM 0x8u
#define NEED_GLES 0x10u /* an EGL device that imports dma-bufs */

/* Looks at it all once, before the first test; returns what there is. Fixtures make a manager of
 * Vulkan where it has dma-bufs, else of the host. */
unsigned look_around(void);

/* Skips the test that runs, naming what it lacks. */
void needs(unsigned what);

/* ---- textures and memory ---- */

#define WIDTH 64u
#define HEIGHT 48u
#define BYTES ((size_t)WIDTH * HEIGHT * 4)

/* RGBA8_UNORM, WIDTH × HEIGHT, of any use that a test makes of it. */
extern const struct geyser_texture_desc plain_desc;

struct geyser_texture *make_dma_buf_texture(struct geyser_manager *manager);

/* A texture of this dma-buf. */
struct geyser_texture *import_dma_buf(
	struct geyser_manager *manager, const struct geyser_native_texture *native);

/* The texture's memory as a dma-buf; the fd is the caller's. */
struct geyser_native_texture export_dma_buf(struct geyser_texture *texture);

/* A linear dma-buf of one plane for plain_desc: what a DMA heap gives. The fd is the caller's. */
struct geyser_native_texture heap_memory(void);

/* The pattern of fill_texture, through the CPU's mapping of a linear dma-buf, between the ioctls
 * that it takes. */
bool fill_dma_buf(const struct geyser_native_texture *native, uint32_t seed);
bool dma_buf_holds(const struct geyser_native_texture *native, uint32_t seed);

/* ---- GBM and OpenGL ES ---- */

/* Opens them for the life of the program, as descriptors are counted test by test. */
bool open_gbm(void);
bool open_gles(bool software);
/* Elsewhere than into any dma-buf, which the driver then lets go. */
void draw_idly(void);

/* The groups. */
extern const struct CMUnitTest host_tests[], vulkan_tests[], gbm_tests[], gles_tests[],
	opengl_tests[], process_tests[];
extern const size_t host_test_count, vulkan_test_count, gbm_test_count, gles_test_count,
	opengl_test_count, process_test_count;

#define test(function) manager_test(function)

#endif
