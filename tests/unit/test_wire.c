/* Messages: their bytes are fixed, and no message of a peer is taken for something else. */
#include "base/bytes.h"
#include "ipc/wire/wire.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

#define HEADER 'G', 'Y', 'S', 'R', 1, 7 /* magic, major and minor version */
#define TOKEN                                                                                     \
	0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, \
		0xaf

/* clang-format off */
/* Made with Python's struct, independently of geyser. */
static const uint8_t hello[] = {HEADER, 1, 0, 16, 0, 0, 0, 1, 0, 0, 0,
	1, 0, 0, 0, 0, 0, 0, 0x80, 6, 0, 'v', 'i', 'e', 'w', 'e', 'r'};
static const uint8_t import[] = {HEADER, 2, 0, 20, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, TOKEN};
static const uint8_t resolve[] = {HEADER, 3, 0, 4, 0, 0, 0, 8, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde};
static const uint8_t release[] = {HEADER, 4, 0, 20, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, TOKEN};
static const uint8_t texture[] = {HEADER, 17, 0, 157, 0, 0, 0, 9, 0, 0, 0,
	3, 0, 0, 0, 0x80, 0x07, 0, 0, 0x38, 0x04, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,
	0x17, 0, 0, 0, 1, 0, 0, 0, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
	64, 0, 0, 0, 0, 0, 0, 0, 0, 0x1e, 0, 0, 0, 0, 0, 0,
	2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 0, 0, 0, 0, 0, 1,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 3, 0, 'c', 'a', 'm'};
static const uint8_t event[] = {HEADER, 18, 0, 8, 0, 0, 0, 10, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0};
static const uint8_t handle[] = {HEADER, 19, 0, 64, 0, 0, 0, 11, 0, 0, 0,
	'G', 'Y', 'S', 'R', 1, 1, 1, 0, 0x2a, 0, 0, 0, 0xe8, 3, 0, 0,
	0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 1, TOKEN,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x5a, 0x1f, 0x43, 0xf5};
static const uint8_t error[] = {HEADER, 31, 0, 20, 0, 0, 0, 12, 0, 0, 0, 0xfb, 0xff, 0xff, 0xff,
	14, 0, 'g', 'o', 'n', 'e', ':', ' ', 's', 't', 'a', 'r', 't', ' ', 'i', 't'};
static const uint8_t subscribe[] = {HEADER, 5, 0, 0x0b, 0, 0, 0, 0x0d, 0, 0, 0,
	1, 0, 0, 0, 5, 0, 0x63, 0x61, 0x6d, 0x2f, 0x31};
static const uint8_t buffer[] = {HEADER, 6, 0, 4, 0, 0, 0, 0x0e, 0, 0, 0,
	0x0f, 0, 0, 0};
static const uint8_t query[] = {HEADER, 7, 0, 0x0b, 0, 0, 0, 0x0f, 0, 0, 0,
	0, 0, 0, 0, 5, 0, 0x63, 0x61, 0x6d, 0x2f, 0x31};
