/* SPDX-License-Identifier: MIT */
/* Frames of streams as GL textures: waits before GL's work and signals after it. */
#include "interop/opengl/gl.h"

#include "base/error.h"

static enum geyser_result check_frame(struct geyser_gl *gl, const struct geyser_frame *frame)
{
	if (!frame)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "frame is NULL");
	return gy_gl_enter(gl);
}

/* Refuses video, of which one GL texture would be luma alone. */
static enum geyser_result check_colour(struct geyser_frame *frame)
{
	const enum geyser_format format =
		geyser_texture_get_desc(geyser_frame_texture(frame))->format;

	if (!geyser_format_is_video(format))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format (%s): the frame is video; geyser_gl_frame_begin_planes gives each of its "
		"planes",
		geyser_format_name(format));
}

/* Waits until the frame is drawn. A frame in host memory has no wait point, because its mapping
 * waits. For a copied texture the CPU waits, since the CPU copies. */
static enum geyser_result wait_for_frame(struct geyser_gl *gl, struct geyser_frame *frame,
	const struct geyser_gl_texture *texture, uint64_t timeout_ns)
{
	struct geyser_point point;
	const enum geyser_result result = geyser_frame_wait_point(frame, &point);

	if (result != GEYSER_OK || !point.event)
		return result;
	if (texture->path == GEYSER_PATH_COPY)
		return geyser_event_wait(point.event, point.value, timeout_ns);
	return gy_gl_event_wait(gl, point.event, point.value, timeout_ns);
}

enum geyser_result gy_gl_frame_begin(struct geyser_gl *gl, struct geyser_frame *frame,
	enum geyser_access access, uint64_t timeout_ns, struct geyser_gl_texture **out)
{
	enum geyser_result result = gy_gl_texture_kept(gl, geyser_frame_texture(frame), out);

	if (result == GEYSER_OK)
		result = wait_for_frame(gl, frame, *out, timeout_ns);
	return result == GEYSER_OK ? gy_gl_texture_begin(*out, access) : result;
}

enum geyser_result geyser_gl_frame_begin(struct geyser_gl *gl, struct geyser_frame *frame,
	enum geyser_access access, uint64_t timeout_ns, struct geyser_gl_texture_info *out)
{
	struct geyser_gl_texture *texture;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_gl_texture_info){.reason = ""};
	result = check_frame(gl, frame);
	if (result == GEYSER_OK)
		result = check_colour(frame);
	if (result == GEYSER_OK)
		result = gy_gl_frame_begin(gl, frame, access, timeout_ns, &texture);
	if (result == GEYSER_OK)
		*out = gy_gl_plane_info(texture, 0);
	return result;
}

enum geyser_result geyser_gl_frame_begin_planes(struct geyser_gl *gl, struct geyser_frame *frame,
	enum geyser_access access, uint64_t timeout_ns,
	struct geyser_gl_texture_info out[GEYSER_FORMAT_PLANES_MAX])
{
	struct geyser_gl_texture *texture;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	for (uint32_t i = 0; i < GEYSER_FORMAT_PLANES_MAX; i++)
		out[i] = (struct geyser_gl_texture_info){.reason = ""};
	result = check_frame(gl, frame);
	if (result == GEYSER_OK)
		result = gy_gl_frame_begin(gl, frame, access, timeout_ns, &texture);
	if (result != GEYSER_OK)
		return result;
	for (uint32_t i = 0; i < texture->plane_count; i++)
		out[i] = gy_gl_plane_info(texture, i);
	return GEYSER_OK;
}

/* Signals that GL's work on the frame is done. A caller of geyser_frame_signal_point must signal
 * that point, so this calls it only if GL can signal. Otherwise GL finishes its work here. For a
 * copied texture the work is done already. */
static enum geyser_result signal_frame(
	struct geyser_gl *gl, struct geyser_frame *frame, const struct geyser_gl_texture *texture)
{
	struct geyser_point point;
	enum geyser_result result;

	if (texture->path == GEYSER_PATH_COPY)
		return GEYSER_OK;
	if (!gl->info.timeline_semaphore)
		return gy_gl_finish(gl);
	result = geyser_frame_signal_point(frame, &point);
	if (result == GEYSER_ERROR_UNSUPPORTED)
		return gy_gl_finish(gl);
	return result == GEYSER_OK ? gy_gl_event_signal(gl, point.event, point.value) : result;
}

enum geyser_result gy_gl_frame_end(
	struct geyser_gl *gl, struct geyser_frame *frame, struct geyser_gl_texture *texture)
{
	const enum geyser_result result = gy_gl_texture_end(texture, texture->acquired);

	return result == GEYSER_OK ? signal_frame(gl, frame, texture) : result;
}

enum geyser_result geyser_gl_frame_end(struct geyser_gl *gl, struct geyser_frame *frame)
{
	struct geyser_gl_texture *texture;
	enum geyser_result result = check_frame(gl, frame);

	if (result != GEYSER_OK)
		return result;
	texture = gy_gl_texture_find(gl, geyser_frame_texture(frame));
	if (!texture || !texture->acquired)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"the frame isn't begun: geyser_gl_frame_begin comes first");
	return gy_gl_frame_end(gl, frame, texture);
}
