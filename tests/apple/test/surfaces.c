/* SPDX-License-Identifier: MIT */
/* The double's rules for surfaces and for Core Foundation's objects. */
#include "support.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int no_leaks(void **state)
{
	(void)state;
	apple_double_fail(NULL, 0);
	return apple_double_live() == 0 ? 0 : -1;
}

static void a_surface_is_what_was_asked_for(void **state)
{
	IOSurfaceRef surface = surface_of(50, 16, 256, 8192, false);

	(void)state;
	assert_non_null(surface);
	assert_int_equal(CFGetTypeID(surface), IOSurfaceGetTypeID());
	assert_int_equal(IOSurfaceGetWidth(surface), 50);
	assert_int_equal(IOSurfaceGetHeight(surface), 16);
	assert_int_equal(IOSurfaceGetBytesPerElement(surface), 4);
	assert_int_equal(IOSurfaceGetBytesPerRow(surface), 256);
	assert_int_equal(IOSurfaceGetAllocSize(surface), 8192);
	assert_int_equal(IOSurfaceGetPixelFormat(surface), 0x42475241);
	assert_int_equal(IOSurfaceGetPlaneCount(surface), 0);
	assert_int_equal(apple_double_live(), 1);
	CFRelease(surface);
}

static void what_is_left_out_is_aligned(void **state)
{
	IOSurfaceRef surface = surface_of(50, 3, 0, 0, false);

	(void)state;
	assert_int_equal(IOSurfaceGetBytesPerRow(surface), 256);
	assert_int_equal(IOSurfaceGetAllocSize(surface), 4096);
	assert_int_equal(IOSurfaceAlignProperty(kIOSurfaceBytesPerRow, 65), 128);
	assert_int_equal(IOSurfaceAlignProperty(kIOSurfaceAllocSize, 4097), 8192);
	assert_int_equal(IOSurfaceAlignProperty(kIOSurfaceWidth, 65), 65);
	CFRelease(surface);
}

static void misaligned_and_small_sizes_make_none(void **state)
{
	(void)state;
	assert_null(surface_of(50, 16, 200, 0, false)); /* rows must be a multiple of 64 bytes */
	assert_null(surface_of(50, 16, 192, 0, false)); /* the rows are too short */
	assert_null(surface_of(
		50, 16, 256, 5000, false)); /* the size isn't a multiple of the page size */
	assert_null(surface_of(50, 17, 256, 4096, false)); /* the size is too small */
	assert_null(surface_of(0, 16, 0, 0, false));
	assert_null(surface_of(16385, 1, 0, 0, false));
	apple_double_fail("IOSurfaceCreate", 2);
	CFRelease(surface_new());
	assert_null(surface_of(64, 16, 0, 0, false));
	CFRelease(surface_new());
}

static void touch_unlocked(void)
{
	IOSurfaceGetBaseAddress(surface_new());
}

static void unlock_unlocked(void)
{
	IOSurfaceUnlock(surface_new(), 0, NULL);
}

static void unlock_otherwise(void)
{
	IOSurfaceRef surface = surface_new();

	IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
	IOSurfaceUnlock(surface, 0, NULL);
}

static void release_locked(void)
{
	IOSurfaceRef surface = surface_new();

	IOSurfaceLock(surface, 0, NULL);
	CFRelease(surface);
}

static void write_while_reading(void)
{
	IOSurfaceRef surface = surface_new();

	IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
	*(volatile char *)IOSurfaceGetBaseAddress(surface) = 1;
}

static void touch_after_unlock(void)
{
	IOSurfaceRef surface = surface_new();
	volatile char *address;

	IOSurfaceLock(surface, 0, NULL);
	address = IOSurfaceGetBaseAddress(surface);
	IOSurfaceUnlock(surface, 0, NULL);
	*address = 1;
}

