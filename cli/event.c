/*
 * geyser event: a timeline event from the shell.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "json.h"

const char event_help[] =
	"usage: geyser event create [--initial N] [--print-handle|--print-id|--json]\n"
	"       geyser event signal HANDLE|ID VALUE\n"
	"       geyser event wait HANDLE|ID VALUE [--timeout S]\n"
	"       geyser event value HANDLE|ID [--json]\n"
	"\n"
	"A timeline event is a 64-bit value that only grows and that any process can\n"
	"wait for. create prints its handle and id at once and stays until SIGINT or\n"
	"SIGTERM; signal raises the value (to a lower one: nothing happens); wait\n"
	"returns once it is reached; value prints it.\n"
	"\n"
	"  -i, --initial N     create: the first value, by default 0\n"
	"      --print-handle  create: print only the handle's text\n"
	"      --print-id      create: print only the id, 0x and 8 digits\n"
	"  -t, --timeout S     wait: give up after S seconds; by default never\n"
	"  -B, --backend B     auto, host, vulkan or metal: see geyser --help\n"
	"      --json          create: print {\"handle\": \"...\",\"id\": \"0x...\"},\n"
	"                      value: {\"value\": N}\n"
	"  -h, --help          this text\n"
	"\n"
	"examples:\n"
	"  geyser event create --print-id &\n"
	"  geyser event wait 0x1a2b3c4d 1 --timeout 10 && echo ready\n"
	"  geyser event signal 0x1a2b3c4d 1\n"
	"\n"
	"exit status: 0 done, 1 it failed, timed out or the event's process died (stderr\n"
	"says which), 2 wrong usage\n";

struct event_options {
	uint64_t initial, timeout_ns;
	enum names names;
	enum geyser_backend backend;
	bool has_initial, has_timeout, has_names;
	struct target target;
	uint64_t value;
	int signals; /* create: from signals_open, before there is a manager; else -1 */
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

/* NULL after a message. */
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
	const uint64_t timeout = options->has_timeout ? options->timeout_ns : UINT64_MAX;
	struct geyser_event *const event = import(manager, &options->target);
	int status = STATUS_OK;

	if (!event)
		return STATUS_FAILURE;
	if (geyser_event_wait(event, options->value, timeout))
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

enum { OPTION_ID = 256, OPTION_HANDLE, OPTION_JSON };

static int take_option(int option, char **argv, struct event_options *out)
{
	switch (option) {
	case 'i':
		out->has_initial = true;
		if (parse_number(optarg, &out->initial))
			return STATUS_OK;
		return usage_error(
			"event: wrong value (%.100s): expected a number from 0 to 2^64-1", optarg);
	case 't':
		out->has_timeout = true;
		return parse_timeout("event", "timeout", optarg, true, &out->timeout_ns);
	case 'B':
		return parse_backend(optarg, &out->backend);
	case OPTION_ID:
	case OPTION_HANDLE:
	case OPTION_JSON:
		out->has_names = true;
		return set_names("event",
			option == OPTION_ID       ? NAMES_ID
			: option == OPTION_HANDLE ? NAMES_HANDLE
						  : NAMES_JSON,
			&out->names);
	default:
		return option_error(argv, option, "event");
	}
}

static const char *action_word(size_t index, void *user)
{
	(void)user;
	return actions[index].name;
}

static const struct action *find_action(const char *name)
{
	const char *near;

	for (size_t i = 0; i < ACTION_COUNT; i++) {
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	}
	near = nearest_word(name, ACTION_COUNT, action_word, NULL);
	(void)usage_error("event: unknown action (%.100s): %s%s%s", name,
		near ? "did you mean " : "", near ? near : "create, signal, wait or value",
		near ? "?" : "");
	return NULL;
}

/* An option that the action has no use for was meant for another one. */
static int check_options(const struct action *action, const struct event_options *options)
{
	const bool create = action->run == create_action, value = action->run == value_action;
	const char *wrong = NULL;

	if (options->has_initial && !create)
		wrong = "--initial";
	else if (options->has_timeout && action->run != wait_action)
		wrong = "--timeout";
	else if (options->has_names && !create && !(value && options->names == NAMES_JSON))
		wrong = options->names == NAMES_JSON ? "--json" : "--print-handle or --print-id";
	if (wrong)
		return usage_error("event %s: option it doesn't have (%s): geyser event --help "
				   "says which it has",
			action->name, wrong);
	return STATUS_OK;
}

/* NULL if there is nothing to do any more; then *status is the command's result. */
static const struct action *read_arguments(
	int count, char **arguments, struct event_options *out, int *status)
{
	const struct action *action;

	*status = STATUS_USAGE;
	if (!count) {
		(void)usage_error(
			"event: nothing to do (no action): expected create, signal, wait or value");
		return NULL;
	}
	action = find_action(arguments[0]);
	if (!action)
		return NULL;
	if ((unsigned)count - 1 != action->arguments) {
		(void)usage_error("event %s: wrong number of arguments (%d): expected %s",
			action->name, count - 1, action->wants);
		return NULL;
	}
	*status = check_options(action, out);
	if (!*status && count > 1)
		*status = target_parse(arguments[1], &out->target);
	if (!*status && count > 2 && !parse_number(arguments[2], &out->value))
		*status = usage_error(
			"event %s: wrong value (%.100s): expected a number from 0 to 2^64-1",
			action->name, arguments[2]);
	return *status ? NULL : action;
}

static const struct action *read_options(
	int argc, char **argv, struct event_options *out, int *status)
{
	static const struct option options[] = {
		{"initial", required_argument, NULL, 'i'},
		{"timeout", required_argument, NULL, 't'},
		{"backend", required_argument, NULL, 'B'},
		{"print-handle", no_argument, NULL, OPTION_HANDLE},
		{"print-id", no_argument, NULL, OPTION_ID},
		{"json", no_argument, NULL, OPTION_JSON},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = next_option(argc, argv, ":i:t:B:h", options)) != -1) {
		*status = option == 'h' ? print_help(event_help) : take_option(option, argv, out);
		if (*status || option == 'h')
			return NULL;
	}
	return read_arguments(argc - optind, argv + optind, out, status);
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
	struct event_options options = {.names = NAMES_BOTH, .signals = -1};
	const struct action *action;
	int status;

	action = read_options(argc, argv, &options, &status);
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
