/*
 * The encoders of films.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_ENCODER_H
#define GEYSER_CLI_MEDIA_ENCODER_H

#include "media_writer.h"

/* Opens the encoder of a film. global_header says whether the file wants the encoder's description
 * once, at its beginning. The caller frees the result with avcodec_free_context. Returns NULL after
 * a message. */
AVCodecContext *media_encoder_open(const struct media_film *film, bool global_header);

#endif
