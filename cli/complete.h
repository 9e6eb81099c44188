/*
 * Offers words to a shell that completes a command line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_COMPLETE_H
#define GEYSER_CLI_COMPLETE_H

#include <stddef.h>

/* How offered words are printed. */
struct offers {
	/* what the user typed of the same word before its value: "--format=", "--color=pq," */
	const char *prefix;
	size_t prefix_length;
};

/* Offers a word. meaning is shown beside it, and may be NULL. */
void offer(const struct offers *offers, const char *word, const char *meaning);

/* Offers all words that may stand in one place of a command line. */
typedef void offer_words(const struct offers *offers);

/* What an option's value may be: these stand in an option_row, in the macros of options.h. */
offer_words offer_formats, offer_backends, offer_true_backends, offer_filters, offer_sizes,
	offer_patterns, offer_colour_words, offer_channels;

/* What an argument may be: these stand in the field arguments of a struct syntax. Streams, and what
 * is shared, are those that exist now. */
offer_words offer_streams, offer_textures, offer_events, offer_nothing;

#endif
