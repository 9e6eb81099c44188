/* SPDX-License-Identifier: MIT */
/* Pipelines for the tests of the GStreamer plug-in. */
#ifndef PIPELINES_H
#define PIPELINES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <geyser/stream.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>

/* What a test waits for at most. */
#define PATIENCE (60 * GST_SECOND)

/* A sink that loses no frame, and small pictures for it. */
#define SINK "geysersink name=it stream=cam sync=false lossless=true wait-subscribers=1"
#define GRAY_8 "video/x-raw,format=GRAY8,width=8,height=4,framerate=30/1"

/* Starts GStreamer with the plug-ins that the tests need, and a registry of its own for streams. */
int set_up(void **state);
int tear_down(void **state);

/* Makes a pipeline, as gst-launch-1.0 does. The caller ends it with finish(). */
GstElement *launch(const char *format, ...) G_GNUC_PRINTF(1, 2);
void play(GstElement *pipeline);
void finish(GstElement *pipeline);

/* Returns the first message of these types. Any error that isn't waited for fails the test. */
GstMessage *await(GstElement *pipeline, GstMessageType types);

/* Waits for an error, and looks for this text in it. */
void fails_with(GstElement *pipeline, const char *text);

/* Answers the ALLOCATION query of the element "out", as elements do that take GstVideoMeta. */
void take_meta(GstElement *pipeline);

/* Returns the next sample of the appsink "out", or NULL at the end of the stream. */
GstSample *next_sample(GstElement *pipeline);

/* A pipeline that publishes the pictures that the test pushes. */
GstElement *publish_own(const char *caps);
GstBuffer *picture(gsize size, guint8 value, GstClockTime time);
void push(GstElement *pipeline, GstBuffer *buffer);
void change_caps(GstElement *pipeline, const char *text);

/* Waits until there is a stream. A sink publishes its stream when it knows the caps. */
void await_stream(void);

guint8 first_byte(GstSample *sample);

/* The sum of all samples that a picture has, without padding. */
guint32 checksum(GstSample *sample);

/* Reads a counter of the property `stats` of the element "it". */
guint64 stat_of(GstElement *pipeline, const char *name);

#endif
