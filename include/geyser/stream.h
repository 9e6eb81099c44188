/*
 * Streams: publish frames under a name, subscribe to them from any process of the same user.
 *
 * SPDX-License-Identifier: MIT
 *
 * A publisher owns a small set of textures, its buffers. It acquires one that nobody reads, draws,
 * and submits it; subscribers acquire the submitted frame, which is that texture itself, and
 * release it. Nothing is copied, and per frame no socket is touched. Results, times and threads are
 * as geyser.h says; a publisher and a subscriber may be used from several threads at once, a frame
 * by one at a time.
 */
#ifndef GEYSER_STREAM_H
#define GEYSER_STREAM_H

#include "geyser.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GEYSER_STREAM_NAME_MAX 63u    /* bytes, without the NUL */
#define GEYSER_STREAM_BUFFERS_MAX 16u /* of a publisher */
#define GEYSER_STREAM_SUBSCRIBERS_MAX 64u
#define GEYSER_FRAME_DAMAGE_MAX 16u /* rectangles of a frame */
#define GEYSER_FRAME_USER_MAX 256u  /* bytes of the publisher's own */

/* ---- frames -------------------------------------------------------------------------------- */

/* Opaque. A buffer of a stream: a publisher has acquired it to draw into it, or a subscriber to
 * read it. */
struct geyser_frame;

struct geyser_rect {
	uint32_t x, y, width, height; /* texels, from the top left */
};

/* How the picture must be turned to be seen upright, as EXIF and Wayland number it. */
enum geyser_orientation {
	GEYSER_ORIENTATION_NORMAL = 0,
	GEYSER_ORIENTATION_90 = 1, /* counter-clockwise */
	GEYSER_ORIENTATION_180 = 2,
	GEYSER_ORIENTATION_270 = 3,
	GEYSER_ORIENTATION_FLIPPED = 4, /* about the vertical axis, then turned */
	GEYSER_ORIENTATION_FLIPPED_90 = 5,
	GEYSER_ORIENTATION_FLIPPED_180 = 6,
	GEYSER_ORIENTATION_FLIPPED_270 = 7,
};

enum geyser_alpha {
	GEYSER_ALPHA_STRAIGHT = 0,
	GEYSER_ALPHA_PREMULTIPLIED = 1,
	GEYSER_ALPHA_OPAQUE = 2, /* the alpha channel, if any, is to be ignored */
};

enum geyser_color_range {
	GEYSER_COLOR_RANGE_FULL = 0,
	GEYSER_COLOR_RANGE_LIMITED = 1,
};

/* What the numbers of the texels mean. Primaries, transfer and matrix are the code points of ITU-T
 * H.273 (CICP): 1 BT.709, 9 BT.2020, 12 Display P3 primaries; 13 sRGB, 16 PQ, 18 HLG transfer; 0
 * matrix: RGB. 2 means unspecified, which is what a new frame says. */
struct geyser_color {
	uint8_t primaries, transfer, matrix;
	enum geyser_color_range range;
	/* Mastering display (SMPTE ST 2086) and content light level (CTA-861.3), cd/m²; 0: not
	 * known. */
	float mastering_min_luminance, mastering_max_luminance;
	float max_content_light_level, max_frame_average_light_level;
};

/* What goes with a frame. A publisher fills it in between acquire and submit, all but the first
 * two; to a subscriber it is for reading. */
struct geyser_frame_info {
	uint64_t sequence;        /* 1, 2, 3, … in the order of submits */
	uint64_t timestamp_ns;    /* CLOCK_MONOTONIC at submit */
	uint64_t presentation_ns; /* the publisher's own time line; 0 unless it says so */
	struct geyser_rect crop;  /* the part to show; a width of 0 means all */
	uint32_t damage_count; /* rectangles that differ from the frame before; 0: the whole may */
	struct geyser_rect damage[GEYSER_FRAME_DAMAGE_MAX];
	enum geyser_orientation orientation;
	enum geyser_alpha alpha;
	struct geyser_color color;
	uint32_t user_size; /* bytes in use */
	uint8_t user[GEYSER_FRAME_USER_MAX];
};

