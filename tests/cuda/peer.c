/*
 * The other process of the CUDA tests:
 *
 *	cuda_peer vulkan|host -
 *
 * Besides the commands of a Vulkan peer it has commands for CUDA's work on its texture and on
 * frames of streams. The seed of a frame's pattern is its sequence.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cu.h"
#include "gpu_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Device memory that the work on the stream copies from or to, until cuda-holds has read it. */
static struct cu_memory pending;

static size_t texture_bytes(const struct geyser_texture_desc *desc)
{
	return row_bytes(desc) * desc->height * desc->layers * desc->depth;
}

/* Allocates memory for a copy, and imports the texture. Both wait for all work of the device, so
 * call this before the stream gets a wait that only a later command ends. */
static void prepare(struct geyser_texture *texture)
{
	struct geyser_cuda_texture seen;

	if (pending.pointer)
		cu_free(&pending);
	pending = cu_allocate(texture_bytes(geyser_texture_get_desc(texture)));
	ok(geyser_cuda_texture(texture, &seen));
}

static void prepare_fill(struct geyser_texture *texture, uint32_t seed)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);

	prepare(texture);
	cu_write(&pending, desc, row_bytes(desc), seed);
}

static void put_fill(struct geyser_texture *texture)
{
	ok(geyser_cuda_texture_copy_from(texture, pending.pointer, 0, cu_stream()));
}

static void put_read(struct geyser_texture *texture)
{
	ok(geyser_cuda_texture_copy_to(texture, pending.pointer, 0, cu_stream()));
}

static bool finish_read(struct geyser_texture *texture, uint32_t seed)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	bool holds;

	cuda(cu.StreamSynchronize(cu_stream()));
	holds = cu_holds(&pending, desc, row_bytes(desc), seed);
	cu_free(&pending);
	return holds;
}

/* ---- the texture and the event: "WAIT SIGNAL SEED", with values of the event or 0 ---- */

static void put_order(uint64_t value, bool signal)
{
	if (value && signal)
		ok(geyser_cuda_event_signal(my.event, value, cu_stream()));
	else if (value)
		ok(geyser_cuda_event_wait(my.event, value, cu_stream()));
}

static void fill_by_cuda(const char *text)
{
	uint64_t wait = 0, signal = 0;
	uint32_t seed = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu32, &wait, &signal, &seed);
	prepare_fill(my.texture, seed);
	put_order(wait, false);
	put_fill(my.texture);
	put_order(signal, true);
	say("ok");
}

static void read_by_cuda(const char *text)
{
	uint64_t wait = 0, signal = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64, &wait, &signal);
	prepare(my.texture);
	put_order(wait, false);
	put_read(my.texture);
	put_order(signal, true);
	say("ok");
}

static void order_by_cuda(const char *text)
{
	uint64_t wait = 0, signal = 0;

	(void)sscanf(text, "%" SCNu64 " %" SCNu64, &wait, &signal);
	put_order(wait, false);
	put_order(signal, true);
	say("ok");
}

static void cuda_finish(const char *text)
{
	(void)text;
	cuda(cu.StreamSynchronize(cu_stream()));
	say("ok");
}

static void cuda_holds(const char *text)
{
	say_good(finish_read(my.texture, (uint32_t)number(text)));
}

static void cuda_idle(const char *text)
{
	say("waiting");
	cuda_finish(text);
}

static void say_native(const char *text)
{
	(void)text;
	say("%s", geyser_cuda_event_is_native(my.event) ? "native" : "bridged");
}

/* ---- streams ---- */

/* Submits the frame while the stream draws. */
static void submit_by_cuda(const char *text)
{
	struct geyser_frame *frame = acquire_frame();

	prepare_fill(geyser_frame_texture(frame), (uint32_t)number(text));
	ok(geyser_cuda_frame_wait(frame, cu_stream()));
	put_fill(geyser_frame_texture(frame));
	ok(geyser_cuda_frame_signal(frame, cu_stream()));
	say_result(geyser_publisher_submit(my.publisher, frame));
}

/* Submits a frame that the stream promises to draw, and never draws. */
static void submit_promised(const char *text)
{
	struct geyser_frame *frame = acquire_frame();
	struct geyser_point point;

	(void)text;
	ok(geyser_frame_signal_point(frame, &point));
	say_result(geyser_publisher_submit(my.publisher, frame));
}

/* Releases the frame while the stream reads it. */
static void read_and_release(struct geyser_frame *frame, uint32_t sequence)
{
	struct geyser_texture *texture = geyser_texture_ref(geyser_frame_texture(frame));

	put_read(texture);
	ok(geyser_cuda_frame_signal(frame, cu_stream()));
	ok(geyser_subscriber_release(my.subscriber, frame));
	say_frame(finish_read(texture, sequence), sequence, geyser_texture_path(texture));
	geyser_texture_unref(texture);
}

static void take_by_cuda(const char *text)
{
	uint32_t sequence;
	struct geyser_frame *frame = take_frame(&sequence);
	enum geyser_result result;

	(void)text;
	prepare(geyser_frame_texture(frame));
	result = geyser_cuda_frame_wait(frame, cu_stream());
	if (result == GEYSER_OK) {
		read_and_release(frame, sequence);
		return;
	}
	ok(geyser_subscriber_release(my.subscriber, frame));
	say_result(result);
}

static void wait_for_frame(const char *text)
{
	say("waiting");
	take_by_cuda(text);
}

