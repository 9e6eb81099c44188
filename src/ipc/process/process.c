/* SPDX-License-Identifier: MIT */
/* The one struct gy_ipc of a process: made on demand, shared, ended with its last user, left behind
 * by fork. */
#include "ipc/process/process.h"
#include "ipc/exporter/exporter.h"
#include "ipc/importer/importer.h"

#include "base/error.h"
#include "base/system.h"
#include "platform/platform.h"

#include <stdlib.h>

/* Take it before the lock of a loop. */
static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gy_ipc *current;
/* Contains each struct that may have descriptors: `current`, and those whose last user is gone, but
 * which still close theirs. The fork handlers need all of them. */
static struct gy_list all = {&all, &all};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int atfork_error;

/* Closes this process's copies of the parent's descriptors, and forgets the struct. With
 * current_lock held. */
static void abandon(struct gy_ipc *parents)
{
	if (current == parents)
		current = NULL;
	gy_list_remove(&parents->listed);
	gy_loop_abandon(&parents->loop);
}

/* Leaves behind the parent's structs. A child that was made by clone has run no fork handlers, so
 * this happens at its first use. With current_lock held. */
static void leave_parents(void)
{
	struct gy_list *next;

	for (struct gy_list *link = all.next; link != &all; link = next) {
		struct gy_ipc *ipc = GY_LIST_OWNER(link, struct gy_ipc, listed);

		next = link->next;
		if (ipc->loop.pid != gy_process_id())
			abandon(ipc);
	}
}

static void before_fork(void)
{
	(void)pthread_mutex_lock(&current_lock);
	leave_parents();
	for (struct gy_list *link = all.next; link != &all; link = link->next)
		(void)pthread_mutex_lock(&GY_LIST_OWNER(link, struct gy_ipc, listed)->loop.lock);
}

static void after_fork_in_parent(void)
{
	for (struct gy_list *link = all.next; link != &all; link = link->next)
		(void)pthread_mutex_unlock(&GY_LIST_OWNER(link, struct gy_ipc, listed)->loop.lock);
	(void)pthread_mutex_unlock(&current_lock);
}

static void after_fork_in_child(void)
{
	while (!gy_list_is_empty(&all)) {
		struct gy_ipc *parents = GY_LIST_OWNER(all.next, struct gy_ipc, listed);

		abandon(parents);
		(void)pthread_mutex_unlock(&parents->loop.lock);
	}
	(void)pthread_mutex_unlock(&current_lock);
}

static void register_atfork(void)
{
	atfork_error = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

static void destroy(struct gy_ipc *ipc)
{
	gy_importer_destroy(ipc->importer);
	if (ipc->exporter)
		gy_exporter_destroy(ipc->exporter);
	gy_loop_finish(&ipc->loop);
	free(ipc);
}

static enum geyser_result create(struct gy_ipc **out)
{
	char text[GY_ERROR_TEXT_SIZE];
	struct gy_ipc *ipc;

	*out = NULL;
	(void)pthread_once(&once, register_atfork);
	if (atfork_error)
		return gy_fail(GEYSER_ERROR_SYSTEM, "pthread_atfork: %s",
			gy_error_text(atfork_error, text));
	ipc = calloc(1, sizeof(*ipc));
	if (!ipc)
		goto no_memory;
	gy_list_init(&ipc->listed);
	gy_loop_init(&ipc->loop);
	gy_chores_init(&ipc->chores, &ipc->loop);
	ipc->exporter = gy_exporter_create(&ipc->loop);
	if (ipc->exporter)
		ipc->importer = gy_importer_create(&ipc->loop, ipc->exporter);
	if (!ipc->importer)
		goto destroy_ipc;
	*out = ipc;
	return GEYSER_OK;

destroy_ipc:
	destroy(ipc);
no_memory:
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a manager");
}

enum geyser_result gy_ipc_acquire(struct gy_ipc **out)
{
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&current_lock);
	leave_parents();
	if (!current)
		result = create(&current);
	if (current && current->users++ == 0)
		gy_list_append(&all, &current->listed);
	*out = current;
	(void)pthread_mutex_unlock(&current_lock);
	return result;
}

struct gy_ipc *gy_ipc_current(void)
{
	struct gy_ipc *ipc;

	(void)pthread_mutex_lock(&current_lock);
	leave_parents();
	ipc = current;
	if (ipc)
		ipc->users++;
	(void)pthread_mutex_unlock(&current_lock);
	return ipc;
}

/* Closes all descriptors. A fork meanwhile still finds the struct: its child must have no copy of
 * them. Another thread may make a new struct meanwhile. */
static void close_all(struct gy_ipc *ipc)
{
	gy_loop_stop(&ipc->loop);
	(void)pthread_mutex_lock(&ipc->loop.lock);
	gy_exporter_close(ipc->exporter);
	(void)pthread_mutex_unlock(&ipc->loop.lock);
}

void gy_ipc_release(struct gy_ipc *ipc)
{
	bool last;

	(void)pthread_mutex_lock(&current_lock);
	last = --ipc->users == 0;
	if (last && current == ipc)
		current = NULL;
	(void)pthread_mutex_unlock(&current_lock);
	if (!last)
		return;
	gy_loop_leave_parents(&ipc->loop);
	if (!ipc->loop.inherited)
		close_all(ipc);
	(void)pthread_mutex_lock(&current_lock);
	gy_list_remove(&ipc->listed);
	(void)pthread_mutex_unlock(&current_lock);
	destroy(ipc);
}

bool gy_ipc_is_inherited(const struct gy_ipc *ipc)
{
	return gy_loop_is_inherited(&ipc->loop);
}

/* Cleans the registry after a program that ends without releasing everything. Its other threads may
 * be at work, so nothing is freed. If one of them holds the lock for good, the next exporter's
 * sweep does this instead. */
__attribute__((destructor)) static void at_exit(void)
{
	if (pthread_mutex_trylock(&current_lock) != 0)
		return;
	for (struct gy_list *link = all.next; link != &all; link = link->next) {
		struct gy_ipc *ipc = GY_LIST_OWNER(link, struct gy_ipc, listed);

		if (ipc->loop.pid != gy_process_id() || pthread_mutex_trylock(&ipc->loop.lock) != 0)
			continue;
		gy_exporter_close(ipc->exporter);
		(void)pthread_mutex_unlock(&ipc->loop.lock);
	}
	(void)pthread_mutex_unlock(&current_lock);
}
