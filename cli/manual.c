/*
 * The manual pages in scdoc's format, made of what --help prints.
 *
 * SPDX-License-Identifier: MIT
 *
 * The build asks for them by `geyser help --scdoc [COMMAND]`. A help text is paragraphs with an
 * empty line between them. A paragraph whose first line ends in a colon, above indented lines, is a
 * section of lines that are typed or read as they are: "examples:". All others are prose.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lists.h"

#define TEXT_SIZE 4096u

static const char exit_status[] = "exit status: ";

/* ---- characters and words -------------------------------------------------------------------- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Writes text that scdoc must not take as markup. */
static void put_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		(void)fprintf(answers(), strchr("\\*_`+", text[i]) ? "\\%c" : "%c", text[i]);
}

static void put_marked(char mark, const char *text, size_t length)
{
	(void)fputc(mark, answers());
	put_plain(text, length);
	(void)fputc(mark, answers());
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (is_word(text[length]))
		length++;
	return length;
}

/* Writes how something is typed: bold what is typed so, underlined what stands for something
 * else. */
static void put_syntax(const char *text)
{
	size_t length;

	for (; *text; text += length) {
		length = word_length(text);
		/* The dot of FILE.png is in its word, and those of [OPTION]... are not. */
		while (length && text[length] == '.' && is_word(text[length + 1]))
			length += 1 + word_length(text + length + 1);
		if (length)
			put_marked(isupper((unsigned char)*text) ? '_' : '*', text, length);
		else
			put_plain(text, length = 1);
	}
}

/* Whether the text begins with "geyser share", or another command. */
static bool is_command(const char *text)
{
	char name[16];

	if (strncmp(text, "geyser ", 7) != 0)
		return false;
	(void)snprintf(name, sizeof(name), "%.*s", (int)word_length(text + 7), text + 7);
	return command_named(name) != NULL;
}

/* Writes prose in one line: options bold, and underlined the name of an option's value. value may
 * be NULL. */
static void put_prose(const char *text, const char *value)
{
	char all[TEXT_SIZE];
	size_t length;

	expand_lists(text, all, sizeof(all));
	text = all;
	if (ispunct((unsigned char)*text) && strncmp(text, "--", 2) != 0)
		(void)fputc('\\', answers()); /* at a line's begin, a dash makes a list */
	for (; *text; text += length) {
		length = word_length(text);
		if (strncmp(text, "geyser --help", 13) == 0) {
			(void)fputs("*geyser*(1)", answers());
			length = 13;
		} else if (is_command(text)) {
			length += 1 + word_length(text + length + 1);
			put_marked('*', text, length);
		} else if (!length) {
			put_plain(*text == '\n' ? " " : text, length = 1);
		} else if (strncmp(text, "--", 2) == 0 && length > 2) {
			put_marked('*', text, length);
		} else if (value && strlen(value) == length && strncmp(text, value, length) == 0) {
			put_marked('_', text, length);
		} else {
			put_plain(text, length);
		}
	}
}

/* ---- paragraphs ------------------------------------------------------------------------------ */

/* Copies a paragraph without the newline that ends it, and returns the text behind it; NULL if
 * there is none. */
static const char *next_paragraph(const char *text, char out[TEXT_SIZE])
{
	const char *end;

	text += strspn(text, "\n");
	if (!*text)
		return NULL;
	end = strstr(text, "\n\n");
	if (!end)
		end = text + strlen(text);
	(void)snprintf(out, TEXT_SIZE, "%.*s", (int)(end - text), text);
	if (out[strlen(out) - 1] == '\n')
		out[strlen(out) - 1] = '\0';
	return end;
}

static void put_heading(const char *text, size_t length)
{
	(void)fputs("\n# ", answers());
	for (size_t i = 0; i < length; i++)
		(void)fputc(toupper((unsigned char)text[i]), answers());
	(void)fputs("\n\n", answers());
}

/* Returns the length of the heading that the paragraph begins with, without its colon; 0 if there
 * is none. */
static size_t heading_length(const char *paragraph)
{
	const size_t length = strcspn(paragraph, "\n");

	return length && paragraph[length - 1] == ':' &&
			       (!paragraph[length] || paragraph[length + 1] == ' ')
		       ? length - 1
		       : 0;
}

/* Writes lines as they are, without the two spaces before each. */
static void put_lines(const char *lines)
{
	char all[TEXT_SIZE];

	expand_lists(lines, all, sizeof(all));
	(void)fputs("```\n", answers());
	for (const char *line = all; *line;) {
		const size_t length = strcspn(line, "\n");
		const size_t indent = strncmp(line, "  ", 2) == 0 ? 2 : 0;

		for (size_t i = indent; i < length; i++)
			(void)fprintf(answers(), line[i] == '\\' ? "\\%c" : "%c", line[i]);
		(void)fputc('\n', answers());
		line += length + (line[length] == '\n');
	}
	(void)fputs("```\n", answers());
}

/* Writes the paragraphs that are prose. Headings may stand above them. */
static void put_description(const char *text)
{
	char paragraph[TEXT_SIZE];

	while ((text = next_paragraph(text, paragraph))) {
		const size_t heading = heading_length(paragraph);

		if (heading && !paragraph[heading + 1])
			put_heading(paragraph, heading);
		if (heading || strncmp(paragraph, exit_status, strlen(exit_status)) == 0)
			continue;
		put_prose(paragraph, NULL);
		(void)fputs("\n\n", answers());
	}
}

