/* SPDX-License-Identifier: MIT */
/*
 * What one process shares with others, for the core: exports to answer for, imports to ask for.
 *
 * There is one struct gy_ipc in a process, made with its first manager and gone with its last
 * object. It has one thread, "geyser-ipc", from the first export or imported event on. A forked
 * child gets a new one; the parent's is then foreign to it: exports and imports fail, releases only
 * free memory.
 */
#ifndef GY_IPC_IPC_H
#define GY_IPC_IPC_H

#include "ipc/registry/name_lock.h"
#include "ipc/wire/wire.h"
#include "platform/descriptor.h"

#include <stdatomic.h>
#include <sys/types.h>

struct gy_ipc;

/* One reference to the process's. Errors: OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_ipc_acquire(struct gy_ipc **out);
void gy_ipc_release(struct gy_ipc *ipc);

/* Made by the parent of this forked process: its threads aren't here. */
bool gy_ipc_is_foreign(const struct gy_ipc *ipc);

/* The same as an error: INVALID_ARGUMENT. */
enum geyser_result gy_ipc_check_own(const struct gy_ipc *ipc);

/* ---- exporting ---- */

/* Embedded in the object it exports; zeroed at first. Guarded by the ipc's lock. */
struct gy_export {
	enum gy_handle_kind kind;
	enum geyser_backend backend;
	/* Fills the answer to an importer; twin: to one who asks for its native semaphore. *fd
	 * stays the object's unless describes_anew. Called with the ipc's lock held. */
	enum geyser_result (*describe)(
		struct gy_export *export, bool twin, struct gy_message *answer, int *fd);

	bool describes_anew; /* *fd is a new one, and the caller's */

	bool listed;     /* known by token: until the object ends or is exported anew */
	bool importable; /* exported and not unexported */
	struct gy_handle_fields fields;
	struct geyser_importers importers;
	struct gy_wakeup notify; /* valid while listed */
};

/* *changed: it wasn't exported before. Errors: as geyser_texture_export. */
enum geyser_result gy_export_add(
	struct gy_ipc *ipc, struct gy_export *export, struct geyser_handle *out, bool *changed);

/* No new imports; *changed: it was exported before. */
void gy_export_withdraw(struct gy_ipc *ipc, struct gy_export *export, bool *changed);

/* Before the object ends. Nobody is within describe afterwards. */
void gy_export_remove(struct gy_ipc *ipc, struct gy_export *export);

void gy_export_importers(
	struct gy_ipc *ipc, struct gy_export *export, struct geyser_importers *out);
enum geyser_result gy_export_importers_fd(struct gy_ipc *ipc, struct gy_export *export, int *out);

/* ---- serving streams ---- */

/* Where answers go: to the one who asked. */
struct gy_reply;

/* False if the peer can't be reached: whoever answers then gives up. */
bool gy_reply_send(struct gy_reply *reply, const struct gy_message *message, int fd);

struct gy_published_stream;

/* Called with the ipc's lock held, which they must not take again. */
struct gy_published_ops {
	/* Answers with STREAM and LEASE; *subscription stands for this subscriber until
	 * unsubscribe. */
	enum geyser_result (*subscribe)(struct gy_published_stream *stream, bool every,
		const char *application, pid_t pid, struct gy_reply *reply, void **subscription);
	void (*unsubscribe)(struct gy_published_stream *stream, void *subscription);
	/* mirror: a copy in host memory, for one who can't read the buffer's own. */
	enum geyser_result (*buffer)(struct gy_published_stream *stream, void *subscription,
		uint32_t index, bool mirror, struct gy_reply *reply);
	/* The event that frames refer to, that of the mirrors or of the buffers; twin: its native
	 * semaphore. */
	enum geyser_result (*ready)(struct gy_published_stream *stream, void *subscription,
		bool mirror, bool twin, struct gy_reply *reply);
	void (*status)(struct gy_published_stream *stream, struct geyser_stream_info *out);
};

/* A stream that this process publishes. Embedded in its publisher. */
struct gy_published_stream {
	const struct gy_published_ops *ops;
	char name[GEYSER_STREAM_NAME_MAX + 1];
	struct gy_name_lock lock;
	struct gy_published_stream *next, **link;
};

/* Takes the name, if it is free, and answers subscribers from now on. Errors: EXISTS (*holder is
 * the exporter to ask whether it publishes the stream, or 0), BUSY (the name is being taken or
 * given back: try again), and as geyser_texture_export. */