/* The frame's texture. Borrowed until the frame is submitted, discarded or released; take a
 * reference to keep its memory mapped for longer (the publisher may then draw into it). NULL for
 * NULL. */
GEYSER_API struct geyser_texture *geyser_frame_texture(struct geyser_frame *frame);

/* Borrowed, as the texture. NULL for NULL. */
GEYSER_API struct geyser_frame_info *geyser_frame_get_info(struct geyser_frame *frame);

/* A value of an event. */
struct geyser_point {
	/* Borrowed until the publisher or subscriber is destroyed; geyser_event_ref keeps it for
	 * longer. NULL: there is no event. A subscriber therefore keeps one event, which is a
	 * descriptor and some memory, for each publisher whose points the caller has got. A
	 * program that sees thousands of publishers of one name should destroy the subscriber
	 * from time to time. */
	struct geyser_event *event;
	uint64_t value;
};

/* What work on the frame must wait for, by a device or by geyser_event_wait: to a subscriber, that
 * the frame is drawn; to a publisher, that its own earlier work on that buffer is done. The event
 * is NULL if there is nothing to wait for, as always on the host backend. A subscriber can wait for
 * the event and not signal it. Errors: INVALID_ARGUMENT (NULL; not acquired). */
GEYSER_API enum geyser_result geyser_frame_wait_point(
	struct geyser_frame *frame, struct geyser_point *out);

/* What the caller's work on the frame will signal when it is done, so that the frame can be
 * submitted or released at once. Ask once for a frame, signal in the order of asking, and signal,
 * or submit work that will, before the frame is submitted or released. A frame for which nobody
 * asks is done when it is submitted or released. vulkan.h, opengl.h and cuda.h give the same as
 * objects of theirs. Errors: INVALID_ARGUMENT (NULL; not acquired), UNSUPPORTED (the backend has no
 * device, and its frames no such point: finish the work first), BUSY (asked for already). */
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
	/* 1 to GEYSER_STREAM_NAME_MAX bytes of UTF-8. Control characters aren't allowed, nor are
	 * characters that are invisible or change how others look. */
	const char *name;
	struct geyser_texture_desc texture;
	uint32_t buffers;                        /* 2 to GEYSER_STREAM_BUFFERS_MAX; 0: 3 */
	uint32_t frame_rate_num, frame_rate_den; /* frames a second, for people; 0: variable */
	enum geyser_pacing pacing;
};

/* Makes the stream's buffers and publishes it under its name.
 * Errors: as geyser_texture_create and geyser_texture_export; INVALID_ARGUMENT (name, buffers,
 * rate, pacing), EXISTS (a living publisher has that name: which, by application and pid). A dead
 * one's name is free. */
GEYSER_API enum geyser_result geyser_publisher_create(struct geyser_manager *manager,
	const struct geyser_stream_desc *desc, struct geyser_publisher **out);

/* Gives the caller a buffer to draw into. Its texels are those of an earlier frame, or zero.
 * Several buffers may be acquired at a time. A buffer gets another texture after a resize, or after
 * a subscriber was left out that may still read the old texture: keep no list of textures by
 * buffer. With FREE pacing the call waits only while subscribers hold every buffer. With LOSSLESS
 * it waits until each subscriber with DELIVER_EVERY has taken its frames; a subscriber that doesn't
 * within a timeout over 0 isn't waited for again until it takes a frame. Errors: INVALID_ARGUMENT
 * (NULL), TIMEOUT (who holds it up), BUSY (the caller itself has acquired all), DEVICE_LOST (make a
 * new manager and publisher), DISCONNECTED (the publisher was closed). */
GEYSER_API enum geyser_result geyser_publisher_acquire(
	struct geyser_publisher *publisher, uint64_t timeout_ns, struct geyser_frame **out);

/* Publishes the frame: it gets the next sequence and the time, subscribers that wait wake. The
 * frame is gone for the caller in any case. Errors: INVALID_ARGUMENT (NULL; not a frame that this
 * publisher has given out; damage, crop, user_size or an enum out of range: the frame is
 * discarded), DEVICE_LOST. */
