/*
 * geyser, the program: finds the subcommand and runs it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const struct syntax *syntax;
	const char *summary;
};

#define COMMAND(name, summary) {#name, name##_command, &name##_syntax, summary},
static const struct command commands[] = {
#include "commands.def"
};
#undef COMMAND

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct {
	const char *name, *meaning;
} variables[] = {
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
};

static void print_overview(void)
{
	(void)fputs("usage: geyser COMMAND [OPTION]... [ARGUMENT]...\n"
		    "\n"
		    "Shares textures, streams of them and the events that order access to them\n"
		    "between processes, without copying pixels.\n"
		    "\n"
		    "commands:\n",
		answers());
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		add_help_row(commands[i].name, 11, commands[i].summary);
	add_help_row("help", 11, "what a command does: geyser help COMMAND");
	(void)fputs("\n"
		    "options:\n"
		    "  -h, --help     this text; after a command the help of that command\n"
		    "  -V, --version  the version of the library that runs\n"
		    "\n"
		    "examples:\n"
		    "  geyser share photo.png     prints a handle and an id, and stays\n"
		    "  geyser grab 0x1a2b3c4d copy.png     the id that the other one printed\n"
		    "  geyser send test --pattern clock\n"
		    "  geyser view test\n"
		    "  geyser recv test --frames 10 --output frame-%02d.png\n"
		    "\n"
		    "environment:\n",
		answers());
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		add_help_row(variables[i].name, 24, variables[i].meaning);
	(void)fputs("\n"
		    "exit status: 0 done, 1 it failed (stderr says why), 2 wrong usage\n",
		answers());
}

static const char *command_word(size_t index, void *user)
{
	(void)user;
	return commands[index].name;
}

static const struct command *find_command(const char *name)
{
	const char *near;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	near = nearest_word(name, COMMAND_COUNT, command_word, NULL);
	(void)usage_error("unknown command (%.100s): %s%s%s", name, near ? "did you mean " : "",
		near ? near : "geyser --help lists all", near ? "?" : "");
	return NULL;
}

static int help_command(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		print_overview();
		return finish_output();
	}
	if (argc > 2)
		return usage_error(
			"help: unexpected argument (%.100s): expected one command", argv[2]);
	command = find_command(argv[1]);
	return command ? print_help(command->syntax) : STATUS_USAGE;
}

static bool is_option(const char *word, const char *brief, const char *full)
{
	return strcmp(word, brief) == 0 || strcmp(word, full) == 0;
}

/* Opens /dev/null for each of stdin, stdout and stderr that is closed: else the next file that the
 * library opens would get that number, and output would land in it. The descriptor is opened for
 * the other direction, so that its use fails, as it must. */
static bool fill_standard_descriptors(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDWR};

	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) != fd)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int status;

	if (!fill_standard_descriptors())
		return STATUS_FAILURE;
	/* If the reader of stdout goes away, a write fails with a message, instead of a silent
	 * death. */
	(void)signal(SIGPIPE, SIG_IGN);
	opterr = 0;
	if (argc < 2) {
		print_overview();
		answers_to_stderr();
		return STATUS_USAGE;
	}
	if (is_option(argv[1], "-h", "--help")) {
		print_overview();
		return finish_output();
	}
	if (is_option(argv[1], "-V", "--version")) {
		(void)fprintf(answers(), "geyser %s\n", geyser_version());
		return finish_output();
	}
	if (strcmp(argv[1], "help") == 0)
		return help_command(argc - 1, argv + 1);
	if (argv[1][0] == '-')
		return usage_error("unknown option (%.100s): geyser --help lists all", argv[1]);
	command = find_command(argv[1]);
	if (!command)
		return STATUS_USAGE;
	status = command->run(argc - 1, argv + 1);
	/* A command that failed may have printed answers before. */
	if (answers_flush() != IO_DONE && !status)
		status = STATUS_FAILURE;
	return status;
}
