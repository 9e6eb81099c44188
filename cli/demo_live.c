/*
 * The demo's live steps: order through an event, one memory in both processes, a peer's death.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "child.h"
#include "common.h"
#include "demo.h"
#include "os.h"

/* How often a wait for a peer checks that the peer still lives. */
#define LOOK_NS UINT64_C(100000000)

/* Waits for the value as geyser_event_wait does. The wait also ends when the child ends or the user
 * sends a signal. */
static bool wait_for(const struct child *child, struct geyser_event *event, uint64_t value)
{
	for (uint64_t waited = 0; waited < DEMO_WAIT_NS; waited += LOOK_NS) {
		const enum geyser_result result = geyser_event_wait(event, value, LOOK_NS);

		if (!result)
			return true;
		if (result != GEYSER_ERROR_TIMEOUT)
			return (void)library_failure("%s", child->name), false;
		if (!child_is_well(child))
			return false;
	}
	(void)failure("%s did not signal in time (value %" PRIu64 "): it needs a less busy machine",
		child->name, value);
	return false;
}

/* ---- order ---------------------------------------------------------------------------------- */

static bool ask_rounds(struct demo *demo, const struct child *child, struct geyser_event *event)
{
	static uint64_t times[DEMO_ROUNDS];
	volatile uint32_t *const question = demo_first_texel(&demo->mapping);
	volatile uint32_t *const answer =
		demo_last_texel(&demo->mapping, geyser_texture_get_desc(demo->texture));

	for (uint32_t round = 1; round <= DEMO_ROUNDS; round++) {
		const uint32_t right = demo_answer(demo_word(round));
		const uint64_t start = now_ns();

		*question = demo_word(round);
		if (geyser_event_signal(event, UINT64_C(2) * round - 1)) {
			(void)library_failure("round %u", round);
			return false;
		}
		if (!wait_for(child, event, UINT64_C(2) * round))
			return false;
		times[round - 1] = (now_ns() - start) / 2;
		if (*answer != right) {
			(void)failure("round %u: wrong answer (0x%08x): expected 0x%08x", round,
				*answer, right);
			return false;
		}
	}
	demo->wake_ns = demo_median(times, DEMO_ROUNDS);
	return true;
}

/* Reads the peer's first lines: how long its imports took, and which memory it has mapped. */
static bool compare_memory(struct demo *demo, struct child *child)
{
	uint64_t device, inode, peer_device, peer_inode;
	char text[256];

	if (!child_read_lines(child, 2, DEMO_WAIT_NS, text, sizeof(text)))
		return false;
	if (sscanf(text, "import %" SCNu64 " memory %" SCNu64 " %" SCNu64, &demo->import_ns,
		    &peer_device, &peer_inode) != 3) {
		(void)failure("%s sent an unexpected line (%s)", child->name, text);
		return false;
	}
	if (!demo_memory(demo->texture, &device, &inode))
		return false;
	if (device == peer_device && inode == peer_inode)
		return true;
	(void)failure("%s has other memory (device %" PRIu64 ", inode %" PRIu64 "): device %" PRIu64
		      ", inode %" PRIu64 " holds the picture",
		child->name, peer_device, peer_inode, device, inode);
	return false;
}

static bool converse(struct demo *demo, struct geyser_event *event)
{
	char parent[16], event_id[16], rounds[16];
	char *const argv[] = {
		os_program(), "demo", "--peer", "order", parent, demo->id, event_id, rounds, NULL};
	struct geyser_handle handle;
	struct child child;
	bool done;
	pid_t pid;

	if (geyser_event_export(event, &handle)) {
		(void)library_failure("event");
		return false;
	}
	(void)snprintf(parent, sizeof(parent), "%d", getpid());
	(void)snprintf(event_id, sizeof(event_id), "0x%08" PRIx32, geyser_handle_id(&handle));
	(void)snprintf(rounds, sizeof(rounds), "%u", DEMO_ROUNDS);
	if (!child_start(argv, "the second process", demo->signals, true, &child))
		return false;
	pid = child.pid;
	done = compare_memory(demo, &child) && ask_rounds(demo, &child, event) &&
	       child_finish(&child, DEMO_WAIT_NS);
	child_end(&child);
	if (done)
		(void)snprintf(demo->note, sizeof(demo->note),
			"%u turns with process %d, each read the texel that the other wrote",
			DEMO_ROUNDS, pid);
	return done;
}

bool demo_order(struct demo *demo)
{
	struct geyser_event *event;
	bool done;

	if (geyser_event_create(demo->manager, 0, &event)) {
		(void)library_failure("event");
		return false;
	}
	done = converse(demo, event);
	geyser_event_unref(event);
	return done;
}

/* ---- death ---------------------------------------------------------------------------------- */

static bool outlive(struct demo *demo, struct child *child, struct geyser_event *event)
{
	const uint64_t start = now_ns();
	enum geyser_result result;

	if (kill(child->pid, SIGKILL) < 0)
		return (void)failure("%s can't be killed", child->name), false;
	result = geyser_event_wait(event, 1, DEMO_WAIT_NS);
	if (result != GEYSER_ERROR_DISCONNECTED) {
		(void)failure("the wait on a killed process's event had the wrong result (%s): "
			      "expected GEYSER_ERROR_DISCONNECTED",
			result ? geyser_result_string(result) : "GEYSER_OK");
		return false;
	}
	(void)snprintf(demo->note, sizeof(demo->note),
		"process %d killed: our wait for its event ended in %.2f ms, DISCONNECTED",
		child->pid, (double)(now_ns() - start) / 1e6);
	return true;
}

static bool meet_victim(struct demo *demo, struct child *child)
{
	struct target target;
	struct geyser_event *event;
	char text[32];
	bool done;

	if (!child_read_lines(child, 1, DEMO_WAIT_NS, text, sizeof(text)))
		return false;
	text[10] = '\0'; /* the end of "0x" and 8 digits */
	if (target_parse(text, &target))
		return false;
	if (target_find(&target) || geyser_event_import(demo->manager, &target.handle, &event)) {
		(void)library_failure("import of %s", text);
		return false;
	}
	done = outlive(demo, child, event);
	geyser_event_unref(event);
	return done;
}

bool demo_kill(struct demo *demo)
{
	char parent[16];
	char *const argv[] = {os_program(), "demo", "--peer", "victim", parent, NULL};
	struct child child;
	bool done;

	(void)snprintf(parent, sizeof(parent), "%d", getpid());
	if (!child_start(argv, "the process to kill", demo->signals, true, &child))
		return false;
	done = meet_victim(demo, &child);
	child_end(&child);
	return done;
}
