/* SPDX-License-Identifier: MIT */
/* The double's queues: how many command buffers one has, what holds it up, and what a command
 * buffer leaves undone that the GPU stops. */
#import "metal.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#define MAX_COMMAND_BUFFERS 64

struct asker {
	id<MTLCommandQueue> queue;
	sem_t got;
};

static void *ask(void *data)
{
	struct asker *asker = data;

	@autoreleasepool {
		if ([asker->queue commandBuffer])
			(void)sem_post(&asker->got);
	}
	return NULL;
}

static bool has_got(struct asker *asker, unsigned milliseconds)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += milliseconds / 1000;
	end.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	return sem_timedwait(&asker->got, &end) == 0;
}

static void fill(id<MTLCommandQueue> queue, id<MTLSharedEvent> gate)
{
	@autoreleasepool {
		for (unsigned i = 0; i < MAX_COMMAND_BUFFERS; i++) {
			id<MTLCommandBuffer> buffer = [queue commandBuffer];

			[buffer encodeWaitForEvent:gate value:1];
			[buffer commit];
		}
	}
}

/* The 65th commandBuffer blocks until one of the others has completed. */
static void a_queue_has_64_uncompleted_buffers(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		struct asker asker = {.queue = [device newCommandQueue]};
		id<MTLSharedEvent> gate = [device newSharedEvent];
		pthread_t thread;

		assert_int_equal(sem_init(&asker.got, 0, 0), 0);
		fill(asker.queue, gate);
		assert_int_equal(pthread_create(&thread, NULL, ask, &asker), 0);
		assert_false(has_got(&asker, 50));
		gate.signaledValue = 1;
		assert_true(has_got(&asker, 5000));
		assert_int_equal(pthread_join(thread, NULL), 0);
		(void)sem_destroy(&asker.got);
		[asker.queue release];
		[gate release];
		[device release];
	}
}

/* A command buffer that is released without a commit leaves its place to another one. */
static void buffers_that_are_dropped_count_no_more(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLCommandQueue> queue = [device newCommandQueue];

		for (unsigned i = 0; i < 2 * MAX_COMMAND_BUFFERS; i++) {
			@autoreleasepool {
				assert_non_null([queue commandBuffer]);
			}
		}
		[queue release];
		[device release];
	}
}

static void a_buffer_that_waits_holds_up_its_own_queue(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLCommandQueue> queue = [device newCommandQueue];
		id<MTLCommandQueue> other = [device newCommandQueue];
		id<MTLSharedEvent> gate = [device newSharedEvent], done = [device newSharedEvent];
		id<MTLCommandBuffer> first = [queue commandBuffer], behind = [queue commandBuffer];
		id<MTLCommandBuffer> beside = [other commandBuffer];

		[first encodeWaitForEvent:gate value:1];
		[behind encodeSignalEvent:done value:2];
		[beside encodeSignalEvent:done value:1];
		[first commit];
		[behind commit];
		[beside commit];
		[beside waitUntilCompleted];
		assert_false([done waitUntilSignaledValue:2 timeoutMS:20]);
		gate.signaledValue = 1;
		[behind waitUntilCompleted];
		assert_int_equal(done.signaledValue, 2);
		[done release];
		[gate release];
		[other release];
		[queue release];
		[device release];
	}
}

/* What comes before the GPU stops is done, what comes after it never is; the next command buffer
 * runs. */
static void the_gpu_can_stop_midway(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLCommandQueue> queue = [device newCommandQueue];
		id<MTLSharedEvent> before = [device newSharedEvent],
				   after = [device newSharedEvent];
		id<MTLCommandBuffer> buffer = [queue commandBuffer], next = [queue commandBuffer];

		[buffer encodeSignalEvent:before value:1];
		[buffer encodeSignalEvent:after value:1];
		[next encodeSignalEvent:before value:2];
		apple_double_fail("operation", 2);
		[buffer commit];
		[next commit];
		[next waitUntilCompleted];
		assert_int_equal(buffer.status, MTLCommandBufferStatusError);
		assert_int_equal(buffer.error.code, MTLCommandBufferErrorTimeout);
		assert_int_equal(next.status, MTLCommandBufferStatusCompleted);
		assert_int_equal(before.signaledValue, 2);
		assert_int_equal(after.signaledValue, 0);
		[after release];
		[before release];
		[queue release];
		[device release];
	}
}

static void the_device_can_go(void **state)
{
	static const struct {
		const char *call;
		NSInteger code;
	} ends[] = {
		{"deviceRemoved", MTLCommandBufferErrorDeviceRemoved},
		{"accessRevoked", MTLCommandBufferErrorAccessRevoked},
	};

	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLCommandQueue> queue = [device newCommandQueue];
		id<MTLSharedEvent> event = [device newSharedEvent];

		for (unsigned i = 0; i < 2; i++) {
			id<MTLCommandBuffer> buffer = [queue commandBuffer];

			[buffer encodeSignalEvent:event value:1];
			apple_double_fail(ends[i].call, 1);
			[buffer commit];
			[buffer waitUntilCompleted];
			assert_int_equal(buffer.error.code, ends[i].code);
			assert_int_equal(event.signaledValue, 0);
		}
		[event release];
		[queue release];
		[device release];
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_queue_has_64_uncompleted_buffers, nothing_live),
		cmocka_unit_test_teardown(buffers_that_are_dropped_count_no_more, nothing_live),
		cmocka_unit_test_teardown(a_buffer_that_waits_holds_up_its_own_queue, nothing_live),
		cmocka_unit_test_teardown(the_gpu_can_stop_midway, nothing_live),
		cmocka_unit_test_teardown(the_device_can_go, nothing_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
