/*
 * The options of a subcommand. One table says how an option is typed, where its value goes and what
 * --help says about it: read_options and print_help both follow that table.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_OPTIONS_H
#define GEYSER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common.h"
#include "complete.h"

/* An option that was typed, for the function that takes it. */
struct given {
	const char *command; /* the subcommand's name, for messages */
	const char *text;    /* the value; NULL if the option takes none */
	void *options;       /* the struct that read_options fills in */
	const struct syntax *syntax;
	const struct option_row *row;
};

/* Stores what was given. Prints what is wrong and returns the exit status, or STATUS_OK. */
typedef int take_option(const struct given *given);

struct option_row {
	char letter;       /* 0: the option has no short form */
	const char *name;  /* the long form, without its dashes */
	const char *value; /* the value's name in --help; NULL: the option takes no value */
	/* The text in --help; a newline ends its line early, and names in braces stand for lists
	 * (lists.h). NULL: the next row's text is for this option, too. */
	const char *help;
	take_option *take;
	/* What a shell offers as the value. NULL: files if the value's name begins with FILE or
	 * DIR, and else nothing. */
	offer_words *offer;
	size_t field;    /* where the functions below store the value, in the struct of options */
	unsigned choice; /* what take_choice stores */
};

/* How a subcommand is called. */
struct syntax {
	const char *usage;  /* the part of --help before the options */
	const char *notes;  /* the part of --help after the options */
	unsigned column;    /* the column of --help in which the options' texts begin */
	int words;          /* arguments that are no options; ANY_WORDS: the command counts them */
	const char *wanted; /* what these arguments are, for messages: "the stream's name" */
	/* The arguments that a shell completes; the last one stands for all that follow. NULL:
	 * names of files. */
	offer_words *arguments[3];
	const char *see; /* other commands that the manual page names, "recv list"; may be NULL */
	const struct option_row *options; /* without --help, which every command has */
	size_t option_count;
};

#define ANY_WORDS (-1)
#define OPTIONS_MAX 24u

/* The fields options and option_count of a struct syntax. */
#define OPTIONS(rows) .options = (rows), .option_count = COUNT_UP_TO(rows, OPTIONS_MAX)

/* How many elements an array has. An array of more than `most` elements doesn't compile. */
#define COUNT_UP_TO(array, most)              \
	(sizeof(array) / sizeof((array)[0]) + \
		0 * sizeof(char[sizeof(array) / sizeof((array)[0]) <= (most) ? 1 : -1]))

/* Reads the options from the command line and stores them. Returns the other arguments, with NULL
 * after the last one. Returns NULL if the command must end: then *status is its exit status, after
 * an error message or after the text of --help. */
char **read_options(const struct syntax *syntax, int argc, char **argv, void *options, int *status);

/* Returns the option with that index, --help after the last row; NULL after that. */
const struct option_row *option_at(const struct syntax *syntax, size_t index);

/* Returns the option whose name begins with these letters, if there is no other such option, or is
 * just these; else NULL. */
const struct option_row *option_named(
	const struct syntax *syntax, const char *letters, size_t length);

/* Returns the option with that short form; NULL if there is none. */
const struct option_row *option_of_letter(const struct syntax *syntax, char letter);

/* Prints the text of --help and returns the exit status. */
int print_help(const struct syntax *syntax);

/* Adds a row of a help text to the answers: two spaces, the head, and from the given column on the
 * text, with its lists filled in. A text that is too long for the width of a help text goes on
 * below itself. */
void add_help_row(const char *head, unsigned column, const char *text);

/* ---- how a value is stored: these stand in an option_row after the help text ----------------- */

take_option take_flag, take_text, take_format, take_backend, take_size, take_filter, take_seconds,
	take_timeout, take_frame_count, take_choice;

/* The place of a member, which must be of this type: else the comparison doesn't compile. */
#define FIELD(type, member, member_type)  \
	.field = offsetof(type, member) + \
		 0 * sizeof(&((type *)NULL)->member == (member_type *)NULL) /* NOLINT: a type */

/* type is the struct of options, member is where the value goes. */
#define FLAG(type, member) .take = take_flag, FIELD(type, member, bool)
#define TEXT(type, member) .take = take_text, FIELD(type, member, const char *)
#define FORMAT(type, member) \
	.take = take_format, .offer = offer_formats, FIELD(type, member, enum geyser_format)
#define SIZE(type, member) .take = take_size, .offer = offer_sizes, FIELD(type, member, struct size)
#define FILTER(type, member) \
	.take = take_filter, .offer = offer_filters, FIELD(type, member, enum geyser_filter)
#define BACKEND(type, member) \
	.take = take_backend, .offer = offer_backends, FIELD(type, member, enum geyser_backend)

/* Seconds to nanoseconds: SECONDS takes 0, too; TIMEOUT takes more than 0 only. */
#define SECONDS(type, member) .take = take_seconds, FIELD(type, member, uint64_t)
#define TIMEOUT(type, member) .take = take_timeout, FIELD(type, member, uint64_t)

/* A number of frames, 1 or more. */
#define FRAMES(type, member) .take = take_frame_count, FIELD(type, member, uint64_t)

/* One of several options that exclude each other: they have the same member, an enum that is 0
 * before, and each its own value of it. */
#define CHOICE(type, member, member_type, value) \
	.take = take_choice, .choice = (value), FIELD(type, member, member_type)

/* The row of --backend; type has a member backend. */
#define BACKEND_ROW(type)                                                                    \
	{                                                                                    \
		'B', "backend", "B", "{backends}: see geyser --help", BACKEND(type, backend) \
	}

/* ---- subcommands: commands.def lists them ---------------------------------------------------- */

#define COMMAND(name, summary)                     \
	int name##_command(int argc, char **argv); \
	extern const struct syntax name##_syntax;
#include "commands.def"
#undef COMMAND

#endif
