/* SPDX-License-Identifier: MIT */
/* What elements around geysersink and geysersrc may do with the buffers. */
#include "pipelines.h"

#include <gst/allocators/gstfdmemory.h>

#define MANY 40

static guint32 sum_of_next(GstElement *pipeline)
{
	GstSample *sample = next_sample(pipeline);
	guint32 sum;

	assert_non_null(sample);
	sum = checksum(sample);
	gst_sample_unref(sample);
	return sum;
}

static void reference(const char *filters, guint32 *sums, unsigned count)
{
	GstElement *pipeline = launch("videotestsrc num-buffers=%u pattern=ball "
				      "animation-mode=frames ! video/x-raw,format=NV12,width=64,"
				      "height=48 %s ! appsink name=out sync=false",
		count, filters);

	play(pipeline);
	for (unsigned i = 0; i < count; i++)
		sums[i] = sum_of_next(pipeline);
	finish(pipeline);
}

static GstElement *publish(const char *filters, unsigned count, unsigned buffers)
{
	return launch("videotestsrc num-buffers=%u pattern=ball animation-mode=frames ! "
		      "video/x-raw,format=NV12,width=64,height=48 %s ! geysersink name=it "
		      "stream=shared sync=false lossless=true wait-subscribers=1 buffers=%u "
		      "timeout=60000000000",
		count, filters, buffers);
}

/* ---- the source ---- */

/* Nobody takes samples until the last one is there: the reader keeps all of them. The stream goes
 * on because the later ones are copies, and the application is told. */
static void a_queue_does_not_starve_the_stream(void **state)
{
	GstElement *publisher = publish("", MANY, 6);
	GstElement *subscriber = launch("geysersrc name=it stream=shared every=true ! queue "
					"max-size-buffers=0 max-size-bytes=0 max-size-time=0 ! "
					"appsink name=out sync=false max-buffers=1");
	guint32 sums[MANY];
	GstMessage *message;

	(void)state;
	reference("", sums, MANY);
	take_meta(subscriber);
	play(subscriber);
	play(publisher);
	gst_message_unref(await(publisher, GST_MESSAGE_EOS));
	message = await(subscriber, GST_MESSAGE_INFO);
	gst_message_unref(message);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(sum_of_next(subscriber), sums[i]);
	/* 4 of the 6 buffers are in the reader's hands; one more if a sample was taken early */
	assert_in_range(stat_of(subscriber, "copied"), MANY - 6, MANY - 4);
	assert_int_equal(stat_of(subscriber, "dropped"), 0);
	finish(publisher);
	finish(subscriber);
}

static void read_only_memory_is_copied_for_filters_in_place(void **state)
{
	GstElement *publisher = publish("", MANY, 6);
	GstElement *subscriber =
		launch("geysersrc name=it stream=shared every=true ! "
		       "videobalance brightness=0.2 ! appsink name=out sync=false");
	guint32 sums[MANY];

	(void)state;
	reference("! videobalance brightness=0.2", sums, MANY);
	play(subscriber);
	play(publisher);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(sum_of_next(subscriber), sums[i]);
	gst_message_unref(await(publisher, GST_MESSAGE_EOS));
	assert_int_equal(stat_of(publisher, "copied"), 0);
	finish(publisher);
	finish(subscriber);
}

/* Samples outlive the subscription and the publisher. */
static void samples_stay_as_they_are(void **state)
{
	GstElement *publisher = publish("", 3, 6);
	GstElement *subscriber =
		launch("geysersrc name=it stream=shared every=true ! appsink name=out sync=false");
	guint32 sums[3];
	GstSample *samples[3];

	(void)state;
	reference("", sums, 3);
	take_meta(subscriber);
	play(subscriber);
	play(publisher);
	for (unsigned i = 0; i < 3; i++)
		samples[i] = next_sample(subscriber);
	finish(subscriber);
	finish(publisher);
	for (unsigned i = 0; i < 3; i++) {
		GstMemory *memory = gst_buffer_peek_memory(gst_sample_get_buffer(samples[i]), 0);

		assert_true(gst_is_fd_memory(memory));
		assert_true(GST_MEMORY_IS_READONLY(memory));
		assert_int_equal(checksum(samples[i]), sums[i]);
		gst_sample_unref(samples[i]);
	}
}

