/*
 * Streams: publish frames under a name, and subscribe to them from any process of the same user.
 *
 * SPDX-License-Identifier: MIT
 *
 * A publisher owns a small set of textures, the stream's buffers. For each frame it acquires a
 * buffer that no subscriber reads, draws into it, and submits it. A subscriber acquires the
 * submitted frame, reads the same texture, and releases the frame. Nothing is copied, and no socket
 * is used for a frame.
 *
 * geyser.h explains results, times, ownership and threads. Several threads may use a publisher or a
 * subscriber at the same time. Only one thread at a time may use a frame.
 */
#ifndef GEYSER_STREAM_H
#define GEYSER_STREAM_H

#include "geyser.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GEYSER_STREAM_NAME_MAX 63u        /* bytes, without the NUL */
#define GEYSER_STREAM_BUFFERS_MAX 16u     /* buffers of a publisher */
#define GEYSER_STREAM_SUBSCRIBERS_MAX 64u /* subscribers of a publisher at one time */
#define GEYSER_FRAME_DAMAGE_MAX 16u       /* rectangles of a frame */
#define GEYSER_FRAME_USER_MAX 256u        /* bytes that a publisher may add to a frame */

/* ---- frames -------------------------------------------------------------------------------- */

/* Opaque. One buffer of a stream, which a publisher has acquired to draw into it, or a subscriber
 * to read it. */
struct geyser_frame;

struct geyser_rect {
	uint32_t x, y, width, height; /* texels, from the top left */
};

/* How the picture must be turned so that it is upright. The numbers are those of Wayland's
 * wl_output.transform. EXIF has the same eight orientations under other numbers. */
enum geyser_orientation {
	GEYSER_ORIENTATION_NORMAL = 0,
	GEYSER_ORIENTATION_90 = 1, /* counter-clockwise */
	GEYSER_ORIENTATION_180 = 2,
	GEYSER_ORIENTATION_270 = 3,
	GEYSER_ORIENTATION_FLIPPED = 4, /* mirrored about the vertical axis, then turned */
	GEYSER_ORIENTATION_FLIPPED_90 = 5,
	GEYSER_ORIENTATION_FLIPPED_180 = 6,
	GEYSER_ORIENTATION_FLIPPED_270 = 7,
};

enum geyser_alpha {
	GEYSER_ALPHA_STRAIGHT = 0,
	GEYSER_ALPHA_PREMULTIPLIED = 1,
	GEYSER_ALPHA_OPAQUE = 2, /* readers must ignore the alpha channel, if there is one */
};

enum geyser_color_range {
	GEYSER_COLOR_RANGE_FULL = 0,
	GEYSER_COLOR_RANGE_LIMITED = 1,
};

/* Where a chroma sample of video lies among the luma samples that share it: horizontally at the
 * left one or between both, vertically at the top one, between both or at the bottom one. The
 * numbers are those of ITU-T H.273 plus 1, as in ffmpeg. */
enum geyser_siting {
	GEYSER_SITING_UNSPECIFIED = 0,
	GEYSER_SITING_LEFT = 1,     /* between both rows, as in MPEG-2, H.264 and H.265 */
	GEYSER_SITING_CENTER = 2,   /* between all four, as in JPEG and MPEG-1 */
	GEYSER_SITING_TOP_LEFT = 3, /* as in BT.2020 */
	GEYSER_SITING_TOP = 4,
	GEYSER_SITING_BOTTOM_LEFT = 5,
	GEYSER_SITING_BOTTOM = 6,
};

/* The meaning of the texels' numbers. Primaries, transfer and matrix are the code points of ITU-T
 * H.273 (CICP). Primaries: 1 BT.709, 9 BT.2020, 12 Display P3. Transfer: 13 sRGB, 16 PQ, 18 HLG.
 * Matrix: 0 RGB, 1 BT.709, 5 and 6 BT.601, 9 BT.2020. 2 means unspecified, and is the value in a
 * new frame. A new frame's range is FULL, whatever the format. A publisher of video should set the
 * range: most video is LIMITED. */
