/*
 * geyser view in a window.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "view_scene.h"
#include "view_sdl.h"

/* How long to wait before a frame that isn't drawn yet is tried again. */
#define LATE_NS (NANOSECONDS / 100)

struct window {
	const struct view_options *options;
	struct view_sdl sdl;
	struct view_pane pane;
	struct view_scene scene;
	atomic_bool woken; /* an event of the feeds' thread is in SDL's queue */
	bool redraw, step, quit;
	uint64_t shown;
};

/* ---- keys and the mouse ---------------------------------------------------------------------- */

/* Returns the character of a key; 0: none that is used. */
static char character_of(const SDL_Keysym *key)
{
	const bool shift = key->mod & KMOD_SHIFT;

	switch (key->sym) {
	case SDLK_KP_PLUS:
		return '+';
	case SDLK_KP_MINUS:
		return '-';
	case SDLK_SLASH:
		return shift ? '?' : '/';
	default:
		break;
	}
	if (key->sym <= 0 || key->sym > 126 || (key->mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI)))
		return 0;
	return (char)(shift && key->sym >= 'a' && key->sym <= 'z' ? key->sym - 'a' + 'A'
								  : key->sym);
}

/* Returns the place of the picture that the mouse points to. */
static bool aimed_place(const struct window *window, struct view_place *out)
{
	struct view_picture picture;

	return view_scene_picture(&window->scene, view_scene_aim(&window->scene), &picture, out);
}

static void move_by(struct window *window, double x, double y)
{
	struct view_place place;

	if (aimed_place(window, &place))
		view_zoom_move(&window->scene.zoom, &place, x, y);
}

/* Zooms around a pixel of the window; around the middle of the tile for a key. */
static void zoom_by(struct window *window, double factor, bool at_mouse)
{
	const struct view_scene *const scene = &window->scene;
	struct view_place place;

	if (!aimed_place(window, &place))
		return;
	view_zoom_by(&window->scene.zoom, &place, factor,
		at_mouse ? scene->mouse_x : place.tile.x + place.tile.width / 2.0,
		at_mouse ? scene->mouse_y : place.tile.y + place.tile.height / 2.0);
}

