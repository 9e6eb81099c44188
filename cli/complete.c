/*
 * What a shell offers when the user completes a command line: commands, options and their values,
 * the names of streams and the ids of what is shared.
 *
 * SPDX-License-Identifier: MIT
 *
 * The scripts in cli/completions ask for it by `geyser help --complete WORD...`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <geyser/stream.h>

#include "colour.h"
#include "commands.h"
#include "complete.h"
#include "lists.h"
#include "wrap.h"

void offer(const struct offers *offers, const char *word, const char *meaning)
{
	(void)fwrite(offers->prefix, 1, offers->prefix_length, answers());
	(void)fputs(word, answers());
	if (meaning)
		(void)fprintf(answers(), "\t%s", meaning);
	(void)fputc('\n', answers());
}

/* ---- values and arguments -------------------------------------------------------------------- */

void offer_nothing(const struct offers *offers)
{
	(void)offers;
}

void offer_formats(const struct offers *offers)
{
	for (int i = 1; i < GEYSER_FORMAT_COUNT; i++)
		offer(offers, geyser_format_name((enum geyser_format)i), NULL);
}

void offer_true_backends(const struct offers *offers)
{
	for (size_t i = GEYSER_BACKEND_HOST; i <= backend_count(); i++)
		offer(offers, geyser_backend_name((enum geyser_backend)i), NULL);
}

void offer_backends(const struct offers *offers)
{
	offer(offers, geyser_backend_name(GEYSER_BACKEND_AUTO), NULL);
	offer_true_backends(offers);
}

void offer_colour_words(const struct offers *offers)
{
	for (size_t i = 0; colour_word(i); i++)
		offer(offers, colour_word(i), NULL);
}

static void offer_stream(enum geyser_stream_change change, const char *name, void *user)
{
	/* A name with control characters comes from another program's version of the library. */
	char shown[GEYSER_STREAM_NAME_MAX + 1];

	(void)snprintf(shown, sizeof(shown), "%s", name);
	replace_controls(shown);
	if (change == GEYSER_STREAM_ADDED && strcmp(shown, name) == 0)
		offer(user, name, NULL);
}

/* A watch knows the names without asking any program, as geyser_stream_list does: a stopped one
 * would delay the user's shell. */
void offer_streams(const struct offers *offers)
{
	struct geyser_stream_watch *watch;

	if (geyser_stream_watch_create(offer_stream, (void *)offers, &watch))
		return;
	(void)geyser_stream_watch_dispatch(watch, 0);
	geyser_stream_watch_destroy(watch);
}

static void offer_exports(const struct offers *offers, enum geyser_export_kind kind)
{
	struct geyser_export_info *exports;
	char id[16], meaning[64];
	size_t count;

	if (geyser_export_list(&exports, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		if (exports[i].kind != kind)
			continue;
		(void)snprintf(id, sizeof(id), "0x%08" PRIx32, exports[i].id);
		(void)snprintf(meaning, sizeof(meaning), "of process %" PRId32, exports[i].pid);
		offer(offers, id, meaning);
	}
	geyser_export_list_free(exports);
}

void offer_textures(const struct offers *offers)
{
	offer_exports(offers, GEYSER_EXPORT_TEXTURE);
}

void offer_events(const struct offers *offers)
{
	offer_exports(offers, GEYSER_EXPORT_EVENT);
}

/* ---- commands and options -------------------------------------------------------------------- */

static void offer_commands(const struct offers *offers)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++)
		offer(offers, command->name, command->summary);
}

/* Offers "-h" and "--help" of "-h, --help". */
static void offer_own_options(const struct offers *offers)
{
	for (const struct entry *entry = overview.options; entry->name; entry++) {
		char brief[] = "-?";

		brief[1] = entry->name[1];
		offer(offers, brief, entry->meaning);
		offer(offers, entry->name + 4, entry->meaning);
	}
}

/* Writes what an option does: its help text up to the first full thought, in one line. */
static const char *option_meaning(const struct syntax *syntax, size_t index, char text[256])
{
	const struct option_row *row = option_at(syntax, index);
	char *end;

	while (!row->help)
		row = option_at(syntax, ++index);
	expand_lists(row->help, text, 256);
	text[strcspn(text, ";\n")] = '\0';
	end = strstr(text, ". ");
	if (end)
		*end = '\0';
	return text;
}

