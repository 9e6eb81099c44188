/* SPDX-License-Identifier: MIT */
#include "ipc/wire/wire.h"

#include "base/bytes.h"
#include "base/error.h"

#include <string.h>

static const char magic[4] = {'G', 'Y', 'S', 'R'};

/* ---- writing: a cursor that remembers an overflow ---- */

struct writer {
	uint8_t *bytes;
	size_t size, used;
};

static uint8_t *reserve(struct writer *writer, size_t count)
{
	uint8_t *bytes;

	if (writer->used > writer->size || count > writer->size - writer->used) {
		writer->used = SIZE_MAX;
		return NULL;
	}
	bytes = writer->bytes + writer->used;
	writer->used += count;
	return bytes;
}

static void put(struct writer *writer, size_t count, uint64_t value)
{
	uint8_t *bytes = reserve(writer, count);

	if (bytes)
		gy_put_le(bytes, count, value);
}

static void put_bytes(struct writer *writer, const void *from, size_t count)
{
	uint8_t *bytes = reserve(writer, count);

	if (bytes)
		memcpy(bytes, from, count);
}

/* Writes a length of two bytes, then the characters. */
static void put_text(struct writer *writer, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	put(writer, 2, length);
	put_bytes(writer, text ? text : "", length);
}

/* Writes a flag of a later minor version: at the payload's end, and only if it is set. */
static void put_flag(struct writer *writer, bool flag)
{
	if (flag)
		put(writer, 4, 1);
}

/* Writes flags that later minor versions added one by one. Those at the end that are false are left
 * out. */
static void put_flags(struct writer *writer, const bool *flags, size_t count)
{
	while (count > 0 && !flags[count - 1])
		count--;
	for (size_t i = 0; i < count; i++)
		put(writer, 4, flags[i]);
}

/* Writes the name, and the rendition of a later minor version if there is one. */
static void put_name(struct writer *writer, const struct gy_wire_name *name)
{
	const struct geyser_rendition_desc *rendition = &name->rendition;

	put(writer, 4, (name->every ? 1u : 0) | (name->feeds ? 2u : 0));
	put_text(writer, name->name);
	if (!gy_wire_asks_rendition(name))
		return;
	put(writer, 4, rendition->format);
	put(writer, 4, rendition->width);
	put(writer, 4, rendition->height);
	put(writer, 4, rendition->filter);
	put(writer, 4, rendition->upright);
}

static void put_texture(struct writer *writer, const struct gy_wire_texture *texture)
{
	const struct geyser_texture_desc *desc = &texture->desc;
	const struct geyser_native_texture *native = &texture->native;

	put(writer, 4, desc->format);
	put(writer, 4, desc->width);
	put(writer, 4, desc->height);
	put(writer, 4, desc->depth);
	put(writer, 4, desc->layers);
	put(writer, 4, desc->mip_levels);
	put(writer, 4, desc->usage);
	put(writer, 4, native->type);
	put(writer, 8, native->size);
	put(writer, 4, native->plane_count);
	put(writer, 4, native->dedicated);
	for (size_t i = 0; i < 4; i++) {
		put(writer, 8, native->planes[i].offset);
		put(writer, 8, native->planes[i].row_pitch);
	}
	put(writer, 8, native->modifier);
	put_bytes(writer, native->device_uuid, sizeof(native->device_uuid));
	put_bytes(writer, native->driver_uuid, sizeof(native->driver_uuid));
	put_text(writer, desc->label);
	if (native->type == GEYSER_NATIVE_IOSURFACE)
		put_bytes(writer, texture->ticket, sizeof(texture->ticket));
}

static void put_status(struct writer *writer, const struct gy_wire_status *status)
{
	const struct geyser_stream_info *info = &status->info;

	put_text(writer, info->name);
	put_text(writer, info->application);
	put(writer, 4, (uint32_t)info->pid);
	put(writer, 4, info->format);
	put(writer, 4, info->width);
	put(writer, 4, info->height);
	put(writer, 4, info->buffers);
	put(writer, 4, info->frame_rate_num);
	put(writer, 4, info->frame_rate_den);
	put(writer, 4, info->pacing);
	put(writer, 4, info->backend);
	put(writer, 4, info->path);
	put(writer, 4, info->subscribers);
	put(writer, 8, info->frames);
	put(writer, 8, info->dropped);
	put(writer, 8, info->latency_p50_ns);
	put(writer, 8, info->latency_p99_ns);
	if (status->bytes)
		put(writer, 8, status->bytes);
}

