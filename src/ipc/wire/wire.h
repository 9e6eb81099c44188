/* SPDX-License-Identifier: MIT */
/*
 * Messages between exporter and importer: bytes to structs and back, nothing else. The bytes come
 * from a peer and are hostile. The functions here check every length, count and string; the core
 * checks what the numbers mean.
 *
 * A packet (one record of a local socket, at most GY_PACKET_MAX bytes) is one or more messages. A
 * message is a header of 16 bytes and a payload, little-endian, at most GY_MESSAGE_MAX in all:
 *
 *     0  "GYSR"   4  major   5  minor   6  type (2)   8  payload bytes (4)   12  sequence (4)
 *
 * A payload that is longer than this version knows comes from a later minor version: the decoder
 * ignores the rest. It skips an unknown type that has the bit GY_WIRE_OPTIONAL; any other unknown
 * type is an error.
 */
#ifndef GY_IPC_WIRE_WIRE_H
#define GY_IPC_WIRE_WIRE_H

#include "base/driver.h"
#include "ipc/wire/handle.h"

#include <geyser/stream.h>

#define GY_WIRE_MAJOR 1
#define GY_WIRE_MINOR 7
#define GY_WIRE_HEADER 16
#define GY_MESSAGE_MAX 512
#define GY_PACKET_MAX 1024
#define GY_WIRE_TEXT 256 /* largest string field, with the NUL */
#define GY_APPLICATION_MAX 63
#define GY_WIRE_OPTIONAL 0x8000
#define GY_TICKET_SIZE 16

enum gy_wire_type {
	GY_WIRE_NONE = 0,    /* decoding skipped an optional message */
	GY_WIRE_HELLO = 1,   /* importer: the first message */
	GY_WIRE_IMPORT = 2,  /* importer: give me this object → TEXTURE, EVENT or ERROR */
	GY_WIRE_RESOLVE = 3, /* importer: which handle has this id → HANDLE or ERROR */
	GY_WIRE_RELEASE = 4, /* importer: it has given back one import of this object; no answer */
	GY_WIRE_SUBSCRIBE =
		5, /* importer: subscribe to this stream → STREAM, then LEASE; or ERROR */
	GY_WIRE_BUFFER = 6, /* subscriber: describe this buffer → PICTURE or ERROR */
	GY_WIRE_QUERY = 7,  /* importer: describe this stream → STATUS or ERROR */
	GY_WIRE_READY = 8,  /* subscriber: the event that frames refer to → EVENT or ERROR */
	GY_WIRE_UNSUBSCRIBE =
		9, /* subscriber: send no frames, but tell when the stream ends; no answer */
	GY_WIRE_DOORBELL = 10, /* subscriber: the page that wakes the publisher → BELL or ERROR */
	GY_WIRE_TEXTURE = 17,  /* exporter, with one fd, or a ticket */
	GY_WIRE_EVENT = 18,    /* exporter, with one fd */
	GY_WIRE_HANDLE = 19,
	GY_WIRE_STREAM = 20, /* publisher, with the ring's fd */
	GY_WIRE_LEASE = 21,  /* publisher, with the fd of the subscriber's own page */
	GY_WIRE_STATUS = 22,
	GY_WIRE_PICTURE = 23, /* publisher, as TEXTURE: the buffer that was asked for */
	GY_WIRE_BELL = 24,    /* publisher, with one fd */
	GY_WIRE_ERROR = 31,
};

struct gy_wire_hello {
	uint64_t features; /* none yet */
	char application[GY_APPLICATION_MAX + 1];
};

struct gy_wire_object { /* IMPORT, RELEASE */
	enum gy_handle_kind kind;
	uint8_t token[GY_TOKEN_SIZE];
	bool semaphore; /* IMPORT: an event's native semaphore; from minor 1 on */
};

struct gy_wire_texture {
	struct geyser_texture_desc desc;     /* label points at the member below, or is NULL */
	struct geyser_native_texture native; /* fd and object don't cross */
	/* What collects the object, if it is an IOSurface; from minor 2 on. See
	 * ipc/surface/surface.h. */
	uint8_t ticket[GY_TICKET_SIZE];
	char label[GEYSER_MAX_LABEL + 1];
	uint32_t generation; /* of a stream's buffer */
	/* PICTURE: the mirrors' event reaches this value when the mirror is filled; 0: the mirror
	 * is filled already, or the message isn't about one. From minor 4 on. */
	uint64_t filled;
};

struct gy_wire_event {
	uint64_t size; /* bytes of the event's shared memory */
	/* from minor 1 on: processes with the same driver can import its native semaphore */
	bool shared;
	struct gy_driver_id driver;
};

struct gy_wire_buffer { /* BUFFER */
	uint32_t index;
	bool mirror; /* a copy in host memory; from minor 1 on */
};

struct gy_wire_ready {  /* READY */
	bool mirror;    /* the event of the mirrors */
	bool semaphore; /* the event's native semaphore */
};

struct gy_wire_name { /* SUBSCRIBE, QUERY */
	bool every;
	/* SUBSCRIBE, within one process: the subscriber feeds a rendition of the stream */
	bool feeds;
	char name[GEYSER_STREAM_NAME_MAX + 1];
	/* SUBSCRIBE: all zero for the stream's own frames; from minor 7 on */
	struct geyser_rendition_desc rendition;
};

/* Whether the request asks for a rendition rather than for the stream's own frames. */
static inline bool gy_wire_asks_rendition(const struct gy_wire_name *name)
{
	return name->rendition.format || name->rendition.width || name->rendition.height ||
	       name->rendition.upright;
}

struct gy_wire_stream {
	uint32_t buffers;
	uint64_t ring_size, lease_size; /* bytes; they differ if the versions' rings differ */
	bool ready; /* frames are drawn by a device: ask READY; from minor 1 on */
	bool bell;  /* the publisher sleeps on a doorbell: ask DOORBELL; from minor 5 on */
	/* the frames are those of the rendition that was asked for; from minor 7 on */
	bool rendition;
};

struct gy_wire_status { /* STATUS */
	struct geyser_stream_info info;
	uint64_t bytes; /* memory that the publisher has for the stream; from minor 6 on */
};

struct gy_wire_error {
	enum geyser_result result; /* a failure that this version knows, else SYSTEM */
	char detail[GY_WIRE_TEXT];
};

struct gy_message {
	enum gy_wire_type type;
	uint32_t sequence; /* an answer has the sequence of its request */
	union {
		struct gy_wire_hello hello;
		struct gy_wire_object object;
		uint32_t id;        /* RESOLVE */
		uint64_t bell_size; /* BELL: bytes of the page */
		struct gy_wire_buffer buffer;
		struct gy_wire_ready ready;
		struct gy_wire_name name;
		struct gy_wire_stream stream;
		struct gy_wire_status status;
		struct gy_wire_texture texture;
		struct gy_wire_event event;
		struct geyser_handle handle;
		struct gy_wire_error error;
	};
};

/* Writes one message; returns its bytes, or 0 if it doesn't fit or has no such type. */
size_t gy_wire_encode(const struct gy_message *message, uint8_t *bytes, size_t size);

/* Reads the message at the start of bytes; *used is its size in bytes. *out is a copy, and doesn't
 * point into bytes. Errors: PROTOCOL; the detail says what is wrong. */
enum geyser_result gy_wire_decode(
	const uint8_t *bytes, size_t size, size_t *used, struct gy_message *out);

#endif
