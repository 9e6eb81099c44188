/* SPDX-License-Identifier: MIT */
/* Imports of surfaces without a handle: by ids, ports and XPC objects. */
#import "peer.h"

#if !APPLE
#include <apple_double.h>
#endif

#include <stdio.h>
#include <unistd.h>

static const struct geyser_texture_desc desc = {
	.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 61, .height = 40};

static void global_id(const char *text)
{
	say_result(geyser_metal_texture_import_global_id(
		my.manager, (uint32_t)number(text), &desc, &my.texture));
}

#if !APPLE
/* The socket does what a program's own XPC or Mach messages would do. */
static void port(const char *text)
{
	mach_port_t right = apple_double_port_receive(here.socket);

	(void)text;
	assert_int_not_equal(right, MACH_PORT_NULL);
	say_result(geyser_metal_texture_import_mach_port(my.manager, right, &desc, &my.texture));
	assert_int_equal(mach_port_deallocate(mach_task_self(), right), KERN_SUCCESS);
}

static void xpc(const char *text)
{
	xpc_object_t object = apple_double_xpc_receive(here.socket);

	(void)text;
	assert_non_null(object);
	say_result(geyser_metal_texture_import_xpc_object(
		my.manager, (void *)object, &desc, &my.texture));
	xpc_release(object);
}
#endif

const struct command surface_commands[] = {
	{"global-id", global_id},
#if !APPLE
	{"port", port},
	{"xpc", xpc},
#endif
	{NULL, NULL},
};
