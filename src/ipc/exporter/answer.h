/* SPDX-License-Identifier: MIT */
/* Answers the requests of importers. The thread "geyser-ipc" calls all functions. */
#ifndef GY_IPC_EXPORTER_ANSWER_H
#define GY_IPC_EXPORTER_ANSWER_H

#include "ipc/exporter/session.h"

/* Reads and answers the requests that have come. False: the session is to be closed. */
bool gy_answer_requests(struct gy_session *session);

/* For struct gy_source: answers the requests that have come, or closes the session. */
void gy_answer_ready(struct gy_source *source, uint32_t events);

#endif
