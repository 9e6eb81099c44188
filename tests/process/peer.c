/*
 * The other process of the tests of textures and events. Its arguments are its first command:
 *
 *	peer export-texture SEED	peer import-texture HANDLE|ID
 *	peer create-event VALUE		peer import-event HANDLE|ID
 *	peer export-memory SEED
 *
 * Besides the commands of the tables below it knows object_commands (commands.h).
 *
 * SPDX-License-Identifier: MIT
 */
#include "commands.h"

#include <stdlib.h>
#include <unistd.h>

static struct rlimit fd_limit;

/* ---- exports ---- */

/* Answers the handle of the texture if there is one, else that of the event. */
static void export_again(const char *text)
{
	(void)text;
	if (my.texture)
		say_texture_handle();
	else
		say_event_handle();
}

static void unexport(const char *text)
{
	(void)text;
	say_result(
		my.texture ? geyser_texture_unexport(my.texture) : geyser_event_unexport(my.event));
}

static void export_new_texture(const char *text, uint32_t usage)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = 64,
		.height = 48,
		.usage = usage,
		.label = "of another process",
	};
	enum geyser_result result = geyser_texture_create(my.manager, &desc, &my.texture);

	if (result == GEYSER_OK && fill_texture(my.texture, (uint32_t)number(text)))
		say_texture_handle();
	else
		say_result(result);
}

static void export_texture_filled(const char *text)
{
	export_new_texture(text, 0);
}

static void export_memory_filled(const char *text)
{
	export_new_texture(text, GEYSER_USAGE_HOST_MEMORY);
}

/* ---- the event ---- */

/* Answers each odd value with the even one after it. */
static void volley(const char *text)
{
	enum geyser_result result = GEYSER_OK;

	for (uint64_t i = 0; result == GEYSER_OK && i < number(text); i++) {
		result = geyser_event_wait(my.event, 2 * i + 1, PATIENCE);
		if (result == GEYSER_OK)
			result = geyser_event_signal(my.event, 2 * i + 2);
	}
	say_result(result);
}

/* ---- the process ---- */

/* Lowers the process's limit until this many descriptors are free. */
static void limit_fds(const char *text)
{
	say_good(set_free_fds((unsigned)number(text), &fd_limit));
}

static void unlimit_fds(const char *text)
{
	(void)text;
	say_good(setrlimit(RLIMIT_NOFILE, &fd_limit) == 0);
}

static void count_fds(const char *text)
{
	(void)text;
	say("%u", fd_count());
}

/* Answers the pid of a child that has all descriptors of this process, except those that a fork
 * handler closes ("raw": no handler runs). A signal ends the child. */
static void fork_child(const char *text)
{
	pid_t pid = strcmp(text, "raw") == 0 ? raw_fork() : fork();

	if (pid == 0) {
		(void)alarm(120);
		for (;;)
			(void)pause();
	}
	say("%d", (int)pid);
}

static void leave(const char *text)
{
	(void)text;
	(void)setenv("GEYSER_DOUBLE_LEAKS", "1", 1); /* else Metal's double fails */
	exit(0);
}

static void leave_at_once(const char *text)
{
	(void)text;
	_exit(0);
}

static const struct command commands[] = {
	{"export-texture", export_texture_filled},
	{"export-memory", export_memory_filled},
	{"export", export_again},
	{"unexport", unexport},
	{"volley", volley},
	{"limit", limit_fds},
	{"unlimit", unlimit_fds},
	{"fds", count_fds},
	{"fork", fork_child},
	{"exit", leave},
	{"_exit", leave_at_once},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	const struct command *const tables[] = {commands, object_commands, stream_commands, NULL};

	if (argc != 3)
		return 2;
	open_manager(GEYSER_BACKEND_AUTO);
	(void)run_command(tables, argv[1], argv[2]);
	obey_all(tables);
	release_objects();
	geyser_manager_destroy(my.manager);
	return 0;
}