static void locks_are_counted(void **state)
{
	(void)state;
	expect_death(touch_unlocked, "which is not locked");
	expect_death(unlock_unlocked, "not locked for writing");
	expect_death(unlock_otherwise, "not locked for writing");
	expect_death(release_locked, "released while locked");
	expect_end(write_while_reading);
	expect_end(touch_after_unlock);
}

static void the_seed_tells_of_writing(void **state)
{
	IOSurfaceRef surface = surface_new();
	uint32_t before, reading, writing;

	(void)state;
	before = IOSurfaceGetSeed(surface);
	IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
	IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, &reading);
	IOSurfaceLock(surface, 0, NULL);
	IOSurfaceUnlock(surface, 0, &writing);
	assert_int_equal(reading, before);
	assert_int_not_equal(writing, before);
	CFRelease(surface);
}

static void two_lookups_give_two_refs(void **state)
{
	IOSurfaceRef surface = surface_new();
	IOSurfaceRef again = IOSurfaceLookup(IOSurfaceGetID(surface));

	(void)state;
	assert_non_null(again);
	assert_ptr_not_equal(again, surface);
	assert_int_equal(IOSurfaceGetID(again), IOSurfaceGetID(surface));
	CFRelease(surface);
	assert_int_equal(IOSurfaceGetWidth(again), 64);
	CFRelease(again);
}

static int peer_looks_up(int socket)
{
	IOSurfaceRef surface;
	IOSurfaceID id;

	if (read(socket, &id, sizeof(id)) != sizeof(id))
		return 2;
	surface = IOSurfaceLookup(id);
	if (!surface)
		return 1;
	CFRelease(surface);
	return 0;
}

static int look_up_elsewhere(IOSurfaceID id)
{
	struct peer peer = peer_start("lookup", NULL);

	assert_int_equal(write(peer.socket, &id, sizeof(id)), sizeof(id));
	return peer_end(&peer, NULL, 0);
}

static void only_global_ids_are_found_elsewhere(void **state)
{
	IOSurfaceRef own = surface_new(), global = surface_of(64, 16, 0, 0, true);
	IOSurfaceID id = IOSurfaceGetID(global);

	(void)state;
	assert_int_equal(look_up_elsewhere(IOSurfaceGetID(own)), 1);
	assert_int_equal(look_up_elsewhere(id), 0);
	CFRelease(own);
	CFRelease(global);
	assert_null(IOSurfaceLookup(id));
	assert_int_equal(look_up_elsewhere(id), 1);
}

static void lock_volatile(void)
{
	IOSurfaceRef surface = surface_new();

	IOSurfaceSetPurgeable(surface, kIOSurfacePurgeableVolatile, NULL);
	IOSurfaceLock(surface, 0, NULL);
}

static void make_volatile_locked(void)
{
	IOSurfaceRef surface = surface_new();

	IOSurfaceLock(surface, 0, NULL);
	IOSurfaceSetPurgeable(surface, kIOSurfacePurgeableVolatile, NULL);
}

static void a_volatile_surface_loses_its_contents(void **state)
{
	IOSurfaceRef surface = surface_new();
	uint32_t old = 99;

	(void)state;
	IOSurfaceLock(surface, 0, NULL);
	memset(IOSurfaceGetBaseAddress(surface), 1, IOSurfaceGetAllocSize(surface));
	IOSurfaceUnlock(surface, 0, NULL);
	IOSurfaceSetPurgeable(surface, kIOSurfacePurgeableVolatile, &old);
	assert_int_equal(old, kIOSurfacePurgeableNonVolatile);
	IOSurfaceSetPurgeable(surface, kIOSurfacePurgeableKeepCurrent, &old);
	assert_int_equal(old, kIOSurfacePurgeableEmpty);
	IOSurfaceSetPurgeable(surface, kIOSurfacePurgeableNonVolatile, &old);
	assert_int_equal(old, kIOSurfacePurgeableEmpty);
	IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
	assert_int_not_equal(((uint8_t *)IOSurfaceGetBaseAddress(surface))[0], 1);
	IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, NULL);
	CFRelease(surface);
	expect_death(lock_volatile, "contents may be discarded");
	expect_death(make_volatile_locked, "locked while its purgeable state");
}

