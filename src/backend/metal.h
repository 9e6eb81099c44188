/* SPDX-License-Identifier: MIT */
/* What the public functions of metal.h need of the backend. */
#ifndef GY_BACKEND_METAL_H
#define GY_BACKEND_METAL_H

#include "backend/backend.h"

#include <geyser/metal.h>

/* Devices, textures and events are those of gy_metal_backend; native objects are void *, borrowed
 * unless said otherwise. */

enum geyser_result gy_metal_adopt(void *mtl_device, void **device);
void *gy_metal_device(void *device);
const struct geyser_metal_info *gy_metal_info(void *device);

/* Errors: UNSUPPORTED, where the texture has none. */
enum geyser_result gy_metal_texture(const struct gy_backend_texture *texture, void **mtl_texture);
enum geyser_result gy_metal_surface(const struct gy_backend_texture *texture, void **surface);

/* In private storage: a new one, or that of an MTLSharedTextureHandle (not NULL). */
enum geyser_result gy_metal_create_private(void *device, const struct geyser_texture_desc *desc,
	void *handle, struct gy_backend_texture **out);
bool gy_metal_is_private(const struct gy_backend_texture *texture);

/* From now on it is kept equal to the event. Errors: SYSTEM (no thread). */
enum geyser_result gy_metal_shared_event(struct gy_backend_event *event, void **out);
/* A twin that is the caller's shared event, which it retains; from now on they are kept equal. */
enum geyser_result gy_metal_event_adopt(void *device, const struct gy_event_source *source,
	void *mtl_shared_event, struct gy_backend_event **out);

#endif