GEYSER_API enum geyser_result geyser_publisher_submit(
	struct geyser_publisher *publisher, struct geyser_frame *frame);

/* Gives a frame back unpublished. Errors: INVALID_ARGUMENT. */
GEYSER_API enum geyser_result geyser_publisher_discard(
	struct geyser_publisher *publisher, struct geyser_frame *frame);

/* Sets for how many nanoseconds subscribers may keep the publisher without a buffer (the hold
 * limit); the default is 1 s. When geyser_publisher_acquire has found for that long that
 * subscribers hold every buffer, it leaves one subscriber out: among those that hold a buffer now,
 * the one that has held most buffers for longest. That subscriber's frames stay as they are until
 * it releases them: the publisher makes new buffers and draws into those. geyser_subscriber_release
 * then says STALE, and the subscriber's next acquire joins the stream again. With UINT64_MAX no
 * subscriber is left out for holding frames, and acquire waits until its own timeout. A subscriber
 * that claims buffers which the stream doesn't have is left out as soon as acquire finds no buffer.
 * Buffers that the publisher's own program has acquired don't count as held. Subscribers of other
 * processes that joined less than ten minutes ago have a shorter limit for some minutes after such
 * a subscriber was left out; docs/streams.md says how much shorter. Errors: INVALID_ARGUMENT
 * (NULL). */
GEYSER_API enum geyser_result geyser_publisher_set_hold_limit(
	struct geyser_publisher *publisher, uint64_t limit_ns);

/* Tells how often the publisher has left a subscriber out: see geyser_publisher_set_hold_limit.
 * Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_publisher_get_evictions(
	struct geyser_publisher *publisher, uint64_t *out);

/* From the next acquire on frames have this size, format and usage. Subscribers see the change
 * between two frames; the old buffers live until the last of them is released. Errors: as
 * geyser_texture_create (the old ones then stay in use), BUSY (a frame is acquired: submit or
 * discard it first). */
GEYSER_API enum geyser_result geyser_publisher_resize(
	struct geyser_publisher *publisher, const struct geyser_texture_desc *desc);

/* Waits until each subscriber has taken all frames that it can still get, and none holds a buffer:
 * before the end of a stream whose last frames matter. A subscriber with DELIVER_EVERY can get each
 * frame that a buffer still holds, one with DELIVER_LATEST the newest frame. Subscribers that are
 * just connecting are waited for, too. Errors: INVALID_ARGUMENT (NULL), TIMEOUT (also where a
 * subscriber takes no frames at all). */
GEYSER_API enum geyser_result geyser_publisher_flush(
	struct geyser_publisher *publisher, uint64_t timeout_ns);

struct geyser_publisher_stats {
	uint64_t frames;       /* submitted */
	uint32_t subscribers;  /* connected now, and able to receive the next frame */
	uint32_t buffers_held; /* that subscribers read now */
};

/* Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_publisher_get_stats(
	struct geyser_publisher *publisher, struct geyser_publisher_stats *out);

/* A descriptor (an eventfd, on macOS a pipe; owned by the caller) that becomes readable each time a
 * subscriber comes (and is able to receive frames) or goes; read 8 bytes to re-arm it. Errors:
 * INVALID_ARGUMENT (NULL), LIMIT. */
GEYSER_API enum geyser_result geyser_publisher_subscribers_fd(
	struct geyser_publisher *publisher, int *out);

/* Ends the stream: subscribers get the submitted frames, then DISCONNECTED, and keep the frames
 * that they hold. A frame is lost if its subscriber doesn't have the buffer yet (it has just come,
 * or after a resize), or if the device still draws or copies it: geyser_publisher_flush before this
 * waits for that. The publisher stays: acquiring or submitting a frame is DISCONNECTED from now on.
 * Call this when the program ends while another of its threads is within geyser_publisher_acquire
 * or _flush: those calls then return. A second call does nothing; NULL is fine. */
GEYSER_API void geyser_publisher_close(struct geyser_publisher *publisher);

/* Ends the stream as geyser_publisher_close does, and frees the publisher, with the frames that the
 * caller has acquired. No other call may use the publisher meanwhile. NULL is fine. */
