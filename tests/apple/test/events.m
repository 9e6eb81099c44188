/* SPDX-License-Identifier: MIT */
/* The double's rules for shared events. */
#import "metal.h"

#include <pthread.h>
#include <stdlib.h>

#define LONG_MS 10000

static void notifications_come_on_another_thread(void **state)
{
	(void)state;
	@autoreleasepool {
		__block pthread_t thread;
		__block uint64_t seen = 0;
		__block void *whose = NULL;
		id<MTLDevice> device = device_new();
		id<MTLSharedEvent> event = [device newSharedEvent];
		id<MTLSharedEvent> done = [device newSharedEvent];
		MTLSharedEventListener *listener = [[MTLSharedEventListener alloc] init];

		[event notifyListener:listener
			      atValue:3
				block:^(id<MTLSharedEvent> it, uint64_t value) {
				  thread = pthread_self();
				  seen = value;
				  whose = it;
				  done.signaledValue = 1;
				}];
		[listener release];
		event.signaledValue = 2;
		assert_false([done waitUntilSignaledValue:1 timeoutMS:20]);
		event.signaledValue = 5;
		assert_true([done waitUntilSignaledValue:1 timeoutMS:LONG_MS]);
		assert_int_equal(seen, 5);
		assert_ptr_equal(whose, event);
		assert_false(pthread_equal(thread, pthread_self()));
		[event release];
		[done release];
		[device release];
	}
}

static void a_value_that_is_there_notifies_at_once(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLSharedEvent> event = [device newSharedEvent];
		id<MTLSharedEvent> done = [device newSharedEvent];
		MTLSharedEventListener *listener = [[MTLSharedEventListener alloc] init];

		event.signaledValue = 4;
		[event notifyListener:listener
			      atValue:4
				block:^(id<MTLSharedEvent> it, uint64_t value) {
				  (void)it;
				  done.signaledValue = value;
				}];
		assert_true([done waitUntilSignaledValue:4 timeoutMS:LONG_MS]);
		[listener release];
		[event release];
		[done release];
		[device release];
	}
}

static void a_block_that_never_ran_goes_with_its_event(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLSharedEvent> event = [device newSharedEvent];
		MTLSharedEventListener *listener = [[MTLSharedEventListener alloc] init];
		NSString *used = [NSString stringWithUTF8String:"used"];
		NSUInteger before = used.retainCount;

		[event notifyListener:listener
			      atValue:1
				block:^(id<MTLSharedEvent> it, uint64_t value) {
				  (void)it;
				  (void)value;
				  (void)used;
				  fail();
				}];
		assert_int_equal(used.retainCount, before + 1);
		[event release];
		assert_int_equal(used.retainCount, before);
		[listener release];
		[device release];
	}
}

static void waits_time_out(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLSharedEvent> event = [device newSharedEvent];

		assert_true([event waitUntilSignaledValue:0 timeoutMS:0]);
		assert_false([event waitUntilSignaledValue:1 timeoutMS:0]);
		assert_false([event waitUntilSignaledValue:1 timeoutMS:30]);
		event.signaledValue = UINT64_MAX;
		assert_true([event waitUntilSignaledValue:UINT64_MAX timeoutMS:0]);
		[event release];
		[device release];
	}
}

static void the_gpu_waits_and_signals(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLCommandQueue> first = [device newCommandQueue];
		id<MTLCommandQueue> second = [device newCommandQueue];
		id<MTLSharedEvent> event = [device newSharedEvent];
		id<MTLCommandBuffer> a = [first commandBuffer], b = [second commandBuffer];

		[b encodeWaitForEvent:event value:2];
		[b encodeSignalEvent:event value:3];
		[b commit];
		[a encodeWaitForEvent:event value:1];
		[a encodeSignalEvent:event value:2];
		[a commit];
		[a waitUntilScheduled];
		assert_false([event waitUntilSignaledValue:1 timeoutMS:20]);
		event.signaledValue = 1;
		assert_true([event waitUntilSignaledValue:3 timeoutMS:LONG_MS]);
		[a waitUntilCompleted];
		[b waitUntilCompleted];
		[event release];
		[first release];
		[second release];
		[device release];
	}
}

static void a_handle_is_the_same_event(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLSharedEvent> event = [device newSharedEvent], other;
		MTLSharedEventHandle *handle;

		event.label = [NSString stringWithUTF8String:"frames"];
		handle = [event newSharedEventHandle];
		assert_string_equal(handle.label.UTF8String, "frames");
		other = [device newSharedEventWithHandle:handle];
		[handle release];
		assert_ptr_not_equal(other, event);
		event.signaledValue = 8;
		assert_int_equal(other.signaledValue, 8);
		[event release];
		other.signaledValue = 9;
		assert_int_equal(other.signaledValue, 9);
		[other release];
		[device release];
	}
}

