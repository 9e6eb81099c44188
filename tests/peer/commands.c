#include "commands.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- answers ---- */

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
}

void say_result(enum geyser_result result)
{
	if (result == GEYSER_OK)
		say("ok");
	else
		say("%s %s", geyser_result_string(result), geyser_error_detail());
}

void say_good(bool good)
{
	say("%s", good ? "ok" : "bad");
}

uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

/* ---- tables of commands ---- */

bool run_command(const struct command *const *tables, const char *name, const char *text)
{
	for (; *tables; tables++)
		for (const struct command *command = *tables; command->name; command++)
			if (strcmp(command->name, name) == 0) {
				command->run(text);
				return true;
			}
	say("bad command (%s)", name);
	return false;
}

bool obey_line(const struct command *const *tables)
{
	char line[256], *rest;

	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\n")] = '\0';
	rest = line + strcspn(line, " ");
	if (*rest)
		*rest++ = '\0';
	(void)run_command(tables, line, rest);
	return true;
}

void obey_all(const struct command *const *tables)
{
	while (obey_line(tables))
		;
}