static void offer_options(const struct syntax *syntax)
{
	const struct offers plain = {.prefix = ""}, full = {.prefix = "--", .prefix_length = 2};
	const struct option_row *row;
	char text[256];

	for (size_t i = 0; (row = option_at(syntax, i)); i++) {
		const char brief[] = {'-', row->letter, '\0'};

		if (row->letter)
			offer(&plain, brief, option_meaning(syntax, i, text));
		offer(&full, row->name, option_meaning(syntax, i, text));
	}
}

/* ---- the command line ------------------------------------------------------------------------ */

/* Returns the option of a whole word if its value stands in the next word, else NULL. */
static const struct option_row *waits_for_value(const struct syntax *syntax, const char *word)
{
	const struct option_row *row = NULL;

	if (strncmp(word, "--", 2) == 0)
		row = option_named(syntax, word + 2, strlen(word + 2));
	else
		for (word++; *word && (row = option_of_letter(syntax, *word)) && !row->value;)
			word++;
	/* Behind the letter there may be the value. */
	return row && row->value && (*word == '-' || !word[1]) ? row : NULL;
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* typed is the value so far, a part of the word. */
static int complete_value(const struct option_row *row, const char *word, const char *typed)
{
	const char *const comma = strcmp(row->value, "LIST") == 0 ? strrchr(typed, ',') : NULL;
	const struct offers offers = {
		.prefix = word, .prefix_length = (size_t)((comma ? comma + 1 : typed) - word)};

	if (row->offer) {
		row->offer(&offers);
		return finish_output();
	}
	return begins_with(row->value, "FILE") || begins_with(row->value, "DIR") ? STATUS_FAILURE
										 : STATUS_OK;
}

/* word is the number `index` of the arguments that are no options. */
static int complete_argument(const struct syntax *syntax, size_t index)
{
	/* cppcheck-suppress sizeofDereferencedVoidPointer; an array of pointers to functions */
	const size_t last = sizeof(syntax->arguments) / sizeof(syntax->arguments[0]) - 1;
	offer_words *const words = syntax->arguments[index < last ? index : last];

	if (syntax->words != ANY_WORDS && index >= (size_t)syntax->words)
		return STATUS_OK;
	if (!words)
		return STATUS_FAILURE;
	words(&(struct offers){.prefix = ""});
	return finish_output();
}

static int complete_options(const struct syntax *syntax, int count, char **words)
{
	const char *const word = words[count - 1];
	const char *const equals = begins_with(word, "--") ? strchr(word, '=') : NULL;
	const struct option_row *row = NULL;
	size_t arguments = 0;
	bool options_end = false;

	for (int i = 0; i + 1 < count; i++) {
		if (row)
			row = NULL; /* this word is its value */
		else if (options_end || words[i][0] != '-' || !words[i][1])
			arguments++;
		else if (strcmp(words[i], "--") == 0)
			options_end = true;
		else
			row = waits_for_value(syntax, words[i]);
	}
	if (row)
		return complete_value(row, word, word);
	if (options_end || word[0] != '-')
		return complete_argument(syntax, arguments);
	if (equals) {
		row = option_named(syntax, word + 2, (size_t)(equals - word - 2));
		return row && row->value ? complete_value(row, word, equals + 1) : STATUS_OK;
	}
	offer_options(syntax);
	return finish_output();
}

int print_completions(int count, char **words)
{
	const struct offers plain = {.prefix = ""};
	const struct command *command;

	if (count < 1)
		return STATUS_OK;
	if (count == 1 && words[0][0] == '-') {
		offer_own_options(&plain);
		return finish_output();
	}
	if (count == 1 || (count == 2 && strcmp(words[0], "help") == 0)) {
		offer_commands(&plain);
		if (count == 1)
			offer(&plain, "help", "what a command does");
		return finish_output();
	}
	command = command_named(words[0]);
	return command ? complete_options(command->syntax, count - 1, words + 1) : STATUS_OK;
}
