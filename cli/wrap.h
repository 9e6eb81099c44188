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

/* Replaces by a '?', in place, each character that controls a terminal, and each that changes the
 * order of others on the screen. */
void replace_controls(char *text);

/* Prints head and then text, without its control characters. A text that is too wide goes on in
 * further lines, below its beginning. end follows each line. A word that is wider than a line isn't
 * cut. */
void print_wrapped(const char *head, const char *text, unsigned width, const char *end);

#endif
