/* SPDX-License-Identifier: MIT */
/* Answers the requests of importers. The thread "geyser-ipc" calls all functions. */
#ifndef GY_IPC_EXPORTER_ANSWER_H
#define GY_IPC_EXPORTER_ANSWER_H

#include "ipc/exporter/session.h"

/* Answers the next request, if one has come. Messages that get no answer are handled too, up to one
 * packet of them. What remains of a packet is in session->rest then. False: the session is to be
 * closed. */
bool gy_answer_next(struct gy_session *session);

#endif