static bool put_payload(struct writer *writer, const struct gy_message *message)
{
	switch (message->type) {
	case GY_WIRE_HELLO:
		put(writer, 8, message->hello.features);
		put_text(writer, message->hello.application);
		return true;
	case GY_WIRE_IMPORT:
	case GY_WIRE_RELEASE:
		put(writer, 4, message->object.kind);
		put_bytes(writer, message->object.token, GY_TOKEN_SIZE);
		put_flag(writer, message->object.semaphore);
		return true;
	case GY_WIRE_RESOLVE:
		put(writer, 4, message->id);
		return true;
	case GY_WIRE_SUBSCRIBE:
	case GY_WIRE_QUERY:
		put_name(writer, &message->name);
		return true;
	case GY_WIRE_BUFFER:
		put(writer, 4, message->buffer.index);
		put_flag(writer, message->buffer.mirror);
		return true;
	case GY_WIRE_STREAM:
	case GY_WIRE_LEASE:
		put(writer, 4, message->stream.buffers);
		put(writer, 8, message->stream.ring_size);
		put(writer, 8, message->stream.lease_size);
		put_flags(writer,
			(const bool[]){message->stream.ready, message->stream.bell,
				message->stream.rendition},
			3);
		return true;
	case GY_WIRE_STATUS:
		put_status(writer, &message->status);
		return true;
	case GY_WIRE_TEXTURE:
		put_texture(writer, &message->texture);
		return true;
	case GY_WIRE_PICTURE:
		put_texture(writer, &message->texture);
		put(writer, 4, message->texture.generation);
		if (message->texture.filled)
			put(writer, 8, message->texture.filled);
		return true;
	case GY_WIRE_EVENT:
		put(writer, 8, message->event.size);
		put_flag(writer, message->event.shared);
		if (message->event.shared)
			put_bytes(writer, &message->event.driver, sizeof(message->event.driver));
		return true;
	case GY_WIRE_READY:
		put(writer, 4, message->ready.mirror);
		put(writer, 4, message->ready.semaphore);
		return true;
	case GY_WIRE_HANDLE:
		put_bytes(writer, message->handle.bytes, sizeof(message->handle.bytes));
		return true;
	case GY_WIRE_ERROR:
		put(writer, 4, (uint32_t)message->error.result);
		put_text(writer, message->error.detail);
		return true;
	case GY_WIRE_BELL:
		put(writer, 8, message->bell_size);
		return true;
	case GY_WIRE_DOORBELL:
	case GY_WIRE_UNSUBSCRIBE:
		return true;
	case GY_WIRE_NONE:
		break;
	}
	return false;
}

size_t gy_wire_encode(const struct gy_message *message, uint8_t *bytes, size_t size)
{
	struct writer writer = {
		.bytes = bytes,
		.size = size < GY_MESSAGE_MAX ? size : GY_MESSAGE_MAX,
	};
	struct writer header = {.bytes = bytes, .size = GY_WIRE_HEADER};

	if (!reserve(&writer, GY_WIRE_HEADER) || !put_payload(&writer, message) ||
		writer.used > writer.size)
		return 0;
	put_bytes(&header, magic, sizeof(magic));
	put(&header, 1, GY_WIRE_MAJOR);
	put(&header, 1, GY_WIRE_MINOR);
	put(&header, 2, message->type);
	put(&header, 4, writer.used - GY_WIRE_HEADER);
	put(&header, 4, message->sequence);
	return writer.used;
}

/* ---- reading: a cursor that remembers that it ran out ---- */

struct reader {
	const uint8_t *bytes;
	size_t left;
	bool bad;
};

static const uint8_t *take(struct reader *reader, size_t count)
{
	const uint8_t *bytes = reader->bytes;

	if (reader->bad || count > reader->left) {
		reader->bad = true;
		return NULL;
	}
	reader->bytes += count;
	reader->left -= count;
	return bytes;
}

static uint64_t get(struct reader *reader, size_t count)
{
	const uint8_t *bytes = take(reader, count);

	return bytes ? gy_get_le(bytes, count) : 0;
}

