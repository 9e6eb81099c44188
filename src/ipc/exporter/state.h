/* SPDX-License-Identifier: MIT */
/* The inside of struct gy_exporter, for the files of this folder. The loop's lock guards it. Each
 * member is changed by the file that its comment names. */
#ifndef GY_IPC_EXPORTER_STATE_H
#define GY_IPC_EXPORTER_STATE_H

#include "ipc/exporter/clients.h"
#include "ipc/exporter/exports.h"
#include "ipc/exporter/spare.h"
#include "ipc/exporter/streams.h"
#include "ipc/loop/loop.h"
#include "ipc/registry/entry.h"

struct gy_session;  /* see session.h */
struct gy_surfaces; /* see ipc/surface/surface.h */

struct gy_exporter {
	struct gy_loop_client client;
	struct gy_loop *loop;
	bool registered; /* server.c: the entry is made, and importers are answered */
	struct gy_registry_entry entry; /* server.c */
	struct gy_exports exports;      /* exports.c */
	struct gy_streams streams;      /* streams.c */
	struct gy_clients clients;      /* clients.c */
	struct gy_spare spare;          /* spare.c */
	struct gy_session *sessions;    /* session.c */
	struct gy_surfaces *surfaces;   /* reply.c: NULL until one is offered */
	struct gy_source listener;      /* server.c */
	uint64_t look_at;               /* server.c: when to check whether the registry has us */
	/* server.c: not 0: accepts nobody until then, for lack of descriptors. */
	uint64_t resume_at;
	unsigned accepted; /* server.c: how many peers since the last tick */
	/* server.c: how many peers to accept before it checks whether more peers wait. An answer
	 * that takes long sets it to 0 (answer.c). */
	unsigned accepts_until_check;
};

#endif