struct geyser_color {
	uint8_t primaries, transfer, matrix;
	enum geyser_color_range range;
	/* Mastering display (SMPTE ST 2086) and content light level (CTA-861.3), in cd/m²; 0: not
	 * known. */
	float mastering_min_luminance, mastering_max_luminance;
	float max_content_light_level, max_frame_average_light_level;
};

/* Information that goes with a frame. A publisher fills it in between acquire and submit, except
 * for the first two members. A subscriber only reads it. */
struct geyser_frame_info {
	uint64_t sequence;     /* 1, 2, 3, … in the order of submits */
	uint64_t timestamp_ns; /* CLOCK_MONOTONIC at submit; see geyser_apple_host_time */
	/* on the publisher's own time line; 0 unless the publisher sets it */
	uint64_t presentation_ns;
	struct geyser_rect crop; /* the part to show; a width of 0 means the whole picture */
	/* rectangles that differ from the frame before; 0: anything may differ */
	uint32_t damage_count;
	struct geyser_rect damage[GEYSER_FRAME_DAMAGE_MAX];
	enum geyser_orientation orientation;
	enum geyser_alpha alpha;
	struct geyser_color color;
	uint32_t user_size; /* bytes of user that are in use */
	uint8_t user[GEYSER_FRAME_USER_MAX];
	enum geyser_siting siting; /* of video's chroma; belongs to color */
};

/* Returns the frame's texture, or NULL for NULL. The texture is borrowed until the frame is
 * submitted, discarded or released. A reference keeps its memory mapped for longer, but the
 * publisher may then draw into it. */
GEYSER_API struct geyser_texture *geyser_frame_texture(struct geyser_frame *frame);

/* Returns the frame's information, or NULL for NULL. The result is borrowed for as long as the
 * texture is. */
GEYSER_API struct geyser_frame_info *geyser_frame_get_info(struct geyser_frame *frame);

/* A value of an event. */
struct geyser_point {
	/* NULL: there is no event. Else the event is borrowed until the publisher or subscriber is
	 * destroyed; geyser_event_ref keeps it for longer. So a subscriber keeps one event for each
	 * publisher whose points the caller has got. An event costs a descriptor and some memory. A
	 * program that sees thousands of publishers of one name should destroy the subscriber from
	 * time to time. */
	struct geyser_event *event;
	uint64_t value;
};

/* Gives the point that work on the frame must wait for, on a device or with geyser_event_wait. For
 * a subscriber that point means that the frame is drawn. For a publisher it means that its own
 * earlier work on that buffer is done. The event is NULL if there is nothing to wait for, as always
 * on the host backend. A subscriber can wait for the event, but can't signal it. Errors:
 * INVALID_ARGUMENT (NULL; not acquired). */
GEYSER_API enum geyser_result geyser_frame_wait_point(
	struct geyser_frame *frame, struct geyser_point *out);

/* Gives the point that the caller will signal when its work on the frame is done. The frame can
 * then be submitted or released at once. Call this once for a frame. Signal the points in the order
 * of these calls. Signal a point, or submit the work that will signal it, before the frame is
 * submitted or released. A frame without this call counts as done when it is submitted or released.
 * vulkan.h, opengl.h and cuda.h have such calls for their own objects.
 *
 * Errors: INVALID_ARGUMENT (NULL; not acquired), UNSUPPORTED (the backend has no device, so its
 * frames have no such point: finish the work first), BUSY (called already for this frame). */
GEYSER_API enum geyser_result geyser_frame_signal_point(
	struct geyser_frame *frame, struct geyser_point *out);

/* ---- publishing ---------------------------------------------------------------------------- */

struct geyser_publisher; /* opaque */

enum geyser_pacing {
	/* Publishing never waits for a subscriber. */
	GEYSER_PACING_FREE = 0,
	/* geyser_publisher_acquire waits, up to its timeout, until every living subscriber with
	 * DELIVER_EVERY has taken its frames. */
	GEYSER_PACING_LOSSLESS = 1,
};

