/* SPDX-License-Identifier: MIT */
/* The one struct gy_ipc of a process: made on demand, shared, ended with its last user, left behind
 * by fork. */
#include "ipc/process.h"
#include "ipc/surface/surface.h"

#include "base/error.h"
#include "base/system.h"

#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gy_ipc *current;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int atfork_error;

static void before_fork(void)
{
	(void)pthread_mutex_lock(&current_lock);
	if (current)
		(void)pthread_mutex_lock(&current->lock);
}

static void after_fork_in_parent(void)
{
	if (current)
		(void)pthread_mutex_unlock(&current->lock);
	(void)pthread_mutex_unlock(&current_lock);
}

/* The child must not answer for its parent, nor keep its sockets open and so hide its death. */
static void abandon(struct gy_ipc *parents)
{
	parents->foreign = true;
	gy_importer_abandon(parents);
	gy_server_finish(parents, false);
	parents->surfaces = NULL; /* the child has no such surfaces, and no such service */
	gy_loop_abandon(parents);
}

static void after_fork_in_child(void)
{
	struct gy_ipc *parents = current;

	current = NULL;
	if (parents) {
		abandon(parents);
		(void)pthread_mutex_unlock(&parents->lock);
	}
	(void)pthread_mutex_unlock(&current_lock);
}

/* Leaves behind the parent's instance. A child that was made by clone has run no fork handlers, so
 * this happens at its first use. With current_lock held. */
static void leave_parents(void)
{
	struct gy_ipc *parents = current;

	if (!parents || parents->pid == gy_process_id())
		return;
	current = NULL;
	abandon(parents);
}

static void register_atfork(void)
{
	atfork_error = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
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
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a manager");
	(void)pthread_mutex_init(&ipc->lock, NULL);
	ipc->pid = gy_process_id();
	ipc->poller = -1;
	ipc->wake = GY_NO_WAKEUP;
	ipc->spare_fd = -1;
	gy_list_init(&ipc->idle);
	gy_list_init(&ipc->turns);
	*out = ipc;
	return GEYSER_OK;
}

enum geyser_result gy_ipc_acquire(struct gy_ipc **out)
{
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&current_lock);
	leave_parents();
	if (!current)
		result = create(&current);
	if (current)
		current->users++;
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

void gy_ipc_leave_parents(struct gy_ipc *ipc)
{
	if (!ipc->foreign && ipc->pid != gy_process_id())
		abandon(ipc);
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
	gy_ipc_leave_parents(ipc);
	if (!ipc->foreign) {
		gy_loop_stop(ipc);
		gy_server_finish(ipc, true);
		gy_surfaces_finish(ipc->surfaces);
	}
	(void)pthread_mutex_destroy(&ipc->lock);
	free(ipc);
}

bool gy_ipc_is_foreign(const struct gy_ipc *ipc)
{
	return ipc->foreign || ipc->pid != gy_process_id();
}

enum geyser_result gy_ipc_check_own(const struct gy_ipc *ipc)
{
	if (!gy_ipc_is_foreign(ipc))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"manager or object made before fork: the child must make its own");
}

/* A program that ends without releasing everything still leaves the registry clean. Its other
 * threads may be at work: nothing is freed, and if one holds the lock for good the next exporter's
 * sweep does this instead. */
__attribute__((destructor)) static void at_exit(void)
{
	if (pthread_mutex_trylock(&current_lock) != 0)
		return;
	if (current && current->pid == gy_process_id() &&
		pthread_mutex_trylock(&current->lock) == 0) {
		gy_server_finish(current, true);
		(void)pthread_mutex_unlock(&current->lock);
	}
	(void)pthread_mutex_unlock(&current_lock);
}
