/* SPDX-License-Identifier: MIT */
/* What goes with frames, changes of a stream, its ends, and errors. */
#include "pipelines.h"

#include <gst/video/gstvideometa.h>
#include <string.h>
#include <sys/resource.h>

static int width_of(GstSample *sample)
{
	GstVideoInfo info;

	assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
	return GST_VIDEO_INFO_WIDTH(&info);
}

#define GRAY_16 "video/x-raw,format=GRAY8,width=16,height=4,framerate=30/1"

/* ---- what goes with a frame ---- */

static void crop_and_damage_travel(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch("geysersrc stream=cam every=true ! appsink name=out");
	GstBuffer *buffer = picture(32, 1, 0);
	GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);
	const GstVideoRegionOfInterestMeta *region;
	GstSample *sample;

	(void)state;
	crop->x = 1;
	crop->y = 2;
	crop->width = 100; /* more than there is */
	crop->height = 2;
	(void)gst_buffer_add_video_region_of_interest_meta(buffer, "face", 0, 0, 1, 1);
	(void)gst_buffer_add_video_region_of_interest_meta(buffer, "damage", 3, 1, 2, 3);
	play(publisher);
	play(subscriber);
	push(publisher, buffer);
	sample = next_sample(subscriber);
	crop = gst_buffer_get_video_crop_meta(gst_sample_get_buffer(sample));
	assert_non_null(crop);
	assert_true(crop->x == 1 && crop->y == 2 && crop->width == 7 && crop->height == 2);
	region = (GstVideoRegionOfInterestMeta *)gst_buffer_get_meta(
		gst_sample_get_buffer(sample), GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
	assert_non_null(region);
	assert_string_equal(g_quark_to_string(region->roi_type), "damage");
	assert_true(region->x == 3 && region->y == 1 && region->w == 2 && region->h == 3);
	gst_sample_unref(sample);
	push(publisher, picture(32, 2, GST_SECOND));
	sample = next_sample(subscriber);
	assert_null(gst_buffer_get_video_crop_meta(gst_sample_get_buffer(sample)));
	gst_sample_unref(sample);
	finish(subscriber);
	finish(publisher);
}

static void orientation_travels_as_a_tag(void **state)
{
	static const char *const tags[] = {"rotate-90", "rotate-180", "rotate-270", "flip-rotate-0",
		"flip-rotate-90", "flip-rotate-180", "flip-rotate-270", "rotate-0"};
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch("geysersrc stream=cam every=true ! appsink name=out");
	GstElement *in = gst_bin_get_by_name(GST_BIN(publisher), "in");

	(void)state;
	play(publisher);
	play(subscriber);
	for (unsigned i = 0; i < G_N_ELEMENTS(tags); i++) {
		GstElement *out = gst_bin_get_by_name(GST_BIN(subscriber), "out");
		GstPad *pad = gst_element_get_static_pad(out, "sink");
		GstTagList *list;
		GstEvent *event;
		gchar *text;

		/* an appsrc sends events in their turn */
		assert_true(gst_element_send_event(
			in, gst_event_new_tag(
				    gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, tags[i], NULL))));
		push(publisher, picture(32, 1, i * GST_SECOND));
		gst_sample_unref(next_sample(subscriber));
		event = gst_pad_get_sticky_event(pad, GST_EVENT_TAG, 0);
		assert_non_null(event);
		gst_event_parse_tag(event, &list);
		assert_true(gst_tag_list_get_string(list, GST_TAG_IMAGE_ORIENTATION, &text));
		assert_string_equal(text, tags[i]);
		g_free(text);
		gst_event_unref(event);
		gst_object_unref(pad);
		gst_object_unref(out);
	}
	gst_object_unref(in);
	finish(subscriber);
	finish(publisher);
}

static void times_travel(void **state)
{
	const GstClockTime times[] = {0, 40 * GST_MSECOND, 45 * GST_MSECOND, 3 * GST_SECOND};
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch(
		"geysersrc stream=cam every=true is-live=false ! appsink name=out sync=false");

	(void)state;
	play(publisher);
	play(subscriber);
	for (unsigned i = 0; i < G_N_ELEMENTS(times); i++)
		push(publisher, picture(32, 1, GST_SECOND + times[i]));
	for (unsigned i = 0; i < G_N_ELEMENTS(times); i++) {
		GstSample *sample = next_sample(subscriber);
		GstBuffer *buffer = gst_sample_get_buffer(sample);

		assert_int_equal(GST_BUFFER_PTS(buffer), times[i]);
		assert_int_equal(GST_BUFFER_OFFSET(buffer), i);
		assert_int_equal(GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT), i == 0);
		gst_sample_unref(sample);
	}
	finish(subscriber);
	finish(publisher);
}