struct geyser_stream_desc {
	/* 1 to GEYSER_STREAM_NAME_MAX bytes of UTF-8. The name must have no control characters, and
	 * no characters that are invisible or change how others look. */
	const char *name;
	struct geyser_texture_desc texture;
	uint32_t buffers; /* 2 to GEYSER_STREAM_BUFFERS_MAX; 0: 3 */
	/* frames a second, to inform people; 0: variable */
	uint32_t frame_rate_num, frame_rate_den;
	enum geyser_pacing pacing;
};

/* Makes the stream's buffers and publishes the stream under its name. The caller owns *out and
 * destroys it. The name of a dead publisher is free. If another process holds the name, the call
 * asks that process, and waits for the answer for the manager's import timeout, and 10 s at most.
 * Errors: as geyser_texture_create and geyser_texture_export; INVALID_ARGUMENT (name, buffers,
 * rate, pacing), EXISTS (a living publisher has that name; the detail gives its application and
 * pid, if it answers). */
GEYSER_API enum geyser_result geyser_publisher_create(struct geyser_manager *manager,
	const struct geyser_stream_desc *desc, struct geyser_publisher **out);

/* Gives the caller a buffer to draw into. Its texels are those of an earlier frame, or zero. The
 * caller may acquire several buffers at a time. Keep no list of textures by buffer, because a
 * buffer's texture may change. This happens after a resize, when an evicted subscriber may still
 * read the old texture, or after the stream had no subscriber for long.
 *
 * With FREE pacing the call waits only while subscribers hold every buffer. With LOSSLESS pacing it
 * waits until each subscriber with DELIVER_EVERY has taken its frames. A subscriber that doesn't do
 * so within a timeout over 0 isn't waited for again until it takes a frame.
 *
 * Errors: INVALID_ARGUMENT (NULL), TIMEOUT (the detail tells what the call waited for), BUSY (the
 * caller itself has acquired or kept all buffers), DEVICE_LOST (make a new manager and publisher),
 * DISCONNECTED (the publisher was closed), and as geyser_texture_create if the buffer needs new
 * memory, because an evicted subscriber still reads the old memory, or the memory was freed
 * (geyser_publisher_set_idle_limit). */
GEYSER_API enum geyser_result geyser_publisher_acquire(
	struct geyser_publisher *publisher, uint64_t timeout_ns, struct geyser_frame **out);

/* Publishes the frame. The frame gets the next sequence and the time, and waiting subscribers wake.
 * The caller must not use the frame afterwards, even after an error. Errors: INVALID_ARGUMENT
 * (NULL; not a frame that this publisher has given out; damage, crop, user_size or an enum out of
 * range), DEVICE_LOST, DISCONNECTED (the publisher was closed), and OUT_OF_MEMORY or SYSTEM if the
 * device can't copy the frame for subscribers that need copies. The frame is discarded after any of
 * them, unless it isn't a frame of this publisher. */
GEYSER_API enum geyser_result geyser_publisher_submit(
	struct geyser_publisher *publisher, struct geyser_frame *frame);

/* Publishes the frame as geyser_publisher_submit does, and keeps its buffer for the caller, to read
 * it: for example a decoder that predicts the next frames from this one. The caller must not write
 * into the frame's texture, nor into its information. No other call gives out the buffer until the
 * caller has passed the frame to geyser_publisher_discard, and the caller must have finished
 * reading then, also on a device. The frame stays published meanwhile. A publisher needs two
 * buffers that are neither kept nor acquired: one to draw into, and one that a subscriber reads.
 * Errors: as geyser_publisher_submit, after which the frame isn't kept. */
GEYSER_API enum geyser_result geyser_publisher_submit_kept(
	struct geyser_publisher *publisher, struct geyser_frame *frame);

/* Gives a frame back without publishing it, or one that geyser_publisher_submit_kept has published.
 * Errors: INVALID_ARGUMENT. */
