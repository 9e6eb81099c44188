/* SPDX-License-Identifier: MIT */
#include "stream/attachment.h"

#include "base/clock.h"
#include "base/error.h"
#include "core/event.h"
#include "ipc/names.h"
#include "ipc/surface.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- connecting ---- */

static enum geyser_result find_publisher(const char *name, uint64_t *instance)
{
	return gy_registries_find_name(name, instance);
}

/* Maps what came with a message, if it is as large as this version's. The fd stays open. */
static enum geyser_result map_memory(
	int fd, uint64_t claimed, size_t size, bool writable, void **out)
{
	enum geyser_result result;
	bool may_write;
	uint64_t found;

	*out = NULL;
	if (fd < 0)
		return gy_fail(GEYSER_ERROR_PROTOCOL, "the publisher sent no memory");
	result = gy_memory_check(fd, &found, &may_write);
	if (result == GEYSER_OK && (claimed != size || found < size || (writable && !may_write)))
		result = gy_fail(GEYSER_ERROR_PROTOCOL,
			"the publisher's ring has %" PRIu64 " of %" PRIu64
			" bytes: this version's has %zu; use the same geyser on both sides",
			claimed, found, size);
	if (result == GEYSER_OK)
		result = gy_memory_map(fd, size, writable, out);
	return result;
}

static enum geyser_result map_ring(
	struct gy_attachment *attachment, const struct gy_message *answer, int fd)
{
	void *page;
	enum geyser_result result;

	attachment->drawn_by_device = answer->stream.ready;
	if (answer->type != GY_WIRE_STREAM || answer->stream.buffers == 0 ||
		answer->stream.buffers > GY_RING_BUFFERS) {
		if (fd >= 0)
			(void)close(fd);
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"the publisher answered with a message of type %d", answer->type);
	}
	result =
		map_memory(fd, answer->stream.ring_size, sizeof(struct gy_ring_page), false, &page);
	if (fd >= 0)
		(void)close(fd);
	attachment->view.page = page;
	attachment->view.buffers = answer->stream.buffers;
	return result;
}

/* Keeps the fd until the event that frames refer to has mapped the lease, too. */
static enum geyser_result map_lease(
	struct gy_attachment *attachment, const struct gy_message *answer, int fd)
{
	void *page;
	enum geyser_result result;

	attachment->lease_fd = fd;
	result = map_memory(
		fd, answer->stream.lease_size, sizeof(struct gy_lease_memory), true, &page);
	attachment->view.lease = page;
	if (result == GEYSER_OK)
		gy_ring_open(&attachment->view);
	return result;
}

static enum geyser_result subscribe(struct gy_attachment *attachment, const char *name)
{
	struct geyser_manager *manager = attachment->manager;
	struct gy_message question = {.type = GY_WIRE_SUBSCRIBE}, answer;
	enum geyser_result result;
	int fd;

	(void)snprintf(question.name.name, sizeof(question.name.name), "%s", name);
	question.name.every = attachment->view.every;
	result = gy_peer_ask(attachment->peer, manager->application, &question,
		gy_deadline(manager->import_timeout_ns), &answer, &fd);
	if (result == GEYSER_OK)
		result = map_ring(attachment, &answer, fd);
	if (result != GEYSER_OK)
		return result;
	result = gy_peer_next(
		attachment->peer, gy_deadline(manager->import_timeout_ns), &answer, &fd);
	return result == GEYSER_OK ? map_lease(attachment, &answer, fd) : result;
}

/* ---- buffers ---- */

static enum geyser_result ask_buffer(
	struct gy_attachment *attachment, uint32_t buffer, struct gy_incoming *incoming)
{
	struct geyser_manager *manager = attachment->manager;
	struct gy_message question = {
		.type = GY_WIRE_BUFFER, .buffer = {buffer, attachment->mirrored}};
	enum geyser_result result = gy_peer_ask(attachment->peer, manager->application, &question,
		gy_deadline(manager->import_timeout_ns), &incoming->answer, &incoming->fd);

	if (result != GEYSER_OK)
		return result;
	if (incoming->answer.type == GY_WIRE_PICTURE &&
		(incoming->fd >= 0 || gy_surface_is_in(&incoming->answer)))
		return GEYSER_OK;
	gy_incoming_finish(incoming, false);
	return gy_fail(GEYSER_ERROR_PROTOCOL, "the publisher answered with a message of type %d",
		incoming->answer.type);
}

/* All buffers together may take this process's share, the one that is replaced aside. */
static struct gy_import_terms terms_of(const struct gy_attachment *attachment, uint32_t buffer,
	const struct geyser_texture_desc *desc)
{
	struct gy_import_terms terms = {
		.from_peer = true,
		.read_only = !(desc->usage & GEYSER_USAGE_WRITERS),
		.uploads = true,
		.most = gy_memory_share(),
	};

	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++) {
		uint64_t bytes = attachment->buffers[i] && i != buffer
					 ? gy_texture_backing(attachment->buffers[i])->bytes
					 : 0;

		terms.most -= bytes < terms.most ? bytes : terms.most;
	}
	return terms;
}

