/* SPDX-License-Identifier: MIT */
/* What elements before a geysersink and after a geysersrc do in practice. */
#include "pipelines.h"

#include <gst/video/gstvideometa.h>
#include <string.h>

#define NV12_8 "video/x-raw,format=NV12,width=8,height=4,framerate=30/1"

/* ---- pictures that lie in larger ones ---- */

/* A buffer in which each byte is its own index. */
static GstBuffer *numbered(gsize size, GstVideoFormat format, guint width, guint height)
{
	GstBuffer *buffer = picture(size, 0, 0);

	for (gsize i = 0; i < size; i++)
		(void)gst_buffer_fill(buffer, i, &(guint8){(guint8)i}, 1);
	(void)gst_buffer_add_video_meta(buffer, GST_VIDEO_FRAME_FLAG_NONE, format, width, height);
	return buffer;
}

static void cut(GstBuffer *buffer, guint x, guint y, guint width, guint height)
{
	GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);

	crop->x = x;
	crop->y = y;
	crop->width = width;
	crop->height = height;
}

/* videocrop, and decoders whose pictures have a padding, push the whole picture. */
static void a_picture_is_cut_out_of_a_larger_one(void **state)
{
	GstElement *publisher = publish_own(NV12_8);
	GstElement *subscriber = launch("geysersrc stream=cam every=true ! appsink name=out");
	GstBuffer *buffer = numbered(16 * 8 * 3 / 2, GST_VIDEO_FORMAT_NV12, 16, 8);
	GstSample *sample;
	GstVideoFrame frame;
	GstVideoInfo info;

	(void)state;
	cut(buffer, 4, 2, 8, 4);
	play(publisher);
	play(subscriber);
	push(publisher, buffer);
	sample = next_sample(subscriber);
	assert_null(gst_buffer_get_video_crop_meta(gst_sample_get_buffer(sample)));
	assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
	assert_true(
		gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ));
	for (int plane = 0; plane < 2; plane++)
		for (int y = 0; y < 4 >> plane; y++)
			for (int x = 0; x < 8; x++) {
				const guint8 *row =
					(guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, plane) +
					y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane);

				assert_int_equal(
					row[x], plane * 128 + (y + (2 >> plane)) * 16 + x + 4);
			}
	gst_video_frame_unmap(&frame);
	gst_sample_unref(sample);
	finish(subscriber);
	finish(publisher);
}

