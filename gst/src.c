/* SPDX-License-Identifier: MIT */
/*
 * geysersrc: the frames of a stream of geyser.
 *
 * Buffers are the stream's own, read-only. Frames are copied if other elements keep so many buffers
 * that the stream would stand still, and for elements that need a layout of their own.
 */
#include "src.h"
#include "elements.h"
#include "formats.h"

#include <gst/video/gstvideometa.h>

#define GST_CAT_DEFAULT gst_geyser_debug

struct gst_geyser_src_class {
	GstPushSrcClass parent;
};

typedef struct gst_geyser_src_class GstGeyserSrcClass;

G_DEFINE_TYPE(GstGeyserSrc, gst_geyser_src, GST_TYPE_PUSH_SRC)

enum property {
	PROPERTY_STREAM = 1,
	PROPERTY_EVERY,
	PROPERTY_RECONNECT,
	PROPERTY_CONVERT,
	PROPERTY_BACKEND,
	PROPERTY_TIMEOUT,
	PROPERTY_IS_LIVE,
	PROPERTY_STATS,
};

/* ---- properties ---- */

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
	GstGeyserSrc *self = GST_GEYSER_SRC(object);

	if (id == PROPERTY_IS_LIVE) {
		gst_base_src_set_live(GST_BASE_SRC(self), g_value_get_boolean(value));
		return;
	}
	GST_OBJECT_LOCK(self);
	if (self->started && (spec->flags & GST_PARAM_MUTABLE_READY)) {
		GST_OBJECT_UNLOCK(self);
		gst_geyser_refuse_property(GST_ELEMENT(self), spec);
		return;
	}
	switch ((enum property)id) {
	case PROPERTY_STREAM:
		g_free(self->stream);
		self->stream = g_value_dup_string(value);
		break;
	case PROPERTY_EVERY:
		self->every = g_value_get_boolean(value);
		break;
	case PROPERTY_RECONNECT:
		self->reconnect = g_value_get_boolean(value);
		break;
	case PROPERTY_CONVERT:
		self->convert = g_value_get_boolean(value);
		break;
	case PROPERTY_BACKEND:
		self->backend = (enum geyser_backend)g_value_get_enum(value);
		break;
	case PROPERTY_TIMEOUT:
		self->timeout = g_value_get_uint64(value);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
		break;
	}
	GST_OBJECT_UNLOCK(self);
}

/* Needs the object's lock. */
static GstStructure *make_stats(const GstGeyserSrc *self)
{
	return gst_structure_new("application/x-geysersrc-stats", "frames", G_TYPE_UINT64,
		self->frames, "copied", G_TYPE_UINT64, self->copied, "dropped", G_TYPE_UINT64,
		self->dropped, "connections", G_TYPE_UINT64, self->connections, NULL);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	GstGeyserSrc *self = GST_GEYSER_SRC(object);

	if (id == PROPERTY_IS_LIVE) {
		g_value_set_boolean(value, gst_base_src_is_live(GST_BASE_SRC(self)));
		return;
	}
	GST_OBJECT_LOCK(self);
	switch ((enum property)id) {
	case PROPERTY_STREAM:
		g_value_set_string(value, self->stream);
		break;
	case PROPERTY_EVERY:
		g_value_set_boolean(value, self->every);
		break;
	case PROPERTY_RECONNECT:
		g_value_set_boolean(value, self->reconnect);
		break;
	case PROPERTY_CONVERT:
		g_value_set_boolean(value, self->convert);
		break;
	case PROPERTY_BACKEND:
		g_value_set_enum(value, (gint)self->backend);
		break;
	case PROPERTY_TIMEOUT:
		g_value_set_uint64(value, self->timeout);
		break;
	case PROPERTY_STATS:
		g_value_take_boxed(value, make_stats(self));
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
		break;
	}
	GST_OBJECT_UNLOCK(self);
}

static void finalize(GObject *object)
{
	g_free(GST_GEYSER_SRC(object)->stream);
	G_OBJECT_CLASS(gst_geyser_src_parent_class)->finalize(object);
}

GstFlowReturn gst_geyser_src_fail(GstGeyserSrc *self, enum geyser_result result, const char *what)
{
	gst_geyser_post_error(GST_ELEMENT(self), result, what, self->stream);
	return GST_FLOW_ERROR;
}

