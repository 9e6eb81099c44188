/* SPDX-License-Identifier: MIT */
/*
 * Handle bytes, little-endian:
 *	 0  "GYSR"     4  version 1     5  kind     6  backend     7  0
 *	 8  id        12  uid          16  instance               24  token (16)
 *	40  0 (20)                                                60  CRC-32 of bytes 0 to 59
 * The text form is "geyser1-" and the hexadecimal digits of bytes 5 to 39 and 60 to 63. The other
 * bytes are constant.
 */
#include "ipc/wire/handle.h"

#include "base/bytes.h"
#include "base/error.h"

#include <string.h>

enum {
	OFFSET_VERSION = 4,
	OFFSET_KIND = 5,
	OFFSET_BACKEND = 6,
	OFFSET_ZERO = 7,
	OFFSET_ID = 8,
	OFFSET_UID = 12,
	OFFSET_INSTANCE = 16,
	OFFSET_TOKEN = 24,
	OFFSET_RESERVED = 40,
	OFFSET_CRC = 60,
	VERSION = 1,
	TEXT_BYTES = OFFSET_RESERVED - OFFSET_KIND + 4,
};

static const char magic[4] = {'G', 'Y', 'S', 'R'};
static const char prefix[] = "geyser1-";

#define TEXT_SIZE (sizeof(prefix) + 2 * (size_t)TEXT_BYTES) /* with the NUL */

_Static_assert(TEXT_SIZE <= GEYSER_HANDLE_TEXT_SIZE, "the public buffer size holds any text form");

/* CRC-32 as in zlib and PNG (polynomial 0xEDB88320), four bits at a time: finds every change of up
 * to 32 bits in a row. */
static uint32_t crc32(const uint8_t *bytes, size_t count)
{
	static const uint32_t table[16] = {
		0x00000000,
		0x1db71064,
		0x3b6e20c8,
		0x26d930ac,
		0x76dc4190,
		0x6b6b51f4,
		0x4db26158,
		0x5005713c,
		0xedb88320,
		0xf00f9344,
		0xd6d6a3e8,
		0xcb61b38c,
		0x9b64c2b0,
		0x86d3d2d4,
		0xa00ae278,
		0xbdbdf21c,
	};
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < count; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

const char *gy_handle_kind_name(enum gy_handle_kind kind)
{
	switch (kind) {
	case GY_HANDLE_TEXTURE:
		return "texture";
	case GY_HANDLE_EVENT:
		return "event";
	}
	return "unknown object";
}

void gy_handle_encode(const struct gy_handle_fields *fields, struct geyser_handle *out)
{
	uint8_t *bytes = out->bytes;

	memset(bytes, 0, sizeof(out->bytes));
	memcpy(bytes, magic, sizeof(magic));
	bytes[OFFSET_VERSION] = VERSION;
	bytes[OFFSET_KIND] = (uint8_t)fields->kind;
	bytes[OFFSET_BACKEND] = (uint8_t)fields->backend;
	gy_put_le(bytes + OFFSET_ID, 4, fields->id);
	gy_put_le(bytes + OFFSET_UID, 4, fields->uid);
	gy_put_le(bytes + OFFSET_INSTANCE, 8, fields->instance);
	memcpy(bytes + OFFSET_TOKEN, fields->token, GY_TOKEN_SIZE);
	gy_put_le(bytes + OFFSET_CRC, 4, crc32(bytes, OFFSET_CRC));
}

static enum geyser_result check_frame(const uint8_t *bytes)
{
	static const uint8_t zeros[OFFSET_CRC - OFFSET_RESERVED];
	uint32_t expected = crc32(bytes, OFFSET_CRC), found;

	if (memcmp(bytes, magic, sizeof(magic)) != 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"handle starts with %02x %02x %02x %02x: a geyser handle starts with "
			"\"GYSR\"",
			bytes[0], bytes[1], bytes[2], bytes[3]);
	found = (uint32_t)gy_get_le(bytes + OFFSET_CRC, 4);
	if (found != expected)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"handle is damaged (checksum 0x%08x, its bytes give 0x%08x): pass all 64 "
			"bytes as exported",
			found, expected);
	if (bytes[OFFSET_VERSION] != VERSION)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"handle has version %u: this library reads version %d",
			bytes[OFFSET_VERSION], VERSION);
	if (bytes[OFFSET_ZERO] || memcmp(bytes + OFFSET_RESERVED, zeros, sizeof(zeros)) != 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"handle has bytes set that version %d keeps zero", VERSION);
	return GEYSER_OK;
}

