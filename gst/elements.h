/* SPDX-License-Identifier: MIT */
/* The plug-in's elements, and what they have in common. */
#ifndef GST_GEYSER_ELEMENTS_H
#define GST_GEYSER_ELEMENTS_H

#include <geyser/stream.h>
#include <gst/gst.h>

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN(gst_geyser_debug);

#define GST_GEYSER_STREAM_DEFAULT "gstreamer"

GType gst_geyser_sink_get_type(void);
GType gst_geyser_src_get_type(void);
GType gst_geyser_device_provider_get_type(void);

/* The type of the property `backend`: geyser's backends. */
GType gst_geyser_backend_get_type(void);

/* Returns CLOCK_MONOTONIC, the clock of geyser's timestamps. */
GstClockTime gst_geyser_now(void);

/* Posts an error of geyser as the element's error, with the detail. `what` tells what the element
 * wanted, such as "can't publish". */
void gst_geyser_post_error(
	GstElement *element, enum geyser_result result, const char *what, const char *stream);

/* The same with a reason in place of geyser's detail. */
void gst_geyser_post_reason(GstElement *element, enum geyser_result result, const char *what,
	const char *stream, const char *reason);

/* Tells the application something that is no fault. Takes the text, which g_free frees. */
void gst_geyser_post_info(GstElement *element, GstResourceError code, gchar *text);

/* Warns that a property keeps its value because the element is started. */
void gst_geyser_refuse_property(GstElement *element, const GParamSpec *spec);

/* Makes a manager for an element. The caller owns it. Posts the error, and returns NULL, if it
 * can't be made. */
struct geyser_manager *gst_geyser_open_manager(GstElement *element, enum geyser_backend backend);

G_END_DECLS

#endif
