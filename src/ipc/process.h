/* SPDX-License-Identifier: MIT */
/* The inside of struct gy_ipc, for the files of src/ipc only. */
#ifndef GY_IPC_PROCESS_H
#define GY_IPC_PROCESS_H

#include "base/list.h"
#include "ipc/ipc.h"
#include "ipc/registry/entry.h"
#include "platform/descriptor.h"

#include <pthread.h>

/* A descriptor that the thread watches. Embedded in its owner. */
struct gy_source {
	/* Names this watch. An event of an earlier watch with the same fd finds no source. */
	uint64_t key;
	int fd;
	/* Called by the thread with the ipc's lock held; may remove and free the source. events:
	 * enum gy_readiness. */
	void (*ready)(struct gy_ipc *ipc, struct gy_source *source, uint32_t events);
};

/* One reference to the process's, if there is one: NULL otherwise. */
struct gy_ipc *gy_ipc_current(void);

/* Call this with the lock held, before giving anything back. A child that was made by clone has run
 * none of fork's handlers: this leaves behind the parent's resources there. */
void gy_ipc_leave_parents(struct gy_ipc *ipc);

struct gy_connection; /* an importer, seen from the exporter */
struct gy_surfaces;   /* see ipc/surface/surface.h */

struct gy_ipc {
	unsigned users; /* guarded by the process-wide lock, all else by the next line's */
	pthread_mutex_t lock;
	bool foreign; /* the parent's, in a forked child */
	pid_t pid;    /* of the process that made it */

	/* the thread */
	pthread_t thread;
	bool running, stopping;
	int poller;
	struct gy_wakeup wake;
	struct gy_source wake_source;
	uint64_t next_key;
	void *sources; /* tsearch tree of gy_source by key */

	/* exporter */
	bool registered;
	uint64_t look_at;   /* when to look whether the registry still has us */
	uint64_t resume_at; /* not 0: accepts nobody until then, for lack of descriptors */
	struct gy_registry_entry entry;
	struct gy_source listener;
	unsigned unlooked; /* accepted since the server last checked whether more peers wait */
	int spare_fd;   /* given up to refuse a connection, or to answer, when the table is full */
	void *by_token; /* tsearch tree of gy_export */
	void *by_id;    /* likewise */
	struct gy_connection *connections;
	unsigned connection_count;
	void *clients;        /* tsearch tree of gy_client by pid */
	struct gy_list idle;  /* connections that hold nothing, the oldest first */
	struct gy_list turns; /* clients with connections that wait, the next one first */
	struct gy_published_stream *streams;
	struct gy_surfaces *surfaces; /* NULL until one is offered */

	/* importer */
	struct gy_peer *peers;
	bool ringing; /* somebody sleeps on a dead exporter's bell */
};

/* ---- loop.c: the thread. All with the lock held. ---- */

enum geyser_result gy_loop_start(struct gy_ipc *ipc);
enum geyser_result gy_loop_add(
	struct gy_ipc *ipc, struct gy_source *source, enum gy_readiness events);
void gy_loop_remove(struct gy_ipc *ipc, struct gy_source *source);

/* Without the lock: ends the thread and waits for it. */
void gy_loop_stop(struct gy_ipc *ipc);

/* In a forked child, which has no such thread. */
void gy_loop_abandon(struct gy_ipc *ipc);

/* ---- exporter.c and server.c ---- */

/* Answers importers from now on; called with the lock held at every export, works at the first. */
enum geyser_result gy_server_start(struct gy_ipc *ipc);

/* Without the lock: one end of a connection to this process's own exporter, which needs nothing of
 * the file system; *out is -1 if that instance is another's. Errors: LIMIT, OUT_OF_MEMORY. */
enum geyser_result gy_server_connect(struct gy_ipc *ipc, uint64_t instance, int *out);

/* Closes the spare descriptor, so that an answer can use its place; false if there is none. The
 * server opens it again once the answer's descriptor is closed. */
bool gy_server_lend_spare(struct gy_ipc *ipc);
void gy_server_restore_spare(struct gy_ipc *ipc);

/* What is to be done now and then; returns in how many milliseconds again, -1 for not at all. */
int gy_server_tick(struct gy_ipc *ipc);

/* After the thread has ended (unlink) or in a forked child (don't). */
void gy_server_finish(struct gy_ipc *ipc, bool unlink);

/* After the thread has ended or in a forked child: names are given back, or forgotten. */
void gy_published_finish(struct gy_ipc *ipc, bool unlink);

/* Makes the links of streams again that somebody has removed. all: checks all links; else only
 * those that a sweep may be about to remove. True if there are such links: call it again soon. */
bool gy_published_keep(struct gy_ipc *ipc, bool all);

/* A stream by name, with an answerable error. */
enum geyser_result gy_published_find(
	struct gy_ipc *ipc, const char *name, struct gy_published_stream **out);

/* Tells the server that an answer takes long: at the next accept the server checks whether more
 * peers wait. */
void gy_server_look_for_others(struct gy_ipc *ipc);

/* Closes the connections of a stream's subscribers. */
void gy_server_drop_subscribers(struct gy_ipc *ipc, struct gy_published_stream *stream);

struct gy_export *gy_export_by_token(struct gy_ipc *ipc, const uint8_t token[GY_TOKEN_SIZE]);
struct gy_export *gy_export_by_id(struct gy_ipc *ipc, uint32_t id);

/* Gives every id back, without a word to their objects: for the end. */
void gy_exports_forget(struct gy_ipc *ipc);

/* Makes the links of all exported ids again. */
void gy_exports_restore(struct gy_ipc *ipc);

/* Counts an import come (+1) or gone (-1). */
void gy_export_count(struct gy_export *export, int change);

/* ---- importer.c ---- */

/* Wakes who sleeps on dead exporters' bells; true: to be called again soon. */
bool gy_peers_ring(struct gy_ipc *ipc);

/* In a forked child: closes the connections, which are the parent's. */
void gy_importer_abandon(struct gy_ipc *ipc);

#endif