static const uint8_t stream[] = {HEADER, 20, 0, 0x14, 0, 0, 0, 0x10, 0, 0, 0,
	0x10, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x99, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t lease[] = {HEADER, 21, 0, 0x14, 0, 0, 0, 0x10, 0, 0, 0,
	0x10, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x99, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t status[] = {HEADER, 22, 0, 0x5a, 0, 0, 0, 0x11, 0, 0, 0,
	5, 0, 0x63, 0x61, 0x6d, 0x2f, 0x31, 5, 0, 0x63, 0x61, 0x66, 0xc3, 0xa9, 0x92, 0x10, 0, 0,
	3, 0, 0, 0, 0x80, 7, 0, 0, 0x38, 4, 0, 0, 0x10, 0, 0, 0, 0x30, 0x75, 0, 0, 0xe9, 3, 0, 0,
	1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x40, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 7, 0, 0, 0, 0,
	0, 0, 0, 0xdc, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80};
static const uint8_t picture[] = {HEADER, 23, 0, 0xa1, 0, 0, 0, 0x12, 0, 0, 0,
	3, 0, 0, 0, 0x80, 7, 0, 0, 0x38, 4, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0x17, 0, 0,
	0, 1, 0, 0, 0, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x40, 0, 0,
	0, 0, 0, 0, 0, 0, 0x1e, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
	0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d,
	0x1e, 0x1f, 3, 0, 0x63, 0x61, 0x6d, 0xef, 0xbe, 0xad, 0xde};
/* Fields that minor version 1 added are at the end of a message, and are sent only if they are
 * set. */
static const uint8_t import_semaphore[] = {HEADER, 2, 0, 24, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, TOKEN,
	1, 0, 0, 0};
static const uint8_t event_shared[] = {HEADER, 18, 0, 44, 0, 0, 0, 10, 0, 0, 0,
	0, 0x10, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const uint8_t buffer_mirror[] = {HEADER, 6, 0, 8, 0, 0, 0, 0x0e, 0, 0, 0,
	0x0f, 0, 0, 0, 1, 0, 0, 0};
static const uint8_t stream_ready[] = {HEADER, 20, 0, 0x18, 0, 0, 0, 0x10, 0, 0, 0,
	0x10, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x99, 0, 0, 0, 0, 0, 0, 0,
	1, 0, 0, 0};
/* Minor version 2 added the ticket of an IOSurface, between the label and the generation. */
static const uint8_t texture_ticket[] = {HEADER, 17, 0, 173, 0, 0, 0, 9, 0, 0, 0,
	3, 0, 0, 0, 0x80, 0x07, 0, 0, 0x38, 0x04, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,
	0x17, 0, 0, 0, 4, 0, 0, 0, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
	64, 0, 0, 0, 0, 0, 0, 0, 0, 0x1e, 0, 0, 0, 0, 0, 0,
	2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 0, 0, 0, 0, 0, 1,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 3, 0, 'c', 'a', 'm',
	0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
/* Minor version 4 added the value that says when a mirror is filled. */
static const uint8_t picture_filled[] = {HEADER, 23, 0, 0xa9, 0, 0, 0, 0x12, 0, 0, 0,
	3, 0, 0, 0, 0x80, 7, 0, 0, 0x38, 4, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0x17, 0, 0,
	0, 1, 0, 0, 0, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x40, 0, 0,
	0, 0, 0, 0, 0, 0, 0x1e, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
	0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d,
	0x1e, 0x1f, 3, 0, 0x63, 0x61, 0x6d, 0xef, 0xbe, 0xad, 0xde,
	9, 8, 7, 6, 5, 4, 3, 2};
/* Minor version 5 added doorbells. */
static const uint8_t stream_bell[] = {HEADER, 20, 0, 0x1c, 0, 0, 0, 0x10, 0, 0, 0,
	0x10, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x99, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 1, 0, 0, 0};
static const uint8_t doorbell[] = {HEADER, 10, 0, 0, 0, 0, 0, 0x15, 0, 0, 0};
static const uint8_t bell[] = {HEADER, 24, 0, 8, 0, 0, 0, 0x15, 0, 0, 0,
	0, 0x10, 0, 0, 0, 0, 0, 0};
/* Minor version 6 added how much memory a stream has. */
static const uint8_t status_bytes[] = {HEADER, 22, 0, 0x62, 0, 0, 0, 0x11, 0, 0, 0,
	5, 0, 0x63, 0x61, 0x6d, 0x2f, 0x31, 5, 0, 0x63, 0x61, 0x66, 0xc3, 0xa9, 0x92, 0x10, 0, 0,
	3, 0, 0, 0, 0x80, 7, 0, 0, 0x38, 4, 0, 0, 0x10, 0, 0, 0, 0x30, 0x75, 0, 0, 0xe9, 3, 0, 0,
	1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x40, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 7, 0, 0, 0, 0,
	0, 0, 0, 0xdc, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80,
	0, 0, 0x60, 0x01, 0, 0, 0, 0};
/* Minor version 7 added renditions. */
static const uint8_t subscribe_rendition[] = {HEADER, 5, 0, 0x1f, 0, 0, 0, 0x0d, 0, 0, 0,
	3, 0, 0, 0, 5, 0, 0x63, 0x61, 0x6d, 0x2f, 0x31,
	4, 0, 0, 0, 0x80, 2, 0, 0, 0x68, 1, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0};
static const uint8_t stream_rendition[] = {HEADER, 20, 0, 0x20, 0, 0, 0, 0x10, 0, 0, 0,
	0x10, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x99, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
static const uint8_t unsubscribe[] = {HEADER, 9, 0, 0, 0, 0, 0, 0x14, 0, 0, 0};
static const uint8_t ready[] = {HEADER, 8, 0, 8, 0, 0, 0, 0x13, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
/* clang-format on */

static const struct golden {
	const uint8_t *bytes;
	size_t size;
	enum gy_wire_type type;
	uint32_t sequence;
} goldens[] = {
	{hello, sizeof(hello), GY_WIRE_HELLO, 1},
	{import, sizeof(import), GY_WIRE_IMPORT, 7},
	{resolve, sizeof(resolve), GY_WIRE_RESOLVE, 8},
	{release, sizeof(release), GY_WIRE_RELEASE, 0},
	{texture, sizeof(texture), GY_WIRE_TEXTURE, 9},
	{event, sizeof(event), GY_WIRE_EVENT, 10},
	{handle, sizeof(handle), GY_WIRE_HANDLE, 11},
	{error, sizeof(error), GY_WIRE_ERROR, 12},
	{subscribe, sizeof(subscribe), GY_WIRE_SUBSCRIBE, 13},
	{buffer, sizeof(buffer), GY_WIRE_BUFFER, 14},
	{query, sizeof(query), GY_WIRE_QUERY, 15},
	{stream, sizeof(stream), GY_WIRE_STREAM, 16},
	{lease, sizeof(lease), GY_WIRE_LEASE, 16},
	{status, sizeof(status), GY_WIRE_STATUS, 17},
	{status_bytes, sizeof(status_bytes), GY_WIRE_STATUS, 17},
	{picture, sizeof(picture), GY_WIRE_PICTURE, 18},
	{import_semaphore, sizeof(import_semaphore), GY_WIRE_IMPORT, 7},
	{event_shared, sizeof(event_shared), GY_WIRE_EVENT, 10},
	{buffer_mirror, sizeof(buffer_mirror), GY_WIRE_BUFFER, 14},
	{stream_ready, sizeof(stream_ready), GY_WIRE_STREAM, 16},
	{ready, sizeof(ready), GY_WIRE_READY, 19},
	{unsubscribe, sizeof(unsubscribe), GY_WIRE_UNSUBSCRIBE, 20},
	{texture_ticket, sizeof(texture_ticket), GY_WIRE_TEXTURE, 9},
	{picture_filled, sizeof(picture_filled), GY_WIRE_PICTURE, 18},
	{stream_bell, sizeof(stream_bell), GY_WIRE_STREAM, 16},
	{doorbell, sizeof(doorbell), GY_WIRE_DOORBELL, 21},
	{bell, sizeof(bell), GY_WIRE_BELL, 21},
	{subscribe_rendition, sizeof(subscribe_rendition), GY_WIRE_SUBSCRIBE, 13},
	{stream_rendition, sizeof(stream_rendition), GY_WIRE_STREAM, 16},
};

/* Decodes from memory of exactly that size, so that a sanitizer sees a read beyond its end. */
static enum geyser_result decode(
	const uint8_t *bytes, size_t size, size_t *used, struct gy_message *out)
{
	uint8_t *copy = malloc(size ? size : 1);
	enum geyser_result result;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	result = gy_wire_decode(copy, size, used, out);
	free(copy);
	return result;
}

static struct gy_message decoded(const uint8_t *bytes, size_t size)
{
	struct gy_message message;
	size_t used;

	assert_ok(decode(bytes, size, &used, &message));
	assert_int_equal(used, size);
	return message;
}

static void every_message_is_pinned(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(goldens); i++) {
		struct gy_message message = decoded(goldens[i].bytes, goldens[i].size);
		uint8_t bytes[GY_MESSAGE_MAX];

		assert_int_equal(message.type, goldens[i].type);
		assert_int_equal(message.sequence, goldens[i].sequence);
		memset(bytes, 0xff, sizeof(bytes));
		/* Decoding copies all strings; the label must point to its copy. */
		if (message.type == GY_WIRE_TEXTURE || message.type == GY_WIRE_PICTURE)
			message.texture.desc.label = message.texture.label;
		assert_int_equal(gy_wire_encode(&message, bytes, sizeof(bytes)), goldens[i].size);
		assert_memory_equal(bytes, goldens[i].bytes, goldens[i].size);
	}
}

static void small_messages_say_what_they_say(void **state)
{
	static const uint8_t token[] = {TOKEN};
	struct gy_message message;

	(void)state;
	message = decoded(hello, sizeof(hello));
	assert_true(message.hello.features == UINT64_C(0x8000000000000001));
	assert_string_equal(message.hello.application, "viewer");
	message = decoded(import, sizeof(import));
	assert_int_equal(message.object.kind, GY_HANDLE_TEXTURE);
	assert_memory_equal(message.object.token, token, sizeof(token));
	message = decoded(release, sizeof(release));
	assert_int_equal(message.object.kind, GY_HANDLE_EVENT);
	message = decoded(resolve, sizeof(resolve));
	assert_int_equal(message.id, 0xdeadbeef);
	message = decoded(event, sizeof(event));
	assert_int_equal(message.event.size, 4096);
	message = decoded(handle, sizeof(handle));
	assert_int_equal(geyser_handle_id(&message.handle), 0x2a);
	message = decoded(error, sizeof(error));
	assert_int_equal(message.error.result, GEYSER_ERROR_STALE);
	assert_string_equal(message.error.detail, "gone: start it");
}

static void messages_of_streams_say_what_they_say(void **state)
{
	struct gy_message message;

	(void)state;
	message = decoded(subscribe, sizeof(subscribe));
	assert_true(message.name.every);
	assert_string_equal(message.name.name, "cam/1");
	message = decoded(query, sizeof(query));
	assert_false(message.name.every);
	assert_string_equal(message.name.name, "cam/1");
	message = decoded(buffer, sizeof(buffer));
	assert_int_equal(message.buffer.index, 15);
	message = decoded(stream, sizeof(stream));
	assert_int_equal(message.stream.buffers, 16);
	assert_true(message.stream.ring_size == UINT64_C(0x1122334455667788));
	message = decoded(lease, sizeof(lease));
	assert_int_equal(message.stream.lease_size, 0x99);
	message = decoded(picture, sizeof(picture));
	assert_int_equal(message.texture.desc.width, 1920);
	assert_string_equal(message.texture.label, "cam");
	assert_int_equal(message.texture.generation, 0xdeadbeef);
}

static void what_a_minor_version_added_may_be_missing(void **state)
{
	struct gy_message message;

	(void)state;
	message = decoded(import_semaphore, sizeof(import_semaphore));
	assert_true(message.object.semaphore);
	message = decoded(import, sizeof(import));
	assert_false(message.object.semaphore);
	message = decoded(stream_bell, sizeof(stream_bell));
	assert_true(message.stream.bell);
	assert_false(message.stream.ready);
	message = decoded(stream_ready, sizeof(stream_ready));
	assert_true(message.stream.ready);
	assert_false(message.stream.bell);
	message = decoded(bell, sizeof(bell));
	assert_int_equal(message.bell_size, 4096);
	message = decoded(stream_rendition, sizeof(stream_rendition));
	assert_true(message.stream.rendition && !message.stream.bell);
	message = decoded(subscribe_rendition, sizeof(subscribe_rendition));
	assert_true(message.name.every && message.name.feeds);
	assert_int_equal(message.name.rendition.format, 4);
	assert_int_equal(message.name.rendition.width, 640);
	assert_int_equal(message.name.rendition.height, 360);
	assert_int_equal(message.name.rendition.filter, 3);
	assert_true(message.name.rendition.upright);
	message = decoded(subscribe, sizeof(subscribe));
	assert_false(message.name.feeds);
	assert_false(gy_wire_asks_rendition(&message.name));
	message = decoded(event_shared, sizeof(event_shared));
	assert_true(message.event.shared);
	assert_int_equal(message.event.driver.device_uuid[15], 15);
	assert_int_equal(message.event.driver.driver_uuid[15], 31);
	message = decoded(event, sizeof(event));
	assert_false(message.event.shared);
	message = decoded(buffer_mirror, sizeof(buffer_mirror));
	assert_true(message.buffer.mirror);
	message = decoded(buffer, sizeof(buffer));
	assert_false(message.buffer.mirror);
	message = decoded(stream_ready, sizeof(stream_ready));
	assert_true(message.stream.ready);
	message = decoded(ready, sizeof(ready));
	assert_true(message.ready.mirror);
	assert_false(message.ready.semaphore);
	message = decoded(picture_filled, sizeof(picture_filled));
	assert_true(message.texture.filled == UINT64_C(0x0203040506070809));
	message = decoded(picture, sizeof(picture));
	assert_true(message.texture.filled == 0);
	message = decoded(status_bytes, sizeof(status_bytes));
	assert_int_equal(message.status.bytes, 0x1600000);
	message = decoded(status, sizeof(status));
	assert_int_equal(message.status.bytes, 0);
}

static void a_status_says_what_it_says(void **state)
{
	const struct gy_message message = decoded(status, sizeof(status));
	const struct geyser_stream_info *info = &message.status.info;

	(void)state;
	assert_string_equal(info->name, "cam/1");
	assert_string_equal(info->application, "caf\xc3\xa9");
	assert_int_equal(info->pid, 4242);
	assert_int_equal(info->format, GEYSER_FORMAT_RGBA8_UNORM);
	assert_int_equal(info->width, 1920);
	assert_int_equal(info->height, 1080);
	assert_int_equal(info->buffers, 16);
	assert_int_equal(info->frame_rate_num, 30000);
	assert_int_equal(info->frame_rate_den, 1001);
	assert_int_equal(info->pacing, GEYSER_PACING_LOSSLESS);
	assert_int_equal(info->backend, GEYSER_BACKEND_HOST);
	assert_int_equal(info->path, GEYSER_PATH_COPY);
	assert_int_equal(info->subscribers, 64);
	assert_true(info->frames == UINT64_C(0x0102030405060708));
	assert_int_equal(info->dropped, 7);
	assert_int_equal(info->latency_p50_ns, 1500);
	assert_true(info->latency_p99_ns == UINT64_C(0x8000000000000000));
}

static void a_texture_says_what_it_says(void **state)
{
	static struct gy_message message;
	const struct geyser_native_texture *native = &message.texture.native;
	const struct geyser_texture_desc *desc = &message.texture.desc;
	size_t used;

	(void)state;
	assert_ok(decode(texture, sizeof(texture), &used, &message));
	assert_int_equal(desc->format, GEYSER_FORMAT_RGBA8_UNORM);
	assert_int_equal(desc->width, 1920);
	assert_int_equal(desc->height, 1080);
	assert_int_equal(desc->depth, 1);
	assert_int_equal(desc->layers, 2);
	assert_int_equal(desc->mip_levels, 3);
	assert_int_equal(desc->usage, 0x17);
	assert_ptr_equal(desc->label, message.texture.label);
	assert_string_equal(desc->label, "cam");
	assert_int_equal(native->type, GEYSER_NATIVE_MEMFD);
	assert_int_equal(native->fd, -1);
	assert_null(native->object);
	assert_true(native->size == UINT64_C(0x1122334455));
	assert_int_equal(native->plane_count, 1);
	assert_true(native->dedicated);
	assert_int_equal(native->planes[0].offset, 64);
	assert_int_equal(native->planes[0].row_pitch, 7680);
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal(native->planes[i].offset, i + 1);
	assert_true(native->modifier == UINT64_C(0x0100000000000002));
	for (uint8_t i = 0; i < 16; i++) {
		assert_int_equal(native->device_uuid[i], i);
		assert_int_equal(native->driver_uuid[i], i + 16);
	}
}

static void no_label_is_null(void **state)
{
	static struct gy_message message;
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t used, size;

	(void)state;
	message.type = GY_WIRE_TEXTURE;
	size = gy_wire_encode(&message, bytes, sizeof(bytes));
	assert_int_equal(size, sizeof(texture) - 3);
	assert_ok(decode(bytes, size, &used, &message));
	assert_null(message.texture.desc.label);
}

static void every_cut_is_refused(void **state)
{
	struct gy_message message;
	size_t used;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(goldens); i++)
		for (size_t size = 0; size < goldens[i].size; size++)
			assert_fails(GEYSER_ERROR_PROTOCOL, "peer sent",
				decode(goldens[i].bytes, size, &used, &message));
}

/* Returns the size at which the message, cut there, is a valid one of an older minor version; 0 if
 * there is no such size. */
static size_t enough_of(const uint8_t *bytes)
{
	return bytes == picture_filled        ? sizeof(picture)
	       : bytes == import_semaphore    ? sizeof(import)
	       : bytes == event_shared        ? sizeof(event)
	       : bytes == buffer_mirror       ? sizeof(buffer)
	       : bytes == stream_ready        ? sizeof(stream)
	       : bytes == stream_bell         ? sizeof(stream)
	       : bytes == status_bytes        ? sizeof(status)
	       : bytes == stream_rendition    ? sizeof(stream)
	       : bytes == subscribe_rendition ? sizeof(subscribe)
					      : 0;
}

/* Returns how many bytes later minor versions added to the message. */
static size_t added_to(const uint8_t *bytes)
{
	return bytes == picture_filled || bytes == stream_bell || bytes == status_bytes ? 8
	       : bytes == stream_rendition                                              ? 12
	       : bytes == subscribe_rendition                                           ? 20
											: 4;
}

/* The header gives the cut message's real size. The payload is then too short for the message's
 * type. */
static void every_short_payload_is_refused(void **state)
{
	struct gy_message message;
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t used;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(goldens); i++)
		for (size_t size = GY_WIRE_HEADER; size < goldens[i].size; size++) {
			size_t enough = enough_of(goldens[i].bytes);
			size_t added = added_to(goldens[i].bytes);

			memcpy(bytes, goldens[i].bytes, size);
			gy_put_le(bytes + 8, 4, size - GY_WIRE_HEADER);
			if (enough && size >= enough && size < enough + added) {
				assert_ok(decode(bytes, size, &used, &message));
				continue;
			}
			assert_fails(GEYSER_ERROR_PROTOCOL, "don't hold it",
				decode(bytes, size, &used, &message));
		}
}

static void check_invariants(const struct gy_message *message, size_t used, size_t size)
{
	assert_in_range(used, GY_WIRE_HEADER, size);
	switch (message->type) {
	case GY_WIRE_HELLO:
		assert_in_range(strlen(message->hello.application), 0, GY_APPLICATION_MAX);
		break;
	case GY_WIRE_SUBSCRIBE:
	case GY_WIRE_QUERY:
		assert_in_range(strlen(message->name.name), 0, GEYSER_STREAM_NAME_MAX);
		break;
	case GY_WIRE_STATUS:
		assert_in_range(strlen(message->status.info.name), 0, GEYSER_STREAM_NAME_MAX);
		assert_in_range(strlen(message->status.info.application), 0, GY_APPLICATION_MAX);
		break;
	case GY_WIRE_PICTURE:
	case GY_WIRE_TEXTURE:
		assert_in_range(strlen(message->texture.label), 0, GEYSER_MAX_LABEL);
		assert_int_equal(message->texture.native.fd, -1);
		break;
	case GY_WIRE_ERROR:
		assert_in_range(strlen(message->error.detail), 0, GY_WIRE_TEXT - 1);
		assert_in_range(-(int)message->error.result, 1, -GEYSER_ERROR_SYSTEM);
		break;
	default:
		break;
	}
}

static void every_wrong_byte_is_survived(void **state)
{
	static struct gy_message message;
	uint8_t bytes[GY_MESSAGE_MAX];
	unsigned accepted = 0;
	size_t used;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(goldens); i++)
		for (size_t at = 0; at < goldens[i].size; at++)
			for (unsigned value = 0; value < 256; value++) {
				enum geyser_result result;

				memcpy(bytes, goldens[i].bytes, goldens[i].size);
				bytes[at] = (uint8_t)value;
				result = decode(bytes, goldens[i].size, &used, &message);
				if (result == GEYSER_OK) {
					check_invariants(&message, used, goldens[i].size);
					accepted++;
				} else {
					assert_int_equal(result, GEYSER_ERROR_PROTOCOL);
				}
			}
	assert_true(accepted > 0);
}

static void unknown_types(void **state)
{
	struct gy_message message;
	uint8_t bytes[sizeof(resolve)];
	size_t used;

	(void)state;
	for (uint32_t type = 0; type <= UINT16_MAX; type++) {
		enum geyser_result result;
		bool known = (type >= 1 && type <= 10) || (type >= 17 && type <= 24) || type == 31;

		if (known)
			continue;
		memcpy(bytes, resolve, sizeof(resolve));
		gy_put_le(bytes + 6, 2, type);
		result = gy_wire_decode(bytes, sizeof(bytes), &used, &message);
		assert_int_equal(message.type, GY_WIRE_NONE);
		if (type & GY_WIRE_OPTIONAL) {
			assert_int_equal(result, GEYSER_OK);
			assert_int_equal(used, sizeof(bytes));
		} else {
			assert_fails(GEYSER_ERROR_PROTOCOL, "unknown type", result);
		}
	}
}

static void a_later_minor_version_may_say_more(void **state)
{
	static struct gy_message message;
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t used;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(goldens); i++) {
		size_t size = goldens[i].size + 9;

		memset(bytes, 0xee, sizeof(bytes));
		memcpy(bytes, goldens[i].bytes, goldens[i].size);
		bytes[5] = 200;
		gy_put_le(bytes + 8, 4, size - GY_WIRE_HEADER);
		assert_ok(decode(bytes, size, &used, &message));
		assert_int_equal(used, size);
		assert_int_equal(message.type, goldens[i].type);
		check_invariants(&message, used, size);
	}
}

static void another_major_version_is_named(void **state)
{
	static struct gy_message message;
	uint8_t bytes[sizeof(hello)];
	size_t used;

	(void)state;
	memcpy(bytes, hello, sizeof(hello));
	bytes[4] = 7;
	assert_fails(GEYSER_ERROR_PROTOCOL, "protocol 7: this library speaks 1",
		decode(bytes, sizeof(bytes), &used, &message));
	bytes[4] = 0;
	assert_fails(GEYSER_ERROR_PROTOCOL, "protocol 0: this library speaks 1",
		decode(bytes, sizeof(bytes), &used, &message));
}

static void length_is_bounded(void **state)
{
	static const uint32_t lengths[] = {
		5, 497, 512, 0x10000, 0x7fffffff, 0xfffffff0, UINT32_MAX};
	struct gy_message message;
	uint8_t bytes[2048] = {0};
	size_t used;

	(void)state;
	memcpy(bytes, resolve, sizeof(resolve));
	for (size_t i = 0; i < TEST_COUNT(lengths); i++) {
		gy_put_le(bytes + 8, 4, lengths[i]);
		/* 5 bytes would fit into the whole buffer, so that the first case passes only the
		 * message. The other lengths exceed a message's maximum. */
		assert_fails(GEYSER_ERROR_PROTOCOL, "cut off",
			decode(bytes, i ? sizeof(bytes) : sizeof(resolve), &used, &message));
	}
	gy_put_le(bytes + 8, 4, GY_MESSAGE_MAX - GY_WIRE_HEADER);
	assert_ok(decode(bytes, GY_MESSAGE_MAX, &used, &message));
	assert_int_equal(used, GY_MESSAGE_MAX);
}

struct text_case {
	const struct golden *golden;
	size_t at;   /* offset of the text's length */
	size_t most; /* largest number of characters */
};

/* Decodes a message whose last field is a text of `length` characters. A `nul_at` below `length`
 * makes that character NUL. */
static enum geyser_result decode_text(
	const struct text_case *it, size_t length, size_t nul_at, struct gy_message *out)
{
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t used, size = it->at + 2 + length;

	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, it->golden->bytes, it->at);
	gy_put_le(bytes + it->at, 2, length);
	gy_put_le(bytes + 8, 4, size - GY_WIRE_HEADER);
	if (nul_at < length)
		bytes[it->at + 2 + nul_at] = 0;
	return decode(bytes, size, &used, out);
}

