/*
 * Reads a subcommand's options and prints its help, both from the table of its options.
 *
 * SPDX-License-Identifier: MIT
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <geyser/stream.h>

#include "lists.h"
#include "options.h"
#include "wrap.h"

/* getopt_long returns the letter of a short option, and for a long one this plus its row's index.
 * No letter is as large. */
#define LONG_OPTION 256

/* ---- the table, with --help after its last row ----------------------------------------------- */

static const struct option_row help_row = {
	'h', "help", NULL, "print the help of this command", .take = NULL};

static size_t row_count(const struct syntax *syntax)
{
	return syntax->option_count + 1;
}

const struct option_row *option_at(const struct syntax *syntax, size_t index)
{
	if (index < syntax->option_count)
		return &syntax->options[index];
	return index == syntax->option_count ? &help_row : NULL;
}

const struct option_row *option_of_letter(const struct syntax *syntax, char letter)
{
	for (size_t i = 0; i < row_count(syntax); i++) {
		if (letter && option_at(syntax, i)->letter == letter)
			return option_at(syntax, i);
	}
	return NULL;
}

const struct option_row *option_named(
	const struct syntax *syntax, const char *letters, size_t length)
{
	const struct option_row *found = NULL;
	unsigned matches = 0;

	for (size_t i = 0; i < row_count(syntax); i++) {
		const struct option_row *const row = option_at(syntax, i);

		if (strncmp(row->name, letters, length) != 0)
			continue;
		if (!row->name[length])
			return row;
		found = row;
		matches++;
	}
	return matches == 1 ? found : NULL;
}

