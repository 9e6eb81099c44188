/* SPDX-License-Identifier: MIT */
/* The streams that this process publishes, by name. */
#include "ipc/lookup/lookup.h"
#include "ipc/process.h"
#include "ipc/registry/name_lock.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>

enum geyser_result gy_served_find(struct gy_ipc *ipc, const char *name, struct gy_served **out)
{
	for (*out = ipc->served; *out; *out = (*out)->next)
		if (strcmp((*out)->name, name) == 0)
			return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "stream \"%s\": nobody publishes it", name);
}

/* Adds the name to our registry, unless a publisher has it in another one. Two publishers that
 * begin at once in two registries see each other, and try again. */
static enum geyser_result add_name(struct gy_ipc *ipc, struct gy_served *served, uint64_t *holder)
{
	enum geyser_result result =
		gy_entry_add_name(&ipc->entry, served->name, &served->lock, holder);

	if (result != GEYSER_OK)
		return result;
	result = gy_entry_find_elsewhere(&ipc->entry, served->name, holder);
	if (result == GEYSER_ERROR_NOT_FOUND)
		return GEYSER_OK;
	gy_entry_remove_name(&ipc->entry, served->name, &served->lock);
	return result == GEYSER_OK ? gy_fail(GEYSER_ERROR_EXISTS,
					     "stream \"%s\" is published already", served->name)
				   : result;
}

static enum geyser_result serve(struct gy_ipc *ipc, struct gy_served *served, uint64_t *holder)
{
	enum geyser_result result = gy_ipc_check_own(ipc);

	if (result == GEYSER_OK)
		result = gy_server_start(ipc);
	if (result == GEYSER_OK)
		result = add_name(ipc, served, holder);
	if (result != GEYSER_OK)
		return result;
	served->next = ipc->served;
	served->link = &ipc->served;
	if (served->next)
		served->next->link = &served->next;
	ipc->served = served;
	if (served->lock.guarded)
		gy_wakeup_raise(&ipc->wake);
	return GEYSER_OK;
}

/* Asks the name's holder: EXISTS if it publishes that stream. Call this without the lock, since the
 * holder may be this process. Other errors: the holder doesn't answer (TIMEOUT), or is about to be
 * gone. */
static enum geyser_result ask_holder(const char *name, uint64_t holder, uint64_t deadline)
{
	struct geyser_stream_info info;
	enum geyser_result result = gy_query_stream(NULL, holder, name, deadline, &info);

	if (result != GEYSER_OK)
		return result;
	return gy_fail(GEYSER_ERROR_EXISTS,
		"stream \"%s\" is published by %s (pid %d): choose another name", name,
		info.application, info.pid);
}

/* The longest time for which we try to get a name, even if the caller's deadline is later. */
#define PATIENCE (10 * GY_SECOND)

/* Tries once to take the name. True if another attempt may succeed: the kernel keeps a killed
 * process's locks a little longer than the process answers. */
static bool try_to_serve(
	struct gy_ipc *ipc, struct gy_served *served, uint64_t deadline, enum geyser_result *result)
{
	uint64_t holder = 0;

	(void)pthread_mutex_lock(&ipc->lock);
	*result = serve(ipc, served, &holder);
	(void)pthread_mutex_unlock(&ipc->lock);
	if (*result == GEYSER_ERROR_EXISTS && holder) {
		*result = ask_holder(served->name, holder, deadline);
		/* it has no such stream, or not any more */
		if (*result == GEYSER_ERROR_NOT_FOUND || *result == GEYSER_ERROR_STALE ||
			*result == GEYSER_ERROR_DISCONNECTED || *result == GEYSER_ERROR_PROTOCOL ||
			*result == GEYSER_ERROR_TIMEOUT)
			*result = GEYSER_ERROR_BUSY;
	}
	return *result == GEYSER_ERROR_BUSY && gy_now() < deadline;
}

enum geyser_result gy_serve(struct gy_ipc *ipc, struct gy_served *served, uint64_t deadline)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);
	uint64_t latest = gy_deadline(PATIENCE);
	enum geyser_result result;

	if (deadline > latest)
		deadline = latest;
	while (try_to_serve(ipc, served, deadline, &result))
		(void)nanosleep(&moment, NULL);
	if (result != GEYSER_ERROR_BUSY)
		return result;
	return gy_fail(GEYSER_ERROR_EXISTS,
		"stream \"%s\" is published by a process that doesn't answer: end it or choose "
		"another name",
		served->name);
}

void gy_unserve(struct gy_ipc *ipc, struct gy_served *served)
{
	(void)pthread_mutex_lock(&ipc->lock);
	gy_ipc_leave_parents(ipc);
	if (served->link) {
		*served->link = served->next;
		if (served->next)
			served->next->link = served->link;
		served->link = NULL;
		if (ipc->registered)
			gy_entry_remove_name(&ipc->entry, served->name, &served->lock);
	}
	gy_server_drop_subscribers(ipc, served);
	(void)pthread_mutex_unlock(&ipc->lock);
}

void gy_served_finish(struct gy_ipc *ipc, bool unlink)
{
	struct gy_served *next;

	for (struct gy_served *it = ipc->served; it; it = next) {
		next = it->next;
		it->link = NULL;
		if (unlink)
			gy_entry_remove_name(&ipc->entry, it->name, &it->lock);
		else
			gy_entry_abandon_name(&it->lock);
	}
	ipc->served = NULL;
}

bool gy_served_keep(struct gy_ipc *ipc, bool all)
{
	bool again = false;

	for (struct gy_served *it = ipc->served; it; it = it->next) {
		if (it->lock.guarded || all)
			gy_entry_keep_name(&ipc->entry, it->name, &it->lock);
		again = again || it->lock.guarded;
	}
	return again;
}