static void texts_are_bounded_and_whole(void **state)
{
	static const struct text_case cases[] = {
		{&goldens[0], 24, GY_APPLICATION_MAX},
		{&goldens[4], sizeof(texture) - 5, GEYSER_MAX_LABEL},
		{&goldens[7], 20, GY_WIRE_TEXT - 1},
		{&goldens[8], 20, GEYSER_STREAM_NAME_MAX},
		{&goldens[10], 20, GEYSER_STREAM_NAME_MAX},
	};
	static struct gy_message message;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		const struct text_case *it = &cases[i];

		assert_ok(decode_text(it, 0, SIZE_MAX, &message));
		assert_ok(decode_text(it, it->most, SIZE_MAX, &message));
		check_invariants(&message, GY_WIRE_HEADER, GY_MESSAGE_MAX);
		assert_fails(GEYSER_ERROR_PROTOCOL, "don't hold it",
			decode_text(it, it->most + 1, SIZE_MAX, &message));
		for (size_t at = 0; at < it->most; at++)
			assert_fails(GEYSER_ERROR_PROTOCOL, "don't hold it",
				decode_text(it, it->most, at, &message));
	}
}

static void error_results_are_failures(void **state)
{
	static const struct {
		uint32_t sent;
		enum geyser_result result;
	} cases[] = {
		{(uint32_t)-1, GEYSER_ERROR_INVALID_ARGUMENT},
		{(uint32_t)-17, GEYSER_ERROR_SYSTEM},
		{(uint32_t)-18, GEYSER_ERROR_SYSTEM},
		{0, GEYSER_ERROR_SYSTEM},
		{1, GEYSER_ERROR_SYSTEM},
		{0x7fffffff, GEYSER_ERROR_SYSTEM},
		{0x80000000, GEYSER_ERROR_SYSTEM},
	};
	uint8_t bytes[sizeof(error)];

	(void)state;
	memcpy(bytes, error, sizeof(error));
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		gy_put_le(bytes + GY_WIRE_HEADER, 4, cases[i].sent);
		assert_int_equal(decoded(bytes, sizeof(bytes)).error.result, cases[i].result);
	}
}