/* A live source stamps a frame with the time of its submit on the pipeline's clock. */
static void live_times_are_of_the_submit(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch("geysersrc stream=cam every=true ! appsink name=out");
	GstClockTime before, after, base;
	GstClock *clock;
	GstSample *sample;

	(void)state;
	play(publisher);
	play(subscriber);
	push(publisher, picture(32, 1, 0));
	gst_sample_unref(next_sample(subscriber));
	clock = gst_pipeline_get_clock(GST_PIPELINE(subscriber));
	base = gst_element_get_base_time(subscriber);
	before = gst_clock_get_time(clock) - base;
	push(publisher, picture(32, 1, GST_SECOND));
	sample = next_sample(subscriber);
	after = gst_clock_get_time(clock) - base;
	assert_in_range(GST_BUFFER_PTS(gst_sample_get_buffer(sample)), before, after);
	gst_sample_unref(sample);
	gst_object_unref(clock);
	finish(subscriber);
	finish(publisher);
}

/* ---- changes ---- */

static void a_new_size_comes_with_new_caps(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch("geysersrc stream=cam every=true ! appsink name=out");

	(void)state;
	play(publisher);
	play(subscriber);
	for (guint8 i = 0; i < 6; i++) {
		GstSample *sample;

		change_caps(publisher, i % 2 ? GRAY_16 : GRAY_8);
		push(publisher, picture(i % 2 ? 64 : 32, i, i * GST_SECOND));
		sample = next_sample(subscriber);
		assert_int_equal(width_of(sample), i % 2 ? 16 : 8);
		assert_int_equal(first_byte(sample), i);
		gst_sample_unref(sample);
	}
	finish(subscriber);
	finish(publisher);
}

/* The process gets no descriptor for the new buffers. */
static void a_size_that_fails_ends_the_stream(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch("geysersrc stream=cam every=true ! appsink name=out");
	struct rlimit limit;

	(void)state;
	play(publisher);
	play(subscriber);
	push(publisher, picture(32, 1, 0));
	gst_sample_unref(next_sample(subscriber));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, limit.rlim_max}), 0);
	change_caps(publisher, GRAY_16);
	push(publisher, picture(64, 2, GST_SECOND));
	fails_with(publisher, "can't publish");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_null(next_sample(subscriber));
	finish(subscriber);
	finish(publisher);
}

/* The next element takes another format and size: the publisher converts. */
static void the_publisher_converts_for_the_next_element(void **state)
{
	GstElement *publisher =
		launch("videotestsrc num-buffers=3 pattern=white ! "
		       "video/x-raw,format=NV12,width=64,height=48,framerate=30/1 ! " SINK);
	GstElement *subscriber =
		launch("geysersrc stream=cam every=true ! "
		       "video/x-raw,format=RGBA,width=32,height=24 ! appsink name=out");
	GstSample *sample;
	GstVideoInfo info;

	(void)state;
	play(publisher);
	play(subscriber);
	sample = next_sample(subscriber);
	assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
	assert_int_equal(GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_FORMAT_RGBA);
	assert_int_equal(GST_VIDEO_INFO_WIDTH(&info), 32);
	assert_int_equal(GST_VIDEO_INFO_HEIGHT(&info), 24);
	assert_in_range(first_byte(sample), 254, 255);
	gst_sample_unref(sample);
	finish(subscriber);
	finish(publisher);
}

/* What the next element takes by now is asked of the stream, not of the rendition before. */
static void each_rendition_is_of_the_stream(void **state)
{
	GstElement *publisher =
		launch("videotestsrc pattern=white ! "
		       "video/x-raw,format=NV12,width=64,height=48,framerate=30/1 ! " SINK);
	GstElement *subscriber = launch("geysersrc stream=cam ! capsfilter name=filter "
					"caps=video/x-raw,format=RGBA,width=32,height=24 ! "
					"appsink name=out max-buffers=1 drop=true");
	GstElement *filter = gst_bin_get_by_name(GST_BIN(subscriber), "filter");
	GstSample *sample;

	(void)state;
	play(publisher);
	play(subscriber);
	sample = next_sample(subscriber);
	assert_int_equal(width_of(sample), 32);
	gst_sample_unref(sample);
	gst_util_set_object_arg(G_OBJECT(filter), "caps", "video/x-raw,format=BGRA");
	do {
		sample = next_sample(subscriber);
		const int width = width_of(sample);

		gst_sample_unref(sample);
		if (width != 32) {
			assert_int_equal(width, 64);
			break;
		}
	} while (true);
	gst_object_unref(filter);
	finish(subscriber);
	finish(publisher);
}

/* GStreamer has no name for floats: they come as numbers of 16 bits, and the application is told.
 */