void gst_geyser_src_count(GstGeyserSrc *self, guint64 *counter, guint64 more)
{
	GST_OBJECT_LOCK(self);
	*counter += more;
	GST_OBJECT_UNLOCK(self);
}

/* ---- life ---- */

static void set_ended(GstGeyserSrc *self)
{
	GST_OBJECT_LOCK(self);
	self->started = FALSE;
	GST_OBJECT_UNLOCK(self);
}

static gboolean start(GstBaseSrc *base)
{
	GstGeyserSrc *self = GST_GEYSER_SRC(base);

	GST_OBJECT_LOCK(self);
	self->started = TRUE;
	self->frames = self->copied = self->dropped = self->connections = 0;
	self->buffers = 0;
	self->rate_num = self->rate_den = 0;
	GST_OBJECT_UNLOCK(self);
	self->manager = gst_geyser_open_manager(GST_ELEMENT(self), self->backend);
	if (!self->manager) {
		set_ended(self);
		return FALSE;
	}
	self->allocator = gst_object_ref_sink(g_object_new(GST_TYPE_GEYSER_ALLOCATOR, NULL));
	self->announced = self->told = FALSE;
	self->sequence = 0;
	self->last = GST_CLOCK_TIME_NONE;
	self->orientation = GEYSER_ORIENTATION_NORMAL;
	return TRUE;
}

static gboolean stop(GstBaseSrc *base)
{
	GstGeyserSrc *self = GST_GEYSER_SRC(base);

	gst_geyser_src_disconnect(self);
	gst_geyser_src_set_copies(self, NULL);
	gst_clear_caps(&self->caps);
	gst_object_unref(self->allocator);
	self->allocator = NULL;
	geyser_manager_destroy(self->manager);
	self->manager = NULL;
	set_ended(self);
	return TRUE;
}

static gboolean unlock(GstBaseSrc *base)
{
	GST_GEYSER_SRC(base)->unlocked = TRUE;
	return TRUE;
}

static gboolean unlock_stop(GstBaseSrc *base)
{
	GST_GEYSER_SRC(base)->unlocked = FALSE;
	return TRUE;
}

/* ---- frames ---- */

/* No pool is wanted: the buffers are the stream's. */
static gboolean decide_allocation(GstBaseSrc *base, GstQuery *query)
{
	GST_GEYSER_SRC(base)->takes_meta =
		gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
	return TRUE;
}

/* A frame is pushed as soon as it is submitted. If the pipeline takes it later, the stream's
 * buffers hold the next ones meanwhile. */
static gboolean query(GstBaseSrc *base, GstQuery *query)
{
	GstGeyserSrc *self = GST_GEYSER_SRC(base);
	GstClockTime most = GST_CLOCK_TIME_NONE, duration;

	if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY || !gst_base_src_is_live(base))
		return GST_BASE_SRC_CLASS(gst_geyser_src_parent_class)->query(base, query);
	GST_OBJECT_LOCK(self);
	duration = gst_geyser_src_duration(self);
	if (self->buffers && duration <= GST_CLOCK_TIME_NONE / GEYSER_STREAM_BUFFERS_MAX)
		most = MIN(self->buffers, GEYSER_STREAM_BUFFERS_MAX) * duration;
	GST_OBJECT_UNLOCK(self);
	gst_query_set_latency(query, TRUE, 0, most);
	return TRUE;
}

/* Sends the orientation as a tag if it has changed. The tag goes out before the buffer. */
static void send_orientation(GstGeyserSrc *self, enum geyser_orientation orientation)
{
	if (orientation == self->orientation)
		return;
	self->orientation = orientation;
	(void)gst_element_send_event(
		GST_ELEMENT(self), gst_event_new_tag(gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION,
					   gst_geyser_orientation_to_tag(orientation), NULL)));
}

static GstFlowReturn create(GstPushSrc *push, GstBuffer **buffer)
{
	GstGeyserSrc *self = GST_GEYSER_SRC(push);
	struct geyser_frame_info info;
	GstFlowReturn flow = GST_FLOW_OK;

	if (!self->receiving)
		flow = gst_geyser_src_connect(self, NULL);
	if (flow == GST_FLOW_OK)
		flow = gst_geyser_src_fetch(self);
	if (flow != GST_FLOW_OK)
		return flow;
	if (!gst_geyser_src_is_as_before(self) && !gst_base_src_negotiate(GST_BASE_SRC(self)))
		return self->unlocked ? GST_FLOW_FLUSHING : self->refused;
	info = *geyser_frame_get_info(self->pending);
	flow = gst_geyser_src_make_buffer(self, buffer);
	if (flow != GST_FLOW_OK)
		return flow;
	gst_geyser_src_set_time(self, &info, *buffer);
	send_orientation(self, info.orientation);
	gst_geyser_src_count(self, &self->frames, 1);
	return GST_FLOW_OK;
}

