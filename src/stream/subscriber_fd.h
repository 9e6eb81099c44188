/* SPDX-License-Identifier: MIT */
/* A subscriber as a descriptor for poll(): a thread, "geyser-stream", keeps it true. */
#ifndef GY_STREAM_SUBSCRIBER_FD_H
#define GY_STREAM_SUBSCRIBER_FD_H

#include "stream/subscriber_state.h"

/* Something was acquired: whoever polls sees what is left. */
void gy_subscriber_fd_settle(struct geyser_subscriber *subscriber);

/* Without the lock: ends the thread, closes its descriptors. */
void gy_subscriber_fd_finish(struct geyser_subscriber *subscriber);

#endif
