/*
 * GStreamer: appsrc ! shmsink, and in the other process shmsrc ! appsink.
 *
 * VARIANT pooled: buffers come from the sink's own allocator, in the memory it shares; copied: they
 * are the application's, and the sink copies them there, which is what it does by default.
 */
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rival.h"

#define AREA_FRAMES 5 /* how many frames the shared memory has room for */
#define OWN_BUFFERS 4 /* for the variant copied */

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
	char path[256], description[400], byte;
	GstElement *pipeline, *sink;

	read_all(pipes->hold, &byte, 1); /* the socket exists */
	gst_init(NULL, NULL);
	socket_path(path, sizeof(path));
	(void)snprintf(description, sizeof(description),
		"shmsrc socket-path=%s is-live=true ! appsink name=sink sync=false max-buffers=0",
		path);
	pipeline = launch(description);
	sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
	gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, data, NULL);
	(void)gst_element_set_state(pipeline, GST_STATE_PLAYING);
	wait_for_end(pipes);
	(void)gst_element_set_state(pipeline, GST_STATE_NULL);
	gst_object_unref(sink);
	gst_object_unref(pipeline);
}

/* ---- the writer ------------------------------------------------------------------------------ */

struct writer {
	GstElement *pipeline, *source;
	GstAllocator *allocator; /* the sink's allocator; NULL: the application's own buffers */
	GstAllocationParams params;
	GstBuffer *own[OWN_BUFFERS];
};

static void find_allocator(struct writer *writer)
{
	GstElement *sink = gst_bin_get_by_name(GST_BIN(writer->pipeline), "sink");
	GstPad *pad = gst_element_get_static_pad(sink, "sink");
	GstCaps *caps = gst_caps_new_empty_simple("video/x-raw");
	GstQuery *query = gst_query_new_allocation(caps, FALSE);

	if (!gst_pad_query(pad, query) || gst_query_get_n_allocation_params(query) == 0)
		die("shmsink offers no allocator");
	gst_query_parse_nth_allocation_param(query, 0, &writer->allocator, &writer->params);
	gst_query_unref(query);
	gst_caps_unref(caps);
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

static void open_writer(struct writer *writer, const struct rival *rival)
{
	char path[256], description[512];

	gst_init(NULL, NULL);
	socket_path(path, sizeof(path));
	(void)snprintf(description, sizeof(description),
		"appsrc name=source format=time max-buffers=0 max-bytes=0 ! shmsink name=sink "
		"socket-path=%s wait-for-connection=true sync=false shm-size=%zu",
		path, rival->size * AREA_FRAMES + 65536);
	*writer = (struct writer){.pipeline = launch(description)};
	writer->source = gst_bin_get_by_name(GST_BIN(writer->pipeline), "source");
	if (gst_element_set_state(writer->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
		die("the pipeline does not start");
	gst_allocation_params_init(&writer->params);
	if (strcmp(rival->variant, "pooled") == 0)
		find_allocator(writer);
	else
		make_own(writer, rival->size);
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

/* Sends a frame. No sample includes the search for a buffer, as with the other programs. */
static void send(struct writer *writer, size_t size)
{
	GstBuffer *buffer = writer->allocator ? gst_buffer_new_allocate(
							writer->allocator, size, &writer->params)
					      : take_own(writer);
	GstMapInfo map;

	if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_WRITE))
		die("no buffer to write to");
	frame_stamp(map.data, size, now_ns());
	gst_buffer_unmap(buffer, &map);
	if (!writer->allocator)
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
	if (!rival.variant ||
		(strcmp(rival.variant, "pooled") != 0 && strcmp(rival.variant, "copied") != 0))
		die("variant: it must be pooled or copied");
	runtime_directory_make();
	peer_start(&reader, PLACE_NONE, read_frames, &rival);
	open_writer(&writer, &rival);
	write_all(reader.hold, "", 1);
	for (uint32_t i = 0; i < rival.frames; i++) {
		rival_wait_turn(&rival, i);
		send(&writer, rival.size);
	}
	(void)snprintf(name, sizeof(name), "gstreamer-%s", rival.variant);
	rival_report(&rival, name);
	peer_stop(&reader);
	(void)gst_element_set_state(writer.pipeline, GST_STATE_NULL);
	return 0;
}
