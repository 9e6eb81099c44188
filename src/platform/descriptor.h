/* SPDX-License-Identifier: MIT */
/* Descriptors that differ between operating systems: to wake somebody, to wait for many, to watch a
 * directory. All are CLOEXEC and don't block. */
#ifndef GY_PLATFORM_DESCRIPTOR_H
#define GY_PLATFORM_DESCRIPTOR_H

#include <geyser/geyser.h>

#include <poll.h>

/* As poll() until a deadline; a signal doesn't end it. Returns how many are ready, 0 when the
 * deadline has passed, -1 with errno. */
int gy_poll(struct pollfd *fds, unsigned count, uint64_t deadline);

/* ---- wake-ups ---- */

/* Readable from the first raise on until it is cleared, or as much as 8 bytes are read from it. */
struct gy_wakeup {
	int fd;    /* to poll; a duplicate may be given away */
	int raise; /* where raising needs another descriptor; else -1 */
};

#define GY_NO_WAKEUP ((struct gy_wakeup){.fd = -1, .raise = -1})

/* Errors: LIMIT, SYSTEM; *out is GY_NO_WAKEUP then. */
enum geyser_result gy_wakeup_create(struct gy_wakeup *out);

/* From any thread; never blocks. */
void gy_wakeup_raise(const struct gy_wakeup *wakeup);
void gy_wakeup_clear(const struct gy_wakeup *wakeup);

/* GY_NO_WAKEUP is fine, and is what it leaves. */
void gy_wakeup_close(struct gy_wakeup *wakeup);

/* ---- waiting for many ---- */

enum gy_readiness {
	GY_READABLE = 1,
	GY_HUNG_UP = 2, /* the other end is gone; also told where it was not asked for */
};

struct gy_ready {
	uint64_t key;
	uint32_t events; /* enum gy_readiness */
};

/* Returns the descriptor, or -1 with errno. In a forked child it is good for nothing but being
 * closed, at once. */
int gy_poller_create(void);

/* key comes back with every event of fd. GY_HUNG_UP alone: only the end is waited for. 0, or -1
 * with errno. */
int gy_poller_add(int poller, int fd, enum gy_readiness events, uint64_t key);
void gy_poller_remove(int poller, int fd);

/* Up to room of what is ready; timeout_ms -1: none. -1 after a signal. */
int gy_poller_wait(int poller, struct gy_ready *out, int room, int timeout_ms);

/* ---- watching a directory ---- */

struct gy_watch;

/* Of names that come and go, and of the locks (flock) on its files NAMEsuffix, each held by one
 * process as long as that lives. path is the directory's, and lives as long as the watch. Errors:
 * LIMIT, OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_watch_create(
	int directory, const char *path, const char *suffix, struct gy_watch **out);

#define GY_WATCH_DIRECTORIES 3 /* at most */

/* Watches one more directory in the same way. */
enum geyser_result gy_watch_add(struct gy_watch *watch, int directory, const char *path);

/* Ends the watching of all directories; the watch's descriptor stays the same. */
void gy_watch_clear(struct gy_watch *watch);

void gy_watch_destroy(struct gy_watch *watch);

/* Readable when something has changed. */
int gy_watch_fd(const struct gy_watch *watch);

/* Whether something has changed since the last call; *unlocked becomes true if a lock was released.
 * The removal or replacement of a watched directory is reported only if no other user may write
 * into the directory above it. */
bool gy_watch_drain(struct gy_watch *watch, bool *unlocked);

#endif
