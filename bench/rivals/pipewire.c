/*
 * PipeWire: a stream that drives the graph, and one that captures from it in the other process,
 * both with their own data thread and mapped buffers. Needs a daemon and a session manager in
 * XDG_RUNTIME_DIR, as bench/rivals/run starts. The window is always one frame.
 */
#include <linux/futex.h>
#include <pipewire/pipewire.h>
#include <spa/param/video/format-utils.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rival.h"

#define LOST_NS 5000000 /* a frame that takes longer is lost, which PipeWire allows */
#define BUFFERS 4

struct end {
	struct rival *rival;
	struct pw_thread_loop *loop;
	struct pw_stream *stream;
	bool streaming;
	uint64_t last; /* the last stamp; used by the reader */
};

/* ---- both ends ------------------------------------------------------------------------------- */

static void note_state(
	void *data, enum pw_stream_state before, enum pw_stream_state now, const char *error)
{
	struct end *end = data;

	(void)before;
	if (now == PW_STREAM_STATE_ERROR)
		die("PipeWire: %s", error ? error : "the stream failed");
	end->streaming = now == PW_STREAM_STATE_STREAMING;
	pw_thread_loop_signal(end->loop, false);
}

/* Called when the format is agreed on: chooses the buffers. */
static void choose_buffers(void *data, uint32_t id, const struct spa_pod *param)
{
	const struct end *end = data;
	uint8_t space[1024];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(space, sizeof(space));
	const struct spa_pod *params[1];

	if (!param || id != SPA_PARAM_Format)
		return;
	params[0] = spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamBuffers,
		SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
		SPA_POD_CHOICE_RANGE_Int(BUFFERS, 2, 8), SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1),
		SPA_PARAM_BUFFERS_size, SPA_POD_Int((int)end->rival->size),
		SPA_PARAM_BUFFERS_stride, SPA_POD_Int((int)end->rival->width * 4),
		SPA_PARAM_BUFFERS_dataType, SPA_POD_CHOICE_FLAGS_Int(1 << SPA_DATA_MemFd));
	(void)pw_stream_update_params(end->stream, params, 1);
}

static void open_stream(struct end *end, enum pw_direction direction, enum pw_stream_flags flags,
	struct pw_properties *properties, const struct pw_stream_events *events)
{
	struct spa_video_info_raw info = {
		.format = SPA_VIDEO_FORMAT_RGBA,
		.size = {end->rival->width, end->rival->height},
		.framerate = {0, 1},
	};
	uint8_t space[1024];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(space, sizeof(space));
	const struct spa_pod *params[1] = {
		spa_format_video_raw_build(&builder, SPA_PARAM_EnumFormat, &info)};

	end->stream = pw_stream_new_simple(
		pw_thread_loop_get_loop(end->loop), "geyser-rival", properties, events, end);
	if (!end->stream || pw_stream_connect(end->stream, direction, PW_ID_ANY,
				    flags | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS,
				    params, 1) < 0)
		die("PipeWire: no stream (is there a daemon in XDG_RUNTIME_DIR?)");
}

static void start(struct end *end, struct rival *rival)
{
	pw_init(NULL, NULL);
	*end = (struct end){.rival = rival, .loop = pw_thread_loop_new("rival", NULL)};
	if (!end->loop || pw_thread_loop_start(end->loop) != 0)
		die("PipeWire: no loop");
}

static void stop(struct end *end)
{
	pw_thread_loop_lock(end->loop);
	pw_stream_destroy(end->stream);
	pw_thread_loop_unlock(end->loop);
	pw_thread_loop_stop(end->loop);
	pw_thread_loop_destroy(end->loop);
}

static void source_name(char *text, size_t size, pid_t writer)
{
	(void)snprintf(text, size, "geyser-rival-%d", writer);
}

/* ---- the reader ------------------------------------------------------------------------------ */

