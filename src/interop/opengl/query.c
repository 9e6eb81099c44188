/* SPDX-License-Identifier: MIT */
/* Queries of GL: errors, numbers, extensions, devices, and whether GL's work is done. */
#include "interop/opengl/gl.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *error_name(uint32_t error)
{
	switch (error) {
	case GY_GL_INVALID_ENUM:
		return "GL_INVALID_ENUM";
	case GY_GL_INVALID_VALUE:
		return "GL_INVALID_VALUE";
	case GY_GL_INVALID_OPERATION:
		return "GL_INVALID_OPERATION";
	case GY_GL_OUT_OF_MEMORY:
		return "GL_OUT_OF_MEMORY";
	case GY_GL_INVALID_FRAMEBUFFER_OPERATION:
		return "GL_INVALID_FRAMEBUFFER_OPERATION";
	case GY_GL_CONTEXT_LOST:
		return "GL_CONTEXT_LOST";
	default:
		return "an unknown error";
	}
}

enum geyser_result gy_gl_check(const struct geyser_gl *gl, const char *call)
{
	const uint32_t error = gl->f.GetError();

	if (error == GY_GL_NO_ERROR)
		return GEYSER_OK;
	return gy_fail(error == GY_GL_OUT_OF_MEMORY  ? GEYSER_ERROR_OUT_OF_MEMORY
		       : error == GY_GL_CONTEXT_LOST ? GEYSER_ERROR_DEVICE_LOST
						     : GEYSER_ERROR_SYSTEM,
		"%s: %s (0x%04" PRIx32 ")", call, error_name(error), error);
}

enum geyser_result gy_gl_finish(const struct geyser_gl *gl)
{
	void *const sync = gl->f.FenceSync(GY_GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	uint32_t status = GY_GL_TIMEOUT_EXPIRED;

	if (!sync)
		return gy_gl_check(gl, "glFenceSync");
	while (status == GY_GL_TIMEOUT_EXPIRED)
		status = gl->f.ClientWaitSync(
			sync, GY_GL_SYNC_FLUSH_COMMANDS_BIT, UINT64_C(1000000000));
	gl->f.DeleteSync(sync);
	return gy_gl_check(gl, "glClientWaitSync");
}

int gy_gl_integer(const struct geyser_gl *gl, uint32_t name)
{
	int value = 0;

	gl->f.GetIntegerv(name, &value);
	return value;
}

bool gy_gl_has_extension(const struct geyser_gl *gl, const char *name)
{
	const int count = gy_gl_integer(gl, GY_GL_NUM_EXTENSIONS);

	for (int i = 0; i < count; i++) {
		const unsigned char *const has = gl->f.GetStringi(GY_GL_EXTENSIONS, (uint32_t)i);

		if (has && strcmp((const char *)has, name) == 0)
			return true;
	}
	return false;
}

/* ---- devices ---- */

#define UUID_TEXT 33

static const char *uuid_text(const uint8_t uuid[16], char text[UUID_TEXT])
{
	for (unsigned i = 0; i < 16; i++)
		(void)snprintf(text + (size_t)2 * i, 3, "%02x", uuid[i]);
	return text;
}

static bool is_known(const uint8_t uuid[16])
{
	static const uint8_t zero[16] = {0};

	return memcmp(uuid, zero, sizeof(zero)) != 0;
}

static enum geyser_result check_uuid(
	const char *what, const char *part, const uint8_t *theirs, const uint8_t *ours)
{
	char its[UUID_TEXT], context[UUID_TEXT];

	return gy_fail(GEYSER_ERROR_MISMATCH,
		"%s's %s (UUID %s) is not the GL context's (%s): use GL on the device that made "
		"it, or a texture with GEYSER_USAGE_HOST_MEMORY",
		what, part, uuid_text(theirs, its), uuid_text(ours, context));
}

/* Whether the context is on this device. A context may be on several linked devices. */
static bool has_device(const struct geyser_gl *gl, const uint8_t uuid[16])
{
	const int count = gy_gl_integer(gl, GY_GL_NUM_DEVICE_UUIDS_EXT);

	for (int i = 0; i < count; i++) {
		uint8_t device[16] = {0};

		gl->f.GetUnsignedBytei_vEXT(GY_GL_DEVICE_UUID_EXT, (uint32_t)i, device);
		if (memcmp(device, uuid, sizeof(device)) == 0)
			return true;
	}
	return false;
}

enum geyser_result gy_gl_check_device(const struct geyser_gl *gl, const char *what,
	const uint8_t device_uuid[16], const uint8_t driver_uuid[16])
{
	const struct geyser_gl_info *const info = &gl->info;

	if (is_known(device_uuid) && is_known(info->device_uuid) && !has_device(gl, device_uuid))
		return check_uuid(what, "device", device_uuid, info->device_uuid);
	if (is_known(driver_uuid) && is_known(info->driver_uuid) &&
		memcmp(driver_uuid, info->driver_uuid, 16) != 0)
		return check_uuid(what, "driver", driver_uuid, info->driver_uuid);
	return GEYSER_OK;
}
