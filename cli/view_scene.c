/*
 * What the window of geyser view shows: a tile for each stream, and text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view_scene.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* How long to wait for a new frame that the publisher's GPU still draws. Later attempts don't wait,
 * because the other streams are shown meanwhile. */
#define DRAWN_NS (NANOSECONDS / 10)

#define FIGURES_NS (NANOSECONDS / 4)
#define NOTE_NS (4 * NANOSECONDS)

/* ---- frames ---------------------------------------------------------------------------------- */

static struct view_scene_tile *tile_of(struct view_scene *scene, const struct view_feed *feed)
{
	return &scene->tiles[feed - scene->feeds.feed];
}

static void let_go(struct view_feed *feed, void *user)
{
	struct view_scene *const scene = user;
	struct view_scene_tile *const tile = tile_of(scene, feed);

	if (tile->begun)
		(void)geyser_gl_frame_end(scene->gl.geyser, feed->frame);
	tile->begun = tile->late = false;
}

/* Gives the frame to GL, and says in `trouble` why it can't be shown. A frame that isn't drawn yet
 * is late: the caller begins it again. */
static void begin(struct view_scene *scene, struct view_feed *feed, uint64_t wait_ns)
{
	struct view_scene_tile *const tile = tile_of(scene, feed);
	const struct geyser_texture_desc *const desc =
		geyser_texture_get_desc(geyser_frame_texture(feed->frame));
	enum geyser_result result;

	tile->trouble[0] = '\0';
	tile->late = false;
	tile->fresh = true;
	if (desc->layers > 1 || desc->depth > 1) {
		(void)snprintf(tile->trouble, sizeof(tile->trouble),
			"textures of several layers (%u) aren't shown",
			desc->depth > 1 ? desc->depth : desc->layers);
		return;
	}
	result = geyser_gl_frame_begin_planes(
		scene->gl.geyser, feed->frame, GEYSER_ACCESS_READ, wait_ns, tile->planes);
	tile->begun = result == GEYSER_OK;
	if (tile->begun)
		return;
	tile->late = result == GEYSER_ERROR_TIMEOUT;
	tile->fresh = !tile->late;
	(void)snprintf(tile->trouble, sizeof(tile->trouble), "%s",
		tile->late ? "the sender hasn't drawn the frame yet" : geyser_error_detail());
	/* such as a frame of another GPU */
	if (result == GEYSER_ERROR_MISMATCH || result == GEYSER_ERROR_UNSUPPORTED)
		view_feed_use_host(&scene->feeds, feed);
}

bool view_scene_take(struct view_scene *scene, bool *step)
{
	const bool keep = scene->look.paused && !*step;
	bool changed = false;

	for (unsigned i = 0; i < scene->feeds.count; i++) {
		struct view_feed *const feed = &scene->feeds.feed[i];
		const enum view_state before = feed->state;

		if (view_feed_take(&scene->feeds, feed, keep, let_go, scene)) {
			begin(scene, feed, DRAWN_NS);
			*step = false;
		} else if (scene->tiles[i].late) {
			begin(scene, feed, 0);
		}
		changed |= scene->tiles[i].fresh || feed->state != before;
	}
	return changed;
}

unsigned view_scene_shown(struct view_scene *scene)
{
	unsigned count = 0;

	for (unsigned i = 0; i < scene->feeds.count; i++) {
		if (scene->tiles[i].fresh && scene->tiles[i].begun) {
			view_feed_shown(&scene->feeds.feed[i]);
			count++;
		}
		scene->tiles[i].fresh = false;
	}
	return count;
}

void view_scene_release(struct view_scene *scene)
{
	for (unsigned i = 0; i < scene->feeds.count; i++)
		let_go(&scene->feeds.feed[i], scene);
}

/* ---- places ---------------------------------------------------------------------------------- */

/* The shape of the first picture, for the arrangement of the tiles. */
static double aspect_of(const struct view_scene *scene)
{
	for (unsigned i = 0; i < scene->feeds.count; i++) {
		struct geyser_frame *const frame = scene->feeds.feed[i].frame;
		struct view_turn turn;

		if (!frame)
			continue;
		turn = view_turn_of(geyser_frame_get_info(frame),
			geyser_texture_get_desc(geyser_frame_texture(frame)));
		return (double)turn.width / (double)turn.height;
	}
	return 16.0 / 9;
}

struct view_tile view_scene_area(const struct view_scene *scene, unsigned index)
{
	return view_tile_of(
		index, scene->feeds.count, scene->width, scene->height, aspect_of(scene));
}

bool view_scene_picture(const struct view_scene *scene, unsigned index,
	struct view_picture *picture, struct view_place *place)
{
	struct geyser_frame *const frame = scene->feeds.feed[index].frame;
	const struct view_tile tile = view_scene_area(scene, index);
	struct view_turn turn;

	if (!scene->tiles[index].begun)
		return false;
	*picture = (struct view_picture){
		.planes = scene->tiles[index].planes,
		.desc = geyser_texture_get_desc(geyser_frame_texture(frame)),
		.info = geyser_frame_get_info(frame),
	};
	turn = view_turn_of(picture->info, picture->desc);
	*place = view_place_of(&tile, &scene->zoom, (double)turn.width, (double)turn.height);
	return true;
}