static void receive(void *data)
{
	struct end *end = data;
	struct hand_word *got = &end->rival->shared->got;
	struct pw_buffer *buffer;

	while ((buffer = pw_stream_dequeue_buffer(end->stream)) != NULL) {
		const struct spa_data *frame = &buffer->buffer->datas[0];
		const bool filled = frame->data && frame->chunk->size == end->rival->size;
		const uint64_t stamp = filled ? *(const uint64_t *)frame->data : 0;
		const bool fresh = stamp > end->last;

		if (fresh)
			rival_got(end->rival, frame->data);
		(void)pw_stream_queue_buffer(end->stream, buffer);
		if (!fresh)
			continue;
		end->last = stamp;
		hand_signal(got, atomic_load(&got->value) + 1);
	}
}

static void read_frames(const struct peer_pipes *pipes, void *data)
{
	static const struct pw_stream_events events = {
		PW_VERSION_STREAM_EVENTS,
		.state_changed = note_state,
		.param_changed = choose_buffers,
		.process = receive,
	};
	struct end end;
	char name[40], byte;

	read_all(pipes->hold, &byte, 1); /* the source exists */
	source_name(name, sizeof(name), getppid());
	start(&end, data);
	pw_thread_loop_lock(end.loop);
	open_stream(&end, PW_DIRECTION_INPUT, PW_STREAM_FLAG_AUTOCONNECT,
		pw_properties_new(PW_KEY_MEDIA_TYPE, "Video", PW_KEY_MEDIA_CATEGORY, "Capture",
			PW_KEY_MEDIA_ROLE, "Camera", PW_KEY_TARGET_OBJECT, name, NULL),
		&events);
	pw_thread_loop_unlock(end.loop);
	wait_for_end(pipes);
	stop(&end);
}

/* ---- the writer ------------------------------------------------------------------------------ */

static void send(void *data)
{
	struct end *end = data;
	struct pw_buffer *buffer = pw_stream_dequeue_buffer(end->stream);
	struct spa_data *frame;

	if (!buffer)
		return; /* counts as lost */
	frame = &buffer->buffer->datas[0];
	frame->chunk->offset = 0;
	frame->chunk->size = (uint32_t)end->rival->size;
	frame->chunk->stride = (int32_t)end->rival->width * 4;
	frame_stamp(frame->data, end->rival->size, now_ns());
	(void)pw_stream_queue_buffer(end->stream, buffer);
}

/* Waits until more than `before` frames were read, or the frame is lost. */
static void wait_briefly(struct hand_word *got, uint32_t before)
{
	const struct timespec time = {.tv_nsec = LOST_NS};

	atomic_fetch_add(&got->waiters, 1);
	if (atomic_load(&got->value) == before)
		(void)syscall(SYS_futex, &got->value, FUTEX_WAIT, before, &time, NULL, 0);
	atomic_fetch_sub(&got->waiters, 1);
}

static void write_frames(struct end *end)
{
	struct hand_word *got = &end->rival->shared->got;
	uint32_t before;

	while ((before = atomic_load(&got->value)) < end->rival->frames) {
		if (before == RIVAL_WARM_UP && end->rival->start == 0)
			end->rival->start = now_ns();
		pw_thread_loop_lock(end->loop);
		(void)pw_stream_trigger_process(end->stream);
		pw_thread_loop_unlock(end->loop);
		wait_briefly(got, before);
	}
}

int main(int count, char **arguments)
{
	static const struct pw_stream_events events = {
		PW_VERSION_STREAM_EVENTS,
		.state_changed = note_state,
		.param_changed = choose_buffers,
		.process = send,
	};
	struct rival rival;
	struct peer reader;
	struct end end;
	char name[40];

	rival_init(&rival, count, arguments);
	peer_start(&reader, PLACE_NONE, read_frames, &rival);
	source_name(name, sizeof(name), getpid());
	start(&end, &rival);
	pw_thread_loop_lock(end.loop);
	open_stream(&end, PW_DIRECTION_OUTPUT, PW_STREAM_FLAG_DRIVER,
		pw_properties_new(PW_KEY_MEDIA_CLASS, "Video/Source", PW_KEY_NODE_NAME, name,
			PW_KEY_PRIORITY_DRIVER, "10000", NULL),
		&events);
	write_all(reader.hold, "", 1);
	while (!end.streaming)
		pw_thread_loop_wait(end.loop);
	pw_thread_loop_unlock(end.loop);
	write_frames(&end);
	rival_report(&rival, "pipewire");
	peer_stop(&reader);
	stop(&end);
	return 0;
}