enum geyser_result gy_handle_decode(
	const struct geyser_handle *handle, struct gy_handle_fields *out)
{
	enum geyser_result result;
	const uint8_t *bytes;

	if (!handle)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "handle is NULL");
	bytes = handle->bytes;
	result = check_frame(bytes);
	if (result != GEYSER_OK)
		return result;
	if (bytes[OFFSET_KIND] != GY_HANDLE_TEXTURE && bytes[OFFSET_KIND] != GY_HANDLE_EVENT)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"handle names a kind of object (%u) that this library doesn't know",
			bytes[OFFSET_KIND]);
	*out = (struct gy_handle_fields){
		.kind = (enum gy_handle_kind)bytes[OFFSET_KIND],
		.backend = (enum geyser_backend)bytes[OFFSET_BACKEND],
		.id = (uint32_t)gy_get_le(bytes + OFFSET_ID, 4),
		.uid = (uint32_t)gy_get_le(bytes + OFFSET_UID, 4),
		.instance = gy_get_le(bytes + OFFSET_INSTANCE, 8),
	};
	memcpy(out->token, bytes + OFFSET_TOKEN, GY_TOKEN_SIZE);
	if (out->id == 0)
		return gy_fail(
			GEYSER_ERROR_INVALID_ARGUMENT, "handle has the id 0, which names nothing");
	return GEYSER_OK;
}

uint32_t geyser_handle_id(const struct geyser_handle *handle)
{
	struct gy_handle_fields fields;

	return gy_handle_decode(handle, &fields) == GEYSER_OK ? fields.id : 0;
}

/* ---- text ---- */

/* Byte number i of the text form, within the handle. */
static size_t text_offset(size_t i)
{
	size_t offset = OFFSET_KIND + i;

	return offset < OFFSET_RESERVED ? offset : offset - OFFSET_RESERVED + OFFSET_CRC;
}

enum geyser_result geyser_handle_to_string(
	const struct geyser_handle *handle, char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	struct gy_handle_fields fields;
	enum geyser_result result;
	char *out;

	if (text && size > 0)
		text[0] = '\0';
	result = gy_handle_decode(handle, &fields);
	if (result != GEYSER_OK)
		return result;
	if (!text || size < TEXT_SIZE)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"text buffer (%zu bytes): a handle's text form takes %zu", text ? size : 0,
			TEXT_SIZE);
	memcpy(text, prefix, sizeof(prefix));
	out = text + sizeof(prefix) - 1;
	for (size_t i = 0; i < TEXT_BYTES; i++) {
		uint8_t byte = handle->bytes[text_offset(i)];

		*out++ = digits[byte >> 4];
		*out++ = digits[byte & 15];
	}
	*out = '\0';
	return GEYSER_OK;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

static enum geyser_result check_text(const char *text)
{
	size_t length;

	if (!text)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "handle text is NULL");
	if (strncmp(text, prefix, sizeof(prefix) - 1) != 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"handle text (%.40s): the text of a handle starts with \"%s\"", text,
			prefix);
	for (length = sizeof(prefix) - 1; text[length]; length++)
		if (length >= TEXT_SIZE - 1 || hex_value(text[length]) < 0)
			return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
				"handle text has %s at character %zu (0x%02x): after \"%s\" come "
				"%d hexadecimal digits and nothing else",
				length >= TEXT_SIZE - 1 ? "more" : "no digit", length + 1,
				(unsigned char)text[length], prefix, 2 * TEXT_BYTES);
	if (length != TEXT_SIZE - 1)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"handle text ends after %zu characters: expected %zu", length,
			TEXT_SIZE - 1);
	return GEYSER_OK;
}

enum geyser_result geyser_handle_from_string(const char *text, struct geyser_handle *out)
{
	struct gy_handle_fields fields;
	struct geyser_handle handle = {0};
	enum geyser_result result;
	const char *digit;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	memset(out, 0, sizeof(*out));
	result = check_text(text);
	if (result != GEYSER_OK)
		return result;
	memcpy(handle.bytes, magic, sizeof(magic));
	handle.bytes[OFFSET_VERSION] = VERSION;
	digit = text + sizeof(prefix) - 1;
	for (size_t i = 0; i < TEXT_BYTES; i++, digit += 2)
		handle.bytes[text_offset(i)] =
			(uint8_t)(hex_value(digit[0]) << 4 | hex_value(digit[1]));
	result = gy_handle_decode(&handle, &fields);
	if (result == GEYSER_OK)
		*out = handle;
	return result;
}
