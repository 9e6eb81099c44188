/* SPDX-License-Identifier: MIT */
/* What elements before a geysersink and after a geysersrc do in practice. */
#include "pipelines.h"

#include <gst/video/gstvideometa.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_is_cut_out_of_a_larger_one),
		cmocka_unit_test(a_picture_that_does_not_fit_the_caps_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