static void floats_become_colors_of_16_bits(void **state)
{
	GstElement *subscriber = launch("geysersrc stream=cam every=true ! appsink name=out");
	const struct geyser_stream_desc desc = {
		.name = "cam",
		.texture = {.format = GEYSER_FORMAT_RGBA16_FLOAT, .width = 8, .height = 4},
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_frame *frame;
	GstSample *sample;
	GstMessage *message;
	GError *error = NULL;
	GstVideoInfo info;
	gchar *debug;

	(void)state;
	assert_int_equal(
		geyser_manager_create(
			&(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST}, &manager),
		GEYSER_OK);
	assert_int_equal(geyser_publisher_create(manager, &desc, &publisher), GEYSER_OK);
	assert_int_equal(geyser_publisher_acquire(publisher, PATIENCE, &frame), GEYSER_OK);
	assert_int_equal(geyser_publisher_submit(publisher, frame), GEYSER_OK);
	play(subscriber);
	sample = next_sample(subscriber);
	assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
	assert_int_equal(GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_FORMAT_RGBA64_LE);
	gst_sample_unref(sample);
	message = await(subscriber, GST_MESSAGE_INFO);
	gst_message_parse_info(message, &error, &debug);
	assert_non_null(strstr(
		debug, "converts for this element: from rgba16float, 8x4, to rgba16unorm, 8x4"));
	g_error_free(error);
	g_free(debug);
	gst_message_unref(message);
	finish(subscriber);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
}

static void what_does_not_fit_is_told(void **state)
{
	GstElement *publisher =
		launch("videotestsrc pattern=white ! "
		       "video/x-raw,format=NV12,width=64,height=48,framerate=30/1 ! " SINK);
	GstElement *subscriber =
		launch("geysersrc stream=cam convert=false ! video/x-raw,format=RGBA ! fakesink");

	(void)state;
	play(publisher);
	play(subscriber);
	fails_with(subscriber, "put videoconvert between them");
	finish(subscriber);
	subscriber = launch("geysersrc stream=cam convert=false ! video/x-raw,width=32 ! fakesink");
	play(subscriber);
	fails_with(subscriber, "put videoscale between them");
	finish(subscriber);
	subscriber = launch("geysersrc stream=cam ! video/x-raw,framerate=25/1 ! fakesink");
	play(subscriber);
	fails_with(subscriber, "put videorate between them");
	finish(subscriber);
	finish(publisher);
}

/* ---- states ---- */

/* The sink waits for a subscriber that takes nothing. It must let go at once, and the stream must
 * go on afterwards. */
static void a_waiting_sink_pauses_and_stops(void **state)
{
	GstElement *publisher =
		launch("videotestsrc ! video/x-raw,format=NV12,width=64,height=48 ! " SINK
		       " timeout=18446744073709551615 buffers=2");
	struct geyser_manager *manager;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	const struct geyser_subscriber_desc desc = {
		.name = "cam", .delivery = GEYSER_DELIVER_EVERY, .connect_timeout_ns = PATIENCE};

	(void)state;
	assert_int_equal(
		geyser_manager_create(
			&(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST}, &manager),
		GEYSER_OK);
	play(publisher);
	assert_int_equal(geyser_subscriber_create(manager, &desc, &subscriber), GEYSER_OK);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(
			geyser_subscriber_acquire(subscriber, PATIENCE, &frame), GEYSER_OK);
		assert_int_equal(geyser_frame_get_info(frame)->sequence, i + 1);
		assert_int_equal(geyser_subscriber_release(subscriber, frame), GEYSER_OK);
		assert_int_not_equal(gst_element_set_state(publisher, GST_STATE_PAUSED),
			GST_STATE_CHANGE_FAILURE);
		play(publisher);
	}
	finish(publisher);
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
}

static void a_waiting_source_stops(void **state)
{
	GstElement *subscriber = launch("geysersrc stream=nobody ! fakesink");
	GstMessage *message;

	(void)state;
	play(subscriber);
	message = await(subscriber, GST_MESSAGE_PROGRESS); /* it tells that it waits */
	gst_message_unref(message);
	finish(subscriber);
}

/* ---- ends ---- */

static void a_source_reconnects_if_asked(void **state)
{
	GstElement *subscriber =
		launch("geysersrc name=it stream=cam every=true reconnect=true ! appsink name=out");

	(void)state;
	play(subscriber);
	for (guint8 i = 0; i < 3; i++) {
		GstElement *publisher = publish_own(i % 2 ? GRAY_16 : GRAY_8);
		GstSample *sample;

		play(publisher);
		push(publisher, picture(i % 2 ? 64 : 32, i, 0));
		sample = next_sample(subscriber);
		assert_int_equal(first_byte(sample), i);
		assert_int_equal(width_of(sample), i % 2 ? 16 : 8);
		gst_sample_unref(sample);
		finish(publisher);
	}
	finish(subscriber);
}

