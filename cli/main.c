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

#include "commands.h"

static const char *command_word(size_t index, void *user)
{
	(void)user;
	return command_at(index)->name;
}

static const struct command *find_command(const char *name)
{
	const struct command *const command = command_named(name);
	const char *near;
	size_t count = 0;

	if (command)
		return command;
	while (command_at(count))
		count++;
	near = nearest_word(name, count, command_word, NULL);
	(void)usage_error("unknown command (%.100s): %s%s%s", name, near ? "did you mean " : "",
		near ? near : "geyser --help lists all", near ? "?" : "");
	return NULL;
}

/* Prints what the build (--scdoc) and the scripts in cli/completions (--complete) ask for, and
 * returns the exit status; -1: something else was asked for. */
static int help_for_machines(int argc, char **argv)
{
	const struct command *command;

	if (strcmp(argv[1], "--complete") == 0)
		return print_completions(argc - 2, argv + 2);
	if (strcmp(argv[1], "--scdoc") != 0)
		return -1;
	if (argc == 2)
		return print_manual(NULL);
	command = find_command(argv[2]);
	return command ? print_manual(command) : STATUS_USAGE;
}

static int help_command(int argc, char **argv)
{
	const struct command *command;
	int status;

	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		print_overview();
		return finish_output();
	}
	status = help_for_machines(argc, argv);
	if (status >= 0)
		return status;
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
