/* SPDX-License-Identifier: MIT */
/* The loss of a device, for the device of a backend: it notes the loss, and tells the manager
 * once. */
#ifndef GY_BACKEND_LOSS_H
#define GY_BACKEND_LOSS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct gy_loss {
	_Atomic bool noted;
	pthread_mutex_t lock; /* guards the members below, and is held during the call */
	void (*callback)(void *user);
	void *user;
};

static inline void gy_loss_init(struct gy_loss *loss)
{
	(void)pthread_mutex_init(&loss->lock, NULL);
}

static inline void gy_loss_finish(struct gy_loss *loss)
{
	(void)pthread_mutex_destroy(&loss->lock);
}

static inline bool gy_loss_is_noted(const struct gy_loss *loss)
{
	return atomic_load(&loss->noted);
}

/* Notes the loss. The first call calls the callback. */
static inline void gy_loss_note(struct gy_loss *loss)
{
	if (atomic_exchange(&loss->noted, true))
		return;
	(void)pthread_mutex_lock(&loss->lock);
	if (loss->callback)
		loss->callback(loss->user);
	(void)pthread_mutex_unlock(&loss->lock);
}

/* Sets the callback, or takes it away with NULL. It doesn't run after that call. */
static inline void gy_loss_watch(struct gy_loss *loss, void (*callback)(void *user), void *user)
{
	(void)pthread_mutex_lock(&loss->lock);
	loss->callback = callback;
	loss->user = user;
	(void)pthread_mutex_unlock(&loss->lock);
}

#endif
