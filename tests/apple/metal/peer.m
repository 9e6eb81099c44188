/*
 * The other process of the Metal tests:
 *
 *	metal_peer metal|host SOCKET|-
 *
 * SPDX-License-Identifier: MIT
 */
#import "peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct peer_gpu here = {.socket = -1};

/* ---- work of the GPU on the texture: WAIT and SIGNAL are values of the event, or 0 ---- */

static void encode(uint64_t value, bool wait)
{
	if (!value)
		return;
	if (wait)
		ok(geyser_metal_encode_wait(here.commands, my.event, value));
	else
		ok(geyser_metal_encode_signal(here.commands, my.event, value));
}

/* "WAIT SIGNAL SEED" */
static void gpu_fill_command(const char *text)
{
	uint64_t wait = 0, signal = 0;
	uint32_t seed = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu32, &wait, &signal, &seed);
	here.commands = gpu_begin(&here.gpu);
	encode(wait, true);
	gpu_draw(here.commands, my.texture, seed);
	ok(geyser_metal_encode_synchronize((void *)here.commands, my.texture));
	encode(signal, false);
	[here.commands commit];
	say("ok");
}

/* "WAIT SIGNAL" */
static void gpu_read_command(const char *text)
{
	uint64_t wait = 0, signal = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64, &wait, &signal);
	here.commands = gpu_begin(&here.gpu);
	encode(wait, true);
	here.buffer = gpu_read(here.commands, my.texture);
	encode(signal, false);
	[here.commands commit];
	say("ok");
}

/* "WAIT SIGNAL" */
static void gpu_order(const char *text)
{
	uint64_t wait = 0, signal = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64, &wait, &signal);
	here.commands = gpu_begin(&here.gpu);
	encode(wait, true);
	encode(signal, false);
	[here.commands commit];
	say("ok");
}

static void finish(const char *text)
{
	bool good;

	(void)text;
	say("waiting");
	good = gpu_ends(here.commands);
	here.commands = nil;
	say_good(good);
}

static void finish_holds(const char *text)
{
	gpu_finish(here.commands);
	here.commands = nil;
	say_good(gpu_holds(here.buffer, (uint32_t)number(text)));
	here.buffer = nil;
}

static const struct command gpu_commands[] = {
	{"gpu-fill", gpu_fill_command},
	{"gpu-read", gpu_read_command},
	{"gpu-order", gpu_order},
	{"finish", finish},
	{"finish-holds", finish_holds},
	{NULL, NULL},
};

/* ---- the process ---- */

static void open_peer(const char *backend)
{
	const bool on_gpu = strcmp(backend, "metal") == 0;

	open_manager(on_gpu ? GEYSER_BACKEND_METAL : GEYSER_BACKEND_HOST);
	if (on_gpu)
		gpu_open(&here.gpu, my.manager);
}

static void close_peer(void)
{
	release_objects();
	[here.buffer release];
	[here.commands release];
	gpu_close(&here.gpu);
	geyser_manager_destroy(my.manager);
	if (here.socket >= 0)
		(void)close(here.socket);
}

int main(int argc, char **argv)
{
	const struct command *const tables[] = {gpu_commands, gpu_stream_commands, surface_commands,
		stream_commands, object_commands, NULL};
	bool more = true;

	if (argc != 3)
		return 2;
	if (strcmp(argv[2], "-") != 0)
		here.socket = (int)number(argv[2]);
	open_peer(argv[1]);
	say("ok");
	while (more) {
		@autoreleasepool {
			more = obey_line(tables);
		}
	}
	close_peer();
	return 0;
}
