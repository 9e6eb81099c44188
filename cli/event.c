/*
 * geyser event: a timeline event from the shell.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "lists.h"
#include "options.h"

struct event_options {
	uint64_t initial, timeout_ns; /* UINT64_MAX: no time limit */
	enum names names;
	enum geyser_backend backend;
	bool has_initial;
	struct target target;
	uint64_t value;
	int signals; /* of signals_open, which create calls before it makes a manager; else -1 */
};

struct action {
	const char *name;
	unsigned arguments;
	const char *wants;
	int (*run)(struct geyser_manager *manager, struct event_options *options);
};

/* ---- actions -------------------------------------------------------------------------------- */

static int serve(struct geyser_event *event, const struct event_options *options)
{
	struct geyser_handle handle;
	int status;

	if (geyser_event_export(event, &handle))
		return library_failure("export");
	status = print_names(&handle, options->names);
	return status ? status : signals_wait(options->signals);
}

static int create_action(struct geyser_manager *manager, struct event_options *options)
{
	struct geyser_event *event;
	int status;

	if (geyser_event_create(manager, options->initial, &event))
		return library_failure("event");
	status = serve(event, options);
	geyser_event_unref(event);
	return status;
}

/* Imports the event. Returns NULL after a message. */
static struct geyser_event *import(struct geyser_manager *manager, struct target *target)
{
	struct geyser_event *event = NULL;
	enum geyser_result result = target_find(target);

	if (!result)
		result = geyser_event_import(manager, &target->handle, &event);
	if (result)
		(void)import_failure(target, "event", result);
	return event;
}

static int signal_action(struct geyser_manager *manager, struct event_options *options)
{
	struct geyser_event *const event = import(manager, &options->target);
	int status = STATUS_OK;

	if (!event)
		return STATUS_FAILURE;
	if (geyser_event_signal(event, options->value))
		status = library_failure("signal of %.100s", options->target.text);
	geyser_event_unref(event);
	return status;
}

static int wait_action(struct geyser_manager *manager, struct event_options *options)
{
	struct geyser_event *const event = import(manager, &options->target);
	int status = STATUS_OK;

	if (!event)
		return STATUS_FAILURE;
	if (geyser_event_wait(event, options->value, options->timeout_ns))
		status = library_failure("wait for %.100s", options->target.text);
	geyser_event_unref(event);
	return status;
}

static int print_value(const struct event_options *options, uint64_t value)
{
	struct json json = {.file = answers(), .compact = true};

	if (options->names == NAMES_JSON) {
		json_begin(&json, NULL, '{');
		json_number(&json, "value", value);
		json_end(&json, '}');
	} else {
		(void)fprintf(answers(), "%" PRIu64 "\n", value);
	}
	return finish_output();
}

static int value_action(struct geyser_manager *manager, struct event_options *options)
{
	struct geyser_event *const event = import(manager, &options->target);
	uint64_t value;
	int status;

	if (!event)
		return STATUS_FAILURE;
	if (geyser_event_value(event, &value))
		status = library_failure("value of %.100s", options->target.text);
	else
		status = print_value(options, value);
	geyser_event_unref(event);
	return status;
}

static const struct action actions[] = {
	{"create", 0, "none", create_action},
	{"signal", 2, "a handle or id, and a value", signal_action},
	{"wait", 2, "a handle or id, and a value", wait_action},
	{"value", 1, "a handle or id", value_action},
};

#define ACTION_COUNT (sizeof(actions) / sizeof(actions[0]))

/* ---- the command line ----------------------------------------------------------------------- */

static void offer_actions(const struct offers *offers)
{
	for (size_t i = 0; i < ACTION_COUNT; i++)
		offer(offers, actions[i].name, NULL);
}

static int take_initial(const struct given *given)
{
	struct event_options *const out = given->options;

	out->has_initial = true;
	if (parse_number(given->text, &out->initial))
		return STATUS_OK;
	return usage_error(
		"event: wrong value (%.100s): expected a number from 0 to 2^64-1", given->text);
}

static const struct option_row rows[] = {
	{'i', "initial", "N", "create: the first value, by default 0", .take = take_initial},
	{0, "print-handle", NULL, "create: print only the handle's text",
		CHOICE(struct event_options, names, enum names, NAMES_HANDLE)},
	{0, "print-id", NULL, "create: print only the id, 0x and 8 digits",
		CHOICE(struct event_options, names, enum names, NAMES_ID)},
	{'t', "timeout", "S", "wait: give up after S seconds; by default never",
		SECONDS(struct event_options, timeout_ns)},
	BACKEND_ROW(struct event_options),
	{0, "json", NULL,
		"create: print {\"handle\": \"...\",\"id\": \"0x...\"},\nvalue: {\"value\": N}",
		CHOICE(struct event_options, names, enum names, NAMES_JSON)},
};

