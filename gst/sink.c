/* SPDX-License-Identifier: MIT */
/*
 * geysersink: publishes video as a stream of geyser.
 *
 * Frames that an upstream element has drawn into the pool's buffers are published as they are. All
 * others are copied into a buffer of the stream.
 */
#include "sink.h"
#include "elements.h"
#include "formats.h"
#include "pool.h"

#include <gst/video/gstvideometa.h>
#include <string.h>

#define GST_CAT_DEFAULT gst_geyser_debug

#define BUFFERS_DEFAULT 6
/* Elements pad rows to 4 bytes, as gst_video_info_set_format does. */
#define ROW_ALIGNMENT 4
/* For how long the end of a stream without `lossless` waits for its subscribers. */
#define FLUSH_NS (500 * GST_MSECOND)

struct gst_geyser_sink_class {
	GstBaseSinkClass parent;
};

typedef struct gst_geyser_sink_class GstGeyserSinkClass;

G_DEFINE_TYPE(GstGeyserSink, gst_geyser_sink, GST_TYPE_BASE_SINK)

enum property {
	PROPERTY_STREAM = 1,
	PROPERTY_LOSSLESS,
	PROPERTY_BUFFERS,
	PROPERTY_BACKEND,
	PROPERTY_TIMEOUT,
	PROPERTY_WAIT_SUBSCRIBERS,
	PROPERTY_STATS,
};

/* ---- properties ---- */

/* For how long an element before the sink waits for a buffer. It doesn't wait while the pipeline
 * pauses, so that it pushes the frame with which the pause begins. Needs the object's lock. */
static GstClockTime patience(const GstGeyserSink *self)
{
	return self->lossless && self->playing ? self->timeout : 0;
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
	GstGeyserSink *self = GST_GEYSER_SINK(object);

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
	case PROPERTY_LOSSLESS:
		self->lossless = g_value_get_boolean(value);
		break;
	case PROPERTY_BUFFERS:
		self->buffers = g_value_get_uint(value);
		break;
	case PROPERTY_BACKEND:
		self->backend = (enum geyser_backend)g_value_get_enum(value);
		break;
	case PROPERTY_TIMEOUT:
		self->timeout = g_value_get_uint64(value);
		if (self->publishing)
			gst_geyser_publishing_set_patience(self->publishing, patience(self));
		break;
	case PROPERTY_WAIT_SUBSCRIBERS:
		self->wait_subscribers = g_value_get_uint(value);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
		break;
	}
	GST_OBJECT_UNLOCK(self);
}