GEYSER_API enum geyser_result geyser_publisher_discard(
	struct geyser_publisher *publisher, struct geyser_frame *frame);

/* Sets the hold limit: for how many nanoseconds subscribers may keep the publisher without a free
 * buffer. The default is 1 s. With UINT64_MAX no subscriber is evicted for holding frames, and
 * acquire waits until its own timeout.
 *
 * When geyser_publisher_acquire has found for that long that subscribers hold every buffer, it
 * evicts one subscriber. Among the subscribers that hold a buffer now, that is one of the process
 * that has held most buffers for longest. The frames of that subscriber stay as they are until it
 * releases them: the publisher makes new buffers and draws into those. geyser_subscriber_release
 * then returns STALE, and the subscriber's next acquire joins the stream again.
 *
 * A subscriber that says it holds buffers which the stream doesn't have is evicted as soon as
 * acquire finds no buffer. Buffers that the publisher's own program has acquired don't count as
 * held. A newcomer is a subscriber of another process that joined less than ten minutes ago. When
 * newcomers have kept the publisher without a free buffer for more than one hold limit in all, they
 * have a shorter limit for some minutes; docs/streams.md says how much shorter. The same holds for
 * the subscribers of other processes that joined earlier. Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_publisher_set_hold_limit(
	struct geyser_publisher *publisher, uint64_t limit_ns);

/* Sets how many nanoseconds geyser_publisher_acquire and _flush spin before they sleep until a
 * subscriber takes or releases a frame. The default is the manager's time: geyser_manager_set_spin
 * tells what spinning does. Any thread may call this; waits that have begun keep their time.
 * Errors: INVALID_ARGUMENT (NULL; above GEYSER_SPIN_MAX_NS). */
GEYSER_API enum geyser_result geyser_publisher_set_spin(
	struct geyser_publisher *publisher, uint64_t spin_ns);

/* While this is set, geyser_publisher_acquire doesn't wait, as with a timeout of 0, and a call that
 * waits already returns TIMEOUT within 50 ms. No subscriber is left out for it. A program sets this
 * to end another thread's wait, and clears it when the stream goes on, as a pipeline does that
 * pauses. Slices of a timeout can't replace this: with LOSSLESS pacing each slice would leave
 * subscribers out. Any thread may call this. geyser_publisher_close is for the end of the stream.
 * Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_publisher_set_interrupted(
	struct geyser_publisher *publisher, bool interrupted);

/* Sets the idle limit: when the stream has had no subscriber for this many nanoseconds, the
 * publisher frees the memory of buffers. The default is 60 s. With UINT64_MAX no memory is freed.
 *
 * An idle stream keeps the memory of the newest frame, and of one more buffer while the program
 * submits frames. Buffers that the program has acquired, has a reference to, has exported or has
 * attached data to keep their memory. Those of a program that draws by OpenGL or CUDA have such
 * data. geyser_publisher_acquire makes the memory of a buffer again when it gives out the
 * buffer: the call then takes as long as geyser_texture_create, and may fail like it. The thread
 * "geyser-ipc" looks for idle buffers, once a second or once in each idle limit. Any thread may
 * call this. Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_publisher_set_idle_limit(
	struct geyser_publisher *publisher, uint64_t limit_ns);

/* Tells how often the publisher has evicted a subscriber: see geyser_publisher_set_hold_limit.
 * Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_publisher_get_evictions(
	struct geyser_publisher *publisher, uint64_t *out);

/* Sets the size, format and usage of the frames from the next acquire on. Subscribers see the
 * change between two frames. The old buffers live until the last of them is released. Errors: as
 * geyser_texture_create (the old buffers then stay in use), BUSY (a frame is acquired or kept:
 * submit or discard it first). */
GEYSER_API enum geyser_result geyser_publisher_resize(
	struct geyser_publisher *publisher, const struct geyser_texture_desc *desc);

