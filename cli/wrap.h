/*
 * Text in lines that a terminal shows whole.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_WRAP_H
#define GEYSER_CLI_WRAP_H

/* The width if stdout is no terminal and COLUMNS isn't set. */
#define WIDTH_DEFAULT 80u

/* Returns the width of stdout in columns. */
unsigned output_width(void);

/* Returns a text's width in columns of a terminal: East Asian characters take two, combining marks
 * none. */
unsigned text_width(const char *text);

/* Replaces in place, by a '?', each character that a terminal obeys instead of showing it, and each
 * that changes the order of others on the screen. */
void replace_controls(char *text);

/* Prints head and text, the text without controls. A text that is too wide goes on in further
 * lines, below its beginning; each line is followed by end. A word that is wider than a line isn't
 * cut. */
void print_wrapped(const char *head, const char *text, unsigned width, const char *end);

#endif