GEYSER_API void geyser_publisher_destroy(struct geyser_publisher *publisher);

/* ---- subscribing --------------------------------------------------------------------------- */

struct geyser_subscriber; /* opaque */

enum geyser_delivery {
	GEYSER_DELIVER_LATEST = 0, /* the newest frame, never one twice */
	GEYSER_DELIVER_EVERY = 1, /* each frame in order, as long as the publisher's buffers last */
};

struct geyser_subscriber_desc {
	const char *name;
	enum geyser_delivery delivery;
	/* Nanoseconds to wait until a publisher of that name exists and has accepted this
	 * subscriber. 0: the publisher must exist already. A publisher in another process has at
	 * least 15 ms to answer. */
	uint64_t connect_timeout_ns;
};

/* Connects to the stream of that name. The first frame it gets is the newest at that time. The
 * connect timeout limits the whole call; the manager's import timeout doesn't. The call succeeds
 * once the publisher has accepted the subscriber. If the publisher needs longer to send its buffers
 * (it may have to make copies for this subscriber), geyser_subscriber_acquire waits for them and
 * reports their errors. Errors:
 * INVALID_ARGUMENT, NOT_FOUND (no such stream, with a connect timeout of 0), TIMEOUT (no such
 * stream within it; or its publisher doesn't answer: the detail says whether it is stopped), LIMIT
 * (the stream has GEYSER_STREAM_SUBSCRIBERS_MAX; or this process, which isn't the publisher's, has
 * half as many; or the publisher has left this process out several times and lets it come back
 * later), and as geyser_texture_import. */
GEYSER_API enum geyser_result geyser_subscriber_create(struct geyser_manager *manager,
	const struct geyser_subscriber_desc *desc, struct geyser_subscriber **out);

/* The next frame. Several may be held at a time; each keeps one of the publisher's buffers from it.
 * Errors: INVALID_ARGUMENT (NULL), TIMEOUT, DISCONNECTED (the publisher has gone: said once; the
 * next calls wait for one of that name to come back and connect to it, numbering from 1 again),
 * BUSY (the caller holds every buffer), LIMIT (the publisher has left this process out repeatedly
 * for holding frames too long: try again after the time in the error's detail), DEVICE_LOST (the
 * publisher's: then as after DISCONNECTED), and as geyser_texture_import after a resize. On a
 * manager without a device a frame is acquired when it is drawn; one that isn't in time is the next
 * call's.
 *
 * A publisher may not answer, after a resize or when it has come back. The call then ends at its
 * timeout, or up to 15 ms later for each question; the next call goes on where this one stopped.
 * While one thread waits for an answer, calls of other threads that need none return at once. */
GEYSER_API enum geyser_result geyser_subscriber_acquire(
	struct geyser_subscriber *subscriber, uint64_t timeout_ns, struct geyser_frame **out);

/* Gives the buffer back. Frames of a publisher that is gone stay readable until then.
 * Errors: INVALID_ARGUMENT (NULL; not a frame of this subscriber), STALE (the publisher has left
 * this subscriber out, see geyser_publisher_set_hold_limit: the frame is released all the same, its
 * texels were right until now, and the next acquire joins the stream again). */
GEYSER_API enum geyser_result geyser_subscriber_release(
	struct geyser_subscriber *subscriber, struct geyser_frame *frame);

/* A descriptor for poll(), owned by the caller: readable while geyser_subscriber_acquire with a
 * timeout of 0 would say neither TIMEOUT nor BUSY. Don't read from it. Served by a thread,
 * "geyser-stream". Errors: INVALID_ARGUMENT (NULL), LIMIT, SYSTEM. */
GEYSER_API enum geyser_result geyser_subscriber_fd(struct geyser_subscriber *subscriber, int *out);

struct geyser_subscriber_stats {
	uint64_t frames;  /* acquired */
	uint64_t dropped; /* submitted while connected and never acquired; LATEST skips by design */
	/* Connections to this publisher and to earlier ones. A connection counts from the moment
	 * when its buffers have come. */
	uint64_t connections;
	/* The time from submit to acquire, within 10 %; 0: no frame yet. */
	uint64_t latency_p50_ns, latency_p99_ns;
};