/* Waits until each subscriber has taken all frames that it can still get, and no subscriber holds a
 * buffer. Call this before the end of a stream whose last frames matter. A subscriber with
 * DELIVER_EVERY can get each frame that a buffer still holds. A subscriber with DELIVER_LATEST can
 * get the newest frame. The call also waits for subscribers that are just connecting. Errors:
 * INVALID_ARGUMENT (NULL), TIMEOUT (also if a subscriber takes no frames at all). */
GEYSER_API enum geyser_result geyser_publisher_flush(
	struct geyser_publisher *publisher, uint64_t timeout_ns);

/* Works like geyser_publisher_flush, but doesn't wait until subscribers release the frames that
 * they hold: after the stream's end they keep these. So a viewer that shows the last frame for long
 * doesn't hold up the end of the stream. */
GEYSER_API enum geyser_result geyser_publisher_drain(
	struct geyser_publisher *publisher, uint64_t timeout_ns);

struct geyser_publisher_stats {
	uint64_t frames;       /* submitted frames */
	uint32_t subscribers;  /* connected now, and able to receive the next frame */
	uint32_t buffers_held; /* buffers that subscribers read now */
};

/* Tells the publisher's counts. Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_publisher_get_stats(
	struct geyser_publisher *publisher, struct geyser_publisher_stats *out);

/* Gives a descriptor that becomes readable each time a subscriber goes, or comes and is able to
 * receive frames. The caller owns it. It is an eventfd, on macOS a pipe: read 8 bytes to re-arm it.
 * Errors: INVALID_ARGUMENT (NULL), LIMIT. */
GEYSER_API enum geyser_result geyser_publisher_subscribers_fd(
	struct geyser_publisher *publisher, int *out);

/* Ends the stream. Subscribers get the submitted frames, then DISCONNECTED, and keep the frames
 * that they hold. Two kinds of frames are lost. The first is a frame whose buffer the subscriber
 * doesn't have yet, because it has just come, or after a resize or an idle time. The second is a
 * frame that the device still draws or copies. Call geyser_publisher_flush first to wait for them.
 *
 * The publisher itself stays. From now on acquiring or submitting a frame returns DISCONNECTED. Use
 * this call when the program ends while another of its threads is within geyser_publisher_acquire
 * or _flush: those calls then return. A second call does nothing; NULL is fine. */
GEYSER_API void geyser_publisher_close(struct geyser_publisher *publisher);

/* Ends the stream as geyser_publisher_close does, and frees the publisher and the frames that the
 * caller has acquired. No other call may use the publisher at the same time. NULL is fine. */
GEYSER_API void geyser_publisher_destroy(struct geyser_publisher *publisher);

/* ---- subscribing --------------------------------------------------------------------------- */

struct geyser_subscriber; /* opaque */

enum geyser_delivery {
	GEYSER_DELIVER_LATEST = 0, /* the newest frame, and no frame twice */
	GEYSER_DELIVER_EVERY = 1, /* each frame in order, as long as the publisher's buffers last */
};

struct geyser_subscriber_desc {
	const char *name;
	enum geyser_delivery delivery;
	/* How many nanoseconds to wait until a publisher of that name exists and has accepted this
	 * subscriber. 0: the publisher must exist already. A publisher in another process has at
	 * least 15 ms to answer. */
	uint64_t connect_timeout_ns;
};

/* Connects to the stream of that name. The caller owns *out and destroys it. The subscriber's first
 * frame is the newest frame at that time. The connect timeout limits the whole call; the manager's
 * import timeout doesn't. The call succeeds when the publisher has accepted the subscriber.
 *
 * The publisher may need longer to send its buffers, for example to make copies for this
 * subscriber. geyser_subscriber_acquire then waits for the buffers and reports their errors.
 *
 * Errors: INVALID_ARGUMENT, NOT_FOUND (no such stream, with a connect timeout of 0), TIMEOUT (no
 * such stream within the timeout; or its publisher doesn't answer: the detail says whether it is
 * stopped), LIMIT (the stream has GEYSER_STREAM_SUBSCRIBERS_MAX; or this process, which isn't the
 * publisher's, has half as many; or the publisher has left this process out several times and lets
 * it come back later), and as geyser_texture_import. */
