/* SPDX-License-Identifier: MIT */
#include "pipelines.h"

#include <glib/gstdio.h>
#include <gst/app/gstappsrc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* GStreamer's own plug-ins that the pipelines use. */
static const char *const plugins[] = {"coreelements", "app", "videotestsrc", "videofilter",
	"videoconvertscale", "videorate", "debug", NULL};

static char directory[] = "/tmp/geyser-gst-XXXXXX";

static gboolean load(const char *path)
{
	GError *error = NULL;
	GstPlugin *plugin = gst_plugin_load_file(path, &error);

	if (!plugin) {
		print_error("%s\n", error->message);
		g_clear_error(&error);
		return FALSE;
	}
	gst_object_unref(plugin);
	return TRUE;
}

/* The registry of plug-ins would load all that are installed. */
int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory) || setenv("GEYSER_RUNTIME_DIR", directory, 1) < 0 ||
		setenv("GST_REGISTRY_DISABLE", "yes", 1) < 0 ||
		setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "", 1) < 0)
		return -1;
	gst_init(NULL, NULL);
	for (size_t i = 0; plugins[i]; i++) {
		gchar *path = g_strdup_printf("%s/libgst%s.so", GST_PLUGINS, plugins[i]);
		const gboolean loaded = load(path);

		g_free(path);
		if (!loaded)
			return -1;
	}
	return load(GEYSER_PLUGIN) ? 0 : -1;
}

int tear_down(void **state)
{
	gchar *registry = g_build_filename(directory, "geyser", NULL);
	gchar *names = g_build_filename(registry, ".names", NULL);

	(void)state;
	(void)g_unlink(names);
	assert_int_equal(g_rmdir(registry), 0); /* no stream has left a file */
	(void)g_rmdir(directory);
	g_free(names);
	g_free(registry);
	return 0;
}

GstElement *launch(const char *format, ...)
{
	GError *error = NULL;
	GstElement *pipeline;
	va_list values;
	gchar *text;

	va_start(values, format);
	text = g_strdup_vprintf(format, values);
	va_end(values);
	pipeline = gst_parse_launch(text, &error);
	if (error)
		fail_msg("%s: %s", text, error->message);
	g_free(text);
	return pipeline;
}

void play(GstElement *pipeline)
{
	assert_int_not_equal(
		gst_element_set_state(pipeline, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
}

void finish(GstElement *pipeline)
{
	assert_int_equal(gst_element_set_state(pipeline, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
	gst_object_unref(pipeline);
}

GstMessage *await(GstElement *pipeline, GstMessageType types)
{
	GstBus *bus = gst_element_get_bus(pipeline);
	GstMessage *message = gst_bus_timed_pop_filtered(bus, PATIENCE, types | GST_MESSAGE_ERROR);
	GError *error = NULL;
	gchar *debug = NULL;

	gst_object_unref(bus);
	assert_non_null(message);
	if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR && !(types & GST_MESSAGE_ERROR)) {
		gst_message_parse_error(message, &error, &debug);
		fail_msg("%s (%s)", error->message, debug);
	}
	return message;
}

void fails_with(GstElement *pipeline, const char *text)
{
	GstMessage *message = await(pipeline, GST_MESSAGE_ERROR);
	GError *error = NULL;

	gst_message_parse_error(message, &error, NULL);
	if (!strstr(error->message, text))
		fail_msg("\"%s\" isn't in \"%s\"", text, error->message);
	g_error_free(error);
	gst_message_unref(message);
}

static GstPadProbeReturn answer(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);

	(void)pad;
	(void)data;
	if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
		return GST_PAD_PROBE_OK;
	gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
	return GST_PAD_PROBE_HANDLED;
}

void take_meta(GstElement *pipeline)
{
	GstElement *out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
	GstPad *pad = gst_element_get_static_pad(out, "sink");

	(void)gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM | GST_PAD_PROBE_TYPE_PUSH,
		answer, NULL, NULL);
	gst_object_unref(pad);
	gst_object_unref(out);
}

GstSample *next_sample(GstElement *pipeline)
{
	GstElement *out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
	GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(out), PATIENCE);

	if (!sample && !gst_app_sink_is_eos(GST_APP_SINK(out))) {
		GstMessage *message = await(pipeline, GST_MESSAGE_EOS); /* shows an error */

		gst_message_unref(message);
		fail_msg("no sample came");
	}
	gst_object_unref(out);
	return sample;
}