/* Errors: INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_subscriber_get_stats(
	struct geyser_subscriber *subscriber, struct geyser_subscriber_stats *out);

/* How a stream has ended, as its subscriber sees it. */
enum geyser_end {
	GEYSER_END_NONE = 0,   /* it goes on, or the subscriber was never connected */
	GEYSER_END_CLOSED = 1, /* the publisher called geyser_publisher_close or _destroy */
	/* The publisher's process was killed or left without that call, or it lost its device. */
	GEYSER_END_BROKEN = 2,
};

/* Tells how the stream has ended, after geyser_subscriber_acquire said DISCONNECTED or DEVICE_LOST.
 * The answer stays until the subscriber is connected to another publisher. Errors: INVALID_ARGUMENT
 * (NULL). */
GEYSER_API enum geyser_result geyser_subscriber_get_end(
	struct geyser_subscriber *subscriber, enum geyser_end *out);

/* Frames it holds are gone. NULL is fine. */
GEYSER_API void geyser_subscriber_destroy(struct geyser_subscriber *subscriber);

/* ---- the directory ------------------------------------------------------------------------- */

struct geyser_stream_info {
	char name[GEYSER_STREAM_NAME_MAX + 1];
	char application[64];
	int32_t pid; /* the publisher's */
	enum geyser_format format;
	uint32_t width, height;
	uint32_t buffers;
	uint32_t frame_rate_num, frame_rate_den;
	enum geyser_pacing pacing;
	enum geyser_backend backend;
	enum geyser_path path;
	uint32_t subscribers;
	uint64_t frames;  /* submitted so far */
	uint64_t dropped; /* by subscribers that get every frame, all together */
	/* The time from submit to acquire, of all subscribers now connected, within 10 %. */
	uint64_t latency_p50_ns, latency_p99_ns;
};

/* All of this user's streams, sorted by name; free the array with geyser_stream_list_free. A
 * publisher that is stopped, or whose registry's path is too long for others to reach it, is listed
 * with its name alone (pid 0). Errors: INVALID_ARGUMENT (NULL),
 * NO_RUNTIME_DIR, PERMISSION, OUT_OF_MEMORY, LIMIT. */
GEYSER_API enum geyser_result geyser_stream_list(struct geyser_stream_info **out, size_t *count);
GEYSER_API void geyser_stream_list_free(struct geyser_stream_info *streams);

struct geyser_stream_watch; /* opaque */

enum geyser_stream_change { GEYSER_STREAM_ADDED = 1, GEYSER_STREAM_REMOVED = 2 };

/* Watches streams come and go. geyser_stream_watch_dispatch runs the callbacks on its caller's
 * thread, with no lock held; the first dispatch reports all streams that are there. A callback may
 * make any call: a dispatch of the same watch reports the remaining changes, and after the watch's
 * destruction no callback runs. name is borrowed until the callback returns. Errors:
 * INVALID_ARGUMENT (NULL), NO_RUNTIME_DIR, PERMISSION, LIMIT, SYSTEM. */
GEYSER_API enum geyser_result geyser_stream_watch_create(
	void (*callback)(enum geyser_stream_change change, const char *name, void *user),
	void *user, struct geyser_stream_watch **out);

/* Borrowed: readable when dispatch has something to report. */
GEYSER_API int geyser_stream_watch_fd(const struct geyser_stream_watch *watch);

/* Reports the changes since the last call; waits up to timeout_ns for one. If several threads
 * dispatch, one of them gets each change. GEYSER_OK also if a callback has destroyed the watch.
 * Errors: INVALID_ARGUMENT, TIMEOUT (no change), SYSTEM. */
GEYSER_API enum geyser_result geyser_stream_watch_dispatch(
	struct geyser_stream_watch *watch, uint64_t timeout_ns);

/* Ends the watch; NULL is fine. Within a callback of the watch, the dispatch that runs the callback
 * frees the memory when it returns. */
GEYSER_API void geyser_stream_watch_destroy(struct geyser_stream_watch *watch);

#ifdef __cplusplus
}
#endif

#endif