/* Needs the object's lock. */
static GstStructure *make_stats(const GstGeyserSink *self)
{
	return gst_structure_new("application/x-geysersink-stats", "frames", G_TYPE_UINT64,
		self->frames, "copied", G_TYPE_UINT64, self->copied, "dropped", G_TYPE_UINT64,
		self->dropped, NULL);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	GstGeyserSink *self = GST_GEYSER_SINK(object);

	GST_OBJECT_LOCK(self);
	switch ((enum property)id) {
	case PROPERTY_STREAM:
		g_value_set_string(value, self->stream);
		break;
	case PROPERTY_LOSSLESS:
		g_value_set_boolean(value, self->lossless);
		break;
	case PROPERTY_BUFFERS:
		g_value_set_uint(value, self->buffers);
		break;
	case PROPERTY_BACKEND:
		g_value_set_enum(value, (gint)self->backend);
		break;
	case PROPERTY_TIMEOUT:
		g_value_set_uint64(value, self->timeout);
		break;
	case PROPERTY_WAIT_SUBSCRIBERS:
		g_value_set_uint(value, self->wait_subscribers);
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
	g_free(GST_GEYSER_SINK(object)->stream);
	G_OBJECT_CLASS(gst_geyser_sink_parent_class)->finalize(object);
}

GstClockTime gst_geyser_sink_timeout(GstGeyserSink *self)
{
	GstClockTime timeout;

	GST_OBJECT_LOCK(self);
	timeout = self->timeout;
	GST_OBJECT_UNLOCK(self);
	return timeout;
}

/* ---- the stream ---- */

static gboolean start(GstGeyserSink *self)
{
	self->waited = FALSE;
	self->orientation = GEYSER_ORIENTATION_NORMAL;
	self->manager = gst_geyser_open_manager(GST_ELEMENT(self), self->backend);
	if (!self->manager)
		return FALSE;
	GST_OBJECT_LOCK(self);
	self->started = TRUE;
	self->frames = self->copied = self->dropped = 0;
	GST_OBJECT_UNLOCK(self);
	return TRUE;
}

static void set_publishing(GstGeyserSink *self, struct gst_geyser_publishing *publishing)
{
	struct gst_geyser_publishing *old;

	GST_OBJECT_LOCK(self);
	old = self->publishing;
	self->publishing = publishing;
	if (publishing) {
		gst_geyser_publishing_set_patience(publishing, patience(self));
		gst_geyser_publishing_set_interrupted(publishing, self->unlocked);
	}
	GST_OBJECT_UNLOCK(self);
	if (!old)
		return;
	gst_geyser_publishing_end(old);
	gst_geyser_publishing_unref(old);
}

static void stop(GstGeyserSink *self)
{
	set_publishing(self, NULL);
	geyser_manager_destroy(self->manager);
	self->manager = NULL;
	GST_OBJECT_LOCK(self);
	self->started = FALSE;
	GST_OBJECT_UNLOCK(self);
}

static void set_playing(GstGeyserSink *self, gboolean playing)
{
	GST_OBJECT_LOCK(self);
	self->playing = playing;
	if (self->publishing)
		gst_geyser_publishing_set_patience(self->publishing, patience(self));
	GST_OBJECT_UNLOCK(self);
}

static void set_interrupted(GstGeyserSink *self, gboolean interrupted)
{
	GST_OBJECT_LOCK(self);
	self->unlocked = interrupted;
	if (self->publishing)
		gst_geyser_publishing_set_interrupted(self->publishing, interrupted);
	GST_OBJECT_UNLOCK(self);
}

/* A thread of the pipeline may wait for subscribers, with the preroll lock that the base class
 * needs now: the sink was woken late from an earlier pause, or has prerolled and goes on at once.
 */
static GstStateChangeReturn go_on_playing(GstGeyserSink *self, GstStateChange transition)
{
	GstBaseSink *base = GST_BASE_SINK(self);
	GstStateChangeReturn result;

	set_interrupted(self, TRUE);
	result = GST_ELEMENT_CLASS(gst_geyser_sink_parent_class)
			 ->change_state(GST_ELEMENT(self), transition);
	GST_BASE_SINK_PREROLL_LOCK(base);
	set_interrupted(self, FALSE);
	GST_BASE_SINK_PREROLL_SIGNAL(base);
	GST_BASE_SINK_PREROLL_UNLOCK(base);
	return result;
}

/* Starts and stops the sink: the base class would do so between NULL and READY, and the properties
 * can be changed in READY. At the beginning of a pause the base class calls unlock, which ends the
 * waits that go on. */
static GstStateChangeReturn change_state(GstElement *element, GstStateChange transition)
{
	GstGeyserSink *self = GST_GEYSER_SINK(element);
	GstStateChangeReturn result;

	if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start(self))
		return GST_STATE_CHANGE_FAILURE;
	if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
		set_playing(self, TRUE);
		return go_on_playing(self, transition);
	}
	if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
		set_playing(self, FALSE);
	result = GST_ELEMENT_CLASS(gst_geyser_sink_parent_class)->change_state(element, transition);
	if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
		(transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
			result == GST_STATE_CHANGE_FAILURE))
		stop(self);
	return result;
}

static gboolean unlock(GstBaseSink *base)
{
	set_interrupted(GST_GEYSER_SINK(base), TRUE);
	return TRUE;
}

static gboolean unlock_stop(GstBaseSink *base)
{
	set_interrupted(GST_GEYSER_SINK(base), FALSE);
	return TRUE;
}

static enum geyser_result publish(GstGeyserSink *self, const GstVideoInfo *info)
{
	struct geyser_stream_desc desc = {
		.name = self->stream,
		.texture = self->desc,
		.buffers = self->buffers,
		.frame_rate_num = (uint32_t)GST_VIDEO_INFO_FPS_N(info),
		.frame_rate_den = (uint32_t)GST_VIDEO_INFO_FPS_D(info),
		.pacing = self->lossless ? GEYSER_PACING_LOSSLESS : GEYSER_PACING_FREE,
	};
	struct gst_geyser_publishing *publishing;
	enum geyser_result result;

