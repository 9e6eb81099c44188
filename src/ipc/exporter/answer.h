/* SPDX-License-Identifier: MIT */
/* Answers the requests of importers. The thread "geyser-ipc" calls all functions. */
#ifndef GY_IPC_EXPORTER_ANSWER_H
#define GY_IPC_EXPORTER_ANSWER_H

#include "ipc/exporter/session.h"

/* Reads and answers the requests of one packet, if one has come. False: the session is to be
 * closed. */
bool gy_answer_requests(struct gy_session *session);

#endif
