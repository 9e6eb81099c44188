/*
 * Starting other processes and talking to them; see peer.c for what they understand. All of it is
 * for the thread that runs the test and fails the test when something is not as expected.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include "support.h"

#include <sys/types.h>

struct peer {
	pid_t pid;
	int in, out; /* its stdin and stdout */
	/* what an exporter said at first */
	char text[GEYSER_HANDLE_TEXT_SIZE];
	char id[16];
};

struct line {
	char text[1024];
};

/* Takes the peer's path from the arguments and runs the tests. */
int run_suite(
	int argc, char **argv, const char *name, const struct CMUnitTest *tests, size_t count);

/* Starts a peer and reads its first line. */
struct line start_peer(struct peer *peer, const char *role, const char *argument);

/* Starts a peer, whose first line must be `wanted`. */
void start_saying(struct peer *peer, const char *role, const char *argument, const char *wanted);

/* Stops the peer's process (SIGSTOP), and returns when it has stopped. SIGCONT lets it go on. */
void stop_peer(const struct peer *peer);

/* Those that must succeed. */
void start_exporter(struct peer *peer, const char *role, const char *argument);
void start_importer(struct peer *peer, const char *role, const char *handle_or_id);

/* One that must fail with this result, and then ends. */
void start_refused(const char *role, const char *handle_or_id, enum geyser_result wanted);

void tell(struct peer *peer, const char *command);
struct line hear(struct peer *peer);

/* Hears the line, or the result and any detail. */
void expect_line(struct peer *peer, const char *wanted);
#define ask(peer, command, wanted) (tell(peer, command), expect_line(peer, wanted))

/* Tells it to wait, and returns when it sleeps. */
void make_wait(struct peer *peer, const char *command);

/* Ends it; each closes the pipes and reaps it. */
void end_peer(struct peer *peer);  /* stdin ends: it releases all and exits with 0 */
void kill_peer(struct peer *peer); /* SIGKILL */
void reap_peer(struct peer *peer); /* it ends by itself, with 0 */

/* A process that is not ours to reap, by SIGKILL. */
void kill_grandchild(pid_t pid);

struct geyser_handle handle_of(const struct peer *peer);

/* Run a function in a forked child; it must return 0, as it does if no child_check fails. */
pid_t start_child(int (*run)(void *data), void *data);
void end_child(pid_t pid);
void in_child(int (*run)(void *data), void *data);
#define child_check(condition)                                          \
	do {                                                            \
		if (!(condition)) {                                     \
			report_failure(#condition, __FILE__, __LINE__); \
			return 1;                                       \
		}                                                       \
	} while (0)

#define registry_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_registry, teardown_registry)
#define manager_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_manager, teardown_manager)
#define littered_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_manager, teardown_littered)
#define manager_of(state) (((struct fixture *)*(state))->manager)

/* A count of processes to start: on a device each takes a hundred times as long, and a tenth of
 * them must do. */
unsigned processes(unsigned count);
/* Whether the managers are a device's: GEYSER_BACKEND says so. */
bool on_a_device(void);
bool on_metal(void);

#endif
