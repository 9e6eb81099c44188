/*
 * Frames that a CUDA kernel draws, and another process's kernel reads, in place.
 *
 *	cuda_stream publish NAME FRAMES
 *	cuda_stream subscribe NAME FRAMES
 *
 * The publisher draws a wave, and in red the frame's number, and submits each frame while the GPU
 * is drawing it; the subscriber prints the mean of each frame's red. Either works with any other
 * publisher or subscriber of RGBA frames.
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/cuda.h>

#include <cuda_runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 1280u
#define HEIGHT 720u
#define TIMEOUT UINT64_C(5000000000)

static void require(enum geyser_result result, const char *what)
{
	if (result == GEYSER_OK)
		return;
	(void)fprintf(stderr, "cuda_stream: %s: %s: %s\n", what, geyser_result_string(result),
		geyser_error_detail());
	exit(1);
}

static void require_cuda(cudaError_t result, const char *what)
{
	if (result == cudaSuccess)
		return;
	(void)fprintf(stderr, "cuda_stream: %s: %s\n", what, cudaGetErrorString(result));
	exit(1);
}

/* ---- kernels: a texel of an RGBA frame is a uchar4 ------------------------------------------- */

static __global__ void draw_wave(unsigned char *data, size_t row_pitch, unsigned frame)
{
	const unsigned x = blockIdx.x * blockDim.x + threadIdx.x;
	const unsigned y = blockIdx.y * blockDim.y + threadIdx.y;

	if (x < WIDTH && y < HEIGHT)
		((uchar4 *)(data + y * row_pitch))[x] =
			make_uchar4(frame & 255, (x + 4 * frame) & 255, (y + 2 * frame) & 255, 255);
}

/* One sum for each block of threads, and then one of all. */
static __global__ void add_red(const unsigned char *data, size_t row_pitch, unsigned width,
	unsigned height, unsigned long long *sum)
{
	const unsigned x = blockIdx.x * blockDim.x + threadIdx.x;
	const unsigned y = blockIdx.y * blockDim.y + threadIdx.y;
	const bool first = threadIdx.x == 0 && threadIdx.y == 0;
	__shared__ unsigned block;

	if (first)
		block = 0;
	__syncthreads();
	if (x < width && y < height)
		atomicAdd(&block, ((const uchar4 *)(data + y * row_pitch))[x].x);
	__syncthreads();
	if (first)
		atomicAdd(sum, (unsigned long long)block);
}

static dim3 blocks(unsigned width, unsigned height)
{
	return dim3((width + 31) / 32, (height + 7) / 8);
}

static const dim3 threads(32, 8);

/* ---- publishing ------------------------------------------------------------------------------ */

static void publish_frame(struct geyser_publisher *publisher, unsigned number, cudaStream_t stream)
{
	struct geyser_cuda_texture memory;
	struct geyser_frame *frame;

	require(geyser_publisher_acquire(publisher, TIMEOUT, &frame), "acquiring a frame");
	require(geyser_cuda_texture(geyser_frame_texture(frame), &memory), "a frame's memory");
	require(geyser_cuda_frame_wait(frame, stream), "waiting for a buffer");
	draw_wave<<<blocks(WIDTH, HEIGHT), threads, 0, stream>>>(
		(unsigned char *)memory.pointer, memory.row_pitch, number);
	require_cuda(cudaGetLastError(), "drawing");
	require(geyser_cuda_frame_signal(frame, stream), "signalling");
	require(geyser_publisher_submit(publisher, frame), "submitting a frame");
}

static void publish(
	struct geyser_manager *manager, const char *name, unsigned frames, cudaStream_t stream)
{
	struct geyser_stream_desc desc = {};
	struct geyser_publisher *publisher;

	desc.name = name;
	desc.texture.format = GEYSER_FORMAT_RGBA8_UNORM;
	desc.texture.width = WIDTH;
	desc.texture.height = HEIGHT;
	desc.texture.usage =
		GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_LINEAR;
	desc.pacing = GEYSER_PACING_LOSSLESS;
	require(geyser_publisher_create(manager, &desc, &publisher), "publishing");
	for (unsigned i = 0; i < frames; i++)
		publish_frame(publisher, i, stream);
	require(geyser_publisher_flush(publisher, TIMEOUT), "the last frames");
	require_cuda(cudaStreamSynchronize(stream), "the stream's end");
	geyser_publisher_destroy(publisher);
}

