/* SPDX-License-Identifier: MIT */
/* What differs between operating systems: shared memory, sleeping on an address, who the peer is.
 * Descriptors and sockets have headers of their own. */
#ifndef GY_PLATFORM_PLATFORM_H
#define GY_PLATFORM_PLATFORM_H

#include <geyser/geyser.h>

#include <stdatomic.h>
#include <sys/types.h>

/* ---- shared memory: anonymous, never on a disk, of fixed size ---- */

/* Whole pages, as the kernel counts them. */
uint64_t gy_memory_round(uint64_t size);

/* Allocates and zeroes size bytes (over 0) whose number can't change from then on. The fd is the
 * caller's. name is for people, where the system shows one. Errors: LIMIT (no fd), OUT_OF_MEMORY,
 * UNSUPPORTED (no such memory). */
enum geyser_result gy_memory_create(const char *name, uint64_t size, int *fd);

/* The same, mapped for writing here, while the fd allows no new writable mapping: others can only
 * read. The mapping is the caller's to unmap. */
enum geyser_result gy_memory_create_published(
	const char *name, uint64_t size, int *fd, void **data);

/* Whether such memory can be had. Errors: UNSUPPORTED, LIMIT, OUT_OF_MEMORY. */
enum geyser_result gy_memory_probe(void);

/* Memory from a peer, before it is mapped: of the kind above, so that its size can't change after
 * this check, and its size. writable: whether it may be mapped for writing. Errors: UNSUPPORTED
 * (other kinds of memory, by name), UNSEALED (its size may change, and what is missing). */
enum geyser_result gy_memory_check(int fd, uint64_t *size, bool *writable);

/* Returns how many bytes of such memory are allocated; UINT64_MAX where the system doesn't say. */
uint64_t gy_memory_allocated(int fd);

/* Allocates the missing pages of this range, if the descriptor and the system allow it. */
void gy_memory_fill(int fd, uint64_t offset, uint64_t size);

/* Returns how many bytes one peer may make this process map: half of the machine's memory, or half
 * of the process's own limit (RLIMIT_AS) if that is less. */
uint64_t gy_memory_share(void);

/* Maps the first size bytes. Errors: OUT_OF_MEMORY, LIMIT, PERMISSION. */
enum geyser_result gy_memory_map(int fd, size_t size, bool writable, void **out);
void gy_memory_unmap(void *data, size_t size);

/* Brings every page in, so that none faults later; does what the kernel can. */
void gy_memory_prefault(void *data, size_t size, bool writable);

/* Memory as gy_memory_create makes it, whole pages, as a dma-buf: the fd is the caller's. Errors:
 * UNSUPPORTED (no /dev/udmabuf; sealed against writing), PERMISSION, LIMIT. */
enum geyser_result gy_memory_to_dma_buf(int fd, uint64_t size, int *out);

/* Whether the machine can make dma-bufs (/dev/udmabuf). */
bool gy_memory_has_dma_buf(void);

/* ---- sleeping on an address ---- */

struct gy_wait_word {
	_Atomic uint32_t *word;
	uint32_t expected;
	bool shared; /* between processes */
};

#define GY_WAIT_WORDS 66 /* at most: a publisher's 64 subscribers, and two */

/* Sleeps while every word has its expected value, until one is woken or the deadline passes; may
 * also return for no reason, at the latest after 50 ms where the kernel can't watch several words.
 */
void gy_wait(const struct gy_wait_word *words, unsigned count, uint64_t deadline);
void gy_wake(_Atomic uint32_t *word, bool shared);

/* ---- peers ---- */

struct gy_credentials {
	uid_t uid;
	pid_t pid; /* for people and for liveness, never for permission: it may be reused */
};

/* Who is, or for a listening peer was, at the other end. Errors: SYSTEM. */
enum geyser_result gy_peer_credentials(int socket, struct gy_credentials *out);

/* A descriptor that becomes readable when the peer's process ends; -1 where that can't be had, with
 * *ended if it is because the process has ended already. */
int gy_peer_watch(int socket, pid_t pid, bool *ended);

/* Whether the peer's process is known to have ended. Its socket alone doesn't tell: a child that
 * was made by clone without fork's handlers may keep it open. */
bool gy_peer_has_ended(int socket, pid_t pid);

/* Returns getpid(), without a system call each time where the kernel can tell a child of any kind
 * from its parent. */
pid_t gy_process_id(void);

/* Whether that process is stopped, by a signal or a debugger; false where it can't be known. */
bool gy_process_is_stopped(pid_t pid);

/* ---- the kernel ---- */

/* Unpredictable bytes, 256 at most; false with errno. */
bool gy_system_random(void *bytes, size_t count);

/* A place where a registry may lie: the directory folder within parent. */
struct gy_runtime_place {
	const char *name;  /* what an error calls the parent */
	char parent[4096]; /* "" if there is none; cut off where there is no room */
	char folder[32];
	bool shared; /* others write in parent, too: only the folder must be this user's */
};

#define GY_RUNTIME_PLACES 3 /* at most */

/* Fills in the place of that index; index 0 is the preferred place. False if no place has this
 * index. */
bool gy_runtime_place(unsigned index, struct gy_runtime_place *out);

/* Makes a directory of mode 0700, whatever the umask is. False with errno. */
bool gy_directory_make(const char *path);

/* A path for an open directory that is short enough for a socket's address; false where there is
 * none. */
bool gy_directory_alias(int directory, char *path, size_t size);

/* Whether it has a GPU's device file: quick, where asking a driver takes long. */
bool gy_platform_has_gpu(void);

void gy_platform_info(struct geyser_system_info *out);

#endif
