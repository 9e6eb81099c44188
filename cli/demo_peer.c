/*
 * The second process of geyser demo, and the functions that both processes use.
 *
 * SPDX-License-Identifier: MIT
 *
 * The demo starts its own binary in a hidden mode, which is no interface and may change:
 *
 *   geyser demo --peer order PARENT TEXTURE EVENT ROUNDS
 *	imports the texture DEMO_IMPORTS times, prints "import NANOSECONDS" (the median) and
 *	"memory DEVICE INODE"; then, ROUNDS times: waits until the event is at 2 * round - 1, checks
 *	the word in the first texel, writes the answer into the last one, signals 2 * round.
 *   geyser demo --peer victim PARENT
 *	exports an event, prints its id, and waits to be killed.
 *   geyser demo --peer view PARENT STREAM HOW SHEET
 *	see demo_viewer.c.
 *
 * PARENT is the process id of the demo: the peer dies with it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "demo.h"
#include "os.h"

/* ---- what both processes do alike ----------------------------------------------------------- */

uint32_t demo_word(uint32_t round)
{
	return round * UINT32_C(2654435761) ^ UINT32_C(0x67657973);
}

uint32_t demo_answer(uint32_t word)
{
	return ~(word << 7 | word >> 25);
}

volatile uint32_t *demo_first_texel(const struct geyser_mapping *mapping)
{
	return mapping->data;
}

volatile uint32_t *demo_last_texel(
	const struct geyser_mapping *mapping, const struct geyser_texture_desc *desc)
{
	unsigned char *const row =
		(unsigned char *)mapping->data + (desc->height - 1) * mapping->row_pitch;

	return (volatile uint32_t *)(void *)(row + (size_t)(desc->width - 1) * sizeof(uint32_t));
}

bool demo_memory(struct geyser_texture *texture, uint64_t *device, uint64_t *inode)
{
	struct geyser_native_texture native;
	struct stat status;
	bool known;

	if (geyser_texture_export_native(texture, &native)) {
		(void)library_failure("memory of the texture");
		return false;
	}
	known = fstat(native.fd, &status) == 0;
	(void)close(native.fd);
	if (!known) {
		(void)failure(
			"the texture's memory can't be identified (descriptor %d)", native.fd);
		return false;
	}
	*device = (uint64_t)status.st_dev;
	*inode = status.st_ino;
	return true;
}

static int compare_values(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

uint64_t demo_median(uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_values);
	return values[count / 2];
}

/* ---- the peer that answers ------------------------------------------------------------------ */

struct peer {
	struct geyser_manager *manager;
	struct target texture_id, event_id;
	uint32_t rounds;
	struct geyser_texture *texture;
	struct geyser_event *event;
};

/* Measures an import: from the handle until the first texel has been read. */
static enum geyser_result timed_import(struct peer *peer, uint64_t *ns)
{
	const uint64_t start = now_ns();
	struct geyser_texture *texture;
	struct geyser_mapping mapping;
	enum geyser_result result =
		geyser_texture_import(peer->manager, &peer->texture_id.handle, NULL, &texture);

	if (result)
		return result;
	result = geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping);
	if (!result) {
		(void)*demo_first_texel(&mapping);
		*ns = now_ns() - start;
		geyser_texture_unmap(texture);
	}
	geyser_texture_unref(texture);
	return result;
}

static int import_all(struct peer *peer)
{
	uint64_t times[DEMO_IMPORTS], device, inode;

	if (target_find(&peer->texture_id) || target_find(&peer->event_id))
		return library_failure("peer");
	for (unsigned i = 0; i < DEMO_IMPORTS; i++) {
		if (timed_import(peer, &times[i]))
			return library_failure("peer: import %u", i);
	}
	if (geyser_texture_import(peer->manager, &peer->texture_id.handle, NULL, &peer->texture) ||
		geyser_event_import(peer->manager, &peer->event_id.handle, &peer->event))
		return library_failure("peer");
	if (!demo_memory(peer->texture, &device, &inode))
		return STATUS_FAILURE;
	(void)fprintf(answers(), "import %" PRIu64 "\nmemory %" PRIu64 " %" PRIu64 "\n",
		demo_median(times, DEMO_IMPORTS), device, inode);
	return finish_output();
}

static int answer_rounds(struct peer *peer, const struct geyser_mapping *mapping)
{
	volatile uint32_t *const question = demo_first_texel(mapping);
	volatile uint32_t *const answer =
		demo_last_texel(mapping, geyser_texture_get_desc(peer->texture));

	for (uint32_t round = 1; round <= peer->rounds; round++) {
		uint32_t word;

		if (geyser_event_wait(peer->event, UINT64_C(2) * round - 1, DEMO_WAIT_NS))
			return library_failure("peer: round %u", round);
		word = *question;
		if (word != demo_word(round))
			return failure("peer: round %u read a wrong word (0x%08x): expected 0x%08x",
				round, word, demo_word(round));
		*answer = demo_answer(word);
		if (geyser_event_signal(peer->event, UINT64_C(2) * round))
			return library_failure("peer: round %u", round);
	}
	return STATUS_OK;
}

static int run_order(struct peer *peer)
{
	struct geyser_mapping mapping;
	int status = import_all(peer);

	if (status)
		return status;
	if (geyser_texture_map(peer->texture, GEYSER_ACCESS_READ_WRITE, &mapping))
		return library_failure("peer");
	status = answer_rounds(peer, &mapping);
	geyser_texture_unmap(peer->texture);
	return status;
}

static int order_peer(struct geyser_manager *manager, char **arguments)
{
	struct peer peer = {.manager = manager};
	uint64_t rounds;
	int status;

	if (target_parse(arguments[0], &peer.texture_id) ||
		target_parse(arguments[1], &peer.event_id) ||
		!parse_number(arguments[2], &rounds) || rounds > DEMO_ROUNDS)
		return STATUS_USAGE;
	peer.rounds = (uint32_t)rounds;
	status = run_order(&peer);
	geyser_event_unref(peer.event);
	geyser_texture_unref(peer.texture);
	return status;
}

/* ---- the peer that is killed ---------------------------------------------------------------- */

static int victim_peer(struct geyser_manager *manager)
{
	struct geyser_handle handle;
	struct geyser_event *event;
	int status;

	if (geyser_event_create(manager, 0, &event))
		return library_failure("peer");
	if (geyser_event_export(event, &handle)) {
		geyser_event_unref(event);
		return library_failure("peer");
	}
	status = print_names(&handle, NAMES_ID);
	if (!status)
		(void)pause();
	geyser_event_unref(event);
	return status;
}

/* ---- both ----------------------------------------------------------------------------------- */

static bool die_with_parent(const char *parent)
{
	uint64_t pid;

	return parse_number(parent, &pid) && pid <= INT_MAX && os_die_with_parent((pid_t)pid);
}

int demo_peer(int argc, char **argv)
{
	struct geyser_manager *manager;
	const bool order = argc == 6 && strcmp(argv[1], "order") == 0;
	const bool victim = argc == 3 && strcmp(argv[1], "victim") == 0;
	const bool view = argc == 6 && strcmp(argv[1], "view") == 0;
	int status;

	if ((!order && !victim && !view) || !die_with_parent(argv[2]))
		return usage_error("demo: --peer is for the demo itself: geyser demo --help");
	if (geyser_manager_create(
		    &(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST}, &manager))
		return library_failure("peer");
	if (view)
		status = demo_viewer(manager, argv + 3);
	else
		status = order ? order_peer(manager, argv + 3) : victim_peer(manager);
	geyser_manager_destroy(manager);
	return status;
}
