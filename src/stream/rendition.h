/* SPDX-License-Identifier: MIT */
/* The thread of a rendition. */
#ifndef GY_STREAM_RENDITION_H
#define GY_STREAM_RENDITION_H

#include "stream/rendition_state.h"

/* Begins a rendition whose members up to `row_alignment` and target are set. Errors: as
 * gy_thread_start. */
enum geyser_result gy_rendition_start(struct gy_rendition *rendition);

#endif