static enum geyser_result try_buffer(struct gy_attachment *attachment, uint32_t buffer)
{
	struct gy_incoming incoming = {.source.kind = GY_HANDLE_TEXTURE, .fd = -1};
	struct gy_import_terms terms;
	struct geyser_texture *texture;
	enum geyser_result result = ask_buffer(attachment, buffer, &incoming);

	if (result != GEYSER_OK)
		return result;
	terms = terms_of(attachment, buffer, &incoming.answer.texture.desc);
	result = gy_texture_accept(attachment->manager, &incoming, NULL, &terms, &texture);
	if (result != GEYSER_OK)
		return result;
	gy_texture_set_of_subscriber(texture);
	if (attachment->mirrored)
		gy_texture_set_mirrored(texture);
	gy_texture_prefault(texture);
	geyser_texture_unref(attachment->buffers[buffer]);
	attachment->buffers[buffer] = texture;
	attachment->generations[buffer] = incoming.answer.texture.generation;
	return GEYSER_OK;
}

/* Memory that we can't import has a copy that we can. */
static enum geyser_result fetch_buffer(struct gy_attachment *attachment, uint32_t buffer)
{
	enum geyser_result result = try_buffer(attachment, buffer);

	if (!attachment->drawn_by_device || attachment->mirrored ||
		(result != GEYSER_ERROR_UNSUPPORTED && result != GEYSER_ERROR_MISMATCH))
		return result;
	attachment->mirrored = true;
	return try_buffer(attachment, buffer);
}

/* All of them, so that no frame waits for one. One that is replaced meanwhile is fetched again when
 * its frame comes. */
static enum geyser_result fetch_buffers(struct gy_attachment *attachment)
{
	enum geyser_result result = GEYSER_OK;

	for (uint32_t i = 0; result == GEYSER_OK && i < attachment->view.buffers; i++)
		result = fetch_buffer(attachment, i);
	return result;
}

/* ---- the event that frames refer to ---- */

static enum geyser_result ask_ready(
	struct gy_attachment *attachment, bool twin, struct gy_message *answer, int *fd)
{
	struct geyser_manager *manager = attachment->manager;
	struct gy_message question = {.type = GY_WIRE_READY, .ready = {attachment->mirrored, twin}};
	enum geyser_result result = gy_peer_ask(attachment->peer, manager->application, &question,
		gy_deadline(manager->import_timeout_ns), answer, fd);

	if (result != GEYSER_OK || (answer->type == GY_WIRE_EVENT && *fd >= 0))
		return result;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return gy_fail(GEYSER_ERROR_PROTOCOL, "the publisher answered with a message of type %d",
		answer->type);
}

static enum geyser_result ask_twin(
	struct gy_attachment *attachment, const struct gy_wire_event *described, int *fd)
{
	struct gy_message answer;

	*fd = -1;
	if (!gy_event_wants_twin(attachment->manager, described))
		return GEYSER_OK;
	return ask_ready(attachment, true, &answer, fd);
}

static void close_lease(struct gy_attachment *attachment)
{
	if (attachment->lease_fd >= 0)
		(void)close(attachment->lease_fd);
	attachment->lease_fd = -1;
}

/* The event has a hold of its own on the peer: callers may keep it for longer than this. */
static enum geyser_result fetch_ready(struct gy_attachment *attachment)
{
	const struct gy_event_seat seat = {
		.fd = attachment->lease_fd,
		.size = sizeof(struct gy_lease_memory),
		.sleepers = attachment->mirrored ? offsetof(struct gy_lease_page, mirror_sleepers)
						 : offsetof(struct gy_lease_page, ready_sleepers),
	};
	struct gy_incoming incoming = {.source.kind = GY_HANDLE_EVENT, .fd = -1};
	enum geyser_result result;
	int twin = -1;

	if (!attachment->drawn_by_device)
		return GEYSER_OK;
	result = ask_ready(attachment, false, &incoming.answer, &incoming.fd);
	if (result != GEYSER_OK)
		return result;
	incoming.peer = gy_peer_ref(attachment->peer);
	result = ask_twin(attachment, &incoming.answer.event, &twin);
	if (result == GEYSER_OK)
		result = gy_event_accept(
			attachment->manager, &incoming, &seat, &twin, &attachment->ready);
	gy_incoming_finish(&incoming, attachment->ready != NULL);
	if (twin >= 0)
		(void)close(twin);
	return result;
}

static enum geyser_result watch_death(struct gy_attachment *attachment)
{
	const struct gy_ring_view *view = &attachment->view;

	gy_peer_set_bell(
		attachment->peer, (_Atomic uint32_t *)&view->page->wakes, &attachment->sleepers);
	return gy_peer_watch_death(attachment->peer);
}

/* ---- life ---- */

enum geyser_result gy_attachment_create(struct geyser_manager *manager, const char *name,
	enum geyser_delivery delivery, struct gy_attachment **out)
{
	struct gy_attachment *attachment;
	enum geyser_result result;
	uint64_t instance;

