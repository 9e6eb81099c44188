/*
 * The other process of the Vulkan tests:
 *
 *	vulkan_peer vulkan|host -
 *
 * SPDX-License-Identifier: MIT
 */
#include "gpu_commands.h"

int main(int argc, char **argv)
{
	const struct command *const tables[] = {
		gpu_commands, stream_commands, object_commands, NULL};

	if (argc != 3)
		return 2;
	open_gpu_peer(argv[1]);
	say("ok");
	obey_all(tables);
	close_gpu_peer();
	return 0;
}