/* The caps and the pictures of such a buffer contradict each other. */
static void a_picture_that_does_not_fit_the_caps_is_an_error(void **state)
{
	static const struct {
		gsize size;
		GstVideoFormat format;
		guint width, height, crop;
		const char *text;
	} pictures[] = {
		{20, GST_VIDEO_FORMAT_UNKNOWN, 0, 0, 0, "20 bytes"},
		{12, GST_VIDEO_FORMAT_GRAY8, 4, 3, 0, "4 x 3"},
		{32, GST_VIDEO_FORMAT_GRAY8, 8, 4, 0, NULL},
		{64, GST_VIDEO_FORMAT_GRAY16_LE, 8, 4, 0, "GRAY16_LE"},
		{64, GST_VIDEO_FORMAT_GRAY8, 16, 4, 12, "16 x 4"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++) {
		GstElement *publisher = launch(
			"appsrc name=in format=time caps=\"" GRAY_8 "\" ! geysersink stream=cam");
		GstBuffer *buffer = picture(pictures[i].size, 0, 0);

		if (pictures[i].width)
			buffer = numbered(pictures[i].size, pictures[i].format, pictures[i].width,
				pictures[i].height);
		if (pictures[i].crop)
			cut(buffer, pictures[i].crop, 0, 4, 4);
		play(publisher);
		push(publisher, buffer);
		if (pictures[i].text)
			fails_with(publisher, pictures[i].text);
		finish(publisher);
	}
}

/* ---- a subscriber that takes nothing ---- */

/* The sink waits for it without end. */
#define PATIENT SINK " timeout=18446744073709551615"

struct idler {
	struct geyser_manager *manager;
	struct geyser_subscriber *subscriber;
};

static struct idler subscribe(void)
{
	const struct geyser_subscriber_desc desc = {
		.name = "cam", .delivery = GEYSER_DELIVER_EVERY, .connect_timeout_ns = PATIENCE};
	struct idler idler;

	assert_int_equal(
		geyser_manager_create(&(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST},
			&idler.manager),
		GEYSER_OK);
	assert_int_equal(
		geyser_subscriber_create(idler.manager, &desc, &idler.subscriber), GEYSER_OK);
	return idler;
}

static void unsubscribe(struct idler *idler)
{
	geyser_subscriber_destroy(idler->subscriber);
	geyser_manager_destroy(idler->manager);
}

static void take_one(struct idler *idler)
{
	struct geyser_frame *frame;

	assert_int_equal(geyser_subscriber_acquire(idler->subscriber, PATIENCE, &frame), GEYSER_OK);
	assert_int_equal(geyser_subscriber_release(idler->subscriber, frame), GEYSER_OK);
}

static void pause_and_wait(GstElement *pipeline)
{
	assert_int_not_equal(
		gst_element_set_state(pipeline, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
	assert_int_equal(
		gst_element_get_state(pipeline, NULL, NULL, PATIENCE), GST_STATE_CHANGE_SUCCESS);
}

static void await_frames(GstElement *pipeline, guint64 frames)
{
	while (stat_of(pipeline, "frames") < frames)
		g_usleep(1000);
}

/* The element before the sink draws into the stream's buffers, and waits for one. */
static void an_element_that_waits_for_a_buffer_pauses(void **state)
{
	GstElement *publisher = launch("videotestsrc ! " GRAY_8 " ! " PATIENT);
	struct idler idler;

	(void)state;
	play(publisher);
	idler = subscribe();
	for (unsigned i = 0; i < 5; i++) {
		await_frames(publisher, i + 2);
		pause_and_wait(publisher);
		play(publisher);
		take_one(&idler);
	}
	finish(publisher);
	unsubscribe(&idler);
}

static void an_element_that_waits_for_a_buffer_flushes(void **state)
{
	GstElement *publisher = launch("videotestsrc ! " GRAY_8 " ! " PATIENT);
	struct idler idler;

	(void)state;
	play(publisher);
	idler = subscribe();
	for (unsigned i = 0; i < 5; i++) {
		await_frames(publisher, i + 2);
		assert_true(gst_element_seek_simple(
			publisher, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, i * GST_SECOND));
		take_one(&idler);
	}
	finish(publisher);
	unsubscribe(&idler);
}

static void end_of_stream(GstElement *pipeline)
{
	GstElement *in = gst_bin_get_by_name(GST_BIN(pipeline), "in");
	GstFlowReturn flow;

	g_signal_emit_by_name(in, "end-of-stream", &flow);
	assert_int_equal(flow, GST_FLOW_OK);
	gst_object_unref(in);
}

/* The last frame isn't taken yet when the pipeline pauses, and the end comes in the pause. */
static void a_pipeline_pauses_at_its_end(void **state)
{
	GstElement *publisher = launch("appsrc name=in format=time caps=\"" GRAY_8 "\" ! " PATIENT);
	GstBus *bus = gst_element_get_bus(publisher);
	struct idler idler;

	(void)state;
	play(publisher);
	push(publisher, picture(32, 1, 0));
	idler = subscribe();
	await_frames(publisher, 1);
	assert_int_not_equal(
		gst_element_set_state(publisher, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
	end_of_stream(publisher);
	pause_and_wait(publisher);
	play(publisher);
	pause_and_wait(publisher);
	play(publisher);
	assert_null(gst_bus_pop_filtered(bus, GST_MESSAGE_EOS));
	take_one(&idler);
	gst_message_unref(await(publisher, GST_MESSAGE_EOS));
	gst_object_unref(bus);
	finish(publisher);
	unsubscribe(&idler);
}

static void a_pipeline_stops_at_its_end(void **state)
{
	GstElement *publisher = launch("appsrc name=in format=time caps=\"" GRAY_8 "\" ! " PATIENT);
	struct idler idler;

	(void)state;
	play(publisher);
	push(publisher, picture(32, 1, 0));
	idler = subscribe();
	await_frames(publisher, 1);
	end_of_stream(publisher);
	finish(publisher);
	unsubscribe(&idler);
}

/* Then every subscriber that is late is left out at once. */
static void lossless_goes_on_without_a_timeout(void **state)
{
	GstElement *publisher =
		launch("videotestsrc num-buffers=20 ! " GRAY_8 " ! " SINK " timeout=0");
	struct idler idler;

	(void)state;
	play(publisher);
	idler = subscribe();
	gst_message_unref(await(publisher, GST_MESSAGE_EOS));
	assert_int_equal(stat_of(publisher, "frames"), 20);
	finish(publisher);
	unsubscribe(&idler);
}

/* ---- the sink's state ---- */

/* As concat does, whose second stream isn't turned. */
static void a_new_stream_is_not_turned(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *in = gst_bin_get_by_name(GST_BIN(publisher), "in");
	struct idler idler = {0};
	struct geyser_frame *frame;

	(void)state;
	play(publisher);
	for (unsigned i = 0; i < 2; i++) {
		GstEvent *event = gst_event_new_tag(
			gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, "rotate-180", NULL));

		if (i == 1) {
			gst_event_unref(event);
			event = gst_event_new_stream_start("another");
		}
		assert_true(gst_element_send_event(in, event));
		push(publisher, picture(32, 1, i * GST_SECOND));
		if (i == 0)
			idler = subscribe();
		assert_int_equal(
			geyser_subscriber_acquire(idler.subscriber, PATIENCE, &frame), GEYSER_OK);
		assert_int_equal(geyser_frame_get_info(frame)->orientation,
			i ? GEYSER_ORIENTATION_NORMAL : GEYSER_ORIENTATION_180);
		assert_int_equal(geyser_subscriber_release(idler.subscriber, frame), GEYSER_OK);
	}
	gst_object_unref(in);
	finish(publisher);
	unsubscribe(&idler);
}

static void ignore(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
	(void)domain;
	(void)level;
	(void)text;
	(*(unsigned *)data)++;
}

/* The streaming thread uses these without a lock. */
static void a_started_element_keeps_its_properties(void **state)
{
	static const char *const pipelines[] = {"videotestsrc ! geysersink name=it stream=cam",
		"geysersrc name=it stream=cam ! fakesink"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pipelines); i++) {
		GstElement *pipeline = launch("%s", pipelines[i]);
		GstElement *it = gst_bin_get_by_name(GST_BIN(pipeline), "it");
		unsigned warnings = 0;
		GLogFunc before = g_log_set_default_handler(ignore, &warnings);
		gchar *stream;

		play(pipeline);
		g_object_set(it, "stream", "another", "timeout", (guint64)7, NULL);
		g_object_get(it, "stream", &stream, NULL);
		assert_string_equal(stream, "cam");
		g_free(stream);
		assert_int_equal(warnings, 1);
		(void)g_log_set_default_handler(before, NULL);
		assert_int_equal(
			gst_element_set_state(pipeline, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
		g_object_set(it, "stream", "another", NULL);
		g_object_get(it, "stream", &stream, NULL);
		assert_string_equal(stream, "another");
		g_free(stream);
		gst_object_unref(it);
		finish(pipeline);
	}
}

/* The next start publishes under the new name. */
static void a_name_can_be_changed_in_ready(void **state)
{
	static const char *const names[] = {"one", "two"};
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *it = gst_bin_get_by_name(GST_BIN(publisher), "it");

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		GstElement *subscriber =
			launch("geysersrc stream=%s every=true ! appsink name=out", names[i]);

		g_object_set(it, "stream", names[i], NULL);
		play(publisher);
		play(subscriber);
		push(publisher, picture(32, 1, 0));
		gst_sample_unref(next_sample(subscriber));
		assert_int_equal(gst_element_set_state(publisher, GST_STATE_READY),
			GST_STATE_CHANGE_SUCCESS);
		assert_null(next_sample(subscriber)); /* READY has no stream */
		finish(subscriber);
	}
	gst_object_unref(it);
	finish(publisher);
}

static void what_a_stream_can_not_say_is_a_warning(void **state)
{
	static const char *const fields[] = {
		"pixel-aspect-ratio=16/15", "multiview-mode=(string)side-by-side"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		GstElement *publisher = launch("appsrc name=in format=time caps=\"" GRAY_8
					       ",%s\" ! geysersink stream=cam",
			fields[i]);
		GstMessage *message;
		GError *error;

		play(publisher);
		push(publisher, picture(32, 1, 0));
		message = await(publisher, GST_MESSAGE_WARNING);
		gst_message_parse_warning(message, &error, NULL);
		assert_non_null(
			strstr(error->message, i ? "side-by-side" : "pixel-aspect-ratio is 16/15"));
		g_error_free(error);
		gst_message_unref(message);
		finish(publisher);
	}
}

/* ---- the source ---- */

static void a_next_element_that_wants_other_caps_gets_them(void **state)
{
	GstElement *publisher = publish_own(NV12_8);
	GstElement *subscriber = launch("geysersrc stream=cam every=true ! capsfilter name=filter "
					"caps=video/x-raw,format=NV12 ! appsink name=out");
	GstElement *filter = gst_bin_get_by_name(GST_BIN(subscriber), "filter");
	GstVideoInfo info;

	(void)state;
	play(publisher);
	play(subscriber);
	for (unsigned i = 0; i < 4; i++) {
		const GstVideoFormat format = i % 2 ? GST_VIDEO_FORMAT_RGBA : GST_VIDEO_FORMAT_NV12;
		GstCaps *caps = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING,
			gst_video_format_to_string(format), NULL);

		g_object_set(filter, "caps", caps, NULL);
		gst_caps_unref(caps);
		/* the source may wait for a frame already, and the next one has the old caps */
		for (gboolean has_come = FALSE; !has_come;) {
			GstSample *sample;

			push(publisher, picture(48, 1, i * GST_SECOND));
			sample = next_sample(subscriber);
			assert_non_null(sample);
			assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
			has_come = GST_VIDEO_INFO_FORMAT(&info) == format;
			gst_sample_unref(sample);
		}
	}
	gst_object_unref(filter);
	finish(subscriber);
	finish(publisher);
}

/* As after a flush. The frames aren't held at the last time before that. */
static void a_live_time_may_be_set_back(void **state)
{
	GstClockTime step = 0;
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber =
		launch("geysersrc name=it stream=cam every=true ! appsink name=out sync=false");
	GstElement *it = gst_bin_get_by_name(GST_BIN(subscriber), "it");

	(void)state;
	play(publisher);
	play(subscriber);
	for (unsigned i = 0; i < 4; i++) {
		GstSample *sample;
		GstClockTime base, time;

		push(publisher, picture(32, 1, i * GST_SECOND));
		sample = next_sample(subscriber);
		time = GST_BUFFER_PTS(gst_sample_get_buffer(sample));
		assert_true(i % 2 ? time >= step : i == 0 || time < step);
		gst_sample_unref(sample);
		/* the pipeline sets the base time, too, until it plays */
		assert_int_not_equal(gst_element_get_state(subscriber, NULL, NULL, PATIENCE),
			GST_STATE_CHANGE_FAILURE);
		base = gst_element_get_base_time(it);
		step = i % 2 ? step : base / 2;
		gst_element_set_base_time(it, i % 2 ? base + step : base - step);
	}
	gst_object_unref(it);
	finish(subscriber);
	finish(publisher);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_is_cut_out_of_a_larger_one),
		cmocka_unit_test(a_picture_that_does_not_fit_the_caps_is_an_error),
		cmocka_unit_test(an_element_that_waits_for_a_buffer_pauses),
		cmocka_unit_test(an_element_that_waits_for_a_buffer_flushes),
		cmocka_unit_test(a_pipeline_pauses_at_its_end),
		cmocka_unit_test(a_pipeline_stops_at_its_end),
		cmocka_unit_test(lossless_goes_on_without_a_timeout),
		cmocka_unit_test(a_new_stream_is_not_turned),
		cmocka_unit_test(a_started_element_keeps_its_properties),
		cmocka_unit_test(a_name_can_be_changed_in_ready),
		cmocka_unit_test(what_a_stream_can_not_say_is_a_warning),
		cmocka_unit_test(a_next_element_that_wants_other_caps_gets_them),
		cmocka_unit_test(a_live_time_may_be_set_back),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