static void encoding_needs_room_and_a_type(void **state)
{
	static const int types[] = {GY_WIRE_NONE, 11, 16, 25, 30, 32, GY_WIRE_OPTIONAL | 1, -1};
	static struct gy_message message;
	uint8_t bytes[GY_MESSAGE_MAX];
	size_t used;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(goldens); i++) {
		assert_ok(gy_wire_decode(goldens[i].bytes, goldens[i].size, &used, &message));
		for (size_t size = 0; size < goldens[i].size; size++) {
			memset(bytes, 0xdd, sizeof(bytes));
			assert_int_equal(gy_wire_encode(&message, bytes, size), 0);
			assert_int_equal(bytes[size], 0xdd);
		}
		assert_int_equal(gy_wire_encode(&message, bytes, goldens[i].size), goldens[i].size);
	}
	for (size_t i = 0; i < TEST_COUNT(types); i++) {
		message.type = (enum gy_wire_type)types[i];
		assert_int_equal(gy_wire_encode(&message, bytes, sizeof(bytes)), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_pinned),
		cmocka_unit_test(small_messages_say_what_they_say),
		cmocka_unit_test(messages_of_streams_say_what_they_say),
		cmocka_unit_test(a_status_says_what_it_says),
		cmocka_unit_test(what_a_minor_version_added_may_be_missing),
		cmocka_unit_test(a_texture_says_what_it_says),
		cmocka_unit_test(no_label_is_null),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(every_short_payload_is_refused),
		cmocka_unit_test(every_wrong_byte_is_survived),
		cmocka_unit_test(unknown_types),
		cmocka_unit_test(a_later_minor_version_may_say_more),
		cmocka_unit_test(another_major_version_is_named),
		cmocka_unit_test(length_is_bounded),
		cmocka_unit_test(texts_are_bounded_and_whole),
		cmocka_unit_test(error_results_are_failures),
		cmocka_unit_test(encoding_needs_room_and_a_type),
	};

	test_limit(100);
	return test_run("wire", tests, NULL, NULL);
}