static void toggle_full_screen(struct window *window)
{
	const bool full =
		window->sdl.GetWindowFlags(window->pane.window) & SDL_WINDOW_FULLSCREEN_DESKTOP;

	(void)window->sdl.SetWindowFullscreen(
		window->pane.window, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}

static void act(struct window *window, enum view_action action)
{
	struct view_scene *const scene = &window->scene;

	switch (action) {
	case VIEW_QUIT:
		window->quit = true;
		break;
	case VIEW_STEP:
		window->step = true;
		break;
	case VIEW_RANGE:
		view_pixel_range(scene);
		break;
	case VIEW_SAVE:
		view_save_picture(scene);
		break;
	case VIEW_OVERLAY:
		scene->bare = !scene->bare;
		break;
	case VIEW_HELP:
		scene->help = !scene->help;
		break;
	case VIEW_FULL_SCREEN:
		toggle_full_screen(window);
		break;
	case VIEW_FIT:
		scene->zoom = (struct view_zoom){.scale = 0};
		break;
	case VIEW_ONE_TO_ONE:
		scene->zoom = (struct view_zoom){.scale = 1, .x = 0.5, .y = 0.5};
		break;
	case VIEW_NEARER:
	case VIEW_FARTHER:
		zoom_by(window, action == VIEW_NEARER ? 2 : 0.5, scene->mouse);
		break;
	case VIEW_NOTHING:
	case VIEW_REDRAW:
		break;
	}
	window->redraw |= action != VIEW_NOTHING;
}

static void take_key(struct window *window, const SDL_Keysym *key)
{
	const struct view_scene *const scene = &window->scene;
	const double across = scene->width / 8.0, down = scene->height / 8.0;
	const char character = character_of(key);

	window->redraw = true;
	if (key->sym == SDLK_LEFT)
		move_by(window, across, 0);
	else if (key->sym == SDLK_RIGHT)
		move_by(window, -across, 0);
	else if (key->sym == SDLK_UP)
		move_by(window, 0, down);
	else if (key->sym == SDLK_DOWN)
		move_by(window, 0, -down);
	else if (character)
		act(window, view_key(&window->scene.look, &window->options->look, character));
}

static void take_motion(struct window *window, const SDL_MouseMotionEvent *event)
{
	struct view_scene *const scene = &window->scene;
	int width, height;
	double factor;

	window->sdl.GetWindowSize(window->pane.window, &width, &height);
	factor = width > 0 ? (double)scene->width / width : 1;
	scene->mouse = true;
	scene->mouse_x = (event->x + 0.5) * factor;
	scene->mouse_y = (event->y + 0.5) * factor;
	if (event->state & SDL_BUTTON_LMASK)
		move_by(window, event->xrel * factor, event->yrel * factor);
	window->redraw = true;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void take_event(struct window *window, const SDL_Event *event)
{
	switch (event->type) {
	case SDL_QUIT:
		window->quit = true;
		break;
	case SDL_KEYDOWN:
		take_key(window, &event->key.keysym);
		break;
	case SDL_MOUSEMOTION:
		take_motion(window, &event->motion);
		break;
	case SDL_MOUSEWHEEL:
		zoom_by(window, exp2((double)event->wheel.preciseY / 2), true);
		window->redraw = true;
		break;
	case SDL_WINDOWEVENT:
		if (event->window.event == SDL_WINDOWEVENT_LEAVE)
			window->scene.mouse = false;
		window->redraw = true;
		break;
	case SDL_USEREVENT:
		atomic_store(&window->woken, false);
		break;
	default:
		break;
	}
}

/* Called from the feeds' thread. */
static void wake(void *user)
{
	struct window *const window = user;
	SDL_Event event = {.type = SDL_USEREVENT};

	if (!atomic_exchange(&window->woken, true) && window->sdl.PushEvent(&event) < 1)
		atomic_store(&window->woken, false);
}

/* Called from the thread of the signals. */
static void quit_at_signal(void *user)
{
	struct window *const window = user;
	SDL_Event event = {.type = SDL_QUIT};

	(void)window->sdl.PushEvent(&event);
}

/* Sleeps until there are events or the text changes, and handles all events. */
static void wait_for_events(struct window *window)
{
	const uint64_t deadline = view_scene_deadline(&window->scene), now = now_ns();
	const bool late = view_scene_is_late(&window->scene) && deadline > now + LATE_NS;
	const uint64_t end = late ? now + LATE_NS : deadline;
	const uint64_t left = end > now ? (end - now) / 1000000 + 1 : 0;
	SDL_Event event;

	if (end == UINT64_MAX ? !window->sdl.WaitEvent(&event)
			      : !window->sdl.WaitEventTimeout(&event, (int)left)) {
		window->redraw |= !late;
		return;
	}
	do
		take_event(window, &event);
	while (window->sdl.PollEvent(&event));
}

/* ---- showing --------------------------------------------------------------------------------- */

/* The text's dots are larger where there are more pixels. */
static unsigned choose_dot(const struct view_scene *scene)
{
	const struct view_tile tile = view_scene_area(scene, 0);

	return tile.height < 480 ? 1 : tile.height < 1440 ? 2 : 3;
}

static void measure(struct window *window)
{
	struct view_scene *const scene = &window->scene;

	window->sdl.GL_GetDrawableSize(window->pane.window, &scene->width, &scene->height);
	scene->dot = choose_dot(scene);
}

static void show(struct window *window)
{
	view_scene_draw(&window->scene);
	window->sdl.GL_SwapWindow(window->pane.window);
	/* Without this a driver may keep several pictures in store, each a frame late. */
	window->scene.gl.Finish();
	window->shown += view_scene_shown(&window->scene);
	window->redraw = false;
}

static bool is_done(const struct window *window)
{
	return window->quit ||
	       (window->options->frames && window->shown >= window->options->frames);
}

static int run(struct window *window)
{
	const char *const snapshot = window->options->snapshot;

	window->redraw = true;
	while (!is_done(window)) {
		measure(window);
		window->redraw |= view_scene_take(&window->scene, &window->step);
		if (window->redraw)
			show(window);
		if (!is_done(window))
			wait_for_events(window);
	}
	(void)signals_came(signals_fd()); /* a signal now leaves time to end in order */
	return snapshot ? view_save_window(&window->scene, snapshot) : STATUS_OK;
}

/* ---- the window ------------------------------------------------------------------------------ */

/* Chooses the window's size: streams that exist tell theirs. */
static struct size choose_size(const struct view_options *options)
{
	struct size out = {0, 0};
	struct geyser_stream_info stream;
	unsigned columns = 1;

	if (options->size.width)
		return options->size;
	if (geyser_stream_find(options->names[0], &stream) == GEYSER_OK)
		out = (struct size){stream.width, stream.height};
	if (!out.width)
		out = (struct size){1280, 720};
	while (columns * columns < options->count)
		columns++;
	return (struct size){
		out.width * columns, out.height * ((options->count + columns - 1) / columns)};
}

static bool open_pane(struct window *window)
{
	const struct view_options *const options = window->options;
	const struct size size = choose_size(options);
	char title[256] = "geyser view:";

	for (unsigned i = 0; i < options->count; i++) {
		const size_t length = strlen(title);

		(void)snprintf(title + length, sizeof(title) - length, "%s %s", i ? "," : "",
			options->names[i]);
	}
	return view_pane_open(
		&window->sdl, title, size.width, size.height, !options->size.width, &window->pane);
}

static void close_scene(struct view_scene *scene)
{
	for (unsigned i = 0; i < VIEW_STREAMS_MAX; i++)
		view_box_finish(&scene->gl, &scene->tiles[i].box);
	view_box_finish(&scene->gl, &scene->help_box);
	view_box_finish(&scene->gl, &scene->pixel_box);
	view_box_finish(&scene->gl, &scene->note_box);
}

/* Shows the streams in the open window. */
static int run_in_pane(struct window *window)
{
	struct view_scene *const scene = &window->scene;
	int status;

	if (!view_gl_init(&scene->gl, window->sdl.GL_GetProcAddress))
		return STATUS_FAILURE;
	scene->feeds.wake = wake;
	scene->feeds.user = window;
	status = view_feeds_open(window->options, &scene->feeds);
	if (!status) {
		signals_set_hook(quit_at_signal, window);
		status = run(window);
		signals_set_hook(NULL, NULL);
		if (window->options->stats)
			view_feeds_tell(&scene->feeds);
		view_scene_release(scene);
		view_feeds_close(&scene->feeds);
	}
	close_scene(scene);
	view_gl_finish(&scene->gl);
	return status;
}

int view_in_window(const struct view_options *options, int signals)
{
	static struct window window; /* too large for the stack */
	int status = STATUS_FAILURE;

	(void)signals;
	window.options = options;
	window.scene.look = options->look;
	window.scene.bare = options->bare;
	if (!view_sdl_open(&window.sdl))
		return STATUS_FAILURE;
	if (open_pane(&window))
		status = run_in_pane(&window);
	view_pane_close(&window.sdl, &window.pane);
	view_sdl_close(&window.sdl);
	return status;
}