static void use_below_zero(void)
{
	IOSurfaceDecrementUseCount(surface_new());
}

static void release_used(void)
{
	IOSurfaceRef surface = surface_new();

	IOSurfaceIncrementUseCount(surface);
	CFRelease(surface);
}

static void uses_are_counted(void **state)
{
	IOSurfaceRef surface = surface_new();

	(void)state;
	assert_false(IOSurfaceIsInUse(surface));
	IOSurfaceIncrementUseCount(surface);
	IOSurfaceIncrementUseCount(surface);
	assert_int_equal(IOSurfaceGetUseCount(surface), 2);
	IOSurfaceDecrementUseCount(surface);
	assert_true(IOSurfaceIsInUse(surface));
	IOSurfaceDecrementUseCount(surface);
	assert_false(IOSurfaceIsInUse(surface));
	CFRelease(surface);
	expect_death(use_below_zero, "falls below 0");
	expect_death(release_used, "with a use count of 1");
}

static void ports_and_xpc_objects_are_uses(void **state)
{
	IOSurfaceRef surface = surface_new(), found;
	mach_port_t port = IOSurfaceCreateMachPort(surface);
	xpc_object_t object;

	(void)state;
	assert_true(IOSurfaceIsInUse(surface));
	assert_int_equal(IOSurfaceGetUseCount(surface), 0);
	found = IOSurfaceLookupFromMachPort(port);
	assert_int_equal(IOSurfaceGetID(found), IOSurfaceGetID(surface));
	CFRelease(found);
	assert_true(IOSurfaceIsInUse(surface));
	assert_int_equal(mach_port_deallocate(mach_task_self(), port), KERN_SUCCESS);
	assert_false(IOSurfaceIsInUse(surface));
	assert_null(IOSurfaceLookupFromMachPort(port));

	object = IOSurfaceCreateXPCObject(surface);
	assert_true(IOSurfaceIsInUse(surface));
	xpc_retain(object);
	xpc_release(object);
	found = IOSurfaceLookupFromXPCObject(object);
	assert_int_equal(IOSurfaceGetID(found), IOSurfaceGetID(surface));
	CFRelease(found);
	xpc_release(object);
	assert_false(IOSurfaceIsInUse(surface));
	CFRelease(surface);
}

static void a_port_under_way_is_a_use(void **state)
{
	IOSurfaceRef surface = surface_new();
	mach_port_t port = IOSurfaceCreateMachPort(surface);
	int sockets[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(apple_double_port_send(sockets[0], port), 0);
	mach_port_deallocate(mach_task_self(), port);
	assert_true(IOSurfaceIsInUse(surface));
	port = apple_double_port_receive(sockets[1]);
	assert_true(IOSurfaceIsInUse(surface));
	mach_port_deallocate(mach_task_self(), port);
	assert_false(IOSurfaceIsInUse(surface));
	close(sockets[0]);
	close(sockets[1]);
	CFRelease(surface);
}

static int peer_draws(int socket)
{
	mach_port_t port = apple_double_port_receive(socket);
	IOSurfaceRef surface = IOSurfaceLookupFromMachPort(port);

	if (!surface)
		return 1;
	mach_port_deallocate(mach_task_self(), port);
	IOSurfaceIncrementUseCount(surface);
	IOSurfaceLock(surface, 0, NULL);
	memset(IOSurfaceGetBaseAddress(surface), 0x5a, IOSurfaceGetAllocSize(surface));
	IOSurfaceUnlock(surface, 0, NULL);
	tell(socket);
	listen_to(socket);
	IOSurfaceDecrementUseCount(surface);
	CFRelease(surface);
	return 0;
}

static uint8_t first_byte(IOSurfaceRef surface)
{
	uint8_t byte;

	IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
	byte = *(const uint8_t *)IOSurfaceGetBaseAddress(surface);
	IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, NULL);
	return byte;
}