static uint32_t get32(struct reader *reader)
{
	return (uint32_t)get(reader, 4);
}

static void get_bytes(struct reader *reader, void *to, size_t count)
{
	const uint8_t *bytes = take(reader, count);

	if (bytes)
		memcpy(to, bytes, count);
}

/* Reads a flag. It is not set if the message comes from an earlier minor version. */
static bool get_flag(struct reader *reader)
{
	return !reader->bad && reader->left >= 4 && (get32(reader) & 1);
}

/* Reads a text. It is bad if it is too long for its field, or has a NUL within. */
static void get_text(struct reader *reader, char *text, size_t size)
{
	size_t length = (size_t)get(reader, 2);
	const uint8_t *bytes;

	text[0] = '\0';
	if (length >= size) {
		reader->bad = true;
		return;
	}
	bytes = take(reader, length);
	if (!bytes)
		return;
	if (memchr(bytes, '\0', length))
		reader->bad = true;
	memcpy(text, bytes, length);
	text[length] = '\0';
}

static void get_name(struct reader *reader, struct gy_wire_name *out)
{
	const uint32_t flags = get32(reader);

	out->every = flags & 1;
	out->feeds = flags >> 1 & 1;
	get_text(reader, out->name, sizeof(out->name));
	if (reader->bad || reader->left < 20)
		return;
	out->rendition.format = (enum geyser_format)get32(reader);
	out->rendition.width = get32(reader);
	out->rendition.height = get32(reader);
	out->rendition.filter = (enum geyser_filter)get32(reader);
	out->rendition.upright = get32(reader) & 1;
}

static void get_texture(struct reader *reader, struct gy_wire_texture *out)
{
	struct geyser_texture_desc *desc = &out->desc;
	struct geyser_native_texture *native = &out->native;

	desc->format = (enum geyser_format)get32(reader);
	desc->width = get32(reader);
	desc->height = get32(reader);
	desc->depth = get32(reader);
	desc->layers = get32(reader);
	desc->mip_levels = get32(reader);
	desc->usage = get32(reader);
	native->fd = -1;
	native->type = (enum geyser_native_type)get32(reader);
	native->size = get(reader, 8);
	native->plane_count = get32(reader);
	native->dedicated = get32(reader) & 1;
	for (size_t i = 0; i < 4; i++) {
		native->planes[i].offset = get(reader, 8);
		native->planes[i].row_pitch = get(reader, 8);
	}
	native->modifier = get(reader, 8);
	get_bytes(reader, native->device_uuid, sizeof(native->device_uuid));
	get_bytes(reader, native->driver_uuid, sizeof(native->driver_uuid));
	get_text(reader, out->label, sizeof(out->label));
	desc->label = out->label[0] ? out->label : NULL;
	if (native->type == GEYSER_NATIVE_IOSURFACE)
		get_bytes(reader, out->ticket, sizeof(out->ticket));
}

static void get_status(struct reader *reader, struct gy_wire_status *status)
{
	struct geyser_stream_info *out = &status->info;

	get_text(reader, out->name, sizeof(out->name));
	get_text(reader, out->application, sizeof(out->application));
	out->pid = (int32_t)get32(reader);
	out->format = (enum geyser_format)get32(reader);
	out->width = get32(reader);
	out->height = get32(reader);
	out->buffers = get32(reader);
	out->frame_rate_num = get32(reader);
	out->frame_rate_den = get32(reader);
	out->pacing = (enum geyser_pacing)get32(reader);
	out->backend = (enum geyser_backend)get32(reader);
	out->path = (enum geyser_path)get32(reader);
	out->subscribers = get32(reader);
	out->frames = get(reader, 8);
	out->dropped = get(reader, 8);
	out->latency_p50_ns = get(reader, 8);
	out->latency_p99_ns = get(reader, 8);
	if (!reader->bad && reader->left >= 8)
		status->bytes = get(reader, 8);
}

static void get_error(struct reader *reader, struct gy_wire_error *out)
{
	int32_t result = (int32_t)get32(reader);

	out->result = result < 0 && result >= GEYSER_ERROR_SYSTEM ? (enum geyser_result)result
								  : GEYSER_ERROR_SYSTEM;
	get_text(reader, out->detail, sizeof(out->detail));
}