/* ---- the class ---- */

static void install_properties(GObjectClass *object)
{
	const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
	const GParamFlags ready = flags | GST_PARAM_MUTABLE_READY;

	g_object_class_install_property(object, PROPERTY_STREAM,
		g_param_spec_string("stream", "Stream", "Name of the stream",
			GST_GEYSER_STREAM_DEFAULT, ready));
	g_object_class_install_property(object, PROPERTY_EVERY,
		g_param_spec_boolean("every", "Every frame",
			"Take each frame in order, as long as the stream has it. Without it, the "
			"newest frame",
			FALSE, ready));
	g_object_class_install_property(object, PROPERTY_RECONNECT,
		g_param_spec_boolean("reconnect", "Reconnect",
			"When the publisher ends or dies, wait for the next one of that name. "
			"Without it, its end is the end of the stream, and its death an error",
			FALSE, ready));
	g_object_class_install_property(object, PROPERTY_CONVERT,
		g_param_spec_boolean("convert", "Convert",
			"If the next element doesn't take the stream's format or size, ask the "
			"publisher for frames that it takes",
			TRUE, ready));
	g_object_class_install_property(object, PROPERTY_BACKEND,
		g_param_spec_enum("backend", "Backend",
			"What the frames are read with. With host nothing is copied if the stream "
			"is in host memory",
			gst_geyser_backend_get_type(), GEYSER_BACKEND_HOST, ready));
	g_object_class_install_property(object, PROPERTY_TIMEOUT,
		g_param_spec_uint64("timeout", "Timeout",
			"For how long to wait for the stream, and for each frame, in ns. Then the "
			"element posts an error. The largest number: for ever",
			0, G_MAXUINT64, G_MAXUINT64, flags | GST_PARAM_MUTABLE_PLAYING));
	g_object_class_install_property(object, PROPERTY_IS_LIVE,
		g_param_spec_boolean("is-live", "Live",
			"Timestamps tell when each frame was published, and a pipeline that pauses "
			"misses frames. Without it they are the publisher's own, from 0 on",
			TRUE, ready));
	g_object_class_install_property(object, PROPERTY_STATS,
		g_param_spec_boxed("stats", "Statistics",
			"Frames received, those of them that were copied, frames dropped before "
			"they came, and connections",
			GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void gst_geyser_src_class_init(GstGeyserSrcClass *class)
{
	GstElementClass *element = GST_ELEMENT_CLASS(class);
	GstBaseSrcClass *base = GST_BASE_SRC_CLASS(class);
	GstCaps *caps = gst_geyser_caps_template();

	G_OBJECT_CLASS(class)->set_property = set_property;
	G_OBJECT_CLASS(class)->get_property = get_property;
	G_OBJECT_CLASS(class)->finalize = finalize;
	install_properties(G_OBJECT_CLASS(class));
	gst_element_class_add_pad_template(
		element, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
	gst_caps_unref(caps);
	gst_element_class_set_static_metadata(element, "geyser source", "Source/Video",
		"Receives video that another program shares as a stream of geyser, without "
		"copying. Example: gst-launch-1.0 geysersrc stream=cam ! videoconvert ! "
		"autovideosink",
		"The geyser authors");
	base->start = start;
	base->stop = stop;
	base->unlock = unlock;
	base->unlock_stop = unlock_stop;
	base->negotiate = gst_geyser_src_negotiate;
	base->decide_allocation = decide_allocation;
	base->query = query;
	GST_PUSH_SRC_CLASS(class)->create = create;
}

static void gst_geyser_src_init(GstGeyserSrc *self)
{
	self->stream = g_strdup(GST_GEYSER_STREAM_DEFAULT);
	self->backend = GEYSER_BACKEND_HOST;
	self->convert = TRUE;
	self->timeout = G_MAXUINT64;
	gst_base_src_set_live(GST_BASE_SRC(self), TRUE);
	gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
}