	if (!desc.frame_rate_num)
		desc.frame_rate_den = 0;
	result = gst_geyser_publishing_new(self->manager, &desc, &publishing);
	if (result == GEYSER_OK)
		set_publishing(self, publishing);
	return result;
}

/* Keeps the order of our own formats, where the default has that of the asking element:
 * videotestsrc would choose 16 bits a channel. */
static GstCaps *get_caps(GstBaseSink *base, GstCaps *filter)
{
	GstCaps *caps = gst_pad_get_pad_template_caps(GST_BASE_SINK_PAD(base)), *both;

	if (!filter)
		return caps;
	both = gst_caps_intersect_full(caps, filter, GST_CAPS_INTERSECT_FIRST);
	gst_caps_unref(caps);
	return both;
}

/* Warns of what the caps say and a stream can't. */
static void warn_of_loss(GstGeyserSink *self, const GstVideoInfo *info)
{
	const GstVideoMultiviewMode views = GST_VIDEO_INFO_MULTIVIEW_MODE(info);

	if (GST_VIDEO_INFO_PAR_N(info) != GST_VIDEO_INFO_PAR_D(info))
		GST_ELEMENT_WARNING(self, STREAM, FORMAT,
			("the pixel-aspect-ratio is %d/%d, and subscribers take pixels for square: "
			 "put \"videoscale ! video/x-raw,pixel-aspect-ratio=1/1\" before the sink",
				GST_VIDEO_INFO_PAR_N(info), GST_VIDEO_INFO_PAR_D(info)),
			(NULL));
	if (views != GST_VIDEO_MULTIVIEW_MODE_NONE && views != GST_VIDEO_MULTIVIEW_MODE_MONO)
		GST_ELEMENT_WARNING(self, STREAM, FORMAT,
			("the multiview-mode is %s, and subscribers take a frame for one picture",
				gst_video_multiview_mode_to_caps_string(views)),
			(NULL));
}

static gboolean set_caps(GstBaseSink *base, GstCaps *caps)
{
	GstGeyserSink *self = GST_GEYSER_SINK(base);
	struct geyser_texture_desc desc = {.usage = GEYSER_ROW_ALIGNMENT(ROW_ALIGNMENT)};
	enum geyser_result result = GEYSER_OK;
	enum geyser_alpha alpha;
	GstVideoInfo info;

	if (!gst_video_info_from_caps(&info, caps)) {
		GST_ELEMENT_ERROR(self, STREAM, FORMAT, (NULL),
			("invalid caps %" GST_PTR_FORMAT, (void *)caps));
		return FALSE;
	}
	if (GST_VIDEO_INFO_IS_INTERLACED(&info)) {
		GST_ELEMENT_ERROR(self, STREAM, FORMAT,
			("the video is interlaced, and a stream of geyser has whole frames: put "
			 "deinterlace before the sink"),
			("%" GST_PTR_FORMAT, (void *)caps));
		return FALSE;
	}
	warn_of_loss(self, &info);
	desc.format = gst_geyser_format_from_video(GST_VIDEO_INFO_FORMAT(&info), &alpha);
	desc.width = (uint32_t)GST_VIDEO_INFO_WIDTH(&info);
	desc.height = (uint32_t)GST_VIDEO_INFO_HEIGHT(&info);
	memset(&self->frame, 0, sizeof(self->frame));
	gst_geyser_color_from_caps(caps, &info, &self->frame);
	self->info = info;
	if (self->publishing && desc.format == self->desc.format &&
		desc.width == self->desc.width && desc.height == self->desc.height)
		return TRUE;
	self->desc = desc;
	result = self->publishing ? gst_geyser_publishing_reshape(self->publishing, &desc)
				  : publish(self, &info);
	if (result == GEYSER_OK)
		return TRUE;
	gst_geyser_post_error(GST_ELEMENT(self), result, "can't publish", self->stream);
	set_publishing(self, NULL); /* after a failed reshape it has the old shape */
	return FALSE;
}

/* ---- buffers for upstream ---- */

