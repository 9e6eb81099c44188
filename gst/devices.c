/* SPDX-License-Identifier: MIT */
/* Lists the streams of this user as devices, for programs that offer a choice of cameras. */
#include "elements.h"
#include "formats.h"

#define GST_CAT_DEFAULT gst_geyser_debug

/* How long the watching thread waits before it looks whether it must end. */
#define SLICE_NS (100 * GST_MSECOND)

/* ---- a device ---- */

struct gst_geyser_device {
	GstDevice parent;
};

typedef struct gst_geyser_device GstGeyserDevice;
typedef struct {
	GstDeviceClass parent;
} GstGeyserDeviceClass;

GType gst_geyser_device_get_type(void);

G_DEFINE_TYPE(GstGeyserDevice, gst_geyser_device, GST_TYPE_DEVICE)

static GstElement *create_element(GstDevice *device, const gchar *name)
{
	GstStructure *properties = gst_device_get_properties(device);
	GstElement *element = gst_element_factory_make("geysersrc", name);

	if (element)
		g_object_set(
			element, "stream", gst_structure_get_string(properties, "stream"), NULL);
	gst_structure_free(properties);
	return element;
}

static void gst_geyser_device_class_init(GstGeyserDeviceClass *class)
{
	GST_DEVICE_CLASS(class)->create_element = create_element;
}

static void gst_geyser_device_init(GstGeyserDevice *self)
{
	(void)self;
}

/* Caps without the colour, which only a frame tells. */
static GstCaps *caps_of_stream(const struct geyser_stream_info *stream)
{
	const struct geyser_texture_desc desc = {
		.format = stream->format, .width = stream->width, .height = stream->height};
	const struct geyser_frame_info frame = {
		.color = {.primaries = 2, .transfer = 2, .matrix = 2}};
	GstCaps *caps = gst_geyser_caps_of_frame(
		&desc, &frame, stream->frame_rate_num, stream->frame_rate_den);

	if (!caps)
		return gst_geyser_caps_template(); /* the publisher converts */
	gst_structure_remove_fields(
		gst_caps_get_structure(caps, 0), "colorimetry", "chroma-site", NULL);
	return caps;
}

static GstDevice *make_device(const struct geyser_stream_info *stream)
{
	GstCaps *caps = caps_of_stream(stream);
	GstStructure *properties = gst_structure_new("geyser-stream", "stream", G_TYPE_STRING,
		stream->name, "application", G_TYPE_STRING, stream->application, "pid", G_TYPE_INT,
		(int)stream->pid, "backend", G_TYPE_STRING, geyser_backend_name(stream->backend),
		NULL);
	GstDevice *device = g_object_new(gst_geyser_device_get_type(), "display-name", stream->name,
		"device-class", "Source/Video", "caps", caps, "properties", properties, NULL);

	gst_structure_free(properties);
	gst_caps_unref(caps);
	return device;
}

/* ---- the provider ---- */

struct gst_geyser_device_provider {
	GstDeviceProvider parent;
	GThread *thread;
	struct geyser_stream_watch *watch;
	_Atomic gboolean ending;
};

typedef struct gst_geyser_device_provider GstGeyserDeviceProvider;
typedef struct {
	GstDeviceProviderClass parent;
} GstGeyserDeviceProviderClass;

G_DEFINE_TYPE(GstGeyserDeviceProvider, gst_geyser_device_provider, GST_TYPE_DEVICE_PROVIDER)

#define GST_GEYSER_DEVICE_PROVIDER(object) \
	G_TYPE_CHECK_INSTANCE_CAST(        \
		object, gst_geyser_device_provider_get_type(), struct gst_geyser_device_provider)

static GList *probe(GstDeviceProvider *provider)
{
	struct geyser_stream_info *streams = NULL;
	GList *devices = NULL;
	size_t count = 0;

	if (geyser_stream_list(&streams, &count) != GEYSER_OK)
		GST_WARNING_OBJECT(provider, "%s", geyser_error_detail());
	for (size_t i = 0; i < count; i++)
		if (streams[i].pid) /* the publisher answers */
			devices = g_list_append(
				devices, gst_object_ref_sink(make_device(&streams[i])));
	geyser_stream_list_free(streams);
	return devices;
}

static GstDevice *find_device(GstDeviceProvider *provider, const char *name)
{
	GstDevice *found = NULL;

	GST_OBJECT_LOCK(provider);
	for (GList *it = provider->devices; it && !found; it = it->next) {
		gchar *display = gst_device_get_display_name(it->data);

		if (g_str_equal(display, name))
			found = gst_object_ref(it->data);
		g_free(display);
	}
	GST_OBJECT_UNLOCK(provider);
	return found;
}

static void add(GstDeviceProvider *provider, const char *name)
{
	GList *devices = probe(provider);

	for (GList *it = devices; it; it = it->next) {
		gchar *display = gst_device_get_display_name(it->data);

		if (g_str_equal(display, name))
			gst_device_provider_device_add(provider, it->data);
		g_free(display);
	}
	g_list_free_full(devices, gst_object_unref);
}

/* A publisher that has replaced another one of the same name is a new device. */
static void change(enum geyser_stream_change change, const char *name, void *user)
{
	GstDeviceProvider *provider = user;
	GstDevice *device = find_device(provider, name);

	if (device) {
		gst_device_provider_device_remove(provider, device);
		gst_object_unref(device);
	}
	if (change == GEYSER_STREAM_ADDED)
		add(provider, name);
}

static gpointer watch_streams(gpointer data)
{
	GstGeyserDeviceProvider *self = data;
	enum geyser_result result = GEYSER_OK;

	while (!self->ending && (result == GEYSER_OK || result == GEYSER_ERROR_TIMEOUT))
		result = geyser_stream_watch_dispatch(self->watch, SLICE_NS);
	if (result != GEYSER_OK && result != GEYSER_ERROR_TIMEOUT)
		GST_WARNING_OBJECT(
			self, "the list of devices changes no more: %s", geyser_error_detail());
	return NULL;
}

/* The first dispatch reports all streams that exist. */
static gboolean start(GstDeviceProvider *provider)
{
	GstGeyserDeviceProvider *self = GST_GEYSER_DEVICE_PROVIDER(provider);

	if (geyser_stream_watch_create(change, self, &self->watch) != GEYSER_OK) {
		GST_WARNING_OBJECT(self, "%s", geyser_error_detail());
		return FALSE;
	}
	(void)geyser_stream_watch_dispatch(self->watch, 0);
	self->ending = FALSE;
	self->thread = g_thread_new("geyser-devices", watch_streams, self);
	return TRUE;
}

static void stop(GstDeviceProvider *provider)
{
	GstGeyserDeviceProvider *self = GST_GEYSER_DEVICE_PROVIDER(provider);

	self->ending = TRUE;
	(void)g_thread_join(self->thread);
	self->thread = NULL;
	geyser_stream_watch_destroy(self->watch);
	self->watch = NULL;
}

static void gst_geyser_device_provider_class_init(GstGeyserDeviceProviderClass *class)
{
	GstDeviceProviderClass *provider = GST_DEVICE_PROVIDER_CLASS(class);

	provider->probe = probe;
	provider->start = start;
	provider->stop = stop;
	gst_device_provider_class_set_static_metadata(provider, "geyser streams", "Source/Video",
		"Lists the streams of geyser that this user's programs publish",
		"The geyser authors");
}

static void gst_geyser_device_provider_init(GstGeyserDeviceProvider *self)
{
	(void)self;
}