/* ---- the sink ---- */

/* A decoder keeps the last 17 pictures, to predict from them. They must not change meanwhile. */
#define REFERENCES 17

struct decoder {
	GstBuffer *kept[REFERENCES];
	guint32 sums[REFERENCES];
	unsigned count;
};

static guint32 sum_of(GstBuffer *buffer)
{
	GstMapInfo map;
	guint32 sum = 2166136261;

	assert_true(gst_buffer_map(buffer, &map, GST_MAP_READ));
	for (gsize i = 0; i < map.size; i++)
		sum = (sum ^ map.data[i]) * 16777619;
	gst_buffer_unmap(buffer, &map);
	return sum;
}

static void let_go(struct decoder *decoder, unsigned i)
{
	if (!decoder->kept[i])
		return;
	assert_int_equal(sum_of(decoder->kept[i]), decoder->sums[i]);
	gst_buffer_unref(decoder->kept[i]);
	decoder->kept[i] = NULL;
}

static GstPadProbeReturn keep(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	struct decoder *decoder = data;
	const unsigned i = decoder->count++ % REFERENCES;

	(void)pad;
	let_go(decoder, i);
	decoder->kept[i] = gst_buffer_ref(GST_PAD_PROBE_INFO_BUFFER(info));
	decoder->sums[i] = sum_of(decoder->kept[i]);
	return GST_PAD_PROBE_OK;
}

static void a_decoder_may_keep_more_than_there_are(void **state)
{
	GstElement *publisher = publish("", MANY, 8);
	GstElement *subscriber = launch("geysersrc name=it stream=shared every=true ! appsink "
					"name=out sync=false enable-last-sample=false");
	GstElement *sink = gst_bin_get_by_name(GST_BIN(publisher), "it");
	GstPad *pad = gst_element_get_static_pad(sink, "sink");
	struct decoder decoder = {.count = 0};
	guint32 sums[MANY];

	(void)state;
	reference("", sums, MANY);
	(void)gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, keep, &decoder, NULL);
	play(subscriber);
	play(publisher);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(sum_of_next(subscriber), sums[i]);
	gst_message_unref(await(publisher, GST_MESSAGE_EOS));
	/* 6 of the 8 buffers may be kept; the others are copied */
	assert_in_range(stat_of(publisher, "copied"), MANY - MANY / REFERENCES * 6 - 12, MANY - 6);
	for (unsigned i = 0; i < REFERENCES; i++)
		let_go(&decoder, i);
	gst_object_unref(pad);
	gst_object_unref(sink);
	finish(publisher);
	finish(subscriber);
}

/* Two branches show the same buffer. */
static void a_tee_shows_the_same_buffer(void **state)
{
	GstElement *publisher = launch(
		"videotestsrc num-buffers=%u pattern=ball animation-mode=frames ! "
		"video/x-raw,format=NV12,width=64,height=48 ! tee name=t ! queue ! geysersink "
		"name=it stream=shared sync=false lossless=true wait-subscribers=1 "
		"timeout=60000000000 t. ! queue max-size-buffers=100 ! appsink name=out sync=false",
		MANY);
	GstElement *subscriber = launch("geysersrc name=it stream=shared every=true ! appsink "
					"name=out sync=false enable-last-sample=false");
	guint32 sums[MANY];

	(void)state;
	reference("", sums, MANY);
	play(subscriber);
	play(publisher);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(sum_of_next(subscriber), sums[i]);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(sum_of_next(publisher), sums[i]);
	finish(publisher);
	finish(subscriber);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_queue_does_not_starve_the_stream),
		cmocka_unit_test(read_only_memory_is_copied_for_filters_in_place),
		cmocka_unit_test(samples_stay_as_they_are),
		cmocka_unit_test(a_decoder_may_keep_more_than_there_are),
		cmocka_unit_test(a_tee_shows_the_same_buffer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
