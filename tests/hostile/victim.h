/* A real exporter in a process of its own, for tests of hostile importers. */
#ifndef GEYSER_TESTS_VICTIM_H
#define GEYSER_TESTS_VICTIM_H

#include "helper.h"
#include "peer.h"

#define EXPORTER_FDS 160 /* the limit that the exporter lives under */

struct exporter {
	struct helper helper; /* a prompt asks how many importers there are */
	struct geyser_handle texture, event;
	uint64_t instance;
	size_t fds; /* the number of its descriptors without connections */
};

extern struct exporter exporter;

/* For cmocka's setup and teardown of a group. Start it before this process has a thread: sanitizers
 * don't fork well beside threads. */
int start_exporter(void **state);
int stop_exporter(void **state);

/* ---- honest importers, which it must serve ---- */

/* Imports within 4 seconds, so that the exporter can't have waited for a silent peer. */
void a_real_import_works(void);

/* Waits until the exporter has no descriptor of any peer. */
void nothing_is_left(void);

uint32_t importers_now(void);

/* ---- what a peer may see from the other end ---- */

/* Waits until the exporter closes the connection. Returns false after 20 seconds. */
bool hung_up(int fd);

struct gy_message import_request(const struct geyser_handle *handle);
struct gy_message answer_of(int fd, int *memory);

#endif