GEYSER_API enum geyser_result geyser_subscriber_create(struct geyser_manager *manager,
	const struct geyser_subscriber_desc *desc, struct geyser_subscriber **out);

/* How a sample of a scaled picture is made of the source's, where it lies between them. */
enum geyser_filter {
	GEYSER_FILTER_NONE = 0,     /* both sides must have the same size */
	GEYSER_FILTER_NEAREST = 1,  /* the nearest sample; from the middle of two, the later one */
	GEYSER_FILTER_BILINEAR = 2, /* the samples on both sides, weighted by their distance */
	/* The average of the area that the sample covers. In a direction in which there are as many
	 * samples as before or more, the same as bilinear. */
	GEYSER_FILTER_BOX = 3,
};

/* The most renditions that a stream has at one time, and that one process other than the
 * publisher's may use of them. */
#define GEYSER_STREAM_RENDITIONS_MAX 8u
#define GEYSER_STREAM_RENDITIONS_OF_A_PROCESS 4u

/* What a subscriber asks for in place of the stream's own frames. All zero: the stream's own. */
struct geyser_rendition_desc {
	enum geyser_format format; /* NONE: that of the stream */
	/* texels; both 0: the size of the stream's frames, or of the upright picture */
	uint32_t width, height;
	enum geyser_filter filter; /* used if the size differs; NONE: BOX */
	/* Show each frame as it is meant: its crop cut out and its orientation applied. */
	bool upright;
};

/* Connects as geyser_subscriber_create does, to a rendition of the stream: its frames, converted to
 * another format and scaled. The publisher's process converts each frame once for all subscribers
 * that ask for the same with the same delivery, on a thread of its own ("geyser-convert") with low
 * priority. The publisher doesn't wait for the conversion, unless its pacing is LOSSLESS and the
 * delivery is EVERY: no frame is dropped then.
 *
 * Frames have the sequence, the times, the user bytes and the other information of the original.
 * Crop and damage are scaled, outward to whole texels; an upright frame has neither crop nor
 * orientation left. From video the colour becomes full-range RGB. Colours become video of limited
 * range, with the frame's matrix if that is one of video. Video that stays video keeps its range.
 * geyser_convert_pixels' rules hold. geyser_texture_path of a frame's texture is
 * GEYSER_PATH_CONVERTED. After a resize of the stream, what the rendition leaves to the stream
 * follows.
 *
 * rendition may be NULL. Errors: as geyser_subscriber_create; INVALID_ARGUMENT (unknown format or
 * filter; one of width and height is 0), UNSUPPORTED (the publisher has an earlier version of
 * geyser, which has no renditions; the formats can't be converted; the publisher's backend lacks
 * the format; a stream of textures with several layers, depth slices or mip levels), LIMIT (the
 * stream has GEYSER_STREAM_RENDITIONS_MAX, or this process uses
 * GEYSER_STREAM_RENDITIONS_OF_A_PROCESS already; or all renditions would take more memory than the
 * publisher allows, see docs/streams.md). */
GEYSER_API enum geyser_result geyser_subscriber_create_rendition(struct geyser_manager *manager,
	const struct geyser_subscriber_desc *desc, const struct geyser_rendition_desc *rendition,
	struct geyser_subscriber **out);