unsigned view_scene_aim(const struct view_scene *scene)
{
	for (unsigned i = 0; i < scene->feeds.count && scene->mouse; i++) {
		const struct view_tile tile = view_scene_area(scene, i);

		if (scene->mouse_x >= tile.x && scene->mouse_x < tile.x + tile.width &&
			scene->mouse_y >= tile.y && scene->mouse_y < tile.y + tile.height)
			return i;
	}
	return 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

void view_scene_note(struct view_scene *scene, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(scene->note, sizeof(scene->note), format, args);
	va_end(args);
	scene->note_ns = now_ns();
}

/* Writes how the frames come here and to OpenGL. */
static void describe_path(
	const struct view_feed *feed, const struct view_scene_tile *tile, char *text, size_t size)
{
	const struct geyser_texture *const texture = geyser_frame_texture(feed->frame);

	(void)snprintf(text, size, "%s, %s; OpenGL: %s",
		geyser_backend_name(geyser_manager_get_backend(feed->manager)),
		path_name(geyser_texture_path(texture)),
		tile->planes[0].path == GEYSER_PATH_ZERO_COPY ? "in place" : "uploaded");
}

/* Writes what changes with each frame; not more often than one can read it. */
static void write_figures(struct view_scene *scene, const struct view_feed *feed)
{
	struct view_scene_tile *const tile = tile_of(scene, feed);
	char path[96] = "";
	uint64_t median, late;

	if (tile->figures_ns && now_ns() - tile->figures_ns < FIGURES_NS)
		return;
	view_feed_delays(feed, &median, &late);
	if (tile->begun)
		describe_path(feed, tile, path, sizeof(path));
	(void)snprintf(tile->figures, sizeof(tile->figures),
		"%.1f fps, %" PRIu64 " dropped, delay %.1f ms, p99 %.1f ms\n%s%s",
		view_feed_rate(feed), view_feed_dropped(&scene->feeds, feed), (double)median / 1e6,
		(double)late / 1e6, path, *path ? "\n" : "");
	tile->figures_ns = now_ns();
}

static void draw_tile_text(struct view_scene *scene, unsigned index)
{
	const struct view_feed *const feed = &scene->feeds.feed[index];
	struct view_scene_tile *const tile = &scene->tiles[index];
	const struct view_tile area = view_scene_area(scene, index);
	char state[320], look[160], size[64] = "", text[VIEW_TEXT_SIZE];

	view_feed_describe(feed, state, sizeof(state));
	view_describe(&scene->look, look, sizeof(look));
	if (feed->frame) {
		const struct geyser_texture_desc *const desc =
			geyser_texture_get_desc(geyser_frame_texture(feed->frame));

		(void)snprintf(size, sizeof(size), "  %ux%u %s", desc->width, desc->height,
			geyser_format_name(desc->format));
		write_figures(scene, feed);
	}
	(void)snprintf(text, sizeof(text), "%s%s\n%s%s%s%s%s%s%s", feed->name, size,
		feed->frame ? tile->figures : "", tile->trouble, *tile->trouble ? "\n" : "", state,
		*state ? "\n" : "", look, *look ? "\n" : "");
	view_box_set(&scene->gl, &tile->box, text, scene->dot);
	view_box_draw(&scene->gl, &tile->box, area.x + 4, area.y + 4);
}

/* Draws the texel's numbers and the remark at the bottom, and the keys in the middle. */
static void draw_other_text(struct view_scene *scene, const char *pixel)
{
	struct view_gl *const gl = &scene->gl;
	int y = scene->height;

	if (*pixel && !scene->bare) {
		view_box_set(gl, &scene->pixel_box, pixel, scene->dot);
		y -= scene->pixel_box.height + 4;
		view_box_draw(gl, &scene->pixel_box, 4, y);
	}
	if (scene->note_ns) {
		view_box_set(gl, &scene->note_box, scene->note, scene->dot);
		view_box_draw(gl, &scene->note_box, 4, y - scene->note_box.height - 4);
	}
	if (!scene->help)
		return;
	view_box_set(gl, &scene->help_box, view_keys(true), scene->dot);
	view_box_draw(gl, &scene->help_box, (scene->width - scene->help_box.width) / 2,
		(scene->height - scene->help_box.height) / 2);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw_tile(struct view_scene *scene, unsigned index)
{
	struct view_scene_tile *const tile = &scene->tiles[index];
	struct view_picture picture;
	struct view_place place;

	if (!view_scene_picture(scene, index, &picture, &place))
		return;
	/* another look may need another program */
	if (view_gl_draw(&scene->gl, &picture, &scene->look, &place, tile->trouble,
		    sizeof(tile->trouble)))
		tile->trouble[0] = '\0';
}

void view_scene_draw(struct view_scene *scene)
{
	struct view_gl *const gl = &scene->gl;
	char pixel[256] = "";

	if (!scene->bare)
		view_pixel_describe(scene, pixel, sizeof(pixel));
	if (scene->note_ns && now_ns() - scene->note_ns >= NOTE_NS)
		scene->note_ns = 0;
	view_gl_begin(gl, 0, scene->width, scene->height);
	gl->ClearColor(0.125f, 0.125f, 0.125f, 1);
	gl->Clear(GL_COLOR_BUFFER_BIT);
	for (unsigned i = 0; i < scene->feeds.count; i++)
		draw_tile(scene, i);
	for (unsigned i = 0; i < scene->feeds.count && !scene->bare; i++)
		draw_tile_text(scene, i);
	draw_other_text(scene, pixel);
}

bool view_scene_is_late(const struct view_scene *scene)
{
	for (unsigned i = 0; i < scene->feeds.count; i++) {
		if (scene->tiles[i].late)
			return true;
	}
	return false;
}

uint64_t view_scene_deadline(const struct view_scene *scene)
{
	uint64_t out = scene->note_ns ? scene->note_ns + NOTE_NS : UINT64_MAX;

	for (unsigned i = 0; i < scene->feeds.count && !scene->bare; i++) {
		const uint64_t at = view_feed_deadline(&scene->feeds.feed[i]);

		out = at < out ? at : out;
	}
	return out;
}
