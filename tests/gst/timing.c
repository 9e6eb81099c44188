/* SPDX-License-Identifier: MIT */
/* Latency, flushes and seeks, frames that are dropped, and what a change of the time-out does. */
#include "pipelines.h"

static void query_latency(
	GstElement *pipeline, gboolean *live, GstClockTime *min, GstClockTime *max)
{
	GstQuery *query = gst_query_new_latency();
	GstElement *it = gst_bin_get_by_name(GST_BIN(pipeline), "it");

	assert_true(gst_element_query(it, query));
	gst_query_parse_latency(query, live, min, max);
	gst_object_unref(it);
	gst_query_unref(query);
}

/* ---- latency ---- */

/* A frame is pushed as soon as it is submitted. The buffers of the stream hold the frames that the
 * pipeline takes later: 6 of them at 30 frames a second. */
static void a_live_source_tells_its_latency(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch("geysersrc name=it stream=cam ! appsink name=out");
	GstClockTime min, max;
	gboolean live;

	(void)state;
	play(publisher);
	play(subscriber);
	push(publisher, picture(32, 1, 0));
	gst_sample_unref(next_sample(subscriber));
	query_latency(subscriber, &live, &min, &max);
	assert_true(live);
	assert_int_equal(min, 0);
	assert_int_equal(max, 6 * (GST_SECOND / 30));
	finish(subscriber);
	finish(publisher);
}

/* A sink that is given time to show a frame warns if frames can't wait for so long. */
static void a_sink_that_waits_for_its_clock_does_not_warn(void **state)
{
	GstElement *publisher = launch("videotestsrc is-live=true ! "
				       "video/x-raw,format=GRAY8,width=8,height=4,framerate=60/1 ! "
				       "geysersink stream=cam");
	GstElement *subscriber = launch("geysersrc stream=cam num-buffers=10 ! fakesink sync=true");
	GstMessage *message;

	(void)state;
	play(publisher);
	play(subscriber);
	message = await(subscriber, GST_MESSAGE_WARNING | GST_MESSAGE_EOS);
	assert_int_equal(GST_MESSAGE_TYPE(message), GST_MESSAGE_EOS);
	gst_message_unref(message);
	finish(subscriber);
	finish(publisher);
}

/* Nothing is shown, so a live frame needn't wait for a screen. */
static void a_live_sink_adds_no_latency(void **state)
{
	GstElement *publisher = launch("videotestsrc name=source is-live=true ! "
				       "video/x-raw,format=GRAY8,width=8,height=4,framerate=25/1 ! "
				       "geysersink name=it stream=cam");
	GstElement *subscriber = launch("geysersrc stream=cam num-buffers=2 ! fakesink");
	GstElement *source = gst_bin_get_by_name(GST_BIN(publisher), "source");
	GstQuery *query = gst_query_new_latency();
	GstClockTime min, max, own;
	gboolean live;

	(void)state;
	play(publisher);
	play(subscriber);
	gst_message_unref(await(subscriber, GST_MESSAGE_EOS));
	query_latency(publisher, &live, &min, &max);
	assert_true(live);
	assert_true(gst_element_query(source, query));
	gst_query_parse_latency(query, NULL, &own, NULL);
	assert_int_equal(min, own);
	gst_query_unref(query);
	gst_object_unref(source);
	finish(subscriber);
	finish(publisher);
}

/* ---- flushes ---- */

static void flush(GstElement *pipeline)
{
	GstElement *in = gst_bin_get_by_name(GST_BIN(pipeline), "in");

	assert_true(gst_element_send_event(in, gst_event_new_flush_start()));
	assert_true(gst_element_send_event(in, gst_event_new_flush_stop(TRUE)));
	gst_object_unref(in);
}

/* After a flush the publisher's time begins again, as after a seek. The stream goes on, and so does
 * the time of a reader that isn't live. */
static void time_goes_on_when_the_publisher_begins_again(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch("geysersrc name=it stream=cam every=true is-live=false ! "
					"appsink name=out sync=false");
	const GstClockTime step = GST_SECOND / 30;

	(void)state;
	play(publisher);
	play(subscriber);
	for (unsigned i = 0; i < 12; i++) {
		GstSample *sample;
		GstBuffer *buffer;

		if (i > 0 && i % 3 == 0)
			flush(publisher);
		push(publisher, picture(32, 1, i % 3 * step));
		sample = next_sample(subscriber);
		buffer = gst_sample_get_buffer(sample);
		assert_int_equal(GST_BUFFER_PTS(buffer), i * step);
		assert_int_equal(
			GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT), i % 3 == 0);
		gst_sample_unref(sample);
	}
	assert_int_equal(stat_of(subscriber, "dropped"), 0);
	finish(subscriber);
	finish(publisher);
}

