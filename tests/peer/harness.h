/*
 * The side of the test: starting other processes and talking to them. The programs that it starts
 * are peers (commands.h), or this program's own forked children. All functions are for the thread
 * that runs the test, and fail the test when something is not as expected.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include "helper.h"
#include "support.h"

#include <sys/types.h>

struct peer {
	pid_t pid;
	int in, out; /* its stdin and stdout */
	/* the handle that an exporter says at first */
	char text[GEYSER_HANDLE_TEXT_SIZE];
	char id[16];
};

struct line {
	char text[1024];
};

/* Takes the path of the peer's program from the arguments and runs the tests. */
int run_suite(
	int argc, char **argv, const char *name, const struct CMUnitTest *tests, size_t count);

/* ---- starting a peer ---- */

/* Starts a peer with two arguments and returns its first line. */
struct line start_peer(struct peer *peer, const char *role, const char *argument);

/* Starts a peer, whose first line must be `wanted`. */
void start_saying(struct peer *peer, const char *role, const char *argument, const char *wanted);

/* Starts a peer that must say the handle of an export. */
void start_exporter(struct peer *peer, const char *role, const char *argument);

/* Starts a peer that must say "ok". */
void start_importer(struct peer *peer, const char *role, const char *handle_or_id);

/* Starts a peer that must fail with this result, and ends it. */
void start_refused(const char *role, const char *handle_or_id, enum geyser_result wanted);

/* ---- talking to a peer ---- */

void tell(struct peer *peer, const char *command);
struct line hear(struct peer *peer);

/* Hears a line, which must be `wanted`, or begin with `wanted` and a space. */
void expect_line(struct peer *peer, const char *wanted);
#define ask(peer, command, wanted) (tell(peer, command), expect_line(peer, wanted))

/* As tell and ask, with the command in the manner of printf. */
void tell_for(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ask_for(struct peer *peer, const char *wanted, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Ask for a frame by a command as "take". It must have this sequence, and come by this path. */
void ask_frame(struct peer *peer, const char *command, uint64_t sequence);
void ask_frame_by(struct peer *peer, const char *command, uint64_t sequence, enum geyser_path path);

/* Gives the peer a command that waits, and returns when the peer sleeps. */
void make_wait(struct peer *peer, const char *command);

/* The handle that start_exporter has heard; the handle in the peer's next line, "ok HANDLE". */
struct geyser_handle handle_of(const struct peer *peer);
struct geyser_handle hear_handle(struct peer *peer);

/* As ask, with a command that takes a handle, as "import-texture". */
void give(struct peer *peer, const char *command, const struct geyser_handle *handle,
	const char *wanted);

/* ---- ending a peer: each closes the pipes and reaps the process ---- */

void end_peer(struct peer *peer);  /* ends its stdin: the peer releases all and exits with 0 */
void kill_peer(struct peer *peer); /* SIGKILL */
void reap_peer(struct peer *peer); /* the peer ends by itself, with 0 */

/* Stops the peer's process (SIGSTOP), and returns when it has stopped. SIGCONT lets it go on. */
void stop_peer(const struct peer *peer);

/* Ends a process that is no child of this one, by SIGKILL. */
void kill_grandchild(pid_t pid);

/* ---- two peers, each with the name of a backend as its first argument ---- */

struct two_peers {
	struct peer first, second; /* the first has made what they share */
};

/* They share a texture and an event of value 0. create: the first one's command for the texture. */
void start_two(struct two_peers *two, const char *first, const char *second, const char *create);

/* The first publishes the stream "frames", the second subscribes to it. what: what follows the name
 * in the command "publish". */
void start_stream(
	struct two_peers *two, const char *publisher, const char *subscriber, const char *what);

void end_two(struct two_peers *two);

/* ---- forked children ---- */

/* For functions that run in a child (helper.h): returns 1 from the function after a failure. */
#define child_check(condition)                                          \
	do {                                                            \
		if (!(condition)) {                                     \
			report_failure(#condition, __FILE__, __LINE__); \
			return 1;                                       \
		}                                                       \
	} while (0)

/* ---- suites ---- */

#define registry_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_registry, teardown_registry)
#define manager_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_manager, teardown_manager)
#define littered_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_manager, teardown_littered)
#define manager_of(state) (((struct fixture *)*(state))->manager)

/* Returns how many processes to start: `count`, or a tenth of it on a device, where each process
 * takes a hundred times as long. */
unsigned processes(unsigned count);
/* Return whether GEYSER_BACKEND puts the managers on a Vulkan device, or on Metal. */
bool on_a_device(void);
bool on_metal(void);

#endif