/* The publisher that comes back has the same pictures at another rate. */
static void a_new_rate_comes_with_new_caps(void **state)
{
	static const int rates[] = {30, 25, 0, 30};
	GstElement *subscriber =
		launch("geysersrc name=it stream=cam every=true reconnect=true ! appsink name=out");

	(void)state;
	play(subscriber);
	for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
		gchar *caps = g_strdup_printf(
			"video/x-raw,format=GRAY8,width=8,height=4,framerate=%d/1", rates[i]);
		GstElement *publisher = publish_own(caps);
		GstSample *sample;
		GstVideoInfo info;

		play(publisher);
		push(publisher, picture(32, 1, 0));
		sample = next_sample(subscriber);
		assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
		assert_int_equal(GST_VIDEO_INFO_FPS_N(&info), rates[i]);
		gst_sample_unref(sample);
		finish(publisher);
		g_free(caps);
	}
	assert_int_equal(stat_of(subscriber, "connections"), G_N_ELEMENTS(rates));
	finish(subscriber);
}

/* ---- errors ---- */

static void errors_tell_what_is_wrong(void **state)
{
	static const struct {
		const char *pipeline, *text;
	} errors[] = {
		{"geysersrc stream=nobody timeout=1000000 ! fakesink",
			"no stream \"nobody\": none came within 0.001 s"},
		{"geysersrc stream=\"\" timeout=1000000 ! fakesink", "name"},
		{"geysersrc backend=metal ! fakesink", "metal"},
		{"videotestsrc ! geysersink stream=\"\"", "name"},
		{"videotestsrc ! geysersink stream=cam", "another name"},
		{"videotestsrc ! capssetter caps=video/x-raw,interlace-mode=interleaved ! "
		 "geysersink stream=other",
			"deinterlace"},
	};
	GstElement *publisher = publish_own(GRAY_8);

	(void)state;
	play(publisher);
	push(publisher, picture(32, 1, 0));
	await_stream();
	for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
		GstElement *pipeline = launch("%s", errors[i].pipeline);

		(void)gst_element_set_state(pipeline, GST_STATE_PLAYING);
		fails_with(pipeline, errors[i].text);
		finish(pipeline);
	}
	finish(publisher);
}

/* ---- devices ---- */

static void streams_are_devices(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstDeviceMonitor *monitor = gst_device_monitor_new();
	GstBus *bus = gst_device_monitor_get_bus(monitor);
	GstMessage *message;
	GstElement *element;
	GstDevice *device;
	gchar *stream;

	(void)state;
	assert_int_not_equal(gst_device_monitor_add_filter(monitor, "Source/Video", NULL), 0);
	assert_true(gst_device_monitor_start(monitor));
	play(publisher);
	push(publisher, picture(32, 1, 0));
	message = gst_bus_timed_pop_filtered(bus, PATIENCE, GST_MESSAGE_DEVICE_ADDED);
	assert_non_null(message);
	gst_message_parse_device_added(message, &device);
	element = gst_device_create_element(device, NULL);
	g_object_get(element, "stream", &stream, NULL);
	assert_string_equal(stream, "cam");
	g_free(stream);
	gst_object_unref(element);
	gst_object_unref(device);
	gst_message_unref(message);
	finish(publisher);
	message = gst_bus_timed_pop_filtered(bus, PATIENCE, GST_MESSAGE_DEVICE_REMOVED);
	assert_non_null(message);
	gst_message_unref(message);
	gst_device_monitor_stop(monitor);
	gst_object_unref(bus);
	gst_object_unref(monitor);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(crop_and_damage_travel),
		cmocka_unit_test(orientation_travels_as_a_tag),
		cmocka_unit_test(times_travel),
		cmocka_unit_test(live_times_are_of_the_submit),
		cmocka_unit_test(a_new_size_comes_with_new_caps),
		cmocka_unit_test(a_size_that_fails_ends_the_stream),
		cmocka_unit_test(the_publisher_converts_for_the_next_element),
		cmocka_unit_test(each_rendition_is_of_the_stream),
		cmocka_unit_test(floats_become_colors_of_16_bits),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(a_waiting_sink_pauses_and_stops),
		cmocka_unit_test(a_waiting_source_stops),
		cmocka_unit_test(a_source_reconnects_if_asked),
		cmocka_unit_test(a_new_rate_comes_with_new_caps),
		cmocka_unit_test(errors_tell_what_is_wrong),
		cmocka_unit_test(streams_are_devices),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
