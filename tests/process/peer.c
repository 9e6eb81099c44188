/*
 * The other process. It learns what to make or import from its arguments only, says on stdout what
 * became of it, and then obeys a line at a time from stdin, each answered by a line:
 *
 *	peer export-texture SEED	peer import-texture HANDLE|ID
 *	peer export-event VALUE		peer import-event HANDLE|ID
 *	peer export-memory SEED
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct geyser_manager *manager;
static struct geyser_texture *texture;
static struct geyser_event *event;
static struct rlimit fd_limit;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
}

static void say_result(enum geyser_result result)
{
	if (result == GEYSER_OK)
		say("ok");
	else
		say("%s %s", geyser_result_string(result), geyser_error_detail());
}

static void say_handle(enum geyser_result result, const struct geyser_handle *handle)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];

	if (result == GEYSER_OK)
		result = geyser_handle_to_string(handle, text, sizeof(text));
	if (result == GEYSER_OK)
		say("ok %s %" PRIu32, text, geyser_handle_id(handle));
	else
		say_result(result);
}

/* ---- commands: the text is what follows the name ---- */

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static void export_again(const char *text)
{
	struct geyser_handle handle;

	(void)text;
	if (texture)
		say_handle(geyser_texture_export(texture, &handle), &handle);
	else
		say_handle(geyser_event_export(event, &handle), &handle);
}

static void unexport(const char *text)
{
	(void)text;
	say_result(texture ? geyser_texture_unexport(texture) : geyser_event_unexport(event));
}

static void fill(const char *text)
{
	say("%s", fill_texture(texture, (uint32_t)number(text)) ? "ok" : "bad");
}

static void compare(const char *text)
{
	say("%s", texture_holds(texture, (uint32_t)number(text)) ? "ok" : "bad");
}

static void value(const char *text)
{
	uint64_t now;

	(void)text;
	if (geyser_event_value(event, &now) == GEYSER_OK)
		say("%" PRIu64, now);
	else
		say("bad");
}

static void signal_event(const char *text)
{
	say_result(geyser_event_signal(event, number(text)));
}

/* "VALUE TIMEOUT" */
static void wait_event(const char *text)
{
	char *rest;
	uint64_t wanted = strtoull(text, &rest, 10);

	say("waiting");
	say_result(geyser_event_wait(event, wanted, number(rest)));
}

static void called(struct geyser_event *it, uint64_t now, enum geyser_result result, void *latch)
{
	(void)it;
	(void)now;
	say("%s", result == GEYSER_OK ? "ok" : geyser_result_string(result));
	latch_add(latch);
}

static void notify_event(const char *text)
{
	struct latch latch;

	latch_init(&latch);
	say_result(geyser_event_notify(event, number(text), called, &latch));
	(void)latch_wait(&latch, 1);
	latch_finish(&latch);
}

static void poll_event(const char *text)
{
	int fd;

	say_result(geyser_event_fd(event, number(text), &fd));
	if (!readable(fd, PATIENCE))
		say("bad");
	else
		say_result(geyser_event_wait(event, number(text), 0));
	(void)close(fd);
}

/* Answers each odd value with the even one after it. */
static void volley(const char *text)
{
	enum geyser_result result = GEYSER_OK;

	for (uint64_t i = 0; result == GEYSER_OK && i < number(text); i++) {
		result = geyser_event_wait(event, 2 * i + 1, PATIENCE);
		if (result == GEYSER_OK)
			result = geyser_event_signal(event, 2 * i + 2);
	}
	say_result(result);
}

static void drop(const char *text)
{
	(void)text;
	geyser_texture_unref(texture);
	geyser_event_unref(event);
	texture = NULL;
	event = NULL;
	say("ok");
}

/* Leaves that many descriptors free. */
static void limit_fds(const char *text)
{
	say("%s", set_free_fds((unsigned)number(text), &fd_limit) ? "ok" : "bad");
}

static void unlimit_fds(const char *text)
{
	(void)text;
	say("%s", setrlimit(RLIMIT_NOFILE, &fd_limit) == 0 ? "ok" : "bad");
}

static void count_fds(const char *text)
{
	(void)text;
	say("%u", fd_count());
}

/* A child that holds all of this process's descriptors, but for what fork handlers close. It ends
 * by a signal. */
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
	(void)setenv("GEYSER_DOUBLE_LEAKS", "1", 1); /* Metal's double would mind */
	exit(0);
}

static void leave_at_once(const char *text)
{
	(void)text;
	_exit(0);
}

static const struct {
	const char *name;
	void (*run)(const char *text);
} commands[] = {
	{"export", export_again},
	{"unexport", unexport},
	{"fill", fill},
	{"compare", compare},
	{"value", value},
	{"signal", signal_event},
	{"wait", wait_event},
	{"notify", notify_event},
	{"poll", poll_event},
	{"volley", volley},
	{"drop", drop},
	{"limit", limit_fds},
	{"unlimit", unlimit_fds},
	{"fds", count_fds},
	{"fork", fork_child},
	{"exit", leave},
	{"_exit", leave_at_once},
};

static void obey(char *line)
{
	char *rest = line + strcspn(line, " \n");

	rest[strcspn(rest, "\n")] = '\0';
	if (*rest)
		*rest++ = '\0';
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i].name, line) == 0) {
			commands[i].run(rest);
			return;
		}
	say("bad command (%s)", line);
}

/* ---- the object ---- */

static enum geyser_result find(const char *text, struct geyser_handle *out)
{
	if (strncmp(text, "geyser", 6) == 0)
		return geyser_handle_from_string(text, out);
	return geyser_handle_from_id((uint32_t)number(text), out);
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
	enum geyser_result result = geyser_texture_create(manager, &desc, &texture);

	if (result == GEYSER_OK && fill_texture(texture, (uint32_t)number(text)))
		export_again("");
	else
		say_result(result);
}

static void begin_texture_export(const char *text)
{
	export_new_texture(text, 0);
}

static void begin_memory_export(const char *text)
{
	export_new_texture(text, GEYSER_USAGE_HOST_MEMORY);
}

static void begin_event_export(const char *text)
{
	enum geyser_result result = geyser_event_create(manager, number(text), &event);

	if (result == GEYSER_OK)
		export_again("");
	else
		say_result(result);
}

static void begin_texture_import(const char *text)
{
	struct geyser_handle handle;
	enum geyser_result result = find(text, &handle);

	if (result == GEYSER_OK)
		result = geyser_texture_import(manager, &handle, NULL, &texture);
	say_result(result);
}

static void begin_event_import(const char *text)
{
	struct geyser_handle handle;
	enum geyser_result result = find(text, &handle);

	if (result == GEYSER_OK)
		result = geyser_event_import(manager, &handle, &event);
	say_result(result);
}

static const struct {
	const char *name;
	void (*begin)(const char *text);
} roles[] = {
	{"export-texture", begin_texture_export},
	{"export-memory", begin_memory_export},
	{"export-event", begin_event_export},
	{"import-texture", begin_texture_import},
	{"import-event", begin_event_import},
};

int main(int argc, char **argv)
{
	struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_AUTO, .application = "peer"};
	char line[256];

	die_with_parent();
	if (argc != 3 || geyser_manager_create(&desc, &manager) != GEYSER_OK)
		return 2;
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (strcmp(roles[i].name, argv[1]) == 0)
			roles[i].begin(argv[2]);
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	geyser_texture_unref(texture);
	geyser_event_unref(event);
	geyser_manager_destroy(manager);
	return 0;
}
