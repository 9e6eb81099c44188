/*
 * Finds known words that are near to an unknown one.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common.h"

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

#define WORD_MAX 63u

/* Counts the letters that are wrong, missing, too many or swapped with their neighbours (Damerau
 * and Levenshtein, optimal string alignment). Longer words are no candidates. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	const size_t length = strlen(b);

	if (length > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		last[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *const oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			const size_t replace = last[j - 1] + !same(a[i - 1], b[j - 1]);

			row[j] = smaller(replace, 1 + smaller(last[j], row[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[length];
}

const char *nearest_word(
	const char *text, size_t count, const char *(*word)(size_t index, void *user), void *user)
{
	const char *best = NULL;
	const size_t length = strlen(text);
	size_t best_distance = length / 3 + 2; /* so that "shrae" finds "share" */

	if (length > 32)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *const candidate = word(i, user);
		size_t d = candidate ? distance(text, candidate) : SIZE_MAX;

		/* A beginning ("rgba8") counts as one mistake. */
		if (candidate && length > 2 && strncasecmp(text, candidate, length) == 0)
			d = 1;

		/* Two mistakes are too many for a short word: "foo" doesn't mean "top". */
		if (d > 1 && candidate && smaller(length, strlen(candidate)) <= 3)
			continue;
		if (d < best_distance) {
			best = candidate;
			best_distance = d;
		}
	}
	return best;
}
