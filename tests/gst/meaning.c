/* SPDX-License-Identifier: MIT */
/* What a frame means is the same on both sides: its orientation, its light, and frames of a GPU. */
#include "pipelines.h"

#include <geyser/convert.h>
#include <string.h>

#define RGBA_5 "video/x-raw,format=RGBA,width=5,height=3,framerate=30/1"
#define TEXELS (5 * 3)

static const char *const tags[] = {"rotate-0", "rotate-90", "rotate-180", "rotate-270",
	"flip-rotate-0", "flip-rotate-90", "flip-rotate-180", "flip-rotate-270"};

/* ---- orientation ---- */

/* A picture in which every texel is another one. */
static GstBuffer *numbered(void)
{
	GstBuffer *buffer = picture((gsize)TEXELS * 4, 0, 0);

	for (guint8 i = 0; i < TEXELS; i++)
		assert_int_equal(gst_buffer_fill(buffer, (gsize)i * 4, &i, 1), 1);
	return buffer;
}

static void push_tagged(GstElement *pipeline, const char *tag)
{
	GstElement *in = gst_bin_get_by_name(GST_BIN(pipeline), "in");

	assert_true(gst_element_send_event(
		in, gst_event_new_tag(gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, tag, NULL))));
	push(pipeline, numbered());
	gst_object_unref(in);
}

/* The picture as GStreamer turns it. */
static void turn_there(const char *tag, guint8 out[TEXELS])
{
	GstElement *pipeline = launch("appsrc name=in format=time caps=\"" RGBA_5 "\" ! videoflip "
				      "video-direction=auto ! appsink name=out sync=false");
	GstSample *sample;

	play(pipeline);
	push_tagged(pipeline, tag);
	sample = next_sample(pipeline);
	for (gsize i = 0; i < TEXELS; i++)
		assert_int_equal(
			gst_buffer_extract(gst_sample_get_buffer(sample), i * 4, &out[i], 1), 1);
	gst_sample_unref(sample);
	finish(pipeline);
}

/* The picture as the stream's publisher turns it for a subscriber that wants it upright. */
static void turn_here(const char *tag, guint8 out[TEXELS])
{
	const struct geyser_rendition_desc upright = {.upright = true};
	const struct geyser_subscriber_desc desc = {
		.name = "cam", .delivery = GEYSER_DELIVER_EVERY, .connect_timeout_ns = PATIENCE};
	GstElement *publisher = publish_own(RGBA_5);
	struct geyser_subscriber *subscriber;
	struct geyser_manager *manager;
	struct geyser_mapping mapping;
	struct geyser_frame *frame;

	assert_int_equal(
		geyser_manager_create(
			&(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST}, &manager),
		GEYSER_OK);
	play(publisher);
	push_tagged(publisher, tag);
	assert_int_equal(geyser_subscriber_create_rendition(manager, &desc, &upright, &subscriber),
		GEYSER_OK);
	assert_int_equal(geyser_subscriber_acquire(subscriber, PATIENCE, &frame), GEYSER_OK);
	assert_int_equal(
		geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping),
		GEYSER_OK);
	for (gsize i = 0; i < TEXELS; i++)
		out[i] = ((const guint8 *)mapping.data)[i * 4];
	geyser_texture_unmap(geyser_frame_texture(frame));
	assert_int_equal(geyser_subscriber_release(subscriber, frame), GEYSER_OK);
	finish(publisher);
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
}

static void orientation_means_the_same(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(tags); i++) {
		guint8 there[TEXELS], here[TEXELS];

		turn_there(tags[i], there);
		turn_here(tags[i], here);
		if (memcmp(there, here, TEXELS) != 0)
			fail_msg("%s isn't the same turn", tags[i]);
	}
}

/* ---- light ---- */