static struct peer start_drawing(IOSurfaceRef surface)
{
	struct peer peer = peer_start("draw", NULL);
	mach_port_t port = IOSurfaceCreateMachPort(surface);

	assert_int_equal(apple_double_port_send(peer.socket, port), 0);
	mach_port_deallocate(mach_task_self(), port);
	listen_to(peer.socket);
	return peer;
}

static void a_port_gives_another_process_the_memory(void **state)
{
	IOSurfaceRef surface = surface_new();
	struct peer peer = start_drawing(surface);

	(void)state;
	assert_int_equal(first_byte(surface), 0x5a);
	assert_true(IOSurfaceIsInUse(surface));
	assert_int_equal(IOSurfaceGetUseCount(surface), 0);
	tell(peer.socket);
	assert_int_equal(peer_end(&peer, NULL, 0), 0);
	assert_false(IOSurfaceIsInUse(surface));
	CFRelease(surface);
}

static void uses_of_a_dead_process_drop(void **state)
{
	IOSurfaceRef surface = surface_new();
	struct peer peer = start_drawing(surface);

	(void)state;
	assert_true(IOSurfaceIsInUse(surface));
	peer_kill(&peer);
	assert_false(IOSurfaceIsInUse(surface));
	CFRelease(surface);
}

static int peer_takes_xpc(int socket)
{
	xpc_object_t object = apple_double_xpc_receive(socket);
	IOSurfaceRef surface = IOSurfaceLookupFromXPCObject(object);
	bool found = surface && first_byte(surface) == 0;

	xpc_release(object);
	if (surface)
		CFRelease(surface);
	return found ? 0 : 1;
}

static void an_xpc_object_gives_another_process_the_memory(void **state)
{
	IOSurfaceRef surface = surface_new();
	struct peer peer = peer_start("xpc", NULL);
	xpc_object_t object = IOSurfaceCreateXPCObject(surface);

	(void)state;
	assert_int_equal(apple_double_xpc_send(peer.socket, object), 0);
	xpc_release(object);
	assert_int_equal(peer_end(&peer, NULL, 0), 0);
	assert_false(IOSurfaceIsInUse(surface));
	CFRelease(surface);
}

static void values_can_be_attached(void **state)
{
	IOSurfaceRef surface = surface_new();
	CFStringRef name = CFStringCreateWithCString(NULL, "frames", kCFStringEncodingUTF8);
	CFStringRef copy;
	char text[10];

	(void)state;
	assert_null(IOSurfaceCopyValue(surface, kIOSurfaceName));
	IOSurfaceSetValue(surface, kIOSurfaceName, name);
	CFRelease(name);
	copy = IOSurfaceCopyValue(surface, CFSTR("IOSurfaceName"));
	assert_true(CFStringGetCString(copy, text, sizeof(text), kCFStringEncodingUTF8));
	assert_string_equal(text, "frames");
	assert_false(CFStringGetCString(copy, text, 6, kCFStringEncodingUTF8));
	assert_int_equal(CFStringGetLength(copy), 6);
	assert_null(CFStringCreateWithCString(NULL, "\xff", kCFStringEncodingUTF8));
	CFRelease(copy);
	CFRelease(surface);
}

