/* The hostile end of a connection: an exporter or an importer that sends any bytes. */
#ifndef GEYSER_TESTS_PEER_H
#define GEYSER_TESTS_PEER_H

#include <poll.h>

#include "ipc/registry/registry.h"
#include "ipc/wire/packet.h"
#include "stream/ring.h"

#include <pthread.h>
#include <stdatomic.h>

#include "support.h"

#ifndef POLLRDHUP /* macOS has POLLHUP for this */
#define POLLRDHUP POLLHUP
#endif

/* ---- an exporter: a socket in the registry, and a thread that serves it ---- */

struct fake {
	uint64_t instance;
	int listener;
	int stop[2]; /* a pipe: its write end is closed to end the thread */
	pthread_t thread;
	/* Answers one connection, which is closed when serve returns. NULL: connections stay in the
	 * backlog. */
	void (*serve)(struct fake *fake, int connection);
	const void *script;
	_Atomic unsigned served;
};

void fake_start(
	struct fake *fake, void (*serve)(struct fake *fake, int connection), const void *script);
void fake_stop(struct fake *fake);

/* Makes a link in the registry by which the fake publishes a stream of that name. fake_withdraw
 * removes the link. */
void fake_publish(const struct fake *fake, const char *name);
void fake_withdraw(const char *name);

/* Returns a handle of an object that the fake pretends to export. Its id is linked in the registry.
 */
struct geyser_handle fake_handle(const struct fake *fake, enum gy_handle_kind kind);

/* Receives the next message that isn't HELLO or RELEASE. Returns false when the importer has hung
 * up. */
bool fake_request(int connection, struct gy_message *out);

/* Sleeps until the importer hangs up or the fake is stopped. */
void fake_linger(const struct fake *fake, int connection);

/* The functions below return an honest exporter's answers, which a test may change. */

/* Returns a STREAM message with the sizes of its pages. A LEASE message differs in type only. */
struct gy_message peer_stream(uint32_t sequence, uint32_t buffers);

/* Returns a TEXTURE or PICTURE message (type): rgba8unorm, width by height texels in rows without
 * padding, in a memfd of size bytes. */
struct gy_message peer_texture(
	enum gy_wire_type type, uint32_t sequence, uint32_t width, uint32_t height, uint64_t size);

/* ---- raw sending ---- */

/* Return false if the other end is gone, or if its buffer is full and the socket doesn't block. */
bool peer_send(int socket, const void *bytes, size_t size, const int *fds, size_t count);
bool peer_send_message(int socket, const struct gy_message *message, int fd);

/* Connects to this exporter and sends nothing. The caller closes the connection. */
int peer_connect(uint64_t instance);

/* As peer_connect, and sends HELLO. */
int peer_greet(uint64_t instance);

/* ---- a subscriber that writes into its lease ---- */

/* Asks the publisher of that name over a new connection, which it returns. *answer: the first
 * answer; *fd: the descriptor that came with it, or -1. The caller closes both. */
int peer_request(
	const char *name, const struct gy_message *request, struct gy_message *answer, int *fd);

/* Subscribes over a new connection and maps the lease, writable, until peer_unsubscribe. */
struct gy_lease_page *peer_subscribe(const char *name, bool every, int *connection);
void peer_unsubscribe(struct gy_lease_page *lease, int connection);

#endif
