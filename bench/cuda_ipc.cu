/*
 * geyser-bench-cuda UUID: a frame of 3840x2160x4 bytes between two processes by CUDA's IPC memory
 * and events. This process fills it, the other copies it into memory of its own, until this one's
 * CPU knows that the copy is done: the work that bench/vkhandover.c does.
 *
 * Writes one byte when it is ready; then, for each 64-bit count that it reads, so many times in
 * nanoseconds. It is started by geyser-bench, in whose rounds it takes its turns.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cuda_runtime.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE ((size_t)3840 * 2160 * 4)
#define DEVICES_MAX 64

/* What each process holds. The events are each made by who records them. */
struct side {
	int socket;
	void *frame, *copy;
	cudaEvent_t drawn, copied;
	cudaStream_t stream;
};

/* What the filling process tells the other, which answers with a byte. */
struct order {
	uint8_t verify; /* look at the copy instead of making one */
	uint8_t value;  /* of every byte of the frame */
};

static void check(cudaError_t result, const char *what)
{
	if (result == cudaSuccess)
		return;
	(void)fprintf(stderr, "geyser-bench-cuda: %s: %s\n", what, cudaGetErrorString(result));
	exit(1);
}

/* False: the other end is gone. */
static bool read_all(int fd, void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		const ssize_t got = read(fd, (char *)data + done, size - done);

		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		if (got > 0)
			done += (size_t)got;
	}
	return true;
}

static void write_all(int fd, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		const ssize_t put = write(fd, (const char *)data + done, size - done);

		if (put < 0 && errno != EINTR)
			exit(1);
		if (put > 0)
			done += (size_t)put;
	}
}

static void read_or_end(int fd, void *data, size_t size)
{
	if (!read_all(fd, data, size))
		exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

/* ---- the device and what is shared ----------------------------------------------------------- */

static void choose_device(const char *uuid)
{
	int count = 0;

	if (cudaGetDeviceCount(&count) != cudaSuccess)
		exit(1); /* no driver: geyser-bench says so */
	for (int i = 0; i < count && i < DEVICES_MAX; i++) {
		cudaDeviceProp properties;
		char text[33];

		check(cudaGetDeviceProperties(&properties, i), "a device's properties");
		for (size_t j = 0; j < 16; j++)
			(void)snprintf(text + 2 * j, 3, "%02x",
				(unsigned)(unsigned char)properties.uuid.bytes[j]);
		if (strcmp(text, uuid) == 0) {
			check(cudaSetDevice(i), "choosing the device");
			return;
		}
	}
	exit(1); /* Vulkan's device isn't one of CUDA's */
}

static void open_side(struct side *side, const char *uuid)
{
	choose_device(uuid);
	check(cudaStreamCreateWithFlags(&side->stream, cudaStreamNonBlocking), "a stream");
}

static cudaEvent_t make_event(int socket)
{
	cudaIpcEventHandle_t handle;
	cudaEvent_t event;

	check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventInterprocess),
		"an event");
	check(cudaIpcGetEventHandle(&handle, event), "exporting an event");
	write_all(socket, &handle, sizeof(handle));
	return event;
}

static cudaEvent_t open_event(int socket)
{
	cudaIpcEventHandle_t handle;
	cudaEvent_t event;

	read_or_end(socket, &handle, sizeof(handle));
	check(cudaIpcOpenEventHandle(&event, handle), "importing an event");
	return event;
}

/* ---- the process that copies ----------------------------------------------------------------- */

static void verify(const struct side *side, uint8_t value)
{
	uint8_t first, last;

	check(cudaStreamSynchronize(side->stream), "waiting for the copy");
	check(cudaMemcpy(&first, side->copy, 1, cudaMemcpyDeviceToHost), "reading the copy");
	check(cudaMemcpy(&last, (char *)side->copy + SIZE - 1, 1, cudaMemcpyDeviceToHost),
		"reading the copy");
	if (first == value && last == value)
		return;
	(void)fprintf(stderr, "geyser-bench-cuda: the copy's first byte is %u and its last %u: "
			      "both must be %u\n", first, last, value);
	exit(1);
}

static void follow(struct side *side, const char *uuid)
{
	cudaIpcMemHandle_t handle;
	struct order order;

	open_side(side, uuid);
	check(cudaMalloc(&side->copy, SIZE), "memory");
	side->copied = make_event(side->socket);
	side->drawn = open_event(side->socket);
	read_or_end(side->socket, &handle, sizeof(handle));
	check(cudaIpcOpenMemHandle(&side->frame, handle, cudaIpcMemLazyEnablePeerAccess),
		"importing memory");
	write_all(side->socket, "", 1);
	while (read_all(side->socket, &order, sizeof(order))) {
		if (order.verify) {
			verify(side, order.value);
		} else {
			check(cudaStreamWaitEvent(side->stream, side->drawn, 0), "waiting");
			check(cudaMemcpyAsync(side->copy, side->frame, SIZE,
				      cudaMemcpyDeviceToDevice, side->stream),
				"copying");
			check(cudaEventRecord(side->copied, side->stream), "signalling");
		}
		write_all(side->socket, "", 1);
	}
	check(cudaIpcCloseMemHandle(side->frame), "closing memory");
}

/* ---- the process that fills ------------------------------------------------------------------ */

static void order(const struct side *side, bool verify, uint8_t value)
{
	const struct order order = {verify, value};
	char done;

	write_all(side->socket, &order, sizeof(order));
	read_or_end(side->socket, &done, 1);
}

static uint64_t lead_once(const struct side *side, uint8_t value)
{
	const uint64_t start = now_ns();

	check(cudaMemsetAsync(side->frame, value, SIZE, side->stream), "filling");
	check(cudaEventRecord(side->drawn, side->stream), "signalling");
	order(side, false, value); /* an event can be waited for only once it is recorded */
	check(cudaEventSynchronize(side->copied), "waiting for the copy");
	return now_ns() - start;
}

static void lead(struct side *side, const char *uuid)
{
	cudaIpcMemHandle_t handle;
	uint8_t value = 0;
	uint64_t count;
	char ready;

	open_side(side, uuid);
	check(cudaMalloc(&side->frame, SIZE), "memory");
	side->copied = open_event(side->socket);
	side->drawn = make_event(side->socket);
	check(cudaIpcGetMemHandle(&handle, side->frame), "exporting memory");
	write_all(side->socket, &handle, sizeof(handle));
	read_or_end(side->socket, &ready, 1);
	write_all(STDOUT_FILENO, &ready, 1);
	while (read_all(STDIN_FILENO, &count, sizeof(count))) {
		for (uint64_t i = 0; i < count; i++) {
			const uint64_t time = lead_once(side, ++value);

			write_all(STDOUT_FILENO, &time, sizeof(time));
		}
		order(side, true, value);
	}
}

/* CUDA doesn't survive a fork: both processes open it afterwards. */
int main(int count, char **arguments)
{
	struct side side = {};
	int sockets[2];
	pid_t other;

	if (count != 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
		return 2;
	other = fork();
	if (other < 0)
		return 1;
	side.socket = sockets[other == 0];
	(void)close(sockets[other != 0]);
	if (other == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		follow(&side, arguments[1]);
		return 0;
	}
	lead(&side, arguments[1]);
	(void)close(side.socket);
	(void)waitpid(other, NULL, 0);
	return 0;
}
