/*
 * GStreamer: appsrc ! a sink, and in the other process its source ! appsink.
 *
 * VARIANT is one of the ways below. Pooled: buffers come from the sink's own pool or allocator, in
 * the memory that it shares. Copied: they are the application's, and the sink copies them there.
 */
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rival.h"

#define OWN_BUFFERS 4 /* of the application */

/* The elements' text has the socket's path in place of %s, and the bytes of shared memory in place
 * of %zu. */
static const struct way {
	const char *variant, *sink, *source;
	bool own;                 /* only the application's buffers */
	bool is_slow_to_allocate; /* the allocator makes a file of each buffer */
} ways[] = {
	{"pooled", "shmsink wait-for-connection=true socket-path=%s shm-size=%zu",
		"shmsrc is-live=true socket-path=%s", false, false},
	{"copied", "shmsink wait-for-connection=true socket-path=%s shm-size=%zu",
		"shmsrc is-live=true socket-path=%s", true, false},
	{"unixfd", "unixfdsink wait-for-connection=true socket-path=%s", "unixfdsrc socket-path=%s",
		false, true},
	{"plugin", "geysersink stream=rival lossless=true wait-subscribers=1",
		"geysersrc stream=rival every=true", false, false},
	{"plugin-copied", "geysersink stream=rival lossless=true wait-subscribers=1",
		"geysersrc stream=rival every=true", true, false},
};

#define AREA_FRAMES 5 /* how many frames the shared memory of shmsink has room for */

static const struct way *find_way(const struct rival *rival)
{
	for (size_t i = 0; rival->variant && i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(rival->variant, ways[i].variant) == 0)
			return &ways[i];
	die("variant: it must be pooled, copied, unixfd, plugin or plugin-copied");
}

static void socket_path(char *text, size_t size)
{
	(void)snprintf(text, size, "%s/frames", getenv("XDG_RUNTIME_DIR"));
}

static GstElement *launch(const char *description)
{
	GError *error = NULL;
	GstElement *pipeline = gst_parse_launch(description, &error);

	if (!pipeline || error)
		die("%s: %s", description, error ? error->message : "no pipeline");
	return pipeline;
}

static void play(GstElement *pipeline)
{
	if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
		die("the pipeline does not start");
}

/* ---- the reader ------------------------------------------------------------------------------ */

static GstFlowReturn receive(GstAppSink *sink, gpointer data)
{
	struct rival *rival = data;
	GstSample *sample = gst_app_sink_pull_sample(sink);
	GstBuffer *buffer = sample ? gst_sample_get_buffer(sample) : NULL;
	GstMapInfo map;

	if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_READ) || map.size != rival->size)
		die("the frame that came can't be read");
	rival_got(rival, map.data);
	gst_buffer_unmap(buffer, &map);
	gst_sample_unref(sample);
	hand_signal(&rival->shared->got, atomic_load(&rival->shared->got.value) + 1);
	return GST_FLOW_OK;
}

static void read_frames(const struct peer_pipes *pipes, void *data)
{
	GstAppSinkCallbacks callbacks = {.new_sample = receive};
	const struct way *way = find_way(data);
	char path[256], source[400], description[500], byte;
	GstElement *pipeline, *sink;

	read_all(pipes->hold, &byte, 1); /* the socket exists */
	gst_init(NULL, NULL);
	socket_path(path, sizeof(path));
	(void)snprintf(source, sizeof(source), way->source, path);
	(void)snprintf(description, sizeof(description),
		"%s ! appsink name=sink sync=false max-buffers=0", source);
	pipeline = launch(description);
	sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
	gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, data, NULL);
	play(pipeline);
	wait_for_end(pipes);
	(void)gst_element_set_state(pipeline, GST_STATE_NULL);
	gst_object_unref(sink);
	gst_object_unref(pipeline);
}

/* ---- the writer ------------------------------------------------------------------------------ */

struct writer {
	const struct way *way;
	GstElement *pipeline, *source;
	GstCaps *caps;
	GstBufferPool *pool;     /* of buffers in the sink's memory; NULL: none */
	GstAllocator *allocator; /* of the sink, without a pool; NULL: the application's buffers */
	GstAllocationParams params;
	GstBuffer *own[OWN_BUFFERS];
};

static void start_pool(struct writer *writer, size_t size)
{
	GstStructure *config = gst_buffer_pool_get_config(writer->pool);

	gst_buffer_pool_config_set_params(config, writer->caps, (guint)size, 0, 0);
	if (writer->allocator)
		gst_buffer_pool_config_set_allocator(config, writer->allocator, &writer->params);
	if (!gst_buffer_pool_set_config(writer->pool, config) ||
		!gst_buffer_pool_set_active(writer->pool, TRUE))
		die("the sink's pool can't be used");
}

/* Asks the sink for its pool, or else its allocator. The first frame tells a sink the caps: it may
 * have none of both before. */
