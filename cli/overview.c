/*
 * What geyser --help and the page geyser(1) say.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "commands.h"

static const struct entry options[] = {
	{"-h, --help", "print the list of commands; after a command the help of it"},
	{"-V, --version", "the version of the library that runs"},
	{0},
};

static const struct entry variables[] = {
	{"GEYSER_BACKEND",
		"the backend that auto stands for, {true backends}; by default a GPU's where there "
		"is one, else host"},
	{"GEYSER_VULKAN_DEVICE",
		"vulkan's device: its number, a part of its name, its UUID, or cpu, discrete, "
		"integrated or virtual"},
	{"GEYSER_VULKAN_QUEUE",
		"the kind of vulkan's queue: graphics, or compute, which can't draw and has no "
		"depth formats, but which a GPU may schedule sooner"},
	{"GEYSER_RUNTIME_DIR",
		"the only directory in which exports are registered and looked for; programs find "
		"no exports outside of it"},
	{"GEYSER_APP_GROUP",
		"on macOS: the application group by which sandboxed programs share, in 22 bytes at "
		"most for events, streams and host memory"},
	{"XDG_RUNTIME_DIR",
		"without GEYSER_RUNTIME_DIR: the first of several such directories; geyser info "
		"shows all of them"},
	{0},
};

static const struct entry files[] = {
	{"$XDG_RUNTIME_DIR/geyser, /run/user/UID/geyser, /tmp/geyser-UID",
		"the registries of exports and streams. A program registers in the first of them "
		"that this user can have and write, and looks in all. UID is the user's number"},
	{"$GEYSER_RUNTIME_DIR/geyser", "the only registry, if the variable is set"},
	{0},
};

static const char more[] =
	"textures, events and streams:\n"
	"\n"
	"A texture is a picture in memory that several processes use in place. geyser share makes "
	"one from a file, and geyser grab writes one to a file. A shared texture has a handle, a "
	"line of text that begins with geyser1-, and a 32-bit id. Wherever a command takes "
	"HANDLE|ID, either one works, for the same user only. The id may be hexadecimal or "
	"decimal.\n"
	"\n"
	"An event is a 64-bit value that only grows. Processes wait for its values, and so order "
	"what they do. geyser event makes, raises, awaits and reads events, which have handles and "
	"ids as textures do.\n"
	"\n"
	"A stream hands one frame after the other from a publisher, such as geyser send, to any "
	"number of subscribers, such as geyser recv. A stream has a name of 1 to 63 bytes of UTF-8 "
	"that is unique among the user's running programs. geyser list and geyser top show the "
	"streams. When a program dies, the names of its streams are free at once.\n"
	"\n"
	"backends:\n"
	"\n"
	"--backend B chooses where a command has its own textures and events: {backends}. The "
	"other end may use another backend. host is shared memory of the CPU, vulkan has images of "
	"a Vulkan device, and metal has textures of a Metal device on macOS. auto, the default, is "
	"what GEYSER_BACKEND names, and else a GPU's backend where there is a GPU. geyser info "
	"shows which backends this machine offers.\n"
	"\n"
	"sizes and formats:\n"
	"\n"
	"A size is written as 1920x1080, or as a name that ffmpeg's -s knows, such as hd720, "
	"hd1080 or 4k. A format has geyser's name, such as rgba8unorm or nv12, or ffmpeg's. geyser "
	"info --formats lists the formats.\n"
	"\n"
	"signals and pipes:\n"
	"\n"
	"SIGINT and SIGTERM end every command wherever it waits. Answers go to stdout, and errors "
	"to stderr. An answer that can't be written is a failure, except that a command which "
	"prints for as long as it runs ends with status 0 once the reader of its stdout has "
	"gone.\n";

const struct overview overview = {
	.usage = "usage: geyser COMMAND [OPTION]... [ARGUMENT]...\n"
		 "\n"
		 "Shares textures, streams of them and the events that order access to them\n"
		 "between processes, without copying pixels.\n"
		 "\n",
	.options = options,
	.notes = "\n"
		 "examples:\n"
		 "  geyser share photo.png     prints a handle and an id, and stays\n"
		 "  geyser grab 0x1a2b3c4d copy.png     the id that the other one printed\n"
		 "  geyser send test --pattern clock\n"
		 "  geyser view test\n"
		 "  geyser recv test --frames 10 --output frame-%02d.png\n"
		 "\n"
		 "exit status: 0 done, 1 it failed (stderr says why), 2 wrong usage\n",
	.variables = variables,
	.files = files,
	.more = more,
};

static void add_entries(const char *heading, const struct entry *entries, unsigned column)
{
	(void)fprintf(answers(), "%s:\n", heading);
	for (; entries->name; entries++)
		add_help_row(entries->name, column, entries->meaning);
}

void print_overview(void)
{
	const struct command *command;

	(void)fprintf(answers(), "%scommands:\n", overview.usage);
	for (size_t i = 0; (command = command_at(i)); i++)
		add_help_row(command->name, 11, command->summary);
	add_help_row("help", 11, "what a command does: geyser help COMMAND");
	(void)fputc('\n', answers());
	add_entries("options", overview.options, 17);
	(void)fputc('\n', answers());
	add_entries("environment", overview.variables, 24);
	(void)fputs(overview.notes, answers());
}
