/*
 * The keys of geyser view.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "complete.h"
#include "view.h"

static const char *const channel_names[] = {"rgba", "rgb", "r", "g", "b", "a"};

void offer_channels(const struct offers *offers)
{
	for (size_t i = 0; i < VIEW_CHANNELS; i++)
		offer(offers, channel_names[i], NULL);
}

enum view_channels view_channels_from(const char *text)
{
	unsigned i = 0;

	while (i < VIEW_CHANNELS && strcmp(text, channel_names[i]) != 0)
		i++;
	return (enum view_channels)i;
}

static void reset(struct view_look *look, const struct view_look *initial)
{
	const bool paused = look->paused;

	*look = *initial;
	look->paused = paused;
}

/* Changes the look. Returns false if the key doesn't. */
static bool change(struct view_look *look, const struct view_look *initial, char key)
{
	switch (key) {
	case ' ':
		look->paused = !look->paused;
		return true;
	case 'c':
		look->channels = (look->channels + 1) % VIEW_CHANNELS;
		return true;
	case 'e':
		look->half_stops += look->half_stops < 40;
		return true;
	case 'E':
		look->half_stops -= look->half_stops > -40;
		return true;
	case 't':
		look->tone = (look->tone + 1) % VIEW_TONES;
		return true;
	case 'r':
		reset(look, initial);
		return true;
	default:
		return false;
	}
}

enum view_action view_key(struct view_look *look, const struct view_look *initial, char key)
{
	static const struct {
		char key;
		enum view_action action;
	} actions[] = {
		{'q', VIEW_QUIT},
		{'\033', VIEW_QUIT},
		{'.', VIEW_STEP},
		{'n', VIEW_RANGE},
		{'s', VIEW_SAVE},
		{'o', VIEW_OVERLAY},
		{'h', VIEW_HELP},
		{'?', VIEW_HELP},
		{'f', VIEW_FULL_SCREEN},
		{'0', VIEW_FIT},
		{'1', VIEW_ONE_TO_ONE},
		{'+', VIEW_NEARER},
		{'=', VIEW_NEARER},
		{'-', VIEW_FARTHER},
	};

	if (change(look, initial, key))
		return VIEW_REDRAW;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (actions[i].key == key)
			return actions[i].action;
	}
	return VIEW_NOTHING;
}

void view_describe(const struct view_look *look, char *text, size_t size)
{
	char channels[16] = "", exposure[32] = "", range[64] = "";

	if (look->channels)
		(void)snprintf(
			channels, sizeof(channels), ", channels %s", channel_names[look->channels]);
	if (look->half_stops)
		(void)snprintf(
			exposure, sizeof(exposure), ", exposure %+.1f", look->half_stops / 2.0);
	if (look->low < look->high)
		(void)snprintf(
			range, sizeof(range), ", %g to %g", (double)look->low, (double)look->high);
	(void)snprintf(text, size, "%s%s%s%s%s", look->paused ? ", paused" : "", channels, exposure,
		range,
		look->tone == VIEW_TONE_ON    ? ", tone mapping on"
		: look->tone == VIEW_TONE_OFF ? ", tone mapping off"
					      : "");
	if (*text)
		(void)memmove(text, text + 2, strlen(text + 2) + 1);
}

const char *view_keys(bool window)
{
	static const char all[] = "space  pause, go on\n"
				  ".      one frame while paused\n"
				  "c      channels: rgba, rgb, r, g, b, a\n"
				  "e E    exposure: up, down\n"
				  "t      tone mapping: HDR only, on, off\n"
				  "n      smallest sample black, largest white\n"
				  "r      channels, exposure and the like as before\n"
				  "h      these keys\n"
				  "q      quit\n"
				  "s      save the picture under the mouse as PNG\n"
				  "+ -    nearer, farther; so does the wheel\n"
				  "0 1    fit the window, one texel a pixel\n"
				  "drag   move the picture; so do the arrows\n"
				  "o      hide or show the text\n"
				  "f      full screen";
	static char some[sizeof(all)];

	if (window)
		return all;
	(void)snprintf(some, sizeof(some), "%.*s", (int)(strstr(all, "\ns ") - all), all);
	return some;
}