static bool get_payload(struct reader *reader, struct gy_message *out)
{
	switch (out->type) {
	case GY_WIRE_HELLO:
		out->hello.features = get(reader, 8);
		get_text(reader, out->hello.application, sizeof(out->hello.application));
		return true;
	case GY_WIRE_IMPORT:
	case GY_WIRE_RELEASE:
		out->object.kind = (enum gy_handle_kind)get32(reader);
		get_bytes(reader, out->object.token, GY_TOKEN_SIZE);
		out->object.semaphore = get_flag(reader);
		return true;
	case GY_WIRE_RESOLVE:
		out->id = get32(reader);
		return true;
	case GY_WIRE_SUBSCRIBE:
	case GY_WIRE_QUERY:
		get_name(reader, &out->name);
		return true;
	case GY_WIRE_BUFFER:
		out->buffer.index = get32(reader);
		out->buffer.mirror = get_flag(reader);
		return true;
	case GY_WIRE_STREAM:
	case GY_WIRE_LEASE:
		out->stream.buffers = get32(reader);
		out->stream.ring_size = get(reader, 8);
		out->stream.lease_size = get(reader, 8);
		out->stream.ready = get_flag(reader);
		out->stream.bell = get_flag(reader);
		out->stream.rendition = get_flag(reader);
		return true;
	case GY_WIRE_STATUS:
		get_status(reader, &out->status);
		return true;
	case GY_WIRE_TEXTURE:
		get_texture(reader, &out->texture);
		return true;
	case GY_WIRE_PICTURE:
		get_texture(reader, &out->texture);
		out->texture.generation = get32(reader);
		if (!reader->bad && reader->left >= 8)
			out->texture.filled = get(reader, 8);
		return true;
	case GY_WIRE_EVENT:
		out->event.size = get(reader, 8);
		out->event.shared = get_flag(reader);
		if (out->event.shared)
			get_bytes(reader, &out->event.driver, sizeof(out->event.driver));
		return true;
	case GY_WIRE_READY:
		out->ready.mirror = get32(reader) & 1;
		out->ready.semaphore = get32(reader) & 1;
		return true;
	case GY_WIRE_HANDLE:
		get_bytes(reader, out->handle.bytes, sizeof(out->handle.bytes));
		return true;
	case GY_WIRE_ERROR:
		get_error(reader, &out->error);
		return true;
	case GY_WIRE_BELL:
		out->bell_size = get(reader, 8);
		return true;
	case GY_WIRE_DOORBELL:
	case GY_WIRE_UNSUBSCRIBE:
		return true;
	case GY_WIRE_NONE:
		break;
	}
	return false;
}

enum geyser_result gy_wire_decode(
	const uint8_t *bytes, size_t size, size_t *used, struct gy_message *out)
{
	struct reader reader = {.bytes = bytes, .left = size};
	const uint8_t *header = take(&reader, GY_WIRE_HEADER);
	uint32_t type, length;

	memset(out, 0, sizeof(*out));
	*used = 0;
	if (!header || memcmp(header, magic, sizeof(magic)) != 0)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"peer sent %zu bytes that are no geyser message", size);
	if (header[4] != GY_WIRE_MAJOR)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"peer speaks protocol %u: this library speaks %d; use the same major "
			"version of geyser on both sides",
			header[4], GY_WIRE_MAJOR);
	type = (uint32_t)gy_get_le(header + 6, 2);
	length = (uint32_t)gy_get_le(header + 8, 4);
	out->sequence = (uint32_t)gy_get_le(header + 12, 4);
	if (length > GY_MESSAGE_MAX - GY_WIRE_HEADER || length > reader.left)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"peer sent a message of %u bytes in %zu: it is cut off or over %d", length,
			reader.left, GY_MESSAGE_MAX - GY_WIRE_HEADER);
	*used = GY_WIRE_HEADER + length;
	reader.left = length;
	out->type = (enum gy_wire_type)type;
	if (get_payload(&reader, out)) {
		if (reader.bad)
			return gy_fail(GEYSER_ERROR_PROTOCOL,
				"peer sent a message of type %u whose %u bytes don't hold it", type,
				length);
		return GEYSER_OK;
	}
	out->type = GY_WIRE_NONE;
	if (type & GY_WIRE_OPTIONAL)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_PROTOCOL, "peer sent a message of unknown type %u", type);
}