/* The display's primaries are those of the picture, as the page says. */
static void light_of_hdr_travels(void **state)
{
	GstElement *publisher =
		publish_own("video/x-raw,format=P010_10LE,width=8,height=4,framerate=30/1,"
			    "colorimetry=bt2100-pq,mastering-display-info=(string)35400:14600:8500:"
			    "39850:6550:2300:15635:16450:10000000:50,"
			    "content-light-level=(string)1000:400");
	GstElement *subscriber = launch("geysersrc stream=cam ! appsink name=out");
	GstVideoMasteringDisplayInfo mastering;
	GstVideoContentLightLevel light;
	GstSample *sample;
	GstCaps *caps;

	(void)state;
	play(publisher);
	play(subscriber);
	push(publisher, picture(96, 1, 0));
	sample = next_sample(subscriber);
	caps = gst_sample_get_caps(sample);
	assert_true(gst_video_mastering_display_info_from_caps(&mastering, caps));
	assert_int_equal(mastering.max_display_mastering_luminance, 10000000);
	assert_int_equal(mastering.min_display_mastering_luminance, 50);
	assert_int_equal(mastering.display_primaries[0].x, 35400);
	assert_int_equal(mastering.display_primaries[2].y, 2300);
	assert_int_equal(mastering.white_point.y, 16450);
	assert_true(gst_video_content_light_level_from_caps(&light, caps));
	assert_int_equal(light.max_content_light_level, 1000);
	assert_int_equal(light.max_frame_average_light_level, 400);
	gst_sample_unref(sample);
	finish(subscriber);
	finish(publisher);
}

/* A stream without that has caps without that. */
static void no_light_is_made_up(void **state)
{
	GstElement *publisher = publish_own(GRAY_8);
	GstElement *subscriber = launch("geysersrc stream=cam ! appsink name=out");
	GstStructure *structure;
	GstSample *sample;

	(void)state;
	play(publisher);
	play(subscriber);
	push(publisher, picture(32, 1, 0));
	sample = next_sample(subscriber);
	structure = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
	assert_false(gst_structure_has_field(structure, "mastering-display-info"));
	assert_false(gst_structure_has_field(structure, "content-light-level"));
	gst_sample_unref(sample);
	finish(subscriber);
	finish(publisher);
}

/* ---- a GPU's memory ---- */

static gboolean has_vulkan(void)
{
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_VULKAN};
	struct geyser_manager *manager;

	if (geyser_manager_create(&desc, &manager) != GEYSER_OK)
		return FALSE;
	geyser_manager_destroy(manager);
	return TRUE;
}

static void pass(const char *sink, const char *source)
{
	GstElement *publisher = launch(
		"appsrc name=in format=time caps=\"" RGBA_5 "\" ! " SINK " backend=%s", sink);
	GstElement *subscriber = launch(
		"geysersrc name=it stream=cam every=true backend=%s ! appsink name=out", source);
	guint8 texel;

	play(publisher);
	play(subscriber);
	for (unsigned i = 0; i < 3; i++) {
		GstSample *sample;

		push(publisher, numbered());
		sample = next_sample(subscriber);
		for (gsize j = 0; j < TEXELS; j++) {
			GstBuffer *buffer = gst_sample_get_buffer(sample);

			assert_int_equal(gst_buffer_extract(buffer, j * 4, &texel, 1), 1);
			assert_int_equal(texel, j);
		}
		gst_sample_unref(sample);
	}
	assert_int_equal(stat_of(publisher, "copied"), 3);
	finish(subscriber);
	finish(publisher);
}

static void a_gpu_may_hold_the_frames(void **state)
{
	(void)state;
	if (!has_vulkan()) {
		print_message("no Vulkan: %s\n", geyser_error_detail());
		skip();
	}
	pass("vulkan", "vulkan");
	pass("vulkan", "host");
	pass("host", "vulkan");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(orientation_means_the_same),
		cmocka_unit_test(light_of_hdr_travels),
		cmocka_unit_test(no_light_is_made_up),
		cmocka_unit_test(a_gpu_may_hold_the_frames),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
