/* SPDX-License-Identifier: MIT */
#include "elements.h"

#include <time.h>

#define GST_CAT_DEFAULT gst_geyser_debug

GType gst_geyser_backend_get_type(void)
{
	static const GEnumValue values[] = {
		{GEYSER_BACKEND_AUTO, "$GEYSER_BACKEND, or the best there is", "auto"},
		{GEYSER_BACKEND_HOST, "Host memory, in place for GStreamer", "host"},
		{GEYSER_BACKEND_VULKAN, "Vulkan; frames are copied", "vulkan"},
		{GEYSER_BACKEND_METAL, "Metal, through IOSurface", "metal"},
		{0, NULL, NULL},
	};
	static gsize type;

	if (g_once_init_enter(&type))
		g_once_init_leave(&type, g_enum_register_static("GstGeyserBackend", values));
	return type;
}

GstClockTime gst_geyser_now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return GST_TIMESPEC_TO_TIME(time);
}

static GstResourceError code_of(enum geyser_result result)
{
	switch (result) {
	case GEYSER_ERROR_EXISTS:
	case GEYSER_ERROR_BUSY:
	case GEYSER_ERROR_LIMIT:
		return GST_RESOURCE_ERROR_BUSY;
	case GEYSER_ERROR_NOT_FOUND:
	case GEYSER_ERROR_TIMEOUT:
	case GEYSER_ERROR_DISCONNECTED:
	case GEYSER_ERROR_STALE:
		return GST_RESOURCE_ERROR_NOT_FOUND;
	case GEYSER_ERROR_INVALID_ARGUMENT:
		return GST_RESOURCE_ERROR_SETTINGS;
	default:
		return GST_RESOURCE_ERROR_FAILED;
	}
}

void gst_geyser_post_error(
	GstElement *element, enum geyser_result result, const char *what, const char *stream)
{
	gst_geyser_post_reason(element, result, what, stream, geyser_error_detail());
}

void gst_geyser_post_reason(GstElement *element, enum geyser_result result, const char *what,
	const char *stream, const char *reason)
{
	gst_element_message_full(element, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR,
		(gint)code_of(result), g_strdup_printf("%s \"%s\": %s", what, stream, reason),
		g_strdup(geyser_result_string(result)), __FILE__, __func__, __LINE__);
}

/* gst-launch-1.0 prints only what is meant for people who look for faults. */
void gst_geyser_post_info(GstElement *element, GstResourceError code, gchar *text)
{
	gst_element_message_full(element, GST_MESSAGE_INFO, GST_RESOURCE_ERROR, (gint)code, text,
		g_strdup(text), __FILE__, __func__, __LINE__);
}

void gst_geyser_refuse_property(GstElement *element, const GParamSpec *spec)
{
	GST_WARNING_OBJECT(
		element, "%s can't be changed: set the element to READY before", spec->name);
	g_warning("%s: %s can't be changed: set the element to READY before",
		GST_OBJECT_NAME(element), spec->name);
}

struct geyser_manager *gst_geyser_open_manager(GstElement *element, enum geyser_backend backend)
{
	const struct geyser_manager_desc desc = {.backend = backend};
	struct geyser_manager *manager;
	enum geyser_result result = geyser_manager_create(&desc, &manager);

	if (result == GEYSER_OK)
		return manager;
	GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ_WRITE,
		("can't use the backend %s: %s", geyser_backend_name(backend),
			geyser_error_detail()),
		("%s", geyser_result_string(result)));
	return NULL;
}