enum geyser_result gy_exporter_publish(
	struct gy_ipc *ipc, struct gy_published_stream *stream, uint64_t *holder);

/* Gives the name back and unsubscribes all: no operation runs or comes afterwards. */
void gy_exporter_unpublish(struct gy_ipc *ipc, struct gy_published_stream *stream);

/* ---- importing ----
 *
 * A deadline limits the whole call: connecting, asking, and each packet of the answer. An answer
 * that isn't there in time is TIMEOUT. */

/* An exporter that something was imported from: a connection, held as long as any of it lives. */
struct gy_peer;

/* Asks for the object; *fd, or the surface that is in the answer, is the caller's, and *peer holds
 * one import, to be given back by gy_peer_release. With twin it is no import: to be given back with
 * NULL. Errors: as geyser_texture_import. */
enum geyser_result gy_ipc_import(struct gy_ipc *ipc, const struct gy_handle_fields *handle,
	bool twin, const char *application, uint64_t deadline, struct gy_message *answer, int *fd,
	struct gy_peer **peer);

/* Takes one more hold on the peer, which gy_peer_release with NULL gives back. Returns the peer. */
struct gy_peer *gy_peer_ref(struct gy_peer *peer);

/* One import of that object is gone; handle NULL: only the hold on the peer. peer NULL is fine. */
void gy_peer_release(struct gy_peer *peer, const struct gy_handle_fields *handle);

/* Opens a connection of its own, to ask several questions; imports never share it. Give it back
 * with gy_peer_release and NULL, or with gy_peer_leave. Ends early, with BUSY, when stop_fd (-1:
 * none) becomes readable. Errors: as geyser_texture_import. */
enum geyser_result gy_peer_open(struct gy_ipc *ipc, uint64_t instance, uint64_t deadline,
	int stop_fd, struct gy_peer **out);

/* Sends a question without waiting for its answer. One thread at a time may call this and the
 * functions below.
 * Errors: TIMEOUT (the peer has not read the questions before it), SYSTEM. */
enum geyser_result gy_peer_send(
	struct gy_peer *peer, const char *application, struct gy_message *question);

/* Awaits the next packet of the answer to the last question, or returns the error in it. The caller
 * owns *fd, or the surface in the answer. TIMEOUT and BUSY (stop_fd is readable; -1: none) can be
 * the exporter's own answer, or come from the wait itself: then answer->type is GY_WIRE_NONE, and
 * the answer can be awaited again. */
enum geyser_result gy_peer_await(
	struct gy_peer *peer, uint64_t deadline, int stop_fd, struct gy_message *answer, int *fd);

/* Whether the peer has sent something to read, or has closed the connection. Waits for it until the
 * deadline, or until stop_fd is readable (-1: none). */
bool gy_peer_has_answer(const struct gy_peer *peer, uint64_t deadline, int stop_fd);

/* Sends a question and awaits the answer's first packet. */
enum geyser_result gy_peer_ask(struct gy_peer *peer, const char *application,
	struct gy_message *question, uint64_t deadline, struct gy_message *answer, int *fd);

/* Gives a subscriber's hold and its bell back. If another hold remains, tells the exporter that the
 * subscription is over; the peer goes on watching for the stream's end and the process's death.
 * NULL is fine. */
void gy_peer_leave(struct gy_peer *peer);

/* Whether the exporter is this process: then no other process can delay its answers. */
bool gy_peer_is_own(const struct gy_peer *peer);

/* Returns the exporter's process id; another process may have it by now. */
pid_t gy_peer_pid(const struct gy_peer *peer);

/* Begins to watch for the exporter's death. */
enum geyser_result gy_peer_watch_death(struct gy_peer *peer);

/* Lets the exporter's death wake sleepers on this word, which processes share, again and again as
 * long as *sleeping isn't 0: one word is then enough to sleep on. A sleeper sets *sleeping, then
 * looks whether the exporter is dead, then sleeps. The words must stay until this is called with
 * NULL. */
void gy_peer_set_bell(
	struct gy_peer *peer, _Atomic uint32_t *bell, const _Atomic uint32_t *sleeping);

/* Becomes 1, and is woken (privately), when the exporter's process has ended. Lives as long as the
 * peer. */
_Atomic uint32_t *gy_peer_dead(struct gy_peer *peer);

#endif
