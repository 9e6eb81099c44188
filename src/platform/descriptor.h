/* SPDX-License-Identifier: MIT */
/* Declares descriptors that differ between operating systems: wake-ups, pollers and directory
 * watches. All of them are close-on-exec and non-blocking. */
#ifndef GY_PLATFORM_DESCRIPTOR_H
#define GY_PLATFORM_DESCRIPTOR_H

#include <geyser/geyser.h>

#include <poll.h>

/* Works like poll() with a deadline. A signal doesn't end the wait. Returns the number of ready
 * descriptors, 0 when the deadline has passed, or -1 with errno. */
int gy_poll(struct pollfd *fds, unsigned count, uint64_t deadline);

/* ---- wake-ups ---- */

/* A descriptor that another thread can make readable. It is readable from the first raise until it
 * is cleared, or until a reader reads 8 bytes from it. */
struct gy_wakeup {
	int fd;    /* for poll(); a duplicate may be given away */
	int raise; /* the descriptor to write to, if that is another one than fd; else -1 */
};

#define GY_NO_WAKEUP ((struct gy_wakeup){.fd = -1, .raise = -1})

/* Creates a wake-up. Errors: LIMIT, SYSTEM; *out is then GY_NO_WAKEUP. */
enum geyser_result gy_wakeup_create(struct gy_wakeup *out);

/* Make the descriptor readable, or not readable. Any thread may call these functions; neither
 * blocks. */
void gy_wakeup_raise(const struct gy_wakeup *wakeup);
void gy_wakeup_clear(const struct gy_wakeup *wakeup);

/* Closes the wake-up and sets it to GY_NO_WAKEUP. A wake-up that is GY_NO_WAKEUP already is
 * fine. */
void gy_wakeup_close(struct gy_wakeup *wakeup);

/* ---- waiting for many ---- */

enum gy_readiness {
	GY_READABLE = 1,
	GY_HUNG_UP = 2, /* the other end is gone; reported even if only GY_READABLE was asked for */
};

struct gy_ready {
	uint64_t key;
	uint32_t events; /* enum gy_readiness */
};

/* Creates a poller. Returns its descriptor, or -1 with errno. A forked child can't use the parent's
 * poller; it must close the descriptor at once. */
int gy_poller_create(void);

/* Adds fd to the poller. Every event of fd carries key. With GY_HUNG_UP alone the poller reports
 * only that the other end is gone. Returns 0, or -1 with errno. */
int gy_poller_add(int poller, int fd, enum gy_readiness events, uint64_t key);
void gy_poller_remove(int poller, int fd);

/* Waits for ready descriptors and stores at most room of them in out. A timeout_ms of -1 means no
 * timeout. Returns how many are stored. Returns -1 after a failure or a signal. */
int gy_poller_wait(int poller, struct gy_ready *out, int room, int timeout_ms);

/* ---- watching a directory ---- */

struct gy_watch;

/* Creates a watch of a directory: of names that come and go, and of locks (flock) on its files with
 * the suffix. One process holds each such lock for as long as it lives. directory is open at path,
 * and must stay open while it is watched. suffix must live as long as the watch does. Errors:
 * LIMIT, OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_watch_create(
	int directory, const char *path, const char *suffix, struct gy_watch **out);

#define GY_WATCH_DIRECTORIES 3 /* the most directories of one watch */

/* Adds another directory to the watch. Errors: as gy_watch_create. */
enum geyser_result gy_watch_add(struct gy_watch *watch, int directory, const char *path);

/* Stops watching all directories. The watch keeps its descriptor. */
void gy_watch_clear(struct gy_watch *watch);

void gy_watch_destroy(struct gy_watch *watch);

/* Returns a descriptor that is readable when something has changed. The watch owns it. */
int gy_watch_fd(const struct gy_watch *watch);

/* Returns whether something has changed since the last call. Sets *unlocked to true if a lock was
 * released. The removal or replacement of a watched directory is reported only if no other user may
 * write into the directory above it. */
bool gy_watch_drain(struct gy_watch *watch, bool *unlocked);

#endif