static void old_systems_lack_methods(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLSharedEvent> event = [device newSharedEvent];
		SEL selector = @selector(waitUntilSignaledValue:timeoutMS:);

		assert_true([event respondsToSelector:selector]);
		setenv("GEYSER_DOUBLE_MACOS", "11.7", 1);
		assert_false([event respondsToSelector:selector]);
		assert_true([device respondsToSelector:@selector(newSharedEvent)]);
		setenv("GEYSER_DOUBLE_MACOS", "10.13", 1);
		assert_false([device respondsToSelector:@selector(newSharedEvent)]);
		assert_false([device respondsToSelector:@selector(supportsFamily:)]);
		assert_true([device respondsToSelector:@selector(newCommandQueue)]);
		assert_true([event respondsToSelector:@selector(signaledValue)]);
		unsetenv("GEYSER_DOUBLE_MACOS");
		[event release];
		[device release];
	}
}

RULE(go_back, id<MTLSharedEvent> event = [device newSharedEvent]; event.signaledValue = 2;
	event.signaledValue = 1)
RULE(gpu_goes_back, id<MTLSharedEvent> event = [device newSharedEvent];
	id<MTLCommandBuffer> buffer = [[device newCommandQueue] commandBuffer];
	event.signaledValue = 2; [buffer encodeSignalEvent:event value:1];[buffer commit];
		[buffer waitUntilCompleted])
RULE(handle_by_value,
	[[[device newSharedEvent] newSharedEventHandle] encodeWithCoder:(NSCoder *)device])
#define OLD(name, version, statements) \
	RULE(name, setenv("GEYSER_DOUBLE_MACOS", version, 1); statements)
OLD(old_wait, "11.7", [[device newSharedEvent] waitUntilSignaledValue:1 timeoutMS:1])
OLD(old_event, "10.13", [device newSharedEvent])
OLD(old_handle, "10.13", [device newSharedEventWithHandle:(MTLSharedEventHandle *)device])
OLD(old_listener, "10.13", [[MTLSharedEventListener alloc] init])
OLD(old_encoded_wait, "10.13",
	[[[device newCommandQueue] commandBuffer] encodeWaitForEvent:(id<MTLEvent>)device value:1])
OLD(old_encoded_signal, "10.13",
	[[[device newCommandQueue] commandBuffer] encodeSignalEvent:(id<MTLEvent>)device value:1])
OLD(old_family, "10.14", [device supportsFamily:MTLGPUFamilyMac2])
OLD(old_memory, "10.14", [device hasUnifiedMemory])
OLD(old_texture, "10.13", [device newSharedTextureWithDescriptor:(MTLTextureDescriptor *)device])
OLD(no_version, "old", [device supportsFamily:MTLGPUFamilyMac2])

static void misuse_ends_the_process(void **state)
{
	(void)state;
	expect_death(go_back, "a shared event goes back from 2 to 1");
	expect_death(gpu_goes_back, "a shared event goes back from 2 to 1");
	expect_death(handle_by_value, "NSXPCCoder only");
	expect_death(old_wait, "macOS 11.7 has no waitUntilSignaledValue:timeoutMS:");
	expect_death(old_event, "macOS 10.13 has no newSharedEvent");
	expect_death(old_handle, "macOS 10.13 has no newSharedEventWithHandle:");
	expect_death(old_listener, "macOS 10.13 has no MTLSharedEventListener");
	expect_death(old_encoded_wait, "macOS 10.13 has no encodeWaitForEvent:value:");
	expect_death(old_encoded_signal, "macOS 10.13 has no encodeSignalEvent:value:");
	expect_death(old_family, "macOS 10.14 has no supportsFamily:");
	expect_death(old_memory, "macOS 10.14 has no hasUnifiedMemory");
	expect_death(old_texture, "macOS 10.13 has no newSharedTextureWithDescriptor:");
	expect_death(no_version, "it is a version as 10.13 or 14.3");
}

/* Any device may use it. */
static void it_belongs_to_no_device(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLSharedEvent> event = [device newSharedEvent];

		assert_null(event.device);
		[event release];
		[device release];
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(notifications_come_on_another_thread, nothing_live),
		cmocka_unit_test_teardown(a_value_that_is_there_notifies_at_once, nothing_live),
		cmocka_unit_test_teardown(a_block_that_never_ran_goes_with_its_event, nothing_live),
		cmocka_unit_test_teardown(waits_time_out, nothing_live),
		cmocka_unit_test_teardown(the_gpu_waits_and_signals, nothing_live),
		cmocka_unit_test_teardown(a_handle_is_the_same_event, nothing_live),
		cmocka_unit_test_teardown(it_belongs_to_no_device, nothing_live),
		cmocka_unit_test_teardown(old_systems_lack_methods, nothing_live),
		cmocka_unit_test_teardown(misuse_ends_the_process, nothing_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