/* Gives the next frame. The caller may hold several frames at a time. Each keeps one of the
 * publisher's buffers from the publisher. On a manager without a device the call also waits until
 * the frame is drawn. If it isn't drawn in time, the next call gets it.
 *
 * After a resize, or after it has come back, a publisher may not answer. The call then ends at its
 * timeout, or up to 15 ms later for each request. The next call continues there. While one thread
 * waits for an answer, calls of other threads that need no answer return at once.
 *
 * Errors: INVALID_ARGUMENT (NULL), TIMEOUT, DISCONNECTED (the publisher has gone: reported once;
 * the next calls wait for a publisher of that name to come back and connect to it, and sequences
 * begin at 1 again), BUSY (the caller holds every buffer), LIMIT (the publisher has left this
 * process out repeatedly for holding frames too long: try again after the time in the error's
 * detail), DEVICE_LOST (of the publisher: then as after DISCONNECTED), and as geyser_texture_import
 * after a resize. */
GEYSER_API enum geyser_result geyser_subscriber_acquire(
	struct geyser_subscriber *subscriber, uint64_t timeout_ns, struct geyser_frame **out);

/* Sets how many nanoseconds geyser_subscriber_acquire spins before it sleeps until a frame is
 * submitted. The default is the manager's time: geyser_manager_set_spin tells what spinning does.
 * Neither the wait for a device that draws the frame nor the descriptor of geyser_subscriber_fd is
 * affected. Any thread may call this; waits that have begun keep their time. Errors:
 * INVALID_ARGUMENT (NULL; above GEYSER_SPIN_MAX_NS). */
GEYSER_API enum geyser_result geyser_subscriber_set_spin(
	struct geyser_subscriber *subscriber, uint64_t spin_ns);

/* Gives the buffer back. Frames of a publisher that has gone stay readable until then. Errors:
 * INVALID_ARGUMENT (NULL; not a frame of this subscriber), STALE (the publisher has left this
 * subscriber out, see geyser_publisher_set_hold_limit: the frame is released all the same, its
 * texels were right until now, and the next acquire joins the stream again). */
GEYSER_API enum geyser_result geyser_subscriber_release(
	struct geyser_subscriber *subscriber, struct geyser_frame *frame);

/* Gives a descriptor for poll(), which the caller owns. It is readable while
 * geyser_subscriber_acquire with a timeout of 0 would return neither TIMEOUT nor BUSY. Don't read
 * from it. A thread, "geyser-stream", serves it. Errors: INVALID_ARGUMENT (NULL), LIMIT, SYSTEM. */
GEYSER_API enum geyser_result geyser_subscriber_fd(struct geyser_subscriber *subscriber, int *out);

struct geyser_subscriber_stats {
	uint64_t frames; /* acquired frames */
	/* frames submitted while connected, and never acquired; LATEST skips frames by design */
	uint64_t dropped;
	/* Connections to this publisher and to earlier ones. A connection counts as soon as its
	 * buffers have come. */
	uint64_t connections;
	/* The time from submit to acquire, within 10 %, of one frame in 10 us at most; 0: no frame
	 * yet. */
	uint64_t latency_p50_ns, latency_p99_ns;
};

/* Tells the subscriber's counts. Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_subscriber_get_stats(
	struct geyser_subscriber *subscriber, struct geyser_subscriber_stats *out);

/* How a stream has ended, as its subscriber sees it. */
enum geyser_end {
	GEYSER_END_NONE = 0,   /* the stream goes on, or the subscriber was never connected */
	GEYSER_END_CLOSED = 1, /* the publisher called geyser_publisher_close or _destroy */
	/* The publisher's process was killed or left without that call, or it lost its device. */
	GEYSER_END_BROKEN = 2,
};

/* Tells how the stream has ended, after geyser_subscriber_acquire has returned DISCONNECTED or
 * DEVICE_LOST. The answer stays until the subscriber is connected to another publisher. Errors:
 * INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_subscriber_get_end(
	struct geyser_subscriber *subscriber, enum geyser_end *out);

/* Destroys the subscriber and releases the frames that it holds. NULL is fine. */
GEYSER_API void geyser_subscriber_destroy(struct geyser_subscriber *subscriber);

/* ---- the directory ------------------------------------------------------------------------- */

