/* Publishers with bad manners: they are silent, slow, or answer by half. */
#ifndef GEYSER_TESTS_MANNERS_H
#define GEYSER_TESTS_MANNERS_H

#include "peer.h"

#include "base/clock.h"

#include <geyser/stream.h>

#define NAME "patience" /* of the stream */
#define BUFFERS 3
#define OTHER_GENERATION 77

#define IMPORT_TIMEOUT (60 * GY_SECOND) /* far from all other timeouts here */
#define PATIENCE (20 * GY_SECOND)

enum manner {
	QUICK,     /* answers at once, as it should */
	SILENT,    /* reads, and never answers */
	HALF,      /* sends the first of the two packets of an answer */
	NO_BUFFER, /* answers SUBSCRIBE, but no request about buffers */
	SLOW,      /* answers each request late */
	LATE,      /* answers SUBSCRIBE; about buffers only when the test says so */
	DEAF,      /* accepts no connection */
	MANNERS,
};

extern const char *const manner_names[MANNERS];

struct publisher {
	struct fake fake;
	_Atomic int manner;       /* enum manner; may change */
	_Atomic bool has_buffers; /* for LATE */
	_Atomic uint32_t requests;
	struct gy_ring_page *page;
	int ring, lease, picture;
};

/* Starts a publisher of the stream NAME, on a thread of its own, until stop_publisher. */
void start_publisher(struct publisher *publisher, enum manner manner);
void stop_publisher(struct publisher *publisher);

/* Publishes a frame in buffer 0, and says that the buffer has this generation. No buffer that a
 * publisher sends has OTHER_GENERATION. */
void publish_frame(struct publisher *publisher, uint64_t sequence, uint32_t generation);

/* ---- an honest subscriber ---- */

/* Creates a manager of the host backend, which the caller destroys. */
struct geyser_manager *make_manager(uint64_t import_timeout_ns);

/* Subscribes to NAME, and returns the result of geyser_subscriber_create. */
enum geyser_result subscribe(
	struct geyser_manager *manager, uint64_t timeout_ns, struct geyser_subscriber **out);

#endif