static void find_buffers(struct writer *writer, size_t size)
{
	GstElement *sink = gst_bin_get_by_name(GST_BIN(writer->pipeline), "sink");
	GstPad *pad = gst_element_get_static_pad(sink, "sink");
	GstQuery *query = gst_query_new_allocation(writer->caps, TRUE);

	if (gst_pad_query(pad, query) && gst_query_get_n_allocation_pools(query) > 0) {
		gst_query_parse_nth_allocation_pool(query, 0, &writer->pool, NULL, NULL, NULL);
	} else if (gst_query_get_n_allocation_params(query) > 0) {
		gst_query_parse_nth_allocation_param(query, 0, &writer->allocator, &writer->params);
		if (writer->way->is_slow_to_allocate)
			writer->pool = gst_buffer_pool_new();
	}
	if (writer->pool)
		start_pool(writer, size);
	gst_query_unref(query);
	gst_object_unref(pad);
	gst_object_unref(sink);
}

/* Makes the application's own buffers and touches their pages. */
static void make_own(struct writer *writer, size_t size)
{
	for (int i = 0; i < OWN_BUFFERS; i++) {
		writer->own[i] = gst_buffer_new_allocate(NULL, size, NULL);
		if (!writer->own[i])
			die("no memory for a frame");
		(void)gst_buffer_memset(writer->own[i], 0, 1, size);
	}
}

/* Stamps a frame again when it comes to the sink. */
static GstPadProbeReturn arrive(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
	const struct rival *rival = data;
	GstMapInfo map;

	(void)pad;
	if (gst_buffer_is_writable(buffer) && gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
		frame_stamp(map.data, rival->size, now_ns());
		gst_buffer_unmap(buffer, &map);
	}
	return GST_PAD_PROBE_OK;
}

/* At a rate, latencies begin at the sink's pad: appsrc wakes a thread, which is no work of the
 * sink's. The application's own buffers are read-only there. */
static void stamp_at_sink(struct writer *writer, struct rival *rival)
{
	GstElement *sink = gst_bin_get_by_name(GST_BIN(writer->pipeline), "sink");
	GstPad *pad = gst_element_get_static_pad(sink, "sink");

	(void)gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, arrive, rival, NULL);
	gst_object_unref(pad);
	gst_object_unref(sink);
}

static void open_writer(struct writer *writer, const struct rival *rival)
{
	const struct way *way = find_way(rival);
	char path[256], sink[400], description[700];

	gst_init(NULL, NULL);
	socket_path(path, sizeof(path));
	(void)snprintf(sink, sizeof(sink), way->sink, path, rival->size * AREA_FRAMES + 65536);
	(void)snprintf(description, sizeof(description),
		"appsrc name=source format=time max-buffers=0 max-bytes=0 ! %s name=sink "
		"sync=false",
		sink);
	*writer = (struct writer){.way = way, .pipeline = launch(description)};
	writer->source = gst_bin_get_by_name(GST_BIN(writer->pipeline), "source");
	writer->caps = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "RGBA", "width",
		G_TYPE_INT, (int)rival->width, "height", G_TYPE_INT, (int)rival->height,
		"framerate", GST_TYPE_FRACTION, 60, 1, NULL);
	gst_app_src_set_caps(GST_APP_SRC(writer->source), writer->caps);
	make_own(writer, rival->size);
	play(writer->pipeline);
}

/* Returns a buffer that the sink no longer uses. It releases a frame shortly after the reader has
 * its copy. */
static GstBuffer *take_own(struct writer *writer)
{
	for (;;)
		for (int i = 0; i < OWN_BUFFERS; i++)
			if (gst_buffer_is_writable(writer->own[i]))
				return writer->own[i];
}

static GstBuffer *take(struct writer *writer, size_t size)
{
	GstBuffer *buffer = NULL;

	if (!writer->way->own && !writer->pool && !writer->allocator)
		find_buffers(writer, size);
	if (writer->pool)
		(void)gst_buffer_pool_acquire_buffer(writer->pool, &buffer, NULL);
	else if (writer->allocator)
		buffer = gst_buffer_new_allocate(writer->allocator, size, &writer->params);
	else
		buffer = take_own(writer);
	return buffer;
}

/* Sends a frame. No sample includes the search for a buffer, as with the other programs. */
static void send(struct writer *writer, size_t size)
{
	GstBuffer *buffer = take(writer, size);
	GstMapInfo map;

	if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_WRITE))
		die("no buffer to write to");
	frame_stamp(map.data, size, now_ns());
	gst_buffer_unmap(buffer, &map);
	if (!writer->pool && !writer->allocator)
		(void)gst_buffer_ref(buffer);
	if (gst_app_src_push_buffer(GST_APP_SRC(writer->source), buffer) != GST_FLOW_OK)
		die("the pipeline takes no frame");
}

int main(int count, char **arguments)
{
	struct writer writer;
	struct rival rival;
	struct peer reader;
	char name[40];

	rival_init(&rival, count, arguments);
	(void)find_way(&rival);
	runtime_directory_make();
	peer_start(&reader, PLACE_NONE, read_frames, &rival);
	open_writer(&writer, &rival);
	if (rival.rate)
		stamp_at_sink(&writer, &rival);
	write_all(reader.hold, "", 1);
	for (uint32_t i = 0; i < rival.frames; i++) {
		rival_wait_turn(&rival, i);
		send(&writer, rival.size);
	}
	if (!writer.way->own && !writer.pool && !writer.allocator)
		die("the sink offered neither a pool nor an allocator");
	(void)snprintf(name, sizeof(name), "gstreamer-%s", rival.variant);
	rival_report(&rival, name);
	peer_stop(&reader);
	(void)gst_element_set_state(writer.pipeline, GST_STATE_NULL);
	return 0;
}