/* The sink waits for the subscriber, which holds all buffers, when the flush comes. */
static void a_flush_wakes_a_waiting_sink(void **state)
{
	GstElement *publisher = launch("appsrc name=in format=time caps=\"" GRAY_8 "\" ! " SINK
				       " timeout=18446744073709551615 buffers=2");
	const struct geyser_subscriber_desc desc = {
		.name = "cam", .delivery = GEYSER_DELIVER_EVERY, .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;
	struct geyser_manager *manager;
	struct geyser_frame *frame;

	(void)state;
	assert_int_equal(
		geyser_manager_create(
			&(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST}, &manager),
		GEYSER_OK);
	play(publisher);
	push(publisher, picture(32, 1, 0));
	assert_int_equal(geyser_subscriber_create(manager, &desc, &subscriber), GEYSER_OK);
	for (guint8 i = 2; i < 6; i++)
		push(publisher, picture(32, i, i * GST_SECOND));
	assert_int_equal(geyser_subscriber_acquire(subscriber, PATIENCE, &frame), GEYSER_OK);
	flush(publisher);
	assert_int_equal(geyser_subscriber_release(subscriber, frame), GEYSER_OK);
	push(publisher, picture(32, 99, 0));
	for (guint8 byte = 0; byte != 99;) {
		struct geyser_mapping mapping;

		assert_int_equal(
			geyser_subscriber_acquire(subscriber, PATIENCE, &frame), GEYSER_OK);
		assert_int_equal(geyser_texture_map(
					 geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping),
			GEYSER_OK);
		byte = *(guint8 *)mapping.data;
		geyser_texture_unmap(geyser_frame_texture(frame));
		assert_int_equal(geyser_subscriber_release(subscriber, frame), GEYSER_OK);
	}
	finish(publisher);
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
}

/* ---- drops ---- */

/* A subscriber keeps both buffers, and the sink doesn't wait for it. */
static void a_dropped_frame_is_a_qos_message(void **state)
{
	GstElement *publisher = launch("appsrc name=in format=time caps=\"" GRAY_8
				       "\" ! geysersink name=it stream=cam sync=false buffers=2 "
				       "wait-subscribers=1 timeout=1000000");
	const struct geyser_subscriber_desc desc = {
		.name = "cam", .delivery = GEYSER_DELIVER_EVERY, .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;
	struct geyser_manager *manager;
	struct geyser_frame *frames[2];
	guint64 processed, dropped;
	GstMessage *message;
	GstFormat format;

	(void)state;
	assert_int_equal(
		geyser_manager_create(
			&(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST}, &manager),
		GEYSER_OK);
	play(publisher);
	push(publisher, picture(32, 1, 0));
	assert_int_equal(geyser_subscriber_create(manager, &desc, &subscriber), GEYSER_OK);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(
			geyser_subscriber_acquire(subscriber, PATIENCE, &frames[i]), GEYSER_OK);
		push(publisher, picture(32, 2, GST_SECOND));
	}
	message = await(publisher, GST_MESSAGE_QOS);
	gst_message_parse_qos_stats(message, &format, &processed, &dropped);
	assert_int_equal(format, GST_FORMAT_BUFFERS);
	assert_int_equal(processed, 2);
	assert_int_equal(dropped, 1);
	gst_message_unref(message);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(geyser_subscriber_release(subscriber, frames[i]), GEYSER_OK);
	push(publisher, picture(32, 3, 2 * GST_SECOND));
	assert_int_equal(geyser_subscriber_acquire(subscriber, PATIENCE, &frames[0]), GEYSER_OK);
	assert_int_equal(geyser_frame_get_info(frames[0])->sequence, 3);
	assert_int_equal(geyser_subscriber_release(subscriber, frames[0]), GEYSER_OK);
	finish(publisher);
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_live_source_tells_its_latency),
		cmocka_unit_test(a_sink_that_waits_for_its_clock_does_not_warn),
		cmocka_unit_test(a_live_sink_adds_no_latency),
		cmocka_unit_test(time_goes_on_when_the_publisher_begins_again),
		cmocka_unit_test(a_flush_wakes_a_waiting_sink),
		cmocka_unit_test(a_dropped_frame_is_a_qos_message),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
