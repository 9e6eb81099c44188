/*
 * The table of subcommands.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "commands.h"

#define COMMAND(name, summary) {#name, name##_command, &name##_syntax, summary},
static const struct command commands[] = {
#include "commands.def"
};
#undef COMMAND

const struct command *command_at(size_t index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? &commands[index] : NULL;
}

const struct command *command_named(const char *name)
{
	for (size_t i = 0; command_at(i); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}