/* ---- subscribing ----------------------------------------------------------------------------- */

/* Given back at once: the publisher draws into it when the kernel is through. */
static void read_frame(struct geyser_subscriber *subscriber, struct geyser_frame *frame,
	unsigned long long *sum, cudaStream_t stream)
{
	const struct geyser_texture_desc *desc =
		geyser_texture_get_desc(geyser_frame_texture(frame));
	const unsigned long long sequence = geyser_frame_get_info(frame)->sequence;
	const unsigned width = desc->width, height = desc->height;
	struct geyser_cuda_texture memory;
	unsigned long long red;

	require(geyser_cuda_texture(geyser_frame_texture(frame), &memory), "a frame's memory");
	if (!memory.pointer || geyser_format_get_info(desc->format)->bytes_per_texel != 4) {
		(void)fprintf(stderr,
			"cuda_stream: a frame of %s that has no rows in CUDA: publish rgba8unorm with "
			"GEYSER_USAGE_LINEAR\n",
			geyser_format_name(desc->format));
		exit(1);
	}
	require_cuda(cudaMemsetAsync(sum, 0, sizeof(*sum), stream), "the sum");
	require(geyser_cuda_frame_wait(frame, stream), "waiting for a frame");
	add_red<<<blocks(width, height), threads, 0, stream>>>(
		(const unsigned char *)memory.pointer, memory.row_pitch, width, height, sum);
	require_cuda(cudaGetLastError(), "reading");
	require(geyser_cuda_frame_signal(frame, stream), "signalling");
	require(geyser_subscriber_release(subscriber, frame), "releasing a frame");
	require_cuda(cudaMemcpyAsync(&red, sum, sizeof(red), cudaMemcpyDefault, stream), "the sum");
	require_cuda(cudaStreamSynchronize(stream), "reading");
	(void)printf("frame %llu: %.3f\n", sequence, (double)red / width / height);
	(void)fflush(stdout);
}

static void subscribe(
	struct geyser_manager *manager, const char *name, unsigned frames, cudaStream_t stream)
{
	struct geyser_subscriber_desc desc = {};
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	unsigned long long *sum;

	desc.name = name;
	desc.delivery = GEYSER_DELIVER_EVERY;
	desc.connect_timeout_ns = TIMEOUT;
	require_cuda(cudaMalloc(&sum, sizeof(*sum)), "memory");
	require(geyser_subscriber_create(manager, &desc, &subscriber), "subscribing");
	for (unsigned i = 0; i < frames; i++) {
		require(geyser_subscriber_acquire(subscriber, TIMEOUT, &frame), "acquiring a frame");
		read_frame(subscriber, frame, sum, stream);
	}
	geyser_subscriber_destroy(subscriber);
	require_cuda(cudaFree(sum), "memory");
}

int main(int count, char **arguments)
{
	struct geyser_manager_desc desc = {};
	struct geyser_manager *manager;
	cudaStream_t stream;
	unsigned frames;

	if (count != 4 || sscanf(arguments[3], "%u", &frames) != 1 ||
		(strcmp(arguments[1], "publish") != 0 && strcmp(arguments[1], "subscribe") != 0)) {
		(void)fprintf(stderr, "usage: cuda_stream publish|subscribe NAME FRAMES\n");
		return 2;
	}
	desc.backend = GEYSER_BACKEND_VULKAN;
	require(geyser_manager_create(&desc, &manager), "a manager");
	require_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "a stream");
	if (strcmp(arguments[1], "publish") == 0)
		publish(manager, arguments[2], frames, stream);
	else
		subscribe(manager, arguments[2], frames, stream);
	require_cuda(cudaStreamDestroy(stream), "the stream");
	geyser_manager_destroy(manager);
	return 0;
}
