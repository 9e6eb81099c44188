/*
 * What the numbers of texels mean, as words: "bt709,limited".
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "colour.h"
#include "common.h"
#include "lists.h"

/* The numbers are those of ITU-T H.273, each plus 1. */
static const struct {
	const char *word;
	struct colour_choice choice;
} words[] = {
	{"bt601", {.primaries = 7, .transfer = 7, .matrix = 7}},
	{"bt709", {.primaries = 2, .transfer = 2, .matrix = 2}},
	{"bt2020", {.primaries = 10, .transfer = 15, .matrix = 10}},
	{"p3", {.primaries = 13}},
	{"srgb", {.primaries = 2, .transfer = 14}},
	{"pq", {.transfer = 17}},
	{"hlg", {.transfer = 19}},
	{"rgb", {.matrix = 1}},
	{"full", {.range = GEYSER_COLOR_RANGE_FULL + 1}},
	{"limited", {.range = GEYSER_COLOR_RANGE_LIMITED + 1}},
	{"left", {.siting = GEYSER_SITING_LEFT + 1}},
	{"center", {.siting = GEYSER_SITING_CENTER + 1}},
	{"top-left", {.siting = GEYSER_SITING_TOP_LEFT + 1}},
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

const char *colour_word(size_t index)
{
	return index < WORD_COUNT ? words[index].word : NULL;
}

static void merge(struct colour_choice *out, const struct colour_choice *choice)
{
	if (choice->primaries)
		out->primaries = choice->primaries;
	if (choice->transfer)
		out->transfer = choice->transfer;
	if (choice->matrix)
		out->matrix = choice->matrix;
	if (choice->siting)
		out->siting = choice->siting;
	if (choice->range)
		out->range = choice->range;
}

int parse_colour(const char *command, const char *text, struct colour_choice *out)
{
	char list[LIST_SIZE];

	for (const char *next = text;; next++) {
		const size_t length = strcspn(next, ",");
		size_t i = 0;

		while (i < WORD_COUNT &&
			(strncmp(words[i].word, next, length) != 0 || words[i].word[length]))
			i++;
		if (i == WORD_COUNT)
			return usage_error("%s: unknown word in a colour (%.*s): expected words "
					   "such as bt709,limited: %s",
				command, (int)(length < 100 ? length : 100), next,
				list_text(LIST_COLOUR_WORDS, list));
		merge(out, &words[i].choice);
		next += length;
		if (!*next)
			return STATUS_OK;
	}
}

void choose_colour(const struct colour_choice *choice, struct geyser_frame_info *info)
{
	struct geyser_color *const color = &info->color;

	if (choice->primaries)
		color->primaries = (uint8_t)(choice->primaries - 1);
	if (choice->transfer)
		color->transfer = (uint8_t)(choice->transfer - 1);
	if (choice->matrix)
		color->matrix = (uint8_t)(choice->matrix - 1);
	if (choice->siting)
		info->siting = (enum geyser_siting)(choice->siting - 1);
	if (choice->range)
		color->range = (enum geyser_color_range)(choice->range - 1);
}