struct geyser_stream_info {
	char name[GEYSER_STREAM_NAME_MAX + 1];
	char application[64];
	int32_t pid; /* of the publisher */
	enum geyser_format format;
	uint32_t width, height;
	uint32_t buffers;
	uint32_t frame_rate_num, frame_rate_den;
	enum geyser_pacing pacing;
	enum geyser_backend backend;
	/* COPY while a subscriber can't import the buffers, and reads copies; else CONVERTED while
	 * a subscriber gets a rendition; else ZERO_COPY */
	enum geyser_path path;
	uint32_t subscribers;
	uint64_t frames;  /* submitted so far */
	uint64_t dropped; /* by all subscribers with DELIVER_EVERY together */
	/* The time from submit to acquire, over all subscribers now connected, within 10 %. */
	uint64_t latency_p50_ns, latency_p99_ns;
};

/* Lists all of this user's streams, sorted by name. The caller frees the array with
 * geyser_stream_list_free. The call waits half a second at most for the answers of all publishers
 * together. Some publishers are listed with their name alone (pid 0): stopped publishers, and those
 * whose registry's path is too long for others to reach them. Errors: INVALID_ARGUMENT (NULL),
 * NO_RUNTIME_DIR, PERMISSION, OUT_OF_MEMORY, LIMIT. */
GEYSER_API enum geyser_result geyser_stream_list(struct geyser_stream_info **out, size_t *count);
GEYSER_API void geyser_stream_list_free(struct geyser_stream_info *streams);

/* Tells about one stream as geyser_stream_list does, but asks its publisher alone. So the call
 * takes long only if this publisher is stopped, and fills in no more than the name then (pid 0).
 * Errors: INVALID_ARGUMENT (NULL), NOT_FOUND (no stream of this user has that name), and those of
 * geyser_stream_list. */
GEYSER_API enum geyser_result geyser_stream_find(const char *name, struct geyser_stream_info *out);

/* Returns how many bytes of memory the publisher has for the stream with that index: for its
 * buffers, for copies of them in host memory, and for the pages that it shares with subscribers.
 * streams and count are those that geyser_stream_list gave. Returns 0 if the publisher doesn't
 * tell, or if there is no such stream. */
GEYSER_API uint64_t geyser_stream_list_bytes(
	const struct geyser_stream_info *streams, size_t count, size_t index);

struct geyser_stream_watch; /* opaque */

enum geyser_stream_change { GEYSER_STREAM_ADDED = 1, GEYSER_STREAM_REMOVED = 2 };

/* Makes a watch of streams that come and go. The caller owns it. geyser_stream_watch_dispatch runs
 * the callback on the thread that calls it, with no lock held. The first dispatch reports all
 * streams that exist. name is borrowed until the callback returns. A callback may make any call: a
 * dispatch of the same watch reports the remaining changes. No callback runs after the watch is
 * destroyed. Errors: INVALID_ARGUMENT (NULL), NO_RUNTIME_DIR, PERMISSION, LIMIT, SYSTEM. */
GEYSER_API enum geyser_result geyser_stream_watch_create(
	void (*callback)(enum geyser_stream_change change, const char *name, void *user),
	void *user, struct geyser_stream_watch **out);

/* Returns a descriptor that is readable when dispatch has something to report. The watch owns
 * it. */
GEYSER_API int geyser_stream_watch_fd(const struct geyser_stream_watch *watch);

/* Reports the changes since the last call, and waits up to timeout_ns for a change. If several
 * threads dispatch, one of them gets each change. Returns GEYSER_OK also if a callback has
 * destroyed the watch. Errors: INVALID_ARGUMENT, TIMEOUT (no change), SYSTEM. */
GEYSER_API enum geyser_result geyser_stream_watch_dispatch(
	struct geyser_stream_watch *watch, uint64_t timeout_ns);

/* Ends and frees the watch; NULL is fine. If a callback of the watch calls this, the dispatch that
 * runs the callback frees the memory when it returns. */
GEYSER_API void geyser_stream_watch_destroy(struct geyser_stream_watch *watch);

#ifdef __cplusplus
}
#endif

#endif