/* Finds out how the stream's textures lie in memory, by one of their kind. Returns FALSE if they
 * aren't host memory. */
static gboolean find_layout(GstGeyserSink *self, struct gst_geyser_layout *layout)
{
	struct geyser_texture *texture;
	gboolean in_place;

	if (geyser_texture_create(self->manager, &self->desc, &texture) != GEYSER_OK)
		return FALSE;
	gst_geyser_layout_of(texture, layout);
	in_place = geyser_texture_map_path(texture) == GEYSER_PATH_ZERO_COPY;
	geyser_texture_unref(texture);
	return in_place;
}

static void offer_pool(
	GstGeyserSink *self, GstQuery *query, GstCaps *caps, const struct gst_geyser_layout *layout)
{
	GstBufferPool *pool = gst_geyser_pool_new(self->publishing, &self->info, layout);
	GstStructure *config = gst_buffer_pool_get_config(pool);

	gst_buffer_pool_config_set_params(config, caps, (guint)layout->size, 0, 0);
	gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
	if (gst_buffer_pool_set_config(pool, config))
		gst_query_add_allocation_pool(query, pool, (guint)layout->size, 0, 0);
	gst_object_unref(pool);
}

static gboolean propose_allocation(GstBaseSink *base, GstQuery *query)
{
	GstGeyserSink *self = GST_GEYSER_SINK(base);
	struct gst_geyser_layout layout;
	gboolean need_pool;
	GstVideoInfo info;
	GstCaps *caps;

	gst_query_parse_allocation(query, &caps, &need_pool);
	if (!caps || !gst_video_info_from_caps(&info, caps))
		return FALSE;
	gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
	gst_query_add_allocation_meta(query, GST_VIDEO_CROP_META_API_TYPE, NULL);
	gst_query_add_allocation_meta(query, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE, NULL);
	if (!self->publishing || !gst_video_info_is_equal(&info, &self->info) ||
		!find_layout(self, &layout))
		return TRUE;
	if (need_pool)
		offer_pool(self, query, caps, &layout);
	return TRUE;
}

/* ---- events ---- */

static void read_orientation(GstGeyserSink *self, GstEvent *event)
{
	GstTagList *tags;
	gchar *text;

	gst_event_parse_tag(event, &tags);
	if (!gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &text))
		return;
	if (!gst_geyser_orientation_from_tag(text, &self->orientation))
		GST_WARNING_OBJECT(self, "unknown orientation \"%s\"", text);
	g_free(text);
}

/* Waits until subscribers have taken the last frames. A pause ends the wait until the pipeline goes
 * on. */
static GstFlowReturn flush(GstGeyserSink *self)
{
	GstClockTime left = self->lossless ? gst_geyser_sink_timeout(self) : FLUSH_NS;
	GstFlowReturn flow = GST_FLOW_OK;
	struct geyser_publisher *publisher;

	if (!self->publishing)
		return GST_FLOW_OK;
	publisher = gst_geyser_publishing_publisher(self->publishing);
	while (flow == GST_FLOW_OK && left > 0) {
		const GstClockTime slice = MIN(GST_GEYSER_SINK_SLICE_NS, left);

		if (geyser_publisher_drain(publisher, slice) != GEYSER_ERROR_TIMEOUT)
			break;
		GST_LOG_OBJECT(self, "%s", geyser_error_detail());
		left -= slice;
		flow = gst_geyser_sink_go_on(self);
	}
	return flow;
}

/* The base class tells the application of the end after this. It holds the preroll lock, and has
 * waited for the state PLAYING. */
static GstFlowReturn wait_event(GstBaseSink *base, GstEvent *event)
{
	GstFlowReturn flow =
		GST_BASE_SINK_CLASS(gst_geyser_sink_parent_class)->wait_event(base, event);

	if (flow == GST_FLOW_OK && GST_EVENT_TYPE(event) == GST_EVENT_EOS)
		flow = flush(GST_GEYSER_SINK(base));
	return flow;
}

/* A new stream of an element such as concat has its own orientation. */
static gboolean handle_event(GstBaseSink *base, GstEvent *event)
{
	GstGeyserSink *self = GST_GEYSER_SINK(base);

	if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START)
		self->orientation = GEYSER_ORIENTATION_NORMAL;
	else if (GST_EVENT_TYPE(event) == GST_EVENT_TAG)
		read_orientation(self, event);
	return GST_BASE_SINK_CLASS(gst_geyser_sink_parent_class)->event(base, event);
}

