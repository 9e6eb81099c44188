/* SPDX-License-Identifier: MIT */
/* Declares what the public functions of metal.h need from the Metal backend. */
#ifndef GY_BACKEND_METAL_H
#define GY_BACKEND_METAL_H

#include "backend/backend.h"

#include <geyser/metal.h>

/* Devices, textures and events in this header belong to gy_metal_backend. Native objects are
 * untyped pointers, and borrowed unless a comment says otherwise. */

/* Opens an id<MTLDevice>, which is retained; NULL means the system's default device. Errors:
 * UNSUPPORTED (no Metal device), OUT_OF_MEMORY. */
enum geyser_result gy_metal_adopt(void *mtl_device, void **device);
void *gy_metal_device(void *device);
const struct geyser_metal_info *gy_metal_info(void *device);

/* Give the MTLTexture of one of the texture's planes, or its IOSurface. Errors: UNSUPPORTED (the
 * texture has none). */
enum geyser_result gy_metal_texture(
	const struct gy_backend_texture *texture, uint32_t plane, void **mtl_texture);
enum geyser_result gy_metal_surface(const struct gy_backend_texture *texture, void **surface);

/* Encodes a synchronization, after which the CPU and other processes see what earlier commands have
 * drawn into the texture. Encodes nothing for an Apple GPU. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_metal_encode_synchronize(
	void *command_buffer, const struct gy_backend_texture *texture);

/* Makes a texture in private storage: a new one if handle is NULL, else the texture of that
 * MTLSharedTextureHandle. */
enum geyser_result gy_metal_create_private(void *device, const struct geyser_texture_desc *desc,
	void *handle, struct gy_backend_texture **out);
bool gy_metal_is_private(const struct gy_backend_texture *texture);

/* Returns whether the system has shared events. Otherwise the check fails with UNSUPPORTED, and
 * names the first systems that have them. */
bool gy_metal_has_events(const void *device);
enum geyser_result gy_metal_check_events(const void *device);
/* Gives the event's MTLSharedEvent, which is kept equal to the event from now on. Errors:
 * OUT_OF_MEMORY, SYSTEM (no thread), as gy_metal_check_events. */
enum geyser_result gy_metal_shared_event(struct gy_backend_event *event, void **out);
/* Encode a wait or a signal into an id<MTLCommandBuffer>. If the command buffer fails after that,
 * the event has the value all the same, or is lost with the device. Without shared events the
 * completion of the command buffer signals, and a wait must be met already (else UNSUPPORTED).
 * Errors: as gy_metal_shared_event. */
enum geyser_result gy_metal_encode_wait(
	struct gy_backend_event *event, void *command_buffer, uint64_t value);
enum geyser_result gy_metal_encode_signal(
	struct gy_backend_event *event, void *command_buffer, uint64_t value);
/* Makes a native object of the caller's shared event, which it retains. From now on both are kept
 * equal. */
enum geyser_result gy_metal_event_adopt(void *device, const struct gy_event_source *source,
	void *mtl_shared_event, struct gy_backend_event **out);

#endif
