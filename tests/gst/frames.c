/* SPDX-License-Identifier: MIT */
/* Frames through geysersink and geysersrc are those that went in, and their caps too. */
#include "pipelines.h"

#define FRAMES 5

#define SOURCE "videotestsrc num-buffers=5 pattern=ball animation-mode=frames"

struct picture {
	const char *format;
	int width, height;
};

static const struct picture pictures[] = {
	{"NV12", 64, 48},
	{"NV12", 1918, 1078},
	{"NV12", 333, 77},
	{"NV12", 1, 1},
	{"I420", 64, 48},
	{"I420", 333, 77},
	{"P010_10LE", 64, 48},
	{"P010_10LE", 333, 77},
	{"P016_LE", 64, 48},
	{"NV16", 333, 77},
	{"YUY2", 64, 48},
	{"YUY2", 333, 77},
	{"UYVY", 64, 48},
	{"Y42B", 333, 77},
	{"Y444", 333, 77},
	{"RGBA", 333, 77},
	{"BGRA", 64, 48},
	{"RGBx", 64, 48},
	{"BGRx", 64, 48},
	{"RGB10A2_LE", 64, 48},
	{"RGBA64_LE", 64, 48},
	{"GRAY8", 333, 77},
	{"GRAY8", 3, 3},
	{"GRAY16_LE", 64, 48},
};

/* The frames as videotestsrc makes them. */
static GstCaps *make_reference(const struct picture *it, guint32 sums[FRAMES])
{
	GstElement *pipeline = launch(SOURCE
		" ! video/x-raw,format=%s,width=%d,height=%d ! appsink name=out sync=false",
		it->format, it->width, it->height);
	GstCaps *caps = NULL;

	play(pipeline);
	for (unsigned i = 0; i < FRAMES; i++) {
		GstSample *sample = next_sample(pipeline);

		assert_non_null(sample);
		sums[i] = checksum(sample);
		gst_caps_replace(&caps, gst_sample_get_caps(sample));
		gst_sample_unref(sample);
	}
	finish(pipeline);
	return caps;
}

/* Whether both mean the same video. */
static void agree(GstCaps *caps, GstCaps *expected)
{
	GstVideoInfo info, wanted;

	assert_true(gst_video_info_from_caps(&info, caps));
	assert_true(gst_video_info_from_caps(&wanted, expected));
	/* a field that one of them lacks, and the default */
	GST_VIDEO_INFO_MULTIVIEW_MODE(&wanted) = GST_VIDEO_INFO_MULTIVIEW_MODE(&info);
	if (!gst_video_info_is_equal(&info, &wanted))
		fail_msg(
			"%s instead of %s", gst_caps_to_string(caps), gst_caps_to_string(expected));
}

static void pass(const struct picture *it, const char *before, gboolean meta, guint64 *sent_copies,
	guint64 *received_copies)
{
	GstElement *publisher = launch(SOURCE
		" ! video/x-raw,format=%s,width=%d,height=%d %s ! geysersink name=it stream=pass "
		"sync=false lossless=true wait-subscribers=1 buffers=16",
		it->format, it->width, it->height, before);
	GstElement *subscriber =
		launch("geysersrc name=it stream=pass every=true ! appsink name=out sync=false "
		       "enable-last-sample=false");
	guint32 sums[FRAMES];
	GstCaps *caps = make_reference(it, sums);

	if (meta)
		take_meta(subscriber);
	play(publisher);
	play(subscriber);
	for (unsigned i = 0; i < FRAMES; i++) {
		GstSample *sample = next_sample(subscriber);

		assert_non_null(sample);
		if (checksum(sample) != sums[i])
			fail_msg("frame %u of %s, %d x %d differs", i, it->format, it->width,
				it->height);
		agree(gst_sample_get_caps(sample), caps);
		gst_sample_unref(sample);
	}
	gst_message_unref(await(publisher, GST_MESSAGE_EOS));
	assert_int_equal(stat_of(publisher, "frames"), FRAMES);
	assert_int_equal(stat_of(subscriber, "frames"), FRAMES);
	*sent_copies = stat_of(publisher, "copied");
	*received_copies = stat_of(subscriber, "copied");
	finish(publisher);
	assert_null(next_sample(subscriber)); /* the end of the publisher is the stream's */
	finish(subscriber);
	gst_caps_unref(caps);
}

static void frames_are_passed_without_a_copy(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++) {
		guint64 sent, received;

		pass(&pictures[i], "", TRUE, &sent, &received);
		assert_int_equal(sent, 0);
		assert_int_equal(received, 0);
	}
}

/* The element before the sink takes no pool, and the one after the source no GstVideoMeta. */
static void frames_are_copied_for_simple_elements(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++) {
		guint64 sent, received;

		pass(&pictures[i], "! identity drop-allocation=true", FALSE, &sent, &received);
		assert_int_equal(sent, FRAMES);
	}
}

/* ---- caps ---- */

static void caps_travel(void **state)
{
	static const char *const fields[] = {
		"format=NV12, colorimetry=(string)bt709, chroma-site=(string)mpeg2",
		"format=NV12, colorimetry=(string)bt601, chroma-site=(string)jpeg",
		"format=I420, colorimetry=(string)1:4:0:0, chroma-site=(string)cosited",
		"format=P010_10LE, colorimetry=(string)bt2100-pq, chroma-site=(string)mpeg2",
		"format=P010_10LE, colorimetry=(string)bt2100-hlg, chroma-site=(string)cosited",
		"format=RGBA, colorimetry=(string)sRGB",
		"format=RGBA, colorimetry=(string)sRGB, framerate=(fraction)0/1",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		gchar *text = g_strdup_printf("video/x-raw, width=(int)16, height=(int)16, "
					      "framerate=(fraction)30/1, %s",
			fields[i]);
		GstCaps *caps = gst_caps_from_string(text);
		GstElement *publisher =
			launch("videotestsrc num-buffers=1 ! capsfilter name=caps ! geysersink "
			       "stream=caps sync=false lossless=true wait-subscribers=1");
		GstElement *filter = gst_bin_get_by_name(GST_BIN(publisher), "caps");
		GstElement *subscriber = launch("geysersrc stream=caps ! appsink name=out");
		GstCaps *expected;
		GstSample *sample;
		GstPad *pad;

		g_object_set(filter, "caps", caps, NULL);
		play(publisher);
		play(subscriber);
		sample = next_sample(subscriber);
		pad = gst_element_get_static_pad(filter, "src");
		expected = gst_pad_get_current_caps(pad);
		agree(gst_sample_get_caps(sample), expected);
		gst_caps_unref(expected);
		gst_object_unref(pad);
		gst_sample_unref(sample);
		gst_object_unref(filter);
		gst_caps_unref(caps);
		g_free(text);
		finish(subscriber);
		finish(publisher);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_passed_without_a_copy),
		cmocka_unit_test(frames_are_copied_for_simple_elements),
		cmocka_unit_test(caps_travel),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
