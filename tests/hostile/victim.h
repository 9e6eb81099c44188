/* The exporter that hostile importers are set on: a real one, in a process of its own. */
#ifndef GEYSER_TESTS_VICTIM_H
#define GEYSER_TESTS_VICTIM_H

#include "helper.h"
#include "peer.h"

#define EXPORTER_FDS 160 /* the limit that the exporter lives under */

struct exporter {
	struct helper helper; /* a prompt asks how many importers there are */
	struct geyser_handle texture, event;
	uint64_t instance;
	size_t fds; /* that it has when nobody is connected */
};

extern struct exporter exporter;

/* For cmocka's setup and teardown of a group. Before this process has a thread: a sanitizer's fork
 * likes it so. */
int start_exporter(void **state);
int stop_exporter(void **state);

/* ---- the others, whom it must serve ---- */

/* Quickly enough that it can't have waited for a misbehaving one. */
void a_real_import_works(void);

/* Waits until the exporter has no descriptor of a peer's. */
void nothing_is_left(void);

uint32_t importers_now(void);

/* ---- what a peer may see from the other end ---- */

/* Waits for that; false if it takes too long. */
bool hung_up(int fd);

struct gy_message import_question(const struct geyser_handle *handle);
struct gy_message answer_of(int fd, int *memory);

#endif
