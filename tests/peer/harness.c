#include "harness.h"

#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *peer_path;

int run_suite(int argc, char **argv, const char *name, const struct CMUnitTest *tests, size_t count)
{
	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s PEER\n", argv[0]);
		return 2;
	}
	peer_path = argv[1];
	(void)signal(SIGPIPE, SIG_IGN);
	return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}

/* ---- starting ---- */

struct line start_peer(struct peer *peer, const char *role, const char *argument)
{
	char *arguments[] = {peer_path, (char *)(uintptr_t)role, (char *)(uintptr_t)argument, NULL};
	posix_spawn_file_actions_t actions;
	int in[2], out[2];

	*peer = (struct peer){.pid = -1};
	assert_int_equal(make_pipe(in), 0);
	assert_int_equal(make_pipe(out), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, in[0], 0), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, out[1], 1), 0);
	assert_int_equal(posix_spawn(&peer->pid, peer_path, &actions, NULL, arguments, environ), 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(in[0]);
	(void)close(out[1]);
	peer->in = in[1];
	peer->out = out[0];
	return hear(peer);
}

void start_exporter(struct peer *peer, const char *role, const char *argument)
{
	struct line line = start_peer(peer, role, argument);

	if (sscanf(line.text, "ok %95s %15s", peer->text, peer->id) != 2)
		fail_msg("%s: %s", role, line.text);
}

void start_saying(struct peer *peer, const char *role, const char *argument, const char *wanted)
{
	struct line line = start_peer(peer, role, argument);

	if (strcmp(line.text, wanted) != 0)
		fail_msg("%s %s: %s", role, argument, line.text);
}

void start_importer(struct peer *peer, const char *role, const char *handle_or_id)
{
	start_saying(peer, role, handle_or_id, "ok");
}

void start_refused(const char *role, const char *handle_or_id, enum geyser_result wanted)
{
	struct peer peer;
	struct line line = start_peer(&peer, role, handle_or_id);
	const char *name = geyser_result_string(wanted);

	if (strncmp(line.text, name, strlen(name)) != 0 || line.text[strlen(name)] != ' ')
		fail_msg("%s %s: %s, wanted %s", role, handle_or_id, line.text, name);
	end_peer(&peer);
}

/* ---- talking ---- */

void tell(struct peer *peer, const char *command)
{
	char line[256];
	int length = snprintf(line, sizeof(line), "%s\n", command);

	assert_in_range(length, 1, sizeof(line) - 1);
	assert_int_equal(write(peer->in, line, (size_t)length), length);
}

struct line hear(struct peer *peer)
{
	struct line line = {""};

	for (size_t at = 0; at + 1 < sizeof(line.text); at++) {
		if (!readable(peer->out, PATIENCE) || read(peer->out, &line.text[at], 1) != 1)
			fail_msg("peer %d says no more after \"%s\"", (int)peer->pid, line.text);
		if (line.text[at] == '\n') {
			line.text[at] = '\0';
			break;
		}
	}
	return line;
}

void expect_line(struct peer *peer, const char *wanted)
{
	struct line line = hear(peer);
	size_t length = strlen(wanted);

	if (strncmp(line.text, wanted, length) != 0 ||
		(line.text[length] != '\0' && line.text[length] != ' '))
		fail_msg("peer %d: \"%s\", wanted \"%s\"", (int)peer->pid, line.text, wanted);
}

static void tell_formatted(struct peer *peer, const char *format, va_list args)
{
	char command[200];
	int length = vsnprintf(command, sizeof(command), format, args);

	assert_in_range(length, 1, sizeof(command) - 1);
	tell(peer, command);
}

void tell_for(struct peer *peer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_formatted(peer, format, args);
	va_end(args);
}

void ask_for(struct peer *peer, const char *wanted, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_formatted(peer, format, args);
	va_end(args);
	expect_line(peer, wanted);
}

void ask_frame(struct peer *peer, const char *command, uint64_t sequence)
{
	char wanted[32];

	(void)snprintf(wanted, sizeof(wanted), "ok %" PRIu64, sequence);
	ask(peer, command, wanted);
}

void ask_frame_by(struct peer *peer, const char *command, uint64_t sequence, enum geyser_path path)
{
	char wanted[32];

	(void)snprintf(wanted, sizeof(wanted), "ok %" PRIu64 " %d", sequence, (int)path);
	ask(peer, command, wanted);
}

void make_wait(struct peer *peer, const char *command)
{
	uint64_t end = now_ns() + PATIENCE;

	ask(peer, command, "waiting");
	while (!is_asleep(peer->pid))
		assert_true(now_ns() < end);
}

/* ---- handles ---- */

struct geyser_handle handle_of(const struct peer *peer)
{
	struct geyser_handle handle;

	ok(geyser_handle_from_string(peer->text, &handle));
	return handle;
}

struct geyser_handle hear_handle(struct peer *peer)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];
	struct line line = hear(peer);
	struct geyser_handle handle;

	if (sscanf(line.text, "ok %95s", text) != 1)
		fail_msg("peer %d: %s", (int)peer->pid, line.text);
	ok(geyser_handle_from_string(text, &handle));
	return handle;
}

void give(struct peer *peer, const char *command, const struct geyser_handle *handle,
	const char *wanted)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];

	ok(geyser_handle_to_string(handle, text, sizeof(text)));
	ask_for(peer, wanted, "%s %s", command, text);
}

/* ---- ending ---- */

static int finish(struct peer *peer)
{
	int status = -1;

	(void)close(peer->in);
	(void)close(peer->out);
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	peer->pid = -1;
	return status;
}

void reap_peer(struct peer *peer)
{
	assert_int_equal(finish(peer), 0);
}

void stop_peer(const struct peer *peer)
{
	int status;

	assert_int_equal(kill(peer->pid, SIGSTOP), 0);
	assert_int_equal(waitpid(peer->pid, &status, WUNTRACED), peer->pid);
	assert_true(WIFSTOPPED(status));
}

void end_peer(struct peer *peer)
{
	reap_peer(peer);
}

void kill_peer(struct peer *peer)
{
	int status;

	assert_int_equal(kill(peer->pid, SIGKILL), 0);
	status = finish(peer);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

void kill_grandchild(pid_t pid)
{
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
}

/* ---- two peers ---- */

void start_two(struct two_peers *two, const char *first, const char *second, const char *create)
{
	struct geyser_handle handle;

	start_importer(&two->first, first, "-");
	start_importer(&two->second, second, "-");
	tell(&two->first, create);
	handle = hear_handle(&two->first);
	give(&two->second, "import-texture", &handle, "ok");
	tell(&two->first, "create-event 0");
	handle = hear_handle(&two->first);
	give(&two->second, "import-event", &handle, "ok");
}

void start_stream(
	struct two_peers *two, const char *publisher, const char *subscriber, const char *what)
{
	start_importer(&two->first, publisher, "-");
	start_importer(&two->second, subscriber, "-");
	ask_for(&two->first, "ok", "publish frames %s", what);
	ask(&two->second, "subscribe frames", "ok");
}

void end_two(struct two_peers *two)
{
	end_peer(&two->second);
	end_peer(&two->first);
}

/* ---- suites ---- */

static bool on_backend(const char *name)
{
	const char *backend = getenv("GEYSER_BACKEND");

	return backend && strcmp(backend, name) == 0;
}

bool on_a_device(void)
{
	return on_backend("vulkan");
}

bool on_metal(void)
{
	return on_backend("metal");
}

unsigned processes(unsigned count)
{
	return on_a_device() ? (count + 9) / 10 : count;
}