/* ---- the class ---- */

static void install_properties(GObjectClass *object)
{
	const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
	const GParamFlags ready = flags | GST_PARAM_MUTABLE_READY;

	g_object_class_install_property(object, PROPERTY_STREAM,
		g_param_spec_string("stream", "Stream",
			"Name of the stream, under which programs of this user find it",
			GST_GEYSER_STREAM_DEFAULT, ready));
	g_object_class_install_property(object, PROPERTY_LOSSLESS,
		g_param_spec_boolean("lossless", "Lossless",
			"Wait for subscribers that want every frame, up to timeout for each frame; "
			"without it frames that they don't take in time are lost to them",
			FALSE, ready));
	g_object_class_install_property(object, PROPERTY_BUFFERS,
		g_param_spec_uint("buffers", "Buffers",
			"Buffers of the stream. Elements before the sink draw into all but two", 2,
			GEYSER_STREAM_BUFFERS_MAX, BUFFERS_DEFAULT, ready));
	g_object_class_install_property(object, PROPERTY_BACKEND,
		g_param_spec_enum("backend", "Backend",
			"Memory of the stream. With host nothing is copied for GStreamer",
			gst_geyser_backend_get_type(), GEYSER_BACKEND_HOST, ready));
	g_object_class_install_property(object, PROPERTY_TIMEOUT,
		g_param_spec_uint64("timeout", "Timeout",
			"For how long a frame waits for a buffer, in ns. Then the frame is "
			"dropped, or with lossless the stream goes on without the slow subscriber",
			0, G_MAXUINT64, GST_SECOND, flags | GST_PARAM_MUTABLE_PLAYING));
	g_object_class_install_property(object, PROPERTY_WAIT_SUBSCRIBERS,
		g_param_spec_uint("wait-subscribers", "Wait for subscribers",
			"How many subscribers must have come before the first frame is published",
			0, GEYSER_STREAM_SUBSCRIBERS_MAX, 0, ready));
	g_object_class_install_property(object, PROPERTY_STATS,
		g_param_spec_boxed("stats", "Statistics",
			"Frames published, those of them that were copied, and frames dropped",
			GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void gst_geyser_sink_class_init(GstGeyserSinkClass *class)
{
	GstElementClass *element = GST_ELEMENT_CLASS(class);
	GstBaseSinkClass *base = GST_BASE_SINK_CLASS(class);
	GstCaps *caps = gst_geyser_caps_template();

	G_OBJECT_CLASS(class)->set_property = set_property;
	G_OBJECT_CLASS(class)->get_property = get_property;
	G_OBJECT_CLASS(class)->finalize = finalize;
	install_properties(G_OBJECT_CLASS(class));
	gst_element_class_add_pad_template(
		element, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
	gst_caps_unref(caps);
	gst_element_class_set_static_metadata(element, "geyser sink", "Sink/Video",
		"Shares video with other programs as a stream of geyser, without copying. "
		"Example: gst-launch-1.0 videotestsrc ! geysersink stream=cam",
		"The geyser authors");
	base->unlock = unlock;
	base->unlock_stop = unlock_stop;
	base->get_caps = get_caps;
	base->set_caps = set_caps;
	base->propose_allocation = propose_allocation;
	base->render = gst_geyser_sink_render;
	base->event = handle_event;
	base->wait_event = wait_event;
	element->change_state = change_state;
}

static void gst_geyser_sink_init(GstGeyserSink *self)
{
	self->stream = g_strdup(GST_GEYSER_STREAM_DEFAULT);
	self->buffers = BUFFERS_DEFAULT;
	self->backend = GEYSER_BACKEND_HOST;
	self->timeout = GST_SECOND;
	/* the last sample would keep a buffer from the stream */
	gst_base_sink_set_last_sample_enabled(GST_BASE_SINK(self), FALSE);
	/* no frame of a live pipeline waits until it could be shown: subscribers do so */
	gst_base_sink_set_processing_deadline(GST_BASE_SINK(self), 0);
}