	*out = NULL;
	result = find_publisher(name, &instance);
	if (result != GEYSER_OK)
		return result;
	attachment = calloc(1, sizeof(*attachment));
	if (!attachment)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a subscriber");
	attachment->references = 1;
	attachment->lease_fd = -1;
	attachment->manager = gy_manager_ref(manager);
	attachment->view.every = delivery == GEYSER_DELIVER_EVERY;
	result = gy_peer_open(
		manager->ipc, instance, gy_deadline(manager->import_timeout_ns), &attachment->peer);
	if (result == GEYSER_OK)
		result = subscribe(attachment, name);
	if (result == GEYSER_OK)
		result = fetch_buffers(attachment);
	if (result == GEYSER_OK)
		result = fetch_ready(attachment);
	close_lease(attachment);
	if (result == GEYSER_OK)
		result = watch_death(attachment);
	if (result == GEYSER_OK)
		*out = attachment;
	else
		gy_attachment_unref(attachment);
	return result;
}

void gy_attachment_unref(struct gy_attachment *attachment)
{
	if (!attachment || --attachment->references > 0)
		return;
	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++)
		geyser_texture_unref(attachment->buffers[i]);
	geyser_event_unref(attachment->ready);
	gy_peer_set_bell(
		attachment->peer, NULL, NULL); /* its words end here, the peer perhaps not */
	gy_peer_release(attachment->peer, NULL);
	gy_memory_unmap((void *)attachment->view.page, sizeof(*attachment->view.page));
	gy_memory_unmap(attachment->view.lease, sizeof(struct gy_lease_memory));
	gy_manager_unref(attachment->manager);
	free(attachment);
}

bool gy_attachment_is_dead(struct gy_attachment *attachment)
{
	return atomic_load(gy_peer_dead(attachment->peer)) != 0;
}

bool gy_attachment_is_lost(const struct gy_attachment *attachment)
{
	return attachment->ready && atomic_load(gy_event_lost(attachment->ready)) != 0;
}

/* ---- frames ---- */

/* Who works on a device waits there; maps wait for themselves. */
static void set_points(struct gy_attachment *attachment, struct geyser_frame *frame)
{
	const struct gy_ring_record *record = &frame->record;
	uint64_t value = attachment->mirrored ? record->mirror_ready : record->ready;

	if (attachment->ready && value) {
		frame->wait = (struct geyser_point){attachment->ready, value};
		gy_texture_set_ready(frame->texture, attachment->ready, value);
	} else {
		gy_texture_set_ready(frame->texture, NULL, 0);
	}
	if (attachment->manager->backend->event_create)
		frame->begin_signal = gy_subscriber_begin_signal;
}

static void count_latency(struct gy_attachment *attachment, const struct geyser_frame_info *info)
{
	uint64_t now = gy_now();
	_Atomic uint32_t *counts = attachment->view.lease->latency;
	uint32_t bucket =
		gy_latency_bucket(now > info->timestamp_ns ? now - info->timestamp_ns : 0);

	/* this page has one writer */
	atomic_store_explicit(&counts[bucket],
		atomic_load_explicit(&counts[bucket], memory_order_relaxed) + 1,
		memory_order_relaxed);
}

enum geyser_result gy_attachment_take(struct gy_attachment *attachment, struct geyser_frame **out)
{
	struct gy_ring_record record;
	enum geyser_result result = GEYSER_OK;
	struct geyser_frame *frame;
	int buffer;

	*out = NULL;
	if (attachment->view.held == (UINT64_C(1) << attachment->view.buffers) - 1)
		return gy_fail(GEYSER_ERROR_BUSY, "all %u buffers are held: release a frame first",
			attachment->view.buffers);
	buffer = gy_ring_take(&attachment->view, &record);
	if (buffer < 0)
		return GEYSER_OK;
	if (!attachment->buffers[buffer] || attachment->generations[buffer] != record.generation)
		result = fetch_buffer(attachment, (uint32_t)buffer);
	/* What was fetched may have come after the frame if we were left out meanwhile. */
	if (result != GEYSER_OK || gy_ring_is_evicted(&attachment->view)) {
		gy_ring_release(&attachment->view, (uint32_t)buffer);
		return result;
	}
	frame = &attachment->frames[buffer];
	*frame = (struct geyser_frame){
		.texture = attachment->buffers[buffer],
		.record = record,
		.buffer = (uint32_t)buffer,
		.out = true,
		.owner = attachment,
	};
	set_points(attachment, frame);
	gy_frame_info_clamp(&frame->record.info, geyser_texture_get_desc(frame->texture));
	count_latency(attachment, &frame->record.info);
	attachment->references++;
	*out = frame;
	return GEYSER_OK;
}

void gy_attachment_release(struct gy_attachment *attachment, struct geyser_frame *frame)
{
	frame->out = false;
	gy_ring_release(&attachment->view, frame->buffer);
	gy_attachment_unref(attachment);
}