const struct syntax event_syntax = {
	.usage = "usage: geyser event create [--initial N] [--print-handle|--print-id|--json]\n"
		 "       geyser event signal HANDLE|ID VALUE\n"
		 "       geyser event wait HANDLE|ID VALUE [--timeout S]\n"
		 "       geyser event value HANDLE|ID [--json]\n"
		 "\n"
		 "A timeline event is a 64-bit value that only grows and that any process can\n"
		 "wait for. create prints its handle and id at once and stays until SIGINT or\n"
		 "SIGTERM; signal raises the value (to a lower one: nothing happens); wait\n"
		 "returns once it is reached; value prints it.\n"
		 "\n",
	.notes = "\n"
		 "examples:\n"
		 "  geyser event create --print-id &\n"
		 "  geyser event wait 0x1a2b3c4d 1 --timeout 10 && echo ready\n"
		 "  geyser event signal 0x1a2b3c4d 1\n"
		 "\n"
		 "exit status: 0 done, 1 it failed, timed out or the event's process died (stderr\n"
		 "says which), 2 wrong usage\n",
	.column = 22,
	.see = "share list",
	.words = ANY_WORDS,
	.arguments = {offer_actions, offer_events, offer_nothing},
	OPTIONS(rows),
};

static const char *action_word(size_t index, void *user)
{
	(void)user;
	return actions[index].name;
}

/* Writes "create, signal, wait or value". */
static const char *all_actions(char text[LIST_SIZE])
{
	struct words words = {.count = 0};

	for (size_t i = 0; i < ACTION_COUNT; i++)
		add_word(&words, "%s", actions[i].name);
	return join_words(&words, "or", text);
}

static const struct action *find_action(const char *name)
{
	char all[LIST_SIZE];
	const char *near;

	for (size_t i = 0; i < ACTION_COUNT; i++) {
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	}
	near = nearest_word(name, ACTION_COUNT, action_word, NULL);
	(void)usage_error("event: unknown action (%.100s): %s%s%s", name,
		near ? "did you mean " : "", near ? near : all_actions(all), near ? "?" : "");
	return NULL;
}

/* Refuses an option that belongs to another action. */
static int check_options(const struct action *action, const struct event_options *options)
{
	const bool create = action->run == create_action, value = action->run == value_action;
	const char *wrong = NULL;

	if (options->has_initial && !create)
		wrong = "--initial";
	else if (options->timeout_ns != UINT64_MAX && action->run != wait_action)
		wrong = "--timeout";
	else if (options->names && !create && !(value && options->names == NAMES_JSON))
		wrong = options->names == NAMES_JSON ? "--json" : "--print-handle or --print-id";
	if (wrong)
		return usage_error("event %s: unknown option (%s): geyser event --help lists those "
				   "of each action",
			action->name, wrong);
	return STATUS_OK;
}

/* Returns the action; NULL after a message, and *status is then the command's exit status. */
static const struct action *read_arguments(char **words, struct event_options *out, int *status)
{
	const struct action *action;
	char all[LIST_SIZE];
	unsigned count = 0;

	*status = STATUS_USAGE;
	if (!words[0]) {
		(void)usage_error(
			"event: nothing to do (no action): expected %s", all_actions(all));
		return NULL;
	}
	action = find_action(words[0]);
	if (!action)
		return NULL;
	while (words[count + 1])
		count++;
	if (count != action->arguments) {
		(void)usage_error("event %s: wrong number of arguments (%u): expected %s",
			action->name, count, action->wants);
		return NULL;
	}
	*status = check_options(action, out);
	if (!*status && count > 0)
		*status = target_parse(words[1], &out->target);
	if (!*status && count > 1 && !parse_number(words[2], &out->value))
		*status = usage_error(
			"event %s: wrong value (%.100s): expected a number from 0 to 2^64-1",
			action->name, words[2]);
	return *status ? NULL : action;
}

static int run(const struct action *action, struct event_options *options)
{
	struct geyser_manager *manager;
	int status = open_manager(
		"event", &(struct geyser_manager_desc){.backend = options->backend}, &manager);

	if (status)
		return status;
	status = action->run(manager, options);
	geyser_manager_destroy(manager);
	return status;
}

int event_command(int argc, char **argv)
{
	struct event_options options = {.timeout_ns = UINT64_MAX, .signals = -1};
	int status;
	char **const words = read_options(&event_syntax, argc, argv, &options, &status);
	const struct action *const action = words ? read_arguments(words, &options, &status) : NULL;

	if (!action)
		return status;
	if (action->run == create_action) {
		options.signals = signals_open();
		if (options.signals < 0)
			return STATUS_FAILURE;
	}
	status = run(action, &options);
	if (options.signals >= 0)
		signals_close();
	return status;
}