static void numbers_and_dictionaries(void **state)
{
	CFMutableDictionaryRef dictionary = CFDictionaryCreateMutable(
		NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	int32_t in = -70000, out;
	int64_t wide;
	int16_t narrow;
	CFNumberRef number = CFNumberCreate(NULL, kCFNumberSInt32Type, &in);

	(void)state;
	CFDictionarySetValue(dictionary, CFSTR("key"), number);
	CFDictionarySetValue(dictionary, CFSTR("key"), number);
	assert_int_equal(CFDictionaryGetCount(dictionary), 1);
	assert_int_equal(CFGetRetainCount(number), 2);
	assert_ptr_equal(CFDictionaryGetValue(dictionary, CFSTR("key")), number);
	assert_null(CFDictionaryGetValue(dictionary, CFSTR("other")));
	assert_true(CFNumberGetValue(number, kCFNumberIntType, &out));
	assert_int_equal(out, in);
	assert_true(CFNumberGetValue(number, kCFNumberSInt64Type, &wide));
	assert_true(wide == in);
	assert_false(CFNumberGetValue(number, kCFNumberSInt16Type, &narrow));
	CFRelease(number);
	CFRelease(dictionary);
}

static void take_for_a_number(void)
{
	int64_t value;

	CFNumberGetValue((CFNumberRef)CFSTR("one"), kCFNumberSInt64Type, &value);
}

static void retain_nothing(void)
{
	CFDictionaryCreateMutable(NULL, 0, NULL, NULL);
}

static void release_null(void)
{
	CFRelease(NULL);
}

static void objects_are_what_they_are(void **state)
{
	(void)state;
	expect_death(take_for_a_number, "a CFString where a CFNumber belongs");
	expect_death(retain_nothing, "retains neither keys nor values");
	expect_death(release_null, "CFRelease of NULL");
}

/* LeakSanitizer doesn't report memory that a global variable points to. */
static IOSurfaceRef kept;

static int peer_leaks(int socket)
{
	(void)socket;
	kept = surface_of(64, 16, 0, 0, false);
	return 0;
}

static void a_leak_fails_the_process(void **state)
{
	struct peer peer = peer_start("leak", NULL);
	char errors[500];

	(void)state;
	assert_int_equal(peer_end(&peer, errors, sizeof(errors)), APPLE_DOUBLE_LEAK_STATUS);
	assert_non_null(strstr(errors, "double: 1 objects live: IOSurface x 1"));
}

int main(int argc, char **argv)
{
	static const struct mode modes[] = {{"lookup", peer_looks_up}, {"draw", peer_draws},
		{"xpc", peer_takes_xpc}, {"leak", peer_leaks}, {NULL, NULL}};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_surface_is_what_was_asked_for, no_leaks),
		cmocka_unit_test_teardown(what_is_left_out_is_aligned, no_leaks),
		cmocka_unit_test_teardown(misaligned_and_small_sizes_make_none, no_leaks),
		cmocka_unit_test_teardown(locks_are_counted, no_leaks),
		cmocka_unit_test_teardown(the_seed_tells_of_writing, no_leaks),
		cmocka_unit_test_teardown(two_lookups_give_two_refs, no_leaks),
		cmocka_unit_test_teardown(only_global_ids_are_found_elsewhere, no_leaks),
		cmocka_unit_test_teardown(a_volatile_surface_loses_its_contents, no_leaks),
		cmocka_unit_test_teardown(uses_are_counted, no_leaks),
		cmocka_unit_test_teardown(ports_and_xpc_objects_are_uses, no_leaks),
		cmocka_unit_test_teardown(a_port_under_way_is_a_use, no_leaks),
		cmocka_unit_test_teardown(a_port_gives_another_process_the_memory, no_leaks),
		cmocka_unit_test_teardown(uses_of_a_dead_process_drop, no_leaks),
		cmocka_unit_test_teardown(an_xpc_object_gives_another_process_the_memory, no_leaks),
		cmocka_unit_test_teardown(values_can_be_attached, no_leaks),
		cmocka_unit_test_teardown(numbers_and_dictionaries, no_leaks),
		cmocka_unit_test_teardown(objects_are_what_they_are, no_leaks),
		cmocka_unit_test_teardown(a_leak_fails_the_process, no_leaks),
	};
	int status;

	if (peers_run(argc, argv, modes, &status))
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
