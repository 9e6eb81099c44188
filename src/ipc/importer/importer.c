/* SPDX-License-Identifier: MIT */
#include "ipc/importer/importer.h"
#include "ipc/importer/death.h"
#include "ipc/importer/peer.h"

#include <stdlib.h>

/* How soon the sleepers of a dead exporter are woken again. */
#define WAKE_AGAIN_MS 1

static struct gy_importer *importer_of(struct gy_loop_client *client)
{
	return (struct gy_importer *)((char *)client - offsetof(struct gy_importer, client));
}

static int tick(struct gy_loop_client *client)
{
	return gy_peers_wake_sleepers(importer_of(client)) ? WAKE_AGAIN_MS : -1;
}

static void abandon(struct gy_loop_client *client)
{
	gy_peers_abandon(importer_of(client));
}

struct gy_importer *gy_importer_create(struct gy_loop *loop, struct gy_exporter *exporter)
{
	struct gy_importer *importer = calloc(1, sizeof(*importer));

	if (!importer)
		return NULL;
	importer->loop = loop;
	importer->exporter = exporter;
	importer->client = (struct gy_loop_client){.tick = tick, .abandon = abandon};
	gy_loop_add_client(loop, &importer->client);
	return importer;
}

void gy_importer_destroy(struct gy_importer *importer)
{
	free(importer);
}
