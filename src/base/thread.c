/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include "base/error.h"
#include "base/system.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>

static _Thread_local unsigned callbacks;

void gy_callback_begin(struct gy_kept_detail *kept)
{
	callbacks++;
	gy_detail_keep(kept);
}

void gy_callback_end(const struct gy_kept_detail *kept)
{
	gy_detail_restore(kept);
	callbacks--;
}

void gy_callback_thread(void)
{
	callbacks++;
}

bool gy_callback_is_running(void)
{
	return callbacks > 0;
}

enum geyser_result gy_thread_start(
	pthread_t *thread, const char *name, size_t stack, void *(*run)(void *data), void *data)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	char text[GY_ERROR_TEXT_SIZE];
	int error;

	(void)sigfillset(&all);
	(void)pthread_attr_init(&attributes);
	if (stack)
		(void)pthread_attr_setstacksize(&attributes,
			stack > (size_t)PTHREAD_STACK_MIN ? stack : (size_t)PTHREAD_STACK_MIN);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = gy_thread_create(thread, &attributes, name, run, data);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	if (!error)
		return GEYSER_OK;
	return gy_fail(error == ENOMEM ? GEYSER_ERROR_OUT_OF_MEMORY : GEYSER_ERROR_SYSTEM,
		"starting a thread: %s", gy_error_text(error, text));
}
