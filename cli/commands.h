/*
 * The table of subcommands, and what is said of the program as a whole.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_COMMANDS_H
#define GEYSER_CLI_COMMANDS_H

#include "options.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const struct syntax *syntax;
	const char *summary;
};

/* Returns the subcommand with that index, in the order of commands.def; NULL after the last one. */
const struct command *command_at(size_t index);

/* Returns the subcommand with that name; NULL if there is none. */
const struct command *command_named(const char *name);

/* A line of a list: a word, and what it means. */
struct entry {
	const char *name, *meaning;
};

/* What geyser --help and the page geyser(1) say. A list ends with a name that is NULL. */
struct overview {
	const char *usage; /* as in struct syntax */
	const struct entry *options;
	const char *notes; /* as in struct syntax */
	const struct entry *variables;
	/* These two are in geyser(1) alone. A line of `more` that ends in a colon is a heading. */
	const struct entry *files;
	const char *more;
};

extern const struct overview overview;

/* Adds the text of geyser --help to the answers. */
void print_overview(void);

/* Prints the manual page of a subcommand, or with NULL geyser(1), in scdoc's format. Returns the
 * exit status. */
int print_manual(const struct command *command);

/* Prints what the last of the words, which a user types after "geyser", may become: a line for each
 * choice, its meaning after a tab. Returns STATUS_OK, or STATUS_FAILURE after no line if the shell
 * is to complete the name of a file. No errors are printed. */
int print_completions(int count, char **words);

#endif
