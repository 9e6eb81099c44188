/* SPDX-License-Identifier: MIT */
/* A publisher's answers to its subscribers. */
#ifndef GY_STREAM_SERVING_H
#define GY_STREAM_SERVING_H

#include "stream/publisher_state.h"

/* The thread "geyser-ipc" calls these functions with the lock of struct gy_ipc held. */
extern const struct gy_published_ops gy_publisher_ops;

#endif