static void add_plane(const GstVideoFrame *frame, guint plane, guint32 *sum)
{
	const guint8 *row = GST_VIDEO_FRAME_PLANE_DATA(frame, plane);
	gsize bytes = 0;
	gint rows = 0;

	for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS(frame); i++) {
		if ((guint)GST_VIDEO_FRAME_COMP_PLANE(frame, i) != plane)
			continue;
		bytes = MAX(bytes, (gsize)GST_VIDEO_FRAME_COMP_WIDTH(frame, i) *
					   (gsize)GST_VIDEO_FRAME_COMP_PSTRIDE(frame, i));
		rows = GST_VIDEO_FRAME_COMP_HEIGHT(frame, i);
	}
	for (gint y = 0; y < rows; y++, row += GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane))
		for (gsize x = 0; x < bytes; x++)
			*sum = (*sum ^ row[x]) * 16777619; /* FNV-1a */
}

/* In YUY2 and UYVY with an odd width the last pair has a luma sample that isn't of the picture. */
static void add_component(const GstVideoFrame *frame, guint component, guint32 *sum)
{
	const guint8 *row = GST_VIDEO_FRAME_COMP_DATA(frame, component);

	for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(frame, component); y++) {
		for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(frame, component); x++)
			*sum = (*sum ^ row[x * GST_VIDEO_FRAME_COMP_PSTRIDE(frame, component)]) *
			       16777619;
		row += GST_VIDEO_FRAME_COMP_STRIDE(frame, component);
	}
}

guint32 checksum(GstSample *sample)
{
	guint32 sum = 2166136261;
	GstVideoFrame frame;
	GstVideoInfo info;

	assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
	assert_true(
		gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ));
	if (GST_VIDEO_INFO_IS_YUV(&info) && GST_VIDEO_FRAME_N_PLANES(&frame) == 1)
		for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS(&frame); i++)
			add_component(&frame, i, &sum);
	else
		for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(&frame); i++)
			add_plane(&frame, i, &sum);
	gst_video_frame_unmap(&frame);
	return sum;
}

guint64 stat_of(GstElement *pipeline, const char *name)
{
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), "it");
	GstStructure *stats;
	guint64 value = 0;

	g_object_get(element, "stats", &stats, NULL);
	assert_true(gst_structure_get_uint64(stats, name, &value));
	gst_structure_free(stats);
	gst_object_unref(element);
	return value;
}

/* ---- buffers of the test's own ---- */

GstElement *publish_own(const char *caps)
{
	return launch("appsrc name=in format=time caps=\"%s\" ! " SINK, caps);
}

GstBuffer *picture(gsize size, guint8 value, GstClockTime time)
{
	GstBuffer *buffer = gst_buffer_new_allocate(NULL, size, NULL);

	(void)gst_buffer_memset(buffer, 0, value, size);
	GST_BUFFER_PTS(buffer) = time;
	return buffer;
}

void push(GstElement *pipeline, GstBuffer *buffer)
{
	GstElement *in = gst_bin_get_by_name(GST_BIN(pipeline), "in");

	assert_int_equal(gst_app_src_push_buffer(GST_APP_SRC(in), buffer), GST_FLOW_OK);
	gst_object_unref(in);
}

void change_caps(GstElement *pipeline, const char *text)
{
	GstElement *in = gst_bin_get_by_name(GST_BIN(pipeline), "in");
	GstCaps *caps = gst_caps_from_string(text);

	gst_app_src_set_caps(GST_APP_SRC(in), caps);
	gst_caps_unref(caps);
	gst_object_unref(in);
}

guint8 first_byte(GstSample *sample)
{
	guint8 byte;

	assert_int_equal(gst_buffer_extract(gst_sample_get_buffer(sample), 0, &byte, 1), 1);
	return byte;
}

static void name_has_come(enum geyser_stream_change change, const char *name, void *user)
{
	(void)change;
	(void)name;
	*(gboolean *)user = TRUE;
}

void await_stream(void)
{
	struct geyser_stream_watch *watch;
	gboolean come = FALSE;

	assert_int_equal(geyser_stream_watch_create(name_has_come, &come, &watch), GEYSER_OK);
	while (!come)
		assert_int_equal(geyser_stream_watch_dispatch(watch, PATIENCE), GEYSER_OK);
	geyser_stream_watch_destroy(watch);
}
