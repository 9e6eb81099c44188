/*
 * Text in lines that a terminal shows whole.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_WRAP_H
#define GEYSER_CLI_WRAP_H

/* Where stdout is no terminal and COLUMNS isn't set. */
#define WIDTH_DEFAULT 80u

/* Of stdout. */
unsigned output_width(void);

/* In columns of a terminal: characters of East Asia take two, marks that combine none. */
unsigned text_width(const char *text);

/* Prints head and text, and goes on below the text's beginning where it is too wide; each line is
 * followed by end. A word that is wider than a line isn't cut. */
void print_wrapped(const char *head, const char *text, unsigned width, const char *end);

#endif
