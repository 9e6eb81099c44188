/* SPDX-License-Identifier: MIT */
/* Declares what differs between operating systems: shared memory, sleeping on an address, and the
 * identity of peers. descriptor.h, lock.h and socket.h declare the rest. */
#ifndef GY_PLATFORM_PLATFORM_H
#define GY_PLATFORM_PLATFORM_H

#include <geyser/geyser.h>

#include <stdatomic.h>
#include <sys/types.h>

/* ---- shared memory: anonymous, never on a disk, of fixed size ---- */

/* Rounds a size up to whole pages. */
uint64_t gy_memory_round(uint64_t size);

/* Allocates and zeroes size bytes, over 0, of shared memory whose size can't change afterwards. The
 * caller owns the descriptor. Some systems show name to people. Errors: LIMIT (no free descriptor),
 * OUT_OF_MEMORY, UNSUPPORTED (no such memory). */
enum geyser_result gy_memory_create(const char *name, uint64_t size, int *fd);

/* Works like gy_memory_create, and also maps the memory for writing. No process can make another
 * writable mapping through the descriptor, so other processes can only read. The caller owns the
 * descriptor and the mapping. */
enum geyser_result gy_memory_create_published(
	const char *name, uint64_t size, int *fd, void **data);

/* Checks whether this system has such memory. Errors: UNSUPPORTED, LIMIT, OUT_OF_MEMORY. */
enum geyser_result gy_memory_probe(void);

struct gy_memory_info {
	uint64_t size;      /* in bytes */
	uint64_t allocated; /* in bytes; UINT64_MAX if the system doesn't say */
	bool writable;      /* whether it may be mapped for writing */
};

/* Checks memory from a peer, before it is mapped: it must be of the kind above, so that its size
 * can't change after this check. Errors: INVALID_ARGUMENT (no open descriptor), UNSUPPORTED
 * (another kind of memory, by name), UNSEALED (the size may change; names the missing seals). */
enum geyser_result gy_memory_check(int fd, struct gy_memory_info *out);

/* Checks whether other processes can map the memory. If the system refuses memory of that kind, as
 * Apple's sandboxes do, gy_memory_create makes memory that only this process can map. It is used in
 * the same way, also after a socket has carried the descriptor back into this process. Errors:
 * UNSUPPORTED. */
enum geyser_result gy_memory_check_leaves(int fd);

/* Returns how many bytes of such memory are allocated, or UINT64_MAX if the system doesn't say. */
uint64_t gy_memory_allocated(int fd);

/* Allocates the missing pages of this range, if the descriptor and the system allow it. */
void gy_memory_fill(int fd, uint64_t offset, uint64_t size);

/* Returns how many bytes of memory one peer may make this process map. The limit is half of the
 * machine's memory, or half of the process's own limit (RLIMIT_AS) if that is less. */
uint64_t gy_memory_share(void);

/* Maps the first size bytes of the memory; the caller unmaps them, and closes the descriptor
 * before, so that memory of this process alone is freed at once. Errors: OUT_OF_MEMORY, LIMIT,
 * PERMISSION. */
enum geyser_result gy_memory_map(int fd, size_t size, bool writable, void **out);
void gy_memory_unmap(void *data, size_t size);

/* Brings all pages in, as far as the kernel can, so that later accesses don't fault. */
void gy_memory_prefault(void *data, size_t size, bool writable);

/* Makes a dma-buf of memory made by gy_memory_create. size is a number of whole pages. The caller
 * owns the new descriptor. Errors: UNSUPPORTED (no /dev/udmabuf, memory sealed against writing, or
 * a size over udmabuf's limit), PERMISSION, LIMIT. */
enum geyser_result gy_memory_to_dma_buf(int fd, uint64_t size, int *out);

/* Returns whether the machine can make dma-bufs (/dev/udmabuf). */
bool gy_memory_has_dma_buf(void);

/* ---- sleeping on an address ---- */

struct gy_wait_word {
	_Atomic uint32_t *word;
	uint32_t expected;
	bool shared; /* whether processes share the word */
};

/* the most words of one wait: for a publisher's 64 subscribers, and two more */
#define GY_WAIT_WORDS 66

/* Sleeps while every word has its expected value. Returns when a word is woken or the deadline
 * passes, and may return early for no reason. If the system can't sleep on several words, a wait
 * for several returns after 50 ms at the latest. */
void gy_wait(const struct gy_wait_word *words, unsigned count, uint64_t deadline);

/* Returns whether a change of any of the words ends gy_wait. Otherwise only a change of the first
 * word does. The answer may change from true to false, if a sandbox takes the system call away, and
 * never changes back. */
bool gy_wait_has_several(void);

/* Wakes all threads that sleep on the word. The word may be in memory that is mapped read-only. */
void gy_wake(_Atomic uint32_t *word, bool shared);

/* ---- peers ---- */

struct gy_credentials {
	uid_t uid;
	/* to tell people, and to see whether it lives; never for permission, as pids are reused */
	pid_t pid;
};

/* Returns the process at the other end of the connection. If it has connected to a listener, that
 * is the process that began to listen. Errors: SYSTEM. */
enum geyser_result gy_peer_credentials(int socket, struct gy_credentials *out);

/* Returns a descriptor that becomes readable when the peer's process ends; the caller owns it.
 * Returns -1 if there is no such descriptor, with *ended true if the process has ended already. */
int gy_peer_watch(int socket, pid_t pid, bool *ended);

/* Returns whether the peer's process is known to have ended. The socket alone doesn't tell: a child
 * made by clone, for which no fork handlers run, may keep it open. */
bool gy_peer_has_ended(int socket, pid_t pid);

/* Returns the process's id, as getpid() does. It makes no system call each time, if the kernel can
 * tell every kind of child from its parent. */
pid_t gy_process_id(void);

/* Returns whether a signal or a debugger has stopped that process; false if the system doesn't
 * say. */
bool gy_process_is_stopped(pid_t pid);

/* ---- the kernel ---- */

/* Fills in unpredictable bytes, 256 at most. Returns false with errno after a failure. */
bool gy_system_random(void *bytes, size_t count);

/* A place where a registry may lie: the directory folder within the directory parent. */
struct gy_runtime_place {
	const char *name;  /* what an error message calls parent */
	char parent[4096]; /* "" if there is none; cut off if it is too long */
	char folder[32];
	bool shared; /* other users write into parent, too: only folder must belong to this user */
};

#define GY_RUNTIME_PLACES 3 /* the most places of any system */

/* Fills in the place with that index; index 0 is the preferred place. Returns false if no place has
 * this index. */
bool gy_runtime_place(unsigned index, struct gy_runtime_place *out);

/* Makes a directory of mode 0700, whatever the umask is. Returns false with errno after a
 * failure. */
bool gy_directory_make(const char *path);

/* Writes a path for an open directory that is short enough for a socket's address. Returns false if
 * the system has no such path. */
bool gy_directory_alias(int directory, char *path, size_t size);

/* Returns the application group that sandboxed programs share names in ($GEYSER_APP_GROUP), or
 * NULL. Only Apple's systems have such groups. */
const char *gy_application_group(void);

/* Returns whether the machine has the device file of a GPU. This is quick, while asking a driver
 * takes long. */
bool gy_platform_has_gpu(void);

void gy_platform_info(struct geyser_system_info *out);

#endif