static void put_sections(const char *text)
{
	char paragraph[TEXT_SIZE];

	while ((text = next_paragraph(text, paragraph))) {
		const size_t heading = heading_length(paragraph);

		if (!heading)
			continue;
		put_heading(paragraph, heading);
		put_lines(paragraph + heading + 2);
	}
}

/* Writes "0 done, 1 it failed" as a list. */
static void put_statuses(char *text)
{
	for (char *next = text; *text; text = next) {
		while (*next && !((*next == ',' || *next == ';') && next[1] &&
					isdigit((unsigned char)next[2])))
			next++;
		if (*next) {
			*next = '\0';
			next += 2;
		}
		(void)fprintf(answers(), "*%c*\n\t", *text);
		put_prose(text + 2, NULL);
		(void)fputs("\n\n", answers());
	}
}

static void put_exit_status(const char *text)
{
	const size_t length = strlen(exit_status);
	char paragraph[TEXT_SIZE];

	while ((text = next_paragraph(text, paragraph))) {
		if (strncmp(paragraph, exit_status, length) != 0)
			continue;
		for (char *at = paragraph; (at = strchr(at, '\n'));)
			*at = ' ';
		put_heading("exit status", 11);
		put_statuses(paragraph + length);
	}
}

/* ---- a page ---------------------------------------------------------------------------------- */

/* Writes the lines of a usage and returns the text behind them. */
static const char *put_synopsis(const char *text)
{
	char paragraph[TEXT_SIZE];
	char *line = paragraph;

	text = next_paragraph(text, paragraph);
	put_heading("synopsis", 8);
	while (*line) {
		char *const end = line + strcspn(line, "\n");
		const bool last = !*end;

		*end = '\0';
		put_syntax(line + 7); /* behind "usage: " or spaces */
		(void)fputs(last ? "\n" : "++\n", answers());
		line = last ? end : end + 1;
	}
	put_heading("description", 11);
	return text;
}

static void put_options(const struct syntax *syntax)
{
	const struct option_row *row;
	const char *separator = "";

	put_heading("options", 7);
	for (size_t i = 0; (row = option_at(syntax, i)); i++) {
		(void)fputs(separator, answers());
		if (row->letter)
			(void)fprintf(answers(), "*-%c*, ", row->letter);
		(void)fprintf(answers(), "*--%s*", row->name);
		if (row->value) {
			(void)fputc(' ', answers());
			put_syntax(row->value);
		}
		separator = ", ";
		if (!row->help)
			continue;
		(void)fputs("\n\t", answers());
		put_prose(row->help, row->value);
		(void)fputs("\n\n", answers());
		separator = "";
	}
}

/* Writes the references of "recv list". */
static void put_references(const char *names)
{
	size_t length;

	for (; *names; names += length) {
		names += strspn(names, " ");
		length = strcspn(names, " ");
		(void)fprintf(answers(), ", *geyser-%.*s*(1)", (int)length, names);
	}
}

static int print_command_manual(const struct command *command)
{
	const struct syntax *const syntax = command->syntax;

	(void)fprintf(answers(), "geyser-%s(1) \"geyser %s\" \"geyser\"\n\n# NAME\n\ngeyser-%s - ",
		command->name, geyser_version(), command->name);
	put_plain(command->summary, strlen(command->summary));
	(void)fputc('\n', answers());
	put_description(put_synopsis(syntax->usage));
	put_description(syntax->notes);
	put_options(syntax);
	put_exit_status(syntax->notes);
	put_sections(syntax->usage);
	put_sections(syntax->notes);
	put_heading("see also", 8);
	(void)fputs("*geyser*(1)", answers());
	put_references(syntax->see ? syntax->see : "");
	(void)fputc('\n', answers());
	return finish_output();
}

static void put_entries(const char *heading, const struct entry *entries)
{
	put_heading(heading, strlen(heading));
	for (; entries->name; entries++) {
		if (entries->name[0] == '-')
			put_syntax(entries->name);
		else
			put_marked('*', entries->name, strlen(entries->name));
		(void)fputs("\n\t", answers());
		put_prose(entries->meaning, NULL);
		(void)fputs("\n\n", answers());
	}
}

static void put_commands(void)
{
	const struct command *command;

	put_heading("commands", 8);
	for (size_t i = 0; (command = command_at(i)); i++) {
		(void)fprintf(answers(), "*geyser-%s*(1)\n\t", command->name);
		put_prose(command->summary, NULL);
		(void)fputs("\n\n", answers());
	}
	(void)fputs("*geyser help* _COMMAND_\n\twhat a command does\n", answers());
}

int print_manual(const struct command *command)
{
	if (command)
		return print_command_manual(command);
	(void)fprintf(answers(),
		"geyser(1) \"geyser %s\" \"geyser\"\n\n# NAME\n\ngeyser - share textures, streams "
		"and events between processes\n",
		geyser_version());
	put_description(put_synopsis(overview.usage));
	put_commands();
	put_entries("options", overview.options);
	put_description(overview.more);
	put_entries("environment", overview.variables);
	put_entries("files", overview.files);
	put_exit_status(overview.notes);
	put_sections(overview.notes);
	put_heading("see also", 8);
	(void)fputs("*ffmpeg*(1), *gst-launch-1.0*(1), *vulkaninfo*(1)\n", answers());
	return finish_output();
}
