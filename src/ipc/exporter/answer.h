/* SPDX-License-Identifier: MIT */
/* The exporter's answers to the requests of importers. On the thread "geyser-ipc". */
#ifndef GY_IPC_EXPORTER_ANSWER_H
#define GY_IPC_EXPORTER_ANSWER_H

#include "ipc/exporter/session.h"

/* Reads and answers the requests that have come. False: the session is to be closed. */
bool gy_answer_requests(struct gy_session *session);

/* The same, and closes the session: for struct gy_source. */
void gy_answer_ready(struct gy_source *source, uint32_t events);

#endif