/* Finds the row of what getopt_long returned; NULL: it returned an error. */
static const struct option_row *find_row(const struct syntax *syntax, int option)
{
	if (option >= LONG_OPTION)
		return option_at(syntax, (size_t)(option - LONG_OPTION));
	return option_of_letter(syntax, (char)option);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static const char *option_word(size_t index, void *user)
{
	return option_at(user, index)->name;
}

/* Prints an error for a long option that is unknown, or the beginning of several. */
static int wrong_long_option(const struct given *given, const char *word)
{
	const size_t count = row_count(given->syntax);
	char name[64], all[256] = "";
	const char *near;
	unsigned matches = 0;

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (size_t i = 0; i < count; i++) {
		const char *const known = option_at(given->syntax, i)->name;
		const size_t length = strlen(all);

		if (strncmp(known, name, strlen(name)) == 0)
			(void)snprintf(all + length, sizeof(all) - length, "%s--%s",
				matches++ ? ", " : "", known);
	}
	if (matches > 1)
		return usage_error("%s: ambiguous option (--%s): expected one of %s",
			given->command, name, all);
	near = nearest_word(name, count, option_word, (void *)given->syntax);
	if (near)
		return usage_error("%s: unknown option (--%s): did you mean --%s?", given->command,
			name, near);
	return usage_error("%s: unknown option (--%s): geyser %s --help lists all", given->command,
		name, given->command);
}

/* Prints an error for the option at which getopt_long returned '?' or ':'. */
static int wrong_option(const struct given *given, char **argv, int result)
{
	const char *const word = argv[optind - 1];

	/* A wrong letter within "-abc" leaves optind at the word itself. */
	if (result == '?' && optopt > 0 && optopt < 128 && strncmp(word, "--", 2) != 0)
		return usage_error("%s: unknown option (-%c): geyser %s --help lists all",
			given->command, optopt, given->command);
	if (result == ':')
		return usage_error("%s: option without its value (%s): geyser %s --help says what "
				   "it takes",
			given->command, word, given->command);
	if (optopt)
		return usage_error(
			"%s: option with a value (%s): expected none", given->command, word);
	return wrong_long_option(given, word);
}

static int check_words(const struct given *given, int count, char **words)
{
	const struct syntax *const syntax = given->syntax;

	if (syntax->words == ANY_WORDS || count == syntax->words)
		return STATUS_OK;
	if (!syntax->words)
		return usage_error("%s: unexpected argument (%.100s): expected none",
			given->command, words[0]);
	return usage_error("%s: wrong number of arguments (%d): expected %s", given->command, count,
		syntax->wanted);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Writes the table in getopt_long's form. */
static void fill_getopt(const struct syntax *syntax, struct option *full, char *brief)
{
	*brief++ = ':'; /* tells a missing value from an unknown option */
	for (size_t i = 0; i < row_count(syntax); i++) {
		const struct option_row *const row = option_at(syntax, i);

		full[i] = (struct option){
			.name = row->name,
			.has_arg = row->value ? required_argument : no_argument,
			.val = LONG_OPTION + (int)i,
		};
		if (row->letter)
			*brief++ = row->letter;
		if (row->letter && row->value)
			*brief++ = ':';
	}
	full[row_count(syntax)] = (struct option){0};
	*brief = '\0';
}

char **read_options(const struct syntax *syntax, int argc, char **argv, void *options, int *status)
{
	struct given given = {.command = argv[0], .options = options, .syntax = syntax};
	struct option full[OPTIONS_MAX + 2];
	char brief[2 * (OPTIONS_MAX + 1) + 2];
	int option;

	fill_getopt(syntax, full, brief);
	while ((option = getopt_long(argc, argv, brief, full, NULL)) != -1) {
		given.row = find_row(syntax, option);
		given.text = optarg;
		if (!given.row)
			*status = wrong_option(&given, argv, option);
		else if (given.row == &help_row)
			*status = print_help(syntax);
		else
			*status = given.row->take(&given);
		if (*status || given.row == &help_row)
			return NULL;
	}
	*status = check_words(&given, argc - optind, argv + optind);
	return *status ? NULL : argv + optind;
}

/* ---- storing --------------------------------------------------------------------------------- */

static void *field_of(const struct given *given)
{
	return (char *)given->options + given->row->field;
}

int take_flag(const struct given *given)
{
	*(bool *)field_of(given) = true;
	return STATUS_OK;
}

int take_text(const struct given *given)
{
	*(const char **)field_of(given) = given->text;
	return STATUS_OK;
}

int take_frame_count(const struct given *given)
{
	uint64_t *const frames = field_of(given);

	if (parse_number(given->text, frames) && *frames)
		return STATUS_OK;
	return usage_error("%s: wrong number of frames (%.100s): expected 1 or more",
		given->command, given->text);
}

int take_format(const struct given *given)
{
	const enum geyser_format format = parse_format(given->text);

	*(enum geyser_format *)field_of(given) = format;
	return format ? STATUS_OK : STATUS_USAGE;
}

int take_backend(const struct given *given)
{
	return parse_backend(given->text, field_of(given));
}

int take_size(const struct given *given)
{
	return parse_size(given->command, given->text, field_of(given));
}

/* In the order of enum geyser_filter, from GEYSER_FILTER_NEAREST on. */
static const char *const filters[] = {"nearest", "bilinear", "box"};

#define FILTER_COUNT (sizeof(filters) / sizeof(filters[0]))

void offer_filters(const struct offers *offers)
{
	for (size_t i = 0; i < FILTER_COUNT; i++)
		offer(offers, filters[i], NULL);
}

int take_filter(const struct given *given)
{
	for (size_t i = 0; i < FILTER_COUNT; i++) {
		if (strcmp(given->text, filters[i]) != 0)
			continue;
		*(enum geyser_filter *)field_of(given) =
			(enum geyser_filter)(GEYSER_FILTER_NEAREST + i);
		return STATUS_OK;
	}
	return usage_error("%s: unknown filter (%.100s): expected nearest, bilinear or box",
		given->command, given->text);
}

static int take_time(const struct given *given, bool zero)
{
	char name[64];
	char *dash;

	(void)snprintf(name, sizeof(name), "%s", given->row->name);
	while ((dash = strchr(name, '-')))
		*dash = ' ';
	return parse_timeout(given->command, name, given->text, zero, field_of(given));
}

int take_seconds(const struct given *given)
{
	return take_time(given, true);
}

int take_timeout(const struct given *given)
{
	return take_time(given, false);
}

/* Prints an error that names all options with the field of the one that was given. */
static int two_choices(const struct given *given)
{
	const struct syntax *const syntax = given->syntax;
	struct words words = {.count = 0};
	char text[LIST_SIZE];

	for (size_t i = 0; i < syntax->option_count; i++) {
		if (syntax->options[i].take == take_choice &&
			syntax->options[i].field == given->row->field)
			add_word(&words, "--%s", syntax->options[i].name);
	}
	return usage_error(
		"%s: %s: expected one of them", given->command, join_words(&words, "and", text));
}

int take_choice(const struct given *given)
{
	unsigned *const chosen = field_of(given);

	if (*chosen && *chosen != given->row->choice)
		return two_choices(given);
	*chosen = given->row->choice;
	return STATUS_OK;
}

/* ---- help ------------------------------------------------------------------------------------ */

#define HELP_WIDTH 79u
#define HELP_SIZE 4096u

/* Cuts off the first line. Returns what follows it. */
static char *cut_line(char *text)
{
	char *const end = text + strcspn(text, "\n");

	if (!*end)
		return end;
	*end = '\0';
	return end + 1;
}

/* Puts the line together with those that follow it up to one that is empty or indented. Returns
 * what follows. */
static char *join_paragraph(char *line, char *next)
{
	while (*next && *next != '\n' && *next != ' ') {
		line[strlen(line)] = ' ';
		next = cut_line(next);
	}
	return next;
}

/* Adds the lines of a text to the answers, with its lists filled in. The head stands before the
 * first line, and as many spaces before the others. From a line that is too long on a paragraph is
 * filled anew. */
static void add_text(const char *head, const char *text)
{
	char all[HELP_SIZE], start[HELP_WIDTH + 1];
	const int indent = (int)text_width(head);
	char *line = all, *next;

	expand_lists(text, all, sizeof(all));
	(void)snprintf(start, sizeof(start), "%s", head);
	for (; *line; line = next) {
		next = cut_line(line);
		if (text_width(line) + (unsigned)indent > HELP_WIDTH) {
			next = join_paragraph(line, next);
			print_wrapped(start, line, HELP_WIDTH, "\n");
		} else {
			(void)fprintf(answers(), "%s%s\n", start, line);
		}
		(void)snprintf(start, sizeof(start), "%*s", indent, "");
	}
}

void add_help_row(const char *head, unsigned column, const char *text)
{
	char start[HELP_WIDTH];
	const unsigned used = 2 + text_width(head);
	/* A long head moves its own text to the right. */
	const unsigned indent = used < column ? column : used + 2;

	(void)snprintf(start, sizeof(start), "  %-*s", (int)indent - 2, head);
	add_text(start, text);
}

int print_help(const struct syntax *syntax)
{
	char head[HELP_WIDTH] = "";

	add_text("", syntax->usage);
	for (size_t i = 0; i < row_count(syntax); i++) {
		const struct option_row *const row = option_at(syntax, i);
		const char letter[] = {'-', row->letter, ',', '\0'};
		const size_t length = strlen(head);

		if (length) /* goes on in the line of the option before it */
			(void)snprintf(head + length, sizeof(head) - length, ", --%s", row->name);
		else
			(void)snprintf(head, sizeof(head), "%-3s --%s%s%s",
				row->letter ? letter : "", row->name, row->value ? " " : "",
				row->value ? row->value : "");
		if (!row->help)
			continue;
		add_help_row(head, syntax->column, row->help);
		head[0] = '\0';
	}
	add_text("", syntax->notes);
	return finish_output();
}