/* ---- many frames, each filled with one word ---- */

/* Fills the memory with the word and copies it into the frame. */
static void put_word(struct geyser_texture *texture, const struct cu_memory *memory, uint32_t word)
{
	cuda(cu.MemsetD32Async(memory->pointer, word, memory->size / 4, cu_stream()));
	ok(geyser_cuda_texture_copy_from(texture, memory->pointer, 0, cu_stream()));
}

static bool all_are(const uint32_t *words, size_t count, uint32_t wanted)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] != wanted)
			return false;
	return true;
}

static void run_publisher(const char *text)
{
	const uint32_t count = (uint32_t)number(text);
	struct cu_memory memory = {0};
	struct geyser_frame *frame;

	for (uint32_t i = 1; i <= count; i++) {
		frame = acquire_frame();
		if (!memory.pointer)
			memory = cu_allocate(texture_bytes(
				geyser_texture_get_desc(geyser_frame_texture(frame))));
		ok(geyser_cuda_frame_wait(frame, cu_stream()));
		put_word(geyser_frame_texture(frame), &memory, i);
		ok(geyser_cuda_frame_signal(frame, cu_stream()));
		ok(geyser_publisher_submit(my.publisher, frame));
	}
	say_result(geyser_publisher_flush(my.publisher, PATIENCE));
	cuda(cu.StreamSynchronize(cu_stream()));
	cu_free(&memory);
}

struct reader {
	struct cu_memory copy;
	uint32_t *words;
	unsigned taken;
	bool torn, torn_last; /* a frame before the last one is torn; the last one is */
};

static void open_reader(struct reader *reader, unsigned width, unsigned height)
{
	*reader = (struct reader){.copy = cu_allocate((size_t)width * height * 4)};
	reader->words = malloc(reader->copy.size);
	assert_non_null(reader->words);
}

static void close_reader(struct reader *reader)
{
	free(reader->words);
	cu_free(&reader->copy);
}

/* Releases the frame before it looks at the copy. */
static void read_word(struct reader *reader, struct geyser_frame *frame)
{
	const uint32_t sequence = (uint32_t)geyser_frame_get_info(frame)->sequence;

	ok(geyser_cuda_texture_copy_to(
		geyser_frame_texture(frame), reader->copy.pointer, 0, cu_stream()));
	ok(geyser_cuda_frame_signal(frame, cu_stream()));
	ok(geyser_subscriber_release(my.subscriber, frame));
	cuda(cu.StreamSynchronize(cu_stream()));
	cuda(cu.MemcpyDtoH(reader->words, reader->copy.pointer, reader->copy.size));
	reader->torn |= reader->torn_last;
	reader->torn_last = !all_are(reader->words, reader->copy.size / 4, sequence);
	reader->taken++;
}

static enum geyser_result take_word(struct reader *reader)
{
	struct geyser_frame *frame;
	enum geyser_result result = geyser_subscriber_acquire(my.subscriber, PATIENCE, &frame);

	if (result != GEYSER_OK)
		return result;
	result = geyser_cuda_frame_wait(frame, cu_stream());
	if (result == GEYSER_OK)
		read_word(reader, frame);
	else
		ok(geyser_subscriber_release(my.subscriber, frame));
	return result;
}

/* "COUNT WIDTH HEIGHT" */
static void run_subscriber(const char *text)
{
	unsigned count = 0, width = 0, height = 0;
	struct reader reader;

	(void)sscanf(text, "%u %u %u", &count, &width, &height);
	open_reader(&reader, width, height);
	say("running");
	while (reader.taken < count)
		ok(take_word(&reader));
	close_reader(&reader);
	say("%s %u", reader.torn || reader.torn_last ? "bad" : "ok", count);
}

/* "WIDTH HEIGHT": takes frames until the publisher is gone. The last frame may be torn: the
 * publisher may have died while it drew. */
static void watch(const char *text)
{
	unsigned width = 0, height = 0;
	enum geyser_result result;
	struct reader reader;

	(void)sscanf(text, "%u %u", &width, &height);
	open_reader(&reader, width, height);
	say("running");
	do
		result = take_word(&reader);
	while (result == GEYSER_OK);
	close_reader(&reader);
	if (result == GEYSER_ERROR_DISCONNECTED && !reader.torn && reader.taken > 0)
		say("ok");
	else
		say("bad %u %s", reader.taken, geyser_error_detail());
}

static const struct command commands[] = {
	{"cuda-fill", fill_by_cuda},
	{"cuda-read", read_by_cuda},
	{"cuda-order", order_by_cuda},
	{"cuda-finish", cuda_finish},
	{"cuda-holds", cuda_holds},
	{"cuda-idle", cuda_idle},
	{"cuda-native", say_native},
	{"submit-cuda", submit_by_cuda},
	{"submit-promised", submit_promised},
	{"take-cuda", take_by_cuda},
	{"wait-frame", wait_for_frame},
	{"run-publisher", run_publisher},
	{"run-subscriber", run_subscriber},
	{"watch", watch},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	const struct command *const tables[] = {
		commands, gpu_commands, stream_commands, object_commands, NULL};

	if (argc != 3)
		return 2;
	open_gpu_peer(argv[1]);
	if (!has_cuda())
		return 2;
	cu_enter();
	say("ok");
	obey_all(tables);
	close_gpu_peer();
	return 0;
}
