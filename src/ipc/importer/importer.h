/* SPDX-License-Identifier: MIT */
/* The importer of this process: it keeps connections to exporters, and watches for their deaths. */
#ifndef GY_IPC_IMPORTER_IMPORTER_H
#define GY_IPC_IMPORTER_IMPORTER_H

#include "ipc/loop/loop.h"

struct gy_exporter;
struct gy_importer;

/* Returns NULL if there is no memory. exporter: of this process. Loop and exporter must outlive the
 * importer. */
struct gy_importer *gy_importer_create(struct gy_loop *loop, struct gy_exporter *exporter);

/* Frees the importer, which has no peers any more. NULL is fine. */
void gy_importer_destroy(struct gy_importer *importer);

#endif
